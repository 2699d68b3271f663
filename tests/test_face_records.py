"""Face image records: what is read out of them, and every way in which they can be wrong."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from biocore.errors import FormatError, UnsupportedFormatError
from biocore.formats.face_image import FaceFormat, read_fac
from portrait import portrait
from record_samples import face_record

RECORD = face_record()
HEAD, FRONT, FACE = 17, 24, 17  # bytes: head, what all begin with (one quality block), what is known of the face
IMAGE = HEAD + FRONT + FACE  # where the picture's description begins


def test_a_record_is_read_field_by_field() -> None:
    record = read_fac(RECORD)
    (image,) = record.images
    assert (image.format, image.width, image.height, image.kind) == (FaceFormat.JPEG, 160, 120, 1)
    assert image.captured_at == datetime(2026, 11, 22, 9, 30, 15, 250_000, UTC)
    assert [(block.score, block.vendor, block.algorithm) for block in image.qualities] == [(80, 1, 1)]
    assert record.remarks == ()
    assert RECORD.endswith(image.data)
    picture, colour = image.decode()
    assert colour is not None
    assert np.abs(colour.astype(int) - portrait(1)).mean() < 3.0
    assert picture.pixels.shape == (120, 160)


def test_landmarks_are_passed_over_and_several_pictures_are_read() -> None:
    record = read_fac(face_record(count=3, landmarks=5))
    assert [image.decode()[0].pixels.shape for image in record.images] == [(120, 160)] * 3


@pytest.mark.parametrize("form", [FaceFormat.JPEG2000_LOSSY, FaceFormat.JPEG2000_LOSSLESS])
def test_jpeg_2000_gives_its_very_pixels(form: FaceFormat) -> None:
    stream = io.BytesIO()
    Image.fromarray(portrait(2)).save(stream, "JPEG2000")
    colour = read_fac(face_record(stream.getvalue(), form)).images[0].decode()[1]
    assert colour is not None
    assert np.array_equal(colour, portrait(2))


def test_a_grey_portrait_has_no_colours() -> None:
    stream = io.BytesIO()
    Image.fromarray(portrait()).convert("L").save(stream, "JPEG")
    assert read_fac(face_record(stream.getvalue())).images[0].decode()[1] is None


def changed(at: int, *values: int) -> bytes:
    return RECORD[:at] + bytes(values) + RECORD[at + len(values) :]


@pytest.mark.parametrize(
    ("data", "kind", "said", "offset"),
    [
        (b"", UnsupportedFormatError, "no face image record", 0),
        (b"FIR\0" + RECORD[4:], UnsupportedFormatError, "no face image record", 0),
        (changed(4, *b"010\0"), UnsupportedFormatError, "edition of 2011", 4),
        (RECORD[:10], FormatError, "the head alone has 17", 10),
        (RECORD[:-1], FormatError, "only .* are there", 8),
        (changed(14, 1), FormatError, "certification flag 1", 14),
        (changed(12, 0, 2), FormatError, "announced and missing", len(RECORD)),
        (changed(12, 0, 0), FormatError, "too many after the last", HEAD),
        (changed(IMAGE + 1, 9), FormatError, "image format 9", IMAGE + 1),
        (changed(IMAGE + 2, 0, 0), FormatError, "0x120 px", IMAGE + 2),
        (changed(IMAGE + 11, 9), FormatError, "only .* are there", IMAGE + 11),
        (changed(HEAD + FRONT, 255, 255), FormatError, "announced and missing", len(RECORD)),
        (changed(HEAD + 19, 101), FormatError, "quality score 101", HEAD + 19),
    ],
)
def test_what_cannot_be_right_is_named_with_its_place(data: bytes, kind: type, said: str, offset: int) -> None:
    with pytest.raises(kind, match=said) as caught:
        read_fac(data, "a.fac")
    assert isinstance(caught.value, FormatError)
    assert (caught.value.file, caught.value.offset) == ("a.fac", offset)


def test_lengths_that_disagree_are_remembered_and_the_picture_is_read() -> None:
    record = read_fac(changed(8, 0, 0, 0, 99))
    assert "total length said 99" in record.remarks[0]
    (said,) = read_fac(changed(HEAD, 0, 0, 0, 99)).remarks
    assert "said 99 bytes" in said
    assert record.images[0].decode()[1] is not None


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (face_record(size=(120, 160)), "its record says 120x160"),
        (face_record(form=1), "is no JPEG2000_LOSSY"),
        (face_record(b"\xff\xd8\xff and nothing"), "JPEG"),
    ],
)
def test_a_picture_that_is_not_what_its_record_says_is_refused(record: bytes, said: str) -> None:
    (image,) = read_fac(record).images
    with pytest.raises(FormatError, match=said):
        image.decode()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, IMAGE + 40), st.integers(0, 255)), max_size=4), st.integers(0, len(RECORD)))
def test_whatever_the_bytes_there_is_a_record_or_a_named_error(changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(RECORD)
    for at, value in changes:
        data[at] = value
    for tried in (bytes(data), bytes(data[:cut])):
        try:
            images = read_fac(tried).images
        except FormatError:
            continue
        for image in images:
            assert image.width > 0 < image.height
            assert image.data in tried


def test_the_record_of_mosip_s_own_service_is_read(shared: Path) -> None:
    data = (shared / "data/mosip/sbi_traces/registration_face_face.iso").read_bytes()
    record = read_fac(data)
    assert record.remarks == ()
    (image,) = record.images
    assert (image.width, image.height, image.format) == (240, 320, FaceFormat.JPEG2000_LOSSLESS)
    colour = image.decode()[1]
    assert colour is not None
    assert colour.std() > 20
