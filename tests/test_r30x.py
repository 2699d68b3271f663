"""Serial fingerprint modules: found at their rate, understood through noise, and every failure has its name."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biocore.discovery import open_device, registry
from biocore.errors import (
    CaptureCancelledError,
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceError,
    DeviceNotFoundError,
    DevicePermissionError,
    DeviceProtocolError,
    DeviceTimeoutError,
    DeviceVendorError,
    SubjectTimeoutError,
)
from biocore.hal import CANCEL_LATENCY, EventKind, State
from biocore_drivers import r30x
from biocore_drivers.r30x_packets import NOISE, Packet, PacketReader
from biocore_drivers.serial_line import SerialLine
from biocore_drivers.transport import Situation, VirtualClock
from serial_sensor import Fault, SerialSensor, packet


@pytest.fixture(autouse=True)
def _swift(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less: a pseudo-terminal answers at once."""
    monkeypatch.setattr(r30x, "HELLO", 0.3)
    monkeypatch.setattr(r30x, "ANSWER", 1.0)
    monkeypatch.setattr(r30x, "NEXT", 1.0)
    monkeypatch.setattr("biocore_drivers.worker.OPEN_PAUSES", (0.01, 0.01))


@pytest.mark.parametrize("scheme", ["r30x", "serial"])
def test_it_gives_its_picture(scheme: str) -> None:
    kinds: list[EventKind] = []
    with SerialSensor(absent=2) as sensor, open_device(f"{scheme}:{sensor.port}") as device:
        device.listen(lambda event: kinds.append(event.kind))
        frame = device.capture(10)
        assert np.array_equal(frame.pixels, sensor.shown)
        assert frame.ppi == 500.0
        assert kinds.index(EventKind.WAITING) < kinds.index(EventKind.PRESENT) < kinds.index(EventKind.CAPTURED)
        assert "16 greys" in device.info.experimental
        assert device.info.driver == "r30x"


@pytest.mark.parametrize("baud", [9600, 115200])
def test_its_rate_is_found_and_kept(baud: int) -> None:
    with SerialSensor(baud=baud) as sensor:
        device = open_device(f"r30x:{sensor.port}")
        misheard = sensor.misheard
        assert misheard > 0
        assert np.array_equal(device.capture(20).pixels, sensor.shown)
        device.close()
        with device:
            assert np.array_equal(device.capture(20).pixels, sensor.shown)
        assert sensor.misheard == misheard


def test_a_rate_that_is_given_is_the_only_one_tried() -> None:
    with SerialSensor(baud=9600) as sensor:
        with pytest.raises(DeviceTimeoutError, match="at 57600 bits/s"):
            open_device(f"r30x:{sensor.port}?baud=57600")
        open_device(f"r30x:{sensor.port}?baud=9600").close()


def test_a_password_is_asked_for_by_name() -> None:
    with SerialSensor(password=0x1234) as sensor:
        with pytest.raises(DevicePermissionError, match="password"):
            open_device(f"r30x:{sensor.port}")
        open_device(f"r30x:{sensor.port}?password=0x1234").close()


def test_nobody_comes() -> None:
    with SerialSensor(absent=10**6) as sensor, open_device(f"r30x:{sensor.port}") as device:
        with pytest.raises(SubjectTimeoutError, match="awaiting the finger"):
            device.capture(0.3)
        assert device.state is State.READY


def test_the_next_capture_waits_for_the_finger_to_go() -> None:
    with SerialSensor(absent=0) as sensor, open_device(f"r30x:{sensor.port}") as device:
        device.capture(10)
        with pytest.raises(SubjectTimeoutError, match="not lifted"):
            device.capture(0.5)
        sensor.absent = 3
        device.capture(10)


def test_a_cancel_in_the_middle_of_a_picture_is_obeyed_and_its_rest_is_no_part_of_the_next() -> None:
    with SerialSensor(chunk=32, fault=Fault("slow", 60)) as sensor, open_device(f"r30x:{sensor.port}") as device:
        started: list[float] = []

        def stop(event: object) -> None:
            if getattr(event, "kind", None) is EventKind.PRESENT:
                started.append(time.monotonic())
                device.cancel()

        forget = device.listen(stop)
        with pytest.raises(CaptureCancelledError):
            device.capture(10)
        assert time.monotonic() - started[0] < CANCEL_LATENCY
        forget()
        assert np.array_equal(device.capture(10).pixels, sensor.shown)


EXPECTED = {
    "noise": {"picture"},
    "slow": {"picture"},
    "flip": {"DeviceProtocolError", "DeviceTimeoutError", "picture"},
    "drop": {"DeviceTimeoutError", "DeviceProtocolError", "picture"},
    "cut": {"DeviceTimeoutError", "DeviceProtocolError", "picture"},
    "unplug": {"DeviceDisconnectedError"},
}


@pytest.mark.parametrize("kind", sorted(EXPECTED))
def test_a_fault_at_any_packet_is_named_and_never_gives_a_wrong_picture(kind: str) -> None:
    pictures = 288
    for index in (0, 1, 2, 3, 4, 5, 100, pictures + 1, pictures + 2, pictures + 3):
        outcome = suffer(Fault(kind, index))
        assert outcome in EXPECTED[kind] | ({"picture"} if index > pictures + 2 else set()), (kind, index, outcome)


