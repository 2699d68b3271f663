"""Kill a process that records residents through a session, restart it, and look whether it goes on at the right finger.

Run by `kills.py`. Each life is a whole desk (`session_station.py`). After each death the parent knows only what it was
told, opens the record with the centre's key, and checks beside what holds for every journal:

- every look and outcome that was told is there, with the score that was told, and the picture that was shown;
- at most one capture more than was told is there, whole;
- the session goes on at the first finger of the plan that is not accepted and no exception, with the next attempt's
  number, and at the one that the dead session had said is next. When the plan is done, fingers that stand in for
  exceptions may follow. This is asked of a copy of the journal: the next life resumes the very state the kill left;
- whoever was finished is closed with a summary in which everything has the outcome that was told.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from biocore.report import Outcome
from biocore.station import EntryKind, Journal, Opened
from biocore.station.entry import position_name, position_of
from biocore.station.looks import FULL_PLAN
from biocore.station.profile_file import load_profile
from biocore.station.session import Session
from biocore.station.session_heads import LOOK_CODES, PLANNED
from biocore.types import EyePosition
from crash import lives
from crash.lives import LIVES_A_JOURNAL, Death, check_journal, live_and_die
from crash.session_station import IDENTITY, live, prepare, shown, what_next
from journal_support import SMALL_RESERVE, Centre, FakeClock
from session_support import Office

AIMED_AT = 14  # write points of each kind; a resident of four fingers has ten
WITHIN_S = 0.35  # s; a life of two residents takes about that
LASTING = 0.4  # share of faults that do not go away
DONE = ("accept", "exception")
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # where nothing waits for a disk


@dataclass
class Told:
    """What the parent was told of one resident."""

    plan: list[str] | None = None
    outcomes: dict[str, str] = field(default_factory=dict)
    looks: dict[tuple[str, int], int | None] = field(default_factory=dict)  # position, attempt -> score
    acknowledged: int = 0
    resumed: int = 0
    next: tuple[str, int] | None = None  # position and attempt, as the session said at its last acknowledgement

    def hear(self, message: dict[str, Any]) -> None:
        if "look" in message:
            name, attempt, score = message["look"]
            assert (name, attempt) not in self.looks, f"attempt {attempt} at {name} was told twice"
            self.looks[name, attempt] = score
        elif "outcome" in message:
            name, outcome = message["outcome"]
            self.outcomes[name] = outcome


@dataclass
class Known(lives.Known):
    """What the parent was told, and what it has looked at."""

    told: dict[str, Told] = field(default_factory=dict)
    unassigned: list[dict[str, Any]] = field(default_factory=list)  # told, and killed before it was said of whom
    seen: set[int] = field(default_factory=set)  # sequences whose pictures were compared
    summed: set[str] = field(default_factory=set)  # residents whose summary was read

    def of(self, resident: str) -> Told:
        return self.told.setdefault(resident, Told())


@dataclass
class Tally(lives.Tally):
    """What happened in all lives."""

    looks: int = 0
    finished: int = 0
    mended: int = 0
    blocked: int = 0
    untold: int = 0

    def summary(self) -> str:
        return (
            f"{super().summary()}; {self.looks} looks told, all there; {self.untold} captures were there and not told; "
            f"{self.finished} residents finished, each with its summary; faults of the disk mended by the session "
            f"{self.mended}, waited for {self.blocked}"
        )


def run(count: int, seed: int, folder: Path) -> Tally:
    """Run so many lives and check after each; an AssertionError says which one and what."""
    prepare()
    tally, centre = Tally(), Centre()
    known, place = Known(), folder / "0"
    for number in range(count):
        if number % LIVES_A_JOURNAL == 0:
            shutil.rmtree(place, ignore_errors=True)
            known, place = Known(), folder / str(number)
        rng = random.Random(f"{seed} session {number}")
        death = lives.choose(rng, within_s=WITHIN_S, aimed_at=AIMED_AT, lasting=LASTING)
        try:
            one_life(place, centre, rng.randrange(1 << 30), death, known, tally)
            check(place, centre, known, tally)
        except Exception as error:
            error.add_note(f"session life {number} of seed {seed}: {death}; the journal is in {place}")
            raise
    return tally


def one_life(place: Path, centre: Centre, seed: int, death: Death, known: Known, tally: Tally) -> None:
    """Fork a desk, kill it, and take down what it said."""
    assert threading.active_count() == 1, "a thread would be lost in the fork"
    said = live_and_die(lambda pipe: live(place, centre, seed, death, pipe), place, death, seed, known, tally)
    assert not known.unassigned
    for message in said:
        if "sequence" in message:
            take_down(known, message)
        elif "trouble" in message:
            tally.mended += message["trouble"] == "mended"
            tally.blocked += message["trouble"] == "blocked"
        elif "error" not in message:
            tally.looks += "look" in message
            known.unassigned.append(message)


def take_down(known: Known, message: dict[str, Any]) -> None:
    """Hold what was told since the last acknowledgement to be of this resident, and check where it went on."""
    told = known.of(message["resident"])
    if "plan" in message:
        told.plan = message["plan"]
    for each in known.unassigned:
        told.hear(each)
    known.unassigned = []
    told.acknowledged += 1
    told.resumed += "resumed" in message
    told.next = (message["next"][0], message["next"][1]) if message["next"] else None


def check(place: Path, centre: Centre, known: Known, tally: Tally) -> None:
    """Open the journal as the station would, and check all that is promised."""
    with Journal(place, centre.key(), clock=FakeClock(), reserve=SMALL_RESERVE) as journal:
        records = check_journal(journal, centre, known, tally)
        unfinished = [progress.resident for progress in journal.unfinished()]
    assert unfinished or not known.unassigned, "something was told of a resident who is not there"
    for message in known.unassigned:
        known.of(unfinished[0]).hear(message)
    known.unassigned = []
    for resident, entries in records.items():
        check_pictures(entries, known.seen)
        told, then = known.of(resident), Found(entries)
        untold = then.check(told, known.last)
        tally.untold += untold
        if resident not in unfinished and resident not in known.summed:
            check_summary(entries, told, then)
            known.summed.add(resident)
            tally.finished += 1
    for resident in unfinished:
        check_resume(place, centre, resident, known.of(resident), Found(records[resident]), known.last)
        tally.resumed += 1


@dataclass
class Found:
    """What the centre reads of a resident, read without the code that the station resumes with."""

    entries: Sequence[Opened]
    plan: list[str] = field(default_factory=list)
    outcomes: dict[str, str] = field(default_factory=dict)
    looks: dict[tuple[str, int], int | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for entry in self.entries:
            head = entry.head
            if head.code == PLANNED:
                self.plan.append(head.position)
            elif head.code in LOOK_CODES:
                assert head.attempt is not None
                score = json.loads(entry.payload)["look"]["score"]
                self.looks[head.position, head.attempt] = score
            elif head.kind is EntryKind.DECISION:
                decided = json.loads(entry.payload)["decision"]["outcome"]
                assert decided == head.outcome, "head and body of a decision differ"
                self.outcomes[head.position] = str(decided)

    def changed_after(self, last: int) -> bool:
        """Say whether there is a plan, a look or a decision that was not acknowledged."""
        return any(
            entry.head.kind is EntryKind.DECISION or entry.head.code in (*LOOK_CODES, PLANNED, "missing")
            for entry in self.entries
            if entry.head.sequence > last
        )

    def check(self, told: Told, last: int) -> int:
        """Check that what was told is here, and at most one capture more; return how many more."""
        for key, score in told.looks.items():
            assert key in self.looks, f"the look {key} was told and is not there"
            assert self.looks[key] == score
        later = {entry.head.position for entry in self.entries if entry.head.sequence > last}
        for name, outcome in told.outcomes.items():
            if name not in later:
                found = self.outcomes.get(name)
                assert ended(found) == ended(outcome), f"{name} is {found}, and was told {outcome}"
        if told.plan is not None:
            assert self.plan == told.plan
        untold = [key for key in self.looks if key not in told.looks]
        assert len(untold) <= 1, f"{untold} were recorded and not told"
        told.looks |= {key: self.looks[key] for key in untold}  # from now on the station may tell what follows them
        told.outcomes |= {name: outcome for name, outcome in self.outcomes.items() if name in later}
        attempts: dict[str, list[int]] = {}
        for name, attempt in self.looks:
            attempts.setdefault(name, []).append(attempt)
        for name, numbers in attempts.items():
            assert numbers == list(range(1, len(numbers) + 1)), f"the attempts at {name} are {numbers}"
        return len(untold)


def ended(outcome: str | None) -> str | None:
    return outcome if outcome in DONE else None


def expected_next(told: Told, then: Found) -> tuple[str, int] | None:
    """Return the first of the plan that has not ended, and its next attempt; by what was told, and nothing else."""
    plan = told.plan or then.plan or [position_name(position) for position in FULL_PLAN]
    order = [position_name(position) for group in load_profile("ektp").sequence for position in group]
    for name in order:
        if name in plan and told.outcomes.get(name) not in DONE:
            return name, 1 + max((attempt for which, attempt in told.looks if which == name), default=0)
    return None


def check_resume(place: Path, centre: Centre, resident: str, told: Told, then: Found, last: int) -> None:
    """Resume on a copy, and see whom it would ask for."""
    copy = Path(tempfile.mkdtemp(prefix="kills-copy-", dir=MEMORY))
    shutil.copytree(place, copy, dirs_exist_ok=True)
    office = Office(copy, centre=centre)
    desk = office.desk()
    try:
        session = Session.resume(desk, resident)
        found, expected = what_next(session), expected_next(told, then)
        if expected is not None:
            assert found == expected, f"goes on at {found}, not at {expected}"
        elif found is not None:
            assert told.outcomes.get(found[0]) not in DONE, f"goes on at {found}, which is done"
        if told.acknowledged and not then.changed_after(last):
            assert found == told.next, f"goes on at {found}; before the kill, {told.next} was next"
        for name, outcome in told.outcomes.items():
            position = position_of(name)
            assert position is not None
            assert session.outcome(position) == ended(outcome), name
    finally:
        office.close(desk)
        wait_for_threads()
        shutil.rmtree(copy)


def wait_for_threads() -> None:
    """Let tellers end before the next fork."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(10)


