"""What a person does at the desk while a resident is recorded; each may come at any moment, from any thread.

Everything is written down before it is told. A capture that it concerns ends within a second, and counts for nothing.
"""

from __future__ import annotations

import threading
from dataclasses import replace

from biocore.errors import SessionError
from biocore.station.devices import modality_of
from biocore.station.entry import position_name
from biocore.station.exceptions import Absence, declarable
from biocore.station.live import Live
from biocore.station.looks import Veto, VetoKind, as_json
from biocore.station.overruling import Refusal, judge
from biocore.station.policy import profile_for
from biocore.station.rungs import PlacementMode, Request
from biocore.station.session_attempts import Attempts
from biocore.station.session_core import Core, unsealed, with_mode
from biocore.station.session_events import ModeSwitched, Vetoed
from biocore.station.session_heads import MISSING, NOT_MISSING, SIGNED, mode_code, veto_code
from biocore.station.session_items import event_item
from biocore.types import Modality, Position


class Actions:
    """The part of a session that people use.

    Parameters
    ----------
    core : Core
    attempts : Attempts
    """

    def __init__(self, core: Core, attempts: Attempts) -> None:
        self._core = core
        self._attempts = attempts
        self._live: Live | None = None
        self._asked: Request | None = None
        self._stepping = threading.Lock()
        self._woken = threading.Event()

    def pause(self) -> None:
        """Capture nothing until `go_on`; a capture that runs ends, and counts for nothing."""
        with self._core.lock:
            core = self._core
            core.require_open()
            if not core.paused:
                core.paused = True
                self._interrupt()
                core.commit(core.situation, [event_item("paused", {})])
            self._settle_if_idle()

    def go_on(self) -> None:
        """End a pause."""
        with self._core.lock:
            core = self._core
            core.require_open()
            if core.paused:
                core.paused = False
                core.commit(core.situation, [event_item("went_on", {})])
            self._settle_if_idle()

    def cancel_capture(self) -> None:
        """End the capture that runs, within a second; it counts for nothing, and the next one may be the same."""
        with self._core.lock:
            self._interrupt()

    def switch(self, mode: PlacementMode) -> None:
        """Show fingers together, or one by one, from now on."""
        with self._core.lock:
            core = self._core
            core.require_open()
            if core.wish is mode:
                return
            core.wish = mode
            self._interrupt(Modality.FINGER)
            core.commit(with_mode(core.situation, mode), [event_item(mode_code(mode), {})], [ModeSwitched(mode)])
            self._settle_if_idle()

    def declare_missing(self, position: Position, absence: Absence) -> None:
        """Say that a finger or an eye cannot be captured, before or at any moment of the recording.

        Raises
        ------
        SessionError
            That cannot be said of it, or the session has ended.
        """
        check_absence(position, absence)
        with self._core.lock:
            core = self._core
            core.require_open()
            name = position_name(position)
            core.sealed.discard(name)
            core.memory.unseen.discard(name)
            self._interrupt_at(position)
            situation = unsealed(core.situation, [position])
            situation = replace(situation, missing={**situation.missing, name: absence})
            core.commit(situation, [event_item(MISSING, as_json(absence), position)])
            self._settle_if_idle()

    def withdraw_missing(self, position: Position) -> None:
        """Take back what was said by `declare_missing`: it will be captured."""
        with self._core.lock:
            core = self._core
            core.require_open()
            name = position_name(position)
            if name not in core.situation.missing:
                return
            core.sealed.discard(name)
            missing = {other: absence for other, absence in core.situation.missing.items() if other != name}
            core.commit(replace(core.situation, missing=missing), [event_item(NOT_MISSING, {}, position)])
            self._settle_if_idle()

    def veto(
        self,
        kind: VetoKind,
        who: str,
        position: Position | None = None,
        attempt: int | None = None,
        reason: str = "",
    ) -> Refusal | None:
        """Overrule the policy; it is recorded whether it counts or not.

        Parameters
        ----------
        kind : VetoKind
        who : str
            Name of the operator or supervisor; sealed.
        position : FingerPosition, EyePosition or None
            None with `RESTART`: the whole resident.
        attempt : int or None
            That `ACCEPT` and `REJECT` are about; by default the one kept, else the latest.
        reason : str
            Sealed.

        Returns
        -------
        Refusal or None
            Why it does not count; None: it does.

        Raises
        ------
        SessionError
            The session has ended, nobody's name is given, or there is no attempt to speak of.
        """
        with self._core.lock:
            core = self._core
            core.require_open()
            if kind is not VetoKind.RESTART and position is not None and attempt is None:
                attempt = self._attempts.latest(position)
            try:
                veto = Veto(kind, who, position, attempt, len(core.situation.looks), reason)
            except ValueError as error:
                raise SessionError(str(error)) from None
            before = core.situation
            situation = replace(before, vetoes=(*before.vetoes, veto))
            refusal = judge(situation, profile_for(situation).profile)[-1].refusal
            if refusal is None:
                situation = self._attempts.overruled(situation, veto)
                if position is None:
                    self._interrupt()
                else:
                    self._interrupt_at(position)
            item = event_item(veto_code(kind), as_json(veto) | {"refusal": refusal}, position, attempt)
            core.commit(situation, [item], [Vetoed(kind, position, attempt, refusal)])
            self._settle_if_idle()
            return refusal

    def sign(self, supervisor: str) -> None:
        """Sign the resident's exceptions; the name is sealed.

        Raises
        ------
        SessionError
            No name, or the session has ended.
        """
        if not supervisor.strip():
            raise SessionError("a signature needs the supervisor's name")
        with self._core.lock:
            core = self._core
            core.require_open()
            situation = replace(core.situation, supervisor=supervisor)
            core.commit(situation, [event_item(SIGNED, {"supervisor": supervisor})])
            self._settle_if_idle()

    def _interrupt(self, modality: Modality | None = None) -> None:
        """End the capture that runs, if it is of this modality."""
        asked = self._asked
        mine = asked is not None and (modality is None or modality_of(asked.positions[0]) is modality)
        if self._live is not None and mine:
            self._live.cancel()
        self._woken.set()

    def _interrupt_at(self, position: Position) -> None:
        """End the capture that runs, if it shows this finger or eye."""
        names = {position_name(each) for each in self._asked.positions} if self._asked is not None else set()
        if position_name(position) in names:
            self._interrupt()
        self._woken.set()

    def _settle_if_idle(self) -> None:
        """Go to the state that follows, unless a capture is under way, which then does."""
        if not self._stepping.locked():
            self._core.settle()
        self._woken.set()


def check_absence(position: Position, absence: Absence) -> None:
    """Refuse what nobody can say of this finger or eye.

    Raises
    ------
    SessionError
    """
    if absence.kind not in declarable(position):
        known = ", ".join(sorted(declarable(position)))
        raise SessionError(f"{absence.kind} cannot be said of {position_name(position)}; it may be {known}")
