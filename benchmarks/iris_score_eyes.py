"""Synthetic eyes to train the iris quality model on: every defect by severity, compared with the eye's good pictures.

Pictures are drawn once and kept in a folder named by the generator's source: when that changes, they are drawn anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from biocore.errors import BiocoreError
from biocore.iris import synth
from biocore.iris.compare import compare
from biocore.iris.encode import encode
from biocore.iris.physics import IrisPhysics, measure
from biocore.iris.segment import segment
from biocore.types import GreyImage, IrisTemplate

SEVERITIES = (0.1, 0.4, 0.7, 1.0)
FIRST_SEED = 20_000  # of the eyes; none that tests or the other benchmarks draw
GOOD = (11, 12, 13)  # impressions of the healthy eye
DEFECTIVE = 1  # impression of the defects: one picture, so that severity alone changes
EYES = {(320, 240): 14, (640, 480): 7}  # how many of each size; half of the eyes are left ones
DEFECTS = tuple(d for d in synth.Defect if d.value not in ("CLOSED", "NO_EYE"))  # those with an iris
Seen = tuple[str, str, float, IrisPhysics, float]  # eye, kind, severity, physics, median comparison score


def pictures(cache: Path, number: int, size: tuple[int, int]) -> dict[str, GreyImage]:
    """Return an eye's pictures by kind and severity, from the cache where they are there."""
    source = b"".join(path.read_bytes() for path in sorted(Path(synth.__file__).parent.glob("synth*.py")))
    path = cache / hashlib.sha256(source).hexdigest()[:12] / f"{number}_{size[0]}.npz"
    if path.is_file():
        with np.load(path) as kept:
            return {name: np.asarray(kept[name], np.uint8) for name in kept.files}
    side = synth.SIDES[number % 2]
    drawn = {f"healthy:{k}": synth.impression(number, k, None, size, side) for k in GOOD}
    for defect in DEFECTS:
        for severity in SEVERITIES:
            conditions = synth.defect(defect, severity)
            drawn[f"{defect.value}:{severity:g}"] = synth.impression(number, DEFECTIVE, conditions, size, side)
    path.parent.mkdir(parents=True, exist_ok=True)
    waiting = path.with_suffix(".part")
    with waiting.open("wb") as file:
        np.savez_compressed(file, **drawn)  # type: ignore[arg-type]
    waiting.replace(path)
    return drawn


def _look(pixels: GreyImage) -> tuple[IrisTemplate, IrisPhysics] | None:
    try:
        found = segment(pixels)
        return encode(pixels, found), measure(pixels, found)
    except BiocoreError:
        return None


def seen(cache: Path) -> Iterator[Seen]:
    """Give each picture in which an iris was found, with its median score against the eye's good pictures."""
    for size, count in EYES.items():
        for number in range(FIRST_SEED, FIRST_SEED + count):
            drawn = pictures(cache, number + size[0], size)
            looks = {name: look for name, pixels in drawn.items() if (look := _look(pixels)) is not None}
            good = {name: look[0] for name, look in looks.items() if name.startswith("healthy")}
            for name, (template, physics) in looks.items():
                others = [each for other, each in good.items() if other != name]
                if others:
                    kind, _, severity = name.partition(":")
                    score = float(np.median([compare(template, other).score for other in others]))
                    yield f"{number}_{size[0]}", kind, 0.0 if kind == "healthy" else float(severity), physics, score
