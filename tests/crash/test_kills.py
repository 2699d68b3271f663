"""A sample of the kills that `make test-crash` runs 1,000 of, and proof that their checks can fail."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from crash import kills, session_kills, session_station
from crash.lives import Death, Known, Tally, say
from journal_support import Centre

SAMPLE = 20
SESSIONS = 6


def test_a_sample_of_kills_loses_nothing_that_was_acknowledged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("BIOCORE_CRASH_SEED", random.SystemRandom().randrange(1 << 32)))
    tally = kills.run(SAMPLE, seed, tmp_path)
    with capsys.disabled():
        say(f"\nseed {seed}: {tally.summary()}")
    assert tally.lives == SAMPLE
    assert tally.acknowledged > SAMPLE


@pytest.mark.parametrize("harm", ["cut", "alter", "remove", "forget"])
def test_the_checks_after_a_kill_see_what_is_missing(tmp_path: Path, harm: str) -> None:
    centre, known, tally = Centre(), Known(), Tally()
    kills.one_life(tmp_path, centre, 2, Death("kill", "after_commit", 5), known, tally)
    kills.check(tmp_path, centre, known, tally)
    record = next((tmp_path / "records").iterdir())
    data = record.read_bytes()
    if harm == "cut":
        os.truncate(record, len(data) - 1)
    elif harm == "alter":
        record.write_bytes(data[:2000] + bytes([data[2000] ^ 1]) + data[2001:])
    elif harm == "remove":
        record.unlink()
    else:
        known.acknowledged[max(known.acknowledged) + 1] = record.stem, "0" * 64
    with pytest.raises(AssertionError):
        kills.check(tmp_path, centre, known, tally)


def test_a_sample_of_killed_sessions_goes_on_at_the_right_finger(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("BIOCORE_CRASH_SEED", random.SystemRandom().randrange(1 << 32)))
    tally = session_kills.run(SESSIONS, seed, tmp_path)
    with capsys.disabled():
        say(f"\nseed {seed}: {tally.summary()}")
    assert tally.lives == SESSIONS
    assert tally.resumed + tally.finished > 0


@pytest.mark.parametrize("harm", ["cut", "another finger", "another attempt", "another score", "another outcome"])
def test_the_checks_after_a_killed_session_see_what_is_wrong(tmp_path: Path, harm: str) -> None:
    session_station.prepare()
    centre, known, tally = Centre(), session_kills.Known(), session_kills.Tally()
    session_kills.one_life(tmp_path / "j", centre, 4, Death("kill", "after_commit", 5), known, tally)
    session_kills.check(tmp_path / "j", centre, known, tally)
    assert tally.resumed == 1
    (told,) = known.told.values()
    (name, attempt), score = next(iter(told.looks.items()))
    if harm == "cut":
        record = next((tmp_path / "j" / "records").iterdir())
        os.truncate(record, record.stat().st_size - 1)
    elif harm == "another finger":
        told.outcomes["finger:1"] = "accept"
    elif harm == "another attempt":
        told.looks[name, attempt + 1] = score
    elif harm == "another score":
        told.looks[name, attempt] = 99
    else:
        told.outcomes = dict.fromkeys(told.outcomes, "open")
    with pytest.raises(AssertionError):
        session_kills.check(tmp_path / "j", centre, known, tally)
