"""The states of one resident's session, and the only ways from one to another; drawn in docs/session.md."""

from __future__ import annotations

from enum import StrEnum

from biocore.errors import SessionError


class State(StrEnum):
    """Where a session stands."""

    READY = "ready"  # between two captures
    CAPTURING = "capturing"  # a device waits for a finger or an eye
    EXAMINING = "examining"  # pictures are assessed, templates made and compared
    RECORDING = "recording"  # what was found is being made to last
    PAUSED = "paused"  # until somebody says go on
    NO_DEVICE = "no_device"  # nothing that shows the modality can be opened; looked for again at each step
    BLOCKED = "blocked"  # the journal takes nothing; what waits for it is kept, and tried again at each step
    COMPLETE = "complete"  # every finger and eye has its outcome; to be finished
    FINISHED = "finished"  # the record is closed
    ABANDONED = "abandoned"  # left unfinished, with a reason; can be resumed


_S = State
TRANSITIONS: dict[State, frozenset[State]] = {
    _S.READY: frozenset({_S.CAPTURING, _S.PAUSED, _S.NO_DEVICE, _S.BLOCKED, _S.COMPLETE, _S.ABANDONED}),
    _S.CAPTURING: frozenset({_S.EXAMINING, _S.READY, _S.PAUSED, _S.NO_DEVICE, _S.BLOCKED, _S.COMPLETE}),
    _S.EXAMINING: frozenset({_S.RECORDING}),
    _S.RECORDING: frozenset({_S.READY, _S.PAUSED, _S.BLOCKED, _S.COMPLETE}),
    _S.PAUSED: frozenset({_S.READY, _S.BLOCKED, _S.COMPLETE, _S.FINISHED, _S.ABANDONED}),
    _S.NO_DEVICE: frozenset({_S.READY, _S.CAPTURING, _S.PAUSED, _S.BLOCKED, _S.COMPLETE, _S.ABANDONED}),
    _S.BLOCKED: frozenset({_S.READY, _S.PAUSED, _S.COMPLETE, _S.FINISHED, _S.ABANDONED}),
    _S.COMPLETE: frozenset({_S.READY, _S.PAUSED, _S.BLOCKED, _S.FINISHED, _S.ABANDONED}),
    _S.FINISHED: frozenset(),
    _S.ABANDONED: frozenset(),
}
ENDED = frozenset({State.FINISHED, State.ABANDONED})
BUSY = frozenset({State.CAPTURING, State.EXAMINING, State.RECORDING})


def check_transition(before: State, after: State) -> None:
    """Refuse a way that is not in the table.

    Raises
    ------
    SessionError
    """
    if after not in TRANSITIONS[before]:
        raise SessionError(f"a session that is {before} cannot become {after}")
