"""What a trial of a driver, or another check of many tests, found: one HTML page that holds everything in itself."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version

from biocore.certify import Certificate, Outcome, Result
from biocore_bindings.pages import filled
from biocore_bindings.report_page import write
from biocore_bindings.terminal import shown

_CLASSES = {Outcome.PASSED: "passed", Outcome.FAILED: "failed", Outcome.NOT_TRIED: "not-tried"}

__all__ = ["render", "write"]


def render(certificate: Certificate) -> str:
    """Return the page of a driver's trial."""
    return page(
        f"Driver {certificate.driver.name}",
        "Everything that a driver must do, tried one by one.",
        _facts(certificate),
        certificate.results,
        certificate.passed,
    )


def page(title: str, meaning: str, facts: Sequence[tuple[str, str]], results: Sequence[Result], passed: bool) -> str:
    """Return a page of results.

    Parameters
    ----------
    title, meaning : str
        What was tried, and what that says.
    facts : sequence of (str, str)
        Name and value of what else is known.
    results : sequence of Result
        Shown with what failed first.
    passed : bool
        Of the whole.
    """
    worst_first = sorted(results, key=lambda result: result.outcome is not Outcome.FAILED)
    counts = [
        (sum(result.outcome is outcome for result in results), outcome.value, _CLASSES[outcome]) for outcome in Outcome
    ]
    slowest = max((result.seconds for result in results), default=0.0) or 1.0
    context = {
        "title": shown(title),
        "meaning": meaning,
        "verdict": "passed" if passed else "failed",
        "passed": passed,
        "facts": [(name, shown(value)) for name, value in facts],
        "counts": [count for count in counts if count[0]],
        "results": [
            {
                "name": result.name,
                "proves": result.proves[:1].upper() + result.proves[1:],
                "outcome": result.outcome.value,
                "kind": _CLASSES[result.outcome],
                "seconds": f"{result.seconds:.2f}",
                "share": result.seconds / slowest,
                "remark": shown(result.remark),
            }
            for result in worst_first
        ],
    }
    return filled("certificate.html", context)


def _facts(certificate: Certificate) -> list[tuple[str, str]]:
    driver, info = certificate.driver, certificate.info
    facts = [("Driver", f"{driver.name} {driver.version}, {driver.origin}"), ("Tried on", certificate.uri)]
    if info is not None:
        facts.append(("Device", " ".join(f"{info.maker} {info.model}".split())))
        window = f"{info.window[0]} \N{MULTIPLICATION SIGN} {info.window[1]} px" if info.window else "any size"
        facts.append(("Picture", f"{window}, {f'{info.ppi:g} ppi' if info.ppi else 'no fixed resolution'}"))
        facts.append(("Serial number", info.serial or "none"))
        facts.append(("May enrol", f"no: {info.unfit}" if info.unfit else "yes"))
    facts.append(("When", f"{certificate.begun:%Y-%m-%d %H:%M} UTC, {certificate.seconds:.1f} s"))
    facts.append(("With", made_with()))
    return facts


def made_with() -> str:
    """Say which biocore, Python and system found this."""
    return f"biocore {version('biocore')}, Python {platform.python_version()}, {platform.platform()}"
