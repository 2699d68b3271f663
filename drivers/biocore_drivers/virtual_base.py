"""What all virtual devices share: parameters of a URI, faults on demand, a subject that arrives, previews.

| parameter    | default  | meaning |
|--------------|----------|---------|
| `impression` | 1        | seed of the first impression; each capture takes the next |
| `sequence`   | ORDINARY | what successive captures meet, comma between them; the last one stays: a defect of the generator with its severity (`DRY:0.8`), `GOOD` (nothing wrong), `ORDINARY` (drawn from the seeds) |
| `defect`, `severity` | none, 0.7 | short for `sequence=DEFECT:SEVERITY` |
| `fail`       | none     | faults, comma between them, each `KIND:N`; see below |
| `previews`   | 3        | live frames before the final one, 0..50 |
| `arrival`    | 0.1      | s until finger or eye comes, 0..3600 |
| `interval`   | 0.03     | s between live frames, 0..10 |

Faults: `busy:N` refuses the first N openings. At the N-th capture, counted from 1 over the device's whole life,
`no_finger:N` or `no_eye:N` waits in vain (SubjectTimeoutError), `timeout:N` falls silent (DeviceTimeoutError),
`protocol:N` and `stall:N` answer garbage and nothing (DeviceProtocolError, DeviceStalledError), `disconnect:N` vanishes
while the finger lies on it or the eye is before it (DeviceDisconnectedError) and is back once closed and opened anew.
"""  # noqa: E501 - a table's row is one line

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from biocore.errors import (
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceNotFoundError,
    DeviceProtocolError,
    DeviceStalledError,
    DeviceUnsupportedError,
    InvalidSampleError,
)
from biocore.hal import Attempt, Device, DeviceInfo, EventKind, split_uri
from biocore.types import Frame, Part, Position
from biocore_drivers import virtual_resident
from biocore_drivers.parameters import check_known, number, whole
from biocore_drivers.virtual_resident import Resident, Step

NAME = "virtual"
KEYS = frozenset({"impression", "sequence", "defect", "severity", "fail", "previews", "arrival", "interval"})
FAULTS = ("busy", "timeout", "protocol", "stall", "disconnect")  # and that nobody comes
_T = TypeVar("_T")
_STEP = 0.05  # s between two looks at the clock while nothing happens


@dataclass(frozen=True, slots=True)
class Plan:
    """What the parameters that all virtual devices know say; see the module's text.

    Attributes
    ----------
    impression : int
    steps : tuple of (str, float)
        Name and severity of what each capture meets.
    faults : dict
        Number of each fault by its kind; nobody coming is "nobody".
    previews : int
    arrival, interval : float
        s.
    """

    impression: int
    steps: tuple[tuple[str, float], ...]
    faults: dict[str, int]
    previews: int
    arrival: float
    interval: float

    def step(self, capture: int) -> tuple[str, float]:
        """Return what the capture (counted from 1) meets."""
        return self.steps[min(capture, len(self.steps)) - 1]


class VirtualDevice(Device):
    """A device that shows what a generator makes.

    Parameters
    ----------
    info : DeviceInfo
    plan : Plan
    resident : Resident or None
        Who stands before a device that shows several.
    """

    def __init__(self, info: DeviceInfo, plan: Plan, resident: Resident | None = None) -> None:
        super().__init__(info)
        self._plan = plan
        self._resident = resident or Resident()
        self._openings = 0
        self._captures = 0

    @abstractmethod
    def _take(self, attempt: Attempt, seed: int, capture: int) -> Frame:
        """Show previews, and return the frame of an impression's seed; `capture` is counted from 1."""

    def _open(self) -> None:
        self._openings += 1
        if self._openings <= self._plan.faults.get("busy", 0):
            raise DeviceBusyError("another program holds it", uri=self.info.uri, hint="Close that program")

    def _close(self) -> None:
        pass  # there is nothing to release

    def _capture(self, attempt: Attempt) -> Frame:
        return self._met(attempt, lambda: self._take(attempt, self._seed, self._captures))

    def _capture_parts(
        self, attempt: Attempt, positions: tuple[Position, ...], missing: tuple[Position, ...]
    ) -> tuple[Part, ...]:
        if not self.info.groups or not positions:
            return super()._capture_parts(attempt, positions, missing)
        if not any(set(positions) <= set(group) for group in self.info.groups):
            raise DeviceUnsupportedError("does not show these together", uri=self.info.uri, state=self.state)
        return self._met(attempt, lambda: tuple(self._part(position) for position in positions))

    def _part(self, asked: Position) -> Part:
        came, step = self._resident.shown(asked)
        return Part(self._one(came, self._seed, step or self._plan.step(self._captures)), asked)

    def _one(self, position: Position, seed: int, step: Step) -> Frame:
        """Return the frame of one of several fingers or eyes; devices that show a whole person fill this."""
        raise DeviceUnsupportedError("shows one at a time", uri=self.info.uri, state=self.state)

    @property
    def _seed(self) -> int:
        return self._plan.impression + self._captures - 1

    def _met(self, attempt: Attempt, take: Callable[[], _T]) -> _T:
        """Run one capture: wait for somebody, let the fault of the day happen, and take what is shown."""
        plan, self._captures = self._plan, self._captures + 1
        fault = next((kind for kind, at in plan.faults.items() if kind != "busy" and at == self._captures), "")
        attempt.emit(EventKind.WAITING)
        self._await(attempt, fault)
        attempt.emit(EventKind.PRESENT)
        taken = take()
        if fault == "disconnect":
            raise DeviceDisconnectedError("was unplugged", uri=self.info.uri, state=self.state)
        attempt.check()
        return taken

    def _await(self, attempt: Attempt, fault: str) -> None:
        if fault == "protocol":
            raise DeviceProtocolError("answered 0xFF where 0x01 or 0x02 is known", uri=self.info.uri, state=self.state)
        if fault == "stall":
            raise DeviceStalledError("endpoint 0x81 stalled", uri=self.info.uri, state=self.state)
        while fault == "nobody":
            attempt.sleep(_STEP, subject=True)
        while fault == "timeout":
            attempt.sleep(_STEP)
        if self._plan.arrival > 0.0:
            attempt.sleep(self._plan.arrival, subject=True)

    def _show(self, attempt: Attempt, frame: Callable[[float], Frame]) -> None:
        """Emit the live frames: `frame` is asked for one at each share 0..1 of the way to the final one."""
        for place in range(1, self._plan.previews + 1):
            attempt.emit(EventKind.PREVIEW, frame=frame(place / (self._plan.previews + 1)))
            attempt.sleep(self._plan.interval)


