"""A centre that is down for nine days while 100 residents a day are recorded, and then serves 200 a day.

`python tests/crash/nine_days.py --seed 1` runs by itself. Simulated clocks, one of the station and one of the centre;
real SQLite on both sides, real HTTP on loopback, small pictures. The station is switched off every night, its clock
jumps back a year on the fifth day, and from the day the centre is back lines break, gateways stumble and receipts
get lost at random instants. Then it is checked that:

- the station recorded everybody it was to record, on every day;
- everybody arrived, once, in the order in which they were finished;
- the centre never took more than its quota a day;
- what arrived opens with the centre's key, byte for byte as it was recorded;
- the station removed what was signed for and nothing else, and its journal verifies.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from biocore.station import Journal, Outbox, read_record
from biocore_bindings.centre_faults import Fault, FaultKind
from biocore_bindings.centre_store import Limits
from outbox_support import DAY, HOUR, SimClock, World, enrol, record_bytes, world

OPENS_S, SHUTS_S = 8 * HOUR, 16 * HOUR  # of the day, when residents come; sending goes on until the night
NIGHT_S = 22 * HOUR
FAULTS = (FaultKind.BROKEN, FaultKind.CUT, FaultKind.LOST_RECEIPT, FaultKind.UNAVAILABLE, FaultKind.TWICE)
FAULT_SHARE = 0.05  # of the records sent, each of which meets one at most: three would let others overtake it


@dataclass
class Told:
    """What happened, and what was seen on the way."""

    names: list[str] = field(default_factory=list)  # in the order in which they were finished
    digests: dict[str, str] = field(default_factory=dict)
    recorded: Counter[int] = field(default_factory=Counter)  # by day
    most_waiting: int = 0
    oldest_days: float = 0.0
    faults: int = 0
    steps: int = 0
    days: int = 0

    def summary(self) -> str:
        return (
            f"{len(self.names)} residents recorded in {len(self.recorded)} days, at most {self.most_waiting} waiting, "
            f"the oldest for {self.oldest_days:.1f} days; all arrived once and in order by day {self.days}; "
            f"{self.faults} faults of line and centre on the way; {self.steps} steps of the outbox"
        )


def simulate(folder: Path, seed: int, down: int, a_day: int, quota: int) -> Told:
    """Live through it, check, and return what was seen; an AssertionError says what is wrong."""
    rng, told = random.Random(seed), Told()
    with world(folder, limits=Limits(records_per_day=quota)) as w:
        token = w.store.issue_token("station")
        w.server.stop()  # its port is known now, and nobody answers
        clock = SimClock()
        midnight(clock, w.clock)
        day = 0
        while day < down or w.store.count() < len(told.names) or not told.names:
            if day == 4:
                clock.utc -= timedelta(days=365)
            if day == down:
                back(w)
            clock.boot = f"day {day}"
            recording = day < 2 * down  # as long again as the centre was down, so that it must catch up meanwhile
            one_day(w, clock, token, rng, told, day, a_day if recording else 0, faults=day >= down)
            if day >= down:
                sent = quota_of(w, day)
                assert sent <= quota, f"{sent} records on day {day}, and {quota} are the quota"
            day += 1
            assert day < 6 * down, f"{w.store.count()} of {len(told.names)} have arrived on day {day}"
        told.days, told.faults = day, len(w.faults.happened)
        check(w, clock, told, a_day, down)
    return told


def midnight(*clocks: SimClock) -> None:
    for clock in clocks:
        clock.utc = clock.utc.replace(hour=0)


def back(w: World) -> None:
    """Let the centre answer again, where it answered before."""
    from biocore_bindings.centre_server import CentreServer

    port = w.server.port
    w.server.stop()
    vars(w)["server"] = CentreServer(w.store, port=port, faults=w.faults).start()


def one_day(
    w: World, clock: SimClock, token: str, rng: random.Random, told: Told, day: int, residents: int, *, faults: bool
) -> None:
    """Open the journal in the morning, record and send, and switch everything off at night."""
    begun = clock.monotonic_ns
    coming = [OPENS_S + (SHUTS_S - OPENS_S) * number / max(1, residents) for number in range(residents)]
    calm = -1  # how many records had arrived when the last fault was asked for
    pass_time(w, clock, OPENS_S)
    journal = w.journal(clock=clock)
    link = w.link(token=token)
    outbox = Outbox(journal, link, rng=rng)
    try:
        while (now := (clock.monotonic_ns - begun) / 1e9) < NIGHT_S:
            if coming and coming[0] <= now:
                del coming[0]
                record(journal, told, day)
            if faults and w.store.count() > calm + 1 and rng.random() < FAULT_SHARE:
                calm = w.store.count()
                w.faults.ask(Fault(rng.choice(FAULTS), amount=rng.randrange(1, 900)))
            delay = outbox.step()
            told.steps += 1
            if delay:
                until = min([NIGHT_S, *coming[:1]])
                pass_time(w, clock, max(0.001, min(delay, until - now)) if until > now else 0.001)
        seen = outbox.status()
        told.most_waiting = max(told.most_waiting, seen.waiting)
        told.oldest_days = max(told.oldest_days, (seen.oldest_age_s or 0) / DAY)
        assert seen.waiting == len(told.names) - w.store.count(journal.journal_id)
    finally:
        outbox.stop()
        link.close()
        journal.close()
    w.faults.clear()
    pass_time(w, clock, DAY - (clock.monotonic_ns - begun) / 1e9)


def pass_time(w: World, clock: SimClock, seconds: float) -> None:
    clock.advance(seconds)
    w.clock.advance(seconds)


def record(journal: Journal, told: Told, day: int) -> None:
    (name,) = enrol(journal, 1, size=300, seed=len(told.names))
    told.names.append(name)
    told.digests[name] = hashlib.sha256(record_bytes(journal, name)).hexdigest()
    told.recorded[day] += 1


def quota_of(w: World, day: int) -> int:
    """Return how many records the centre took on its own day."""
    prefix = f"{w.clock.utc - timedelta(hours=1):%Y-%m-%d}"
    rows = w.store._db.execute("SELECT count(*) FROM records WHERE utc LIKE ?", (f"{prefix}%",))
    found: int = rows.fetchone()[0]
    return found


def check(w: World, clock: SimClock, told: Told, a_day: int, down: int) -> None:
    """Check all that is promised."""
    assert told.recorded == dict.fromkeys(range(2 * down), a_day), "the station stopped recording"
    assert told.most_waiting >= down * a_day, "the centre was not down long enough to prove anything"
    with w.journal(clock=clock) as journal:
        arrived = w.store.records(journal.journal_id)
        assert [name for name, _ in arrived] == told.names, "not everybody, not once, or not in order"
        assert dict(arrived) == told.digests
        for name in told.names:
            data = w.store.path(journal.journal_id, name).read_bytes()
            assert hashlib.sha256(data).hexdigest() == told.digests[name]
            assert read_record(data, w.centre.opener)[1].payload == b"a resident"
        assert journal.verify() == []
        assert journal.backlog() == (0, 0)
        assert list(journal.records.iterdir()) == []
        assert len(list(journal.receipts.iterdir())) == len(told.names)
        assert journal.head[0] == 7 * len(told.names)  # envelope, opening, four of the finger, close


def main() -> int:
    parser = argparse.ArgumentParser(description="a centre that is down for days")
    parser.add_argument("--days", type=int, default=9, help="that the centre is down")
    parser.add_argument("--residents", type=int, default=100, help="a day")
    parser.add_argument("--quota", type=int, default=200, help="that the centre takes a day")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments = parser.parse_args()
    say(f"{arguments.days} days down, {arguments.residents} residents a day, seed {arguments.seed}")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="days-") as folder:
        told = simulate(Path(folder), arguments.seed, arguments.days, arguments.residents, arguments.quota)
    say(f"{told.summary()}; {time.monotonic() - begun:.0f} s")
    return 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
