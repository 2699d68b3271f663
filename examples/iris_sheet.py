"""Draw what segmentation finds in the eyes of a folder on contact sheets, to be looked at.

    python examples/iris_sheet.py FOLDER OUT.png [--columns 8] [--rows 8] [--below 1.0]

Red: contours where an edge carries them; yellow: where they are continued; magenta: lids; green: usable iris; orange:
lashes, shadows, glare; blue: behind lids. Each eye is named with its confidence; `--below` keeps those under one.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

import biocore
from biocore.iris import draw
from biocore.iris.segment import segment

TILE = (320, 240)  # px


def tile(path: Path, below: float) -> draw.Colour | None:
    """Draw one eye; None where it is not wanted."""
    pixels = biocore.load(path, modality="iris").frame.pixels
    try:
        found = segment(pixels)
        picture, text, confidence = draw.overlay(pixels, found), f"{found.confidence.value:.2f}", found.confidence.value
    except biocore.BiocoreError as error:
        picture, text, confidence = draw.colour(pixels), str(error), 0.0
    if confidence >= below:
        return None
    scale = min(TILE[0] / pixels.shape[1], TILE[1] / pixels.shape[0])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    canvas = np.zeros((TILE[1], TILE[0], 3), np.uint8)
    canvas[: small.shape[0], : small.shape[1]] = small[: TILE[1], : TILE[0]]
    cv2.putText(canvas, f"{path.stem} {text}", (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 0, 0), 1, cv2.LINE_AA)
    return canvas


def main() -> None:
    """Write OUT-1.png, OUT-2.png, ..."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--below", type=float, default=2.0)
    args = parser.parse_args()
    paths = sorted(p for p in args.folder.iterdir() if p.suffix.lower() in {".png", ".bmp", ".jp2", ".tif"})
    tiles = [t for t in (tile(p, args.below) for p in paths) if t is not None]
    size = args.columns * args.rows
    for number, start in enumerate(range(0, len(tiles), size), 1):
        page = tiles[start : start + size]
        page += [np.zeros_like(page[0])] * (-len(page) % args.columns)
        lines = [np.hstack(page[i : i + args.columns]) for i in range(0, len(page), args.columns)]
        target = args.out.with_stem(f"{args.out.stem}-{number}")
        cv2.imwrite(str(target), np.vstack(lines)[:, :, ::-1])
        print(f"{target}: {len(lines)} lines, {len(tiles)} eyes in all")


if __name__ == "__main__":
    main()
