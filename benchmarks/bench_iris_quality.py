"""What iris quality costs at 640x480: measuring after segmentation, the whole report, a glance at a live frame."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import biocore
from biocore.iris.causes import conclude
from biocore.iris.components import measures
from biocore.iris.physics import measure
from biocore.iris.preview import preview
from biocore.iris.score import unified
from biocore.iris.segment import segment
from biocore.types import Frame, GreyImage, Modality, Sample

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from painted_eyes import Eye, paint


@pytest.fixture(scope="module")
def pixels() -> GreyImage:
    return paint(Eye())


def test_components_after_segmentation(benchmark: BenchmarkFixture, pixels: GreyImage) -> None:
    found = segment(pixels)

    def work() -> int:
        physics = measure(pixels, found)
        assert len(measures(physics)) > 12
        assert conclude(physics) == ()
        return unified(physics)[0]

    assert benchmark(work) > 50


def test_the_whole_report(benchmark: BenchmarkFixture, pixels: GreyImage) -> None:
    sample = Sample(Frame(pixels), Modality.IRIS)
    assert benchmark(biocore.assess, sample).score > 50


def test_preview(benchmark: BenchmarkFixture, pixels: GreyImage) -> None:
    assert benchmark(preview, pixels).eye
