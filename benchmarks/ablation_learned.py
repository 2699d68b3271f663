"""What do the parts of the robust extractor buy? The learned detector's cut, the vote, and what was left out.

    python benchmarks/ablation_learned.py FOLDER...

Folders in FVC naming (FINGER_IMPRESSION.ext), 500 ppi, all impressions against all. Each row is a way to make the
templates out of the same detections; pooled over the folders with one threshold.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import biocore
from biocore.errors import ExtractionError
from biocore.fingerprint import learned
from biocore.fingerprint.extract import extract
from biocore.fingerprint.robust import NEAR, TURNED
from biocore.types import FingerPosition

LOWEST_CUT = 0.08


@dataclass(frozen=True)
class Seen:
    """What both detectors say of one picture."""

    shape: tuple[int, ...]
    points: np.ndarray
    directions: np.ndarray
    kinds: np.ndarray
    scores: np.ndarray
    classical: biocore.FingerTemplate | None


Way = Callable[[Seen], biocore.FingerTemplate]


def look(path: Path) -> Seen:
    pixels = biocore.load(path, "finger", ppi=500).pixels
    found = learned.detect(pixels)
    try:
        classical = extract(pixels, "fast")
    except ExtractionError:
        classical = None
    return Seen(pixels.shape, found.points, found.directions, found.kinds, found.scores, classical)


def template(seen: Seen, points: np.ndarray, directions: np.ndarray, kinds: np.ndarray, quality: np.ndarray):
    whole = np.clip(np.floor(quality), 1, 100).astype(np.uint8)
    order = np.lexsort((points[:, 0], points[:, 1], -whole.astype(int)))[:255]
    return biocore.FingerTemplate(
        "ablation/1", seen.shape[1], seen.shape[0], FingerPosition.UNKNOWN, 500.0,
        points[order].astype(np.float32), directions[order].astype(np.float32), kinds[order], whole[order],
    )  # fmt: skip


def agreement(seen: Seen) -> tuple[np.ndarray, np.ndarray]:
    """Which learned minutiae the classical extractor confirms, and which classical ones nothing learned is near."""
    if seen.classical is None or not len(seen.points):
        return np.zeros(len(seen.points), bool), np.zeros(0 if seen.classical is None else len(seen.classical), bool)
    apart = np.linalg.norm(seen.points[:, None] - seen.classical.points[None], axis=2)
    turn = np.abs(np.angle(np.exp(1j * (seen.directions[:, None] - seen.classical.directions[None]))))
    return ((apart < NEAR) & (turn < TURNED)).any(axis=1), ~(apart < NEAR).any(axis=0)


def alone(cut: float) -> Way:
    def way(seen: Seen) -> biocore.FingerTemplate:
        kept = seen.scores >= cut
        return template(seen, seen.points[kept], seen.directions[kept], seen.kinds[kept], 100 * seen.scores[kept])

    return way


def voted(cut: float, share: float, union: float = 0.0) -> Way:
    def way(seen: Seen) -> biocore.FingerTemplate:
        confirmed, missing = agreement(seen)
        doubt = np.where(confirmed, (1 - share) * (1 - seen.scores), 1 - seen.scores)
        kept = seen.scores >= cut
        parts = [(seen.points[kept], seen.directions[kept], seen.kinds[kept], 100 * (1 - doubt[kept]))]
        if union and seen.classical is not None:
            c = seen.classical
            extra = (c.points[missing], c.directions[missing], c.kinds[missing], union * c.qualities[missing])
            parts.append(extra)
        return template(seen, *(np.concatenate(column) for column in zip(*parts, strict=True)))

    return way


WAYS: dict[str, Way] = {
    "classical fast": lambda seen: seen.classical,
    **{f"learned alone, cut {cut:.2f}": alone(cut) for cut in (0.60, 0.30, 0.12, 0.08)},
    "learned 0.12 + vote (what stands)": voted(0.12, 0.5),
    "learned 0.12 + vote + union 0.3": voted(0.12, 0.5, 0.3),
    "learned 0.12 + vote + union 0.6": voted(0.12, 0.5, 0.6),
}


def rates(prints: dict[str, biocore.FingerTemplate]) -> tuple[np.ndarray, np.ndarray]:
    mated, nonmated = [], []
    names = sorted(prints)
    for index, name in enumerate(names[:-1]):
        rest = names[index + 1 :]
        for other, result in zip(rest, biocore.search(prints[name], [prints[n] for n in rest]), strict=True):
            (mated if name.split("_")[0] == other.split("_")[0] else nonmated).append(result.score)
    return np.array(mated), np.array(nonmated)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    options = parser.parse_args()
    learned.MIN_SCORE = LOWEST_CUT
    start = time.process_time()
    sets = [{path.stem: look(path) for path in sorted(folder.glob("*_*.*"))} for folder in options.folders]
    print(f"looked at {sum(map(len, sets))} pictures in {time.process_time() - start:.0f} s of CPU")
    for name, way in WAYS.items():
        scores = [rates({key: made for key, seen in one.items() if (made := way(seen))}) for one in sets]
        mated, nonmated = (np.concatenate(column) for column in zip(*scores, strict=True))
        order = np.sort(nonmated)[::-1]
        misses = [100 * np.mean(mated <= order[int(rate * len(order))]) for rate in (1e-2, 1e-3, 1e-4)]
        print(f"{name:36s} FNMR % at FMR 1e-2 / 1e-3 / 1e-4: " + " / ".join(f"{miss:.2f}" for miss in misses))


if __name__ == "__main__":
    main()
