"""Fingers for libfprint's virtual image device: whoever opens it is shown pictures, without an end."""

from __future__ import annotations

import socket
import struct
import subprocess
import tempfile
import threading
from functools import cache
from pathlib import Path

import pytest

from biocore.fingerprint import synth
from biocore.types import GreyImage
from biocore_drivers.libfprint_process import SYSTEM

LONGEST = 95  # characters of a folder for a socket: its path may have 107 (unix(7))
PROGRAM = "import gi; gi.require_version('FPrint', '2.0'); from gi.repository import FPrint"


@cache
def installed() -> bool:
    """Say whether libfprint and its bindings are here."""
    try:
        return subprocess.run([SYSTEM, "-c", PROGRAM], capture_output=True, timeout=30, check=False).returncode == 0
    except OSError:
        return False


def require() -> None:
    """Leave the test out where there is no libfprint."""
    if not installed():
        pytest.skip("libfprint is not installed: apt-get install gir1.2-fprint-2.0 python3-gi")


class Feeder:
    """The other end of the device's socket.

    Parameters
    ----------
    path : Path
        Of the socket: the value of FP_VIRTUAL_IMAGE.
    picture : uint8 array or None
        Shown again and again; None = nobody comes.
    folder : TemporaryDirectory or None
        Removed at the end.
    """

    def __init__(
        self, path: Path, picture: GreyImage | None, folder: tempfile.TemporaryDirectory[str] | None = None
    ) -> None:
        self.path = path
        self._folder = folder
        self.words = b"" if picture is None else struct.pack("ii", *picture.shape[::-1]) + picture.tobytes()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._feed, name="feeder", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Show nothing more."""
        self._ended.set()
        self._thread.join(5.0)
        if self._folder is not None:
            self._folder.cleanup()

    def _feed(self) -> None:
        while not self._ended.wait(0.005):
            try:
                with socket.socket(socket.AF_UNIX) as there:
                    there.settimeout(0.1)
                    there.connect(str(self.path))
                    self._show(there)
            except OSError:
                continue  # it is closed

    def _show(self, there: socket.socket) -> None:
        while not self._ended.is_set():
            rest = memoryview(self.words)
            while rest and not self._ended.is_set():
                try:
                    rest = rest[there.send(rest) :]
                except TimeoutError:
                    continue
            if not self.words:
                self._ended.wait(0.05)


@cache
def a_print() -> GreyImage:
    """Draw a finger that libfprint finds minutiae in: it gives no other picture."""
    return synth.impression(5, 1, synth.Conditions(), (192, 224))


def plug(patch: pytest.MonkeyPatch, folder: Path, picture: GreyImage | None = None) -> Feeder:
    """Have libfprint find its virtual device, and show it a finger; the test is left out where there is no libfprint.

    The socket lies where its path is short enough for one.
    """
    require()
    short = tempfile.TemporaryDirectory(prefix="fp", dir="/tmp") if len(str(folder)) > LONGEST else None
    path = (folder if short is None else Path(short.name)) / "socket"
    patch.setenv("FP_VIRTUAL_IMAGE", str(path))
    return Feeder(path, a_print() if picture is None else picture, short)
