"""What a trial of a driver found, as one HTML page that holds everything in itself."""

from __future__ import annotations

import platform
from importlib.metadata import version

import jinja2

from biocore.certify import Certificate, Outcome
from biocore_bindings.report_page import write
from biocore_bindings.terminal import shown

_CLASSES = {Outcome.PASSED: "passed", Outcome.FAILED: "failed", Outcome.NOT_TRIED: "not-tried"}

__all__ = ["render", "write"]


def render(certificate: Certificate) -> str:
    """Return the page."""
    worst_first = sorted(certificate.results, key=lambda result: result.outcome is not Outcome.FAILED)
    counts = [(certificate.count(outcome), outcome.value, _CLASSES[outcome]) for outcome in Outcome]
    slowest = max((result.seconds for result in certificate.results), default=0.0) or 1.0
    context = {
        "driver": shown(certificate.driver.name),
        "passed": certificate.passed,
        "facts": _facts(certificate),
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
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("biocore_bindings"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("certificate.html").render(context)


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
    facts.append(("With", f"biocore {version('biocore')}, Python {platform.python_version()}, {platform.platform()}"))
    return [(name, shown(value)) for name, value in facts]
