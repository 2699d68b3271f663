"""`biocore devices` and the devices of `biocore capture`: what may enrol, whose rules, and which scanner goes on."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console
from rich.live import Live

from biocore import discovery
from biocore.errors import DeviceUnsupportedError
from biocore.failover import any_uri
from biocore.hal import DeviceInfo, Event, EventKind
from biocore.types import GreyImage, Modality
from biocore_bindings.cli_capture import _LiveLine
from biocore_bindings.terminal import ExitCode
from cli_support import run
from usb_conversations import replay

Recordings = dict[str, tuple[Path, GreyImage]]
POOR = DeviceInfo("usb:147e:2016@1-2", "upek", "UPEK", "TCS1", Modality.FINGER, 381.0, (192, 270))


def test_a_device_that_must_not_enrol_is_listed_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biocore.list_devices", lambda: [POOR])
    (listed,) = run("devices", "--json").document["devices"]
    assert listed["unfit"] == "its 381 ppi are below the 490 that enrolment needs"
    assert "no: its 381 ppi" in " ".join(run("devices").out.split())


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
