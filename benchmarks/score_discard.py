"""Error versus discard: what leaving out the prints that score lowest does to the share of false non-matches.

    python benchmarks/score_discard.py FOLDER [FOLDER ...] [--threshold 40]

FOLDER holds one set of the FVC kind, finger_impression.tif (101_1.tif). For each set: the share of mated pairs whose
comparison score is below the threshold, over all prints and without the tenth and the fifth that score lowest; and
the rank correlation of the quality score with the median mated comparison score of the print.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from biocore.errors import BiocoreError
from biocore.fingerprint.compare import search
from biocore.fingerprint.extract import extract
from biocore.fingerprint.ground import print_measures
from biocore.fingerprint.score import unified_score
from biocore.types import GreyImage

DISCARDED = (0.0, 0.1, 0.2)


def comparison_scores(prints: list[GreyImage]) -> NDArray[np.float64]:
    """Compare each print with each; a print that yields no template scores 0 with all."""
    templates = {}
    for i, pixels in enumerate(prints):
        try:
            templates[i] = extract(pixels)
        except BiocoreError:
            continue
    scores = np.zeros((len(prints), len(prints)))
    usable = list(templates)
    for i in usable:
        scores[i, usable] = [found.score for found in search(templates[i], [templates[j] for j in usable])]
    return (scores + scores.T) / 2


def quality(pixels: GreyImage) -> tuple[float, bool]:
    """Return the quality score, 0 for a print that is refused, and whether it carries a remark."""
    try:
        score = unified_score(print_measures(pixels))
    except BiocoreError:
        return 0.0, False
    return float(score.value), bool(score.remark)


def report(folder: Path, threshold: float) -> None:
    paths = sorted(folder.glob("*_*.tif"))
    prints = [np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), dtype=np.uint8) for path in paths]
    judged = [quality(pixels) for pixels in prints]
    value = np.array([score for score, _ in judged])
    fingers = np.array([path.stem.split("_")[0] for path in paths])
    compared = comparison_scores(prints)
    first, second = np.triu_indices(len(paths), 1)
    mated = fingers[first] == fingers[second]
    first, second = first[mated], second[mated]
    scores = compared[first, second]
    rates = []
    for share in DISCARDED:
        kept = np.ones(len(paths), dtype=bool)
        kept[np.argsort(value, kind="stable")[: round(share * len(paths))]] = False
        rates.append(100 * float(np.mean(scores[kept[first] & kept[second]] < threshold)))
    medians = [float(np.median(scores[(first == i) | (second == i)])) for i in range(len(paths))]
    low, middle, high = np.quantile(value, [0.0, 0.5, 1.0])
    print(
        f"{folder.name}: {len(paths)} prints; mated pairs below {threshold:g}: "
        + ", ".join(f"{rate:.1f} % without {100 * share:.0f} %" for rate, share in zip(rates, DISCARDED, strict=True))
        + f"; rank correlation {spearmanr(value, medians).statistic:.2f}"
        + f"; scores {low:.0f}, {middle:.0f}, {high:.0f}; remarks {sum(remark for _, remark in judged)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--threshold", type=float, default=40.0, help="comparison score that counts as a match")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    for folder in args.folders:
        report(folder, args.threshold)


if __name__ == "__main__":
    main()
