"""HTTP for a biometric service: verbs that HTTP does not know, on this machine alone, and never down.

The standard library's server calls `do_VERB` for any verb, which is all that MOSIP's interface needs of it. What it
lacks is here: a request has `REQUEST_S` seconds to come, however slowly it drips, and `MAX_HEAD` and `MAX_BODY` bytes;
`MAX_ACTIVE` connections are served at once, and of more the one that has said least for longest is cut.

Who may ask. A web page in a browser on this machine reaches 127.0.0.1 too. Its verbs make the browser ask first
(OPTIONS), and only origins that were named get an answer that lets it go on; requests under another host's name (DNS
rebinding) are refused. A service that listens beyond this machine wants a token with every request.
"""

from __future__ import annotations

import hmac
import io
import json
import logging
import socket
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from biocore_bindings.sbi_answers import Answers
from biocore_bindings.sbi_request import FAILED, RefusedError, read_json
from biocore_bindings.sbi_sockets import QUEUE, Answering, Timed, cut, hung_up
from biocore_bindings.sbi_view import BOUNDARY, part

REQUEST_S = 5.0  # s for head and body to come; they are a kilobyte, from this machine
MAX_HEAD = 16 << 10  # bytes
MAX_BODY = 64 << 10  # bytes; a request with every option is 5 kB
MAX_ACTIVE = 64  # connections at once
MAX_STREAMS = 8  # of them live views
LOOK = 0.1  # s between two looks whether the client still waits
VERBS = ("OPTIONS", "RCAPTURE", "CAPTURE", "MOSIPDINFO", "MOSIPDISC", "STREAM")
PATHS = {
    "MOSIPDISC": "/device",
    "MOSIPDINFO": "/info",
    "RCAPTURE": "/capture",
    "CAPTURE": "/capture",
    "STREAM": "/stream",
}
_HERE = frozenset({"127.0.0.1", "localhost", "[::1]"})

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


