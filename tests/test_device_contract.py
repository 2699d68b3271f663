"""The contract of biocore.hal, tried on every driver that comes with the library."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import libfprint_feeder
from biocore.certify import CASES, Bench, Case
from biocore.certify.cases import Heard, NotTriedError
from biocore.discovery import Registry
from biocore.errors import DeviceBusyError, DeviceDisconnectedError, DeviceError, DeviceProtocolError
from biocore.failover import any_uri
from biocore.hal import Attempt, Device, DeviceInfo, State
from biocore.types import Frame, Modality
from biocore_drivers.usb_bus import Identity
from camera_server import eye
from fake_cameras import FakeCameras
from fs81_model import Fs81Model
from portrait import portrait, yuyv
from sbi_device import SbiService, Scanner
from serial_sensor import SerialSensor
from usb_conversations import replay

REGISTRY = Registry()


def virtual(request: pytest.FixtureRequest) -> str:
    return "virtual:finger?arrival=0&interval=0&previews=1&width=32&height=32"


def virtual_iris(request: pytest.FixtureRequest) -> str:
    return "virtual:iris?arrival=0&interval=0&previews=1&width=48&height=48&sequence=GOOD"


def pictures(request: pytest.FixtureRequest) -> str:
    folder: Path = request.getfixturevalue("tmp_path")
    for number in range(5):
        Image.fromarray(np.full((48, 40), 40 * number, np.uint8)).save(folder / f"{number}.png")
    return f"file:{folder}?ppi=500"


def synthetic(name: str, more: str = "") -> Callable[[pytest.FixtureRequest], str]:
    return lambda request: replay(request.getfixturevalue("recordings")[name][0], more)


def sbi(request: pytest.FixtureRequest) -> str:
    return f"sbi:finger@S-1?port={request.getfixturevalue('sbi_service').port}"


def sbi_face(request: pytest.FixtureRequest) -> str:
    service: SbiService = request.getfixturevalue("sbi_service")
    service.scanners = [Scanner("Face", "Full face", "F-1", "5")]
    return f"sbi:face@F-1?port={service.port}"


def real(name: str) -> Callable[[pytest.FixtureRequest], str]:
    return lambda request: f"replay:{request.getfixturevalue('shared')}/data/usb/{name}?seed=0x51ea2124"


@pytest.fixture
def sensor() -> Iterator[SerialSensor]:
    """Power a serial fingerprint module."""
    with SerialSensor(chunk=256) as powered:
        yield powered


def serial(request: pytest.FixtureRequest) -> str:
    return f"r30x:{request.getfixturevalue('sensor').port}?baud=57600"


def modelled_fs81(request: pytest.FixtureRequest) -> str:
    model = Fs81Model(deque([False, True, True, False]), again=True)
    patch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    patch.setattr("biocore_drivers.usb.connect", lambda selector, situation, last: model.plugged(situation))
    return "usb:1491:0020"


def video(request: pytest.FixtureRequest) -> str:
    folder: Path = request.getfixturevalue("tmp_path")
    for number in range(30):  # six captures: each takes the sharpest of five
        Image.fromarray(eye(number, 64, 48)).save(folder / f"eye_{number:02d}.png")
    return f"camera:{folder}/eye_00.png"


def plugged_camera(request: pytest.FixtureRequest) -> str:
    patch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    cameras = FakeCameras(request.getfixturevalue("tmp_path") / "machine", patch)
    cameras.plug("video0", Identity(0x1234, 0xABCD, "Maker", "Iris camera", "S-77", "1-2", 1, 5))
    shown = [np.dstack([eye(number, 64, 48), np.full((48, 64), 128, np.uint8)]) for number in range(9)]
    cameras.shows = lambda number: shown[number % 9]
    return "uvc:1234:abcd"


def portraits(request: pytest.FixtureRequest) -> str:
    folder: Path = request.getfixturevalue("tmp_path")
    for number in range(5):
        Image.fromarray(portrait(number, 40, 48)).save(folder / f"{number}.png")
    return f"file:{folder}?modality=face"


def video_of_a_face(request: pytest.FixtureRequest) -> str:
    folder: Path = request.getfixturevalue("tmp_path")
    for number in range(30):
        Image.fromarray(portrait(number, 64, 48)).save(folder / f"face_{number:02d}.png")
    return f"camera:{folder}/face_00.png?modality=face"


def plugged_webcam(request: pytest.FixtureRequest) -> str:
    patch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    cameras = FakeCameras(request.getfixturevalue("tmp_path") / "machine", patch)
    cameras.plug("video0", Identity(0x046D, 0x0825, "Logitech", "Webcam", "", "1-3", 1, 7))
    shown = [yuyv(portrait(number, 64, 48)) for number in range(9)]
    cameras.shows = lambda number: shown[number % 9]
    return "uvc:046d:0825?modality=face"


def made_up_sensor(request: pytest.FixtureRequest) -> str:
    folder: Path = request.getfixturevalue("tmp_path")
    request.addfinalizer(libfprint_feeder.plug(request.getfixturevalue("monkeypatch"), folder).end)
    return "libfprint:virtual_image"


# Each driver that comes with the library (before the colon; after it, what of it), and a URI of it that works without
# hardware and gives at least five frames.
DRIVERS: dict[str, Callable[[pytest.FixtureRequest], str]] = {
    "virtual": virtual,
    "virtual:iris": virtual_iris,
    "file": pictures,
    "file:face": portraits,
    "replay": synthetic("next1010", "&order=relaxed"),
    "uru4000": synthetic("uru4000"),
    "upek": synthetic("upek"),
    "next1010": synthetic("next1010"),
    "sbi": sbi,
    "sbi:face": sbi_face,
    "fs81": modelled_fs81,
    "r30x": serial,
    "camera": video,
    "camera:face": video_of_a_face,
    "uvc": plugged_camera,
    "uvc:face": plugged_webcam,
    "vendor": lambda request: f"vendor:{request.getfixturevalue('example_sdk')}",
    "libfprint": made_up_sensor,
}
BESIDES = {"any": lambda request: any_uri(Modality.FINGER, [synthetic("next1010")(request), virtual(request)])}
MANY = 1000  # captures that must leave nothing behind
# Where each takes long: a modelled lamp, a serial line and a camera keep time, prints and eyes are painted anew; and
# what is the same driver once more, with another modality.
FEWER = {
    "sbi:face": 50,
    "camera:face": 100,
    "r30x": 40,
    "fs81": 80,
    "uvc": 80,
    "uvc:face": 25,
    "virtual": 300,
    "virtual:iris": 100,
    "libfprint": 200,
}
ALL_OF_THEM = "BIOCORE_CAPTURES"  # environment: how many instead, for every driver
# Recognises sensors that are of no use; is another driver's device, which must be attached (test_recorder).
NEVER_OPENS = {"refused", "record"}
REAL = {name: real(name) for name in ("uru4000-4500", "uru4000-msv2", "upektc_img-tcs1s", "nb1010")}


def made(request: pytest.FixtureRequest, name: str, swap: tuple[str, str] = ("", "")) -> Device:
    uri = (DRIVERS | BESIDES | REAL)[name](request).replace(*swap)
    return REGISTRY.device(uri)


def picture(request: pytest.FixtureRequest, name: str) -> str:
    return f"{request.getfixturevalue('shared')}/data/usb/{name}/capture.png" if name in REAL else ""


def test_every_driver_of_the_library_stands_trial_here() -> None:
    ours = {info.name for info in REGISTRY.drivers() if info.origin.startswith("biocore_drivers.")}
    assert ours == {name.partition(":")[0] for name in DRIVERS} | NEVER_OPENS
    assert all(not info.fault for info in REGISTRY.drivers() if info.name in ours)


@pytest.mark.parametrize("name", sorted(DRIVERS | BESIDES | REAL))
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_driver_passes_every_case(case: Case, name: str, request: pytest.FixtureRequest) -> None:
    many = case.name == "captures-without-growth"
    swap = ("previews=1", "previews=0") if many else ("", "")
    captures = int(os.environ.get(ALL_OF_THEM) or FEWER.get(name, MANY if name not in REAL else 20))
    bench = Bench(lambda: made(request, name, swap), captures=captures, picture=picture(request, name))
    if case.name == "recorded-picture" and name not in REAL:
        with pytest.raises(NotTriedError, match="no picture"):
            case.run(bench)
    else:
        assert isinstance(case.run(bench), str)


class Unplugged(Device):
    """A device that vanishes on its second capture, and one whose release fails."""

    def __init__(self) -> None:
        super().__init__(DeviceInfo("test:unplugged", "test", "biocore", "test", Modality.FINGER))
        self.captures = 0
        self.closings = 0

    def _open(self) -> None:
        pass

    def _close(self) -> None:
        self.closings += 1
        if self.captures == 2:
            raise DeviceDisconnectedError("cannot release what is gone", uri=self.info.uri)

    def _capture(self, attempt: Attempt) -> Frame:
        self.captures += 1
        if self.captures == 2:
            raise DeviceDisconnectedError("was unplugged", uri=self.info.uri)
        return Frame(np.zeros((4, 4), np.uint8))


def test_an_unplugged_device_is_lost_until_it_is_closed_and_opened_anew() -> None:
    device = Unplugged()
    heard = Heard(device)
    device.open()
    device.capture()
    for message in ("unplugged", "is gone", "is gone"):
        with pytest.raises(DeviceDisconnectedError, match=message) as caught:
            device.capture()
        assert isinstance(caught.value, ConnectionError)
        assert device.state is State.LOST
    assert device.captures == 2  # a lost device is not asked again
    with pytest.raises(DeviceError, match="cannot release"):
        device.close()
    assert device.state is State.CLOSED  # closed all the same
    with device:
        device.capture()
    assert heard.states.count("lost") == 1


def test_a_driver_that_stumbles_raises_a_named_error_and_leaves_the_device_ready(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Clumsy(Unplugged):
        fails = "capturing"

        def _open(self) -> None:
            if self.fails == "opening":
                raise OSError(5, "Input/output error")

        def _close(self) -> None:
            if self.fails == "closing":
                raise KeyError("lamp")

        def _capture(self, attempt: Attempt) -> Frame:
            raise ZeroDivisionError

    device = Clumsy()
    with device:
        for _ in range(2):
            with pytest.raises(DeviceProtocolError, match=r"stumbled.*ZeroDivisionError") as caught:
                device.capture()
            assert isinstance(caught.value.__cause__, ZeroDivisionError)
            assert (caught.value.uri, caught.value.state) == (device.info.uri, "capturing")
            assert device.state is State.READY
        device.fails = "closing"
        with pytest.raises(DeviceProtocolError, match=r"KeyError.*while closing"):
            device.close()
    assert device.state is State.CLOSED
    device.fails = "opening"
    with pytest.raises(DeviceProtocolError, match=r"OSError.*while opening"):
        device.open()
    assert device.state is State.CLOSED
    assert "its driver stumbled" in caplog.text  # with its traceback, for whoever mends it


def test_an_opening_that_fails_leaves_the_device_closed() -> None:
    class Absent(Unplugged):
        def _open(self) -> None:
            raise DeviceBusyError("is held", uri=self.info.uri)

    device = Absent()
    for _ in range(2):
        with pytest.raises(DeviceBusyError, match="is held"):
            device.open()
        assert device.state is State.CLOSED
    assert device.closings == 0
