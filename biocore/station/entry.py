"""One entry of the journal: a clear head that says nothing personal, and a body that only the centre reads.

The head is what the station itself must know after a power cut: whose entry (a random name), which finger, which
attempt, the score, the outcome. It has no free text. Why a finger is missing, what the resident is called and
every picture, report and template are in the body.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from biocore.errors import JournalCorruptError, JournalStateError
from biocore.report import Outcome
from biocore.types import EyePosition, FacePosition, FingerPosition, Position

LAYOUT = 1  # of heads; a reader refuses a higher one
GENESIS = "0" * 64  # what the first entry follows
MAX_BODY = 1 << 28  # bytes; a raw ten-print card at 1000 ppi is 64 MB
MAX_HEAD = 1 << 14  # bytes; heads are about 600
MAX_TICKET = 99_999  # numbers of one day's queue
_CODE = re.compile(r"[a-z][a-z_]{0,39}")  # a word of the program's, too poor for a name with numbers or an NIK
_MEDIA = re.compile(r"[a-z]+/[a-z0-9.+-]{1,60}")
_DOMAIN = b"biocore.journal/1 entry\0"


class EntryKind(StrEnum):
    """What an entry holds."""

    ENVELOPE = "envelope"  # the key material of the entries after it, for the centre
    OPEN = "open"  # a resident begins; the body names the resident
    FRAME = "frame"
    REPORT = "report"
    TEMPLATE = "template"
    DECISION = "decision"
    EVENT = "event"
    CLOSE = "close"  # the resident is finished; nothing follows


_KINDS: dict[str, type[FingerPosition | EyePosition | FacePosition]] = {
    "finger": FingerPosition,
    "eye": EyePosition,
    "face": FacePosition,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be recorded.

    Attributes
    ----------
    kind : EntryKind
    payload : bytes
        Sealed. What it is in, `media` says.
    media : str
        Media type of the payload (`image/png`).
    position : FingerPosition, EyePosition, FacePosition or None
    attempt : int or None
        From 1.
    score : int or None
        Quality 0..100.
    outcome : Outcome or None
        Of a decision. `ACCEPT` and `EXCEPTION` finish the position.
    code : str
        What an event is, in one word of the program's: `device_lost`, `paused`. Readable on the station.

    Raises
    ------
    JournalStateError
        A field is not what it must be.
    """

    kind: EntryKind
    payload: bytes = b""
    media: str = "application/octet-stream"
    position: Position | None = None
    attempt: int | None = None
    score: int | None = None
    outcome: Outcome | None = None
    code: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.payload, bytes) or len(self.payload) > MAX_BODY:
            raise JournalStateError(f"a payload is up to {MAX_BODY} bytes, not {type(self.payload).__name__}")
        if not _MEDIA.fullmatch(self.media):
            raise JournalStateError("this is no media type")  # not quoted: it could be anything, as below
        if self.position is not None and not isinstance(self.position, FingerPosition | EyePosition | FacePosition):
            raise JournalStateError(f"{self.position!r} is no position of a finger, an eye or a face")
        if self.attempt is not None and not 1 <= self.attempt <= 999:
            raise JournalStateError(f"attempts count from 1 to 999, not {self.attempt}")
        if self.score is not None and not 0 <= self.score <= 100:
            raise JournalStateError(f"a score is 0 to 100, not {self.score}")
        if self.code and not _CODE.fullmatch(self.code):
            raise JournalStateError("this is no code: lower-case letters and underscores, up to 40")
        if (self.outcome is None) is (self.kind is EntryKind.DECISION):
            raise JournalStateError(f"a decision has an outcome, and nothing else has: {self.kind}")


def position_name(position: Position | None) -> str:
    """Return a position as heads hold it (`finger:2`), empty for none."""
    if position is None:
        return ""
    return f"{_NAMES[type(position)]}:{position.value}"


def position_of(name: str) -> Position | None:
    """Return the position that heads call `name`."""
    part, _, number = name.partition(":")
    return _KINDS[part](int(number)) if name else None


@dataclass(frozen=True, slots=True)
class Head:
    """The clear part of an entry; it is authenticated with the body, so nobody changes one without the other.

    Attributes
    ----------
    journal, resident : str
        Random names, 32 hexadecimal digits.
    sequence : int
        In the journal, from 1, without gaps; this alone is the order.
    ordinal : int
        In the resident's record, from 0.
    kind : EntryKind
    batch : tuple of int
        Which of how many that are there together or not at all, from 0.
    previous, prior : str
        Links (see `link`) of the entry before it in the journal, and in the record.
    utc, monotonic_ns, boot : str, int, str
        Both clocks; see `biocore.station.clock`.
    behind_s : int
        Seconds that `utc` is behind the latest that the journal knows: above 0, the clock was put back.
    envelope : int
        Ordinal of the envelope that the body is sealed with.
    nonce : str
        Of the body's encryption, 24 hexadecimal digits; empty for an envelope.
    media, position, attempt, score, outcome, code
        As in `Item`.
    ticket : int or None
        The resident's number in the day's queue.
    """

    journal: str
    resident: str
    sequence: int
    ordinal: int
    kind: EntryKind
    batch: tuple[int, int]
    previous: str
    prior: str
    utc: str
    monotonic_ns: int
    boot: str
    behind_s: int
    envelope: int
    nonce: str
    media: str
    position: str = ""
    attempt: int | None = None
    score: int | None = None
    outcome: Outcome | None = None
    code: str = ""
    ticket: int | None = None
    layout: int = LAYOUT

    def to_bytes(self) -> bytes:
        """Return the head as it is stored: JSON of one spelling."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode("ascii")

    @classmethod
    def from_bytes(cls, data: bytes) -> Head:
        """Read a stored head.

        Raises
        ------
        JournalCorruptError
            It is no head, or not spelled as `to_bytes` spells it.
        """
        try:
            values: dict[str, Any] = json.loads(data)
            if set(values) != {field.name for field in fields(cls)}:
                raise ValueError("fields are missing, or too many")
            if values["layout"] != LAYOUT:
                raise ValueError(f"layout {values['layout']} is unknown")
            for name, number in (
                ("sequence", 1),
                ("ordinal", 0),
                ("envelope", 0),
                ("monotonic_ns", 0),
                ("behind_s", 0),
            ):
                if type(values[name]) is not int or values[name] < number:
                    raise ValueError(f"{name} is no number")
            for name in ("journal", "resident", "previous", "prior", "nonce"):
                bytes.fromhex(values[name])
            values["kind"] = EntryKind(values["kind"])
            values["outcome"] = Outcome(values["outcome"]) if values["outcome"] is not None else None
            first, count = values["batch"]
            values["batch"] = (int(first), int(count))
            position_of(values["position"])
            head = cls(**values)
            if head.to_bytes() != data:
                raise ValueError("it is spelled in another way")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise JournalCorruptError(f"this is no head of an entry: {error}") from None
        return head


def link(head: bytes, body_digest: bytes) -> str:
    """Return what the next entry holds of this one: SHA-256 over the stored head and the body's SHA-256.

    The digest and not the body, so that the chain can still be checked when a body was handed over and removed.
    """
    return hashlib.sha256(_DOMAIN + len(head).to_bytes(4, "big") + head + body_digest).hexdigest()
