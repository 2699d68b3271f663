"""Makes the record of an exception: what a person said, or what the attempts show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from biocore.report import CauseName
from biocore.station.exceptions import (
    PERMANENT_KINDS,
    Absence,
    Evidence,
    ExceptionKind,
    ExceptionRecord,
    Permanence,
)
from biocore.station.looks import Ended, Look, Situation
from biocore.station.profile import ExceptionRules
from biocore.types import EyePosition, Position

# What an eye's pictures say of it, where most of them lead with it; a person can say otherwise.
KIND_OF_CAUSE: dict[CauseName, ExceptionKind] = {
    CauseName.CLOUDY: ExceptionKind.CLOUDY,
    CauseName.LID: ExceptionKind.DROOPING,
    CauseName.LASHES: ExceptionKind.DROOPING,
    CauseName.CLOSED: ExceptionKind.CANNOT_OPEN,
}
# What needs an operation or months of rest; the others are looked at again when a wound would have healed.
SLOW_KINDS = frozenset({ExceptionKind.UNREADABLE, ExceptionKind.CLOUDY, ExceptionKind.DROOPING})


def declared(situation: Situation, rules: ExceptionRules, position: Position, absence: Absence) -> ExceptionRecord:
    """Return the record of what a person said; attempts made before are added as evidence."""
    return _record(situation, rules, position, absence.kind, absence, {})


def concluded(
    situation: Situation, rules: ExceptionRules, position: Position, thresholds: Mapping[int, int]
) -> ExceptionRecord:
    """Return the record of what the attempts show.

    Parameters
    ----------
    situation : Situation
    rules : ExceptionRules
    position : FingerPosition or EyePosition
    thresholds : Mapping of int to int
        What each attempt was held against.
    """
    kind = kind_of(situation.of(position), isinstance(position, EyePosition))
    return _record(situation, rules, position, kind, None, thresholds)


def kind_of(looks: Sequence[Look], eye: bool) -> ExceptionKind:
    """Return why these attempts were not sufficient."""
    pictures = [look for look in looks if look.ended is Ended.CAPTURED]
    if not pictures:
        waited = any(look.ended is Ended.TIMEOUT for look in looks)
        return ExceptionKind.NOT_SHOWN if waited else ExceptionKind.DEVICE_FAILED
    if all(look.doubts for look in pictures):
        return ExceptionKind.DOUBTFUL
    leads = Counter(KIND_OF_CAUSE.get(look.causes[0].name) for look in pictures if look.causes)
    lead, count = leads.most_common(1)[0] if leads else (None, 0)
    return lead if eye and lead is not None and 2 * count > len(pictures) else ExceptionKind.UNREADABLE


def best_picture(looks: Sequence[Look]) -> int | None:
    """Return the attempt with the highest score, the earliest at a tie; of doubted ones only where all are."""
    pictures = [look for look in looks if look.ended is Ended.CAPTURED]
    best = max(pictures, key=lambda k: (not k.doubts, -1 if k.score is None else k.score, -k.attempt), default=None)
    return best.attempt if best else None


def _record(
    situation: Situation,
    rules: ExceptionRules,
    position: Position,
    kind: ExceptionKind,
    absence: Absence | None,
    thresholds: Mapping[int, int],
) -> ExceptionRecord:
    looks = situation.of(position)
    permanent = kind in PERMANENT_KINDS
    days = rules.review_days_unreadable if kind in SLOW_KINDS else rules.review_days
    review = (absence.review_date if absence else None) or situation.today + timedelta(days=days)
    default = situation.profile.threshold(position)
    return ExceptionRecord(
        position=position,
        kind=kind,
        permanence=Permanence.PERMANENT if permanent else Permanence.TEMPORARY,
        review_date=None if permanent else review,
        declared=absence is not None,
        evidence=tuple(_evidence(look, thresholds.get(look.attempt, default)) for look in looks),
        best=best_picture(looks),
        needs_supervisor=kind in rules.supervisor_for,
        supervisor=situation.supervisor,
        note=absence.note if absence else "",
    )


def _evidence(look: Look, threshold: int) -> Evidence:
    return Evidence(
        attempt=look.attempt,
        score=look.score,
        threshold=threshold,
        reason=look.reason,
        causes=tuple((cause.name, cause.confidence) for cause in look.causes),
        rung=look.rung,
        mode=look.mode,
        ended=look.ended,
        doubts=tuple(doubt.kind for doubt in look.doubts),
        device=look.device,
    )
