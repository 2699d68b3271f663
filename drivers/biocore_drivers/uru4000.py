"""DigitalPersona U.are.U 4000B, 4500 and the Microsoft readers of the same core: optical, 384 x 290 px at 512 ppi.

Registers are read and written by a vendor's control request; an interrupt endpoint tells of fingers, a bulk one
brings the picture, mostly encrypted (`uru4000_cipher`). Facts from the USB traffic of both and from the field;
libfprint's driver `uru4000` is the other implementation.
"""

from __future__ import annotations

import logging
import struct
from dataclasses import dataclass

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

from biocore.errors import DeviceProtocolError, DeviceTimeoutError, SubjectTimeoutError
from biocore.hal import EventKind
from biocore.types import GreyImage
from biocore_drivers.family import UsbFamily, UsbModel
from biocore_drivers.job import Job, Phase
from biocore_drivers.transport import Pending, Transport
from biocore_drivers.uru4000_cipher import advance, decrypt
from biocore_drivers.worker import Conversation

WIDTH, HEIGHT, PPI = 384, 290, 512.0  # px, px/inch: the maker's data sheet
MODELS = (
    UsbModel(0x05BA, 0x0008, "DigitalPersona", "U.are.U 4000B", PPI, (WIDTH, HEIGHT)),
    UsbModel(0x05BA, 0x000A, "DigitalPersona", "U.are.U 4500", PPI, (WIDTH, HEIGHT), frozenset({"rotated"})),
    UsbModel(0x045E, 0x00CA, "Microsoft", "Fingerprint Reader v2", PPI, (WIDTH, HEIGHT), frozenset({"challenge"})),
)

INTERRUPT, PICTURE = 0x81, 0x82  # endpoints
REQUEST = 0x04
EVENT_BYTES = 64
POWERED_UP, FINGER_ON, FINGER_OFF, SCAN_WILL_FAIL = 0x56AA, 0x0101, 0x0200, 0x0800

STATUS, SCRAMBLE, KEY, MODE, VERSIONS, ANSWER, CHALLENGE = 0x07, 0x33, 0x34, 0x4E, 0xF0, 0x2000, 0x2010  # registers
ASLEEP, REBOOTING, READY_BIT = 0x80, 0x84, 0x01  # bits of STATUS
AWAIT_FINGER, TAKE, AWAIT_LIFT, OFF = 0x10, 0x20, 0x12, 0x70  # values of MODE

AES_KEY = bytes.fromhex("79ac91795ca1478e98e00f3c598f5f4b")  # published; every v2 reader has the same
POLL, POLLS = 0.01, 100  # s between two looks at STATUS, and how many
POWER_UP_WAIT, POWER_UPS = 0.3, 3  # s for the power-up event, and how often the sequence is tried
EVENT_SLICE, LIFT_SLICE = 0.25, 0.05  # s between two looks for a cancel
FRAME_TIME = 1.5  # s for a frame of 111 kB: 0.13 s when all is well

HEADER, BLOCKS_AT, BLOCKS = 64, 16, 15
NEXT_KEY, KEEPS_KEY, ENCRYPTED, ABSENT = 0x80, 0x04, 0x02, 0x01  # flags of a block of lines
ENCRYPTED_VARIANCE = 5000.0  # of the sum of two lines of 8-bit pixels: noise gives 10900, a finger far less
NOISE_STEP = 50.0  # mean step between neighbours that no finger reaches (below 25); noise makes 85

_log = logging.getLogger(__name__)


