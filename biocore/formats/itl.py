"""Transactions of ANSI/NIST-ITL (the AFIS exchange format), traditional encoding: bytes to records and back.

A transaction is a Type-1 record, which lists the others, and those others. Most are text: fields `T.NNN:value`, parted
by GS, each value by RS into subfields and by US into items, the record closed by FS; only field 999, which is last,
holds any bytes. Types 3 to 8 are binary: four bytes of length, one of the information designation character (IDC).

What records of pictures and of minutiae mean is in `biocore.formats.itl_images` and `biocore.formats.itl_minutiae`.

Strict and lenient. A length, a tag or a list of contents that cannot be right is a `FormatError` with its byte
offset. Slips that published samples contain (a field twice, a field of another record's type, bytes after the
last record) are read and remembered in `remarks`; fields are kept byte for byte and written as they were.

References: NIST SP 500-290 (ANSI/NIST-ITL 1-2011, update of 2013), sections 7 and 8 and Annex B.
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from biocore.errors import FormatError, UnsupportedFormatError
from biocore.formats.cursor import Cursor

FS, GS, RS, US = b"\x1c", b"\x1d", b"\x1e", b"\x1f"  # close a record, a field, a subfield, an item
LEN, IDC, CNT, DATA = 1, 2, 3, 999  # fields: length, designation, contents (of Type 1), anything
TRANSACTION = 1  # the record type that lists the others
BINARY_TYPES = frozenset({3, 4, 5, 6, 7, 8})
MAX_TYPE = 99
MAX_IDC = 99
MAX_RECORDS = 1000  # of a transaction: three digits count those after the first
VERSION = "0501"  # ANSI/NIST-ITL 1-2011, update of 2013

_TAG = re.compile(rb"(\d{1,2})\.(\d{1,9}):")
_LENGTH = re.compile(rb"(\d{1,2})\.0*1:(\d{1,10})([\x1c\x1d])")
_BINARY_HEAD = struct.Struct(">IB")  # length, IDC


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a text record, as it lies there.

    Attributes
    ----------
    number : int
        After the dot: 5 of `14.005`.
    raw : bytes
        Behind the colon, separators and all.
    type : int or None
        The record type before the dot, where it is not the record's own.
    offset : int or None
        Byte of the file it was read from at which `raw` begins.
    """

    number: int
    raw: bytes
    type: int | None = None
    offset: int | None = field(default=None, compare=False, repr=False)

    @property
    def subfields(self) -> tuple[tuple[str, ...], ...]:
        """The value: items of subfields."""
        return tuple(tuple(_text(item) for item in part.split(US)) for part in self.raw.split(RS))

    @property
    def text(self) -> str:
        """The value's first item."""
        return self.subfields[0][0]


def field_of(number: int, value: str | Sequence[Sequence[str | int]]) -> Field:
    """Make a field of a value, or of subfields of items.

    Raises
    ------
    FormatError
        The value holds one of the separators.
    """
    parts = ((value,),) if isinstance(value, str) else value
    items = [[str(item).encode() for item in part] for part in parts]
    if any(set(item) & set(FS + GS + RS + US) for part in items for item in part):
        raise FormatError(f"field {number:03} holds a separator of ANSI/NIST-ITL: {value!r}")
    return Field(number, RS.join(US.join(part) for part in items))


@dataclass(frozen=True, slots=True)
class TextRecord:
    """A record of fields, without its length, which is written anew.

    Attributes
    ----------
    type : int
    fields : tuple of Field
        In their order.
    offset : int or None
        Byte of the file it was read from at which it begins.
    """

    type: int
    fields: tuple[Field, ...]
    offset: int | None = field(default=None, compare=False, repr=False)

    def get(self, number: int) -> Field | None:
        """Return the first field of a number."""
        return next((found for found in self.fields if found.number == number and found.type is None), None)

    def text(self, number: int) -> str | None:
        """Return the first item of a field; None where it is not there, or empty."""
        found = self.get(number)
        return found.text or None if found is not None else None

    def number(self, number: int) -> int | None:
        """Return the first item of a field as a number; None where it is none."""
        text = self.text(number)
        return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) <= 9 else None

    @property
    def idc(self) -> int | None:
        """Information designation character: tells records of one transaction apart, and joins those of one print."""
        return self.number(IDC) if self.type != TRANSACTION else None

    @property
    def data(self) -> bytes | None:
        """What field 999 holds."""
        found = self.get(DATA)
        return found.raw if found is not None else None

    def place(self, number: int) -> int | None:
        """Return the byte at which a field begins; the record, where it is not there."""
        found = self.get(number)
        return self.offset if found is None else found.offset

    def error(self, number: int, message: str) -> FormatError:
        """Return the error of a field, or of its absence."""
        where = f"field {self.type}.{number:03} of the record with IDC {self.idc}"
        return FormatError(f"{where} {message}", offset=self.place(number))