class SbiServer(ThreadingHTTPServer):
    """The server; `serve_forever` in a thread, then `close`.

    Parameters
    ----------
    listening : socket
        Bound, not listening yet.
    doors : Doors

    Attributes
    ----------
    answers : Answers
        Set before the first request.
    """

    daemon_threads = True
    request_queue_size = QUEUE
    answers: Answers

    def __init__(self, listening: socket.socket, doors: Doors) -> None:
        super().__init__(listening.getsockname()[:2], Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.server_port = listening.getsockname()[1]
        self.server_activate()
        self.doors = doors
        self.streams = threading.BoundedSemaphore(MAX_STREAMS)
        self.stopping = threading.Event()
        self._active: dict[socket.socket, bool] = {}  # in the order they came; True = its request is still coming
        self._lock = threading.Lock()

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
        """Log what went wrong with one connection; no other notices."""
        _log.debug("a connection ended early", exc_info=True)

    def close(self) -> None:
        """Stop: no new connection, and those that stay are cut."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            left = list(self._active)
        for request in left:
            cut(request)


class Handler(BaseHTTPRequestHandler):
    """Serves one request."""

    server: SbiServer
    protocol_version = "HTTP/1.1"
    server_version = "biocore"
    sys_version = ""

    def setup(self) -> None:
        """Put a deadline and a limit on what comes, and on how long an answer may take."""
        self.connection = self.request
        self.rfile = io.BufferedReader(Timed(self.connection, REQUEST_S, MAX_HEAD + MAX_BODY))
        self.wfile = Answering(self.connection)
        self.close_connection = True

    def handle(self) -> None:
        """Serve one request and no second: the interface closes after each."""
        self.handle_one_request()
        self.close_connection = True

    def do_OPTIONS(self) -> None:
        """Tell a browser whether a page may ask."""
        if self._may_ask():
            self._answer(200, b"")

    def do_MOSIPDISC(self) -> None:
        """Say what is there."""
        self._documents(lambda asked: self.server.answers.discovered(asked))

    def do_MOSIPDINFO(self) -> None:
        """Say what is there, signed."""
        self._documents(lambda asked: self.server.answers.info())

    def do_RCAPTURE(self) -> None:
        """Capture for registration."""
        self._documents(self._captured)

    def do_CAPTURE(self) -> None:
        """Capture for authentication."""
        self._documents(self._captured)

    def do_STREAM(self) -> None:
        """Show the live view."""
        asked = self._asked()
        if asked is None:
            return
        try:
            view, seconds = self.server.answers.streamed(asked)
        except RefusedError as refused:
            self._document({"error": {"errorCode": str(refused.code), "errorInfo": str(refused)}})
            return
        if not self.server.streams.acquire(blocking=False):
            self.send_error(503, "too many live views")
            return
        try:
            self._begin(200)
            self._common("multipart/x-mixed-replace; boundary=" + BOUNDARY)
            self.end_headers()
            for data in view.pictures(seconds):
                if self.server.stopping.is_set():
                    return
                self.wfile.write(part(data))
            self.wfile.write(f"--{BOUNDARY}--\r\n".encode())
        finally:
            self.server.streams.release()

    # -- asking ------------------------------------------------------------------------------------------

    def _documents(self, answer: Callable[[dict[str, object]], object]) -> None:
        asked = self._asked()
        if asked is not None:
            self._document(answer(asked))

    def _asked(self) -> dict[str, object] | None:
        """Return the request's document; None where it was answered already."""
        if not self._may_ask():
            return None
        path = urlsplit(self.path).path.rstrip("/")
        if path != PATHS[self.command]:
            self.send_error(404, f"{self.command} is served at {PATHS[self.command]}")
            return None
        length = self.headers.get("Content-Length", "0").strip()
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            self.send_error(411, "say the length of the body")
            return None
        if len(length) > 9 or int(length) > MAX_BODY:
            self.send_error(413, f"a request is at most {MAX_BODY} bytes")
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.send_error(400, "the body was cut off")
            return None
        self.server.has_come(self.connection)
        try:
            return read_json(body)
        except RefusedError as refused:
            error = {"errorCode": str(refused.code), "errorInfo": str(refused)}
            several = self.command in ("MOSIPDISC", "MOSIPDINFO")
            empty = {"specVersion": "", "data": "", "hash": "", "error": error}
            self._document([{"error": error}] if several else {"biometrics": [empty]})
            return None

    def _may_ask(self) -> bool:
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

    def _captured(self, asked: dict[str, object]) -> object:
        """Capture while the client waits; a client that hangs up ends the capture."""
        gone, ended = threading.Event(), threading.Event()
        watcher = threading.Thread(target=self._watch, args=(gone, ended), name="biocore sbi client", daemon=True)
        watcher.start()
        answers = self.server.answers
        try:
            return (answers.registered if self.command == "RCAPTURE" else answers.authenticated)(asked, gone)
        finally:
            ended.set()
            watcher.join()

    def _watch(self, gone: threading.Event, ended: threading.Event) -> None:
        while not ended.wait(LOOK):
            if self.server.stopping.is_set() or hung_up(self.connection):
                gone.set()
                return

    # -- answering ---------------------------------------------------------------------------------------

    def _document(self, document: object) -> None:
        self._answer(200, json.dumps(document, separators=(",", ":")).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self._begin(status)
        self._common("application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _begin(self, status: int) -> None:
        self.request_version = self.protocol_version  # whatever version was asked in, an answer has heads
        self.send_response_only(status)

    def _common(self, kind: str) -> None:
        """Send the heads that all answers have."""
        self.send_header("Cache-Control", "no-store")
        self.send_header("Location", f"http://{self.connection.getsockname()[0]}:{self.server.server_port}")
        self.send_header("Content-Type", kind)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Connection", "close")
        headers = getattr(self, "headers", None)
        origin = headers.get("Origin") if headers is not None else None
        if origin is not None and self.server.doors.lets_in(origin):
            self.send_header("Access-Control-Allow-Origin", "*" if "*" in self.server.doors.origins else origin)
            self.send_header("Access-Control-Allow-Methods", ", ".join(VERBS))
            self.send_header("Access-Control-Allow-Headers", "Content-Type, EXT, Authorization")
            self.send_header("Vary", "Origin")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer with an error of HTTP; its text is JSON like all others."""
        self._answer(
            code, json.dumps({"error": {"errorCode": str(FAILED), "errorInfo": message or str(code)}}).encode()
        )

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing of a request: it names a transaction."""
