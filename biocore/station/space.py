"""Room on the disk: what recording needs, when to warn, and a reserve that nobody else can take.

The reserve is a file of real blocks beside the records. While it is there, a resident who has begun can be
finished whatever else fills the disk: the reserve is given up for that resident's entries. The next resident is not
accepted before the reserve is whole again. Nothing is ever deleted to make room.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

MB = 1_000_000
FRAME_BYTES = 180_000  # an iris of 640x480 as PNG; a finger of 400x500 is 80 to 125 kB
BESIDE_BYTES = 12_000  # report, template, decision, their heads, and their rows in the index
SAMPLES = 12  # ten fingers, two irises
MOST_ATTEMPTS = 15  # of one finger, down the whole ladder
RECEIPT_ROOM = 1 * MB  # of the reserve, kept for receipts: a full disk must not stop what makes room
RESERVE_BYTES = 64 * MB  # a resident all of whose samples need all attempts is 35 MB; the index's log comes on top
_PAGE = 4096  # bytes; blocks of the usual file systems
WARN_FREE = 0.20  # of the disk; docs/journal.md
ALARM_FREE = 0.10


class SpaceLevel(StrEnum):
    """How much room is left."""

    OK = "ok"
    LOW = "low"  # below 20 % free
    VERY_LOW = "very_low"  # below 10 % free
    RESERVE = "reserve"  # the next resident is not accepted


@dataclass(frozen=True, slots=True)
class Plan:
    """What is going to be recorded.

    Attributes
    ----------
    residents, samples : int
        People, and fingers and eyes of each.
    attempts : float
        Frames kept of each finger or eye, on average.
    frame_bytes : int
        Of one picture, as it is stored.
    """

    residents: int = 100
    samples: int = SAMPLES
    attempts: float = 1.5
    frame_bytes: int = FRAME_BYTES

    @property
    def bytes(self) -> int:
        """Room that the plan needs."""
        return round(self.residents * self.samples * self.attempts * (self.frame_bytes + BESIDE_BYTES))


DAY = Plan()
MONTH = Plan(residents=30 * 100)
_WORST = Plan(residents=1, attempts=MOST_ATTEMPTS)


@dataclass(frozen=True, slots=True)
class SpaceStatus:
    """What is free, and what that is enough for.

    Attributes
    ----------
    level : SpaceLevel
    free, total : int
        Bytes of the disk; what is held in reserve does not count as free.
    days : float
        Days of 100 residents that still fit.
    message : str
        One line for the operator.
    """

    level: SpaceLevel
    free: int
    total: int
    days: float
    message: str


class Space:
    """The disk under a journal.

    Parameters
    ----------
    folder : Path
        The journal's.
    reserve : int
        Bytes to hold in reserve.
    """

    def __init__(self, folder: Path, reserve: int = RESERVE_BYTES) -> None:
        self._file = folder / "reserve"
        self._folder = folder
        self.reserve = reserve
        self._receipts = min(RECEIPT_ROOM, reserve // 8) // _PAGE * _PAGE

    def hold(self) -> bool:
        """Take the reserve if it is not held and there is room; say whether it is held now."""
        if self.held:
            return True
        try:
            fd = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError:
            return False
        try:
            os.posix_fallocate(fd, 0, self.reserve)
            os.fsync(fd)
        except OSError:
            os.ftruncate(fd, 0)  # half a reserve would only be in the way
            return False
        finally:
            os.close(fd)
        return True

    @property
    def held(self) -> bool:
        """Whether the reserve's blocks are really there, not only its length."""
        try:
            found = self._file.lstat()
        except OSError:
            return False
        return found.st_size >= self.reserve and found.st_blocks * 512 >= self.reserve

    def give_up(self, *, for_receipt: bool = False) -> bool:
        """Give the reserve's room to the resident who is there; say whether there was any.

        A last piece is left for receipts, each of which makes more room than it takes.
        """
        kept = 0 if for_receipt else self._receipts
        if not self._file.exists() or self._file.stat().st_blocks * 512 <= kept:
            return False
        fd = os.open(self._file, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            os.ftruncate(fd, kept)
        finally:
            os.close(fd)
        return True

    def status(self) -> SpaceStatus:
        """Return what is free, and what that means."""
        disk = os.statvfs(self._folder)
        free, total = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
        days = free / DAY.bytes
        share = free / total if total else 0.0
        enough = f"{free / MB:.0f} MB free ({share:.0%}), enough for {days:.1f} days of {DAY.residents} residents"
        if not self.held:
            missing = "the reserve is used up: nobody can be begun before there is room; bring what waits to the centre"
            return SpaceStatus(SpaceLevel.RESERVE, free, total, days, f"{enough}; {missing}")
        if share < ALARM_FREE:
            return SpaceStatus(
                SpaceLevel.VERY_LOW, free, total, days, f"{enough}; send or carry it to the centre today"
            )
        if share < WARN_FREE:
            return SpaceStatus(SpaceLevel.LOW, free, total, days, f"{enough}; send it to the centre soon")
        return SpaceStatus(SpaceLevel.OK, free, total, days, enough)


def worst_resident() -> int:
    """Return the room for one resident all of whose samples need all attempts; the reserve must be more."""
    return _WORST.bytes
