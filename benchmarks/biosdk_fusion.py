"""Two fingers of a person together: what `match` of the BioSDK gains by them, and whether its rates are kept.

    python benchmarks/biosdk_fusion.py SHARED

Of the visible FVC sets two fingers each are taken for one person's. Mated pairs are two impressions of such a person,
non-mated ones two persons of one set; scores are fused as `biosdk_fusion.together` does.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np
from comparison_data import SETS

import biocore
from biocore.errors import ExtractionError
from biocore.types import Template
from biocore_bindings.biosdk_fusion import together

THRESHOLDS = (20.0, 30.0, 40.0)


def templates(folder: Path) -> dict[tuple[int, int], Template | None]:
    """Return the template of each finger and impression of a set; None where there is none."""
    found: dict[tuple[int, int], Template | None] = {}
    for path in sorted(folder.glob("*_*.*")):
        if path.suffix not in (".tif", ".png", ".bmp"):
            continue
        finger, impression = (int(part) for part in path.stem.split("_"))
        try:
            found[finger, impression] = biocore.extract(biocore.load(path, "finger", ppi=500.0))
        except ExtractionError:
            found[finger, impression] = None
    return found


def score(one: Template | None, other: Template | None) -> float:
    """Return the score of a comparison; nothing where a template is missing."""
    return 0.0 if one is None or other is None else biocore.compare(one, other).score


def main() -> None:
    shared = Path(sys.argv[1])
    mated: list[tuple[float, float]] = []
    strangers: list[tuple[float, float]] = []
    for name in SETS:
        found = templates(shared / "data/fp" / name)
        fingers = sorted({finger for finger, _ in found})
        people = list(zip(fingers[::2], fingers[1::2], strict=False))
        shots = sorted({shot for _, shot in found})
        for first, second in people:
            for i, j in itertools.combinations(shots, 2):
                mated.append(tuple(score(found[finger, i], found[finger, j]) for finger in (first, second)))
        for one, other in itertools.combinations(people, 2):
            for i, j in itertools.product(shots, shots):
                strangers.append(tuple(score(found[a, i], found[b, j]) for a, b in zip(one, other, strict=True)))
    for what, pairs in (("mated", mated), ("strangers", strangers)):
        single = np.array(pairs).ravel()
        fused = np.array([together(list(pair)) for pair in pairs])
        for threshold in THRESHOLDS:
            ones, twos = np.mean(single >= threshold), np.mean(fused >= threshold)
            print(f"{what:>9} at {threshold:g}: one finger {ones:.5f} of {single.size}, two {twos:.5f} of {fused.size}")


if __name__ == "__main__":
    main()
