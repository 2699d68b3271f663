"""What sending costs, and what it costs the recording beside it.

    pytest --benchmark-only benchmarks/bench_outbox.py -s

Station and centre are one process on one machine here, over loopback, with the disks waited for on both sides: the
centre's work is in the figures too. The bar is the journal's: 60 ms at the median from the call to the acknowledgement.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pytest_benchmark.fixture import BenchmarkFixture

from biocore.report import Outcome
from biocore.station import CentreLink, EntryKind, Item, Journal, Outbox, issue_centre_key
from biocore.types import EyePosition, FingerPosition, Position
from biocore_bindings.centre_server import CentreServer
from biocore_bindings.centre_store import CentreStore

BAR_S = 0.060
RESIDENTS = 20
PICTURE_BYTES = 125_000
BESIDE_BYTES = 12_000
PLAN: tuple[Position, ...] = (*list(FingerPosition)[1:], EyePosition.RIGHT, EyePosition.LEFT)
SIGNER, PRIVATE = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
RNG = np.random.default_rng(1)


def opened(folder: Path) -> Journal:
    return Journal(folder, issue_centre_key(PRIVATE, SIGNER, datetime.now(UTC) + timedelta(days=1)))


def record(journal: Journal, took: list[float] | None = None) -> str:
    """Record a whole resident: twelve samples, one attempt each; take down how long each acknowledgement took."""
    recording = journal.begin(b"a resident")
    for position in PLAN:
        items = [
            Item(EntryKind.FRAME, RNG.bytes(PICTURE_BYTES), "image/png", position, 1),
            Item(EntryKind.REPORT, RNG.bytes(BESIDE_BYTES), "application/json", position, 1, 61),
            Item(EntryKind.TEMPLATE, RNG.bytes(500), "application/octet-stream", position, 1),
            Item(EntryKind.DECISION, b"61 >= 30", "text/plain", position, 1, outcome=Outcome.ACCEPT),
        ]
        begun = time.perf_counter()
        recording.record(*items)
        if took is not None:
            took.append(time.perf_counter() - begun)
    recording.close()
    return recording.resident


def test_handing_over(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    benchmark.group = "records of a whole resident are handed over"
    store = CentreStore(tmp_path / "centre", SIGNER)
    with opened(tmp_path / "station") as journal, CentreServer(store) as server:
        names = [record(journal) for _ in range(RESIDENTS)]
        sizes = [row.length for row in journal.waiting()]
        link = CentreLink(server.url, store.issue_token("station"))
        cpu = time.process_time()
        status = benchmark.pedantic(Outbox(journal, link).drain, rounds=1)
        cpu = time.process_time() - cpu
        took = benchmark.stats.stats.total if benchmark.stats else 1.0
        kept = [path.stat().st_size for path in journal.receipts.iterdir()]
        assert status.waiting == 0
        assert [name for name, _ in store.records(journal.journal_id)] == names
        assert journal.verify() == []
        link.close()
    store.close()
    print(
        f"\n{RESIDENTS} records of {np.mean(sizes) / 1e6:.2f} MB: {1000 * took / RESIDENTS:.0f} ms each "
        f"({1000 * cpu / RESIDENTS:.0f} ms of processor, station and centre), {sum(sizes) / took / 1e6:.1f} MB/s; "
        f"{np.mean(kept) / 1e3:.0f} kB of each stay"
    )


def test_recording_beside_sending(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    benchmark.group = "a finger is accepted while the outbox sends"
    store = CentreStore(tmp_path / "centre", SIGNER)
    alone: list[float] = []
    beside: list[float] = []
    with opened(tmp_path / "station") as journal, CentreServer(store) as server:
        for _ in range(RESIDENTS):
            record(journal, alone)
        link = CentreLink(server.url, store.issue_token("station"))
        with Outbox(journal, link) as outbox:
            benchmark.pedantic(lambda: record(journal, beside), rounds=RESIDENTS // 2)
            sent = store.count()
            while outbox.status().waiting:
                time.sleep(0.05)
        assert store.count() == RESIDENTS + RESIDENTS // 2
        assert journal.verify() == []
        link.close()
    store.close()
    figures = [1000 * float(np.percentile(took, q)) for took in (alone, beside) for q in (50, 95)]
    print("\nalone: median {:.1f} ms, 95th percentile {:.1f} ms; beside: {:.1f} ms, {:.1f} ms".format(*figures))
    print(f"{sent} records were handed over meanwhile")
    assert sent > 0
    assert figures[2] < 1000 * BAR_S
