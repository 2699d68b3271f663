"""A station on a file system that turns read-only in the middle of a resident; in a mount namespace of its own.

    unshare --mount python remount_child.py FOLDER error    # ext4 on a loop device finds an error
    unshare --mount [--map-root-user] python remount_child.py FOLDER remount    # tmpfs, remounted while nobody records

Says what it saw as one line of JSON; 77 where this machine does not allow the mount.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from biocore.errors import JournalReadOnlyError
from biocore.station.entry import position_name
from biocore.station.rungs import PlacementMode
from biocore.station.session import Session
from biocore.station.session_events import JournalTrouble, Looked
from biocore.types import FingerPosition
from session_support import Office

PLAN = tuple(FingerPosition(number) for number in (2, 3, 7))
NOT_HERE = 77


def system(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def mount(folder: Path, kind: str) -> Path:
    """Mount a little file system in a folder; return where it is."""
    disk = folder / "disk"
    disk.mkdir()
    try:
        if kind == "error":
            image = folder / "image"
            with image.open("wb") as file:
                file.truncate(32 << 20)
            system("mkfs.ext4", "-q", str(image))
            system("mount", "-o", "loop,errors=remount-ro", str(image), str(disk))
        else:
            system("mount", "-t", "tmpfs", "none", str(disk))
    except (OSError, subprocess.SubprocessError) as error:
        sys.stderr.write(f"{error} {getattr(error, 'stderr', b'')!r}\n")
        sys.exit(NOT_HERE)
    return disk


def strike(disk: Path) -> None:
    """Have the kernel turn it read-only, in the way it does when a disk fails; files stay open."""
    device = subprocess.run(["findmnt", "-no", "SOURCE", str(disk)], capture_output=True, text=True, check=True)
    trigger = Path("/sys/fs/ext4") / Path(device.stdout.strip()).name / "trigger_fs_error"
    try:
        trigger.write_text("a test\n")
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(NOT_HERE)


def repair(folder: Path, disk: Path) -> None:
    """Do what an administrator does: unmount, check, mount."""
    system("umount", str(disk))
    subprocess.run(["e2fsck", "-fp", str(folder / "image")], check=False, capture_output=True, timeout=60)
    system("mount", "-o", "loop", str(folder / "image"), str(disk))


def main(folder: Path, kind: str) -> None:
    disk = mount(folder, kind)
    office = Office(disk / "journal")
    desk = office.desk()
    session = office.begin(desk, plan=PLAN, mode=PlacementMode.SINGLE)
    session.step()
    said: dict[str, object] = {"told": [position_name(event.look.position) for event in office.events(Looked)]}
    if kind == "error":
        strike(disk)
        said["state"] = [str(session.step()), str(session.step())]
        said["trouble"] = [event.error for event in office.events(JournalTrouble)]
        said["told_then"] = len(office.events(Looked))
    office.close(desk)
    if kind == "remount":
        system("mount", "-o", "remount,ro", str(disk))
    try:
        office.desk()
    except JournalReadOnlyError:
        said["opened"] = "read-only"
    if kind == "error":
        repair(folder, disk)
    else:
        system("mount", "-o", "remount,rw", str(disk))
    desk = office.desk()
    (progress,) = desk.keeper.journal.unfinished()
    again = office.watch(Session.resume(desk, progress.resident))
    request = again.next
    assert request is not None
    said["next"] = [position_name(request.positions[0]), request.attempts[position_name(request.positions[0])]]
    said["run"] = str(again.run())
    again.finish()
    said["outcomes"] = [each["outcome"] for each in office.summary(again.resident)["positions"].values()]
    said["verified"] = desk.keeper.journal.verify() == []
    office.close(desk)
    system("umount", str(disk))
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
