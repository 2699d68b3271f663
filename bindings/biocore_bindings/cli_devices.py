"""`biocore devices`: what is attached, and which drivers are installed; checking a driver, recording a device."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

import biocore
from biocore.discovery import udev_rules
from biocore.hal import DeviceInfo
from biocore_bindings.as_json import device_entry, driver_entry
from biocore_bindings.cli_check import check
from biocore_bindings.cli_record import record
from biocore_bindings.options import AsJson
from biocore_bindings.terminal import EXIT_CODES, Answer, answering, shown, table

devices = typer.Typer(
    help="List the attached devices and the installed drivers; check a driver; record a device.",
    invoke_without_command=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["--help", "-h"]},
)


@devices.callback(epilog=EXIT_CODES)
def list_devices(
    context: typer.Context,
    rules: Annotated[
        bool, typer.Option("--udev-rules", help="Print the udev rules of every USB device the drivers serve instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the attached devices and the installed drivers."""
    if context.invoked_subcommand is not None:
        if rules or as_json:
            raise typer.BadParameter(f"options go after `{context.invoked_subcommand}`")
        return
    with answering("devices", as_json) as answer:
        if rules:
            _show_rules(answer)
            return
        found, drivers = biocore.list_devices(), biocore.list_drivers()
        answer.put(devices=[device_entry(info) for info in found], drivers=[driver_entry(driver) for driver in drivers])
        if not any(not info.synthetic for info in found):
            answer.show(Text("No scanner and no camera is attached; the virtual ones show made-up pictures."))
        if found:
            answer.show(_table(found))
            _show_forbidden(answer, found)
        for driver in drivers:
            if driver.fault:
                answer.show(Text(f"Driver {shown(driver.name)} cannot be used: {shown(driver.fault)}", style="yellow"))
        names = ", ".join(shown(driver.name) for driver in drivers if not driver.fault) or "none"
        answer.show(Text(f"Drivers: {names}", style="dim"))


def _show_rules(answer: Answer) -> None:
    text = udev_rules()
    answer.put(udev_rules=text)
    answer.line(text.removesuffix("\n"))  # a file's text: no line may be folded


def _show_forbidden(answer: Answer, found: list[DeviceInfo]) -> None:
    """Say of each device that this user may not open what opens it, on one line that can be copied whole."""
    for info in found:
        if info.forbidden:
            answer.line(f"{shown(info.uri)}: no permission. {shown(info.forbidden)}")


def _table(found: list[DeviceInfo]) -> Table:
    rows = table("Device", "What", "Shows", "Picture", "Enrols")
    rows.columns[0].no_wrap = True  # a name to be copied
    for info in found:
        serial = "" if info.serial is None or info.serial in info.uri else f", serial {info.serial}"
        size = f"{info.window[0]} x {info.window[1]} px" if info.window else "size varies"
        rows.add_row(
            Text(shown(info.uri), style="bold"),
            Text(shown(f"{info.maker} {info.model}{serial}")),
            info.modality.value,
            size + (f", {info.ppi:g} ppi" if info.ppi else ""),
            _enrols(info),
        )
    return rows


def _enrols(info: DeviceInfo) -> Text:
    if info.synthetic:
        return Text("no: made up, to try things out", style="dim")
    if info.unfit:
        return Text(f"no: {shown(info.unfit)}", style="yellow")
    if info.forbidden:
        return Text("no permission", style="yellow")
    return Text(f"experimental: {shown(info.experimental)}", style="yellow") if info.experimental else Text("yes")


devices.command("check", epilog=EXIT_CODES)(check)
devices.command("record", epilog=EXIT_CODES)(record)
