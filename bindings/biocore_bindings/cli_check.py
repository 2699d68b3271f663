"""`biocore devices check`: a driver stands trial, and the outcome is a page for people and a document for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer
from rich.text import Text

from biocore.certify import Case, Certificate, Outcome, trial
from biocore.discovery import Registry, registry
from biocore.errors import DeviceNotFoundError
from biocore.hal import Event, EventKind
from biocore_bindings import certificate_page
from biocore_bindings.as_json import certificate_entry
from biocore_bindings.options import AsJson
from biocore_bindings.outputs import make_folder, write_whole
from biocore_bindings.terminal import Answer, ExitCode, answering, complain, finite, shown, table

CAPTURES = 1000  # where nobody has to lay a finger down for each
CAPTURES_OF_A_PERSON = 20
MAX_CAPTURES = 1_000_000
UNATTENDED = ("replay", "virtual", "file")  # schemes of devices that nobody has to sit at
_STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.NOT_TRIED: "yellow"}


def check(
    driver: Annotated[str, typer.Argument(metavar="DRIVER", help="Its name, as `biocore devices` lists it.")],
    replay: Annotated[
        Path | None,
        typer.Option("--replay", metavar="DIR", help="Try it on this recording of a device.", show_default=False),
    ] = None,
    seed: Annotated[
        str, typer.Option("--seed", metavar="N", help="Random value of the host that made the recording.")
    ] = "",
    device: Annotated[
        str | None,
        typer.Option("--device", metavar="URI", help="Try it on this device instead.", show_default=False),
    ] = None,
    captures: Annotated[
        int | None,
        typer.Option(
            "--captures",
            metavar="N",
            min=5,
            max=MAX_CAPTURES,
            help=f"How many captures must not make the program grow; {CAPTURES}, of a real device "
            f"{CAPTURES_OF_A_PERSON}.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the two reports go.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Try a driver at everything that a driver must do, and write a report: HTML and JSON."""
    if replay is not None and device is not None:
        raise typer.BadParameter("--replay and --device are two ways to name one device")
    if seed and replay is None:
        raise typer.BadParameter("--seed belongs to --replay")
    with answering("devices check", as_json) as answer:
        drivers = registry()
        drivers.load(driver)
        if replay is not None:
            uri = f"replay:{quote(str(replay), safe='/')}" + (f"?seed={seed}" if seed else "")
        else:
            uri = device or _only_device(drivers, driver)
        attended = uri.partition(":")[0] not in UNATTENDED
        make_folder(out)
        certificate = trial(
            drivers,
            driver,
            uri,
            captures=captures or (CAPTURES_OF_A_PERSON if attended else CAPTURES),
            recording=replay,
            tell=_Teller(answer),
            listener=_prompt if attended and not as_json else None,
        )
        _write(answer, certificate, out)
        answer.end(ExitCode.OK if certificate.passed else ExitCode.NO)


def _only_device(drivers: Registry, name: str) -> str:
    """Return the one device of a driver that is attached.

    Raises
    ------
    DeviceNotFoundError
    """
    found = [info.uri for info in drivers.devices() if info.driver == name and not info.refusal]
    if len(found) != 1:
        raise DeviceNotFoundError(
            f"driver {name} has {len(found) or 'no'} devices attached: say which with --device URI, or --replay DIR"
        )
    return found[0]


class _Teller:
    """Tells on a terminal what is being tried."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, case: Case) -> None:
        if self._answer.err.is_terminal:
            self._answer.err.print(Text(f"{case.name}: {case.proves}", style="dim"))


def _prompt(event: Event) -> None:
    if event.kind is EventKind.WAITING:
        complain("lay an eraser or the side of a hand on it, and take it off again")


def _write(answer: Answer, certificate: Certificate, out: Path) -> None:
    name = f"check-{certificate.driver.name}"
    page, document = out / f"{name}.html", out / f"{name}.json"
    entry = certificate_entry(certificate)
    certificate_page.write(page, certificate_page.render(certificate))
    write_whole(document, (json.dumps(finite(entry), indent=2, allow_nan=False) + "\n").encode())
    answer.put(**entry, files={"html": str(page), "json": str(document)})
    rows = table("Case", "Outcome", "Time", "", right=(2,))
    for result in certificate.results:
        rows.add_row(
            result.name,
            Text(result.outcome.value, style=_STYLES[result.outcome]),
            f"{result.seconds:.2f} s",
            Text(shown(result.remark)),
        )
    answer.show(rows)
    said = ", ".join(f"{certificate.count(outcome)} {outcome.value}" for outcome in Outcome)
    answer.show(Text(f"{shown(certificate.driver.name)}: {said}", style="bold"))
    answer.show(Text(f"Reports: {shown(page)}, {shown(document)}", style="dim"))
