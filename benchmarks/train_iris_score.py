"""Train the iris quality model on this engine's own comparisons, and say how well it foretells those of new people.

    python benchmarks/train_iris_score.py IMAGES [--write] [--cache DIR]

IMAGES holds pictures named PERSON_EYE_IMPRESSION.png (MMU1 and sets like it). Each picture, as it is and worsened at
random (blur, motion, lids, haze, low contrast, noise, reduction, dilation), is compared with the other pictures of
its eye as they are; the median score is what the model learns to foretell. Synthetic eyes with every defect
(`iris_score_eyes.py`) are learnt from beside them. People are never on both sides of a split.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import iris_score_eyes
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import spearmanr

from biocore.errors import BiocoreError
from biocore.iris.compare import compare
from biocore.iris.encode import encode
from biocore.iris.physics import IrisPhysics, measure
from biocore.iris.score import TERMS, Model
from biocore.iris.segment import segment
from biocore.types import GreyImage, IrisTemplate

Floats = NDArray[np.float64]

MODEL = Path(__file__).resolve().parent.parent / "biocore" / "iris" / "models" / "iris-1.toml"
FAILED = 0.25  # points of a comparison score of 40
HALF = 70.0  # comparison score of half the points; 40, one false match in 10,000, is 25 points
CACHE = Path(tempfile.gettempdir()) / "biocore-eyes"
WORSENED = 2  # pictures made of each one
RIDGE = 0.002  # on the squared distance of the weights from what is expected, in units of the terms' deviations
EXPECTED = 0.1  # weight of a term that the pictures say nothing of: what the standard calls a defect lowers the score
LEAST = 0.06  # weight that every term keeps, in units of its deviation: no defect leaves the score as it is
# The same in log odds by unit of the term, where these comparisons bear with a defect better than others do: a veil
# over the whole picture, a white lens, a pinpoint pupil, a dense arcus, glass before the eye, the edge of the picture.
LEAST_OF = {
    "small_pupil": 12.0,
    "low_contrast": 0.75,
    "haze": 0.8,
    "ring": 1.2,
    "spectacles": 0.5,
    "cut": 0.6,
    "lobe": 3.0,
    "reflection": 2.0,
}
MOST_DOUBT = 6.0  # log odds from sure to lost; confidence is fitted by itself, and a healthy eye need not reach 1
SYNTHETIC = 0.35  # weight of a synthetic picture: their defects are purer than real ones, and their eyes clearer
COSTLY = 4.0  # weight of a picture that compares below 40: to accept it in silence is the worse mistake
FOLDS = 9


@dataclass(frozen=True, slots=True)
class Row:
    """A picture's physics, and its median score against the eye's other pictures."""

    person: str
    kind: str
    physics: IrisPhysics
    score: float
    severity: float = 0.0
    synthetic: bool = False

    @property
    def points(self) -> float:
        """What the score is worth, 0..1."""
        return self.score**2 / (self.score**2 + HALF**2)


def worsen(im: GreyImage, physics: IrisPhysics, circles: Floats, rng: np.random.Generator) -> tuple[str, GreyImage]:
    """Return a picture with one defect of a random kind and strength; circles: pupil and limbus, x, y, r."""
    px, py, pr, ix, iy, ir = circles
    yy, xx = np.mgrid[: im.shape[0], : im.shape[1]].astype(np.float32)
    a = im.astype(np.float32)
    kind = str(rng.choice(["blur", "motion", "lid", "haze", "contrast", "noise", "reduce", "dilate", "glare"]))
    if kind == "blur":
        a = cv2.GaussianBlur(a, (0, 0), ir * rng.uniform(0.01, 0.1))
    elif kind == "motion":
        n = max(2, round(ir * rng.uniform(0.05, 0.4)))
        line = np.zeros((n, n), np.float32)
        turn = rng.uniform(0, np.pi)
        end = np.array([np.cos(turn), np.sin(turn)]) * (n - 1) / 2
        middle = np.full(2, (n - 1) / 2)
        cv2.line(line, tuple(np.round(middle - end).astype(int)), tuple(np.round(middle + end).astype(int)), 1.0)
        a = cv2.filter2D(a, -1, line / line.sum(), borderType=cv2.BORDER_REPLICATE)
    elif kind == "lid":
        edge = iy - ir * rng.uniform(-0.6, 0.9) + 0.3 * ir * ((xx - ix) / ir) ** 2
        cover = cv2.GaussianBlur((yy < edge).astype(np.float32), (0, 0), 1.5)
        skin = np.percentile(im, 70) + cv2.GaussianBlur(rng.normal(0, 25, im.shape).astype(np.float32), (0, 0), 2.0)
        a = a * (1 - cover) + skin * cover
    elif kind == "haze":
        inside = cv2.GaussianBlur((np.hypot(xx - px, yy - py) < pr).astype(np.float32), (0, 0), 1.2)
        a = a + inside * (physics.iris_grey - physics.pupil_grey) * rng.uniform(0.1, 1.6)
    elif kind == "contrast":
        a = a.mean() + (a - a.mean()) * rng.uniform(0.05, 0.6)
    elif kind == "noise":
        a = a + rng.normal(0, rng.uniform(3, 30), im.shape)
    elif kind == "reduce":
        factor = rng.uniform(0.25, 0.8)
        return kind, np.asarray(cv2.resize(im, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    elif kind == "dilate":
        wide = ir * rng.uniform(0.15, 0.85)
        r, turn = np.hypot(xx - px, yy - py), np.arctan2(yy - py, xx - px)
        back = np.where(r < wide, r * pr / wide, pr + (r - wide) * (ir - pr) / max(ir - wide, 1.0))
        back = np.where(r > ir, r, back)
        a = cv2.remap(
            a, (px + back * np.cos(turn)).astype(np.float32), (py + back * np.sin(turn)).astype(np.float32), 1
        )
    else:
        x, y, s = ix + rng.normal(0, 0.5) * ir, iy + rng.normal(0, 0.5) * ir, ir * rng.uniform(0.1, 0.5)
        a = a + 255 * np.exp(-((((xx - x) ** 2 + (yy - y) ** 2) / (2 * s * s)) ** 2))
    return kind, np.asarray(np.clip(np.round(a), 0, 255), np.uint8)


def look(im: GreyImage) -> tuple[IrisTemplate, IrisPhysics, Floats] | None:
    """Segment, encode and measure one picture; None where there is no iris."""
    try:
        found = segment(im)
        template = encode(im, found)
    except BiocoreError:
        return None
    p, e = found.pupil, found.limbus
    circles = np.array([p.shape.cx, p.shape.cy, p.radius, e.shape.cx, e.shape.cy, e.radius])
    return template, measure(im, found), circles


def rows_of(folder: Path) -> list[Row]:
    """Measure every picture and its worsened copies, and compare them."""
    rng = np.random.default_rng(1)
    pictures = {path.stem: cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(folder.glob("*.png"))}
    clean = {name: found for name, im in pictures.items() if (found := look(np.asarray(im, np.uint8))) is not None}
    rows = []
    for name, (template, physics, circles) in clean.items():
        eye = name.rsplit("_", 1)[0]
        others = [clean[other][0] for other in clean if other != name and other.rsplit("_", 1)[0] == eye]
        if not others:
            continue
        made = [("clean", template, physics)]
        for _ in range(WORSENED):
            kind, im = worsen(np.asarray(pictures[name], np.uint8), physics, circles, rng)
            found = look(im)
            if found is not None:
                made.append((kind, found[0], found[1]))
        for kind, probe, seen in made:
            score = float(np.median([compare(probe, other).score for other in others]))
            rows.append(Row(name[:3], kind, seen, score))
    return rows


def synthetic_rows(cache: Path) -> list[Row]:
    """Measure and compare the synthetic eyes."""
    return [
        Row(f"synthetic {eye}", kind, p, score, step, True) for eye, kind, step, p, score in iris_score_eyes.seen(cache)
    ]


def tables(rows: Sequence[Row]) -> tuple[Floats, Floats]:
    """Return terms (rows, terms) and points (rows,)."""
    terms = np.array([[term(row.physics) for term in TERMS.values()] for row in rows])
    return terms, np.array([row.points for row in rows])


def shares(rows: Sequence[Row]) -> Floats:
    """Return how much each row counts in the fit."""
    return np.array([(COSTLY if row.points < FAILED else 1.0) * (SYNTHETIC if row.synthetic else 1.0) for row in rows])


def fit(terms: Floats, points: Floats, share: Floats) -> Model:
    """Least squares of the logistic curve's points, weights not negative."""
    centre, scale = terms.mean(axis=0), terms.std(axis=0)
    scale[scale < 1e-6] = 1.0  # a defect that no picture has
    x = (terms - centre) / scale
    share = share / share.mean()

    def loss(w: Floats) -> tuple[float, Floats]:
        found = 0.5 * (1.0 + np.tanh(0.5 * (w[0] - x @ w[1:])))
        error = found - points
        slope = share * error * found * (1.0 - found)
        gradient = np.concatenate([[slope.mean()], -(x * slope[:, None]).mean(axis=0) + RIDGE * (w[1:] - EXPECTED)])
        return 0.5 * float((share * error**2).mean()) + 0.5 * RIDGE * float(((w[1:] - EXPECTED) ** 2).sum()), gradient

    bounds: list[tuple[float | None, float | None]] = [(None, None)]
    for name, unit in zip(TERMS, scale, strict=True):
        least = max(LEAST, LEAST_OF.get(name, 0.0) * unit)
        bounds.append((min(LEAST, MOST_DOUBT * unit), MOST_DOUBT * unit) if name == "doubt" else (least, None))
    start = np.array([0.0, *(low for low, _ in bounds[1:])])
    w = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    weights = w[1:] / scale
    return Model(float(w[0] + weights @ centre), dict(zip(TERMS, weights.tolist(), strict=True)))


