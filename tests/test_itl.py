"""ANSI/NIST-ITL: published transactions are read whole, what is written is read back, damage is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import biocore
from biocore.errors import FormatError, InvalidSampleError, InvalidTemplateError, MissingDependencyError
from biocore.formats.finger_templates import read_templates
from biocore.formats.itl import (
    BinaryRecord,
    Field,
    ItlTransaction,
    TextRecord,
    field_of,
    read_itl,
    transaction_of,
    write_itl,
)
from biocore.formats.itl_images import (
    Compression,
    ItlImage,
    ItlQuality,
    Missing,
    finger_record,
    images_of,
    iris_record,
    picture_of,
)
from biocore.formats.itl_minutiae import itl_templates, minutiae_records
from biocore.types import EyePosition, FingerPosition, GreyImage
from test_finger_minutiae_2011 import make_template

AGENCIES = ("ID0001", "ID3201")
PUBLISHED = {
    "type3.an2k": ([1, 2, 3], ()),
    "type4-slaps.an2k": ([1, 2, 4, 4, 4, 4], ()),
    "type9-13.an2k": (
        [1, 2, 9, 13],
        (
            "field 2.034 stands 2 times in the record at byte 145",
            "a field 13.005 stands in the Type-9 record at byte 208",
        ),
    ),
    "type9-15.an2k": ([1, 2, 15, 15, 9], ("a Type-9 record listed with IDC 3 has 1",)),
    "type9-efs.an2k": ([1, 9, 9, 9, 9, 9, 9, 9, 9], ()),
    "type9.an2k": ([1, 9], ()),
}


def pixels(height: int = 40, width: int = 30) -> GreyImage:
    return np.random.default_rng(5).integers(0, 256, (height, width), np.uint8)


def of(*records: TextRecord | BinaryRecord) -> ItlTransaction:
    return transaction_of(records, "REC", "20261122", AGENCIES, "1")


# -- published transactions --------------------------------------------------------------------------


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_transactions_are_read_and_written_byte_for_byte(shared: Path, name: str) -> None:
    data = (shared / "data/formats/an2k" / name).read_bytes()
    transaction = read_itl(data, name)
    types, remarks = PUBLISHED[name]
    assert [record.type for record in transaction.records] == types
    assert transaction.remarks == remarks
    again = write_itl(transaction)
    if name == "type9-15.an2k":  # the IDC in its list of contents is put right: one digit
        assert [at for at in range(len(data)) if data[at] != again[at]] == [data.index(b"9\x1f03") + 3]
    else:
        assert again == data


def test_pictures_of_published_transactions_have_the_size_they_say(shared: Path) -> None:
    found: list[ItlImage] = []
    for name in ("type4-slaps.an2k", "type9-13.an2k", "type9-15.an2k"):
        found += images_of(read_itl((shared / "data/formats/an2k" / name).read_bytes(), name))
    assert [(image.type, image.positions, image.ppi) for image in found] == [
        (4, (14,), 500.0),
        (4, (12,), 500.0),
        (4, (11,), 500.0),
        (4, (13,), 500.0),
        (13, (19,), 500.0),
        (15, (24,), 500.0),
        (15, (27,), 1000.0),
    ]
    for image in found:
        try:
            assert image.pixels.shape == (image.height, image.width)
        except MissingDependencyError:
            assert image.compression is Compression.WSQ
    assert found[4].qualities == (ItlQuality(1, None, "471", 5678),)


def test_legacy_minutiae_match_the_same_finger_of_an_ansi_record(shared: Path) -> None:
    folder = shared / "data/formats"
    references = read_templates((folder / "fmr/fmr.ansi2004").read_bytes())
    for name in ("type9.an2k", "type9-13.an2k"):  # without and with a picture of the same designation
        (probe,) = itl_templates(read_itl((folder / "an2k" / name).read_bytes(), name))
        assert len(probe) == 28
        scores = [biocore.compare(probe, reference).score for reference in references]
        assert scores[2] > 100 > 10 > max(scores[:2])


def test_records_of_extended_features_alone_give_no_template(shared: Path) -> None:
    transaction = read_itl((shared / "data/formats/an2k/type9-efs.an2k").read_bytes())
    assert itl_templates(transaction) == ()
    first = transaction.records[1]
    assert isinstance(first, TextRecord)
    minutiae = first.get(331)
    assert minutiae is not None
    assert minutiae.subfields[0] == ("1908", "41", "186", "E")


# -- what is written ---------------------------------------------------------------------------------

ITEMS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=8)
VALUES = st.lists(st.lists(ITEMS, min_size=1, max_size=3), min_size=1, max_size=3)


@st.composite
def records(draw: st.DrawFn) -> TextRecord | BinaryRecord:
    idc = draw(st.integers(0, 99))
    if draw(st.booleans()):
        return BinaryRecord(draw(st.integers(3, 8)), idc, draw(st.binary(max_size=60)))
    fields = [field_of(2, f"{idc:02}")]
    numbers = draw(st.lists(st.integers(3, 998), max_size=4, unique=True))
    fields += [field_of(number, draw(VALUES)) for number in numbers]
    if draw(st.booleans()):
        fields.append(Field(999, draw(st.binary(max_size=60))))
    return TextRecord(draw(st.sampled_from([2, 9, 10, 13, 14, 15, 17, 99])), tuple(fields))


@given(found=st.lists(records(), max_size=4))
@settings(max_examples=200)
def test_any_transaction_is_read_back_and_written_again_byte_for_byte(
    found: list[TextRecord | BinaryRecord],
) -> None:
    data = write_itl(of(*found))
    back = read_itl(data)
    assert back.remarks == ()
    assert back.records[1:] == tuple(found)
    assert write_itl(back) == data
    assert int(data[6 : data.index(b"\x1d")]) == data.index(b"\x1c") + 1  # the length of the first record


@pytest.mark.parametrize("compression", [Compression.NONE, Compression.PNG, Compression.JPEG2000])
def test_a_finger_comes_back_pixel_for_pixel_with_all_that_is_known_of_it(compression: Compression) -> None:
    quality = ItlQuality(7, 62, "0101", 1)
    record = finger_record(
        4, FingerPosition.LEFT_INDEX, picture_of(pixels(), compression), "20261122", "ID3201", quality=quality
    )
    (image,) = images_of(read_itl(write_itl(of(record))))
    assert (image.type, image.idc, image.positions, image.impression) == (14, 4, (7,), 0)
    assert (image.width, image.height, image.ppi, image.date) == (30, 40, 500.0, "20261122")
    assert image.qualities == (quality,)
    np.testing.assert_array_equal(image.pixels, pixels())


def test_a_finger_that_is_not_there_is_a_record_with_its_reason() -> None:
    absent = finger_record(1, FingerPosition.RIGHT_RING, None, "20261122", "X", missing=Missing.AMPUTATED)
    bandaged = [(3, Missing.UNABLE_TO_PRINT)]
    slap = finger_record(2, 13, picture_of(pixels(), Compression.PNG), "20261122", "X", missing=bandaged)
    data = write_itl(of(absent, slap))
    assert b"14.018:04\x1fXX" in data
    first, second = images_of(read_itl(data))
    assert (first.positions, first.missing, first.compression) == ((4,), ((4, Missing.AMPUTATED),), None)
    assert (second.positions, second.missing) == ((13,), ((3, Missing.UNABLE_TO_PRINT),))
    with pytest.raises(FormatError, match="holds no picture"):
        _ = first.pixels
    with pytest.raises(InvalidSampleError, match="why there is none"):
        finger_record(1, FingerPosition.RIGHT_RING, None, "20261122", "X")


def test_an_eye_comes_back_and_a_missing_one_too() -> None:
    quality = ItlQuality(2, None)
    eye = iris_record(0, EyePosition.LEFT, picture_of(pixels(), Compression.PNG), "20261122", "X", quality=quality)
    gone = iris_record(1, EyePosition.RIGHT, None, "20261122", "X", missing=Missing.EYE_MISSING)
    left, right = images_of(read_itl(write_itl(of(eye, gone))))
    assert (left.type, left.positions, left.ppi, left.qualities) == (17, (2,), None, (quality,))
    np.testing.assert_array_equal(left.pixels, pixels())
    assert (right.positions, right.missing) == ((1,), ((1, Missing.EYE_MISSING),))


def test_a_lossy_picture_is_smaller_and_close() -> None:
    smooth = np.tile(np.arange(200, dtype=np.uint8), (200, 1))
    lossy = picture_of(smooth, Compression.JPEG2000_LOSSY, 10.0)
    record = finger_record(1, FingerPosition.LEFT_THUMB, lossy, "20261122", "X")
    (image,) = images_of(read_itl(write_itl(of(record))))
    assert len(image.data) < smooth.size / 9
    assert np.abs(image.pixels.astype(int) - smooth).mean() < 4


@pytest.mark.parametrize("n", [0, 1, 40, 255])
def test_templates_come_back_as_they_went(n: int) -> None:
    template = make_template(n)
    (back,) = itl_templates(read_itl(write_itl(of(*minutiae_records([template], 3)))))
    assert (back.width, back.height, back.ppi, back.position, back.image_quality) == (400, 500, 500.0, 9, 70)
    order = np.lexsort((template.points[:, 0], template.points[:, 1], -template.qualities.astype(int)))
    again = np.lexsort((back.points[:, 0], back.points[:, 1], -back.qualities.astype(int)))
    np.testing.assert_array_equal(template.points[order], back.points[again])
    turned = np.abs(template.directions[order] - back.directions[again])
    assert np.minimum(turned, 2 * np.pi - turned).max(initial=0.0) <= np.radians(1.0) + 1e-6


def test_no_template_is_refused() -> None:
    with pytest.raises(InvalidTemplateError):
        minutiae_records([])


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (TextRecord(14, (field_of(5, "20261122"),)), "needs an IDC"),
        (TextRecord(14, (field_of(2, "100"),)), "0 to 99"),
        (TextRecord(4, (field_of(2, "00"),)), "does not exist"),
        (BinaryRecord(14, 0, b""), "does not exist"),
        (TextRecord(14, (field_of(2, "0"), Field(999, b"\0"), Field(5, b"x"))), "is the last"),
        (TextRecord(14, (field_of(2, "0"), Field(5, b"a\x1db"))), "separator"),
    ],
)
def test_what_cannot_be_written_is_named(record: TextRecord | BinaryRecord, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        write_itl(of(record))


def test_separators_in_values_and_dates_that_are_none_are_refused() -> None:
    with pytest.raises(FormatError, match="separator"):
        field_of(5, "a\x1fb")
    with pytest.raises(FormatError, match="eight digits"):
        transaction_of((), "REC", "today", AGENCIES, "1")
    with pytest.raises(FormatError, match="of Type 1"):
        write_itl(ItlTransaction((TextRecord(2, ()),)))
    with pytest.raises(FormatError, match="999 fit"):
        write_itl(of(*[BinaryRecord(8, 0, b"")] * 1000))


# -- damage ------------------------------------------------------------------------------------------

WHOLE = write_itl(
    of(
        finger_record(1, FingerPosition.LEFT_INDEX, picture_of(pixels(8, 8), Compression.NONE), "20261122", "X"),
        BinaryRecord(4, 2, bytes([0, 7, *[255] * 5, 0, 0, 4, 0, 4, 0]) + bytes(16)),
        *minutiae_records([make_template(5)], 3),
    )
)


def all_of(data: bytes) -> None:
    """Read everything there is to read."""
    transaction = read_itl(data, "damaged.an2k")
    for image in images_of(transaction):
        assert image.compression is None or image.pixels.size
    itl_templates(transaction)


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_a_transaction_cut_off_anywhere_is_named(length: int) -> None:
    with pytest.raises(FormatError) as caught:
        read_itl(WHOLE[:length], "cut.an2k")
    assert caught.value.offset is not None


@given(at=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255))
@settings(max_examples=400)
def test_an_altered_byte_gives_records_or_a_named_error(at: int, byte: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[at] = byte
    caught: Exception | None = None
    try:
        all_of(bytes(damaged))
    except (FormatError, InvalidTemplateError, MissingDependencyError) as error:
        caught = error
    assert caught is None or str(caught)


@pytest.mark.parametrize(
    ("wrong", "right", "says"),
    [
        (b"1.003:1\x1f3", b"1.003:1\x1f2", "announces"),
        (b"14\x1f01", b"01\x1f01", "Type 1"),
        (b"14\x1f01", b"xx\x1f01", "not a type and an IDC"),
        (b"14.011:NONE", b"14.011:LZMA", "known are"),
        (b"14.006:8", b"14.006:x", "14.006"),
        (b"14.006:8", b"14.006:7", "raw px"),
        (b"9.137:1", b"9.137:x", "not 6 numbers"),
        (b"9.128:400", b"9.128:999999999"[:9], None),
    ],
)
def test_fields_that_cannot_be_right_are_named(wrong: bytes, right: bytes, says: str | None) -> None:
    assert WHOLE.count(wrong) == 1
    damaged = WHOLE.replace(wrong, right)
    if says is None:
        all_of(damaged)
        return
    with pytest.raises(FormatError, match=says):
        all_of(damaged)


def test_pixels_that_are_not_square_are_refused_by_name() -> None:
    with pytest.raises(FormatError, match="not square"):
        list(images_of(read_itl(WHOLE.replace(b"14.010:500", b"14.010:900"))))


def test_another_format_is_unsupported() -> None:
    for data in (b"", b"FMR\0", b"<itl:NISTBiometricInformationExchangePackage>", b"2.001:9\x1c"):
        with pytest.raises(FormatError, match="no Type-1"):
            read_itl(data)
