"""Where the bytes of an entry could live, and what each way costs: the figures of docs/adr/0008.

    python benchmarks/journal_layouts.py FOLDER

Each row is one acknowledgement of 128 kB: everything waited for, as a power cut demands.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROUNDS = 150
ROW = os.urandom(900)  # head, digest, link and places of an entry
BODY = os.urandom(128_000)


def database(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE entries (sequence INTEGER PRIMARY KEY, head BLOB, body BLOB)")
    return db


def in_the_database(folder: Path) -> Callable[[int], None]:
    db = database(folder / "blobs.db")
    return lambda number: insert(db, number, BODY)


def in_a_file_each(folder: Path) -> Callable[[int], None]:
    db = database(folder / "files.db")
    names = os.open(folder, os.O_RDONLY)

    def accept(number: int) -> None:
        part = folder / f"{number}.part"
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        os.write(fd, BODY)
        os.fsync(fd)
        os.close(fd)
        part.rename(folder / f"{number}")
        os.fsync(names)
        insert(db, number, b"")

    return accept


def in_a_file_a_resident(folder: Path) -> Callable[[int], None]:
    db = database(folder / "records.db")

    def accept(number: int) -> None:
        fd = os.open(folder / f"{number // 12}.record", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(fd, BODY)
        os.fdatasync(fd)
        os.close(fd)
        insert(db, number, b"")

    return accept


def insert(db: sqlite3.Connection, number: int, body: bytes) -> None:
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO entries VALUES (?, ?, ?)", (number, ROW, body))
    db.execute("COMMIT")


def main(where: Path) -> None:
    for layout in (in_the_database, in_a_file_each, in_a_file_a_resident):
        with tempfile.TemporaryDirectory(dir=where) as folder:
            accept = layout(Path(folder))
            took = []
            for number in range(ROUNDS):
                begun = time.perf_counter()
                accept(number)
                took.append(1000 * (time.perf_counter() - begun))
            median, p95, worst = np.percentile(took, [50, 95, 100])
            print(
                f"{layout.__name__:22s} median {median:5.1f} ms, 95th percentile {p95:5.1f} ms, worst {worst:5.1f} ms"
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