def foretold(model: Model, terms: Floats) -> Floats:
    """Return points 0..1 of rows of terms."""
    z = model.offset - terms @ np.array([model.weights[name] for name in TERMS])
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * z)))


def held_out(rows: Sequence[Row]) -> Floats:
    """Return the points 0..1 foretold of each row by a model that has not seen its person."""
    terms, points = tables(rows)
    people, share = np.array([row.person for row in rows]), shares(rows)
    names, found = np.unique(people), np.empty(len(rows))
    for k in range(FOLDS):
        held = np.isin(people, names[k::FOLDS])
        found[held] = foretold(fit(terms[~held], points[~held], share[~held]), terms[held])
    return found


def report(rows: Sequence[Row]) -> None:
    """Print what is foretold of people that the model has not seen: of real pictures, then of each defect's ladder."""
    everything = held_out(rows)
    real = [k for k, row in enumerate(rows) if not row.synthetic]
    found, of_real = everything[real], [rows[k] for k in real]
    points, kinds = np.array([row.points for row in of_real]), np.array([row.kind for row in of_real])
    scores, names = np.array([row.score for row in of_real]), {row.person for row in of_real}
    print(
        f"{len(of_real)} pictures of {len(names)} people; mean error {100 * np.abs(found - points).mean():.1f} points"
    )
    for kind in ("all", *np.unique(kinds)):
        of = np.ones(len(of_real), bool) if kind == "all" else kinds == kind
        rank, middle = spearmanr(found[of], points[of])[0], np.median(100 * found[of])
        print(f"  {kind:9s} {of.sum():5d}  rank correlation {rank:.2f}  median {middle:.0f}")
    print("  discarded    mated scores below 40 of the rest (all; clean)")
    for share in (0.0, 0.1, 0.2, 0.3, 0.5):
        left = []
        for of in (np.ones(len(of_real), bool), kinds == "clean"):
            kept = found[of] >= np.quantile(found[of], share)
            left.append(100 * float((scores[of][kept] < 40).mean()))
        print(f"  {100 * share:7.0f} %   {left[0]:6.1f} %  {left[1]:6.1f} %")
    ladders(rows, everything)


