"""UPEK TouchChip TCS1 and TCS2 readers (Eikon): capacitive, delivered as 192 x 270 px at 381 ppi.

The chip has 508 ppi; its firmware hands over three pixels for four. Commands and answers are frames with a checksum
on two bulk endpoints. Facts from the USB traffic of a TCS1S; libfprint's driver `upektc_img` is the other
implementation. One session gives one picture: the chip is opened anew for each.
"""

from __future__ import annotations

import binascii
import struct
from dataclasses import dataclass

import numpy as np

from biocore.errors import DeviceProtocolError, DeviceTimeoutError, DeviceUnsupportedError
from biocore.hal import EventKind
from biocore.types import GreyImage
from biocore_drivers.family import UsbFamily, UsbModel
from biocore_drivers.job import Job, Phase
from biocore_drivers.transport import Transport
from biocore_drivers.worker import Conversation

PPI = 381.0  # px/inch delivered: three quarters of the chip's 508
MODELS = (
    UsbModel(0x147E, 0x2016, "UPEK", "TouchChip TCS1", PPI, (192, 270)),
    UsbModel(0x147E, 0x2020, "UPEK", "TouchChip TCS2", PPI),
)

OUT, IN = 0x02, 0x81  # endpoints
MAGIC = b"Ciao"
FIRST, REST = 64, 1988  # bytes of a frame's first read, and at most of its second
ANSWER = 2.0  # s until an answer
SLICE = 0.25  # s between two looks for a cancel while a finger is awaited
EMPTY_READS = 100  # keep-alives in a row: the chip sends them while it works

COMMAND, ACCEPTED, RESET_SEEN, SESSION, SESSION_OPEN, END = 0, 1, 3, 4, 5, 7  # types of frames
INFO = bytes((0x06, 0x04))
GRAB = bytes((0x0E, 0x02)) + struct.pack("<i", -2) + bytes((0x02, 0x01, 0x02))  # no timeout, 381 ppi
GO_ON = bytes((0x00, 0x30, 0x01))
NEXT_CHUNK = bytes((0x30,))
SESSION_KINDS = (0x046, 0x2BC)  # the first session is a rehearsal; the second one works

CALL, FIRST_CHUNK, CHUNK, LAST_CHUNK = b"\x28", b"\x2c", b"\x24", b"\x20"  # first byte of a command frame's body
FIRST_PREFIX, LAST_TAIL = 10, 4  # bytes round the pixels of the first and the last chunk
EVENT_AT = 11  # in a body
PRESENT, LIFTED, NEEDED, MOVED, TOO_SHORT, NOTHING = 0x00, 0x01, 0x13, 0x1D, 0x1E, 0x0C  # events
INFO_AT, SWIPE_BIT = 42, 0x80  # in a body: flags, width, height


@dataclass(frozen=True, slots=True)
class _Frame:
    kind: int
    sequence: int
    body: bytes


