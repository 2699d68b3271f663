"""Fit the default finger quality model: to scores, and to pairs of which one print is the other made worse.

The kernel's weights w minimise

    sum over scored prints     L(answer - score): absolute error beyond TUBE points, rounded at its start; n prints
  + half n PAIRS               mean of max(0, worse - better + MARGIN)²: a print made worse must not score more
  + half n PAIRS / 10          mean of max(0, answer - WORST)²: prints blurred or drowned in noise are worth little
  + half `penalty`             wᵀ K w: smoothness

by Newton's method: all terms are convex and once differentiable, and some twenty steps end it. The lines are fitted
first, to the scores alone, under the signs that make them monotone; the kernel fits what they leave.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

from biocore.fingerprint.regression import INPUTS, Regression

Floats = NDArray[np.float64]

ALGORITHM = "biocore.finger/1"
TUBE = 2.0  # points: errors up to here cost nothing; NIST's scores are whole numbers and no two lots agree better
ROUNDING = 1.0  # points beyond the tube over which the cost turns from square to straight
PAIRS = 9.0  # weight of all pairs together, against all scored prints together
MARGIN = 0.5  # points that a print made worse shall at least lose
WORST = 8.0  # points: the most that a print blurred by 4 px or under noise of 80 grey levels may score
RIDGE = 5.0  # penalty on the slopes of the lines, in points² for one point a standard deviation
KERNEL_SHARE = 0.85
SYNTHETIC = 320  # prototypes chosen among the prints of the pairs, each the one farthest from all before it
CANDIDATES = 3000  # prints of the pairs to choose from
BIAS = 30.0  # points: scale on which the kernel's intercept is free
JITTER = 1e-4  # added to the kernel matrix, whose smallest eigenvalues are lost in rounding
NEAR, FAR = 5.0, 8.0  # standard deviations from the nearest scored print; 19 of 20 of the 199 have another within 5
STEPS, ENOUGH = 60, 1e-6  # Newton steps at most; relative gain at which it stops


class Pairs(NamedTuple):
    """Inputs of prints without scores: each of `worse` is made of the one in the same row of `better`."""

    better: Floats
    worse: Floats
    worst: Floats  # prints worth nothing


class Settings(NamedTuple):
    """What cross-validation chooses."""

    penalty: float
    gamma: float


class Lines(NamedTuple):
    """Broken lines, and the standard of the inputs."""

    low: Floats
    middle: Floats
    high: Floats
    below: Floats
    above: Floats
    offset: float
    centre: Floats
    scale: Floats

    def standard(self, x: Floats) -> Floats:
        """Clip and standardise."""
        return (np.clip(x, self.low, self.high) - self.centre) / self.scale

    def answer(self, x: Floats) -> Floats:
        """Points of each row."""
        x = np.clip(x, self.low, self.high)
        under = (np.minimum(x, self.middle) - self.low) @ self.below
        over = (np.maximum(x, self.middle) - self.middle) @ self.above
        return np.asarray(self.offset + under + over)


def directions() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return whether each line may only rise (1) or only fall (-1), or do both (0): below and above its break."""
    rising = re.compile(r"(FDA_Bin10_[0-8]|(LCS|OCL)_Bin10_\d|RVUP_Bin10_0)\+|(LCS|OCL)_Bin10_Mean|.*Coherence.*")
    falling = re.compile(r"FDA_Bin10_9\+|(FDA|LCS|RVUP)_Bin10_StdDev|RVUP_Bin10_Mean")
    below = np.array([1 if rising.fullmatch(name) else -1 if falling.fullmatch(name) else 0 for name in INPUTS])
    above = below.copy()
    for name in ("ImgProcROIArea_Mean", "MMB", "Mu"):  # neither dark nor pale
        below[INPUTS.index(name)], above[INPUTS.index(name)] = 1, -1
    return below, above


def fit_lines(x: Floats, y: Floats) -> Lines:
    """Fit broken lines with one break at the median: least squares under the signs of `directions`."""
    middle, low, scale = np.median(x, axis=0), x.min(axis=0), x.std(axis=0) + 1e-9
    under = (np.minimum(x, middle) - low) / scale
    over = (np.maximum(x, middle) - middle) / scale
    n = 2 * x.shape[1]
    design = np.vstack([np.hstack([under, over, np.ones((len(x), 1))]), np.sqrt(RIDGE) * np.eye(n, n + 1)])
    sign = np.concatenate(directions())
    lower = np.append(np.where(sign > 0, 0.0, -np.inf), -np.inf)
    upper = np.append(np.where(sign < 0, 0.0, np.inf), np.inf)
    found = lsq_linear(design, np.append(y, np.zeros(n)), (lower, upper), tol=1e-8).x
    slopes = np.where(np.abs(found[:n]) < 1e-3, 0.0, found[:n]).reshape(2, -1) / scale
    return Lines(low, middle, x.max(axis=0), slopes[0], slopes[1], float(found[n]), x.mean(axis=0), scale)