@dataclass(frozen=True, slots=True)
class BinaryRecord:
    """A record of Types 3 to 8: its bytes after length and IDC.

    Attributes
    ----------
    type, idc : int
    body : bytes
    offset : int or None
        Byte of the file it was read from at which the body begins.
    """

    type: int
    idc: int
    body: bytes = field(repr=False)
    offset: int | None = field(default=None, compare=False, repr=False)


Record = TextRecord | BinaryRecord


@dataclass(frozen=True, slots=True)
class ItlTransaction:
    """A whole transaction.

    Attributes
    ----------
    records : tuple
        The Type-1 record first.
    remarks : tuple of str
        What is odd in the bytes it was read from.
    """

    records: tuple[Record, ...]
    remarks: tuple[str, ...] = ()

    @property
    def head(self) -> TextRecord:
        """The Type-1 record: version, kind, date, agencies."""
        first = self.records[0]
        assert isinstance(first, TextRecord)  # read and written so
        return first

    def of_type(self, *types: int) -> Iterator[Record]:
        """Walk over the records of some types."""
        return (record for record in self.records if record.type in types)


# -- reading ---------------------------------------------------------------------------------------


def read_itl(data: bytes, file: str | None = None) -> ItlTransaction:
    """Read a transaction.

    Raises
    ------
    FormatError
        Damaged or cut off; carries the byte offset.
    UnsupportedFormatError
        It does not begin with a Type-1 record (another format, or the XML encoding).
    """
    cursor = Cursor(bytes(data), file)
    begins = _LENGTH.match(cursor.data)
    if begins is None or int(begins[1]) != TRANSACTION:
        raise UnsupportedFormatError("not an ANSI/NIST-ITL transaction: no Type-1 record", file=file, offset=0)
    remarks: list[str] = []
    head = _read_text(cursor, TRANSACTION, remarks)
    records: list[Record] = [head]
    for kind, idc in _contents(head, cursor):
        if not cursor.left:
            raise cursor.error(f"a Type-{kind} record is listed and missing")
        record = _read_binary(cursor, kind) if kind in BINARY_TYPES else _read_text(cursor, kind, remarks)
        records.append(record)
        if record.idc != idc:
            remarks.append(f"a Type-{kind} record listed with IDC {idc} has {record.idc}")
    if cursor.left:
        remarks.append(f"{cursor.left} bytes follow the last record")
    return ItlTransaction(tuple(records), tuple(remarks))


def _contents(head: TextRecord, cursor: Cursor) -> list[tuple[int, int]]:
    """Return type and IDC of each record that the Type-1 record lists."""
    listed = head.get(CNT)
    if listed is None:
        raise head.error(CNT, "is missing: the list of contents").within(cursor.file, None)
    first, *others = listed.subfields
    found = []

    def wrong(what: str) -> FormatError:
        return FormatError(f"the list of contents (1.003) {what}", file=cursor.file, offset=listed.offset)

    for pair in others:
        if len(pair) != 2 or not all(item.isascii() and item.isdigit() and len(item) <= 3 for item in pair):
            raise wrong(f"names {pair!r}, not a type and an IDC")
        kind, idc = int(pair[0]), int(pair[1])
        if not TRANSACTION < kind <= MAX_TYPE:
            raise wrong(f"names a record of Type {kind}")
        found.append((kind, idc))
    if first != (str(TRANSACTION), str(len(found))):
        raise wrong(f"announces {first!r}, and lists {len(found)} records")
    return found


def _read_binary(cursor: Cursor, kind: int) -> BinaryRecord:
    start = cursor.at
    length, idc = cursor.take(_BINARY_HEAD, f"a Type-{kind} record")
    if length < _BINARY_HEAD.size or start + length > len(cursor.data):
        there = len(cursor.data) - start
        raise cursor.error(f"a Type-{kind} record says {length} bytes, {there} are there", back=_BINARY_HEAD.size)
    at = cursor.at
    return BinaryRecord(kind, idc, cursor.bytes(length - _BINARY_HEAD.size, f"a Type-{kind} record"), at)


def _read_text(cursor: Cursor, kind: int, remarks: list[str]) -> TextRecord:
    """Read the record of a type that begins here; its length is not among its fields."""
    start = cursor.at
    begins = _LENGTH.match(cursor.data, start)
    if begins is None or int(begins[1]) != kind:
        raise cursor.error(f"a Type-{kind} record is listed, and something else begins here")
    end = start + int(begins[2])
    if end > len(cursor.data) or end < begins.end():
        there = len(cursor.data) - start
        raise cursor.error(f"a Type-{kind} record says {int(begins[2])} bytes, {there} are there")
    if cursor.data[end - 1 : end] != FS:
        raise FormatError(f"a Type-{kind} record does not end with FS", file=cursor.file, offset=end - 1)
    cursor.at = end
    fields = tuple(_fields(cursor, begins.end(), end - 1, kind)) if begins[3] == GS else ()
    _note_slips(kind, start, fields, remarks)
    return TextRecord(kind, fields, start)


