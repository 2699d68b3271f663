"""Draw a contact sheet of synthetic prints or eyes: some of them as they are, then one with each defect.

python examples/contact_sheet.py prints prints.png
python examples/contact_sheet.py eyes eyes.png
"""

from __future__ import annotations

import argparse

import cv2
import numpy as np

from biocore.fingerprint import synth as prints
from biocore.iris import synth as eyes
from biocore.types import GreyImage

TILES = {"prints": (160, 200), "eyes": (192, 144)}  # px, width and height
COLUMNS = 6


def some_prints() -> list[tuple[GreyImage, str]]:
    """Draw a finger of each class, then one finger with each defect and without."""
    seeds: dict[prints.FingerClass, int] = {}
    for seed in range(200):
        seeds.setdefault(prints.plan_of(seed).kind, seed)
    whole = [(prints.impression(seeds[kind], 2), kind.name) for kind in prints.FingerClass]
    poor = [(prints.impression(10, 1, prints.defect(cause)), cause.name) for cause in prints.Defect]
    return [*whole, *poor, (prints.impression(10, 1, prints.Conditions()), "nothing wrong")]


def some_eyes() -> list[tuple[GreyImage, str]]:
    """Draw both eyes of three people, then one eye with each defect."""
    pairs = [(person, side) for person in (0, 4, 7) for side in ("right", "left")]
    whole = [(eyes.impression(person, 1, side=side), f"person {person}, {side}") for person, side in pairs]
    return whole + [(eyes.impression(20, 1, eyes.defect(cause, 0.8)), cause.name) for cause in eyes.Defect]


def tile(pixels: GreyImage, caption: str, size: tuple[int, int]) -> GreyImage:
    """Shrink a picture and write what it is below."""
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    label = np.full((18, size[0]), 255, np.uint8)
    cv2.putText(label, caption.lower().replace("_", " "), (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.42, 0, 1, cv2.LINE_AA)
    return np.vstack([small, label])


def main() -> None:
    """Write the sheet of the kind to the path given."""
    parser = argparse.ArgumentParser(description="Draw a contact sheet of synthetic prints or eyes.")
    parser.add_argument("kind", choices=sorted(TILES))
    parser.add_argument("path", metavar="FILE.png")
    asked = parser.parse_args()
    kind, path = asked.kind, asked.path
    drawn = some_eyes() if kind == "eyes" else some_prints()
    tiles = [tile(pixels, caption, TILES[kind]) for pixels, caption in drawn]
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % COLUMNS)
    sheet = np.vstack([np.hstack(tiles[at : at + COLUMNS]) for at in range(0, len(tiles), COLUMNS)])
    coarse = ((sheet.astype(np.int32) + 8) // 17 * 17).astype(np.uint8)  # sixteen grey levels: a small file
    if not cv2.imwrite(path, coarse, [cv2.IMWRITE_PNG_COMPRESSION, 9]):
        parser.error(f"{path} cannot be written")


if __name__ == "__main__":
    main()
