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
    # Ridges step little from the ground, and only their tops touch: they are narrow; but they are all there.
    CauseName.LIGHT: Rule(
        offset=-3.31,
        terms=(
            Term("log ridge_contrast", -6.12),
            Term("log ridge_darkness", -0.988),
            Term("ground_grey", 0.00515),
            Term("flat_share", -2.09),
            Term("ridge_share", -24.9),
            Term("one_direction", -2.39),
        ),
    ),
    # Ridges are broken into dots: holes in their hearts, steep edges, while the valleys are evenly clean.
    CauseName.DRY: Rule(
        offset=-29.8,
        terms=(
            Term("hole_share", 25.1),
            Term("edge_slope", 4.06),
            Term("fill_unevenness", -6.33),
            Term("ridge_share", -2.56),
        ),
    ),
    # Places inside the contact where ridges vanish and a smooth pale grey is left, whatever their direction.
    CauseName.WORN: Rule(
        offset=8.99,
        terms=(
            Term("log worn_share", 2.94),
            Term("flat_share", 8.92),
            Term("slide_strength", -6.03),
            Term("contrast_anisotropy", -6.02),
            Term("hole_share", -1.16),
        ),
    ),
    # Valleys are filled, unevenly; where they are full it is as dark as ink and no ridge can be seen; edges are soft.
    CauseName.WET: Rule(
        offset=18.43,
        terms=(
            Term("log blot_share", 1.23),
            Term("valley_roughness", 16.2),
            Term("fill_unevenness", 5.08),
            Term("flat_share", 5.9),
            Term("edge_slope", -3.6),
            Term("slide_strength", -19.4),
        ),
    ),
    # Broad ridges of full black, some touching each other, on open valleys; in every direction alike.
    CauseName.HARD: Rule(
        offset=-21.85,
        terms=(
            Term("ridge_share", 84.6),
            Term("squareness", 13.9),
            Term("ink_grey", -0.0524),
            Term("clarity", -14.6),
            Term("edge_slope", -2.91),
            Term("contrast_anisotropy", -8.09),
        ),
    ),
    # Ridges along the slide stay, ridges across it are blurred away or doubled, and streaks of one direction are left.
    CauseName.SMEAR: Rule(
        offset=-29.08,
        terms=(
            Term("slide_strength", 7.14),
            Term("one_direction", 8.38),
            Term("contrast_anisotropy", 8.61),
            Term("ridge_share", 33.9),
            Term("log ridge_contrast", -2.01),
            Term("flat_share", 10.1),
        ),
    ),
    # Weaker texture beside the strong ridges, on a print that did not slide: a slide leaves a tail.
    CauseName.RESIDUE: Rule(
        offset=0.24,
        terms=(
            Term("log residue_share", 1.75),
            Term("slide_strength", -3.75),
            Term("log worn_share", -1.13),
        ),
    ),
    # A latent print: hardly darker than the ground, paler than the lightest touch, in patches.
    CauseName.NO_FINGER: Rule(
        offset=-29.26,
        terms=(
            Term("log ridge_contrast", -5.2),
            Term("log ridge_darkness", -6.61),
            Term("flat_share", 22.6),
            Term("ground_grey", 0.0056),
        ),
    ),
}
