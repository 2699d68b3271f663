"""Fit the score of iris comparison on non-mated pairs, and show how well it predicts them.

    python benchmarks/iris_calibration.py IMAGES [--write]

IMAGES is a folder of pictures named PERSON_EYE_IMPRESSION.png. Two eyes of one person count as non-mated, as they do
in life: their textures have no more in common than those of strangers (Daugman 2004).

The fit has few numbers, so that it can be trusted beyond the pairs it was made on:

per_bit  variance of the share of differing bits at one offset, times the number of common bits
gain     what the freedom of the sectors adds to the statistic of two eyes that have nothing in common
spread   standard deviation of the statistic at one offset

FMR = 1 - (1 - Q((t - gain) / spread))^OFFSETS, Q the tail of the normal distribution. Beyond `TRUST` the
score rises as a
straight line, in which it claims less than the normal distribution would: nobody has seen so many pairs.

The table is made on the persons the fit has not seen (two halves, each predicted by the fit of the other).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_ndtr

from biocore.errors import ExtractionError
from biocore.formats.images import read_image
from biocore.iris import calibration
from biocore.iris.compare import REACH
from biocore.iris.extract import extract
from biocore.kernels import iriscode
from biocore.types import IRIS_COLUMNS, IrisTemplate

MODEL = Path(calibration.__file__).parent / "models" / "compare-1.toml"
LEAST_BITS = round(64 * IRIS_COLUMNS / 6)  # that must be common: a sixth
TRUST = 60.0  # score from which on it rises as a straight line; a hundred thousand pairs show 50
TAIL = 0.05  # share of the largest statistics that the fit looks at: there the decisions are made
OFFSETS = 7.0  # independent ones among all; counted on rigid codes, where their best is the best of so many
KNOTS = np.arange(0.0, 16.01, 0.25)  # of the statistic
RATES = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 3e-4, 1e-4, 3e-5)
COARSE = iriscode.Statistic(3.0, 512)  # an eighth of the bits that the coarse pass looks at; no score depends on it
DOUBTFUL, PROMISING = 2.4, 3.4  # pairs of MMU1 that score 30 have at least 2.7 and 3.6; most others have less


class Pairs(NamedTuple):
    """Counted bits of non-mated pairs, int32 (pairs, offsets), and the two persons of each.

    `rigid` is at the middle offset alone.
    """

    different: NDArray[np.int32]
    common: NDArray[np.int32]
    rigid_different: NDArray[np.int32]
    rigid_common: NDArray[np.int32]
    persons: NDArray[np.str_]

    def of(self, chosen: NDArray[np.bool_]) -> Pairs:
        return Pairs(*(column[chosen] for column in self))


def templates_of(folder: Path) -> dict[str, IrisTemplate]:
    """Extract all pictures of a folder; the refused ones are left out."""
    found = {}
    for path in sorted(folder.glob("*.png")):
        try:
            found[path.stem] = extract(read_image(path).pixels)
        except ExtractionError as error:
            print(f"{path.stem}: {error}")
    return found


def non_mated(templates: dict[str, IrisTemplate]) -> Pairs:
    """Count the bits of all pairs of different eyes."""
    names = sorted(templates)
    codes = iriscode.words(np.stack([templates[name].code for name in names]), "codes")
    masks = iriscode.words(np.stack([templates[name].mask for name in names]), "masks")
    eyes = np.array([name.rsplit("_", 1)[0] for name in names])
    columns: list[list[NDArray[np.generic]]] = [[] for _ in Pairs._fields]
    for k in range(len(names) - 1):
        other = np.flatnonzero(eyes[k + 1 :] != eyes[k]) + k + 1
        some = [iriscode.Words(each.whole[other], each.thin[other]) for each in (codes, masks)]
        probe = iriscode.prepare(codes.whole[k], masks.whole[k], REACH)
        counts = iriscode.profile(probe, some[0], some[1])
        straight = iriscode.prepare(codes.whole[k], masks.whole[k], 0)
        rigid = iriscode.profile(straight, some[0], some[1], rigid=True)
        persons = np.stack([np.full(len(other), names[k][:3]), [names[j][:3] for j in other]], axis=1)
        for column, value in zip(columns, (*counts, *rigid, persons), strict=True):
            column.append(value)
    return Pairs(*(np.concatenate(column) for column in columns))


def per_bit(pairs: Pairs) -> float:
    """Variance of the share of differing bits at one offset, times the number of bits."""
    bits = pairs.rigid_common[:, 0]
    share = pairs.rigid_different[:, 0] / np.maximum(bits, 1)
    return float(((share - 0.5) ** 2 * bits)[bits >= LEAST_BITS].mean())


def best(different: NDArray[np.int32], common: NDArray[np.int32], statistic: iriscode.Statistic) -> NDArray[np.float64]:
    """Return the largest statistic of each pair, without the pairs that have none."""
    value = statistic.of(different, common).max(axis=1)
    return value[np.isfinite(value)]


def log_fmr(value: NDArray[np.float64], gain: float, spread: float) -> NDArray[np.float64]:
    """Logarithm of 1 - (1 - Q)^OFFSETS, also where it is very small."""
    z = (value - gain) / spread
    stay = OFFSETS * log_ndtr(z)
    return np.where(stay < -1e-9, np.log(-np.expm1(np.minimum(stay, -1e-300))), np.log(OFFSETS) + log_ndtr(-z))


def fit(values: NDArray[np.float64]) -> tuple[float, float]:
    """Most likely (gain, spread) of the largest statistics, judged by the upper `TAIL` of them."""
    edge = float(np.quantile(values, 1.0 - TAIL))
    tail, step = values[values > edge], 1e-4

    def unlikely(x: NDArray[np.float64]) -> float:
        gain, spread = x[0], np.exp(x[1])
        density = (np.exp(log_fmr(tail, gain, spread)) - np.exp(log_fmr(tail + step, gain, spread))) / step
        below = 1.0 - np.exp(log_fmr(np.array([edge]), gain, spread)[0])
        return float(-np.log(np.maximum(density, 1e-30)).sum() - (len(values) - len(tail)) * np.log(max(below, 1e-30)))

    found = minimize(unlikely, np.array([2.0, 0.0]), method="Nelder-Mead")
    return float(found.x[0]), float(np.exp(found.x[1]))


def table(values: NDArray[np.float64], gain: float, spread: float) -> None:
    """Print the false match rate foretold and found at the thresholds of some scores."""
    grid = np.arange(0.0, 20.0, 1e-3)
    foretold = np.exp(log_fmr(grid, gain, spread))
    print("   score  statistic  predicted FMR  observed FMR   pairs above")
    for rate in RATES:
        threshold = float(np.interp(-rate, -foretold, grid))
        above = int((values >= threshold).sum())
        print(f"{-10 * np.log10(rate):8.1f} {threshold:10.2f} {rate:14.2e} {above / len(values):13.2e} {above:13d}")


def model_text(pairs: Pairs) -> str:
    """Fit everything, and write it as the model file's text."""
    statistic = iriscode.Statistic(per_bit(pairs), LEAST_BITS)
    gain, spread = fit(best(pairs.different, pairs.common, statistic))
    score = -10.0 / np.log(10.0) * log_fmr(KNOTS, gain, spread)
    score[0] = 0.0  # not better than chance
    last = int(np.searchsorted(score, TRUST))
    slope = (score[last] - score[last - 1]) / (KNOTS[last] - KNOTS[last - 1])
    knots = "\n".join(
        f"    [{value:.2f}, {points:.3f}]," for value, points in zip(KNOTS[: last + 1], score, strict=False)
    )
    return f"""# Comparison of irises, fitted by benchmarks/iris_calibration.py on {len(pairs.different)}
# non-mated pairs.
format = 1
doubtful = {DOUBTFUL}  # statistic of the coarse pass from which on all bits are looked at
promising = {PROMISING}  # statistic of these at its best offset, from which on every offset is looked at

[statistic]  # (common / 2 - differing) / sqrt(per_bit common)
per_bit = {statistic.per_bit:.4f}
least = {statistic.least}  # bits

[coarse]  # the same of the bits that the coarse pass looks at
per_bit = {COARSE.per_bit}
least = {COARSE.least}

[calibration]  # the best of {OFFSETS:g} offsets, each {gain:.4f} on average with a standard deviation of {spread:.4f}
slope = {slope:.3f}  # score per unit of the statistic beyond the last knot
knots = [  # largest statistic, -10 log10(FMR)
{knots}
]
"""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--write", action="store_true", help=f"write {MODEL.name}")
    options = parser.parse_args(arguments)
    report(non_mated(templates_of(options.images)), options.write)


def report(pairs: Pairs, write: bool) -> None:
    """Print the cross-checked table; write the model of all pairs."""
    people = np.unique(pairs.persons)
    half = np.isin(pairs.persons, people[::2])
    for name, seen, unseen in (("first", half.all(1), ~half.any(1)), ("second", ~half.any(1), half.all(1))):
        learn, test = pairs.of(seen), pairs.of(unseen)
        statistic = iriscode.Statistic(per_bit(learn), LEAST_BITS)
        gain, spread = fit(best(learn.different, learn.common, statistic))
        print(f"\nfitted on the {name} half: per_bit {statistic.per_bit:.3f}, gain {gain:.3f}, spread {spread:.4f}")
        table(best(test.different, test.common, statistic), gain, spread)
    text = model_text(pairs)
    print("\n" + text)
    if write:
        MODEL.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
