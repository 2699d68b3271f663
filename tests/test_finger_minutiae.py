"""ISO/IEC 19794-2:2005: what is written is read back, published records agree, and damage is named by its byte."""

from __future__ import annotations

import base64
import json
import math
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biocore.errors import FormatError, InvalidTemplateError, UnsupportedFormatError
from biocore.formats.finger_minutiae import (
    FingerMinutiaeRecord,
    FingerView,
    read_fmr,
    record_from_templates,
    templates_from_record,
    write_fmr,
)
from biocore.formats.finger_minutiae_extended import (
    Block,
    RidgeCount,
    Singularity,
    cores_and_deltas,
    parse_blocks,
    ridge_counts,
)
from biocore.types import FingerPosition, FingerTemplate, MinutiaKind

# One thumb, one minutia and a ridge count, byte by byte as the standard lays them out.
BY_HAND = bytes.fromhex(
    "464d5200 20323000 00000031 80b5 0100 0140 00c5 00c5 01 00"  # head: certified, device 0xb5, 256x320, 197 px/cm
    "01 21 5a 02"  # right thumb, view 2, live rolled, quality 90, two minutiae
    "4064 000e 50 5a"  # ending at 100, 14; 80 steps; quality 90
    "8003 3fff ff 00"  # bifurcation at 3, 16383; 255 steps; quality not reported
    "0007 0001 0007 00 0102"  # a ridge count block cut short: method alone and two bytes
)
BY_HAND = BY_HAND[:8] + struct.pack(">I", len(BY_HAND)) + BY_HAND[12:]


def make_template(n: int = 5, seed: int = 0, ppi: float = 500.0, quality: int | None = 70) -> FingerTemplate:
    rng = np.random.default_rng(seed)
    return FingerTemplate(
        algorithm="test/1",
        width=400,
        height=500,
        position=FingerPosition.LEFT_RING,
        ppi=ppi,
        points=(rng.random((n, 2)) * [399, 499]).astype(np.float32),
        directions=(rng.random(n) * 2 * math.pi).astype(np.float32),
        kinds=rng.integers(0, 3, n).astype(np.uint8),
        qualities=np.sort(rng.integers(0, 101, n).astype(np.uint8))[::-1],
        image_quality=quality,
    )


@st.composite
def views(draw: st.DrawFn) -> FingerView:
    n = draw(st.integers(0, 12) | st.just(255))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return FingerView(
        draw(st.sampled_from(FingerPosition)),
        draw(st.integers(0, 15)),
        draw(st.integers(0, 15)),
        draw(st.integers(0, 255)),
        rng.integers(0, 1 << 14, n, np.uint16),
        rng.integers(0, 1 << 14, n, np.uint16),
        rng.integers(0, 256, n, np.uint8),
        rng.integers(0, 3, n, np.uint8),
        rng.integers(0, 256, n, np.uint8),
        draw(st.binary(max_size=40)),
    )


records = st.builds(
    FingerMinutiaeRecord,
    width=st.integers(1, 65535),
    height=st.integers(1, 65535),
    x_resolution=st.integers(20, 1574),
    y_resolution=st.integers(20, 1574),
    views=st.lists(views(), max_size=4).map(tuple),
    certification=st.integers(0, 15),
    device=st.integers(0, 4095),
)


def test_a_record_written_by_hand_is_read_field_by_field() -> None:
    record = read_fmr(BY_HAND)
    (view,) = record.views
    assert (record.width, record.height, record.ppi) == (256, 320, 500.0)
    assert (record.certification, record.device) == (8, 0xB5)
    assert (view.position, view.number, view.impression, view.quality) == (FingerPosition.RIGHT_THUMB, 2, 1, 90)
    assert view.x.tolist() == [100, 3]
    assert view.y.tolist() == [14, 16383]
    assert view.angles.tolist() == [80, 255]
    assert view.kinds.tolist() == [MinutiaKind.ENDING, MinutiaKind.BIFURCATION]
    assert view.qualities.tolist() == [90, 0]
    assert ridge_counts(view.blocks[0]) is None
    assert record.remarks == ("minutiae of RIGHT_THUMB lie outside the picture of 256x320 px",)
    assert write_fmr(record) == BY_HAND


