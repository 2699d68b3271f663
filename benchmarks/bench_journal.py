"""What it costs to make a finger last: PNG, report and template sealed, written, waited for, and in the index.

    pytest --benchmark-only benchmarks/bench_journal.py -s

The bars: 60 ms at the median from the call to the acknowledgement, and 1 GB for a day of 100 residents with ten
fingers and two irises each. The journal lies where pytest puts its folders (`--basetemp=` chooses another disk).
"""

from __future__ import annotations

import json
import resource
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pytest_benchmark.fixture import BenchmarkFixture

import biocore
from biocore.fingerprint import synth
from biocore.formats.finger_minutiae import record_from_templates, write_fmr
from biocore.report import Outcome
from biocore.station import CentreKey, EntryKind, Item, Journal, Opener, issue_centre_key, read_record
from biocore.station.disk import Disk
from biocore.station.endings import CLOSED
from biocore.station.record_file import record_path
from biocore.types import EyePosition, FingerPosition, Frame, Modality, Position, Sample

BAR_S = 0.060  # from the call to the acknowledgement, at the median
DAY_BYTES = 10**9
RESIDENTS = 100
PICTURE_BYTES = 125_000  # the largest PNG of 400x500 px seen among real scanners' pictures
PLAN: tuple[Position, ...] = (*list(FingerPosition)[1:], EyePosition.RIGHT, EyePosition.LEFT)
PRIVATE = X25519PrivateKey.generate()


def key() -> CentreKey:
    return issue_centre_key(PRIVATE, Ed25519PrivateKey.generate(), datetime.now(UTC) + timedelta(days=1))


@pytest.fixture(scope="module")
def finger() -> tuple[bytes, bytes, bytes]:
    """Return a picture of a real scanner's size, and report and template of a print of 400x500 px.

    The project's own prints are smoother than skin and make PNGs of 46 kB; real ones are 80 to 125 kB. The journal
    sees ciphertext, so that noise of the right length costs what a picture does.
    """
    pixels = synth.impression(1, 1)
    sample = Sample(Frame(pixels, 500.0), Modality.FINGER, FingerPosition.RIGHT_INDEX)
    report = biocore.assess(sample)
    measures = {name: [m.native, m.score, m.status] for name, m in report.measures.items()}
    template = biocore.extract(sample)
    assert isinstance(template, biocore.FingerTemplate)
    text = json.dumps({"score": report.score, "algorithm": report.algorithm, "measures": measures})
    return np.random.default_rng(1).bytes(PICTURE_BYTES), text.encode(), write_fmr(record_from_templates([template]))


def accepted(position: Position, picture: bytes, report: bytes, template: bytes) -> list[Item]:
    return [
        Item(EntryKind.FRAME, picture, "image/png", position, 1),
        Item(EntryKind.REPORT, report, "application/json", position, 1, 61),
        Item(EntryKind.TEMPLATE, template, "application/octet-stream", position, 1),
        Item(EntryKind.DECISION, b"61 >= 30", "text/plain", position, 1, outcome=Outcome.ACCEPT),
    ]


def test_accepting_a_finger(benchmark: BenchmarkFixture, tmp_path: Path, finger: tuple[bytes, bytes, bytes]) -> None:
    benchmark.group = "a finger is accepted"
    with Journal(tmp_path, key()) as journal:
        recording = journal.begin()
        items = accepted(FingerPosition.RIGHT_INDEX, *finger)
        took: list[float] = []

        def accept() -> None:
            begun = time.perf_counter()
            recording.record(*items)
            took.append(time.perf_counter() - begun)

        benchmark.pedantic(accept, rounds=200, warmup_rounds=5)
        recording.close()
        entries = read_record(record_path(journal.records, recording.resident), Opener([PRIVATE]))
    median, p95 = (1000 * float(np.percentile(took, q)) for q in (50, 95))
    sizes = ", ".join(str(len(part)) for part in finger)
    print(f"\npicture, report, template: {sizes} bytes; median {median:.1f} ms, 95th percentile {p95:.1f} ms")
    benchmark.extra_info |= {"median_ms": median, "p95_ms": p95}
    assert [e.payload for e in entries[-5:-1]] == [item.payload for item in items]
    assert median < 1000 * BAR_S


