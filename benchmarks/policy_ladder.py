"""Which share of faint, dry, worn and wet fingers each rung saves, and how many of those are matched again.

    python benchmarks/policy_attempts.py CACHE.pickle      # once, ten minutes
    python benchmarks/policy_ladder.py CACHE.pickle

Each finger with each defect is a right index finger that is shown singly, by seven orders of its seven attempts. The
policy decides; what it keeps is compared with the clean first impression, as on the day the card is used. FTE is the
share that ends as an exception; FNMR the share of those accepted that score below 40 (one false match in 10,000)
against the reference; *lost* is both together. The orders of one finger are not independent: 20 fingers are few.

*Advice in vain*: all attempts have the defect. *Advice helps*: once what is advised is the right thing against the
defect painted (moisten a dry finger), attempts after it have it half. Both are models; people lie in between.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import policy_attempts
from policy_attempts import CLEAN, DEFECTS, Series, Tried

import biocore
from biocore.report import Outcome
from biocore.station.entry import position_name
from biocore.station.guidance import rung_of
from biocore.station.looks import FULL_PLAN, Look, PlacementMode, Situation
from biocore.station.policy import decide, next_capture
from biocore.station.profile import FingerKind, Profile, Stage
from biocore.station.profile_file import load_profile
from biocore.station.rungs import Rung
from biocore.types import FingerPosition

FINGER = FingerPosition.RIGHT_INDEX
REMEDY = {
    "faint": {Rung.PRESS_HARDER},
    "dry": {Rung.MOISTEN},
    "worn": {Rung.ROLL_PAD},
    "wet": {Rung.DRY_OFF, Rung.PRESS_LIGHTER},
}
MATCHED = 40.0  # -10 log10(FMR)
ATTEMPTS = 7
TEN = tuple(position for position in FingerPosition if position.value)
ORDER = ("first", "advice", "fuse", "lower_profile", "exception")


class Unpickler(pickle.Unpickler):
    """The cache was written by a script, whose classes are called `__main__`."""

    def find_class(self, module: str, name: str) -> Any:
        return getattr(policy_attempts, name) if module == "__main__" else super().find_class(module, name)


@dataclass(frozen=True)
class End:
    """How one finger ended."""

    series: Series
    rung: str
    captures: int
    score: float | None  # of what is kept against the reference; None for an exception
    quality: int | None


class Fingers:
    """All attempts, and their comparisons, each made once."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as stream:
            self.looks: dict[Series, tuple[Tried, ...]] = Unpickler(stream).load()
        self.match = cache(self._match)
        self.kept = cache(self._kept)

    def series(self, severity: float) -> list[Series]:
        kinds = DEFECTS if severity else [CLEAN]
        return [key for key in self.looks if key[3] == severity and key[2] in kinds]

    def tried(self, at: tuple[Series, int]) -> Tried:
        return self.looks[at[0]][at[1]]

    def _match(self, first: tuple[Series, int], second: tuple[Series, int]) -> float:
        a, b = self.tried(first).template, self.tried(second).template
        return 0.0 if a is None or b is None else biocore.compare(b, a).score

    def _kept(self, attempts: tuple[tuple[Series, int], ...]) -> float:
        """Score of what is kept, one template or several united, against the finger's clean reference."""
        templates = [t for at in attempts if (t := self.tried(at).template) is not None]
        name, finger, _, _ = attempts[0][0]
        reference = self.looks[name, finger, "reference", 0.0][0].template
        if not templates or reference is None:
            return 0.0
        probe = biocore.fuse(templates) if len(templates) > 1 else templates[0]
        return biocore.compare(reference, probe).score


