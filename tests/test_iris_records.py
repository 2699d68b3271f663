"""Iris image records: what is written is read again, what is damaged is refused with its place, samples are read."""

from __future__ import annotations

import struct
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biocore.errors import FormatError, InvalidSampleError, UnsupportedFormatError
from biocore.formats.iris_image import (
    Compression,
    ImageKind,
    IrisImage,
    IrisImageRecord,
    Orientation,
    read_iir,
    write_iir,
)
from biocore.formats.iris_image_pixels import ImageFormat, encode
from biocore.formats.representation import Certification, QualityBlock
from biocore.types import EyePosition
from iris_pictures import eye

SHORT, BYTE = st.integers(0, 0xFFFF), st.integers(0, 0xFF)
BOUNDS = st.none() | st.tuples(st.integers(1, 0xFFFF), SHORT)
ANGLE = st.none() | st.integers(0, 0xFFFE).map(lambda steps: steps * 360.0 / 65536)
MOMENT = st.none() | st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)).map(
    lambda when: when.replace(microsecond=when.microsecond // 1000 * 1000)
)
QUALITY = st.builds(QualityBlock, st.none() | st.integers(0, 100), SHORT, SHORT)
IMAGE = st.builds(
    IrisImage,
    eye=st.sampled_from(EyePosition),
    kind=st.sampled_from(ImageKind),
    format=st.sampled_from(ImageFormat),
    width=st.integers(1, 0xFFFF),
    height=st.integers(1, 0xFFFF),
    data=st.binary(max_size=64),
    bit_depth=BYTE,
    number=SHORT,
    horizontal=st.sampled_from(Orientation),
    vertical=st.sampled_from(Orientation),
    compression=st.sampled_from(Compression),
    range_mm=st.none() | st.integers(1, 0xFFFF),
    roll=ANGLE,
    roll_uncertainty=ANGLE,
    centre_x=BOUNDS,
    centre_y=BOUNDS,
    diameter=BOUNDS,
    captured_at=MOMENT,
    technology=BYTE,
    vendor=SHORT,
    device=SHORT,
    qualities=st.lists(QUALITY, max_size=3).map(tuple),
)
RECORD = st.builds(IrisImageRecord, st.lists(IMAGE, max_size=4).map(tuple))


def image(**changed: Any) -> IrisImage:
    pixels = np.arange(48, dtype=np.uint8).reshape(6, 8)
    known: dict[str, Any] = {
        "eye": EyePosition.LEFT,
        "kind": ImageKind.VGA,
        "format": ImageFormat.MONO_RAW,
        "width": 8,
        "height": 6,
        "data": pixels.tobytes(),
        "qualities": (QualityBlock(77, 5, 6),),
        "captured_at": datetime(2026, 11, 22, 9, 30, 1, 250000, UTC),
    }
    return IrisImage(**(known | changed))


GOOD = write_iir(IrisImageRecord((image(), image(eye=EyePosition.RIGHT, number=2))))
FIRST = 16  # byte the first picture begins at
BODY = FIRST + 19 + 5  # its description, after one quality block


# -- round trips -------------------------------------------------------------------------------------------


@given(RECORD)
def test_every_field_survives(record: IrisImageRecord) -> None:
    written = write_iir(record)
    back = read_iir(written)
    assert back == record
    assert back.remarks == ()
    assert write_iir(back) == written


@given(st.lists(st.lists(st.builds(Certification, SHORT, BYTE), max_size=3).map(tuple), min_size=1, max_size=3))
def test_certifications_survive(blocks: list[tuple[Certification, ...]]) -> None:
    record = IrisImageRecord(tuple(image(certifications=each, number=k + 1) for k, each in enumerate(blocks)))
    assert read_iir(write_iir(record)) == record


@pytest.mark.parametrize("kind", [ImageFormat.MONO_RAW, ImageFormat.MONO_PNG, ImageFormat.MONO_JPEG2000])
@pytest.mark.parametrize("shape", [(1, 1), (7, 300), (240, 320)])
def test_pixels_survive_without_loss(kind: ImageFormat, shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    data = encode(pixels, kind)
    found = read_iir(write_iir(IrisImageRecord((image(format=kind, width=shape[1], height=shape[0], data=data),))))
    np.testing.assert_array_equal(found.images[0].pixels, pixels)


def test_a_jpeg_2000_can_be_made_small() -> None:
    pixels, _ = eye(1)
    data = encode(pixels, ImageFormat.MONO_JPEG2000, ratio=15)
    assert len(data) < pixels.size / 13
    found = image(format=ImageFormat.MONO_JPEG2000, width=320, height=240, data=data)
    assert abs(found.pixels.astype(int) - pixels).mean() < 10


def test_colour_becomes_grey() -> None:
    data = bytes([255, 0, 0] * 6)
    found = image(format=ImageFormat.RGB_RAW, width=3, height=2, bit_depth=24, data=data)
    assert (found.pixels == 76).all()


# -- what the bytes are ------------------------------------------------------------------------------------


def test_the_bytes_lie_where_the_standard_says() -> None:
    written = write_iir(
        IrisImageRecord(
            (
                image(
                    range_mm=120,
                    roll=90.0,
                    roll_uncertainty=45.0,
                    centre_x=(3, 4),
                    centre_y=(2, 3),
                    diameter=(4, 5),
                    horizontal=Orientation.BASE,
                    vertical=Orientation.FLIPPED,
                    compression=Compression.LOSSY,
                    technology=1,
                    vendor=0x735F,
                    device=0x3006,
                ),
            )
        )
    )
    length = 19 + 5 + 33 + 48
    assert written[:16] == b"IIR\x00020\x00" + struct.pack(">IHBB", 16 + length, 1, 0, 1)
    front = struct.pack(">IHBBBBBHBHHB", length, 2026, 11, 22, 9, 30, 1, 250, 1, 0x735F, 0x3006, 1)
    assert written[16:35] == front
    assert written[35:40] == struct.pack(">BHH", 77, 5, 6)
    assert written[40:73] == struct.pack(
        ">HBBBBHHBHHHHHHHHHI", 1, 2, 2, 2, 0b10001001, 8, 6, 8, 120, 0x4000, 0x2000, 3, 4, 2, 3, 4, 5, 48
    )
    assert written[73:] == bytes(range(48))


def test_what_is_not_known_is_written_as_the_standard_writes_it() -> None:
    written = write_iir(IrisImageRecord((image(captured_at=None, qualities=(QualityBlock(None),)),)))
    assert written[20:29] == b"\xff" * 9
    assert written[35] == 255
    assert written[BODY + 11 : BODY + 17] == b"\0\0\xff\xff\xff\xff"


def test_both_eyes_are_counted() -> None:
    assert read_iir(GOOD).eyes == 2
    assert GOOD[15] == 2
    assert IrisImageRecord((image(), image(number=2))).eyes == 1
    assert IrisImageRecord((image(eye=EyePosition.UNKNOWN),)).eyes == 0


# -- refusals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offset", "new", "message", "at"),
    [
        (8, b"\xff\xff\xff\xff", "bytes long and only", 8),
        (12, b"\0\3", "announced and missing", len(GOOD)),
        (12, b"\0\1", "bytes too many", (len(GOOD) + 16) // 2),
        (14, b"\2", "certification flag 2", 14),
        (15, b"\3", "3 eyes", 15),
        (FIRST + 19, b"\x65", "quality score 101", FIRST + 19),
        (BODY + 2, b"\3", "eye 3", BODY + 2),
        (BODY + 3, b"\5", "kind of image 5", BODY + 3),
        (BODY + 4, b"\x13", "image format 19", BODY + 4),
        (BODY + 5, b"\3", "horizontal orientation 3", BODY + 5),
        (BODY + 5, b"\x0c", "vertical orientation 3", BODY + 5),
        (BODY + 5, b"\xc0", "compression history 3", BODY + 5),
        (BODY + 6, b"\0\0", "no pixels", BODY + 6),
        (BODY + 8, b"\0\0", "no pixels", BODY + 6),
        (BODY + 29, b"\x7f", "bytes long and only", BODY + 29),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_place(offset: int, new: bytes, message: str, at: int) -> None:
    damaged = GOOD[:offset] + new + GOOD[offset + len(new) :]
    with pytest.raises(FormatError, match=message) as caught:
        read_iir(damaged, "eye.iir")
    assert caught.value.offset == at
    assert "eye.iir" in str(caught.value)


@pytest.mark.parametrize(
    "data", [b"", b"F", b"FMR\0 20\0", b"\0" * 50, b"IIR\x00015\x00" + b"\0" * 50, b"IIR\x00999\x00"]
)
def test_other_formats_and_versions_are_named(data: bytes) -> None:
    with pytest.raises(UnsupportedFormatError):
        read_iir(data)


@given(st.integers(0, len(GOOD) - 1))
def test_a_record_cut_off_anywhere_is_refused(length: int) -> None:
    with pytest.raises(FormatError):
        read_iir(GOOD[:length])


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), BYTE), min_size=1, max_size=4))
def test_a_damaged_record_is_read_or_refused_by_name(changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(GOOD)
    for offset, value in changes:
        damaged[offset] = value
    place: int | None = 0
    try:
        record = read_iir(bytes(damaged))
    except FormatError as error:
        place = error.offset
    else:
        assert read_iir(write_iir(record)) == record
    assert place is not None
    assert 0 <= place <= len(damaged)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_by_name(tail: bytes) -> None:
    for head in (b"IIR\x00020\x00", b"IIR\x00010\x00"):
        with pytest.raises(FormatError):
            read_iir(head + struct.pack(">I", 9) + b"\0\2" + tail + b"\1")


@pytest.mark.parametrize(
    "changed",
    [
        {"data": b"\0" * 47},
        {"bit_depth": 16},
        {"format": ImageFormat.MONO_PNG},
        {"format": ImageFormat.MONO_PNG, "data": encode(np.zeros((6, 7), np.uint8), ImageFormat.MONO_PNG)},
        {"format": ImageFormat.MONO_JPEG2000, "data": b"\x00\x00\x00\x0cjP  \r\n\x87\n"},
    ],
)
def test_pictures_that_are_not_what_the_record_says_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        _ = image(**changed).pixels


@pytest.mark.parametrize(
    "changed",
    [
        {"width": 0},
        {"width": 70000},
        {"range_mm": 70000},
        {"roll": 360.0},
        {"roll": -1.0},
        {"qualities": (QualityBlock(101),)},
        {"technology": 256},
        {"centre_x": (1, 70000)},
    ],
)
def test_what_no_field_holds_is_not_written(changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidSampleError):
        write_iir(IrisImageRecord((image(**changed),)))


def test_formats_nobody_asked_for_are_not_written() -> None:
    pixels = np.zeros((4, 4), np.uint8)
    for kind, ratio in ((ImageFormat.MONO_JPEG, None), (ImageFormat.MONO_PNG, 10.0), (ImageFormat.MONO_JPEG2000, 0.5)):
        with pytest.raises(InvalidSampleError):
            encode(pixels, kind, ratio)


# -- slips that are met ------------------------------------------------------------------------------------


def test_wrong_lengths_are_read_remarked_and_written_right() -> None:
    damaged = bytearray(GOOD)
    damaged[8:12] = struct.pack(">I", len(GOOD) - 5)
    damaged[FIRST : FIRST + 4] = struct.pack(">I", 7)
    found = read_iir(bytes(damaged))
    assert len(found.remarks) == 2
    assert write_iir(found) == GOOD


def test_bytes_after_a_picture_belong_to_it() -> None:
    (length,) = struct.unpack_from(">I", GOOD, FIRST)
    longer = bytearray(GOOD[: FIRST + length] + b"extra" + GOOD[FIRST + length :])
    longer[8:12] = struct.pack(">I", len(longer))
    longer[FIRST : FIRST + 4] = struct.pack(">I", length + 5)
    found = read_iir(bytes(longer))
    assert found == read_iir(GOOD)
    assert "said" in found.remarks[0]


def test_a_date_that_is_none_is_remarked() -> None:
    damaged = bytearray(GOOD)
    damaged[FIRST + 6] = 13
    found = read_iir(bytes(damaged))
    assert found.images[0].captured_at is None
    assert "2026-13-22" in found.remarks[0]


# -- 2005 --------------------------------------------------------------------------------------------------


def of_2005(**changed: Any) -> bytes:
    known = {"length": None, "eyes": 2, "header": 45, "properties": 0b1001, "format": 2, "width": 8, "height": 6}
    now: dict[str, Any] = known | changed
    body = b""
    for code in (1, 2):
        body += struct.pack(">BH", code, 1)
        body += struct.pack(">HBHHI", 1, 50, 0x4000, 0x0100, 48) + bytes(range(48))
    head = struct.pack(
        ">HBHHHHHHBB16s",
        7,
        now["eyes"],
        now["header"],
        now["properties"],
        5,
        now["format"],
        now["width"],
        now["height"],
        8,
        0,
        b"camera",
    )
    length = 12 + len(head) + len(body) if now["length"] is None else now["length"]
    return b"IIR\x00010\x00" + struct.pack(">I", length) + head + body


def test_records_of_2005_are_read() -> None:
    found = read_iir(of_2005())
    assert [each.eye for each in found.images] == [EyePosition.RIGHT, EyePosition.LEFT]
    one = found.images[0]
    assert (one.width, one.height, one.device, one.diameter) == (8, 6, 7, (5, 5))
    assert (one.horizontal, one.vertical) == (Orientation.BASE, Orientation.FLIPPED)
    assert (one.roll, one.qualities) == (90.0, (QualityBlock(50),))
    np.testing.assert_array_equal(one.pixels, np.arange(48).reshape(6, 8))
    assert read_iir(write_iir(found)) == found


@pytest.mark.parametrize(
    ("change", "message", "at"),
    [
        ({"length": 10**6}, "bytes long and only", 8),
        ({"eyes": 3}, "3 eyes", 14),
        ({"eyes": 1}, "bytes too many", 45 + 3 + 11 + 48),
        ({"header": 46}, "head of 46 bytes", 15),
        ({"properties": 3}, "orientation of 3", 17),
        ({"format": 10}, "JPEG-LS", 21),
        ({"width": 0}, "no pixels", 23),
    ],
)
def test_damaged_records_of_2005_are_refused_with_their_place(change: dict[str, int], message: str, at: int) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        read_iir(of_2005(**change))
    assert caught.value.offset == at


@given(st.integers(8, len(of_2005()) - 1))
def test_a_record_of_2005_cut_off_anywhere_is_refused(length: int) -> None:
    with pytest.raises(FormatError):
        read_iir(of_2005()[:length])


# -- real records ------------------------------------------------------------------------------------------


def test_published_records_are_read_and_written_as_they_were(shared: Path) -> None:
    paths = sorted((shared / "data/formats/iris_iir2011").glob("*.iso"))
    assert paths
    for path in paths:
        data = path.read_bytes()
        record = read_iir(data, path.name)
        (found,) = record.images
        assert found.pixels.shape == (found.height, found.width)
        written = write_iir(record)
        assert written[:15] + written[16:] == data[:15] + data[16:]  # one counts an eye that it does not name
        assert "Left" not in path.name or found.eye is EyePosition.LEFT


def test_published_odd_records_are_read(shared: Path) -> None:
    folder = shared / "data/formats/iris"
    wrong = read_iir((folder / "iris01.iso2011").read_bytes())
    assert wrong.images[0].pixels.shape == (47, 76)
    assert len(wrong.remarks) == 2
    assert [block.score for block in wrong.images[0].qualities] == [7, 76]
    both = read_iir((folder / "Sample-2Eyes.raw").read_bytes())
    assert both.eyes == 2
    assert [each.pixels.shape for each in both.images] == [(480, 640)] * len(both.images)
    irex = (folder / "IREX-Sample.raw").read_bytes()
    (left,) = read_iir(irex).images
    assert (left.eye, left.kind, left.pixels.shape, left.qualities) == (
        EyePosition.LEFT,
        ImageKind.UNCROPPED,
        (480, 640),
        (),
    )
    assert left.pixels.std() > 20
    for length in range(0, 120):
        with pytest.raises(FormatError):
            read_iir(irex[:length])
    with pytest.raises(UnsupportedFormatError, match="polar"):
        read_iir(irex[:8] + b"\x10" + irex[9:])


def test_a_record_can_be_changed_and_written(shared: Path) -> None:
    record = read_iir((shared / "data/formats/iris_iir2011/Left_Iris.iso").read_bytes())
    pixels = record.images[0].pixels
    data = encode(pixels, ImageFormat.MONO_PNG)
    changed = IrisImageRecord((replace(record.images[0], format=ImageFormat.MONO_PNG, data=data),))
    np.testing.assert_array_equal(read_iir(write_iir(changed)).images[0].pixels, pixels)
