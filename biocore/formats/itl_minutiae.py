"""Minutiae in ANSI/NIST-ITL transactions: Type-9 records, read as templates and written.

Three blocks of fields occur. What each means here:

========== ============================= ==========================================================================
block      fields                        here
========== ============================= ==========================================================================
INCITS 378 9.126 to 9.141                read and written; px from the top left, directions in steps of 2 degrees
legacy     9.005 to 9.012, format `S`    read; 0.01 mm from the bottom left, directions opposite to those of ISO
extended   9.300 to 9.399 (EFS)          kept as fields, and shown; no template is made of them
========== ============================= ==========================================================================

A legacy record does not know its picture. Where another record of the same IDC shows one, its height turns the
coordinates over; else a frame around the minutiae does, which for a comparison is as good.

References: NIST SP 500-290 (update of 2013), 8.9 and Table 28; the legacy block as biomdi's `fmr2an2k` writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from biocore.errors import InvalidSampleError, InvalidTemplateError, UnsupportedFormatError
from biocore.formats.finger_minutiae import PLAIN, FingerView
from biocore.formats.finger_minutiae_ansi import (
    STEPS,
    AnsiEdition,
    AnsiFinger,
    AnsiMinutiaeRecord,
    ansi_from_templates,
    templates_from_ansi,
)
from biocore.formats.finger_minutiae_rows import MAX_COORDINATE
from biocore.formats.itl import IDC, ItlTransaction, TextRecord, field_of
from biocore.formats.itl_images import IMAGE_TYPES, ItlImage, images_of
from biocore.formats.resolution import MM_PER_INCH, per_cm
from biocore.types import MAX_MINUTIAE, FingerPosition, FingerTemplate, MinutiaKind

MINUTIAE = 9  # the record type
LEGACY_PPI = 500.0  # px/inch, of templates from legacy records, whose unit is 0.01 mm
HUNDREDTHS = 100.0 * MM_PER_INCH  # 0.01 mm an inch
MARGIN = 16  # px around the minutiae where no picture is there
CBEFF_OWNER, CBEFF_FORMAT = 27, 513  # INCITS M1, finger minutiae (registered with IBIA)
RESOLUTION, PER_CM = 131, 2  # field, and what 9.130 says of it
UNKNOWN_QUALITY = 254
_LEGACY_POINT = re.compile(r"(\d{4})(\d{4})(\d{3})", re.ASCII)  # x, y in 0.01 mm, direction in degrees
_LEGACY_KINDS = {"A": MinutiaKind.ENDING, "B": MinutiaKind.BIFURCATION, "C": MinutiaKind.OTHER, "D": MinutiaKind.OTHER}


def itl_templates(transaction: ItlTransaction) -> tuple[FingerTemplate, ...]:
    """Return the templates of a transaction's Type-9 records, in order; records of extended features alone give none.

    Raises
    ------
    FormatError
        A field of minutiae is missing, or not what it must be; named, with its byte offset.
    UnsupportedFormatError
        A resolution of no scanner, or a horizontal one that differs from the vertical one.
    """
    return tuple(_templates(transaction))


def _templates(transaction: ItlTransaction) -> Iterator[FingerTemplate]:
    for record in transaction.of_type(MINUTIAE):
        assert isinstance(record, TextRecord)  # only Types 3 to 8 are binary
        if record.get(136) is not None:
            finger = _read_incits(record)
        elif record.get(12) is not None:
            finger = _read_legacy(record, _picture_of(transaction, record.idc))
        else:
            continue
        try:
            yield from templates_from_ansi(AnsiMinutiaeRecord(AnsiEdition.OF_2009, (finger,)))
        except (InvalidTemplateError, InvalidSampleError) as error:
            raise UnsupportedFormatError(str(error), offset=record.place(RESOLUTION)) from None


def _picture_of(transaction: ItlTransaction, idc: int | None) -> ItlImage | None:
    alike = [record for record in transaction.of_type(*IMAGE_TYPES) if record.idc == idc]
    found = list(images_of(ItlTransaction((transaction.head, *alike))))
    return found[0] if found and found[0].height and found[0].ppi else None


# -- the INCITS 378 block ----------------------------------------------------------------------------


def _read_incits(record: TextRecord) -> AnsiFinger:
    width, height, x_resolution, y_resolution = (_number(record, number) for number in (128, 129, 131, 132))
    if record.number(130) != PER_CM:  # px/inch
        x_resolution, y_resolution = per_cm(x_resolution), per_cm(y_resolution)
    rows = _rows(record, 137, 6)
    quality = record.number(135)
    view = _view(record, rows[:, 1:], record.number(134), UNKNOWN_QUALITY if quality is None else quality)
    return AnsiFinger(view, width, height, x_resolution, y_resolution)


def _rows(record: TextRecord, number: int, items: int) -> np.ndarray:
    found = record.get(number)
    parts = found.subfields if found is not None and found.raw else ()
    if len(parts) > MAX_MINUTIAE:
        raise record.error(number, f"holds {len(parts)} minutiae; {MAX_MINUTIAE} are read")
    for part in parts:
        if len(part) < items or not all(item.isascii() and item.isdigit() and len(item) <= 5 for item in part[:items]):
            raise record.error(number, f"holds {part!r}, not {items} numbers")
    return np.array([[int(item) for item in part[:items]] for part in parts], np.int64).reshape(len(parts), items)


def _view(record: TextRecord, rows: np.ndarray, position: int | None, quality: int) -> FingerView:
    """Make a view of rows of x, y (px), angle (2 degrees), kind, quality."""
    x, y, angles, kinds, qualities = rows.T
    if len(rows) and (
        rows[:, :2].min() < 0
        or rows[:, :2].max() > MAX_COORDINATE
        or angles.max() >= STEPS
        or kinds.max() > MinutiaKind.BIFURCATION
    ):
        raise record.error(137, "holds a place, an angle or a kind beyond what exists")
    if position is None or position > FingerPosition.LEFT_LITTLE:
        position = FingerPosition.UNKNOWN
    return FingerView(
        FingerPosition(position),
        0,
        _impression(record),
        min(quality, 255),
        x.astype(np.uint16),
        y.astype(np.uint16),
        angles.astype(np.uint8),
        kinds.astype(np.uint8),
        np.minimum(qualities, 255).astype(np.uint8),
    )


def _impression(record: TextRecord) -> int:
    impression = record.number(3)
    return impression if impression is not None and impression <= 15 else PLAIN


# -- the legacy block --------------------------------------------------------------------------------


def _read_legacy(record: TextRecord, picture: ItlImage | None) -> AnsiFinger:
    found = record.get(12)
    assert found is not None  # asked before
    points, kinds = [], []
    for part in found.subfields:
        place = _LEGACY_POINT.fullmatch(part[1]) if len(part) > 1 else None
        if place is None or int(place[3]) > 360:
            raise record.error(12, f"holds {part[:2]!r}, not a number, a place and a direction")
        points.append([int(group) for group in place.groups()])
        kinds.append(_LEGACY_KINDS.get(part[3] if len(part) > 3 else "D", MinutiaKind.OTHER))
    if len(points) > MAX_MINUTIAE:
        raise record.error(12, f"holds {len(points)} minutiae; {MAX_MINUTIAE} are read")
    ppi = picture.ppi if picture is not None and picture.ppi else LEGACY_PPI
    places = np.array(points, np.float64).reshape(-1, 3)
    x, up = places[:, 0] * ppi / HUNDREDTHS, places[:, 1] * ppi / HUNDREDTHS
    if picture is not None:
        width, height = picture.width, picture.height
    else:
        width, height = (int(axis.max(initial=0.0)) + MARGIN for axis in (x, up))
    y = height - 1 - up
    angles = (np.rint((places[:, 2] + 180.0) / 360.0 * STEPS) % STEPS).astype(np.int64)  # opposite to ISO's
    inside = np.clip(np.rint(np.column_stack((x, y))), 0, (width - 1, height - 1)).astype(np.int64)
    rows = np.column_stack((inside, angles, kinds, np.full(len(kinds), UNKNOWN_QUALITY)))
    resolution = per_cm(ppi)
    view = _view(record, rows.reshape(-1, 5), record.number(6), UNKNOWN_QUALITY)
    return AnsiFinger(view, width, height, resolution, resolution)


def _number(record: TextRecord, number: int) -> int:
    value = record.number(number)
    if not value or value > 0xFFFF:
        raise record.error(number, "is missing, or not what it must be")
    return value


# -- writing -----------------------------------------------------------------------------------------


def minutiae_records(templates: Sequence[FingerTemplate], first_idc: int = 0) -> tuple[TextRecord, ...]:
    """Make a Type-9 record of each template, in the INCITS 378 block, with IDCs that count from the first.

    Raises
    ------
    InvalidTemplateError
        No template.
    """
    if not templates:
        raise InvalidTemplateError("there is no template to write")
    found = []
    for number, template in enumerate(templates):
        (finger,) = ansi_from_templates([template], AnsiEdition.OF_2009).fingers
        found.append(_write(finger, first_idc + number))
    return tuple(found)


def _write(finger: AnsiFinger, idc: int) -> TextRecord:
    view = finger.view
    columns = (view.x, view.y, view.angles, view.kinds, view.qualities)
    rows = [[index, *row] for index, row in enumerate(zip(*(column.tolist() for column in columns), strict=True), 1)]
    fields = [
        field_of(IDC, str(idc)),
        field_of(3, str(view.impression)),
        field_of(4, "U"),
        field_of(126, [[CBEFF_OWNER, CBEFF_FORMAT, 0]]),
        field_of(127, [["NONE", 0]]),
        field_of(128, str(finger.width)),
        field_of(129, str(finger.height)),
        field_of(130, str(PER_CM)),
        field_of(131, str(finger.x_resolution)),
        field_of(132, str(finger.y_resolution)),
        field_of(133, str(view.number)),
        field_of(134, str(int(view.position))),
        field_of(135, [[view.quality, finger.quality_vendor, finger.quality_algorithm]]),
        field_of(136, str(len(view))),
    ]
    if rows:
        fields.append(field_of(137, rows))
    return TextRecord(MINUTIAE, tuple(fields))
