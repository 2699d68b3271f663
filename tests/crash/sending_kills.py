"""Kill a station that sends, or the centre that receives, at any instant and inside every write point.

`python tests/crash/sending_kills.py --count 300 --seed 1` runs by itself. In each life a few residents are recorded;
then a centre and a sender, a process each, do their work over HTTP until one of them is killed, or everything has
arrived. The other one is ended with it, and both are started again on what is left. After each life it is checked:

- what the station removed is at the centre, whole, under the hash that the station had;
- what is not at the centre is still at the station, whole;
- nobody is at the centre twice, and nobody half;
- the journal verifies, with the receipts in place of the records that are gone.

At the end, a last life without a fault brings everything that is left.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import select
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from biocore.station import CentreLink, Journal, Outbox, read_record
from biocore.station.disk import Disk
from biocore.station.journal import INDEX
from biocore.station.record_file import record_path
from biocore_bindings.centre_server import CentreServer
from biocore_bindings.centre_store import CentreStore
from crash.tearing import HARMED, harm
from journal_support import NOON, SMALL_RESERVE, Centre, FaultyDisk
from outbox_support import enrol, record_bytes

LIVES_A_WORLD = 12  # before the next journal begins
RESIDENTS = 3  # new ones in a life
CHUNK = 2000  # bytes; a record is about 6,000
POINTS = {"write": 3, "sync": 3, "sync_folder": 6, "before_commit": 2, "after_commit": 2}  # and how many are aimed at
FAULTS = {"write": ("kill", "torn kill", "power"), "sync": ("kill", "power")}
LIFE_S = 90.0  # a life that is longer hangs


@dataclass
class Place:
    """What is on the two disks, and what the parent knows."""

    folder: Path
    centre: Centre = field(default_factory=Centre)
    digests: dict[str, str] = field(default_factory=dict)  # of everybody who was finished
    token: str = ""

    def journal(self, disk: Disk | None = None) -> Journal:
        key = self.centre.key(expires=NOON + timedelta(days=36500))
        return Journal(self.folder / "station", key, disk=disk, reserve=SMALL_RESERVE)

    def store(self, disk: Disk | None = None) -> CentreStore:
        return CentreStore(self.folder / "centre", self.centre.signer, disk=disk)


@dataclass
class Tally:
    """What happened in all lives."""

    lives: int = 0
    arrived: int = 0
    finished_later: int = 0  # at the centre, and not yet known to the station, when somebody was killed
    harmed: int = 0
    anew: int = 0
    deaths: Counter[str] = field(default_factory=Counter)

    def summary(self) -> str:
        kills = sum(number for death, number in self.deaths.items() if death != "none")
        return (
            f"{self.lives} lives, {kills} kills ({self.deaths['none']} ended by themselves): {self.arrived} records, "
            f"all arrived once; {self.finished_later} were at the centre when the station did not know it yet; "
            f"{self.harmed} indexes of the station were damaged on purpose, and {self.anew} made anew by it"
        )


def run(count: int, seed: int, folder: Path) -> Tally:
    """Run so many lives and check after each; an AssertionError says which one and what."""
    tally, place = Tally(), Place(folder / "none")
    for number in range(count):
        rng = random.Random(f"{seed} {number}")
        if number % LIVES_A_WORLD == 0:
            if number:
                last_life(place, rng, tally)
            shutil.rmtree(place.folder, ignore_errors=True)
            place = begin(folder / str(number))
        death = choose(rng)
        try:
            record(place, rng)
            died = life(place, death, rng)
            tally.lives += 1
            tally.deaths[f"{death.victim} {death.point} {death.fault}" if died else "none"] += 1
            tally.harmed += rng.random() < HARMED and bool(harm(place.folder / "station" / INDEX, rng))
            check(place, tally)
        except BaseException as error:
            error.add_note(f"life {number} of seed {seed}: {death}; the disks are in {place.folder}")
            raise
    last_life(place, random.Random(seed), tally)
    return tally


def begin(folder: Path) -> Place:
    place = Place(folder)
    store = place.store()
    place.token = store.issue_token("station")
    store.close()
    return place


@dataclass(frozen=True)
class Death:
    """Who is killed, and where: at a write point, or from outside after some time."""

    victim: str  # sender, centre, nobody
    point: str = "outside"
    at: int = 0
    fault: str = "kill"
    after_s: float = 0.0

    def disk(self, who: str, rng: random.Random) -> Disk:
        aimed = who == self.victim and self.point != "outside"
        return FaultyDisk(self.point, self.at, self.fault, rng) if aimed else Disk()


def choose(rng: random.Random) -> Death:
    """Choose a death: a third from outside, the others at our write points."""
    victim = rng.choice(("sender", "centre"))
    if rng.random() < 0.3:
        return Death(victim, after_s=rng.random() * 0.4)
    point = rng.choice(list(POINTS))
    return Death(victim, point, rng.randrange(POINTS[point] * RESIDENTS), rng.choice(FAULTS.get(point, ("kill",))))


def record(place: Place, rng: random.Random) -> None:
    """Record some residents, as the station does while nobody sends."""
    with place.journal() as journal:
        for name in enrol(journal, RESIDENTS, size=rng.randrange(200, 3000), seed=rng.randrange(1 << 30)):
            place.digests[name] = hashlib.sha256(record_bytes(journal, name)).hexdigest()


def life(place: Place, death: Death, rng: random.Random) -> bool:
    """Let a centre and a sender work until one is killed or all is sent; say whether one was."""
    port_read, port_write = os.pipe()
    centre = fork(lambda: be_centre(place, death.disk("centre", rng), port_write))
    os.close(port_write)
    with os.fdopen(port_read, "rb") as pipe:
        port = pipe.readline().strip()
    if not port:  # killed while it started
        os.waitpid(centre, 0)
        return True
    sender = fork(lambda: be_sender(place, death.disk("sender", rng), int(port)))
    if death.point == "outside" and death.victim != "nobody":
        time.sleep(death.after_s)
        with suppress(ProcessLookupError):
            os.kill(sender if death.victim == "sender" else centre, signal.SIGKILL)
    status = wait(sender)
    sender_died = os.WIFSIGNALED(status)
    assert sender_died or os.WEXITSTATUS(status) == 0, "the sender ended with an error"
    gone, ended = os.waitpid(centre, os.WNOHANG)
    if not gone:
        os.kill(centre, signal.SIGKILL)
        os.waitpid(centre, 0)
    else:
        assert os.WIFSIGNALED(ended), "the centre ended with an error"
    return sender_died or bool(gone)


def fork(what: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        code = 70
        try:
            what()
            code = 0
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def wait(child: int) -> int:
    """Wait for a child, but not for ever: an outbox that hangs is what this is about."""
    end = time.monotonic() + LIFE_S
    while time.monotonic() < end:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status
        select.select([], [], [], 0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise AssertionError(f"the sender did not end within {LIFE_S} s")


def be_centre(place: Place, disk: Disk, pipe: int) -> None:
    server = CentreServer(place.store(disk))
    os.write(pipe, f"{server.port}\n".encode())
    os.close(pipe)
    server.serve()


def be_sender(place: Place, disk: Disk, port: int) -> None:
    """Send until nothing waits, or the line has failed a few times: then the centre is dead."""
    journal = place.journal(disk)
    link = CentreLink(f"http://127.0.0.1:{port}/", place.token, chunk=CHUNK, connect_s=10.0, silence_s=20.0)
    outbox = Outbox(journal, link)
    failures = 0
    while failures < 3 and journal.backlog()[0]:
        if outbox.step() > 0:
            failures += 1
            outbox.wake()
    link.close()
    journal.close()


def check(place: Place, tally: Tally) -> None:
    """Open both disks as their owners would, and check all that is promised."""
    store, journal = place.store(), place.journal()
    try:
        assert journal.recovery.flaws == ()
        assert journal.verify() == []
        tally.anew += journal.recovery.anew is not None
        arrived = store.records(journal.journal_id)
        names = [name for name, _ in arrived]
        assert len(set(names)) == len(names), "somebody is at the centre twice"
        for name, digest in arrived:
            assert place.digests[name] == digest
            assert hashlib.sha256(store.path(journal.journal_id, name).read_bytes()).hexdigest() == digest
        waiting = {row.resident for row in journal.waiting()}
        removed = set(place.digests) - waiting
        assert removed <= set(names), "the station removed what the centre has not"
        for name in waiting:
            assert hashlib.sha256(record_bytes(journal, name)).hexdigest() == place.digests[name]
        for name in removed:
            assert not record_path(journal.records, name).exists()
        assert not list(journal.receipts.glob("*.new"))
        tally.finished_later += len(waiting & set(names))
    finally:
        journal.close()
        store.close()


def last_life(place: Place, rng: random.Random, tally: Tally) -> None:
    """Let everything arrive that is left, and open it with the centre's key."""
    assert not life(place, Death("nobody"), rng)
    check(place, tally)
    store, journal = place.store(), place.journal()
    try:
        assert journal.backlog() == (0, 0)
        assert {name for name, _ in store.records(journal.journal_id)} == set(place.digests)
        for name in place.digests:
            assert read_record(store.path(journal.journal_id, name), place.centre.opener)[1].payload == b"a resident"
    finally:
        journal.close()
        store.close()
    tally.arrived += len(place.digests)


def main() -> int:
    parser = argparse.ArgumentParser(description="kill a sender or a centre, again and again")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments = parser.parse_args()
    say(f"{arguments.count} lives, seed {arguments.seed}")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sending-") as folder:
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
