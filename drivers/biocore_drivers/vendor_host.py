"""The process that a vendor's library lives in; `child` starts it with the descriptor of a socket and the library.

It takes orders over the socket and answers over it (`child_frames`); see `biocore_vendor.h` for the library's side. It
needs nothing but the standard library, so that it starts in an instant.

Orders: `describe`, `open options`, `capture timeout capacity`, `cancel`, `seen`, `close`. Answers: `done`,
`failed code text`, `event number`, `preview width height`, `frame width height`; the last two carry pixels.

The process ends when its socket does, however its parent ended, and also where another process still holds a copy of
the parent's end of it: then because its parent is another one. (`PR_SET_PDEATHSIG` would end it with the thread
that started it, which may be a short-lived one.)
"""

from __future__ import annotations

import ctypes
import os
import queue
import resource
import select
import signal
import socket
import sys
import threading
from typing import Any

from biocore_drivers.child_frames import FrameError, Frames, pack

ABI = 1
LOAD_FAILED = -100  # codes of the host itself; the library's begin at -1
NO_PLUGIN = -101
OVERRUN = -102
STUCK = -103
CANCELLED_CODE = -2  # BIOCORE_VENDOR_CANCELLED
GUARD = bytes(range(0x80, 0xC0))  # after the last byte a library may write
MAX_PIXELS = 1 << 24  # of a picture whose size is not declared
LONGEST_TEXT = 2000  # bytes of a library's own words
_LOOK = 1.0  # s between two looks at who the parent is
_LATE = 0.5  # s that a cancel() of the capture before may still take


class Info(ctypes.Structure):
    """`biocore_vendor_info`."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("modality", ctypes.c_uint32),
        ("width", ctypes.c_uint32),
        ("height", ctypes.c_uint32),
        ("ppi", ctypes.c_double),
        ("maker", ctypes.c_char * 64),
        ("model", ctypes.c_char * 64),
    )


EVENT = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int32)
PREVIEW = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32)
CANCELLED = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)


class Callbacks(ctypes.Structure):
    """`biocore_vendor_host`."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("event", EVENT),
        ("preview", PREVIEW),
        ("cancelled", CANCELLED),
    )


