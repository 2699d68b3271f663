"""Biometric services: what they show is captured whole, what is wrong with them has a name, nothing is left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import biocore
from biocore.discovery import Registry
from biocore.errors import (
    CaptureCancelledError,
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceError,
    DeviceNotFoundError,
    DeviceProtocolError,
    DeviceTimeoutError,
    DeviceUnsupportedError,
    DeviceUntrustedError,
    DeviceVendorError,
    IncompleteCaptureError,
    InvalidSampleError,
    SubjectTimeoutError,
)
from biocore.failover import any_uri
from biocore.hal import CANCEL_LATENCY, Device, EventKind, State
from biocore.sbi import link
from biocore.types import EyePosition, FingerPosition, Modality, Part, Sample
from sbi_device import SbiService, Scanner, plain_print, record_of, shown

REGISTRY = Registry()
LEFT = (
    FingerPosition.LEFT_INDEX,
    FingerPosition.LEFT_MIDDLE,
    FingerPosition.LEFT_RING,
    FingerPosition.LEFT_LITTLE,
)
THUMBS = (FingerPosition.LEFT_THUMB, FingerPosition.RIGHT_THUMB)
EYES = (EyePosition.LEFT, EyePosition.RIGHT)


def scanner(service: SbiService, more: str = "") -> Device:
    return REGISTRY.device(f"sbi:finger@S-1?port={service.port}{more}")


def camera(service: SbiService) -> Device:
    return REGISTRY.device(f"sbi:iris?port={service.port}")


@pytest.fixture(autouse=True)
def _no_thread_is_left(sbi_service: SbiService) -> object:
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    assert not [thread for thread in left if thread.name == "biocore sbi"]


# -- what is shown is captured -----------------------------------------------------------------------------


@pytest.mark.parametrize("positions", [LEFT, LEFT[:2], LEFT[::-1], THUMBS])
def test_a_slap_comes_taken_apart_in_the_order_asked_for(
    sbi_service: SbiService, positions: tuple[FingerPosition, ...]
) -> None:
    with scanner(sbi_service) as device:
        heard: list[str] = []
        device.listen(lambda event: heard.append(event.detail) if event.kind is EventKind.CAPTURED else None)
        parts = device.capture_parts(positions)
    assert tuple(part.position for part in parts) == positions
    assert heard == [position.name for position in positions]
    for part in parts:
        np.testing.assert_array_equal(part.frame.pixels, plain_print(part.position))
        assert part.frame.ppi == 500.0
        assert part.score == 72.5
        assert part.record[:4] == b"FIR\0"
        assert part.signed.count(".") == 2


def test_what_a_service_captured_is_assessed_and_compared_like_any_other(sbi_service: SbiService) -> None:
    sbi_service.real = True
    with scanner(sbi_service) as device:
        parts = device.capture_parts(THUMBS)
    samples = [Sample(part.frame, Modality.FINGER, part.position) for part in parts]
    for sample, name in zip(samples, ("Left Thumb", "Right Thumb"), strict=True):
        np.testing.assert_array_equal(sample.pixels, shown("Finger", name, True))
        report = biocore.assess(sample)
        assert report.score is not None
        assert report.score > 40
    left, right = (biocore.extract(sample) for sample in samples)
    assert biocore.compare(left, left).score > 40 > biocore.compare(left, right).score
    with camera(sbi_service) as device:
        eyes = device.capture_parts(EYES)
    assert [biocore.assess(Sample(eye.frame, Modality.IRIS, eye.position)).score is None for eye in eyes] == [False] * 2


def test_both_eyes_come_at_once_and_each_alone(sbi_service: SbiService) -> None:
    with camera(sbi_service) as device:
        assert device.info.groups == ((EyePosition.LEFT,), (EyePosition.RIGHT,), EYES)
        both = device.capture_parts(EYES)
        alone = device.capture_parts([EyePosition.LEFT])
        unasked = device.capture()
    assert [part.position for part in both] == list(EYES)
    assert both[0].frame.ppi is None
    np.testing.assert_array_equal(alone[0].frame.pixels, plain_print(EyePosition.LEFT))
    np.testing.assert_array_equal(unasked.pixels, plain_print(EyePosition.RIGHT))
    assert [each["bio"][0]["deviceSubId"] for each in sbi_service.requests("RCAPTURE")] == ["3", "1", "2"]


def test_missing_fingers_are_named_and_not_waited_for(sbi_service: SbiService) -> None:
    with scanner(sbi_service) as device:
        parts = device.capture_parts(LEFT, missing=[FingerPosition.LEFT_RING, FingerPosition.RIGHT_THUMB])
    assert len(parts) == 3
    asked = sbi_service.requests("RCAPTURE")[0]["bio"][0]
    assert asked["exception"] == ["Left RingFinger"]  # a thumb is no part of this slap
    assert asked["count"] == "3"
    assert "Left RingFinger" not in asked["bioSubType"]


def test_the_request_says_what_the_interface_wants(sbi_service: SbiService) -> None:
    with scanner(sbi_service, "&score=55") as device:
        device.capture(timeout=10.0)
    asked = sbi_service.requests("RCAPTURE")[0]
    bio = asked.pop("bio")[0]
    assert len(asked.pop("transactionId")) == 32
    assert asked.pop("captureTime").endswith("Z")
    assert asked.pop("timeout").isdigit()
    assert asked == {"env": "Developer", "purpose": "Registration", "specVersion": "0.9.5", "customOpts": None}
    assert bio == {
        "type": "Finger",
        "count": "1",
        "bioSubType": ["Right IndexFinger"],
        "exception": ["Right MiddleFinger", "Right RingFinger", "Right LittleFinger"],
        "requestedScore": "55",
        "deviceId": "1",
        "deviceSubId": "2",
        "previousHash": "",
    }


def test_the_device_is_told_a_shorter_deadline_than_the_callers(sbi_service: SbiService) -> None:
    with scanner(sbi_service) as device:
        for timeout, least, most in ((10.0, 8900, 9000), (1.0, 700, 800), (float("inf"), 59000, 59000)):
            device.capture(timeout)
            assert least <= int(sbi_service.requests("RCAPTURE")[-1]["timeout"]) <= most


def test_captures_of_one_session_are_one_chain(sbi_service: SbiService) -> None:
    with scanner(sbi_service) as device:
        first = device.capture_parts(THUMBS)
        device.capture_parts(LEFT)
    links = [each["bio"][0]["previousHash"] for each in sbi_service.requests("RCAPTURE")]
    assert links == ["", first[-1].digest]
    assert first[0].digest == link("", record_of("Finger", "Left Thumb"))
    with device:
        device.capture()
    assert sbi_service.requests("RCAPTURE")[-1]["bio"][0]["previousHash"] == ""


def test_a_scanner_of_one_finger_is_asked_for_whichever_comes(sbi_service: SbiService) -> None:
    sbi_service.scanners = [Scanner(subtype="Single")]
    with scanner(sbi_service) as device:
        (part,) = device.capture_parts()
        (named,) = device.capture_parts([FingerPosition.LEFT_THUMB])
        with pytest.raises(DeviceUnsupportedError, match="one at a time"):
            device.capture_parts(THUMBS)
    assert part.position is FingerPosition.UNKNOWN
    assert named.position is FingerPosition.LEFT_THUMB
    assert sbi_service.requests("RCAPTURE")[0]["bio"][0]["deviceSubId"] == "0"


def test_fingers_that_do_not_lie_together_are_refused_before_anybody_is_asked(sbi_service: SbiService) -> None:
    with scanner(sbi_service) as device:
        with pytest.raises(DeviceUnsupportedError, match="left_index, left_thumb together"):
            device.capture_parts([FingerPosition.LEFT_INDEX, FingerPosition.LEFT_THUMB])
        with pytest.raises(InvalidSampleError, match="each once"):
            device.capture_parts([FingerPosition.LEFT_INDEX] * 2)
        with pytest.raises(InvalidSampleError, match="FingerPosition"):
            device.capture_parts(EYES)
        with pytest.raises(InvalidSampleError, match="missing"):
            device.capture_parts(THUMBS, missing=THUMBS)
    assert sbi_service.requests("RCAPTURE") == []


def test_a_plain_scanner_takes_one_part() -> None:
    with REGISTRY.device("virtual:finger?arrival=0&interval=0&previews=0") as device:
        (part,) = device.capture_parts([FingerPosition.LEFT_INDEX])
        assert part.position is FingerPosition.LEFT_INDEX
        assert (part.score, part.record, part.signed) == (None, b"", "")
        with pytest.raises(DeviceUnsupportedError, match="one finger at a time"):
            device.capture_parts(THUMBS)


def test_parts_go_on_with_another_scanner_but_a_finger_too_few_is_the_persons(sbi_service: SbiService) -> None:
    with SbiService(Scanner(serial="S-2")) as other:
        uris = [f"sbi:finger@S-1?port={sbi_service.port}", f"sbi:finger@S-2?port={other.port}"]
        with REGISTRY.device(any_uri(Modality.FINGER, uris)) as device:
            sbi_service.fault = "fewer"
            with pytest.raises(IncompleteCaptureError):
                device.capture_parts(THUMBS)
            sbi_service.fault = "error:500"
            assert len(device.capture_parts(THUMBS)) == 2
    assert len(other.requests("RCAPTURE")) == 1


# -- the live view -----------------------------------------------------------------------------------------


def previews(device: Device, timeout: float = 5.0) -> tuple[Part, list[tuple[int, int]]]:
    seen: list[tuple[int, int]] = []

    def hear(event: object) -> None:
        frame = getattr(event, "frame", None)
        if getattr(event, "kind", None) is EventKind.PREVIEW and frame is not None:
            seen.append(frame.pixels.shape)

    device.listen(hear)
    with device:
        (part,) = device.capture_parts(timeout=timeout)
    return part, seen


def test_live_frames_come_while_the_finger_is_awaited(sbi_service: SbiService) -> None:
    sbi_service.delay = 0.4
    _, seen = previews(scanner(sbi_service))
    assert len(seen) >= 3
    assert set(seen) == {(48, 64)}
    asked = sbi_service.requests("STREAM")[0]
    assert (asked["deviceId"], asked["deviceSubId"]) == ("1", "2")
    assert wait_for(lambda: sbi_service.streams == 0)


def test_nobody_who_looks_costs_no_stream(sbi_service: SbiService) -> None:
    with scanner(sbi_service) as device:
        device.capture()
    assert sbi_service.requests("STREAM") == []


@pytest.mark.parametrize("fault", ["no stream", "cut stream", "stalled stream", "garbage stream"])
def test_a_live_view_that_fails_does_not_harm_the_capture(sbi_service: SbiService, fault: str) -> None:
    sbi_service.delay, sbi_service.fault = 0.3, fault
    start = time.monotonic()
    part, seen = previews(scanner(sbi_service))
    assert part.frame.pixels.shape == (48, 40)
    assert len(seen) <= 1
    assert time.monotonic() - start < 0.3 + CANCEL_LATENCY


# -- faults ------------------------------------------------------------------------------------------------

BAD_ANSWERS = [
    ("busy", DeviceBusyError, "error 111: Device busy"),
    ("error:100", DeviceUnsupportedError, "error 100: said the vendor.*Register"),
    ("error:101", SubjectTimeoutError, "error 101"),
    ("error:103", DeviceUntrustedError, "error 103"),
    ("error:106", DeviceDisconnectedError, "error 106"),
    ("error:109", DeviceUnsupportedError, "error 109"),
    ("error:110", DeviceBusyError, "error 110"),
    ("error:112", DeviceProtocolError, "error 112"),
    ("error:705", DeviceVendorError, "error 705: said the vendor"),
    ("hash", DeviceProtocolError, "hash of the left thumb does not continue"),
    ("signature", DeviceUntrustedError, "signature is wrong"),
    ("stranger", DeviceUntrustedError, "leads to no trusted one"),
    ("other device", DeviceUntrustedError, "another device answered: biocore simulated another"),
    ("replayed", DeviceProtocolError, "transactionId 'replayed'"),
    ("other finger", DeviceProtocolError, "'Left RingFinger', which was not asked for"),
    ("other record", DeviceProtocolError, "record of the right thumb says position 6"),
    ("damaged record", DeviceProtocolError, "record of the left thumb is damaged.*byte"),
    ("odd score", DeviceProtocolError, "'high'"),
    ("twice", DeviceProtocolError, "left thumb twice"),
    ("garbage:RCAPTURE", DeviceProtocolError, "no JSON"),
    ("cut:RCAPTURE", DeviceProtocolError, "broke off|cut its answer"),
    ("http:RCAPTURE", DeviceProtocolError, "HTTP 500"),
]


@pytest.mark.parametrize(("fault", "kind", "message"), BAD_ANSWERS, ids=[row[0] for row in BAD_ANSWERS])
def test_what_is_wrong_has_a_name_and_the_next_capture_works(
    sbi_service: SbiService, fault: str, kind: type[DeviceError], message: str
) -> None:
    with scanner(sbi_service) as device:
        sbi_service.fault = fault
        with pytest.raises(kind, match=message) as caught:
            device.capture_parts(THUMBS)
        assert type(caught.value) is kind
        assert caught.value.uri == device.info.uri
        sbi_service.fault = ""
        if kind is DeviceDisconnectedError:
            assert device.state is State.LOST
            device.close()
            device.open()
        assert len(device.capture_parts(THUMBS)) == 2


@pytest.mark.parametrize(("fault", "more"), [("fewer", ""), ("failed last", "error 102: Extraction failed")])
def test_a_finger_too_few_is_told_and_the_others_are_not_lost(sbi_service: SbiService, fault: str, more: str) -> None:
    with scanner(sbi_service) as device:
        sbi_service.fault = fault
        with pytest.raises(IncompleteCaptureError, match="3 of 4 came; not the left little" + ".*" + more) as caught:
            device.capture_parts(LEFT)
        parts = caught.value.parts
        assert [part.position for part in parts if isinstance(part, Part)] == list(LEFT[:3])
        assert device.state is State.READY


@pytest.mark.parametrize("fault", ["failed first", "failed first, chain begun anew"])
def test_the_chain_goes_on_behind_a_finger_that_failed(sbi_service: SbiService, fault: str) -> None:
    with scanner(sbi_service) as device:
        device.capture_parts(THUMBS)  # there is a chain to go on with
        sbi_service.fault = fault
        with pytest.raises(IncompleteCaptureError, match="3 of 4 came; not the left index") as caught:
            device.capture_parts(LEFT)
        assert len(caught.value.parts) == 3


def test_a_silent_service_meets_the_deadline(sbi_service: SbiService) -> None:
    with scanner(sbi_service) as device:
        sbi_service.fault = "silent:RCAPTURE"
        start = time.monotonic()
        with pytest.raises(DeviceTimeoutError):
            device.capture(timeout=0.4)
        assert time.monotonic() - start < 0.4 + CANCEL_LATENCY


def test_nobody_who_comes_is_the_persons_delay(sbi_service: SbiService) -> None:
    with scanner(sbi_service) as device:
        sbi_service.fault = "nobody"
        start = time.monotonic()
        with pytest.raises(SubjectTimeoutError, match="No biometric"):
            device.capture(timeout=0.5)
        assert time.monotonic() - start < 0.5 + CANCEL_LATENCY


def test_a_cancel_ends_a_capture_that_waits_for_the_service(sbi_service: SbiService) -> None:
    sbi_service.delay = 30.0
    with scanner(sbi_service) as device, ThreadPoolExecutor(1) as pool:
        running = pool.submit(device.capture, 60.0)
        assert wait_for(lambda: bool(sbi_service.requests("RCAPTURE")))
        start = time.monotonic()
        device.cancel()
        with pytest.raises(CaptureCancelledError):
            running.result(timeout=5.0)
        assert time.monotonic() - start < CANCEL_LATENCY
        sbi_service.delay = 0.0
        assert wait_for(lambda: sbi_service._busy_until == 0.0)
        device.capture()


def test_a_capture_waits_for_the_one_that_was_cancelled_and_still_goes_on(sbi_service: SbiService) -> None:
    sbi_service.delay, sbi_service.lingers = 0.8, True
    with scanner(sbi_service) as device, ThreadPoolExecutor(1) as pool:
        running = pool.submit(device.capture, 5.0)
        assert wait_for(lambda: bool(sbi_service.requests("RCAPTURE")))
        device.cancel()
        with pytest.raises(CaptureCancelledError):
            running.result(timeout=5.0)
        sbi_service.delay = 0.0
        device.capture(timeout=5.0)
    assert len(sbi_service.requests("RCAPTURE")) >= 3


def test_a_service_that_ended_is_a_device_that_is_gone(sbi_service: SbiService) -> None:
    with SbiService(Scanner(serial="S-9")) as service:
        device = REGISTRY.open(f"sbi:finger@S-9?port={service.port}")
    with pytest.raises(DeviceDisconnectedError, match="nobody listens"):
        device.capture()
    assert device.state is State.LOST
    device.close()
    with pytest.raises(DeviceNotFoundError, match="Start the scanner's service"):
        device.open()


def wait_for(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    return holds()
