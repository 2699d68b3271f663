"""One rule a cause: which quantities speak for it and against it, and how much.

A rule is a logistic ramp: confidence = 1 / (1 + exp(-(offset + sum of weight x quantity))). Which quantities a
rule has, and the sign of each weight, follows from the physics of its cause; the numbers are fitted by
`benchmarks/fit_causes.py` on real prints of six sets and on synthetic ones, with defects painted by several
mechanisms. A positive weight speaks for the cause. Quantities written ``log ...`` enter by their natural logarithm:
contrasts and shares are ratios.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from biocore.fingerprint.quantities import RidgePhysics
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
    # Ridges step little from the ground, and only their tops touch: they are narrow; but they are all there.
    CauseName.LIGHT: Rule(
        offset=4.67,
        terms=(
            Term("log ridge_contrast", -6.16),
            Term("flat_share", -24.1),
            Term("ridge_share", -39.1),
        ),
    ),
    # Ridges are broken into dots: holes in their hearts, steep edges, while the valleys are evenly clean.
    CauseName.DRY: Rule(
        offset=-29.93,
        terms=(
            Term("hole_openness", 27.6),
            Term("open_share", 10.7),
            Term("edge_slope", 2.51),
            Term("fineness_low", -13.4),
            Term("dark_share", -6.71),
            Term("log worn_share", -1.02),
            Term("blot_share", -2.22),
        ),
    ),
    # Places inside the contact where ridges vanish and a smooth pale grey is left, whatever their direction.
    CauseName.WORN: Rule(
        offset=6.29,
        terms=(
            Term("log worn_share", 1.58),
            Term("flat_share", 26.1),
            Term("flat_texture", -7.09),
            Term("contrast_anisotropy", -4.2),
            Term("one_direction", -0.534),
        ),
    ),
    # Valleys are filled, unevenly; where they are full it is as dark as ink and no ridge can be seen; edges are soft.
    CauseName.WET: Rule(
        offset=26.43,
        terms=(
            Term("fineness", -25.5),
            Term("flat_share", 9.7),
            Term("darkest_places", 3.4),
            Term("dark_share", 9.59),
            Term("edge_slope_low", -3.42),
            Term("coverage_low", 8.79),
            Term("log ridge_contrast", -2.12),
            Term("log ridge_darkness", 2.7),
            Term("slide_strength", -18.8),
            Term("one_direction", -3.56),
        ),
    ),
    # Broad ridges of full black, some touching each other, on open valleys; in every direction alike.
    CauseName.HARD: Rule(
        offset=-32.26,
        terms=(
            Term("ridge_share", 93.2),
            Term("squareness", 16.1),
            Term("ink_grey", -0.0537),
            Term("clarity", -12.6),
            Term("edge_slope", -2.49),
            Term("contrast_anisotropy", -1.89),
        ),
    ),
    # Ridges along the slide stay, ridges across it are blurred away or doubled, and streaks of one direction are left.
    CauseName.SMEAR: Rule(
        offset=-16.31,
        terms=(
            Term("one_direction", 6.94),
            Term("contrast_anisotropy", 8.32),
            Term("coherence_anisotropy", 7.26),
            Term("ridge_share_high", 28.9),
            Term("flat_share", 12),
            Term("contrast_low", -0.0983),
            Term("fineness", -5.12),
            Term("open_share", -19),
            Term("blot_share", -4.95),
        ),
    ),
    # Weaker texture beside the strong ridges, on a print that did not slide: a slide leaves a tail.
    CauseName.RESIDUE: Rule(
        offset=5.04,
        terms=(
            Term("log residue_share", 1.97),
            Term("slide_strength", -12.7),
            Term("log worn_share", -0.214),
            Term("flat_share", -22.6),
            Term("open_share", -4.81),
        ),
    ),
    # A latent print: hardly darker than the ground, paler than the lightest touch, in patches.
    CauseName.NO_FINGER: Rule(
        offset=-26.51,
        terms=(
            Term("log ridge_contrast", -5.62),
            Term("log ridge_darkness", -4.94),
            Term("flat_share", 11.9),
        ),
    ),
}
