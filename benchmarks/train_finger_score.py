"""Train the default finger quality model and say how well it does on prints it has not seen.

    python benchmarks/train_finger_score.py CONFORMANCE_CSV [--write biocore/fingerprint/models/finger-1.toml]

CONFORMANCE_CSV is NIST's conformance_expected_output-v2.3.0.csv (usnistgov/NFIQ2, public domain): the measures of
208 prints and the score NFIQ 2.3 gave them. Rows without a score are left out. Prints of one subject (the number
that begins the file's name) are never on both sides of a split. Hyperparameters are chosen anew in each fold, by
an inner cross-validation on its training part alone.
"""

from __future__ import annotations

import argparse
import csv
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear
from scipy.stats import spearmanr
from sklearn.svm import SVR

from biocore.fingerprint.regression import INPUTS, NEEDED, Regression, model_inputs, read_regression

Floats = NDArray[np.float64]

ALGORITHM = "biocore.finger/1"
GRID = [(cost, gamma) for cost in (30.0, 100.0, 300.0) for gamma in (0.003, 0.01, 0.02)]
TOLERANCE = 2.0  # points: the tube of the support-vector regression; NIST's scores are whole numbers
RIDGE = 5.0  # penalty on the slopes of the lines, in points² for one point a standard deviation
KERNEL_SHARE = 0.7
NEAR, FAR = 6.0, 8.0  # standard deviations from the nearest prototype
OUTER, INNER, REPEATS = 10, 5, 5


def read_rows(path: Path) -> tuple[Floats, Floats, list[str]]:
    """Return inputs, scores and subjects of the rows that have a score."""
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["QualityScore"] != "NA"]
    inputs = np.array([model_inputs({name: float(row[name]) for name in NEEDED}) for row in rows])
    scores = np.array([float(row["QualityScore"]) for row in rows])
    subjects = [re.split(r"[_.]", row["Filename"])[0] for row in rows]
    return inputs, scores, subjects


