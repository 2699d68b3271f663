"""Finger templates in standard records, ISO's or ANSI's, whichever edition: one call to read, one to write."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from biocore.formats.finger_minutiae import read_fmr, record_from_templates, templates_from_record, write_fmr
from biocore.formats.finger_minutiae_2011 import (
    VERSION_2011,
    read_fmr_2011,
    record_2011_from_templates,
    templates_from_record_2011,
    write_fmr_2011,
)
from biocore.formats.finger_minutiae_ansi import (
    AnsiEdition,
    ansi_from_templates,
    is_ansi,
    read_ansi,
    templates_from_ansi,
    write_ansi,
)
from biocore.types import FingerTemplate


class TemplateFormat(StrEnum):
    """Record formats that finger templates are written in."""

    FMR_2005 = "fmr-2005"
    FMR_2011 = "fmr-2011"
    ANSI_2004 = "ansi-2004"
    ANSI_2009 = "ansi-2009"
    ANSI_2009_AM1 = "ansi-2009am1"


_ANSI = {
    TemplateFormat.ANSI_2004: AnsiEdition.OF_2004,
    TemplateFormat.ANSI_2009: AnsiEdition.OF_2009,
    TemplateFormat.ANSI_2009_AM1: AnsiEdition.OF_2009_AM1,
}


def read_templates(data: bytes, file: str | None = None) -> tuple[FingerTemplate, ...]:
    """Read the templates of a finger minutiae record of ISO/IEC 19794-2 (2005, 2011) or ANSI INCITS 378 (2004, 2009).

    Raises
    ------
    FormatError
        Damaged or cut off; carries the byte offset.
    UnsupportedFormatError
        Another format or edition.
    InvalidTemplateError
        A record whose horizontal and vertical resolution differ.
    """
    if is_ansi(data):
        return templates_from_ansi(read_ansi(data, file))
    if data[4:8] == VERSION_2011:
        return templates_from_record_2011(read_fmr_2011(data, file))
    return templates_from_record(read_fmr(data, file))


def write_templates(templates: Sequence[FingerTemplate], layout: TemplateFormat = TemplateFormat.FMR_2005) -> bytes:
    """Write templates as one record.

    Raises
    ------
    InvalidTemplateError
        No template, or some that do not fit into one record.
    """
    if layout in _ANSI:
        return write_ansi(ansi_from_templates(templates, _ANSI[layout]))
    if layout is TemplateFormat.FMR_2011:
        return write_fmr_2011(record_2011_from_templates(templates))
    return write_fmr(record_from_templates(templates))
