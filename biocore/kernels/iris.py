"""Gate to the loops over an eye's pixels: bridges over reflections, rays from a centre, best paths over rays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidSampleError
from biocore.kernels import _iris, checks
from biocore.types import GreyImage

MAX_SAMPLES = 4096  # on a ray; half of the longest side a picture may have
MAX_REACH = 100  # rows a path may climb in a step: twice that and one must fit a byte
TUKEY = 4.685  # deviations; the biweight that keeps 95 % efficiency on normal errors (Beaton and Tukey 1974)
ROUNDS = 6  # of reweighting
OUTSIDE = -1.0  # grey level of a sample outside the picture
LARGEST_REWARD = 1e6  # of a path's samples, either way: sums of them stay exact enough

Widths = tuple[int, ...]


def bridge(image: GreyImage, spots: NDArray[np.bool_]) -> GreyImage:
    """Fill spots from side to side and from top to bottom, more by the nearer ends.

    Parameters
    ----------
    image : uint8 array (height, width)
    spots : bool array (height, width)

    Returns
    -------
    uint8 array (height, width)
        The picture, linear between their ends where there are spots. Where a spot is all there is in a row and a
        column, 0.

    Raises
    ------
    InvalidSampleError
    """
    picture = checks.grey(image)
    holes = checks.array(spots, np.bool_, picture.shape, "spots")
    out = np.empty_like(picture)
    room = np.empty((2, *picture.shape), np.float32)
    columns = np.empty(picture.shape[1], np.uint8)
    _iris.bridge(picture, holes.view(np.uint8), room[0], room[1], columns, out)
    return out


def rays(
    image: GreyImage,
    centre: tuple[float, float],
    inner: NDArray[np.float64],
    outer: NDArray[np.float64],
    count: int,
) -> NDArray[np.float32]:
    """Sample a picture along rays from a centre, bilinearly.

    Parameters
    ----------
    image : uint8 array (height, width)
    centre : (x, y)
        px.
    inner, outer : float64 array (n,)
        Where each ray starts and ends, px from the centre; ray a has the angle 2 pi a / n, counter-clockwise.
    count : int
        Samples along a ray, 2..`MAX_SAMPLES`.

    Returns
    -------
    float32 array (n, count)
        Grey levels; `OUTSIDE` beyond the picture.

    Raises
    ------
    InvalidSampleError
    """
    picture, starts, ends = _rays(image, centre, inner, outer, count)
    out = np.empty((starts.size, count), np.float32)
    _iris.rays(picture, *centre, _turn(starts.size), starts, ends, out)
    return out


def _rays(
    image: GreyImage,
    centre: tuple[float, float],
    inner: NDArray[np.float64],
    outer: NDArray[np.float64],
    count: int,
) -> tuple[GreyImage, NDArray[np.float64], NDArray[np.float64]]:
    """Check what rays are; return the picture, and where they start and end."""
    picture = checks.grey(image)
    starts = checks.array(inner, np.float64, (None,), "inner")
    ends = checks.array(outer, np.float64, starts.shape, "outer")
    if not 2 <= count <= MAX_SAMPLES:
        raise InvalidSampleError(f"a ray must have 2..{MAX_SAMPLES} samples, not {count}")
    if not (math.isfinite(centre[0]) and math.isfinite(centre[1])):
        raise InvalidSampleError(f"the centre of rays must be finite, not {centre}")
    return picture, starts, ends


@lru_cache(maxsize=16)
def _turn(count: int) -> NDArray[np.float64]:
    """Return cosine and sine of `count` equal angles: float64 (count, 2)."""
    turn = 2.0 * math.pi / max(count, 1) * np.arange(count)
    return np.stack([np.cos(turn), np.sin(turn)], axis=1)


def unroll(
    image: GreyImage,
    centre: tuple[float, float],
    inner: NDArray[np.float64],
    outer: NDArray[np.float64],
    count: int,
    widths: Widths,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Sample a picture along rays from a centre, and find the steps of grey levels across the samples.

    Parameters
    ----------
    image, centre, inner, outer, count
        As `rays` takes them.
    widths : tuple of int
        Samples before and after that are averaged, each >= 1; a step is the mean over all widths.

    Returns
    -------
    grey : float32 array (n, count)
        As `rays` gives it.
    steps : float32 array (n, count)
        Mean after minus mean before; 0 where a width reaches past the ray's end or the picture's edge.

    Raises
    ------
    InvalidSampleError
    """
    picture, starts, ends = _rays(image, centre, inner, outer, count)
    grey, steps = np.empty((starts.size, count), np.float32), np.empty((starts.size, count), np.float32)
    turn, across = _turn(starts.size), _widths(widths)
    _iris.unroll(picture, *centre, turn, starts, ends, across, np.empty(count + 1), grey, steps)
    return grey, steps


