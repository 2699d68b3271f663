"""Devices that do what a test says, step by step, and pictures made once for all tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from biocore.errors import IncompleteCaptureError
from biocore.fingerprint import synth
from biocore.hal import Attempt, Device, DeviceInfo, EventKind
from biocore.iris import synth as iris_synth
from biocore.types import EyePosition, Frame, Modality, Part, Position

PERSON = 4711  # seed of the resident whose fingers and eyes are shown


@dataclass(frozen=True)
class Live:
    """A live frame, and how long until the next step, s."""

    frame: Frame
    after: float = 0.0


@dataclass(frozen=True)
class Wait:
    """Nothing happens for so long, s; then the next step. A deadline that passes meanwhile is the person's."""

    seconds: float


@dataclass(frozen=True)
class Tell:
    """Something to be told."""

    kind: EventKind


Step = Live | Wait | Tell | Frame | BaseException | Callable[[], None]
Script = Callable[[int], Iterable[Step]]  # the number of the capture, from 1


class ScriptedDevice(Device):
    """A device that plays a script: live frames, waits, errors, and a frame, which ends the capture."""

    def __init__(self, script: Script, info: DeviceInfo | None = None) -> None:
        super().__init__(info or scanner_info())
        self.script = script
        self.captures = 0
        self.openings = 0
        self.begun = threading.Event()

    def _open(self) -> None:
        self.openings += 1

    def _close(self) -> None:
        pass

    def _capture(self, attempt: Attempt) -> Frame:
        self.captures += 1
        self.begun.set()
        for step in self.script(self.captures):
            attempt.check(subject=True)
            if isinstance(step, Frame):
                return step
            if isinstance(step, BaseException):
                raise step
            if isinstance(step, Live):
                attempt.emit(EventKind.PREVIEW, frame=step.frame)
                if step.after:
                    attempt.sleep(step.after, subject=True)
            elif isinstance(step, Wait):
                attempt.sleep(step.seconds, subject=True)
            elif isinstance(step, Tell):
                attempt.emit(step.kind)
            else:
                step()
        while True:
            attempt.sleep(0.05, subject=True)


class SlapScanner(ScriptedDevice):
    """A scanner that shows four fingers, or two thumbs, and takes them apart itself.

    `hand` is asked for the frame of a position; None: that finger did not come.
    """

    def __init__(self, hand: Callable[[Position], Frame | None], info: DeviceInfo) -> None:
        super().__init__(lambda _: [], info)
        self.hand = hand
        self.asked: list[tuple[tuple[Position, ...], tuple[Position, ...]]] = []

    def _capture_parts(
        self, attempt: Attempt, positions: tuple[Position, ...], missing: tuple[Position, ...]
    ) -> tuple[Part, ...]:
        self.asked.append((positions, missing))
        shown = [(position, self.hand(position)) for position in positions]
        came = tuple(Part(frame, position) for position, frame in shown if frame is not None)
        if len(came) < len(positions):
            raise IncompleteCaptureError("fewer fingers came", uri=self.info.uri, parts=came)
        return came


def scanner_info(
    uri: str = "scripted:finger", *, stills: bool = True, groups: tuple[tuple[Position, ...], ...] = ()
) -> DeviceInfo:
    return DeviceInfo(uri, "scripted", "biocore", "test", Modality.FINGER, 500.0, stills=stills, groups=groups)


def camera_info(uri: str = "scripted:iris", *, stills: bool = True) -> DeviceInfo:
    return DeviceInfo(uri, "scripted", "biocore", "test", Modality.IRIS, stills=stills)


@cache
def finger_frame(position: int, impression: int = 1, state: str = "GOOD", severity: float = 0.8) -> Frame:
    """Return a print of the resident's finger of that number; `state` is GOOD or a defect of the generator."""
    met = synth.Conditions() if state == "GOOD" else synth.defect(state, severity)
    return Frame(synth.impression(PERSON + position, impression, met), 500.0, "scripted:finger")


@cache
def eye_frame(eye: EyePosition, impression: int = 1, state: str = "GOOD", severity: float = 0.8) -> Frame:
    """Return a picture of one of the resident's eyes."""
    met = iris_synth.Conditions() if state == "GOOD" else iris_synth.defect(state, severity)
    side = "left" if eye is EyePosition.LEFT else "right"
    return Frame(iris_synth.render(PERSON, impression, met, side=side).pixels, None, "scripted:iris")


@cache
def empty_frame(ppi: float | None = 500.0) -> Frame:
    """Return a picture of a clean platen, or of a wall."""
    noise = np.random.default_rng(1).normal(235, 2, (500, 400))
    return Frame(np.clip(noise, 0, 255).astype(np.uint8), ppi, "scripted:empty")


def noisy(frame: Frame, seed: int) -> Frame:
    """Return what a sensor shows of the same scene a moment later."""
    noise = np.random.default_rng(seed).normal(0, 1.5, frame.pixels.shape)
    return replace(frame, pixels=np.clip(frame.pixels + noise, 0, 255).astype(np.uint8))
