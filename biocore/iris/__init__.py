"""Irises: where pupil, limbus and lids lie, how far that can be believed, bursts of frames, and eyes mixed up."""

from biocore.duplicates import Duplicate
from biocore.iris.burst import Chosen, from_burst, select_frames
from biocore.iris.mixups import Mixup, find_duplicates, find_mixups
from biocore.iris.preview import Preview, preview
from biocore.iris.segmentation import ANGLES, Concern, Confidence, Contour, Ellipse, Segmentation
from biocore.iris.side import Side, which_eye

__all__ = [
    "ANGLES",
    "Chosen",
    "Concern",
    "Confidence",
    "Contour",
    "Duplicate",
    "Ellipse",
    "Mixup",
    "Preview",
    "Segmentation",
    "Side",
    "find_duplicates",
    "find_mixups",
    "from_burst",
    "preview",
    "select_frames",
    "which_eye",
]