@lru_cache(maxsize=16)
def _widths(widths: Widths) -> NDArray[np.int32]:
    if not widths or min(widths) < 1 or max(widths) > MAX_SAMPLES:
        raise InvalidSampleError(f"widths must be 1..{MAX_SAMPLES} samples, at least one of them, not {widths}")
    return np.array(widths, np.int32)


def best_path(reward: NDArray[np.float32], bend: NDArray[np.float32], *, closed: bool) -> NDArray[np.int32]:
    """Return the row in each column on the path that collects most (Viterbi).

    Parameters
    ----------
    reward : float32 array (columns, rows)
        At most 1e6 in size each.
    bend : float32 array (reach + 1,)
        Cost of a step by so many rows, >= 0; a step by none (`bend[0]`) is free whatever stands there.
    closed : bool
        The path ends within one step of where it starts.

    Returns
    -------
    int32 array (columns,)

    Raises
    ------
    InvalidSampleError
    """
    gains = checks.array(reward, np.float32, (None, None), "reward")
    costs = _costs(bend)
    if gains.size == 0:
        raise InvalidSampleError(f"there is no path over an empty array: shape {gains.shape}")
    if max(gains.max(), -gains.min()) > LARGEST_REWARD:
        raise InvalidSampleError("rewards of a path must lie within ±1e6")
    out = np.empty(len(gains), np.int32)
    _iris.best_path(gains, costs, closed, *_room(gains.shape, costs.size - 1), out)
    return out


def _costs(bend: NDArray[np.float32]) -> NDArray[np.float32]:
    costs = checks.array(bend, np.float32, (None,), "bend")
    if not 1 <= costs.size <= MAX_REACH + 1 or costs.min() < 0:
        raise InvalidSampleError(f"bend must be 1..{MAX_REACH + 1} costs, none negative")
    return costs


def _room(shape: tuple[int, ...], reach: int) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.uint8]]:
    """Return room for the sums, steps and choices of a search for a path."""
    return np.empty(2 * (shape[1] + 2 * reach), np.float32), np.empty(shape[1], np.int32), np.empty(shape, np.uint8)


