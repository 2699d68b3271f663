"""A station, a centre and the line between them: simulated clocks, real SQLite, real HTTP on loopback."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import pytest

pytest.importorskip("httpx", reason="the extra `station` is not installed")
pytest.importorskip("fastapi", reason="the extra `centre` is not installed")
pytest.importorskip("uvicorn", reason="the extra `centre` is not installed")

from biocore.station import CentreLink, Journal, JournalKeeper, Opener, Order, Outbox
from biocore.station.clock import Reading
from biocore.station.disk import Disk
from biocore.station.record_file import record_path
from biocore_bindings.centre_faults import Faults
from biocore_bindings.centre_server import CentreServer
from biocore_bindings.centre_store import CentreStore, Limits
from journal_support import NOON, PLAN, SMALL_RESERVE, Centre, finger_items

HOUR, DAY = 3600.0, 86_400.0


@dataclass
class SimClock:
    """Both clocks of a simulated world; they stand still until `advance`, and the wall clock can be put anywhere."""

    utc: datetime = NOON
    monotonic_ns: int = 10**12
    boot: str = "first"

    def read(self) -> Reading:
        return Reading(self.utc, self.monotonic_ns, self.boot)

    def advance(self, seconds: float) -> None:
        self.utc += timedelta(seconds=seconds)
        self.monotonic_ns += round(seconds * 1e9)


@dataclass
class World:
    """A centre on a socket, and its keys; stations are added."""

    folder: Path
    centre: Centre
    store: CentreStore
    faults: Faults
    clock: SimClock
    opened: list[tuple[Outbox, CentreLink, Journal | JournalKeeper]] = field(default_factory=list)

    @cached_property
    def server(self) -> CentreServer:
        """The centre's server, started when it is first asked for."""
        return CentreServer(self.store, faults=self.faults).start()

    def journal(self, name: str = "station", clock: SimClock | None = None, disk: Disk | None = None) -> Journal:
        key = self.centre.key(expires=NOON + timedelta(days=4000))
        return Journal(self.folder / name, key, clock=clock or self.clock, disk=disk, reserve=SMALL_RESERVE)

    def link(self, station: str = "station", token: str | None = None, chunk: int = 4096) -> CentreLink:
        token = token or self.store.issue_token(station)
        return CentreLink(
            self.server.url, token, clock=self.clock, chunk=chunk, connect_s=30.0, silence_s=30.0, request_s=60.0
        )

    def outbox(
        self,
        journal: Journal | JournalKeeper,
        link: CentreLink | None = None,
        *,
        order: Order = Order.OLDEST,
        bytes_per_s: int | None = None,
    ) -> Outbox:
        link = link or self.link()
        outbox = Outbox(
            journal,
            link,
            order=order,
            bytes_per_s=bytes_per_s,
            rng=random.Random(1),
            zone=UTC,
            wait=self.clock.advance,
        )
        self.opened.append((outbox, link, journal))
        return outbox


@contextmanager
def world(
    folder: Path, *, limits: Limits | None = None, opener: bool = False, centre: Centre | None = None
) -> Iterator[World]:
    """Have a centre for as long as the block lasts; what was opened in it is closed."""
    centre, clock, faults = centre or Centre(), SimClock(), Faults()
    keys: Opener | None = centre.opener if opener else None
    store = CentreStore(folder / "centre", centre.signer, opener=keys, limits=limits, clock=clock)
    made = World(folder, centre, store, faults, clock)
    try:
        yield made
    finally:
        for outbox, link, journal in made.opened:
            outbox.stop()
            link.close()
            journal.close()
        if "server" in vars(made):
            made.server.stop()
        store.close()


def enrol(journal: Journal, count: int = 1, *, size: int = 500, seed: int = 0, fingers: int = 1) -> list[str]:
    """Record residents, finished; return their random names in order."""
    names = []
    for number in range(count):
        recording = journal.begin(b"a resident", ticket=number)
        for position in PLAN[:fingers]:
            recording.record(*finger_items(position, size=size, seed=seed + number))
        recording.close(b"{}")
        names.append(recording.resident)
    return names


def run(outbox: Outbox, clock: SimClock, for_s: float, *, until_empty: bool = True) -> int:
    """Step an outbox through simulated time; return how many steps it took."""
    end, steps = clock.monotonic_ns + round(for_s * 1e9), 0
    while clock.monotonic_ns < end:
        delay = outbox.step()
        steps += 1
        if until_empty and outbox.status().waiting == 0:
            break
        clock.advance(max(delay, 0.001))
        assert steps < 20_000, "the outbox turns without getting anywhere"
    return steps


def record_bytes(journal: Journal, resident: str) -> bytes:
    return record_path(journal.records, resident).read_bytes()


def alter(path: Path, at: int, bit: int = 1) -> None:
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= bit
    path.write_bytes(data)
