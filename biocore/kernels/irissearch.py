"""Gate to the loops of the search for an eye: grey levels, connected areas, votes of edges for circles."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidSampleError
from biocore.kernels import _irissearch, checks
from biocore.types import MAX_SIDE, GreyImage, frozen_array

MAX_RADIUS = 4096  # px; half of the longest side a picture may have
MAX_STEEPNESS = 1e6  # more than 16 bits of gradient either way make


def histogram(image: GreyImage) -> NDArray[np.int64]:
    """Count the grey levels of a picture: int64 (256,).

    Raises
    ------
    InvalidSampleError
    """
    counts = np.empty((4, 256), np.int64)
    _irissearch.histogram(checks.grey(image), counts)
    return np.asarray(counts[0])


@dataclass(frozen=True, slots=True)
class Area:
    """Connected pixels: their bounding box, their number, and the means of their columns and rows, px."""

    left: int
    top: int
    width: int
    height: int
    pixels: int
    x: float
    y: float


def areas(mask: NDArray[np.bool_]) -> list[Area]:
    """Return the areas of a mask whose pixels share sides, in the order of their first pixels.

    Parameters
    ----------
    mask : bool array (height, width)

    Raises
    ------
    InvalidSampleError
    """
    found = _label(_mask(mask), reach=0)[1]
    return [
        Area(left, top, right - left + 1, bottom - top + 1, n, columns / n, rows / n)
        for left, top, right, bottom, n, columns, rows in found.tolist()
    ]


def compact(mask: NDArray[np.bool_], widest: int, around: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return those areas of a mask, pixels that share sides or corners, that are at most so many px wide and high.

    Parameters
    ----------
    mask : bool array (height, width)
    widest : int
        px.
    around : int32 array (odd number,)
        How far around each pixel they are widened: px to the left and right, from the rows above to those below.

    Raises
    ------
    InvalidSampleError
    """
    marked, widths = _mask(mask), checks.array(around, np.int32, (None,), "around")
    if widths.size % 2 == 0 or widths.min() < 0 or max(int(widths.max()), widths.size) > MAX_RADIUS:
        raise InvalidSampleError(f"areas must be widened by 0..{MAX_RADIUS} px in an odd number of rows, not {around}")
    runs, found = _label(marked, reach=1)
    chosen = (found[:, 2:4] - found[:, :2]).max(axis=1, initial=0) < widest
    out = np.zeros(marked.shape, np.bool_)
    _irissearch.spread(runs, chosen.view(np.uint8), widths, out.view(np.uint8))
    return out


