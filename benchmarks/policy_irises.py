"""What the thresholds of the profiles cost in eyes: FTE, FNMR and captures on MMU1, as it is and painted.

    python benchmarks/policy_irises.py [--data DIR] [--seed 7]

The five pictures of an eye: the first is the reference, the others are attempts, in four orders. The policy decides;
what it keeps is compared with the reference at a score of 40. Painted defects are those of the acceptance painter, on
eyes with known circles. Of these there is one picture an eye, its clean copy is the reference, and all attempts would
be alike: so only the share below each threshold is counted, and what is missed of the rest.
"""

from __future__ import annotations

import argparse
import csv
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

import biocore
from biocore.report import Cause, Outcome
from biocore.station.looks import Look, PlacementMode, Situation
from biocore.station.policy import decide
from biocore.station.profile import Profile
from biocore.station.profile_file import SHIPPED, load_profile
from biocore.types import EyePosition, GreyImage, Modality
from finger_sets import DATA

sys.path.append(str(DATA / "accept"))
from iris_stress import paint  # type: ignore[import-not-found]

MATCHED = 40.0  # -10 log10(FMR)
KINDS = ("cataract_mild", "cataract_moderate", "cataract_white", "arcus", "ptosis", "lowcontrast")
EYE = EyePosition.RIGHT
Tried = tuple[int | None, tuple[Cause, ...], biocore.Template | None]


def tried(pixels: GreyImage) -> Tried:
    sample = biocore.Sample(biocore.Frame(np.ascontiguousarray(pixels)), Modality.IRIS, EYE)
    report = biocore.assess(sample)
    try:
        return report.score, report.causes, biocore.extract(sample)
    except biocore.BiocoreError:
        return report.score, report.causes, None


def score(first: biocore.Template | None, second: biocore.Template | None) -> float:
    return 0.0 if first is None or second is None else biocore.compare(first, second).score


def record(profile: Profile, attempts: list[Tried], reference: biocore.Template | None) -> tuple[bool, bool, int]:
    """Return whether an eye was accepted, whether it is missed then, and how many attempts it took."""
    situation = Situation(profile, (EYE,), date(2026, 11, 22), eye_mode=PlacementMode.SINGLE)
    while (step := decide(situation, EYE)).decision.outcome not in (Outcome.ACCEPT, Outcome.EXCEPTION):
        made = len(situation.looks)
        quality, causes, template = attempts[made % len(attempts)]
        matches = {k + 1: score(attempts[k % len(attempts)][2], template) for k in range(made)}
        look = Look(EYE, made + 1, quality, "" if quality is not None else "no eye", causes=causes)
        look = replace(look, has_template=template is not None, matches=matches, capture=made + 1)
        situation = replace(situation, looks=(*situation.looks, look))
    taken = step.fuse or ((step.best,) if step.best else ())
    kept = [t for k in taken if (t := attempts[(k - 1) % len(attempts)][2]) is not None]
    united = biocore.fuse(kept) if len(kept) > 1 else (kept[0] if kept else None)
    return step.exception is None, score(united, reference) < MATCHED, len(situation.looks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA / "data" / "iris" / "mmu1")
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    pictures = {path.name: biocore.load(path, "iris").pixels for path in sorted(chosen.data.glob("*.png"))}
    eyes: dict[str, list[Tried]] = {}
    for name, pixels in pictures.items():
        eyes.setdefault(name.rpartition("_")[0], []).append(tried(pixels))
    print("| profile | accepted at the first look, % | FTE | FNMR | attempts |\n|---|---|---|---|---|")
    for name in SHIPPED:
        profile = load_profile(name)
        ends = [
            record(profile, looks[1 + k :] + looks[1 : 1 + k], looks[0][2]) for looks in eyes.values() for k in range(4)
        ]
        accepted = [missed for good, missed, _ in ends if good]
        first = np.mean([good and count == 1 for good, _, count in ends])
        fte, count = 1 - len(accepted) / len(ends), np.mean([count for *_, count in ends])
        print(
            f"| {name} | {100 * first:.1f} | {100 * fte:.1f} | {100 * np.mean(accepted):.1f} | {count:.2f} |",
            flush=True,
        )
    rng = np.random.default_rng(chosen.seed)
    circles = list(csv.DictReader((DATA / "reference" / "mmu1_circles.csv").open()))
    print(
        "\n| painted | below 25, % | missed of the rest | below 50 | missed | below 60 | missed |\n|---"
        + "|---" * 6
        + "|"
    )
    for kind in KINDS:
        found = []
        for row in circles:
            values = [float(row[k]) for k in ("pupil_x", "pupil_y", "pupil_r", "limbus_x", "limbus_y", "limbus_r")]
            painted = paint(pictures[row["file"]], tuple(values[:3]), tuple(values[3:]), kind, rng)
            quality, _, template = tried(painted)
            found.append((quality if quality is not None else -1, score(template, tried(pictures[row["file"]])[2])))
        cells = []
        for least in (25, 50, 60):
            rest = [compared < MATCHED for quality, compared in found if quality >= least]
            missed = f"{100 * np.mean(rest):.1f}" if rest else "-"
            cells.append(f"{100 * (1 - len(rest) / len(found)):.1f} | {missed}")
        print(f"| {kind} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
