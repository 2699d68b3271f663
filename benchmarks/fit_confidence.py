"""Fit the confidence of a minutia: the chance that another impression of the finger shows it again.

    python benchmarks/fit_confidence.py

For every two impressions of a finger that clearly match, the pairs of the comparison place one on the other. A
minutia that falls well inside the other's ridges was found again if it is one of the pairs. Prints, for each
effort, the weights over all sets (they go to `biocore.fingerprint.extract.RECIPES`) and, for each set, how well
weights fitted on the other three tell the two apart there (area under the ROC) and how true their percentages are.
"""

from __future__ import annotations

from dataclasses import dataclass
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from biocore.errors import ExtractionError
from biocore.fingerprint import extract
from biocore.fingerprint.compare import compare
from biocore.fingerprint.confidence import features
from biocore.kernels.ridge import CELL
from biocore.types import FingerTemplate, GreyImage
from finger_sets import SETS, images

CLEAR = 30.0  # score: one false match in 1,000
PAIRS = 8  # enough to place one impression on the other
RIM = 2  # cells of the other's ridges around the place


@dataclass(frozen=True)
class Impression:
    """A template in the order of its columns, and where its ridges are."""

    template: FingerTemplate
    columns: NDArray[np.float32]
    mask: NDArray[np.bool_]


def impression(pixels: GreyImage, effort: extract.Effort) -> Impression | None:
    """Extract with the columns the confidence is made of kept beside the minutiae."""
    kept = {}

    def record(found, vectors, field, strength, mask):  # type: ignore[no-untyped-def]
        kept["columns"], kept["mask"] = features(found, vectors, field, strength, mask), mask
        return kept["columns"]

    def in_order(algorithm, pixels, position, found, turned, qualities):  # type: ignore[no-untyped-def]
        return FingerTemplate(
            algorithm=algorithm,
            width=pixels.shape[1],
            height=pixels.shape[0],
            position=position,
            ppi=500.0,
            points=found.points[:255],
            directions=turned[:255],
            kinds=found.kinds[:255],
            qualities=np.full(len(turned), 80, np.uint8)[:255],
        )

    with patch.object(extract, "features", record), patch.object(extract, "_template", in_order):
        try:
            template = extract.extract(pixels, effort)
        except ExtractionError:
            return None
    return Impression(template, kept["columns"][: len(template)], kept["mask"])


def examples(a: Impression, b: Impression) -> tuple[NDArray[np.float32], NDArray[np.bool_]] | None:
    """Columns of the minutiae of `a` that lie inside `b`, and which were found again."""
    result = compare(a.template, b.template)
    pairs = result.pairs
    if result.score < CLEAR or len(pairs) < PAIRS:
        return None
    here = a.template.points.astype(np.float64) @ np.array([1, 1j])
    there = b.template.points.astype(np.float64) @ np.array([1, 1j])
    p, q = here[pairs[:, 0]], there[pairs[:, 1]]
    turn = ((q - q.mean()) * np.conj(p - p.mean())).sum()
    placed = (here - p.mean()) * turn / abs(turn) + q.mean()
    cells = np.floor(np.stack([placed.imag, placed.real]) / CELL).astype(int) + 50
    mask = np.pad(b.mask, 50)
    inside = np.ones(len(here), np.bool_)
    for dy, dx in ((0, 0), (RIM, 0), (-RIM, 0), (0, RIM), (0, -RIM)):
        rows, columns = np.clip(cells[0] + dy, 0, mask.shape[0] - 1), np.clip(cells[1] + dx, 0, mask.shape[1] - 1)
        inside &= mask[rows, columns]
    again = np.zeros(len(here), np.bool_)
    again[pairs[:, 0]] = True
    return a.columns[inside], again[inside]


def gather(name: str, effort: extract.Effort) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """All examples of one set."""
    found = {stem: impression(pixels, effort) for stem, pixels in images(name).items()}
    parts = []
    for stem, a in found.items():
        for other, b in found.items():
            if a is None or b is None or stem == other or stem.split("_")[0] != other.split("_")[0]:
                continue
            part = examples(a, b)
            if part is not None:
                parts.append(part)
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])


def main() -> None:
    for effort in ("fast", "robust"):
        data = {name: gather(name, effort) for name in SETS}
        for name in SETS:
            others = [data[other] for other in SETS if other != name]
            model = LogisticRegression(max_iter=1000)
            model.fit(np.concatenate([x for x, _ in others]), np.concatenate([y for _, y in others]))
            x, y = data[name]
            chance = model.predict_proba(x)[:, 1]
            print(
                f"{effort:6s} {name:14s} {len(y):6d} minutiae, found again {100 * y.mean():.1f} %, "
                f"said {100 * chance.mean():.1f} %, area {roc_auc_score(y, chance):.3f}"
            )
        model = LogisticRegression(max_iter=1000)
        model.fit(np.concatenate([x for x, _ in data.values()]), np.concatenate([y for _, y in data.values()]))
        weights = ", ".join(f"{w:.3f}" for w in (*model.intercept_, *model.coef_[0]))
        print(f"{effort:6s} Weights({weights})")


if __name__ == "__main__":
    main()
