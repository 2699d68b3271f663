"""Devices in a session: slaps, both eyes, a scanner that dies in the queue, and a hand that is the wrong one."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from biocore.discovery import registry
from biocore.errors import (
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceNotFoundError,
    DeviceProtocolError,
    SessionError,
)
from biocore.failover import any_uri
from biocore.fingerprint import synth_slap
from biocore.fingerprint.slap import SlapKind
from biocore.hal import Device, DeviceInfo, EventKind
from biocore.report import Outcome
from biocore.station import EntryKind
from biocore.station.devices import Devices, Shows
from biocore.station.entry import position_name
from biocore.station.examine import Examined, examine
from biocore.station.exceptions import Absence, ExceptionKind
from biocore.station.looks import DoubtKind, Ended
from biocore.station.rungs import PlacementMode
from biocore.station.session_events import (
    Asked,
    CaptureCancelled,
    DeviceReady,
    DeviceSaid,
    DeviceTrouble,
    Doubted,
    Looked,
    ModeSwitched,
    StateChanged,
    Viewed,
)
from biocore.station.session_state import State
from biocore.types import FingerPosition, Frame, GreyImage, Modality, Position, Sample
from scripted_devices import Live, ScriptedDevice, SlapScanner, Wait, finger_frame, scanner_info
from session_support import E, F, Office, finished, picture
from test_failover import packet_of_the_picture
from usb_conversations import replay

RIGHT_FOUR = (F.RIGHT_INDEX, F.RIGHT_MIDDLE, F.RIGHT_RING, F.RIGHT_LITTLE)
LEFT_FOUR = (F.LEFT_INDEX, F.LEFT_MIDDLE, F.LEFT_RING, F.LEFT_LITTLE)
THUMBS = (F.RIGHT_THUMB, F.LEFT_THUMB)
TEN = (*RIGHT_FOUR, *LEFT_FOUR, *THUMBS)
GROUPS: tuple[tuple[Position, ...], ...] = (RIGHT_FOUR, LEFT_FOUR, THUMBS)
VIRTUAL = "arrival=0&interval=0&previews=1"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


class Hands:
    """What lies on a slap scanner: the right fingers, unless said otherwise."""

    def __init__(self) -> None:
        self.instead: dict[Position, list[Frame | None]] = {}
        self.shown: dict[Position, int] = {}

    def __call__(self, position: Position) -> Frame | None:
        self.shown[position] = self.shown.get(position, 0) + 1
        other = self.instead.get(position)
        return other.pop(0) if other else picture(position, self.shown[position])


def slap_scanner(office: Office, hands: Hands) -> SlapScanner:
    office.scanner = scanner_info("scripted:slap", stills=False, groups=GROUPS)
    device = SlapScanner(hands, office.scanner)
    camera = ScriptedDevice(office.person.script, office.camera)
    office.device = lambda uri: device if uri == office.scanner.uri else camera  # type: ignore[method-assign]
    return device


def test_a_slap_scanner_shows_ten_fingers_in_three_captures(office: Office) -> None:
    device = slap_scanner(office, Hands())
    session, summary = finished(office, plan=TEN)
    assert [asked for asked, _ in device.asked] == [RIGHT_FOUR, LEFT_FOUR, THUMBS]
    assert summary["times"]["captures"] == 3
    assert {said["slap_average"] is not None for said in summary["positions"].values()} == {True}
    assert summary["checks"]["pairs_compared"] == 45
    batches = {o.head.batch[1] for o in office.record(session.resident) if o.head.code == "captured_slap_first"}
    assert max(batches) >= 4 * 5  # one batch a slap: all four fingers are on disk, or none


def test_missing_fingers_are_told_to_the_slap_scanner(office: Office) -> None:
    device = slap_scanner(office, Hands())
    finished(office, plan=RIGHT_FOUR, missing=[(F.RIGHT_RING, Absence(ExceptionKind.AMPUTATED))])
    assert device.asked[0] == ((F.RIGHT_INDEX, F.RIGHT_MIDDLE, F.RIGHT_LITTLE), (F.RIGHT_RING,))


def test_a_finger_that_does_not_come_with_the_others_is_asked_for_again(office: Office) -> None:
    hands = Hands()
    hands.instead[F.RIGHT_LITTLE] = [None]
    device = slap_scanner(office, hands)
    _, summary = finished(office, plan=RIGHT_FOUR)
    assert [asked for asked, _ in device.asked] == [RIGHT_FOUR, (F.RIGHT_LITTLE,)]
    attempts = summary["positions"]["finger:5"]["attempts"]
    assert [attempt["ended"] for attempt in attempts] == ["timeout", "captured"]


def test_two_fingers_of_one_slap_that_are_one_finger_are_both_doubted(office: Office) -> None:
    hands = Hands()
    hands.instead[F.RIGHT_LITTLE] = [finger_frame(F.RIGHT_RING.value, 2)]
    slap_scanner(office, hands)
    finished(office, plan=RIGHT_FOUR)
    doubted = {event.position: event.doubts[0].other for event in office.events(Doubted)}
    assert doubted == {F.RIGHT_RING: F.RIGHT_LITTLE, F.RIGHT_LITTLE: F.RIGHT_RING}


def test_the_same_hand_twice_is_noticed(office: Office) -> None:
    hands = Hands()
    for left, right in zip(LEFT_FOUR, RIGHT_FOUR, strict=True):
        hands.instead[left] = [finger_frame(right.value, 2)]
    slap_scanner(office, hands)
    _, summary = finished(office, plan=(*RIGHT_FOUR, *LEFT_FOUR))
    first = [event for event in office.events(Doubted) if event.attempt == 1]
    assert {event.position: event.doubts[0].other for event in first} == dict(zip(LEFT_FOUR, RIGHT_FOUR, strict=True))
    assert all(said["outcome"] == "accept" for said in summary["positions"].values())


def test_fingers_are_shown_one_by_one_from_the_moment_it_is_said(office: Office) -> None:
    hands = Hands()
    hands.instead[F.RIGHT_INDEX] = [finger_frame(2, 1, "LIGHT", 0.9)]
    hands.instead[F.RIGHT_MIDDLE] = [finger_frame(3, 1, "LIGHT", 1.0)]
    device = slap_scanner(office, hands)
    desk = office.desk()
    session = office.begin(desk, plan=TEN)
    session.step()
    session.switch(PlacementMode.SINGLE)
    assert session.run() is State.COMPLETE
    assert [len(asked) for asked, _ in device.asked] == [4] + [1] * 8
    assert office.events(ModeSwitched)[-1].mode is PlacementMode.SINGLE
    session.finish()
    assert "mode_single" in [o.head.code for o in office.record(session.resident)]


@cache
def right_hand() -> Frame:
    return Frame(synth_slap.compose(4, 1, SlapKind.RIGHT_FOUR).pixels, 500.0, "scripted:platen")


def left_hand() -> Frame:
    """Return a hand whose finger tips lie as those of a left one."""
    return replace(right_hand(), pixels=np.fliplr(right_hand().pixels))


def half_a_hand() -> Frame:
    pixels = right_hand().pixels.copy()
    pixels[:, : pixels.shape[1] // 2] = 255
    return replace(right_hand(), pixels=pixels)


def platen(office: Office, *frames: Frame) -> ScriptedDevice:
    shown = list(frames)
    office.scanner = DeviceInfo(
        "scripted:platen", "scripted", "biocore", "test", Modality.FINGER, 500.0, window=(1600, 1500)
    )
    device = ScriptedDevice(lambda _: [shown.pop(0)], office.scanner)
    office.device = lambda uri: device  # type: ignore[method-assign]
    return device


def test_one_picture_of_four_fingers_is_taken_apart(office: Office) -> None:
    platen(office, right_hand())
    session, summary = finished(office, plan=RIGHT_FOUR)
    assert summary["times"]["captures"] == 1
    assert all(said["outcome"] == "accept" for said in summary["positions"].values())
    slaps = [o for o in office.record(session.resident) if o.head.kind is EntryKind.FRAME and o.head.code == "slap"]
    assert len(slaps) == 1


def test_a_wrong_hand_is_doubted_before_anything_is_accepted(office: Office) -> None:
    platen(office, left_hand(), right_hand())
    _, summary = finished(office, plan=RIGHT_FOUR)
    assert {doubt.kind for event in office.events(Doubted) for doubt in event.doubts} >= {DoubtKind.WRONG_HAND}
    assert all(said["attempt"] == 2 for said in summary["positions"].values())


def test_a_slap_with_too_few_fingers_is_kept_as_evidence_and_captured_again(office: Office) -> None:
    platen(office, half_a_hand(), right_hand())
    session, summary = finished(office, plan=RIGHT_FOUR)
    first = [event.look for event in office.events(Looked) if event.look.attempt == 1]
    assert {look.ended for look in first} == {Ended.CAPTURED}
    assert all("found where 4 were expected" in look.reason for look in first)
    slaps = [o for o in office.record(session.resident) if o.head.code == "slap" and o.head.kind is EntryKind.FRAME]
    assert len(slaps) == 2
    assert all(said["attempt"] == 2 for said in summary["positions"].values())


@pytest.mark.parametrize(
    ("window", "groups", "pictures", "shows"),
    [
        (None, (), None, Shows.SINGLE),
        ((400, 500), (), None, Shows.SINGLE),
        ((1600, 1500), (), None, Shows.PICTURE),
        ((1600, 1500), (), False, Shows.SINGLE),
        (None, (), True, Shows.PICTURE),
        (None, GROUPS, None, Shows.PARTS),
    ],
)
def test_how_a_scanner_shows_several_fingers_is_told_by_what_is_known_of_it(
    window: tuple[int, int] | None, groups: tuple[tuple[Position, ...], ...], pictures: bool | None, shows: Shows
) -> None:
    info = DeviceInfo("x:1", "x", "", "", Modality.FINGER, 500.0, window, groups=groups)
    devices = Devices({Modality.FINGER: "x:1"}, lambda uri: ScriptedDevice(lambda _: [], info), pictures)
    assert devices.shows(Modality.FINGER) is Shows.SINGLE  # nothing is open yet
    devices.ready(Modality.FINGER)
    assert devices.shows(Modality.FINGER) is shows
    devices.close()


# -- devices that fail -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        DeviceDisconnectedError("was unplugged"),
        DeviceProtocolError("answered 0xFF"),
        RuntimeError("a plug-in that is broken"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_device_that_fails_in_mid_capture_is_opened_anew_and_nobody_is_lost(office: Office, error: Exception) -> None:
    office.person.surprise(F.RIGHT_INDEX, error)
    session, summary = finished(office, plan=(F.RIGHT_INDEX, F.LEFT_INDEX))
    (trouble,) = office.events(DeviceTrouble)
    assert trouble.modality is Modality.FINGER
    assert len(office.events(DeviceReady)) == 2
    attempts = summary["positions"]["finger:2"]["attempts"]
    assert [attempt["ended"] for attempt in attempts] == ["device_lost", "captured"]
    assert summary["troubles"][0]["device"] == "scripted:finger"
    assert session.state is State.FINISHED


def test_a_scanner_that_fails_at_every_capture_uses_up_no_finger(office: Office) -> None:
    slept: list[float] = []
    office.person.surprise(F.RIGHT_INDEX, *[DeviceProtocolError("answered 0xFF")] * 9)
    session = office.begin(office.desk(sleep=slept.append), plan=(F.RIGHT_INDEX, F.LEFT_INDEX))
    assert session.run() is State.COMPLETE
    assert len(slept) == 8
    lost = [event for event in office.events(Looked) if event.look.ended is Ended.DEVICE_LOST]
    assert len(lost) == 1
    assert session.outcome(F.RIGHT_INDEX) is Outcome.ACCEPT
    assert len(office.events(DeviceTrouble)) == 1  # told once


def test_a_recorded_scanner_that_is_unplugged_in_mid_picture_is_replaced(
    office: Office, recordings: dict[str, tuple[Path, GreyImage]]
) -> None:
    folder, _ = recordings["uru4000"]
    second = f"virtual:finger?finger=6&sequence=GOOD&{VIRTUAL}"
    uri = any_uri(Modality.FINGER, [replay(folder, f"&fault=disconnect:{packet_of_the_picture(folder)}"), second])
    desk = office.desk(make=registry().device)
    desk.devices.uris = {Modality.FINGER: uri}
    session = office.begin(desk, plan=(F.RIGHT_INDEX,))
    assert session.run() is State.COMPLETE
    (event,) = [event for event in office.events(DeviceSaid) if event.kind is EventKind.SWITCHED]
    assert "was unplugged" in event.detail
    session.finish()
    assert office.summary(session.resident)["devices"][0]["uri"] == second


def test_a_session_without_a_device_waits_and_goes_on_when_there_is_one(office: Office) -> None:
    tried: list[int] = []

    class Absent(ScriptedDevice):
        def _open(self) -> None:
            tried.append(1)
            if len(tried) < 4:
                raise DeviceNotFoundError("no scanner is attached", uri=self.info.uri)
            super()._open()

    device = Absent(office.person.script, office.scanner)
    slept: list[float] = []
    desk = office.desk(make=lambda uri: device, sleep=slept.append)
    session = office.begin(desk, plan=(F.RIGHT_INDEX,))
    assert session.step() is State.NO_DEVICE
    assert session.run() is State.COMPLETE
    assert len(slept) == 2
    assert len(office.events(DeviceTrouble)) == 1  # told once, not at each look
    states = [change.state for change in office.events(StateChanged)]
    assert states[:2] == [State.NO_DEVICE, State.CAPTURING]
    assert not [event for event in office.events(Looked) if event.look.ended is Ended.DEVICE_LOST]


def test_who_waits_for_a_device_may_leave_or_say_that_nothing_is_to_come(office: Office) -> None:
    def absent(uri: str) -> Device:
        raise DeviceBusyError("another program holds it", uri=uri)

    session = office.begin(office.desk(make=absent), plan=(F.RIGHT_INDEX, F.LEFT_INDEX))
    assert session.step() is State.NO_DEVICE
    for position in session.situation.plan:
        session.declare_missing(position, Absence(ExceptionKind.BANDAGED))
    stand_in = session.next
    assert stand_in is not None  # other fingers, and nobody to show them to
    assert session.step() is State.NO_DEVICE
    session.abandon("no scanner today")
    assert session.state is State.ABANDONED


def test_an_unfit_scanner_enrols_nobody(office: Office) -> None:
    coarse = DeviceInfo("scripted:finger", "x", "", "", Modality.FINGER, 385.0)
    session = office.begin(office.desk(make=lambda uri: ScriptedDevice(lambda _: [], coarse)), plan=(F.RIGHT_INDEX,))
    assert session.step() is State.NO_DEVICE
    assert "385 ppi" in office.events(DeviceTrouble)[0].message


def test_any_finger_goes_on_with_the_next_scanner_in_mid_session(office: Office) -> None:
    first = f"virtual:finger?finger=5&sequence=GOOD&fail=disconnect:2&{VIRTUAL}"
    second = f"virtual:finger?finger=6&sequence=GOOD&{VIRTUAL}"
    uri = any_uri(Modality.FINGER, [first, second])
    desk = office.desk(make=registry().device)
    desk.devices.uris = {Modality.FINGER: uri}
    session = office.begin(desk, plan=(F.RIGHT_INDEX, F.LEFT_INDEX))
    assert session.run() is State.COMPLETE
    switched = [event for event in office.events(DeviceSaid) if event.kind is EventKind.SWITCHED]
    assert len(switched) == 1
    session.finish()
    summary = office.summary(session.resident)
    assert {device["uri"] for device in summary["devices"]} == {first, second}
    assert [said["attempt"] for said in summary["positions"].values()] == [1, 1]
    assert {event.view.glance.present for event in office.events(Viewed)} == {True}


# -- interrupted ---------------------------------------------------------------------------------------


def waiting_office(office: Office) -> ScriptedDevice:
    """Let the first capture wait until it is interrupted, and the others come as asked."""
    device = ScriptedDevice(lambda n: [Wait(60)] if n == 1 else office.person.script(n), office.scanner)
    office.device = lambda uri: device  # type: ignore[method-assign]
    return device


@pytest.mark.parametrize("action", ["pause", "cancel", "abandon", "missing", "switch"])
def test_a_capture_that_runs_ends_when_somebody_says_so(office: Office, action: str) -> None:
    device = waiting_office(office)
    session = office.begin(plan=(F.RIGHT_INDEX, F.LEFT_INDEX))
    states: list[State] = []
    thread = threading.Thread(target=lambda: states.append(session.step()))
    thread.start()
    assert device.begun.wait(10)
    with pytest.raises(SessionError, match="another thread"):
        session.step()
    match action:
        case "pause":
            session.pause()
        case "cancel":
            session.cancel_capture()
        case "abandon":
            session.abandon("the resident fell ill")
        case "missing":
            session.declare_missing(F.RIGHT_INDEX, Absence(ExceptionKind.INJURED))
        case _:
            session.switch(PlacementMode.SINGLE)
    thread.join(10)
    assert not thread.is_alive()
    assert not office.events(Looked)
    assert len(office.events(CaptureCancelled)) == 1
    if action == "abandon":
        assert session.state is State.ABANDONED
        return
    assert session.state is (State.PAUSED if action == "pause" else State.READY)
    if action == "pause":
        assert session.step() is State.PAUSED
        session.go_on()
    assert session.run() is State.COMPLETE
    assert len(office.events(Asked)) >= 2
    asked = office.events(Asked)[1].request.positions
    assert asked == ((F.LEFT_INDEX,) if action == "missing" else (F.RIGHT_INDEX,))


def test_a_paused_session_waits_without_turning(office: Office) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        session.go_on()

    session = office.begin(office.desk(sleep=sleep), plan=(F.RIGHT_INDEX,))
    session.pause()
    assert session.run() is State.COMPLETE
    assert slept == [1.0]
    assert session.outcome(F.RIGHT_INDEX) is Outcome.ACCEPT


def test_a_pause_while_a_picture_is_examined_keeps_the_picture(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    session = office.begin(plan=(F.RIGHT_INDEX, F.LEFT_INDEX))

    def slow(samples: tuple[Sample, ...], *, robust: bool = False) -> Examined:
        session.pause()
        return examine(samples, robust=robust)

    monkeypatch.setattr("biocore.station.session_attempts.examine", slow)
    assert session.step() is State.PAUSED
    assert session.outcome(F.RIGHT_INDEX) is Outcome.ACCEPT


def test_both_eyes_of_a_binocular_camera_come_together(office: Office) -> None:
    eyes: tuple[Position, ...] = (E.RIGHT, E.LEFT)
    info = DeviceInfo("scripted:both", "x", "", "", Modality.IRIS, groups=(eyes,))
    device = SlapScanner(picture, info)
    office.device = lambda uri: device  # type: ignore[method-assign]
    _, summary = finished(office, plan=eyes)
    assert device.asked == [(eyes, ())]
    assert all(said["outcome"] == "accept" for said in summary["positions"].values())
    assert not isinstance(eyes[0], FingerPosition)


@pytest.mark.parametrize("seed", range(3))
def test_people_and_the_capturing_thread_never_wait_for_each_other_for_ever(office: Office, seed: int) -> None:
    rng = random.Random(seed)
    desk = office.desk(sleep=None)
    desk.inline, desk.poll_s = False, 0.01
    shown = [Live(picture(F.RIGHT_INDEX), 0.005)] * 3
    device = ScriptedDevice(lambda n: [*shown, *office.person.script(n)], replace(office.scanner, stills=True))
    desk.devices.make = lambda uri: device
    session = office.begin(desk, plan=RIGHT_FOUR)
    ended: list[State] = []
    thread = threading.Thread(target=lambda: ended.append(session.run()))
    thread.start()
    gone = Absence(ExceptionKind.BANDAGED)
    actions: list[Callable[[], object]] = [
        session.pause,
        session.go_on,
        session.cancel_capture,
        lambda: session.switch(rng.choice(list(PlacementMode))),
        lambda: session.declare_missing(F.RIGHT_LITTLE, gone),
        lambda: session.withdraw_missing(F.RIGHT_LITTLE),
        lambda: desk.devices.put_away(Modality.FINGER),
        lambda: session.state,
        lambda: session.next,
    ]
    for _ in range(60):
        rng.choice(actions)()
        time.sleep(rng.random() * 0.01)
    session.withdraw_missing(F.RIGHT_LITTLE)
    session.go_on()
    thread.join(60)
    assert not thread.is_alive()
    assert ended == [State.COMPLETE]
    if session.next is not None:  # it was complete before the last finger was wanted back
        assert session.run() is State.COMPLETE
    if session.unsigned:
        session.sign("Ibu Kartini")
    session.finish()
    summary = office.summary(session.resident)
    assert {position_name(position) for position in RIGHT_FOUR} <= set(summary["positions"])
    assert not desk.keeper.journal.verify()
