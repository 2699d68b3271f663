"""Is the iris where the engine says it is? Synthetic eyes with exact truth, healthy and with every defect.

    python benchmarks/iris_truth.py [--eyes 40] [--size 640x480] [--only CLOUDY,ARCUS] [--overlays DIR]

region   = mean IoU of the iris between the contours and the lids with the truth, over the eyes that were accepted
mask     = the same of the usable pixels: lashes and reflections too
contour  = median over the eyes of the larger of the two contours' mean distances to the true ones, % of iris radius
refused  = no iris found, or not to be believed: no template is made, the operator is told
silent   = not refused, although a contour is off by more than 5 % of the iris radius; of these `poor` score below 25,
           so that the picture is taken again
cause    = share of eyes whose first cause is the right one (healthy: none)
Exit status 0 where region, contour and cause reach their bars. Of a closed or absent eye only refusal counts.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

import biocore
from biocore.iris import synth, zones
from biocore.iris.extract import LEAST_CONFIDENCE
from biocore.iris.segment import segment
from biocore.iris.segmentation import Contour, Segmentation
from biocore.types import Frame, Modality, Sample

REGION = {"healthy": 0.95}  # least mean IoU
REGION_WITH_DEFECT = 0.88
CONTOUR = 2.0  # % of iris radius
SILENT = 5.0  # % of iris radius
SCORE = 25  # below, the picture is taken again
CAUSE = 0.8
# Severities each defect is drawn with, one after the other, and what may lead its causes where the name is another:
# of a drooping lid CLOSED leads to the same advice, to open the eye; a pterygium has no cause of its own.
SEVERITIES = (0.4, 0.7, 1.0)
GRADES = (0.25, 0.5, 0.75, 1.0)
NAMES = {
    "healthy": {""},
    "LID": {"LID", "CLOSED"},
    "COLOBOMA": {"IRREGULAR_PUPIL"},
    "PTERYGIUM": {"", "LASHES", "REFLECTION", "LID"},
}
NO_IRIS = ("CLOSED", "NO_EYE")


@dataclass(frozen=True)
class Outcome:
    """What the engine made of one eye; NaN where it refused."""

    lead: str
    refused: bool
    poor: bool
    region: float = np.nan
    mask: float = np.nan
    contour: float = np.nan


def distance(found: Contour, truth: Contour) -> float:
    """Mean distance of the true contour's points to the found one, px."""
    a, b = truth.points(), found.points(1024)
    return float(np.hypot(a[:, None, 0] - b[None, :, 0], a[:, None, 1] - b[None, :, 1]).min(axis=1).mean())


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / max(1, (a | b).sum()))


def contours(pixels: np.ndarray, found: Segmentation | None, eye: synth.SyntheticEye) -> np.ndarray:
    """Draw truth (white) and finding (black and white) over the picture."""
    canvas = pixels.copy()
    for contour, grey in [(eye.pupil, 255), (eye.limbus, 255)] + (
        [(found.pupil, 0), (found.limbus, 0)] if found else []
    ):
        if contour is not None:
            points = np.round(contour.points() * 16).astype(np.int32)
            cv2.polylines(canvas, [points], True, grey, 1, cv2.LINE_AA, 4)
    return canvas


def examine(eye: synth.SyntheticEye, overlay: Path | None) -> Outcome:
    report = biocore.assess(Sample(Frame(eye.pixels), Modality.IRIS))
    lead = report.causes[0].name.value if report.causes else ""
    try:
        found = segment(eye.pixels)
    except biocore.BiocoreError:
        found = None
    refused = found is None or found.confidence.value < LEAST_CONFIDENCE
    poor = report.score is None or report.score < SCORE
    result = Outcome(lead, refused, poor)
    if found is not None and eye.limbus is not None and eye.pupil is not None:
        off = max(distance(found.pupil, eye.pupil), distance(found.limbus, eye.limbus)) / eye.limbus.radius
        region = iou(zones.ring(found) & ~found.lids, eye.ring & ~eye.lids)
        result = Outcome(lead, refused, poor, region, iou(found.mask, eye.visible), 100.0 * off)
    if overlay is not None:
        cv2.imwrite(str(overlay), contours(eye.pixels, found, eye))
    return result


def row(name: str, outcomes: list[Outcome]) -> bool:
    """Print a line, and say whether it reaches the bars."""
    kept = [o for o in outcomes if not o.refused]
    leads = Counter(o.lead for o in outcomes)
    accepted = NAMES.get(name, {name})
    right = sum(leads[lead] for lead in accepted) / len(outcomes)
    refused = len(outcomes) - len(kept)
    top = ", ".join(f"{lead or 'none'} {count}" for lead, count in leads.most_common(4))
    if name in NO_IRIS:
        print(f"{name:16s} refused {refused:3d} of {len(outcomes):3d}   cause {right:4.0%}  ({top})")
        return refused == len(outcomes) and right >= CAUSE
    if not kept:
        print(f"{name:16s} refused all {len(outcomes)}   cause {right:4.0%}  ({top})")
        return False
    region, mask = float(np.mean([o.region for o in kept])), float(np.mean([o.mask for o in kept]))
    contour, silent = float(np.median([o.contour for o in kept])), [o for o in kept if o.contour > SILENT]
    good = region >= REGION.get(name, REGION_WITH_DEFECT) and contour <= CONTOUR and right >= CAUSE
    again = sum(o.poor for o in silent)
    print(
        f"{name:16s} region {region:.3f}  mask {mask:.3f}  contour {contour:4.2f} %  refused {refused:3d}  "
        f"silent {len(silent):3d} (poor {again}) of {len(outcomes)}  cause {right:4.0%}  "
        f"{'' if good else 'SHORT '}({top})"
    )
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eyes", type=int, default=40)
    parser.add_argument("--size", default="640x480")
    parser.add_argument("--only", default="")
    parser.add_argument("--overlays", type=Path)
    parser.add_argument("--first", type=int, default=5000, help="seed of the first eye")
    args = parser.parse_args()
    width, height = (int(side) for side in args.size.split("x"))
    names = args.only.split(",") if args.only else ["healthy", *synth.Defect]
    good = True
    if args.overlays:
        args.overlays.mkdir(parents=True, exist_ok=True)
    for name in names:
        steps = GRADES if name == "CLOUDY" else SEVERITIES
        outcomes = []
        for number in range(args.eyes):
            severity = steps[number % len(steps)]
            conditions = None if name == "healthy" else synth.defect(name, severity)
            side = "left" if number % 2 else "right"
            eye = synth.render(args.first + number, 1, conditions, (width, height), side)
            overlay = args.overlays / f"{name}_{number:03d}_{severity:g}.png" if args.overlays else None
            outcomes.append(examine(eye, overlay))
        good &= row(str(name), outcomes)
    print("iris truth:", "all bars reached" if good else "falls short")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
