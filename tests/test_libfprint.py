"""libfprint behind its process: its virtual device where it is installed, and a process that only pretends."""

from __future__ import annotations

import os
import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import biocore
import libfprint_feeder
from biocore.errors import (
    CaptureCancelledError,
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceError,
    DeviceNotFoundError,
    DevicePermissionError,
    DeviceProtocolError,
    DeviceTimeoutError,
    DeviceUnsupportedError,
    DeviceVendorError,
    MissingDependencyError,
    SubjectTimeoutError,
)
from biocore.hal import EventKind, State
from biocore_drivers import libfprint
from biocore_drivers.job import PHASE_LIMIT, Phase
from biocore_drivers.libfprint import LibfprintDevice, driver
from biocore_drivers.libfprint_process import PYTHON

URI = "libfprint:virtual_image"

# -- a process that pretends: these tests need no libfprint ----------------------------------------

PRETENDER = """#!{python}
import sys, time, os, signal, socket
from biocore_drivers.child_frames import HEADER, MAGIC, Frames, pack
link, frames = socket.socket(fileno=int(sys.argv[-1])), Frames()
def say(what, raw=b"", **more): link.sendall(pack(dict(said=what, **more), raw))
while True:
    while (frame := frames.next()) is None:
        came = link.recv(4096)
        if not came: sys.exit()
        frames.add(came)
    do = frame[0]["do"]
    if do == "close": say("done"); break
{body}
"""
WORKS = """
    if do == "open": say("done")
    if do == "capture":
        say("finger", needed=True, present=False)
        say("finger", needed=True, present=True)
        say("image", b"abcdef", width=3, height=2)
"""


@pytest.fixture
def pretend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], LibfprintDevice]]:
    """Make a device whose process does what a piece of Python says."""
    made: list[LibfprintDevice] = []
    libfprint._sensors.cache_clear()

    def make(body: str) -> LibfprintDevice:
        program = tmp_path / "python"
        program.write_text(PRETENDER.format(python=sys.executable, body=body))
        program.chmod(0o755)
        monkeypatch.setenv(PYTHON, str(program))
        device = driver.open("libfprint:pretender")
        assert isinstance(device, LibfprintDevice)
        made.append(device)
        return device

    yield make
    for device in made:
        device.close()
    libfprint._sensors.cache_clear()


def test_a_picture_comes_through_the_process(pretend: Callable[[str], LibfprintDevice]) -> None:
    heard: list[EventKind] = []
    with pretend(WORKS) as device:
        device.listen(lambda event: heard.append(event.kind))
        for _ in range(2):
            frame = device.capture()
            assert frame.pixels.tolist() == [[97, 98, 99], [100, 101, 102]]
            assert frame.ppi is None  # nobody knows the sensor
    assert [kind for kind in heard if kind is not EventKind.STATE] == 2 * [
        EventKind.WAITING,
        EventKind.PRESENT,
        EventKind.CAPTURED,
    ]


