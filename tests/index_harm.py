"""Ways in which an index can be damaged; each takes the file and a source of randomness."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

PAGE = 4096  # bytes, as SQLite made the index
_VERSION = range(60, 64)  # of the header: a damaged version looks like a newer program's, and is left alone


def _bits(path: Path, rng: random.Random) -> None:
    flip(path, [rng.randrange(8 * path.stat().st_size) for _ in range(rng.choice((1, 1, 3, 40)))])


def flip(path: Path, bits: list[int]) -> None:
    """Flip bits of a file, counted from its beginning."""
    data = bytearray(path.read_bytes())
    for bit in bits:
        if bit // 8 not in _VERSION:
            data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def _page(path: Path, rng: random.Random, filling: Callable[[int], bytes]) -> None:
    data = bytearray(path.read_bytes())
    at = rng.randrange(0, max(1, len(data)), PAGE)
    data[at : at + PAGE] = filling(len(data[at : at + PAGE]))
    path.write_bytes(data)


def _swap(path: Path, rng: random.Random) -> None:
    """Let two pages change their places, as a disk does that writes to the wrong one."""
    data = path.read_bytes()
    pages = [data[at : at + PAGE] for at in range(0, len(data), PAGE)]
    if len(pages) > 2:
        one, other = rng.sample(range(1, len(pages)), 2)
        pages[one], pages[other] = pages[other], pages[one]
    path.write_bytes(b"".join(pages))


def _cut(path: Path, rng: random.Random) -> None:
    os.truncate(path, rng.randrange(path.stat().st_size or 1))


def _remove_log(path: Path, rng: random.Random) -> None:
    path.with_name(path.name + "-wal").unlink(missing_ok=True)


def _cut_log(path: Path, rng: random.Random) -> None:
    log = path.with_name(path.name + "-wal")
    if log.exists():
        os.truncate(log, rng.randrange(log.stat().st_size + 1))


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


HARMS: dict[str, Callable[[Path, random.Random], None]] = {
    "bits flipped": _bits,
    "a page of noughts": lambda path, rng: _page(path, rng, bytes),
    "a page of garbage": lambda path, rng: _page(path, rng, rng.randbytes),
    "pages swapped": _swap,
    "cut off": _cut,
    "nothing in it": lambda path, rng: os.truncate(path, 0),
    "garbage": lambda path, rng: _write(path, rng.randbytes(path.stat().st_size or 9000)),
    "no SQLite": lambda path, rng: _write(path, b"x" * 9000),
    "gone": lambda path, rng: path.unlink(),
    "its log gone": _remove_log,
    "its log cut": _cut_log,
}
