"""Finger image records: what is written is read again, what is damaged is refused with its place, samples are read."""

from __future__ import annotations

import contextlib
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
from biocore.fingerprint import synth
from biocore.formats import finger_image_2005
from biocore.formats.finger_image import (
    AMPUTATED,
    POSITIONS,
    UNABLE_TO_PRINT,
    Extension,
    FingerImage,
    FingerImageRecord,
    ScaleUnit,
    annotation,
    read_fir,
    write_fir,
)
from biocore.formats.finger_image_pixels import ImageFormat, encode
from biocore.formats.representation import Certification, QualityBlock
from biocore.types import FingerPosition

SHORT, BYTE = st.integers(0, 0xFFFF), st.integers(0, 0xFF)
RATE = st.integers(1, 0xFFFF)
MOMENT = st.none() | st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)).map(
    lambda when: when.replace(microsecond=when.microsecond // 1000 * 1000)
)
QUALITY = st.builds(QualityBlock, st.none() | st.integers(0, 100), SHORT, SHORT)
BASICS: dict[str, Any] = {
    "width": RATE,
    "height": RATE,
    "data": st.binary(max_size=64),
    "sampling": st.tuples(RATE, RATE),
    "unit": st.sampled_from(ScaleUnit),
    "bit_depth": BYTE,
    "impression": BYTE,
    "number": BYTE,
    "device": SHORT,
}
IMAGE = st.builds(
    FingerImage,
    **BASICS,
    position=st.sampled_from(sorted(POSITIONS)),
    format=st.sampled_from(ImageFormat),
    scan_sampling=st.none() | st.just((1000, 999)),
    captured_at=MOMENT,
    technology=BYTE,
    vendor=SHORT,
    qualities=st.lists(QUALITY, max_size=3).map(tuple),
    certifications=st.lists(st.builds(Certification, SHORT, BYTE), max_size=3).map(tuple),
    extensions=st.lists(st.builds(Extension, SHORT, st.binary(max_size=20)), max_size=3).map(tuple),
).filter(lambda image: image.scan_sampling != image.sampling)
RECORD = st.builds(FingerImageRecord, st.lists(IMAGE, max_size=4).map(tuple))
VIEW = st.builds(
    FingerImage,
    **(BASICS | {"sampling": st.tuples(RATE).map(lambda rate: rate * 2)}),
    position=st.sampled_from(sorted(finger_image_2005.POSITIONS)),
    format=st.sampled_from(sorted(set(ImageFormat) - {ImageFormat.JPEG2000})),
    qualities=st.lists(st.builds(QualityBlock, st.integers(0, 100)), max_size=1).map(tuple),
)


def image(**changed: Any) -> FingerImage:
    known: dict[str, Any] = {
        "position": FingerPosition.LEFT_INDEX,
        "format": ImageFormat.RAW,
        "width": 8,
        "height": 6,
        "data": bytes(range(48)),
        "qualities": (QualityBlock(77, 5, 6),),
        "captured_at": datetime(2026, 11, 22, 9, 30, 1, 250000, UTC),
    }
    return FingerImage(**(known | changed))


GOOD = write_fir(FingerImageRecord((image(), image(position=FingerPosition.LEFT_RING))))
GOOD_2005 = finger_image_2005.write_2005(FingerImageRecord((image(), image(position=FingerPosition.LEFT_RING))))
FIRST = 16  # byte the first picture begins at
BODY = FIRST + 19 + 5  # its description, after one quality block


# -- round trips -------------------------------------------------------------------------------------------


@given(RECORD)
def test_every_field_survives(record: FingerImageRecord) -> None:
    written = write_fir(record)
    back = read_fir(written)
    assert back == record
    assert back.remarks == ()
    assert write_fir(back) == written


@given(st.lists(VIEW, min_size=1, max_size=3))
def test_every_field_of_2005_survives(views: list[FingerImage]) -> None:
    first = views[0]
    shared = {name: getattr(first, name) for name in ("format", "sampling", "unit", "bit_depth", "device")}
    record = FingerImageRecord(tuple(replace(view, **shared) for view in views))
    written = finger_image_2005.write_2005(record)
    assert read_fir(written) == record
    assert finger_image_2005.write_2005(read_fir(written)) == written


@pytest.mark.parametrize("kind", [ImageFormat.RAW, ImageFormat.PNG, ImageFormat.JPEG2000])
@pytest.mark.parametrize("shape", [(1, 1), (7, 300), (240, 320)])
def test_pixels_survive_without_loss(kind: ImageFormat, shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    record = FingerImageRecord((image(format=kind, width=shape[1], height=shape[0], data=encode(pixels, kind)),))
    for written in (write_fir(record), finger_image_2005.write_2005(record)):
        np.testing.assert_array_equal(read_fir(written).images[0].pixels, pixels)


def test_a_print_becomes_fifteen_times_smaller_where_that_is_asked_for() -> None:
    pixels = synth.impression(1, 1, synth.Conditions())
    data = encode(pixels, ImageFormat.JPEG2000_LOSSY, ratio=15)
    assert len(data) < pixels.size / 13
    height, width = pixels.shape
    found = image(format=ImageFormat.JPEG2000_LOSSY, width=width, height=height, data=data).pixels
    assert 0 < abs(found.astype(int) - pixels).mean() < 20


# -- what the bytes are ------------------------------------------------------------------------------------


def test_the_bytes_of_2011_lie_where_the_standard_says() -> None:
    written = write_fir(
        FingerImageRecord(
            (
                image(
                    certifications=(Certification(0x40, 2),),
                    extensions=(annotation([(FingerPosition.LEFT_THUMB, AMPUTATED)]),),
                    technology=1,
                    vendor=0x735F,
                    device=0x3006,
                    impression=1,
                    scan_sampling=(1000, 1000),
                    unit=ScaleUnit.PER_CM,
                ),
            )
        )
    )
    length = 19 + 5 + 4 + 22 + 48 + 7
    assert written[:16] == b"FIR\x00020\x00" + struct.pack(">IHBB", 16 + length, 1, 1, 1)
    front = struct.pack(">IHBBBBBHBHHB", length, 2026, 11, 22, 9, 30, 1, 250, 1, 0x735F, 0x3006, 1)
    assert written[16:35] == front
    assert written[35:40] == struct.pack(">BHH", 77, 5, 6)
    assert written[40:44] == b"\x01\x00\x40\x02"
    assert written[44:66] == struct.pack(">BBBHHHHBBBHHI", 7, 0, 2, 1000, 1000, 500, 500, 8, 0, 1, 8, 6, 48)
    assert written[66:114] == bytes(range(48))
    assert written[114:] == b"\x00\x02\x00\x07\x01\x06\x01"


def test_the_bytes_of_2005_lie_where_the_standard_says() -> None:
    assert GOOD_2005[:32] == b"FIR\x00010\x00" + struct.pack(
        ">HIHHBBHHHHBBH", 0, 32 + 2 * (14 + 48), 0, 31, 2, 1, 500, 500, 500, 500, 8, 0, 0
    )
    assert GOOD_2005[32:46] == struct.pack(">IBBBBBHHB", 14 + 48, 7, 1, 0, 77, 0, 8, 6, 0)


def test_what_is_not_known_is_written_as_the_standard_writes_it() -> None:
    written = write_fir(FingerImageRecord((image(captured_at=None, qualities=(QualityBlock(None),)),)))
    assert written[20:29] == b"\xff" * 9
    assert written[35] == 255


@pytest.mark.parametrize(
    ("sampling", "unit", "ppi"), [((500, 500), ScaleUnit.PER_INCH, 500.0), ((197, 197), ScaleUnit.PER_CM, 500.0)]
)
def test_the_resolution_is_told_in_pixels_per_inch(sampling: tuple[int, int], unit: ScaleUnit, ppi: float) -> None:
    assert image(sampling=sampling, unit=unit).ppi == pytest.approx(ppi)


def test_pixels_that_are_not_square_are_refused() -> None:
    with pytest.raises(UnsupportedFormatError, match="not square"):
        assert image(sampling=(500, 1000)).ppi


def test_missing_fingers_are_written_down_and_read_again() -> None:
    block = annotation([(FingerPosition.LEFT_THUMB, AMPUTATED), (FingerPosition.LEFT_LITTLE, UNABLE_TO_PRINT)])
    found = read_fir(write_fir(FingerImageRecord((image(position=14, extensions=(block,)),)))).images[0]
    assert found.annotations == {6: AMPUTATED, 10: UNABLE_TO_PRINT}
    assert found.finger is None
    assert image().annotations == {}
    assert image().finger is FingerPosition.LEFT_INDEX


# -- refusals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offset", "new", "message", "at"),
    [
        (8, b"\xff\xff\xff\xff", "the record says", 8),
        (12, b"\0\3", "announced and missing", len(GOOD)),
        (12, b"\0\1", "bytes too many", (len(GOOD) + 16) // 2),
        (14, b"\2", "certification flag 2", 14),
        (FIRST, b"\x7f", "are there", FIRST),
        (FIRST + 19, b"\x65", "quality score 101", FIRST + 19),
        (BODY, b"\x0b", "finger position 11", BODY),
        (BODY + 2, b"\3", "scale unit 3", BODY + 2),
        (BODY + 7, b"\0\0", "sampling rate", BODY + 7),
        (BODY + 12, b"\7", "compression 7", BODY + 12),
        (BODY + 14, b"\0\0", "no pixels", BODY + 14),
        (BODY + 18, b"\x7f", "bytes long and only", BODY + 18),
        (BODY + 21, b"\x2c", "an extended block of 11823 bytes", BODY + 22 + 44 + 2),
        (BODY + 21, b"\x2f", "an extended block is announced", BODY + 22 + 47),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_place(offset: int, new: bytes, message: str, at: int) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        read_fir(GOOD[:offset] + new + GOOD[offset + len(new) :], "finger.fir")
    assert (caught.value.offset, caught.value.file) == (at, "finger.fir")


@pytest.mark.parametrize(
    ("offset", "new", "message", "at"),
    [
        (8, b"\1", "the record says", 8),
        (18, b"\3", "announced and missing", len(GOOD_2005)),
        (18, b"\1", "bytes too many", 32 + 14 + 48),
        (19, b"\0", "scale unit 0", 19),
        (24, b"\0\0", "sampling rate", 24),
        (29, b"\6", "compression 6", 29),
        (32, b"\x7f", "a view of", 32),
        (35, b"\x0d", "a view of", 32),
        (36, b"\x11", "finger position 17", 36),
        (41, b"\0\0", "no pixels", 41),
    ],
)
def test_what_cannot_be_right_in_2005_is_refused_with_its_place(offset: int, new: bytes, message: str, at: int) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        read_fir(GOOD_2005[:offset] + new + GOOD_2005[offset + len(new) :])
    assert caught.value.offset == at


@pytest.mark.parametrize("good", [GOOD, GOOD_2005], ids=["2011", "2005"])
def test_every_truncation_is_refused(good: bytes) -> None:
    for length in range(len(good)):
        with pytest.raises(FormatError):
            read_fir(good[:length])


@given(st.sampled_from([GOOD, GOOD_2005]), st.data())
def test_damaged_bytes_are_read_or_refused_by_name(good: bytes, data: st.DataObject) -> None:
    spoilt = bytearray(good)
    for place in data.draw(st.lists(st.integers(0, len(good) - 1), min_size=1, max_size=6)):
        spoilt[place] = data.draw(BYTE)
    with contextlib.suppress(FormatError):
        for found in read_fir(bytes(spoilt)).images:
            assert found.pixels.shape == (found.height, found.width)
            assert found.ppi > 0
            assert isinstance(found.annotations, dict)


@given(st.binary(max_size=200))
def test_noise_is_refused_by_name(noise: bytes) -> None:
    for head in (b"", b"FIR\x00020\x00", b"FIR\x00010\x00"):
        with pytest.raises(FormatError):
            read_fir(head + noise + b"!")


@pytest.mark.parametrize(
    ("start", "message"), [(b"", "not a finger"), (b"IIR\x00020\x00", "not a finger"), (b"FIR\x00030\x00", "030")]
)
def test_other_formats_and_versions_are_told_apart(start: bytes, message: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=message):
        read_fir(start + bytes(40))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"position": 11}, "position 11"),
        ({"width": 0}, "no pixels"),
        ({"qualities": (QualityBlock(101),)}, "0 to 100"),
        ({"width": 70000}, "does not fit"),
    ],
)
def test_what_no_reader_would_take_back_is_not_written(changed: dict[str, Any], message: str) -> None:
    record = FingerImageRecord((image(**(changed | ({"position": 17} if "position" in changed else {}))),))
    for write in (write_fir, finger_image_2005.write_2005):
        with pytest.raises(InvalidSampleError, match=message.replace("11", "17")):
            write(record)


