"""`biocore devices` and the devices of `biocore capture`: what may enrol, whose rules, and which scanner goes on."""

from __future__ import annotations

import errno
import io
from pathlib import Path

import pytest
from rich.console import Console
from rich.live import Live

from biocore import discovery
from biocore.discovery import Registry
from biocore.errors import DeviceUnsupportedError
from biocore.failover import any_uri
from biocore.hal import DeviceInfo, Event, EventKind
from biocore.types import GreyImage, Modality
from biocore_bindings.cli_capture import _LiveLine
from biocore_bindings.terminal import ExitCode
from biocore_drivers import usb as usb_transport
from biocore_drivers import usb_bus
from biocore_drivers.usb_bus import Identity
from cli_support import run
from fake_usb import FakeBackend, sysfs
from usb_conversations import replay

Recordings = dict[str, tuple[Path, GreyImage]]
READER = Identity(0x05BA, 0x000A, "DigitalPersona", "U.are.U 4500", "TEST-1", "1-2", 1, 7)
CHIP = Identity(0x06CB, 0x00BD, "Synaptics", "Prometheus", "", "1-5", 1, 10)
POOR = DeviceInfo("usb:147e:2016@1-2", "upek", "UPEK", "TCS1", Modality.FINGER, 381.0, (192, 270))


