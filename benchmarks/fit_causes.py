"""Fit the weights of `biocore/fingerprint/rules.py`, and print them as that file has them.

    python benchmarks/fit_causes.py [--painter FILE] [--fingers 6] [--check]

One softmax regression over all causes and "none": the sum of a rule is the logarithm of how much likelier its cause
is than none, so that the greatest sum leads and a sum below 0 is not listed. Each rule has the few quantities that
its physics names, and each weight the sign that its physics gives it: fits of other signs are not allowed. Prints
with a defect of place count as "none" for these rules. Every cause counts the same, and every set and painter
within it; clean prints count several times.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
from defects import CLEAN, Case, Paint, load_painter, painted, synthetic
from numpy.typing import NDArray
from scipy.optimize import minimize

from biocore.fingerprint.physics import measure_ridges
from biocore.fingerprint.quantities import RidgePhysics
from biocore.fingerprint.rules import RULES, Rule, Term, quantity
from biocore.report import CauseName

# The quantities of each rule, and the sign of their weights.
SPEAKS: dict[str, tuple[str, ...]] = {
    "LIGHT": ("-log ridge_contrast", "-flat_share", "-ridge_share"),
    "DRY": (
        "+hole_openness",
        "+open_share",
        "+edge_slope",
        "-fineness_low",
        "-dark_share",
        "-log worn_share",
        "-blot_share",
    ),
    "WORN": (
        "+log worn_share",
        "+weak_share",
        "+flat_share",
        "+fineness",
        "-flat_texture",
        "-open_share",
        "-slide_strength",
        "-contrast_anisotropy",
        "-one_direction",
    ),
    "WET": (
        "-fineness",
        "+flat_share",
        "+darkest_places",
        "+dark_share",
        "-edge_slope_low",
        "+coverage_low",
        "-log ridge_contrast",
        "+log ridge_darkness",
        "-slide_strength",
        "-one_direction",
    ),
    "HARD": (
        "+ridge_share",
        "+squareness",
        "-ink_grey",
        "-clarity",
        "-edge_slope",
        "-contrast_anisotropy",
    ),
    "SMEAR": (
        "+slide_strength",
        "+one_direction",
        "+contrast_anisotropy",
        "+coherence_anisotropy",
        "+ridge_share_high",
        "+flat_share",
        "-contrast_low",
        "-fineness",
        "-fineness_low",
        "-log worn_share",
        "-open_share",
        "-blot_share",
    ),
    "RESIDUE": (
        "+log residue_share",
        "-slide_strength",
        "-log worn_share",
        "-flat_share",
        "-open_share",
    ),
    "NO_FINGER": (
        "-log ridge_contrast",
        "-log ridge_darkness",
        "+flat_share",
        "+ground_grey",
    ),
}
SEED = 77  # of the painters
CLEAN_WEIGHT = 5.0  # a cause named wrongly costs the operator's trust
PLACE_WEIGHT = 0.35
# A good print that is broad and black is commoner than one pressed too hard; dry, wet and worn skin is common.
CAUSE_WEIGHT = {"HARD": 0.6, "DRY": 1.3, "WET": 1.3, "WORN": 1.3}
SYNTHETIC = 0.8  # of a cause's weight
PENALTY = 0.0002  # on squared weights of standardised quantities
MILD = 0.5  # synthetic defects below this severity are hardly to be seen and not fitted
BARE_MM2 = 1.2  # windows with less ridge than this are told by that alone


@dataclass(frozen=True, slots=True)
class Sample:
    """What is left of a case: no picture, its physics."""

    group: str
    painter: str
    cause: str
    severity: float
    physics: RidgePhysics


def samples(cases: Iterable[Case], cell: int = 8) -> list[Sample]:
    return [Sample(c.group, c.painter, c.cause, c.severity, measure_ridges(c.pixels, cell=cell)) for c in cases]


def fit(all_samples: Sequence[Sample]) -> dict[CauseName, Rule]:
    """Return the rules that explain the samples best."""
    kept = [s for s in all_samples if s.severity >= MILD]
    kept = [s for s in kept if s.cause != "NO_FINGER" or s.physics.ridge_area_mm2 >= BARE_MM2]
    names = list(SPEAKS)
    share = _shares(kept)
    quantities = sorted({term[1:] for terms in SPEAKS.values() for term in terms})
    table = np.array([[quantity(s.physics, q) for q in quantities] for s in kept])
    mean, spread = table.mean(axis=0), table.std(axis=0) + 1e-9
    table = (table - mean) / spread
    columns = [[quantities.index(term[1:]) for term in SPEAKS[name]] for name in names]
    starts = np.cumsum([0] + [len(c) + 1 for c in columns])
    right = np.array([[s.cause not in names, *(s.cause == name for name in names)] for s in kept], float)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        sums = np.zeros((len(kept), len(names) + 1))
        for k, column in enumerate(columns):
            first, *rest = weights[starts[k] : starts[k + 1]]
            sums[:, k + 1] = first + table[:, column] @ np.array(rest)
        top = sums.max(axis=1, keepdims=True)
        total = top[:, 0] + np.log(np.exp(sums - top).sum(axis=1))
        error = (np.exp(sums - total[:, None]) - right) * share[:, None]
        value, slope = float(share @ (total - (sums * right).sum(axis=1))), np.zeros_like(weights)
        for k, column in enumerate(columns):
            own = slice(starts[k] + 1, starts[k + 1])
            value += PENALTY * float(weights[own] @ weights[own])
            slope[starts[k]] = error[:, k + 1].sum()
            slope[own] = table[:, column].T @ error[:, k + 1] + 2.0 * PENALTY * weights[own]
        return value, slope

    signs = [(None, None) if s is None else (0, None) if s == "+" else (None, 0) for s in _signs()]
    best = minimize(loss, np.zeros(starts[-1]), jac=True, bounds=signs, method="L-BFGS-B", options={"maxiter": 600}).x
    rules = {}
    for k, name in enumerate(names):
        first, *rest = best[starts[k] : starts[k + 1]]
        slopes = np.array(rest) / spread[columns[k]]
        offset = float(first - slopes @ mean[columns[k]])
        # A quantity that would need the wrong sign has no weight, and is left out.
        terms = [Term(term[1:], float(f"{w:.3g}")) for term, w in zip(SPEAKS[name], slopes, strict=True) if w]
        rules[CauseName(name)] = Rule(round(offset, 2), tuple(terms))
    return rules


def _signs() -> list[str | None]:
    return [sign for terms in SPEAKS.values() for sign in (None, *(term[0] for term in terms))]


def _shares(kept: Sequence[Sample]) -> NDArray[np.float64]:
    """Weight of each sample; they sum to 1."""
    cells: dict[tuple[str, str, str], int] = {}
    for s in kept:
        cells[s.cause, s.group, s.painter] = cells.get((s.cause, s.group, s.painter), 0) + 1
    count = {cause: sum(key[0] == cause for key in cells) for cause, _, _ in cells}

    def trust(cause: str, group: str) -> float:
        return max(1.0, SYNTHETIC * count[cause]) if group == "synthetic" else 1.0

    total = {cause: sum(trust(cause, key[1]) for key in cells if key[0] == cause) for cause in count}

    def weight(s: Sample) -> float:
        cause = CLEAN_WEIGHT if s.cause == CLEAN else CAUSE_WEIGHT.get(s.cause, 1.0)
        cause = cause if s.cause in SPEAKS or s.cause == CLEAN else PLACE_WEIGHT
        return cause * trust(s.cause, s.group) / total[s.cause] / cells[s.cause, s.group, s.painter]

    out = np.array([weight(s) for s in kept])
    return np.asarray(out / out.sum(), np.float64)


def training(fingers: int, paint: Paint | None = None) -> list[Sample]:
    """Measure everything the rules are fitted on; the same on every run."""
    return samples(chain(painted(SEED, paint), synthetic(fingers, least=MILD)))


def as_source(rules: Mapping[CauseName, Rule]) -> str:
    """Write rules as `rules.py` has them, without its comments."""
    lines = []
    for name, rule in rules.items():
        lines += [f"    CauseName.{name}: Rule(", f"        offset={rule.offset},", "        terms=("]
        lines += [f'            Term("{term.quantity}", {term.weight:g}),' for term in rule.terms]
        lines += ["        ),", "    ),"]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--painter", type=Path, help="a file with paint(image, kind, rng), used as well")
    parser.add_argument("--fingers", type=int, default=6, help="synthetic fingers")
    parser.add_argument("--check", action="store_true", help="exit status 1 where rules.py has other weights")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    paint = load_painter(args.painter) if args.painter else None
    found = fit(training(args.fingers, paint))
    found = {name: found[name] for name in RULES}
    print(as_source(found))
    same = found == RULES
    print(f"rules.py has {'these' if same else 'other'} weights")
    return 0 if same or not args.check else 1


if __name__ == "__main__":
    raise SystemExit(main())