def _fields(cursor: Cursor, at: int, end: int, kind: int) -> Iterator[Field]:
    while at <= end:
        tag = _TAG.match(cursor.data, at, end)
        if tag is None:
            raise FormatError(f"no field of a Type-{kind} record begins here", file=cursor.file, offset=at)
        number, own = int(tag[2]), int(tag[1])
        until = cursor.data.find(GS, tag.end(), end) if number != DATA else -1
        until = end if until < 0 else until
        yield Field(number, cursor.data[tag.end() : until], None if own == kind else own, tag.end())
        at = until + 1


def _note_slips(kind: int, start: int, fields: tuple[Field, ...], remarks: list[str]) -> None:
    for number, times in Counter(found.number for found in fields if found.type is None).items():
        if times > 1:
            remarks.append(f"field {kind}.{number:03} stands {times} times in the record at byte {start}")
    for found in fields:
        if found.type is not None:
            remarks.append(f"a field {found.type}.{found.number:03} stands in the Type-{kind} record at byte {start}")


# -- writing ---------------------------------------------------------------------------------------


def write_itl(transaction: ItlTransaction) -> bytes:
    """Write a transaction; lengths and the list of contents are made anew.

    Raises
    ------
    FormatError
        The first record is not of Type 1, a record has no IDC or no type that exists, or there are too many.
    """
    first, *others = transaction.records
    if first.type != TRANSACTION or not isinstance(first, TextRecord):
        raise FormatError("the first record of a transaction is of Type 1")
    if len(transaction.records) > MAX_RECORDS:
        raise FormatError(f"{len(others)} records after the first; {MAX_RECORDS - 1} fit")
    contents: list[tuple[int, int | str]] = [(TRANSACTION, len(others))]
    contents += [(record.type, f"{_idc(record):02}") for record in others]
    listed = field_of(CNT, contents)
    fields = [listed if found.number == CNT and found.type is None else found for found in first.fields]
    if listed not in fields:
        fields.insert(min(1, len(fields)), listed)  # after the version
    head = TextRecord(TRANSACTION, tuple(fields))
    return b"".join(_write(record) for record in (head, *others))


def _idc(record: Record) -> int:
    if not TRANSACTION < record.type <= MAX_TYPE or (record.type in BINARY_TYPES) != isinstance(record, BinaryRecord):
        raise FormatError(f"a {type(record).__name__} of Type {record.type} does not exist after the first record")
    idc = record.idc
    if idc is None or not 0 <= idc <= MAX_IDC:
        raise FormatError(f"a Type-{record.type} record needs an IDC of 0 to {MAX_IDC}, not {idc}")
    return idc


def _write(record: Record) -> bytes:
    if isinstance(record, BinaryRecord):
        return _BINARY_HEAD.pack(_BINARY_HEAD.size + len(record.body), record.idc) + record.body
    for found in record.fields[:-1]:
        if found.number == DATA:
            raise FormatError("field 999 is the last of its record")
    for found in record.fields:
        if found.number != DATA and set(found.raw) & set(FS + GS):
            raise FormatError(f"field {record.type}.{found.number:03} holds a separator of fields or records")
    tagged = (f"{found.type or record.type}.{found.number:03}:".encode() + found.raw for found in record.fields)
    rest = b"".join(GS + each for each in tagged) + FS
    return _with_length(f"{record.type}.001:".encode(), rest)


def _with_length(tag: bytes, rest: bytes) -> bytes:
    """Put the length between; it counts its own digits."""
    without = len(tag) + len(rest)
    length = without + len(str(without))
    length = without + len(str(length))
    return tag + str(length).encode() + rest


def transaction_of(
    records: Iterable[Record], kind: str, date: str, agencies: tuple[str, str], control: str, ppi: float | None = None
) -> ItlTransaction:
    """Put records into a new transaction.

    Parameters
    ----------
    records : iterable
    kind : str
        Type of transaction, as the two agencies agreed.
    date : str
        `YYYYMMDD`.
    agencies : (str, str)
        Whom it goes to, and whom it comes from.
    control : str
        The transaction's control number.
    ppi : float or None
        Native and transmitted resolution of its Type-4 records; None = it has none.

    Raises
    ------
    FormatError
        A value holds a separator, or the date is none.
    """
    if not re.fullmatch(r"\d{8}", date, re.ASCII):
        raise FormatError(f"a date is eight digits, not {date!r}")
    per_mm = "00.00" if ppi is None else f"{ppi / 25.4:05.2f}"
    texts = {2: VERSION, CNT: "", 4: kind, 5: date, 7: agencies[0], 8: agencies[1], 9: control, 11: per_mm, 12: per_mm}
    head = TextRecord(TRANSACTION, tuple(field_of(number, text) for number, text in texts.items()))
    return ItlTransaction((head, *records))


def _text(raw: bytes) -> str:
    """Return an item as text: UTF-8 where it is that, else each byte for itself."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
