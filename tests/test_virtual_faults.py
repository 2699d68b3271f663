"""What fails on demand at the virtual scanner and at the virtual camera: the same faults, told alike."""

from __future__ import annotations

import pytest

from biocore.errors import (
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceError,
    DeviceProtocolError,
    DeviceStalledError,
    DeviceTimeoutError,
    SubjectTimeoutError,
)
from biocore.hal import State
from biocore_drivers.virtual import driver

QUICK = "arrival=0&interval=0&previews=0&width=96&height=96"
BOTH = pytest.mark.parametrize("shows", ["finger", "iris"])
NOBODY = {"finger": "no_finger", "iris": "no_eye"}


@BOTH
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("nobody", SubjectTimeoutError),
        ("timeout", DeviceTimeoutError),
        ("protocol", DeviceProtocolError),
        ("stall", DeviceStalledError),
    ],
)
def test_a_fault_comes_once_at_its_capture_and_the_device_stays_ready(
    shows: str, kind: str, error: type[DeviceError]
) -> None:
    fault = NOBODY[shows] if kind == "nobody" else kind
    with driver.open(f"virtual:{shows}?{QUICK}&fail={fault}:2") as device:
        device.capture()
        with pytest.raises(error) as caught:
            device.capture(timeout=0.15)
        assert type(caught.value) is error
        assert caught.value.uri == device.info.uri
        assert device.state is State.READY
        device.capture()


@BOTH
def test_what_was_unplugged_is_lost_until_opened_anew(shows: str) -> None:
    device = driver.open(f"virtual:{shows}?{QUICK}&fail=disconnect:2").open()
    device.capture()
    for _ in range(2):
        with pytest.raises(DeviceDisconnectedError):
            device.capture()
        assert device.state is State.LOST
    device.close()
    with device:
        device.capture()


@BOTH
def test_a_busy_device_opens_when_the_other_program_is_gone(shows: str) -> None:
    device = driver.open(f"virtual:{shows}?{QUICK}&fail=busy:2,stall:1")
    for _ in range(2):
        with pytest.raises(DeviceBusyError, match="another program"):
            device.open()
    with device, pytest.raises(DeviceStalledError):
        device.capture()