def test_a_day_of_100_residents(
    benchmark: BenchmarkFixture, tmp_path: Path, finger: tuple[bytes, bytes, bytes]
) -> None:
    benchmark.group = "a day"
    eye = np.random.default_rng(1).bytes(200_000), *finger[1:]  # an iris of 640x480 as PNG is up to 200 kB
    grown: list[int] = []

    def day() -> None:
        with Journal(tmp_path, key()) as journal:
            for number in range(RESIDENTS):
                recording = journal.begin(b"a resident", ticket=number)
                for position in PLAN:
                    recording.record(*accepted(position, *(finger if isinstance(position, FingerPosition) else eye)))
                recording.close()
                grown.append(sum(p.stat().st_size for p in tmp_path.rglob("*") if p.is_file()))

    benchmark.pedantic(day, rounds=1)
    steps = np.diff(grown)
    index = (tmp_path / "index.db").stat().st_size
    print(
        f"\n{grown[-1] / 1e6:.0f} MB a day, the reserve of {grown[0] / 1e6 - steps[0] / 1e6:.0f} MB in it, "
        f"the index {index / 1e6:.1f} MB; a resident adds {np.median(steps) / 1e6:.2f} MB"
    )
    assert grown[-1] <= DAY_BYTES
    assert steps[-20:].mean() < 1.1 * steps[:20].mean() + 100_000  # flat: the last resident costs what the first did


class Hasty(Disk):
    """Waits for nothing: how long it took to make thirty days is no figure of ours."""

    def sync(self, fd: int) -> None:
        pass

    def sync_folder(self, folder: Path) -> None:
        pass


@pytest.fixture(scope="module")
def thirty_days(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CentreKey]:
    """Return the journal of 3,000 residents, with small bodies: the index has what it would have."""
    folder, centre = tmp_path_factory.mktemp("thirty"), key()
    with Journal(folder, centre, disk=Hasty()) as journal:
        journal._index.ask("PRAGMA synchronous = OFF")
        for number in range(30 * RESIDENTS):
            recording = journal.begin(b"a resident", ticket=number % 1000)
            for position in PLAN:
                recording.record(*accepted(position, b"", b"{}", b"template"), Item(EntryKind.EVENT, code="looked"))
            recording.close()
    return folder, centre


def test_a_journal_of_thirty_days_opens_and_takes_a_finger(
    benchmark: BenchmarkFixture, thirty_days: tuple[Path, CentreKey], finger: tuple[bytes, bytes, bytes]
) -> None:
    benchmark.group = "after thirty days"
    folder, centre = thirty_days
    items = accepted(FingerPosition.RIGHT_INDEX, *finger)
    took: list[float] = []

    def reopen() -> int:
        with Journal(folder, centre) as journal:
            assert journal.recovery.flaws == ()
            assert journal.unfinished() == []
            return journal.head[0]

    assert benchmark.pedantic(reopen, rounds=5) == 30 * RESIDENTS * (2 + 5 * len(PLAN) + 1)
    with Journal(folder, centre) as journal:
        recording = journal.begin()
        for _ in range(50):
            begun = time.perf_counter()
            recording.record(*items)
            took.append(time.perf_counter() - begun)
        recording.close()
    median, p95 = (1000 * float(np.percentile(took, q)) for q in (50, 95))
    index = (folder / "index.db").stat().st_size
    print(f"\nan index of {index / 1e6:.0f} MB; a finger then: median {median:.1f} ms, 95th percentile {p95:.1f} ms")
    assert median < 1000 * BAR_S


@pytest.mark.parametrize("how", ["looked at closely", "made anew"])
def test_an_index_of_thirty_days_is_looked_at_and_made_anew(
    benchmark: BenchmarkFixture, thirty_days: tuple[Path, CentreKey], how: str
) -> None:
    benchmark.group = "an index of thirty days"
    folder, centre = thirty_days

    def harm() -> None:
        if how == "made anew":
            (folder / "index.db").unlink()
        else:
            (folder / CLOSED).unlink()

    def reopen() -> int:
        with Journal(folder, centre) as journal:
            assert journal.recovery.flaws == ()
            assert (journal.recovery.anew is not None) is (how == "made anew")
            return journal.head[0]

    assert benchmark.pedantic(reopen, setup=harm, rounds=2) >= 30 * RESIDENTS * (2 + 5 * len(PLAN) + 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(f"\n{how}: an index of {(folder / 'index.db').stat().st_size / 1e6:.0f} MB; {peak:.0f} MB of memory at most")
