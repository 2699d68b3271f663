"""Irises: where pupil, limbus and lids lie, and how far that can be believed."""

from biocore.iris.segmentation import ANGLES, Concern, Confidence, Contour, Ellipse, Segmentation

__all__ = ["ANGLES", "Concern", "Confidence", "Contour", "Ellipse", "Segmentation"]
