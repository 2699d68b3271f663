"""`convert-format`: records of ISO/IEC 19794 as pictures, or as other records, by the codes of MOSIP's converter.

`ISO19794_4_2011` to `IMAGE/PNG`, and so on. Of records to records nothing is decoded that need not be, except where the
target says how its picture is to be compressed (`ISO19794_4_2011/PNG`).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from biocore.errors import BiocoreError
from biocore.formats.any_record import RecordKind
from biocore.formats.conversion import How, Pixels, Target, convert
from biocore.formats.face_image import read_fac
from biocore_bindings.biosdk_codes import RefusedError, Status, refuse
from biocore_bindings.biosdk_pictures import MAX_PIXELS, check, contents
from biocore_bindings.biosdk_records import Record, Segment
from biocore_bindings.biosdk_work import Pace

JPEG_QUALITY = 95  # of Pillow's scale: what is seen of a ridge is not changed
_ISO = "ISO19794_"
SOURCES: dict[str, tuple[str, frozenset[RecordKind]]] = {  # type of biometrics, and what it may be by its bytes
    "ISO19794_2_2005": ("FINGER", frozenset({RecordKind.FMR_2005})),
    "ISO19794_2_2011": ("FINGER", frozenset({RecordKind.FMR_2011})),
    "ISO19794_4_2005": ("FINGER", frozenset({RecordKind.FIR_2005})),
    "ISO19794_4_2011": ("FINGER", frozenset({RecordKind.FIR_2011})),
    "ISO19794_5_2011": ("FACE", frozenset()),
    "ISO19794_6_2005": ("IRIS", frozenset({RecordKind.IIR_2005})),
    "ISO19794_6_2011": ("IRIS", frozenset({RecordKind.IIR_2011})),
}


@dataclass(frozen=True, slots=True)
class Record19794:
    """A target that is a record."""

    type: str
    target: Target
    pixels: Pixels = Pixels.KEEP


_RECORDS = {
    "ISO19794_2_2005": Record19794("FINGER", Target.FMR_2005),
    "ISO19794_2_2011": Record19794("FINGER", Target.FMR_2011),
    "ISO19794_4_2005": Record19794("FINGER", Target.FIR_2005),
    "ISO19794_4_2011": Record19794("FINGER", Target.FIR_2011),
    "ISO19794_4_2011/PNG": Record19794("FINGER", Target.FIR_2011, Pixels.PNG),
    "ISO19794_6_2005": Record19794("IRIS", Target.IIR_2005),
    "ISO19794_6_2011": Record19794("IRIS", Target.IIR_2011),
    "ISO19794_6_2011/PNG": Record19794("IRIS", Target.IIR_2011, Pixels.PNG),
}


def converted(
    record: Record, chosen: dict[str, list[Segment]], source: str | None, target: str | None, pace: Pace
) -> list[Segment]:
    """Convert the segments that are of the source format's type.

    Parameters
    ----------
    record : Record
    chosen : dict of str to list of Segment
        By type.
    source, target : str or None
        Codes of formats; pictures are `IMAGE/JPEG` and `IMAGE/PNG`, CBEFF in XML is `CBEFF`.
    pace : Pace

    Returns
    -------
    list of Segment
        In the record's order; exceptions are handed on as they are.

    Raises
    ------
    RefusedError
    GoneError
    """
    kind, kinds = _source(source)
    writer = _writer(target, kind)
    if kind not in chosen:
        raise RefusedError(Status.INVALID_INPUT, f"sourceFormat {source} is of {kind}, which is not to be converted")
    made = []
    for segment in record.segments:
        if segment.type != kind:
            continue
        pace.step()
        made.append(segment if segment.exception and not segment.bdb else _one(segment, kinds, writer, source))
    return made


def _source(code: str | None) -> tuple[str, frozenset[RecordKind]]:
    if code is None:
        raise RefusedError(Status.MISSING_INPUT, "sourceFormat")
    found = SOURCES.get(code.strip().upper())
    if found is None:
        raise RefusedError(Status.INVALID_INPUT, f"sourceFormat {code[:40]!r}; there are {', '.join(SOURCES)}")
    return found


_Writer = Callable[[Segment], bytes]


def _writer(code: str | None, kind: str) -> _Writer:
    if code is None:
        raise RefusedError(Status.MISSING_INPUT, "targetFormat")
    name = code.strip().upper()
    if name in _PICTURES:
        write = _PICTURES[name]
        return lambda segment: write(*_picture(segment))
    if name == "CBEFF" and kind != "FACE":
        return lambda segment: _record(segment, Target.CBEFF, Pixels.KEEP)
    wanted = _RECORDS.get(name)
    if wanted is None or wanted.type != kind:
        codes = [*_PICTURES, *(key for key, each in _RECORDS.items() if each.type == kind)]
        raise RefusedError(Status.INVALID_INPUT, f"targetFormat {code[:40]!r}; of {kind} there are {', '.join(codes)}")
    return lambda segment: _record(segment, wanted.target, wanted.pixels)


def _one(segment: Segment, kinds: frozenset[RecordKind], writer: _Writer, source: str | None) -> Segment:
    check(segment)
    if kinds and contents(segment).kind not in kinds:
        raise RefusedError(Status.INVALID_INPUT, f"{segment.name}: not {source} but {contents(segment).kind}")
    try:
        data = writer(segment)
    except BiocoreError as error:
        refuse(error, segment.name)
    return replace(segment, bdb=data, sb=b"", sb_format=None, info=replace(segment.info, payload=None))


def _record(segment: Segment, target: Target, pixels: Pixels) -> bytes:
    return convert(contents(segment), target, How(pixels)).data


def _picture(segment: Segment) -> tuple[NDArray[np.uint8], float | None]:
    """Return the picture of a segment, grey or in colours, and its resolution in px/inch."""
    if segment.type != "FACE":
        images = contents(segment).images
        if not images:
            raise RefusedError(Status.INVALID_INPUT, f"{segment.name}: minutiae, of which there is no picture")
        return images[0].pixels, images[0].ppi
    faces = read_fac(segment.bdb, segment.name).images
    if not faces or faces[0].width * faces[0].height > MAX_PIXELS:
        raise RefusedError(Status.INVALID_INPUT, f"{segment.name}: no picture, or one that is too large")
    picture, colour = faces[0].decode()
    return (picture.pixels if colour is None else colour), None


def _png(pixels: NDArray[np.uint8], ppi: float | None) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", **({} if ppi is None else {"dpi": (ppi, ppi)}))
    return stream.getvalue()


def _jpeg(pixels: NDArray[np.uint8], ppi: float | None) -> bytes:
    stream = io.BytesIO()
    tag = {} if ppi is None else {"dpi": (round(ppi), round(ppi))}
    Image.fromarray(pixels).save(stream, "JPEG", quality=JPEG_QUALITY, subsampling=0, **tag)
    return stream.getvalue()


_PICTURES = {"IMAGE/JPEG": _jpeg, "IMAGE/PNG": _png}
