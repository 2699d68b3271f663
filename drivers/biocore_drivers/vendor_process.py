"""The process of a vendor's library, seen from outside (`child`), and what the library's codes mean."""

from __future__ import annotations

import sys
from pathlib import Path

from biocore.errors import (
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
    SubjectTimeoutError,
)
from biocore_drivers.child import Child, Message
from biocore_drivers.transport import Clock, Situation
from biocore_drivers.vendor_host import LOAD_FAILED, NO_PLUGIN, OVERRUN, STUCK

_ERRORS: dict[int, tuple[type[DeviceError], str, str]] = {
    -1: (SubjectTimeoutError, "nobody came before the deadline", "Try again"),
    -2: (CaptureCancelledError, "the capture was cancelled", ""),
    -3: (DeviceDisconnectedError, "was unplugged", "Plug it in and open it anew"),
    -4: (DeviceNotFoundError, "is not attached", "Plug it in"),
    -5: (DeviceBusyError, "is held by another program", "Close that program"),
    -6: (DevicePermissionError, "this user may not open it", "Install its udev rule: biocore devices --udev-rules"),
    -7: (DeviceTimeoutError, "does not answer", "Unplug it, wait two seconds, plug it in"),
    -8: (DeviceProtocolError, "sent nonsense", "Try again; try another cable"),
    -9: (DeviceUnsupportedError, "gives no picture", "Use another scanner"),
    LOAD_FAILED: (DeviceVendorError, "its library cannot be loaded", "Install what it needs"),
    NO_PLUGIN: (DeviceVendorError, "its library is no plug-in", "It must export what biocore_vendor.h declares"),
    OVERRUN: (DeviceProtocolError, "its library", "Tell the vendor"),
    STUCK: (DeviceVendorError, "its library", "Tell the vendor"),
}


class VendorProcess(Child):
    """A running library. One thread uses it.

    Parameters
    ----------
    library : Path
    situation : Situation
    clock : Clock or None
        See `child.Child`.

    Raises
    ------
    DeviceVendorError
        There can be no process.
    """

    def __init__(self, library: Path, situation: Situation, clock: Clock | None = None) -> None:
        try:
            python = (sys.executable, "-I", "-S")  # the standard library alone: it starts in an instant
            super().__init__(python, "biocore_drivers.vendor_host", [str(library)], situation, clock)
        except OSError as error:
            raise situation.error(DeviceVendorError, f"its library's process cannot be started: {error}") from error

    def failure(self, message: Message) -> DeviceError:
        """Make the error that a failed order stands for."""
        code, text = message.number("code"), message.text("text")
        if code in _ERRORS:
            kind, means, hint = _ERRORS[code]
            said = f"{means} {text}" if code in (OVERRUN, STUCK) else f"{means}: {text}" if text else means
            return self.situation.error(kind, said, hint or None)
        return self.situation.error(
            DeviceVendorError, f"its library says {code}" + (f": {text}" if text else ""), "Ask the vendor"
        )

    def ended(self, status: int | None, how: str, words: str) -> DeviceVendorError:
        """Blame the library."""
        return self.situation.error(
            DeviceVendorError, f"its library {how}", "The next capture starts it anew; tell the vendor"
        )
