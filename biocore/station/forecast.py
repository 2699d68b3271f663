"""How many will be served today, and when it is whose turn: from the day's own pace, as an interval.

A person takes a changeover (from the end of the one before to the call) and a service (from the call to the end).
Both are measured with the monotonic clock, so that a jump of the wall clock does not count. What is no pace is left
out: a stretch in which the machine was off, the office's breaks, time in which nobody waited, pauses that were said,
and changeovers beyond Tukey's far fence (a scanner that was changed). Services beyond it count as much as the fence: a
resident whose fingers take long is pace, a power cut on a battery is not, and nobody knows which it was.

The number served in a time follows renewal theory (Cox 1962, 3.3): with mean m and variance v of one person, in time T
about T/m, with variance T v / m^3; to that comes what is not known of m itself. Early in the day, the days before, or
else the reports of other offices, stand in for the first people.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import NormalDist, fmean, quantiles, variance

from biocore.station.day import DayView
from biocore.station.day_store import DayEvent, Kind
from biocore.station.office import Office
from biocore.station.queue import OPEN, TicketState

CONFIDENCE = 0.80  # of intervals: wrong on one day in ten on either side; benchmarks/bench_day.py asks how often
RECENT = 40  # people whose pace counts: some three hours, so that a scanner that became slow shows
PRIOR_WEIGHT = 4  # people that the first guess counts as in the mean
PRIOR_TRUST = 2  # and in how well the mean is known: another day, another scanner
# Three to five minutes a person, more than ten with a failing scanner: reports of 2011 to 2024
USUAL_SERVICE = (240.0, 120.0)  # seconds: mean, standard deviation
USUAL_CHANGEOVER = (45.0, 45.0)
FAR = 3.0  # interquartile ranges beyond the quartile: "far out" (Tukey 1977, 2D)
LEAST_RANGE_S = 60.0  # an interquartile range below this says nothing: so many were alike by chance
ENOUGH = 6  # values from which there are quartiles


@dataclass(frozen=True, slots=True)
class Pace:
    """What one person takes at one desk.

    Attributes
    ----------
    mean_s, sd_s : float
        Seconds.
    people : int
        Of today, whose times it comes from.
    weight : float
        People it is worth, the first guess included.
    desks : int
        That work at the same time.
    """

    mean_s: float
    sd_s: float
    people: int
    weight: float
    desks: int = 1

    @property
    def reach(self) -> float:
        """Half width of the interval in standard deviations: Student's t by Cornish-Fisher."""
        z, freedom = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2), max(self.weight - 1, 3)
        return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)

    def served_in(self, seconds: float) -> tuple[float, float, float]:
        """Return how many are served in a time: low, expected, high."""
        time = seconds * self.desks
        # Whoever is not finished at the end does not count (Cox, 3.3: the constant of the mean)
        expected = max(0.0, time / self.mean_s - max(0.0, 1 - (self.sd_s / self.mean_s) ** 2) / 2)
        spread = time * self.sd_s**2 / self.mean_s**3 + (expected * self.sd_s / self.mean_s) ** 2 / self.weight
        half = self.reach * math.sqrt(spread)
        return max(0.0, expected - half), expected, expected + half

    def time_for(self, people: int) -> tuple[float, float]:
        """Return how long so many take, in seconds: low and high."""
        expected = people * self.mean_s / self.desks
        spread = people * self.sd_s**2 + (people * self.sd_s) ** 2 / self.weight
        half = self.reach * math.sqrt(spread) / self.desks
        return max(0.0, expected - half), expected + half


