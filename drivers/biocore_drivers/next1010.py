"""NEXT Biometrics NB-1010-U: thermal, 256 x 180 px at 385 ppi.

Commands are answered in 16 bytes; a picture comes as 90 packets of two rows. The reader has no event: it is asked.
Facts from the USB traffic of one; libfprint's driver `nb1010` is the other implementation.
"""

from __future__ import annotations

import struct

import numpy as np

from biocore.errors import DeviceProtocolError
from biocore.hal import EventKind
from biocore.types import GreyImage
from biocore_drivers.family import UsbFamily, UsbModel
from biocore_drivers.job import Job, Phase
from biocore_drivers.transport import Transport
from biocore_drivers.worker import Conversation

WIDTH, HEIGHT, PPI = 256, 180, 385.0  # px, px/inch: the maker's data sheet
MODELS = (UsbModel(0x298D, 0x1010, "NEXT Biometrics", "NB-1010-U", PPI, (WIDTH, HEIGHT)),)

OUT, IN = 0x02, 0x83  # endpoints
ANSWER = 1.0  # s until an answer
POLL = 0.05  # s between two looks for a finger
HEAD = 0x80  # first byte of everything
# Command, its number as recorded, its payload, and the code of the answer.
CHECK_FINGER = (0x38, 0x01, b"", 0x37)
PREPARE = (0x0D, 0x03, bytes.fromhex("00040000"), 0x20)
TAKE = (0x12, 0x04, bytes.fromhex("02") + bytes(19) + bytes.fromhex("20000000"), 0x20)
ANSWER_BYTES, CONTACT_AT, CONTACT = 16, 12, 0x30  # above it a finger lies there
ROWS_CODE, ROWS_BYTES, ROWS_HEAD, ROWS = 0x21, 540, 25, 2  # a packet of rows
MORE_AT, ROW_AT = 12, 16  # in its head: more to come; number of its first row, counted from 1


class Next1010(Conversation):
    """The protocol; see the module's text.

    Parameters
    ----------
    transport : Transport
    model : UsbModel
    """

    def __init__(self, transport: Transport, model: UsbModel) -> None:
        super().__init__(transport)

    def start(self, job: Job) -> None:
        """Do nothing: the reader is ready when it has power."""

    def stop(self) -> None:
        """Do nothing: it has no lamp, and sleeps when nobody asks."""

    def capture(self, job: Job) -> GreyImage:
        """Ask until a finger lies there, then take its picture."""
        job.enter(Phase.AWAIT_PLACE)
        job.say(EventKind.WAITING)
        while not self._touched():
            job.sleep(POLL)
        job.enter(Phase.ACQUIRING)
        job.say(EventKind.PRESENT)
        self._ask(PREPARE)
        self._ask(TAKE)
        return np.concatenate([self._rows(row, job) for row in range(0, HEIGHT, ROWS)])

    def lifted(self) -> bool:
        """Ask once whether the finger is gone."""
        self.transport.clock.sleep(POLL)
        return not self._touched()

    def _touched(self) -> bool:
        return self._ask(CHECK_FINGER)[CONTACT_AT] > CONTACT

    def _rows(self, row: int, job: Job) -> GreyImage:
        job.check()
        data = self.transport.read(IN, ROWS_BYTES, ANSWER)
        if len(data) != ROWS_BYTES or data[0] != HEAD or data[1] != ROWS_CODE:
            raise self.situation.error(DeviceProtocolError, f"no rows of a picture: {data[:16].hex(' ')}")
        number, more = data[ROW_AT], data[MORE_AT]
        if number != row + 1 or bool(more) != (row + ROWS < HEIGHT):
            raise self.situation.error(DeviceProtocolError, f"row {number} where {row + 1} is expected")
        return np.frombuffer(data, np.uint8, ROWS * WIDTH, ROWS_HEAD).reshape(ROWS, WIDTH)

    def _ask(self, command: tuple[int, int, bytes, int]) -> bytes:
        code, number, payload, answer = command
        self.transport.write(OUT, struct.pack("<BBBBI", HEAD, code, number, 0, 8 + len(payload)) + payload, ANSWER)
        data = self.transport.read(IN, ANSWER_BYTES, ANSWER)
        expected = struct.pack("<BBBBI", HEAD, answer, number, 0, ANSWER_BYTES)
        if len(data) != ANSWER_BYTES or data[:8] != expected:
            raise self.situation.error(
                DeviceProtocolError, f"answered {data[:16].hex(' ')} instead of {expected.hex(' ')} ..."
            )
        return data


driver = UsbFamily("next1010", MODELS, Next1010)
