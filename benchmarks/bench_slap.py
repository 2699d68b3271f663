"""What taking a slap apart costs, and how often it is right: `python benchmarks/bench_slap.py [slaps] [data folder]`.

The table composes slaps of the synthetic fingers, and, where a data folder is named, of the real single prints in
it (`data/fp/fvc2002_db1b` and `db3b`), and counts fingers whose box lies within 64 px of the truth on the left, the
right and the top, and 128 px at the bottom.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import cv2
import numpy as np
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from biocore.errors import SlapError
from biocore.fingerprint.segment import whole
from biocore.fingerprint.slap import RotatedBox, SlapKind, segment_slap
from biocore.fingerprint.slap_types import LEFT_TO_RIGHT
from biocore.fingerprint.synth_slap import WINDOW, PlacedFinger, Platen, SlapConditions, compose, layout, truth_box
from biocore.types import FingerPosition, GreyImage

TOLERANCE_PX = np.array([64.0, 64.0, 64.0, 128.0])  # left, right, top, bottom, at 500 ppi
KINDS = (SlapKind.RIGHT_FOUR, SlapKind.LEFT_FOUR, SlapKind.RIGHT_FOUR, SlapKind.LEFT_FOUR, SlapKind.TWO_THUMBS)
LAYOUTS = (
    "plain",
    "turned to 30",
    "turned 30 to 44",
    "touching",
    "second phalanx",
    "halo, residue",
    "dark ground",
    "uneven pressure",
    "missing",
    "one barely there",
)

REAL_SETS = ("fvc2002_db1b", "fvc2002_db3b")


@dataclass
class Tally:
    """Counts of one layout."""

    slaps: int = 0
    slaps_right: int = 0
    fingers: int = 0
    fingers_right: int = 0
    refused: int = 0


def conditions(name: str, kind: SlapKind, rng: np.random.Generator) -> SlapConditions:
    """Draw the circumstances of one slap of a layout."""
    second = float(rng.choice([0.0, 0.7]))
    turn, gap = float(rng.uniform(-15, 15)), float(rng.uniform(10, 60))
    order = LEFT_TO_RIGHT[kind]
    some = tuple(order[n] for n in rng.permutation(len(order)))
    absent = 1 if len(order) == 2 else int(rng.integers(1, 3))
    side = float(rng.choice([-1.0, 1.0]))
    made = {
        "plain": SlapConditions(turn / 2, float(rng.uniform(2, 16)), float(rng.uniform(20, 90))),
        "turned to 30": SlapConditions(2 * turn, float(rng.uniform(2, 16)), gap + 10, second_phalanx=second),
        "turned 30 to 44": SlapConditions(side * float(rng.uniform(30, 44)), gap_px=35.0),
        "touching": SlapConditions(turn, 5.0, float(rng.uniform(-16, 8)), second_phalanx=second),
        "second phalanx": SlapConditions(turn, gap_px=gap, second_phalanx=0.8, crease_px=float(rng.uniform(8, 50))),
        "halo, residue": SlapConditions(
            turn, gap_px=gap, halo=float(rng.uniform(0.4, 1)), residue=float(rng.uniform(0.3, 0.9))
        ),
        "dark ground": SlapConditions(turn, gap_px=gap, background=float(rng.uniform(110, 180)), noise=4.0),
        "uneven pressure": SlapConditions(turn, gap_px=gap, pressure_spread=1.0, second_phalanx=second),
        "missing": SlapConditions(turn, gap_px=gap, missing=some[:absent], second_phalanx=second),
        "one barely there": SlapConditions(turn, gap_px=gap, faint=some[0], second_phalanx=second),
    }
    return made[name]


def misses(box: RotatedBox, truth: RotatedBox) -> NDArray[np.float64]:
    """Distances of left, right, top and bottom from the true ones, px, in the true finger's directions."""
    turn = math.radians(truth.angle_deg)
    axes = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    corners = (np.array(box.corners) - np.array(truth.centre)) @ axes
    left, right = corners[[0, 3], 0].mean(), corners[[1, 2], 0].mean()
    top, bottom = corners[:2, 1].mean(), corners[2:, 1].mean()
    half = np.array(truth.size) / 2
    return np.abs([left + half[0], right - half[0], top + half[1], bottom - half[1]])


def judge(pixels: GreyImage, truth: tuple[PlacedFinger, ...], tally: Tally) -> float:
    """Count what was found right in one slap; return the seconds it took."""
    begun = process_time()
    try:
        found = segment_slap(pixels, [placed.position for placed in truth], ppi=500).fingers
    except SlapError:
        found, tally.refused = (), tally.refused + 1
    spent = process_time() - begun
    right = sum(bool((misses(f.box, t.box) <= TOLERANCE_PX).all()) for f, t in zip(found, truth, strict=False))
    tally.slaps += 1
    tally.slaps_right += right == len(truth)
    tally.fingers += len(truth)
    tally.fingers_right += right
    return spent


