"""Fingerprints: scale, quality, causes, templates, comparison, and the project's own synthetic prints."""

from biocore.fingerprint.nfiq2 import NFIQ2_NAMES, nfiq2_measures, quality_block_values

__all__ = ["NFIQ2_NAMES", "nfiq2_measures", "quality_block_values"]
