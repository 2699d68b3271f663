"""`biocore devices`: what is attached, and which drivers are installed."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

import biocore
from biocore.hal import DeviceInfo
from biocore_bindings.as_json import device_entry, driver_entry
from biocore_bindings.options import AsJson
from biocore_bindings.terminal import answering, shown


def devices(as_json: AsJson = False) -> None:
    """List the attached devices and the installed drivers."""
    with answering("devices", as_json) as answer:
        found, drivers = biocore.list_devices(), biocore.list_drivers()
        answer.put(devices=[device_entry(info) for info in found], drivers=[driver_entry(driver) for driver in drivers])
        answer.show(_table(found) if found else Text("No device is attached."))
        for driver in drivers:
            if driver.fault:
                answer.show(Text(f"Driver {shown(driver.name)} cannot be used: {shown(driver.fault)}", style="yellow"))
        names = ", ".join(shown(driver.name) for driver in drivers if not driver.fault) or "none"
        answer.show(Text(f"Drivers: {names}", style="dim"))


def _table(found: list[DeviceInfo]) -> Table:
    table = Table("Device", "Maker", "Model", "Shows", "Resolution", "Window", "Serial", box=None, pad_edge=False)
    for info in found:
        table.add_row(
            Text(shown(info.uri), style="bold"),
            shown(info.maker),
            shown(info.model),
            info.modality.value,
            f"{info.ppi:g} ppi" if info.ppi else "varies",
            f"{info.window[0]} x {info.window[1]} px" if info.window else "varies",
            shown(info.serial or ""),
        )
    return table