class Uru4000(Conversation):
    """The protocol; see the module's text.

    Parameters
    ----------
    transport : Transport
    model : UsbModel
    """

    def __init__(self, transport: Transport, model: UsbModel) -> None:
        super().__init__(transport)
        self._challenged = "challenge" in model.traits
        self._rotated = "rotated" in model.traits
        self._strange: set[int] = set()

    # -- session -----------------------------------------------------------------------------------

    def start(self, job: Job) -> None:
        """Wake the reader: put it to sleep, raise it, and wait for its word."""
        self.transport.watch(INTERRUPT, EVENT_BYTES)
        for _ in range(POWER_UPS):
            status = self._get(STATUS)
            if status & REBOOTING == REBOOTING:
                self._set(STATUS, status & 0x0F)
                status = self._poll_ready(job)
            if not status & ASLEEP:
                self._set(STATUS, status | ASLEEP)
            self._raise(job, status)
            if self._await(POWERED_UP, POWER_UP_WAIT, job):
                break
        else:
            raise self.situation.error(
                DeviceTimeoutError, "does not say that it is awake", "Unplug the reader and plug it in again"
            )
        self._read(VERSIONS, 16)

    def stop(self) -> None:
        """Switch the lamp off."""
        self._set(MODE, OFF)

    def _poll_ready(self, job: Job) -> int:
        for _ in range(POLLS):
            status = self._get(STATUS)
            if status & READY_BIT:
                return status
            job.sleep(POLL)
        raise self.situation.error(DeviceTimeoutError, "reboots without an end")

    def _raise(self, job: Job, status: int) -> None:
        for _ in range(POLLS):
            self._set(STATUS, status & 0x0F)
            if not self._get(STATUS) & ASLEEP:
                return
            job.sleep(POLL)
            if self._challenged:
                self._respond()
        raise self.situation.error(DeviceTimeoutError, "does not wake up", "Unplug the reader and plug it in again")

    def _respond(self) -> None:
        cipher = Cipher(algorithms.AES(AES_KEY), modes.ECB()).encryptor()
        self._write(ANSWER, cipher.update(self._read(CHALLENGE, 16)))

    # -- capture -----------------------------------------------------------------------------------

    def capture(self, job: Job) -> GreyImage:
        """Wait for a finger, take its picture, and leave the reader waiting for it to be lifted."""
        job.enter(Phase.ARMING)
        self._strange.clear()
        self._set(MODE, AWAIT_FINGER)
        job.enter(Phase.AWAIT_PLACE)
        job.say(EventKind.WAITING)
        self._await_finger(job)
        job.enter(Phase.ACQUIRING)
        job.say(EventKind.PRESENT)
        pending = self.transport.post(PICTURE, HEADER + WIDTH * HEIGHT, FRAME_TIME)
        self._set(MODE, TAKE)
        raw = self._frame(job, pending)
        pixels = self._decode(raw)
        self._set(MODE, AWAIT_LIFT)
        return pixels

    def lifted(self) -> bool:
        """Look whether the reader has seen the finger go."""
        return self._event(LIFT_SLICE) == FINGER_OFF

    def _await_finger(self, job: Job) -> None:
        try:
            while self._event(EVENT_SLICE) != FINGER_ON:
                job.check()
        except SubjectTimeoutError:
            if not self._strange:
                raise
            said = ", ".join(f"0x{event:04x}" for event in sorted(self._strange))
            raise self.situation.error(DeviceProtocolError, f"told of {said} instead of a finger") from None

    def _frame(self, job: Job, pending: Pending) -> bytes:
        until = self.transport.clock.now() + FRAME_TIME
        while True:
            raw = pending.result(EVENT_SLICE)
            if raw is not None:
                return raw
            job.check()
            if self.transport.clock.now() > until:
                raise self.situation.error(DeviceTimeoutError, "sends no picture", "Try again")

    def _await(self, wanted: int, timeout: float, job: Job) -> bool:
        until = self.transport.clock.now() + timeout
        while (left := until - self.transport.clock.now()) > 0.0:
            if self._event(left) == wanted:
                return True
            job.check()
        return False

    def _event(self, timeout: float) -> int | None:
        data = self.transport.event(INTERRUPT, timeout)
        if data is None:
            return None
        if len(data) < 2:
            raise self.situation.error(DeviceProtocolError, f"an event of {len(data)} bytes")
        kind = int.from_bytes(data[:2], "big")
        if kind not in (POWERED_UP, FINGER_ON, FINGER_OFF, SCAN_WILL_FAIL):
            self._strange.add(kind)
        return kind

    # -- picture -----------------------------------------------------------------------------------

    def _decode(self, raw: bytes) -> GreyImage:
        blocks, number, lines = self._blocks(raw)
        body = np.frombuffer(raw, np.uint8, WIDTH * lines, HEADER).reshape(lines, WIDTH)
        plain = body.copy()
        encrypted = lines > 1 and float((body[0].astype(np.int32) + body[1]).var()) >= ENCRYPTED_VARIANCE
        key = self._key(number) if encrypted else 0
        sources: list[int] = []  # for each line of the picture, the line of the body it shows
        taken = 0
        for block in blocks:
            if block.flags & NEXT_KEY and encrypted:
                number += 1
                key = self._key(number)
            if block.flags & ABSENT:
                sources += [taken] * block.lines  # the reader skipped them: the next line stands in
            else:
                part = slice(taken, taken + block.lines)
                if encrypted and block.flags & ENCRYPTED:
                    plain[part] = decrypt(body[part].ravel(), key).reshape(-1, WIDTH)
                    self._check_readable(plain[part])
                sources += range(part.start, part.stop)
                taken = part.stop
            if not block.flags & KEEPS_KEY:
                key = advance(key, block.lines * WIDTH)
        picture = np.full((HEIGHT, WIDTH), 255, np.uint8)
        picture[: len(sources)] = 255 - plain[np.minimum(sources, lines - 1)]
        return np.ascontiguousarray(picture[::-1, ::-1]) if self._rotated else picture

    def _blocks(self, raw: bytes) -> tuple[list[_Block], int, int]:
        """Read a frame's header: its blocks, the number of its key, and the lines it brings."""
        if len(raw) < HEADER:
            raise self.situation.error(DeviceProtocolError, f"a picture of {len(raw)} bytes")
        lines, number = struct.unpack_from("<HB", raw, 4)
        table = [_Block(*raw[at : at + 2]) for at in range(BLOCKS_AT, BLOCKS_AT + 2 * BLOCKS, 2)]
        blocks = table[: next((n for n, block in enumerate(table) if not block.lines), BLOCKS)]
        brought = sum(block.lines for block in blocks if not block.flags & ABSENT)
        covered = sum(block.lines for block in blocks)
        known = NEXT_KEY | KEEPS_KEY | ENCRYPTED | ABSENT
        if not 1 < lines <= HEIGHT or covered > HEIGHT or any(block.flags & ~known for block in blocks):
            raise self.situation.error(DeviceProtocolError, "a picture with an impossible header")
        if brought != lines or len(raw) < HEADER + WIDTH * lines:
            raise self.situation.error(
                DeviceProtocolError, f"{len(raw)} bytes of a picture of {lines} lines, of which {brought} are described"
            )
        return blocks, number, lines

    def _key(self, number: int) -> int:
        seed = self.transport.random()
        self._write(SCRAMBLE, struct.pack("<BI", number & 0xFF, seed))
        reply: int = struct.unpack("<I", self._read(KEY, 4))[0]
        return reply ^ seed

    def _check_readable(self, part: NDArray[np.uint8]) -> None:
        if float(np.abs(np.diff(part.astype(np.int16), axis=1)).mean()) > NOISE_STEP:
            raise self.situation.error(DeviceProtocolError, "the picture does not decrypt", "Try again")

    # -- registers ---------------------------------------------------------------------------------

    def _read(self, register: int, length: int) -> bytes:
        data = self.transport.control_in(REQUEST, register, 0, length)
        if len(data) != length:
            raise self.situation.error(
                DeviceProtocolError, f"register 0x{register:x} brought {len(data)} bytes of {length}"
            )
        return data

    def _write(self, register: int, data: bytes) -> None:
        self.transport.control_out(REQUEST, register, 0, data)

    def _get(self, register: int) -> int:
        return self._read(register, 1)[0]

    def _set(self, register: int, value: int) -> None:
        self._write(register, bytes([value]))


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines of a picture that are treated alike."""

    flags: int
    lines: int


driver = UsbFamily("uru4000", MODELS, Uru4000)
