"""A device that is recorded while it is used: the recording plays the very picture, and tells no serial number."""

from __future__ import annotations

import errno
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

import usb_conversations
from biocore.discovery import open_device, registry
from biocore.errors import (
    DeviceDisconnectedError,
    DeviceError,
    DeviceNotFoundError,
    DeviceStalledError,
    DeviceTimeoutError,
    DeviceUnsupportedError,
)
from biocore.formats.images import read_image
from biocore.types import GreyImage
from biocore_bindings.terminal import ExitCode
from biocore_drivers import recorder, usb_bus, usb_lock, usbmon
from biocore_drivers import usb as usb_transport
from biocore_drivers.recorder import RecordingTransport, description, endpoint_kinds
from biocore_drivers.recording import load
from biocore_drivers.replay import driver_of
from biocore_drivers.replay_transport import LIBFPRINT_SEED, ReplayTransport
from biocore_drivers.transport import Situation, VirtualClock
from biocore_drivers.usb_bus import Identity
from biocore_drivers.usbmon import Kind
from cli_support import run
from fake_usb import FakeBackend, sysfs
from usb_conversations import SEED, descriptor, replay

READER = Identity(0x05BA, 0x000A, "DigitalPersona, Inc.", "U.are.U\N{REGISTERED SIGN} 4500", "SECRET-7", "1-2", 1, 7)
Recordings = dict[str, tuple[Path, GreyImage]]


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GreyImage:
    """Plug in a reader whose conversation was held with libfprint's secret; return the picture it shows."""
    monkeypatch.setattr(usb_conversations, "SEED", LIBFPRINT_SEED)
    folder, shown = usb_conversations.uru4000(tmp_path / "conversation")
    fake = FakeBackend(READER, folder, LIBFPRINT_SEED)
    sys = sysfs(tmp_path / "sys", READER)
    interrupt, bulk = (struct.pack("<BBBBHB", 7, 5, at, kind, 64, 1) for at, kind in ((0x81, 3), (0x82, 2)))
    (sys / "1-2" / "descriptors").write_bytes(descriptor(0x05BA, 0x000A) + interrupt + bulk)
    monkeypatch.setattr(usb_bus, "SYSFS", sys)
    monkeypatch.setattr(usb_bus, "PROC", tmp_path / "proc")
    monkeypatch.setattr(usb_transport, "backend", lambda: fake)
    monkeypatch.setattr(usb_lock, "SYSTEM", tmp_path)
    return shown


def test_a_recorded_device_plays_its_picture(bus: GreyImage, tmp_path: Path) -> None:
    folder = tmp_path / "a recording"
    result = run("devices", "record", "usb:05ba:000a", folder, "--wait", "0.3", "--json")
    assert result.code == ExitCode.OK, result.err
    assert result.document["recording"]["differing_pixels"] == 0
    assert result.document["device"]["model"] == "U.are.U 4500"
    assert "never a finger" in result.err
    assert sorted(path.name for path in folder.iterdir()) == ["capture.pcapng", "capture.png", "device"]
    assert np.array_equal(read_image(folder / "capture.png").pixels, bus)
    for order in ("strict", "relaxed"):
        with open_device(f"replay:{folder}?order={order}") as device:
            assert np.array_equal(device.capture(5).pixels, bus)
    packets = usbmon.read(folder / "capture.pcapng")
    times = [packet.time for packet in packets]
    assert times == sorted(times)
    assert times[0] > 1_700_000_000 * usbmon.SECOND
    assert {packet.kind for packet in packets if packet.endpoint == 0x81} == {Kind.INTERRUPT}
    assert {packet.kind for packet in packets if packet.endpoint == 0x82} == {Kind.BULK}
    checked = run("devices", "check", "uru4000", "--replay", folder, "--captures", "5", "--out", tmp_path, "--json")
    assert checked.code == ExitCode.OK, checked.out
    assert {entry["outcome"] for entry in checked.document["results"]} == {"passed"}


def test_a_recording_tells_no_serial_number(bus: GreyImage, tmp_path: Path) -> None:
    folder = tmp_path / "recording"
    assert run("devices", "record", "usb:05ba:000a", folder, "--wait", "0").code == ExitCode.OK
    assert not [path for path in folder.iterdir() if b"SECRET-7" in path.read_bytes()]
    identity = load(folder).identity
    assert (identity.vendor, identity.product, identity.serial) == (0x05BA, 0x000A, "")
    assert identity.model == READER.model  # beyond ASCII, and back


def test_a_folder_in_use_is_left_alone(bus: GreyImage, tmp_path: Path) -> None:
    (tmp_path / "conversation" / "device").write_text("mine")
    result = run("devices", "record", "usb:05ba:000a", tmp_path / "conversation")
    assert result.code == ExitCode.INPUT
    assert "is not empty" in result.err
    assert (tmp_path / "conversation" / "device").read_text() == "mine"


