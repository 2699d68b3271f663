"""A sample of the kills of senders and centres, and proof that their checks can fail."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

import outbox_support  # leaves the tests out where the extras are not installed
from crash import sending_kills
from crash.sending_kills import Death, Place, Tally

SAMPLE = 10


def test_a_sample_of_kills_of_sender_and_centre_loses_and_doubles_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("BIOCORE_CRASH_SEED", random.SystemRandom().randrange(1 << 32)))
    tally = sending_kills.run(SAMPLE, seed, tmp_path)
    with capsys.disabled():
        sending_kills.say(f"\nseed {seed}: {tally.summary()}")
    assert tally.lives == SAMPLE
    assert tally.arrived == SAMPLE * sending_kills.RESIDENTS


@pytest.mark.parametrize("harm", ["at the centre", "half at the centre", "at the station", "too early"])
def test_the_checks_after_a_kill_see_what_is_missing(tmp_path: Path, harm: str) -> None:
    place, rng = sending_kills.begin(tmp_path), random.Random(1)
    sending_kills.record(place, rng)
    assert sending_kills.life(place, Death("sender", "before_commit", 1), rng)
    sending_kills.check(place, Tally())
    records = {path.stem: path for path in (tmp_path / "centre" / "records").rglob("*.record")}
    removed = next(path for name, path in records.items() if not station(place, name).exists())
    waiting = next(path for path in (tmp_path / "station" / "records").iterdir())
    if harm == "at the centre":
        removed.unlink()
    elif harm == "half at the centre":
        os.truncate(removed, removed.stat().st_size // 2)
    elif harm == "at the station":
        outbox_support.alter(waiting, 300)
    else:
        waiting.unlink()
    with pytest.raises((AssertionError, FileNotFoundError)):
        sending_kills.check(place, Tally())


def station(place: Place, name: str) -> Path:
    return place.folder / "station" / "records" / f"{name}.record"
