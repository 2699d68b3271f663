"""Pictures and records as bytes, and the report page: what the doors cost beside the engine."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image
from pytest_benchmark.fixture import BenchmarkFixture

import biocore
from biocore.fingerprint import block_maps, synth
from biocore.formats.finger_minutiae import read_fmr, record_from_templates, templates_from_record, write_fmr
from biocore.formats.images import read_image
from biocore.types import FingerPosition, FingerTemplate, Frame, Modality, Sample
from biocore_bindings import report_page
from biocore_bindings.report_page import Entry

PERSON = 10  # fingers in a record
MINUTIAE = 60  # of a good finger
PAGE = 20  # prints in a report


def finger(seed: int) -> FingerTemplate:
    rng = np.random.default_rng(seed)
    return FingerTemplate(
        "bench/1",
        400,
        500,
        FingerPosition(seed % 10 + 1),
        500.0,
        (rng.random((MINUTIAE, 2)) * [399, 499]).astype(np.float32),
        (rng.random(MINUTIAE) * 2 * math.pi).astype(np.float32),
        rng.integers(0, 3, MINUTIAE).astype(np.uint8),
        np.full(MINUTIAE, 80, np.uint8),
    )


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM", "JPEG2000"])
def test_read_image(benchmark: BenchmarkFixture, kind: str) -> None:
    pixels = synth.impression(1, 1)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    benchmark.group = "read a picture of 400x500"
    assert np.array_equal(benchmark(read_image, stream.getvalue()).pixels, pixels)


def test_write_a_record_of_ten_fingers(benchmark: BenchmarkFixture) -> None:
    templates = [finger(seed) for seed in range(PERSON)]
    benchmark.group = "minutiae record of ten fingers"
    data = benchmark(lambda: write_fmr(record_from_templates(templates)))
    assert len(data) == 24 + PERSON * (6 + 6 * MINUTIAE)


def test_read_a_record_of_ten_fingers(benchmark: BenchmarkFixture) -> None:
    data = write_fmr(record_from_templates([finger(seed) for seed in range(PERSON)]))
    benchmark.group = "minutiae record of ten fingers"
    templates = benchmark(lambda: templates_from_record(read_fmr(data)))
    assert [len(template) for template in templates] == [MINUTIAE] * PERSON


def test_render_a_report(benchmark: BenchmarkFixture) -> None:
    entries = []
    for seed in range(PAGE):
        sample = Sample(Frame(synth.impression(seed, 1), 500.0), Modality.FINGER)
        maps = block_maps(sample.pixels)
        entries.append(Entry(f"{seed}.png", sample.pixels, biocore.assess(sample), finger(seed), maps))
    benchmark.group = f"report page of {PAGE} prints"
    page = benchmark(report_page.render, entries)
    assert page.count("<article") == PAGE
