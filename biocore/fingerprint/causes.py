"""Why a fingerprint is poor: physics in, causes out, most confident first.

What is wrong with the ridges (dry, wet, light, hard, worn, smeared) is concluded by `rules`; where the finger
lies, here. A good print has no causes.
"""

from __future__ import annotations

from collections.abc import Callable

from biocore.fingerprint.physics import measure_ridges
from biocore.fingerprint.quantities import RidgePhysics
from biocore.fingerprint.rules import RULES, logistic
from biocore.report import Cause, CauseName
from biocore.types import GreyImage

LISTED = 0.5  # confidence from which a cause is listed
# Where a finger lies is certain, but what is wrong with its ridges matters more; only a contact that is too small
# to judge its ridges goes first, and of a part that lies off the centre the part.
CEILING = {CauseName.TOO_SMALL: 0.99, CauseName.PARTIAL: 0.95, CauseName.OFF_CENTRE: 0.92}

# NO_FINGER: ridges on less than this, mm². Bare, dusty and noisy windows have 0 to 0.4 mm², the worst wet
# prints 2; and contrast: weaker than the weakest touch. A latent print that is stronger is told by its rule.
NO_RIDGES_MM2 = 1.2
NO_CONTRAST = 0.015
# A window full of water has no ridges either, but it is dark: more than half, where shading makes a third.
DARK_CONTACT = 0.45
# TOO_SMALL and PARTIAL: an adult's flat contact has 110 to 300 mm²; NFIQ 2 flags less than 50 000 px, 129 mm²,
# and a comparison of two windows of 60 mm² has lost half of the minutiae.
SMALL_MM2 = 46.0
PART_MM2 = 98.0
# A finger that fills a small sensor is whole as far as that sensor goes.
FULL_WINDOW = 0.55
# OFF_CENTRE: contact's centre from the window's, of the window's side. The lower edge may always be cut: a
# finger goes on there.
OFF_CENTRE = 0.19
CUT = 0.35  # of the contact's side, on the window's edge
FREE = 0.22  # of the window, free on the other side: there is somewhere to go

EVIDENCE: dict[CauseName, tuple[tuple[str, str], ...]] = {  # quantity, and the name with its unit
    CauseName.DRY: (("hole_share", "ridge_hole_share"), ("edge_slope", "edge_slope_contrasts_per_period")),
    CauseName.WET: (("valley_fill", "valley_fill_share"), ("blot_share", "blot_area_share")),
    CauseName.LIGHT: (("ridge_contrast", "ridge_contrast_share_of_ground"), ("ground_grey", "ground_grey")),
    CauseName.HARD: (("ridge_share", "ridge_width_share_of_period"), ("ink_grey", "ink_grey")),
    CauseName.WORN: (("worn_share", "ridgeless_area_share"), ("ridge_area_mm2", "ridge_area_mm2")),
    CauseName.SMEAR: (
        ("slide_strength", "slide_anisotropy_share"),
        ("one_direction", "one_direction_share"),
    ),
    CauseName.RESIDUE: (("residue_share", "textured_background_share"),),
    CauseName.TOO_SMALL: (("contact_area_mm2", "contact_area_mm2"),),
    CauseName.NO_FINGER: (("ridge_area_mm2", "ridge_area_mm2"), ("ridge_contrast", "ridge_contrast_share_of_ground")),
    CauseName.PARTIAL: (
        ("contact_area_mm2", "contact_area_mm2"),
        ("cut_top", "cut_top_share"),
        ("cut_left", "cut_left_share"),
        ("cut_right", "cut_right_share"),
        ("offset_x", "offset_right_share"),
        ("offset_y", "offset_down_share"),
    ),
    CauseName.OFF_CENTRE: (("offset_x", "offset_right_share"), ("offset_y", "offset_down_share")),
}


