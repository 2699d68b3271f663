"""A vendor's library in a process of its own: whatever it does, the station lives, and the error has a name."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from biocore.certify.cases import Heard, Running
from biocore.discovery import open_device, registry, udev_rules
from biocore.errors import (
    CaptureCancelledError,
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceError,
    DeviceNotFoundError,
    DeviceProtocolError,
    DeviceTimeoutError,
    DeviceVendorError,
    DriverError,
    SubjectTimeoutError,
)
from biocore.failover import any_uri
from biocore.hal import EventKind, State
from biocore.types import Modality
from biocore_drivers import child, usb_bus, vendor_manifest
from biocore_drivers.usb_bus import Identity
from biocore_drivers.vendor import VendorDevice
from fake_usb import sysfs

RAMP = (np.arange(96)[None, :] + np.arange(128)[:, None]).astype(np.uint8)


def uri(library: Path, options: str = "") -> str:
    return f"vendor:{library}" + (f"?options={options}" if options else "")


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_library_s_picture_events_and_previews_come_through(example_sdk: Path) -> None:
    device = registry().device(uri(example_sdk))
    heard = Heard(device)
    with device:
        frame = device.capture(5)
    assert np.array_equal(frame.pixels, RAMP)
    assert (device.info.maker, device.info.model, device.info.ppi) == ("Example", "ramp", 500.0)
    kinds = [kind for kind in heard.kinds if kind is not EventKind.STATE]
    assert kinds == [EventKind.WAITING, EventKind.PRESENT, EventKind.PREVIEW, EventKind.CAPTURED]
    shown = heard.events[heard.kinds.index(EventKind.PREVIEW)].frame
    assert shown is not None
    assert np.array_equal(shown.pixels, RAMP)


@pytest.mark.parametrize(
    ("fault", "error", "says"),
    [
        ("crash", DeviceVendorError, r"its library crashed \(SIGSEGV\)"),
        ("exit", DeviceVendorError, r"ended the process it runs in \(exit code 3\)"),
        ("error", DeviceVendorError, "its library says 4711: the lens is dirty"),
        ("gone", DeviceDisconnectedError, "was unplugged"),
        ("hang", DeviceTimeoutError, "did not return, and was ended"),
        ("nobody", SubjectTimeoutError, "nobody came before the deadline"),
        ("size", DeviceProtocolError, "gave 48 x 128 px instead of 96 x 128"),
        ("huge", DeviceProtocolError, "instead of 96 x 128"),
        ("overrun", DeviceProtocolError, "wrote past the end of its picture"),
        ("blank", DeviceProtocolError, "empty picture"),
    ],
)
def test_a_fault_of_the_library_is_a_named_error_and_the_next_capture_works(
    example_sdk: Path, fault: str, error: type[DeviceError], says: str
) -> None:
    with open_device(uri(example_sdk, f"{fault}:2")) as device:
        assert np.array_equal(device.capture(5).pixels, RAMP)
        start = time.monotonic()
        with pytest.raises(error, match=says) as caught:
            device.capture(0.5)
        assert time.monotonic() - start < 1.5
        assert caught.value.uri == device.info.uri
        assert caught.value.state == "capturing"
        if error is DeviceDisconnectedError:
            assert device.state is State.LOST
            device.close()
            device.open()
        assert np.array_equal(device.capture(5).pixels, RAMP)


def test_what_a_library_prints_goes_nowhere(example_sdk: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with open_device(uri(example_sdk, "noise")) as device:
        device.capture(5)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("fault", ["hang", "nobody"])
def test_a_cancel_is_obeyed_in_time_by_a_library_that_listens_and_one_that_does_not(
    example_sdk: Path, fault: str
) -> None:
    device = registry().device(uri(example_sdk, f"{fault}:1"))
    heard = Heard(device)
    with device:
        running = Running(device.capture)
        heard.await_waiting()
        start = time.monotonic()
        device.cancel()
        with pytest.raises(CaptureCancelledError):
            running.result()
        assert time.monotonic() - start < 1.0


@pytest.mark.parametrize(
    ("fault", "error", "says"),
    [
        ("crash-open", DeviceVendorError, "SIGSEGV"),
        ("busy", DeviceBusyError, "held by another program"),
        ("hang-open", DeviceTimeoutError, "does not return from open within 0.3 s"),
    ],
)
def test_an_opening_that_fails_is_named_and_leaves_no_process(
    example_sdk: Path, monkeypatch: pytest.MonkeyPatch, fault: str, error: type[DeviceError], says: str
) -> None:
    device = registry().device(uri(example_sdk, fault))
    if fault == "hang-open":
        monkeypatch.setattr(child.Child.ask, "__defaults__", (0.3,))
    before = set(children())
    with pytest.raises(error, match=says):
        device.open()
    assert device.state is State.CLOSED
    assert set(children()) == before


def children() -> list[str]:
    return [name for path in Path("/proc/self/task").glob("*/children") for name in path.read_text().split()]


def test_a_library_that_hangs_in_close_is_ended(example_sdk: Path) -> None:
    device = open_device(uri(example_sdk, "hang-close"))
    start = time.monotonic()
    device.close()
    assert time.monotonic() - start < 5.0
    assert device.state is State.CLOSED


def test_a_process_that_dies_while_nothing_runs_is_named_and_started_anew(example_sdk: Path) -> None:
    with open_device(uri(example_sdk)) as device:
        assert isinstance(device, VendorDevice)
        assert device._process is not None
        os.kill(device._process.process_id, 9)
        with pytest.raises(DeviceVendorError, match="SIGKILL"):
            device.capture(5)
        assert np.array_equal(device.capture(5).pixels, RAMP)


STATION = """
import sys, time
import biocore
device = biocore.open_device(sys.argv[1])
print(device._process.process_id, flush=True)
device.capture(600)
"""


@pytest.mark.parametrize("fault", ["hang", "nobody"])
def test_no_process_outlives_a_station_that_is_killed(example_sdk: Path, fault: str) -> None:
    station = subprocess.Popen(
        [sys.executable, "-c", STATION, uri(example_sdk, f"{fault}:1")], stdout=subprocess.PIPE, text=True
    )
    try:
        assert station.stdout is not None
        child = int(station.stdout.readline())
        time.sleep(0.2)
        assert alive(child)
    finally:
        station.kill()
        station.communicate()
    until = time.monotonic() + 5.0
    while alive(child) and time.monotonic() < until:
        time.sleep(0.02)
    assert not alive(child)


def test_a_capture_goes_on_with_another_scanner_when_a_library_crashes(example_sdk: Path) -> None:
    other = "virtual:finger?arrival=0&previews=0&interval=0&width=64&height=64"
    with open_device(any_uri(Modality.FINGER, [uri(example_sdk, "crash"), other])) as device:
        assert device.capture(5).source == other


def test_two_devices_at_a_time_have_a_process_each(example_sdk: Path) -> None:
    with open_device(uri(example_sdk, "crash")) as first, open_device(uri(example_sdk)) as second:
        with pytest.raises(DeviceVendorError):
            first.capture(5)
        assert np.array_equal(second.capture(5).pixels, RAMP)


def test_the_thread_that_opened_may_end_before_the_device_is_used(example_sdk: Path) -> None:
    device = registry().device(uri(example_sdk))
    opener = threading.Thread(target=device.open)
    opener.start()
    opener.join()
    with contextlib.closing(device):
        assert np.array_equal(device.capture(5).pixels, RAMP)


# -- what is no plug-in ----------------------------------------------------------------------------


def test_what_is_no_plug_in_is_named(tmp_path: Path, example_sdk: Path) -> None:
    with pytest.raises(DeviceNotFoundError, match="there is no plug-in"):
        open_device(f"vendor:{tmp_path}/none.so")
    with pytest.raises(DeviceNotFoundError, match="unknown parameter speed"):
        open_device(f"vendor:{example_sdk}?speed=2")
    (tmp_path / "text.so").write_text("no library")
    with pytest.raises(DeviceVendorError, match=r"cannot be loaded: .*text\.so"):
        open_device(f"vendor:{tmp_path}/text.so")
    (tmp_path / "empty.c").write_text("int nothing;")
    subprocess.run(["cc", "-shared", "-o", tmp_path / "empty.so", tmp_path / "empty.c"], check=True)
    with pytest.raises(DeviceVendorError, match=r"is no plug-in: .*biocore_vendor_"):
        open_device(f"vendor:{tmp_path}/empty.so")


# -- manifests -------------------------------------------------------------------------------------


def test_a_manifest_says_what_the_device_is_without_loading_it(example_sdk: Path, tmp_path: Path) -> None:
    manifest = example_sdk.with_name("example.toml")
    device = registry().device(f"vendor:{manifest}")
    assert (device.info.model, device.info.ppi, device.info.window) == ("ramp", 500.0, (96, 128))
    with device:
        assert np.array_equal(device.capture(5).pixels, RAMP)
    other = tmp_path / "wrong.toml"
    other.write_text(
        manifest.read_text().replace("[96, 128]", "[96, 100]").replace("libex", f"{example_sdk.parent}/libex")
    )
    with open_device(f"vendor:{other}") as device, pytest.raises(DeviceProtocolError):
        device.capture(5)


def test_an_installed_plug_in_is_listed_where_its_device_is_attached(
    example_sdk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(example_sdk, tmp_path)
    shutil.copy(example_sdk.with_name("example.toml"), tmp_path)
    (tmp_path / "broken.toml").write_text("library = 7")
    monkeypatch.setenv(vendor_manifest.VARIABLE, str(tmp_path))
    monkeypatch.setattr(usb_bus, "SYSFS", tmp_path / "sys")
    driver = registry().load("vendor")
    assert list(driver.devices()) == []
    sysfs(tmp_path / "sys", Identity(0x1209, 0x0001, port="1-2", bus=1, number=3))
    (info,) = driver.devices()
    assert info.model == "ramp"
    with open_device(info.uri) as device:
        assert np.array_equal(device.capture(5).pixels, RAMP)
    assert 'ATTR{idVendor}=="1209", ATTR{idProduct}=="0001"' in udev_rules()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("library = 7", "library must be a text"),
        ('library = "x.so"', "model must be a text"),
        ('library = "x.so"\nmodel = "m"\nabi = 2', "abi = 2"),
        ('library = "x.so"\nmodel = "m"\nwindow = [0, 5]', "window must be"),
        ('library = "x.so"\nmodel = "m"\nusb = ["12"]', "usb must list VID:PID"),
        ('library = "x.so"\nmodel = "m"\nusb = ["wxyz:0001"]', "invalid literal"),
        ('library = "x.so"\nmodel = "m"\nppi = -5', "ppi"),
        ('library = "x.so"\nmodel = "m"\nmodality = "toe"', "toe"),
        ('library = "x.so"\nmodel = "m"\nmodality = "face"', "no colours"),
        ('library = "x.so"\nmodel = "m"\nspeed = 1', "unknown key speed"),
        ("library =", "Invalid value"),
    ],
)
def test_a_manifest_that_says_what_cannot_be_is_named(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "plugin.toml"
    path.write_text(text)
    with pytest.raises(DriverError, match=says) as caught:
        open_device(f"vendor:{path}")
    assert str(path) in str(caught.value)


def test_a_manifest_without_its_library_is_named(tmp_path: Path) -> None:
    (tmp_path / "plugin.toml").write_text('library = "x.so"\nmodel = "m"')
    with pytest.raises(DeviceNotFoundError, match=r"no library .*x\.so"):
        open_device(f"vendor:{tmp_path}/plugin.toml")
