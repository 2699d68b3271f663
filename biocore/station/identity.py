"""Which journal this is, and which centre it was set up for: one small file, written once."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from biocore.errors import JournalCorruptError
from biocore.station.disk import Disk, read_plain

FILE = "journal.json"
_KIND = "biocore journal 1"
_MAX_FILE = 4096  # bytes; it is about 160


@dataclass(frozen=True, slots=True)
class Identity:
    """Random name of the journal, and the Ed25519 public key of the centre it is pinned to."""

    journal: str
    centre: bytes


def read_identity(folder: Path) -> Identity | None:
    """Read a journal's identity; None where there is no journal yet.

    Raises
    ------
    JournalCorruptError
        The file is damaged, or missing beside records.
    """
    path = folder / FILE
    if not path.exists():
        if any((folder / "records").glob("*.record")) or any((folder / "receipts").glob("*.receipt")):
            raise JournalCorruptError("missing, though there are records; put it back from the backup", path=str(path))
        return None
    try:
        values = json.loads(read_plain(path, _MAX_FILE))
        identity = Identity(values["journal"], bytes.fromhex(values["centre"]))
        if values["kind"] != _KIND or len(bytes.fromhex(identity.journal)) != 16 or len(identity.centre) != 32:
            raise ValueError
    except (ValueError, TypeError, KeyError):
        raise JournalCorruptError(
            "this is no journal's identity; put it back from the backup", path=str(path)
        ) from None
    return identity


def create_identity(folder: Path, centre: bytes, disk: Disk) -> Identity:
    """Write the identity of a new journal: whole under another name, then renamed."""
    identity = Identity(secrets.token_hex(16), centre)
    text = json.dumps({"kind": _KIND, "journal": identity.journal, "centre": centre.hex()}, indent=1)
    fresh = folder / f"{FILE}.new"
    fresh.unlink(missing_ok=True)
    disk.append(fresh, 0, text.encode("ascii"))
    fresh.replace(folder / FILE)
    disk.sync_folder(folder)
    return identity
