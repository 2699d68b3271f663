"""The watch over what is attached: told once, in time, never stale, and ended without a trace."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from biocore import hotplug
from biocore.discovery import GROUP, Registry
from biocore.hal import Device, DeviceInfo
from biocore.hotplug import Change, Lists, Uevents, Watcher
from biocore.types import Modality
from biocore_drivers import sbi, sbi_ports, sbi_services, usb_bus
from biocore_drivers.usb_bus import Identity
from fake_usb import sysfs
from sbi_device import SbiService

READER = Identity(0x05BA, 0x000A, "DigitalPersona", "U.are.U 4500", "TEST-1", "1-2", 1, 7)


class PulledBell:
    """A bell that the test rings."""

    def __init__(self) -> None:
        self._here, self.rope = socket.socketpair()

    def fileno(self) -> int:
        return self._here.fileno()

    def rings(self) -> bool:
        return self._here.recv(1) == b"!"

    def close(self) -> None:
        self._here.close()
        self.rope.close()


@pytest.fixture
def bell() -> Iterator[PulledBell]:
    pulled = PulledBell()
    yield pulled
    pulled.close()


def info(uri: str) -> DeviceInfo:
    return DeviceInfo(uri, "test", "biocore", "test", Modality.FINGER)


def test_what_comes_and_goes_is_told_once_without_a_bell() -> None:
    attached = [info("usb:a")]
    told: queue.SimpleQueue[Change] = queue.SimpleQueue()
    silent = PulledBell()
    with Watcher(told.put, lambda: list(attached), silent, interval=0.02) as watcher:
        assert [device.uri for device in watcher.devices] == ["usb:a"]
        attached.append(info("usb:b"))
        assert told.get(timeout=5) == Change(True, info("usb:b"))
        attached.pop(0)
        assert told.get(timeout=5) == Change(False, info("usb:a"))
        assert [device.uri for device in watcher.devices] == ["usb:b"]
        time.sleep(0.1)
    assert told.empty()
    assert not [thread for thread in threading.enumerate() if thread.name == "biocore hotplug"]


def test_a_bell_shortens_the_wait_and_lets_the_bus_come_to_rest(
    bell: PulledBell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hotplug, "REST", 0.05)
    looks: list[float] = []
    told: queue.SimpleQueue[Change] = queue.SimpleQueue()
    attached: list[DeviceInfo] = []

    def devices() -> list[DeviceInfo]:
        looks.append(time.monotonic())
        return list(attached)

    with Watcher(told.put, devices, bell, interval=60.0):
        attached.append(info("usb:a"))
        bell.rope.send(b"?")  # somebody else's device
        bell.rope.send(b"!!!")
        assert told.get(timeout=5).info.uri == "usb:a"
    assert len(looks) == 2  # the first, and one for all the ringing


def test_a_reader_that_is_unplugged_is_listed_no_longer(
    bell: PulledBell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usb_bus, "SYSFS", sysfs(tmp_path / "sys", READER))
    told: queue.SimpleQueue[Change] = queue.SimpleQueue()
    with Watcher(told.put, Registry().devices, bell, interval=0.02) as watcher:
        assert "usb:05ba:000a@TEST-1" in [device.uri for device in watcher.devices]
        (tmp_path / "sys" / "1-2" / "idVendor").unlink()
        change = told.get(timeout=5)
        assert (change.attached, change.info.uri) == (False, "usb:05ba:000a@TEST-1")


def test_a_list_that_fails_and_a_listener_that_fails_end_no_watch(
    bell: PulledBell, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[list[DeviceInfo]] = [[], [], [info("usb:a")], [info("usb:a"), info("usb:b")]]
    told: queue.SimpleQueue[Change] = queue.SimpleQueue()

    def devices() -> list[DeviceInfo]:
        if len(answers) == 3:
            answers.pop(0)
            raise RuntimeError("the vendor's library crashed")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def listener(change: Change) -> None:
        told.put(change)
        raise RuntimeError("the window is gone")

    with Watcher(listener, devices, bell, interval=0.01):
        assert {told.get(timeout=5).info.uri for _ in range(2)} == {"usb:a", "usb:b"}
    assert "cannot be listed" in caplog.text
    assert "the window is gone" in caplog.text


def test_the_kernel_s_socket_is_silent_or_forbidden_and_both_are_fine() -> None:
    try:
        uevents = Uevents()
    except OSError:
        return  # a sandbox: the watch looks once a second
    assert uevents.fileno() >= 0
    assert not uevents.rings()
    uevents.close()


def test_without_the_kernel_s_word_the_watch_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    class Forbidden:
        def __init__(self) -> None:
            raise PermissionError("a sandbox")

    monkeypatch.setattr(hotplug, "Uevents", Forbidden)
    attached: list[DeviceInfo] = []
    told: queue.SimpleQueue[Change] = queue.SimpleQueue()
    with Watcher(told.put, lambda: list(attached), interval=0.01):
        attached.append(info("usb:a"))
        assert told.get(timeout=5).attached


# -- drivers whose list is dear ----------------------------------------------------------------------------


class Dear:
    """A driver that counts how often it is asked."""

    interval = 5.0

    def __init__(self) -> None:
        self.attached = [info("dear:1")]
        self.listening: object = 4501
        self.asked = 0

    def mark(self) -> object:
        return self.listening

    def devices(self) -> list[DeviceInfo]:
        self.asked += 1
        return list(self.attached)

    def claims(self, uri: str) -> bool:
        return uri.startswith("dear:")

    def open(self, uri: str) -> Device:
        raise AssertionError(uri)


@pytest.fixture
def dear(monkeypatch: pytest.MonkeyPatch) -> Dear:
    driver = Dear()
    monkeypatch.setattr(Registry, "load", lambda self, name: driver)
    return driver


def test_a_dear_driver_is_asked_at_its_own_interval_and_when_its_mark_changes(dear: Dear) -> None:
    now = [100.0]
    lists = Lists(Registry([EntryPoint("dear", "nobody:driver", GROUP)]), lambda: now[0])
    for _ in range(4):
        assert [each.uri for each in lists()] == ["dear:1"]
        now[0] += 1.0
    assert dear.asked == 1
    dear.attached = []  # a scanner that its service misses: told when the interval is over
    now[0] += 1.0
    assert lists() == []
    assert dear.asked == 2
    dear.attached, dear.listening = [info("dear:2")], 4502  # another service: told at once
    assert [each.uri for each in lists()] == ["dear:2"]
    dear.attached = []
    lists.forget()  # the kernel's word: everybody is asked
    assert lists() == []
    assert dear.asked == 4


def test_a_bell_asks_a_dear_driver_too(dear: Dear, bell: PulledBell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hotplug, "REST", 0.01)
    monkeypatch.setattr(hotplug, "registry", lambda: Registry([EntryPoint("dear", "nobody:driver", GROUP)]))
    told: queue.SimpleQueue[Change] = queue.SimpleQueue()
    with Watcher(told.put, None, bell, interval=60.0) as watcher:
        assert [each.uri for each in watcher.devices] == ["dear:1"]
        dear.attached = []
        bell.rope.send(b"!")
        assert told.get(timeout=5) == Change(False, info("dear:1"))


def test_a_driver_that_does_not_load_is_passed_over_by_the_watch() -> None:
    assert Lists(Registry([EntryPoint("broken", "nowhere.at.all:driver", GROUP)]))() == []


def test_a_service_that_begins_and_ceases_to_listen_is_told_at_once(
    bell: PulledBell, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sbi_ports.listeners([1]) is None:
        pytest.skip("this kernel does not list its sockets: told within the driver's interval")
    told: queue.SimpleQueue[Change] = queue.SimpleQueue()
    with SbiService() as service:
        port = service.port
    monkeypatch.setattr(sbi, "PORTS", (port,))
    monkeypatch.setattr(sbi_services, "PORTS", (port,))
    monkeypatch.setattr(sbi.SbiDriver, "interval", 3600.0)
    with Watcher(told.put, None, bell, interval=0.02) as watcher:
        assert not [each for each in watcher.devices if each.driver == "sbi"]
        with SbiService(port=port):
            come = told.get(timeout=5)
            assert (come.attached, come.info.driver) == (True, "sbi")
        assert told.get(timeout=5) == Change(False, come.info)
        assert not [each for each in watcher.devices if each.driver == "sbi"]
