"""Where a whole resident stands: the ladders of all fingers and eyes, and what is left of the captures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from biocore.report import FixedDict
from biocore.station.entry import position_name
from biocore.station.ladder import Standing, climb, ladder_of
from biocore.station.looks import TWO_EYES, Ended, Look, Situation
from biocore.station.overruling import Judged, judge, overruled_of, start_of
from biocore.station.profile import FingerKind, Profile
from biocore.types import FingerPosition, Position


@dataclass(frozen=True, slots=True)
class Choice:
    """Which profile is in force, and why.

    Attributes
    ----------
    profile : Profile
    because : str
        `station`, `age` or `occupation`.
    """

    profile: Profile
    because: str


def profile_for(situation: Situation) -> Choice:
    """Return the profile in force: the station's, or the one it selects by age or occupation."""
    age, occupation = situation.age_years, situation.occupation
    for each in situation.profile.select:
        if age is not None and each.age_from is not None and age >= each.age_from:
            return Choice(each.profile, "age")
        if occupation is not None and occupation in each.occupations:
            return Choice(each.profile, "occupation")
    return Choice(situation.profile, "station")


@dataclass(frozen=True, slots=True)
class Resident:
    """A situation, taken apart once for all questions about it.

    Attributes
    ----------
    situation : Situation
    choice : Choice
    judged : tuple of Judged
    captures : int
        Made so far, since the resident's last restart, without those lost with a device.
    extra : int
        Those among them that showed nothing of the plan for the first time.
    """

    situation: Situation
    choice: Choice
    judged: tuple[Judged, ...]
    captures: int
    extra: int

    @property
    def profile(self) -> Profile:
        """The profile in force."""
        return self.choice.profile

    @property
    def no_more(self) -> bool:
        """Whether the extra captures are used up; first looks are always made."""
        return self.extra >= self.profile.limits.extra_captures

    def looks(self, position: Position) -> tuple[Look, ...]:
        """Return the looks of a position that count, those before a restart left out."""
        name, start = position_name(position), start_of(self.judged, position)
        return tuple(k for k in self.situation.looks[start:] if position_name(k.position) == name)

    def missing(self, position: Position) -> bool:
        """Whether a person said that it cannot be captured."""
        return position_name(position) in self.situation.missing

    def standing(self, position: Position) -> Standing:
        """Return where a finger or an eye stands on its ladder."""
        ladder = ladder_of(self.profile, position)
        return climb(ladder, self.looks(position), overruled_of(self.judged, position), self.no_more)

    def open(self, position: Position) -> bool:
        """Whether another attempt at it is to be made."""
        return not self.missing(position) and self.standing(position).open

    def failed(self, position: Position) -> bool:
        """Whether it ended, or ends, as an exception."""
        return self.missing(position) or self.standing(position).over

    def stand_ins(self) -> tuple[Position, ...]:
        """Return the fingers and eyes that are captured in the place of failed ones.

        Where all ten fingers are asked for anyway there are none: the duty moves, see `biocore.station.chip`.
        """
        fingers = [finger for _, each in self._fingers_instead() for finger in each]
        return (*fingers, *self._eyes_instead(fingers))

    def stand_ins_of(self, position: Position) -> tuple[Position, ...]:
        """Return the fingers that are captured in the place of one that failed."""
        name = position_name(position)
        return next((fingers for fallen, fingers in self._fingers_instead() if position_name(fallen) == name), ())

    def _fingers_instead(self) -> list[tuple[Position, tuple[Position, ...]]]:
        """Return each failed finger of the plan with those tried in its place; the last of them may be open or good."""
        taken = {position_name(position) for position in self.situation.plan}
        found: list[tuple[Position, tuple[Position, ...]]] = []
        fallen = [p for p in self.situation.plan if isinstance(p, FingerPosition) and self.failed(p)]
        for position in fallen:
            instead: list[Position] = []
            for other in alternatives(position, self.profile.chip.alternatives):
                if position_name(other) in taken or self.missing(other):
                    continue
                if not self._may_begin(other):
                    break
                taken.add(position_name(other))
                instead.append(other)
                if not self.failed(other):
                    break
            found.append((position, tuple(instead)))
        return found

    def _eyes_instead(self, instead: Sequence[Position]) -> tuple[Position, ...]:
        """Return both eyes where fewer fingers came than were planned, and the plan has no eyes."""
        plan = self.situation.plan
        planned = [position for position in plan if isinstance(position, FingerPosition)]
        if len(planned) < len(plan) or not self.profile.exceptions.iris_stands_in:
            return ()
        if sum(not self.failed(position) for position in (*planned, *instead)) >= len(planned):
            return ()
        return tuple(eye for eye in TWO_EYES if not self.missing(eye) and self._may_begin(eye))

    def _may_begin(self, position: Position) -> bool:
        return bool(self.looks(position)) or not self.no_more


def resident_of(situation: Situation) -> Resident:
    """Take a situation apart."""
    choice = profile_for(situation)
    judged = judge(situation, choice.profile)
    captures, extra = _captures(situation, judged)
    return Resident(situation, choice, judged, captures, extra)


def _captures(situation: Situation, judged: tuple[Judged, ...]) -> tuple[int, int]:
    """Count captures, and those that showed nothing of the plan for the first time.

    A capture once counted as extra stays one, so what is left never grows, and what is over stays over.
    """
    start = start_of(judged, None)
    starts = FixedDict({position_name(p): start_of(judged, p) for p in situation.plan})
    seen: set[str] = set()
    new: dict[int, bool] = {}
    for index, look in enumerate(situation.looks):
        if index < start or look.ended is Ended.DEVICE_LOST:
            continue
        name = position_name(look.position)
        capture = look.capture or -index - 1
        first = name in starts and index >= starts[name] and name not in seen
        if first:
            seen.add(name)
        new[capture] = new.get(capture, False) or first
    return len(new), sum(not first for first in new.values())


def alternatives(position: Position, order: Sequence[FingerKind]) -> tuple[FingerPosition, ...]:
    """Return the fingers that may take another one's place: same hand first, in the profile's order."""
    if not isinstance(position, FingerPosition):
        return ()
    own, other = ((1, 6), (6, 1))[position.value > 5]  # codes of the thumbs; each hand counts on from there
    kinds = tuple(FingerKind)
    fingers = [FingerPosition(hand + kinds.index(kind)) for hand in (own, other) for kind in order]
    return tuple(finger for finger in fingers if finger is not position)
