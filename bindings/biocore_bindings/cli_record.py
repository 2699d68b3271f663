"""`biocore devices record`: the conversation with a real device, kept so that it can be played without it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer
from rich.text import Text

import biocore
from biocore.errors import DeviceProtocolError, FormatError
from biocore.hal import Event, EventKind
from biocore_bindings.as_json import device_entry
from biocore_bindings.options import AsJson
from biocore_bindings.outputs import write_picture, writing
from biocore_bindings.terminal import answering, complain, shown

TIMEOUT = 30.0  # s; somebody looks for an eraser
LIFT = 3.0  # s in which it is taken off again: the recording tells of that too
MAX_WAIT = 3600.0  # s


def record(
    uri: Annotated[str, typer.Argument(metavar="URI", help="Of a USB device, as `biocore devices` lists it.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the recording goes; made new.")],
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="S", min=0.1, max=MAX_WAIT, help="Seconds to wait for the eraser.")
    ] = TIMEOUT,
    wait: Annotated[
        float,
        typer.Option("--wait", metavar="S", min=0.0, max=MAX_WAIT, help="Seconds in which it is taken off again."),
    ] = LIFT,
    as_json: AsJson = False,
) -> None:
    """Record one capture of a device, and prove that the recording plays: never of a finger."""
    with answering("devices record", as_json) as answer:
        with writing(folder):
            if folder.exists() and any(folder.iterdir()):
                raise FormatError("is not empty; a recording has a folder of its own", file=str(folder))
        place = quote(str(folder), safe="/")
        with biocore.open_device(f"record:{place}?of={quote(uri, safe='')}") as device:
            device.listen(_prompt)
            answer.put(device=device_entry(device.info))
            frame = device.capture(timeout)
            complain("take it off again")
            time.sleep(wait)
        write_picture(folder / "capture.png", frame.pixels, frame.ppi)
        with biocore.open_device(f"replay:{place}") as replayed:
            again = replayed.capture(timeout).pixels
        differing = int((again != frame.pixels).sum()) if again.shape == frame.pixels.shape else -1
        if differing:
            raise DeviceProtocolError(
                f"the recording in {folder} plays another picture: its driver draws from what was not recorded", uri=uri
            )
        size = sum(path.stat().st_size for path in folder.iterdir())
        answer.put(recording={"folder": str(folder), "bytes": size, "differing_pixels": differing})
        answer.show(Text(f"{shown(folder)}: {size} bytes; it plays the very picture (0 pixels differ)."))
        answer.show(Text(f"biocore devices check {device.info.driver} --replay {shown(folder)}", style="dim"))


def _prompt(event: Event) -> None:
    if event.kind is EventKind.WAITING:
        complain("lay an eraser or the side of a hand on it, never a finger: the recording holds its picture")
