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
from biocore.station.looks import Look, PlacementMode, Situation
from biocore.station.policy import decide
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
