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


def profile(probe: Words, probe_mask: Words, codes: Words, masks: Words, reach: int) -> tuple[Any, Any]:
    """Count differing and common bits, the probe rolled by each offset."""
    counted = []
    for shift in range(-reach, reach + 1):
        code, mask = bits(np.roll(probe, -shift)), bits(np.roll(probe_mask, -shift))
        both = mask & bits(masks)
        counted.append((((code ^ bits(codes)) & both).sum(axis=(1, 2)), both.sum(axis=(1, 2))))
    different, common = np.array(counted).transpose(1, 2, 0)
    return different, common


def thin(whole: Words) -> Words:
    """Keep the low halves of every second column, two to a word."""
    low = bits(whole)[..., ::2, :32]
    return words(low.reshape(*low.shape[:-2], -1, 64))


def coarse_profile(probe: Words, probe_mask: Words, codes: Words, masks: Words, reach: int) -> tuple[Any, Any]:
    """Count the bits of the coarse pass, at every second offset."""
    counted = []
    for shift in range(-reach, reach + 1, 2):
        code, mask = bits(thin(np.roll(probe, -shift))), bits(thin(np.roll(probe_mask, -shift)))
        both = mask & bits(thin(masks))
        counted.append((((code ^ bits(thin(codes))) & both).sum(axis=(1, 2)), both.sum(axis=(1, 2))))
    different, common = np.array(counted).transpose(1, 2, 0)
    return different, common


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
