"""The contract of biocore.hal, tried on every driver that comes with the library."""

from __future__ import annotations

import gc
import threading
import time
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from biocore.discovery import Registry
from biocore.errors import (
    CaptureCancelledError,
    DeviceBusyError,
    DeviceClosedError,
    DeviceDisconnectedError,
    DeviceError,
    DeviceTimeoutError,
    InvalidSampleError,
    SubjectTimeoutError,
)
from biocore.failover import any_uri
from biocore.hal import CANCEL_LATENCY, Attempt, Device, DeviceInfo, Event, EventKind, State
from biocore.types import Frame, Modality
from biocore_drivers.usb_bus import Identity
from camera_server import eye
from fake_cameras import FakeCameras
from fs81_model import Fs81Model
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


# Each driver that comes with the library (before the colon; after it, what of it), and a URI of it that works without
# hardware and gives at least five frames.
DRIVERS: dict[str, Callable[[pytest.FixtureRequest], str]] = {
    "virtual": virtual,
    "virtual:iris": virtual_iris,
    "file": pictures,
    "replay": synthetic("next1010", "&order=relaxed"),
    "uru4000": synthetic("uru4000"),
    "upek": synthetic("upek"),
    "next1010": synthetic("next1010"),
    "sbi": sbi,
    "fs81": modelled_fs81,
    "r30x": serial,
    "camera": video,
    "uvc": plugged_camera,
}
BESIDES = {"any": lambda request: any_uri(Modality.FINGER, [synthetic("next1010")(request), virtual(request)])}
FEWER = {"r30x": 40, "fs81": 80, "uvc": 80}  # captures, where each takes long
NEVER_OPENS = {"refused"}  # recognises sensors that are of no use
REAL = {name: real(name) for name in ("uru4000-4500", "uru4000-msv2", "upektc_img-tcs1s", "nb1010")}


def made(request: pytest.FixtureRequest, name: str, swap: tuple[str, str] = ("", "")) -> Device:
    uri = (DRIVERS | BESIDES | REAL)[name](request).replace(*swap)
    return REGISTRY.device(uri)


@pytest.fixture(params=sorted(DRIVERS | BESIDES | REAL))
def device(request: pytest.FixtureRequest) -> Device:
    """Make a device, not opened yet."""
    return made(request, request.param)


class Heard:
    """Keeps the events of a device; holds the capture at `WAITING` while `gate` is shut."""

    def __init__(self, device: Device, *, gate_open: bool = True) -> None:
        self.events: list[Event] = []
        self.waiting = threading.Event()
        self.gate = threading.Event()
        if gate_open:
            self.gate.set()
        device.listen(self)

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        if event.kind is EventKind.WAITING:
            self.waiting.set()
            assert self.gate.wait(10.0)

    @property
    def kinds(self) -> list[EventKind]:
        return [event.kind for event in self.events]


def test_every_driver_of_the_library_stands_trial_here() -> None:
    ours = {info.name for info in REGISTRY.drivers() if info.origin.startswith("biocore_drivers.")}
    assert ours == {name.partition(":")[0] for name in DRIVERS} | NEVER_OPENS
    assert all(not info.fault for info in REGISTRY.drivers() if info.name in ours)


def test_a_capture_gives_a_read_only_frame_that_names_its_source(device: Device) -> None:
    with device:
        frame = device.capture()
    assert not frame.pixels.flags.writeable
    assert frame.pixels.dtype == np.uint8
    assert frame.source
    assert frame.captured_at.tzinfo is not None
    if device.info.ppi is not None:
        assert frame.ppi == device.info.ppi
    if device.info.window is not None:
        assert frame.pixels.shape == device.info.window[::-1]


def test_fifty_openings_and_closings_leave_no_thread(device: Device) -> None:
    before = threading.active_count()
    seen: list[State] = []
    for _ in range(50):
        with device:
            seen.append(device.state)
        seen.append(device.state)
    assert seen == [State.READY, State.CLOSED] * 50
    with device:
        device.capture()
    assert threading.active_count() == before


def test_closing_is_legal_twice_and_before_opening(device: Device) -> None:
    device.close()
    device.open()
    device.close()
    device.close()
    assert device.state is State.CLOSED


def test_a_closed_device_does_not_capture(device: Device) -> None:
    with pytest.raises(DeviceClosedError, match="not open"):
        device.capture()
    with device:
        device.capture()
    with pytest.raises(DeviceClosedError):
        device.capture()


def test_a_second_opening_is_refused_and_harms_nothing(device: Device) -> None:
    with device:
        with pytest.raises(DeviceBusyError, match="open already"):
            device.open()
        device.capture()


@pytest.mark.parametrize("timeout", [0.0, -1.0, float("nan")])
def test_an_impossible_timeout_is_refused(device: Device, timeout: float) -> None:
    with device:
        with pytest.raises(InvalidSampleError, match="timeout"):
            device.capture(timeout)
        assert device.state is State.READY
        device.capture(float("inf"))


def test_a_cancel_from_another_thread_ends_the_capture_in_time(device: Device) -> None:
    heard = Heard(device, gate_open=False)
    with device, ThreadPoolExecutor(1) as pool:
        running = pool.submit(device.capture)
        assert heard.waiting.wait(5.0)
        start = time.monotonic()
        device.cancel()
        heard.gate.set()
        with pytest.raises(CaptureCancelledError):
            running.result(timeout=5.0)
        assert time.monotonic() - start < CANCEL_LATENCY
        assert device.state is State.READY
        device.capture()  # and the device is as good as before


