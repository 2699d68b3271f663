"""The driver of a reader that does not exist: USB 1209:0002, 128 x 160 px at 500 ppi.

It is told what to do by vendor requests: 1 asks who it is, 2 switches the lamp, 3 asks whether a finger lies there.
The byte `G` at endpoint 0x02 makes it send a picture at 0x81: eight bytes of head, the rows, and a CRC-32 of both.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from biocore.errors import DeviceProtocolError, DeviceUnsupportedError
from biocore.hal import EventKind
from biocore.types import GreyImage
from biocore_drivers.family import UsbFamily, UsbModel
from biocore_drivers.job import Job, Phase
from biocore_drivers.transport import Transport
from biocore_drivers.worker import Conversation

IDENTIFY, LAMP, FINGER = 1, 2, 3  # vendor requests
OUT, IN = 0x02, 0x81  # endpoints
HEAD = struct.Struct("<4sHH")  # "EXPI", width, height
WIDTH, HEIGHT = 128, 160  # px
LENGTH = HEAD.size + WIDTH * HEIGHT + 4  # bytes of a picture with its head and its CRC
LOOK = 0.05  # s between two questions for a finger
FRAME_TIMEOUT = 2.0  # s; it sends a picture in 0.2


class ExampleReader(Conversation):
    """Talks to the reader; see the module's text."""

    def __init__(self, transport: Transport, model: UsbModel) -> None:
        super().__init__(transport)

    def start(self, job: Job) -> None:
        """Ask who it is, and refuse what is another device under the same number."""
        said = self.transport.control_in(IDENTIFY, 0, 0, 8)
        if len(said) != 8 or said[:4] != b"EXRD":
            raise self.situation.error(DeviceProtocolError, f"says it is {said[:4]!r}")
        if said[4] != 1:
            raise self.situation.error(DeviceUnsupportedError, f"speaks version {said[4]} of the protocol")

    def capture(self, job: Job) -> GreyImage:
        """Light the lamp, wait for a finger, and fetch its picture."""
        job.enter(Phase.ARMING)
        self.transport.control_out(LAMP, 1, 0, b"")
        job.enter(Phase.AWAIT_PLACE)
        job.say(EventKind.WAITING)
        while not self._finger():
            job.sleep(LOOK)
        job.enter(Phase.ACQUIRING)
        job.say(EventKind.PRESENT)
        self.transport.write(OUT, b"G", FRAME_TIMEOUT)
        return self._decoded(self.transport.read(IN, LENGTH, FRAME_TIMEOUT))

    def lifted(self) -> bool:
        """Ask once whether the finger is gone."""
        self.transport.clock.sleep(LOOK)
        return not self._finger()

    def stop(self) -> None:
        """Switch the lamp off."""
        self.transport.control_out(LAMP, 0, 0, b"")

    def _finger(self) -> bool:
        said = self.transport.control_in(FINGER, 0, 0, 1)
        if said not in (b"\0", b"\1"):
            raise self.situation.error(DeviceProtocolError, f"says {said!r} when asked for a finger")
        return said == b"\1"

    def _decoded(self, raw: bytes) -> GreyImage:
        if len(raw) != LENGTH:  # a short transfer is no error on USB
            raise self.situation.error(DeviceProtocolError, f"sent {len(raw)} of {LENGTH} bytes")
        magic, width, height = HEAD.unpack_from(raw)
        if (magic, width, height) != (b"EXPI", WIDTH, HEIGHT):
            raise self.situation.error(DeviceProtocolError, "sent a picture with a wrong head")
        if zlib.crc32(raw[:-4]) != int.from_bytes(raw[-4:], "little"):
            raise self.situation.error(DeviceProtocolError, "sent a picture with a wrong checksum")
        return np.frombuffer(raw, np.uint8, WIDTH * HEIGHT, HEAD.size).reshape(HEIGHT, WIDTH)


MODELS = (UsbModel(0x1209, 0x0002, "Example", "reader", ppi=500.0, window=(WIDTH, HEIGHT)),)
driver = UsbFamily("example", MODELS, ExampleReader)