@given(records)
def test_any_record_is_read_back_and_written_again_byte_for_byte(record: FingerMinutiaeRecord) -> None:
    data = write_fmr(record)
    again = read_fmr(data)
    assert write_fmr(again) == data
    for name in ("width", "height", "x_resolution", "y_resolution", "certification", "device"):
        assert getattr(again, name) == getattr(record, name)
    for mine, theirs in zip(record.views, again.views, strict=True):
        for name in ("position", "number", "impression", "quality", "extended"):
            assert getattr(mine, name) == getattr(theirs, name)
        for name in ("x", "y", "angles", "kinds", "qualities"):
            assert np.array_equal(getattr(mine, name), getattr(theirs, name))


@given(records, st.data())
def test_a_truncated_record_is_refused_with_the_byte(record: FingerMinutiaeRecord, data: st.DataObject) -> None:
    whole = write_fmr(record)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(FormatError, match="at byte") as caught:
        read_fmr(whole[:cut], "sample.fmr")
    assert caught.value.offset is not None
    assert 0 <= caught.value.offset <= cut
    assert caught.value.file == "sample.fmr"


@settings(max_examples=300)
@given(records, st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 255)), min_size=1, max_size=4))
def test_a_damaged_record_is_refused_or_parsed_and_nothing_else(
    record: FingerMinutiaeRecord, flips: list[tuple[int, int]]
) -> None:
    damaged = bytearray(write_fmr(record))
    for at, mask in flips:
        damaged[at % len(damaged)] ^= mask
    try:
        parsed = read_fmr(bytes(damaged))
    except FormatError:
        return
    written = write_fmr(parsed)
    assert write_fmr(read_fmr(written)) == written
    for view in parsed.views:
        for block in view.blocks:
            ridge_counts(block)
            cores_and_deltas(block)


@given(st.binary(max_size=200))
def test_random_bytes_are_never_a_record(noise: bytes) -> None:
    with pytest.raises(FormatError):
        read_fmr(noise)


def test_the_largest_claims_are_refused() -> None:
    hostile = bytearray(write_fmr(record_from_templates([make_template()])))
    hostile[22] = 255  # views
    hostile[27] = 255  # minutiae
    with pytest.raises(FormatError, match="minutiae are announced"):
        read_fmr(bytes(hostile))


@pytest.mark.parametrize(
    ("offset", "value", "says"),
    [
        (4, b"030\0", "19794-2:2011"),
        (4, b"999\0", "unknown"),
        (0, b"FIR\0", "does not begin with FMR"),
        (8, struct.pack(">I", 10_000), "10000 bytes long"),
        (14, b"\0\0", "width is 0"),
        (16, b"\0\0", "height is 0"),
        (18, b"\0\0", "horizontal resolution"),
        (20, b"\xff\xff", "vertical resolution"),
        (22, b"\2", "missing or cut off"),
        (24, b"\x0b", "finger position 11"),
        (27, b"\x09", "minutiae are announced"),
        (28, b"\xc0", "kind 3"),
    ],
)
def test_each_field_that_cannot_be_right_is_named_with_its_byte(offset: int, value: bytes, says: str) -> None:
    wrong = BY_HAND[:offset] + value + BY_HAND[offset + len(value) :]
    with pytest.raises(FormatError, match=says) as caught:
        read_fmr(wrong)
    assert caught.value.offset == (len(BY_HAND) if offset == 22 else offset)


def test_bytes_after_the_record_are_refused() -> None:
    with pytest.raises(FormatError, match="3 bytes too many"):
        read_fmr(BY_HAND + b"\0\0\0")


def test_other_formats_are_unsupported_rather_than_damaged() -> None:
    for data in (b"FIR\x00010\x00", b"FMR\x00030\x00", b""):
        with pytest.raises(UnsupportedFormatError):
            read_fmr(data + bytes(20) if data else data)


def test_a_template_survives_to_the_resolution_of_the_record() -> None:
    template = make_template(200)
    (back,) = templates_from_record(read_fmr(write_fmr(record_from_templates([template]))))
    assert (back.width, back.height, back.position, back.ppi) == (400, 500, FingerPosition.LEFT_RING, 500.0)
    assert back.image_quality == 70
    assert back.algorithm == "iso19794-2:2005"
    # The order may change among equal qualities: each minutia finds its own.
    for minutia in template.minutiae:
        distance = np.abs(back.points - (minutia.x, minutia.y)).max(1)
        nearest = np.flatnonzero((distance <= 0.5) & (back.qualities == minutia.quality) & (back.kinds == minutia.kind))
        turn = np.abs((back.directions[nearest] - minutia.direction + math.pi) % (2 * math.pi) - math.pi)
        assert turn.min() <= math.radians(1.40625 / 2) + 1e-5


