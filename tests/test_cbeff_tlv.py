"""Biometric information templates in TLV: the published example is understood, and damage is named by its byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biocore.errors import FormatError, UnsupportedFormatError
from biocore.formats.cbeff_tlv import BIOMETRIC_TYPES, GROUP, TEMPLATE, TlvObject, read_tlv

# Two fingers, of a format that stands for whatever is on the card.
BY_HAND = bytes.fromhex("7f61 21 020102 7f60 0c a10a 810108 820102 870201b7 7f60 0c a10a 810108 820101 870201b7")


def test_a_group_written_by_hand_is_read_object_by_object() -> None:
    group = read_tlv(BY_HAND)
    assert group.tag == GROUP
    assert [child.tag for child in group.children] == [0x02, TEMPLATE, TEMPLATE]
    subtypes = [template.find(0x82) for template in group.children[1:]]
    assert [found.value for found in subtypes if found] == [b"\x02", b"\x01"]
    assert group.find(0x99) is None


def test_the_published_example_tells_two_fingers(shared: Path) -> None:
    group = read_tlv((shared / "data/formats/iris/TLVBIT.dat").read_bytes(), "TLVBIT.dat")
    templates = [child for child in group.children if child.tag == TEMPLATE]
    kinds = [template.find(0x81) for template in templates]
    assert [BIOMETRIC_TYPES[found.value[0]] for found in kinds if found] == ["finger", "finger"]
    owners = [template.find(0x87) for template in templates]
    assert [found.value.hex() for found in owners if found] == ["dead", "beef"]


@pytest.mark.parametrize("length", range(len(BY_HAND)))
def test_a_group_cut_off_anywhere_is_named(length: int) -> None:
    with pytest.raises(FormatError) as caught:
        read_tlv(BY_HAND[:length])
    assert caught.value.offset is not None


@given(data=st.binary(max_size=60))
@settings(max_examples=300)
def test_any_bytes_behind_a_right_tag_give_objects_or_a_named_error(data: bytes) -> None:
    caught: FormatError | None = None
    found: TlvObject | None = None
    try:
        found = read_tlv(b"\x7f\x60" + data)
    except FormatError as error:
        caught = error
    assert (found is None) is (caught is not None)
    assert caught is None or caught.offset is not None


def test_objects_nested_without_end_lengths_beyond_the_end_and_other_data_are_refused() -> None:
    deep = b""
    for _ in range(20):
        deep = b"\xa1" + bytes([len(deep)]) + deep
    with pytest.raises(FormatError, match="deeper"):
        read_tlv(b"\x7f\x60" + bytes([len(deep)]) + deep)
    with pytest.raises(FormatError, match="says 5 bytes"):
        read_tlv(bytes.fromhex("7f60 03 8105 01"))
    with pytest.raises(FormatError, match="a length in 4 bytes"):
        read_tlv(bytes.fromhex("7f60 84 7fffffff"))
    with pytest.raises(FormatError, match="too many"):
        read_tlv(BY_HAND + b"\0")
    with pytest.raises(FormatError, match="does not announce"):
        read_tlv(BY_HAND[:5] + b"\x03" + BY_HAND[6:])
    for data in (b"", b"FMR\0", b"\x30\x00"):
        with pytest.raises(UnsupportedFormatError):
            read_tlv(data)
