"""A serial port as a link: pyserial, with its failures turned into the named errors.

The port belongs to one program (an advisory lock that names its holder, and the port's own); whatever pyserial, termios
or the system raise, a DeviceError comes out.
"""

from __future__ import annotations

import contextlib
import errno
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import serial

from biocore.errors import (
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceError,
    DeviceNotFoundError,
    DevicePermissionError,
    DeviceProtocolError,
    DeviceTimeoutError,
    DeviceUnsupportedError,
    DeviceVendorError,
)
from biocore_drivers.transport import Clock, RealClock, Situation
from biocore_drivers.usb_lock import DeviceLock

WRITE = 2.0  # s; a command is 20 bytes
_REPLUG = "Plug it in and open it anew"
_GROUP = "Add this user to the group that owns the port, `sudo usermod -aG dialout $USER`, and log in anew"


class SerialLine:
    """One open port, 8 data bits, no parity, one stop bit; see `transport.Link`.

    Parameters
    ----------
    port : str
        Path of its device node.
    baud : int
        Bits/s.
    situation : Situation

    Raises
    ------
    DeviceNotFoundError, DevicePermissionError, DeviceBusyError, DeviceError
    """

    once = False

    def __init__(self, port: str, baud: int, situation: Situation) -> None:
        self.situation = situation
        self.clock: Clock = RealClock()
        self._path = Path(port)
        self._port: serial.Serial | None = None
        self._lock = DeviceLock(f"serial:{self._path.resolve()}", situation)
        try:
            with self._named(opening=True):
                self._port = serial.Serial(port, baud, timeout=0, write_timeout=WRITE, exclusive=True)
        except BaseException:
            self.close()
            raise

    @property
    def baud(self) -> int:
        """Bits/s now."""
        return int(self._open.baudrate)

    def at(self, baud: int) -> None:
        """Go on at another rate; what has come so far is forgotten.

        Raises
        ------
        DeviceUnsupportedError
            The port does not know that rate.
        """
        try:
            with self._named():
                self._open.baudrate = baud
                self._open.reset_input_buffer()
        except (DeviceVendorError, DeviceProtocolError) as error:
            raise self.situation.error(DeviceUnsupportedError, f"its port cannot do {baud} bits/s") from error

    def read(self, most: int, timeout: float) -> bytes:
        """Return what has come, up to `most` bytes; wait `timeout` s for the first one; empty where none comes."""
        with self._named():
            self._open.timeout = timeout
            first = bytes(self._open.read(1))
            rest = min(most - 1, int(self._open.in_waiting)) if first else 0
            return first + (bytes(self._open.read(rest)) if rest > 0 else b"")

    def write(self, data: bytes) -> None:
        """Send all of it."""
        with self._named():
            self._open.write(data)

    def forget(self) -> None:
        """Drop what has come and nobody has read."""
        with self._named():
            self._open.reset_input_buffer()

    def reset(self) -> None:
        """Do nothing: a serial port has no line for it."""

    def close(self) -> None:
        """Give the port back."""
        port, self._port = self._port, None
        if port is not None:
            with contextlib.suppress(OSError, ValueError, termios.error):
                port.close()
        self._lock.release()

    @property
    def _open(self) -> serial.Serial:
        if self._port is None:
            raise self.situation.error(DeviceError, "the port is closed")
        return self._port

    @contextlib.contextmanager
    def _named(self, *, opening: bool = False) -> Iterator[None]:
        try:
            yield
        except serial.SerialTimeoutException as error:
            raise self.situation.error(
                DeviceTimeoutError, "its port takes no more", "Unplug it, wait two seconds, and plug it in again"
            ) from error
        except (OSError, ValueError, OverflowError, TypeError, termios.error) as error:
            raise self._error(error, opening=opening) from error

    def _error(self, error: Exception, *, opening: bool) -> DeviceError:
        """Make the named error; pyserial's own carry an errno, or words only."""
        code = getattr(error, "errno", None)
        if code is None and error.args and isinstance(error.args[0], int):  # termios
            code = error.args[0]
        if not self._path.exists():
            kind = DeviceNotFoundError if opening else DeviceDisconnectedError
            return self.situation.error(kind, f"there is no port {self._path}", _REPLUG)
        if code in (errno.EACCES, errno.EPERM):
            return self.situation.error(DevicePermissionError, f"this user may not open {self._path}", _GROUP)
        if code in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in str(error):
            return self.situation.error(DeviceBusyError, f"another program holds {self._path}", "Close that program")
        if opening and not self._path.is_char_device():
            return self.situation.error(DeviceNotFoundError, f"{self._path} is no serial port")
        if code in (errno.EIO, errno.ENODEV, errno.ENXIO, errno.EBADF) or "disconnected" in str(error):
            return self.situation.error(DeviceDisconnectedError, "was unplugged", _REPLUG)
        if isinstance(error, OSError) and code is not None:
            return self.situation.error(DeviceVendorError, f"the system says {code} ({error})", _REPLUG)
        return self.situation.error(DeviceProtocolError, f"its port fails: {error}", _REPLUG)


def quiet(line: SerialLine, silence: float, longest: float) -> bool:
    """Read until nothing has come for `silence` s; say whether that was so within `longest` s."""
    until = time.monotonic() + longest
    while line.read(4096, silence):
        if time.monotonic() > until:
            return False
    return True
