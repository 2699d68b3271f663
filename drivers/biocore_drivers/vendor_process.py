"""The process of a vendor's library, seen from outside: started, spoken to, watched, ended."""

from __future__ import annotations

import contextlib
import json
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from biocore_drivers import vendor_host
from biocore_drivers.transport import Situation
from biocore_drivers.vendor_host import HEADER, LOAD_FAILED, NO_PLUGIN, OVERRUN, STUCK, send

PATIENCE = 5.0  # s for starting, describing and opening, each
CLOSING = 1.5  # s for giving the device back; then the process is ended
MAX_ANSWER = 1 << 26  # bytes; no picture is as long
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


@dataclass(frozen=True, slots=True)
class Message:
    """What the process said, and the pixels that came with it."""

    content: dict[str, Any]
    pixels: bytes = b""

    @property
    def said(self) -> str:
        """Its kind."""
        return str(self.content["said"])


class VendorProcess:
    """A running library. One thread uses it.

    Parameters
    ----------
    library : Path
    situation : Situation

    Raises
    ------
    DeviceVendorError
        There can be no process.
    """

    def __init__(self, library: Path, situation: Situation) -> None:
        self.situation = situation
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                command = [sys.executable, "-I", "-S", vendor_host.__file__, str(theirs.fileno()), str(library)]
                self._process = subprocess.Popen(
                    command,
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
        except OSError as error:
            ours.close()
            raise situation.error(DeviceVendorError, f"its library's process cannot be started: {error}") from error
        self._link = ours
        self._waiting = bytearray()

    @property
    def process_id(self) -> int:
        """Of the process."""
        return self._process.pid

    def order(self, do: str, **more: Any) -> None:
        """Tell it to do something.

        Raises
        ------
        DeviceVendorError
            It has crashed.
        """
        try:
            send(self._link, {"do": do, **more})
        except OSError:
            raise self._crashed() from None

    def ask(self, do: str, timeout: float = PATIENCE, **more: Any) -> dict[str, Any]:
        """Tell it to do something, and return its answer.

        Raises
        ------
        DeviceError
            It failed, crashed, or did not answer in time; then it must be ended.
        """
        self.order(do, **more)
        until = time.monotonic() + timeout
        while (left := until - time.monotonic()) > 0.0:
            message = self.hear(left)
            if message is not None and message.said == "failed":
                raise self.failure(message)
            if message is not None and message.said == "done":
                return message.content
        raise self.situation.error(
            DeviceTimeoutError, f"its library does not return from {do}() within {timeout:g} s", "Unplug it, plug it in"
        )

    def hear(self, timeout: float) -> Message | None:
        """Return what it said next; None where it says nothing in time.

        Raises
        ------
        DeviceVendorError
            It has crashed.
        """
        until = time.monotonic() + timeout
        while (message := self._first()) is None:
            left = until - time.monotonic()
            if not select.select([self._link], [], [], max(0.0, left))[0]:
                return None
            try:
                came = self._link.recv(1 << 18)
            except OSError:
                came = b""
            if not came:
                raise self._crashed()
            self._waiting += came
        return message

    def _first(self) -> Message | None:
        if len(self._waiting) < HEADER.size:
            return None
        length, pixels = HEADER.unpack_from(self._waiting)
        if length + pixels > MAX_ANSWER:
            raise self.situation.error(DeviceProtocolError, "its library's process talks nonsense")
        end = HEADER.size + length + pixels
        if len(self._waiting) < end:
            return None
        try:
            content = json.loads(self._waiting[HEADER.size : HEADER.size + length])
        except ValueError as error:
            raise self.situation.error(DeviceProtocolError, "its library's process talks nonsense") from error
        message = Message(content, bytes(self._waiting[HEADER.size + length : end]))
        del self._waiting[:end]
        return message

    def failure(self, message: Message) -> DeviceError:
        """Make the error that a failed order stands for."""
        code, text = int(message.content["code"]), str(message.content["text"])
        if code in _ERRORS:
            kind, means, hint = _ERRORS[code]
            said = f"{means} {text}" if code in (OVERRUN, STUCK) else f"{means}: {text}" if text else means
            return self.situation.error(kind, said, hint or None)
        return self.situation.error(
            DeviceVendorError,
            f"its library says {code}" + (f": {text}" if text else ""),
            "Ask the vendor",
        )

    def _crashed(self) -> DeviceVendorError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)
        code = self._process.returncode
        if code is not None and code < 0:
            try:
                how = f"crashed ({signal.Signals(-code).name})"
            except ValueError:
                how = f"crashed (signal {-code})"
        else:
            how = f"ended the process it runs in (exit code {code})"
        return self.situation.error(
            DeviceVendorError, f"its library {how}", "The next capture starts it anew; tell the vendor"
        )

    def end(self, *, gently: bool) -> None:
        """End the process; `gently` lets the library give the device back first. Raises nothing."""
        if gently:
            with contextlib.suppress(DeviceError):
                self.order("cancel")  # for a capture that was interrupted; else nothing happens
                self.ask("close", CLOSING)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE / 10)
        self._process.kill()
        self._process.wait()
        self._link.close()
