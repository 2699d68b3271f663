"""A short version of the nine days: three days down, eight residents a day, 16 served a day."""

from __future__ import annotations

import os
import random
from functools import partial
from pathlib import Path

import pytest

import outbox_support  # leaves the tests out where the extras are not installed
from biocore.station import Order, Outbox
from crash import nine_days


def test_a_centre_that_is_down_for_days_gets_everybody_once_and_in_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outbox_support.DAY == 86_400
    seed = int(os.environ.get("BIOCORE_CRASH_SEED", random.SystemRandom().randrange(1 << 32)))
    told = nine_days.simulate(tmp_path, seed, 3, 8, 16)
    with capsys.disabled():
        nine_days.say(f"\nseed {seed}: {told.summary()}")
    assert len(told.names) == 48
    assert told.most_waiting == 24
    assert told.oldest_days > 2.5
    assert told.faults > 0


def test_its_checks_see_an_order_that_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nine_days, "Outbox", partial(Outbox, order=Order.NEWEST))
    with pytest.raises(AssertionError, match="not in order"):
        nine_days.simulate(tmp_path, 1, 1, 3, 10)
