"""Draw a contact sheet of synthetic eyes: both eyes of some people, then one eye with each defect.

python examples/eye_sheet.py eyes.png
"""

from __future__ import annotations

import sys

import cv2
import numpy as np

from biocore.iris import synth
from biocore.types import GreyImage

TILE = (192, 144)  # px, width and height
COLUMNS = 6


def tile(pixels: GreyImage, caption: str) -> GreyImage:
    """Shrink a picture and write what it is below."""
    small = cv2.resize(pixels, TILE, interpolation=cv2.INTER_AREA)
    label = np.full((18, TILE[0]), 255, np.uint8)
    cv2.putText(label, caption.lower().replace("_", " "), (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.42, 0, 1, cv2.LINE_AA)
    return np.vstack([small, label])


def main() -> None:
    """Write the sheet to the path given."""
    tiles = [
        tile(synth.impression(person, 1, side=side), f"person {person}, {side}")
        for person in (0, 4, 7)
        for side in ("right", "left")
    ]
    tiles += [tile(synth.impression(20, 1, synth.defect(cause, 0.8)), cause) for cause in synth.Defect]
    rows = [np.hstack(tiles[at : at + COLUMNS]) for at in range(0, len(tiles), COLUMNS)]
    coarse = ((np.vstack(rows).astype(np.int32) + 8) // 17 * 17).astype(np.uint8)  # sixteen grey levels: a small file
    cv2.imwrite(sys.argv[1], coarse, [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main()
