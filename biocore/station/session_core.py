"""The heart of a session: where the resident stands, what waits for the journal, and who is told what, when.

Nothing is told as done before it lasts. What the journal does not take waits in order, with everything that is to be
told of it, and decisions go on from where it will have been written; nothing is captured meanwhile.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from biocore import engine
from biocore.errors import BiocoreError, JournalError, SealError, SessionError
from biocore.report import Outcome
from biocore.station import policy
from biocore.station.checks import Known, Memory
from biocore.station.entry import Item, position_name
from biocore.station.ledger import Ledger
from biocore.station.looks import Situation
from biocore.station.rungs import PlacementMode, Request, Step
from biocore.station.session_events import (
    Accepted,
    Decided,
    Excepted,
    JournalTrouble,
    Reopened,
    ReserveInUse,
    SessionEvent,
    StateChanged,
    Viewed,
)
from biocore.station.session_heads import SEALED
from biocore.station.session_items import decision_item, fused_item
from biocore.station.session_state import BUSY, ENDED, State, check_transition
from biocore.station.space import SpaceLevel
from biocore.station.telling import Teller
from biocore.types import FingerTemplate, IrisTemplate, Position

DONE = (Outcome.ACCEPT, Outcome.EXCEPTION)


@dataclass(slots=True, eq=False)
class Change:
    """Something that is to last, and what is told and done when it does."""

    items: list[Item]
    told: list[SessionEvent]
    then: Callable[[], None] | None = None


@dataclass(slots=True)
class Core:
    """What the parts of a session share.

    Attributes
    ----------
    ledger : Ledger
    situation : Situation
        With everything that waits for the journal.
    teller : Teller
    memory : Memory
    steps : dict of str to Step
        Latest decision of each position, by `position_name`.
    wish : PlacementMode
        What the operator wants; the device may not be able to.
    sealed : set of str
        Positions whose decision was made before a resumption; its details are sealed in the journal.
    paused : bool
    """

    ledger: Ledger
    situation: Situation
    teller: Teller
    wish: PlacementMode
    state: State = State.READY
    memory: Memory = field(default_factory=Memory)
    steps: dict[str, Step] = field(default_factory=dict)
    sealed: set[str] = field(default_factory=set)
    paused: bool = False
    faults: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)
    _waiting: deque[Change] = field(default_factory=deque)
    _on_reserve: bool = False

    # -- states and events -------------------------------------------------------------------------

    def enter(self, state: State) -> None:
        """Go to another state, and say so."""
        if state is self.state:
            return
        check_transition(self.state, state)
        before, self.state = self.state, state
        self.tell(StateChanged(state, before))

    def settle(self) -> State:
        """Go to the state that follows when nothing is under way."""
        if self.state not in ENDED:
            if self._waiting:
                self.enter(State.BLOCKED)
            elif self.paused:
                self.enter(State.PAUSED)
            elif self.next_request() is None:
                self.enter(State.COMPLETE)
            else:
                self.enter(State.READY)
        return self.state

    def tell(self, event: SessionEvent) -> None:
        """Tell the listener; never waits, never fails."""
        self.teller.tell(event, may_be_missed=isinstance(event, Viewed))

    def require_open(self) -> None:
        """Refuse what comes after the end.

        Raises
        ------
        SessionError
        """
        if self.state in ENDED:
            raise SessionError(f"the session is {self.state}; resume the resident, or begin the next")

    # -- decisions -----------------------------------------------------------------------------------

    def next_request(self) -> Request | None:
        """Return what is to be captured next; None: every finger and eye has its outcome."""
        return policy.next_capture(self.situation)

    def positions(self) -> list[Position]:
        """Return what decisions are made about: the plan, and what stood in for it."""
        found = {position_name(position): position for position in self.situation.plan}
        for look in self.situation.looks:
            found.setdefault(position_name(look.position), look.position)
        return list(found.values())

    def decide_all(self) -> dict[str, Step]:
        """Return the decision about each position, by name."""
        return {position_name(position): policy.decide(self.situation, position) for position in self.positions()}

    def accepted(self) -> list[Known]:
        """Return the templates of what is accepted, as far as they are known here."""
        kept = (
            self.memory.at(step.position, step.best)
            for step in self.steps.values()
            if step.decision.outcome is Outcome.ACCEPT
        )
        return [known for known in kept if known is not None]

    # -- what is to last -------------------------------------------------------------------------------

    def commit(
        self,
        situation: Situation,
        items: Iterable[Item],
        told: Iterable[SessionEvent] = (),
        captured: Sequence[tuple[Position, int]] = (),
        then: Callable[[], None] | None = None,
    ) -> bool:
        """Take on a new situation, with all decisions that follow from it, in one batch.

        Parameters
        ----------
        situation : Situation
        items : iterable of Item
        told : iterable of SessionEvent
            Told once it lasts; what the decisions say follows.
        captured : sequence of (position, attempt)
            Attempts of this batch: each gets its decision written, changed or not.
        then : callable or None
            Called once it lasts.

        Returns
        -------
        bool
            It lasts. Otherwise it waits, and the session is `BLOCKED`.
        """
        before, self.situation = self.steps, situation
        self.steps = self.decide_all()
        change = Change(list(items), list(told), then)
        attempts = {position_name(position): attempt for position, attempt in captured}
        for name, step in self.steps.items():
            old = before.get(name)
            changed = old is None or _essence(old) != _essence(step)
            untouched = old is None and step.decision.outcome not in DONE
            if name in self.sealed and step.decision.outcome in DONE and name not in attempts:
                continue  # it stands in the journal, with the details that are not known here
            if name in attempts or (changed and not untouched):
                self._write_down(change, step, attempts.get(name))
            if changed and not untouched:
                change.told += _said(old, step)
        if change.items or change.told or change.then:
            self._waiting.append(change)
        return self.flush()

    def _write_down(self, change: Change, step: Step, attempt: int | None) -> None:
        done = step.decision.outcome in DONE
        if step.fuse and (fused := self._fuse(step)) is not None:
            change.items.append(fused_item(fused, step))
        change.items.append(decision_item(step, step.best or attempt if done else attempt or step.best))

    def _fuse(self, step: Step) -> FingerTemplate | IrisTemplate | None:
        """Unite the attempts that a decision names; None where one of them is sealed: the centre unites them."""
        known = [self.memory.at(step.position, attempt) for attempt in step.fuse]
        there = [each for each in known if each is not None]
        if len(there) < len(known):
            return None
        robust = [each.robust for each in there if each.robust is not None]
        templates = robust if len(robust) == len(there) else [each.template for each in there]
        try:
            fused = engine.fuse(templates)
        except BiocoreError:
            return None
        return fused if isinstance(fused, FingerTemplate | IrisTemplate) else None

    def flush(self) -> bool:
        """Write what waits for the journal; False where it takes nothing."""
        while self._waiting:
            change = self._waiting[0]
            try:
                if change.items:
                    self.ledger.record(*change.items)
            except (JournalError, SealError) as error:
                self.trouble(error)
                return False
            self._waiting.popleft()
            for event in change.told:
                self.tell(event)
            if change.then is not None:
                change.then()
            self._watch_reserve()
        return True

    def close(self, payload: bytes) -> None:
        """Close the record.

        Raises
        ------
        JournalError, SealError
            It could not be written; the session is `BLOCKED`.
        """
        try:
            self.ledger.close(payload)
        except (JournalError, SealError) as error:
            self.trouble(error)
            raise

    def trouble(self, error: BiocoreError) -> None:
        """Say that the journal takes nothing now."""
        self.faults += 1
        if self.state not in BUSY and self.state not in ENDED:
            self.enter(State.BLOCKED)
        self.tell(JournalTrouble(type(error).__name__, str(error), recovered=False))

    def mended(self, error: JournalError) -> None:
        """Say that the journal was opened anew, and nothing is lost."""
        self.faults += 1
        self.tell(JournalTrouble(type(error).__name__, str(error), recovered=True))

    def _watch_reserve(self) -> None:
        """Say once that this resident is being finished on the reserve."""
        if self._on_reserve:
            return
        try:
            status = self.ledger.journal.space()
        except JournalError:
            return  # the next entry meets it
        if status.level is SpaceLevel.RESERVE:
            self._on_reserve = True
            self.tell(ReserveInUse(status.message))

    @property
    def waiting(self) -> int:
        """How many batches the journal has not taken yet."""
        return len(self._waiting)


def _essence(step: Step) -> tuple[object, ...]:
    """Return what makes a decision another one."""
    exception = step.exception
    said = (exception.kind, exception.needs_supervisor, exception.supervisor) if exception else None
    kept = step.best if step.decision.outcome in DONE else None
    return step.decision.outcome, step.rung, kept, step.fuse, said, step.threshold, step.profile


def _said(old: Step | None, step: Step) -> list[SessionEvent]:
    """Return what is told of a decision that changed."""
    position, outcome = step.position, step.decision.outcome
    told: list[SessionEvent] = [
        Decided(position, outcome, step.rung, step.message_key, step.decision.advice, step.lowered)
    ]
    if outcome is Outcome.ACCEPT:
        told.append(Accepted(position, step.best or 0, step.rung))
    elif outcome is Outcome.EXCEPTION and step.exception is not None:
        told.append(Excepted(position, step.exception.kind, step.exception.needs_supervisor))
    elif old is not None and old.decision.outcome in DONE:
        told.append(Reopened(position))
    return told


def with_mode(situation: Situation, mode: PlacementMode) -> Situation:
    """Return a situation in which fingers are shown in another way."""
    return situation if situation.mode is mode else replace(situation, mode=mode)


def unsealed(situation: Situation, positions: Iterable[Position]) -> Situation:
    """Return a situation in which what stood before a resumption no longer binds these positions."""
    names = {position_name(position) for position in positions}
    vetoes = tuple(
        veto
        for veto in situation.vetoes
        if veto.who != SEALED or veto.position is None or position_name(veto.position) not in names
    )
    missing = {
        name: absence for name, absence in situation.missing.items() if absence.note != SEALED or name not in names
    }
    return replace(situation, vetoes=vetoes, missing=missing)
