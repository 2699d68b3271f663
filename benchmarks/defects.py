"""Prints of known cause: real ones painted, and synthetic ones, for `fit_causes.py` and `cause_table.py`.

Real prints are looked for in `BIOCORE_DATA` (default: `../shared` beside the checkout), in `data/fp`.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from painters import PAINTERS

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
SEVERITIES = (0.4, 0.7, 1.0)
OUTSIDE = {"faint": "LIGHT", "dry": "DRY", "worn": "WORN", "wet": "WET"}  # kinds of a --painter file

Paint = Callable[[GreyImage, str, np.random.Generator], GreyImage]


@dataclass(frozen=True, slots=True)
class Case:
    """One picture whose cause is known: `group` is its set, `kind` the row of the table, `cause` what is right."""

    group: str
    name: str
    kind: str
    cause: str
    pixels: GreyImage


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
            if image is not None:
                yield group, path.stem, np.asarray(image, np.uint8)


def painted(seed: int, paint: Paint | None = None, every: int = 2) -> Iterator[Case]:
    """Clean prints, and every n-th of them with every defect."""
    rng = np.random.default_rng(seed)
    for number, (group, name, image) in enumerate(real_prints()):
        yield Case(group, name, "clean", CLEAN, image)
        if (number + seed) % every:
            continue
        for cause, painter in PAINTERS.items():
            yield Case(group, name, cause, cause, painter(image, rng))
        for kind, cause in OUTSIDE.items() if paint else ():
            assert paint is not None
            yield Case(group, name, kind, cause, paint(image, kind, rng))


def synthetic(fingers: int, first: int = 100) -> Iterator[Case]:
    """Make the project's own prints: as they should be, and with each preset defect at three severities."""
    for finger in range(first, first + fingers):
        for touch in range(3):
            picture = synth.impression(finger, touch, synth.Conditions())
            yield Case("synthetic", f"{finger}_{touch}", "clean", CLEAN, picture)
        for cause in synth.Defect:
            for touch, severity in enumerate(SEVERITIES):
                picture = synth.impression(finger, 20 + touch, synth.defect(cause, severity))
                yield Case("synthetic", f"{finger}_{severity}", f"preset {cause}", str(cause), picture)
