"""The process in which libfprint runs, seen from outside (`child`), and what its errors mean."""

from __future__ import annotations

import os

from biocore.errors import (
    BiocoreError,
    CaptureCancelledError,
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceError,
    DeviceNotFoundError,
    DevicePermissionError,
    DeviceProtocolError,
    DeviceTimeoutError,
    DeviceUnsupportedError,
    DeviceVendorError,
    MissingDependencyError,
)
from biocore_drivers.child import Child, Message
from biocore_drivers.child_frames import MISSING
from biocore_drivers.transport import Clock, Situation

PYTHON = "BIOCORE_SYSTEM_PYTHON"  # environment: the Python that has the bindings
SYSTEM = "/usr/bin/python3"
PACKAGES = "apt-get install gir1.2-fprint-2.0 python3-gi"

_ERRORS: dict[str, tuple[type[DeviceError], str | None]] = {
    "absent": (DeviceNotFoundError, "Plug it in"),
    "device-removed": (DeviceDisconnectedError, "Plug it in and open it anew"),
    "usb-no-device": (DeviceDisconnectedError, "Plug it in and open it anew"),
    "device-busy": (DeviceBusyError, "Close the program that holds it; fprintd is one"),
    "usb-busy": (DeviceBusyError, "Close the program that holds it; fprintd is one"),
    "usb-permission-denied": (DevicePermissionError, "Install libfprint's udev rules, or run as one who may"),
    "io-permission-denied": (DevicePermissionError, "Install libfprint's udev rules, or run as one who may"),
    "device-proto": (DeviceProtocolError, "Try again"),
    "usb-io": (DeviceProtocolError, "Try another cable"),
    "usb-timed-out": (DeviceTimeoutError, "Unplug it, wait two seconds, and plug it in again"),
    "device-not-supported": (DeviceUnsupportedError, "Use a scanner that gives a picture"),
    "io-cancelled": (CaptureCancelledError, None),
}


class LibfprintProcess(Child):
    """libfprint, in a process of its own. One thread uses it.

    Parameters
    ----------
    situation : Situation
    clock : Clock or None
        See `child.Child`.

    Raises
    ------
    MissingDependencyError
        There is no such Python.
    """

    keeps_words = True

    def __init__(self, situation: Situation, clock: Clock | None = None) -> None:
        program = os.environ.get(PYTHON, SYSTEM)
        try:
            super().__init__((program, "-I"), "biocore_drivers.libfprint_child", (), situation, clock)
        except OSError as error:
            raise MissingDependencyError(f"{program} does not start ({error}): {PACKAGES}") from error

    def failure(self, message: Message) -> DeviceError:
        """Make the error that libfprint names."""
        kind, text = message.text("kind"), message.text("text")
        if kind not in _ERRORS:
            return self.situation.error(
                DeviceVendorError, f"libfprint says {text or 'nothing'} ({kind or 'unnamed'})", "Try again"
            )
        error, hint = _ERRORS[kind]
        return self.situation.error(error, text or kind, hint)

    def ended(self, status: int | None, how: str, words: str) -> BiocoreError:
        """Tell a libfprint that is not installed from one that crashed."""
        if status == MISSING:
            return MissingDependencyError(f"libfprint cannot be loaded ({words}): {PACKAGES}")
        return self.situation.error(
            DeviceVendorError, f"libfprint {how}" + (f": {words}" if words else ""), "The next capture starts it anew"
        )
