"""Draw the mated pairs of the visible sets that score lowest, and the non-mated ones that score highest.

    python benchmarks/worst_pairs.py FOLDER [--effort fast|robust] [--count 20] [--shared DIR]

Writes a picture a pair, and sheets of ten; prints a line a pair. Paired minutiae are joined by lines.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from comparison_data import SETS, Key, images, photographs

from biocore.errors import BiocoreError
from biocore.fingerprint.compare import compare, search
from biocore.fingerprint.extract import extract
from biocore.fingerprint.robust import extract_robust
from biocore.types import FingerTemplate, GreyImage
from biocore_bindings.drawing import RGB, pairing_picture

TILE = (760, 400)  # px of a pair on a sheet
COLUMNS, ROWS = 2, 5


def worst(templates: dict[Key, FingerTemplate | None], mated: bool, count: int) -> list[tuple[float, Key, Key]]:
    """Find the pairs of one set that deceive most, the worst first; a refused picture scores -1."""
    found = []
    for set_ in SETS:
        keys = [key for key in templates if key[0] == set_]
        for n, key in enumerate(keys):
            rest = [other for other in keys[n + 1 :] if (other[1] == key[1]) == mated]
            probe = templates[key]
            there = {other: t for other in rest if (t := templates[other]) is not None} if probe else {}
            scores = {}
            if probe is not None:
                scores = dict(zip(there, (c.score for c in search(probe, list(there.values()))), strict=True))
            found += [(scores.get(other, -1.0), key, other) for other in rest]
    return sorted(found, key=lambda row: row[0] if mated else -row[0])[:count]


def tile(picture: RGB, text: str) -> RGB:
    """Fit a picture into its place on a sheet, with a line of text above."""
    room = np.full((TILE[1], TILE[0], 3), 255, np.uint8)
    scale = min(TILE[0] / picture.shape[1], (TILE[1] - 24) / picture.shape[0])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    room[24 : 24 + small.shape[0], : small.shape[1]] = small
    cv2.putText(room, text, (4, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return room


def draw(
    rows: list[tuple[float, Key, Key]],
    templates: dict[Key, FingerTemplate | None],
    pixels: dict[Key, GreyImage],
    to: Path,
) -> None:
    """Write the pictures and print the lines."""
    tiles = []
    for n, (score, one, other) in enumerate(rows):
        probe, reference = templates[one], templates[other]
        name = f"{one[0]} {one[1]}_{one[2]} {other[1]}_{other[2]}"
        if probe is None or reference is None:
            print(f"{name}: refused")
            continue
        found = compare(probe, reference)
        text = f"{name}: {score:.1f}, {len(found.pairs)} pairs of {len(probe)} and {len(reference)}"
        print(text)
        picture = pairing_picture((pixels[one], pixels[other]), probe, reference, found)[:, :, ::-1]
        cv2.imwrite(str(to.with_name(f"{to.name}-{n + 1:02d}.png")), picture)
        tiles.append(tile(picture, f"{n + 1}  {text}"))
    for first in range(0, len(tiles), COLUMNS * ROWS):
        page = tiles[first : first + COLUMNS * ROWS]
        page += [np.full_like(tiles[0], 255)] * (-len(page) % COLUMNS)
        sheet = np.vstack([np.hstack(page[k : k + COLUMNS]) for k in range(0, len(page), COLUMNS)])
        cv2.imwrite(str(to.with_name(f"{to.name}-sheet-{first // (COLUMNS * ROWS) + 1}.png")), sheet)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the pictures go; not into the project")
    parser.add_argument("--effort", choices=("fast", "robust"), default="fast")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with data/")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    pixels = dict(photographs(args.shared))
    templates: dict[Key, FingerTemplate | None] = dict.fromkeys(images(args.shared))
    for key, picture in pixels.items():
        try:
            templates[key] = extract(picture, "fast") if args.effort == "fast" else extract_robust(picture)
        except BiocoreError:
            print(f"{' '.join(key)} is refused")
    for kind, mated in (("mated", True), ("nonmated", False)):
        print(f"{args.effort}, {kind}:")
        draw(worst(templates, mated, args.count), templates, pixels, args.folder / f"{args.effort}-{kind}")


if __name__ == "__main__":
    main()