def test_a_device_that_must_not_enrol_is_listed_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biocore.list_devices", lambda: [POOR])
    (listed,) = run("devices", "--json").document["devices"]
    assert listed["unfit"] == "its 381 ppi are below the 490 that enrolment needs"
    assert "no: its 381 ppi" in " ".join(run("devices").out.split())


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attach nothing to this machine but what the test plugs into its bus."""
    listed = Registry.devices_of
    known = ("virtual", "uru4000", "refused")
    monkeypatch.setattr(Registry, "devices_of", lambda self, name: listed(self, name) if name in known else [])
    monkeypatch.setattr(usb_bus, "SYSFS", Path("/nowhere"))


@pytest.mark.usefixtures("bare")
def test_without_a_device_it_is_said_and_made_up_ones_are_named_so() -> None:
    said = " ".join(run("devices").out.split())
    assert said.startswith("No scanner and no camera is attached; the virtual ones show made-up pictures.")
    assert "no: made up, to try things out" in said


@pytest.mark.usefixtures("bare")
def test_what_nobody_can_use_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result = run("capture", "any:finger", "--out", tmp_path)
    assert result.code == ExitCode.DEVICE
    assert result.err.count("\n") == 1
    assert "no scanner is attached. Plug one in; `biocore devices` lists what is there" in result.err
    assert "no camera is attached" in run("capture", "any:iris", "--out", tmp_path).err
    monkeypatch.setattr(usb_bus, "SYSFS", sysfs(tmp_path / "sys", CHIP))
    result = run("capture", "any:finger", "--out", tmp_path)
    assert result.err.count("\n") == 1
    assert "no scanner is attached that may be used: usb:06cb:00bd@1-5 compares on its own chip" in result.err
    assert result.err.endswith("Plug another one in\n")


@pytest.mark.usefixtures("bare")
def test_scanners_that_none_may_open_are_told_with_each_one_s_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bus = FakeBackend(READER)
    bus.fails = {"open": errno.EACCES}
    monkeypatch.setattr(usb_bus, "SYSFS", sysfs(tmp_path / "sys", READER))
    monkeypatch.setattr(usb_transport, "backend", lambda: bus)
    result = run("capture", "any:finger", "--out", tmp_path, "--json")
    assert result.document["error"]["type"] == "DevicePermissionError"
    assert 'ATTR{idVendor}=="05ba", ATTR{idProduct}=="000a"' in result.document["error"]["message"]
    bus.fails = {"claim": errno.EBUSY}
    result = run("capture", "any:finger?among=usb:05ba:000a,usb:05ba:000a@TEST-1", "--out", tmp_path, "--json")
    assert result.document["error"]["type"] == "DeviceBusyError"  # both for the same reason
    assert "no scanner can be opened: usb:05ba:000a: is held by" in result.document["error"]["message"]


@pytest.mark.usefixtures("bare")
def test_a_scanner_that_this_user_may_not_open_is_listed_so_with_its_line_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(usb_bus, "SYSFS", sysfs(tmp_path / "sys", READER, CHIP))
    monkeypatch.setattr(usb_bus, "NODES", tmp_path / "bus")
    line = 'SUBSYSTEM=="usb", ATTR{idVendor}=="05ba", ATTR{idProduct}=="000a", TAG+="uaccess"'

    def listed() -> dict[str, str]:
        return {each["uri"]: each["forbidden"] for each in run("devices", "--json").document["devices"]}

    assert not any(listed().values())  # no node: only an opening would tell
    (tmp_path / "bus" / "001").mkdir(parents=True)
    for identity in (READER, CHIP):
        identity.node.touch()
    assert not any(listed().values())
    asked: list[tuple[object, int]] = []

    def access(path: object, mode: int) -> bool:
        asked.append((path, mode))
        return False

    monkeypatch.setattr("biocore_drivers.usb_bus.os.access", access)  # root may open whatever there is
    assert line in listed()["usb:05ba:000a@TEST-1"]
    assert listed()["usb:06cb:00bd@1-5"] == ""  # nobody need open what does not serve
    assert set(asked) == {(READER.node, 6)}  # to read and to write, and nothing is opened
    out = run("devices").out
    assert "no permission" in next(row for row in out.splitlines() if row.startswith("usb:05ba:000a@TEST-1 "))
    (told,) = (row for row in out.splitlines() if row.startswith("usb:05ba:000a@TEST-1: no permission. As root"))
    assert line in told  # in one piece


def test_a_fault_beyond_the_end_of_a_recording_is_told_with_the_last_packet(recordings: Recordings) -> None:
    result = run("capture", replay(recordings["uru4000"][0], "&fault=stall:4000"))
    assert result.code == ExitCode.DEVICE
    assert "no such packet: the recording has" in result.err
    assert "Name one up to" in result.err


def test_the_udev_rules_are_a_file_s_text() -> None:
    result = run("devices", "--udev-rules")
    assert result.code == ExitCode.OK
    assert result.out == discovery.udev_rules()
    assert 'ATTR{idVendor}=="05ba", ATTR{idProduct}=="000a"' in result.out
    assert run("devices", "--udev-rules", "--json").document["udev_rules"] == result.out


def test_every_driver_says_its_version() -> None:
    drivers = {driver["name"]: driver for driver in run("devices", "--json").document["drivers"]}
    assert drivers["virtual"]["version"] == run("devices", "--json").document["biocore"]


def test_a_device_that_must_not_enrol_is_refused_by_name(recordings: Recordings, tmp_path: Path) -> None:
    result = run("capture", replay(recordings["upek"][0]), "--out", tmp_path, "--json")
    assert result.code == ExitCode.DEVICE
    assert result.document["error"]["type"] == DeviceUnsupportedError.__name__
    assert "must not enrol anybody: its 381 ppi are below the 490" in result.document["error"]["message"]
    assert list(tmp_path.iterdir()) == []


def test_its_pictures_alone_are_kept_anyway(recordings: Recordings, tmp_path: Path) -> None:
    uri = replay(recordings["upek"][0])
    result = run("capture", uri, "--out", tmp_path, "--anyway", "--json")
    assert result.code == ExitCode.OK
    (capture,) = result.document["captures"]
    assert (capture["score"], capture["status"]) == (None, "not_assessed")
    assert "381 ppi" in capture["reason"]
    assert [path.name for path in tmp_path.iterdir()] == ["capture-0001.png"]
    assert "381 ppi" in run("capture", uri, "--out", tmp_path, "--anyway").out
    refused = run("capture", uri, "--out", tmp_path, "--anyway", "--record", tmp_path / "x.fmr")
    assert refused.code == ExitCode.USAGE


def test_the_live_line_tells_which_scanner_goes_on() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=120, color_system=None)
    with Live(console=console, auto_refresh=False) as live:
        line = _LiveLine(live, Modality.FINGER, "en")
        line(Event(EventKind.WAITING, "any:finger"))
        line(Event(EventKind.SWITCHED, "any:finger", "usb:05ba:000a -> usb:1491:0020: was unplugged"))
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Goes on with another scanner: usb:05ba:000a -> usb:1491:0020: was unplugged" in told


def test_a_poor_scanner_that_takes_over_enrols_nobody(recordings: Recordings, tmp_path: Path) -> None:
    failing = "virtual:finger?arrival=0&previews=0&interval=0&fail=disconnect:1"
    uri = any_uri(Modality.FINGER, [failing, replay(recordings["next1010"][0])])
    result = run("capture", uri, "--out", tmp_path)
    assert result.code == ExitCode.DEVICE
    assert "another scanner goes on: virtual:finger" in result.err
    assert "385 ppi are below the 490" in result.err
    assert list(tmp_path.iterdir()) == []