def test_a_cancel_while_nothing_runs_does_nothing(device: Device) -> None:
    device.cancel()
    with device:
        device.cancel()
        device.capture()


def test_a_second_thread_is_refused_while_one_captures(device: Device) -> None:
    heard = Heard(device, gate_open=False)
    with device, ThreadPoolExecutor(1) as pool:
        running = pool.submit(device.capture)
        assert heard.waiting.wait(5.0)
        with pytest.raises(DeviceBusyError, match="another thread"):
            device.capture()
        heard.gate.set()
        assert isinstance(running.result(timeout=5.0), Frame)


def test_a_close_from_another_thread_ends_the_capture(device: Device) -> None:
    heard = Heard(device, gate_open=False)
    device.open()
    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(device.capture)
        assert heard.waiting.wait(5.0)
        start = time.monotonic()
        closing = pool.submit(device.close)
        time.sleep(0.05)
        heard.gate.set()
        with pytest.raises(CaptureCancelledError):
            running.result(timeout=5.0)
        closing.result(timeout=5.0)
    assert time.monotonic() - start < 2 * CANCEL_LATENCY
    assert device.state is State.CLOSED


def test_a_close_by_a_listener_takes_effect_when_the_capture_ends(device: Device) -> None:
    device.listen(lambda event: device.close() if event.kind is EventKind.WAITING else None)
    device.open()
    start = time.monotonic()
    with pytest.raises(CaptureCancelledError):
        device.capture()
    assert time.monotonic() - start < CANCEL_LATENCY
    assert device.state is State.CLOSED


def test_the_deadline_holds(device: Device) -> None:
    device.listen(lambda event: time.sleep(0.2) if event.kind is EventKind.WAITING else None)
    with device:
        start = time.monotonic()
        with pytest.raises((SubjectTimeoutError, DeviceTimeoutError)) as caught:
            device.capture(timeout=0.1)
        assert time.monotonic() - start < 0.1 + CANCEL_LATENCY
        assert isinstance(caught.value, TimeoutError)
        assert device.state is State.READY


def test_events_come_in_order(device: Device) -> None:
    heard = Heard(device)
    with device:
        frame = device.capture()
    kinds = heard.kinds
    states = [event.detail for event in heard.events if event.kind is EventKind.STATE]
    assert states == ["ready", "capturing", "ready", "closed"]
    order = [EventKind.WAITING, EventKind.PRESENT, EventKind.CAPTURED]
    places = [kinds.index(kind) for kind in order if kind in kinds]
    assert places == sorted(places)
    live = [place for place, kind in enumerate(kinds) if kind is EventKind.PREVIEW]  # before anybody is there, too
    assert all(kinds.index(EventKind.WAITING) < place < kinds.index(EventKind.CAPTURED) for place in live)
    assert kinds.count(EventKind.CAPTURED) == 1
    last = heard.events[kinds.index(EventKind.CAPTURED)]
    assert last.frame is frame
    assert {event.uri for event in heard.events} == {device.info.uri}
    for event in heard.events:
        assert (event.frame is not None) == (event.kind in (EventKind.PREVIEW, EventKind.CAPTURED))


def test_a_listener_that_fails_harms_nobody(device: Device, caplog: pytest.LogCaptureFixture) -> None:
    def broken(event: Event) -> None:
        raise RuntimeError("the window is gone")

    stop = device.listen(broken)
    heard = Heard(device)
    with device:
        device.capture()
    assert EventKind.CAPTURED in heard.kinds
    assert "the window is gone" in caplog.text
    stop()
    stop()
    caplog.clear()
    with device:
        device.capture()
    assert not caplog.text


@pytest.mark.parametrize("name", sorted(DRIVERS))
def test_two_hundred_captures_do_not_grow(name: str, request: pytest.FixtureRequest) -> None:
    device = made(request, name, ("previews=1", "previews=0"))

    def captures(count: int) -> None:
        done = 0
        while done < count:
            with device:
                for _ in range(5):
                    device.capture()
                    done += 1

    captures(10)
    gc.collect()
    tracemalloc.start()
    try:
        captures(50)  # the interpreter's free lists fill up first
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        captures(FEWER.get(name, 200))
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 64 * 1024  # 200 leaked frames of 32 x 32 px would be 200 KB; 80 of 64 x 48 px, 240 KB


def test_a_listener_may_wait_for_a_thread_that_uses_the_device(device: Device) -> None:
    """A window that hears of a new state waits for its own thread, and that one may be closing the device."""
    closed: list[bool] = []

    def wait(event: Event) -> None:
        if event.detail == "ready" and not closed:
            closed.append(False)
            closing = threading.Thread(target=device.close)
            closing.start()
            closing.join(5.0)
            closed.append(not closing.is_alive())

    device.listen(wait)
    device.open()
    assert closed == [False, True]
    assert device.state is State.CLOSED


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
    assert [e.detail for e in heard.events if e.kind is EventKind.STATE].count("lost") == 1


def test_a_driver_that_fails_in_its_own_way_leaves_the_device_ready() -> None:
    class Clumsy(Unplugged):
        def _capture(self, attempt: Attempt) -> Frame:
            raise ZeroDivisionError

    with Clumsy() as device:
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                device.capture()
            assert device.state is State.READY


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
