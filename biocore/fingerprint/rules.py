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
        offset=-0.81,
        terms=(
            Term("log ridge_contrast", -5.7),
            Term("log ridge_darkness", -0.549),
            Term("ground_grey", 0.00765),
            Term("flat_share", -4.37),
            Term("ridge_share", -27.8),
            Term("one_direction", -2.89),
        ),
    ),
    # Ridges are broken into dots: holes in their hearts, steep edges, while the valleys are evenly clean.
    CauseName.DRY: Rule(
        offset=-23.67,
        terms=(
            Term("hole_share", 26.1),
            Term("edge_slope", 2.94),
            Term("fill_unevenness", -5.86),
            Term("blot_share", -2.57),
        ),
    ),
    # Places inside the contact where ridges vanish and a smooth pale grey is left, whatever their direction.
    CauseName.WORN: Rule(
        offset=9.06,
        terms=(
            Term("log worn_share", 2.85),
            Term("flat_share", 11),
            Term("slide_strength", -2.88),
            Term("contrast_anisotropy", -5.31),
        ),
    ),
    # Valleys are filled, unevenly; where they are full it is as dark as ink and no ridge can be seen; edges are soft.
    CauseName.WET: Rule(
        offset=9.89,
        terms=(
            Term("log blot_share", 0.456),
            Term("valley_roughness", 8.86),
            Term("fill_unevenness", 11.5),
            Term("flat_share", 9.23),
            Term("edge_slope", -2.86),
            Term("slide_strength", -16.7),
            Term("coverage_low", 4.04),
        ),
    ),
    # Broad ridges of full black, some touching each other, on open valleys; in every direction alike.
    CauseName.HARD: Rule(
        offset=-16.66,
        terms=(
            Term("ridge_share", 79.9),
            Term("squareness", 12.2),
            Term("ink_grey", -0.0459),
            Term("clarity", -15.8),
            Term("edge_slope", -3.15),
            Term("contrast_anisotropy", -4.03),
        ),
    ),
    # Ridges along the slide stay, ridges across it are blurred away or doubled, and streaks of one direction are left.
    CauseName.SMEAR: Rule(
        offset=-27.36,
        terms=(
            Term("slide_strength", 11.2),
            Term("one_direction", 9.16),
            Term("contrast_anisotropy", 8.17),
            Term("ridge_share", 33.5),
            Term("log ridge_contrast", -0.771),
            Term("flat_share", 8.52),
            Term("coherence_anisotropy", 3.77),
        ),
    ),
    # Weaker texture beside the strong ridges, on a print that did not slide: a slide leaves a tail.
    CauseName.RESIDUE: Rule(
        offset=2.76,
        terms=(
            Term("log residue_share", 1.93),
            Term("slide_strength", -2.64),
            Term("log worn_share", -0.767),
            Term("flat_share", -10.1),
            Term("hole_share", -0.765),
        ),
    ),
    # A latent print: hardly darker than the ground, paler than the lightest touch, in patches.
    CauseName.NO_FINGER: Rule(
        offset=-28.72,
        terms=(
            Term("log ridge_contrast", -4.11),
            Term("log ridge_darkness", -6.49),
            Term("flat_share", 18),
            Term("ground_grey", 0.0149),
        ),
    ),
}
