"""Fit how far a segmentation is believed, and show how many wrong contours are believed before and after.

    python benchmarks/iris_confidence.py IMAGES CIRCLES [--eyes 8] [--write | --check]

IMAGES   folder of pictures named PERSON_EYE_IMPRESSION.png
CIRCLES  table of their circles: file, pupil_x, pupil_y, pupil_r, limbus_x, limbus_y, limbus_r

Pictures: synthetic eyes, healthy and with every defect, at two sizes, closed and absent ones among them; real ones as
they are, under the conditions of `iris_conditions`, with a cataract, an arcus or a lid painted on, and pasted into a
picture twice as large. Right is what lies within 5 % of the iris radius of the truth, or within 10 % of the circles,
which are no truth themselves. People are kept apart: each half is judged by the fit of the other. No weight is below
nought.

silent   = wrong, and believed at LEAST_CONFIDENCE; in % of all pictures
refused  = right, and not believed; in % of the right ones
--write puts the fit into `biocore/iris/confidence.py`; --check fails where it is not what stands there.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from iris_conditions import CONDITIONS
from iris_truth import GRADES, SEVERITIES, distance
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score

from biocore.iris import confidence, locate, refine, speculars, synth
from biocore.iris.extract import LEAST_CONFIDENCE
from biocore.types import GreyImage

SIZES = ((640, 480), (320, 240))  # px
TRUTH, CIRCLES = 0.05, 0.10  # of the iris radius; what is right
FIRST = 9000  # seed of the first eye; iris_truth.py begins at 5000
RIDGE = 0.002  # on each weight's square, by the mean loss
WRONG = 3.0  # what a wrong contour that is believed costs, in right ones that are refused
AMISS = {
    "001_R_1.png",
    "006_L_1.png",
    "013_R_2.png",
    "020_R_1.png",
}  # circles that lie on skin, as a look at them shows
TOLERANCE = 0.3  # between weights that are fitted again
Circle = tuple[float, float, float]


class Example(NamedTuple):
    """One picture: its kind, who it shows, what its contours rest on, and whether they are right."""

    kind: str
    person: int
    evidence: tuple[float, ...]
    right: bool


def outlined(pixels: GreyImage) -> tuple[tuple[float, ...], refine.Outline] | None:
    """Segment a picture; None where it is refused whatever the weights."""
    _, filled = speculars.find(pixels)
    found = locate.search(filled)
    if not found.eyes:
        return None
    outline = refine.eye(filled, found.eyes[0])
    if refine.crosses(outline.pupil.contour, outline.limbus.contour):
        return None
    evidence = confidence.evidence(found, outline)
    return tuple(getattr(evidence, name) for name in confidence.Evidence.__slots__), outline


def drawn(eyes: int) -> Iterator[tuple[str, int, synth.SyntheticEye]]:
    """Draw synthetic eyes of every kind: kind, number, eye."""
    for size in SIZES:
        for kind in ("healthy", *synth.Defect):
            steps = GRADES if kind == "CLOUDY" else SEVERITIES
            for number in range(2 * eyes if kind in {"healthy", "CLOSED", "NO_EYE"} else eyes):
                conditions = None if kind == "healthy" else synth.defect(kind, steps[number % len(steps)])
                side = "left" if number % 2 else "right"
                yield f"{kind} {size[0]}", number, synth.render(FIRST + number, 1, conditions, size, side)


def synthetic(eyes: int) -> Iterator[Example]:
    """Judge synthetic eyes of every kind by their truth."""
    for kind, number, eye in drawn(eyes):
        got = outlined(eye.pixels)
        if got is None:
            continue
        off = np.inf
        if eye.pupil is not None and eye.limbus is not None:
            pairs = (got[1].pupil.contour, eye.pupil), (got[1].limbus.contour, eye.limbus)
            off = max(distance(*pair) for pair in pairs) / eye.limbus.radius
        yield Example(kind, number, got[0], bool(off <= TRUTH))


def painted(pixels: GreyImage, pupil: Circle, limbus: Circle, kind: str) -> GreyImage:
    """Paint a white cataract, an arcus or a drooping lid."""
    yy, xx = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    inner, outer = np.hypot(xx - pupil[0], yy - pupil[1]), np.hypot(xx - limbus[0], yy - limbus[1])
    iris = float(np.median(pixels[(inner > 1.15 * pupil[2]) & (outer < 0.85 * limbus[2])]))
    where, grey = {
        "cataract": (inner < 0.97 * pupil[2], 1.3 * iris),
        "arcus": (abs(outer / limbus[2] - 0.86) < 0.06, 1.35 * iris),
        "lid": (yy < limbus[1] - 0.15 * limbus[2] + 0.25 * (xx - limbus[0]) ** 2 / limbus[2], 1.6 * iris),
    }[kind]
    share = 0.85 * cv2.GaussianBlur(where.astype(np.float32), (0, 0), 1.2)
    return np.clip(pixels * (1 - share) + grey * share, 0, 255).astype(np.uint8)


def taken(images: Path, table: Path) -> Iterator[tuple[str, str, GreyImage, Circle, Circle]]:
    """Give real pictures as they are and worse: kind, file, pixels, circles of pupil and limbus."""
    rng = np.random.default_rng(7)
    for row in csv.DictReader(table.open(encoding="utf-8")):
        if row["file"] in AMISS:
            continue
        pixels = np.asarray(cv2.imread(str(images / row["file"]), cv2.IMREAD_GRAYSCALE), np.uint8)
        pupil, limbus = (tuple(float(row[f"{name}_{axis}"]) for axis in "xyr") for name in ("pupil", "limbus"))
        worse = {name: np.clip(change(pixels.astype(np.float32)), 0, 255).astype(np.uint8)
                 for name, change in CONDITIONS.items() if name not in {"upscaled", "compressed"}}  # fmt: skip
        worse |= {kind: painted(pixels, pupil, limbus, kind) for kind in ("cataract", "arcus", "lid")}
        for kind, picture in worse.items():
            yield f"real {kind}", row["file"], picture, pupil, limbus
        wide = cv2.resize(pixels[::-1, ::-1], None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        x, y = (int(rng.integers(0, side)) for side in pixels.shape[::-1])
        wide[y : y + pixels.shape[0], x : x + pixels.shape[1]] = pixels
        moved = [(c[0] + x, c[1] + y, c[2]) for c in (pupil, limbus)]
        yield "real pasted", row["file"], wide, moved[0], moved[1]


def real(images: Path, table: Path) -> Iterator[Example]:
    """Judge real pictures by their circles."""
    for kind, file, pixels, pupil, limbus in taken(images, table):
        got = outlined(pixels)
        if got is None:
            continue
        off = 0.0
        for contour, circle in ((got[1].pupil.contour, pupil), (got[1].limbus.contour, limbus)):
            points = contour.points()
            off = max(off, float(np.abs(np.hypot(*(points - circle[:2]).T) - circle[2]).mean()) / limbus[2])
        yield Example(kind, int(file[:3]), got[0], off <= CIRCLES)


def fit(x: np.ndarray, right: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the weights, none below nought, and the bias of a logistic regression."""
    sign = np.where(right, 1.0, -1.0)

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        odds = sign * (x @ w[:-1] + w[-1])
        slope = -sign * share / (1.0 + np.exp(odds))
        value = float(share @ np.logaddexp(0.0, -odds)) + 0.5 * RIDGE * float(w[:-1] @ w[:-1]) / len(x[0])
        return value, np.append(x.T @ slope + RIDGE * w[:-1] / len(x[0]), slope.sum())

    bounds = [(0.0, None)] * x.shape[1] + [(None, None)]
    found = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, bounds=bounds, method="L-BFGS-B")
    return found.x[:-1], float(found.x[-1])


