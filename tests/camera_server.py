"""A camera on the network as the tests need it: a stream of JPEGs that stalls, is cut, freezes or breaks on command."""

from __future__ import annotations

import contextlib
import http.server
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from biocore.types import GreyImage

BOUNDARY = "frontier"
PERIOD = 0.02  # s from picture to picture


def eye(number: int, width: int = 160, height: int = 120, blur: float = 0.0) -> GreyImage:
    """Draw rings that hold still, with a sensor's noise: the same number gives the same picture."""
    y, x = np.mgrid[:height, :width]
    radius = np.hypot(x - width / 2, y - height / 2)
    drawn = 60 + 120 * x / width + 60 * np.sin(radius / 2.5) * (radius < height / 2.5)
    if blur:
        drawn = cv2.GaussianBlur(drawn, (0, 0), blur)
    noise = np.random.default_rng(number).normal(0, 1.0, drawn.shape)
    shown: GreyImage = (drawn + noise).clip(0, 255).astype(np.uint8)
    return shown


def jpeg_of(pixels: GreyImage) -> bytes:
    """Compress a picture."""
    return cv2.imencode(".jpg", pixels)[1].tobytes()


class CameraServer:
    """The camera; `with` powers it.

    Parameters
    ----------
    pictures : callable
        Yields the JPEGs of one viewer.
    """

    def __init__(self, pictures: Callable[[], Iterator[bytes]] | None = None) -> None:
        self.pictures = pictures or (lambda: (jpeg_of(eye(number)) for number in itertools.count()))
        self.status = 200
        self.content = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
        self.lengths = True  # tells each picture's length
        self.says: int | None = None  # another length than it has
        self.stalls_at: int | None = None  # number of the picture before which it falls silent
        self.cut_at: int | None = None  # ... in the middle of which the connection ends
        self.ends_at: int | None = None  # ... before which the stream ends in order
        self.period = PERIOD
        self.viewers = 0
        self.silent = False  # takes connections, and says nothing
        self.off = threading.Event()

    @property
    def uri(self) -> str:
        """Name to open it by."""
        return f"camera:http://127.0.0.1:{self._server.server_address[1]}/video"

    def __enter__(self) -> Self:
        camera = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with contextlib.suppress(OSError):
                    camera._serve(self)

            def log_message(self, *args: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = False

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.off.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _serve(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        self.viewers += 1
        if self.silent:
            self.off.wait(20)
            return
        handler.send_response(self.status)
        handler.send_header("Content-Type", self.content)
        handler.end_headers()
        if self.status != 200:
            return
        for number, data in enumerate(self.pictures()):
            if number == self.stalls_at:
                self.off.wait(20)
            if self.off.is_set():
                return
            if number == self.ends_at:
                handler.wfile.write(f"--{BOUNDARY}--\r\n".encode())
                return
            length = f"Content-Length: {self.says or len(data)}\r\n" if self.lengths else ""
            handler.wfile.write(f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\n{length}\r\n".encode())
            if number == self.cut_at:
                handler.wfile.write(data[: len(data) // 2])
                return
            handler.wfile.write(data + b"\r\n")
            time.sleep(self.period)
