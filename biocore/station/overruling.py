"""What people overruled: which vetoes count, which are refused and why, and what they leave of the looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from biocore.station.entry import position_name
from biocore.station.ladder import Overruled
from biocore.station.looks import Ended, Look, Situation, Veto, VetoKind
from biocore.station.profile import Profile
from biocore.types import Position


class Refusal(StrEnum):
    """Why a veto does not count. It stays in the record all the same."""

    NOT_PERMITTED = "not_permitted"  # the profile does not give the right
    NO_SUCH_ATTEMPT = "no_such_attempt"  # or one without a picture
    TOO_MANY_RESTARTS = "too_many_restarts"


@dataclass(frozen=True, slots=True)
class Judged:
    """A veto, and whether it counts.

    Attributes
    ----------
    veto : Veto
    refusal : Refusal or None
        None: it counts.
    """

    veto: Veto
    refusal: Refusal | None


def judge(situation: Situation, profile: Profile) -> tuple[Judged, ...]:
    """Say of each veto, in order, whether it counts."""
    return tuple(_judged(situation, profile))


def _judged(situation: Situation, profile: Profile) -> Iterator[Judged]:
    rights, restarts = profile.veto, 0
    permitted = {
        VetoKind.ACCEPT: rights.accept_insufficient,
        VetoKind.REJECT: rights.reject_sufficient,
        VetoKind.RESTART: rights.restart,
    }
    for veto in situation.vetoes:
        refusal = None
        if not permitted[veto.kind]:
            refusal = Refusal.NOT_PERMITTED
        elif veto.kind is VetoKind.RESTART:
            restarts += 1
            refusal = Refusal.TOO_MANY_RESTARTS if restarts > profile.limits.restarts else None
        elif not any(_shows(look, veto) for look in situation.looks):
            refusal = Refusal.NO_SUCH_ATTEMPT
        yield Judged(veto, refusal)


def _shows(look: Look, veto: Veto) -> bool:
    same = position_name(look.position) == position_name(veto.position) and look.attempt == veto.attempt
    return same and look.ended is Ended.CAPTURED


def start_of(judged: tuple[Judged, ...], position: Position | None) -> int:
    """Return from which look of the resident on the ladder counts; with None, the resident's captures."""
    names = {"", position_name(position)}
    return max((v.after for v in _counting(judged) if _restarts(v, names)), default=0)


def overruled_of(judged: tuple[Judged, ...], position: Position) -> Overruled:
    """Return what was said of single attempts; a restart takes back what was said before it."""
    name, accepted, rejected = position_name(position), None, frozenset[int]()
    for veto in _counting(judged):
        if _restarts(veto, {"", name}):
            accepted, rejected = None, frozenset()
        elif position_name(veto.position) != name or veto.attempt is None:
            continue
        elif veto.kind is VetoKind.ACCEPT:
            accepted, rejected = veto.attempt, rejected - {veto.attempt}
        else:
            accepted, rejected = (None if accepted == veto.attempt else accepted), rejected | {veto.attempt}
    return Overruled(accepted, rejected)


def _counting(judged: tuple[Judged, ...]) -> Iterator[Veto]:
    return (each.veto for each in judged if each.refusal is None)


def _restarts(veto: Veto, names: set[str]) -> bool:
    return veto.kind is VetoKind.RESTART and position_name(veto.position) in names
