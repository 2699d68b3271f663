"""One rule a cause: which quantities speak for it and against it, and how much.

A rule is a logistic ramp: confidence = 1 / (1 + exp(-(offset + sum of weight x quantity))). Which quantities a
rule has follows from the physics of its cause; the numbers are fitted by `benchmarks/fit_causes.py` on real
prints of six sets and on synthetic ones, with defects painted by several mechanisms. A positive weight speaks
for the cause. Quantities written ``log ...`` enter by their natural logarithm: contrasts and shares are ratios.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from biocore.fingerprint.physics import RidgePhysics
from biocore.report import CauseName

LEAST = 0.01  # shares and contrasts below 1 % are all the same


@dataclass(frozen=True, slots=True)
class Term:
    """A quantity of `RidgePhysics` (``log `` before its name: its logarithm) and its weight."""

    quantity: str
    weight: float


@dataclass(frozen=True, slots=True)
class Rule:
    """A logistic ramp over a few quantities."""

    offset: float
    terms: tuple[Term, ...]

    def confidence(self, physics: RidgePhysics) -> float:
        """Return 0..1."""
        return logistic(self.offset + sum(t.weight * quantity(physics, t.quantity) for t in self.terms))


def quantity(physics: RidgePhysics, name: str) -> float:
    """Return the quantity a term names."""
    value = float(getattr(physics, name.removeprefix("log ")))
    return math.log(max(value, LEAST)) if name.startswith("log ") else value


def logistic(x: float) -> float:
    """Return 1 / (1 + exp(-x)), without overflow."""
    return 0.5 * (1.0 + math.tanh(0.5 * x))


RULES: dict[CauseName, Rule] = {
    # Ridges step little from their valleys, but they are all there: clear profiles, nothing gone.
    CauseName.LIGHT: Rule(
        offset=-42.16,
        terms=(
            Term("log ridge_contrast", -6.85),
            Term("log ridge_darkness", -5.65),
            Term("clarity", 33.7),
            Term("flat_share", -13.5),
        ),
    ),
    # Ridges are broken into dots: holes in their hearts, steep edges, while the valleys are evenly clean.
    CauseName.DRY: Rule(
        offset=-9.84,
        terms=(
            Term("hole_share", 35.3),
            Term("edge_slope", 1.08),
            Term("fill_unevenness", -9.93),
            Term("bridge_share", -0.115),
            Term("log ridge_darkness", 3.62),
        ),
    ),
    # Places inside the contact where ridges vanish and pale grey is left.
    CauseName.WORN: Rule(
        offset=10.35,
        terms=(
            Term("log worn_share", 3.45),
            Term("coverage_low", 3.82),
            Term("contrast_anisotropy", -12.9),
            Term("coherence_anisotropy", -3.34),
        ),
    ),
    # Valleys are filled, unevenly, and where they are full no ridge can be seen although it is dark.
    CauseName.WET: Rule(
        offset=10.62,
        terms=(
            Term("valley_fill", 3.86),
            Term("fill_unevenness", 12.4),
            Term("flat_share", 10.8),
            Term("valley_roughness", 15),
            Term("log worn_share", -2.03),
            Term("log ridge_darkness", 7.23),
            Term("log ridge_contrast", 0.419),
            Term("edge_slope", -5.03),
        ),
    ),
    # Broad, dark, whole ridges between valleys that are narrow but open.
    CauseName.HARD: Rule(
        offset=-7.25,
        terms=(
            Term("ridge_share", 107),
            Term("log contact_area_mm2", 0.666),
            Term("log ridge_darkness", 4.65),
            Term("edge_slope", -6.27),
            Term("ridge_roughness", -1.14),
            Term("coherence", -20.3),
            Term("flat_share", -24.9),
        ),
    ),
    # Contrast and coherence depend on the ridges' direction: ridges along the slide stay, ridges across it go.
    CauseName.SMEAR: Rule(
        offset=-20.08,
        terms=(
            Term("contrast_anisotropy", 13.6),
            Term("coherence_anisotropy", 7.9),
            Term("fill_unevenness", 7.76),
            Term("period_spread", 12.7),
            Term("coherence", 9.69),
            Term("log ridge_contrast", -1.75),
        ),
    ),
}
