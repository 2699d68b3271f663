"""The trial that a driver stands before anybody depends on it: ours and everybody's, the same.

`cases` says what a case is; `lifecycle` and `capturing` hold those of the contract of `biocore.hal`; `faults` plays
every fault at every packet of a recording; `trial` runs them all and keeps the outcome. The project's own tests run
the very same cases.
"""

from __future__ import annotations

from biocore.certify.cases import Bench, Case, CheckFailedError
from biocore.certify.faults import SWEEP, Sweep, sweep
from biocore.certify.trial import CASES, Certificate, Outcome, Result, trial

__all__ = [
    "CASES",
    "SWEEP",
    "Bench",
    "Case",
    "Certificate",
    "CheckFailedError",
    "Outcome",
    "Result",
    "Sweep",
    "sweep",
    "trial",
]
