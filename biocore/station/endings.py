"""How the journal was last left: in good order, with this head; or not, and then its index is looked at closely.

`closed.json` is written when a journal was closed and all was well, and is renamed to `open.json` when it is opened.
So the mark needs no room on a full disk, and a kill, a power cut or a fault leaves `open.json`, which still says
where the journal ended when it was last closed: should the index be lost and records with it, that is missed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from biocore.station.disk import Disk, read_plain

CLOSED, OPEN = "closed.json", "open.json"
_KIND = "biocore journal's end 1"
_MAX_FILE = 4096  # bytes; it is about 150


@dataclass(frozen=True, slots=True)
class Ending:
    """Where a journal ended.

    Attributes
    ----------
    sequence, link : int, str
        Its head.
    size : int
        Bytes of the index.
    """

    sequence: int
    link: str
    size: int


def begin(folder: Path) -> tuple[Ending | None, bool]:
    """Return how the journal was last closed, where that is known, and whether nobody has opened it since.

    From now on it counts as open.
    """
    closed = folder / CLOSED
    if not closed.exists():
        return _read(folder / OPEN), False
    ending = _read(closed)
    closed.replace(folder / OPEN)
    return ending, ending is not None


def end(folder: Path, ending: Ending, disk: Disk) -> None:
    """Take down that the journal was closed in good order."""
    fresh = folder / f"{CLOSED}.new"
    fresh.unlink(missing_ok=True)
    disk.append(fresh, 0, json.dumps({"kind": _KIND, **asdict(ending)}).encode("ascii"))
    fresh.replace(folder / CLOSED)
    (folder / OPEN).unlink(missing_ok=True)
    disk.sync_folder(folder)


def _read(path: Path) -> Ending | None:
    """Read a mark; one that is no mark says nothing, and the index is looked at closely."""
    try:
        values = json.loads(read_plain(path, _MAX_FILE))
        ending = Ending(values["sequence"], values["link"], values["size"])
        sound = values["kind"] == _KIND and type(ending.sequence) is int and type(ending.size) is int
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return ending if sound and ending.sequence >= 0 else None
