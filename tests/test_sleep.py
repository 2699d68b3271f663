"""A machine that sleeps while a device is open: the claim on a ghost is given up, it is said, and it works again."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from biocore.errors import CaptureCancelledError, DeviceDisconnectedError, DeviceError, DeviceSuspendedError
from biocore.failover import AnyDevice
from biocore.hal import Device, EventKind, State
from biocore.types import GreyImage
from biocore_drivers import next1010, upek, uru4000, worker
from biocore_drivers.family import UsbFamily
from biocore_drivers.job import Job
from biocore_drivers.recording import load
from biocore_drivers.replay_transport import ReplayTransport
from biocore_drivers.transport import RealClock, Situation, Transport, Vigil, VirtualClock
from test_worker import PICTURE, Script, Scripted, wait_until
from usb_conversations import SEED

HOUR = 3600.0  # s
FAMILIES = {"uru4000": uru4000.driver, "upek": upek.driver, "next1010": next1010.driver}


class Pair:
    """The two clocks of a machine that sleeps when it is told to."""

    def __init__(self) -> None:
        self.awake, self.asleep = 100.0, 40.0
        self.clock = RealClock(lambda: self.awake, lambda: self.awake + self.asleep)


def test_what_two_clocks_differ_by_is_sleep() -> None:
    pair = Pair()
    vigil = Vigil(pair.clock)
    pair.awake += HOUR  # a day's work is no sleep
    assert vigil.slept == 0.0
    assert vigil.error(Situation("usb:05ba:000a")) is None
    pair.asleep += HOUR
    assert vigil.slept == pytest.approx(HOUR)
    error = vigil.error(Situation("usb:05ba:000a", "idle"))
    assert isinstance(error, DeviceSuspendedError)
    assert (error.uri, error.state) == ("usb:05ba:000a", "idle")
    assert "slept for 3600 s" in str(error)
    assert error.hint is not None
    assert "open it anew" in error.hint
    assert Vigil(pair.clock).slept == 0.0  # what is claimed after a sleep is as good as ever


def test_a_thread_that_has_to_wait_between_two_readings_takes_no_sleep_for_it() -> None:
    pair = Pair()
    waits = [0.0, 5.0, 0.0, 3.0, 0.0, 0.0]

    def awake() -> float:
        pair.awake += waits.pop(0) if waits else 0.0
        return pair.awake

    clock = RealClock(awake, lambda: pair.awake + pair.asleep)
    assert clock.slept() == pytest.approx(40.0)


def test_the_machine_s_own_clocks_agree_while_it_is_awake() -> None:
    vigil = Vigil(RealClock())
    time.sleep(0.2)
    assert vigil.slept == 0.0


def test_where_the_clock_of_sleep_is_unknown_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(time, "CLOCK_BOOTTIME")
    clock = RealClock()
    assert clock.slept() == pytest.approx(0.0, abs=RealClock.TIGHT)


# -- a driver under a recording ----------------------------------------------------------------------------


class Plays:
    """Transports that play a recording, on a clock that can sleep."""

    def __init__(self, folder: Path) -> None:
        self.recording = load(folder)
        self.clock = VirtualClock()
        self.made: list[ReplayTransport] = []

    def __call__(self, situation: Situation) -> Transport:
        self.made.append(ReplayTransport(self.recording, situation, self.clock, seed=SEED))
        return self.made[-1]

    def device(self, family: UsbFamily) -> Device:
        return family.over("usb:0000:0000", self.recording.identity, self, self.clock)


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_a_driver_s_device_that_slept_says_so_closes_and_is_opened_anew(
    recordings: dict[str, tuple[Path, GreyImage]], name: str
) -> None:
    folder, shown = recordings[name]
    plays = Plays(folder)
    device = plays.device(FAMILIES[name]).open()
    plays.clock.asleep += HOUR
    with pytest.raises(DeviceSuspendedError, match="slept for 3600 s") as caught:
        device.capture(5)
    assert caught.value.uri == device.info.uri
    assert plays.made[0]._closed
    assert device.state is State.LOST
    with pytest.raises(DeviceSuspendedError, match="open it anew"):
        device.capture(5)
    device.close()
    with device:
        assert np.array_equal(device.capture(5).pixels, shown)
    assert len(plays.made) == 2


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_a_sleep_at_any_transfer_is_told_or_harms_nothing(
    recordings: dict[str, tuple[Path, GreyImage]], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine sleeps at the n-th transfer, for every n: the right picture, or the named error."""
    folder, shown = recordings[name]
    step = ReplayTransport._step
    outcomes: set[str] = set()
    for index in range(0, load(folder).count, 3):
        plays = Plays(folder)
        left = [index]

        def sleepy(self: ReplayTransport, plays: Plays = plays, left: list[int] = left) -> bool:
            left[0] -= 1
            if left[0] == 0:
                plays.clock.asleep += HOUR
            return step(self)

        monkeypatch.setattr(ReplayTransport, "_step", sleepy)
        device = plays.device(FAMILIES[name])
        try:
            device.open()
            assert np.array_equal(device.capture(5).pixels, shown)
            outcomes.add("picture")
        except DeviceSuspendedError:
            outcomes.add("suspended")
        device.close()
        assert all(transport._closed for transport in plays.made)
    assert "suspended" in outcomes


