"""`any:finger`: the best scanner attached, and another one when it fails in the middle."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from biocore.discovery import open_device
from biocore.errors import (
    CaptureCancelledError,
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceError,
    DeviceNotFoundError,
    DeviceTimeoutError,
    SubjectTimeoutError,
)
from biocore.failover import AnyDevice, any_uri, best
from biocore.hal import Attempt, Device, DeviceInfo, Event, EventKind, Route, State
from biocore.types import Frame, GreyImage, Modality
from usb_conversations import replay

VIRTUAL = "virtual:finger?arrival=0&interval=0&previews=0&width=64&height=64&sequence=GOOD,DRY:0.5"
Recordings = dict[str, tuple[Path, GreyImage]]


def info(uri: str, ppi: float | None = 500.0, **more: bool | str) -> DeviceInfo:
    return DeviceInfo(uri, "test", "biocore", "test", Modality.FINGER, ppi, **more)  # type: ignore[arg-type]


def packet_of_the_picture(folder: Path) -> int:
    from biocore_drivers.recording import load

    return next(t.packets[0] for submits, t in load(folder).timeline if submits and t.endpoint == 0x82)


def test_a_scanner_unplugged_in_the_middle_is_replaced_by_another_and_it_is_said(recordings: Recordings) -> None:
    folder, _ = recordings["uru4000"]
    first = replay(folder, f"&fault=disconnect:{packet_of_the_picture(folder)}")
    heard: list[Event] = []
    with open_device(any_uri(Modality.FINGER, [first, VIRTUAL])) as device:
        device.listen(heard.append)
        assert device.info.model == "U.are.U 4500"
        frame = device.capture(5)
        assert frame.source == VIRTUAL
        assert frame.pixels.shape == (64, 64)
        assert device.info.model == "virtual finger scanner"
        assert device.capture(5).source == VIRTUAL  # and stays with it
    switched = [event for event in heard if event.kind is EventKind.SWITCHED]
    assert len(switched) == 1
    assert "was unplugged" in switched[0].detail
    assert f"-> {VIRTUAL}" in switched[0].detail
    kinds = [event.kind for event in heard]
    assert kinds.index(EventKind.PRESENT) < kinds.index(EventKind.SWITCHED) < kinds.index(EventKind.CAPTURED)
    assert {event.uri for event in heard} == {device.info.uri}


def test_the_way_goes_on_in_the_other_direction_too(recordings: Recordings) -> None:
    folder, shown = recordings["uru4000"]
    uris = [VIRTUAL + "&fail=disconnect:1", replay(folder)]
    with open_device(any_uri(Modality.FINGER, uris)) as device:
        frame = device.capture(5)
    assert frame.source == uris[1]
    assert np.array_equal(frame.pixels, shown)


@pytest.mark.parametrize("fault", ["timeout", "protocol", "stall"])
def test_a_scanner_that_fails_otherwise_is_replaced_if_there_is_time(fault: str) -> None:
    uris = [f"{VIRTUAL}&fail={fault}:1", VIRTUAL]
    with open_device(any_uri(Modality.FINGER, uris)) as device:
        if fault == "timeout":  # it kept silent until the deadline of all: nobody has time left
            with pytest.raises(DeviceTimeoutError):
                device.capture(0.2)
        assert device.capture(5).source == uris[1]


def test_a_person_s_delay_changes_no_scanner() -> None:
    heard: list[Event] = []
    with open_device(any_uri(Modality.FINGER, [f"{VIRTUAL}&fail=no_finger:1", VIRTUAL + "&finger=2"])) as device:
        device.listen(heard.append)
        with pytest.raises(SubjectTimeoutError):
            device.capture(0.1)
        assert device.state is State.READY
        assert device.capture(5).source.endswith("no_finger:1")
    assert EventKind.SWITCHED not in [event.kind for event in heard]


def test_when_none_is_left_the_last_failure_is_told() -> None:
    uris = [f"{VIRTUAL}&fail=disconnect:1", f"{VIRTUAL}&fail=disconnect:1&finger=2"]
    device = open_device(any_uri(Modality.FINGER, uris))
    with pytest.raises(DeviceDisconnectedError, match="finger=2: was unplugged"):
        device.capture(5)
    device.close()
    with device:  # plugged in again
        device.capture(5)


def test_one_that_does_not_open_is_passed_over_and_all_of_them_are_named() -> None:
    busy = f"{VIRTUAL}&fail=busy:9"
    with open_device(any_uri(Modality.FINGER, [busy, "nobody:1", "file:/absent", VIRTUAL])) as device:
        assert device.capture(5).source == VIRTUAL
    with pytest.raises(DeviceNotFoundError, match=r"no scanner can be opened: .*another program holds it.*absent"):
        open_device(any_uri(Modality.FINGER, [busy, "file:/absent"]))
    with pytest.raises(DeviceBusyError):
        open_device(any_uri(Modality.FINGER, [busy]))


def test_a_cancel_reaches_the_scanner_in_use() -> None:
    waiting = threading.Event()
    with (
        open_device(any_uri(Modality.FINGER, [VIRTUAL + "&fail=no_finger:1"])) as device,
        ThreadPoolExecutor(1) as pool,
    ):
        device.listen(lambda event: waiting.set() if event.kind is EventKind.WAITING else None)
        running = pool.submit(device.capture, 30.0)
        assert waiting.wait(5)
        device.cancel()
        with pytest.raises(CaptureCancelledError):
            running.result(timeout=2)
        assert device.state is State.READY


def test_the_best_is_fit_to_enrol_and_neither_synthetic_nor_refused() -> None:
    attached = [
        info("usb:a", 381.0),
        info("virtual:finger", synthetic=True),
        info("usb:c"),
        info("usb:b", refusal="gives no picture"),
        info("usb:d", 512.0),
        DeviceInfo("uvc:eye", "test", "biocore", "test", Modality.IRIS),
    ]
    assert best(attached, Modality.FINGER) == ["usb:c", "usb:d", "usb:a"]
    assert best(attached, Modality.IRIS) == ["uvc:eye"]


def test_the_shorter_way_to_a_scanner_is_taken_first_and_failing_over_keeps_that_order() -> None:
    attached = [
        info("a-service:1", route=Route.SERVICE),
        info("b-library:1", route=Route.LIBRARY),
        info("usb:z"),
        info("usb:tried-on-nothing", experimental="no hardware"),
        info("usb:coarse", 381.0),
        info("usb:chip", refusal="compares on its own chip"),
        info("virtual:finger", synthetic=True),
    ]
    order = ["usb:z", "b-library:1", "a-service:1", "usb:coarse", "usb:tried-on-nothing"]
    assert best(attached, Modality.FINGER) == order
    assert [each.uri for each in sorted(attached, key=lambda each: each.rank)][:5] == order

    class Broken(Device):
        def _open(self) -> None:
            tried.append(self.info.uri)

        def _close(self) -> None:
            pass

        def _capture(self, attempt: Attempt) -> Frame:
            raise DeviceDisconnectedError("was unplugged", uri=self.info.uri)

    tried: list[str] = []
    known = {each.uri: each for each in attached}
    with (
        AnyDevice("any:finger", lambda: attached, lambda uri: Broken(known[uri])) as device,
        pytest.raises(DeviceDisconnectedError),
    ):
        device.capture(5)
    assert tried == order


def test_what_is_plugged_in_later_is_found_when_it_is_needed() -> None:
    class Scanner(Device):
        def _open(self) -> None:
            pass

        def _close(self) -> None:
            pass

        def _capture(self, attempt: Attempt) -> Frame:
            if self.info.uri == "usb:a":
                attached.append(info("usb:b"))
                raise DeviceDisconnectedError("was unplugged", uri=self.info.uri)
            return Frame(np.zeros((4, 4), np.uint8), 500.0, self.info.uri)

    attached = [info("usb:a")]

    def listed() -> Iterable[DeviceInfo]:
        return attached

    with AnyDevice("any:finger", listed, lambda uri: Scanner(info(uri))) as device:
        assert device.capture(1).source == "usb:b"


def test_nobody_gets_a_synthetic_scanner_unasked() -> None:
    with pytest.raises(DeviceNotFoundError, match="no scanner is attached"):
        AnyDevice("any:finger", lambda: [info("virtual:finger", synthetic=True)], _never).open()


def _never(uri: str) -> Device:
    raise AssertionError(uri)


@pytest.mark.parametrize("uri", ["any:", "any:ear", "any:finger?best=1"])
def test_an_impossible_name_is_refused(uri: str) -> None:
    with pytest.raises(DeviceError):
        open_device(uri)


def test_uris_with_commas_and_percent_signs_survive_being_named() -> None:
    uris = ["virtual:finger?sequence=GOOD,DRY:0.5", "file:/a%3Fb%2Cc?ppi=500"]
    device = AnyDevice(any_uri(Modality.FINGER, uris), list, _never)
    assert device._named == uris
