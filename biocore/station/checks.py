"""Is it the finger, the hand, the eye that was asked for: held against all that this resident has shown so far.

Checks warn and the operator decides (BSI TR-03121-3); a picture in doubt is not accepted by itself. Comparisons are
made both ways and the greater score counts: two iris codes compared are not quite the same the other way round.

What was recorded before a power cut is sealed, so that nothing here can be compared with it. `Memory.unseen` says what
that is, and every record of a check says what it could not be held against.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from biocore import engine
from biocore.duplicates import THRESHOLD
from biocore.errors import ExtractionError
from biocore.fingerprint.slap import WRONG_HAND, Slap
from biocore.iris.segment import segment
from biocore.iris.side import Side, which_eye
from biocore.station.entry import position_name
from biocore.station.looks import Doubt, DoubtKind
from biocore.types import EyePosition, FingerPosition, GreyImage, Position, Template

GOOD_ENOUGH = 50  # quality from which on a print that does not match is another finger, and no poor picture
# -10 log10(FMR). Of prints of that quality in the visible FVC sets (DB4 of 2000; DB1, DB3, DB4 of 2002), the least of
# 272 mated pairs is 39, and 96 % of the non-mated pairs are below this.
OTHER_FINGER = 10.0
SURE_SIDE = 0.9  # confidence of `which_eye` that is worth a word


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A template of this resident.

    Attributes
    ----------
    position : FingerPosition or EyePosition
    attempt : int
    template : Template
    score : int or None
    robust : Template or None
        By the robust extractor; held against another one of that kind only.
    side : Side or None
        Which eye the picture seems to show.
    """

    position: Position
    attempt: int
    template: Template
    score: int | None
    robust: Template | None = None
    side: Side | None = None


@dataclass(slots=True)
class Memory:
    """The templates of one resident, in memory only, as long as the session lives.

    Attributes
    ----------
    unseen : set of str
        Accepted positions (by `position_name`) whose templates are sealed in the journal.
    """

    unseen: set[str] = field(default_factory=set)
    _known: dict[str, dict[int, Known]] = field(default_factory=dict)

    def keep(self, known: Known) -> None:
        """Remember an attempt."""
        self._known.setdefault(position_name(known.position), {})[known.attempt] = known

    def of(self, position: Position) -> tuple[Known, ...]:
        """Return the attempts at one finger or eye, in order."""
        return tuple(self._known.get(position_name(position), {}).values())

    def forget(self, position: Position, attempt: int | None = None) -> None:
        """Forget an attempt that was overruled, or all at a finger or eye that begins anew."""
        known = self._known.get(position_name(position), {})
        for number in list(known) if attempt is None else [attempt]:
            known.pop(number, None)

    def at(self, position: Position, attempt: int | None) -> Known | None:
        """Return one attempt; None where it left no template, or is sealed."""
        return self._known.get(position_name(position), {}).get(attempt or 0)


@dataclass(frozen=True, slots=True)
class Checked:
    """What the comparisons of one attempt found.

    Attributes
    ----------
    matches : dict of int to float
        Scores against earlier attempts at the same position, by attempt, that prove something: `Look.matches`.
    likeness : dict of int to float
        The same by fast templates, which prove that two pictures are not of one finger.
    doubts : tuple of Doubt
    compared : tuple of str
        Other positions it was held against.
    not_compared : tuple of str
        Accepted positions it should have been held against, and could not.
    """

    matches: dict[int, float] = field(default_factory=dict)
    likeness: dict[int, float] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()
    compared: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()


def alike(one: Template, other: Template) -> float:
    """Return the comparison score of two templates, the greater of both ways."""
    return max(engine.compare(one, other).score, engine.compare(other, one).score)


def _proof(new: Known, memory: Memory) -> dict[int, float]:
    """Return how an attempt matches earlier ones of the same position, by what proves that they are one finger.

    Of fingers, robust templates alone: fast ones also agree in their defects (docs/policy.md).
    """
    finger = isinstance(new.position, FingerPosition)
    found: dict[int, float] = {}
    for known in memory.of(new.position):
        if known.attempt >= new.attempt:
            continue
        if not finger:
            found[known.attempt] = round(alike(new.template, known.template), 2)
        elif new.robust is not None and known.robust is not None:
            found[known.attempt] = round(alike(new.robust, known.robust), 2)
    return found