class Host:
    """The library, and the link to whoever uses it.

    Parameters
    ----------
    link : socket
    path : str
        Of the library.
    """

    def __init__(self, link: socket.socket, path: str) -> None:
        self._link = link
        self._path = path
        self._orders: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._sending = threading.Lock()
        self._cancelled = threading.Event()
        self._seen = threading.Event()  # the last preview was taken; the next may be sent
        self._seen.set()
        self._library: Any = None
        self._message: Any = None
        self._capturing = False
        self._cancels: list[threading.Thread] = []
        self._device = ctypes.c_void_p()
        self._callbacks = Callbacks(
            ctypes.sizeof(Callbacks), None, EVENT(self._event), PREVIEW(self._preview), CANCELLED(self._asked_to_end)
        )

    def run(self) -> None:
        """Do what is ordered until told to close."""
        threading.Thread(target=self._read, daemon=True).start()
        while True:
            order = self._orders.get()
            try:
                if self._library is None:
                    self._load()
                getattr(self, f"_do_{order['do']}")(order)
            except OSError as error:
                self._say({"said": "failed", "code": LOAD_FAILED, "text": str(error)})
            except (AttributeError, ValueError) as error:
                self._say({"said": "failed", "code": NO_PLUGIN, "text": str(error)})
            if order["do"] == "close":
                return

    # -- orders ------------------------------------------------------------------------------------

    def _load(self) -> None:
        library = ctypes.CDLL(self._path)
        self._message = getattr(library, "biocore_vendor_message", None)
        for name in ("abi", "describe", "open", "capture", "cancel", "close"):
            getattr(library, f"biocore_vendor_{name}").restype = ctypes.c_int32
        if self._message is not None:
            self._message.restype = ctypes.c_char_p
        abi = library.biocore_vendor_abi()
        if abi != ABI:
            raise ValueError(f"is made for version {abi} of biocore_vendor.h; this is version {ABI}")
        self._library = library

    def _do_describe(self, order: dict[str, Any]) -> None:
        info = Info(ctypes.sizeof(Info))
        code = self._library.biocore_vendor_describe(ctypes.byref(info))
        texts = {name: getattr(info, name).decode("utf-8", "replace") for name in ("maker", "model")}
        numbers = {name: getattr(info, name) for name in ("modality", "width", "height", "ppi")}
        self._answer(code, {"said": "done", **texts, **numbers})

    def _do_open(self, order: dict[str, Any]) -> None:
        code = self._library.biocore_vendor_open(order["options"].encode(), ctypes.byref(self._device))
        self._answer(code, {"said": "done"})

    def _do_capture(self, order: dict[str, Any]) -> None:
        self._seen.set()
        for thread in self._cancels:
            thread.join(_LATE)  # else a late cancel() would end this capture instead of the one before
        if any(thread.is_alive() for thread in self._cancels):
            self._say({"said": "failed", "code": STUCK, "text": "does not return from cancel()"})
            return
        capacity = order["capacity"] or MAX_PIXELS
        pixels = (ctypes.c_uint8 * (capacity + len(GUARD)))()
        ctypes.memmove(ctypes.byref(pixels, capacity), GUARD, len(GUARD))
        width, height = ctypes.c_uint32(), ctypes.c_uint32()
        self._capturing = True
        if self._cancelled.is_set():  # before it began
            code = CANCELLED_CODE
        else:
            code = self._library.biocore_vendor_capture(
                self._device,
                ctypes.c_uint32(order["timeout"]),
                ctypes.byref(self._callbacks),
                pixels,
                ctypes.c_uint32(capacity),
                ctypes.byref(width),
                ctypes.byref(height),
            )
        self._capturing = False
        if ctypes.string_at(ctypes.byref(pixels, capacity), len(GUARD)) != GUARD:
            self._say({"said": "failed", "code": OVERRUN, "text": "wrote past the end of its picture"})
            return
        size = {"width": width.value, "height": height.value}
        length = width.value * height.value
        self._answer(code, {"said": "frame", **size}, ctypes.string_at(pixels, length) if length <= capacity else b"")

    def _do_close(self, order: dict[str, Any]) -> None:
        for thread in self._cancels:
            thread.join(_LOOK / 2)  # else a late cancel() would meet a device that is gone
        code = self._library.biocore_vendor_close(self._device) if self._device else 0
        self._answer(code, {"said": "done"})

    # -- what the library calls --------------------------------------------------------------------

    def _event(self, context: int | None, number: int) -> None:
        self._say({"said": "event", "number": number})

    def _preview(self, context: int | None, pixels: int | None, width: int, height: int) -> None:
        if pixels and self._seen.is_set() and 0 < width * height <= MAX_PIXELS:  # else nobody had time for the last one
            self._seen.clear()
            self._say({"said": "preview", "width": width, "height": height}, ctypes.string_at(pixels, width * height))

    def _asked_to_end(self, context: int | None) -> int:
        return int(self._cancelled.is_set())

    # -- the link ----------------------------------------------------------------------------------

    def _answer(self, code: int, done: dict[str, Any], pixels: bytes = b"") -> None:
        if code == 0:
            self._say(done, pixels)
            return
        text = (self._message(code) if self._message is not None else None) or b""
        self._say({"said": "failed", "code": code, "text": text[:LONGEST_TEXT].decode("utf-8", "replace")})

    def _say(self, message: dict[str, Any], pixels: bytes = b"") -> None:
        with self._sending:
            self._link.sendall(pack(message, pixels))

    def _read(self) -> None:
        """Take orders; end the process when there is nobody left to give any, whatever the library is doing."""
        parent = os.getppid()
        frames = Frames()
        while True:
            while not select.select([self._link], [], [], _LOOK)[0]:
                if os.getppid() != parent:
                    os._exit(0)
            try:
                came = self._link.recv(65536)
            except OSError:
                came = b""
            if not came:
                os._exit(0)
            frames.add(came)
            try:
                while (frame := frames.next()) is not None:
                    self._take(frame[0])
            except FrameError:  # not the one who started us
                os._exit(1)

    def _take(self, order: dict[str, Any]) -> None:
        if order["do"] == "seen":
            self._seen.set()
        elif order["do"] == "cancel":
            self._cancelled.set()
            if self._capturing:  # a library that hangs in cancel() must not hold up the end of the process
                cancel = threading.Thread(target=self._library.biocore_vendor_cancel, args=(self._device,), daemon=True)
                self._cancels = [*(thread for thread in self._cancels if thread.is_alive()), cancel]
                cancel.start()
        else:
            if order["do"] == "capture":  # here, in the order of the link: a cancel that follows is this one's
                self._cancelled.clear()
            self._orders.put(order)


def main() -> None:
    """Serve until the parent is done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; it closes us
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold a finger
    with socket.socket(fileno=int(sys.argv[1])) as link:
        Host(link, sys.argv[2]).run()
    os._exit(0)  # a library's own threads and exit handlers are not waited for


if __name__ == "__main__":
    main()