def test_read_templates_hold_their_best_minutiae_first() -> None:
    (back,) = templates_from_record(read_fmr(write_fmr(record_from_templates([make_template(255, seed=3)]))))
    rows = [(-m.quality, m.y, m.x, m.direction) for m in back.minutiae]
    assert rows == sorted(rows)


def test_of_too_many_minutiae_the_best_255_are_kept() -> None:
    template = make_template(400)
    (view,) = record_from_templates([template]).views
    assert view.qualities.tolist() == template.qualities[:255].tolist()


@pytest.mark.parametrize(("score", "byte", "back"), [(None, 0, None), (0, 1, 1), (1, 1, 1), (100, 100, 100)])
def test_quality_not_assessed_is_kept_apart_from_a_score(score: int | None, byte: int, back: int | None) -> None:
    record = record_from_templates([make_template(quality=score)])
    assert record.views[0].quality == byte
    assert templates_from_record(record)[0].image_quality == back


@pytest.mark.parametrize(
    ("ppi", "per_cm", "back"), [(500, 197, 500), (1000, 394, 1000), (508, 200, 508), (569, 224, 568.96)]
)
def test_resolutions_survive_the_rounding_to_whole_px_per_cm(ppi: float, per_cm: int, back: float) -> None:
    record = record_from_templates([make_template(ppi=float(ppi))])
    assert record.x_resolution == record.y_resolution == per_cm
    assert templates_from_record(record)[0].ppi == pytest.approx(back)


def test_a_turn_is_closed_a_direction_just_below_it_becomes_zero() -> None:
    template = make_template(1)
    for direction, step in ((2 * math.pi - 1e-3, 0), (math.pi, 128), (math.pi / 2, 64), (0.0, 0)):
        turned = FingerTemplate(
            **{
                **{name: getattr(template, name) for name in template.__dataclass_fields__},
                "directions": np.array([direction], np.float32),
            }
        )
        assert record_from_templates([turned]).views[0].angles.tolist() == [step]


def test_qualities_above_100_are_read_as_not_reported() -> None:
    data = bytearray(BY_HAND)
    data[33], data[26] = 254, 255
    (template,) = templates_from_record(read_fmr(bytes(data)))
    assert template.qualities.tolist() == [0, 0]
    assert template.image_quality is None


def test_several_attempts_at_one_finger_become_its_views() -> None:
    record = record_from_templates([make_template(3, seed=s) for s in range(3)])
    assert [view.number for view in record.views] == [0, 1, 2]
    with pytest.raises(InvalidTemplateError, match="16 views"):
        record_from_templates([make_template(1)] * 17)


def test_templates_that_do_not_fit_one_record_are_refused() -> None:
    with pytest.raises(InvalidTemplateError, match="at least one"):
        record_from_templates([])
    with pytest.raises(InvalidTemplateError, match="500, 1000 ppi"):
        record_from_templates([make_template(), make_template(ppi=1000.0)])
    record = read_fmr(BY_HAND)
    with pytest.raises(InvalidTemplateError, match="197 and 300"):
        templates_from_record(FingerMinutiaeRecord(256, 320, 197, 300, record.views))
    with pytest.raises(InvalidTemplateError, match="four bits"):
        write_fmr(FingerMinutiaeRecord(256, 320, 197, 197, (), 0, 4096))
    with pytest.raises(InvalidTemplateError, match="does not fit"):
        write_fmr(FingerMinutiaeRecord(70_000, 320, 197, 197, ()))


def test_extended_blocks_are_divided_with_either_meaning_of_their_length() -> None:
    with_head = bytes.fromhex("0001 0008 01 01020c 0101 0005 ff")
    data_only = bytes.fromhex("0001 0004 01 01020c 0101 0001 ff")
    expected = (Block(1, bytes.fromhex("0101020c")), Block(0x101, b"\xff"))
    assert parse_blocks(with_head) == parse_blocks(data_only) == expected
    assert ridge_counts(expected[0]) == (1, (RidgeCount(1, 2, 12),))
    assert parse_blocks(b"\1\2\3") == (Block(None, b"\1\2\3"),)
    assert parse_blocks(b"") == ()


