"""Prints of known cause: real ones painted, and synthetic ones, for `fit_causes.py` and `cause_table.py`.

Real prints are looked for in `BIOCORE_DATA` (default: `../shared` beside the checkout), in `data/fp`.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from painters import PAINTERS
from painters_other import OTHERS
from painters_third import CELLS, OVERLAYS

from biocore.fingerprint import synth
from biocore.types import GreyImage

CLEAN = "none"
FOLDER = Path(os.environ.get("BIOCORE_DATA", Path(__file__).resolve().parents[2] / "shared")) / "data" / "fp"
SETS = {
    "fvc2002_db1b": "*_[1234].tif",  # impressions 5 to 8 of FVC2002 were made dry or moist on purpose
    "fvc2002_db3b": "*_[1234].tif",
    "fvc2002_db4b": "*_[1234].tif",
    "fvc2000_db4b": "*_[1234].tif",
    "mosip_images": "*.jp2.png",
    "nfiq2_examples": "*.pgm",
}
SEVERITIES = (0.4, 0.55, 0.7, 0.85, 1.0)
BY = {"painters": PAINTERS, "painters_other": OTHERS, "cells": CELLS, "overlays": OVERLAYS}
DAMAGED = "probe_UNKNOWN"  # two pictures of MOSIP's test kit with half of the print scratched out
SENSOR = "sensor"
LEAST_DEPTH = 0.5  # of the ground's grey, from the ground to the darkest ink of a good print
PER_SET = 12  # prints of a set that are painted
OUTSIDE = {"faint": "LIGHT", "dry": "DRY", "worn": "WORN", "wet": "WET"}  # kinds of a --painter file

Paint = Callable[[GreyImage, str, np.random.Generator], GreyImage]


@dataclass(frozen=True, slots=True)
class Case:
    """One picture whose cause is known: `group` is its set, `kind` the row of the table, `cause` what is right.

    `painter` is a name in `BY`, "outside", "synthetic" or "" (a clean print).
    """

    group: str
    name: str
    kind: str
    cause: str
    pixels: GreyImage
    painter: str = ""
    severity: float = 1.0


def load_painter(path: Path) -> Paint:
    """Return `paint(image, kind, rng)` of a Python file."""
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    paint: Paint = module.paint
    return paint


def real_prints() -> Iterator[tuple[str, str, GreyImage]]:
    """Every print taken as clean: set, name, pixels."""
    for group, pattern in SETS.items():
        for path in sorted((FOLDER / group).glob(pattern)):
            image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
            if image is not None and DAMAGED not in path.name:
                yield group, path.stem, np.asarray(image, np.uint8)


def painted(seed: int, paint: Paint | None = None) -> Iterator[Case]:
    """All clean prints, and some of each set with every defect by every painter; other seeds, other prints.

    Clean prints come as they are and as another sensor would show them; of those painted, every other one does.

    Each picture has its own stream of chance: one painter more or a set less changes no other picture.
    """
    sets: dict[str, list[tuple[str, GreyImage]]] = {}
    for group, name, image in real_prints():
        sets.setdefault(group, []).append((name, image))
    for group, prints in sets.items():
        for name, image in prints:
            yield Case(group, name, "clean", CLEAN, image)
            variant = other_sensor(image, _stream(seed, group, name, SENSOR))
            yield Case(group, name, "other sensor", CLEAN, variant, SENSOR)
        step = max(1, len(prints) // PER_SET)
        for k, (name, image) in enumerate(prints[(seed + 1) % step :: step][:PER_SET]):
            if k % 2:
                image = other_sensor(image, _stream(seed, group, name, SENSOR))
            for painter, defects in BY.items():
                for cause, make in defects.items():
                    rng = _stream(seed, group, name, painter, cause)
                    yield Case(group, name, cause, cause, make(image, rng), painter)
            for kind, cause in OUTSIDE.items() if paint else ():
                assert paint is not None
                rng = _stream(seed, group, name, "outside", kind)
                yield Case(group, name, kind, cause, paint(image, kind, rng), "outside")


def other_sensor(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Take the same good print on another sensor: softer or grainier, another tone curve, scale and ground.

    A good print stays good: its contrast is that of the palest sensors known, its blur that of the softest.
    """
    scale = rng.uniform(0.93, 1.07)
    plane = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    plane = cv2.GaussianBlur(plane, (0, 0), rng.uniform(0.3, 0.85)).astype(np.float32)
    ground = float(np.percentile(plane, 95))
    depth = np.clip((ground - plane) / max(ground, 1.0), 0, 1) ** rng.uniform(0.8, 1.25)
    least = min(1.0, LEAST_DEPTH / max(float(np.percentile(depth, 98)), 0.01))
    white = rng.uniform(min(ground, 150.0), 255.0)
    plane = white * (1.0 - depth * rng.uniform(least, 1.0))
    return np.clip(plane + rng.normal(0, rng.uniform(0.0, 3.0), plane.shape), 0, 255).astype(np.uint8)


def _stream(seed: int, *names: str) -> np.random.Generator:
    return np.random.default_rng((seed, zlib.crc32("/".join(names).encode())))


def synthetic(fingers: int, first: int = 100, least: float = 0.0) -> Iterator[Case]:
    """Make the project's own prints: as they should be, and with each preset defect at severities from `least` on."""
    for finger in range(first, first + fingers):
        for touch in range(2):
            picture = synth.impression(finger, touch, synth.Conditions())
            yield Case("synthetic", f"{finger}_{touch}", "clean", CLEAN, picture)
        for cause in synth.Defect:
            for touch, severity in enumerate(SEVERITIES):
                if severity < least:
                    continue
                picture = synth.impression(finger, 20 + touch, synth.defect(cause, severity))
                kind = f"preset {cause} {severity}"
                yield Case("synthetic", f"{finger}_{severity}", kind, str(cause), picture, "synthetic", severity)
