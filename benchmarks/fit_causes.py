"""Fit the weights of the rules in `biocore/fingerprint/causes.py`, and print them as that file has them.

    python benchmarks/fit_causes.py [--painter FILE] [--fingers 10]

One logistic regression a cause, on the few quantities that its physics names, against clean prints and prints
with every other defect. Each of the three counts the same in total, and so does each set of prints. The numbers in
that file were fitted with a second painter's pictures too.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from defects import CLEAN, Case, load_painter, painted, synthetic
from sklearn.linear_model import LogisticRegression

from biocore.fingerprint.physics import measure_ridges
from biocore.fingerprint.rules import RULES, quantity

CLEAN_WEIGHT = {"DRY": 2.0, "HARD": 5.0, "SMEAR": 10.0, "WET": 4.0}
CAUTION = {"WET": 0.8, "SMEAR": 0.5, "HARD": 0.33}  # taken off the offset: a good print must stay without causes
DOTTED = ("fvc2000_db4b", "fvc2002_db4b")  # SFinGe draws ridges as dots: half a dry print each
STRENGTH = 1.0  # inverse regularisation of the regression


def weights(causes: np.ndarray, groups: np.ndarray, cause: str) -> np.ndarray:
    """Weight of each picture: defect, clean and other defects alike, and sets alike within them."""
    kinds = np.where(causes == cause, 0, np.where(causes == CLEAN, 1, 2))
    out = np.zeros(len(causes))
    for kind in range(3):
        total = CLEAN_WEIGHT.get(cause, 1.5) if kind == 1 else 1.0
        present = [g for g in np.unique(groups) if ((kinds == kind) & (groups == g)).any()]
        for group in present:
            here = (kinds == kind) & (groups == group)
            trust = 0.5 if kind == 1 and group in DOTTED else 2.0 if kind == 0 and group == "synthetic" else 1.0
            out[here] = 1000.0 * total * trust / len(present) / here.sum()
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--painter", type=Path, help="a file with paint(image, kind, rng), used as well")
    parser.add_argument("--fingers", type=int, default=10, help="synthetic fingers")
    parser.add_argument("--without", default="", help="a set to leave out")
    args = parser.parse_args()
    paint = load_painter(args.painter) if args.painter else None
    cases: list[Case] = [c for seed in (5, 6) for c in painted(seed, paint)] + list(synthetic(args.fingers))
    cases = [c for c in cases if c.cause != "NO_FINGER" and c.group != args.without]
    physics = [measure_ridges(c.pixels) for c in cases]
    causes = np.array([c.cause for c in cases])
    groups = np.array([c.group for c in cases])
    for name, rule in RULES.items():
        table = np.array([[quantity(p, t.quantity) for t in rule.terms] for p in physics])
        mean, spread = table.mean(axis=0), table.std(axis=0)
        model = LogisticRegression(C=STRENGTH, max_iter=5000)
        model.fit((table - mean) / spread, causes == name, sample_weight=weights(causes, groups, str(name)))
        slopes = model.coef_[0] / spread
        offset = float(model.intercept_[0] - slopes @ mean) - CAUTION.get(str(name), 0.0)
        print(f"    CauseName.{name}: Rule(\n        offset={offset:.2f},\n        terms=(")
        for term, slope in zip(rule.terms, slopes, strict=True):
            print(f'            Term("{term.quantity}", {slope:.3g}),')
        print("        ),\n    ),")


if __name__ == "__main__":
    main()