def find_causes(pixels: GreyImage) -> tuple[Cause, ...]:
    """Say why a print is poor.

    Parameters
    ----------
    pixels : uint8 array (height, width)
        500 ppi, 0 = ridge.

    Returns
    -------
    tuple of Cause
        Most confident first, from a confidence of 0.5 on; empty for a good print. Evidence values carry their
        unit in the name; a *share* is 0..1, offsets are shares of the window to the right and downwards.

    Raises
    ------
    InvalidSampleError
        Not an 8-bit grey raster.
    """
    return conclude(measure_ridges(pixels))


def conclude(physics: RidgePhysics) -> tuple[Cause, ...]:
    """Turn measured physics into causes; see `find_causes`."""
    small = _too_small(physics)  # what is wrong with the ridges of a contact that is too small cannot be judged
    rules = {name: rule.confidence(physics) for name, rule in RULES.items()}
    latent = rules.pop(CauseName.NO_FINGER)
    # A slide leaves a tail beside the contact, and dry skin a rim of grains.
    rules[CauseName.RESIDUE] *= (1.0 - rules[CauseName.SMEAR]) * (1.0 - rules[CauseName.DRY])
    found = {name: value * (1.0 - small) for name, value in rules.items()}
    bare = _bare(physics)
    if bare >= LISTED or latent >= max(LISTED, *found.values()):
        found = {CauseName.NO_FINGER: max(bare, latent)}  # and nothing else can be said
    else:
        found |= {name: min(CEILING[name], rule(physics)) for name, rule in PLACE.items()}
    listed = sorted((-round(value, 4), name) for name, value in found.items() if value >= LISTED)
    return tuple(Cause(name, -value, _evidence(name, physics)) for value, name in listed)


def _bare(p: RidgePhysics) -> float:
    """Say how surely there is hardly a ridge on the window, or none above its noise, and nothing dark."""
    ridges = logistic(4.0 * (1.0 - p.ridge_area_mm2 / NO_RIDGES_MM2))
    contrast = logistic(8.0 * (1.0 - p.ridge_contrast / NO_CONTRAST))
    dark = logistic(20.0 * (p.ridge_darkness - DARK_CONTACT))
    return max(ridges, contrast) * (1.0 - dark)


def _too_small(p: RidgePhysics) -> float:
    """Say how surely the contact is too small for any use, wherever it lies."""
    return logistic(9.0 * (1.0 - p.contact_area_mm2 / SMALL_MM2))


def _partial(p: RidgePhysics) -> float:
    """Say how surely only a part touches, or an edge of the window cuts it, although there is room for more."""
    room = logistic(20.0 * (FULL_WINDOW - p.window_share))
    little = logistic(10.0 * (1.0 - p.contact_area_mm2 / PART_MM2))
    return (
        (1.0 - _too_small(p))
        * room
        * max(little, 0.9 * _cut(p) * logistic(8.0 * (1.35 - p.contact_area_mm2 / PART_MM2)))
    )


def _cut(p: RidgePhysics) -> float:
    """Say how surely an edge other than the lower one cuts the finger, while the opposite side is free."""
    sides = ((p.cut_top, p.free_bottom), (p.cut_left, p.free_right), (p.cut_right, p.free_left))
    return max(logistic(12.0 * (cut - CUT)) * logistic(20.0 * (free - FREE)) for cut, free in sides)


def _off_centre(p: RidgePhysics) -> float:
    """Say how surely the contact lies far from the middle, with room on the other side."""
    room = logistic(20.0 * (FULL_WINDOW - p.window_share)) * (1.0 - _too_small(p))
    return room * logistic(40.0 * (max(abs(p.offset_x), abs(p.offset_y)) - OFF_CENTRE))


PLACE: dict[CauseName, Callable[[RidgePhysics], float]] = {
    CauseName.TOO_SMALL: _too_small,
    CauseName.PARTIAL: _partial,
    CauseName.OFF_CENTRE: _off_centre,
}


def _evidence(name: CauseName, physics: RidgePhysics) -> dict[str, float]:
    return {label: round(float(getattr(physics, item)), 4) for item, label in EVIDENCE[name]}
