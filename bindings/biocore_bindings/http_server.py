"""A small HTTP server for services of one machine: never down, whatever comes, and choosy about who asks.

The standard library's server calls `do_VERB` for any verb. What it lacks is here: a request has a deadline, however
slowly it drips, and limits of head and body; `MAX_ACTIVE` connections are served at once, each in a thread, and of more
the one that has been sending its request for longest is cut.

Who may ask. A web page in a browser on this machine reaches 127.0.0.1 too. Requests that carry an origin are refused
unless it was named; so are requests under another host's name (DNS rebinding). A service that listens beyond this
machine wants a token with every request.
"""

from __future__ import annotations

import hmac
import io
import json
import logging
import socket
import sys
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from biocore_bindings.http_sockets import QUEUE, Answering, Timed, cut, has_unread, hung_up, linger

MAX_HEAD = 16 << 10  # bytes
MAX_ACTIVE = 64  # connections at once
LINGER_S = 1.0  # s in which the rest of a request that was refused is taken and forgotten
SETTLE_S = 20.0  # s that a piece of work may take to end when the service stops
LOOK = 0.01  # s between two looks whether it has
_HERE = frozenset({"127.0.0.1", "localhost", "[::1]"})
_DIGITS = 9  # of a Content-Length: a gigabyte; more is more than any limit

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Doors:
    """Who may ask.

    Attributes
    ----------
    origins : collection of str
        Web origins (`https://register.example`) whose pages may ask; `*` = all of them.
    token : str
        Wanted as `Authorization: Bearer TOKEN`; empty = none.
    anywhere : bool
        The service listens beyond this machine, under names that are not known here.
    """

    origins: Collection[str] = ()
    token: str = ""
    anywhere: bool = False

    def lets_in(self, origin: str | None) -> bool:
        """Say whether pages of an origin may ask; None = no page asks."""
        return origin is None or "*" in self.origins or origin in self.origins


def is_length(text: str) -> bool:
    """Say whether a Content-Length is one; `isdigit` alone takes superscripts for digits."""
    return text.isascii() and text.isdigit()


def is_above(length: str, most: int) -> bool:
    """Say whether a Content-Length is above a limit, however many digits it has."""
    return len(length) > _DIGITS or int(length) > most


