"""Draw a contact sheet of synthetic prints: one finger of each class, then one finger with each defect.

python examples/contact_sheet.py prints.png
"""

from __future__ import annotations

import sys

import cv2
import numpy as np

from biocore.fingerprint import synth
from biocore.types import GreyImage

TILE = (160, 200)  # px, width and height
COLUMNS = 6


def tile(pixels: GreyImage, caption: str) -> GreyImage:
    """Shrink a print and write what it is below."""
    small = cv2.resize(pixels, TILE, interpolation=cv2.INTER_AREA)
    label = np.full((18, TILE[0]), 255, np.uint8)
    cv2.putText(label, caption.lower().replace("_", " "), (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.42, 0, 1, cv2.LINE_AA)
    return np.vstack([small, label])


def main() -> None:
    """Write the sheet to the path given."""
    seeds: dict[synth.FingerClass, int] = {}
    for seed in range(200):
        seeds.setdefault(synth.plan_of(seed).kind, seed)
    tiles = [tile(synth.impression(seeds[kind], 2), kind) for kind in synth.FingerClass]
    tiles += [tile(synth.impression(10, 1, synth.defect(cause)), cause) for cause in synth.Defect]
    tiles.append(tile(synth.impression(10, 1, synth.Conditions()), "nothing wrong"))
    rows = [np.hstack(tiles[at : at + COLUMNS]) for at in range(0, len(tiles), COLUMNS)]
    sheet = np.vstack(rows)
    coarse = ((sheet.astype(np.int32) + 8) // 17 * 17).astype(np.uint8)  # sixteen grey levels: a small file
    cv2.imwrite(sys.argv[1], coarse, [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main()
