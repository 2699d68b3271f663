"""Our driver of the U.are.U 4500, through libusb, usbfs and the kernel's USB core, on a reader made of Python."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import usb.core
import usb.util

import biocore
from biocore.errors import (
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceError,
    DeviceNotFoundError,
    DevicePermissionError,
    DeviceProtocolError,
    DeviceStalledError,
    DeviceTimeoutError,
)
from biocore.hal import Device, Event, EventKind, State
from biocore.hotplug import Change, Watcher
from biocore.types import GreyImage
from biocore_drivers import usb_bus
from biocore_drivers.usb import backend
from biocore_drivers.usb_bus import Identity
from vm.reader import KEY, MODE, PICTURE, VERSIONS, Reader, frame
from vm.usbip import Plug

ENUMERATION = 10.0  # s; 0.3 s on a machine of its own
CAPTURE = 20.0  # s
NAME = "usb:05ba:000a@GUEST-1"


def until(condition: Callable[[], object], seconds: float = ENUMERATION) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "that did not happen"
        time.sleep(0.05)


def attached(serial: str) -> list[Identity]:
    return [device for device in usb_bus.attached() if device.serial == serial]


def ours() -> list[str]:
    """Name the library's threads."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("biocore")]


class Finger:
    """Lies down when the reader waits for it, and goes when the picture is taken."""

    def __init__(self, reader: Reader, device: Device) -> None:
        self.heard: list[EventKind] = []
        self.reader = reader
        device.listen(self)

    def __call__(self, event: Event) -> None:
        self.heard.append(event.kind)
        if event.kind is EventKind.WAITING:
            self.reader.touch()
        elif event.kind is EventKind.CAPTURED:
            self.reader.lift()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, GreyImage]:
    """Make a frame, and the picture it shows."""
    return frame(tmp_path_factory.mktemp("frame"))


@pytest.fixture
def plugged(made: tuple[bytes, GreyImage]) -> Iterator[Callable[..., Reader]]:
    """Plug readers into ports, and pull all of them out at the end."""
    plugs: list[Reader] = []

    def plug(port: int = 0, reader: Reader | None = None, serial: str = "GUEST-1") -> Reader:
        reader = reader or Reader(made[0], serial)
        Plug(reader, port)
        plugs.append(reader)
        until(lambda: attached(reader.serial))
        return reader

    yield plug
    for reader in plugs:
        reader.plug.pull()
    until(lambda: not any(device.vendor == 0x05BA for device in usb_bus.attached()))


@pytest.fixture
def reader(plugged: Callable[..., Reader]) -> Reader:
    """Plug one into port 0."""
    return plugged()


@pytest.fixture
def device(reader: Reader) -> Iterator[Device]:
    """Open the reader, with a finger at hand."""
    threads = ours()
    with biocore.open_device(NAME) as opened:
        Finger(reader, opened)
        yield opened
    assert ours() == threads


def test_a_reader_that_is_plugged_in_is_listed_by_its_serial_number(reader: Reader) -> None:
    (info,) = [info for info in biocore.list_devices() if info.driver == "uru4000"]
    assert info.uri == NAME
    assert (info.maker, info.model, info.serial) == ("DigitalPersona", "U.are.U 4500", "GUEST-1")
    (identity,) = attached("GUEST-1")
    assert (identity.maker, identity.model) == ("DigitalPersona", "U.are.U® 4500")
    assert identity.node.is_char_device()


def test_three_captures_give_the_picture_and_leave_the_lamp_off(
    reader: Reader, device: Device, made: tuple[bytes, GreyImage]
) -> None:
    for _ in range(3):
        captured = device.capture(CAPTURE)
        assert np.array_equal(captured.pixels, made[1])
        assert captured.ppi == 512.0
    assert reader.taken == 3
    assert not reader.dark
    device.close()
    until(lambda: reader.dark)


@pytest.mark.parametrize(
    ("place", "fault", "error"),
    [
        (KEY, "stall", DeviceStalledError),
        (KEY, "short", DeviceProtocolError),
        (KEY, "silent", DeviceTimeoutError),
        (PICTURE, "stall", DeviceStalledError),
        (PICTURE, "short", DeviceProtocolError),
        (PICTURE, "silent", DeviceTimeoutError),
    ],
)
def test_a_failure_has_its_name_and_the_next_capture_works(
    reader: Reader, device: Device, made: tuple[bytes, GreyImage], place: int, fault: str, error: type[DeviceError]
) -> None:
    reader.faults[place] = fault
    with pytest.raises(error, match="GUEST-1"):
        device.capture(CAPTURE)
    assert not reader.faults  # it happened
    until(lambda: reader.dark)
    assert np.array_equal(device.capture(CAPTURE).pixels, made[1])


