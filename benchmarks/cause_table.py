"""Which cause leads, on prints whose cause is known: the confusion table, a row for each set and defect.

python benchmarks/cause_table.py [--painter FILE] [--seeds 1 2] [--fingers 5] [--every 2] [--misses]
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from pathlib import Path

import cv2
from defects import CLEAN, load_painter, painted, synthetic

from biocore.fingerprint.causes import find_causes

ALSO = {  # a defect of place shows in several ways; the advice is the same
    "PARTIAL": {"PARTIAL", "OFF_CENTRE", "TOO_SMALL"},
    "OFF_CENTRE": {"PARTIAL", "OFF_CENTRE"},
    "TOO_SMALL": {"PARTIAL", "TOO_SMALL"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--painter", type=Path, help="a file with paint(image, kind, rng), used as well")
    parser.add_argument("--seeds", type=int, nargs="*", default=[1])
    parser.add_argument("--fingers", type=int, default=5, help="synthetic fingers")
    parser.add_argument("--first", type=int, default=500, help="the first synthetic finger")
    parser.add_argument("--every", type=int, default=2, help="paint every n-th print")
    parser.add_argument("--misses", action="store_true", help="name each picture whose lead is wrong")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    paint = load_painter(args.painter) if args.painter else None
    leads: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    clock = []
    cases = (c for seed in args.seeds for c in painted(seed, paint, args.every))
    for case in (c for source in (cases, synthetic(args.fingers, args.first)) for c in source):
        start = time.process_time()
        causes = find_causes(case.pixels)
        clock.append(time.process_time() - start)
        lead = str(causes[0].name) if causes else CLEAN
        leads[case.kind, case.cause, case.group][lead] += 1
        if args.misses and lead not in ALSO.get(case.cause, {case.cause}):
            print(
                f"  {case.group} {case.name} {case.kind}: " + ", ".join(f"{c.name} {c.confidence:.2f}" for c in causes)
            )
    for (kind, cause, group), count in sorted(leads.items()):
        total = sum(count.values())
        right = sum(n for lead, n in count.items() if lead in ALSO.get(cause, {cause}))
        rest = ", ".join(f"{lead} {n}" for lead, n in count.most_common(5))
        print(f"{kind:18s} {group:15s} {100 * right / total:5.1f} % of {total:3d}   {rest}")
    clock.sort()
    print(f"find_causes: median {1000 * clock[len(clock) // 2]:.1f} ms CPU over {len(clock)} pictures")


if __name__ == "__main__":
    main()