@pytest.mark.parametrize(
    ("uri", "error", "says"),
    [
        ("record:x", DeviceNotFoundError, "does not say of which device"),
        ("record:x?of=usb:1234:5678", DeviceNotFoundError, "is not attached"),
        ("record:x?of=virtual:finger", DeviceNotFoundError, "is no USB device"),
        ("record:x?of=usb:06cb:00bd", DeviceUnsupportedError, "match-on-chip"),
        ("record:x?of=usb:05ba:000a&speed=2", DeviceNotFoundError, "unknown parameter speed"),
    ],
)
def test_what_cannot_be_recorded_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str, error: type[DeviceError], says: str
) -> None:
    chip = Identity(0x06CB, 0x00BD, port="1-9", bus=1, number=4)
    monkeypatch.setattr(usb_bus, "SYSFS", sysfs(tmp_path / "sys", READER, chip))
    with pytest.raises(error, match=says):
        registry().device(uri)


@pytest.mark.parametrize("name", ["uru4000", "microsoft", "upek", "next1010"])
def test_every_protocol_is_noted_as_it_was_recorded(
    recordings: Recordings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder, shown = recordings[name]
    monkeypatch.setattr(recorder, "LIBFPRINT_SEED", SEED)
    recording, clock = load(folder), VirtualClock()

    def connect(situation: Situation) -> RecordingTransport:
        inner = ReplayTransport(recording, situation, clock, seed=SEED)
        return RecordingTransport(inner, recording.identity, tmp_path / "again")

    family = driver_of(recording.identity, "test:record")
    with family.over("test:record", recording.identity, connect, clock) as device:
        assert np.array_equal(device.capture(5).pixels, shown)
    with open_device(replay(tmp_path / "again")) as device:
        assert np.array_equal(device.capture(5).pixels, shown)

    def said(of: Path) -> list[str]:
        timeline = load(of).timeline
        return [str(transfer) for submits, transfer in timeline if submits and not transfer.standard]

    noted = said(tmp_path / "again")
    recorded = said(folder)
    assert len(noted) > 5
    assert noted[: len(recorded)] == recorded[: len(noted)]


class Failing:
    """A transport on which everything fails in one way."""

    once = False

    def __init__(self, error: DeviceError) -> None:
        self.clock, self.situation = VirtualClock(), Situation("test:failing")
        self._error = error

    def watch(self, *arguments: Any) -> None:
        pass

    close = watch

    def fail(self, *arguments: Any) -> Any:
        raise self._error

    control_in = control_out = read = write = event = fail


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (DeviceTimeoutError("late"), -errno.ENOENT),
        (DeviceStalledError("stalled"), -errno.EPIPE),
        (DeviceDisconnectedError("gone"), -errno.ENODEV),
        (DeviceError("else"), -errno.EPROTO),
    ],
)
def test_what_failed_is_on_record(tmp_path: Path, error: DeviceError, status: int) -> None:
    transport = RecordingTransport(cast(Any, Failing(error)), READER, tmp_path / "out")
    transport.watch(0x81, 64)
    attempts: tuple[Callable[[], object], ...] = (
        lambda: transport.control_in(4, 7, 0, 1),
        lambda: transport.control_out(4, 7, 0, b"\1"),
        lambda: transport.read(0x82, 64, 1.0),
        lambda: transport.write(0x02, b"G", 1.0),
        lambda: transport.event(0x81, 1.0),
    )
    for attempt in attempts:
        with pytest.raises(type(error)):
            attempt()
    transport.close()
    transport.close()
    packets = usbmon.read(tmp_path / "out" / "capture.pcapng")
    assert [packet.status for packet in packets if not packet.submits] == [status] * 5


def test_a_folder_that_cannot_be_written_harms_no_capture(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    RecordingTransport(cast(Any, Failing(DeviceError("x"))), READER, tmp_path / "file").close()
    assert "cannot be written" in caplog.text


def test_descriptors_tell_the_kind_of_each_endpoint_whatever_they_are() -> None:
    endpoint = struct.pack("<BBBBHB", 7, 5, 0x83, 3, 8, 1)
    assert endpoint_kinds(descriptor(1, 2) + endpoint) == {0x83: Kind.INTERRUPT}
    for length in range(len(endpoint)):
        assert endpoint_kinds(endpoint[:length]) in ({}, {0x83: Kind.INTERRUPT})
    assert endpoint_kinds(bytes(40)) == {}


def test_a_device_without_sysfs_is_described_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usb_bus, "SYSFS", tmp_path / "absent")
    assert "A: idVendor=05ba\\n" in description(READER)
