"""Is the iris found whatever its size, its place and the picture's? Healthy synthetic eyes with exact truth.

    python benchmarks/iris_sizes.py [--eyes 4] [--first 5000]

For each picture size, iris diameter and place (the middle, and all four corners, where an iris lies a tenth of its
radius from the picture's edges): how many of the eyes were found, and the median of the larger of the two contours'
mean distances to the true ones, % of the iris radius. `silent` counts those off by more than 5 % that are believed.
Exit status 0 where every row is found in 90 % at least, and its median is within the bar.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
from iris_truth import CONTOUR, SILENT, distance

import biocore
from biocore.iris import synth
from biocore.iris.extract import LEAST_CONFIDENCE
from biocore.iris.segment import segment

DIAMETERS = (90, 110, 150, 200, 300, 420)  # px
SIZES = ((320, 240), (640, 480), (1280, 960))  # px
LARGEST = 0.9  # iris diameter by the picture's height
PLACES = {"middle": ((0, 0),), "corners": ((-1, -1), (-1, 1), (1, -1), (1, 1))}
FROM_EDGE = 1.1  # iris radii between an iris' middle and the picture's edges, in a corner
FOUND = 0.9


def drawn(seed: int, diameter: float, size: tuple[int, int], side: tuple[int, int]) -> synth.SyntheticEye:
    """Draw an eye with an iris of a diameter, px, in the middle (0, 0) or in a corner of a picture."""
    away = [sign * max(0.0, length / diameter - FROM_EDGE) for sign, length in zip(side, size, strict=True)]
    conditions = synth.Conditions(iris_share=diameter / size[1], shift=(away[0], away[1]))
    return synth.render(seed, 1, conditions, size, "left" if seed % 2 else "right")


def examine(eye: synth.SyntheticEye) -> tuple[float, bool]:
    """Return the larger contour's error, % of the iris radius, and whether the segmentation is believed."""
    if eye.pupil is None or eye.limbus is None:
        raise ValueError("a healthy eye has both contours")
    try:
        found = segment(eye.pixels)
    except biocore.BiocoreError:
        return float("inf"), False
    error = max(distance(found.pupil, eye.pupil), distance(found.limbus, eye.limbus)) / eye.limbus.radius
    return 100.0 * error, found.confidence.value >= LEAST_CONFIDENCE


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eyes", type=int, default=4)
    parser.add_argument("--first", type=int, default=5000, help="seed of the first eye")
    args = parser.parse_args()
    good = True
    for size in SIZES:
        for diameter in DIAMETERS:
            if diameter > LARGEST * size[1]:
                continue
            for name, sides in PLACES.items():
                seeds = range(args.first, args.first + args.eyes)
                outcomes = [examine(drawn(seed, diameter, size, side)) for seed in seeds for side in sides]
                off = [error for error, believed in outcomes if believed]
                silent = sum(error > SILENT for error in off)
                middle = float(np.median(off)) if off else float("nan")
                row = len(off) - silent >= FOUND * len(outcomes) and middle <= CONTOUR
                good &= row
                short = "" if row else "  SHORT"
                print(
                    f"{size[0]:4d}x{size[1]:<4d} iris {diameter:3d} px {name:8s} contour {middle:5.2f} %  refused "
                    f"{len(outcomes) - len(off):2d}  silent {silent:2d} of {len(outcomes):2d}{short}",
                    flush=True,
                )
    print("iris sizes:", "all bars reached" if good else "falls short")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