def real_slaps(data: Path, count: int) -> Iterator[tuple[GreyImage, tuple[PlacedFinger, ...]]]:
    """Lay real single prints down as hands do."""
    files = sorted(path for name in REAL_SETS for path in (data / "data/fp" / name).glob("*.tif"))
    prints = [made for path in files if whole_tip(*(made := real_print(path))[0].shape)]
    for n in range(count):
        rng, kind = np.random.default_rng([n, 7]), KINDS[n % 5]
        made = SlapConditions(float(rng.uniform(-30, 30)), gap_px=float(rng.uniform(10, 60)))
        platen = Platen((WINDOW[1], WINDOW[0]))
        placed = []
        for number, place in enumerate(layout((n, n, int(kind)), kind, made, (WINDOW[0], WINDOW[1]))):
            touch, near = prints[int(rng.integers(len(prints)))]
            size = math.ceil(math.hypot(*touch.shape))
            turn = cv2.getRotationMatrix2D((touch.shape[1] / 2, touch.shape[0] / 2), place.angle_deg, 1.0)
            turn[:, 2] += size / 2 - np.array(touch.shape[::-1]) / 2
            planes = [
                np.asarray(cv2.warpAffine(plane, turn, (size, size), borderValue=ground), np.float32)
                for plane, ground in ((near, -1.0), (touch, 0.0))
            ]
            platen.lay((round(place.centre[0] - size / 2), round(place.centre[1] - size / 2)), *planes, number)
            placed.append(place)
        pixels = (245.0 * (1.0 - platen.lost) + rng.normal(0.0, 2.0, platen.lost.shape)).clip(0, 255).astype(np.uint8)
        yield (
            pixels,
            tuple(
                PlacedFinger(p.position, truth_box(platen.owner == k, p.centre, p.angle_deg, 1.0), 0)
                for k, p in enumerate(placed)
            ),
        )


def whole_tip(height: int, width: int) -> bool:
    """Say whether a single print holds about a whole finger tip, as a slap's do: the sets cut many on purpose."""
    return width >= 150 and height >= 1.15 * width


def real_print(path: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the light a print takes away, 0..1, and how far inside its outline each px lies (negative outside)."""
    pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None
    small = cv2.resize(pixels.astype(np.float32), None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA)
    square = cv2.resize(pixels.astype(np.float32) ** 2, None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA)
    cells = whole(np.sqrt(np.maximum(square - small * small, 0.0)) > 18.0).astype(np.uint8)
    cells = cv2.morphologyEx(cells, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(cells)
    largest = (labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))).astype(np.uint8)
    hull = cv2.convexHull(np.argwhere(largest)[:, ::-1].astype(np.int32))  # a wet middle has no contrast, and is finger
    full = cv2.fillConvexPoly(np.zeros(cells.shape, np.float32), hull, 1.0)
    mask = cv2.resize(full, pixels.shape[::-1], interpolation=cv2.INTER_LINEAR) > 0.5
    rows, columns = np.nonzero(mask)
    cut = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    depth = np.asarray(cv2.distanceTransform(np.pad(mask[cut], 1).astype(np.uint8), cv2.DIST_L2, 5))[1:-1, 1:-1]
    ground = float(np.quantile(pixels, 0.95))
    touch = np.where(mask[cut], np.clip(1.0 - pixels[cut] / ground, 0.0, 1.0), 0.0)
    return touch.astype(np.float32), np.where(mask[cut], depth / 100.0, -1.0).astype(np.float32)


def table(slaps: int, data: Path | None) -> None:
    """Print the accuracy of every layout."""
    tallies = {name: Tally() for name in LAYOUTS}
    spent = []
    for n in range(slaps):  # persons change slowest: growing their fingers costs most
        kind = KINDS[n % 5]
        for name in LAYOUTS:
            rng = np.random.default_rng([n, LAYOUTS.index(name)])
            scan = compose(n // 20, n, kind, conditions(name, kind, rng))
            spent.append(judge(scan.pixels, scan.fingers, tallies[name]))
    if data is not None:
        tallies["real prints, turned to 30"] = Tally()
        for pixels, truth in real_slaps(data, slaps):
            judge(pixels, truth, tallies["real prints, turned to 30"])
    print("| layout | slaps | fingers right, % | slaps right, % | refused |\n|---|---|---|---|---|")
    for name, t in tallies.items():
        shares = 100.0 * t.fingers_right / t.fingers, 100.0 * t.slaps_right / t.slaps
        print(f"| {name} | {t.slaps} | {shares[0]:.1f} | {shares[1]:.1f} | {t.refused} |")
    print(f"\n{1000.0 * float(np.median(spent)):.1f} ms of CPU a slap of {WINDOW[0]}x{WINDOW[1]} px (median)")


def test_four_fingers(benchmark: BenchmarkFixture) -> None:
    scan = compose(2, 1, SlapKind.RIGHT_FOUR, SlapConditions(second_phalanx=0.7))
    slap = benchmark(segment_slap, scan.pixels, SlapKind.RIGHT_FOUR, ppi=500)
    assert slap.fingers[0].position is FingerPosition.RIGHT_INDEX


if __name__ == "__main__":
    cv2.setNumThreads(1)
    table(int(sys.argv[1]) if len(sys.argv) > 1 else 100, Path(sys.argv[2]) if len(sys.argv) > 2 else None)