@pytest.mark.parametrize(
    ("does", "error", "says"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", DeviceVendorError, r"crashed \(SIGSEGV\)"),
        ("sys.exit('out of memory')", DeviceVendorError, "exit code 1.*: out of memory"),
        ("link.close(); time.sleep(60)", DeviceVendorError, "closed its end of the channel"),
        ("link.sendall(b'hello')", DeviceProtocolError, "hello"),
        ("link.sendall(pack(dict(said=[])))", DeviceProtocolError, "nonsense"),
        ("link.sendall(HEADER.pack(MAGIC, 70000, 0))", DeviceProtocolError, "too long"),
        ("link.sendall(HEADER.pack(MAGIC, 9, 2**32 - 1))", DeviceProtocolError, "too long"),
        ("link.sendall(pack(dict(said='image', width=3, height=2), b'abcdef')[:-1])", DeviceTimeoutError, "no frame"),
        ("say('image', b'abcde', width=3, height=2)", DeviceProtocolError, "5 bytes for 3 x 2"),
        ("say('image', width='3', height=2)", DeviceProtocolError, "without width"),
        ("say('image', width=-3, height=-2)", DeviceProtocolError, "0 bytes for -3 x -2"),
        ("say('failed', kind='device-removed', text='gone')", DeviceDisconnectedError, "gone"),
        ("say('failed', kind='usb-permission-denied', text='no')", DevicePermissionError, "no"),
        ("say('failed', kind='device-busy', text='held')", DeviceBusyError, "held"),
        ("say('failed', kind='device-proto', text='nonsense')", DeviceProtocolError, "nonsense"),
        ("say('failed', kind='device-too-hot', text='hot')", DeviceVendorError, r"hot \(device-too-hot\)"),
        ("say('failed')", DeviceVendorError, "nothing"),
        ("say('what')", DeviceProtocolError, "what"),
        ("time.sleep(60)", DeviceTimeoutError, "no frame"),
    ],
)
def test_whatever_the_process_does_is_a_named_error_and_the_next_capture_works(
    pretend: Callable[[str], LibfprintDevice], tmp_path: Path, does: str, error: type[DeviceError], says: str
) -> None:
    done = tmp_path / "done"
    body = WORKS + f"    if do == 'capture' and not os.path.exists({str(done)!r}): open({str(done)!r}, 'w'); {does}\n"
    body = body.replace('if do == "capture":', f'if do == "capture" and os.path.exists({str(done)!r}):')
    device = pretend(body).open()
    with pytest.raises(error, match=says) as caught:
        device.capture(2.0)
    assert caught.value.uri == "libfprint:pretender"
    if error is DeviceDisconnectedError:
        assert device.state is State.LOST
        device.close()
        device.open()
    assert device.state is State.READY
    assert device.capture(5.0).pixels.size == 6


