"""Any standard record: what it is by its bytes, and the pictures, templates and exceptions in it, alike for all.

A CBEFF file holds records in its turn; what they hold is listed as if it stood in the file itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from biocore.errors import FormatError, InvalidSampleError, InvalidTemplateError, UnsupportedFormatError
from biocore.formats import face_image, finger_image, finger_minutiae, iris_image
from biocore.formats.cbeff import CbeffFile, read_cbeff
from biocore.formats.cbeff_tlv import GROUP, TEMPLATE, read_tlv
from biocore.formats.face_image import read_fac
from biocore.formats.finger_image import AMPUTATED, FingerImageRecord, read_fir
from biocore.formats.finger_minutiae import read_fmr, templates_from_record
from biocore.formats.finger_minutiae_2011 import VERSION_2011, read_fmr_2011, templates_from_record_2011
from biocore.formats.finger_minutiae_ansi import is_ansi, read_ansi, templates_from_ansi
from biocore.formats.iris_image import IrisImageRecord, read_iir
from biocore.formats.itl import ItlTransaction, read_itl
from biocore.formats.itl_images import IRIS, LATENT, PALM, Missing, images_of
from biocore.formats.itl_minutiae import itl_templates
from biocore.types import (
    ColourImage,
    EyePosition,
    FacePosition,
    FingerPosition,
    FingerTemplate,
    GreyImage,
    Modality,
    Position,
)

MAX_DEPTH = 3  # of records in records
RESOLUTION_AT = 18  # byte of a minutiae record of 2005
PLAIN_THUMBS = {11: FingerPosition.RIGHT_THUMB, 12: FingerPosition.LEFT_THUMB}  # ANSI/NIST-ITL's codes of their own


class RecordKind(StrEnum):
    """Families of records, by edition."""

    FMR_2005 = "fmr-2005"
    FMR_2011 = "fmr-2011"
    ANSI_378 = "ansi-378"
    FIR_2005 = "fir-2005"
    FIR_2011 = "fir-2011"
    IIR_2005 = "iir-2005"
    IIR_2011 = "iir-2011"
    IREX = "irex"
    FAC_2011 = "fac-2011"
    ITL = "itl"
    CBEFF = "cbeff"
    CBEFF_TLV = "cbeff-tlv"


@dataclass(frozen=True, slots=True)
class RecordImage:
    """A picture in a record.

    Attributes
    ----------
    modality : Modality
    position : Position
        UNKNOWN of slaps, palms and latents; `place` says which.
    place : int
        The record's own code of the position.
    width, height : int
        px.
    ppi : float or None
        px/inch.
    compression : str
    data : bytes
        As it is compressed.
    impression : int or None
    captured_at : datetime or None
    date : str
        `YYYYMMDD`, or nothing.
    score : int or None
        The first quality score that the record gives.
    source : object
        The picture as its own format describes it.
    file : str or None
        Name of the file it was read from, for messages.
    offset : int or None
        Byte of that file at which it begins; in a CBEFF file, at which the element of its record does.
    """

    modality: Modality
    position: Position
    place: int
    width: int
    height: int
    ppi: float | None
    compression: str
    data: bytes = field(repr=False)
    impression: int | None = None
    captured_at: datetime | None = None
    date: str = ""
    score: int | None = None
    source: Any = field(default=None, repr=False)
    file: str | None = field(default=None, compare=False, repr=False)
    offset: int | None = field(default=None, compare=False, repr=False)

    @property
    def pixels(self) -> GreyImage:
        """The picture, decoded; errors as those of its format, with the file and the byte at which it begins."""
        try:
            found: GreyImage = self.source.pixels
        except FormatError as error:
            raise error.within(self.file, self.offset) from error
        return found

    @property
    def colour(self) -> ColourImage | None:
        """The picture of a face in red, green and blue, decoded; None where it has no colours; errors as `pixels`."""
        if self.modality is not Modality.FACE:
            return None
        try:
            found: ColourImage | None = self.source.colour
        except FormatError as error:
            raise error.within(self.file, self.offset) from error
        return found


class AbsenceReason(StrEnum):
    """Why there is no picture of a finger or an eye, as far as records tell."""

    AMPUTATED = "amputated"
    UNABLE = "unable to capture"
    UNSAID = "not said"


@dataclass(frozen=True, slots=True)
class RecordContents:
    """What a record holds.

    Attributes
    ----------
    kind : RecordKind
    record : object
        As its own reader gives it.
    images : tuple of RecordImage
    templates : tuple of FingerTemplate
    missing : tuple of (Position, AbsenceReason)
    remarks : tuple of str
        What is odd in the bytes.
    """

    kind: RecordKind
    record: Any
    images: tuple[RecordImage, ...] = ()
    templates: tuple[FingerTemplate, ...] = ()
    missing: tuple[tuple[Position, AbsenceReason], ...] = ()
    remarks: tuple[str, ...] = ()


def kind_of(data: bytes, file: str | None = None) -> RecordKind:
    """Tell a record by its bytes.

    Raises
    ------
    UnsupportedFormatError
        It is none of the known ones.
    """
    head, version = data[:4], data[4:8]
    if head == finger_minutiae.MAGIC:
        if is_ansi(data):
            return RecordKind.ANSI_378
        return RecordKind.FMR_2011 if version == VERSION_2011 else RecordKind.FMR_2005
    if head == finger_image.MAGIC:
        return RecordKind.FIR_2005 if version == finger_image.VERSION_2005 else RecordKind.FIR_2011
    if head == iris_image.MAGIC:
        if version == iris_image.VERSION_IREX:
            return RecordKind.IREX
        return RecordKind.IIR_2005 if version in iris_image.VERSIONS_2005 else RecordKind.IIR_2011
    if head == face_image.MAGIC:
        return RecordKind.FAC_2011
    if head[:2] in (GROUP.to_bytes(2, "big"), TEMPLATE.to_bytes(2, "big")):
        return RecordKind.CBEFF_TLV
    if data[:2] == b"1.":
        return RecordKind.ITL
    if data[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return RecordKind.CBEFF
    listed = ", ".join(RecordKind)
    raise UnsupportedFormatError(f"no record that is known here: {listed}", file=file, offset=0)


def read_record(data: bytes, file: str | None = None) -> RecordContents:
    """Read any record.

    Raises
    ------
    FormatError
        Damaged or cut off; carries the byte offset.
    UnsupportedFormatError
        No record that is known, or one with pixels that are not square, or of no real scanner.
    """
    try:
        return _read(bytes(data), file, 0)
    except FormatError as error:
        if error.file is not None or file is None:
            raise
        raise error.within(file, None) from None  # of a part, which does not know the file


def _read(data: bytes, file: str | None, depth: int) -> RecordContents:
    kind = kind_of(data, file)
    if kind is RecordKind.CBEFF:
        return _cbeff(read_cbeff(data, file), file, depth)
    found = _READERS[kind](kind, data, file)
    return replace(found, remarks=(*found.remarks, *_contradictions(found)))


def _contradictions(found: RecordContents) -> Iterator[str]:
    """Yield which fingers and eyes a record shows, and says to be missing."""
    shown = {_key(image.position) for image in found.images if image.position}
    for position, reason in found.missing:
        if _key(position) in shown:
            name = position.name.lower().replace("_", " ")
            kind = "eye" if isinstance(position, EyePosition) else "finger"
            yield f"the {name} {kind} is shown, and said to be missing ({reason})"


def _fmr_2005(kind: RecordKind, data: bytes, file: str | None) -> RecordContents:
    record = read_fmr(data, file)
    with _at(RESOLUTION_AT, file):
        templates = templates_from_record(record)
    return RecordContents(kind, record, templates=templates, remarks=record.remarks)


def _fmr_2011(kind: RecordKind, data: bytes, file: str | None) -> RecordContents:
    record = read_fmr_2011(data, file)
    templates: list[FingerTemplate] = []
    for item in record.representations:
        with _at(item.offset, file):
            templates += templates_from_record_2011(replace(record, representations=(item,)))
    return RecordContents(kind, record, templates=tuple(templates))


def _ansi(kind: RecordKind, data: bytes, file: str | None) -> RecordContents:
    record = read_ansi(data, file)
    templates: list[FingerTemplate] = []
    for finger in record.fingers:
        with _at(finger.offset, file):
            templates += templates_from_ansi(replace(record, fingers=(finger,)))
    return RecordContents(kind, record, templates=tuple(templates), remarks=record.remarks)


@contextmanager
def _at(offset: int | None, file: str | None) -> Iterator[None]:
    """Name the place of what is well formed, and of no use here."""
    try:
        yield
    except UnsupportedFormatError as error:
        raise error.within(file, offset) from None
    except (InvalidTemplateError, InvalidSampleError) as error:
        raise UnsupportedFormatError(str(error), file=file, offset=offset) from None


def _tlv(kind: RecordKind, data: bytes, file: str | None) -> RecordContents:
    return RecordContents(kind, read_tlv(data, file))


def _fir(kind: RecordKind, data: bytes, file: str | None) -> RecordContents:
    record: FingerImageRecord = read_fir(data, file)
    images, missing = [], {}
    for image in record.images:
        scores = [block.score for block in image.qualities if block.score is not None]
        with _at(image.offset, file):
            ppi = image.ppi
        found = RecordImage(
            Modality.FINGER,
            image.finger or FingerPosition.UNKNOWN,
            image.position,
            image.width,
            image.height,
            ppi,
            image.format.name,
            image.data,
            image.impression,
            image.captured_at,
            score=scores[0] if scores else None,
            source=image,
            file=file,
            offset=image.offset,
        )
        images.append(found)
        for place, why in image.annotations.items():
            if FingerPosition.UNKNOWN < place <= FingerPosition.LEFT_LITTLE:
                reason = AbsenceReason.AMPUTATED if why == AMPUTATED else AbsenceReason.UNABLE
                missing[FingerPosition(place)] = reason
    return RecordContents(kind, record, tuple(images), missing=tuple(missing.items()), remarks=record.remarks)


def _iir(kind: RecordKind, data: bytes, file: str | None) -> RecordContents:
    record: IrisImageRecord = read_iir(data, file)
    images = []
    for image in record.images:
        scores = [block.score for block in image.qualities if block.score is not None]
        found = RecordImage(
            Modality.IRIS,
            image.eye,
            int(image.eye),
            image.width,
            image.height,
            None,
            image.format.name,
            image.data,
            captured_at=image.captured_at,
            score=scores[0] if scores else None,
            source=image,
            file=file,
            offset=image.offset,
        )
        images.append(found)
    return RecordContents(kind, record, tuple(images), remarks=record.remarks)


def _fac(kind: RecordKind, data: bytes, file: str | None) -> RecordContents:
    record = read_fac(data, file)
    images = []
    for image in record.images:
        scores = [block.score for block in image.qualities if block.score is not None]
        found = RecordImage(
            Modality.FACE,
            FacePosition.UNKNOWN,
            0,
            image.width,
            image.height,
            None,
            image.format.name,
            image.data,
            captured_at=image.captured_at,
            score=scores[0] if scores else None,
            source=image,
            file=file,
            offset=image.offset,
        )
        images.append(found)
    return RecordContents(kind, record, tuple(images), remarks=record.remarks)


def _itl(kind: RecordKind, data: bytes, file: str | None) -> RecordContents:
    record: ItlTransaction = read_itl(data, file)
    images, missing = [], []
    for image in images_of(record):
        iris = image.type == IRIS
        for place, why in image.missing:
            reason = (
                AbsenceReason.AMPUTATED if why in (Missing.AMPUTATED, Missing.EYE_MISSING) else AbsenceReason.UNABLE
            )
            missing.append((_position(place, iris), reason))
        if image.compression is None:
            continue
        place = image.positions[0] if image.positions else 0
        scores = [quality.score for quality in image.qualities if quality.score is not None]
        found = RecordImage(
            Modality.IRIS if iris else Modality.FINGER,
            FingerPosition.UNKNOWN if image.type in (LATENT, PALM) else _position(place, iris),
            place,
            image.width,
            image.height,
            image.ppi,
            image.compression.name,
            image.data,
            image.impression,
            date=image.date,
            score=scores[0] if scores else None,
            source=image,
            file=file,
            offset=image.offset,
        )
        images.append(found)
    return RecordContents(kind, record, tuple(images), itl_templates(record), tuple(missing), record.remarks)


def _position(place: int, iris: bool) -> Position:
    if iris:
        return EyePosition(place) if place <= EyePosition.LEFT else EyePosition.UNKNOWN
    place = PLAIN_THUMBS.get(place, place)
    return FingerPosition(place) if place <= FingerPosition.LEFT_LITTLE else FingerPosition.UNKNOWN


def _cbeff(record: CbeffFile, file: str | None, depth: int) -> RecordContents:
    if depth >= MAX_DEPTH:
        raise FormatError(f"records in records, deeper than {MAX_DEPTH}", file=file, offset=0)
    images: list[RecordImage] = []
    templates: list[FingerTemplate] = []
    missing: dict[tuple[Modality, int], tuple[Position, AbsenceReason]] = {}
    remarks = list(record.remarks)
    for bir in record.birs:
        if bir.exception and bir.position is not None:
            missing.setdefault(_key(bir.position), (bir.position, AbsenceReason.UNSAID))
        if not bir.bdb:
            continue
        name = f"{bir.type} {' '.join(bir.subtype)}".strip()
        try:
            inner = _read(bir.bdb, None, depth + 1)
        except UnsupportedFormatError:
            remarks.append(f"{name} holds a record of another kind")  # an encrypted one
            continue
        except FormatError as error:
            message = f"{name}, byte {error.offset} of its record: {error.reason}"
            raise FormatError(message, file=file, offset=bir.offset) from None
        images += [replace(image, file=file, offset=bir.offset) for image in inner.images]
        templates += inner.templates
        missing.update({_key(position): (position, reason) for position, reason in inner.missing})  # they say why
        remarks += [f"{name}: {remark}" for remark in inner.remarks]
    return RecordContents(
        RecordKind.CBEFF, record, tuple(images), tuple(templates), tuple(missing.values()), tuple(remarks)
    )


def _key(position: Position) -> tuple[Modality, int]:
    """Tell fingers and eyes apart, whose numbers are the same."""
    return Modality.IRIS if isinstance(position, EyePosition) else Modality.FINGER, int(position)


_READERS: dict[RecordKind, Callable[[RecordKind, bytes, str | None], RecordContents]] = {
    RecordKind.FMR_2005: _fmr_2005,
    RecordKind.FMR_2011: _fmr_2011,
    RecordKind.ANSI_378: _ansi,
    RecordKind.FIR_2005: _fir,
    RecordKind.FIR_2011: _fir,
    RecordKind.IIR_2005: _iir,
    RecordKind.IIR_2011: _iir,
    RecordKind.IREX: _iir,
    RecordKind.FAC_2011: _fac,
    RecordKind.ITL: _itl,
    RecordKind.CBEFF_TLV: _tlv,
}
