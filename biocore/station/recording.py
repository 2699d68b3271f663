"""One resident being recorded, and how items become entries of the record."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from biocore.errors import JournalStateError
from biocore.station.clock import Reading
from biocore.station.entry import GENESIS, EntryKind, Head, Item, position_name
from biocore.station.progress import Progress
from biocore.station.record_file import Stored, store
from biocore.station.sealing import Sealer, new_nonce


class Keeper(Protocol):
    """What a recording needs of its journal."""

    def append(self, recording: Recording, items: Sequence[Item]) -> list[Head]:
        """Make items last."""
        ...

    def sealer(self, resident: str, ordinal: int) -> Sealer:
        """Return a new sealer."""
        ...

    def progress(self, resident: str) -> Progress:
        """Return how far a resident is."""
        ...


class Recording:
    """One resident, begun or resumed; made by `Journal.begin` and `Journal.resume`.

    Attributes
    ----------
    resident : str
        Random name.
    ticket : int or None
    ordinal, length : int
        Of the next entry in the record: its number, and its byte offset.
    prior : str
        Link of the entry before.
    envelope : int
        Ordinal of the envelope in use.
    """

    def __init__(self, journal: Keeper, resident: str, ticket: int | None) -> None:
        self._journal = journal
        self.resident = resident
        self.ticket = ticket
        self.ordinal = self.length = self.envelope = 0
        self.prior = GENESIS
        self.sealer: Sealer | None = None
        self._closed = False

    def record(self, *items: Item) -> list[Head]:
        """Record; when this returns, all of the items are on disk, and if it raises, none is acknowledged.

        Raises
        ------
        JournalStateError
            Nothing to record, or the resident is closed.
        JournalFullError
            The disk is full, the reserve as well. The resident can go on when there is room.
        JournalError
            Another fault of the disk; the journal must be opened again, and the resident resumed.
        """
        if not items:
            raise JournalStateError("there is nothing to record")
        if self._closed:
            raise JournalStateError(f"resident {self.resident} is closed; nothing can be added")
        for item in items:
            if item.kind in (EntryKind.ENVELOPE, EntryKind.OPEN, EntryKind.CLOSE):
                raise JournalStateError(f"an entry of the kind {item.kind} is the journal's own affair")
        return self._journal.append(self, items)

    def close(self, payload: bytes = b"", *, media: str = "application/json") -> list[Head]:
        """Finish the resident: nothing can be added, and the record can go to the centre."""
        if self._closed:
            raise JournalStateError(f"resident {self.resident} is closed already")
        heads = self._journal.append(self, [Item(EntryKind.CLOSE, payload, media)])
        self._closed = True
        return heads

    @property
    def progress(self) -> Progress:
        """How far the resident is, as the journal knows it."""
        return self._journal.progress(self.resident)

    def enter(self, item: Item) -> None:
        """Begin with an envelope, and the entry that says why; the journal's own affair."""
        sealer = self._journal.sealer(self.resident, self.ordinal)
        envelope = Item(EntryKind.ENVELOPE, sealer.envelope, "application/json")
        self.sealer, self.envelope = sealer, self.ordinal
        self._journal.append(self, [envelope, item])

    def go_on(self, ordinal: int, prior: str, length: int) -> None:
        """Take down where the next entry goes; the journal's own affair."""
        self.ordinal, self.prior, self.length = ordinal, prior, length


def make_entries(
    journal: str, recording: Recording, items: Sequence[Item], last: tuple[int, str], reading: Reading, latest: datetime
) -> list[Stored]:
    """Return items as entries of one batch: numbered, linked, sealed, and at their place in the record.

    Parameters
    ----------
    journal : str
        Its random name.
    last : tuple
        Sequence number and link of the journal's last entry.
    reading : Reading
        The time.
    latest : datetime
        The latest time that the journal knows.
    """
    sequence, previous = last
    prior, offset = recording.prior, recording.length
    stored = []
    for number, item in enumerate(items):
        head = Head(
            journal=journal,
            resident=recording.resident,
            sequence=sequence + number + 1,
            ordinal=recording.ordinal + number,
            kind=item.kind,
            batch=(number, len(items)),
            previous=previous,
            prior=prior,
            utc=reading.utc.isoformat(timespec="microseconds"),
            monotonic_ns=reading.monotonic_ns,
            boot=reading.boot,
            behind_s=math.ceil((latest - reading.utc).total_seconds()),
            envelope=recording.envelope,
            nonce="" if item.kind is EntryKind.ENVELOPE else new_nonce().hex(),
            media=item.media,
            position=position_name(item.position),
            attempt=item.attempt,
            score=item.score,
            outcome=item.outcome,
            code=item.code,
            ticket=recording.ticket,
        )
        entry = store(head, _body(recording, item, head), offset)
        previous = prior = entry.link
        offset += entry.length
        stored.append(entry)
    return stored


def _body(recording: Recording, item: Item, head: Head) -> bytes:
    if item.kind is EntryKind.ENVELOPE:
        return item.payload
    assert recording.sealer is not None  # every record begins with an envelope
    return recording.sealer.seal(bytes.fromhex(head.nonce), item.payload, head.to_bytes())
