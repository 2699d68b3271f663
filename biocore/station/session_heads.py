"""What of a session stands in the clear heads, and how a session is made of them again after a power cut.

The station cannot read the bodies that it sealed, so that what it must know to go on at the same finger is in the
heads, and no more than that: positions, attempts, scores, outcomes, and codes of the program's own words. An attempt's
codes say how it ended, how it was placed, and on which rung of the ladder; whether it has a template, and whether it
was doubted. Causes, advice, comparison scores, names, reasons and the kinds of exceptions are sealed, and gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

from biocore.report import Outcome
from biocore.station.entry import EntryKind, Head, position_of
from biocore.station.looks import Doubt, DoubtKind, Ended, Look, Veto, VetoKind
from biocore.station.profile import Profile
from biocore.station.rungs import PlacementMode, Rung
from biocore.types import Position

SEALED = "(sealed)"  # in place of what only the centre can read
LOOK_CODES = {
    f"{ended}_{mode}_{rung}": (ended, mode, rung) for ended, mode, rung in product(Ended, PlacementMode, Rung)
}
BURST = "burst"  # of a template: several pictures united in it
FUSED = "fused"  # of a template: several attempts united
FAST, ROBUST = "fast", "robust"
_DOUBT = "doubt_"
_VETO = "veto_"
_PROFILE = "profile_"
_MODE = "mode_"
_SHOWN = "shown_"
PLANNED = "planned"
MISSING = "missing"
NOT_MISSING = "not_missing"
SIGNED = "supervisor_signed"


def look_code(look: Look) -> str:
    """Return how an attempt ended, how it was placed and its rung, as one code."""
    return f"{look.ended}_{look.mode}_{look.rung}"


def doubt_code(doubt: Doubt) -> str:
    """Return a doubt as a code; which finger it seems to be is sealed."""
    return f"{_DOUBT}{doubt.kind}"


def veto_code(kind: VetoKind) -> str:
    """Return a veto as a code; who said it, and why, is sealed."""
    return f"{_VETO}{kind}"


def mode_code(mode: PlacementMode) -> str:
    """Return a switch of the mode as a code."""
    return f"{_MODE}{mode}"


def shown_code(mode: PlacementMode) -> str:
    """Return how the scanner that is there shows fingers, as a code; what the operator wants is `mode_code`."""
    return f"{_SHOWN}{mode}"


def profile_code(name: str) -> str:
    """Return a profile's name as a code: letters and underscores."""
    return (_PROFILE + re.sub(r"[^a-z]+", "_", name.lower()))[:40].rstrip("_")


@dataclass(slots=True)
class Rebuilt:
    """What the heads of a resident's record say.

    Attributes
    ----------
    plan : list of FingerPosition and EyePosition
        What was to be recorded, in order.
    looks : list of Look
        As far as heads say; in order.
    outcomes : dict of str to Outcome
        Latest decision of each position, by `position_name`, in order of their first.
    kept : dict of str to int
        Attempt that each decision names.
    vetoes : list of Veto
        `who` is `SEALED`.
    missing : set of str
        Positions said to be missing; why is sealed.
    mode : PlacementMode or None
        What the operator wants; None = never said.
    shown : PlacementMode or None
        What the scanner that was there last could do.
    profile : str
        Code of the profile in force; empty where none was written down.
    signed : bool
        A supervisor has signed.
    captures, resumptions : int
    """

    plan: list[Position] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    vetoes: list[Veto] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    mode: PlacementMode | None = None
    shown: PlacementMode | None = None
    profile: str = ""
    signed: bool = False
    captures: int = 0
    resumptions: int = 0


def rebuild(heads: Sequence[Head]) -> Rebuilt:
    """Read a session from the heads of a resident's record, in order."""
    found = Rebuilt()
    for batch in _batches(heads):
        _read_batch(found, batch)
    return found


def profile_of(code: str, base: Profile) -> Profile:
    """Return the profile that a code names: the station's, or one it selects; the station's where none is named."""
    among = (base, *(selection.profile for selection in base.select))
    return next((profile for profile in among if profile_code(profile.name) == code), base)


def _batches(heads: Iterable[Head]) -> list[list[Head]]:
    """Return the heads of each call together."""
    batches: list[list[Head]] = []
    for head in heads:
        if head.batch[0] == 0 or not batches:
            batches.append([])
        batches[-1].append(head)
    return batches


def _read_batch(found: Rebuilt, batch: Sequence[Head]) -> None:
    looks = [head for head in batch if head.code in LOOK_CODES and head.position and head.attempt]
    found.captures += bool(looks)
    for head in looks:
        found.looks.append(_look(head, batch, found.captures))
    for head in batch:
        if head.kind is EntryKind.DECISION and head.position and head.outcome is not None:
            found.outcomes[head.position] = head.outcome
            if head.attempt is not None:
                found.kept[head.position] = head.attempt
        elif head.kind is EntryKind.EVENT:
            _read_event(found, head)


def _look(head: Head, batch: Sequence[Head], capture: int) -> Look:
    ended, mode, rung = LOOK_CODES[head.code]
    mine = [other for other in batch if other.position == head.position and other.attempt == head.attempt]
    score = next((other.score for other in mine if other.kind is EntryKind.REPORT), None)
    templates = [other.code for other in mine if other.kind is EntryKind.TEMPLATE and other.code != FUSED]
    doubts = tuple(
        Doubt(DoubtKind(other.code.removeprefix(_DOUBT)))
        for other in mine
        if other.kind is EntryKind.EVENT and other.code.startswith(_DOUBT)
    )
    position = position_of(head.position)
    assert position is not None  # looked for above
    assert head.attempt is not None
    captured = ended is Ended.CAPTURED
    return Look(
        position,
        head.attempt,
        score,
        SEALED if captured and score is None else "",
        mode=mode,
        has_template=bool(templates),
        rung=rung,
        fused=BURST in templates,
        doubts=doubts,
        ended=ended,
        capture=capture,
    )


def _read_event(found: Rebuilt, head: Head) -> None:
    code = head.code
    if code == "resumed":
        found.resumptions += 1
    elif code == PLANNED and (position := position_of(head.position)) is not None:
        found.plan.append(position)
    elif code == MISSING:
        found.missing.add(head.position)
    elif code == NOT_MISSING:
        found.missing.discard(head.position)
    elif code == SIGNED:
        found.signed = True
    elif code.startswith(_PROFILE):
        found.profile = code
    elif code.startswith(_MODE):
        found.mode = found.shown = PlacementMode(code.removeprefix(_MODE))
    elif code.startswith(_SHOWN):
        found.shown = PlacementMode(code.removeprefix(_SHOWN))
    elif code.startswith(_VETO):
        kind = VetoKind(code.removeprefix(_VETO))
        found.vetoes.append(Veto(kind, SEALED, position_of(head.position), head.attempt, after=len(found.looks)))
