"""HTTP for a BioSDK: POST to each of its calls, one request a connection, and as much at once as can be computed.

Bodies are large here: a person's ten fingers are megabytes. They are counted as they come, all together, and a request
that is complete waits for one of few turns; what finds no room is told to come back (503).
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from typing import ClassVar
from urllib.parse import urlsplit

from biocore_bindings.biosdk_calls import Calls
from biocore_bindings.biosdk_codes import GoneError
from biocore_bindings.biosdk_work import Budget, BusyError, Pace, Turns
from biocore_bindings.http_server import BoundedHandler, BoundedServer, Doors, is_above, is_length

BASE = "/biosdk-service"  # what MOSIP's service is called; a path without it is the same
MAX_BODY = 32 << 20  # bytes; ten uncompressed fingers are 11 MB in base64 of JSON
MAX_COMING = 128 << 20  # bytes of all requests that are on their way
BODY_S = 30.0  # s for a body to come
WAITING = 16  # requests that wait for a turn
RETRY_S = 1  # s after which who found no room may ask again
HEALTH = ("", "/actuator/health")
_CHUNK = 1 << 16
_CHUNK_HEAD = 1 << 10  # bytes of the line that begins a chunk, or of a line behind the last


class BioSdkServer(BoundedServer):
    """The server; `serve_forever` in a thread, then `close`.

    Parameters
    ----------
    listening : socket
        Bound, not listening yet.
    doors : Doors
    calls : Calls
    """

    def __init__(self, listening: socket.socket, doors: Doors, calls: Calls) -> None:
        super().__init__(listening, Handler, doors)
        self.calls = calls
        self.turns = Turns(os.cpu_count() or 1, WAITING)
        self.coming = Budget(MAX_COMING)


class _RefusedBodyError(Exception):
    """A body that is not taken.

    Parameters
    ----------
    status : int
    message : str
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Handler(BoundedHandler):
    """Serves one request.

    Attributes
    ----------
    busy : bool
        It is answered with 503.
    """

    server: BioSdkServer
    busy = False
    max_body: ClassVar[int] = MAX_BODY
    verbs = ("GET", "POST", "OPTIONS")

    def do_OPTIONS(self) -> None:
        """Tell a browser whether a page may ask."""
        if self.may_ask():
            self.answer(200, b"")

    def do_GET(self) -> None:
        """Say that the service is there."""
        if not self.may_ask():
            return
        path = self._path()
        if path == HEALTH[0]:
            self.document("Service is running")
        elif path == HEALTH[1]:
            self.document({"status": "UP"})
        elif path.removeprefix("/") in self.server.calls.methods:
            self.send_error(405, "calls are made with POST")
        else:
            self.send_error(404, "no such call")

    def do_POST(self) -> None:
        """Answer a call."""
        if not self.may_ask():
            return
        method = self._path().removeprefix("/")
        if method not in self.server.calls.methods:
            self.refuse(404, f"no such call; there are {', '.join(self.server.calls.methods)}")
            return
        if self.headers.get_content_type() != "application/json":
            self.refuse(415, "a request is application/json")
            return
        try:
            answer = self._answered(method)
        except _RefusedBodyError as error:
            self.refuse(error.status, str(error))
        except BusyError:
            self.refuse(503, "too many requests at once; come back")
        except GoneError:
            return
        else:
            self.answer(200, answer)

    def handle_expect_100(self) -> bool:
        """Ask for the body only where it will be taken."""
        length = self.headers.get("Content-Length", "0").strip()
        if not is_length(length) or not is_above(length, self.max_body):
            return super().handle_expect_100()
        self.refuse(413, f"a request is at most {self.max_body} bytes")
        return False

    def common(self, kind: str) -> None:
        """Send the heads that all answers have, and when to come back."""
        super().common(kind)
        if self.busy:
            self.send_header("Retry-After", str(RETRY_S))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer with an error of HTTP, which the interface says as it says its own."""
        self.busy = code == 503
        super().send_error(code, message, explain)

    def error_document(self, code: int, message: str) -> object:
        """Return an error as MOSIP's service writes them."""
        return {"version": "1.0", "response": None, "errors": [{"code": str(code), "message": message}]}

    def _path(self) -> str:
        path = urlsplit(self.path).path.rstrip("/")
        return path.removeprefix(BASE) if path == BASE or path.startswith(BASE + "/") else path

    def _answered(self, method: str) -> bytes:
        """Return the answer to a call.

        Raises
        ------
        _RefusedBodyError, BusyError, GoneError
        """
        with self._received() as pieces:
            self.server.has_come(self.connection)
            with self.server.turns.turn(self.has_left):
                answer = self.server.calls.answer(method, _joined(pieces), Pace(self.has_left))
                return json.dumps(answer, separators=(",", ":")).encode()

    @contextlib.contextmanager
    def _received(self) -> Iterator[list[bytes]]:
        """Take the body in pieces, which count until the request is answered.

        Raises
        ------
        _RefusedBodyError
        """
        pieces: list[bytes] = []
        taken = 0
        self.incoming.extend(BODY_S)
        try:
            for piece in self._pieces():
                if taken + len(piece) > self.max_body:
                    raise _RefusedBodyError(413, f"a request is at most {self.max_body} bytes")
                if not self.server.coming.take(len(piece)):
                    raise _RefusedBodyError(503, "too much is on its way at once; come back")
                taken += len(piece)
                pieces.append(piece)
            yield pieces
        finally:
            self.server.coming.give(taken)

    def _pieces(self) -> Iterator[bytes]:
        if "Transfer-Encoding" in self.headers:
            if self.headers.get("Transfer-Encoding", "").strip().lower() != "chunked":
                raise _RefusedBodyError(501, "of transfer encodings chunked is known")
            if "Content-Length" in self.headers:
                raise _RefusedBodyError(400, "a body has a length or is chunked, not both")
            yield from self._chunks()
            return
        length = self.headers.get("Content-Length", "").strip()
        if not is_length(length):
            raise _RefusedBodyError(411, "say the length of the body, or send it in chunks")
        if is_above(length, self.max_body):
            raise _RefusedBodyError(413, f"a request is at most {self.max_body} bytes")
        yield from self._exactly(int(length))

    def _chunks(self) -> Iterator[bytes]:
        """Take a chunked body (RFC 9112, 7.1)."""
        while True:
            head = self.rfile.readline(_CHUNK_HEAD).split(b";")[0].strip()
            if not head or len(head) > 8 or not all(digit in b"0123456789abcdefABCDEF" for digit in head):
                raise _RefusedBodyError(400, "a chunk has no length")
            size = int(head, 16)
            if size == 0:
                break
            yield from self._exactly(size)
            if self.rfile.readline(3) not in (b"\r\n", b"\n"):
                raise _RefusedBodyError(400, "a chunk is longer than it says")
        while self.rfile.readline(_CHUNK_HEAD).strip():
            pass  # heads behind the last chunk

    def _exactly(self, size: int) -> Iterator[bytes]:
        while size > 0:
            piece = self.rfile.read1(min(size, _CHUNK))
            if not piece:
                raise _RefusedBodyError(400, "the body was cut off")
            size -= len(piece)
            yield piece


def _joined(pieces: list[bytes]) -> bytes:
    """Join the pieces and let go of them."""
    body = b"".join(pieces)
    pieces.clear()
    return body
