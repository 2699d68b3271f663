"""Contact sheets of segmentations, the least believed first, to be looked at.

    python benchmarks/iris_overlays.py PICTURES OUT    PICTURES: a folder of eyes; OUT: a folder for sheet_00.png, ...

Red where an edge carried a contour, yellow where it is continued, magenta lids; used pixels are green, lashes orange,
lids blue.
Pictures without an iris come first, untouched, under the reason.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from biocore.errors import ExtractionError
from biocore.iris import draw
from biocore.iris.segment import segment
from biocore.iris.segmentation import Segmentation
from biocore.types import GreyImage

WIDTH, HEIGHT = 320, 240  # px of a tile
COLUMNS, ROWS = 6, 8  # tiles on a sheet


def tile(pixels: GreyImage, found: Segmentation | None, text: str) -> draw.Colour:
    """Return one picture with what was found on it, and a line of text."""
    canvas = draw.colour(pixels) if found is None else draw.overlay(pixels, found)
    scale = min(WIDTH / canvas.shape[1], HEIGHT / canvas.shape[0])
    small = cv2.resize(canvas, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    out = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    out[: small.shape[0], : small.shape[1]] = small[:HEIGHT, :WIDTH]
    cv2.putText(out, text, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 0), 1, cv2.LINE_AA)
    return out


def main(pictures: Path, out: Path) -> None:
    """Draw all pictures of a folder."""
    tiles: list[tuple[float, str, draw.Colour]] = []
    for path in sorted(pictures.glob("*.png")):
        pixels = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)
        try:
            found = segment(pixels)
        except ExtractionError as error:
            tiles.append((-1.0, path.stem, tile(pixels, None, f"{path.stem} {error}")))
            continue
        sure = found.confidence.value
        met = " ".join(concern.name for concern in found.warnings)
        tiles.append((sure, path.stem, tile(pixels, found, f"{path.stem} {sure:.2f} {met}")))
    tiles.sort(key=lambda t: t[:2])
    out.mkdir(parents=True, exist_ok=True)
    each = COLUMNS * ROWS
    for number, start in enumerate(range(0, len(tiles), each)):
        part = [t[2] for t in tiles[start : start + each]]
        part += [np.zeros_like(part[0])] * (-len(part) % COLUMNS)
        rows = [np.hstack(part[i : i + COLUMNS]) for i in range(0, len(part), COLUMNS)]
        cv2.imwrite(str(out / f"sheet_{number:02d}.png"), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
    doubted = sum(t[0] < 0.5 for t in tiles)
    print(f"{len(tiles)} pictures, {doubted} doubted or without an iris")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
