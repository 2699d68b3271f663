"""Is a score of 40 one false match in 10,000? Predicted and observed false match rates, set by set.

    python benchmarks/calibration_table.py [--shared DIR] [--sources NAME ...] [--synthetic FINGERS]

All non-mated pairs of the visible sets, those of two different sets as well. Where the model was trained on the set,
its own pairs flatter it: `left out` predicts each set by a model fitted and calibrated on the others.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from comparison_data import SETS, SOURCES, Pairs, compare_all, load, load_synthetic
from numpy.typing import NDArray
from train_finger_compare import THINNED, balance, learn

from biocore.fingerprint import likelihood

THRESHOLDS = (10, 15, 20, 25, 30, 35, 40, 45, 50)


def row(name: str, scores: NDArray[np.float64]) -> None:
    """Print observed scores, -10 log10 of the share at or above each threshold, and how many that is."""
    cells = []
    for threshold in THRESHOLDS:
        above = int((scores >= threshold).sum())
        observed = f"{-10 * np.log10(above / len(scores)):5.1f}" if above else f">{10 * np.log10(len(scores)):4.1f}"
        cells.append(f"{observed} ({above})")
    print(f"  {name:15s} {len(scores):6d}  " + " ".join(f"{cell:>13s}" for cell in cells))


def table(pairs: Pairs, shipped: NDArray[np.float64], left_out: NDArray[np.float64]) -> None:
    """Print the rows of one source."""
    nonmated = ~pairs.mated & ~pairs.refused
    print(f"  {'score predicted':15s} {'pairs':>6s}  " + " ".join(f"{t:13d}" for t in THRESHOLDS))
    for k, name in enumerate(SETS):
        row(name, shipped[nonmated & (pairs.sets == k)])
    row("within sets", shipped[nonmated & (pairs.sets >= 0)])
    row("left out", left_out[nonmated & (pairs.sets >= 0)])
    row("across sets", shipped[nonmated & (pairs.sets < 0)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with data/ and reference/")
    parser.add_argument("--sources", nargs="+", default=["fingerjet", "fast"], choices=SOURCES)
    parser.add_argument("--synthetic", type=int, default=0, metavar="FINGERS", help="synthetic fingers to train on too")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "biocore-synthetic-templates")
    args = parser.parse_args()
    sources = {name: compare_all(load(name, args.shared)) for name in args.sources}
    left_out = {name: np.zeros(len(pairs.mated)) for name, pairs in sources.items()}
    made = {
        f"synthetic {name}": compare_all(load_synthetic(name, args.synthetic, args.cache), across=False).thinned(
            THINNED
        )
        for name in args.sources
        if args.synthetic and name != "fingerjet"
    }
    weights = {name: balance(pairs) for name, pairs in (sources | made).items()}
    for k in range(len(SETS)):
        model = learn(sources | made, weights, k)
        for name, pairs in sources.items():
            left_out[name][pairs.sets == k] = model.scores(pairs.evidence[pairs.sets == k])
    for name, pairs in sources.items():
        print(f"{name}: observed -10 log10(FMR), and how many pairs that is")
        table(pairs, likelihood.model().scores(pairs.evidence), left_out[name])


if __name__ == "__main__":
    main()
