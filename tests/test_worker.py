"""The thread that owns a device: its ways out, its deadlines, and what it tells whom."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from biocore.errors import (
    BiocoreError,
    CaptureCancelledError,
    DeviceDisconnectedError,
    DeviceError,
    DevicePermissionError,
    DeviceProtocolError,
    DeviceStalledError,
    DeviceTimeoutError,
    SubjectTimeoutError,
)
from biocore.hal import CANCEL_LATENCY, DeviceInfo, Event, EventKind, State
from biocore.types import GreyImage, Modality
from biocore_drivers.job import PHASE_LIMIT, Job, Phase
from biocore_drivers.transport import Clock, RealClock, Situation, Transport, VirtualClock
from biocore_drivers.worker import Conversation, WorkerDevice

PICTURE = np.arange(7, 23, dtype=np.uint8).reshape(4, 4)
Capture = Callable[["Scripted", Job], GreyImage]


class Cable:
    """A transport that only notes its end."""

    once = False

    def __init__(self, situation: Situation, clock: Clock, noted: list[str]) -> None:
        self.situation = situation
        self.clock = clock
        self.noted = noted

    def reset(self) -> None:
        self.noted.append("reset")

    def close(self) -> None:
        self.noted.append("closed")


class Scripted(Conversation):
    """A conversation that does as the test says."""

    def __init__(self, transport: Transport, script: Script) -> None:
        super().__init__(transport)
        self.script = script

    def start(self, job: Job) -> None:
        self.script.noted.append("start")
        if self.script.starts:
            raise self.script.starts.pop(0)

    def capture(self, job: Job) -> GreyImage:
        job.enter(Phase.AWAIT_PLACE)
        job.say(EventKind.WAITING)
        return self.script.capture(self, job)

    def lifted(self) -> bool:
        time.sleep(0.001)
        return self.script.lift.is_set()

    def stop(self) -> None:
        self.script.noted.append("dark")
        if self.script.dark:
            with Path(self.script.dark).open("a") as file:
                file.write(f"{os.getpid()}\n")
        if self.script.stop_fails is not None:
            raise self.script.stop_fails


class Script:
    """What happens, and what did."""

    def __init__(self, capture: Capture | None = None, clock: Clock | None = None, dark: str = "") -> None:
        self.dark = dark  # file that tells of the lamp's end
        self.noted: list[str] = []
        self.starts: list[Exception] = []
        self.connects: list[Exception] = []
        self.stop_fails: Exception | None = None
        self.capture: Capture = capture or (lambda conversation, job: PICTURE)
        self.lift = threading.Event()
        self.lift.set()
        self.clock = clock or RealClock()
        info = DeviceInfo("test:scripted", "test", "biocore", "scripted", Modality.FINGER, 500.0, (4, 4))
        self.device = WorkerDevice(info, self._connect, lambda transport: Scripted(transport, self), self.clock)

    def doing(self) -> str:
        return self.situation.doing

    def _connect(self, situation: Situation) -> Transport:
        self.situation = situation
        if self.connects:
            raise self.connects.pop(0)
        return Cable(situation, self.clock, self.noted)  # type: ignore[return-value]


def waits_for_ever(conversation: Scripted, job: Job) -> GreyImage:
    while True:
        job.sleep(0.05)


def fails_with(error: Exception) -> Capture:
    def capture(conversation: Scripted, job: Job) -> GreyImage:
        raise error

    return capture


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        time.sleep(0.005)


@contextmanager
def cancelled_after(seconds: float, device: WorkerDevice) -> Iterator[None]:
    timer = threading.Timer(seconds, device.cancel)
    timer.start()
    yield
    timer.join()


@pytest.mark.parametrize(
    "error",
    [
        DeviceStalledError("stalled"),
        DeviceDisconnectedError("unplugged"),
        IndexError("list index out of range"),
        MemoryError("no memory"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_after_a_failure_it_is_dark_closed_and_as_good_as_new(error: Exception) -> None:
    script = Script(fails_with(error))
    with script.device as device:
        with pytest.raises(BiocoreError):
            device.capture(5)
        assert script.noted == ["start", "dark", "closed"]
        if isinstance(error, DeviceDisconnectedError):
            assert device.state is State.LOST
            device.close()
            device.open()
        script.capture = lambda conversation, job: PICTURE
        assert np.array_equal(device.capture(5).pixels, PICTURE)
    assert script.noted == ["start", "dark", "closed"] * 2


def test_after_a_cancel_it_is_dark_and_closed_in_time() -> None:
    script = Script(waits_for_ever)
    with script.device as device:
        started = time.monotonic()
        with cancelled_after(0.05, device), pytest.raises(CaptureCancelledError):
            device.capture(30)
        assert time.monotonic() - started < CANCEL_LATENCY
        assert script.noted == ["start", "dark", "closed"]


def test_a_person_who_does_not_come_is_told_from_a_device_that_does_not_answer() -> None:
    script = Script(waits_for_ever)
    with script.device as device:
        with pytest.raises(SubjectTimeoutError, match="awaiting the finger"):
            device.capture(0.1)

        def silent(conversation: Scripted, job: Job) -> GreyImage:
            job.enter(Phase.ACQUIRING)
            return waits_for_ever(conversation, job)

        script.capture = silent
        with pytest.raises(DeviceTimeoutError, match="acquiring"):
            device.capture(0.1)
    assert script.noted == ["start", "dark", "closed"] * 2


def test_a_phase_has_a_limit_of_its_own() -> None:
    def silent(conversation: Scripted, job: Job) -> GreyImage:
        job.enter(Phase.ARMING)
        return waits_for_ever(conversation, job)

    clock = VirtualClock()
    with Script(silent, clock).device as device, pytest.raises(DeviceTimeoutError, match="arming"):
        device.capture(3600)
    assert PHASE_LIMIT[Phase.ARMING] <= clock.now() < PHASE_LIMIT[Phase.ARMING] + 1.0


@pytest.mark.parametrize(
    ("pixels", "message"),
    [(np.zeros((4, 4), np.uint8), "an empty picture"), (np.zeros((4, 5), np.uint8), "5 x 4 px instead of 4 x 4")],
)
def test_a_picture_that_cannot_be_one_is_named(pixels: GreyImage, message: str) -> None:
    script = Script(lambda conversation, job: pixels)
    with script.device as device, pytest.raises(DeviceProtocolError, match=message):
        device.capture(5)


def test_closing_leaves_it_dark_from_idle() -> None:
    script = Script()
    with script.device as device:
        device.capture(5)
    assert script.noted == ["start", "dark", "closed"]
    assert not [thread for thread in threading.enumerate() if "test:scripted" in thread.name]


def test_a_lamp_that_does_not_obey_hides_no_other_failure_and_keeps_nothing_open() -> None:
    script = Script(fails_with(DeviceStalledError("stalled")))
    script.stop_fails = DeviceTimeoutError("silent")
    with script.device as device, pytest.raises(DeviceStalledError):
        device.capture(5)
    assert script.noted == ["start", "dark", "closed"]


def test_opening_is_tried_three_times_and_the_device_reset_before_the_last() -> None:
    script = Script(clock=VirtualClock())
    script.starts = [DeviceTimeoutError("silent"), DeviceStalledError("stalled")]
    with script.device as device:
        device.capture(5)
    failed = ["start", "dark", "closed"]
    assert script.noted == [*failed, "start", "dark", "reset", "closed", *failed]
    script = Script(clock=VirtualClock())
    script.starts = [DeviceTimeoutError(f"silent {number}") for number in range(9)]
    with pytest.raises(DeviceTimeoutError, match="silent 2"):
        script.device.open()
    assert script.device.state is State.CLOSED
    assert script.noted.count("start") == 3


def test_what_another_try_cannot_mend_is_told_at_once() -> None:
    script = Script()
    script.connects = [DevicePermissionError("forbidden")]
    with pytest.raises(DevicePermissionError):
        script.device.open()
    assert script.noted == []
    with script.device:
        pass
    assert script.noted == ["start", "dark", "closed"]


def test_the_picture_is_handed_over_before_the_finger_is_lifted_and_the_next_one_waits_for_that() -> None:
    script = Script()
    script.lift.clear()
    heard: list[Event] = []
    with script.device as device:
        device.listen(heard.append)
        device.capture(5)
        with pytest.raises(SubjectTimeoutError, match="not lifted"):
            device.capture(0.1)
        device.capture(5)  # a new session has seen no finger yet
        time.sleep(0.02)
        script.lift.set()
        device.capture(5)
    kinds = [event.kind for event in heard]
    assert kinds.count(EventKind.CAPTURED) == 3


def test_the_lift_is_told_where_the_next_capture_had_to_wait_for_it() -> None:
    script = Script()
    script.lift.clear()
    heard: list[EventKind] = []
    with script.device as device, ThreadPoolExecutor(1) as pool:
        device.capture(5)
        device.listen(lambda event: heard.append(event.kind))
        running = pool.submit(device.capture, 20.0)
        wait_until(lambda: Phase.AWAIT_LIFT in script.doing())
        assert EventKind.WAITING not in heard
        script.lift.set()
        running.result(timeout=20)
    assert heard.index(EventKind.REMOVED) < heard.index(EventKind.WAITING)


def test_live_frames_are_dropped_for_a_slow_listener_and_the_final_one_never() -> None:
    streamed, latest_shown = threading.Event(), threading.Event()

    def streams(conversation: Scripted, job: Job) -> GreyImage:
        for shade in range(50):
            job.preview(np.full((4, 4), shade, np.uint8), 500.0)
        streamed.set()
        assert latest_shown.wait(10)
        return PICTURE

    shown: list[int] = []

    def slow(event: Event) -> None:
        if event.frame is None:
            return
        shown.append(int(event.frame.pixels[0, 0]))
        assert streamed.wait(10)  # busy with the first one it saw while all the others come
        if shown[-1] == 49:
            latest_shown.set()

    with Script(streams).device as device:
        device.listen(slow)
        device.capture(20)
    assert shown[-2:] == [49, 7]  # the latest is the one that waits; then the final one
    assert len(shown) <= 3


def test_a_driver_that_hangs_holds_up_neither_the_cancel_nor_the_close(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = threading.Event()

    def hangs(conversation: Scripted, job: Job) -> GreyImage:
        stuck.wait(20)
        return PICTURE

    monkeypatch.setitem(PHASE_LIMIT, Phase.CLOSING, 0.2)
    script = Script(hangs)
    device = script.device.open()
    started = time.monotonic()
    with cancelled_after(0.05, script.device), pytest.raises(CaptureCancelledError):
        device.capture(30)
    assert time.monotonic() - started < CANCEL_LATENCY
    with pytest.raises(DeviceError, match="does not let go"):
        device.close()
    assert device.state is State.CLOSED
    with device:  # a new owner; the old one ends on its own
        script.capture = lambda conversation, job: PICTURE
        device.capture(5)
        stuck.set()
        wait_until(lambda: script.noted.count("closed") == 1)
        device.capture(5)
    assert script.noted.count("start") == script.noted.count("closed") == 2


ENDS = """
import os, sys
from test_worker import Script
script = Script()
device = script.device.open()
device.capture(5)
if sys.argv[1] == "forks" and os.fork() == 0:
    sys.exit()  # the child's end is not the parent's
if sys.argv[1] == "forks":
    os.wait()
    print("child ended", *script.noted)
import atexit
atexit._run_exitfuncs() if sys.argv[1] == "looks" else None
print(*script.noted, flush=True)
if sys.argv[1] == "fails":
    raise ValueError("the program fails")
"""


@pytest.mark.parametrize(
    ("way", "noted"),
    [("looks", ["start dark closed"]), ("forks", ["child ended start", "start"]), ("fails", ["start"])],
)
def test_a_program_that_ends_without_closing_leaves_it_dark(tmp_path: Path, way: str, noted: list[str]) -> None:
    dark = tmp_path / "dark"
    ends = ENDS.replace("script = Script()", f"script = Script(dark={str(dark)!r})")
    answer = subprocess.run(
        [sys.executable, "-c", ends, way],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)},
    )
    assert answer.stdout.splitlines() == noted
    assert dark.read_text() == f"{dark.read_text().split()[0]}\n"  # once, by one process