def check(new: Known, memory: Memory, accepted: Iterable[Known], beside: Sequence[Known] = ()) -> Checked:
    """Hold an attempt against everything known.

    Parameters
    ----------
    new : Known
    memory : Memory
    accepted : iterable of Known
        The kept attempts of positions that are accepted.
    beside : sequence of Known
        The other fingers of the same capture.

    Returns
    -------
    Checked
    """
    name = position_name(new.position)
    likeness = {k.attempt: alike(new.template, k.template) for k in memory.of(new.position) if k.attempt < new.attempt}
    others = _others(new, accepted, beside)
    scores = {position_name(k.position): alike(new.template, k.template) for k in others}
    doubts = (*_elsewhere(new, others, scores), *_unlike_before(new, memory, likeness), *_swapped_sides(new, others))
    kind = name.partition(":")[0]
    unseen = tuple(sorted(other for other in memory.unseen if other != name and other.partition(":")[0] == kind))
    rounded = {attempt: round(score, 2) for attempt, score in likeness.items()}
    return Checked(_proof(new, memory), rounded, doubts, tuple(sorted(scores)), unseen)


def _others(new: Known, accepted: Iterable[Known], beside: Sequence[Known]) -> list[Known]:
    """Return what it is held against: other positions of the same modality, each once, what lies beside it first."""
    found: dict[str, Known] = {}
    for known in (*beside, *accepted):
        same_kind = type(known.position) is type(new.position)
        if same_kind and known.position != new.position:
            found.setdefault(position_name(known.position), known)
    return list(found.values())


def _elsewhere(new: Known, others: Sequence[Known], scores: dict[str, float]) -> list[Doubt]:
    """Return a doubt for each other position that the picture seems to be of, the surest first."""
    finger = isinstance(new.position, FingerPosition)
    kind = DoubtKind.DUPLICATE if finger else DoubtKind.OTHER_EYE
    found = [
        Doubt(kind, known.position, round(score, 2))
        for known in others
        if (score := scores[position_name(known.position)]) >= THRESHOLD
    ]
    return sorted(found, key=lambda doubt: -(doubt.score or 0.0))


def _unlike_before(new: Known, memory: Memory, likeness: dict[int, float]) -> list[Doubt]:
    """Doubt a good print that does not match a good one of the same finger."""
    good = [k.attempt for k in memory.of(new.position) if k.attempt in likeness and (k.score or 0) >= GOOD_ENOUGH]
    if not good or (new.score or 0) < GOOD_ENOUGH:
        return []
    best = max(likeness[attempt] for attempt in good)
    kind = DoubtKind.OTHER_FINGER if isinstance(new.position, FingerPosition) else DoubtKind.OTHER_EYE
    return [Doubt(kind, None, round(best, 2))] if best < OTHER_FINGER else []


def _swapped_sides(new: Known, others: Sequence[Known]) -> list[Doubt]:
    """Doubt an eye where its picture, and the other's too, look like the other side: both are then swapped.

    One picture alone is no proof: in one person of fifty the pupil lies the other way.
    """
    other = next((known for known in others if isinstance(known.position, EyePosition)), None)
    if other is None or not (contradicts(new) and contradicts(other)):
        return []
    return [Doubt(DoubtKind.OTHER_EYE, other.position)]


def contradicts(known: Known) -> bool:
    """Say whether an eye's picture surely looks like the other eye."""
    side = known.side
    named = side is not None and side.position is not EyePosition.UNKNOWN
    return named and side is not None and side.confidence >= SURE_SIDE and side.position is not known.position


def side_of(pixels: GreyImage) -> Side | None:
    """Say which eye a picture shows; None where no iris is found."""
    try:
        side = which_eye(segment(pixels))
    except ExtractionError:
        return None
    return replace(side, shift=float(side.shift))


def hand_doubt(slap: Slap) -> tuple[Doubt, ...]:
    """Doubt all fingers of a slap whose tips lie as those of the other hand."""
    return (Doubt(DoubtKind.WRONG_HAND),) if slap.hand_confidence < WRONG_HAND else ()
