"""How long extraction takes, whole and by kernel; each result is looked at as well as timed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biocore.fingerprint import extract as pipeline
from biocore.fingerprint.enhance import Filters, enhance, normalise
from biocore.fingerprint.orientation import Smoothing, orientation
from biocore.fingerprint.segment import foreground
from biocore.kernels import minutiae, ridge

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from ridge_fields import Dislocation, ridge_field

SIX = [Dislocation(60 + 45 * i, 90 + 60 * (i % 3), 1 - 2 * (i % 2)) for i in range(6)]
FINGER = ridge_field(SIX, shape=(374, 388), angle=0.7, noise=15)  # the size of fvc2002_db1b


@pytest.mark.parametrize("effort", pipeline.RECIPES)
def test_extract(benchmark: Any, effort: pipeline.Effort) -> None:
    template = benchmark(pipeline.extract, FINGER, effort)
    assert len(template) == len(SIX)


def test_normalise(benchmark: Any) -> None:
    picture, _ = benchmark(normalise, FINGER)
    assert np.abs(picture).max() <= ridge.LIMIT


def test_orientation(benchmark: Any) -> None:
    picture, deviation = normalise(FINGER)
    mask = foreground(deviation)
    field = benchmark(orientation, picture, mask, Smoothing())
    assert field.coherence[mask].mean() > 0.8


def test_filters(benchmark: Any) -> None:
    picture, deviation = normalise(FINGER)
    mask = foreground(deviation)
    _, strength = benchmark(enhance, picture, orientation(picture, mask, Smoothing()), mask, Filters())
    assert strength[mask].mean() > 20


def test_thinning(benchmark: Any) -> None:
    picture, deviation = normalise(FINGER)
    mask = foreground(deviation)
    ridges, _ = enhance(picture, orientation(picture, mask, Smoothing()), mask, Filters())
    bits, _ = minutiae.pack(ridges, mask)
    lines = minutiae.unpack(benchmark(minutiae.thin, bits, 40), mask.shape[1] * ridge.CELL)
    assert 0 < lines.sum() < 0.2 * lines.size