class Upek(Conversation):
    """The protocol; see the module's text.

    Parameters
    ----------
    transport : Transport
    model : UsbModel
    """

    once = True

    def __init__(self, transport: Transport, model: UsbModel) -> None:
        super().__init__(transport)
        self._window = model.window
        self._size = (0, 0)  # width, height
        self._sequence = -1
        self._open = False

    # -- session -----------------------------------------------------------------------------------

    def start(self, job: Job) -> None:
        """Open the chip, and ask how large its pictures are."""
        for rehearsal, kind in zip((True, False), SESSION_KINDS, strict=True):
            self.transport.control_out(0x0C, 0x0100, 0x0400, bytes(1))
            self._expect(RESET_SEEN, ANSWER)
            self._send(SESSION, 0, struct.pack("<BBHIBI", 1, 0, kind, 0, 1, 1))
            self._expect(SESSION_OPEN, ANSWER)
            if rehearsal:
                self._send(END, 0, bytes((1,)))
                self._expect(ACCEPTED, ANSWER)
            job.check()
        self._open = True
        body = self._call(INFO)
        if len(body) < INFO_AT + 5:
            raise self.situation.error(DeviceProtocolError, f"describes itself in {len(body)} bytes")
        flags, width, height = struct.unpack_from("<BHH", body, INFO_AT)
        if flags & SWIPE_BIT:
            raise self.situation.error(DeviceUnsupportedError, "is a swipe sensor", "Use a scanner to press on")
        self._size = width * 3 // 4, height * 3 // 4
        if min(self._size) < 1 or (self._window is not None and self._size != self._window):
            raise self.situation.error(DeviceProtocolError, f"says that it has {width} x {height} px")

    def stop(self) -> None:
        """End the session: the chip sleeps."""
        if self._open:
            self._open = False
            self._send(END, self._next(), bytes((1,)))
            self._expect(ACCEPTED, ANSWER)

    # -- capture -----------------------------------------------------------------------------------

    def capture(self, job: Job) -> GreyImage:
        """Wait for a finger and read its picture in chunks."""
        job.enter(Phase.ARMING)
        self._command(CALL + _counted(GRAB))
        job.enter(Phase.AWAIT_PLACE)
        job.say(EventKind.WAITING)
        body = self._await_picture(job)
        job.enter(Phase.ACQUIRING)
        job.say(EventKind.PRESENT)
        return self._picture(body, job)

    def _await_picture(self, job: Job) -> bytes:
        while True:
            job.check()
            try:
                body = self._reply(SLICE)
            except DeviceTimeoutError:  # nobody has come yet
                continue
            if body[:1] == FIRST_CHUNK:
                return body
            event = body[EVENT_AT] if body[:1] == CALL and len(body) > EVENT_AT else -1
            if event not in (PRESENT, LIFTED, NEEDED, MOVED, TOO_SHORT, NOTHING):
                raise self.situation.error(DeviceProtocolError, f"an unknown event: {body[:16].hex(' ')}")
            self._command(CALL + _counted(GO_ON))

    def _picture(self, body: bytes, job: Job) -> GreyImage:
        width, height = self._size
        pixels = bytearray()
        while True:
            mark = body[:1]
            if mark not in (FIRST_CHUNK, CHUNK, LAST_CHUNK) or (mark == FIRST_CHUNK) != (not pixels):
                raise self.situation.error(DeviceProtocolError, f"0x{mark.hex()} where a chunk is expected")
            start = 1 + (FIRST_PREFIX if mark == FIRST_CHUNK else 0)
            pixels += body[start : len(body) - (LAST_TAIL if mark == LAST_CHUNK else 0)]
            if mark == LAST_CHUNK or len(pixels) > width * height:
                break
            self._command(NEXT_CHUNK)
            job.check()
            body = self._reply(ANSWER)
        if len(pixels) != width * height:
            raise self.situation.error(
                DeviceProtocolError, f"a picture of {len(pixels)} bytes instead of {width} x {height}"
            )
        return np.frombuffer(bytes(pixels), np.uint8).reshape(height, width)

    # -- frames ------------------------------------------------------------------------------------

    def _call(self, command: bytes) -> bytes:
        self._command(CALL + _counted(command))
        return self._reply(ANSWER)

    def _command(self, body: bytes) -> None:
        self._send(COMMAND, self._next(), body)

    def _next(self) -> int:
        self._sequence = (self._sequence + 1) % 16
        return self._sequence

    def _reply(self, timeout: float) -> bytes:
        frame = self._expect(COMMAND, timeout)
        if frame.sequence != self._sequence:
            raise self.situation.error(
                DeviceProtocolError, f"answered number {frame.sequence} instead of {self._sequence}"
            )
        return frame.body

    def _send(self, kind: int, sequence: int, body: bytes) -> None:
        head = struct.pack(">BBB", kind, sequence << 4 | len(body) >> 8, len(body) & 0xFF)
        checksum = struct.pack("<H", binascii.crc_hqx(head + body, 0))  # CRC-16/XMODEM
        self.transport.write(OUT, MAGIC + head + body + checksum, ANSWER)

    def _expect(self, kind: int, timeout: float) -> _Frame:
        data = self._first_read(timeout)
        if len(data) < 9 or data[:4] != MAGIC:
            raise self.situation.error(DeviceProtocolError, f"no frame: {data[:16].hex(' ')}")
        length = (data[5] & 0x0F) << 8 | data[6]
        whole = len(MAGIC) + 3 + length + 2
        if whole > FIRST:
            data += self.transport.read(IN, REST, ANSWER)
        if len(data) < whole:
            raise self.situation.error(DeviceProtocolError, f"a frame of {len(data)} bytes instead of {whole}")
        checksum = int.from_bytes(data[whole - 2 : whole], "little")
        if binascii.crc_hqx(data[4 : whole - 2], 0) != checksum:
            raise self.situation.error(DeviceProtocolError, "a frame with a wrong checksum")
        if data[4] != kind:
            raise self.situation.error(DeviceProtocolError, f"a frame of type {data[4]} instead of {kind}")
        return _Frame(data[4], data[5] >> 4, data[7 : whole - 2])

    def _first_read(self, timeout: float) -> bytes:
        for _ in range(EMPTY_READS):
            data = self.transport.read(IN, FIRST, timeout)
            if data:
                return data
        raise self.situation.error(DeviceTimeoutError, "keeps alive, and says nothing", "Unplug it and plug it in")


def _counted(command: bytes) -> bytes:
    """Put the length before a command; it counts the checksum too."""
    return struct.pack("<I", len(command) + 2) + command


driver = UsbFamily("upek", MODELS, Upek)
