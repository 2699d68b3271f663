"""Show that a search finds what the comparison of every offset finds, and how fast.

    python benchmarks/iris_search.py IMAGES [--every 2]

IMAGES holds pictures named PERSON_EYE_IMPRESSION.png. Under each condition, every so many pictures are searched for
among all others, those as they are and those under the same condition, and compared with each at every offset. Pairs
that score 30 or more either way must score the same both ways; the script fails where one does not.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from iris_conditions import CLEAN, CONDITIONS, pictures, templates_of
from numpy.typing import NDArray

from biocore.iris import calibration
from biocore.iris.compare import EXACT, Prepared, found, pack, prepared
from biocore.kernels import iriscode
from biocore.types import IrisTemplate

ROUNDS = 5  # of each timing, of which the fastest counts


def exhaustive(probe: Prepared, references: iriscode.Packed) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return offset and score of each reference, as `compare` finds them."""
    model = calibration.model()
    different, common = iriscode.profile(probe.turned, references)
    best = model.statistic.of(different, common).argmax(axis=1)
    counts = (np.take_along_axis(each, best[:, None], axis=1)[:, 0] for each in (different, common))
    return best, model.scores(*counts, probe.spread(references))


def checked(probes: list[IrisTemplate], references: iriscode.Packed) -> tuple[int, int]:
    """Count the pairs that score `EXACT` or more either way, and those of them that differ."""
    pairs = wrong = 0
    for probe in map(prepared, probes):
        offsets, scores = found(probe, references, calibration.model())
        want_offsets, want = exhaustive(probe, references)
        decided = (scores >= EXACT) | (want >= EXACT)
        pairs += int(decided.sum())
        wrong += int((decided & ((scores != want) | (offsets != want_offsets))).sum())
    return pairs, wrong


def fastest(call: Callable[[], object], count: int) -> float:
    """Return microseconds of processor time a reference."""
    spent = []
    for _ in range(ROUNDS):
        began = time.process_time()
        call()
        spent.append(time.process_time() - began)
    return 1e6 * min(spent) / count


def speed(probe: Prepared, references: iriscode.Packed) -> None:
    """Print what a reference costs in the coarse pass and in a search."""
    many = references.part(np.arange(4096) % len(references))
    coarse = fastest(lambda: iriscode.sift(probe.turned, many, calibration.model().coarse), len(many))
    whole = fastest(lambda: found(probe, many, calibration.model()), len(many))
    print(f"packed codes: coarse pass {coarse:.2f} us, {1 / coarse:.1f} million a second; search {whole:.2f} us")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--every", type=int, default=2)
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    images = pictures(options.images)
    clean = pack(templates_of(images).values())
    failed = 0
    for condition in CONDITIONS:
        own = list(templates_of(images, condition).values())
        for name, references in (("as they are", clean), ("under the same", pack(own))):
            if condition == CLEAN and name != CLEAN:
                continue
            pairs, wrong = checked(own[:: options.every], references)
            failed += wrong
            print(
                f"{condition:16s} among those {name:15s} {pairs:6d} pairs score {EXACT:g}, {wrong} otherwise",
                flush=True,
            )
        if condition == CLEAN:
            speed(prepared(own[0]), clean)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
