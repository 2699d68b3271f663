"""Fit the score of iris comparison on non-mated pairs, and show how well it predicts them under harder conditions.

    python benchmarks/iris_calibration.py IMAGES [--write]

The fit has few numbers, so that it can be trusted beyond the pairs it was made on:

per_bit  variance of the share of differing bits at one offset, times the number of common bits, by redundancy
gain     what the freedom of the sectors adds to the statistic of two eyes that have nothing in common
spread   standard deviation of the statistic at one offset

FMR = 1 - (1 - Q((t - gain) / spread))^OFFSETS, Q the tail of the normal distribution. Beyond `TRUST` the score rises as
a straight line, in which it claims less than the normal distribution would: nobody has seen so many pairs.

All conditions count alike, each picture under one compared with those as they are and with those under the same. The
table says for each what the shipped score predicts and what all its non-mated pairs show; the last lines are of people
that the fit has not seen (two halves, each predicted by the fit of the other).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from iris_conditions import CLEAN, CONDITIONS, Floats, Pairs, joined, non_mated, pictures, templates_of
from scipy.optimize import minimize
from scipy.special import log_ndtr

from biocore.calibration import Curve
from biocore.iris import calibration
from biocore.kernels import iriscode
from biocore.types import IRIS_COLUMNS

MODEL = Path(calibration.__file__).parent / "models" / "compare-1.toml"
LEAST_BITS = round(64 * IRIS_COLUMNS / 6)  # that must be common: a sixth
TRUST = 60.0  # score from which on it rises as a straight line; a million pairs show 60
TAIL = 0.05  # share of the largest statistics that the fit looks at: there the decisions are made
OFFSETS = 7.0  # independent ones among all; counted on rigid codes, where their best is the best of so many
KNOTS = np.arange(0.0, 16.01, 0.25)  # of the statistic
SCORES = (5, 10, 15, 20, 25, 30, 35, 40, 45, 50)
ALIKE = iriscode.Alike(14, 2, 3)  # a wavelength and more; every column would say the same at twice the time
COARSE = iriscode.Statistic(3.0, 512)  # an eighth of the bits that the coarse pass looks at; no score depends on it
LIMITS = iriscode.Limits(1.1, 3.1, 4.15)  # of 9975 pairs of all conditions that score 30 and more, none has less


def per_bit(pairs: Pairs) -> float:
    """Variance of the share of differing bits at one offset, times the number of bits, by redundancy."""
    bits = pairs.rigid_common
    share = pairs.rigid_different / np.maximum(bits, 1)
    return float(((share - 0.5) ** 2 * bits / pairs.spread**2)[bits >= LEAST_BITS].mean())


def model_of(variance: float, curve: Curve) -> calibration.Model:
    statistic = iriscode.Statistic(variance, LEAST_BITS)
    return calibration.Model(statistic, COARSE, ALIKE, LIMITS, curve)


def best(pairs: Pairs, variance: float) -> Floats:
    """Return the largest statistic of each pair, without the pairs that have none."""
    anything = Curve(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 1.0)
    value = model_of(variance, anything).values(pairs.different, pairs.common, pairs.spread)
    return value[np.isfinite(value)]


def log_fmr(value: Floats, gain: float, spread: float) -> Floats:
    """Logarithm of 1 - (1 - Q)^OFFSETS, also where it is very small."""
    z = (value - gain) / spread
    stay = OFFSETS * log_ndtr(z)
    return np.where(stay < -1e-9, np.log(-np.expm1(np.minimum(stay, -1e-300))), np.log(OFFSETS) + log_ndtr(-z))


def fit(values: Floats) -> tuple[float, float]:
    """Most likely (gain, spread) of the largest statistics, judged by the upper `TAIL` of them."""
    edge = float(np.quantile(values, 1.0 - TAIL))
    tail, step = values[values > edge], 1e-4

    def unlikely(x: Floats) -> float:
        gain, spread = x[0], np.exp(x[1])
        density = (np.exp(log_fmr(tail, gain, spread)) - np.exp(log_fmr(tail + step, gain, spread))) / step
        below = 1.0 - np.exp(log_fmr(np.array([edge]), gain, spread)[0])
        return float(-np.log(np.maximum(density, 1e-30)).sum() - (len(values) - len(tail)) * np.log(max(below, 1e-30)))

    found = minimize(unlikely, np.array([2.0, 0.0]), method="Nelder-Mead")
    return float(found.x[0]), float(np.exp(found.x[1]))


def curve_of(gain: float, spread: float) -> Curve:
    """Score at the knots up to `TRUST`, and the slope beyond."""
    score = -10.0 / np.log(10.0) * log_fmr(KNOTS, gain, spread)
    score[0] = 0.0  # not better than chance
    last = int(np.searchsorted(score, TRUST))
    slope = (score[last] - score[last - 1]) / (KNOTS[last] - KNOTS[last - 1])
    return Curve(KNOTS[: last + 1], np.round(score[: last + 1], 3), round(float(slope), 3))


def row(name: str, scores: Floats) -> None:
    """Print observed scores, -10 log10 of the share at or above each threshold, and how many that is."""
    cells = []
    for threshold in SCORES:
        above = int((scores >= threshold).sum())
        observed = f"{-10 * np.log10(above / len(scores)):.1f}" if above else f">{10 * np.log10(len(scores)):.0f}"
        cells.append(f"{observed} ({above})")
    print(f"{name:42s} {len(scores):8d} " + " ".join(f"{cell:>13s}" for cell in cells), flush=True)


def model_text(variance: float, gain: float, spread: float, count: int) -> str:
    """Write the model file's text."""
    curve = curve_of(gain, spread)
    knots = "\n".join(f"    [{v:.2f}, {points:.3f}]," for v, points in zip(curve.values, curve.score, strict=True))
    return f"""# Comparison of irises, fitted by benchmarks/iris_calibration.py on {count}
# non-mated pairs.
format = {calibration.FORMAT}

[statistic]  # (common / 2 - differing) / sqrt(per_bit common), by the spread that redundancy makes
per_bit = {variance:.4f}
least = {LEAST_BITS}  # bits

[coarse]  # the same of the bits that the coarse pass looks at
per_bit = {COARSE.per_bit}
least = {COARSE.least}

[limits]  # statistics, by spread, from which on a search looks more closely
doubtful = {LIMITS.doubtful}  # of the coarse pass: at all bits
promising = {LIMITS.promising}  # of these at its best offset: at the offsets and rows beside it
likely = {LIMITS.likely}  # of these: at every offset

[alike]  # distances at which bits are looked at that say the same
columns = {ALIKE.columns}
step = {ALIKE.step}
rows = {ALIKE.rows}

[calibration]  # the best of {OFFSETS:g} offsets, each {gain:.4f} on average with a standard deviation of {spread:.4f}
slope = {curve.slope:.3f}  # score per unit of the statistic beyond the last knot
knots = [  # largest statistic, -10 log10(FMR)
{knots}
]
"""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--write", action="store_true", help=f"write {MODEL.name}")
    options = parser.parse_args(arguments)
    images = pictures(options.images)
    clean = templates_of(images)
    counted = {CLEAN: non_mated(clean, clean)}
    for condition in list(CONDITIONS)[1:]:
        worse = templates_of(images, condition)
        counted[f"{condition}, with those as they are"] = non_mated(worse, clean)
        counted[f"{condition}, among themselves"] = non_mated(worse, worse)
    report(counted, options.write)


