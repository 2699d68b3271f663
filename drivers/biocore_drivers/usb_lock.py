"""One claimant a device: an advisory lock file, held while the device is open.

The kernel frees it with the process, so a crash leaves nothing to clear away. Its text names the holder.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import tempfile
from pathlib import Path

from biocore.errors import DeviceBusyError
from biocore_drivers.transport import Situation

SYSTEM = Path("/run/lock")  # Filesystem Hierarchy Standard 3.0, 5.9 and 3.15

_log = logging.getLogger(__name__)


def folder() -> Path:
    """Where locks lie: the system's folder for them, the same for every user; else the temporary one."""
    return SYSTEM if os.access(SYSTEM, os.W_OK) else Path(tempfile.gettempdir())


class DeviceLock:
    """The claim on one device.

    Parameters
    ----------
    name : str
        The device's stable name; the file is named after its hash.
    situation : Situation

    Raises
    ------
    DeviceBusyError
        Another process, or another object of this one, has it; the message names the process.
    """

    def __init__(self, name: str, situation: Situation) -> None:
        self._file: int | None = None
        path = folder() / f"biocore-{hashlib.sha256(name.encode()).hexdigest()[:16]}.lock"
        try:
            file = _opened(path)
        except OSError as error:  # the claim on the bus still holds others off
            _log.warning("%s: no lock file: %s", situation.uri, error)
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(file, 200, 0).decode("utf-8", "replace").strip()
            os.close(file)
            raise situation.error(
                DeviceBusyError, f"is held by {holder or 'another program'}", "Close that program, or use its device"
            ) from None
        self._file = file
        try:
            os.ftruncate(file, 0)
            os.pwrite(file, f"{_program()} (process {os.getpid()})\n".encode(), 0)
        except OSError as error:  # a full disk names no holder, but locks
            _log.debug("%s: %s", path, error)

    def release(self) -> None:
        """Give the claim back; legal twice."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def _opened(path: Path) -> int:
    """Open a lock file that another user may have made: in a sticky folder O_CREAT on such a file is refused."""
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        pass
    file = os.open(path, flags | os.O_CREAT, 0o666)
    try:
        os.fchmod(file, 0o666)  # whatever the umask: the next user of the machine locks it too
    except OSError:
        _log.debug("%s: stays this user's", path)
    return file


def _program() -> str:
    try:
        return Path("/proc/self/comm").read_text().strip()
    except OSError:
        return "a program"
