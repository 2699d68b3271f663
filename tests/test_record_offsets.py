"""Errors of records name the byte they are about: of the field, the element, the picture, and in the file as it is."""

from __future__ import annotations

import pickle
import struct
from dataclasses import replace

import pytest

from biocore.errors import FormatError, UnsupportedFormatError
from biocore.formats.any_record import read_record
from biocore.formats.cbeff import Bir, write_cbeff
from biocore.formats.cbeff_xml import MAX_DEPTH, read_xml
from biocore.formats.finger_image import FingerImageRecord, write_fir
from biocore.formats.finger_minutiae_ansi import read_ansi
from biocore.formats.itl import TextRecord, field_of, read_itl, transaction_of, write_itl
from record_samples import SAMPLES, fingers, grey

ITL, OLDER, CBEFF = SAMPLES["itl"][1], SAMPLES["itl-older"][1], SAMPLES["cbeff"][1]


def refused(data: bytes) -> FormatError:
    with pytest.raises(FormatError) as caught:
        read_record(data, "card")
    assert caught.value.file == "card"
    assert str(caught.value).startswith(f"card: at byte {caught.value.offset}: ")
    return caught.value


def changed(data: bytes, old: bytes, new: bytes) -> tuple[bytes, int]:
    """Return the data with other bytes of the same length in one place, and that place."""
    assert len(old) == len(new)
    at = data.index(old)
    return data[:at] + new + data[at + len(old) :], at


# -- ANSI/NIST-ITL -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "old", "new", "says"),
    [
        (ITL, b"14.011:NONE", b"14.011:NINE", "NINE"),
        (ITL, b"14.006:16", b"14.006:xy", "14.006"),
        (ITL, b"14.018:01\x1fXX", b"14.018:01\x1fXY", "no position and reason"),
        (ITL, b"14.013:7", b"14.013:q", "not positions"),
        (ITL, b"9.137:1\x1f", b"9.137:x\x1f", "not 6 numbers"),
        (ITL, b"9.131:197", b"9.131:180", "differ"),
        (OLDER, b"9.012:001\x1f00100007030", b"9.012:001\x1f00100007999", "a number, a place and a direction"),
        (OLDER, b"13.009:500", b"13.009:300", "not square"),
    ],
)
def test_an_error_of_a_field_names_where_its_value_begins(data: bytes, old: bytes, new: bytes, says: str) -> None:
    damaged, at = changed(data, old, new)
    error = refused(damaged)
    assert says in error.reason
    assert error.offset == at + old.index(b":") + 1


def test_a_list_of_contents_and_a_record_are_named_where_they_stand() -> None:
    damaged, at = changed(ITL, b"1.003:1", b"1.003:2")
    assert refused(damaged).offset == at + len(b"1.003:")
    missing = ITL.replace(b"9.128:400\x1d", b"")
    record = missing.index(b"9.001:")
    length = int(missing[record + 6 : missing.index(b"\x1d", record)])
    shorter = missing.replace(b"9.001:%d" % length, b"9.001:%d" % (length - 10))
    error = refused(shorter)
    assert "9.128" in error.reason
    assert "missing" in error.reason
    assert error.offset == record


def test_a_binary_record_is_named_by_the_byte_of_its_code() -> None:
    body = OLDER.index(struct.pack(">B6sBHHB", 1, bytes([2, *[255] * 5]), 1, 16, 12, 0))
    at = body + 12
    error = refused(OLDER[:at] + b"\x09" + OLDER[at + 1 :])
    assert "compressed by 9" in error.reason
    assert error.offset == at


def test_a_record_that_was_made_and_not_read_has_no_byte_to_name() -> None:
    record = TextRecord(14, (field_of(2, "1"),))
    assert record.error(11, "is missing").offset is None
    back = read_itl(write_itl(transaction_of([record], "REC", "20261122", ("A", "B"), "1")))
    (again,) = back.of_type(14)
    assert again == record  # where it stands is no part of what it is
    assert again.offset is not None


# -- pictures ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["fir-2005", "fir-2011", "fac-2011", "itl-older"])
def test_a_damaged_picture_is_named_by_where_it_begins(name: str) -> None:
    data = SAMPLES[name][1]
    whole = read_record(data, "card")
    found = next(image for image in whole.images if image.compression not in ("NONE", "RAW"))
    start = data.index(found.data)
    damaged = data[: start + 20] + bytes(len(found.data) - 20) + data[start + len(found.data) :]
    image = read_record(damaged, "card").images[whole.images.index(found)]
    assert image.data == damaged[start : start + len(found.data)]
    with pytest.raises(FormatError) as caught:
        assert image.pixels.size
    assert (caught.value.file, caught.value.offset) == ("card", start)
    assert "memory" not in str(caught.value)


# -- CBEFF -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "begins"),
    [
        (b"<Score>61<", b"<Score>6x<", b"<Score>6x"),
        (b"<CreationDate>2026", b"<CreationDate>20x6", b"<CreationDate>20x6"),
        (b"<BDB>RklS", b"<BDB>R!lS", b"<BDB>R!lS"),
    ],
)
def test_a_value_that_cannot_be_is_named_by_its_element(old: bytes, new: bytes, begins: bytes) -> None:
    damaged, _ = changed(CBEFF, old, new)
    assert refused(damaged).offset == damaged.index(begins)


