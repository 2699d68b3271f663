"""biocore: capture fingerprints and irises, check their quality, extract and compare templates."""
