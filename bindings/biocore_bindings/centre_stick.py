"""The centre's side of a stick: records in, receipts out. The layout is `biocore.station.stick`'s."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from biocore.errors import OutboxError, StickError
from biocore.station.disk import Disk
from biocore.station.handover import SUFFIX as RECEIPT
from biocore.station.record_file import SUFFIX as RECORD
from biocore.station.record_file import record_path
from biocore.station.stick import FOLDER, RECEIPTS, RECORDS, Listed, named_faults, read_manifest, write_whole
from biocore_bindings.centre_store import CentreStore, Parcel, RefusedError


@dataclass(frozen=True, slots=True)
class Imported:
    """What a stick brought.

    Attributes
    ----------
    taken, known : int
        Records that came now, and those that were here already; both have their receipt on the stick.
    refused : tuple of OutboxError
        What was not taken, one each: a file that is missing, torn, altered, too many, another one of its name.
    """

    taken: int
    known: int
    refused: tuple[OutboxError, ...]


def import_stick(store: CentreStore, stick: Path, *, disk: Disk | None = None) -> Imported:
    """Take every record on a stick, of all stations that used it, and put the receipts beside them.

    What is wrong with one record, or with one station's folder, is named and does not stop the others.

    Raises
    ------
    StickError
        There is nothing on the stick, or it was pulled out, or is full. Records that were taken are taken: the same
        call with the same stick goes on.
    """
    disk = disk or Disk()
    with named_faults(stick):
        if not (stick / FOLDER).is_dir():
            raise StickError(
                f"{stick}: no station has put anything on this stick",
                code="stick_empty",
                advice="is it the right one, and is it mounted?",
            )
        folders = sorted(path for path in (stick / FOLDER).iterdir() if path.is_dir())
    counts, refused = {True: 0, False: 0}, []
    for folder in folders:
        try:
            listed = read_manifest(folder)
        except StickError as error:
            refused.append(error)
            continue
        with named_faults(stick):
            if (folder / RECEIPTS).is_symlink():
                raise StickError(f"{folder.name}: its receipts lead elsewhere", code="stick_altered", advice="no stick")
            (folder / RECEIPTS).mkdir(exist_ok=True)
            disk.sync_folder(folder)
        for entry in listed:
            try:
                counts[_one(store, folder, entry, disk)] += 1
            except _NotTakenError as error:
                refused.append(error)
        refused += _unlisted(folder, listed)
    return Imported(counts[True], counts[False], tuple(refused))


class _NotTakenError(StickError):
    """One record that is not taken; the others go on."""


def _one(store: CentreStore, folder: Path, entry: Listed, disk: Disk) -> bool:
    """Take one record and write its receipt; say whether it was news."""
    path = record_path(folder / RECORDS, entry.resident)
    with named_faults(path):
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise _refusal(folder, entry, "is no file, but leads elsewhere", "stick_file_altered")
        if not path.exists():
            raise _refusal(folder, entry, "is in the manifest, and its file is missing", "stick_file_missing")
        if path.stat().st_size != entry.size:
            what = f"has {path.stat().st_size} bytes instead of {entry.size}"
            raise _refusal(folder, entry, what, "stick_file_torn")
        if entry.size > store.limits.record_bytes:
            raise _refusal(folder, entry, "is larger than this centre takes", "record_size")
        data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        raise _refusal(folder, entry, "was altered: its hash is another", "stick_file_altered")
    before = store.count()
    try:
        receipt = store.take(Parcel(entry.sha256, folder.name, entry.resident, entry.size), data)
    except RefusedError as error:
        raise _refusal(folder, entry, f"is refused: {error}", f"record_{error.error}") from error
    with named_faults(path):
        write_whole(folder / RECEIPTS / f"{entry.resident}{RECEIPT}", receipt.to_bytes(), disk)
    return store.count() > before


def _unlisted(folder: Path, listed: list[Listed]) -> list[StickError]:
    """Name the records that lie on a stick and that its manifest does not know."""
    known = {entry.resident for entry in listed}
    with named_faults(folder):
        names = sorted(path.name for path in (folder / RECORDS).glob(f"*{RECORD}"))
    return [
        StickError(
            f"{name} of {folder.name} is on the stick and not in its manifest",
            code="stick_file_unlisted",
            advice="it was not taken; let the station export once more",
        )
        for name in names
        if name.removesuffix(RECORD) not in known
    ]


def _refusal(folder: Path, entry: Listed, what: str, code: str) -> _NotTakenError:
    return _NotTakenError(
        f"record {entry.resident} of {folder.name} {what}",
        code=code,
        advice="it was not taken and has no receipt; it waits at the station, which can export it once more",
    )
