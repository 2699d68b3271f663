"""Every byte the journal writes outside SQLite goes through here, and every fault of the disk gets its name.

Tests pass a `Disk` of their own, which tears writes, fills up, fails, or pulls the plug.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from biocore.errors import (
    JournalBusyError,
    JournalDeviceError,
    JournalError,
    JournalFullError,
    JournalIndexError,
    JournalReadOnlyError,
)

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# What is a link was put there by somebody, and leads to a file that is none of ours; a pipe would be waited for.
_PLAIN = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}


class Disk:
    """Appending to files so that it lasts."""

    def append(self, path: Path, offset: int, data: bytes) -> None:
        """Write `data` at `offset`, the end of the file, and wait until the disk has it.

        A new file's name is made to last as well.
        """
        first = offset == 0  # not "is new": a first write that failed has left the name behind
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | _PLAIN, 0o600)
        try:
            view = memoryview(data)
            while view:
                written = self.write(fd, view, offset)
                view, offset = view[written:], offset + written
            self.sync(fd)
        finally:
            os.close(fd)
        if first:
            self.sync_folder(path.parent)

    def cut(self, path: Path, length: int) -> None:
        """Shorten a file to `length` bytes, where it is longer."""
        if path.exists() and path.stat().st_size > length:
            fd = os.open(path, os.O_WRONLY | _PLAIN)
            try:
                os.ftruncate(fd, length)
            finally:
                os.close(fd)

    def remove(self, path: Path) -> None:
        """Remove a file, where it is there, and make that last."""
        path.unlink(missing_ok=True)
        self.sync_folder(path.parent)

    def write(self, fd: int, data: memoryview, offset: int) -> int:
        """Write at an offset; return how many bytes were taken."""
        return os.pwrite(fd, data, offset)

    def sync(self, fd: int) -> None:
        """Wait until the disk has the file's bytes and its length."""
        os.fdatasync(fd)

    def sync_folder(self, folder: Path) -> None:
        """Wait until the disk has the names in a folder."""
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def before_commit(self) -> None:
        """Stand between the record and its index; a place for tests to pull the plug."""

    def after_commit(self) -> None:
        """Stand between the index and the answer; a place for tests to pull the plug."""


def read_plain(path: Path, limit: int | None = None) -> bytes:
    """Read a file, or `limit` bytes of it; a link, a pipe or a device is not read.

    Raises
    ------
    OSError
        As the system says; ELOOP for a link, EINVAL for what is no plain file.
    """
    with os.fdopen(_opened_plain(path, os.O_RDONLY), "rb") as file:
        return file.read(limit)


def make_plain(path: Path) -> None:
    """Make a file that its owner alone can read, unless it is there; for SQLite, which would let all read it.

    Raises
    ------
    OSError
        As `read_plain`.
    """
    os.close(_opened_plain(path, os.O_RDWR | os.O_CREAT))


def _opened_plain(path: Path, flags: int) -> int:
    fd = os.open(path, flags | _PLAIN, 0o600)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "it is no plain file", str(path))
    return fd


def index_damaged(why: str, path: Path) -> JournalIndexError:
    """Return the error for an index that is not what was written."""
    what = f"the index is damaged ({why}); opening the journal makes it anew from the records"
    error = JournalIndexError(what, path=str(path))
    error.why = why
    return error


def named(error: OSError | sqlite3.Error, path: Path) -> JournalError:
    """Return the journal's own error for what the system or SQLite reported."""
    if isinstance(error, OSError):
        return _named_system(error, path)
    return _named_sqlite(error, path)


@contextmanager
def named_faults(path: Path) -> Iterator[None]:
    """Turn what the system and SQLite raise inside into the journal's own errors."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        if isinstance(error, JournalError):
            raise
        raise named(error, path) from error


def _named_system(error: OSError, path: Path) -> JournalError:
    where = str(path)
    if error.errno in _FULL:
        return JournalFullError("the disk is full; make room or bring what is waiting to the centre", path=where)
    if error.errno in _READ_ONLY:
        return JournalReadOnlyError(
            f"cannot be written ({os.strerror(error.errno)}); a disk that turned read-only has failed: look at it",
            path=where,
        )
    if error.errno == errno.EIO:
        return JournalDeviceError("the disk failed (EIO); replace it, and open the journal again", path=where)
    return JournalError(f"{error.strerror or error}", path=where)


def _named_sqlite(error: sqlite3.Error, path: Path) -> JournalError:
    where = str(path)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary code, sqlite.org/rescode.html
    if code == sqlite3.SQLITE_FULL:
        return JournalFullError("the disk is full; make room or bring what is waiting to the centre", path=where)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return JournalReadOnlyError("the index cannot be written; is the disk mounted read-only?", path=where)
    if code == sqlite3.SQLITE_CANTOPEN:
        return JournalReadOnlyError("the index cannot be opened; look at the rights of the folder", path=where)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return JournalBusyError("the index stayed locked by another program; close that one", path=where)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return index_damaged(str(error), path)
    if code == sqlite3.SQLITE_IOERR:
        return JournalDeviceError(f"the disk failed under the index ({error}); open the journal again", path=where)
    return JournalError(f"the index: {error}", path=where)
