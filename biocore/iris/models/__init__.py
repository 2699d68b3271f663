"""Coefficients that were learned, as readable TOML; the scripts that learned them are in benchmarks/."""
