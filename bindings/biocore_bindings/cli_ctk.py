"""`biocore ctk-check`: an SBI device put to the tests of MOSIP's compliance toolkit, without the toolkit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.table import Table
from rich.text import Text

from biocore.certify import Outcome
from biocore.errors import FormatError
from biocore.signatures import Signatures, read_anchors
from biocore_bindings import certificate_page
from biocore_bindings.as_json import result_entry
from biocore_bindings.ctk_cases import CASES, Case
from biocore_bindings.ctk_grading import Grading
from biocore_bindings.ctk_run import Examiner
from biocore_bindings.options import AsJson
from biocore_bindings.outputs import make_folder, writing
from biocore_bindings.terminal import Answer, ExitCode, answering, complain, finite, shown

WORDS = {Outcome.PASSED: "PASS", Outcome.FAILED: "FAIL", Outcome.NOT_TRIED: "NOT RUN"}
_STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.NOT_TRIED: "yellow"}


def ctk_check(
    url: Annotated[str, typer.Argument(metavar="URL", help="Of the service, as http://127.0.0.1:4501")],
    tests: Annotated[
        list[str] | None,
        typer.Option("--test", metavar="ID", help="Only this test, or a range as SBI1002-SBI1013; repeatable."),
    ] = None,
    attended: Annotated[
        bool, typer.Option("--attended", help="Somebody is there to lay down fingers and look into it.")
    ] = False,
    trust: Annotated[
        Path | None,
        typer.Option("--trust", metavar="DIR", help="Certificates its keys must lead to.", show_default=False),
    ] = None,
    before: Annotated[
        Path | None,
        typer.Option("--before", metavar="JSON", help="Report of before its key was rotated.", show_default=False),
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the two reports go.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Grade an SBI device by the tests of MOSIP's compliance toolkit, offline, and write a report: HTML and JSON."""
    if urlsplit(url).scheme != "http" or not urlsplit(url).hostname:
        raise typer.BadParameter(f"{url!r} is no URL of a service, as http://127.0.0.1:4501")
    names = _chosen(tests or [])
    with answering("ctk-check", as_json) as answer:
        make_folder(out)
        signatures = Signatures(*read_anchors(trust)) if trust else Signatures(())
        if trust and not signatures.trusting:
            raise FormatError("holds no certificate", file=str(trust))
        examiner = Examiner(url, signatures, attended, _devices_of(before) if before else {}, _prompt)
        _write(answer, examiner.grade(names), out)


def _chosen(tests: list[str]) -> list[str]:
    """Return the tests that were named, in the toolkit's order.

    Raises
    ------
    typer.BadParameter
    """
    names, chosen = list(CASES), set()
    for test in tests:
        first, _, last = test.upper().partition("-")
        if first not in CASES or (last or first) not in CASES:
            raise typer.BadParameter(f"there is no test {test}; they are {names[0]} to {names[-1]}")
        chosen.update(names[names.index(first) : names.index(last or first) + 1])
    return [name for name in names if name in chosen] if tests else names


def _devices_of(report: Path) -> Mapping[str, Mapping[str, str]]:
    """Return the devices of an earlier report.

    Raises
    ------
    FormatError
    """
    try:
        devices = json.loads(report.read_bytes())["devices"]
        return {str(serial): {name: str(device[name]) for name in device} for serial, device in devices.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError(f"is no report of this command ({type(error).__name__}: {error})", file=str(report)) from None


def _prompt(case: Case) -> None:
    if case.captures:
        complain(f"{case.name}: show {case.title}")
    elif case.timeout:
        complain(f"{case.name}: show nothing")


def entry_of(grading: Grading) -> dict[str, Any]:
    """Say what a check found."""
    return {
        "url": grading.url,
        "begun": grading.begun.isoformat(timespec="seconds"),
        "passed": grading.passed,
        "devices": {serial: dict(device) for serial, device in grading.devices.items()},
        "results": [result_entry(result) for result in grading.results],
    }


def render(grading: Grading) -> str:
    """Return the page."""
    facts = [("Service", grading.url)]
    for serial, device in grading.devices.items():
        facts.append((f"Device {serial}", f"{device['make']} {device['model']}; key {device['certificate'] or 'none'}"))
    facts.append(("When", f"{grading.begun:%Y-%m-%d %H:%M} UTC"))
    facts.append(("With", certificate_page.made_with()))
    meaning = "Tests of MOSIP's compliance toolkit, run without it; only the toolkit itself certifies."
    return certificate_page.page("SBI device", meaning, facts, grading.results, grading.passed)


def _write(answer: Answer, grading: Grading, out: Path) -> None:
    page, document = out / "ctk-check.html", out / "ctk-check.json"
    entry = entry_of(grading)
    certificate_page.write(page, render(grading))
    with writing(document):
        document.write_text(json.dumps(finite(entry), indent=2, allow_nan=False) + "\n", encoding="utf-8")
    answer.put(**entry, files={"html": str(page), "json": str(document)})
    table = Table("Test", "", "What", "", box=None, pad_edge=False)
    for result in grading.results:
        outcome = Text(WORDS[result.outcome], style=_STYLES[result.outcome])
        table.add_row(result.name, outcome, shown(result.proves), Text(shown(result.remark)))
    answer.show(table)
    said = ", ".join(f"{grading.count(outcome)} {WORDS[outcome]}" for outcome in Outcome)
    answer.show(Text(f"{shown(grading.url)}: {said}", style="bold"))
    answer.show(Text(f"Reports: {shown(page)}, {shown(document)}", style="dim"))
    answer.end(ExitCode.OK if grading.passed else ExitCode.NO)
