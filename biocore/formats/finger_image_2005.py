"""Finger image records of ISO/IEC 19794-4:2005: one head for all pictures, and little of each."""

from __future__ import annotations

import struct
from collections import Counter

from biocore.errors import FormatError, InvalidSampleError
from biocore.formats.finger_image import (
    MAGIC,
    VERSION_2005,
    FingerImage,
    FingerImageRecord,
    ScaleUnit,
    check_codes,
    check_geometry,
    check_writable,
)
from biocore.formats.finger_image_pixels import ImageFormat
from biocore.formats.representation import QualityBlock, unpack

# Codes of 2005; one for JPEG 2000 with and without loss, so that it is read as the one that promises less.
_FORMATS = {
    0: ImageFormat.RAW,
    1: ImageFormat.PACKED,
    2: ImageFormat.WSQ,
    3: ImageFormat.JPEG,
    4: ImageFormat.JPEG2000_LOSSY,
    5: ImageFormat.PNG,
}
_CODES = {kind: code for code, kind in _FORMATS.items()} | {ImageFormat.JPEG2000: 4}
POSITIONS = frozenset([*range(16), *range(20, 37)])  # fingers, slaps, palms
LEVELS = ((1000, 41), (750, 35), (500, 31), (250, 20), (125, 10))  # image acquisition level by least px/inch
LOWEST_LEVEL = 0
NOT_SAID = 254  # quality
_LENGTH_BYTES = 6
_HEAD = struct.Struct(">4s4s6sHHBBHHHHBBH")
_VIEW = struct.Struct(">IBBBBBHHB")
LENGTH_AT, UNIT_AT, SAMPLING_AT, COMPRESSION_AT = 8, 19, 24, 29


def read_2005(data: bytes, file: str | None = None) -> FingerImageRecord:
    """Read a record; `biocore.formats.finger_image.read_fir` calls this for the version of 2005.

    Raises
    ------
    FormatError
        Damaged or cut off; carries the byte offset.
    """
    if len(data) < _HEAD.size:
        raise FormatError(f"the head is cut off: {len(data)} of {_HEAD.size} bytes", file=file, offset=len(data))
    _, _, _, device, _, count, unit, scan_x, scan_y, x, y, depth, form, _ = _HEAD.unpack_from(data)
    total = int.from_bytes(data[LENGTH_AT : LENGTH_AT + _LENGTH_BYTES], "big")
    if total != len(data):
        raise FormatError(f"the record says {total} bytes and {len(data)} are there", file=file, offset=LENGTH_AT)
    known = ((UNIT_AT, "scale unit", frozenset(ScaleUnit)), (COMPRESSION_AT, "compression", frozenset(_FORMATS)))
    check_codes(data, known, file)
    images = []
    at = _HEAD.size
    for _ in range(count):
        length, position, _, number, quality, impression, width, height, _ = unpack(_VIEW, data, at, "a view", file)
        if length < _VIEW.size or at + length > len(data):
            raise FormatError(f"a view of {length} bytes; {len(data) - at} are there", file=file, offset=at)
        check_codes(data, ((at + 4, "finger position", POSITIONS),), file)
        check_geometry(x, y, SAMPLING_AT, width, height, at + 9, file)
        images.append(
            FingerImage(
                position=position,
                format=_FORMATS[form],
                width=width,
                height=height,
                data=data[at + _VIEW.size : at + length],
                sampling=(x, y),
                unit=ScaleUnit(unit),
                scan_sampling=None if (scan_x, scan_y) == (x, y) else (scan_x, scan_y),
                bit_depth=depth,
                impression=impression,
                number=number,
                device=device,
                qualities=(QualityBlock(quality),) if quality <= 100 else (),
                offset=at + _VIEW.size,
            )
        )
        at += length
    if at != len(data):
        raise FormatError(f"{len(data) - at} bytes too many after the last view", file=file, offset=at)
    return FingerImageRecord(tuple(images))


def write_2005(record: FingerImageRecord) -> bytes:
    """Write a record of the edition of 2005: no date, one quality score, no certifications, no extended blocks.

    Raises
    ------
    InvalidSampleError
        No picture, pictures of different kind or resolution, or larger numbers than the format holds.
    """
    if not record.images:
        raise InvalidSampleError("a record of 2005 has at least one picture")
    heads = {_shared(image) for image in record.images}
    if len(heads) > 1:
        raise InvalidSampleError(
            "the pictures of a record of 2005 share format, depth, device and resolution; write one record each"
        )
    code, unit, scan, sampling, depth, device = heads.pop()
    views = Counter(image.position for image in record.images)
    try:
        body = b"".join(_write_view(image, views[image.position]) for image in record.images)
        total = (_HEAD.size + len(body)).to_bytes(_LENGTH_BYTES, "big")
        level = next((level for least, level in LEVELS if record.images[0].ppi >= least), LOWEST_LEVEL)
        resolutions = (*scan, *sampling)
        count = len(record.images)
        head = _HEAD.pack(MAGIC, VERSION_2005, total, device, level, count, unit, *resolutions, depth, code, 0)
    except struct.error as error:
        raise InvalidSampleError(f"a number does not fit its field: {error}") from None
    return head + body


def _shared(image: FingerImage) -> tuple[int, int, tuple[int, int], tuple[int, int], int, int]:
    scan = image.scan_sampling or image.sampling
    return _CODES[image.format], int(image.unit), scan, image.sampling, image.bit_depth, image.device


def _write_view(image: FingerImage, views: int) -> bytes:
    check_writable(image, POSITIONS)
    score = next((block.score for block in image.qualities if block.score is not None), NOT_SAID)
    length = _VIEW.size + len(image.data)
    front = (image.position, views, image.number, score, image.impression, image.width, image.height, 0)
    return _VIEW.pack(length, *front) + image.data
