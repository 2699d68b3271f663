"""`biocore ctk-check`: an SBI device or a BioSDK service put to the tests of MOSIP's compliance toolkit, without it."""

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
from biocore_bindings import ctk_page
from biocore_bindings.as_json import graded_entry
from biocore_bindings.ctk_cases import CASES, Case
from biocore_bindings.ctk_grading import Grading
from biocore_bindings.ctk_opening import read_auth_key
from biocore_bindings.ctk_page import WORDS
from biocore_bindings.ctk_run import Examiner
from biocore_bindings.ctk_sdk_cases import SDK_CASES
from biocore_bindings.ctk_sdk_run import SdkExaminer, biosdk_at
from biocore_bindings.options import AsJson
from biocore_bindings.outputs import make_folder, writing
from biocore_bindings.terminal import Answer, ExitCode, answering, complain, finite, shown

_STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.NOT_TRIED: "yellow"}


def ctk_check(
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL",
            help="Of the service: an SBI device as http://127.0.0.1:4501, a BioSDK as "
            "http://127.0.0.1:9099/biosdk-service.",
        ),
    ],
    tests: Annotated[
        list[str] | None,
        typer.Option("--test", metavar="ID", help="Only this test, or a range as SBI1002-SBI1013; repeatable."),
    ] = None,
    attended: Annotated[
        bool, typer.Option("--attended", help="SBI: somebody is there to lay down fingers and look into it.")
    ] = False,
    trust: Annotated[
        Path | None,
        typer.Option("--trust", metavar="DIR", help="SBI: certificates its keys must lead to.", show_default=False),
    ] = None,
    before: Annotated[
        Path | None,
        typer.Option("--before", metavar="JSON", help="SBI: report of before its key was rotated.", show_default=False),
    ] = None,
    auth_key: Annotated[
        Path | None,
        typer.Option(
            "--auth-key",
            metavar="PEM",
            help="SBI: private key of the server that captures for authentication are encrypted for.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            file_okay=False,
            exists=True,
            help="BioSDK: test data laid out as the toolkit's (SDK2001/probe.xml, gallery1.xml), for faces above all.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the two reports go.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Grade an SBI device or a BioSDK by the tests of MOSIP's toolkit, offline, and write a report: HTML and JSON."""
    if urlsplit(url).scheme != "http" or not urlsplit(url).hostname:
        raise typer.BadParameter(f"{url!r} is no URL of a service, as http://127.0.0.1:4501")
    names = _chosen(tests or [])
    biosdk = _biosdk(url, names)
    of_sbi = {"--attended": attended, "--trust": trust, "--before": before, "--auth-key": auth_key}
    _must_apply({"--data": data} if biosdk is None else of_sbi, biosdk is not None)
    with answering("ctk-check", as_json) as answer:
        make_folder(out)
        if biosdk is not None:
            grading = SdkExaminer(biosdk, data).grade(names or SDK_CASES)
        else:
            signatures = Signatures(*read_anchors(trust)) if trust else Signatures(())
            if trust and not signatures.trusting:
                raise FormatError("holds no certificate", file=str(trust))
            examiner = Examiner(url, signatures, attended, _devices_of(before) if before else {}, _prompt)
            examiner.auth_key = read_auth_key(auth_key) if auth_key else None
            grading = examiner.grade(names or CASES)
        _write(answer, grading, out)


def _biosdk(url: str, names: list[str]) -> str | None:
    """Return the address of the BioSDK service that is to be checked; None for an SBI device."""
    if not names:
        return biosdk_at(url)
    return (biosdk_at(url) or url) if names[0] in SDK_CASES else None


def _must_apply(others: Mapping[str, object], biosdk: bool) -> None:
    """Refuse options of the other kind of service.

    Raises
    ------
    typer.BadParameter
    """
    given = [option for option, value in others.items() if value]
    if given:
        there = "a BioSDK service" if biosdk else "an SBI device"
        raise typer.BadParameter(f"{given[0]} is of no use with {there}, which is what this is")


def _chosen(tests: list[str]) -> list[str]:
    """Return the tests that were named, in the toolkit's order; none where none was.

    Raises
    ------
    typer.BadParameter
    """
    chosen: set[str] = set()
    known = [*CASES, *SDK_CASES]
    for test in tests:
        first, _, last = test.upper().partition("-")
        last = last or first
        names = list(CASES) if first in CASES else list(SDK_CASES)
        if first not in names or last not in names:
            raise typer.BadParameter(f"there is no test {test}; they are SBI1000 to SBI1199 and SDK2000 to SDK2075")
        chosen.update(names[names.index(first) : names.index(last) + 1])
    if chosen & CASES.keys() and chosen & SDK_CASES.keys():
        raise typer.BadParameter("tests of SBI devices and of BioSDK services cannot be put to one service")
    return [name for name in known if name in chosen]


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
        "what": grading.what,
        "begun": grading.begun.isoformat(timespec="seconds"),
        "passed": grading.passed,
        "facts": dict(grading.facts),
        "devices": {serial: dict(device) for serial, device in grading.devices.items()},
        "results": [graded_entry(result) for result in grading.results],
    }


def _write(answer: Answer, grading: Grading, out: Path) -> None:
    page, document = out / "ctk-check.html", out / "ctk-check.json"
    entry = entry_of(grading)
    ctk_page.write(page, ctk_page.page(grading))
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
