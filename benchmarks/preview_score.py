"""How well the preview's coarse score ranks prints as the full score does.

Usage: python benchmarks/preview_score.py [--every 9] [--seed 79]
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from itertools import chain, islice

import cv2
import numpy as np
from defects import painted, synthetic
from scipy.stats import spearmanr

from biocore.fingerprint.preview import preview
from biocore.fingerprint.quality import assess
from biocore.types import Frame, Modality, Sample


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=9, help="take one picture of so many")
    parser.add_argument("--seed", type=int, default=79)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    found = defaultdict(list)
    for case in islice(chain(painted(args.seed), synthetic(3, 700)), 0, None, args.every):
        full = assess(Sample(Frame(case.pixels, ppi=500.0), Modality.FINGER)).score
        if full is not None:  # NFIQ 2 refuses bare windows
            found[case.group].append((full, preview(case.pixels).score))
    everything = list(chain.from_iterable(found.values()))
    for name, pairs in {**found, "all": everything}.items():
        whole, coarse = np.array(pairs, float).T
        rank, error = spearmanr(whole, coarse).statistic, np.abs(whole - coarse).mean()
        print(f"{name:15s} {len(pairs):4d} prints   rank correlation {rank:.2f}   mean error {error:.1f} points")


if __name__ == "__main__":
    main()
