"""Fit what a pair of circles is ranked by in the search for the eye, and show how often the first is the right one.

    python benchmarks/iris_ranking.py IMAGES CIRCLES [--eyes 4]

The pictures are those of `iris_confidence.py`: synthetic eyes with every defect, real ones as they are and worse. A
candidate is right where centres and radii of both circles lie within a tenth of the iris radius of the truth's. The
fit is a conditional logit: of a picture's candidates, the chance that a right one is chosen is its share of exp(odds).
Pictures whose candidates are all right, or none of them, say nothing of the order and are not in the fit. People are
kept apart: each half is judged by the fit of the other. No weight is below nought.

The constants stand in `biocore/iris/outline.py` (support, apart, doubt) and `locate.py` (the rest), rounded; a fit that
does not put the right pair first more often than they do is no reason to change them.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from iris_conditions import Floats
from iris_confidence import Circle, drawn, taken
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

from biocore.iris import locate, outline, speculars
from biocore.iris.segmentation import Contour
from biocore.types import GreyImage

NEAR = 0.10  # of the iris radius; what is right
RIDGE = 0.01  # on each weight's square, by the mean loss
NAMES = ("support", "apart", "doubt", "pupil", "ratio", "offset", "faint", "bright")
SHIPPED = np.array(
    [
        *(outline.SUPPORT_ODDS, outline.APART_ODDS, outline.DOUBT_ODDS, locate.PUPIL_ODDS),
        *(locate.RATIO_ODDS, locate.OFFSET_ODDS, locate.FAINT_ODDS, locate.BRIGHT_ODDS),
    ]
)


class Choice(NamedTuple):
    """One picture's candidates: the terms of each (candidates, terms), and which are right."""

    kind: str
    person: int
    terms: Floats
    right: NDArray[np.bool_]


def terms_of(eye: locate.Eye) -> list[float]:
    """Return what a pair's log odds are the sum of, without the weights."""
    ratio = (eye.pupil.r / eye.limbus.r - locate.PUPIL_RATIO[0]) / locate.PUPIL_RATIO[1]
    offset = math.hypot(eye.pupil.x - eye.limbus.x, eye.pupil.y - eye.limbus.y) / eye.limbus.r / locate.PUPIL_OFFSET
    return [
        eye.outline.support,
        min(max(eye.outline.separation / outline.WELL_APART, -0.7), 1.0),
        -float(eye.outline.doubtful),
        eye.pupil_support,
        -min(ratio * ratio, locate.UNUSUAL),
        -min(offset * offset, locate.ASIDE),
        -max(0.0, locate.FAINT - eye.pupil_support),
        -float(not eye.dark),
    ]


def choice(kind: str, person: int, pixels: GreyImage, pupil: Circle, limbus: Circle) -> Choice | None:
    """Search a picture; None where there is nothing to choose from."""
    eyes = locate.search(speculars.find(pixels)[1]).eyes
    if not eyes:
        return None
    terms = np.array([terms_of(eye) for eye in eyes])
    scores = np.array([eye.score for eye in eyes])
    assert np.allclose(terms @ SHIPPED, scores), "the search ranks by other terms than these"
    right = [near(eye.pupil, pupil, limbus[2]) and near(eye.limbus, limbus, limbus[2]) for eye in eyes]
    return Choice(kind, person, terms, np.array(right))


def near(found: locate.Circle, truth: Circle, unit: float) -> bool:
    return max(math.hypot(found.x - truth[0], found.y - truth[1]), abs(found.r - truth[2])) <= NEAR * unit


def circle_of(contour: Contour) -> Circle:
    return contour.shape.cx, contour.shape.cy, contour.radius


def choices(eyes: int, images: Path, table: Path) -> Iterator[Choice]:
    """Search all pictures that show an iris."""
    for kind, number, eye in drawn(eyes):
        if eye.pupil is not None and eye.limbus is not None:
            found = choice(kind, number, eye.pixels, circle_of(eye.pupil), circle_of(eye.limbus))
            if found is not None:
                yield found
    for kind, file, pixels, pupil, limbus in taken(images, table):
        found = choice(kind, int(file[:3]), pixels, pupil, limbus)
        if found is not None:
            yield found


def fit(chosen: list[Choice]) -> Floats:
    """Return the weights, none below nought, that make the right pairs most likely."""

    def loss(w: Floats) -> tuple[float, Floats]:
        value, slope = 0.5 * RIDGE * float(w @ w), RIDGE * w
        for each in chosen:
            odds = each.terms @ w
            all_, right = logsumexp(odds), logsumexp(odds[each.right])
            value += float(all_ - right) / len(chosen)
            share = np.exp(odds - all_) - np.where(each.right, np.exp(odds - right), 0.0)
            slope = slope + share @ each.terms / len(chosen)
        return value, slope

    bounds = [(0.0, None)] * len(NAMES)
    return np.asarray(minimize(loss, np.ones(len(NAMES)), jac=True, bounds=bounds, method="L-BFGS-B").x)


def first(each: Choice, weights: Floats) -> bool:
    """Whether the pair of the highest odds is a right one."""
    return bool(each.right[int(np.argmax(each.terms @ weights))])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("circles", type=Path)
    parser.add_argument("--eyes", type=int, default=4)
    options = parser.parse_args()
    every = list(choices(options.eyes, options.images, options.circles))
    open_ = [each for each in every if each.right.any() and not each.right.all()]
    none = sum(not each.right.any() for each in every)
    print(f"{len(every)} pictures, {none} without a right candidate; {len(open_)} with right and wrong ones")
    held = 0
    for odd in (0, 1):
        weights = fit([each for each in open_ if each.person % 2 != odd])
        held += sum(first(each, weights) for each in open_ if each.person % 2 == odd)
    shipped = [first(each, SHIPPED) for each in open_]
    print(f"right pair first: {np.mean(shipped):.2%} as it stands, {held / len(open_):.2%} fitted, people held out")
    lost = sorted({each.kind for each, well in zip(open_, shipped, strict=True) if not well})
    print(f"not first as it stands: {', '.join(lost) or 'none'}")
    print(f"{'':8s} stands  fitted")
    for name, was, fitted in zip(NAMES, SHIPPED, fit(open_), strict=True):
        print(f"{name:8s} {was:6.1f}  {fitted:6.1f}")


if __name__ == "__main__":
    main()
