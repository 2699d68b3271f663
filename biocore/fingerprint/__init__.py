"""Fingerprints: scale, quality, causes, templates, comparison, and the project's own synthetic prints."""

from biocore.fingerprint.causes import find_causes
from biocore.fingerprint.duplicates import find_duplicates
from biocore.fingerprint.nfiq2 import NFIQ2_NAMES, block_maps, nfiq2_measures, quality_block_values
from biocore.fingerprint.preview import Preview, preview

__all__ = [
    "NFIQ2_NAMES",
    "Preview",
    "block_maps",
    "find_causes",
    "find_duplicates",
    "nfiq2_measures",
    "preview",
    "quality_block_values",
]
