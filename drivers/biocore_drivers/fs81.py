"""Futronic FS81: optical, 320 x 480 px at 500 ppi. Experimental: tried on a model of the reader, not on a reader.

Commands go out, raw grey bytes come in, and neither carries a number. What a program that died left unread is still
there for the next one: up to a frame less one packet. So a session begins by reading until the reader is silent, and a
frame that has begun is read to its end. The reader does not tell of a finger: a picture is rough where ridges are.
Facts from the USB traffic of one, as others observed it; no vendor documentation exists in public.
"""

from __future__ import annotations

import numpy as np

from biocore.errors import DeviceError, DeviceProtocolError, DeviceTimeoutError
from biocore.hal import EventKind
from biocore.types import GreyImage
from biocore_drivers.family import UsbFamily, UsbModel
from biocore_drivers.job import Job, Phase
from biocore_drivers.transport import Transport
from biocore_drivers.worker import Conversation

WIDTH, HEIGHT, PPI = 320, 480, 500.0  # px, px/inch
UNTRIED = "its driver was tried on a model of the reader only"
MODELS = (UsbModel(0x1491, 0x0020, "Futronic", "FS81", PPI, (WIDTH, HEIGHT), experimental=UNTRIED),)

OUT, IN = 0x01, 0x82  # endpoints
PACKET = 512  # bytes of an answer, and of a packet of a frame
FRAME = WIDTH * HEIGHT  # bytes
STALE = FRAME // PACKET  # packets that can be left over: a frame's, less the one that was read
GEOMETRY, SECOND, THIRD = b"\xe0", b"\x6c", b"\x50"  # the last two are needed, what they mean is not known
LAMP_ON, LAMP_OFF = b"\xdd\x32\x00", b"\xdd\x00\x00"
FIRST_FRAME, NEXT_FRAME = b"\xfe", b"\x6e"
WIDTH_AT = 4  # in the answer to GEOMETRY: width and height, two bytes each, high byte first

ANSWER = 2.0  # s until an answer
FRAME_WAIT = 4.0  # s; a frame takes 0.1 s, and to give one up half read is what must not happen
SILENCE = 0.3  # s without a packet: nothing is left over
PAUSE = 0.05  # s between two looks whether the finger is gone

BLOCK = 8  # px a side
TOUCHED, CLEAR = 300.0, 150.0  # mean variance of the blocks, grey levels squared: above and below it
LOOKS = 2  # pictures in a row that show a finger: one alone may be a finger still coming down


class Fs81(Conversation):
    """The protocol; see the module's text.

    Parameters
    ----------
    transport : Transport
    model : UsbModel
    """

    def __init__(self, transport: Transport, model: UsbModel) -> None:
        super().__init__(transport)
        self._frames = 0
        self._lit = self._owing = False  # the lamp may burn; something may be left unread

    def start(self, job: Job) -> None:
        """Empty the reader, and ask for its geometry."""
        self._lit = self._owing = True  # for all we know: whoever had it before may have died
        self._drain()
        self._command(GEOMETRY)
        self._await_geometry(job)
        for command in (SECOND, THIRD):
            self._command(command)
            self._read(PACKET, ANSWER)
        self._owing = False

    def capture(self, job: Job) -> GreyImage:
        """Look until a finger lies still."""
        job.enter(Phase.ARMING)
        self._frame()  # the first one after a pause is lit unevenly, and tells whether the reader works
        job.enter(Phase.AWAIT_PLACE)
        job.say(EventKind.WAITING)
        rough = 0
        while True:
            job.check()
            pixels = self._frame()
            rough = rough + 1 if roughness(pixels) > TOUCHED else 0
            if rough == LOOKS:
                break
            job.preview(pixels, PPI)
        job.enter(Phase.ACQUIRING)
        job.say(EventKind.PRESENT)
        self._darken()
        return pixels

    def lifted(self) -> bool:
        """Look once whether the finger is gone."""
        self.transport.clock.sleep(PAUSE)
        pixels = self._frame()
        self._darken()
        return roughness(pixels) < CLEAR

    def stop(self) -> None:
        """Darken the lamp, after the rest of a frame that was given up."""
        for again in (True, False):
            try:
                if self._owing:
                    self._drain()
                if self._lit:
                    self._darken()
                return
            except DeviceError:
                self._owing = True
                if not again:
                    raise

    def _await_geometry(self, job: Job) -> None:
        said = ""
        for _ in range(STALE + 1):  # a reader that was silent may have been holding something back
            job.check()
            try:
                answer = self._read(PACKET, ANSWER)
            except DeviceTimeoutError:
                if not said:
                    raise
                break
            width, height = (int.from_bytes(answer[at : at + 2]) for at in (WIDTH_AT, WIDTH_AT + 2))
            if (width, height) == (WIDTH, HEIGHT):
                return
            said = f"{width} x {height}"
        raise self.situation.error(DeviceProtocolError, f"has a window of {said} px instead of {WIDTH} x {HEIGHT}")

    def _frame(self) -> GreyImage:
        self._lit = True
        self._command(LAMP_ON)
        self._owing = True
        self._command(NEXT_FRAME if self._frames else FIRST_FRAME)
        data = self._read(FRAME, FRAME_WAIT)
        self._owing = False
        self._frames += 1
        return np.frombuffer(data, np.uint8).reshape(HEIGHT, WIDTH)[::-1]  # the lowest row comes first

    def _darken(self) -> None:
        self._command(LAMP_OFF)
        self._lit = False

    def _command(self, command: bytes) -> None:
        self.transport.write(OUT, command, ANSWER)

    def _read(self, length: int, timeout: float) -> bytes:
        data = self.transport.read(IN, length, timeout)
        if len(data) != length:
            raise self.situation.error(DeviceProtocolError, f"sent {len(data)} bytes instead of {length}")
        return data

    def _drain(self) -> None:
        """Read until the reader is silent."""
        for _ in range(2 * STALE):
            try:
                self.transport.read(IN, PACKET, SILENCE)
            except DeviceTimeoutError:
                self._owing = False
                return
        raise self.situation.error(DeviceProtocolError, "does not stop sending", "Unplug it and plug it in again")


def roughness(pixels: GreyImage) -> float:
    """Return the mean variance of the picture's blocks, in grey levels squared: what ridges make of it."""
    height, width = (side // BLOCK for side in pixels.shape)
    blocks = pixels[: height * BLOCK, : width * BLOCK].reshape(height, BLOCK, width, BLOCK)
    return float(blocks.var(axis=(1, 3), dtype=np.float32).mean())


driver = UsbFamily("fs81", MODELS, Fs81)
