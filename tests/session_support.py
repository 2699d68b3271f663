"""A desk whose devices play scripts, and what a centre reads of what was recorded there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from biocore.hal import Device, DeviceInfo
from biocore.station import EntryKind, Journal, Opened, read_record
from biocore.station.devices import Devices
from biocore.station.entry import position_name
from biocore.station.ledger import JournalKeeper
from biocore.station.profile_file import load_profile
from biocore.station.record_file import record_path
from biocore.station.session import Session
from biocore.station.session_begin import Desk
from biocore.station.session_events import Excepted
from biocore.station.session_state import State
from biocore.station.telling import Teller
from biocore.types import EyePosition, FingerPosition, Frame, Modality, Position
from journal_support import SMALL_RESERVE, Centre, FakeClock
from scripted_devices import ScriptedDevice, Step, camera_info, eye_frame, finger_frame, scanner_info

F, E = FingerPosition, EyePosition
_T = TypeVar("_T")


@dataclass
class Person:
    """A resident who shows what is asked for, unless the test has something else up its sleeve.

    Attributes
    ----------
    surprises : dict of str to list
        What comes instead, by `position_name`, one for each attempt; None = the ordinary. A frame is shown, an error
        raised, a callable called.
    shown : list of Position
        What was asked for, in order.
    """

    surprises: dict[str, list[Step | None]] = field(default_factory=dict)
    shown: list[Position] = field(default_factory=list)
    asked: Callable[[], Position] | None = None
    show: Callable[[Position, int], Frame] = field(default_factory=lambda: picture)

    def surprise(self, position: Position, *steps: Step | None) -> None:
        self.surprises.setdefault(position_name(position), []).extend(steps)

    def script(self, capture: int) -> Iterable[Step]:
        assert self.asked is not None
        position = self.asked()
        self.shown.append(position)
        number = sum(position_name(other) == position_name(position) for other in self.shown)
        waiting = self.surprises.get(position_name(position), [])
        step = waiting.pop(0) if waiting else None
        if callable(step):
            step()
            step = None
        yield step if step is not None else self.show(position, number)


def picture(position: Position, impression: int = 1) -> Frame:
    """Return a good picture of a finger or an eye; impressions repeat, so that few have to be made."""
    impression = 1 + (impression - 1) % 2
    if isinstance(position, FingerPosition):
        return finger_frame(position.value, impression)
    return eye_frame(position, impression)


@dataclass
class Office:
    """A desk in a folder, with its centre.

    Attributes
    ----------
    made : list of Device
        Every device that was made, in order.
    """

    folder: Path
    person: Person = field(default_factory=Person)
    centre: Centre = field(default_factory=Centre)
    clock: FakeClock = field(default_factory=FakeClock)
    profile: str = "ektp"
    heard: list[Any] = field(default_factory=list)
    scanner: DeviceInfo = field(default_factory=lambda: scanner_info(stills=False))
    camera: DeviceInfo = field(default_factory=lambda: camera_info(stills=False))
    made: list[Device] = field(default_factory=list)
    session: Session | None = None

    def journal(self) -> Journal:
        return Journal(self.folder, self.centre.key(), clock=self.clock, reserve=SMALL_RESERVE)

    def device(self, uri: str) -> Device:
        info = self.scanner if uri == self.scanner.uri else self.camera
        device = ScriptedDevice(self.person.script, info)
        self.made.append(device)
        return device

    def desk(self, **more: Any) -> Desk:
        uris = {Modality.FINGER: self.scanner.uri, Modality.IRIS: self.camera.uri}
        return Desk(
            keeper=JournalKeeper(self.journal),
            devices=Devices(uris, more.pop("make", self.device)),
            profile=load_profile(self.profile),
            teller=Teller(self.heard.append),
            clock=self.clock,
            effort=more.pop("effort", "fast"),
            inline=True,
            sleep=more.pop("sleep", _no_sleep),
            **more,
        )

    def begin(self, desk: Desk | None = None, **more: Any) -> Session:
        identity = more.pop("identity", b"Siti Rahayu")
        return self.watch(Session.begin(desk or self.desk(), identity, **more))

    def watch(self, session: Session) -> Session:
        """Let the person know what this session asks for."""
        self.session = session

        def asked() -> Position:
            request = session.asked
            assert request is not None
            return request.positions[0]

        self.person.asked = asked
        return session

    def close(self, desk: Desk) -> None:
        desk.teller.close()
        desk.keeper.close()
        desk.devices.close()

    def events(self, kind: type[_T]) -> list[_T]:
        assert self.session is not None
        assert self.session.desk.teller.drain(10)
        return [event for event in self.heard if isinstance(event, kind)]

    def record(self, resident: str, *, unfinished: bool = False) -> list[Opened]:
        """Return what the centre reads."""
        path = record_path(self.folder / "records", resident)
        return read_record(path, self.centre.opener, unfinished=unfinished)

    def summary(self, resident: str) -> dict[str, Any]:
        last = self.record(resident)[-1]
        assert last.head.kind is EntryKind.CLOSE
        found = json.loads(last.payload)
        assert isinstance(found, dict)
        return found


def _no_sleep(seconds: float) -> None:
    raise AssertionError("the session waits, and nobody told the test what for")


def finished(office: Office, **more: Any) -> tuple[Session, dict[str, Any]]:
    """Record a resident to the end; return the session and its summary."""
    desk = office.desk(**more.pop("desk", {}))
    session = office.begin(desk, **more)
    assert session.run() is State.COMPLETE
    if any(event.needs_supervisor for event in office.events(Excepted)):
        session.sign("Ibu Kartini")
    session.finish()
    summary = office.summary(session.resident)
    office.close(desk)
    return session, summary
