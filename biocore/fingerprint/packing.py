"""A template as the comparator takes it: at 500 ppi, packed once, remembered as long as the template lives."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

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

_packed: WeakKeyDictionary[FingerTemplate, match.Packed] = WeakKeyDictionary()


def packed(template: FingerTemplate) -> match.Packed:
    """Return the packed template; the work is done once for each.

    Raises
    ------
    InvalidTemplateError
        Not a finger's template.
    """
    if not isinstance(template, FingerTemplate):
        raise InvalidTemplateError(
            f"fingerprints are compared by their minutiae; this is a {type(template).__name__}, not a FingerTemplate"
        )
    found = _packed.get(template)
    if found is None:
        found = _packed[template] = match.pack(
            template.points.astype(np.float64) * (NOMINAL_PPI / template.ppi),
            template.directions.astype(np.float64),
            template.kinds,
            np.where(template.qualities == 0, np.uint8(UNREPORTED), template.qualities),
            NEIGHBOURHOOD,
        )
    return found