def show(name: str, odds: np.ndarray, right: np.ndarray, kinds: np.ndarray) -> None:
    """Print how well odds tell right from wrong."""
    believed = 1.0 / (1.0 + np.exp(-odds)) >= LEAST_CONFIDENCE
    silent = believed & ~right
    worst = sorted(((int(silent[kinds == k].sum()), k) for k in np.unique(kinds)), reverse=True)[:5]
    print(
        f"{name:28s} AUC {roc_auc_score(right, odds):.3f}  silent {100 * silent.mean():.1f} %  refused "
        f"{100 * (~believed & right).sum() / right.sum():.1f} %   ({', '.join(f'{k} {n}' for n, k in worst if n)})"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("circles", type=Path)
    parser.add_argument("--eyes", type=int, default=8)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    examples = [*synthetic(options.eyes), *real(options.images, options.circles)]
    x = np.array([e.evidence for e in examples])
    right = np.array([e.right for e in examples])
    kinds = np.array([e.kind for e in examples])
    share = np.where(right, 1.0, WRONG)
    half = np.array([e.person % 2 == 0 for e in examples])
    shipped = np.array([getattr(confidence.WEIGHTS, name) for name in confidence.Evidence.__slots__])
    print(f"{len(right)} pictures, {100 * (~right).mean():.1f} % with a wrong contour")
    show("as it stands", x @ shipped + confidence.BIAS, right, kinds)
    odds = np.zeros(len(right))
    for test in (half, ~half):
        weights, bias = fit(x[~test], right[~test], share[~test] / share[~test].sum())
        odds[test] = x[test] @ weights + bias
    show("fitted, people held out", odds, right, kinds)
    weights, bias = fit(x, right, share / share.sum())
    text = ", ".join(f"{w:.1f}" for w in weights)
    print(f"WEIGHTS = Evidence({text})\nBIAS = {bias:.1f}")
    if options.write:
        path = Path(confidence.__file__)
        source = re.sub(r"(?m)^WEIGHTS = .*$", f"WEIGHTS = Evidence({text})", path.read_text(encoding="utf-8"))
        path.write_text(re.sub(r"(?m)^BIAS = .*$", f"BIAS = {bias:.1f}", source), encoding="utf-8")
    same = bool(np.abs(np.append(weights, bias) - np.append(shipped, confidence.BIAS)).max() <= TOLERANCE)
    return 1 if options.check and not same else 0


if __name__ == "__main__":
    sys.exit(main())
