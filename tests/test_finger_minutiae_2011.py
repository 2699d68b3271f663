"""ISO/IEC 19794-2:2011: what is written is read back, a published record agrees, and damage is named by its byte."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biocore.errors import FormatError, InvalidTemplateError, UnsupportedFormatError
from biocore.formats.finger_minutiae import FingerView
from biocore.formats.finger_minutiae_2011 import (
    EndingType,
    FingerMinutiaeRecord2011,
    QualityBlock,
    Representation,
    read_fmr_2011,
    record_2011_from_templates,
    write_fmr_2011,
)
from biocore.formats.finger_templates import TemplateFormat, read_templates, write_templates
from biocore.types import FingerPosition, FingerTemplate, MinutiaKind

DATE = datetime(2026, 11, 22, 7, 30, 59, 120_000, UTC)


def make_template(n: int, seed: int = 0, quality: int | None = 70) -> FingerTemplate:
    rng = np.random.default_rng(seed)
    return FingerTemplate(
        algorithm="test/1",
        width=400,
        height=500,
        position=FingerPosition.LEFT_RING,
        ppi=500.0,
        points=rng.integers(0, 400, (n, 2)).astype(np.float32),
        directions=(rng.integers(0, 256, n) * (2 * np.pi / 256)).astype(np.float32),
        kinds=rng.integers(0, 3, n).astype(np.uint8),
        qualities=np.sort(rng.integers(0, 101, n).astype(np.uint8))[::-1],
        image_quality=quality,
    )


@st.composite
def representations(draw: st.DrawFn) -> Representation:
    n = draw(st.integers(0, 9) | st.just(255))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    blocks = draw(st.lists(st.builds(QualityBlock, st.integers(0, 100) | st.just(255), U16, U16), max_size=3))
    view = FingerView(
        draw(st.sampled_from(FingerPosition)),
        draw(st.integers(0, 15)),
        draw(st.integers(0, 15)),
        next((block.score for block in blocks if block.score <= 100), 0),
        rng.integers(0, 1 << 14, n, np.uint16),
        rng.integers(0, 1 << 14, n, np.uint16),
        rng.integers(0, 256, n, np.uint8),
        rng.integers(0, 3, n, np.uint8),
        rng.integers(0, 256, n, np.uint8),
        draw(st.binary(max_size=40)),
    )
    size = st.integers(1, 0xFFFF)
    return Representation(
        view=view,
        width=draw(size),
        height=draw(size),
        x_resolution=draw(size),
        y_resolution=draw(size),
        captured_at=draw(st.sampled_from([None, DATE])),
        technology=draw(st.integers(0, 255)),
        vendor=draw(U16),
        device=draw(U16),
        qualities=tuple(blocks),
        certifications=tuple(draw(st.lists(st.tuples(U16, st.integers(0, 255)), max_size=2))),
        ending_type=draw(st.sampled_from(EndingType)),
    )


U16 = st.integers(0, 0xFFFF)


@given(items=st.lists(representations(), max_size=3))
@settings(max_examples=60)
def test_what_is_written_is_read_back_and_written_the_same(items: list[Representation]) -> None:
    data = write_fmr_2011(FingerMinutiaeRecord2011(tuple(items), certified=True))
    found = read_fmr_2011(data)
    assert write_fmr_2011(found) == data
    for item, back in zip(items, found.representations, strict=True):
        np.testing.assert_array_equal(item.view.x, back.view.x)
        np.testing.assert_array_equal(item.view.kinds, back.view.kinds)
        assert (item.captured_at, item.qualities, item.certifications, item.ending_type, item.view.extended) == (
            back.captured_at,
            back.qualities,
            back.certifications,
            back.ending_type,
            back.view.extended,
        )


@pytest.mark.parametrize("layout", TemplateFormat)
@pytest.mark.parametrize("n", [0, 1, 40, 255])
def test_templates_come_back_as_they_went(layout: TemplateFormat, n: int) -> None:
    template = make_template(n)
    (back,) = read_templates(write_templates([template], layout))
    assert (back.width, back.height, back.ppi, back.position, back.image_quality) == (400, 500, 500.0, 9, 70)
    assert len(back) == n
    order = np.lexsort((template.points[:, 0], template.points[:, 1], -template.qualities.astype(int)))
    again = np.lexsort((back.points[:, 0], back.points[:, 1], -back.qualities.astype(int)))
    np.testing.assert_array_equal(template.points[order], back.points[again])
    half_a_step = np.radians(1.0) if layout.value.startswith("ansi") else 0.0
    turned = np.abs(template.directions[order] - back.directions[again])
    assert np.minimum(turned, 2 * np.pi - turned).max(initial=0.0) <= half_a_step + 1e-6
    np.testing.assert_array_equal(template.qualities[order], back.qualities[again])


def test_several_attempts_at_one_finger_are_its_views() -> None:
    record = record_2011_from_templates([make_template(3, seed) for seed in range(3)], captured_at=DATE)
    assert [item.view.number for item in record.representations] == [0, 1, 2]
    assert {item.captured_at for item in read_fmr_2011(write_fmr_2011(record)).representations} == {DATE}


def test_no_template_and_too_many_of_one_finger_are_refused() -> None:
    for templates in ([], [make_template(1)] * 17):
        with pytest.raises(InvalidTemplateError):
            write_templates(templates, TemplateFormat.FMR_2011)


WHOLE = write_templates([make_template(4, 1), make_template(0, 2, None)], TemplateFormat.FMR_2011)


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_a_record_cut_off_anywhere_is_named(length: int) -> None:
    with pytest.raises(FormatError):
        read_fmr_2011(WHOLE[:length], "cut.fmr")


@given(at=st.integers(8, len(WHOLE) - 1), bit=st.integers(0, 7))
@settings(max_examples=300)
def test_a_flipped_bit_gives_a_record_or_a_named_error(at: int, bit: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[at] ^= 1 << bit
    caught: FormatError | None = None
    try:
        read_fmr_2011(bytes(damaged), "flipped.fmr")
    except FormatError as error:
        caught = error
    assert caught is None or (caught.offset is not None and "flipped.fmr" in str(caught))


@pytest.mark.parametrize(
    ("offset", "value", "says"), [(34, 11, "position"), (45, 0x70, "minutiae of 7"), (47, 0xC0, "kind")]
)
def test_values_that_do_not_exist_are_named(offset: int, value: int, says: str) -> None:
    record = write_templates([make_template(4, 1, None)], TemplateFormat.FMR_2011)
    damaged = bytearray(record)
    damaged[offset] = value
    with pytest.raises(FormatError, match=says):
        read_fmr_2011(bytes(damaged))


def test_the_published_record_equals_its_description_and_is_written_the_same(shared: Path) -> None:
    path = shared / "data/formats/fmr/iso19794p2v2011-sample.dat"
    record = read_fmr_2011(path.read_bytes(), str(path))
    assert write_fmr_2011(record) == path.read_bytes()
    described = json.loads(path.with_suffix(".json").read_text())["fingerprints"]
    assert len(described) == len(record.representations)
    for told, item in zip(described, record.representations, strict=True):
        assert told["position"] == item.view.position.name
        assert (told["width"], told["resolutionX"], told["sensorVendor"]) == (
            item.width,
            item.x_resolution,
            item.vendor,
        )
        assert [q["quality"] for q in told["qrecords"]] == [q.score for q in item.qualities]
        rows = [(m["positionX"], m["positionY"], m["angle"], m["quality"], m["type"]) for m in told["minutiae"]]
        view = item.view
        kinds = [MinutiaKind(int(kind)).name for kind in view.kinds]
        assert rows == list(
            zip(view.x.tolist(), view.y.tolist(), view.angles.tolist(), view.qualities.tolist(), kinds, strict=True)
        )


@pytest.mark.parametrize("name", ["ansi378v2009-sample.dat", "ansi378v2009am1-sample.dat", "fmr.ansi2007"])
def test_ansi_records_of_the_same_magic_are_told_apart(shared: Path, name: str) -> None:
    data = (shared / "data/formats/fmr" / name).read_bytes()
    with pytest.raises(UnsupportedFormatError):
        read_fmr_2011(data, name)
    assert [len(template) for template in read_templates(data, name)] == [27, 22]