def suffer(fault: Fault) -> str:
    """Capture with a fault, then without; return what the fault came to."""
    failure: DeviceError | None = None
    with SerialSensor(fault=fault) as sensor:
        uri = f"r30x:{sensor.port}?baud=57600"
        device = registry().device(uri)
        try:
            device.open()
            assert np.array_equal(device.capture(5).pixels, sensor.shown)
        except DeviceError as error:
            failure = error
        if failure is not None:
            assert failure.uri == uri
            assert failure.state
        if not sensor.unplugged:
            if device.state is State.CLOSED:
                device.open()
            assert np.array_equal(device.capture(10).pixels, sensor.shown), fault
        device.close()
    return "picture" if failure is None else type(failure).__name__


@pytest.mark.parametrize(
    ("code", "kind", "match"),
    [(0x01, DeviceProtocolError, "did not understand"), (0x1D, DeviceVendorError, "answered 0x1d")],
)
def test_an_error_of_the_module_is_passed_on(code: int, kind: type[DeviceError], match: str) -> None:
    with (
        SerialSensor(fault=Fault(f"code:{code}", 1)) as sensor,
        open_device(f"r30x:{sensor.port}") as device,
    ):
        with pytest.raises(kind, match=match):
            device.capture(5)
        assert np.array_equal(device.capture(5).pixels, sensor.shown)


def test_a_silent_module_is_a_device_that_does_not_answer() -> None:
    with SerialSensor() as sensor, open_device(f"r30x:{sensor.port}?baud=57600") as device:
        sensor.mute = True
        started = time.monotonic()
        with pytest.raises(DeviceTimeoutError):
            device.capture(3)
        assert time.monotonic() - started < 3 + CANCEL_LATENCY
        sensor.mute = False
        device.capture(5)


def test_noise_without_end_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(r30x, "POURING", 1.0)
    monkeypatch.setattr(r30x, "SILENCE", 0.5)  # the thread that babbles may have to wait for a processor
    with (
        SerialSensor(babbles=True) as sensor,
        pytest.raises(DeviceProtocolError, match="does not stop sending"),
    ):
        open_device(f"r30x:{sensor.port}")


def test_two_do_not_share_a_port() -> None:
    with (
        SerialSensor() as sensor,
        open_device(f"r30x:{sensor.port}"),
        pytest.raises(DeviceBusyError, match="held by"),
    ):
        open_device(f"serial:{sensor.port}")


def test_a_port_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeviceNotFoundError, match="no port"):
        open_device(f"r30x:{tmp_path}/ttyUSB0")
    (tmp_path / "file").write_text("x")
    with pytest.raises(DeviceNotFoundError, match="no serial port"):
        open_device(f"r30x:{tmp_path}/file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_port_of_somebody_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "port").touch(0o000)
    with pytest.raises(DevicePermissionError, match="dialout"):
        open_device(f"r30x:{tmp_path}/port")


@pytest.mark.parametrize(
    ("more", "message"),
    [("?baud=57601", "multiple of 9600"), ("?baud=1", "baud"), ("?password=x", "password"), ("?speed=1", "unknown")],
)
def test_an_impossible_parameter_is_named(more: str, message: str) -> None:
    with pytest.raises(DeviceNotFoundError, match=message):
        registry().device(f"r30x:/dev/ttyUSB0{more}")


class Spool:
    """A line that brings what the test says."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.situation = Situation("test:line")
        self.clock = VirtualClock()

    def read(self, most: int, timeout: float) -> bytes:
        part, self.data = self.data[: min(most, 7)], self.data[min(most, 7) :]
        if not part:
            self.clock.sleep(timeout)
        return part


@given(st.binary(max_size=300), st.integers(1, 8), st.binary(max_size=200))
def test_whatever_comes_is_a_packet_or_a_named_error(noise: bytes, kind: int, payload: bytes) -> None:
    reader = PacketReader(cast(SerialLine, Spool(noise + packet(kind, payload))))
    for _ in range(4):
        try:
            found = reader.next(0.2)
        except (DeviceProtocolError, DeviceTimeoutError):
            continue
        assert found.kind in (1, 2, 7, 8)


@given(st.binary(max_size=300).filter(lambda noise: b"\xef\x01" not in noise), st.binary(max_size=200))
def test_a_packet_is_found_behind_noise(noise: bytes, payload: bytes) -> None:
    reader = PacketReader(cast(SerialLine, Spool(noise.rstrip(b"\xef") + packet(7, payload))))
    assert reader.next(1.0) == Packet(7, payload)
    assert Packet(7, payload).encoded == packet(7, payload)


def test_noise_alone_is_given_up() -> None:
    with pytest.raises(DeviceProtocolError, match="without a packet"):
        PacketReader(cast(SerialLine, Spool(bytes(2 * NOISE)))).next(1e6)


def test_no_thread_is_left() -> None:
    before = threading.active_count()
    with SerialSensor() as sensor, open_device(f"r30x:{sensor.port}") as device:
        device.capture(5)
    assert threading.active_count() == before


def test_a_port_that_vanishes_between_captures_is_named() -> None:
    with SerialSensor() as sensor:
        device = open_device(f"r30x:{sensor.port}")
        device.capture(5)
        sensor.fault = Fault("unplug", sensor.sent)
        until = time.monotonic() + 5
        while not sensor.unplugged and time.monotonic() < until:  # the driver looks whether the finger is gone
            time.sleep(0.01)
        with pytest.raises((DeviceDisconnectedError, DeviceNotFoundError), match=r"unplugged|no port"):
            device.capture(5)
        device.close()
