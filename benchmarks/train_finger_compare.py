"""Learn the coefficients of the fingerprint comparison score and write `models/compare-1.toml`.

    python benchmarks/train_finger_compare.py [--shared DIR] [--sources NAME ...] [--synthetic FINGERS] [--write]

A logistic model over the features of `biocore.fingerprint.likelihood`, then the false match rate behind its log
odds: counted on the non-mated pairs down to one in a thousand, and beyond that extrapolated by an exponential tail.
The false match rate is counted on the visible sets only: synthetic fingers resemble each other less.
Prints what holds on a set that was left out (every set in turn); --write fits on all and writes the model.
--only-synthetic fits and calibrates on synthetic fingers alone, so that all visible sets are new to it.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from comparison_data import REFUSED, SETS, SOURCES, Pairs, compare_all, load, load_synthetic
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from biocore.calibration import Curve
from biocore.fingerprint import likelihood

TARGET = Path(likelihood.__file__).parent / "models/compare-1.toml"
RIDGE = 0.1  # inverse strength of the penalty on the standardised weights
COUNTED = (0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.003, 0.002, 0.001)  # false match rates of the knots
THINNED = 13  # one in so many non-mated pairs of synthetic fingers is used; prime to the order of the impressions
TAIL = 0.01  # share of the non-mated pairs that the exponential tail is fitted to


def fit(
    x: NDArray[np.float64], mated: NDArray[np.bool_], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Fit the logistic model; return the weights per unit of each feature, and the intercept."""
    scale = StandardScaler().fit(x)
    model = LogisticRegression(C=RIDGE, max_iter=2000).fit(scale.transform(x), mated, sample_weight=weights)
    slopes = model.coef_[0] / scale.scale_
    return slopes, float(model.intercept_[0] - slopes @ scale.mean_)