def ladders(rows: Sequence[Row], found: Floats) -> None:
    """Print, of synthetic eyes by severity, the median foretold, that of the comparison score, and the share lost."""
    made = np.array([(row.kind if row.synthetic else "", row.severity) for row in rows], dtype="U20,f8")
    scores = np.array([row.score for row in rows])
    for kind in np.unique(made["f0"])[1:]:
        steps = []
        for severity in np.unique(made["f1"][made["f0"] == kind]):
            of = (made["f0"] == kind) & (made["f1"] == severity)
            steps.append(f"{severity:3.1f}: {100 * np.median(found[of]):3.0f} ({np.median(scores[of]):3.0f})")
        print(f"  {kind:16s} {'  '.join(steps)}")
    lost = scores < 40
    print(f"  of {lost.sum()} pictures that compare below 40, {np.mean(found[lost] < 0.25):.0%} are foretold below 25;")
    print(f"  of {(~lost).sum()} others {np.mean(found[~lost] < 0.25):.1%}")


def model_text(model: Model, count: int) -> str:
    """Write the model file."""
    weights = "\n".join(f"{name} = {value:.4f}" for name, value in model.weights.items())
    return f"""# Unified quality of irises, fitted by benchmarks/train_iris_score.py on {count} pictures.
# score = 100 / (1 + exp(-(offset - sum of weight x term))); the terms are in biocore/iris/score.py.
format = 1
offset = {model.offset:.4f}

[weights]
{weights}
"""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--write", action="store_true", help=f"write {MODEL.name}")
    parser.add_argument(
        "--cache", type=Path, default=CACHE, help=f"folder for synthetic pictures, {CACHE} if not given"
    )
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    rows = [*rows_of(options.images), *synthetic_rows(options.cache)]
    report(rows)
    text = model_text(fit(*tables(rows), shares(rows)), len(rows))
    print("\n" + text)
    if options.write:
        MODEL.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
