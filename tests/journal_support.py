"""A centre with its keys, a clock that can be put anywhere, and disks that fail on command."""

from __future__ import annotations

import errno
import os
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from biocore.report import Outcome
from biocore.station import CentreKey, EntryKind, Item, Opener, issue_centre_key
from biocore.station.clock import Reading
from biocore.station.disk import Disk
from biocore.types import EyePosition, FingerPosition, Position

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PLAN: tuple[Position, ...] = (*list(FingerPosition)[1:], EyePosition.RIGHT, EyePosition.LEFT)
SMALL_RESERVE = 64 * 1024  # bytes; what the little journals of tests need


@dataclass
class Centre:
    """A centre: it signs, seals, and opens."""

    signer: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    private: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)

    def key(self, expires: datetime = NOON + timedelta(days=400)) -> CentreKey:
        return issue_centre_key(self.private, self.signer, expires)

    @property
    def opener(self) -> Opener:
        return Opener([self.private])


@dataclass
class FakeClock:
    """A wall clock and a monotonic clock that go on by a second a reading, and are put where the test wants them."""

    utc: datetime = NOON
    monotonic_ns: int = 10**12
    boot: str = "first"

    def read(self) -> Reading:
        self.utc += timedelta(seconds=1)
        self.monotonic_ns += 10**9
        return Reading(self.utc, self.monotonic_ns, self.boot)


def finger_items(position: Position, attempt: int = 1, size: int = 2000, seed: int = 0) -> list[Item]:
    """Return what an accepted finger leaves: frame, report, template, decision; the payloads follow from the seed."""
    rng = random.Random(f"{position!r} {attempt} {seed}")
    return [
        Item(EntryKind.FRAME, rng.randbytes(size), "image/png", position, attempt),
        Item(EntryKind.REPORT, b'{"score": 61}', "application/json", position, attempt, 61),
        Item(EntryKind.TEMPLATE, rng.randbytes(300), "application/octet-stream", position, attempt),
        Item(EntryKind.DECISION, b"61 >= 30", "text/plain", position, attempt, outcome=Outcome.ACCEPT),
    ]


class FaultyDisk(Disk):
    """A disk on which one chosen call goes wrong.

    Parameters
    ----------
    at : int
        Which call of `point` fails, from 0.
    point : str
        `write`, `sync`, `sync_folder`, `before_commit`, `after_commit`.
    fault : str
        `ENOSPC`, `EIO`, `EROFS` before anything is done; `torn` writes half and reports EIO; `kill` ends the
        process; `torn kill` writes half and ends it; `power` loses what was not waited for, or a piece of it, and
        ends the process.
    lasting : bool
        Every later call of `point` fails as well.
    """

    def __init__(
        self, point: str, at: int, fault: str, rng: random.Random | None = None, *, lasting: bool = False
    ) -> None:
        self.point, self.at, self.fault, self.lasting = point, at, fault, lasting
        self.rng = rng or random.Random(0)
        self.calls = 0
        self.unsynced: tuple[Path, int] | None = None  # the file being written, and how much of it the disk has

    def append(self, path: Path, offset: int, data: bytes) -> None:
        self.unsynced = path, offset
        super().append(path, offset, data)
        self.unsynced = None

    def write(self, fd: int, data: memoryview, offset: int) -> int:
        def half() -> None:
            os.pwrite(fd, data[: self.rng.randrange(len(data))], offset)

        self._strike("write", half)
        return super().write(fd, data, offset)

    def sync(self, fd: int) -> None:
        self._strike("sync")
        super().sync(fd)

    def sync_folder(self, folder: Path) -> None:
        self._strike("sync_folder")
        super().sync_folder(folder)

    def before_commit(self) -> None:
        self._strike("before_commit")

    def after_commit(self) -> None:
        self._strike("after_commit")

    def _strike(self, point: str, half: Callable[[], None] | None = None) -> None:
        if point != self.point:
            return
        self.calls += 1
        if self.calls - 1 < self.at or (self.calls - 1 > self.at and not self.lasting):
            return
        if self.fault.startswith("torn") and half is not None:
            half()
        if self.fault == "power":
            self._lose()
        if self.fault.endswith("kill") or self.fault == "power":
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(getattr(errno, self.fault, errno.EIO), f"{self.fault} at {self.point}")

    def _lose(self) -> None:
        """Leave of the file what a power cut may leave: a piece of what was not waited for, or noughts in its place."""
        if self.unsynced is None:
            return
        path, kept = self.unsynced
        size = path.stat().st_size
        if size > kept:
            until = self.rng.randrange(kept, size + 1)
            os.truncate(path, until)
            if self.rng.random() < 0.5:  # the length had reached the disk, the bytes had not
                os.truncate(path, size)