def test_pictures_of_different_kinds_do_not_go_into_one_record_of_2005() -> None:
    with pytest.raises(InvalidSampleError, match="share"):
        finger_image_2005.write_2005(FingerImageRecord((image(), image(sampling=(1000, 1000)))))
    with pytest.raises(InvalidSampleError, match="at least one"):
        finger_image_2005.write_2005(FingerImageRecord(()))


@pytest.mark.parametrize(
    ("changed", "kind", "message"),
    [
        ({"data": b"\0"}, FormatError, "48 bytes"),
        ({"bit_depth": 16}, UnsupportedFormatError, "16 bits"),
        ({"width": 60000}, FormatError, "limit"),
        ({"format": ImageFormat.PNG}, UnsupportedFormatError, "not a picture"),
        ({"format": ImageFormat.PNG, "data": encode(np.zeros((5, 8), np.uint8), ImageFormat.PNG)}, FormatError, "8x5"),
    ],
)
def test_pictures_that_are_not_what_the_record_says_are_refused(
    changed: dict[str, Any], kind: type[FormatError], message: str
) -> None:
    with pytest.raises(kind, match=message):
        assert image(**changed).pixels.size


def test_a_flag_without_the_blocks_it_announces_is_remembered_and_written_right() -> None:
    spoilt = bytearray(GOOD)
    spoilt[14] = 1
    record = read_fir(bytes(spoilt))
    assert len(record.remarks) == 2
    assert write_fir(record) == GOOD


def test_a_date_that_is_none_and_a_wrong_count_are_remembered() -> None:
    record = read_fir(GOOD[:15] + b"\7" + GOOD[16:22] + b"\x0d" + GOOD[23:])
    assert record.images[0].captured_at is None
    assert len(record.remarks) == 2


# -- real records ------------------------------------------------------------------------------------------


def test_real_records_are_read_and_written_byte_for_byte(shared: Path) -> None:
    files = sorted((shared / "data/formats/finger_fir2011").glob("*.iso"))
    assert len(files) == 21
    for path in files:
        data = path.read_bytes()
        record = read_fir(data, str(path))
        assert write_fir(record) == data
        found = record.images[0]
        assert found.ppi == 500.0
        if found.format is not ImageFormat.WSQ:  # WSQ needs an extra
            assert found.pixels.shape == (found.height, found.width)
            assert found.pixels.std() > 20
