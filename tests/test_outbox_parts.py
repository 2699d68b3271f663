"""The parts of the outbox by themselves: waits, pace, and readers that no bytes surprise."""

from __future__ import annotations

import json
import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biocore.errors import JournalCorruptError, ReceiptError, StickError
from biocore.station.clock import Reading
from biocore.station.handover import read_handed_over, read_kept
from biocore.station.pace import FIRST_S, LONGEST_S, Backoff, Pace
from biocore.station.stick import FOLDER, MANIFEST, read_manifest
from journal_support import NOON

NAME = "a" * 32
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.integers(1, 10_000), st.integers())
def test_a_wait_lies_between_half_and_all_of_its_step_and_never_above_the_longest(failures: int, seed: int) -> None:
    wait_s = Backoff(random.Random(seed)).wait_s(failures)
    step_s = min(LONGEST_S, FIRST_S * 2 ** min(failures - 1, 30))
    assert step_s / 2 <= wait_s <= step_s


def test_stations_that_were_cut_off_together_do_not_come_back_together() -> None:
    waits = [Backoff(random.Random(seed)).wait_s(20) for seed in range(200)]
    assert max(waits) - min(waits) > 0.4 * LONGEST_S
    asked = [Backoff(random.Random(seed)).spread_s(3600) for seed in range(200)]
    assert min(asked) >= 3600
    assert 200 < max(asked) - min(asked) <= 361


@given(st.lists(st.integers(1, 100_000), min_size=1, max_size=30), st.integers(1, 1_000_000))
def test_the_pace_is_kept_over_any_pieces(pieces: list[int], bytes_per_s: int) -> None:
    class Stopwatch:
        now_ns = 0

        def read(self) -> Reading:
            return Reading(NOON, self.now_ns, "boot")

        def wait(self, seconds: float) -> None:
            self.now_ns += round(seconds * 1e9)

    clock = Stopwatch()
    pace = Pace(bytes_per_s, clock, clock.wait)
    for piece in pieces:
        pace.before(piece)
    least = sum(pieces[:-1]) / bytes_per_s
    assert clock.now_ns / 1e9 == pytest.approx(least, abs=1e-6 * len(pieces))


@given(st.binary(max_size=300))
def test_no_bytes_are_a_manifest_by_accident(data: bytes) -> None:
    with TemporaryDirectory() as place:
        folder = Path(place) / FOLDER / NAME
        folder.mkdir(parents=True)
        (folder / MANIFEST).write_bytes(data)
        with pytest.raises(StickError, match="torn or altered"):
            read_manifest(folder)


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("kind", "journal", "records", "sha256", "centre", "utc"), JSON))
)
def test_no_values_are_a_manifest_by_accident(values: dict[str, object]) -> None:
    with TemporaryDirectory() as place:
        folder = Path(place) / NAME
        folder.mkdir()
        whole = {"kind": "biocore carry 1", "journal": NAME, "records": [], "sha256": ""} | values
        (folder / MANIFEST).write_text(json.dumps(whole))
        with pytest.raises(StickError):
            read_manifest(folder)


@given(st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_are_what_is_kept_of_a_record_by_accident(data: bytes) -> None:
    with TemporaryDirectory() as place:
        path = Path(place) / f"{NAME}.receipt"
        path.write_bytes(data)
        with pytest.raises(JournalCorruptError, match="no receipt with the entries"):
            read_kept(path)
    with pytest.raises(ReceiptError):
        read_handed_over(data)
