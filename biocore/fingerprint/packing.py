"""A template as the comparator takes it: at 500 ppi, packed once, remembered as long as the template lives.

A fused template may hold several views of the finger that could not be brought together, laid side by side with an
empty band between them (`fuse`). Minutiae across such a band have no bearing on each other, so each view is compared
on its own. No impression of one touch has such a band: of 3,520 templates of five sources not one.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidTemplateError
from biocore.fingerprint.scale import NOMINAL_PPI
from biocore.kernels import match
from biocore.types import FingerTemplate

NEIGHBOURHOOD = match.Neighbourhood(
    core=12.0,  # px
    width=4.0,  # px
    growth=0.05,  # px/px: a neighbour 60 px away counts as the same up to 6 to 14 px nearer or further
)
UNREPORTED = 50  # quality of a minutia whose extractor does not report one: neither good nor bad

BAND = 140.0  # px, 7 mm without a minutia; `fuse` leaves 150, and rounding may take some of it
MOST_VIEWS = 4  # of a template; where there are more bands, the widest part it
LEAST = 8  # minutiae; fewer are no view of their own, only something an attempt saw beside the others

_views: WeakKeyDictionary[FingerTemplate, tuple[match.Packed, ...]] = WeakKeyDictionary()


def views(template: FingerTemplate) -> tuple[match.Packed, ...]:
    """Return the packed views of a template, from left to right, mostly one; the work is done once for each.

    Raises
    ------
    InvalidTemplateError
        Not a finger's template.
    """
    if not isinstance(template, FingerTemplate):
        raise InvalidTemplateError(
            f"fingerprints are compared by their minutiae; this is a {type(template).__name__}, not a FingerTemplate"
        )
    found = _views.get(template)
    if found is None:
        points = template.points.astype(np.float64) * (NOMINAL_PPI / template.ppi)
        found = _views[template] = tuple(_pack(template, points, rows) for rows in _parted(points[:, 0]))
    return found


def _pack(template: FingerTemplate, points: NDArray[np.float64], rows: NDArray[np.intp] | None) -> match.Packed:
    """Pack some minutiae of a template, or all of them."""
    chosen: slice | NDArray[np.intp] = slice(None) if rows is None else rows
    qualities = template.qualities[chosen]
    found = match.pack(
        points[chosen],
        template.directions[chosen].astype(np.float64),
        template.kinds[chosen],
        np.where(qualities == 0, np.uint8(UNREPORTED), qualities),
        NEIGHBOURHOOD,
    )
    return found if rows is None else match.Packed(found.rows, rows[found.order].astype(np.int32), NEIGHBOURHOOD)


def _parted(x: NDArray[np.float64]) -> list[NDArray[np.intp] | None]:
    """Part minutiae at empty bands; [None] where there is none, or but one part large enough to be a view."""
    order = np.argsort(x, kind="stable")
    gaps = np.diff(x[order])
    if not (gaps >= BAND).any():
        return [None]
    widest = np.argsort(-gaps, kind="stable")[: MOST_VIEWS - 1]
    parts = np.split(order, np.sort(widest[gaps[widest] >= BAND]) + 1)
    large: list[NDArray[np.intp] | None] = [np.sort(part) for part in parts if len(part) >= LEAST]
    return large if len(large) > 1 else [None]
