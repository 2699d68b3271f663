"""Which cause leads, on prints whose cause is known: confusion tables.

    python benchmarks/cause_table.py [--painter FILE] [--seed 78] [--fingers 20] [--per-set 8] [--held-out] [--misses]

With --held-out each set, each painter, and each set by each painter, is judged by rules fitted without it.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import defects
from defects import CLEAN, load_painter, painted, synthetic
from fit_causes import Sample, fit, samples

from biocore.fingerprint.causes import conclude
from biocore.fingerprint.preview import CELL
from biocore.fingerprint.rules import RULES

ALSO = {  # a defect of place shows in several ways; the advice is the same
    "PARTIAL": {"PARTIAL", "OFF_CENTRE", "TOO_SMALL"},
    "OFF_CENTRE": {"PARTIAL", "OFF_CENTRE"},
    "TOO_SMALL": {"PARTIAL", "TOO_SMALL"},
}


def lead(sample: Sample) -> str:
    causes = conclude(sample.physics)
    return str(causes[0].name) if causes else CLEAN


def show(title: str, found: Sequence[tuple[Sample, str]], row: Callable[[Sample], str]) -> None:
    """Print a confusion table: a line for each cause and row."""
    print(f"\n{title}")
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for sample, name in found:
        counts[sample.cause, row(sample)][name] += 1
    for (cause, kind), count in sorted(counts.items()):
        total = sum(count.values())
        right = sum(n for name, n in count.items() if name in ALSO.get(cause, {cause}))
        rest = ", ".join(f"{name} {n}" for name, n in count.most_common(5))
        print(f"{cause:11s} {kind:15s} {100 * right / total:5.1f} % of {total:3d}   {rest}")


def held_out(
    all_samples: Sequence[Sample], part: Callable[[Sample], str], without: str = ""
) -> list[tuple[Sample, str]]:
    """Judge each part by rules fitted without it, and without the set `without`."""
    found, shipped = [], dict(RULES)
    for name in sorted({part(s) for s in all_samples} - {""}):
        RULES.update(fit([s for s in all_samples if part(s) != name and s.group != without]))
        found += [(s, lead(s)) for s in all_samples if part(s) == name]
    RULES.update(shipped)
    return found


def held_out_twice(all_samples: Sequence[Sample]) -> list[tuple[Sample, str]]:
    """Judge each set as each painter paints it by rules fitted without that set and without that painter."""
    found: list[tuple[Sample, str]] = []
    for group in sorted({s.group for s in all_samples}):
        judged = held_out(all_samples, lambda s: s.painter, without=group)
        found += [(s, name) for s, name in judged if s.group == group]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--painter", type=Path, help="a file with paint(image, kind, rng), used as well")
    parser.add_argument("--seed", type=int, default=78)
    parser.add_argument("--fingers", type=int, default=20, help="synthetic fingers")
    parser.add_argument("--first", type=int, default=500, help="the first synthetic finger")
    parser.add_argument("--per-set", type=int, default=defects.PER_SET, help="prints of a set that are painted")
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--misses", action="store_true", help="name each picture whose lead is wrong")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    defects.PER_SET = args.per_set
    paint = load_painter(args.painter) if args.painter else None
    cases = [*painted(args.seed, paint), *synthetic(args.fingers, args.first)]
    measured = samples(cases)
    found = [(s, lead(s)) for s in measured]
    if args.misses:
        for case, (sample, name) in zip(cases, found, strict=True):
            if name not in ALSO.get(sample.cause, {sample.cause}):
                print(f"  {case.group} {case.name} {case.kind} {case.painter}: {name}")
    real = [(s, name) for s, name in found if s.group != "synthetic"]
    show("Synthetic, by severity", [f for f in found if f[0].group == "synthetic"], lambda s: f"{s.severity:.2f}")
    show("Real, by set", real, lambda s: s.group)
    show("Real, by painter", real, lambda s: s.painter or CLEAN)
    glance = [lead(s) for s in samples(cases, CELL)]
    agree = sum(a == b for a, (_, b) in zip(glance, found, strict=True))
    print(f"\npreview and assessment name the same lead on {100 * agree / len(found):.1f} % of {len(found)}")
    if args.held_out:
        show("Each set judged by rules fitted without it", held_out(measured, lambda s: s.group), lambda s: s.group)
        show(
            "Each painter judged by rules fitted without it",
            held_out(measured, lambda s: s.painter),
            lambda s: s.painter,
        )

        show("Each set and painter judged by rules fitted without either", held_out_twice(measured), lambda s: s.group)


if __name__ == "__main__":
    main()