class BoundedServer(ThreadingHTTPServer):
    """The server; `serve_forever` in a thread, then `close`.

    Parameters
    ----------
    listening : socket
        Bound, not listening yet.
    handler : type of BoundedHandler
    doors : Doors
    """

    daemon_threads = True
    request_queue_size = QUEUE

    def __init__(self, listening: socket.socket, handler: type[BoundedHandler], doors: Doors) -> None:
        super().__init__(listening.getsockname()[:2], handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.server_port = listening.getsockname()[1]
        self.server_activate()
        self.doors = doors
        self.stopping = threading.Event()
        self._active: dict[socket.socket, bool] = {}  # in the order they came; True = its request is still coming
        self._lock = threading.Lock()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._active)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own, where there is room for it."""
        with self._lock:
            if len(self._active) >= MAX_ACTIVE:
                slow = next((one for one, coming in self._active.items() if coming), None)
                if slow is None or len(self._active) >= 2 * MAX_ACTIVE:
                    request.close()
                    return
                self._active[slow] = False
                cut(slow)
            self._active[request] = True
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no further thread
            self.shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection."""
        with self._lock:
            self._active.pop(request, None)
        super().shutdown_request(request)

    def has_come(self, request: socket.socket) -> None:
        """Note that a request is complete: it is no longer among those that may be cut for others."""
        with self._lock:
            if request in self._active:
                self._active[request] = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what kind of thing went wrong with one connection; no other notices."""
        _log.debug("a connection ended early: %s", type(sys.exc_info()[1]).__name__)

    def close(self) -> None:
        """Stop: no new connection, and those that stay are cut; what is computed for them comes to its end.

        A process that ends under a thread which is in the middle of a picture is ended by the C++ runtime (SIGABRT).
        """
        self.stopping.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            left = list(self._active)
        for request in left:
            cut(request)
        ends = time.monotonic() + SETTLE_S
        while self.connections and time.monotonic() < ends:
            time.sleep(LOOK)


class BoundedHandler(BaseHTTPRequestHandler):
    """Serves one request of a connection, and no second.

    Attributes
    ----------
    request_s : float
        s for head and body to come.
    max_body : int
        Bytes.
    verbs : tuple of str
        What pages of origins that were named may use.
    heads : str
        The heads that they may send.
    """

    server: BoundedServer
    protocol_version = "HTTP/1.1"
    server_version = "biocore"
    sys_version = ""
    request_s: ClassVar[float] = 5.0
    max_body: ClassVar[int] = 64 << 10
    verbs: ClassVar[tuple[str, ...]] = ()
    heads: ClassVar[str] = "Content-Type, Authorization"

    def setup(self) -> None:
        """Put a deadline and a limit on what comes, and on how long an answer may take."""
        self.connection = self.request
        self.incoming = Timed(self.connection, self.request_s, MAX_HEAD + self.max_body)
        self.rfile = io.BufferedReader(self.incoming)
        self.wfile = Answering(self.connection)
        self.close_connection = True

    def handle(self) -> None:
        """Serve one request and no second."""
        self.handle_one_request()
        self.close_connection = True

    def finish(self) -> None:
        """Let the answer be read where more was sent than was wanted."""
        if has_unread(self.connection):
            linger(self.connection, LINGER_S)
        super().finish()

    # -- asking ------------------------------------------------------------------------------------------

    def may_ask(self) -> bool:
        """Check who asks; answers by itself where he may not."""
        doors = self.server.doors
        host = self.headers.get("Host")
        named = host is None or host.rpartition(":")[0] in _HERE or host in _HERE
        if not (named or doors.anywhere):
            self.send_error(403, "this service answers to 127.0.0.1 only")
            return False
        if not doors.lets_in(self.headers.get("Origin")):
            self.send_error(403, "pages of this origin may not ask")
            return False
        if doors.token and self.command != "OPTIONS":
            given = self.headers.get("Authorization", "").removeprefix("Bearer ").strip()
            if not hmac.compare_digest(given.encode(), doors.token.encode()):
                self.send_error(401, "a token is wanted")
                return False
        return True

    def length(self) -> int | None:
        """Return how long the body says it is; None where that was answered already."""
        length = self.headers.get("Content-Length", "0").strip()
        if "Transfer-Encoding" in self.headers or not is_length(length):
            self.send_error(411, "say the length of the body")
            return None
        if is_above(length, self.max_body):
            self.refuse(413, f"a request is at most {self.max_body} bytes")
            return None
        return int(length)

    def body(self) -> bytes | None:
        """Return the body; None where it was answered already."""
        length = self.length()
        if length is None:
            return None
        body = self.rfile.read(length)
        if len(body) < length:
            self.send_error(400, "the body was cut off")
            return None
        self.server.has_come(self.connection)
        return body

    def has_left(self) -> bool:
        """Say whether nobody waits for the answer any more."""
        return self.server.stopping.is_set() or hung_up(self.connection)

    # -- answering ---------------------------------------------------------------------------------------

    def document(self, document: object) -> None:
        """Answer with JSON."""
        self.answer(200, json.dumps(document, separators=(",", ":")).encode())

    def answer(self, status: int, body: bytes) -> None:
        """Answer with JSON that is written already."""
        self.begin(status)
        self.common("application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status: int, message: str) -> None:
        """Answer with an error of HTTP before the body has come."""
        self.send_error(status, message)
        linger(self.connection, LINGER_S)

    def begin(self, status: int) -> None:
        """Send the first line."""
        self.request_version = self.protocol_version  # whatever version was asked in, an answer has heads
        self.send_response_only(status)

    def common(self, kind: str) -> None:
        """Send the heads that all answers have."""
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Type", kind)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Connection", "close")
        headers = getattr(self, "headers", None)
        origin = headers.get("Origin") if headers is not None else None
        if origin is not None and self.server.doors.lets_in(origin):
            self.send_header("Access-Control-Allow-Origin", "*" if "*" in self.server.doors.origins else origin)
            self.send_header("Access-Control-Allow-Methods", ", ".join(self.verbs))
            self.send_header("Access-Control-Allow-Headers", self.heads)
            self.send_header("Vary", "Origin")

    def error_document(self, code: int, message: str) -> object:
        """Return how this service says an error of HTTP."""
        return {"error": {"errorCode": str(code), "errorInfo": message}}

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer with an error of HTTP; its text is JSON like all others."""
        self.answer(code, json.dumps(self.error_document(code, message or str(code))).encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing of a request: it names a transaction."""
