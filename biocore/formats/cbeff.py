"""CBEFF in XML, as MOSIP uses it: biometric information records (BIRs) with the records of ISO inside.

A file is a BIR whose children are BIRs, each one finger, eye or face: what it is, when and how it was taken, its
quality, the record itself (BDB), a signature (SB), and what MOSIP adds by key (`others`: `EXCEPTION`, `RETRIES`,
`FORCE_CAPTURED`, ...). A finger or an eye that could not be taken is a BIR with an empty BDB and `EXCEPTION` true.

BDB and SB are base64 in some files and base64url in others, within one archive too; both are read. Unknown elements
are left aside. Document types and entities are refused before they are expanded.

References: ISO/IEC 19785-3 (namespace below), MOSIP's `mosip-cbeff.xsd`, which gives the order of the elements.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from biocore.errors import FormatError, UnsupportedFormatError
from biocore.formats.cbeff_xml import Element, read_xml
from biocore.report import FixedDict
from biocore.types import EyePosition, FingerPosition, Position

NAMESPACE = "http://standards.iso.org/iso-iec/19785/-3/ed-2/"
ORGANIZATION = "Mosip"
FINGER_MINUTIAE, FINGER_IMAGE, FACE_IMAGE, IRIS_IMAGE = "2", "7", "8", "9"  # formats of ISO/IEC JTC 1/SC 37
QUALITY_ALGORITHM = ("HMAC", "SHA-256")  # what MOSIP writes, whichever algorithm it was
EXCEPTION = "EXCEPTION"  # key in `others`
MAX_BYTES = 1 << 26  # of a file; ten fingers, two eyes and a face are 2 MB
MAX_DEPTH = 4  # of BIRs in BIRs; two occur
VERSION = (1, 1)

_TAG = f"{{{NAMESPACE}}}"
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}", re.ASCII)
_DIGITS = {
    FingerPosition.RIGHT_THUMB: "Thumb",
    FingerPosition.RIGHT_INDEX: "IndexFinger",
    FingerPosition.RIGHT_MIDDLE: "MiddleFinger",
    FingerPosition.RIGHT_RING: "RingFinger",
    FingerPosition.RIGHT_LITTLE: "LittleFinger",
}
_HAND = len(_DIGITS)  # positions of the left hand follow those of the right


@dataclass(frozen=True, slots=True)
class Bir:
    """One biometric information record.

    Attributes
    ----------
    type : str
        `Finger`, `Iris`, `Face`, ...
    subtype : tuple of str
        `("Left", "IndexFinger")`, `("Right",)`, or none.
    bdb : bytes
        The record; empty for an exception.
    score : int or None
        Quality 0..100.
    format : (str, str)
        Organization and type of the record in it.
    quality_algorithm : (str, str)
    created : datetime or None
        In UTC.
    level, purpose : str
    index : str
        A UUID, or nothing.
    sb : bytes
        Signature over it.
    others : Mapping of str to str
    children : tuple of Bir
    offset : int or None
        Byte of the file it was read from at which the element of its BDB begins; its own where it has none.
    """

    type: str = ""
    subtype: tuple[str, ...] = ()
    bdb: bytes = field(default=b"", repr=False)
    score: int | None = None
    format: tuple[str, str] = (ORGANIZATION, FINGER_IMAGE)
    quality_algorithm: tuple[str, str] = QUALITY_ALGORITHM
    created: datetime | None = None
    level: str = "Raw"
    purpose: str = "Enroll"
    index: str = ""
    sb: bytes = field(default=b"", repr=False)
    others: Mapping[str, str] = field(default_factory=dict)
    children: tuple[Bir, ...] = ()
    offset: int | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "others", FixedDict(self.others))

    @property
    def position(self) -> Position | None:
        """Which finger or eye it is; None of anything else, and of a subtype that does not say."""
        return position_of(self.type, self.subtype)

    @property
    def exception(self) -> bool:
        """It stands for something that could not be captured."""
        return self.others.get(EXCEPTION, "").lower() == "true"


@dataclass(frozen=True, slots=True)
class CbeffFile:
    """A whole file: its records in order, and what is odd in the bytes they were read from."""

    birs: tuple[Bir, ...]
    remarks: tuple[str, ...] = ()


def subtype_of(position: Position) -> tuple[str, ...]:
    """Return how CBEFF calls a finger or an eye; nothing for an unknown one."""
    if isinstance(position, EyePosition):
        return () if position is EyePosition.UNKNOWN else (position.name.capitalize(),)
    if position is FingerPosition.UNKNOWN:
        return ()
    left = position > _HAND
    return ("Left" if left else "Right", _DIGITS[FingerPosition(position - _HAND * left)])


def position_of(kind: str, subtype: Sequence[str]) -> Position | None:
    """Return the finger or eye of a type and a subtype, in whichever order, or joined, its words stand."""
    words = "".join(subtype).replace(" ", "")
    known: tuple[Position, ...] = tuple(FingerPosition) if kind.lower() == "finger" else tuple(EyePosition)
    if kind.lower() not in ("finger", "iris"):
        return None
    for position in known:
        name = subtype_of(position)
        if name and words in ("".join(name), "".join(reversed(name))):
            return position
    return None


def exception_of(position: Position, created: datetime | None = None, others: Mapping[str, str] | None = None) -> Bir:
    """Return the record of a finger or an eye that could not be taken."""
    iris = isinstance(position, EyePosition)
    return Bir(
        type="Iris" if iris else "Finger",
        subtype=subtype_of(position),
        score=0,  # MOSIP's readers ask for a number; that it means nothing is what EXCEPTION says
        format=(ORGANIZATION, IRIS_IMAGE if iris else FINGER_IMAGE),
        created=created,
        others={EXCEPTION: "true"} | dict(others or {}),
    )


# -- reading ---------------------------------------------------------------------------------------


def read_cbeff(data: bytes, file: str | None = None) -> CbeffFile:
    """Read a file.

    Raises
    ------
    FormatError
        No XML, or a value that cannot be right; carries the byte offset of its element.
    UnsupportedFormatError
        XML of something else, with a document type, or not in UTF-8.
    """
    if len(data) > MAX_BYTES:
        message = f"{len(data)} bytes of XML; the limit is {MAX_BYTES >> 20} MiB"
        raise FormatError(message, file=file, offset=MAX_BYTES)
    root = read_xml(bytes(data), file)
    if root.tag not in (f"{_TAG}BIR", "BIR"):
        raise UnsupportedFormatError(f"the XML of <{root.tag}>, not of a BIR", file=file, offset=root.offset)
    remarks: list[str] = []
    whole = _bir(root, 0, file, remarks)
    birs = whole.children if whole.children else (whole,)
    return CbeffFile(birs, tuple(remarks))


def _bir(element: Element, depth: int, file: str | None, remarks: list[str]) -> Bir:
    if depth > MAX_DEPTH:
        raise FormatError(f"BIRs in BIRs, deeper than {MAX_DEPTH}", file=file, offset=element.offset)
    found = _Values(element, file)
    info = _Values(found.child("BDBInfo"), file)
    quality = _Values(info.child("Quality"), file)
    algorithm = _Values(quality.child("Algorithm"), file)
    style = _Values(info.child("Format"), file)
    record = found.child("BDB")
    children = tuple(_bir(child, depth + 1, file, remarks) for child in found.children("BIR"))
    bir = Bir(
        type=info.text("Type"),
        subtype=tuple(info.text("Subtype").split()),
        bdb=found.binary("BDB"),
        score=quality.number("Score", 100),
        format=(style.text("Organization"), style.text("Type")),
        quality_algorithm=(algorithm.text("Organization"), algorithm.text("Type")),
        created=info.date("CreationDate"),
        level=info.text("Level"),
        purpose=info.text("Purpose"),
        index=info.text("Index"),
        sb=found.binary("SB"),
        others=found.entries(),
        children=children,
        offset=element.offset if record is None else record.offset,
    )
    if not children and not bir.bdb and not bir.exception:
        remarks.append(f"{bir.type} {' '.join(bir.subtype)} has no record in it, and is no exception")
    return bir


class _Values:
    """The children of an element, by name; none where the element is not there."""

    def __init__(self, element: Element | None, file: str | None) -> None:
        self._element, self._file = element, file

    def children(self, name: str) -> list[Element]:
        if self._element is None:
            return []
        return [child for child in self._element.children if child.tag in (f"{_TAG}{name}", name)]

    def child(self, name: str) -> Element | None:
        return next(iter(self.children(name)), None)

    def text(self, name: str) -> str:
        child = self.child(name)
        return child.text if child is not None else ""

    def number(self, name: str, most: int) -> int | None:
        text = self.text(name)
        if not text:
            return None
        if not (text.isascii() and text.isdigit()) or int(text[:9]) > most:
            raise self._error(name, f"{text[:20]!r}, not 0 to {most}")
        return int(text)

    def binary(self, name: str) -> bytes:
        text = "".join(self.text(name).split())
        if not _BASE64.fullmatch(text):
            raise self._error(name, "no base64")
        plain = text.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except (binascii.Error, ValueError):
            raise self._error(name, "no base64") from None

    def date(self, name: str) -> datetime | None:
        text = self.text(name)
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            raise self._error(name, f"{text[:40]!r}, no date") from None

    def entries(self) -> dict[str, str]:
        return {
            entry.attributes.get("key", ""): entry.text
            for others in self.children("others")
            for entry in _Values(others, self._file).children("entry")
        }

    def _error(self, name: str, what: str) -> FormatError:
        at = self.child(name) or self._element
        return FormatError(f"<{name}> is {what}", file=self._file, offset=at.offset if at is not None else 0)


# -- writing ---------------------------------------------------------------------------------------


def write_cbeff(birs: Iterable[Bir], *, urlsafe: bool = False) -> bytes:
    """Write records as one file.

    Parameters
    ----------
    birs : iterable of Bir
    urlsafe : bool
        Write BDB and SB in base64url, without padding.

    Raises
    ------
    FormatError
        A text holds a character that XML cannot have, or a score is none.
    """
    ET.register_namespace("", NAMESPACE)
    root = _element(None, "BIR")
    _add(_element(root, "BIRInfo"), "Integrity", "false")
    for bir in birs:
        _write(root, bir, urlsafe)
    ET.indent(root, " ")
    text: bytes = ET.tostring(root, "utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + text + b"\n"


def _write(parent: ET.Element, bir: Bir, urlsafe: bool) -> None:
    element = _element(parent, "BIR")
    for name in ("Version", "CBEFFVersion"):
        version = _element(element, name)
        _add(version, "Major", str(VERSION[0]))
        _add(version, "Minor", str(VERSION[1]))
    _add(_element(element, "BIRInfo"), "Integrity", "false")
    info = _element(element, "BDBInfo")
    if bir.index:
        _add(info, "Index", bir.index)
    _registry(_element(info, "Format"), bir.format)
    if bir.created is not None:
        moment = bir.created.astimezone(UTC).isoformat(timespec="milliseconds")
        _add(info, "CreationDate", moment.replace("+00:00", "Z"))
    for name, value in (("Type", bir.type), ("Subtype", " ".join(bir.subtype)), ("Level", bir.level)):
        if value:
            _add(info, name, value)
    _add(info, "Purpose", bir.purpose)
    _quality(_element(info, "Quality"), bir)
    for child in bir.children:
        _write(element, child, urlsafe)
    for name, data in (("BDB", bir.bdb), ("SB", bir.sb)):
        if data or name == "BDB":
            _add(element, name, _base64(data, urlsafe))
    if bir.others:
        others = _element(element, "others")
        for key, value in bir.others.items():
            _add(others, "entry", value).set("key", _checked(key))


def _quality(element: ET.Element, bir: Bir) -> None:
    _registry(_element(element, "Algorithm"), bir.quality_algorithm)
    if bir.score is None:
        _add(element, "QualityCalculationFailed", "not assessed")
        return
    if not 0 <= bir.score <= 100:
        raise FormatError(f"a score of {bir.score}; 0 to 100 exist")
    _add(element, "Score", str(bir.score))


def _registry(element: ET.Element, pair: tuple[str, str]) -> None:
    _add(element, "Organization", pair[0])
    _add(element, "Type", pair[1])


def _element(parent: ET.Element | None, name: str) -> ET.Element:
    return ET.Element(_TAG + name) if parent is None else ET.SubElement(parent, _TAG + name)


def _add(parent: ET.Element, name: str, text: str) -> ET.Element:
    element = _element(parent, name)
    element.text = _checked(text)
    return element


def _checked(text: str) -> str:
    if any(character < " " and character not in "\t\n\r" for character in text) or not text.isprintable():
        raise FormatError(f"{text[:40]!r} holds a character that XML cannot have")
    return text


def _base64(data: bytes, urlsafe: bool) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=") if urlsafe else base64.b64encode(data).decode()
