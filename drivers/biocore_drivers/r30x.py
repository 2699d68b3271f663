"""Serial fingerprint modules of the R30x, AS608 and ZFM-20 kind: `r30x:/dev/ttyUSB0?baud=57600&password=0x0`.

| parameter | default | meaning |
|-----------|---------|---------|
| `baud`     | found | bits/s, 9600 times 1 to 12; without it 57600 is tried first, then the other rates |
| `password` | 0x0   | the module's |

`serial:/dev/ttyUSB0` is the same. A port by its lasting name, /dev/serial/by-id/..., is the one to write into a
configuration. Ports are not searched: whatever hangs on one would be spoken to.

A picture is 256 x 288 px of 16 greys at a nominal 500 ppi, and takes 7 s at 57600 bits/s and 3.5 s at 115200.
Experimental: tried on a model of the module. The protocol is the makers' published one (ZhianTec ZFM user manual).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from biocore.errors import (
    DeviceNotFoundError,
    DevicePermissionError,
    DeviceProtocolError,
    DeviceTimeoutError,
    DeviceUnsupportedError,
    DeviceVendorError,
)
from biocore.hal import Device, DeviceInfo, EventKind, split_uri
from biocore.types import GreyImage, Modality
from biocore_drivers.job import Job, Phase
from biocore_drivers.parameters import check_known, whole
from biocore_drivers.r30x_packets import ACK, COMMAND, DATA, LAST, Packet, PacketReader
from biocore_drivers.serial_line import SerialLine, quiet
from biocore_drivers.transport import Situation
from biocore_drivers.worker import Talk, WorkerDevice

NAME = "r30x"
SCHEMES = (NAME, "serial")
KEYS = frozenset({"baud", "password"})
WIDTH, HEIGHT, PPI = 256, 288, 500.0  # px, px/inch (nominal)
UNTRIED = "its driver was tried on a model of the module only, and its pictures have 16 greys"

VERIFY, TAKE, UPLOAD = 0x13, 0x01, 0x0A  # commands
DONE, NO_FINGER, BAD_CONTACT, WRONG_PASSWORD = 0x00, 0x02, 0x03, 0x13  # answers
MEANINGS = {0x01: "did not understand the command", 0x0F: "cannot send its picture"}  # others are the vendor's

BAUDS = (57600, 115200, 9600, 19200, 38400, *(9600 * n for n in (3, 5, 7, 8, 9, 10, 11)))  # the likely ones first
STEP = 9600  # bits/s
HELLO = 0.4  # s until the first answer at a rate
ANSWER = 2.0  # s until an answer; taking a picture is 0.5 s
NEXT = 1.0  # s until the next packet of a picture
POLL = 0.05  # s between two looks for a finger
SILENCE = 0.05  # s without a byte: nothing is under way
POURING = 9.0  # s; the rest of a picture that nobody waits for any more, at 57600 bits/s
PICTURE = WIDTH * HEIGHT // 2  # bytes: two pixels each
WIRE = 1.4  # bits on the line per bit of picture, with the heads of packets of 32 bytes; besides 10 for 8


@dataclass
class _Rate:
    """The rate that worked last, from one session to the next."""

    baud: int | None
    given: bool

    @property
    def candidates(self) -> list[int]:
        if self.baud is None:
            return list(BAUDS)
        return [self.baud] if self.given else [self.baud, *(baud for baud in BAUDS if baud != self.baud)]


class R30x(Talk):
    """The protocol; see the module's text.

    Parameters
    ----------
    line : SerialLine
    rate : _Rate
    password : int
    """

    def __init__(self, line: SerialLine, rate: _Rate, password: int) -> None:
        super().__init__(line)
        self._line = line
        self._rate = rate
        self._password = password
        self._packets = PacketReader(line)

    def start(self, job: Job) -> None:
        """Find the rate, and give the password."""
        candidates = self._rate.candidates
        for baud in candidates:
            job.check()
            if self._answers(baud):
                self._rate.baud = baud
                return
        tried = ", ".join(map(str, candidates))
        raise self.situation.error(
            DeviceTimeoutError,
            f"no sensor answers at {tried} bits/s",
            "Look at its power and at the wires, transmit to receive and receive to transmit",
        )

    def stop(self) -> None:
        """Do nothing: its lamp burns while it takes a picture, and no longer."""

    def capture(self, job: Job) -> GreyImage:
        """Ask until a finger lies there, then fetch its picture."""
        job.enter(Phase.AWAIT_PLACE)
        job.say(EventKind.WAITING)
        while not self._takes():
            job.sleep(POLL)
        job.enter(Phase.ACQUIRING, NEXT + PICTURE * WIRE * 10 / self._line.baud + ANSWER)
        job.say(EventKind.PRESENT)
        self._expect(self._ask(bytes([UPLOAD]), ANSWER))
        return self._picture(job)

    def lifted(self) -> bool:
        """Look once whether the finger is gone."""
        self._line.clock.sleep(POLL)
        return self._ask(bytes([TAKE]), ANSWER) == NO_FINGER

    def _answers(self, baud: int) -> bool:
        try:
            self._line.at(baud)
        except DeviceUnsupportedError:
            return False
        if not quiet(self._line, SILENCE, POURING):
            raise self.situation.error(DeviceProtocolError, "does not stop sending", "Unplug it and plug it in again")
        try:
            answer = self._ask(bytes([VERIFY]) + self._password.to_bytes(4), HELLO)
        except (DeviceTimeoutError, DeviceProtocolError):  # silence or nonsense: another rate
            return False
        if answer == WRONG_PASSWORD:
            raise self.situation.error(DevicePermissionError, "refuses the password", "Give its own by ?password=")
        self._expect(answer)
        return True

    def _takes(self) -> bool:
        answer = self._ask(bytes([TAKE]), ANSWER)
        if answer in (NO_FINGER, BAD_CONTACT):
            return False
        self._expect(answer)
        return True

    def _picture(self, job: Job) -> GreyImage:
        data = bytearray()
        while True:
            job.check()
            packet = self._packets.next(NEXT)
            if packet.kind not in (DATA, LAST):
                raise self.situation.error(DeviceProtocolError, f"a packet of kind {packet.kind} within a picture")
            data += packet.payload
            if packet.kind == LAST or len(data) > PICTURE:
                break
        if len(data) != PICTURE:
            raise self.situation.error(
                DeviceProtocolError, f"a picture of {len(data)} bytes instead of {PICTURE}", "Try again; a shorter wire"
            )
        pairs = np.frombuffer(bytes(data), np.uint8)
        grey = np.stack([pairs >> 4, pairs & 0x0F], axis=-1) * np.uint8(17)  # 15 is white, 255
        return grey.reshape(HEIGHT, WIDTH)

    def _ask(self, command: bytes, timeout: float) -> int:
        """Send a command; return the first byte of its answer."""
        self._line.forget()
        self._packets.forget()
        self._line.write(Packet(COMMAND, command).encoded)
        packet = self._packets.next(timeout)
        if packet.kind != ACK or not packet.payload:
            raise self.situation.error(DeviceProtocolError, f"a packet of kind {packet.kind} instead of an answer")
        return packet.payload[0]

    def _expect(self, answer: int) -> None:
        if answer == DONE:
            return
        meaning = MEANINGS.get(answer)
        if meaning is not None:
            raise self.situation.error(DeviceProtocolError, meaning, "Try again; a shorter wire")
        raise self.situation.error(DeviceVendorError, f"answered 0x{answer:02x}", "Look it up in the module's manual")


class R30xDriver:
    """Serves `r30x:PORT` and `serial:PORT`."""

    def devices(self) -> Iterable[DeviceInfo]:
        """List nothing: what hangs on a serial port is not known before it is spoken to."""
        return ()

    def claims(self, uri: str) -> bool:
        """Say whether the URI names a serial port."""
        return uri.partition(":")[0] in SCHEMES

    def open(self, uri: str) -> Device:
        """Make the device of the URI, not opened yet.

        Raises
        ------
        DeviceNotFoundError
            A parameter is unknown or impossible.
        """
        scheme, port, params = split_uri(uri)
        check_known(uri, params, KEYS)
        if scheme not in SCHEMES or "\0" in port:
            raise DeviceNotFoundError("is no serial port; expected r30x:/dev/ttyUSB0", uri=uri)
        baud = whole(uri, "baud", params["baud"], STEP, 12 * STEP) if "baud" in params else None
        if baud is not None and baud % STEP:
            raise DeviceNotFoundError(f"baud must be a multiple of {STEP}, not {baud}", uri=uri)
        password = whole(uri, "password", params.get("password", "0x0"), 0, 2**32 - 1)
        rate = _Rate(baud, given=baud is not None)

        def connect(situation: Situation) -> SerialLine:
            return SerialLine(port, rate.candidates[0], situation)

        info = DeviceInfo(
            uri, NAME, "", "serial fingerprint module", Modality.FINGER, PPI, (WIDTH, HEIGHT), experimental=UNTRIED
        )
        return WorkerDevice(info, connect, lambda line: R30x(line, rate, password))


driver = R30xDriver()
