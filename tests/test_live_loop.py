"""The live loop: a picture is taken when quality holds, at the deadline the best, and no listener can harm it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import replace

import pytest

from biocore.discovery import open_device
from biocore.errors import CaptureCancelledError, DeviceBusyError, DeviceDisconnectedError, SubjectTimeoutError
from biocore.hal import Attempt, DeviceInfo, EventKind, State
from biocore.report import Advice, CauseName
from biocore.station.glance import glance
from biocore.station.live import RUN, Captured, DeviceNews, How, Live, LiveView
from biocore.station.telling import Teller
from biocore.types import EyePosition, Frame, Modality
from journal_support import FakeClock
from scripted_devices import Live as Shown
from scripted_devices import (
    ScriptedDevice,
    Step,
    Tell,
    Wait,
    camera_info,
    empty_frame,
    eye_frame,
    finger_frame,
    noisy,
    scanner_info,
)

TARGET = 40
GOOD = finger_frame(2)
FAINT = finger_frame(2, 1, "LIGHT")
BETTER = finger_frame(2, 3, "LIGHT", 0.3)


def taken(
    steps: Iterable[Step], timeout: float = 5.0, info: DeviceInfo | None = None
) -> tuple[Captured, list[LiveView | DeviceNews]]:
    heard: list[LiveView | DeviceNews] = []
    with ScriptedDevice(lambda _: steps, info) as device:
        live = Live(device, TARGET, heard.append, FakeClock(), inline=True)
        return live.take(timeout), heard


def test_a_picture_is_taken_when_quality_has_held_for_three_frames() -> None:
    frames = [noisy(GOOD, seed) for seed in range(6)]
    captured, heard = taken([Shown(empty_frame()), *(Shown(frame) for frame in frames)])
    assert captured.how is How.HELD
    views = [view for view in heard if isinstance(view, LiveView)]
    # the first frame of the finger has nothing before it that it could be steady against
    assert [view.held for view in views[:5]] == [0, 0, 1, 2, 3]
    run = [view for view in views if view.held]
    assert captured.frame is max(run[:RUN], key=lambda view: (view.glance.score or 0, view.looked_at)).frame


def test_a_camera_leaves_the_choice_to_the_loop_and_gets_its_judge_back() -> None:
    judged: list[object] = []

    def own(pixels: object) -> float:
        return 1.0

    eye = eye_frame(EyePosition.RIGHT)
    steps = [Shown(noisy(eye, seed)) for seed in range(5)]
    with ScriptedDevice(lambda _: [lambda: judged.append(device.judge), *steps], camera_info()) as device:
        device.judge = own
        captured = Live(device, TARGET, clock=FakeClock(), inline=True).take(5)
        assert device.judge is own
    assert captured.how is How.HELD
    assert judged != [own]
    assert captured.glance is not None
    assert captured.glance.score is not None
    assert captured.glance.score >= TARGET


def test_at_the_deadline_the_best_frame_is_taken() -> None:
    captured, _ = taken([Shown(FAINT), Shown(BETTER), Shown(FAINT), Wait(9)], timeout=0.2)
    assert captured.how is How.DEADLINE
    assert captured.frame is BETTER


def test_nobody_is_nobody_though_the_platen_was_shown() -> None:
    with pytest.raises(SubjectTimeoutError):
        taken([Shown(empty_frame()), Shown(empty_frame()), Wait(9)], timeout=0.1)


def test_the_final_frame_of_a_device_without_live_frames_is_taken() -> None:
    captured, heard = taken([Tell(EventKind.WAITING), Tell(EventKind.PRESENT), GOOD])
    assert captured.frame is GOOD
    assert captured.how is How.DEVICE
    assert [news.kind for news in heard if isinstance(news, DeviceNews)] == [EventKind.WAITING, EventKind.PRESENT]


def test_live_frames_that_are_no_stills_are_shown_and_never_taken() -> None:
    info = scanner_info(stills=False)
    steps = [Shown(noisy(GOOD, seed)) for seed in range(6)]
    captured, heard = taken([*steps, FAINT], info=info)
    assert captured.frame is FAINT
    assert max(view.held for view in heard if isinstance(view, LiveView)) > RUN
    with pytest.raises(SubjectTimeoutError):
        taken([*steps, Wait(9)], timeout=0.2, info=info)


def test_a_picture_that_held_survives_the_device() -> None:
    steps: list[Step] = [Shown(noisy(GOOD, seed)) for seed in range(4)]

    class Unplugged(ScriptedDevice):
        def _capture(self, attempt: Attempt) -> Frame:
            try:
                return super()._capture(attempt)
            except CaptureCancelledError:
                raise DeviceDisconnectedError("was unplugged", uri=self.info.uri) from None

    with Unplugged(lambda _: steps) as device:
        assert Live(device, TARGET, clock=FakeClock(), inline=True).take(5).how is How.HELD
        assert device.state is State.LOST


def test_a_device_that_fails_before_quality_held_is_an_error() -> None:
    with pytest.raises(DeviceDisconnectedError):
        taken([Shown(GOOD), DeviceDisconnectedError("was unplugged")])


def test_frames_are_dropped_where_looking_is_slower_and_the_final_one_never_is(monkeypatch: pytest.MonkeyPatch) -> None:
    going_on = threading.Event()
    looked: list[Frame] = []

    def slow(frame: Frame, modality: Modality, before: object) -> object:
        looked.append(frame)
        going_on.wait(5)
        return glance(frame, modality)

    monkeypatch.setattr("biocore.station.live.glance", slow)
    steps: list[Step] = [Shown(noisy(FAINT, seed)) for seed in range(20)]
    with ScriptedDevice(lambda _: [*steps, going_on.set, GOOD]) as device:
        captured = Live(device, TARGET).take(5)
    assert captured.frame is GOOD
    assert captured.how is How.DEVICE
    assert captured.dropped >= 18 - len(looked)
    assert len(looked) <= 3  # the first, and what waited when the first was done


@pytest.mark.parametrize("when", ["before", "waiting", "looking"])
def test_a_cancel_ends_a_capture_within_a_second(when: str) -> None:
    steps: list[Step] = [Wait(0.01), Shown(FAINT, 0.01)] if when == "looking" else [Wait(30)]
    with ScriptedDevice(lambda _: [*steps, Wait(30)]) as device:
        live = Live(device, TARGET)
        if when == "before":
            live.cancel()
            with pytest.raises(CaptureCancelledError):
                live.take(30)
            return

        def soon() -> None:
            device.begun.wait(5)
            live.cancel()

        timer = threading.Thread(target=soon)
        timer.start()
        began = time.monotonic()
        with pytest.raises(CaptureCancelledError):
            live.take(30)
        assert time.monotonic() - began < 5  # a loose bound: the machine may be busy
        timer.join()
        assert device.state is State.READY


def test_only_one_thread_captures_with_one_loop() -> None:
    with ScriptedDevice(lambda _: [Wait(30)]) as device:
        live = Live(device, TARGET)
        failures: list[type[BaseException]] = []

        def first() -> None:
            try:
                live.take(30)
            except CaptureCancelledError as error:
                failures.append(type(error))

        thread = threading.Thread(target=first)
        thread.start()
        assert device.begun.wait(5)
        with pytest.raises(DeviceBusyError):
            live.take(30)
        live.cancel()
        thread.join(5)
        assert failures == [CaptureCancelledError]


def test_a_listener_that_fails_harms_nothing_and_its_words_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    def broken(event: object) -> None:
        raise RuntimeError("Siti Rahayu")

    with ScriptedDevice(lambda _: [Shown(FAINT), GOOD]) as device, Teller(broken) as teller:
        assert Live(device, TARGET, teller.tell, inline=True).take(5).frame is GOOD
        assert Live(device, TARGET, broken, inline=True).take(5).frame is GOOD
        assert teller.drain(5)
    assert "RuntimeError" in caplog.text
    assert "Siti" not in caplog.text


def test_a_listener_that_hangs_harms_nothing_and_keeps_little(caplog: pytest.LogCaptureFixture) -> None:
    hanging = threading.Event()
    heard: list[object] = []

    def slow(event: object) -> None:
        hanging.wait(5)
        heard.append(event)

    teller = Teller(slow)
    for number in range(500):
        teller.tell(f"live {number}", may_be_missed=True)
    teller.tell("accepted")
    hanging.set()
    assert teller.drain(5)
    teller.close()
    assert heard[-2:] == ["live 499", "accepted"]  # the newest view, and all that matters
    assert len(heard) <= 3
    assert teller.missed >= 497


def test_the_same_frames_lead_to_the_same_picture() -> None:
    steps = [Shown(noisy(GOOD, seed)) for seed in range(8)]
    runs = [taken(list(steps)) for _ in range(2)]
    (one, heard), (other, again) = runs
    assert one.frame is other.frame
    told = [[(v.held, v.glance.score, v.at_ns) for v in h if isinstance(v, LiveView)] for h in (heard, again)]
    assert told[0] == told[1]


def test_virtual_devices_are_watched_too() -> None:
    views: list[LiveView | DeviceNews] = []
    with open_device("virtual:finger?sequence=GOOD&previews=2&arrival=0&interval=0") as scanner:
        captured = Live(scanner, TARGET, views.append, inline=True).take(5)
    assert captured.how is How.DEVICE
    assert captured.looked_at == 2
    with open_device("virtual:iris?sequence=GOOD&previews=2&arrival=0&interval=0") as camera:
        captured = Live(camera, TARGET, views.append, inline=True).take(5)
    assert captured.looked_at == 2
    assert captured.dropped == 0


@pytest.mark.parametrize(
    ("frame", "modality", "cause", "advice"),
    [
        (empty_frame(), Modality.FINGER, CauseName.NO_FINGER, Advice.PLACE_FINGER),
        (empty_frame(None), Modality.IRIS, CauseName.NO_EYE, Advice.PLACE_EYE),
        (eye_frame(EyePosition.LEFT, 1, "DEFOCUS", 1.0), Modality.IRIS, CauseName.DEFOCUS, Advice.FOCUS_CAMERA),
    ],
)
def test_a_glance_says_what_is_wrong_and_what_to_do(
    frame: Frame, modality: Modality, cause: CauseName, advice: Advice
) -> None:
    seen = glance(frame, modality)
    assert seen.cause is cause
    assert seen.advice[0] is advice
    assert not seen.holds(0)


def test_a_frame_without_resolution_says_whether_somebody_is_there_and_no_more() -> None:
    seen = glance(replace(GOOD, ppi=None), Modality.FINGER)
    assert seen.present
    assert seen.score is None
    assert not seen.holds(0)