# -- the worker --------------------------------------------------------------------------------------------


def test_an_idle_device_gives_its_claim_back_by_itself_and_the_next_capture_tells_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "IDLE_LOOK", 0.02)
    clock = VirtualClock()
    script = Script(clock=clock)
    device = script.device.open()
    device.capture(5)
    clock.asleep += HOUR
    wait_until(lambda: script.noted[-1] == "closed")
    assert script.noted == ["start", "dark", "closed"]
    with pytest.raises(DeviceSuspendedError):
        device.capture(5)
    assert script.noted.count("start") == 1  # it is not opened behind the caller's back
    device.close()
    with device:
        assert np.array_equal(device.capture(5).pixels, PICTURE)


def test_a_sleep_while_it_waits_for_the_finger_ends_the_capture() -> None:
    clock = VirtualClock()

    def dozes(conversation: Scripted, job: Job) -> GreyImage:
        clock.asleep += HOUR
        job.sleep(0.1)
        return PICTURE

    script = Script(dozes, clock)
    with script.device as device:
        with pytest.raises(DeviceSuspendedError) as caught:
            device.capture(5)
        assert caught.value.state == "awaiting the finger"
        assert device.state is State.LOST
        assert script.noted == ["start", "dark", "closed"]


def test_what_fails_after_a_sleep_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = VirtualClock()

    def wakes(conversation: Scripted, job: Job) -> GreyImage:
        clock.asleep += HOUR
        raise DeviceDisconnectedError("was unplugged")  # the hub lost its power

    with Script(wakes, clock).device as device, pytest.raises(DeviceSuspendedError) as caught:
        device.capture(5)
    assert isinstance(caught.value.__cause__, DeviceDisconnectedError)


def test_a_cancel_is_a_cancel_whatever_the_machine_did() -> None:
    clock = VirtualClock()
    script = Script(clock=clock)

    def cancelled(conversation: Scripted, job: Job) -> GreyImage:
        clock.asleep += HOUR
        script.device.cancel()
        job.check()
        return PICTURE

    script.capture = cancelled
    with script.device as device, pytest.raises(CaptureCancelledError):
        device.capture(5)


def test_a_sleep_before_opening_and_after_closing_is_nobody_s_affair() -> None:
    clock = VirtualClock()
    script = Script(clock=clock)
    for _ in range(3):
        clock.asleep += HOUR
        with script.device as device:
            device.capture(5)
            device.capture(5)


# -- who takes any scanner ---------------------------------------------------------------------------------


def any_of(devices: dict[str, Device]) -> AnyDevice:
    infos = [device.info for device in devices.values()]
    return AnyDevice("any:finger", lambda: infos, lambda uri: devices[uri])


def test_any_scanner_is_opened_anew_after_a_sleep_within_the_same_capture() -> None:
    clock = VirtualClock()
    script = Script(clock=clock)
    heard: list[EventKind] = []
    with any_of({"test:scripted": script.device}) as device:
        device.listen(lambda event: heard.append(event.kind))
        device.capture(5)
        clock.asleep += HOUR
        assert np.array_equal(device.capture(5).pixels, PICTURE)
    assert script.noted.count("start") == 2
    assert EventKind.SWITCHED not in heard  # it is the same one


def test_a_scanner_that_sleeps_again_and_again_is_given_up() -> None:
    clock = VirtualClock()

    def dozes(conversation: Scripted, job: Job) -> GreyImage:
        clock.asleep += HOUR
        job.check()
        return PICTURE

    script = Script(dozes, clock)
    with any_of({"test:scripted": script.device}) as device, pytest.raises(DeviceSuspendedError):
        device.capture(5)
    assert script.noted.count("start") == 2


def test_no_thread_is_left_of_a_device_that_slept() -> None:
    clock = VirtualClock()
    script = Script(clock=clock)
    count = threading.active_count()
    device = script.device.open()
    clock.asleep += HOUR
    with pytest.raises(DeviceError):
        device.capture(5)
    device.close()
    wait_until(lambda: threading.active_count() <= count)
