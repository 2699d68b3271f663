"""Do synthetic eyes compare as eyes do? Every impression of every eye against every other.

    python benchmarks/iris_synthetic_pairs.py [--eyes 40] [--impressions 3] [--size 640x480]

Scores are -10 log10(FMR): 40 = one false match in 10,000. Exit status 0 where 99 % of mated pairs reach 40 and at most
one non-mated pair in 1,000 does.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

import biocore
from biocore.iris import synth
from biocore.types import Frame, Modality, Sample

THRESHOLD = 40.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eyes", type=int, default=40)
    parser.add_argument("--impressions", type=int, default=3)
    parser.add_argument("--size", default="640x480")
    args = parser.parse_args()
    width, height = (int(side) for side in args.size.split("x"))
    templates, owners, refused = [], [], 0
    for eye in range(args.eyes):
        for touch in range(args.impressions):
            pixels = synth.impression(eye // 2, touch, size=(width, height), side=synth.SIDES[eye % 2])
            try:
                templates.append(biocore.extract(Sample(Frame(pixels), Modality.IRIS)))
                owners.append(eye)
            except biocore.BiocoreError:
                refused += 1
    who = np.array(owners)
    scores = np.array([[c.score for c in biocore.search(probe, templates)] for probe in templates])
    same, upper = who[:, None] == who[None, :], np.triu(np.ones(scores.shape, bool), 1)
    mated, other = scores[same & upper], scores[~same & upper]
    print(f"{len(templates)} templates of {args.eyes} eyes, {refused} refused")
    print("mated     n", len(mated), "percentiles 0 1 5 50:", np.percentile(mated, [0, 1, 5, 50]).round(1))
    print("non-mated n", len(other), "percentiles 50 99 99.9 100:", np.percentile(other, [50, 99, 99.9, 100]).round(1))
    kept, false = float(np.mean(mated >= THRESHOLD)), float(np.mean(other >= THRESHOLD))
    print(f"at {THRESHOLD:g}: {kept:.2%} of mated kept, {false:.3%} of non-mated matched")
    return 0 if kept >= 0.99 and false <= 0.001 else 1


if __name__ == "__main__":
    sys.exit(main())
