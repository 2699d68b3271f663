"""What a power cut can take from SQLite's log, and nothing that was waited for; and what no power cut takes at all.

A frame that SQLite has waited for stays, whether or not anybody was told of it: every commit is waited for
(`synchronous = FULL`), and before a page goes from the log into the index, the log is waited for again. So a power cut
can take

- frames behind the last commit, which were never committed;
- the last commit, as long as nobody was told of it and none of its pages went into the index. All commits before it
  had returned when it began.

To cut the log deeper is to play a disk that lies. Cut above pages that a torn write into the index had begun to write
back (`limit`: the kernel fails such writes; the journal closes, as it does after a fault, and SQLite writes back on
closing), it leaves half of the old index and half of the new: `database disk image is malformed`. That is what was once
met after some 3,000 lives, because everything that had come behind the last acknowledgement used to be cut, also
the commits of the opening and of a second opening after a fault. It was the harness that lied, and not the disk; but
disks lie too. So lies are told on purpose now, and by name: `index_harm.HARMS`.
"""

from __future__ import annotations

import os
import random
import struct
from dataclasses import dataclass
from pathlib import Path

from biocore.station.endings import CLOSED
from index_harm import HARMS

HARMED = 0.15  # share of lives after which the index is damaged as no power cut damages it
_HEADER, _FRAME = 32, 24  # bytes; sqlite.org/fileformat2.html, section 4
_BACKFILL_ATTEMPTED = 128  # byte in the -shm file; sqlite.org/walformat.html, section 2


@dataclass(frozen=True, slots=True)
class Committed:
    """How far a log was committed.

    Attributes
    ----------
    salts : str
        Of this generation of the log: when all of it is in the index, SQLite begins it anew, with others.
    last, before : int
        Byte behind the last commit, and behind the one before it.
    """

    salts: str = ""
    last: int = 0
    before: int = 0


def committed(log: Path) -> Committed:
    """Read from a log how far it was committed.

    Checksums are not looked at: what was torn is at the end, and a torn commit only keeps the one before it.
    """
    data = log.read_bytes() if log.exists() else b""
    if len(data) < _HEADER:
        return Committed()
    page, salts = struct.unpack_from(">I", data, 8)[0], data[16:24]
    last = before = _HEADER
    for at in range(_HEADER, len(data) - _FRAME - page + 1, _FRAME + page):
        if data[at + 8 : at + 16] != salts:
            break
        if struct.unpack_from(">I", data, at + 4)[0]:  # pages of the index after this commit; 0 within one
            last, before = at + _FRAME + page, last
    return Committed(salts.hex(), last, before)


def waited_for(index: Path, told: Committed) -> int:
    """Return how many bytes of the log were certainly waited for.

    Parameters
    ----------
    told : Committed
        At the last acknowledgement.
    """
    log, shared = (index.with_name(index.name + end) for end in ("-wal", "-shm"))
    now = committed(log)
    if not shared.exists():
        return now.last  # closed, and the log left: nobody knows how much of it was written back
    with shared.open("rb") as file:
        file.seek(_BACKFILL_ATTEMPTED)
        frames = int.from_bytes(file.read(4), "little")
    with log.open("rb") as file:
        file.seek(8)
        page = int.from_bytes(file.read(4), "big")
    written_back = _HEADER + frames * (_FRAME + page) if frames else 0
    return max(now.before, written_back, told.last if told.salts == now.salts else 0)


def tear_log(index: Path, told: Committed, rng: random.Random) -> None:
    """Take from SQLite's log what a power cut could take."""
    log = index.with_name(index.name + "-wal")
    size = log.stat().st_size if log.exists() else 0
    kept = waited_for(index, told) if size > _HEADER else size
    if size > kept:
        at = rng.randrange(kept, size)
        os.truncate(log, at)
        if rng.random() < 0.5:  # the length had reached the disk, the bytes had not
            os.truncate(log, size)


def harm(index: Path, rng: random.Random) -> str:
    """Damage an index in one way or another; return the way, empty where there is none to damage.

    A station that was killed before it had begun is taken for one that had: what rots after a good end is not looked
    for at opening (docs/journal.md), and is another test's affair (`test_damage_after_a_good_end_...`).
    """
    if not index.exists():
        return ""
    index.with_name(CLOSED).unlink(missing_ok=True)
    name = rng.choice(list(HARMS))
    HARMS[name](index, rng)
    return name
