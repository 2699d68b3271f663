"""CBEFF in XML: MOSIP's example is read, records come back, in MOSIP's order, and nothing hostile is expanded."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biocore.errors import FormatError, UnsupportedFormatError
from biocore.formats.cbeff import (
    IRIS_IMAGE,
    NAMESPACE,
    Bir,
    exception_of,
    position_of,
    read_cbeff,
    subtype_of,
    write_cbeff,
)
from biocore.types import EyePosition, FingerPosition, Position

WHEN = datetime(2019, 6, 27, 13, 40, 6, 209_000, UTC)
# As docs/CBEFF-XML.md of mosip/documentation has it, with a comment, one finger, one eye and a face.
PUBLISHED = f"""<?xml version="1.0" encoding="UTF-8"?>
<BIR xmlns="{NAMESPACE}">
   <BIRInfo><Integrity>false</Integrity></BIRInfo>
   <!-- right index finger -->
   <BIR>
      <Version><Major>1</Major><Minor>1</Minor></Version>
      <CBEFFVersion><Major>1</Major><Minor>1</Minor></CBEFFVersion>
      <BIRInfo><Integrity>false</Integrity></BIRInfo>
      <BDBInfo>
         <Format><Organization>Mosip</Organization><Type>7</Type></Format>
         <CreationDate>2019-06-27T13:40:06.209Z</CreationDate>
         <Type>Finger</Type>
         <Subtype>Right IndexFinger</Subtype>
         <Level>Raw</Level>
         <Purpose>Enroll</Purpose>
         <Quality>
            <Algorithm><Organization>HMAC</Organization><Type>SHA-256</Type></Algorithm>
            <Score>100</Score>
         </Quality>
      </BDBInfo>
      <BDB>RklSADAyMAA</BDB>
   </BIR>
   <BIR>
      <BIRInfo><Integrity>false</Integrity></BIRInfo>
      <BDBInfo><Type>Iris</Type><Subtype>Left</Subtype></BDBInfo>
      <BDB></BDB>
      <others><entry key="EXCEPTION">true</entry><entry key="RETRIES">3</entry></others>
   </BIR>
   <BIR>
      <BIRInfo><Integrity>false</Integrity></BIRInfo>
      <BDBInfo><Type>Face</Type></BDBInfo>
   </BIR>
