"""The day's queue: what an answer costs at the desk, and how often a forecast's interval holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from biocore.station.forecast import forecast
from biocore.station.queue import TicketState
from day_support import SetClock, Simulated, a_book, serve

DAYS = 60  # simulated, at three paces, half of them with a pause of ten minutes


def test_calling_and_finishing_a_number(benchmark: Any, tmp_path: Path) -> None:
    """Two transactions, each waited for until the disk has it."""
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        for _ in range(100):
            book.issue()
        ticket = benchmark.pedantic(serve, (book, clock), rounds=60)
    assert ticket.state is TicketState.DONE


def test_forecasting_with_a_hundred_waiting(benchmark: Any, tmp_path: Path) -> None:
    clock = SetClock()
    with a_book(tmp_path, clock) as book:
        for _ in range(100):
            book.issue()
        for _ in range(20):
            serve(book, clock)
        told = benchmark.pedantic(lambda: forecast(book.view()), rounds=10)
    assert len(told.waits) == 80


def test_how_often_the_interval_holds(benchmark: Any, tmp_path: Path) -> None:
    """Days of gamma-distributed people; asked after 5, 12 and 25."""
    held: dict[int, list[bool]] = {5: [], 12: [], 25: []}
    width: dict[int, list[int]] = {5: [], 12: [], 25: []}

    def simulate() -> None:
        for seed in range(DAYS):
            day = Simulated(tmp_path / str(seed), 1000 + seed, mean=(220.0, 300.0, 420.0)[seed % 3])
            day.run((5, 12, 25), cut_after=8 if seed % 2 else -1, cut_s=600)
            for people, (low, _, high) in day.said.items():
                held[people].append(low <= day.served <= high)
                width[people].append(high - low)

    benchmark.pedantic(simulate, rounds=1)
    for people, holds in held.items():
        share, wide = sum(holds) / len(holds), sum(width[people]) / len(width[people])
        benchmark.extra_info[f"after {people}"] = f"{share:.0%} held, {wide:.0f} people wide"
        assert share > 0.6
    print(dict(benchmark.extra_info))
