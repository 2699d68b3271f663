"""A sample of the kills that `make test-crash` runs 1,000 of, and proof that their checks can fail."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from crash import kills
from journal_support import Centre

SAMPLE = 20


def test_a_sample_of_kills_loses_nothing_that_was_acknowledged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("BIOCORE_CRASH_SEED", random.SystemRandom().randrange(1 << 32)))
    tally = kills.run(SAMPLE, seed, tmp_path)
    with capsys.disabled():
        kills.say(f"\nseed {seed}: {tally.summary()}")
    assert tally.lives == SAMPLE
    assert tally.acknowledged > SAMPLE


@pytest.mark.parametrize("harm", ["cut", "alter", "remove", "forget"])
def test_the_checks_after_a_kill_see_what_is_missing(tmp_path: Path, harm: str) -> None:
    centre, known, tally = Centre(), kills.Known(), kills.Tally()
    kills.one_life(tmp_path, centre, 2, kills.Death("kill", "after_commit", 5), known, tally)
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
