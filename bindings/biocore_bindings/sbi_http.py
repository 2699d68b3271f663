"""HTTP for a biometric service: verbs that HTTP does not know, on this machine alone.

The server is that of `http_server`: deadlines, limits, and who may ask. A page's verbs make the browser ask first
(OPTIONS), and only origins that were named get an answer that lets it go on.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

from biocore_bindings.http_server import BoundedHandler, BoundedServer, Doors
from biocore_bindings.sbi_answers import Answers
from biocore_bindings.sbi_request import FAILED, RefusedError, read_json
from biocore_bindings.sbi_view import BOUNDARY, part

MAX_STREAMS = 8  # live views at once
LOOK = 0.1  # s between two looks whether the client still waits
PATHS = {
    "MOSIPDISC": "/device",
    "MOSIPDINFO": "/info",
    "RCAPTURE": "/capture",
    "CAPTURE": "/capture",
    "STREAM": "/stream",
}


class SbiServer(BoundedServer):
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

    answers: Answers

    def __init__(self, listening: socket.socket, doors: Doors) -> None:
        super().__init__(listening, Handler, doors)
        self.streams = threading.BoundedSemaphore(MAX_STREAMS)


class Handler(BoundedHandler):
    """Serves one request; one with every option is 5 kB."""

    server: SbiServer
    verbs = ("OPTIONS", "RCAPTURE", "CAPTURE", "MOSIPDINFO", "MOSIPDISC", "STREAM")
    heads = "Content-Type, EXT, Authorization"

    def do_OPTIONS(self) -> None:
        """Tell a browser whether a page may ask."""
        if self.may_ask():
            self.answer(200, b"")

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
            self.document({"error": {"errorCode": str(refused.code), "errorInfo": str(refused)}})
            return
        if not self.server.streams.acquire(blocking=False):
            self.send_error(503, "too many live views")
            return
        try:
            self.begin(200)
            self.common("multipart/x-mixed-replace; boundary=" + BOUNDARY)
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
            self.document(answer(asked))

    def _asked(self) -> dict[str, object] | None:
        """Return the request's document; None where it was answered already."""
        if not self.may_ask():
            return None
        path = urlsplit(self.path).path.rstrip("/")
        if path != PATHS[self.command]:
            self.send_error(404, f"{self.command} is served at {PATHS[self.command]}")
            return None
        body = self.body()
        if body is None:
            return None
        try:
            return read_json(body)
        except RefusedError as refused:
            error = {"errorCode": str(refused.code), "errorInfo": str(refused)}
            several = self.command in ("MOSIPDISC", "MOSIPDINFO")
            empty = {"specVersion": "", "data": "", "hash": "", "error": error}
            self.document([{"error": error}] if several else {"biometrics": [empty]})
            return None

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
            if self.has_left():
                gone.set()
                return

    # -- answering ---------------------------------------------------------------------------------------

    def common(self, kind: str) -> None:
        """Send the heads that all answers have, among them where the service is."""
        self.send_header("Location", f"http://{self.connection.getsockname()[0]}:{self.server.server_port}")
        super().common(kind)

    def error_document(self, code: int, message: str) -> object:
        """Return an error of the interface, which is of the vendor's range."""
        return super().error_document(FAILED, message)
