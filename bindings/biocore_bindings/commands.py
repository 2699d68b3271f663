"""All commands of `biocore`, wired together."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from biocore_bindings.cli_assess import assess
from biocore_bindings.cli_biosdk import biosdk_serve
from biocore_bindings.cli_capture import capture
from biocore_bindings.cli_centre import centre
from biocore_bindings.cli_compare import compare
from biocore_bindings.cli_ctk import ctk_check
from biocore_bindings.cli_day import day
from biocore_bindings.cli_demo import demo
from biocore_bindings.cli_devices import devices
from biocore_bindings.cli_enrol import enrol
from biocore_bindings.cli_extract import extract
from biocore_bindings.cli_models import models
from biocore_bindings.cli_records import convert_record, show
from biocore_bindings.cli_sbi import sbi_keys, sbi_serve
from biocore_bindings.cli_slap import slap
from biocore_bindings.cli_station import station
from biocore_bindings.terminal import EXIT_CODES

app = typer.Typer(
    name="biocore",
    help="Capture fingerprints and irises, check their quality, extract and compare templates.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"biocore {version('biocore')}")
        raise typer.Exit


@app.callback()
def _root(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Capture fingerprints and irises, check their quality, extract and compare templates."""


for command in (assess, extract, compare, slap, capture, enrol, show, demo):
    app.command(epilog=EXIT_CODES)(command)
app.command("convert", epilog=EXIT_CODES)(convert_record)
app.command("sbi-serve", epilog=EXIT_CODES)(sbi_serve)
app.command("biosdk-serve", epilog=EXIT_CODES)(biosdk_serve)
app.command("ctk-check", epilog=EXIT_CODES)(ctk_check)
app.add_typer(station, name="station")
app.add_typer(day, name="day")
app.add_typer(centre, name="centre")
app.add_typer(devices, name="devices")
app.add_typer(models, name="models")
app.add_typer(sbi_keys, name="sbi-keys")
