"""Fingerprints: scale, quality, causes, templates, comparison, and the project's own synthetic prints."""
