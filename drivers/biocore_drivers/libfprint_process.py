"""The process in which libfprint runs: started, spoken to, watched, ended. Its crash is an error like any other."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, NoReturn

from biocore.errors import DeviceProtocolError, DeviceTimeoutError, DeviceVendorError, MissingDependencyError
from biocore_drivers.libfprint_child import MISSING
from biocore_drivers.transport import Situation

PYTHON = "BIOCORE_SYSTEM_PYTHON"  # environment: the Python that has the bindings
SYSTEM = "/usr/bin/python3"
PACKAGES = "apt-get install gir1.2-fprint-2.0 python3-gi"
CLOSING = 2.0  # s for giving the device back; then the process is ended
MAX_LINE = 2**16  # bytes
MAX_PICTURE = 2**24  # bytes; the largest sensor of libfprint's has a hundredth of it

Answer = dict[str, Any]


class Process:
    """libfprint, in a process of its own.

    Parameters
    ----------
    situation : Situation
    """

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # as long as the process
        self._came = bytearray()
        program = os.environ.get(PYTHON, SYSTEM)
        try:
            self._child = subprocess.Popen(
                [program, "-I", str(Path(__file__).with_name("libfprint_child.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                bufsize=0,
            )
        except OSError as error:
            self._errors.close()
            raise MissingDependencyError(f"{program} does not start ({error}): {PACKAGES}") from error

    @property
    def running(self) -> bool:
        """It has not ended."""
        return self._child.poll() is None

    def tell(self, do: str, **more: str) -> None:
        """Send a command; a process that has ended is noticed by the next `hear`."""
        assert self._child.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self._child.stdin.write(json.dumps({"do": do, **more}).encode() + b"\n")

    def hear(self, timeout: float) -> Answer | None:
        """Return the next answer, a picture's bytes under `raw`; None where none comes in time.

        Raises
        ------
        DeviceVendorError
            The process has ended: libfprint crashed.
        DeviceProtocolError
            It says what cannot be read.
        MissingDependencyError
            The bindings, or libfprint, are not installed.
        """
        until = time.monotonic() + timeout
        while True:
            answer = self._parsed()
            if answer is not None:
                return answer
            assert self._child.stdout is not None
            ready, _, _ = select.select([self._child.stdout], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                return None
            part = os.read(self._child.stdout.fileno(), 2**16)
            if not part:
                self._ended()
            self._came += part

    def ask(self, do: str, timeout: float, **more: str) -> Answer:
        """Send a command and return its answer.

        Raises
        ------
        DeviceTimeoutError, DeviceVendorError, DeviceProtocolError, MissingDependencyError
        """
        self.tell(do, **more)
        answer = self.hear(timeout)
        if answer is None:
            raise self._situation.error(DeviceTimeoutError, f"libfprint does not answer within {timeout:g} s")
        return answer

    def close(self) -> None:
        """End it, kindly at first; legal twice."""
        self.tell("close")
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.close()
        until = time.monotonic() + CLOSING
        with contextlib.suppress(OSError, ValueError):
            while time.monotonic() < until and self.running:  # what it still says would block it
                if select.select([self._child.stdout], [], [], 0.02)[0]:
                    os.read(self._child.stdout.fileno(), 2**16)
        if self.running:
            self._child.kill()
        self._child.wait()
        self._child.stdout.close()
        self._errors.close()

    def _parsed(self) -> Answer | None:
        line, found, rest = self._came.partition(b"\n")
        if len(line) > MAX_LINE:
            raise self._situation.error(DeviceProtocolError, "libfprint's answer does not end")
        if not found:
            return None
        try:
            answer = json.loads(line)
            size = int(answer.get("bytes", 0))
            assert isinstance(answer["say"], str)
            assert 0 <= size <= MAX_PICTURE
        except (ValueError, TypeError, KeyError, AttributeError, AssertionError):
            raise self._situation.error(DeviceProtocolError, f"libfprint says {bytes(line[:80])!r}") from None
        if len(rest) < size:
            return None
        self._came = rest[size:]
        return {**answer, "raw": bytes(rest[:size])}

    def _ended(self) -> NoReturn:
        status = self._child.wait()
        self._errors.seek(0)
        said = self._errors.read()[-2000:].decode("utf-8", "replace").strip().rpartition("\n")[2]
        if status == MISSING:
            raise MissingDependencyError(f"libfprint cannot be loaded ({said}): {PACKAGES}")
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        raise self._situation.error(
            DeviceVendorError, f"libfprint's process {how}" + (f": {said}" if said else ""), "Try again"
        )
