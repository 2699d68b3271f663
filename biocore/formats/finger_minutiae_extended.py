"""The extended data area of a finger minutiae record: ridge counts, cores and deltas (ISO/IEC 19794-2:2005, 7.5).

ANSI INCITS 378-2004 has the same area, but says once for all cores, and once for all deltas, whether they have angles.

An area is a run of blocks: type (2 bytes), length (2 bytes), data. The standard's length counts the four bytes
of its own head; some writers count the data alone. Both are read: whichever fills the area exactly; failing
both, a last block that claims more than is left ends with the area (a published sample is one byte short).
An area that is none of these is returned as one block of type None, and harms nobody.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

RIDGE_COUNTS = 1
CORES_AND_DELTAS = 2
ZONAL_QUALITY = 3

_BLOCK_HEAD = struct.Struct(">HH")
_POINT = struct.Struct(">HH")
_HAS_ANGLE = 0b01  # of the two bits above x, or above the count
_FLAG_SHIFT = 6  # bits below them, above the count
_COUNT_BITS = 0x0F  # of the byte that counts cores or deltas; the upper bits are reserved
_COORDINATE_BITS = 0x3FFF
_DELTA_ANGLES = 3


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the extended area.

    Attributes
    ----------
    kind : int or None
        1 ridge counts, 2 cores and deltas, 3 zonal quality, from 0x100 on the writer's own; None = the area could
        not be divided into blocks.
    data : bytes
    """

    kind: int | None
    data: bytes


@dataclass(frozen=True, slots=True)
class RidgeCount:
    """How many ridges lie between two minutiae, by their numbers in the record, from 1."""

    first: int
    second: int
    ridges: int


@dataclass(frozen=True, slots=True)
class Singularity:
    """A core or a delta.

    Attributes
    ----------
    x, y : int
        px from the top left corner.
    angles : tuple of int
        In the record's steps: none or one of a core, none or three of a delta.
    """

    x: int
    y: int
    angles: tuple[int, ...] = ()


def parse_blocks(area: bytes) -> tuple[Block, ...]:
    """Divide an extended area into its blocks."""
    if not area:
        return ()
    whole = _BLOCK_HEAD.size
    for counted, clip in ((whole, False), (0, False), (whole, True)):  # bytes of the head that the length counts
        blocks = _divide(area, counted, clip)
        if blocks is not None:
            return blocks
    return (Block(None, area),)


def ridge_counts(block: Block) -> tuple[int, tuple[RidgeCount, ...]] | None:
    """Return the method (0 other, 1 four neighbours, 2 eight) and the counts; None where the block holds none."""
    if block.kind != RIDGE_COUNTS or len(block.data) % 3 != 1:
        return None
    triples = zip(block.data[1::3], block.data[2::3], block.data[3::3], strict=True)
    return block.data[0], tuple(RidgeCount(*triple) for triple in triples)


def cores_and_deltas(block: Block) -> tuple[tuple[Singularity, ...], tuple[Singularity, ...]] | None:
    """Return cores and deltas; None where the block holds none or ends too early."""
    if block.kind != CORES_AND_DELTAS:
        return None
    for flag_of_all in (False, True):  # ISO, ANSI
        cores = _singularities(block.data, 0, 1, flag_of_all)
        deltas = _singularities(block.data, cores[1], _DELTA_ANGLES, flag_of_all) if cores else None
        if cores is not None and deltas is not None and deltas[1] == len(block.data):
            return cores[0], deltas[0]
    return None


def _divide(area: bytes, counted: int, clip: bool) -> tuple[Block, ...] | None:
    blocks = []
    at = 0
    while at < len(area):
        if at + _BLOCK_HEAD.size > len(area):
            return None
        kind, length = _BLOCK_HEAD.unpack_from(area, at)
        start = at + _BLOCK_HEAD.size
        end = start + length - counted
        if end < start or (end > len(area) and not clip):
            return None
        blocks.append(Block(kind, area[start:end]))
        at = end
    return tuple(blocks)


def _singularities(data: bytes, at: int, angles: int, flag_of_all: bool) -> tuple[tuple[Singularity, ...], int] | None:
    """Read a count and that many points from byte `at`; return them and where they end.

    `flag_of_all`: whether they have angles stands above the count (ANSI), not above each x (ISO).
    """
    if at >= len(data):
        return None
    count, flag = data[at] & _COUNT_BITS, data[at] >> _FLAG_SHIFT
    at += 1
    found = []
    for _ in range(count):
        if at + _POINT.size > len(data):
            return None
        x, y = _POINT.unpack_from(data, at)
        at += _POINT.size
        own = angles if (flag if flag_of_all else x >> 14) == _HAS_ANGLE else 0
        if at + own > len(data):
            return None
        found.append(Singularity(x & _COORDINATE_BITS, y & _COORDINATE_BITS, tuple(data[at : at + own])))
        at += own
    return tuple(found), at
