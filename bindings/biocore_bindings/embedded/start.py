"""Start, end, and the table of everything that C may call."""

from __future__ import annotations

from collections.abc import Callable

from biocore_bindings.embedded import devices, quality, records, samples, templates
from biocore_bindings.embedded.door import C, Door

ABI = 1  # BIOCORE_ABI_VERSION of the header that these functions are written for


def live_handles(door: Door, count: C) -> None:
    """Count what is not released."""
    door.place(count, "count")[0] = len(door.handles)


def cancel(door: Door) -> None:
    """End what waits for people and devices, before the library ends."""
    for device in devices.open_devices(door):
        device.cancel()


def stop(door: Door) -> None:
    """Close and forget everything."""
    open_ones = devices.open_devices(door)
    door.handles.clear()
    for device in open_ones:
        device.close()


FUNCTIONS: dict[str, Callable[..., None]] = {
    "engine_live_handles": live_handles,
    "engine_cancel": cancel,
    "engine_stop": stop,
    **samples.FUNCTIONS,
    **quality.FUNCTIONS,
    **templates.FUNCTIONS,
    **devices.FUNCTIONS,
    **records.FUNCTIONS,
}


_door: Door | None = None


def start(ffi: C, lib: C, abi: int, version: str) -> int:
    """Bind every function to its name in C, once; return a code.

    Parameters
    ----------
    ffi, lib : object
        cffi's, of the library that calls.
    abi : int
        Of the header that the library was built from.
    version : str
        Of the biocore that it was built from, for the message.
    """
    global _door
    if _door is not None:
        return 0
    door = Door(ffi, lib)
    if abi != ABI:
        message = f"the library (biocore {version}) has ABI {abi}, the biocore installed in the environment {ABI}"
        lib.library_keep_error(lib.BIOCORE_ERROR_ABI, b"AbiError", message.encode(), *([ffi.NULL] * 4), -1)
        return int(lib.BIOCORE_ERROR_ABI)
    for name, function in FUNCTIONS.items():
        ffi.def_extern(name=name, error=lib.BIOCORE_ERROR_INTERNAL)(door.answer(function))
    _door = door
    return 0
