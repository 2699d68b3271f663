"""Packets of serial fingerprint modules: found again after any noise, and believed by their checksum only.

    EF 01 | address, 4 | kind, 1 | length of the rest, 2 | payload | sum of kind, length and payload, 2

All numbers are big-endian. After garbage the reader goes on at the next head; a packet with a wrong sum is an error.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from biocore.errors import DeviceProtocolError, DeviceTimeoutError
from biocore_drivers.serial_line import SerialLine

HEAD = b"\xef\x01"
ADDRESS = b"\xff\xff\xff\xff"  # the makers' default: every module answers to it
COMMAND, DATA, ACK, LAST = 0x01, 0x02, 0x07, 0x08  # kinds
FIXED = 9  # bytes before the payload
SUM = 2  # bytes after it
LONGEST = 256 + SUM  # what `length` may say
NOISE = 4096  # bytes without a packet in them: more than a burst of noise
_KINDS = frozenset({COMMAND, DATA, ACK, LAST})


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet.

    Attributes
    ----------
    kind : int
    payload : bytes
    """

    kind: int
    payload: bytes

    @property
    def encoded(self) -> bytes:
        """The packet as it goes over the line."""
        body = struct.pack(">BH", self.kind, len(self.payload) + SUM) + self.payload
        return HEAD + ADDRESS + body + struct.pack(">H", sum(body) & 0xFFFF)


class PacketReader:
    """Finds packets in what a line brings.

    Parameters
    ----------
    line : SerialLine
    """

    def __init__(self, line: SerialLine) -> None:
        self._line = line
        self._held = bytearray()

    def forget(self) -> None:
        """Drop what has come."""
        self._held.clear()

    def next(self, timeout: float) -> Packet:
        """Return the next packet.

        Raises
        ------
        DeviceTimeoutError
            None within `timeout` s.
        DeviceProtocolError
            Noise without end, or a packet with a wrong checksum.
        """
        clock, situation = self._line.clock, self._line.situation
        until = clock.now() + timeout
        dropped = 0
        while True:
            before = len(self._held)
            whole = self._resynchronise()
            dropped += before - len(self._held)
            if whole:
                return self._taken(whole)
            left = until - clock.now()
            if dropped > NOISE:
                raise situation.error(DeviceProtocolError, f"{dropped} bytes without a packet in them")
            if left <= 0.0:
                said = f", after {dropped + len(self._held)} bytes of noise" if dropped + len(self._held) else ""
                raise situation.error(
                    DeviceTimeoutError, f"does not answer{said}", "Look at its power and at its wires"
                )
            self._held += self._line.read(1024, min(left, 0.1))

    def _resynchronise(self) -> int:
        """Drop what comes before a head; return the length of the whole packet behind it, 0 where it has not come."""
        held = self._held
        while True:
            at = held.find(HEAD)
            if at < 0:
                del held[: len(held) - held.endswith(HEAD[:1])]
                return 0
            del held[:at]
            if len(held) < FIXED:
                return 0
            length = int.from_bytes(held[7:9])
            if held[6] in _KINDS and SUM <= length <= LONGEST:
                return FIXED + length if len(held) >= FIXED + length else 0
            del held[:1]  # a head by chance

    def _taken(self, whole: int) -> Packet:
        data = bytes(self._held[:whole])
        if sum(data[6:-SUM]) & 0xFFFF != int.from_bytes(data[-SUM:]):
            del self._held[: len(HEAD)]
            raise self._line.situation.error(
                DeviceProtocolError, "a packet with a wrong checksum", "Try again; a shorter wire"
            )
        del self._held[:whole]
        return Packet(data[6], data[FIXED:-SUM])
