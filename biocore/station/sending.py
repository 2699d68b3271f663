"""One record on its way: checked here, sent in chunks from where the centre has it, until the receipt."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from biocore.errors import CentreFaultError, RecordRefusedError
from biocore.station.index import Row
from biocore.station.pace import Pace
from biocore.station.receipt import Receipt
from biocore.station.upload import CentreLink

SETBACKS = 3  # of one record in one go: the centre may have dropped what it had, once or twice
_PIECE = 1 << 20  # bytes read at a time to take the digest


class Sending:
    """One record on its way to the centre.

    Parameters
    ----------
    link : CentreLink
    pace : Pace
    journal : str
        Random name of the journal.
    row : Row
        The record, as the index knows it.
    path : Path
        The record's file.
    chunk : int
        Bytes sent at a time.

    Attributes
    ----------
    sent : int
        Bytes that the centre has taken since this began.
    """

    def __init__(self, link: CentreLink, pace: Pace, journal: str, row: Row, path: Path, chunk: int) -> None:
        self._link, self._pace = link, pace
        self._journal, self._row, self._path, self._chunk = journal, row, path, chunk
        self.sent = 0

    def run(self, stopping: Callable[[], bool]) -> Receipt | None:
        """Send; return the receipt, not yet checked, or None if it was stopped between two chunks.

        Raises
        ------
        OutboxError
            One of its kinds; `RecordRefusedError` where the record is damaged here.
        """
        digest, size = self._checked()
        # A record of one chunk is sent without asking: if the centre has it, it says so, and little was lost.
        answer: int | Receipt = self._link.ask(digest) if size > self._chunk else 0
        setbacks = 0
        while not isinstance(answer, Receipt):
            offset = answer
            if offset >= size:
                raise _nonsense(f"it has {offset} of {size} bytes, and gives no receipt")
            if stopping():
                return None
            data = self._read(offset)
            self._pace.before(len(data))
            answer = self._link.put(self._journal, self._row.resident, digest, data, offset, size)
            if isinstance(answer, Receipt):
                break  # whether it is a good one, the journal decides
            if answer > offset:
                self.sent += len(data)
            elif (setbacks := setbacks + 1) > SETBACKS:
                raise _nonsense("it asks for the same bytes again and again")
        return answer

    def _checked(self) -> tuple[str, int]:
        """Return digest and size of the record, after looking whether it is still what was recorded."""
        row, found, size = self._row, hashlib.sha256(), 0
        try:
            with self._path.open("rb") as file:
                while piece := file.read(_PIECE):
                    found.update(piece)
                    size += len(piece)
        except OSError as error:
            raise _damaged(row, f"cannot be read: {error.strerror}") from None
        if row.digest is None or size != row.length or found.hexdigest() != row.digest:
            raise _damaged(row, "is another than the one that was finished")
        return row.digest, size

    def _read(self, offset: int) -> bytes:
        try:
            with self._path.open("rb") as file:
                file.seek(offset)
                data = file.read(self._chunk)
        except OSError as error:
            raise _damaged(self._row, f"cannot be read: {error.strerror}") from None
        if not data:
            raise _damaged(self._row, "became shorter while it was sent")
        return data


def _damaged(row: Row, how: str) -> RecordRefusedError:
    return RecordRefusedError(
        f"the record {row.resident} on this station's disk {how}",
        code="record_damaged_here",
        advice="it was not sent; run `biocore station verify`, look at the disk, and record the resident again",
    )


def _nonsense(what: str) -> CentreFaultError:
    return CentreFaultError(
        f"the centre's answers do not fit together: {what}",
        code="centre_nonsense",
        advice="it is tried again; if it stays, tell the centre",
    )
