"""The way to real hardware, over a pyusb backend without a bus: names, rights, holders, locks, and all of it undone."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import usb.core

from biocore.discovery import Registry, open_device, udev_rules
from biocore.errors import (
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceError,
    DeviceNotFoundError,
    DevicePermissionError,
    DeviceProtocolError,
    DeviceStalledError,
    DeviceSuspendedError,
    DeviceTimeoutError,
    DeviceUnsupportedError,
    DeviceVendorError,
    DriverNotFoundError,
    MissingDependencyError,
)
from biocore.types import GreyImage
from biocore.udev import file_text
from biocore_drivers import usb as usb_transport
from biocore_drivers import usb_bus, usb_lock
from biocore_drivers.transport import Situation
from biocore_drivers.usb import UsbTransport
from biocore_drivers.usb_bus import Identity
from biocore_drivers.usb_lock import DeviceLock
from fake_usb import FakeBackend, sysfs
from usb_conversations import SEED

READER = Identity(0x05BA, 0x000A, "DigitalPersona, Inc.", "U.are.U 4500", "TEST-1", "1-2", 1, 7)
TWIN = replace(READER, serial="TEST-2", port="1-3", number=8)
CHIP = Identity(0x06CB, 0x00BD, "", "", "", "1-9", 1, 4)


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeBackend:
    """Plug in the reader, and let its transfers go nowhere."""
    fake = FakeBackend(READER)
    monkeypatch.setattr(usb_bus, "SYSFS", sysfs(tmp_path / "sys", READER, CHIP))
    monkeypatch.setattr(usb_bus, "PROC", tmp_path / "proc")
    monkeypatch.setattr(usb_transport, "backend", lambda: fake)
    monkeypatch.setattr(usb_lock, "SYSTEM", tmp_path)
    return fake


def cable(fake: FakeBackend) -> UsbTransport:
    return UsbTransport(fake.identity, Situation("usb:05ba:000a"), fake)


def test_a_reader_on_a_cable_gives_its_picture(
    bus: FakeBackend, recordings: dict[str, tuple[Path, GreyImage]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, shown = recordings["uru4000"]
    bus.__init__(READER, folder, SEED)  # type: ignore[misc]
    bus.kernel_drivers.add(0)
    monkeypatch.setattr(usb_transport, "random_32", lambda: SEED)
    with open_device("usb:05ba:000a") as device:
        assert device.info.serial == "TEST-1"
        assert np.array_equal(device.capture(10).pixels, shown)
    assert bus.done.index("detach 0") < bus.done.index("claim 0")
    undone = [step for step in bus.done if step.split()[0] in ("release", "attach", "close")]
    assert undone[:2] == ["release 0", "attach 0"]
    assert undone[-1] == "close"
    assert bus.kernel_drivers == {0}
    DeviceLock(READER.uri, Situation("somebody else")).release()  # free again


def test_what_is_attached_is_listed_by_a_name_that_it_keeps(bus: FakeBackend) -> None:
    found = {info.uri: info for info in Registry().devices()}
    assert {"usb:05ba:000a@TEST-1", "usb:06cb:00bd@1-9"} <= set(found)
    assert found["usb:05ba:000a@TEST-1"].model == "U.are.U 4500"
    assert "match-on-chip" in found["usb:06cb:00bd@1-9"].unfit
    with pytest.raises(DeviceUnsupportedError, match="match-on-chip"):
        open_device("usb:06cb:00bd@1-9")


@pytest.mark.parametrize("uri", ["usb:05ba:000a", "usb:05BA:000A@1-2", "usb:05ba:000a@TEST-1"])
def test_a_reader_is_found_by_kind_port_or_serial_number(bus: FakeBackend, uri: str) -> None:
    assert usb_transport.connect(usb_bus.parse(uri), Situation(uri)).identity == READER


@pytest.mark.parametrize("uri", ["usb:05ba", "usb:5ba:a", "usb:05ba:000g", "usb:05ba:000a@", "usb:05ba:000a?a=1"])
def test_a_malformed_name_is_refused(uri: str) -> None:
    with pytest.raises(DeviceNotFoundError):
        usb_bus.parse(uri)
    with pytest.raises((DriverNotFoundError, DeviceNotFoundError)):
        open_device(uri)


def test_an_absent_reader_says_what_is_there_instead(bus: FakeBackend) -> None:
    with pytest.raises(DeviceNotFoundError, match=r"is not attached.*05ba:000a, 06cb:00bd"):
        open_device("usb:05ba:000a@1-7")


def test_a_reader_that_was_unplugged_and_came_back_elsewhere_is_the_same(bus: FakeBackend) -> None:
    moved = replace(READER, port="2-4", bus=2, number=3)
    shutil.rmtree(usb_bus.SYSFS)
    sysfs(usb_bus.SYSFS, replace(TWIN, port="1-1"), moved)
    bus.identity = moved
    again = usb_transport.connect(usb_bus.parse("usb:05ba:000a"), Situation("usb:05ba:000a"), READER)
    assert again.identity == moved
    again.close()
    nameless = [replace(READER, serial="", port=port) for port in ("1-1", "1-2")]
    shutil.rmtree(usb_bus.SYSFS)
    sysfs(usb_bus.SYSFS, *nameless)
    bus.identity = nameless[1]
    there = usb_transport.connect(usb_bus.parse("usb:05ba:000a"), Situation("usb:05ba:000a"), nameless[1])
    assert there.identity.port == "1-2"


def test_an_endpoint_that_stalled_is_let_go_on_and_no_other(bus: FakeBackend) -> None:
    transport = cable(bus)
    bus.fails = {"read": errno.EPIPE, "write": errno.EPIPE, "unhalt": errno.EPIPE}
    with pytest.raises(DeviceStalledError, match="endpoint 0x82"):
        transport.read(0x82, 64, 0.1)
    assert bus.done[-1] == "unhalt 0x82"
    with pytest.raises(DeviceStalledError, match="endpoint 0x02"):
        transport.write(0x02, b"\x01", 0.1)
    assert bus.done[-1] == "unhalt 0x02"
    bus.fails = {"read": errno.EIO}
    with pytest.raises(DeviceProtocolError):
        transport.read(0x82, 64, 0.1)
    assert bus.done[-1] == "read 0x82"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (errno.EACCES, DevicePermissionError),
        (errno.EPERM, DevicePermissionError),
        (errno.EBUSY, DeviceBusyError),
        (errno.ENODEV, DeviceDisconnectedError),
        (errno.ESHUTDOWN, DeviceDisconnectedError),
        (errno.ETIMEDOUT, DeviceTimeoutError),
        (errno.EPIPE, DeviceStalledError),
        (errno.EOVERFLOW, DeviceProtocolError),
        (errno.EPROTO, DeviceProtocolError),
        (errno.EIO, DeviceProtocolError),
        (errno.EHOSTUNREACH, DeviceSuspendedError),
        (errno.EXDEV, DeviceVendorError),
    ],
)
def test_every_errno_is_a_named_error(bus: FakeBackend, code: int, error: type[DeviceError]) -> None:
    transport = cable(bus)
    transport.situation.doing = "acquiring"
    bus.fails = {"control": code, "read": code, "write": code}
    for transfer in (
        lambda: transport.control_in(4, 7, 0, 1),
        lambda: transport.control_out(4, 7, 0, b"\x01"),
        lambda: transport.write(0x02, b"\x01", 0.1),
        lambda: transport.read(0x82, 64, 0.1),
    ):
        with pytest.raises(error) as caught:
            transfer()
        assert type(caught.value) is error
        assert (caught.value.uri, caught.value.state) == ("usb:05ba:000a", "acquiring")
        assert caught.value.hint
    transport.close()


def test_a_failed_transfer_of_a_reader_that_is_gone_or_asleep_says_so(bus: FakeBackend) -> None:
    transport = cable(bus)
    bus.fails = {"control": errno.EIO}
    power = usb_bus.SYSFS / READER.port / "power"
    power.mkdir()
    (power / "runtime_status").write_text("suspended\n")
    with pytest.raises(DeviceSuspendedError):
        transport.control_in(4, 7, 0, 1)
    shutil.rmtree(usb_bus.SYSFS / READER.port)
    with pytest.raises(DeviceDisconnectedError):
        transport.control_in(4, 7, 0, 1)
    transport.close()


def test_a_forbidden_reader_names_the_udev_line(bus: FakeBackend) -> None:
    bus.fails = {"open": errno.EACCES}
    with pytest.raises(DevicePermissionError) as caught:
        open_device("usb:05ba:000a")
    assert 'ATTR{idVendor}=="05ba", ATTR{idProduct}=="000a", TAG+="uaccess"' in str(caught.value.hint)
    DeviceLock(READER.uri, Situation("somebody else")).release()  # nothing is held after the failure


def test_a_node_that_is_there_before_its_rights_is_waited_for(
    bus: FakeBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usb_bus, "NODES", tmp_path / "dev")
    (tmp_path / "dev" / "001").mkdir(parents=True)
    (tmp_path / "dev" / "001" / "007").touch()
    bus.fails = {"open": errno.EACCES}
    started = time.monotonic()
    monkeypatch.setattr(time, "sleep", lambda seconds: bus.fails.clear())
    usb_transport.connect(usb_bus.parse("usb:05ba:000a"), Situation("usb")).close()
    assert bus.done.count("open") == 2
    assert time.monotonic() - started < usb_transport.SETTLING


def test_a_busy_reader_names_its_holder(bus: FakeBackend, tmp_path: Path) -> None:
    driver = tmp_path / "drivers" / "usbhid"
    driver.mkdir(parents=True)
    (usb_bus.SYSFS / "1-2:1.0" / "driver").symlink_to(driver)
    process = tmp_path / "proc" / "4711"
    (process / "fd").mkdir(parents=True)
    (process / "fd" / "3").symlink_to("/dev/bus/usb/001/007")
    (process / "comm").write_text("fprintd\n")
    bus.fails = {"claim": errno.EBUSY}
    with pytest.raises(DeviceBusyError, match=r"held by kernel driver usbhid and fprintd \(process 4711\)"):
        open_device("usb:05ba:000a")


def test_one_claimant_a_reader(bus: FakeBackend) -> None:
    first = cable(bus)
    with pytest.raises(DeviceBusyError, match=rf"is held by .* \(process {os.getpid()}\)"):
        cable(bus)
    first.close()
    first.close()
    cable(bus).close()


def test_a_lock_file_that_cannot_be_made_stops_nobody(bus: FakeBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usb_lock, "folder", lambda: Path("/proc/nowhere"))
    cable(bus).close()
    assert bus.done[-1] == "close"


def test_a_write_that_is_not_taken_whole_is_named(bus: FakeBackend) -> None:
    transport = cable(bus)
    bus.takes = 1
    with pytest.raises(DeviceProtocolError, match="took 1 of 3 bytes"):
        transport.write(0x02, b"abc", 0.1)
    transport.close()


def test_readers_end_with_the_transport_and_tell_what_ended_them(bus: FakeBackend) -> None:
    transport = cable(bus)
    transport.watch(0x81, 64)
    assert transport.event(0x81, 0.01) is None
    pending = transport.post(0x82, 64, 0.05)
    with pytest.raises(DeviceTimeoutError):
        pending.result(2.0)
    bus.fails = {"read": errno.ENODEV}
    with pytest.raises(DeviceDisconnectedError):
        transport.event(0x81, 2.0)
    transport.close()


def test_without_libusb_the_package_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usb.backend.libusb1, "get_backend", lambda find_library=None: None)
    with pytest.raises(MissingDependencyError, match=r"libusb-1\.0-0.*libusb-package"):
        usb_transport.backend()


def test_the_package_s_libusb_is_taken_where_the_system_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def get_backend(find_library: object = None) -> object:
        asked.append(find_library)
        return None if find_library is None else Library("the package's")

    class Library:
        def __init__(self, lib: str) -> None:
            self.lib = lib

    package = SimpleNamespace(find_library=lambda name: "/somewhere/libusb-1.0.so")
    monkeypatch.setitem(sys.modules, "libusb_package", package)
    monkeypatch.setattr(usb.backend.libusb1, "get_backend", get_backend)
    assert usb_transport.backend().lib == "the package's"
    assert asked == [None, package.find_library]


def test_two_transports_have_two_libusb_contexts() -> None:
    if usb.backend.libusb1.get_backend() is None:
        pytest.skip("no libusb here")
    assert usb_transport.backend() is not usb_transport.backend()


def test_the_udev_rules_hold_every_known_id_once() -> None:
    text = file_text(
        [(0x05BA, 0x000A, "U.are.U 4500"), (0x298D, 0x1010, "NB-1010-U"), (0x05BA, 0x000A, "U.are.U 4500")]
    )
    assert text.count("05ba") == 1
    assert text.index("# NB-1010-U") > text.index("# U.are.U 4500")
    for line in text.splitlines():
        assert line.startswith(("#", "ACTION", "LABEL", 'SUBSYSTEM=="usb", ATTR{idVendor}=="'))


def test_the_rules_of_the_installed_drivers_name_their_scanners_and_no_refused_one() -> None:
    rules = Registry().udev_rules()
    for vendor, product in ((0x05BA, 0x000A), (0x045E, 0x00CA), (0x147E, 0x2016), (0x298D, 0x1010)):
        assert f'ATTR{{idVendor}}=="{vendor:04x}", ATTR{{idProduct}}=="{product:04x}"' in rules
    assert "06cb" not in rules
    assert rules == udev_rules()