@dataclass(frozen=True, slots=True)
class Wait:
    """When it is somebody's turn.

    Attributes
    ----------
    number, place : int
        Place 1 is next.
    earliest, latest : datetime or None
        In the office's time; None: not before it closes.
    """

    number: int
    place: int
    earliest: datetime | None
    latest: datetime | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What becomes of the day.

    Attributes
    ----------
    today : date
    done : int
        Served so far.
    low, expected, high : int
        Served by the time the office closes, those so far included.
    of : int
        Numbers of today that are wanted: not given back, not missed.
    waiting : int
        Waiting or at a desk now.
    waiting_from : Mapping of date to int
        Of them, those carried over, by the day they were first due.
    pace : Pace
    seconds_left : float
        Opening time that is left.
    waits : tuple of Wait
        Of everybody in the line, in order.
    next_wait : Wait
        Of somebody who would take a number now, without priority.
    sound : bool
        The station's clock is credible, and with it the times.
    """

    today: date
    done: int
    low: int
    expected: int
    high: int
    of: int
    waiting: int
    waiting_from: Mapping[date, int]
    pace: Pace
    seconds_left: float
    waits: tuple[Wait, ...]
    next_wait: Wait
    sound: bool


@dataclass(slots=True)
class _Times:
    """Seconds that people took; `gaps` are changeovers."""

    services: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    desks: list[int] = field(default_factory=list)


def forecast(view: DayView) -> Forecast:
    """Return what becomes of the day that is seen."""
    pace = pace_of(view)
    left = view.office.seconds_left(view.now.at)
    begun = _elapsed(view)  # whoever is at a desk has used up a part
    low, expected, high = pace.served_in(left + begun / pace.desks) if left else (0.0, 0.0, 0.0)
    done = view.count(TicketState.DONE)
    waiting = view.count(*OPEN)
    here = view.count(TicketState.CALLED)
    carried = Counter(
        t.booked for t in view.tickets if t.carried and t.state in (TicketState.WAITING, TicketState.CALLED)
    )
    waits = tuple(
        _wait(view, pace, place, ticket.number, here, begun) for place, ticket in enumerate(view.line, start=1)
    )
    return Forecast(
        view.today,
        done,
        done + min(waiting, round(low)),
        done + min(waiting, round(expected)),
        done + min(waiting, round(high)),
        done + waiting,
        waiting,
        dict(sorted(carried.items())),
        pace,
        left,
        waits,
        _wait(view, pace, len(view.line) + 1, 0, here, begun),
        view.now.sound,
    )


def _wait(view: DayView, pace: Pace, place: int, number: int, here: int, begun: float) -> Wait:
    low, high = pace.time_for(place - 1 + here)
    started = begun / pace.desks
    earliest, latest = (view.office.after_work(view.now.at, max(0.0, t - started)) for t in (low, high))
    return Wait(number, place, earliest, latest)


def _elapsed(view: DayView) -> float:
    """Return the time that those at the desks have been there, no longer than a person takes."""
    called = {t.id for t in view.tickets if t.state is TicketState.CALLED}
    calls = {event.ticket: event for event in view.events if event.kind is Kind.CALL and event.ticket in called}
    times = (view.now.seconds_since(event.stamp) or 0.0 for event in calls.values())
    return sum(min(max(seconds, 0.0), USUAL_SERVICE[0]) for seconds in times)


def pace_of(view: DayView) -> Pace:
    """Return what a person takes today."""
    today = _times(view.events, view.office)
    before = _Times()
    for events in view.earlier:
        times = _times(events, view.office)
        before.services += times.services
        before.gaps += times.gaps
    service = _blend(_fenced(today.services[-RECENT:], clip=True), _guess(before.services, USUAL_SERVICE, clip=True))
    gap = _blend(_fenced(today.gaps[-RECENT:], clip=False), _guess(before.gaps, USUAL_CHANGEOVER, clip=False))
    people = min(len(today.services), RECENT)
    desks = len(set(today.desks[-RECENT:])) or 1
    return Pace(service[0] + gap[0], math.hypot(service[1], gap[1]), people, people + PRIOR_TRUST, desks)


def _guess(values: Sequence[float], usual: tuple[float, float], *, clip: bool) -> tuple[float, float]:
    """Return mean and deviation to begin the day with: of the days before, else the usual."""
    kept = _fenced(values, clip=clip)
    return (fmean(kept), math.sqrt(variance(kept))) if len(kept) >= ENOUGH else usual


def _blend(values: Sequence[float], guess: tuple[float, float]) -> tuple[float, float]:
    """Return mean and deviation of values to which the guess was added as `PRIOR_WEIGHT` people."""
    count = len(values)
    total = count + PRIOR_WEIGHT
    mean = (sum(values) + PRIOR_WEIGHT * guess[0]) / total
    squares = sum((value - mean) ** 2 for value in values) + PRIOR_WEIGHT * (guess[1] ** 2 + (guess[0] - mean) ** 2)
    return mean, math.sqrt(squares / (total - 1))


def _fenced(values: Sequence[float], *, clip: bool) -> list[float]:
    """Return values without those beyond Tukey's far fence, or with those brought back to it."""
    if len(values) < ENOUGH:
        return [value for value in values if clip or value <= 4 * USUAL_SERVICE[0]]
    first, _, third = quantiles(values, n=4, method="inclusive")
    fence = third + FAR * max(third - first, LEAST_RANGE_S)
    return [min(value, fence) for value in values if clip or value <= fence]


def _times(events: Iterable[DayEvent], office: Office) -> _Times:
    """Read from a day's events what its people took; a number that did not come is a part of the next changeover."""
    times = _Times()
    free: dict[int, DayEvent] = {}  # desk -> since when it stands empty
    called: dict[int, DayEvent] = {}  # desk -> the call that is not answered yet
    issued: dict[int, DayEvent] = {}  # ticket -> since when it could have been called
    for event in events:
        desk, ticket = event.desk or 0, event.ticket or 0
        if event.kind in (Kind.ISSUE, Kind.BACK):
            issued[ticket] = event
        elif event.kind in (Kind.PAUSE, Kind.GO_ON, Kind.OPEN):
            free.clear()  # what lies across it is neither changeover nor service
            called.clear()
        elif event.kind is Kind.CALL:
            called[desk] = event
        elif event.kind is Kind.ABSENT and desk in called:
            free.setdefault(desk, called.pop(desk))
        elif event.kind is Kind.DONE:
            call, since = called.pop(desk, None), free.get(desk)
            free[desk] = event
            if call is None:
                continue
            times.gaps += _passed(_later(since, issued.get(ticket)), call, office)
            times.services += (took := list(_passed(call, event, office)))
            times.desks += [desk] * len(took)
    return times


def _later(free: DayEvent | None, issued: DayEvent | None) -> DayEvent | None:
    """Return from when the desk stood empty and somebody waited; None where the desk had not worked before."""
    if free is None or issued is None:
        return free
    return max(free, issued, key=lambda event: event.sequence)


def _passed(start: DayEvent | None, end: DayEvent, office: Office) -> Iterator[float]:
    """Give the working time between two events, where it is known."""
    if start is None or (seconds := end.stamp.seconds_since(start.stamp)) is None:
        return
    began = end.stamp.at - timedelta(seconds=max(0.0, seconds))
    yield max(0.0, seconds - office.breaks_between(began, end.stamp.at))
