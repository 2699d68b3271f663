"""Sockets of a small HTTP service: what comes has a deadline and a limit, what goes is taken in time."""

from __future__ import annotations

import contextlib
import io
import socket
import time
from collections.abc import Collection
from typing import Any

from biocore.errors import BiocoreError

ANSWER_S = 20.0  # s for an answer to be taken; four fingers are a megabyte
QUEUE = 512  # connections that may wait to be accepted


class Timed(io.RawIOBase):
    """What comes over a socket, until a deadline and up to so many bytes."""

    def __init__(self, connection: socket.socket, seconds: float, limit: int) -> None:
        self._connection = connection
        self._deadline = time.monotonic() + seconds
        self._left = limit

    def extend(self, seconds: float) -> None:
        """Set the deadline anew, from now: a body may take longer than a head."""
        self._deadline = time.monotonic() + seconds

    def readable(self) -> bool:
        """Say that it can."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with what has come.

        Raises
        ------
        OSError
            The deadline has passed, the limit is reached, or the connection broke.
        """
        left = self._deadline - time.monotonic()
        if left <= 0.0:
            raise TimeoutError("the request came too slowly")
        if self._left <= 0:
            raise ConnectionError("the request is too long")
        self._connection.settimeout(left)
        size = self._connection.recv_into(memoryview(buffer)[: self._left])
        self._left -= size
        return size


class Answering(io.BufferedIOBase):
    """What goes over a socket: each piece is taken in time, or the connection ends."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def writable(self) -> bool:
        """Say that it can."""
        return True

    def write(self, data: Any) -> int:
        """Send all of it."""
        self._connection.settimeout(ANSWER_S)
        self._connection.sendall(data)
        return len(data)


def listening(host: str, ports: Collection[int]) -> socket.socket:
    """Return a socket bound to the lowest of several ports that is free.

    Raises
    ------
    BiocoreError
        None is free, or there is no such address.
    """
    trouble: OSError | None = None
    for port in ports:
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind((host, port))
            found.listen(QUEUE)
        except OSError as error:
            found.close()
            trouble = error
        else:
            return found
    raise BiocoreError(f"no port of {host} is free: {trouble.strerror if trouble else 'none was named'}")


def hung_up(connection: socket.socket) -> bool:
    """Say whether the other side has left."""
    try:
        connection.settimeout(0.0)
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def has_unread(connection: socket.socket) -> bool:
    """Say whether something has come that nobody read."""
    try:
        connection.settimeout(0.0)
        return connection.recv(1, socket.MSG_PEEK) != b""
    except OSError:
        return False


def linger(connection: socket.socket, seconds: float) -> None:
    """Take and forget what still comes, so that the other side reads its answer and not a reset."""
    ends = time.monotonic() + seconds
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        while (left := ends - time.monotonic()) > 0.0:
            connection.settimeout(left)
            if not connection.recv(1 << 16):
                return


def cut(connection: socket.socket) -> None:
    """End a connection that another thread reads or writes."""
    with contextlib.suppress(OSError):  # it has ended by itself
        connection.shutdown(socket.SHUT_RDWR)
