"""Files of recorded traffic: read back as written, and refused by name whatever is wrong with them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biocore.errors import FormatError, UnsupportedFormatError
from biocore_drivers import usbmon
from biocore_drivers.recording import load
from biocore_drivers.uru4000_cipher import advance, decrypt, key_stream
from biocore_drivers.usbmon import Kind, Packet
from usb_conversations import shifted, stream, upek

IOCTL = """@DEV /dev/bus/usb/001/003
USBDEVFS_GET_CAPABILITIES 0 FD010000
USBDEVFS_REAPURBNDELAY 0 3 2 0 0 4 4 0 80380100
 USBDEVFS_REAPURBNDELAY 0 3 131 0 0 16 2 0 8037
"""


def packets(count: int) -> st.SearchStrategy[list[Packet]]:
    fields = st.tuples(st.booleans(), st.integers(0, 2**64 - 1), st.sampled_from(list(Kind)), st.binary(max_size=40))
    return st.lists(fields, max_size=count).map(
        lambda rows: [
            Packet(n, submits, urb, kind, 3, 9, 0x81, b"", -115 if submits else 0, len(data), b"" if submits else data)
            for n, (submits, urb, kind, data) in enumerate(rows)
        ]
    )


@given(packets(6))
def test_what_was_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, noted: list[Packet]) -> None:
    path = tmp_path_factory.mktemp("written") / "capture.pcapng"
    usbmon.write(path, noted)
    assert usbmon.read(path) == noted


@given(st.binary(max_size=200), st.sampled_from([".pcapng", ".ioctl"]))
def test_any_bytes_are_read_or_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("any") / f"capture{suffix}"
    path.write_bytes(content)
    try:
        found = usbmon.read(path)
    except FormatError as error:
        refused: str | None = error.file
        found = []
    else:
        refused = str(path)
    assert refused == str(path)
    assert [packet.index for packet in found] == sorted(packet.index for packet in found)


@given(st.data())
def test_a_damaged_recording_is_read_or_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder, _ = upek(tmp_path_factory.mktemp("damaged"))
    path = folder / "capture.pcapng"
    content = bytearray(path.read_bytes()[:4000])
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        file: str | None = str(load(folder).folder)
    except FormatError as error:
        file = error.file
    assert file is not None
    assert file.startswith(str(folder))


def test_another_link_type_and_another_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "capture.pcapng"
    usbmon.write(path, [Packet(0, True, 1, Kind.BULK, 1, 1, 0x81, b"", -115, 8, b"")])
    content = bytearray(path.read_bytes())
    at = content.index(struct.pack("<HH", usbmon.LINKTYPE_USB_LINUX_MMAPPED, 0))
    content[at] = 1  # Ethernet
    path.write_bytes(content)
    with pytest.raises(UnsupportedFormatError, match="link type 1"):
        usbmon.read(path)
    with pytest.raises(UnsupportedFormatError, match=r"expected \.pcapng or \.ioctl"):
        usbmon.read(Path(__file__))
    with pytest.raises(FormatError, match="cannot be read"):
        usbmon.read(tmp_path / "absent.pcapng")


def test_an_ioctl_tree_is_read_in_recorded_order(tmp_path: Path) -> None:
    (tmp_path / "capture.ioctl").write_text(IOCTL)
    (tmp_path / "device").write_text("A: idVendor=298d\nA: idProduct=1010\nA: product=NB\\302\\256 1\\n\n")
    recording = load(tmp_path)
    assert recording.count == 2
    assert recording.identity.model == "NB® 1"
    assert [(submits, transfer.data.hex()) for submits, transfer in recording.timeline] == [
        (True, "80380100"),
        (False, "80380100"),
        (True, "8037"),
        (False, "8037"),
    ]
    assert recording.timeline[2][1].length == 16
    (tmp_path / "capture.ioctl").write_text(IOCTL.replace("16 2", "2 16"))
    with pytest.raises(FormatError, match="line 4 is an impossible transfer"):
        load(tmp_path)


@given(st.integers(0, 2**32 - 1), st.integers(0, 700))
def test_the_key_stream_is_the_register_s_shifted_bit_by_bit(key: int, length: int) -> None:
    assert key_stream(key, length).tobytes() == stream(key, length)
    state = key
    for _ in range(length):
        state = shifted(state)
    assert advance(key, length) == state


@pytest.mark.parametrize("length", [0, 1, 2, 385])
def test_a_block_is_decrypted_a_place_off_and_loses_its_last_byte(length: int) -> None:
    cipher = np.arange(length, dtype=np.uint8)
    plain = decrypt(cipher, 0x12345678)
    assert plain.shape == cipher.shape
    assert not plain[-1:].any()
    key = np.frombuffer(stream(0x12345678, length), np.uint8)
    assert np.array_equal(plain[:-1], cipher[1:] ^ key[: max(0, length - 1)])