def squared_distances(a: Floats, b: Floats) -> Floats:
    """Squared distance of each row of a from each of b."""
    square = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2.0 * a @ b.T
    return np.asarray(np.maximum(square, 0.0))


def prototypes(lines: Lines, x: Floats, pairs: Pairs) -> Floats:
    """Return the scored prints and those of the pairs that are least like any before, standardised."""
    found = lines.standard(x)
    others = np.vstack([pairs.better, pairs.worse])
    others = lines.standard(others[:: max(1, len(others) // CANDIDATES)])
    nearest = squared_distances(others, found).min(axis=1)
    chosen = []
    for _ in range(min(SYNTHETIC, len(others))):
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, ((others - others[chosen[-1]]) ** 2).sum(axis=1))
    return np.vstack([found, others[chosen]])


def fit(x: Floats, y: Floats, pairs: Pairs, settings: Settings, lines: Lines | None = None) -> Regression:
    """Fit both parts on all rows given; `lines` may be given where they are already fitted to the same rows."""
    lines = lines or fit_lines(x, y)
    nodes = prototypes(lines, x, pairs)
    matrix = np.exp(-settings.gamma * squared_distances(nodes, nodes)) + JITTER * np.eye(len(nodes))
    basis = np.linalg.inv(np.linalg.cholesky(matrix)).T  # w = basis v makes the penalty |v|²

    def features(rows: Floats) -> Floats:
        near = np.exp(-settings.gamma * squared_distances(lines.standard(rows), nodes))
        return np.hstack([near @ basis, np.full((len(rows), 1), BIAS)])

    def known(rows: Floats) -> Floats:
        return (1.0 - KERNEL_SHARE) * lines.answer(rows) + KERNEL_SHARE * float(y.mean())

    answers = _newton(
        (features(x), y - known(x)),
        [
            (
                features(pairs.worse) - features(pairs.better),
                known(pairs.better) - known(pairs.worse) - MARGIN,
                PAIRS * len(x) / len(pairs.worse),
            ),
            (features(pairs.worst), WORST - known(pairs.worst), 0.1 * PAIRS * len(x) / len(pairs.worst)),
        ],
        settings.penalty,
    )
    return Regression(
        algorithm=ALGORITHM,
        **lines._asdict(),
        prototypes=nodes,
        weights=basis @ answers[:-1] / KERNEL_SHARE,
        gamma=settings.gamma,
        intercept=float(y.mean() + BIAS * answers[-1] / KERNEL_SHARE),
        share=KERNEL_SHARE,
        scored=len(x),
        near=NEAR,
        far=FAR,
    )


def _newton(scored: tuple[Floats, Floats], hinges: list[tuple[Floats, Floats, float]], penalty: float) -> Floats:
    """Minimise the sum above over v; a hinge (rows, limit, weight) costs where rows @ v is above the limit."""
    rows, target = scored

    def cost(v: Floats) -> float:
        beyond = np.maximum(np.abs(rows @ v - target) - TUBE, 0.0)
        pull = np.minimum(beyond, ROUNDING)
        total = float((pull * (beyond - pull / 2)).sum()) + 0.5 * penalty * float(v @ v)
        return total + sum(
            0.5 * weight * float((np.maximum(h @ v - limit, 0.0) ** 2).sum()) for h, limit, weight in hinges
        )

    v = np.zeros(rows.shape[1])
    lowest = cost(v)
    for _ in range(STEPS):
        error = rows @ v - target
        beyond = np.maximum(np.abs(error) - TUBE, 0.0)
        curved = rows[(beyond > 0) & (beyond < ROUNDING)]
        slope = rows.T @ (np.minimum(beyond, ROUNDING) * np.sign(error)) + penalty * v
        curvature = curved.T @ curved + penalty * np.eye(len(v))
        for h, limit, weight in hinges:
            over = h @ v - limit
            broken = h[over > 0]
            slope += weight * broken.T @ over[over > 0]
            curvature += weight * broken.T @ broken
        step = np.linalg.solve(curvature, slope)
        length = 1.0
        while length > 1e-4 and cost(v - length * step) > lowest - 1e-4 * length * float(slope @ step):
            length /= 2
        v = v - length * step
        before, lowest = lowest, cost(v)
        if before - lowest < ENOUGH * before:
            break
    return v
