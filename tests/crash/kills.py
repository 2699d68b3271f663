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
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from biocore.errors import JournalError
from biocore.station import EntryKind, Journal, read_record
from biocore.station.disk import Disk
from biocore.station.entry import position_of
from biocore.station.journal import INDEX
from journal_support import PLAN, SMALL_RESERVE, Centre, FakeClock, FaultyDisk, finger_items

LIVES_A_JOURNAL = 15  # lives before the next journal begins, so that recovery upon recovery is tried as well
AIMED_AT = 20  # write points of each kind that are aimed at in one life
RESIDENTS = 2  # of one life, at most: 13 acknowledgements each
FRAME = 20_000  # bytes, at most; enough for several pages and cheap enough for 1,000 lives
POINTS = ("write", "sync", "sync_folder", "before_commit", "after_commit")
FAULTS = {
    "write": ("kill", "torn kill", "power", "torn", "ENOSPC", "EIO", "EROFS"),
    "sync": ("kill", "power", "EIO", "ENOSPC"),
    "sync_folder": ("kill", "power", "EIO"),
    "before_commit": ("kill", "ENOSPC", "EIO"),
    "after_commit": ("kill",),
}


@dataclass(frozen=True)
class Death:
    """How a life ends: by a fault at a write point, by a limit on file sizes, or from outside after some time."""

    kind: str
    point: str = ""
    at: int = 0
    after_s: float = 0.0
    limit: int = 0

    def disk(self, rng: random.Random) -> Disk:
        return FaultyDisk(self.point, self.at, self.kind, rng) if self.point else Disk()


@dataclass
class Known:
    """What the parent was told: all entries that were acknowledged, and how far each resident was."""

    acknowledged: dict[int, tuple[str, str]] = field(default_factory=dict)  # sequence -> resident, link
    closed: set[str] = field(default_factory=set)


@dataclass
class Tally:
    """What happened in all lives."""

    lives: int = 0
    kills: int = 0
    acknowledged: int = 0
    resumed: int = 0
    added: int = 0
    cut: int = 0
    deaths: Counter[str] = field(default_factory=Counter)

    def summary(self) -> str:
        return (
            f"{self.lives} lives, {self.kills} of them killed: {self.acknowledged} acknowledgements, all there; "
            f"{self.resumed} residents went on at the right finger; {self.added} entries were on disk and not yet in "
            f"the index; {self.cut} torn bytes were cut"
        )


def choose(rng: random.Random) -> Death:
    """Choose how a life ends: a quarter from outside, an eighth inside SQLite's own writes, the rest at our points."""
    lot = rng.random()
    if lot < 0.25:
        return Death("outside", after_s=rng.random() * 0.12)
    if lot < 0.375:
        return Death("limit", limit=rng.randrange(1, 400_000))
    point = rng.choice(POINTS)
    at = rng.randrange(3 if point == "sync_folder" else AIMED_AT)
    return Death(rng.choice(FAULTS[point]), point, at)


def live(folder: Path, centre: Centre, seed: int, death: Death, pipe: int) -> None:
    """Be a station until the end: resume, enrol, tell what was acknowledged, and never return normally."""
    rng = random.Random(seed)
    if death.limit:  # a write beyond it is cut short by the kernel, then fails: torn writes inside SQLite too
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (death.limit, resource.RLIM_INFINITY))
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


def acknowledge(pipe: int, journal: Journal, resident: str, **more: bool) -> None:
    sequence, link = journal.head
    wal = journal.folder / f"{INDEX}-wal"
    tell(pipe, {"wal": wal.stat().st_size, "sequence": sequence, "link": link, "resident": resident, **more})


def tell(pipe: int, message: dict[str, Any]) -> None:
    os.write(pipe, json.dumps(message).encode() + b"\n")  # below PIPE_BUF: whole or not at all


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
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            live(place, centre, seed, death, writing)
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(70)  # only a mistake of the test, or of the journal, comes here
    os.close(writing)
    if death.after_s:
        time.sleep(death.after_s)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"the station ended by itself with {os.waitstatus_to_exitcode(status)}"
    assert os.WTERMSIG(status) == signal.SIGKILL
    tally.lives += 1
    tally.deaths[f"{death.point or death.kind} {death.kind if death.point else ''}".strip()] += 1
    errors = log = 0
    for line in said.splitlines():
        message = json.loads(line)
        errors += "error" in message
        if "sequence" in message:
            known.acknowledged[message["sequence"]] = message["resident"], message["link"]
            tally.acknowledged += 1
            log = message["wal"]
            if message.get("closed"):
                known.closed.add(message["resident"])
    tally.kills += not errors
    if seed % 2:
        tear_log(place / f"{INDEX}-wal", log, random.Random(seed))


def tear_log(wal: Path, kept: int, rng: random.Random) -> None:
    """Take from SQLite's log what a power cut could take: anything written since the last acknowledgement."""
    size = wal.stat().st_size if wal.exists() else 0
    if size > kept:
        at = rng.randrange(kept, size)
        os.truncate(wal, at)
        if rng.random() < 0.5:  # the length had reached the disk, the bytes had not
            os.truncate(wal, size)


def check(place: Path, centre: Centre, known: Known, tally: Tally) -> None:
    """Open the journal as the station would, and check all that is promised."""
    with Journal(place, centre.key(), clock=FakeClock(), reserve=SMALL_RESERVE) as journal:
        tally.added += journal.recovery.added
        tally.cut += journal.recovery.cut
        assert journal.recovery.flaws == ()
        assert journal.verify() == []
        assert journal.head[0] >= max(known.acknowledged, default=0), "acknowledged entries are missing at the end"
        found: dict[int, tuple[str, str]] = {}
        for path in journal.records.iterdir():
            entries = read_record(path, centre.opener, unfinished=True)
            found |= {entry.head.sequence: (entry.head.resident, entry.link) for entry in entries}
            assert entries[-1].head.batch[0] == entries[-1].head.batch[1] - 1, "a batch is there in part"
            for entry in entries:
                if entry.head.kind is EntryKind.FRAME:
                    assert 0 < len(entry.payload) < FRAME
            check_payloads(path, centre)
        for sequence, told in known.acknowledged.items():
            assert found.get(sequence) == told, f"acknowledged entry {sequence} is {found.get(sequence)}, not {told}"
        assert sorted(found) == list(range(1, len(found) + 1)), "the numbers have gaps"
        unfinished = journal.unfinished()
        assert not {progress.resident for progress in unfinished} & known.closed
        assert len(unfinished) <= 1, "the station began another resident instead of going on"
        for progress in unfinished:
            check_resume(journal, progress.resident, known)
            tally.resumed += 1
    with Journal(place, centre.key(), clock=FakeClock(), reserve=SMALL_RESERVE) as journal:
        assert (journal.recovery.added, journal.recovery.cut) == (0, 0), "recovery was not finished by one opening"


def check_payloads(path: Path, centre: Centre) -> None:
    """Compare every frame and template with what the station made of its seed."""
    entries = read_record(path, centre.opener, unfinished=True)
    for number, entry in enumerate(entries):
        if entry.head.kind is EntryKind.FRAME:
            position = position_of(entry.head.position)
            assert position is not None
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
    say(f"{arguments.count} lives, seed {arguments.seed}")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        tally = run(arguments.count, arguments.seed, Path(folder))
    say(f"{tally.summary()}; {time.monotonic() - begun:.0f} s")
    for death, number in sorted(tally.deaths.items()):
        say(f"{number:6d}  {death}")
    return 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
