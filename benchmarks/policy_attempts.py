"""Attempts at faint, dry, worn and wet fingers for `policy_ladder.py`: real prints, with the acceptance painter.

    python benchmarks/policy_attempts.py CACHE.pickle [--effort robust] [--seed 11] [--sets SET ...] [--severities 1]

Of each finger the clean first impression is the reference, as an earlier enrolment would be. Impressions 2 to 8 are
attempts: each with each defect, as painted (severity 1), mixed half and half with the clean print (0.5: what advice
that helps would leave of it), painted twice (2), and clean (0). Score and causes are `biocore.assess`'s. Templates are
compared with all earlier attempts of the finger, and with the references of all fingers of the set.
Takes 0.2 to 0.3 s a picture with the learned detector: about ten minutes in all.
"""

from __future__ import annotations

import argparse
import pickle
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import biocore
from biocore.report import Cause
from finger_sets import DATA, images

sys.path.append(str(DATA / "accept"))
from finger_faint import DEFECTS, VISIBLE, paint  # type: ignore[import-not-found]

SEVERITIES = (1.0, 0.5, 2.0)
CLEAN = "clean"
Series = tuple[str, str, str, float]  # set, finger, defect, severity


@dataclass(frozen=True)
class Tried:
    """One attempt: what `assess` says, and the template."""

    score: int | None
    causes: tuple[Cause, ...]
    template: biocore.Template | None


def painted(pixels: biocore.types.GreyImage, kind: str, severity: float, rng: np.random.Generator) -> np.ndarray:
    """Return a print with a defect."""
    if kind == CLEAN:
        return pixels
    once = paint(pixels, kind, rng)
    if severity < 1:
        mixed = severity * once.astype(np.float64) + (1 - severity) * pixels
        return np.rint(mixed).astype(np.uint8)
    return once if severity == 1 else paint(once, kind, rng)


def tried(pixels: np.ndarray, effort: biocore.engine.Effort) -> Tried:
    """Assess and extract one picture."""
    sample = biocore.Sample(biocore.Frame(np.ascontiguousarray(pixels), 500.0), biocore.types.Modality.FINGER)
    report = biocore.assess(sample)
    try:
        template = biocore.extract(sample, effort)
    except biocore.BiocoreError:
        template = None
    return Tried(report.score, report.causes, template)


def collect(
    sets: list[str], severities: list[float], effort: biocore.engine.Effort, seed: int
) -> dict[Series, tuple[Tried, ...]]:
    """Return all attempts by series; the reference is the series `reference` of severity 0."""
    rng = np.random.default_rng(seed)
    found: dict[Series, list[Tried]] = {}
    for name in sets:
        for stem, pixels in images(name).items():
            finger, impression = stem.split("_")
            if impression == "1":
                found[name, finger, "reference", 0.0] = [tried(pixels, effort)]
                continue
            for kind, severity in [(CLEAN, 0.0), *((k, s) for s in severities for k in DEFECTS)]:
                look = tried(painted(pixels, kind, severity, rng), effort)
                found.setdefault((name, finger, kind, severity), []).append(look)
            print(name, stem, flush=True)
    return {series: tuple(looks) for series, looks in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--effort", default="robust", choices=biocore.engine.EFFORTS)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--sets", nargs="+", default=VISIBLE)
    parser.add_argument("--severities", nargs="+", type=float, default=SEVERITIES)
    args = parser.parse_args()
    args.cache.write_bytes(pickle.dumps(collect(args.sets, args.severities, args.effort, args.seed)))


if __name__ == "__main__":
    main()
