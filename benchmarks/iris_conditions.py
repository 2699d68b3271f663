"""Pictures as they are and under harder conditions, their templates, and the counted bits of all non-mated pairs.

What is shared by the scripts that measure comparisons of irises; IMAGES is a folder of pictures named
PERSON_EYE_IMPRESSION.png. Two eyes of one person count as non-mated, as they do in life: their textures have no more
in common than those of strangers (Daugman 2004).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.errors import ExtractionError
from biocore.formats.images import read_image
from biocore.iris import calibration
from biocore.iris.compare import REACH, pack
from biocore.iris.extract import extract
from biocore.kernels import iriscode
from biocore.types import GreyImage, IrisTemplate

Floats = NDArray[np.float64]
CLEAN = "as they are"


def _blurred(a: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(a, (0, 0), sigma), np.float32)


def _upscaled(a: NDArray[np.float32]) -> NDArray[np.float32]:
    """Halve the size and take four times that: a camera that claims more pixels than it has."""
    small = cv2.resize(a, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, None, fx=4.0, fy=4.0, interpolation=cv2.INTER_CUBIC), np.float32)


def _clouded(a: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lay a grey veil over it, densest in the middle: a cornea that scatters."""
    yy, xx = np.mgrid[: a.shape[0], : a.shape[1]]
    veil = 0.6 * np.exp(-((xx - a.shape[1] / 2) ** 2 + (yy - a.shape[0] / 2) ** 2) / (2 * 60.0**2))
    return np.asarray(_blurred(a, 1.0) * (1 - veil) + 150.0 * veil, np.float32)


def _compressed(a: NDArray[np.float32]) -> NDArray[np.float32]:
    _, data = cv2.imencode(".jpg", a.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 20])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.float32)


# Grey levels and px are those of MMU1: 320x240, irises of 50 to 60 px radius.
CONDITIONS: dict[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    CLEAN: lambda a: a,
    "pale": lambda a: a * np.float32(0.35) + np.float32(110),
    "pale and soft": lambda a: _blurred(a, 1.3) * np.float32(0.55) + np.float32(70),
    "defocused": lambda a: _blurred(a, 2.0),
    "very defocused": lambda a: _blurred(a, 3.0),
    "upscaled": _upscaled,
    "clouded": _clouded,
    "compressed": _compressed,
}


class Pairs(NamedTuple):
    """Non-mated pairs: counted bits at the best offset, the spread of their statistic, and the persons (n, 2).

    `rigid` bits are counted where the pictures lie upon each other as they are, sectors held in place.
    """

    different: NDArray[np.int32]
    common: NDArray[np.int32]
    rigid_different: NDArray[np.int32]
    rigid_common: NDArray[np.int32]
    spread: Floats
    persons: NDArray[np.str_]

    def of(self, chosen: NDArray[np.bool_]) -> Pairs:
        return Pairs(*(column[chosen] for column in self))


def pictures(folder: Path) -> dict[str, GreyImage]:
    """Read a folder's pictures by their names."""
    return {path.stem: np.asarray(read_image(path).pixels) for path in sorted(folder.glob("*.png"))}


def templates_of(images: dict[str, GreyImage], condition: str = CLEAN) -> dict[str, IrisTemplate]:
    """Extract all pictures under a condition; the refused ones are left out."""
    found = {}
    for name, pixels in images.items():
        worse = np.clip(np.round(CONDITIONS[condition](pixels.astype(np.float32))), 0, 255).astype(np.uint8)
        try:
            found[name] = extract(worse)
        except ExtractionError:
            continue
    return found


def eye_of(name: str) -> str:
    return name.rsplit("_", 1)[0]


def non_mated(probes: dict[str, IrisTemplate], references: dict[str, IrisTemplate]) -> Pairs:
    """Count the bits of each probe with the references of other eyes whose names come after its own."""
    statistic = calibration.model().statistic
    names = sorted(references)
    packed, eyes = pack(references[name] for name in names), np.array([eye_of(name) for name in names])
    columns: list[list[NDArray[np.generic]]] = [[] for _ in Pairs._fields]
    for name in sorted(probes):
        other = np.flatnonzero((eyes != eye_of(name)) & (np.array(names) > name))
        if not len(other):
            continue
        some, own = packed.part(other), probes[name]
        counts = iriscode.profile(iriscode.prepare(own.code, own.mask, REACH), some)
        best = statistic.of(*counts).argmax(axis=1)[:, None]
        counts = [np.take_along_axis(each, best, axis=1)[:, 0] for each in counts]
        rigid = [each[:, 0] for each in iriscode.profile(iriscode.prepare(own.code, own.mask, 0), some, rigid=True)]
        spread = calibration.spread(float(pack([own]).redundancy[0]), some.redundancy)
        persons = np.stack([np.full(len(other), name[:3]), [names[j][:3] for j in other]], axis=1)
        for column, value in zip(columns, (*counts, *rigid, spread, persons), strict=True):
            column.append(value)
    return Pairs(*(np.concatenate(column) for column in columns))


def joined(pairs: list[Pairs]) -> Pairs:
    """Put pairs one after the other."""
    return Pairs(*(np.concatenate(column) for column in zip(*pairs, strict=True)))
