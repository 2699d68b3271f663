"""What a BioSDK service sends back as bytes: are templates read, segments of the right finger, pictures kept."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from biocore.errors import BiocoreError, FormatError
from biocore.formats.cbeff import Bir
from biocore.formats.face_image import MAGIC as FACE_MAGIC
from biocore.formats.face_image import read_fac
from biocore.formats.finger_image import read_fir
from biocore.formats.finger_templates import read_templates
from biocore.formats.images import read_image
from biocore.formats.iris_image import read_iir
from biocore.types import FingerPosition, GreyImage, Position
from biocore_bindings.ctk_sdk_cases import JPEG
from biocore_bindings.ctk_sdk_wire import Segment

FIR, IIR, FMR = b"FIR\0", b"IIR\0", b"FMR\0"
BEGINNINGS = {"FINGER": FIR, "IRIS": IIR, "FACE": FACE_MAGIC}  # of the records of pictures
_PICTURES = {"IMAGE/JPEG": b"\xff\xd8\xff", "IMAGE/PNG": b"\x89PNG\r\n\x1a\n"}
JPEG_ERROR = 4.0  # grey levels on average; on a synthetic print quality 75 is 2.1 off, 30 is 3.9, 1 px to the side 15
MINUTIAE = 1  # a template of a finger without any compares with nothing


def faults_of_template(segment: Segment, remarks: list[str]) -> Iterator[str]:
    """Yield what is wrong with a template.

    Minutiae records of ISO/IEC 19794-2 and ANSI INCITS 378 are read, and so are ISO records of pictures, as MOSIP's own
    mock sends them; any other format is somebody's own, and only remarked on.

    Parameters
    ----------
    segment : Segment
    remarks : list of str
        Is told of formats that nothing here reads.
    """
    try:
        if segment.data.startswith(FMR) and segment.kind == "FINGER":
            yield from _faults_of_minutiae(segment)
        elif segment.data.startswith(tuple(BEGINNINGS.values())):
            _pictures_of(segment)
            yield from _faults_of_position(segment)
        elif segment.data.startswith(FMR):
            yield f"it is a finger's minutiae record and said to be of {segment.kind}"
        else:
            remarks.append(f"the {segment.kind.lower()} template is of a format of its own, which is not looked into")
    except BiocoreError as error:
        yield f"its template cannot be read: {error}"


def _faults_of_minutiae(segment: Segment) -> Iterator[str]:
    templates = read_templates(segment.data)
    if not templates or max(len(template) for template in templates) < MINUTIAE:
        yield "its template has no minutiae"
    for template in templates:
        if template.position not in (segment.position, FingerPosition.UNKNOWN):
            yield f"its template is of {_named(template.position)}, and it says {' '.join(segment.subtype)}"


def faults_of_segment(segment: Segment) -> Iterator[str]:
    """Yield what is wrong with a finger, eye or face that was cut out."""
    expected = BEGINNINGS[segment.kind]
    if not segment.data.startswith(expected):
        yield f"its data begin with {segment.data[:4]!r}; a record of {segment.kind} begins with {expected!r}"
        return
    try:
        _pictures_of(segment)
        yield from _faults_of_position(segment)
    except BiocoreError as error:
        yield f"its record cannot be read: {error}"


def _faults_of_position(segment: Segment) -> Iterator[str]:
    if segment.kind == "FINGER":
        found: list[Position | None] = [image.finger for image in read_fir(segment.data).images]
    elif segment.kind == "IRIS":
        found = [image.eye for image in read_iir(segment.data).images]
    else:
        return
    for position in found:
        if position is not segment.position:
            yield f"its record is of {_named(position)}, and it says {' '.join(segment.subtype)}"


def _named(position: Position | None) -> str:
    return "nothing known" if position is None else position.name.lower().replace("_", " ")


def _pictures_of(segment: Segment) -> list[GreyImage]:
    """Return the pictures in a record of ISO/IEC 19794-4, -5 or -6.

    Raises
    ------
    FormatError
        It, or a picture in it, cannot be read, or it has none.
    """
    pictures = pictures_of_record(segment.data)
    if not pictures:
        raise FormatError("the record holds no picture")
    return pictures


def pictures_of_record(data: bytes) -> list[GreyImage]:
    """Return the pictures in a record of ISO/IEC 19794-4, -5 or -6, in grey.

    Raises
    ------
    FormatError
    """
    if data.startswith(FIR):
        return [image.pixels for image in read_fir(data).images]
    if data.startswith(IIR):
        return [image.pixels for image in read_iir(data).images]
    return [image.decode()[0].pixels for image in read_fac(data).images]


def faults_of_picture(data: bytes, target: str, sent: Bir) -> Iterator[str]:
    """Yield how a converted picture is not the one in the record.

    Parameters
    ----------
    data : bytes
        What came back.
    target : str
        The media type that was asked for.
    sent : Bir
        The record it was made of.
    """
    if not data.startswith(_PICTURES[target]):
        yield f"it begins with {data[:4].hex(' ')}; {target} begins with {_PICTURES[target][:4].hex(' ')}"
        return
    try:
        came = read_image(data).pixels
    except BiocoreError as error:
        yield f"its picture cannot be decoded: {error}"
        return
    expected = pictures_of_record(sent.bdb)[0]
    if came.shape != expected.shape:
        (height, width), (rows, columns) = came.shape, expected.shape
        yield f"its picture has {width}x{height} px; the record's has {columns}x{rows}"
        return
    off = np.abs(came.astype(np.int16) - expected.astype(np.int16))
    if target == JPEG and off.mean() > JPEG_ERROR:
        yield f"its picture is {off.mean():.1f} grey levels off the record's on average; a JPEG may be {JPEG_ERROR:g}"
    elif target != JPEG and off.any():
        changed = int(np.count_nonzero(off))
        yield f"{changed} of {off.size} px differ from the record's, by up to {off.max()} of 255"
