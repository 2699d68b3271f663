"""biocore: capture fingerprints and irises, check their quality, extract and compare templates."""

from biocore import _opencv

_opencv.require()  # before anything imports cv2: names the missing system package instead of a traceback

from biocore.errors import BiocoreError  # noqa: E402

__all__ = ["BiocoreError"]
