"""A camera on the network: a stream of JPEGs over HTTP (multipart/x-mixed-replace; RFC 2046, 5.1).

Read here rather than by a video library, because of what must not happen: a picture cut on its way shown as a whole
one, a stream that stalls holding up its reader, a connection that cannot be closed while somebody waits for it.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
from email.message import Message
from typing import IO
from urllib.parse import urlsplit

from biocore.errors import (
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceError,
    DeviceNotFoundError,
    DevicePermissionError,
    DeviceProtocolError,
    DeviceTimeoutError,
    DeviceUnsupportedError,
)
from biocore_drivers.camera_colours import coloured_jpeg
from biocore_drivers.camera_pixels import jpeg
from biocore_drivers.job import Picture
from biocore_drivers.transport import Situation

CONNECT = 3.0  # s until the camera takes the connection, and until it answers
SILENCE = 2.5  # s without a byte in the middle of the stream
LINE = 4096  # bytes of a header line
HEADERS = 32  # lines before a picture
LARGEST = 16 << 20  # bytes of a JPEG
STREAM = "multipart/x-mixed-replace"
_AGAIN = "Look at the camera's power and at the network"
_REFUSALS: dict[int, tuple[type[DeviceError], str, str]] = {
    401: (DevicePermissionError, "wants a password", "Let this station in without one, by its address"),
    403: (DevicePermissionError, "refuses this station", "Let this station in, by its address"),
    404: (DeviceNotFoundError, "has no such path", "Look up the path of its stream in its manual"),
    429: (DeviceBusyError, "serves as many as it can", "Close another viewer"),
    503: (DeviceBusyError, "serves as many as it can", "Close another viewer"),
}


class MjpegSource:
    """One stream.

    Parameters
    ----------
    url : str
        http:// or https://.
    situation : Situation
    colours : bool
        They are wanted.

    Raises
    ------
    DeviceError
        Nobody answers, or not with a stream of JPEGs.
    """

    live = True

    def __init__(self, url: str, situation: Situation, colours: bool = False) -> None:
        self._situation = situation
        self._colours = colours
        self._jpeg = b""
        parts = urlsplit(url)
        host = parts.hostname or ""
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(host, parts.port, timeout=CONNECT)
        self._socket: socket.socket | None = None
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            self._connection.request("GET", path, headers={"Accept": STREAM, "Connection": "close"})
            self._socket = self._connection.sock
            self._response = self._connection.getresponse()
            self._delimiter = self._checked()
            if self._socket is not None:
                self._socket.settimeout(SILENCE)
        except BaseException as error:
            self.close()
            raise self._named(error, begun=False) from error

    def grab(self) -> bool:
        """Read the next picture.

        Raises
        ------
        DeviceTimeoutError, DeviceDisconnectedError, DeviceProtocolError
        """
        try:
            self._jpeg = self._part()
        except Exception as error:
            raise self._named(error, begun=True) from error
        return True

    def picture(self) -> Picture:
        """Decode it."""
        return coloured_jpeg(self._jpeg) if self._colours else Picture(jpeg(self._jpeg))

    def interrupt(self) -> None:
        """Cut the connection."""
        with contextlib.suppress(OSError):
            if self._socket is not None:
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the connection."""
        response: http.client.HTTPResponse | None = getattr(self, "_response", None)
        with contextlib.suppress(OSError, ValueError):
            if response is not None:
                response.close()
        self._connection.close()

    def _checked(self) -> bytes:
        """Return what stands between two pictures."""
        answer = self._response
        if answer.status != http.client.OK:
            other = (DeviceProtocolError, f"answers {answer.status} {answer.reason}", _AGAIN)
            kind, message, hint = _REFUSALS.get(answer.status, other)
            raise self._situation.error(kind, message, hint)
        said = Message()
        said["Content-Type"] = answer.getheader("Content-Type", "")
        boundary = said.get_param("boundary")
        if said.get_content_type() != STREAM or not isinstance(boundary, str) or not boundary:
            raise self._situation.error(
                DeviceUnsupportedError,
                f"gives {said.get_content_type()} instead of a stream of JPEGs",
                "Look up the path of its MJPEG stream in its manual",
            )
        return b"--" + boundary.removeprefix("--").encode("latin-1")

    def _part(self) -> bytes:
        length = self._headers()
        stream: IO[bytes] = self._response
        if length is None:
            return self._until_delimiter(stream)
        data = stream.read(length)
        if len(data) < length:
            raise EOFError
        return data

    def _headers(self) -> int | None:
        """Read up to a picture's first byte; return its length where it is told."""
        skipped = 0
        while not (line := self._line()).startswith(self._delimiter):  # after a cut picture: what is left of it
            skipped += len(line)
            if skipped > LARGEST:
                raise self._situation.error(DeviceProtocolError, f"sent {skipped} bytes without a picture in them")
        length: int | None = None
        for _ in range(HEADERS):
            if line == self._delimiter + b"--":  # the stream's regular end
                raise EOFError
            line = self._line()
            if not line:
                return length
            if line.lower().startswith(b"content-length:"):
                length = self._length(line.partition(b":")[2].strip())
        raise self._situation.error(DeviceProtocolError, "sent headers without end")

    def _length(self, text: bytes) -> int:
        length = int(text) if text.isdigit() and len(text) < 12 else 0
        if not 0 < length <= LARGEST:
            raise self._situation.error(DeviceProtocolError, f"announces a picture of {text[:20]!r} bytes")
        return length

    def _until_delimiter(self, stream: IO[bytes]) -> bytes:
        data = bytearray()
        while len(data) <= LARGEST:
            line = stream.readline(LINE)
            if not line:
                raise EOFError
            if line.startswith(self._delimiter):
                self._ahead = line
                return bytes(data)
            data += line
        raise self._situation.error(DeviceProtocolError, f"sent a picture of more than {LARGEST} bytes")

    _ahead = b""  # a delimiter that was read as the end of a picture

    def _line(self) -> bytes:
        line, self._ahead = self._ahead or self._response.readline(LINE), b""
        if not line:
            raise EOFError
        return line.rstrip(b"\r\n")

    def _named(self, error: BaseException, *, begun: bool) -> BaseException:
        make = self._situation.error
        if isinstance(error, DeviceError) or not isinstance(error, Exception):
            return error
        if isinstance(error, TimeoutError):
            return make(DeviceTimeoutError, "the camera is silent", _AGAIN)
        if begun and isinstance(error, OSError | EOFError | http.client.HTTPException | ValueError | AttributeError):
            return make(DeviceDisconnectedError, "the stream was cut", _AGAIN)
        if isinstance(error, OSError):
            return make(DeviceNotFoundError, f"no camera answers there: {error}", _AGAIN)
        return make(DeviceProtocolError, f"does not answer as HTTP: {error!r}", _AGAIN)
