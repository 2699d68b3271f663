"""One resident's record in a journal that is opened again by itself after a fault of the disk.

After a failed write nobody knows what the disk has: the batch may be there whole, or not at all. So the journal is
opened anew, which decides it, and only a batch that is not there is written once more. What happens once is mended
without anybody at the desk having to do a thing; what happens again is told, and kept to be tried later.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType

from biocore.errors import JournalError, JournalFullError, JournalReserveError, JournalStateError
from biocore.station.entry import Head, Item, position_name
from biocore.station.journal import Journal
from biocore.station.recording import Recording

_NOT_THE_DISK = (JournalFullError, JournalReserveError, JournalStateError)  # opening anew mends none of these


class JournalKeeper:
    """The station's journal, which can be opened anew while others hold on to the keeper.

    Parameters
    ----------
    open_journal : callable
        Opens it; called at once, and after a fault.

    Raises
    ------
    JournalError, CentreKeyError
        As `Journal`.
    """

    def __init__(self, open_journal: Callable[[], Journal]) -> None:
        self._open = open_journal
        self._lock = threading.RLock()
        self._journal = open_journal()

    @property
    def journal(self) -> Journal:
        """The journal that is open now; not to be kept."""
        return self._journal

    def reopen(self, broken: Journal) -> Journal:
        """Open the journal anew, unless somebody has done so since `broken` was the one in use."""
        with self._lock:
            if self._journal is broken:
                with suppress(JournalError):
                    broken.close()
                self._journal = self._open()
            return self._journal

    def close(self) -> None:
        """Close the journal."""
        with self._lock:
            self._journal.close()

    def __enter__(self) -> JournalKeeper:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class Ledger:
    """One resident's record; made by `begin` and `resume`.

    Parameters
    ----------
    keeper : JournalKeeper
    journal : Journal
        That the recording belongs to.
    recording : Recording
    mended : callable (JournalError)
        Called when a fault was mended.
    """

    def __init__(
        self, keeper: JournalKeeper, journal: Journal, recording: Recording, mended: Callable[[JournalError], None]
    ) -> None:
        self._keeper = keeper
        self._journal = journal
        self._recording = recording
        self._mended = mended
        self._failed_at: int | None = None  # ordinal of the batch of which nobody knows whether it is there
        self._closed = False

    @classmethod
    def begin(
        cls,
        keeper: JournalKeeper,
        identity: bytes,
        ticket: int | None,
        media: str,
        mended: Callable[[JournalError], None],
    ) -> Ledger:
        """Begin a resident.

        Raises
        ------
        JournalReserveError, JournalError, CentreKeyError
        """
        journal = keeper.journal
        known = {progress.resident for progress in journal.unfinished()}
        try:
            return cls(keeper, journal, journal.begin(identity, ticket=ticket, media=media), mended)
        except _NOT_THE_DISK:
            raise
        except JournalError as error:
            journal = keeper.reopen(journal)
            begun = [progress.resident for progress in journal.unfinished() if progress.resident not in known]
            # Where one was begun, it had been written, and was not acknowledged.
            recording = journal.resume(begun[-1]) if begun else journal.begin(identity, ticket=ticket, media=media)
            mended(error)
            return cls(keeper, journal, recording, mended)

    @classmethod
    def resume(cls, keeper: JournalKeeper, resident: str, mended: Callable[[JournalError], None]) -> Ledger:
        """Go on with a resident.

        Raises
        ------
        JournalStateError, JournalError
        """
        journal = keeper.journal
        try:
            return cls(keeper, journal, journal.resume(resident), mended)
        except _NOT_THE_DISK:
            raise
        except JournalError as error:
            journal = keeper.reopen(journal)
            recording = journal.resume(resident)
            mended(error)
            return cls(keeper, journal, recording, mended)

    @property
    def resident(self) -> str:
        """Random name."""
        return self._recording.resident

    @property
    def ticket(self) -> int | None:
        """Number in the day's queue."""
        return self._recording.ticket

    @property
    def journal(self) -> Journal:
        """The journal in use."""
        return self._journal

    def heads(self) -> list[Head]:
        """Return the clear heads of the record."""
        return self._journal.heads(self.resident)

    def record(self, *items: Item) -> None:
        """Record a batch; call again with the same items after an error.

        Raises
        ------
        JournalFullError
            Disk and reserve are full; nothing of the batch is there.
        JournalError
            The fault was there again after the journal was opened anew.
        """
        self._lasting(items, lambda: self._recording.record(*items))

    def close(self, payload: bytes) -> None:
        """Finish the record; call again with the same payload after an error. Errors as in `record`."""

        def finish() -> None:
            self._recording.close(payload)
            self._closed = True

        if not self._closed:
            self._lasting(None, finish)

    def _lasting(self, items: Sequence[Item] | None, write: Callable[[], object]) -> None:
        if self._failed_at is not None:
            self._again(items, write)
            return
        try:
            self._try(write)
        except _NOT_THE_DISK:
            raise
        except JournalError as error:
            self._again(items, write)
            self._mended(error)

    def _try(self, write: Callable[[], object]) -> None:
        at = self._recording.ordinal
        try:
            write()
        except _NOT_THE_DISK:
            raise
        except JournalError:
            self._failed_at = at
            raise

    def _again(self, items: Sequence[Item] | None, write: Callable[[], object]) -> None:
        """Open the journal anew, see whether the batch is there, and write it where it is not."""
        journal = self._keeper.reopen(self._journal)
        there = self._is_there(journal, items)
        self._journal = journal
        if there and items is None:
            self._closed, self._failed_at = True, None
            return
        self._recording = journal.resume(self.resident)
        self._failed_at = None
        if not there:
            self._try(write)

    def _is_there(self, journal: Journal, items: Sequence[Item] | None) -> bool:
        if items is None:
            return journal.progress(self.resident).closed
        assert self._failed_at is not None
        heads = journal.heads(self.resident)[self._failed_at :][: len(items)]
        return [_mark_of_head(head) for head in heads] == [_mark(item) for item in items]


def _mark(item: Item) -> tuple[object, ...]:
    return item.kind, position_name(item.position), item.attempt, item.score, item.outcome, item.code, item.media


def _mark_of_head(head: Head) -> tuple[object, ...]:
    return head.kind, head.position, head.attempt, head.score, head.outcome, head.code, head.media
