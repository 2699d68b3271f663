"""What each part of iris encoding and comparison is worth: error rates with one thing changed at a time.

    python benchmarks/iris_ablation.py IMAGES

IMAGES holds pictures named PERSON_EYE_IMPRESSION.png; all are compared with all, at every offset. They are segmented
once; what is changed is the recipe of the code, the bits that are used, the freedom of the comparison, or how the
counted bits become a statistic.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from iris_conditions import Floats, eye_of, pictures
from numpy.typing import NDArray

from biocore.errors import ExtractionError
from biocore.iris import calibration
from biocore.iris.compare import REACH, pack
from biocore.iris.encode import RECIPE, Recipe, encode
from biocore.iris.extract import extract
from biocore.iris.segment import segment
from biocore.iris.segmentation import Segmentation
from biocore.kernels import iriscode
from biocore.types import GreyImage, IrisTemplate

LONG, SHORT = 0x00000000FFFFFFFF, 0xFFFFFFFF00000000  # bits of a word
RATES = (1e-2, 1e-3, 1e-4)


class Change(NamedTuple):
    """One thing that is other than it is."""

    recipe: Recipe = RECIPE
    bits: int = LONG | SHORT
    reach: int = REACH
    rigid: bool = False
    redundancy: bool = True
    overlap: bool = True


def without(rows: Sequence[int]) -> int:
    """Return the bits of a word that belong to other rows."""
    gone = sum(3 << 2 * row for row in rows)
    return (LONG | SHORT) & ~(gone | gone << 32)


CHANGES = {
    "as it is": Change(),
    "redundancy not looked at": Change(redundancy=False),
    "overlap by its root alone": Change(overlap=False),
    "neither": Change(redundancy=False, overlap=False),
    "sectors held in place": Change(rigid=True),
    "turned by up to 10 degrees": Change(reach=7),
    "turned by up to 30 degrees": Change(reach=21),
    "long wavelength alone": Change(bits=LONG),
    "short wavelength alone": Change(bits=SHORT),
    "wavelengths 24 and 12": Change(replace(RECIPE, wavelengths=(24.0, 12.0))),
    "wavelengths 40 and 20": Change(replace(RECIPE, wavelengths=(40.0, 20.0))),
    "wavelengths 32 and 12": Change(replace(RECIPE, wavelengths=(32.0, 12.0))),
    "bandwidth 0.55": Change(replace(RECIPE, bandwidth=0.55)),
    "rows smoothed over 1 sample": Change(replace(RECIPE, row_sigma=1.0)),
    "rows smoothed over 3 samples": Change(replace(RECIPE, row_sigma=3.0)),
    "weak bits masked, the weakest twelfth": Change(replace(RECIPE, least=0.02)),
    "weak bits masked, the weakest fifth": Change(replace(RECIPE, least=0.05)),
    "without the two inner rows": Change(bits=without((0, 1))),
    "without the two outer rows": Change(bits=without((14, 15))),
}


def counted(templates: dict[str, IrisTemplate], change: Change) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the largest statistic of each pair, and whether it is mated."""
    model, names = calibration.model(), sorted(templates)
    bits, eyes = np.uint64(change.bits), np.array([eye_of(name) for name in names])
    some = [replace(templates[name], code=templates[name].code & bits) for name in names]
    some = [replace(each, mask=each.mask & bits) for each in some]
    packed, values, mated = pack(some), [], []
    statistic = replace(model.statistic, least=model.statistic.least * change.bits.bit_count() // 64)
    for k, own in enumerate(some[:-1]):
        rest = packed.part(slice(k + 1, None))
        probe = iriscode.prepare(own.code, own.mask, change.reach)
        different, common = iriscode.profile(probe, rest, rigid=change.rigid)
        value = statistic.of(different, common)
        if change.redundancy:
            value /= calibration.spread(float(packed.redundancy[k]), rest.redundancy)[:, None]
        if change.overlap:
            value /= np.maximum(common, 1) ** 0.125
        values.append(np.maximum(value.max(axis=1), -1e3))
        mated.append(eyes[k + 1 :] == eyes[k])
    return np.concatenate(values), np.concatenate(mated)


def rates(values: Floats, mated: NDArray[np.bool_]) -> tuple[float, ...]:
    """Return EER, and FNMR at `RATES`, in %."""
    own, others = np.sort(values[mated]), np.sort(values[~mated])
    thresholds = np.unique(values)
    fnmr = np.searchsorted(own, thresholds, "left") / len(own)
    fmr = 1.0 - np.searchsorted(others, thresholds, "left") / len(others)
    k = int(np.argmax(fnmr >= fmr))
    misses = [float((own <= others[::-1][int(rate * len(others))]).mean()) for rate in RATES]
    return tuple(100 * rate for rate in ((fnmr[k] + fmr[k]) / 2, *misses))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    eyes: dict[str, tuple[GreyImage, Segmentation]] = {}
    for name, pixels in pictures(options.images).items():
        try:
            extract(pixels)
        except ExtractionError:
            continue
        eyes[name] = pixels, segment(pixels)
    print(f"{'':32s}    EER  FNMR at " + " ".join(f"{rate:8.0e}" for rate in RATES))
    for text, change in CHANGES.items():
        templates = {name: encode(*eye, recipe=change.recipe) for name, eye in eyes.items()}
        eer, *misses = rates(*counted(templates, change))
        print(f"{text:32s} {eer:6.2f} {'':8s}" + " ".join(f"{miss:8.2f}" for miss in misses), flush=True)


if __name__ == "__main__":
    main()
