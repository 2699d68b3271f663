"""The report of a check as one HTML page: what to mend first, then why some tests were not run, then all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from biocore.certify import Outcome
from biocore_bindings.certificate_page import made_with
from biocore_bindings.ctk_advice import Advised
from biocore_bindings.ctk_grading import Graded, Grading
from biocore_bindings.ctk_run import TEN_PERSONS
from biocore_bindings.pages import filled
from biocore_bindings.report_page import write
from biocore_bindings.terminal import shown

WORDS = {Outcome.PASSED: "PASS", Outcome.FAILED: "FAIL", Outcome.NOT_TRIED: "NOT RUN"}
_CLASSES = {Outcome.PASSED: "passed", Outcome.FAILED: "failed", Outcome.NOT_TRIED: "not-tried"}
MEANING = "Tests of MOSIP's compliance toolkit by their ids, run without it. Only the toolkit itself certifies."

_ENTRY = re.compile(r"\[(\d+)\]:? ?")  # at the beginning of a fault: which entry of the answer

__all__ = ["MEANING", "WORDS", "page", "ranges", "write"]


def page(grading: Grading) -> str:
    """Return the page."""
    failed = [result for result in grading.results if result.outcome is Outcome.FAILED]
    unrun = [result for result in grading.results if result.outcome is Outcome.NOT_TRIED]
    titles = {result.name: result.proves for result in grading.results}
    context = {
        "title": shown(grading.what),
        "verdict": verdict(grading),
        "passed": grading.passed,
        "meaning": MEANING,
        "facts": [(name, shown(value)) for name, value in facts(grading)],
        "counts": [(grading.count(outcome), WORDS[outcome], _CLASSES[outcome]) for outcome in Outcome],
        "mend": [_card(group, titles) for group in _grouped(failed)],
        "unrun": [(shown(_begun(reason)), ranges(names)) for reason, names in _by_reason(unrun)],
        "results": [_row(result) for result in grading.results],
    }
    return filled("ctk.html", context)


def verdict(grading: Grading) -> str:
    """Say in two words how it went."""
    if grading.passed:
        return "passed"
    return "failed" if grading.count(Outcome.FAILED) else "nothing was run"


def facts(grading: Grading) -> list[tuple[str, str]]:
    """List what is known of the service."""
    found = [("Service", grading.url), *grading.facts.items()]
    for serial, device in grading.devices.items():
        found.append((f"Device {serial}", f"{device['make']} {device['model']}; key {device['certificate'] or 'none'}"))
    return [*found, ("When", f"{grading.begun:%Y-%m-%d %H:%M} UTC"), ("With", made_with())]


@dataclass
class _Group:
    """Faults that are one thing to mend: of one validator and with one wording, in whichever entries and tests."""

    fault: Advised
    entries: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)


def _grouped(failed: Sequence[Graded]) -> Iterable[_Group]:
    groups: dict[tuple[str, str], _Group] = {}
    for result in failed:
        for fault in result.faults:
            found = _ENTRY.match(fault.came)
            came = fault.came[found.end() :] if found else fault.came
            group = groups.setdefault((fault.validator, came), _Group(replace(fault, came=came)))
            for listed, one in ((group.entries, found[1] if found else ""), (group.tests, result.name)):
                if one and one not in listed:
                    listed.append(one)
    return groups.values()


def _by_reason(results: Sequence[Graded]) -> Iterable[tuple[str, list[str]]]:
    """Group what was not run by why; the reasons of tests that need ten persons differ only in who these are."""
    groups: dict[str, list[str]] = {}
    for result in results:
        reason = f"{TEN_PERSONS} of one group" if result.remark.startswith(TEN_PERSONS) else result.remark
        groups.setdefault(reason, []).append(result.name)
    return groups.items()


def _card(group: _Group, titles: dict[str, str]) -> dict[str, Any]:
    fault, others = group.fault, len(group.tests) - 1
    what = titles[group.tests[0]]
    if others:
        what += f", and {others} other test{'s' if others > 1 else ''}"
    came = fault.came
    if group.entries:
        came += f" (in entr{'ies' if len(group.entries) > 1 else 'y'} {', '.join(sorted(group.entries, key=int))})"
    return {
        "tests": ranges(group.tests),
        "what": _begun(what),
        "validator": fault.validator,
        "came": shown(_begun(came)),
        "expected": _begun(fault.expected),
        "do": fault.do,
    }


def _begun(text: str) -> str:
    """Return a sentence with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]


def _row(result: Graded) -> dict[str, str]:
    return {
        "name": result.name,
        "what": _begun(result.proves),
        "outcome": WORDS[result.outcome],
        "kind": _CLASSES[result.outcome],
        "seconds": f"{result.seconds:.2f}" if result.seconds else "",
        "remark": shown(result.remark) if result.outcome is Outcome.PASSED else "",
    }


def ranges(names: Sequence[str]) -> str:
    """Write test ids shortly: SBI1002, SBI1004 to SBI1006."""
    numbers = [(name.rstrip("0123456789"), int(name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))) for name in names]
    runs: list[list[tuple[str, int]]] = []
    for kind, number in numbers:
        if runs and runs[-1][-1] == (kind, number - 1):
            runs[-1].append((kind, number))
        else:
            runs.append([(kind, number)])
    written = []
    for run in runs:
        first, last = ("".join(map(str, end)) for end in (run[0], run[-1]))
        written += [f"{first} to {last}"] if len(run) > 2 else [f"{kind}{number}" for kind, number in run]
    return ", ".join(written)
