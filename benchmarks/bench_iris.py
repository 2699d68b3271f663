"""How long segmentation takes, and how exact it is: on painted eyes, and on real ones with painted defects.

    pytest benchmarks/bench_iris.py                                       times, with the answer checked
    python benchmarks/bench_iris.py SHARED                                errors on clean and painted real eyes

SHARED holds data/iris/mmu1, reference/mmu1_circles.csv and accept/iris_stress.py, whose painter is used.
"""

from __future__ import annotations

import csv
import importlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from biocore.errors import ExtractionError
from biocore.iris import Contour, Segmentation
from biocore.iris.segment import segment
from biocore.types import GreyImage

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from test_iris_segment import EYES, assert_found

KINDS = ("clean", "cataract_mild", "cataract_moderate", "cataract_white", "arcus", "ptosis", "lowcontrast")
WRONG = {"001_R_1", "006_L_1", "013_R_2", "020_R_1"}  # reference circles that lie visibly beside the eye
OFF = 0.10  # of the iris radius: mean distance of a contour from its reference at which an eye counts as missed
Circle = tuple[float, float, float]


@pytest.mark.parametrize("factor", [1.0, 2.0, 4.0, 5.0], ids=["320x240", "640x480", "1280x960", "1600x1200"])
@pytest.mark.parametrize("name", ["plain", "white pupil", "drooping lid"])
def bench_segment(benchmark: Any, name: str, factor: float) -> None:
    cv2.setNumThreads(1)
    eye = EYES[name].scaled(factor)
    found: Segmentation = benchmark(segment, eye.paint())
    assert_found(eye, found, limbus=0.04)


def error(contour: Contour, circle: Circle, unit: float) -> float:
    points = contour.points()
    return float(np.abs(np.hypot(points[:, 0] - circle[0], points[:, 1] - circle[1]) - circle[2]).mean() / unit)


def eyes(shared: Path) -> Iterator[tuple[GreyImage, Circle, Circle]]:
    for row in csv.DictReader((shared / "reference/mmu1_circles.csv").read_text().splitlines()):
        if Path(row["file"]).stem not in WRONG:
            image = cv2.imread(str(shared / "data/iris/mmu1" / row["file"]), cv2.IMREAD_GRAYSCALE)
            v = [float(x) for k, x in row.items() if k != "file"]
            yield np.asarray(image, np.uint8), (v[0], v[1], v[2]), (v[3], v[4], v[5])


def main(shared: Path) -> None:
    cv2.setNumThreads(1)
    sys.path.insert(0, str(shared / "accept"))
    paint: Callable[..., GreyImage] = importlib.import_module("iris_stress").paint
    rng = np.random.default_rng(7)
    for kind in KINDS:
        off, sure, spent = [], [], []
        for clean, pupil, limbus in eyes(shared):
            image = clean if kind == "clean" else paint(clean, pupil, limbus, kind, rng)
            start = time.process_time()
            try:
                found = segment(image)
            except ExtractionError:
                off.append((np.inf, np.inf))
                sure.append(0.0)
                continue
            spent.append(1e3 * (time.process_time() - start))
            off.append((error(found.pupil, pupil, limbus[2]), error(found.limbus, limbus, limbus[2])))
            sure.append(found.confidence.value)
        errors, confidence = np.array(off), np.array(sure)
        missed = errors.max(axis=1) > OFF
        believed, doubted = missed & (confidence >= 0.5), ~missed & (confidence < 0.5)
        print(
            f"{kind:18s} median error of pupil {np.median(errors[:, 0]):.3f}, limbus {np.median(errors[:, 1]):.3f} R; "
            f"missed {100 * missed.mean():4.1f} %, missed and believed {100 * believed.mean():4.1f} %, "
            f"found but doubted {100 * doubted.mean():4.1f} %; {np.median(spent):.1f} ms"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