def test_offsets_count_bytes_and_not_letters() -> None:
    damaged, _ = changed(CBEFF, b"<Score>61<", b"<Score>6x<")
    longer = damaged.replace(b"<BIRInfo>", "<!-- sidik jari — é漢 --><BIRInfo>".encode(), 1)
    assert refused(longer).offset == longer.index(b"<Score>6x")


def test_what_is_no_xml_is_named_where_it_stops_to_be() -> None:
    cut = CBEFF[: CBEFF.index(b"</CreationDate>") + 4]
    assert refused(cut).offset == len(cut) - 4  # the tag that has no end
    broken, at = changed(CBEFF, b"<Level>Raw</Level>", b"<Level>Raw</Leval>")
    assert at < refused(broken).offset <= at + len(b"<Level>Raw</Leval>")  # type: ignore[operator]
    doctype = CBEFF.replace(b"<BIR", b"<!DOCTYPE BIR [<!ENTITY a 'b'>]><BIR", 1)
    error = refused(doctype)
    assert isinstance(error, UnsupportedFormatError)
    begins = doctype.index(b"<!DOCTYPE")
    assert error.offset in range(begins, doctype.index(b"<!ENTITY"))  # before any entity


def test_elements_too_deep_are_refused_where_they_are() -> None:
    deep = b"<BIR>" + b"<a>" * (MAX_DEPTH + 5) + b"</a>" * (MAX_DEPTH + 5) + b"</BIR>"
    with pytest.raises(FormatError, match="deeper than") as caught:
        read_xml(deep, "deep.xml")
    assert caught.value.offset == len(b"<BIR>") + 3 * (MAX_DEPTH - 1)


def test_a_record_in_a_record_is_named_in_the_file_and_in_itself() -> None:
    data = write_fir(fingers())
    damaged = data[:14] + b"\x07" + data[15:]  # the certification flag
    names = (("Left", "RingFinger"), ("Left", "IndexFinger"))
    file = write_cbeff([Bir("Finger", name, bdb) for name, bdb in zip(names, (data, damaged), strict=True)])
    error = refused(file)
    assert error.offset == file.rindex(b"<BDB>")
    assert error.reason == "Finger Left IndexFinger, byte 14 of its record: certification flag 7; 0 and 1 exist"


def test_a_damaged_picture_in_a_record_in_a_record_names_the_element() -> None:
    image = fingers().images[0]
    broken = write_fir(FingerImageRecord((replace(image, data=image.data[:30]),)))
    file = write_cbeff([Bir("Finger", ("Left", "IndexFinger"), write_fir(fingers())), Bir("Finger", (), broken)])
    *whole, last = read_record(file, "card").images
    assert all(each.pixels.size for each in whole)
    with pytest.raises(FormatError) as caught:
        assert last.pixels.size
    assert (caught.value.file, caught.value.offset) == ("card", file.rindex(b"<BDB>"))


# -- minutiae ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "named"), [("fmr-2005", 18), ("fmr-2011", 15), ("ansi-2004", 26), ("ansi-2009", 21)])
def test_pixels_that_are_not_square_are_named_by_their_view(name: str, named: int) -> None:
    damaged, _ = changed(SAMPLES[name][1], struct.pack(">HH", 197, 197), struct.pack(">HH", 180, 197))
    error = refused(damaged)
    assert isinstance(error, UnsupportedFormatError)
    assert "differ" in error.reason
    assert error.offset == named


def test_a_head_without_its_byte_of_certification_does_not_shift_what_is_named() -> None:
    data = SAMPLES["ansi-2009"][1]
    short = data[:8] + struct.pack(">I", len(data) - 1) + data[12:16] + data[17:]
    assert read_ansi(short).remarks == ("the head lacks its byte of certification",)
    view = 20  # where the first view begins now
    assert short[view] == data[view + 1]
    assert refused(short[:view] + b"\x63" + short[view + 1 :]).offset == view
    assert refused(short[: view + 1] + b"\x63" + short[view + 2 :]).offset == view + 1
    assert refused(short[: view + 8] + b"\0\0" + short[view + 10 :]).offset == view + 8


def test_a_picture_without_size_is_named_by_its_first_number() -> None:
    data = SAMPLES["ansi-2004"][1]
    at = 16
    assert struct.unpack_from(">HH", data, at) == (400, 500)
    assert refused(data[:at] + b"\0\0" + data[at + 2 :]).offset == at


# -- the error itself --------------------------------------------------------------------------------------


def test_an_error_of_a_part_is_moved_into_its_file() -> None:
    error = FormatError("is cut off", file="memory", offset=4)
    moved = error.within("card", 100)
    assert (str(moved), moved.reason, moved.offset) == ("card: at byte 104: is cut off", "is cut off", 104)
    assert error.within("card", None).offset == 4
    assert FormatError("is cut off").within("card", 7).offset == 7
    assert FormatError("is cut off").within("card", None).offset is None
    assert type(UnsupportedFormatError("x").within("card", 0)) is UnsupportedFormatError
    again = pickle.loads(pickle.dumps(moved))
    assert (str(again), again.file, again.offset, again.reason) == (str(moved), "card", 104, "is cut off")


def test_samples_hold_what_these_tests_change() -> None:
    assert grey().tobytes() in OLDER
    assert CBEFF.count(b"<BDB>") == 3