</BIR>
""".encode()

POSITIONS: list[Position] = [p for kind in (FingerPosition, EyePosition) for p in kind if p]
TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, categories=("L", "N", "P")), max_size=12)


def test_mosips_example_is_read_and_a_record_without_content_is_remarked() -> None:
    found = read_cbeff(PUBLISHED)
    finger, eye, face = found.birs
    assert finger.position is FingerPosition.RIGHT_INDEX
    assert (finger.bdb, finger.score, finger.created) == (b"FIR\x00020\x00", 100, WHEN)
    assert (finger.format, finger.quality_algorithm) == (("Mosip", "7"), ("HMAC", "SHA-256"))
    assert eye.position is EyePosition.LEFT
    assert eye.exception
    assert eye.others["RETRIES"] == "3"
    assert face.position is None
    assert found.remarks == ("Face  has no record in it, and is no exception",)


@pytest.mark.parametrize("position", POSITIONS)
def test_every_finger_and_eye_has_a_name_that_leads_back(position: Position) -> None:
    kind = "Iris" if isinstance(position, EyePosition) else "Finger"
    words = subtype_of(position)
    assert position_of(kind, words) is position
    assert position_of(kind.upper(), ["".join(words)]) is position  # LeftIndexFinger
    assert position_of(kind, [" ".join(words)]) is position  # one string, as some files have it
    assert position_of(kind, words[::-1]) is position


def test_what_is_no_finger_and_no_eye_has_no_position() -> None:
    assert position_of("Face", ()) is None
    assert position_of("Finger", ("UNKNOWN",)) is None
    assert subtype_of(FingerPosition.UNKNOWN) == subtype_of(EyePosition.UNKNOWN) == ()


@given(
    score=st.none() | st.integers(0, 100),
    bdb=st.binary(max_size=80),
    sb=st.binary(max_size=20),
    others=st.dictionaries(TEXT, TEXT, max_size=3),
    position=st.sampled_from(POSITIONS),
    urlsafe=st.booleans(),
)
@settings(max_examples=200)
def test_any_record_is_read_back(
    score: int | None, bdb: bytes, sb: bytes, others: dict[str, str], position: Position, urlsafe: bool
) -> None:
    bir = Bir(
        type="Iris" if isinstance(position, EyePosition) else "Finger",
        subtype=subtype_of(position),
        bdb=bdb,
        score=score,
        created=WHEN,
        sb=sb,
        others=others,
    )
    data = write_cbeff([bir, bir], urlsafe=urlsafe)
    back = read_cbeff(data)
    assert back.birs == (bir, bir)
    assert write_cbeff(back.birs, urlsafe=urlsafe) == data


def test_elements_stand_in_the_order_of_mosips_schema() -> None:
    root = ET.fromstring(write_cbeff([exception_of(EyePosition.RIGHT, WHEN, {"RETRIES": "3"})]))
    names = [child.tag.removeprefix(f"{{{NAMESPACE}}}") for child in root[1]]
    assert names == ["Version", "CBEFFVersion", "BIRInfo", "BDBInfo", "BDB", "others"]
    info = [child.tag.removeprefix(f"{{{NAMESPACE}}}") for child in root[1][3]]
    assert info == ["Format", "CreationDate", "Type", "Subtype", "Level", "Purpose", "Quality"]


def test_an_exception_has_an_empty_record_and_says_so() -> None:
    (back,) = read_cbeff(write_cbeff([exception_of(EyePosition.RIGHT, WHEN, {"RETRIES": "3"})])).birs
    assert back.exception
    assert (back.bdb, back.position, back.format) == (b"", EyePosition.RIGHT, ("Mosip", IRIS_IMAGE))
    assert back.others == {"EXCEPTION": "true", "RETRIES": "3"}


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_both_alphabets_of_base64_are_read_padded_or_not_broken_over_lines_or_not(encode: object) -> None:
    content = bytes(range(256))
    text = encode(content)  # type: ignore[operator]
    for spelled in (text, text.rstrip(b"="), text[:100] + b"\n   " + text[100:]):
        assert read_cbeff(PUBLISHED.replace(b"RklSADAyMAA", spelled)).birs[0].bdb == content


BOMB = (
    b'<!DOCTYPE BIR [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><BIR>&j;</BIR>"
)


@pytest.mark.parametrize(
    "data",
    [
        BOMB,
        b'<!DOCTYPE BIR SYSTEM "file:///etc/passwd"><BIR/>',
        b'<!DOCTYPE BIR [<!ENTITY x SYSTEM "file:///etc/passwd">]><BIR>&x;</BIR>',
        "<BIR/>".encode("utf-16"),
        "<BIR/>".encode("utf-32-be"),
        b"<html><body/></html>",
    ],
)
def test_entities_other_encodings_and_other_xml_are_refused_at_once(data: bytes) -> None:
    began = time.process_time()
    with pytest.raises(UnsupportedFormatError):
        read_cbeff(data, "hostile.xml")
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize(
    ("wrong", "right", "says"),
    [
        (b"<Score>100", b"<Score>101", "Score"),
        (b"<Score>100", b"<Score>good", "Score"),
        (b"<Score>100", "<Score>\u0661".encode(), "Score"),
        (b"RklSADAyMAA", b"RklSADAyM!!", "BDB"),
        (b"RklSADAyMAA", b"R", "BDB"),
        (b"2019-06-27T", b"2019-16-27T", "CreationDate"),
        (b"</BIR>\n", b"", "no XML"),
        (b'"UTF-8"', b'"x-nothing"', "no XML"),
    ],
)
def test_values_that_cannot_be_right_are_named_by_their_element(wrong: bytes, right: bytes, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        read_cbeff(PUBLISHED.replace(wrong, right), "wrong.xml")


def test_birs_nested_without_end_and_files_without_end_are_refused() -> None:
    with pytest.raises(FormatError, match="deeper"):
        read_cbeff(b"<BIR>" * 20 + b"</BIR>" * 20)
    with pytest.raises(FormatError):
        read_cbeff(b"<BIR>" * 100_000 + b"</BIR>" * 100_000)
    with pytest.raises(FormatError, match="the limit is"):
        read_cbeff(b" " * ((1 << 26) + 1))


@given(at=st.integers(0, len(PUBLISHED) - 1), byte=st.integers(0, 255))
@settings(max_examples=300)
def test_an_altered_byte_gives_records_or_a_named_error(at: int, byte: int) -> None:
    damaged = bytearray(PUBLISHED)
    damaged[at] = byte
    caught: FormatError | None = None
    try:
        read_cbeff(bytes(damaged), "altered.xml")
    except FormatError as error:
        caught = error
    assert caught is None or "altered.xml" in str(caught)


@pytest.mark.parametrize("bir", [Bir(type="Fin\0ger"), Bir(others={"a": "b\x1f"}), Bir(score=101)])
def test_what_xml_or_a_score_cannot_be_is_refused(bir: Bir) -> None:
    with pytest.raises(FormatError):
        write_cbeff([bir])