def test_a_process_that_does_not_open_the_device_is_late(
    pretend: Callable[[str], LibfprintDevice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PHASE_LIMIT, Phase.OPENING, 0.3)
    device = pretend("    time.sleep(60)\n")
    with pytest.raises(DeviceTimeoutError, match="does not return from open"):
        device.open()
    assert device.state is State.CLOSED


@pytest.mark.parametrize("program", [sys.executable, "/nowhere/python3"])
def test_without_libfprint_the_packages_are_named_and_nothing_is_listed(
    monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    if program == sys.executable and subprocess.run([program, "-c", "import gi"], capture_output=True).returncode == 0:
        pytest.skip("this Python has the bindings")
    monkeypatch.setenv(PYTHON, program)
    monkeypatch.setenv("FP_VIRTUAL_IMAGE", "/nowhere/asked with " + program)
    assert list(driver.devices()) == []
    device = driver.open(URI)
    with pytest.raises(MissingDependencyError, match=r"apt-get install gir1.2-fprint-2.0 python3-gi"):
        device.open()
    assert device.state is State.CLOSED


@pytest.mark.parametrize("uri", ["libfprint:", "libfprint:A", "libfprint:a/b", "libfprint:a?x=1", "libfprint:a@\u00fc"])
def test_a_malformed_name_is_refused(uri: str) -> None:
    with pytest.raises(DeviceNotFoundError):
        driver.open(uri)


def test_swipe_sensors_and_those_without_pictures_are_refused_and_ours_not_listed(
    pretend: Callable[[str], LibfprintDevice], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [
        {"driver": name, "id": "0", "name": name.title(), "captures": captures, "swipe": swipe}
        for name, captures, swipe in (
            ("aes2501", True, True), ("synaptics", False, False), ("aes3500", True, False), ("uru4000", True, False)
        )
    ]  # fmt: skip
    pretend(f"    if do == 'list': say('done', devices={listed!r})\n")
    monkeypatch.setattr(libfprint, "_attached", lambda: ("three of them",))
    found = {info.uri: info for info in driver.devices()}
    assert set(found) == {"libfprint:aes2501", "libfprint:synaptics", "libfprint:aes3500"}
    assert "strips" in found["libfprint:aes2501"].refusal
    assert "no picture" in found["libfprint:synaptics"].refusal
    assert "250 ppi" in found["libfprint:aes3500"].unfit
    for name in ("aes2501", "synaptics"):
        with pytest.raises(DeviceUnsupportedError, match=name.title()):
            driver.open(f"libfprint:{name}")


# -- libfprint itself ------------------------------------------------------------------------------


@pytest.fixture
def feeder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[libfprint_feeder.Feeder]:
    """Have libfprint find its virtual device."""
    made = libfprint_feeder.plug(monkeypatch, tmp_path)
    yield made
    made.end()


def test_the_virtual_device_is_listed_as_made_up_and_gives_the_picture(feeder: libfprint_feeder.Feeder) -> None:
    (info,) = [info for info in driver.devices() if info.uri == URI]
    assert info.synthetic
    with biocore.open_device(URI) as device:
        assert np.array_equal(device.capture().pixels, libfprint_feeder.a_print())


def test_a_sensor_that_is_not_there_is_not_found(feeder: libfprint_feeder.Feeder) -> None:
    with pytest.raises(DeviceNotFoundError, match="not attached"):
        biocore.open_device("libfprint:vfs5011")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (0, DeviceVendorError),
        (1, DeviceUnsupportedError),
        (4, DeviceBusyError),
        (5, DeviceProtocolError),
    ],  # enum FpDeviceError
)
def test_what_libfprint_reports_has_its_name_and_the_next_capture_works(
    feeder: libfprint_feeder.Feeder, code: int, error: type[DeviceError]
) -> None:
    shown, feeder.words = feeder.words, struct.pack("ii", -2, code)
    with biocore.open_device(URI) as device:
        with pytest.raises(error, match="virtual_image"):
            device.capture(5.0)
        feeder.words = shown
        assert device.capture().pixels.size


def test_nobody_comes_and_then_somebody(feeder: libfprint_feeder.Feeder) -> None:
    shown, feeder.words = feeder.words, b""
    with biocore.open_device(URI) as device:
        with pytest.raises(SubjectTimeoutError):
            device.capture(0.5)
        device.listen(lambda event: device.cancel() if event.kind is EventKind.WAITING and not feeder.words else None)
        with pytest.raises(CaptureCancelledError):
            device.capture(5.0)
        feeder.words = shown
        assert device.capture().pixels.size


def test_a_crash_of_libfprint_is_an_error_and_the_next_capture_works(feeder: libfprint_feeder.Feeder) -> None:
    shown, feeder.words = feeder.words, b""
    with biocore.open_device(URI) as device:
        assert isinstance(device, LibfprintDevice)
        process = device._process
        assert process is not None
        child = process.process_id
        device.listen(
            lambda event: (
                os.kill(child, signal.SIGSEGV) if event.kind is EventKind.WAITING and process.running else None
            )
        )
        with pytest.raises(DeviceVendorError, match="SIGSEGV"):
            device.capture(5.0)
        feeder.words = shown
        assert device.capture().pixels.size


CAPTURE = """
import sys
import biocore
from biocore.formats.images import read_image
with biocore.open_device("libfprint:uru4000") as device:
    frame = device.capture(20)
expected, _, _ = read_image(sys.argv[1])
print(frame.ppi, int((frame.pixels != expected).sum()) if frame.pixels.shape == expected.shape else frame.pixels.shape)
"""


def test_a_recorded_4500_gives_libfprints_own_picture(shared: Path) -> None:
    libfprint_feeder.require()
    run = shutil.which("umockdev-run")
    if run is None:
        pytest.skip("umockdev-run is not installed: apt-get install umockdev")
    folder = shared / "data" / "usb" / "uru4000-4500"
    path = (folder / "device").read_text().split("\n", 1)[0].removeprefix("P: ")
    traffic = ["-d", str(folder / "device"), "-p", f"/sys{path}={folder / 'capture.pcapng'}"]
    answer = subprocess.run(
        [run, *traffic, "--", sys.executable, "-c", CAPTURE, str(folder / "capture.png")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"FP_DEVICE_EMULATION": "1"},  # its random numbers as recorded
    )
    assert answer.stdout.split("\n")[0] == "512.0 0", answer.stderr