def directions() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return whether each line may only rise (1) or only fall (-1), or do both (0): below and above its break."""
    rising = re.compile(r"(FDA_Bin10_[0-8]|(LCS|OCL)_Bin10_\d|RVUP_Bin10_0)\+|LCS_Bin10_Mean|.*Coherence.*")
    falling = re.compile(r"FDA_Bin10_9\+|(FDA|LCS|RVUP)_Bin10_StdDev|RVUP_Bin10_Mean")
    below = np.array([1 if rising.fullmatch(name) else -1 if falling.fullmatch(name) else 0 for name in INPUTS])
    above = below.copy()
    grey = INPUTS.index("ImgProcROIArea_Mean")
    below[grey], above[grey] = 1, -1  # neither dark nor pale
    return below, above


def fit_lines(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats, float]:
    """Fit broken lines with one break at the median: least squares under the signs of `directions`."""
    middle, low, scale = np.median(x, axis=0), x.min(axis=0), x.std(axis=0) + 1e-9
    under = (np.minimum(x, middle) - low) / scale
    over = (np.maximum(x, middle) - middle) / scale
    n = 2 * x.shape[1]
    design = np.vstack([np.hstack([under, over, np.ones((len(x), 1))]), np.sqrt(RIDGE) * np.eye(n, n + 1)])
    sign = np.concatenate(directions())
    lower = np.append(np.where(sign > 0, 0.0, -np.inf), -np.inf)
    upper = np.append(np.where(sign < 0, 0.0, np.inf), np.inf)
    found = lsq_linear(design, np.append(y, np.zeros(n)), (lower, upper), tol=1e-8).x
    slopes = np.where(np.abs(found[:n]) < 1e-3, 0.0, found[:n]).reshape(2, -1) / scale
    return middle, slopes[0], slopes[1], float(found[n])


def train(x: Floats, y: Floats, cost: float, gamma: float) -> Regression:
    """Fit both parts on all rows given."""
    centre, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
    kernel = SVR(C=cost, gamma=gamma, epsilon=TOLERANCE, tol=1e-6).fit((x - centre) / scale, y)
    middle, below, above, offset = fit_lines(x, y)
    return Regression(
        algorithm=ALGORITHM,
        low=x.min(axis=0),
        middle=middle,
        high=x.max(axis=0),
        below=below,
        above=above,
        offset=offset,
        centre=centre,
        scale=scale,
        prototypes=kernel.support_vectors_,
        weights=kernel.dual_coef_[0],
        gamma=gamma,
        intercept=float(kernel.intercept_[0]),
        share=KERNEL_SHARE,
        near=NEAR,
        far=FAR,
    )


def splits(subjects: list[str], parts: int, seed: int) -> list[NDArray[np.bool_]]:
    """Masks of the rows held back, subjects kept together."""
    names = sorted(set(subjects))
    order = np.random.default_rng(seed).permutation(len(names))
    part = {names[i]: k % parts for k, i in enumerate(order)}
    place = np.array([part[name] for name in subjects])
    return [place == k for k in range(parts)]


def choose(x: Floats, y: Floats, subjects: list[str], seed: int) -> tuple[float, float]:
    """Cost and gamma of the smallest mean absolute error in an inner cross-validation."""
    errors = np.zeros(len(GRID))
    for held in splits(subjects, INNER, seed):
        model = train(x[~held], y[~held], *GRID[0])
        for i, (cost, gamma) in enumerate(GRID):
            model = with_kernel(model, x[~held], y[~held], cost, gamma)
            errors[i] += np.abs([model.predict(row).value for row in x[held]] - y[held]).sum()
    return GRID[int(errors.argmin())]


def with_kernel(model: Regression, x: Floats, y: Floats, cost: float, gamma: float) -> Regression:
    """Exchange the kernel part; the lines do not depend on its hyperparameters."""
    kernel = SVR(C=cost, gamma=gamma, epsilon=TOLERANCE, tol=1e-6).fit((x - model.centre) / model.scale, y)
    return replace(
        model,
        prototypes=kernel.support_vectors_,
        weights=kernel.dual_coef_[0],
        gamma=gamma,
        intercept=float(kernel.intercept_[0]),
    )


def cross_validate(x: Floats, y: Floats, subjects: list[str]) -> None:
    """Print the error on held-back subjects, hyperparameters chosen within each fold."""
    answers = {"model": 0, "kernel alone": 1, "lines alone": 2}
    errors: dict[str, list[float]] = {name: [] for name in answers}
    ranks: dict[str, list[float]] = {name: [] for name in answers}
    folds: list[float] = []
    for repeat in range(REPEATS):
        said = np.zeros((len(y), 3))
        for held in splits(subjects, OUTER, 100 + repeat):
            inside = [name for name, out in zip(subjects, held, strict=True) if not out]
            cost, gamma = choose(x[~held], y[~held], inside, 1000 + repeat)
            model = train(x[~held], y[~held], cost, gamma)
            said[held] = [model.predict(row)[:3] for row in x[held]]
            folds.append(float(np.abs(said[held, 0] - y[held]).mean()))
        for name, column in answers.items():
            errors[name].append(float(np.abs(said[:, column] - y).mean()))
            ranks[name].append(float(spearmanr(said[:, column], y).statistic))
    print(f"{len(y)} prints of {len(set(subjects))} subjects; {REPEATS} times {OUTER} folds, hyperparameters nested")
    for name in answers:
        print(
            f"  {name:13s} MAE {np.mean(errors[name]):.2f} (repeats {min(errors[name]):.2f}..{max(errors[name]):.2f}), "
            f"rank correlation {np.mean(ranks[name]):.4f} ({min(ranks[name]):.4f}..{max(ranks[name]):.4f})"
        )
    print(f"  model, MAE of single folds: {np.mean(folds):.2f} +- {np.std(folds):.2f}, worst {max(folds):.2f}")
    print("  model, last repeat, by NIST's score:  prints  mean error  MAE  90 % of errors under")
    for low in range(0, 100, 20):
        band = (y >= low) & (y < low + 20)
        off = said[band, 0] - y[band]
        spread, usual = np.abs(off).mean(), np.quantile(np.abs(off), 0.9)
        print(f"    {low:3d}..{low + 19:3d} {band.sum():25d} {off.mean():+10.1f} {spread:6.1f} {usual:8.1f}")


def as_toml(model: Regression, rows: int) -> str:
    """Write the model for people: one line an input, one line a prototype."""
    lines = [
        "# Default finger quality model, made by benchmarks/train_finger_score.py of the measures and NFIQ 2.3 scores",
        f"# of {rows} prints that NIST publishes with NFIQ 2 (conformance_expected_output-v2.3.0.csv, public domain).",
        "# docs/score.md says how good it is. `name+` is sqrt(blocks in that bin and above).",
        f'algorithm = "{model.algorithm}"',
        f"offset = {model.offset:.4f}  # points of the lines where every input is low",
        "",
        "[inputs]  # range in training, where the line breaks, points a unit below and above; the kernel's standard",
    ]
    for i, name in enumerate(INPUTS):
        values = ", ".join(
            f"{key} = {getattr(model, key)[i]:.7g}"
            for key in ("low", "middle", "high", "below", "above", "centre", "scale")
        )
        lines.append(f'"{name}" = {{ {values} }}')
    lines += [
        "",
        "[kernel]  # intercept + sum of weight * exp(-gamma * squared distance), and its share in the answer",
        f"gamma = {model.gamma:.7g}",
        f"intercept = {model.intercept:.4f}",
        f"share = {model.share:.2f}",
        f"near = {model.near:.2f}  # standard deviations from the nearest prototype: so far the weighted mean counts,",
        f"far = {model.far:.2f}  # from here on the lower of the two answers",
        "prototypes = [  # weight, then the standardised inputs",
    ]
    for weight, row in zip(model.weights, model.prototypes, strict=True):
        lines.append(f"  [{weight:.4f}, " + ", ".join(f"{value:.2f}" for value in row) + "],")
    return "\n".join([*lines, "]", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", type=Path)
    parser.add_argument("--write", type=Path, metavar="TOML")
    parser.add_argument("--no-cv", action="store_true", help="only train")
    args = parser.parse_args()
    x, y, subjects = read_rows(args.csv)
    if not args.no_cv:
        cross_validate(x, y, subjects)
    cost, gamma = choose(x, y, subjects, 0)
    text = as_toml(train(x, y, cost, gamma), len(y))
    model = read_regression(text)
    fit = np.array([model.predict(row).value for row in x])
    print(f"all rows: cost {cost:g}, gamma {gamma:g}, {len(model.weights)} prototypes, ", end="")
    print(f"MAE on its own rows {np.abs(fit - y).mean():.2f}")
    if args.write:
        args.write.write_text(text, "utf-8")
        print(f"written: {args.write}, {len(text)} bytes")


if __name__ == "__main__":
    main()
