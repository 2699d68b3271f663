"""The minutiae kernels in plain NumPy and Python, written for reading."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Lines = NDArray[np.uint8]
AROUND = [(0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1)]  # x, y from the north, clockwise
NEAREST_FIRST = [(1, 0), (0, -1), (-1, 0), (0, 1), (1, -1), (-1, -1), (-1, 1), (1, 1)]  # from the east, anticlockwise


def from_bits(bits: NDArray[np.uint64], width: int) -> Lines:
    """Return bits as bytes with a border of one pixel."""
    out = np.zeros((len(bits), width + 2), np.uint8)
    for y, row in enumerate(bits):
        for x in range(width):
            out[y, x + 1] = (int(row[1 + x // 64]) >> (x % 64)) & 1
    return out


def to_bits(lines: Lines) -> NDArray[np.uint64]:
    """Return bytes with a border of one pixel as bits with a border of one row and one word."""
    width = lines.shape[1] - 2
    out = np.zeros((len(lines), -(-width // 64) + 2), np.uint64)
    for y, x in np.argwhere(lines):
        out[y, 1 + (x - 1) // 64] |= np.uint64(1 << int((x - 1) % 64))
    return out


def thin(lines: Lines, rounds: int) -> Lines:
    """Guo and Hall, 1989, A1: drop what has one run of neighbours, two or three of them, and lies on the right side."""
    out = lines.copy()
    for _ in range(rounds):
        before = out.copy()
        for second in (False, True):
            n, ne, e, se, s, sw, w, nw = (np.roll(out, (-y, -x), (0, 1)).astype(bool) for x, y in AROUND)
            turns = (~n & (ne | e)).astype(int) + (~e & (se | s)) + (~s & (sw | w)) + (~w & (nw | n))
            one = (nw | n).astype(int) + (ne | e) + (se | s) + (sw | w)
            two = (n | ne).astype(int) + (e | se) + (s | sw) + (w | nw)
            fits = (np.minimum(one, two) >= 2) & (np.minimum(one, two) <= 3)
            guard = (n | ne | ~se) & e if second else (s | sw | ~nw) & w
            drop = (out > 0) & (turns == 1) & fits & ~guard
            out = np.where(drop, 0, out).astype(np.uint8)
        if (out == before).all():
            break
    return out


def runs(lines: Lines, y: int, x: int) -> int:
    ring = [int(lines[y + dy, x + dx]) for dx, dy in AROUND]
    return sum(a != b for a, b in zip(ring, ring[1:] + ring[:1], strict=True)) // 2


def follow(lines: Lines, y: int, x: int, reach: int) -> tuple[list[tuple[int, int]], str]:
    path = [(x, y)]
    while len(path) < reach:
        ways = [(x + dx, y + dy) for dx, dy in NEAREST_FIRST if lines[y + dy, x + dx] and (x + dx, y + dy) not in path]
        if not ways:
            return path, "end"
        x, y = ways[0]
        if runs(lines, y, x) > 2:
            return path, "junction"
        path.append((x, y))
    return path, "reach"


def prune(lines: Lines, spur: int, fragment: int) -> Lines:
    out = lines.copy()
    for y in range(1, out.shape[0] - 1):
        for x in range(1, out.shape[1] - 1):
            if out[y, x] and runs(out, y, x) <= 1:
                path, stop = follow(out, y, x, max(spur, fragment))
                if (stop == "end" and len(path) < fragment) or (stop == "junction" and len(path) < spur):
                    for px, py in path:
                        out[py, px] = 0
    return out


def trace_ends(lines: Lines, reach: int) -> list[list[tuple[int, int]]]:
    return [
        follow(lines, y, x, reach)[0]
        for y in range(1, lines.shape[0] - 1)
        for x in range(1, lines.shape[1] - 1)
        if lines[y, x] and runs(lines, y, x) == 1
    ]
