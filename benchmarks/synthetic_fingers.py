"""Synthetic fingers for training and testing the comparator: made by seed on the fly, never kept with the project.

Half the touches are those of an ordinary day; the other half are laid down askew or off the middle, drag the skin, or
have one of the defects a desk meets, so that mated pairs are not all easy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from biocore.fingerprint import synth
from biocore.types import GreyImage

FIRST = 500_000  # finger seed; tests, tables of causes and the virtual scanner use others
TOUCHES = 8
WINDOWS = ((300, 400), (400, 500))  # px; the smaller one holds two thirds of a pad
DEFECTS = (
    synth.Defect.DRY,
    synth.Defect.WET,
    synth.Defect.LIGHT,
    synth.Defect.HARD,
    synth.Defect.WORN,
    synth.Defect.PARTIAL,
    synth.Defect.SMEAR,
    synth.Defect.RESIDUE,
)
WORST = 0.7  # severity


def touch(finger: int, number: int) -> synth.Conditions | None:
    """Say how a finger is laid down; None for an ordinary day's chance."""
    if number % 2 == 0:
        return None
    rng = np.random.default_rng([finger, number])
    plain = synth.Conditions() if number % 4 == 1 else synth.defect(DEFECTS[rng.integers(8)], rng.uniform(0, WORST))
    return replace(
        plain,
        rotation_deg=float(np.clip(rng.normal(0, 14), -40, 40)),
        shift_px=(float(rng.normal(0, 25)), float(rng.normal(0, 30))),
        contact_px=(float(rng.normal(0, 30)), float(rng.normal(0, 40)) + plain.contact_px[1]),
        distortion=float(rng.uniform(0.5, 2.0)),
        noise=float(rng.uniform(1.0, 6.0)),
    )


def pictures(fingers: int) -> Iterator[tuple[str, str, GreyImage]]:
    """Yield finger, touch and picture of every touch of every finger."""
    for finger in range(FIRST, FIRST + fingers):
        for number in range(TOUCHES):
            made = synth.impression(finger, number, touch(finger, number), WINDOWS[finger % 2])
            yield str(finger), str(number + 1), made
