"""Records into records: what one holds, written as another, and what was lost on the way, named.

Pictures stay compressed as they are where the other format has that compression; else they are decoded and written as
JPEG 2000 without loss. Templates come from minutiae and pictures from pictures: to make minutiae of a picture is
extraction, and no conversion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from biocore.errors import FormatError, InvalidSampleError
from biocore.formats import finger_image_pixels, iris_image_pixels, wsq
from biocore.formats.any_record import AbsenceReason, RecordContents, RecordImage
from biocore.formats.cbeff import (
    FINGER_IMAGE,
    FINGER_MINUTIAE,
    IRIS_IMAGE,
    ORGANIZATION,
    Bir,
    exception_of,
    subtype_of,
    write_cbeff,
)
from biocore.formats.finger_image import (
    AMPUTATED,
    PLAIN,
    POSITIONS,
    UNABLE_TO_PRINT,
    FingerImage,
    FingerImageRecord,
    annotation,
    write_fir,
)
from biocore.formats.finger_image_2005 import write_2005 as write_fir_2005
from biocore.formats.finger_image_pixels import ImageFormat
from biocore.formats.finger_minutiae import FingerMinutiaeRecord
from biocore.formats.finger_minutiae_2011 import FingerMinutiaeRecord2011
from biocore.formats.finger_minutiae_ansi import AnsiMinutiaeRecord
from biocore.formats.finger_templates import TemplateFormat, write_templates
from biocore.formats.images import encode_png
from biocore.formats.iris_image import Compression, ImageKind, IrisImage, IrisImageRecord, write_iir
from biocore.formats.iris_image_2005 import write_2005 as write_iir_2005
from biocore.formats.itl import TextRecord, transaction_of, write_itl
from biocore.formats.itl_images import Compression as ItlCompression
from biocore.formats.itl_images import ItlPicture, ItlQuality, Missing, finger_record, iris_record, picture_of
from biocore.formats.itl_minutiae import minutiae_records
from biocore.formats.representation import QualityBlock
from biocore.types import EyePosition, FingerPosition, Modality, Position

WSQ_SLACK = 0.02  # share by which a resolution may be off from WSQ's
UNKNOWN_DATE = "00000000"  # of a capture, where ANSI/NIST-ITL demands one and nobody knows it


class Target(StrEnum):
    """What a record can be written as."""

    FMR_2005 = "fmr-2005"
    FMR_2011 = "fmr-2011"
    ANSI_2004 = "ansi-2004"
    ANSI_2009 = "ansi-2009"
    ANSI_2009_AM1 = "ansi-2009am1"
    FIR_2005 = "fir-2005"
    FIR_2011 = "fir-2011"
    IIR_2005 = "iir-2005"
    IIR_2011 = "iir-2011"
    ITL = "itl"
    CBEFF = "cbeff"
    PNG = "png"  # no record: the one picture in it


class Pixels(StrEnum):
    """How pictures are compressed."""

    KEEP = "keep"
    RAW = "raw"
    PNG = "png"
    JPEG2000 = "jp2"
    JPEG2000_LOSSY = "jp2-lossy"
    WSQ = "wsq"


@dataclass(frozen=True, slots=True)
class Converted:
    """A record, and what the one before said that it cannot."""

    data: bytes
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class How:
    """How pictures are written, and what a transaction says of itself.

    Attributes
    ----------
    pixels : Pixels
    ratio : float or None
        How many times smaller a lossy picture is to be.
    agencies : (str, str)
        Of an ANSI/NIST-ITL transaction: whom it goes to, and whom it comes from.
    now : datetime or None
        Its date; None = the day of the latest capture.
    """

    pixels: Pixels = Pixels.KEEP
    ratio: float | None = None
    agencies: tuple[str, str] = ("UNKNOWN", "BIOCORE")
    now: datetime | None = None


_FINGER_PIXELS = {
    Pixels.RAW: ImageFormat.RAW,
    Pixels.PNG: ImageFormat.PNG,
    Pixels.JPEG2000: ImageFormat.JPEG2000,
    Pixels.JPEG2000_LOSSY: ImageFormat.JPEG2000_LOSSY,
    Pixels.WSQ: ImageFormat.WSQ,
}
_IRIS_PIXELS = {
    Pixels.RAW: iris_image_pixels.ImageFormat.MONO_RAW,
    Pixels.PNG: iris_image_pixels.ImageFormat.MONO_PNG,
    Pixels.JPEG2000: iris_image_pixels.ImageFormat.MONO_JPEG2000,
    Pixels.JPEG2000_LOSSY: iris_image_pixels.ImageFormat.MONO_JPEG2000,
}
_ITL_PIXELS = {
    Pixels.KEEP: ItlCompression.JPEG2000,
    Pixels.RAW: ItlCompression.NONE,
    Pixels.PNG: ItlCompression.PNG,
    Pixels.JPEG2000: ItlCompression.JPEG2000,
    Pixels.JPEG2000_LOSSY: ItlCompression.JPEG2000_LOSSY,
    Pixels.WSQ: ItlCompression.WSQ,
}
_ITL_WORDS = {  # a picture's compression, as its own format calls it, in a transaction
    "RAW": ItlCompression.NONE,
    "MONO_RAW": ItlCompression.NONE,
    "PNG": ItlCompression.PNG,
    "MONO_PNG": ItlCompression.PNG,
    "JPEG2000": ItlCompression.JPEG2000,
    "JPEG2000_LOSSY": ItlCompression.JPEG2000_LOSSY,
} | {each.name: each for each in ItlCompression}
_FINGER_WORDS = {  # a picture's compression, as its own format calls it, in a finger image record
    "NONE": ImageFormat.RAW,
    "WSQ": ImageFormat.WSQ,
    "JPEG": ImageFormat.JPEG,
    "PNG": ImageFormat.PNG,
    "JPEG2000": ImageFormat.JPEG2000,
    "JPEG2000_LOSSY": ImageFormat.JPEG2000_LOSSY,
    "RAW": ImageFormat.RAW,
}


def convert(contents: RecordContents, target: Target, how: How = How()) -> Converted:
    """Write what a record holds as another.

    Parameters
    ----------
    contents : RecordContents
    target : Target
    how : How

    Raises
    ------
    FormatError
        The record holds nothing that the other can hold, or a picture of it is damaged.
    InvalidSampleError, InvalidTemplateError
        What it holds does not fit into one record of that kind.
    MissingDependencyError
        WSQ without its extra.
    """
    lost = _lost(contents, target)
    if target.value in set(TemplateFormat):
        _some(contents.templates, "minutiae", contents, "; `biocore extract` makes them of pictures")
        return Converted(write_templates(contents.templates, TemplateFormat(target.value)), lost)
    return Converted(_WRITERS[target](contents, how), lost)


def _lost(contents: RecordContents, target: Target) -> tuple[str, ...]:
    fingers = [image for image in contents.images if _is_finger(image)]
    eyes = [image for image in contents.images if image.modality is Modality.IRIS]
    faces = [image for image in contents.images if image.modality is Modality.FACE]
    whole = target in (Target.ITL, Target.CBEFF)
    kept_fingers = whole or target in (Target.FIR_2005, Target.FIR_2011, Target.PNG)
    kept_eyes = whole or target in (Target.IIR_2005, Target.IIR_2011, Target.PNG)
    kept_templates = whole or target.value in set(TemplateFormat)
    others = len(contents.images) - len(fingers) - len(eyes) - len(faces)
    found = []
    for what, count, kept in (
        ("pictures of fingers", len(fingers), kept_fingers),
        ("pictures of palms or latents", others, target is Target.PNG),
        ("pictures of eyes", len(eyes), kept_eyes),
        ("pictures of faces", len(faces), target is Target.PNG),
        ("templates", len(contents.templates), kept_templates),
        ("areas of ridge counts, cores and deltas", _extended(contents.record), False),
    ):
        if count and not kept:
            found.append(f"{count} {what}")
    for position, reason in contents.missing:
        if not whole and (target is not Target.FIR_2011 or isinstance(position, EyePosition)):
            found.append(f"that {_name(position)} is missing ({reason})")
        elif target is Target.CBEFF and reason is not AbsenceReason.UNSAID and position not in _annotated(fingers):
            found.append(f"why {_name(position)} is missing ({reason})")
    return tuple(found)


def _annotated(fingers: Sequence[RecordImage]) -> set[Position]:
    """Return the fingers of which the records of pictures themselves say why they are missing."""
    sources = [image.source for image in fingers if isinstance(image.source, FingerImage)]
    known = range(FingerPosition.RIGHT_THUMB, FingerPosition.LEFT_LITTLE + 1)
    return {FingerPosition(place) for source in sources for place in source.annotations if place in known}


def _extended(record: Any) -> int:
    """Return how many views of a minutiae record have extended data, which templates do not hold."""
    if isinstance(record, FingerMinutiaeRecord):
        views = record.views
    elif isinstance(record, AnsiMinutiaeRecord):
        views = tuple(finger.view for finger in record.fingers)
    elif isinstance(record, FingerMinutiaeRecord2011):
        views = tuple(item.view for item in record.representations)
    else:
        return 0
    return sum(bool(view.extended) for view in views)


def _is_finger(image: RecordImage) -> bool:
    return image.modality is Modality.FINGER and (bool(image.position) or image.place in POSITIONS)


def _some(items: Sequence[object], what: str, contents: RecordContents, hint: str = "") -> None:
    if not items:
        raise FormatError(f"this record ({contents.kind}) holds no {what}{hint}")


def _name(position: Position) -> str:
    kind = "eye" if isinstance(position, EyePosition) else "finger"
    return f"the {position.name.lower().replace('_', ' ')} {kind}" if position else f"a {kind}"


# -- pictures of fingers ------------------------------------------------------------------------------


def _fingers(contents: RecordContents, how: How) -> list[FingerImage]:
    images = [image for image in contents.images if _is_finger(image)]
    _some(images, "pictures of fingers", contents)
    counts: dict[int, int] = {}
    found = []
    for image in images:
        place = int(image.position) or image.place
        number = counts.get(place, 0)
        counts[place] = number + 1
        found.append(_finger(image, number, how))
    return found


def _finger(image: RecordImage, number: int, how: How) -> FingerImage:
    kind, data = _finger_pixels(image, how)
    if isinstance(image.source, FingerImage):
        return replace(image.source, format=kind, data=data, number=number)
    if image.ppi is None:
        raise InvalidSampleError(f"{_name(image.position)}: its record gives no resolution")
    return FingerImage(
        position=int(image.position) or image.place,
        format=kind,
        width=image.width,
        height=image.height,
        data=data,
        sampling=(round(image.ppi), round(image.ppi)),
        impression=PLAIN if image.impression is None else image.impression,
        number=number,
        captured_at=image.captured_at or _day(image.date),
        qualities=() if image.score is None else (QualityBlock(image.score),),
    )


def _finger_pixels(image: RecordImage, how: How) -> tuple[ImageFormat, bytes]:
    own = _FINGER_WORDS.get(image.compression)
    if how.pixels is Pixels.KEEP and own is not None:
        return own, image.data
    kind = ImageFormat.JPEG2000 if how.pixels is Pixels.KEEP else _FINGER_PIXELS[how.pixels]
    _check_rate(image, how.pixels)
    return kind, finger_image_pixels.encode(image.pixels, kind, how.ratio)


def _check_rate(image: RecordImage, pixels: Pixels) -> None:
    """Refuse WSQ of what is not at its resolution: the file would say 500 ppi all the same."""
    if pixels is Pixels.WSQ and (image.ppi is None or abs(image.ppi - wsq.PPI) > WSQ_SLACK * wsq.PPI):
        raise InvalidSampleError(f"WSQ is for pictures at {wsq.PPI:g} ppi, and this has {image.ppi}; use jp2")


def _fir_2011(contents: RecordContents, how: How) -> bytes:
    images = _fingers(contents, how)
    absent = [
        (position, AMPUTATED if reason is AbsenceReason.AMPUTATED else UNABLE_TO_PRINT)
        for position, reason in contents.missing
        if isinstance(position, FingerPosition)
    ]
    if absent and not any(image.annotations for image in images):
        images[0] = replace(images[0], extensions=(*images[0].extensions, annotation(absent)))
    return write_fir(FingerImageRecord(tuple(images)))


def _fir_2005(contents: RecordContents, how: How) -> bytes:
    return write_fir_2005(FingerImageRecord(tuple(_fingers(contents, how))))


# -- pictures of eyes ---------------------------------------------------------------------------------


def _eyes(contents: RecordContents, how: How, edition_2005: bool) -> list[IrisImage]:
    images = [image for image in contents.images if image.modality is Modality.IRIS]
    _some(images, "pictures of eyes", contents)
    return [_eye(image, number, how, edition_2005) for number, image in enumerate(images, 1)]


def _eye(image: RecordImage, number: int, how: How, edition_2005: bool) -> IrisImage:
    pixels = how.pixels
    if pixels is Pixels.WSQ:
        raise InvalidSampleError("WSQ is made for fingerprints; no record of eyes holds it")
    own = image.source if isinstance(image.source, IrisImage) else None
    keeps = own is not None and not (edition_2005 and "PNG" in own.format.name)
    if pixels is Pixels.KEEP and own is not None and keeps:
        return replace(own, number=number)
    if pixels is Pixels.KEEP:
        pixels = Pixels.JPEG2000
    data = iris_image_pixels.encode(image.pixels, _IRIS_PIXELS[pixels], how.ratio)
    history = Compression.LOSSY if pixels is Pixels.JPEG2000_LOSSY else Compression.UNDEFINED
    common = {"number": number, "format": _IRIS_PIXELS[pixels], "data": data, "bit_depth": 8}
    if own is not None:
        kept = own.compression if history is Compression.UNDEFINED else history
        return replace(own, compression=kept, **common)  # type: ignore[arg-type]
    return IrisImage(
        eye=EyePosition(image.position),
        kind=ImageKind.UNCROPPED,
        width=image.width,
        height=image.height,
        compression=history,
        captured_at=image.captured_at or _day(image.date),
        qualities=() if image.score is None else (QualityBlock(image.score),),
        **common,  # type: ignore[arg-type]
    )


def _iir_2011(contents: RecordContents, how: How) -> bytes:
    return write_iir(IrisImageRecord(tuple(_eyes(contents, how, edition_2005=False))))


def _iir_2005(contents: RecordContents, how: How) -> bytes:
    return write_iir_2005(IrisImageRecord(tuple(_eyes(contents, how, edition_2005=True))))


# -- ANSI/NIST-ITL and CBEFF --------------------------------------------------------------------------


def _itl(contents: RecordContents, how: How) -> bytes:
    records: list[TextRecord] = []
    days = [image.captured_at for image in contents.images if image.captured_at is not None]
    source = how.agencies[1]
    for image in contents.images:
        if image.modality is Modality.IRIS or _is_finger(image):
            records.append(_itl_image(image, len(records), source, how))
    for position, reason in contents.missing:
        records.append(_itl_missing(position, reason, len(records), source))
    if contents.templates:
        records += minutiae_records(contents.templates, len(records))
    _some(records, "pictures, templates or missing fingers", contents)
    when = how.now or max(days, default=None) or datetime.now(UTC)
    control = f"{when:%Y%m%d%H%M%S}"
    return write_itl(transaction_of(records, "REC", f"{when:%Y%m%d}", how.agencies, control))


def _itl_image(image: RecordImage, idc: int, source: str, how: How) -> TextRecord:
    date = f"{image.captured_at:%Y%m%d}" if image.captured_at else image.date or UNKNOWN_DATE
    quality = None if image.score is None else ItlQuality(image.place, image.score)
    picture = _itl_picture(image, how)
    if image.modality is Modality.IRIS:
        return iris_record(idc, EyePosition(image.position), picture, date, source, quality=quality)
    if image.ppi is None:
        raise InvalidSampleError(f"{_name(image.position)}: its record gives no resolution")
    impression = image.impression or PLAIN
    return finger_record(idc, image.place, picture, date, source, ppi=image.ppi, impression=impression, quality=quality)


def _itl_picture(image: RecordImage, how: How) -> ItlPicture:
    own = _ITL_WORDS.get(image.compression)
    if how.pixels is Pixels.KEEP and own is not None:
        return ItlPicture(own, image.data, image.width, image.height)
    _check_rate(image, how.pixels)
    return picture_of(image.pixels, _ITL_PIXELS[how.pixels], how.ratio)


def _itl_missing(position: Position, reason: AbsenceReason, idc: int, source: str) -> TextRecord:
    gone = reason is AbsenceReason.AMPUTATED
    if isinstance(position, EyePosition):
        why = Missing.EYE_MISSING if gone else Missing.UNABLE_TO_CAPTURE
        return iris_record(idc, position, None, UNKNOWN_DATE, source, missing=why)
    why = Missing.AMPUTATED if gone else Missing.UNABLE_TO_PRINT
    return finger_record(idc, position, None, UNKNOWN_DATE, source, missing=why)


def _cbeff(contents: RecordContents, how: How) -> bytes:
    birs = []
    for image in contents.images:
        iris = image.modality is Modality.IRIS
        if not iris and not _is_finger(image):
            continue
        one = replace(contents, images=(image,), templates=(), missing=())
        bdb = (_iir_2011 if iris else _fir_2011)(one, how)
        birs.append(_bir(image.position, bdb, IRIS_IMAGE if iris else FINGER_IMAGE, image.score, image.captured_at))
    for template in contents.templates:
        bdb = write_templates([template], TemplateFormat.FMR_2011)
        birs.append(_bir(template.position, bdb, FINGER_MINUTIAE, template.image_quality, None, "Processed"))
    birs += [exception_of(position) for position, _ in contents.missing]
    _some(birs, "pictures, templates or missing fingers", contents)
    return write_cbeff(birs)


def _bir(
    position: Position, bdb: bytes, form: str, score: int | None, created: datetime | None, level: str = "Raw"
) -> Bir:
    return Bir(
        type="Iris" if isinstance(position, EyePosition) else "Finger",
        subtype=subtype_of(position),
        bdb=bdb,
        score=score,
        format=(ORGANIZATION, form),
        created=created,
        level=level,
    )


def _png(contents: RecordContents, how: How) -> bytes:
    if how.pixels not in (Pixels.KEEP, Pixels.PNG):
        raise InvalidSampleError(f"a PNG is no {how.pixels}")
    _some(contents.images, "pictures", contents)
    if len(contents.images) > 1:
        raise FormatError(
            f"this record ({contents.kind}) holds {len(contents.images)} pictures, and a PNG one; "
            "`biocore show FILE --pictures DIR` writes each as its own"
        )
    (image,) = contents.images
    colour = image.colour
    return encode_png(image.pixels if colour is None else colour, image.ppi)


def _day(date: str) -> datetime | None:
    try:
        return datetime.strptime(date, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None


_WRITERS: dict[Target, Callable[[RecordContents, How], bytes]] = {
    Target.FIR_2005: _fir_2005,
    Target.FIR_2011: _fir_2011,
    Target.IIR_2005: _iir_2005,
    Target.IIR_2011: _iir_2011,
    Target.ITL: _itl,
    Target.CBEFF: _cbeff,
    Target.PNG: _png,
}
