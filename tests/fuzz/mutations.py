"""Damage to records: bit flips, other bytes, cuts, pieces put in and taken out, and lengths that lie.

    python tests/fuzz/mutations.py [--count 200000] [--seed 1] [FAMILY ...]

damages a record of each family so often, reads what comes of it, and prints how it ended. Anything but a record or a
FormatError that names the file and a byte of it ends the run with the bytes that did it; so do 2 s or 256 MB.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from biocore.errors import FormatError, MissingDependencyError
from biocore.formats.any_record import read_record

MAX_SECONDS = 2.0  # of process time, for one input
MAX_GROWTH = 256  # MB, over all inputs of a family
LENGTHS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF)
DECODED = 16  # of so many records that can be read, the pictures of one are decoded


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Return the data with one to four kinds of damage."""
    damaged = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if not damaged:
            break
        at = rng.randrange(len(damaged))
        kind = rng.randrange(7)
        if kind == 0:
            damaged[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            damaged[at] = rng.randrange(256)
        elif kind == 2:
            del damaged[at:]
        elif kind == 3:
            del damaged[at : at + rng.randrange(1, 9)]
        elif kind == 4:
            damaged[at:at] = rng.randbytes(rng.randrange(1, 9))
        elif kind == 5:
            width = rng.choice((1, 2, 4))
            damaged[at : at + width] = (rng.choice(LENGTHS) & (1 << 8 * width) - 1).to_bytes(width, "big")
        else:
            other = rng.randrange(len(damaged))
            damaged[at:at] = damaged[other : other + rng.randrange(1, 65)]
    return bytes(damaged)


def outcome(data: bytes, *, decode: bool) -> str:
    """Read a record and say how that ended: `read`, `undecodable`, `refused`; errors that are none of these leave.

    Raises
    ------
    AssertionError
        A refusal that does not name the file, or no byte of it.
    """
    try:
        contents = read_record(data, "damaged")
    except FormatError as error:
        _check(error, len(data))
        return "refused"
    if decode:
        for image in contents.images:
            try:
                assert image.pixels.size
                assert image.colour is None or image.colour.size
            except FormatError as error:
                _check(error, len(data))
                return "undecodable"
            except MissingDependencyError:
                return "undecodable"
    return "read"


def _check(error: FormatError, size: int) -> None:
    """Hold an error to what every one of a record says: the file, and the byte in it.

    Raises
    ------
    AssertionError
    """
    if error.file != "damaged" or type(error.offset) is not int or not 0 <= error.offset <= size:
        raise AssertionError(f"names no byte of the {size} of its file: {error!r}, {error.offset}") from error
    if not str(error).startswith(f"damaged: at byte {error.offset}: "):
        raise AssertionError(f"does not say where: {error}") from error


def run(data: bytes, count: int, seed: int) -> Counter[str]:
    """Damage a record `count` times; return how often reading it ended how.

    Raises
    ------
    AssertionError
        Reading took too long, or memory grew.
    """
    rng = random.Random(seed)
    ended: Counter[str] = Counter()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(count):
        damaged = mutated(data, rng)
        began = time.process_time()
        try:
            ended[outcome(damaged, decode=number % DECODED == 0)] += 1
        except Exception:
            Path("failed.bin").write_bytes(damaged)
            raise
        taken = time.process_time() - began
        assert taken < MAX_SECONDS, f"{taken:.1f} s for {damaged[:40].hex()}..."
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < MAX_GROWTH, f"grew by {grown:.0f} MB"
    return ended


def _families(names: list[str]) -> Iterator[tuple[str, bytes]]:
    from record_samples import SAMPLES

    for name, (_, data) in SAMPLES.items():
        if not names or name in names:
            yield name, data


def main() -> None:
    """Run from the command line."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    parser = argparse.ArgumentParser(description="Damage records and read them.")
    parser.add_argument("families", nargs="*")
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    for name, data in _families(given.families):
        began = time.process_time()
        ended = run(data, given.count, given.seed)
        told = ", ".join(f"{what} {times}" for what, times in sorted(ended.items()))
        sys.stdout.write(f"{name:13} seed {given.seed}: {told}; {time.process_time() - began:.0f} s\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
