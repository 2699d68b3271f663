"""Draw the mated pairs that score lowest and the non-mated ones that score highest, to be looked at.

    python benchmarks/iris_worst_pairs.py IMAGES FOLDER [--pairs 20]

IMAGES holds pictures named PERSON_EYE_IMPRESSION.png. Each row of a sheet is one pair: both pictures with contours and
what is masked, then the probe's strip turned to where it lies best, the reference's strip, and the bits of both
wavelengths: green where they agree, red where they differ, dark where one of both is masked.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from iris_conditions import eye_of, pictures
from numpy.typing import NDArray

from biocore.errors import ExtractionError
from biocore.iris.compare import compare, search
from biocore.iris.draw import overlay
from biocore.iris.encode import encode, unwrap
from biocore.iris.extract import extract
from biocore.iris.segment import segment
from biocore.types import IRIS_COLUMNS, GreyImage, IrisTemplate

Picture = NDArray[np.uint8]
SHEET = 5  # pairs on one
SIDE, STRIP = 240, 768  # px: height of a picture, width of a strip
AGREE, DIFFER, MASKED = (60, 150, 60), (220, 40, 40), (30, 30, 30)


class Pair(NamedTuple):
    """Two pictures and what they score."""

    probe: str
    reference: str
    score: float


def all_pairs(templates: dict[str, IrisTemplate]) -> tuple[list[Pair], list[Pair]]:
    """Compare all with all: mated pairs, worst first, and non-mated ones, best first."""
    names = sorted(templates)
    mated, others = [], []
    for k, name in enumerate(names[:-1]):
        rest = names[k + 1 :]
        for other, found in zip(rest, search(templates[name], [templates[each] for each in rest]), strict=True):
            (mated if eye_of(name) == eye_of(other) else others).append(Pair(name, other, found.score))
    return sorted(mated, key=lambda pair: pair.score), sorted(others, key=lambda pair: -pair.score)


def bits(template: IrisTemplate, turn: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return code and mask as rows of bits, the long wavelength above the short one: (64, IRIS_COLUMNS)."""
    places = np.arange(64, dtype=np.uint64)[:, None]
    code, mask = (np.roll(words, -turn)[None] >> places & np.uint64(1) for words in (template.code, template.mask))
    return code.astype(bool), mask.astype(bool)


def strip_of(pixels: GreyImage, turn: int) -> Picture:
    """Return the strip, turned, its contrast stretched, what is masked dimmed."""
    grey, valid = unwrap(pixels, segment(pixels))
    low, high = np.percentile(grey[valid > 0], [2, 98])
    strip = np.clip((grey - low) / max(high - low, 1.0) * 255, 0, 255) * np.where(valid, 1.0, 0.4)
    turned = np.roll(strip, -turn * strip.shape[1] // IRIS_COLUMNS, axis=1).astype(np.uint8)
    return np.asarray(cv2.cvtColor(cv2.resize(turned, (STRIP, SIDE // 4)), cv2.COLOR_GRAY2RGB), np.uint8)


def drawn(pair: Pair, images: dict[str, GreyImage]) -> Picture:
    """Draw one pair."""
    one, other = images[pair.probe], images[pair.reference]
    probe, reference = (encode(pixels, segment(pixels)) for pixels in (one, other))
    found = compare(probe, reference)
    turn = round((found.rotation or 0.0) * IRIS_COLUMNS / (2.0 * np.pi))
    (code, mask), (its_code, its_mask) = bits(probe, turn), bits(reference, 0)
    both = mask & its_mask
    colours = np.where((code == its_code)[..., None], np.array(AGREE), np.array(DIFFER))
    agreement = np.where(both[..., None], colours, np.array(MASKED)).astype(np.uint8)
    agreement = cv2.resize(agreement, (STRIP, SIDE // 2), interpolation=cv2.INTER_NEAREST)
    sides = [cv2.resize(overlay(pixels, segment(pixels)), (SIDE * 4 // 3, SIDE)) for pixels in (one, other)]
    row = np.hstack([*sides, np.vstack([strip_of(one, turn), strip_of(other, 0), agreement])])
    share = ((code != its_code) & both).sum() / max(int(both.sum()), 1)
    text = (
        f"{pair.probe} {pair.reference}  score {found.score:.0f}  {100 * share:.0f} % of {both.sum()} differ, {turn:+d}"
    )
    head = cv2.putText(
        np.zeros((24, row.shape[1], 3), np.uint8), text, (6, 17), 0, 0.5, (255, 255, 255), 1, cv2.LINE_AA
    )
    return np.asarray(np.vstack([head, row]), np.uint8)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", type=int, default=20)
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    images, templates = pictures(options.images), {}
    for name, pixels in images.items():
        try:
            templates[name] = extract(pixels)
        except ExtractionError as error:
            print(f"{name}: {error}")
    for kind, pairs in zip(("mated", "non-mated"), all_pairs(templates), strict=True):
        for first in range(0, options.pairs, SHEET):
            some = pairs[first : min(first + SHEET, options.pairs)]
            sheet = np.vstack([drawn(pair, images) for pair in some])
            cv2.imwrite(str(options.folder / f"{kind}-{first // SHEET + 1}.png"), sheet[:, :, ::-1])
        for pair in pairs[: options.pairs]:
            print(f"{kind:10s} {pair.probe} {pair.reference} {pair.score:6.1f}")


if __name__ == "__main__":
    main()