def record(fingers: Fingers, profile: Profile, series: Series, start: int, helps: bool) -> End:
    """Let the policy record one finger."""
    situation = Situation(profile, (FINGER,), date(2026, 11, 22), mode=PlacementMode.SINGLE)
    shown: list[tuple[Series, int]] = []
    name, who, kind, severity = series
    better = False
    while (step := decide(situation, FINGER)).decision.outcome not in (Outcome.ACCEPT, Outcome.EXCEPTION):
        better |= helps and step.rung in REMEDY.get(kind, ())
        at = ((name, who, kind, severity / 2 if better else severity), (start + len(shown)) % ATTEMPTS)
        tried = fingers.tried(at)
        look = Look(
            FINGER,
            len(shown) + 1,
            tried.score,
            "" if tried.score is not None else "not assessed",
            causes=tried.causes,
            has_template=tried.template is not None,
            rung=step.rung,
            matches={k + 1: fingers.match(earlier, at) for k, earlier in enumerate(shown)},
            capture=len(shown) + 1,
        )
        shown.append(at)
        situation = replace(situation, looks=(*situation.looks, look))
    if step.decision.outcome is Outcome.EXCEPTION:
        return End(series, "exception", len(shown), None, None)
    kept = tuple(shown[k - 1] for k in step.fuse or (step.best or 1,))
    rung = step.rung.value if step.rung.value in ORDER else "advice"
    quality = fingers.tried(shown[(step.best or 1) - 1]).score
    return End(series, rung, len(shown), fingers.kept(kept), quality)


@dataclass(frozen=True)
class Whole:
    """How one resident ended: ten painted fingers, and two good eyes."""

    captures: int
    accepted: int  # fingers
    missed: int  # of those, below 40 against their references
    rungs: tuple[Rung, ...]  # on which they were accepted
    singled: int  # fingers accepted after they were shown singly instead of in a slap


def resident(fingers: Fingers, profile: Profile, which: tuple[str, str, float], start: int, helps: bool) -> Whole:
    """Let the policy record a resident whose ten fingers are those of one set, by slaps."""
    name, kind, severity = which
    whose = dict(zip(TEN, sorted({key[1] for key in fingers.looks if key[0] == name}), strict=True))
    situation = Situation(profile, FULL_PLAN, date(2026, 11, 22))
    shown: dict[FingerPosition, list[tuple[Series, int]]] = {position: [] for position in TEN}
    better: set[FingerPosition] = set()
    while (request := next_capture(situation)) is not None:
        looks = []
        for position in request.positions:
            key = position_name(position)
            look = Look(position, request.attempts[key], 90, mode=request.mode, capture=request.capture)
            if isinstance(position, FingerPosition):
                advised = {rung_of([advice]) for advice in request.advice}
                if helps and advised & REMEDY.get(kind, set()):
                    better.add(position)
                before = shown[position]
                at = (
                    (name, whose[position], kind, severity / (1 + (position in better))),
                    (start + len(before)) % ATTEMPTS,
                )
                tried = fingers.tried(at)
                look = replace(
                    look,
                    score=tried.score,
                    reason="" if tried.score is not None else "not assessed",
                    causes=tried.causes,
                    has_template=tried.template is not None,
                    matches={k + 1: fingers.match(earlier, at) for k, earlier in enumerate(before)},
                )
                before.append(at)
            looks.append(look)
        situation = replace(situation, looks=(*situation.looks, *looks))
    steps = [decide(situation, position) for position in TEN]
    good = [step for step in steps if step.decision.outcome is Outcome.ACCEPT]
    missed = 0
    for step in good:
        kept = tuple(shown[FingerPosition(step.position)][k - 1] for k in step.fuse or (step.best or 1,))
        missed += fingers.kept(kept) < MATCHED
    captures = max(look.capture for look in situation.looks)
    singled = sum(Rung.SINGLE in step.rungs for step in good)
    return Whole(captures, len(good), missed, tuple(step.rung for step in good), singled)


def whole_row(name: str, fingers: Fingers, profile: Profile, severity: float, helps: bool) -> str:
    sets = sorted({key[0] for key in fingers.looks})
    kinds = DEFECTS if severity else [CLEAN]
    all_of = [
        resident(fingers, profile, (each, kind, severity), start, helps)
        for each in sets
        for kind in kinds
        for start in range(ATTEMPTS)
    ]
    captures = [each.captures for each in all_of]
    accepted, missed = sum(each.accepted for each in all_of), sum(each.missed for each in all_of)
    seconds = np.mean(captures) * (profile.limits.timeout_s / 2 + profile.limits.handling_s)
    good = f"{accepted / len(all_of):.1f} | {100 * missed / accepted if accepted else 0:.1f}"
    single = f"{sum(each.singled for each in all_of) / len(all_of):.1f}"
    return f"| {name} | {np.mean(captures):.1f} | {max(captures)} | {seconds / 60:.1f} | {good} | {single} |"


def ends(fingers: Fingers, profile: Profile, severity: float, helps: bool) -> list[End]:
    return [
        record(fingers, profile, series, start, helps)
        for series in fingers.series(severity)
        for start in range(ATTEMPTS)
    ]


