"""How U.are.U readers hide a picture: a linear feedback shift register, here in NumPy.

The register has 32 bits and shifts right; the new top bit is the parity of the bits under `TAPS`. Every shift gives
one byte of key stream, made of eight of its bits. Shifting is linear over GF(2), so n shifts at once are a matrix, and
the states of a whole picture come by doubling: the states n..2n-1 are the states 0..n-1 shifted n times. A matrix is
applied byte by byte from four tables of 256 words.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

TAPS = 0x9248144D
KEY_BITS = (4, 8, 11, 14, 18, 21, 24, 29)  # of the register, for the bits of a key stream byte from the lowest
_Words = NDArray[np.uint32]


def advance(key: int, steps: int) -> int:
    """Return the register after `steps` shifts."""
    state = np.array([key], np.uint32)
    for power in range(steps.bit_length()):
        if steps >> power & 1:
            state = _apply(_tables(power), state)
    return int(state[0])


def key_stream(key: int, length: int) -> NDArray[np.uint8]:
    """Return `length` bytes of key stream, the first from the register as it is.

    Returns
    -------
    uint8 array (length,)
    """
    states = np.empty(max(1, length), np.uint32)
    states[0] = key
    known, power = 1, 0
    while known < length:
        more = min(known, length - known)
        states[known : known + more] = _apply(_tables(power), states[:more])
        known, power = known + more, power + 1
    states = states[:length]
    stream = np.zeros(length, np.uint8)
    for place, bit in enumerate(KEY_BITS):
        stream |= ((states >> np.uint32(bit) & np.uint32(1)) << np.uint32(place)).astype(np.uint8)
    return stream


def decrypt(cipher: NDArray[np.uint8], key: int) -> NDArray[np.uint8]:
    """Decrypt a block: each byte lies one place further on than its key; the last one is lost.

    Parameters
    ----------
    cipher : uint8 array (n,)
    key : int
        The register at the block's beginning.

    Returns
    -------
    uint8 array (n,)
    """
    plain = np.zeros_like(cipher)
    if len(cipher) > 1:
        plain[:-1] = cipher[1:] ^ key_stream(key, len(cipher) - 1)
    return plain


def _apply(tables: NDArray[np.uint32], states: _Words) -> _Words:
    result: _Words = tables[0][states & np.uint32(0xFF)]
    for place in range(1, 4):
        result ^= tables[place][states >> np.uint32(8 * place) & np.uint32(0xFF)]
    return result


@cache
def _tables(power: int) -> NDArray[np.uint32]:
    """Return the matrix of 2**power shifts as tables: what each value of each of the four bytes becomes.

    Returns
    -------
    uint32 array (4, 256)
    """
    if power == 0:
        columns = np.array([_shift(1 << bit) for bit in range(32)], np.uint32)
    else:
        half = _tables(power - 1)
        columns = _apply(half, _apply(half, np.left_shift(np.uint32(1), np.arange(32, dtype=np.uint32))))
    tables = np.zeros((4, 256), np.uint32)
    for bit in range(32):
        tables[bit // 8][(np.arange(256) >> (bit % 8) & 1).astype(bool)] ^= columns[bit]
    return tables


def _shift(state: int) -> int:
    return state >> 1 | ((state & TAPS).bit_count() & 1) << 31