def calibrate(nonmated: NDArray[np.float64], total: int) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return log odds and scores of the knots, and the slope beyond the last.

    `nonmated` holds the log odds of the comparisons that were followed up, of `total`.
    """
    ordered = np.sort(nonmated)[::-1]
    knots = [(float(ordered[-1]), -10 * np.log10(len(ordered) / total))]
    for rate in COUNTED:
        if rate * total < len(ordered):
            knots.append((float(ordered[int(rate * total)]), -10 * np.log10(rate)))
    start = ordered[int(TAIL * total)]
    mean_excess = float((ordered[ordered > start] - start).mean())
    slope = 10 / np.log(10) / mean_excess
    x, y = np.array(knots).T
    return x, y, slope


def balance(pairs: Pairs) -> NDArray[np.float64]:
    """Weigh every set alike, the synthetic one too; pairs across sets, or not followed up, not at all."""
    weights = np.zeros(len(pairs.mated))
    for k in range(len(SETS) + 1):
        for mated in (False, True):
            chosen = (pairs.sets == k) & (pairs.mated == mated) & ~pairs.refused
            if chosen.any():
                weights[chosen] = (1.0 if mated else 4.0) * 280 / chosen.sum()
    return np.where(likelihood.followed(pairs.evidence), weights, 0.0)


def rates(scores: NDArray[np.float64], pairs: Pairs, chosen: NDArray[np.bool_]) -> str:
    """EER, and FNMR at three false match rates, as one line."""
    mated = np.sort(scores[chosen & pairs.mated])
    nonmated = np.sort(scores[chosen & ~pairs.mated])
    thresholds = np.unique(np.concatenate([mated, nonmated]))
    fnmr = np.searchsorted(mated, thresholds, "left") / len(mated)
    fmr = 1 - np.searchsorted(nonmated, thresholds, "left") / len(nonmated)
    k = int(np.argmax(fnmr >= fmr))
    eer = (fnmr[k] + fmr[k]) / 2
    misses = [100 * (mated <= nonmated[::-1][int(rate * len(nonmated))]).mean() for rate in (1e-2, 1e-3, 1e-4)]
    text = " / ".join(f"{miss:5.2f}" for miss in misses)
    return f"{len(mated):5d} mated {len(nonmated):6d} non-mated  EER {100 * eer:5.2f} %  FNMR @1e-2/1e-3/1e-4 {text} %"


def learn(
    sources: dict[str, Pairs],
    weights: dict[str, NDArray[np.float64]],
    without: int | None = None,
    counted: tuple[int, ...] = tuple(range(len(SETS))),
) -> likelihood.Model:
    """Fit on all sets `without` one and calibrate on those of them that are `counted`; weight 0 is not fitted."""
    used = {name: (weights[name] > 0) & (pairs.sets != without) for name, pairs in sources.items()}
    x = np.concatenate([likelihood.features(pairs.evidence[used[name]]).T for name, pairs in sources.items()])
    slopes, intercept = fit(
        x,
        np.concatenate([pairs.mated[used[name]] for name, pairs in sources.items()]),
        np.concatenate([weights[name][used[name]] for name in sources]),
    )
    nonmated = {
        name: ~pairs.mated & ~pairs.refused & np.isin(pairs.sets, counted) & (pairs.sets != without)
        for name, pairs in sources.items()
    }
    evidence = np.concatenate([pairs.evidence[nonmated[name]] for name, pairs in sources.items()])
    followed = evidence[likelihood.followed(evidence)]
    nothing = np.array([0.0, 1.0])
    low, high = x.min(axis=0), x.max(axis=0)
    logit = likelihood.Model(slopes, low, high, intercept, Curve(nothing, nothing, 1.0)).logit(followed)
    return likelihood.Model(slopes, low, high, intercept, Curve(*calibrate(logit, len(evidence))))


def cross_validate(sources: dict[str, Pairs]) -> None:
    """Leave every visible set out in turn, in all sources at once, and print what the model does on it."""
    weights = {name: balance(pairs) for name, pairs in sources.items()}
    show("every set by a model that has not seen it", sources, [learn(sources, weights, k) for k in range(len(SETS))])


def show(what: str, sources: dict[str, Pairs], models: list[likelihood.Model]) -> None:
    """Print the rates on the visible sets, each by its model."""
    for name, pairs in sources.items():
        scores = np.full(len(pairs.mated), REFUSED)
        for k, model in enumerate(models):
            out = (pairs.sets == k) & ~pairs.refused
            scores[out] = model.scores(pairs.evidence[out])
        if not (pairs.sets < len(SETS)).any():
            continue
        print(f"{name}: {what}")
        for k, set_ in enumerate(SETS):
            print(f"  {set_:14s} {rates(scores, pairs, pairs.sets == k)}")
        print(f"  {'pooled':14s} {rates(scores, pairs, (pairs.sets >= 0) & (pairs.sets < len(SETS)))}")


def write(sources: dict[str, Pairs], path: Path, fingers: int) -> None:
    """Fit on everything and write the model."""
    model = learn(sources, {name: balance(pairs) for name, pairs in sources.items()})
    counts = [
        sum(int(((p.mated == mated) & ~p.refused & (p.sets >= 0)).sum()) for p in sources.values())
        for mated in (True, False)
    ]
    lines = [
        "# Coefficients of the fingerprint comparison score. Written by benchmarks/train_finger_compare.py.",
        f"# Minutiae of {', '.join(name for name in sources if ' ' not in name)} on {', '.join(SETS)}",
        f"# and {fingers} synthetic fingers: {counts[0]} mated and {counts[1]} non-mated pairs.",
        f"format = {likelihood.FORMAT}",
        f"intercept = {model.intercept:.6f}",
        "",
        "[weights]  # log odds per unit of the feature, and the range it was learned on",
        *(
            f"{name} = [{weight:.6f}, {low:.4f}, {high:.4f}]"
            for name, weight, low, high in zip(likelihood.FEATURES, model.weights, model.low, model.high, strict=True)
        ),
        "",
        "[calibration]",
        f"# Log odds and -10 log10(FMR): counted down to one in {round(1 / COUNTED[-1])}. Beyond the last knot the",
        f"# score rises by `slope` a unit: an exponential tail fitted to the upper {TAIL:.0%} of the non-mated pairs.",
        "knots = [",
        *(f"  [{a:.4f}, {b:.4f}]," for a, b in zip(model.curve.values, model.curve.score, strict=True)),
        "]",
        f"slope = {model.curve.slope:.6f}",
    ]
    path.write_text("\n".join(lines) + "\n")
    print(f"wrote {path.name}: slope {model.curve.slope:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with data/ and reference/")
    parser.add_argument("--sources", nargs="+", default=["fingerjet"], choices=SOURCES)
    parser.add_argument("--synthetic", type=int, default=0, metavar="FINGERS", help="synthetic fingers to train on too")
    parser.add_argument("--only-synthetic", action="store_true", help="show what these alone would give")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "biocore-synthetic-templates")
    parser.add_argument("--write", action="store_true", help="fit on all sets and write the model")
    args = parser.parse_args()
    visible = {name: compare_all(load(name, args.shared), across=False) for name in args.sources}
    made = {}
    if args.synthetic:
        for name in args.sources:
            if name != "fingerjet":  # of synthetic fingers there are no minutiae by FingerJetFX
                pairs = compare_all(load_synthetic(name, args.synthetic, args.cache), across=False)
                made[f"synthetic {name}"] = pairs.thinned(THINNED)
    if args.only_synthetic:
        weights = {name: balance(pairs) for name, pairs in made.items()}
        model = learn(made, weights, counted=(len(SETS),))
        show("by a model that has seen synthetic fingers only", visible, [model] * len(SETS))
        return
    cross_validate(visible | made)
    if args.write:
        write(visible | made, TARGET, args.synthetic)


if __name__ == "__main__":
    main()
