"""A life of a station: a forked process that is killed, what it said, and what every journal must be after it."""

from __future__ import annotations

import json
import logging
import os
import random
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from biocore.station import Journal, Opened, read_record
from biocore.station.disk import Disk
from biocore.station.journal import INDEX
from crash.tearing import HARMED, Committed, committed, harm, tear_log
from journal_support import Centre, FaultyDisk

logging.getLogger("biocore").addHandler(logging.NullHandler())  # of indexes that were made anew; they are counted

LIVES_A_JOURNAL = 15  # lives before the next journal begins, so that recovery upon recovery is tried as well
HUNG_S = 60  # s; no life takes two
AIMED_AT = 20  # write points of each kind that are aimed at in one life
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
    lasting: bool = False  # a fault that does not go away

    def disk(self, rng: random.Random) -> Disk:
        return FaultyDisk(self.point, self.at, self.kind, rng, lasting=self.lasting) if self.point else Disk()

    def set_limit(self) -> None:
        """Have the kernel cut writes beyond a size short, then fail them: torn writes inside SQLite too."""
        if self.limit:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.limit, resource.RLIM_INFINITY))

    def __str__(self) -> str:
        return f"{self.point or self.kind} {self.kind if self.point else ''}{' for good' * self.lasting}".strip()


@dataclass
class Known:
    """What the parent was told: all entries that were acknowledged, and who is finished."""

    acknowledged: dict[int, tuple[str, str]] = field(default_factory=dict)  # sequence -> resident, link
    closed: set[str] = field(default_factory=set)

    @property
    def last(self) -> int:
        return max(self.acknowledged, default=0)


@dataclass
class Tally:
    """What happened in all lives."""

    lives: int = 0
    kills: int = 0
    acknowledged: int = 0
    resumed: int = 0
    added: int = 0
    cut: int = 0
    anew: int = 0
    deaths: Counter[str] = field(default_factory=Counter)
    harms: Counter[str] = field(default_factory=Counter)

    def summary(self) -> str:
        return (
            f"{self.lives} lives, {self.kills} of them killed: {self.acknowledged} acknowledgements, all there; "
            f"{self.resumed} residents went on at the right finger; {self.added} entries were on disk and not yet in "
            f"the index; {self.cut} torn bytes were cut; {self.harms.total()} indexes were damaged on purpose, and "
            f"{self.anew} made anew by the station"
        )


def choose(rng: random.Random, *, within_s: float = 0.12, aimed_at: int = AIMED_AT, lasting: float = 0.0) -> Death:
    """Choose how a life ends: a quarter from outside, an eighth inside SQLite's own writes, the rest at our points.

    Parameters
    ----------
    rng : random.Random
    within_s : float
        How long a life is at most that is killed from outside, s.
    aimed_at : int
        Write points of each kind that are aimed at.
    lasting : float
        Share of faults that do not go away.
    """
    lot = rng.random()
    if lot < 0.25:
        return Death("outside", after_s=rng.random() * within_s)
    if lot < 0.375:
        return Death("limit", limit=rng.randrange(1, 400_000))
    point = rng.choice(POINTS)
    at = rng.randrange(3 if point == "sync_folder" else aimed_at)
    kind = rng.choice(FAULTS[point])
    goes_on = kind == "torn" or kind.isupper()
    return Death(kind, point, at, lasting=goes_on and rng.random() < lasting)


def acknowledge(pipe: int, journal: Journal, resident: str, **more: object) -> None:
    """Say that everything up to the journal's head was acknowledged."""
    sequence, link = journal.head
    log = committed(journal.folder / f"{INDEX}-wal")
    tell(pipe, {"log": [log.salts, log.last], "sequence": sequence, "link": link, "resident": resident, **more})


def tell(pipe: int, message: dict[str, Any]) -> None:
    os.write(pipe, json.dumps(message).encode() + b"\n")  # below PIPE_BUF: whole or not at all


def live_and_die(
    live: Callable[[int], None], place: Path, death: Death, seed: int, known: Known, tally: Tally
) -> list[dict[str, Any]]:
    """Fork a station, end it, take down what it said, and return that.

    Parameters
    ----------
    live : callable (int)
        The station; it is given the pipe to tell through, and never returns.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            signal.alarm(HUNG_S)
            live(writing)
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(70)  # only a mistake of the test, or of the station, comes here
    os.close(writing)
    if death.after_s:
        time.sleep(death.after_s)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    with os.fdopen(reading, "rb") as pipe:
        said = [json.loads(line) for line in pipe.read().splitlines()]
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"the station ended by itself with {os.waitstatus_to_exitcode(status)}"
    assert os.WTERMSIG(status) == signal.SIGKILL, f"the station hung, or ended by signal {os.WTERMSIG(status)}"
    tally.lives += 1
    tally.deaths[str(death)] += 1
    tally.kills += not any("error" in message for message in said)
    log = Committed()
    for message in said:
        if "sequence" in message:
            known.acknowledged[message["sequence"]] = message["resident"], message["link"]
            tally.acknowledged += 1
            log = Committed(*message["log"])
            if message.get("closed"):
                known.closed.add(message["resident"])
    rng = random.Random(seed)
    if seed % 2:
        tear_log(place / INDEX, log, rng)
    if rng.random() < HARMED and (harmed := harm(place / INDEX, rng)):
        tally.harms[harmed] += 1
    return said


def check_journal(journal: Journal, centre: Centre, known: Known, tally: Tally) -> dict[str, list[Opened]]:
    """Check what every journal must be after a kill; return each resident's entries, opened by the centre."""
    tally.added += 0 if journal.recovery.anew else journal.recovery.added
    tally.cut += journal.recovery.cut
    tally.anew += journal.recovery.anew is not None
    assert journal.recovery.flaws == ()
    assert journal.verify() == []
    assert journal.head[0] >= known.last, "acknowledged entries are missing at the end"
    found: dict[int, tuple[str, str]] = {}
    records: dict[str, list[Opened]] = {}
    for path in journal.records.iterdir():
        entries = read_record(path, centre.opener, unfinished=True)
        found |= {entry.head.sequence: (entry.head.resident, entry.link) for entry in entries}
        assert entries[-1].head.batch[0] == entries[-1].head.batch[1] - 1, "a batch is there in part"
        records[entries[0].head.resident] = entries
    for sequence, told in known.acknowledged.items():
        assert found.get(sequence) == told, f"acknowledged entry {sequence} is {found.get(sequence)}, not {told}"
    assert sorted(found) == list(range(1, len(found) + 1)), "the numbers have gaps"
    unfinished = journal.unfinished()
    assert not {progress.resident for progress in unfinished} & known.closed
    assert len(unfinished) <= 1, "the station began another resident instead of going on"
    return records


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
