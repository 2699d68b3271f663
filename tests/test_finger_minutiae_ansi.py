"""ANSI INCITS 378: published records are read as their publisher reads them, what is written is read back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biocore.errors import FormatError, InvalidTemplateError, UnsupportedFormatError
from biocore.formats.finger_minutiae import FingerView, read_fmr
from biocore.formats.finger_minutiae_ansi import (
    AnsiEdition,
    AnsiFinger,
    AnsiMinutiaeRecord,
    ansi_from_templates,
    is_ansi,
    read_ansi,
    templates_from_ansi,
    write_ansi,
)
from biocore.formats.finger_minutiae_extended import Block, RidgeCount, cores_and_deltas, ridge_counts
from biocore.formats.finger_templates import TemplateFormat, read_templates, write_templates
from biocore.types import FingerPosition, MinutiaKind
from test_finger_minutiae_2011 import make_template

U16 = st.integers(0, 0xFFFF)
SIZE = st.integers(1, 0xFFFF)


@st.composite
def records(draw: st.DrawFn) -> AnsiMinutiaeRecord:
    edition = draw(st.sampled_from(AnsiEdition))
    old = edition is AnsiEdition.OF_2004
    picture = draw(st.tuples(SIZE, SIZE, SIZE, SIZE))
    fingers = []
    for _ in range(draw(st.integers(1, 3))):
        n = draw(st.integers(0, 9) | st.just(255))
        rng = np.random.default_rng(draw(st.integers(0, 2**32)))
        view = FingerView(
            draw(st.sampled_from(FingerPosition)),
            draw(st.integers(0, 15)),
            draw(st.integers(0, 15)),
            draw(st.integers(0, 255)),
            rng.integers(0, 1 << 14, n, np.uint16),
            rng.integers(0, 1 << 14, n, np.uint16),
            rng.integers(0, 180, n, np.uint8),
            rng.integers(0, 3, n, np.uint8),
            rng.integers(0, 256, n, np.uint8),
            draw(st.binary(max_size=40)),
        )
        own = picture if old else draw(st.tuples(SIZE, SIZE, SIZE, SIZE))
        fingers.append(AnsiFinger(view, *own, *((0, 0) if old else draw(st.tuples(U16, U16)))))
    device = draw(st.integers(0, 0xFFF if old else 0xFFFF))
    return AnsiMinutiaeRecord(edition, tuple(fingers), draw(U16), draw(U16), draw(st.booleans()), device)


@given(record=records())
@settings(max_examples=100)
def test_any_record_is_read_back_field_by_field_and_written_again_byte_for_byte(record: AnsiMinutiaeRecord) -> None:
    data = write_ansi(record)
    back = read_ansi(data)
    assert write_ansi(back) == data
    assert (back.edition, back.owner, back.subformat, back.certified, back.device) == (
        record.edition,
        record.owner,
        record.subformat,
        record.certified,
        record.device,
    )
    for one, other in zip(record.fingers, back.fingers, strict=True):
        assert (one.width, one.height, one.x_resolution, one.y_resolution) == (
            other.width,
            other.height,
            other.x_resolution,
            other.y_resolution,
        )
        assert (one.quality_vendor, one.quality_algorithm) == (other.quality_vendor, other.quality_algorithm)
        np.testing.assert_array_equal(one.view.angles, other.view.angles)
        np.testing.assert_array_equal(one.view.x, other.view.x)
        assert one.view.extended == other.view.extended


@pytest.mark.parametrize("edition", AnsiEdition)
def test_ansi_and_iso_records_of_one_version_are_told_apart(edition: AnsiEdition) -> None:
    templates = [make_template(40), make_template(3, 1)]
    ansi = write_ansi(ansi_from_templates(templates, edition))
    assert is_ansi(ansi)
    for layout in (TemplateFormat.FMR_2005, TemplateFormat.FMR_2011):
        iso = write_templates(templates, layout)
        assert not is_ansi(iso)
        with pytest.raises(FormatError):
            read_ansi(iso)
    with pytest.raises(FormatError):
        read_fmr(ansi)


WHOLE = {edition: write_ansi(ansi_from_templates([make_template(4, 1)], edition)) for edition in AnsiEdition}


@pytest.mark.parametrize("edition", AnsiEdition)
def test_a_record_cut_off_anywhere_is_named(edition: AnsiEdition) -> None:
    for length in range(len(WHOLE[edition])):
        with pytest.raises(FormatError) as caught:
            read_ansi(WHOLE[edition][:length], "cut.fmr")
        assert caught.value.offset is not None


@given(edition=st.sampled_from(AnsiEdition), at=st.integers(0, 60), byte=st.integers(0, 255))
@settings(max_examples=300)
def test_an_altered_byte_gives_a_record_or_a_named_error(edition: AnsiEdition, at: int, byte: int) -> None:
    damaged = bytearray(WHOLE[edition])
    damaged[at % len(damaged)] = byte
    caught: FormatError | None = None
    try:
        read_ansi(bytes(damaged), "altered.fmr")
    except FormatError as error:
        caught = error
    assert caught is None or (caught.offset is not None and "altered.fmr" in str(caught))


@given(noise=st.binary(max_size=200))
def test_random_bytes_behind_a_right_beginning_raise_nothing_else(noise: bytes) -> None:
    for edition in AnsiEdition:
        caught: FormatError | None = None
        try:
            read_ansi(b"FMR\0" + edition.value + noise)
        except FormatError as error:
            caught = error
        assert caught is None or caught.offset is not None


def test_a_record_of_2004_says_its_length_in_six_bytes_where_two_are_too_few() -> None:
    many = [make_template(255, seed) for seed in range(16)] * 3
    numbered = ansi_from_templates(many[:16], AnsiEdition.OF_2004)
    long = AnsiMinutiaeRecord(AnsiEdition.OF_2004, numbered.fingers * 3)
    data = write_ansi(long)
    assert len(data) > 1 << 16
    assert data[8:10] == b"\0\0"
    assert int.from_bytes(data[10:14], "big") == len(data)
    assert is_ansi(data)
    assert len(read_ansi(data).fingers) == 48
    assert read_ansi(data).remarks == ()


def test_pictures_of_two_sizes_do_not_fit_a_record_of_2004_and_do_of_2009() -> None:
    (one,) = ansi_from_templates([make_template(2)], AnsiEdition.OF_2004).fingers
    other = AnsiFinger(one.view, one.width + 1, one.height, one.x_resolution, one.y_resolution)
    with pytest.raises(InvalidTemplateError, match="one picture size"):
        write_ansi(AnsiMinutiaeRecord(AnsiEdition.OF_2004, (one, other)))
    both = read_ansi(write_ansi(AnsiMinutiaeRecord(AnsiEdition.OF_2009, (one, other))))
    assert [finger.width for finger in both.fingers] == [one.width, one.width + 1]


@pytest.mark.parametrize("edition", AnsiEdition)
def test_a_quality_nobody_assessed_is_no_score(edition: AnsiEdition) -> None:
    record = read_ansi(write_ansi(ansi_from_templates([make_template(3, quality=None)], edition)))
    assert record.fingers[0].view.quality == (0 if edition is AnsiEdition.OF_2004 else 254)
    assert templates_from_ansi(record)[0].image_quality is None


def test_more_than_sixteen_views_of_a_finger_and_none_at_all_are_refused() -> None:
    for templates in ([], [make_template(1)] * 17):
        with pytest.raises(InvalidTemplateError):
            ansi_from_templates(templates, AnsiEdition.OF_2009)


def test_another_format_is_unsupported_rather_than_damaged() -> None:
    for data in (b"FIR\0020\0" + bytes(30), b"FMR\0999\0" + bytes(30)):
        with pytest.raises(UnsupportedFormatError):
            read_ansi(data)


PUBLISHED = {
    "ansi378v2004-sample.dat": (
        "total length said 340, the record has 342 bytes",
        r"version b'020\x00' stands for b' 20\x00'",
        "angles of 249 steps of 2 degrees in the minutiae at byte 198",
    ),
    "ansi378v2009-sample.dat": ("total length said 363, the record has 364 bytes",),
    "ansi378v2009am1-sample.dat": (),
    "biomdi_ansi378_2004_AppendixB2.raw": (),
    "fmr.ansi2004": ("2 bytes follow the last finger view",),
    "fmr.ansi2007": ("the head lacks its byte of certification",),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_records_are_read_and_their_quirks_named(shared: Path, name: str) -> None:
    data = (shared / "data/formats/fmr" / name).read_bytes()
    record = read_ansi(data, name)
    assert record.remarks == PUBLISHED[name]
    assert [len(finger.view) for finger in record.fingers][:2] == [27, 22]
    assert (record.owner, record.subformat, record.device) == (66, 17, 181)
    again = write_ansi(record)
    assert (again == data) is (not record.remarks)
    assert read_ansi(again).remarks == () or name == "ansi378v2004-sample.dat"
    assert [len(template) for template in read_templates(data, name)][:2] == [27, 22]


@pytest.mark.parametrize("name", [name for name in PUBLISHED if name.endswith("sample.dat")])
def test_published_records_equal_their_description(shared: Path, name: str) -> None:
    path = shared / "data/formats/fmr" / name
    record = read_ansi(path.read_bytes(), name)
    described = json.loads(path.with_suffix(".json").read_text())
    assert (described["vendorId"], described["subformat"]) == (record.owner, record.subformat)
    assert (described["sensorCertified"], described["sensorId"]) == (record.certified, record.device)
    for told, finger in zip(described["fingerprints"], record.fingers, strict=True):
        view = finger.view
        assert (told["position"], told["view"]) == (view.position.name, view.number)
        assert told["quality"] == view.quality
        whole = told if "width" in told else described
        assert (whole["width"], whole["height"]) == (finger.width, finger.height)
        assert (whole["resolutionX"], whole["resolutionY"]) == (finger.x_resolution, finger.y_resolution)
        if "qualityVendorId" in told:
            assert (told["qualityVendorId"], told["qualityAlgorithmId"]) == (
                finger.quality_vendor,
                finger.quality_algorithm,
            )
        rows = [(m["positionX"], m["positionY"], m["angle"], m["quality"], m["type"]) for m in told["minutiae"]]
        kinds = [MinutiaKind(int(kind)).name.replace("OTHER", "EITHER") for kind in view.kinds]
        columns = (view.x.tolist(), view.y.tolist(), view.angles.tolist(), view.qualities.tolist(), kinds)
        assert [(*row[:4], row[4].replace("OTHER", "EITHER")) for row in rows] == list(zip(*columns, strict=True))
        edges = [(edge["from"], edge["to"], edge["count"]) for edge in (told["counts"] or {"edges": []})["edges"]]
        if name != "ansi378v2004-sample.dat":  # its block is torn: fingerprintio takes what is whole of it, we nothing
            counted = [ridge_counts(block) for block in view.blocks]
            assert edges == [(c.first, c.second, c.ridges) for found in counted if found for c in found[1]]


def test_extended_data_of_published_records_is_understood(shared: Path) -> None:
    folder = shared / "data/formats/fmr"
    appendix = read_ansi((folder / "biomdi_ansi378_2004_AppendixB2.raw").read_bytes()).fingers[1].view
    assert ridge_counts(appendix.blocks[0]) == (1, (RidgeCount(1, 20, 12), RidgeCount(5, 7, 5)))
    data = (folder / "fmr.ansi2004").read_bytes()
    block = read_ansi(data).fingers[2].view.blocks[1]
    assert cores_and_deltas(block) is None  # its last delta has two of its angles behind the end that it says
    singular = cores_and_deltas(Block(block.kind, block.data + data[-2:]))
    assert singular is not None
    cores, deltas = singular
    assert [(core.x, core.y, core.angles) for core in cores] == [(150, 250, (90,)), (100, 150, (45,))]
    assert len(deltas) == 4
    assert {len(delta.angles) for delta in deltas} == {3}
