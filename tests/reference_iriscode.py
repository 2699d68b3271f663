"""Plain twins of the iris code's kernels, written for reading."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Floats = NDArray[np.float64]


def bits(words: Words) -> NDArray[np.bool_]:
    """Return the bits of words, lowest first: (..., 64)."""
    flags: NDArray[np.bool_] = (words[..., None] >> np.arange(64, dtype=np.uint64) & np.uint64(1)).astype(bool)
    return flags


def words(flags: NDArray[np.bool_]) -> Words:
    """Put bits (..., 64), lowest first, into words."""
    packed: Words = (flags.astype(np.uint64) << np.arange(64, dtype=np.uint64)).sum(axis=-1, dtype=np.uint64)
    return packed


def sectors(code: Words, mask: Words, reference: Words, reference_mask: Words) -> tuple[Any, Any]:
    """Count differing and common bits of each of eight sectors: (n, 8) each."""
    both = bits(mask) & bits(reference_mask)
    apart = (bits(code) ^ bits(reference)) & both
    return tuple(each.reshape(len(reference), 8, -1).sum(axis=2) for each in (apart, both))


def moved(whole: Words, rows: int) -> Words:
    """Move the rows of a code outwards by so many."""
    found = np.zeros((*whole.shape, 2, 16, 2), bool)
    flags = bits(whole).reshape(found.shape)
    if rows >= 0:
        found[..., rows:, :] = flags[..., : 16 - rows, :]
    else:
        found[..., :rows, :] = flags[..., -rows:, :]
    return words(found.reshape(*whole.shape, 64))


def elastic(
    counts: dict[tuple[int, int], tuple[Any, Any]], offset: int, slack: int, rows: tuple[int, ...], step: int = 1
) -> Any:
    """Add up the sectors, each where most more of its bits agree than differ; a step aside costs a bit."""
    steps = [(row, s) for row in rows for s in range(-slack, slack + 1) if (row, offset + s) in counts]
    apart = [counts[row, offset + s][0] + abs(s) // step for row, s in steps]
    different, common = np.stack(apart), np.stack([counts[row, offset + s][1] for row, s in steps])
    best = ((common - 2 * different) * 100_000 + common).argmax(axis=0)[None]
    return tuple(np.take_along_axis(each, best, axis=0)[0].sum(axis=1) for each in (different, common))


def profile(
    probe: Words,
    probe_mask: Words,
    codes: Words,
    masks: Words,
    reach: int,
    slack: int = 2,
    rows: tuple[int, ...] = (0, 1, -1),
) -> tuple[Any, Any]:
    """Count differing and common bits at every offset, each sector up to `slack` columns and a row beside it."""
    counts = {
        (row, shift): sectors(np.roll(moved(probe, row), -shift), np.roll(moved(probe_mask, row), -shift), codes, masks)
        for row in rows
        for shift in range(-reach - slack, reach + slack + 1)
    }
    found = [elastic(counts, shift, slack, rows) for shift in range(-reach, reach + 1)]
    different, common = np.array(found).transpose(1, 2, 0)
    return different, common


def thin(whole: Words) -> Words:
    """Keep the low halves of every second column, two to a word, sectors side by side."""
    low = bits(whole)[..., ::2, :32]
    in_order = words(low.reshape(*low.shape[:-2], -1, 64))
    return np.ascontiguousarray(in_order.reshape(*in_order.shape[:-1], 8, 8).swapaxes(-1, -2)).reshape(in_order.shape)


def sift(probe: Words, probe_mask: Words, codes: Words, masks: Words, reach: int) -> tuple[Any, Any]:
    """Count the bits of the coarse pass at every second offset, each sector up to two columns beside it."""

    def unthin(whole: Words) -> Words:
        flat = thin(whole)
        return np.ascontiguousarray(flat.reshape(*flat.shape[:-1], 8, 8).swapaxes(-1, -2)).reshape(flat.shape)

    counts = {
        (0, shift): sectors(
            unthin(np.roll(probe, -shift)), unthin(np.roll(probe_mask, -shift)), unthin(codes), unthin(masks)
        )
        for shift in range(-reach - 2, reach + 3, 2)
    }
    found = [elastic(counts, shift, 2, (0,), step=2) for shift in range(-reach, reach + 1, 2)]
    different, common = np.array(found).transpose(1, 2, 0)
    return different, common


def redundancy(code: Words, mask: Words, columns: int, step: int, rows: int) -> float:
    """Add up the squared correlations of bits with those up to so many columns and rows beside them."""
    flags, usable = (bits(each).reshape(256, 2, 16, 2) for each in (code, mask))
    total, count = 0.0, int(usable.sum())
    for band in range(2):
        for row in range(-rows, rows + 1):
            for column in range(0, columns + 1, step):
                if column == 0 and row < 0:
                    continue
                here, there = slice(max(row, 0), 16 + min(row, 0)), slice(max(-row, 0), 16 + min(-row, 0))
                both = usable[:, band, here] & np.roll(usable, -column, axis=0)[:, band, there]
                same = flags[:, band, here] == np.roll(flags, -column, axis=0)[:, band, there]
                n = int(both.sum())
                if n:
                    correlation = 2 * int((same & both).sum()) / n - 1
                    total += (1 if row == column == 0 else 2) * correlation**2 * n
    return total / count if count else 1.0


def unwrap(pixels: Any, usable: Any, inner: Floats, outer: Floats, rows: int) -> tuple[Floats, Any]:
    height, width = pixels.shape
    strip, valid = np.zeros((rows, len(inner))), np.zeros((rows, len(inner)), np.uint8)
    for i in range(rows):
        for j in range(len(inner)):
            x, y = inner[j] + (outer[j] - inner[j]) * ((i + 0.5) / rows)
            if 0 <= x < width - 1 and 0 <= y < height - 1:
                a, b = int(x), int(y)
                four = pixels[b : b + 2, a : a + 2].astype(float)
                top, bottom = four[:, 0] * (1 - (x - a)) + four[:, 1] * (x - a)
                strip[i, j] = top * (1 - (y - b)) + bottom * (y - b)
                valid[i, j] = usable[b : b + 2, a : a + 2].all()
    return strip, valid


def box(values: Floats, half_rows: int, half_columns: int) -> Floats:
    """Add up the neighbours of each sample: round the circle along the rows, and nothing beyond the ends across."""
    across = sum(np.roll(values, k, axis=1) for k in range(-half_columns, half_columns + 1))
    padded = np.pad(np.asarray(across), ((half_rows, half_rows), (0, 0)))
    sums: Floats = np.lib.stride_tricks.sliding_window_view(padded, 2 * half_rows + 1, axis=0).sum(axis=2)
    return sums


def flatten(
    strip: Floats, valid: Any, half_rows: int, half_columns: int, passes: int, noise: float, limit: float, scale: float
) -> Floats:
    """Take local mean and spread away; not yet rounded, so that a test can allow for the order of additions."""
    grey = np.where(valid, strip - 128.0, 0.0)
    sums = [valid.astype(float), grey, grey**2]
    for _ in range(passes):
        sums = [box(each, half_rows, half_columns) for each in sums]
    weight = np.maximum(sums[0], 1e-9)
    mean = sums[1] / weight
    variance = np.maximum(sums[2] / weight - mean**2, 0.0)
    value = np.clip((strip - 128.0 - mean) / np.sqrt(variance + noise**2), -limit, limit)
    return np.where((valid > 0) & (sums[0] >= 0.5), value * scale, 0.0)


def rows(flat: Any, valid: Any, taps: Any, first: Any, coverage: int) -> tuple[Any, Any]:
    lines = np.zeros((len(taps), flat.shape[1]), np.int16)
    known = np.zeros((len(taps), flat.shape[1]), np.uint8)
    for i, (weights, begin) in enumerate(zip(taps, first, strict=True)):
        for j in range(flat.shape[1]):
            total = weight = 0
            for k, tap in enumerate(weights):
                y = int(begin) + k
                if 0 <= y < len(flat) and valid[y, j]:
                    total, weight = total + int(tap) * int(flat[y, j]), weight + int(tap)
            known[i, j] = weight >= coverage
            lines[i, j] = math.floor(total / weight + 0.5) if weight else 0
    return lines, known


def encode(lines: Any, known: Any, taps: Any, least: int) -> tuple[Words, Words]:
    """Correlate each row with each filter round the circle, and keep the signs."""
    columns, half = lines.shape[1], taps.shape[1] // 2
    step = columns // 256
    code, mask = np.zeros((256, 64), bool), np.zeros((256, 64), bool)
    for i, line in enumerate(lines.astype(np.int64)):
        for f, tap in enumerate(taps.astype(np.int64)):
            response = sum(tap[half + k] * np.roll(line, -k) for k in range(-half, half + 1))[::step]
            bit = 32 * (f // 2) + 2 * i + f % 2
            mask[:, bit] = (known[i, ::step] > 0) & (abs(response) >= least)
            code[:, bit] = (response > 0) & mask[:, bit]
    return words(code), words(mask)