def apart(mask: NDArray[np.bool_], mark: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return those areas of a mask, pixels that share sides, that share no pixel with a mark.

    Parameters
    ----------
    mask, mark : bool array (height, width)

    Raises
    ------
    InvalidSampleError
    """
    marked = _mask(mask)
    met = checks.array(mark, np.bool_, marked.shape, "mark").view(np.uint8)
    runs, found = _label(marked, reach=0)
    chosen, out = np.ones(len(found), np.uint8), np.zeros(marked.shape, np.bool_)
    _irissearch.forsake(runs, met, chosen)
    _irissearch.paint(runs, chosen, out.view(np.uint8))
    return out


def _mask(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    marked = checks.array(mask, np.bool_, (None, None), "mask").view(np.uint8)
    if not 1 <= min(marked.shape) <= max(marked.shape) <= MAX_SIDE:
        raise InvalidSampleError(f"a mask must have sides of 1..{MAX_SIDE} px, not {marked.shape}")
    return marked


def _label(marked: NDArray[np.uint8], reach: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    count = _irissearch.count_runs(marked)
    runs, found = np.empty((count, 4), np.int32), np.empty((count, 7), np.int64)
    if not count:
        return runs, found
    n = _irissearch.label(marked, reach, runs, np.empty(count, np.int32), found)
    return runs, found[:n]


@dataclass(frozen=True, slots=True)
class Weights:
    """How much an edge's vote counts: beside, above and below the centre it votes for."""

    side: float = 1.0
    above: float = 1.0
    below: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """Radii at which edges vote, and what becomes of the votes of each plane of neighbouring radii.

    Attributes
    ----------
    radii : float32 array (n,)
        At which an edge votes, px, ascending from at least 1.
    shares : float32 array (n,)
        What a vote at each radius counts.
    begins : int32 array (planes + 1,)
        First radius of each plane, and n.
    halves : int32 array (planes,)
        Votes are added up over squares of 2 half + 1 px.
    rises : float32 array (planes,)
        By which the planes' votes are weighed against each other, > 0.
    reaches : int32 array (planes,)
        px around the place of a question that are looked at.

    Raises
    ------
    InvalidSampleError
    """

    radii: NDArray[np.float32]
    shares: NDArray[np.float32]
    begins: NDArray[np.int32]
    halves: NDArray[np.int32]
    rises: NDArray[np.float32]
    reaches: NDArray[np.int32]

    def __post_init__(self) -> None:
        radii = checks.array(self.radii, np.float32, (None,), "radii")
        begins = checks.array(self.begins, np.int32, (None,), "begins")
        planes = begins.size - 1
        if not (1 <= radii.size <= MAX_RADIUS and planes >= 1 and begins[0] == 0 and begins[-1] == radii.size):
            raise InvalidSampleError(f"1..{MAX_RADIUS} radii are needed, and planes from the first to the last of them")
        if not (radii[0] >= 1 and radii[-1] <= MAX_RADIUS and (np.diff(radii) >= 0).all()):
            raise InvalidSampleError(f"radii must ascend within 1..{MAX_RADIUS} px")
        if (np.diff(begins) < 0).any():
            raise InvalidSampleError("planes of radii must ascend")
        for name in ("halves", "reaches"):
            px = checks.array(getattr(self, name), np.int32, (planes,), name)
            if px.min() < 1 or px.max() > MAX_RADIUS:
                raise InvalidSampleError(f"{name} must lie within 1..{MAX_RADIUS} px")
        rises = checks.array(self.rises, np.float32, (planes,), "rises")
        if rises.min() <= 0:
            raise InvalidSampleError("rises must be positive")
        checks.array(self.shares, np.float32, radii.shape, "shares")
        for name in self.__slots__:
            object.__setattr__(self, name, frozen_array(getattr(self, name)))


@dataclass(frozen=True, slots=True, eq=False)
class Ridges:
    """Ridges of the edges of a picture.

    Attributes
    ----------
    shape : (int, int)
        Height and width of the picture.
    edges : float32 array (5, n)
        x and y from the picture's corner, px; direction of the gradient to the right and down; its steepness.
    """

    shape: tuple[int, int]
    edges: NDArray[np.float32]


def ridges(gx: NDArray[np.int16], gy: NDArray[np.int16], least: float) -> Ridges:
    """Find the ridges of edges: where the gradient is steep, and no neighbour along it is steeper.

    Parameters
    ----------
    gx, gy : int16 array (height, width)
        Gradient to the right and down, any unit.
    least : float
        Steepness from which on an edge counts, > 0.

    Raises
    ------
    InvalidSampleError
    """
    right = checks.array(gx, np.int16, (None, None), "gx")
    down = checks.array(gy, np.int16, right.shape, "gy")
    height, width = right.shape
    if max(height, width) > MAX_SIDE:
        raise InvalidSampleError(
            f"gradients of a picture of at most {MAX_SIDE} px a side are needed, not {right.shape}"
        )
    if not 0 < least < MAX_STEEPNESS:
        raise InvalidSampleError(f"the least steepness must lie within 0..{MAX_STEEPNESS:g}, not {least}")
    found = np.empty((5, height * width), np.float32)
    n = _irissearch.ridges(right, down, least, np.empty(width, np.float32), found)
    return Ridges((height, width), found[:, :n])


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """What edges voted for.

    Attributes
    ----------
    level : float32 array (height, width)
        Most votes at each pixel of the window, weighed by its plane's rise.
    share : float32 array (height, width)
        The same as they were cast.
    plane : int32 array (height, width)
        Plane of the most votes.
    answers : int32 array (questions, 3)
        Plane, column and row of the most votes near each place asked for.
    values : float32 array (questions,)
        The votes there; 0 where there are none.
    """

    level: NDArray[np.float32]
    share: NDArray[np.float32]
    plane: NDArray[np.int32]
    answers: NDArray[np.int32]
    values: NDArray[np.float32]


def vote(
    found: Ridges,
    planes: Planes,
    *,
    dark_inside: bool,
    cap: float,
    weights: Weights,
    window: tuple[int, int, int, int] | None = None,
    asked: NDArray[np.int32] | None = None,
) -> Votes:
    """Let edges vote for the centres of circles they may lie on (gradient-directed Hough transform).

    Parameters
    ----------
    found : Ridges
    planes : Planes
    dark_inside : bool
        Circles darker than their surroundings; else brighter.
    cap : float
        Steepness above which an edge weighs no more, > 0.
    weights : Weights
    window : (top, bottom, left, right) or None
        Part of the picture in which centres are looked for, not empty; None: all.
    asked : int32 array (questions, 4) or None
        Column, row, first plane and the one after the last, to be answered.

    Raises
    ------
    InvalidSampleError
    """
    (height, width), edges = found.shape, checks.array(found.edges, np.float32, (5, None), "edges", finite=False)
    top, bottom, left, right = (0, height, 0, width) if window is None else window
    if not (0 <= top < bottom <= height <= MAX_SIDE and 0 <= left < right <= width <= MAX_SIDE):
        raise InvalidSampleError(f"window {window} is empty, or not within {height} x {width} px")
    if not 0 < cap < math.inf:
        raise InvalidSampleError(f"the steepness that counts in full must be positive, not {cap}")
    places = checks.array(_NONE_ASKED if asked is None else asked, np.int32, (None, 4), "asked")
    if places.size and max(int(places.max()), -int(places.min())) > MAX_SIDE:
        raise InvalidSampleError(f"places asked for must lie within {MAX_SIDE} px")
    size = bottom - top, right - left
    level, share, plane = np.empty(size, np.float32), np.empty(size, np.float32), np.empty(size, np.int32)
    answers, values = np.zeros((len(places), 3), np.int32), np.zeros(len(places), np.float32)
    most = int(planes.halves.max())
    _irissearch.vote(
        edges.copy(), planes.radii, planes.shares, planes.begins, planes.halves, planes.rises, planes.reaches,
        1.0 if dark_inside else -1.0, cap, weights.side, weights.above, weights.below,
        np.array([top, bottom, left, right], np.int32), np.empty((height, width), np.float32),
        np.empty((height + 3, width), np.float32), np.zeros(width, np.float32), np.empty(4 * (width + 2 * most + 1)),
        level, share, plane, places, answers, values,
    )  # fmt: skip
    return Votes(level, share, plane, answers, values)


_NONE_ASKED = np.empty((0, 4), np.int32)