def check_pictures(entries: Sequence[Opened], seen: set[int]) -> None:
    """Compare every picture with what was shown, and every report's score with its head."""
    for entry in entries:
        head = entry.head
        if head.sequence in seen:
            continue
        seen.add(head.sequence)
        if head.kind is EntryKind.OPEN:
            assert entry.payload == IDENTITY
        elif head.kind is EntryKind.FRAME:
            position = position_of(head.position)
            assert position is not None
            pixels = cv2.imdecode(np.frombuffer(entry.payload, np.uint8), cv2.IMREAD_GRAYSCALE)
            assert pixels is not None
            options = (
                [shown(position)] if isinstance(position, EyePosition) else [shown(position, poor=p) for p in (0, 1)]
            )
            assert any(np.array_equal(pixels, option.pixels) for option in options), f"not the picture of {position!r}"
        elif head.kind is EntryKind.REPORT:
            assert json.loads(entry.payload)["score"] == head.score
        elif head.kind is EntryKind.TEMPLATE:
            assert len(entry.payload) > 100


def check_summary(entries: Sequence[Opened], told: Told, then: Found) -> None:
    """Check the closing words of a resident against what was told and what is there."""
    last = entries[-1]
    assert last.head.kind is EntryKind.CLOSE
    summary = json.load(io.BytesIO(last.payload))
    plan = told.plan or then.plan or [position_name(position) for position in FULL_PLAN]
    assert set(plan) <= set(summary["positions"])
    for name, said in summary["positions"].items():
        assert said["outcome"] in DONE
        assert said["outcome"] == then.outcomes[name] == told.outcomes[name]
        numbers = [attempt for which, attempt in then.looks if which == name]
        assert [each["attempt"] for each in said["attempts"]] == numbers
        if said["outcome"] == Outcome.ACCEPT:
            assert then.looks[name, said["attempt"]] == said["score"]
    assert summary["resumptions"] >= told.resumed
