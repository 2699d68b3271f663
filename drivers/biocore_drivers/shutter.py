"""Which of a camera's pictures is taken: the sharpest of a short run of steady ones.

A driver does not look for eyes. What it can see is whether there is a picture at all, whether it holds still, and
whether it is in focus; whoever knows more hands in a judge of its own (`camera.CameraDevice.judge`).
"""

from __future__ import annotations

import cv2
import numpy as np

from biocore.hal import Judge
from biocore.types import GreyImage
from biocore_drivers.job import Picture

RUN = 5  # usable pictures in a row, of which the best is taken: 0.2 s to 0.5 s at 25 to 10 pictures a second
CONTRAST = 8.0  # grey levels; standard deviation of what shows anything. An empty wall in even light has 3 to 6
# Variance of the Laplacian over the picture's variance, at half size. With a sensor's noise of 2 grey levels added, 40
# eyes of MMU1 have 0.18 to 0.8 and three of 640 x 480 px 0.03 to 0.07; blurred by a Gaussian of 2 px 0.011 to 0.03 and
# 0.010 to 0.014.
FOCUS = 0.02
MOTION = 4.0  # grey levels; mean difference to the picture before, at an eighth of the size
# A portrait of 240 x 320 px at four times its size has a focus of 0.006, and at its own 0.18: it cannot have a limit.
RANGE = 128  # grey levels; the 7 bits that ISO/IEC 19794-5 wants in the region of the face
OUTLIERS = 0.01  # share of the pixels at either end that say nothing of the range
BURNT = 254  # grey level; at it and above nothing is told apart
SMALL = 8  # px of the picture that are one of the thumbnail


class Stillness:
    """Says of one picture after another whether it holds still."""

    def __init__(self) -> None:
        self._before: GreyImage | None = None

    def __call__(self, pixels: GreyImage) -> bool:
        """Say whether it shows what the one before showed; the first one never does."""
        height, width = pixels.shape
        small = cv2.resize(pixels, (max(1, width // SMALL), max(1, height // SMALL)), interpolation=cv2.INTER_AREA)
        before, self._before = self._before, np.asarray(small, np.uint8)
        return before is not None and before.shape == small.shape and float(cv2.absdiff(before, small).mean()) <= MOTION


class Sharpness:
    """The judge of a camera that was given none: focus, of pictures that hold still."""

    def __init__(self) -> None:
        self._still = Stillness()

    def __call__(self, pixels: GreyImage) -> float | None:
        """Return the focus measure; None where it shows nothing, moves or is blurred."""
        if not self._still(pixels):
            return None
        measured = focus(pixels)
        return measured if measured >= FOCUS else None


class Portrait:
    """The judge of a camera that shows faces and was given none: focus and exposure, of pictures that hold still.

    No face is looked for, and focus has no limit: a face before an even wall has few edges, and how few, its size in
    the picture decides. Of a run the sharpest is taken, where two are as sharp the one whose lights are not burnt out.
    """

    def __init__(self) -> None:
        self._still = Stillness()

    def __call__(self, pixels: GreyImage) -> float | None:
        """Return focus by exposure; None where it shows nothing, moves, or is all but black or white."""
        if not self._still(pixels):
            return None
        return focus(pixels) * exposure(pixels) or None


def exposure(pixels: GreyImage) -> float:
    """Return how well a picture uses its grey levels, 0..1: the share not burnt out, less where it spans few.

    1 = it spans 128 levels, which ISO/IEC 19794-5 wants of the face alone, and nothing is burnt out; 0 = it spans
    less than half of them.
    """
    counts = cv2.calcHist([pixels], [0], None, [256], [0.0, 256.0]).ravel()
    share = np.cumsum(counts) / pixels.size
    dark, bright = (int(np.searchsorted(share, part)) for part in (OUTLIERS, 1.0 - OUTLIERS))
    span = bright - dark
    burnt = float(counts[BURNT:].sum()) / pixels.size
    return 0.0 if 2 * span < RANGE else (1.0 - burnt) * min(1.0, span / RANGE)


def focus(pixels: GreyImage) -> float:
    """Return the variance of the Laplacian over the picture's own, at half size; 0 where it shows nothing.

    Illumination and gain cancel out. After Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", 2000.
    """
    height, width = pixels.shape
    half = cv2.resize(pixels, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
    spread = float(cv2.meanStdDev(half)[1][0, 0])
    if spread < CONTRAST:
        return 0.0
    edges = float(cv2.meanStdDev(cv2.Laplacian(half, cv2.CV_16S))[1][0, 0])
    return (edges / spread) ** 2


class Shutter:
    """Sees pictures one after another until one is taken.

    Parameters
    ----------
    judge : Judge
    run : int
        Usable pictures in a row.
    """

    def __init__(self, judge: Judge, run: int = RUN) -> None:
        self._judge = judge
        self._length = run
        self._run: list[tuple[float, Picture]] = []

    @property
    def present(self) -> bool:
        """The last picture was usable."""
        return bool(self._run)

    def see(self, picture: Picture) -> Picture | None:
        """Look at a picture; return the one that is taken, once the run is complete."""
        pixels = picture.pixels
        value = None if pixels.min() == pixels.max() else self._judge(pixels)
        if value is None:
            self._run.clear()
            return None
        self._run.append((value, picture))
        if len(self._run) < self._length:
            return None
        return max(self._run, key=lambda seen: seen[0])[1]