def test_cores_and_deltas_are_read_with_and_without_angles() -> None:
    data = bytes.fromhex("02 4096 00fa 5a 0064 0096 01 408f 00e8 646e78")
    assert cores_and_deltas(Block(2, data)) == (
        (Singularity(150, 250, (90,)), Singularity(100, 150)),
        (Singularity(143, 232, (100, 110, 120)),),
    )
    assert cores_and_deltas(Block(2, data[:-1])) is None
    assert cores_and_deltas(Block(2, data + b"\0")) is None


POSITIONS = {"LEFT_INDEX": FingerPosition.LEFT_INDEX, "RIGHT_INDEX": FingerPosition.RIGHT_INDEX}


def test_a_published_record_is_read_as_its_publisher_reads_it(shared: Path) -> None:
    folder = shared / "data" / "formats" / "fmr"
    data = (folder / "iso19794p2v2005-sample.dat").read_bytes()
    expected = json.loads((folder / "iso19794p2v2005-sample.json").read_text())
    record = read_fmr(data)
    assert (record.width, record.height) == (expected["width"], expected["height"])
    assert (record.x_resolution, record.y_resolution) == (expected["resolutionX"], expected["resolutionY"])
    assert (record.device, bool(record.certification)) == (expected["sensorId"], expected["sensorCertified"])
    for view, theirs in zip(record.views, expected["fingerprints"], strict=True):
        assert view.position == POSITIONS[theirs["position"]]
        assert (view.number, view.quality, view.impression) == (theirs["view"], theirs["quality"], 0)
        rows = zip(view.kinds, view.x, view.y, view.angles, view.qualities, strict=True)
        for (kind, *numbers), minutia in zip(rows, theirs["minutiae"], strict=True):
            assert MinutiaKind(kind).name == minutia["type"]
            assert [int(n) for n in numbers] == [minutia[key] for key in ("positionX", "positionY", "angle", "quality")]
        assert [(b.kind, b.data) for b in view.blocks] == [
            (extension["type"], base64.b64decode(extension["data"])) for extension in theirs["extensions"]
        ]
    assert record.remarks == ()
    assert write_fmr(record) == data


@pytest.mark.parametrize(
    ("name", "wrong_byte", "remark"),
    [
        ("biomdi_iso19794-2_2005_AppendixC2.raw", 11, "total length said 340, the record has 341 bytes"),
        ("fmr.iso2005", 329, "extended area at byte 328 said 42 bytes, the record has 41"),
    ],
)
def test_two_published_records_with_a_slip_of_length_are_read_and_put_right(
    shared: Path, name: str, wrong_byte: int, remark: str
) -> None:
    data = (shared / "data" / "formats" / "fmr" / name).read_bytes()
    record = read_fmr(data, name)
    assert record.remarks == (remark,)
    again = write_fmr(record)
    assert [at for at in range(len(data)) if data[at] != again[at]] == [wrong_byte]
    assert read_fmr(again).remarks == ()
    assert [len(view) for view in record.views] == [27, 22]


def test_extended_data_of_published_records_is_understood(shared: Path) -> None:
    folder = shared / "data" / "formats" / "fmr"
    appendix = read_fmr((folder / "biomdi_iso19794-2_2005_AppendixC2.raw").read_bytes()).views[1]
    assert ridge_counts(appendix.blocks[0]) == (1, (RidgeCount(1, 20, 12), RidgeCount(5, 7, 5)))
    singular = cores_and_deltas(read_fmr((folder / "fmr.iso2005").read_bytes()).views[1].blocks[0])
    assert singular is not None
    cores, deltas = singular
    assert [(c.x, c.y, c.angles) for c in cores] == [(150, 250, (90,)), (100, 150, (45,))]
    assert [(d.x, d.y, len(d.angles)) for d in deltas] == [(143, 232, 3), (103, 104, 0), (136, 214, 3), (130, 319, 3)]


def test_other_published_minutiae_formats_are_refused_by_name(shared: Path) -> None:
    for path in sorted((shared / "data" / "formats" / "fmr").glob("ansi378v20*.dat")):
        with pytest.raises(FormatError):
            read_fmr(path.read_bytes(), path.name)
