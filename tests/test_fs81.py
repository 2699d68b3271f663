"""The Futronic FS81's driver on a model of the reader: what was left unread, a lamp that goes out, and any fault."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

import numpy as np
import pytest

from biocore.discovery import Registry
from biocore.errors import (
    CaptureCancelledError,
    DeviceDisconnectedError,
    DeviceError,
    DeviceProtocolError,
    SubjectTimeoutError,
)
from biocore.failover import best
from biocore.hal import Device, DeviceInfo, Event, EventKind, State
from biocore.types import Modality
from biocore_drivers import fs81
from biocore_drivers.replay_transport import FaultKind
from fs81_model import IDENTITY, Fs81Model, finger, platen

URI = "usb:1491:0020"


def over(model: Fs81Model) -> Device:
    plugged: Any = model.plugged
    return fs81.driver.over(URI, IDENTITY, plugged, model.clock)


def test_it_shows_the_finger_upright_with_the_lamp_lit_and_dark_afterwards() -> None:
    model = Fs81Model()
    heard: list[Event] = []
    with over(model) as device:
        device.listen(heard.append)
        frame = device.capture(5)
        assert np.array_equal(frame.pixels, finger())
        assert frame.ppi == 500.0
    assert model.dark_frames == 0
    assert not model.lamp
    assert model.open == 0
    previews = [event.frame.pixels for event in heard if event.kind is EventKind.PREVIEW and event.frame is not None]
    assert all(np.array_equal(shown, platen()) or np.array_equal(shown, finger()) for shown in previews)


def test_a_lamp_that_a_program_left_burning_goes_out_when_the_reader_is_opened_and_closed() -> None:
    model = Fs81Model()
    model.crash(299)
    with over(model):
        pass
    assert not model.lamp
    assert not model.fifo


@pytest.mark.parametrize("packets", [1, 17, 299])
def test_what_a_program_that_died_left_unread_is_no_part_of_the_picture(packets: int) -> None:
    model = Fs81Model()
    model.crash(packets)
    with over(model) as device:
        assert np.array_equal(device.capture(5).pixels, finger())
    assert not model.lamp


def test_a_finger_counts_when_it_lies_there_twice_in_a_row() -> None:
    model = Fs81Model(deque([False, True, False, False, True, True, False]))
    with over(model) as device:
        device.capture(5)
        assert len(model.scene) == 1  # not the one that came and went


def test_the_next_capture_waits_until_the_finger_is_gone() -> None:
    model = Fs81Model(deque([False, True, True, True, True, False, False, True]))
    heard: list[EventKind] = []
    with over(model) as device:
        device.capture(5)
        device.listen(lambda event: heard.append(event.kind))
        device.capture(5)
        with pytest.raises(SubjectTimeoutError, match="not lifted"):
            device.capture(1)
    assert EventKind.CAPTURED in heard
    assert not model.lamp


def test_nobody_comes_and_the_lamp_goes_out() -> None:
    model = Fs81Model(deque([False]))
    with over(model) as device:
        with pytest.raises(SubjectTimeoutError, match="awaiting the finger"):
            device.capture(0.2)
        assert not model.lamp
        assert not model.fifo


def test_a_cancel_never_leaves_half_a_frame() -> None:
    model = Fs81Model(deque([False]))
    with over(model) as device:
        device.listen(
            lambda event: threading.Timer(0.05, device.cancel).start() if event.kind is EventKind.WAITING else None
        )
        with pytest.raises(CaptureCancelledError):
            device.capture(20)
        assert not model.lamp
        assert not model.fifo
    assert model.cut_frames == 0


def test_another_geometry_is_named() -> None:
    model = Fs81Model(geometry=(480, 320))
    with pytest.raises(DeviceProtocolError, match="480 x 320 px instead of 320 x 480"):
        over(model).open()
    assert model.open == 0


def test_a_fault_at_any_transfer_is_named_leaves_it_dark_and_is_over_afterwards() -> None:
    clean = Fs81Model(deque([False, False, True, True, False]))
    with over(clean) as device:
        device.capture(5)
    outcomes: dict[FaultKind, set[str]] = {kind: set() for kind in FaultKind}
    for index in range(clean.transfers):
        for kind in FaultKind:
            outcomes[kind].add(suffer(kind, index))
    assert "DeviceStalledError" in outcomes[FaultKind.STALL]
    assert "DeviceProtocolError" in outcomes[FaultKind.SHORT]
    assert "DeviceTimeoutError" in outcomes[FaultKind.HANG]
    assert "DeviceDisconnectedError" in outcomes[FaultKind.DISCONNECT]
    assert "picture" in outcomes[FaultKind.GARBAGE]  # a picture carries no checksum, and says so in the docs


def suffer(kind: FaultKind, index: int) -> str:
    """Capture with a fault, then without; return what the fault came to."""
    model = Fs81Model(deque([False, False, True, True, False, False, True]), fault=(kind, index))
    device = over(model)
    failure: DeviceError | None = None
    try:
        device.open()
        pixels = device.capture(5.0).pixels
        if kind is not FaultKind.GARBAGE:
            assert np.array_equal(pixels, finger())
    except DeviceError as error:
        failure = error
    if kind is not FaultKind.DISCONNECT and device.state is not State.READY:
        assert not model.lamp, (kind, index)
    if failure is not None:
        assert failure.uri == URI
        assert failure.state
    if failure is not None and device.state is not State.CLOSED:
        assert (device.state is State.LOST) == isinstance(failure, DeviceDisconnectedError)
    device.close()
    assert model.open == 0
    if kind is not FaultKind.DISCONNECT:
        assert not model.lamp, (kind, index)
    model.scene = deque([False, False, True])
    with device:
        assert np.array_equal(device.capture(5.0).pixels, finger()), (kind, index)
    assert not model.lamp
    return "picture" if failure is None else type(failure).__name__


def test_a_reader_that_never_stops_sending_is_named() -> None:
    model = Fs81Model()
    model.crash(2000)
    model.scene = deque([True])
    endless: Any = model.plugged

    def connect(situation: Any) -> Any:
        model.crash(2000)
        return endless(situation)

    with pytest.raises(DeviceProtocolError, match="does not stop sending"):
        fs81.driver.over(URI, IDENTITY, connect, model.clock).open()


def test_it_says_that_it_is_experimental_and_is_taken_last() -> None:
    assert "model of the reader" in over(Fs81Model()).info.experimental
    tried = DeviceInfo("usb:ffff:0001", "x", "", "", Modality.FINGER, 500.0)
    coarse = DeviceInfo("usb:ffff:0002", "x", "", "", Modality.FINGER, 381.0)
    ours = DeviceInfo(URI, "fs81", "", "", Modality.FINGER, 500.0, experimental=fs81.UNTRIED)
    assert best([ours, coarse, tried], Modality.FINGER) == [tried.uri, coarse.uri, ours.uri]
    assert best([ours], Modality.FINGER) == [URI]


def test_the_registry_knows_it() -> None:
    assert Registry().device(URI).info.driver == "fs81"
    assert 'ATTR{idVendor}=="1491"' in Registry().udev_rules()
