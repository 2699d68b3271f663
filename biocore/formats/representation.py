"""What each representation of the image records of 2011 begins with: date, device, quality scores, certifications.

ISO/IEC 19794-4:2011 (fingers) and 19794-6:2011 (irises) take it over from ISO/IEC 19794-1:2011. Integers are
big-endian; a date of ones and a quality score of 255 stand for "not known", and are None here.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from biocore.errors import FormatError, InvalidSampleError

UNKNOWN_16 = 0xFFFF
UNKNOWN_SCORE = 255
CERTIFIED = 1  # flag of a record's head: the representations may hold certification blocks

_FRONT = struct.Struct(">IHBBBBBHBHHB")  # length, date and time, technology, vendor, device, quality blocks
_QUALITY = struct.Struct(">BHH")
_CERTIFICATION = struct.Struct(">HB")


@dataclass(frozen=True, slots=True)
class QualityBlock:
    """A quality score and whose it is.

    Attributes
    ----------
    score : int or None
        0..100; None = computing it failed.
    vendor, algorithm : int
        As registered; 0 = not said.
    """

    score: int | None
    vendor: int = 0
    algorithm: int = 0


@dataclass(frozen=True, slots=True)
class Certification:
    """One certification of the capture device: authority and scheme, as registered."""

    authority: int
    scheme: int


@dataclass(frozen=True, slots=True)
class Front:
    """The beginning of a representation, as it was read.

    Attributes
    ----------
    length : int
        Bytes the representation says it has.
    captured_at : datetime or None
        In UTC.
    technology, vendor, device : int
        Of the capture device, as registered; 0 = not said.
    qualities : tuple of QualityBlock
    end : int
        Byte offset of what follows.
    """

    length: int
    captured_at: datetime | None
    technology: int
    vendor: int
    device: int
    qualities: tuple[QualityBlock, ...]
    end: int


def unpack(layout: struct.Struct, data: bytes, at: int, what: str, file: str | None) -> tuple[int, ...]:
    """Read a structure that was announced.

    Raises
    ------
    FormatError
        It is missing or cut off.
    """
    if at + layout.size > len(data):
        end = min(at, len(data))  # a length before it may have led beyond the file
        raise FormatError(f"{what} is announced and missing or cut off", file=file, offset=end)
    return layout.unpack_from(data, at)


def read_front(data: bytes, at: int, file: str | None, remarks: list[str]) -> Front:
    """Read up to the quality blocks; a date that is none is remembered in `remarks`.

    Raises
    ------
    FormatError
    """
    length, *date, technology, vendor, device, count = unpack(_FRONT, data, at, "a picture", file)
    where = at + _FRONT.size
    qualities = []
    for _ in range(count):
        score, owner, algorithm = unpack(_QUALITY, data, where, "a quality block", file)
        if score > 100 and score != UNKNOWN_SCORE:
            raise FormatError(f"quality score {score}; 0 to 100 and 255 exist", file=file, offset=where)
        qualities.append(QualityBlock(None if score == UNKNOWN_SCORE else score, owner, algorithm))
        where += _QUALITY.size
    return Front(length, _date(date, at + 4, remarks), technology, vendor, device, tuple(qualities), where)


def after_certifications(data: bytes, at: int) -> int:
    """Return where the certification blocks end whose count is at byte `at`."""
    return at + 1 + data[at] * _CERTIFICATION.size


def certifications(data: bytes, at: int) -> tuple[Certification, ...]:
    """Return the certification blocks whose count is at byte `at`; they must lie within `data`."""
    blocks = data[at + 1 : after_certifications(data, at)]
    return tuple(Certification(*block) for block in _CERTIFICATION.iter_unpack(blocks))


def front_size(qualities: Sequence[QualityBlock]) -> int:
    """Return the size in bytes up to and with the quality blocks."""
    return _FRONT.size + len(qualities) * _QUALITY.size


def write_front(
    length: int, captured_at: datetime | None, device: tuple[int, int, int], qualities: Sequence[QualityBlock]
) -> bytes:
    """Write up to the quality blocks; `device` is technology, vendor and model.

    Raises
    ------
    InvalidSampleError
        A quality score beyond 100.
    struct.error
        A number that does not fit its field.
    """
    if any(block.score is not None and not 0 <= block.score <= 100 for block in qualities):
        raise InvalidSampleError(f"quality scores are 0 to 100: {tuple(qualities)}")
    when = captured_at.astimezone(UTC) if captured_at else None
    date = (
        (when.year, when.month, when.day, when.hour, when.minute, when.second, when.microsecond // 1000)
        if when
        else (UNKNOWN_16, 255, 255, 255, 255, 255, UNKNOWN_16)
    )
    front = _FRONT.pack(length, *date, *device, len(qualities))
    return front + b"".join(
        _QUALITY.pack(UNKNOWN_SCORE if block.score is None else block.score, block.vendor, block.algorithm)
        for block in qualities
    )


def write_certifications(found: Sequence[Certification]) -> bytes:
    """Write the certification blocks and their count.

    Raises
    ------
    struct.error
        A number that does not fit its field.
    """
    count = struct.pack(">B", len(found))
    return count + b"".join(_CERTIFICATION.pack(each.authority, each.scheme) for each in found)


def _date(parts: Sequence[int], at: int, remarks: list[str]) -> datetime | None:
    """Return the date, None where it is unknown or impossible; some writers leave the milliseconds out."""
    year, month, day, hour, minute, second, millisecond = parts
    if year == UNKNOWN_16 or not any(parts):
        return None
    try:
        return datetime(year, month, day, hour, minute, second, 1000 * (millisecond % UNKNOWN_16), UTC)
    except ValueError:
        remarks.append(f"the date at byte {at} is none: {year}-{month}-{day} {hour}:{minute}:{second}.{millisecond}")
        return None
