"""A whole desk that records residents through a session and tells a parent, through a pipe, what is told to it.

Policy, devices that play scripts, real pictures that are really assessed, extracted and compared, a teller. Residents
show a poor finger, look away, pull the scanner's plug, lack fingers, or say so in the middle.
"""

from __future__ import annotations

import logging
import os
import random
import signal
from collections.abc import Iterable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from biocore.errors import BiocoreError, DeviceDisconnectedError, SubjectTimeoutError
from biocore.station import Journal
from biocore.station.entry import position_name
from biocore.station.exceptions import Absence, ExceptionKind
from biocore.station.looks import FULL_PLAN
from biocore.station.rungs import PlacementMode
from biocore.station.session import Session
from biocore.station.session_begin import Desk
from biocore.station.session_events import Accepted, Excepted, JournalTrouble, Looked, Reopened
from biocore.station.session_state import State
from biocore.types import EyePosition, FingerPosition, Frame, Position
from crash.lives import Death, acknowledge, tell
from journal_support import SMALL_RESERVE, Centre
from scripted_devices import eye_frame, finger_frame
from session_support import Office, Person

RESIDENTS = 2  # of one life, at most
WINDOW = 300, 240  # px; of the scanner, so that looking at a finger takes 13 ms
TRIES = 3  # of a session that waits for the journal
IDENTITY = b"a resident, number and all"
POOR = "LIGHT"


@cache
def shown(position: Position, *, poor: bool = False) -> Frame:
    """Return what a finger or an eye shows."""
    if isinstance(position, EyePosition):
        return eye_frame(position, 1)
    frame = finger_frame(position.value, 1, POOR if poor else "GOOD", 1.0)
    top, left = ((whole - part) // 2 for whole, part in zip(frame.pixels.shape, WINDOW, strict=True))
    window = frame.pixels[top : top + WINDOW[0], left : left + WINDOW[1]]
    return replace(frame, pixels=np.ascontiguousarray(window))


def prepare() -> None:
    """Make every picture before the first fork, so that no life has to."""
    cv2.setNumThreads(1)
    for position in FULL_PLAN:
        shown(position)
        if isinstance(position, FingerPosition):
            shown(position, poor=True)


class Ear(list[Any]):
    """Passes on to the parent what the station tells."""

    def __init__(self, pipe: int) -> None:
        super().__init__()
        self.pipe = pipe

    def append(self, event: object) -> None:
        match event:
            case Looked(look=look):
                tell(self.pipe, {"look": [position_name(look.position), look.attempt, look.score]})
            case Accepted(position=position):
                tell(self.pipe, {"outcome": [position_name(position), "accept"]})
            case Excepted(position=position):
                tell(self.pipe, {"outcome": [position_name(position), "exception"]})
            case Reopened(position=position):
                tell(self.pipe, {"outcome": [position_name(position), "open"]})
            case JournalTrouble(recovered=recovered):
                tell(self.pipe, {"trouble": "mended" if recovered else "blocked"})


def live(place: Path, centre: Centre, seed: int, death: Death, pipe: int) -> None:
    """Be a desk until the end, and never return normally."""
    rng = random.Random(seed)
    death.set_limit()
    disk = death.disk(rng)
    office = Office(place, person=Person(show=lambda position, _: shown(position)), centre=centre, heard=Ear(pipe))
    logging.getLogger("biocore").addHandler(logging.NullHandler())  # of plugs that come out
    open_journal = partial(Journal, place, centre.key(), clock=office.clock, disk=disk, reserve=SMALL_RESERVE)
    office.journal = open_journal  # type: ignore[method-assign]
    try:
        desk = office.desk()
        for _ in range(RESIDENTS):
            record(office, desk, rng, pipe)
    except BiocoreError as error:
        tell(pipe, {"error": type(error).__name__})
    os.kill(os.getpid(), signal.SIGKILL)  # the chosen point did not come, or the disk is not going to come back


def record(office: Office, desk: Desk, rng: random.Random, pipe: int) -> None:
    """Record a resident, or the rest of one."""
    unfinished = desk.keeper.journal.unfinished()
    if unfinished:
        session = office.watch(Session.resume(desk, unfinished[0].resident))
        told: dict[str, object] = {"resumed": True}
    else:
        plan = some_plan(rng)
        missing = [(plan[-1], Absence(ExceptionKind.ABSENT))] if rng.random() < 0.3 else []
        session = office.begin(desk, identity=IDENTITY, plan=plan, missing=missing, mode=PlacementMode.SINGLE)
        told = {"plan": [position_name(position) for position in plan]}
    told_so_far(desk, session, pipe, **told)
    surprise(office.person, session.situation.plan, rng)
    tries = 0
    while session.step() is not State.COMPLETE:
        told_so_far(desk, session, pipe)
        tries += session.state is State.BLOCKED
        if tries == TRIES:
            raise BiocoreError("the journal takes nothing")
        if rng.random() < 0.05 and session.state is State.READY and session.next is not None:
            session.declare_missing(session.next.positions[0], Absence(ExceptionKind.INJURED))
            told_so_far(desk, session, pipe)
    if session.unsigned:
        session.sign("Ibu Kartini")
    told_so_far(desk, session, pipe)
    session.finish()
    told_so_far(desk, session, pipe, closed=True)


def some_plan(rng: random.Random) -> tuple[Position, ...]:
    """Return four fingers, now and then with an eye."""
    fingers: list[Position] = rng.sample(
        [position for position in FULL_PLAN if isinstance(position, FingerPosition)], 4
    )
    return (*fingers, EyePosition.RIGHT) if rng.random() < 0.15 else tuple(fingers)


def surprise(person: Person, plan: Iterable[Position], rng: random.Random) -> None:
    """Let some fingers be poor at first, some residents look away, and some plugs come out."""
    for position in plan:
        lot = rng.random()
        if lot < 0.2 and isinstance(position, FingerPosition):
            person.surprise(position, shown(position, poor=True))
        elif lot < 0.3:
            person.surprise(position, SubjectTimeoutError("nobody came"))
        elif lot < 0.4:
            person.surprise(position, DeviceDisconnectedError("the plug is out"))


def told_so_far(desk: Desk, session: Session, pipe: int, **more: object) -> None:
    """Wait until everything was told, then say how far the journal is."""
    assert desk.teller.drain(10)
    if session.state is not State.BLOCKED:
        acknowledge(pipe, desk.keeper.journal, session.resident, next=what_next(session), **more)


def what_next(session: Session) -> tuple[str, int] | None:
    request = session.next
    if request is None:
        return None
    name = position_name(request.positions[0])
    return name, request.attempts[name]