@lru_cache(maxsize=16)
def _everywhere(count: int, bound: float) -> NDArray[np.float64]:
    return np.full(count, bound)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A curve fitted by `fit_curve`.

    Attributes
    ----------
    coefficients : float64 array (m,)
    curve : float64 array (n,)
        The sum of the basis functions.
    keeps : float64 array (n,)
        Weight left to each value, 0 to 1; outliers have none.
    spread : float
        Robust deviation of what was kept.
    """

    coefficients: NDArray[np.float64]
    curve: NDArray[np.float64]
    keeps: NDArray[np.float64]
    spread: float


def fit_curve(
    values: NDArray[np.float64],
    weights: NDArray[np.float64],
    basis: NDArray[np.float64],
    prior: NDArray[np.float64],
    tightness: NDArray[np.float64],
    *,
    least_spread: float,
    start: NDArray[np.float64] | None = None,
) -> Fit:
    """Fit a weighted sum of basis functions: biweight M-estimate, with Gaussian priors on the coefficients.

    Parameters
    ----------
    values, weights : float64 array (n,)
        What is to be fitted, and how much each value is believed, >= 0.
    basis : float64 array (n, m)
    prior, tightness : float64 array (m,)
        Expected coefficients, and how firmly they are expected: the inverse square of their deviation, in units
        of the inverse square of that of a value of weight 1; > 0.
    least_spread : float
        Outliers are judged against at least this deviation, > 0.
    start : float64 array (n,) or None
        Curve by which outliers are judged first; None: the median of the values that are believed.

    Raises
    ------
    InvalidSampleError
    """
    y = checks.array(values, np.float64, (None,), "values")
    w = checks.array(weights, np.float64, y.shape, "weights")
    functions = checks.array(basis, np.float64, (y.size, None), "basis")
    expected = checks.array(prior, np.float64, (functions.shape[1],), "prior")
    firm = checks.array(tightness, np.float64, expected.shape, "tightness")
    if not (y.size and firm.size):
        raise InvalidSampleError("there is no curve through no values, or of no functions")
    if not (firm.min() > 0 and w.min() >= 0 and 0 < least_spread < math.inf):
        raise InvalidSampleError("tightness and the least spread must be positive, weights at least 0")
    curve = np.empty(y.size) if start is None else checks.array(start, np.float64, y.shape, "start").copy()
    keeps, coefficients = np.empty(y.size), np.empty(firm.size)
    work = np.empty(y.size + firm.size**2)
    spread = _iris.fit_curve(
        y, w, functions, expected, firm, least_spread, TUKEY, ROUNDS, start is None, curve, keeps, coefficients, work
    )
    return Fit(coefficients, curve, keeps, spread)


def follow(
    steps: NDArray[np.float32],
    radii: NDArray[np.float64],
    trust: NDArray[np.float64],
    bend: NDArray[np.float32],
    basis: NDArray[np.float64],
    prior: NDArray[np.float64],
    tightness: NDArray[np.float64],
    *,
    full: float,
    floor: float,
    least_spread: float,
    relative: bool = False,
    after: NDArray[np.float64] | None = None,
    until: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], Fit]:
    """Find the closed path that follows the edges across rays, and the curve through it.

    Parameters
    ----------
    steps : float32 array (n, count)
        As `unroll` gives them, within ±`LARGEST_REWARD`.
    radii : float64 array (count,)
        Of the samples, px.
    trust : float64 array (n,)
        How far an edge on each ray is believed, 0 to 1.
    bend : float32 array (reach + 1,)
        As `best_path` takes it.
    basis : float64 array (n, m)
    prior, tightness : float64 array (m,)
        Of the curve, as `fit_curve` takes them.
    full : float
        Step that counts in full: negative where grey levels are to fall outwards. Not 0.
    floor : float
        Worth of a step the wrong way, by `full`, at least; <= 0.
    least_spread : float
        As `fit_curve` takes it.
    relative : bool
        Whether steps steeper than `full` count by the steepest of their ray, so that it is followed exactly.
    after, until : float64 array (n,) or None
        Samples between which a path is worth anything, `after` excluded.

    Returns
    -------
    radii : float64 array (n,)
        Of the path on each ray, px.
    strength : float64 array (n,)
        Step there by `full`, 0 to 1.
    fit : Fit
        Of a curve to the path, by trust and strength.

    Raises
    ------
    InvalidSampleError
    """
    rises = checks.array(steps, np.float32, (None, None), "steps", finite=False)  # the kernel looks at their values
    n, count = rises.shape
    lengths = checks.array(radii, np.float64, (count,), "radii", finite=False)
    believed = checks.array(trust, np.float64, (n,), "trust", finite=False)
    costs = checks.array(bend, np.float32, (None,), "bend", finite=False)
    functions = checks.array(basis, np.float64, (n, None), "basis", finite=False)
    m = functions.shape[1]
    expected = checks.array(prior, np.float64, (m,), "prior", finite=False)
    firm = checks.array(tightness, np.float64, (m,), "tightness", finite=False)
    first = _everywhere(n, -1.0) if after is None else checks.array(after, np.float64, (n,), "after", finite=False)
    last = _everywhere(n, 1e9) if until is None else checks.array(until, np.float64, (n,), "until", finite=False)
    if not (n and count and m and 1 <= costs.size <= MAX_REACH + 1):
        raise InvalidSampleError(
            f"there is no path over {n} x {count} samples, at {costs.size} costs, by {m} functions"
        )
    if not (1e-3 <= abs(full) < math.inf and -LARGEST_REWARD <= floor <= 0 < least_spread < math.inf):
        raise InvalidSampleError(
            f"a full step must not be 0, the floor not above it, the least spread be positive: {full}, {floor}, "
            f"{least_spread}"
        )
    path, out, coefficients, work = np.empty(n, np.int32), np.empty((5, n)), np.empty(m), np.empty(n + m * m)
    reward, room = np.empty(rises.shape, np.float32), _room(rises.shape, costs.size - 1)
    spread = _iris.follow(
        rises, lengths, believed, full, relative, floor, first, last, costs, functions, expected, firm, least_spread,
        TUKEY, ROUNDS, LARGEST_REWARD, reward, *room, path, out, coefficients, work,
    )  # fmt: skip
    if spread < 0:
        raise InvalidSampleError(
            "steps, trust, bounds, costs or what a curve is expected to be hold a number that no path can follow"
        )
    return out[0], out[1], Fit(coefficients, out[3], out[4], spread)
