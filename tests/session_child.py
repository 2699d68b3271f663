"""A process that records a resident, tells what is accepted, and kills itself at a write of the disk.

python session_child.py FOLDER KEY NUMBER
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from biocore.station import Journal
from biocore.station.disk import Disk
from biocore.station.entry import position_name
from biocore.station.rungs import PlacementMode
from biocore.station.session_events import Accepted
from biocore.station.session_state import State
from biocore.types import FingerPosition
from journal_support import SMALL_RESERVE, FakeClock
from session_support import Office

PLAN = tuple(FingerPosition(number) for number in (2, 3, 4, 5))


class Deadly(Disk):
    """Ends the process before its n-th write, counted from when it is armed."""

    left = 10**9

    def write(self, fd: int, data: memoryview, offset: int) -> int:
        self.left -= 1
        if self.left == 0:
            os.pwrite(fd, data[: len(data) // 2], offset)  # torn
            os.kill(os.getpid(), signal.SIGKILL)
        return super().write(fd, data, offset)


def main(folder: Path, key: Path, number: int) -> None:
    disk = Deadly()
    office = Office(folder, clock=FakeClock())
    office.journal = lambda: Journal(  # type: ignore[method-assign]
        folder, key, clock=office.clock, disk=disk, reserve=SMALL_RESERVE
    )
    desk = office.desk()
    session = office.begin(desk, plan=PLAN, mode=PlacementMode.SINGLE)
    disk.left = number
    told = 0
    while session.step() is not State.COMPLETE:
        for event in office.events(Accepted)[told:]:
            sys.stdout.write(position_name(event.position) + "\n")
            sys.stdout.flush()
            told += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