def report(counted: dict[str, Pairs], write: bool) -> None:
    """Fit all, print the tables, write the model."""
    everything = joined(list(counted.values()))
    variance = per_bit(counted[CLEAN])
    gain, spread = fit(best(everything, variance))
    print(f"\nper_bit {variance:.4f}, gain {gain:.4f}, spread {spread:.4f}")
    print(f"{'observed at a predicted score of':42s} {'pairs':>8s} " + " ".join(f"{score:13d}" for score in SCORES))
    shipped = model_of(variance, curve_of(gain, spread))
    for name, pairs in counted.items():
        row(name, shipped.scores(pairs.different, pairs.common, pairs.spread))
    row("all", shipped.scores(everything.different, everything.common, everything.spread))
    people = np.unique(everything.persons)
    half = np.isin(everything.persons, people[::2])
    unseen = []
    for seen, other in ((half.all(1), ~half.any(1)), (~half.any(1), half.all(1))):
        test, learned = everything.of(other), everything.of(seen)
        model = model_of(variance, curve_of(*fit(best(learned, variance))))
        unseen.append(model.scores(test.different, test.common, test.spread))
    row("all, of people that the fit has not seen", np.concatenate(unseen))
    text = model_text(variance, gain, spread, len(everything.common))
    print("\n" + text)
    if write:
        MODEL.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
