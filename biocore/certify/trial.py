"""The whole trial of one driver: every case, each with a time limit, and what came of it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from biocore.certify import faults
from biocore.certify.capturing import CAPTURING
from biocore.certify.cases import Bench, Case, CheckFailedError, NotTriedError, Running
from biocore.certify.lifecycle import LIFECYCLE
from biocore.discovery import DriverInfo, Registry
from biocore.errors import BiocoreError, DeviceNotFoundError
from biocore.hal import Device, DeviceInfo, Event

LISTING = 2.0  # s; a list of devices is asked for while somebody waits
CASES: tuple[Case, ...] = (*CAPTURING, *LIFECYCLE)
NOBODYS = ("", "no-such-scheme", "no-such-scheme:no/such/place")  # URIs that no driver serves
SWEEP_LIMIT = 3600.0  # s
_CUT = 4 * 1024  # characters of a remark


class Outcome(StrEnum):
    """What came of a case."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Result:
    """One case, tried.

    Attributes
    ----------
    name, proves : str
        Of the case.
    outcome : Outcome
    seconds : float
    remark : str
        What was measured; why it failed; why it was not tried.
    """

    name: str
    proves: str
    outcome: Outcome
    seconds: float = 0.0
    remark: str = ""


@dataclass
class Certificate:
    """What a trial found.

    Attributes
    ----------
    driver : DriverInfo
    uri : str
        The device it was tried on.
    info : DeviceInfo or None
        What the device says of itself; None where it could not be made.
    begun : datetime
    results : list of Result
    """

    driver: DriverInfo
    uri: str
    info: DeviceInfo | None = None
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    results: list[Result] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        """Count the cases of an outcome."""
        return sum(result.outcome is outcome for result in self.results)

    @property
    def passed(self) -> bool:
        """Nothing failed, and something was tried."""
        return self.count(Outcome.FAILED) == 0 and self.count(Outcome.PASSED) > 0

    @property
    def seconds(self) -> float:
        """How long all of it took."""
        return sum(result.seconds for result in self.results)


def trial(
    registry: Registry,
    name: str,
    uri: str,
    *,
    captures: int = 1000,
    recording: Path | None = None,
    tell: Callable[[Case], None] = lambda case: None,
    listener: Callable[[Event], None] | None = None,
) -> Certificate:
    """Try a driver on one device.

    A driver that hangs fails its case; the cases after it are not tried, for the hanging thread still holds the
    device.

    Parameters
    ----------
    registry : Registry
    name : str
        Of the driver.
    uri : str
        A device of it.
    captures : int
        How many the case of growth takes.
    recording : Path or None
        Folder of the recording that the URI plays: its faults are tried too.
    tell : callable
        Hears of each case before it is tried.
    listener : callable or None
        Hears the events of every device.

    Raises
    ------
    DriverNotFoundError
        No such driver is installed.
    DriverError
        It does not load.
    """
    registry.load(name)
    driver = next(info for info in registry.drivers() if info.name == name)
    certificate = Certificate(driver, uri)

    def make(other: str = uri) -> Device:
        device = registry.device(other)
        if listener is not None and other == uri:
            device.listen(listener)
        return device

    picture = recording / "capture.png" if recording is not None else None
    bench = Bench(make, name, captures, str(picture) if picture is not None and picture.is_file() else "")
    cases = [
        Case("driver", "the driver lists its devices in no time, and refuses names that are not its own",
             lambda bench: _driver(registry, name)),
        *CASES,
        Case(faults.SWEEP, faults.PROVES, lambda bench: _faults(make, uri, recording), SWEEP_LIMIT),
    ]  # fmt: skip
    hung = ""
    for case in cases:
        if hung:
            certificate.results.append(Result(case.name, case.proves, Outcome.NOT_TRIED, 0.0, hung))
            continue
        tell(case)
        result = run(case, bench)
        certificate.results.append(result)
        if result.seconds >= case.limit:
            hung = f"the driver hung in {case.name}"
    with contextlib.suppress(BiocoreError):  # the first case that needed a device says why
        certificate.info = make().info
    return certificate


def run(case: Case, bench: Bench) -> Result:
    """Try one case, as long as it may take."""
    start = time.monotonic()
    outcome, remark = Outcome.PASSED, ""
    try:
        remark = Running(lambda: case.run(bench)).result(case.limit)
    except NotTriedError as reason:
        outcome, remark = Outcome.NOT_TRIED, str(reason)
    except CheckFailedError as failure:
        outcome, remark = Outcome.FAILED, str(failure)
    except Exception as error:
        outcome, remark = Outcome.FAILED, f"{type(error).__name__}: {error}"
    return Result(case.name, case.proves, outcome, time.monotonic() - start, remark[:_CUT])


def _driver(registry: Registry, name: str) -> str:
    driver = registry.load(name)
    start = time.monotonic()
    count = len(list(driver.devices()))
    took = time.monotonic() - start
    if took > LISTING:
        raise CheckFailedError(f"took {took:.1f} s to list its devices; {LISTING:g} are too many")
    for uri in NOBODYS:
        if driver.claims(uri):
            raise CheckFailedError(f"claims {uri!r}, which is no device of its own")
        try:
            driver.open(uri)
        except DeviceNotFoundError:
            continue
        except Exception as error:
            raise CheckFailedError(f"refuses {uri!r} with {type(error).__name__}: {error}") from error
        raise CheckFailedError(f"opens {uri!r}, which is no device of its own")
    return f"{count} attached, listed in {took * 1000:.0f} ms"


def _faults(make: Callable[[str], Device], uri: str, recording: Path | None) -> str:
    if recording is None:
        raise NotTriedError("needs a recording (--replay)")
    return faults.check(make, uri)
