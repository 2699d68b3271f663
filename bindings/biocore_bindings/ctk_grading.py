"""What a check found: its tests with their faults, and for each fault what was expected and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from biocore.certify import Outcome, Result
from biocore_bindings.ctk_advice import Advised, advised

SAID = 6  # faults of one test that are written out


@dataclass(frozen=True, slots=True)
class Graded(Result):
    """One test of the toolkit, with its faults one by one.

    Attributes
    ----------
    faults : tuple of Advised
        As many as are written out.
    """

    faults: tuple[Advised, ...] = ()


@dataclass
class Grading:
    """What a check found.

    Attributes
    ----------
    url : str
    what : str
        What was checked: "SBI device".
    begun : datetime
    devices : dict of str to mapping
        Of an SBI device, by serial number: make, model, and the certificate it signs with.
    facts : dict of str to str
        What else the service said of itself.
    results : list of Graded
    """

    url: str
    what: str = "SBI device"
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    devices: dict[str, Mapping[str, str]] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    results: list[Graded] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        """Count the tests of an outcome."""
        return sum(result.outcome is outcome for result in self.results)

    @property
    def passed(self) -> bool:
        """Nothing failed, and something passed."""
        return self.count(Outcome.FAILED) == 0 and self.count(Outcome.PASSED) > 0


def graded(
    name: str, proves: str, outcome: Outcome, seconds: float, faults: Sequence[str], remarks: Sequence[str]
) -> Graded:
    """Return one test's result.

    Parameters
    ----------
    name, proves : str
        Of the test.
    outcome : Outcome
    seconds : float
    faults : sequence of str
        Each behind the name of its validator.
    remarks : sequence of str
        Said where there are no faults.
    """
    remark = "; ".join(faults[:SAID] or remarks)
    if len(faults) > SAID:
        remark += f"; and {len(faults) - SAID} more"
    return Graded(name, proves, outcome, seconds, remark, tuple(advised(fault) for fault in faults[:SAID]))