def without(profile: Profile, *stages: Stage) -> Profile:
    ladder = tuple(stage for stage in profile.finger.ladder if stage not in stages)
    return replace(profile, finger=replace(profile.finger, ladder=ladder))


def asking(profile: Profile, least: int) -> Profile:
    return replace(profile, finger=replace(profile.finger, thresholds=dict.fromkeys(FingerKind, least)))


def proving(profile: Profile, match: float) -> Profile:
    return replace(profile, finger=replace(profile.finger, fuse_match=match))


def contenders() -> Iterator[tuple[str, Profile]]:
    for name in ("bsi-enrolment", "mosip-registration", "ektp", "elderly"):
        yield name, load_profile(name)
    ektp, elderly = load_profile("ektp"), load_profile("elderly")
    yield "ektp, no proof", without(ektp, Stage.FUSE)
    yield "ektp, no lowering", without(ektp, Stage.LOWER)
    yield "elderly, no proof", without(elderly, Stage.FUSE)
    for least in (20, 10, 0):
        yield f"elderly at {least}, no proof", asking(without(elderly, Stage.FUSE), least)
    yield "elderly at 20", asking(elderly, 20)
    for match in (30.0, 50.0, 60.0):
        yield f"elderly, proof at {match:.0f}", proving(elderly, match)


def row(name: str, found: list[End]) -> str:
    def share(rung: str) -> str:
        return f"{100 * np.mean([end.rung == rung for end in found]):.1f}"

    accepted = [end.score for end in found if end.score is not None]
    missed = np.mean([score < MATCHED for score in accepted]) if accepted else 0.0
    fte = np.mean([end.score is None for end in found])
    rates = f"{100 * fte:.1f} | {100 * missed:.1f} | {100 * (fte + (1 - fte) * missed):.1f}"
    captures = np.mean([end.captures for end in found])
    return f"| {name} | {' | '.join(share(rung) for rung in ORDER[:-1])} | {rates} | {captures:.2f} |"


def by_rung(found: list[End]) -> str:
    cells = []
    for rung in ORDER[:-1]:
        scores = [end.score for end in found if end.rung == rung and end.score is not None]
        cells.append(f"{100 * np.mean([s < MATCHED for s in scores]):.1f} ({len(scores)})" if scores else "-")
    return " | ".join(cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path)
    fingers = Fingers(parser.parse_args().cache)
    head = (
        "| profile | first look, % | advice | proof | lower | FTE | FNMR | lost | captures |\n|---" + "|---" * 8 + "|"
    )
    for title, severity, helps in (
        ("clean", 0.0, False),
        ("painted, advice in vain", 1.0, False),
        ("painted, advice helps", 1.0, True),
        ("painted twice, advice in vain", 2.0, False),
        ("painted twice, advice helps", 2.0, True),
    ):
        print(f"\n{title} ({len(fingers.series(severity)) * ATTEMPTS} recordings)\n{head}")
        for name, profile in contenders():
            print(row(name, ends(fingers, profile, severity, helps)), flush=True)
    print(
        "\nWhole residents: ten fingers of one set, by slaps, and two good eyes; minutes at half the timeout a capture"
    )
    print("| | captures | most | minutes | fingers accepted | FNMR of those | after SINGLE |\n" + "|---" * 7 + "|")
    for title, severity, helps in (("clean", 0.0, False), ("in vain", 1.0, False), ("helps", 1.0, True)):
        for name in ("bsi-enrolment", "mosip-registration", "ektp", "elderly"):
            print(whole_row(f"{title}, {name}", fingers, load_profile(name), severity, helps), flush=True)
    for name in ("ektp", "elderly"):
        print(f"\n{name}, painted, advice in vain: FNMR % by rung (recordings), by set and defect")
        print("| | first look | advice | proof | lower |\n|---|---|---|---|---|")
        found = ends(fingers, load_profile(name), 1.0, False)
        print(f"| all | {by_rung(found)} |")
        for group in sorted({end.series[0] for end in found}):
            print(f"| {group} | {by_rung([end for end in found if end.series[0] == group])} |")
        for kind in DEFECTS:
            some = [end for end in found if end.series[2] == kind]
            print(f"| {kind} | {by_rung(some)} | FTE {100 * np.mean([end.score is None for end in some]):.1f}")


if __name__ == "__main__":
    main()