def test_a_reader_that_stumbles_while_it_is_opened_is_opened_all_the_same(
    reader: Reader, made: tuple[bytes, GreyImage]
) -> None:
    reader.faults[VERSIONS] = "stall"
    with biocore.open_device("usb:05ba:000a") as opened:
        Finger(reader, opened)
        assert np.array_equal(opened.capture(CAPTURE).pixels, made[1])


@pytest.mark.parametrize("place", [MODE, KEY, PICTURE])
def test_a_reader_pulled_out_in_the_middle_is_lost_and_works_again_in_another_socket(
    plugged: Callable[..., Reader], reader: Reader, device: Device, made: tuple[bytes, GreyImage], place: int
) -> None:
    (before,) = attached("GUEST-1")
    reader.faults[place] = "pulled"
    began = time.monotonic()
    with pytest.raises(DeviceDisconnectedError, match="GUEST-1"):
        device.capture(CAPTURE)
    assert time.monotonic() - began < CAPTURE / 2
    assert device.state is State.LOST
    until(lambda: not attached("GUEST-1"))
    with pytest.raises(DeviceNotFoundError):
        biocore.open_device(NAME)
    plugged(port=3, reader=reader)
    (after,) = attached("GUEST-1")
    assert after.uri == before.uri
    assert after.port != before.port
    device.close()
    device.open()
    assert np.array_equal(device.capture(CAPTURE).pixels, made[1])


def test_a_reader_pulled_out_while_nobody_comes_is_lost_at_once(reader: Reader) -> None:
    with biocore.open_device(NAME) as opened:
        pull = threading.Timer(1.0, reader.plug.pull)
        opened.listen(lambda event: pull.start() if event.kind is EventKind.WAITING else None)
        began = time.monotonic()
        with pytest.raises(DeviceDisconnectedError, match="awaiting the finger"):
            opened.capture(CAPTURE)
        assert time.monotonic() - began < CAPTURE / 2
        pull.join()
    assert not ours()


def test_who_watches_hears_of_a_reader_that_goes_and_comes(plugged: Callable[..., Reader], reader: Reader) -> None:
    heard: list[Change] = []
    with Watcher(heard.append) as watcher:
        assert NAME in [info.uri for info in watcher.devices]
        reader.plug.pull()
        until(lambda: [change.attached for change in heard] == [False])
        plugged(port=1, reader=reader)
        until(lambda: [change.attached for change in heard] == [False, True])
    assert {change.info.uri for change in heard} == {NAME}


def test_any_finger_goes_on_with_the_other_reader_when_one_is_pulled_out(
    plugged: Callable[..., Reader], made: tuple[bytes, GreyImage]
) -> None:
    one, other = plugged(0, serial="GUEST-1"), plugged(1, serial="GUEST-2")
    one.faults[KEY] = "pulled"
    with biocore.open_device("any:finger?among=usb:05ba:000a@GUEST-1,usb:05ba:000a@GUEST-2") as station:
        heard = Finger(one, station).heard
        Finger(other, station)
        captured = station.capture(CAPTURE)
    assert np.array_equal(captured.pixels, made[1])
    assert captured.source.endswith("GUEST-2")
    assert EventKind.SWITCHED in heard
    assert (one.taken, other.taken) == (1, 1)


def test_a_reader_that_another_program_has_claimed_is_busy_and_the_program_is_named(reader: Reader) -> None:
    other = usb.core.find(backend=backend(), idVendor=0x05BA, idProduct=0x000A)
    assert other is not None
    usb.util.claim_interface(other, 0)
    try:
        with pytest.raises(DeviceBusyError, match=rf"process {os.getpid()}"):
            biocore.open_device(NAME)
    finally:
        usb.util.dispose_resources(other)
    with biocore.open_device(NAME) as opened:
        assert opened.state is State.READY


def test_who_may_not_open_the_reader_is_given_the_udev_rule(reader: Reader) -> None:
    assert os.getuid() == 0
    os.seteuid(65534)  # nobody
    try:
        with pytest.raises(DevicePermissionError, match=r'ATTR\{idVendor\}=="05ba"'):
            biocore.open_device(NAME)
    finally:
        os.seteuid(0)
