"""Make prints worse step by step, and say how often the quality score rises.

    python benchmarks/score_ladders.py [--fingers 60] [--first 20000] [FOLDER ...]

Without a folder: synthetic fingers that no training has used. With folders: every `--every`-th picture in each.
A step counts as a rise where its score is more than 3 points above the lowest of the steps before it. Steps that are
refused because nothing is left to measure are left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np

from biocore.errors import BiocoreError
from biocore.fingerprint.ground import print_measures
from biocore.fingerprint.nfiq2 import nfiq2_measures
from biocore.fingerprint.score import default_score
from biocore.fingerprint.synth import impression
from biocore.types import GreyImage

NOTICEABLE = 3.0  # points
Ladder = list[GreyImage]
Measuring = Callable[[GreyImage], dict[str, float]]


def blurred(pixels: GreyImage, sigma: float) -> GreyImage:
    """Blur by a Gaussian of sigma px."""
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), dtype=np.uint8)


def noisy(pixels: GreyImage, sigma: float) -> GreyImage:
    """Add Gaussian noise of sigma grey levels, the same at every call."""
    noise = np.random.default_rng(1).normal(0.0, sigma, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def faded(pixels: GreyImage, contrast: float) -> GreyImage:
    """Fade towards white."""
    return (255.5 - (255.0 - pixels) * contrast).astype(np.uint8)


def darkened(pixels: GreyImage, contrast: float) -> GreyImage:
    """Fade towards black."""
    return (pixels * contrast + 0.5).astype(np.uint8)


def flattened(pixels: GreyImage, contrast: float) -> GreyImage:
    """Fade towards the mean grey."""
    mean = float(pixels.mean())
    return np.clip(mean + (pixels - mean) * contrast + 0.5, 0, 255).astype(np.uint8)


def finger_box(pixels: GreyImage) -> tuple[int, int, int, int]:
    """Return top, bottom, left, right of where the grey levels vary: the finger, without its blank surroundings."""
    grey = pixels.astype(np.float32)
    spread = cv2.blur(grey * grey, (25, 25)) - cv2.blur(grey, (25, 25)) ** 2
    inside = spread > 0.2 * np.quantile(spread, 0.9)
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(rows):
        return 0, pixels.shape[0], 0, pixels.shape[1]
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def cut(pixels: GreyImage, kept: float, side: str) -> GreyImage:
    """Cut the finger off from one side (top, bottom, left, right) or from all, so that a share of its box is kept."""
    top, bottom, left, right = finger_box(pixels)
    height, width = bottom - top, right - left
    if side == "all":
        off = (1.0 - np.sqrt(kept)) / 2
        dy, dx = round(height * off), round(width * off)
        part = pixels[top + dy : bottom - dy, left + dx : right - dx]
    else:
        dy, dx = round(height * (1.0 - kept)), round(width * (1.0 - kept))
        part = {
            "top": pixels[top + dy :],
            "bottom": pixels[: bottom - dy],
            "left": pixels[:, left + dx :],
            "right": pixels[:, : right - dx],
        }[side]
    return np.ascontiguousarray(part)


def ladders(pixels: GreyImage) -> dict[str, Ladder]:
    """Return the print made worse in ten ways; the print as it was comes first in each."""
    kinds = {
        "blur": [blurred(pixels, sigma) for sigma in (0.7, 1.0, 1.5, 2.0, 3.0, 4.0)],
        "noise": [noisy(pixels, sigma) for sigma in (5, 10, 20, 40, 80)],
        "to white": [faded(pixels, contrast) for contrast in (0.85, 0.7, 0.5, 0.3, 0.15)],
        "to black": [darkened(pixels, contrast) for contrast in (0.7, 0.5, 0.3, 0.15)],
        "to mean": [flattened(pixels, contrast) for contrast in (0.7, 0.5, 0.25, 0.12)],
        "cut all": [cut(pixels, kept, "all") for kept in (0.8, 0.6, 0.4, 0.25)],
    }
    for side in ("top", "bottom", "left", "right"):
        kinds[f"cut {side}"] = [cut(pixels, kept, side) for kept in (0.85, 0.7, 0.55, 0.4)]
    return {name: [pixels, *steps] for name, steps in kinds.items()}


def measured(ladder: Iterable[GreyImage], measure: Measuring = print_measures) -> list[dict[str, float]]:
    """Return the measures the score is made of, for the steps that can be measured."""
    found = []
    for pixels in ladder:
        try:
            nfiq2_measures(pixels)  # a picture that NFIQ 2 refuses has no score
            found.append(measure(pixels))
        except BiocoreError:
            continue
    return found


def greyed(pixels: GreyImage) -> GreyImage:
    """Show the print as a sensor that delivers its whole frame in grey does."""
    return (150.0 + 0.55 * (pixels.astype(np.float64) - 200.0)).clip(0, 255).astype(np.uint8)


def synthetic(first: int, fingers: int) -> Iterator[GreyImage]:
    """Give impressions of synthetic fingers as on an ordinary day; every fourth in a grey frame, every fifth small."""
    for i in range(fingers):
        size = (300, 300) if i % 5 == 4 else (400, 500)
        pixels = impression(first + i, i + 1, size=size)
        yield greyed(pixels) if i % 4 == 3 else pixels


def grainy(first: int, fingers: int) -> Iterator[GreyImage]:
    """Give impressions as of a sensor with a grey frame and a grain of 4 to 12 grey levels."""
    for i in range(fingers):
        yield noisy(greyed(impression(first + i, i + 1)), 4.0 + 2.0 * (i % 5))


def measured_ladders(
    prints: Iterable[GreyImage], measure: Measuring = print_measures
) -> list[dict[str, list[dict[str, float]]]]:
    """Return the measures down each ladder of each print that can be measured itself."""
    found = []
    for pixels in prints:
        if measured([pixels], measure):
            found.append({name: measured(steps, measure) for name, steps in ladders(pixels).items()})
    return found


def rises(scores: list[float]) -> list[float]:
    """Return, for each step after the first, by how much it is above the lowest before it (negative: below)."""
    lowest = np.minimum.accumulate(scores)
    return [float(score - low) for score, low in zip(scores[1:], lowest[:-1], strict=True)]


def table(prints: list[dict[str, list[dict[str, float]]]]) -> list[str]:
    """Return the lines of the table: each ladder, and all."""
    found: dict[str, list[float]] = {}
    ends: dict[str, list[tuple[float, float]]] = {}
    for name in prints[0]:
        scores = [[default_score(step) for step in ladder[name]] for ladder in prints]
        found[name] = [rise for steps in scores for rise in rises(steps)]
        ends[name] = [(steps[0], steps[-1]) for steps in scores]
    lines = [f"  {'ladder':11s} steps  rise by > {NOTICEABLE:.0f}  by > 6  at most  mean score, first and last"]
    found["all"] = [rise for risen in found.values() for rise in risen]
    for name, risen in found.items():
        above = [100 * float(np.mean(np.array(risen) > limit)) for limit in (NOTICEABLE, 6.0)]
        line = f"  {name:11s} {len(risen):5d} {above[0]:9.1f} % {above[1]:5.1f} % {max(risen):7.1f}"
        if name in ends:
            first, last = np.mean(ends[name], axis=0)
            line += f" {first:10.0f} {last:4.0f}"
        lines.append(line)
    return lines


def pictures(folder: Path, every: int) -> Iterator[GreyImage]:
    """Read every n-th picture of a folder."""
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".png", ".pgm", ".tif", ".bmp"))
    for path in paths[::every]:
        yield np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="*", metavar="FOLDER")
    parser.add_argument("--fingers", type=int, default=60, help="synthetic fingers")
    parser.add_argument(
        "--first", type=int, default=20000, help="the first synthetic finger; training has 1000 to 1079"
    )
    parser.add_argument("--every", type=int, default=4, help="take every n-th picture of a folder")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    every = []
    for folder in args.folders:
        prints = measured_ladders(pictures(folder, args.every))
        print(f"{folder.name}: {len(prints)} prints", *table(prints), sep="\n")
        every += prints
    if not args.folders:
        every = measured_ladders(synthetic(args.first, args.fingers))
    if len(args.folders) != 1:
        print(f"{'all folders' if args.folders else 'synthetic'}: {len(every)} prints", *table(every), sep="\n")


if __name__ == "__main__":
    main()