class Parameters:
    """The parameters of one URI, read one by one; what is wrong with them is said by name.

    Parameters
    ----------
    uri : str
    known : frozenset of str
        Names besides those of `KEYS`.

    Raises
    ------
    DeviceNotFoundError
        A parameter of another name.
    """

    def __init__(self, uri: str, known: frozenset[str]) -> None:
        self.uri = uri
        _, self.address, self._texts = split_uri(uri)
        check_known(uri, self._texts, known | KEYS | virtual_resident.KEYS)

    def text(self, key: str, default: str) -> str:
        """Return a parameter as it stands."""
        return self._texts.get(key, default)

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """Return a number, low..high."""
        return number(self.uri, key, self.text(key, str(default)), low, high)

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        """Return a whole number, low..high."""
        return whole(self.uri, key, self.text(key, str(default)), low, high)

    def plan(self, nobody: str, check: Callable[[str, float], object]) -> Plan:
        """Return what all virtual devices know.

        Parameters
        ----------
        nobody : str
            How the fault that nobody comes is called.
        check : callable (name, severity)
            Raises InvalidSampleError where the generator has no such defect.

        Raises
        ------
        DeviceNotFoundError
        """
        if "defect" in self._texts and "sequence" in self._texts:
            raise DeviceNotFoundError("defect and sequence exclude each other", uri=self.uri)
        steps = self.text("sequence", "ORDINARY")
        if "defect" in self._texts:
            steps = f"{self._texts['defect']}:{self.text('severity', '0.7')}"
        faults = self._texts["fail"].split(",") if "fail" in self._texts else []
        return Plan(
            impression=self.whole("impression", 1, 0, 2**62),
            steps=tuple(self._step(step, check) for step in steps.split(",")),
            faults=dict(self._fault(fault, nobody) for fault in faults),
            previews=self.whole("previews", 3, 0, 50),
            arrival=self.number("arrival", 0.1, 0.0, 3600.0),
            interval=self.number("interval", 0.03, 0.0, 10.0),
        )

    def resident(self, groups: Sequence[Sequence[Position]], check: Callable[[str, float], object]) -> Resident:
        """Return who stands before a device that shows these groups; errors as `virtual_resident.read`."""
        return virtual_resident.read(self.uri, self.text("poor", ""), self.text("swap", ""), groups, check)

    def _step(self, text: str, check: Callable[[str, float], object]) -> tuple[str, float]:
        name, colon, severity = text.partition(":")
        name = name.upper()
        degree = number(self.uri, f"severity of {name}", severity, 0.0, 1.0) if colon else 0.7
        if name not in ("GOOD", "ORDINARY"):
            try:
                check(name, degree)
            except InvalidSampleError as error:
                raise DeviceNotFoundError(f"{error}; besides these GOOD and ORDINARY", uri=self.uri) from None
        return name, degree

    def _fault(self, text: str, nobody: str) -> tuple[str, int]:
        kind, _, count = text.partition(":")
        if kind not in (*FAULTS, nobody):
            known = ", ".join((*FAULTS, nobody))
            raise DeviceNotFoundError(f"no fault named {kind!r}", uri=self.uri, hint=f"There are {known}")
        return "nobody" if kind == nobody else kind, whole(self.uri, f"number of {kind}", count, 1, 1_000_000)
