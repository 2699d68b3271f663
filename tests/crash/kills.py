"""Kill a process that enrols, at any instant and inside every write point, and look at what is left.

`python tests/crash/kills.py --count 1000 --seed 1` runs by itself. Each life of the station is a forked process
that opens the journal, goes on with whoever is unfinished, and tells each acknowledged entry through a pipe. It
ends by SIGKILL, from outside at a random instant or from inside at a chosen write point, or goes on after an
injected fault of the disk. Then the parent opens the journal, as the station would, and checks:

- every acknowledged entry is there, under its number and link, and opens with the centre's private key to the
  payload that was given;
- no entry is half there: each record is whole from beginning to end, and no batch is there in part;
- the unfinished resident goes on at the finger after the last acknowledged one, or after the one that had
  reached the disk and not the pipe;
- the whole journal verifies.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from biocore.errors import JournalError
from biocore.station import EntryKind, Journal, Opened
from biocore.station.entry import position_of
from crash import session_kills
from crash.lives import (
    LIVES_A_JOURNAL,
    Death,
    Known,
    Tally,
    acknowledge,
    check_journal,
    choose,
    live_and_die,
    say,
    tell,
)
from journal_support import PLAN, SMALL_RESERVE, Centre, FakeClock, finger_items

RESIDENTS = 2  # of one life, at most: 13 acknowledgements each
FRAME = 20_000  # bytes, at most; enough for several pages and cheap enough for 1,000 lives
SESSIONS = 0.3  # of all lives record through a session: docs/session.md


def live(folder: Path, centre: Centre, seed: int, death: Death, pipe: int) -> None:
    """Be a station until the end: resume, enrol, tell what was acknowledged, and never return normally."""
    rng = random.Random(seed)
    death.set_limit()
    try:
        with Journal(folder, centre.key(), clock=FakeClock(), disk=death.disk(rng), reserve=SMALL_RESERVE) as journal:
            for _ in range(RESIDENTS):
                enrol(journal, rng, pipe)
            os.kill(os.getpid(), signal.SIGKILL)  # the chosen point did not come: a kill between two residents
    except JournalError as error:
        tell(pipe, {"error": type(error).__name__})
    os.kill(os.getpid(), signal.SIGKILL)


def enrol(journal: Journal, rng: random.Random, pipe: int) -> None:
    """Enrol one resident, or the rest of one."""
    unfinished = journal.unfinished()
    if unfinished:
        recording = journal.resume(unfinished[0].resident)
    else:
        recording = journal.begin(b"a resident", ticket=rng.randrange(100))
    acknowledge(pipe, journal, recording.resident, begun=True)
    while (position := recording.progress.next_of(PLAN)) is not None:
        recording.record(*finger_items(position, 1, rng.randrange(1, FRAME), seed=journal.head[0]))
        acknowledge(pipe, journal, recording.resident)
    recording.close(b"{}")
    acknowledge(pipe, journal, recording.resident, closed=True)


def run(count: int, seed: int, folder: Path) -> Tally:
    """Run so many lives and check after each; an AssertionError says which one and what."""
    tally, centre = Tally(), Centre()
    known, place = Known(), folder / "0"
    for number in range(count):
        if number % LIVES_A_JOURNAL == 0:
            shutil.rmtree(place, ignore_errors=True)
            known, place = Known(), folder / str(number)
        rng = random.Random(f"{seed} {number}")
        death = choose(rng)
        try:
            one_life(place, centre, rng.randrange(1 << 30), death, known, tally)
            check(place, centre, known, tally)
        except Exception as error:
            error.add_note(f"life {number} of seed {seed}: {death}; the journal is in {place}")
            raise
    return tally


def one_life(place: Path, centre: Centre, seed: int, death: Death, known: Known, tally: Tally) -> None:
    """Fork a station, kill it, and take down what it said."""
    live_and_die(lambda pipe: live(place, centre, seed, death, pipe), place, death, seed, known, tally)


def check(place: Path, centre: Centre, known: Known, tally: Tally) -> None:
    """Open the journal as the station would, and check all that is promised."""
    with Journal(place, centre.key(), clock=FakeClock(), reserve=SMALL_RESERVE) as journal:
        for entries in check_journal(journal, centre, known, tally).values():
            check_payloads(entries)
        for progress in journal.unfinished():
            check_resume(journal, progress.resident, known)
            tally.resumed += 1
    with Journal(place, centre.key(), clock=FakeClock(), reserve=SMALL_RESERVE) as journal:
        assert (journal.recovery.added, journal.recovery.cut) == (0, 0), "recovery was not finished by one opening"


def check_payloads(entries: Sequence[Opened]) -> None:
    """Compare every frame and template with what the station made of its seed."""
    for number, entry in enumerate(entries):
        if entry.head.kind is EntryKind.FRAME:
            position = position_of(entry.head.position)
            assert position is not None
            assert 0 < len(entry.payload) < FRAME
            expected = finger_items(position, 1, len(entry.payload), seed=entry.head.sequence - 1)
            assert [item.payload for item in expected] == [e.payload for e in entries[number : number + 4]]


def check_resume(journal: Journal, resident: str, known: Known) -> None:
    """Check that the next finger is the one after the last on disk, and that this is the last told, or one more."""
    progress = journal.progress(resident)
    told = [sequence for sequence, (whose, _) in known.acknowledged.items() if whose == resident]
    heads = journal._index.heads(resident)
    accepted = [head for head in heads if head.kind is EntryKind.DECISION]
    accepted_and_told = [head for head in accepted if head.sequence <= max(told, default=0)]
    assert len(accepted) - len(accepted_and_told) in (0, 1)
    expected = PLAN[len(accepted)] if len(accepted) < len(PLAN) else None
    assert progress.next_of(PLAN) is expected


def main() -> int:
    parser = argparse.ArgumentParser(description="kill a station, again and again")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments = parser.parse_args()
    sessions = round(arguments.count * SESSIONS)
    journals = arguments.count - sessions
    say(f"{arguments.count} lives, seed {arguments.seed}: {journals} at the journal, {sessions} in a session")
    begun = time.monotonic()
    children: list[int] = []
    for lives, count in ((run, journals), (session_kills.run, sessions)):  # each waits for the disk most of the time
        child = os.fork()
        if child == 0:
            os._exit(part(lives, count, arguments.seed))
        children.append(child)
    failed = sum(os.waitpid(child, 0)[1] != 0 for child in children)
    say(f"{arguments.count} lives, seed {arguments.seed}: {failed or 'no'} failures; {time.monotonic() - begun:.0f} s")
    return int(failed > 0)


def part(lives: Callable[[int, int, Path], Tally], count: int, seed: int) -> int:
    """Live so many lives of one kind, and say what happened; return the exit code."""
    try:
        with tempfile.TemporaryDirectory(prefix="kills-") as folder:
            tally = lives(count, seed, Path(folder))
    except Exception:
        traceback.print_exc()
        return 1
    deaths = "\n".join(f"{number:6d}  {death}" for death, number in sorted(tally.deaths.items()))
    say(f"{'journal' if lives is run else 'session'}: {tally.summary()}\n{deaths}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
