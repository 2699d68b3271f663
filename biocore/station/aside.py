"""Damaged indexes are put aside, never thrown away at once: somebody may want to know what happened.

Each has a folder of its own, named by a number and the station's wall clock. The last few are kept; what was put
aside before them goes, because an index is as large as a day of records, and holds nothing that those do not.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from biocore.station.disk import Disk, read_plain

KEPT = 3  # folders
_PREFIX = "damaged-"
_WHY = "why.json"
_TIME = "%Y%m%dT%H%M%SZ"
_MAX_FILE = 4096  # bytes


@dataclass(frozen=True, slots=True)
class Aside:
    """A damaged index that was put aside.

    Attributes
    ----------
    folder : Path
    utc : str
        When, by the station's wall clock, ISO 8601.
    why : str
        What was wrong with it; empty where that is not known.
    """

    folder: Path
    utc: str
    why: str


def put_aside(folder: Path, files: Iterable[Path], utc: datetime, why: str, disk: Disk) -> Path:
    """Move files of a journal into a new folder of it, the last one last; return that folder."""
    number = 1 + max(map(_number, _folders(folder)), default=0)
    aside = folder / f"{_PREFIX}{number:04d}-{utc:{_TIME}}"
    aside.mkdir(mode=0o700)
    text = json.dumps({"utc": utc.isoformat(timespec="seconds"), "why": why})
    disk.append(aside / _WHY, 0, text.encode("ascii"))
    for file in files:
        if file.exists():
            file.replace(aside / file.name)
    disk.sync_folder(aside)
    disk.sync_folder(folder)
    for old in _folders(folder)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return aside


def asides(folder: Path) -> list[Aside]:
    """Return what was put aside, the oldest first."""
    return [_read(found) for found in _folders(folder)]


def _folders(folder: Path) -> list[Path]:
    return sorted((path for path in folder.glob(f"{_PREFIX}*") if path.is_dir() and not path.is_symlink()), key=_number)


def _number(folder: Path) -> int:
    """Return the number in a folder's name: it orders them whatever the clock did; 0 where there is none."""
    digits = folder.name.removeprefix(_PREFIX).partition("-")[0]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0


def _read(folder: Path) -> Aside:
    try:
        values = json.loads(read_plain(folder / _WHY, _MAX_FILE))
        utc, why = values["utc"], values["why"]
        if isinstance(utc, str) and isinstance(why, str):
            return Aside(folder, utc, why)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        pass
    return Aside(folder, "", "")
