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
        offset=-39.73,
        terms=(
            Term("log ridge_contrast", -6.79),
            Term("log ridge_darkness", -4.67),
            Term("clarity", 30.9),
            Term("flat_share", -11.4),
        ),
    ),
    # Ridges are broken into dots: holes in their hearts, steep edges, while the valleys are evenly clean.
    CauseName.DRY: Rule(
        offset=-15.72,
        terms=(
            Term("hole_share", 33.6),
            Term("edge_slope", 2.09),
            Term("fill_unevenness", -9.1),
            Term("bridge_share", -4.32),
            Term("log ridge_darkness", 4.17),
        ),
    ),
    # Places inside the contact where ridges vanish and pale grey is left.
    CauseName.WORN: Rule(
        offset=7.57,
        terms=(
            Term("log worn_share", 3.21),
            Term("coverage_low", 6.29),
            Term("contrast_anisotropy", -9.89),
            Term("coherence_anisotropy", -5.37),
        ),
    ),
    # Valleys are filled, unevenly, and where they are full no ridge can be seen although it is dark.
    CauseName.WET: Rule(
        offset=8.08,
        terms=(
            Term("valley_fill", 2.79),
            Term("fill_unevenness", 9.3),
            Term("flat_share", 11.4),
            Term("valley_roughness", 13.7),
            Term("log worn_share", -2.09),
            Term("log ridge_darkness", 7.43),
            Term("edge_slope", -4.24),
        ),
    ),
    # Broad, dark, whole ridges between valleys that are narrow but open.
    CauseName.HARD: Rule(
        offset=-2.01,
        terms=(
            Term("ridge_share", 93.1),
            Term("log ridge_darkness", 4.77),
            Term("edge_slope", -5.23),
            Term("ridge_roughness", -2.27),
            Term("coherence", -19.2),
            Term("flat_share", -24.1),
        ),
    ),
    # Contrast and coherence depend on the ridges' direction: ridges along the slide stay, ridges across it go.
    CauseName.SMEAR: Rule(
        offset=-16.97,
        terms=(
            Term("contrast_anisotropy", 11),
            Term("coherence_anisotropy", 8.69),
            Term("fill_unevenness", 6.45),
            Term("period_spread", 12.9),
            Term("coherence", 9.32),
            Term("log ridge_contrast", -1.08),
        ),
    ),
}
