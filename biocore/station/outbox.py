"""The outbox: what is finished goes to the centre, when there is one, and is removed when the centre has signed.

>>> with Outbox(journal, CentreLink("https://centre.example/", token)) as outbox:  # a thread of its own
...     print(outbox.status().message)

It works beside the recording, in the process that has the journal. `step` does one thing that is due and says when
to come again; the thread does nothing but call it. Nothing is kept between two lives of the outbox but receipts:
what the centre has of a record, the centre is asked.

Whose fault is it? A refused record is set aside, and the next one goes. A centre that is away or asks for patience
is waited for. If it is not clear (the line broke in the middle, the answer was nonsense, the receipt false), the
centre is greeted first: if it greets back, three times, the record is at fault and is set aside for a while; if not,
it is not. And if the centre asks for patience at the same record again and again, the next one is tried, to see whose
fault it is. So no record can block the others, and no outage puts one out of order.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from types import TracebackType

from biocore.errors import (
    BiocoreError,
    CentreBusyError,
    CentreDeniedError,
    CentreFaultError,
    CentreUnreachableError,
    JournalClosedError,
    OutboxError,
    RecordRefusedError,
)
from biocore.station.clock import Reading
from biocore.station.handover import Way
from biocore.station.index import Row
from biocore.station.journal import Journal
from biocore.station.ledger import JournalKeeper
from biocore.station.outbox_status import OutboxState, OutboxStatus, Problem, problem_of
from biocore.station.pace import Backoff, Pace
from biocore.station.record_file import record_path
from biocore.station.sending import Sending
from biocore.station.upload import CentreLink, Hello

REOPENED_S = 1.0  # between two looks whether a journal that a fault stopped is open again
IDLE_S = 5.0  # between two looks at an empty outbox; `wake` is quicker
ASIDE_S = 60.0  # the first wait of a record that was at fault; a refused one waits the longest at once
ASIDE_LONGEST_S = 6 * 3600.0  # four tries a day for what nobody has put right yet
PATIENCE_S = 24 * 3600.0  # the longest that a centre can ask us to wait: a wrong answer must not silence a station
CLOCK_DOUBT_S = 600.0  # seconds between two clocks from which one of them is wrong
DOUBTS = 3  # failures of one record, the centre being well, before the others may overtake it
HELD = 3  # times that the centre asks for patience at one record before the next is tried in its place, once
LEAST = 16 * 1024  # bytes of a chunk, however low the cap: below, headers would be the larger part
_DAY_S = 86_400


class Order(StrEnum):
    """Who goes first."""

    OLDEST = "oldest"
    NEWEST = "newest"


@dataclass(slots=True)
class _Aside:
    """A record that others may overtake."""

    problem: Problem
    again_ns: int


class Outbox:
    """Sends what waits in a journal to one centre.

    Parameters
    ----------
    journal : Journal or JournalKeeper
        Open, and not closed before the outbox is stopped. A keeper, where somebody records beside: after a fault of
        the disk the session opens the journal again, and the outbox goes on with that one.
    link : CentreLink
    order : Order
        By when residents were finished.
    bytes_per_s : int or None
        The most that is sent, on average; None for no cap.
    rng : random.Random
        Spreads the waits.
    zone : tzinfo or None
        Whose midnight begins a day in `sent_today`; by default this machine's.
    wait : callable or None
        Waits for seconds between two chunks; by default so that `stop` ends it.
    """

    def __init__(
        self,
        journal: Journal | JournalKeeper,
        link: CentreLink,
        *,
        order: Order = Order.OLDEST,
        bytes_per_s: int | None = None,
        rng: random.Random | None = None,
        zone: tzinfo | None = None,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self._source, self._link = journal, link
        self._clock = self._journal.clock
        self._order, self._zone = order, zone
        self._stopping, self._awake = threading.Event(), threading.Event()
        rng = rng or random.SystemRandom()
        self._backoff, self._aside_backoff = Backoff(rng), Backoff(rng, ASIDE_S, ASIDE_LONGEST_S)
        self._pace = Pace(bytes_per_s, self._clock, wait or self._stopping.wait)
        self._state = threading.Lock()  # over what `status` reads
        self._aside: dict[str, _Aside] = {}
        self._error: Problem | None = None
        self._not_before_ns = 0
        self._met: tuple[Hello, Reading] | None = None  # the centre, since it last failed
        self._last_met: tuple[Hello, Reading] | None = None
        self._suspect: Problem | None = None
        self._doubted = ("", 0)  # the record after which the centre greeted back though it had failed; how often
        self._held: Problem | None = None  # the record at which the centre asked for patience, and how often in a row
        self._current = ""  # the resident whose record is being sent
        self._thread: threading.Thread | None = None

    @property
    def _journal(self) -> Journal:
        return self._source.journal if isinstance(self._source, JournalKeeper) else self._source

    def step(self) -> float:
        """Do one thing that is due: greet the centre, or hand over one record.

        Returns
        -------
        float
            Seconds until there may be something to do; 0 for at once.

        Raises
        ------
        JournalClosedError
            The journal was closed under the outbox.
        """
        now = self._clock.read().monotonic_ns
        if now < self._not_before_ns:
            return (self._not_before_ns - now) / 1e9
        if self._met is not None or self._journal.backlog()[0] == 0:
            row = self._next(now)
            if row is None:
                return self._idle(now)
            return self._hand_over(row)
        try:
            self._greet()
        except OutboxError as error:
            self._suspect = None  # the centre is away: no record's fault
            return self._failed(error)
        return 0.0

    def drain(self) -> OutboxStatus:
        """Send until nothing is left that can be sent now; for a command that sends once.

        Ends at the first fault of the line or the centre, which the status names.
        """
        while not self._stopping.is_set() and self.step() == 0.0:
            pass
        return self.status()

    def start(self) -> None:
        """Send in a thread, until `stop`."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="biocore outbox", daemon=True)
            self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Stop after the chunk that is under way; say whether the thread has ended in time."""
        self._stopping.set()
        self._awake.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                return False
            self._thread = None
        return True

    def wake(self) -> None:
        """Try now, whatever was being waited for: the network is back, or the operator asks."""
        with self._state:
            self._not_before_ns = 0
            for aside in self._aside.values():
                aside.again_ns = 0
        self._awake.set()

    def __enter__(self) -> Outbox:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def status(self) -> OutboxStatus:
        """Return what the operator must know."""
        self._forget_those_who_went()
        reading = self._clock.read()
        waiting, size = self._journal.backlog()
        oldest = self._journal.waiting(limit=1)
        midnight = reading.utc.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)
        sent = self._journal.handed_over_since(midnight)
        age = self._age_s(oldest[0], reading) if oldest else None
        with self._state:
            due = self._next_try(waiting, reading)
            state = OutboxState.WAITING if waiting else OutboxState.EMPTY
            if self._stopping.is_set():
                state = OutboxState.STOPPED
            elif self._current:
                state = OutboxState.SENDING
            problems = tuple(aside.problem for aside in self._aside.values())
            return OutboxStatus(state, waiting, size, sent, age, problems, self._error, due, self._clock_doubt(reading))

    def _next_try(self, waiting: int, reading: Reading) -> datetime | None:
        """Return when the next try is, where that is not now: after a fault, or when all that wait are set aside."""
        if self._error is not None and waiting:
            due_ns = self._not_before_ns
        elif waiting and waiting <= len(self._aside):
            due_ns = min(aside.again_ns for aside in self._aside.values())
        else:
            return None
        return reading.utc + timedelta(seconds=max(0.0, (due_ns - reading.monotonic_ns) / 1e9))

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._awake.clear()
            try:
                delay = self.step()
            except JournalClosedError:
                if not isinstance(self._source, JournalKeeper):
                    self._stopping.set()
                    return
                delay = REOPENED_S  # the session opens it again with its next entry; what was under way is sent again
            except Exception as error:  # the thread must not die in silence, whatever it was
                delay = self._failed(_of_the_program(error))
            self._awake.wait(delay)

    def _greet(self) -> None:
        hello = self._link.hello()
        if hello.centre != self._journal.centre:
            raise CentreFaultError(
                f"another centre answers ({hello.centre.hex()[:16]}); this station was set up for "
                f"{self._journal.centre.hex()[:16]}",
                code="another_centre",
                advice="nothing was sent; look at the centre's address",
            )
        reading = self._clock.read()
        with self._state:
            self._met = self._last_met = hello, reading
        if self._suspect is not None:  # the centre is well, so it may have been the record
            problem, self._suspect = self._suspect, None
            before = self._doubted[1] if self._doubted[0] == problem.resident else 0
            self._doubted = problem.resident, before + 1
            if before + 1 >= DOUBTS or problem.failures > 1:
                self._set_aside(problem, self._aside_backoff.wait_s(problem.failures))

    def _next(self, now_ns: int) -> Row | None:
        with self._state:
            resting = {name for name, aside in self._aside.items() if now_ns < aside.again_ns}
        newest = self._order is Order.NEWEST
        rows = self._journal.waiting(newest_first=newest, limit=len(resting) + 2)
        due = [row for row in rows if row.resident not in resting]
        held = self._held
        if len(due) == 2 and held is not None and held.resident == due[0].resident and held.failures % HELD == 0:
            return due[1]  # is it the centre that asks for patience, or is it this one record?
        return due[0] if due else None

    def _hold(self, error: OutboxError, resident: str) -> None:
        """Note that the centre asked for patience at a record."""
        if self._held is None or (self._held.resident != resident and self._held.failures % HELD):
            self._held = problem_of(error, self._clock.read().utc, resident, 1)
        else:  # the same once more, or the next one fared no better: then it is the centre
            self._held = replace(self._held, failures=self._held.failures + 1)

    def _let_go(self, resident: str) -> None:
        """Note that a record arrived: if the centre asked for patience at another again and again, it was that one."""
        held, self._held = self._held, None
        if held is not None and held.resident != resident and held.failures >= HELD:
            self._set_aside(held, self._aside_backoff.wait_s(held.failures))

    def _forget_those_who_went(self) -> None:
        """Forget what was set aside and has gone since: a stick took it."""
        with self._state:
            names = list(self._aside)
        for name in names:
            row = self._journal.row(name)
            if row is None or row.receipt is not None:
                with self._state:
                    self._aside.pop(name, None)

    def _idle(self, now_ns: int) -> float:
        self._forget_those_who_went()
        with self._state:
            self._error = None
            first = min((aside.again_ns for aside in self._aside.values()), default=now_ns + round(IDLE_S * 1e9))
        return min(IDLE_S, max(0.001, (first - now_ns) / 1e9))

    def _hand_over(self, row: Row) -> float:
        path = record_path(self._journal.records, row.resident)
        sending = Sending(self._link, self._pace, self._journal.journal_id, row, path, self._chunk())
        with self._state:
            self._current = row.resident
        try:
            receipt = sending.run(self._stopping.is_set)
            if receipt is None:
                return 0.0  # stopped between two chunks
            if receipt.resident != row.resident:
                receipt.check(self._journal.centre, self._journal.journal_id, row.resident, row.digest, row.length)
            self._journal.hand_over(receipt, Way.LINE)
        except RecordRefusedError as error:
            self._set_aside(self._problem(error, row.resident), ASIDE_LONGEST_S)
            return 0.0
        except (CentreBusyError, CentreDeniedError) as error:
            self._hold(error, row.resident)
            return self._failed(error)
        except JournalClosedError:
            raise
        except BiocoreError as error:
            if not (sending.sent and isinstance(error, CentreUnreachableError)):  # with breaks, too, it gets there
                self._suspect = self._problem(error, row.resident)
            return self._failed(error)
        except Exception as error:
            self._suspect = self._problem(_of_the_program(error), row.resident)
            raise
        finally:
            with self._state:
                self._current = ""
        self._let_go(row.resident)
        self._doubted = "", 0
        with self._state:
            self._aside.pop(row.resident, None)
            self._error = None
        return 0.0

    def _chunk(self) -> int:
        """Return how much is sent at a time: what the centre takes, and no more than a second's share of the cap."""
        most = min(self._link.chunk, self._met[0].chunk if self._met else self._link.chunk)
        return most if self._pace.bytes_per_s is None else max(min(most, self._pace.bytes_per_s), min(most, LEAST))

    def _problem(self, error: BiocoreError, resident: str) -> Problem:
        with self._state:
            known = self._aside.get(resident)
        return problem_of(error, self._clock.read().utc, resident, known.problem.failures + 1 if known else 1)

    def _set_aside(self, problem: Problem, wait_s: float) -> None:
        with self._state:
            again = self._clock.read().monotonic_ns + round(wait_s * 1e9)
            self._aside[problem.resident] = _Aside(problem, again)

    def _failed(self, error: BiocoreError) -> float:
        """Take down a fault of the line or the centre; return how long to wait."""
        reading = self._clock.read()
        with self._state:
            problem = problem_of(error, reading.utc, "", self._error.failures + 1 if self._error else 1)
            doubt = self._clock_doubt(reading)
            if problem.code == "certificate_date" and doubt:
                problem = replace(problem, cause=f"{problem.cause}; {doubt}")
            asked = error.after_s if isinstance(error, CentreBusyError) else None
            wait_s = self._backoff.wait_s(problem.failures)
            if asked is not None:
                wait_s = max(wait_s, self._backoff.spread_s(min(asked, PATIENCE_S)))
            self._error, self._met = problem, None
            self._not_before_ns = reading.monotonic_ns + round(wait_s * 1e9)
        return wait_s

    def _clock_doubt(self, reading: Reading) -> str:
        """Say how far this station's clock is from the centre's, or behind the latest time that the journal knows."""
        if self._last_met is not None and self._last_met[1].boot == reading.boot:
            hello, then = self._last_met
            centre = hello.time + timedelta(microseconds=(reading.monotonic_ns - then.monotonic_ns) // 1000)
            return _apart(reading.utc, centre, "the centre's", both_ways=True)
        latest = self._journal.latest
        return _apart(reading.utc, latest, "the latest time in the journal", both_ways=False) if latest else ""

    def _age_s(self, row: Row, reading: Reading) -> float | None:
        head = self._journal.entry(row.closed or 0)
        if head is None:
            return None
        if head.boot == reading.boot:
            return max(0.0, (reading.monotonic_ns - head.monotonic_ns) / 1e9)
        then = datetime.fromisoformat(head.utc) + timedelta(seconds=head.behind_s)
        now = max(reading.utc, self._journal.latest or reading.utc)
        return max(0.0, (now - then).total_seconds())


def _of_the_program(error: Exception) -> OutboxError:
    """Return a fault that nobody thought of; its text is left out, for it could hold anything."""
    return OutboxError(f"a fault of the program ({type(error).__name__})", code="program", advice="tell its makers")


def _apart(here: datetime, there: datetime, whose: str, *, both_ways: bool) -> str:
    behind_s = (there - here).total_seconds()
    if abs(behind_s) < CLOCK_DOUBT_S or (behind_s < 0 and not both_ways):
        return ""
    far = f"{abs(behind_s) / _DAY_S:.0f} days" if abs(behind_s) >= 2 * _DAY_S else f"{abs(behind_s) / 60:.0f} minutes"
    way = "behind" if behind_s > 0 else "ahead of"
    return f"this station's clock says {here:%Y-%m-%d %H:%M} UTC and is {far} {way} {whose}: set it"
