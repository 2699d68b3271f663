"""The rows of minutiae in finger minutiae records: five or six bytes each, alike in every edition of ISO and ANSI."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from biocore.formats.cursor import Cursor
from biocore.types import MinutiaKind

if TYPE_CHECKING:
    from biocore.formats.finger_minutiae import FingerView

MAX_COORDINATE = (1 << 14) - 1  # px; 14 bits
SIX_BYTES, FIVE_BYTES = 6, 5  # length of a minutia with and without its quality

_ROW = np.dtype([("x", ">u2"), ("y", ">u2"), ("angle", "u1"), ("quality", "u1")])


class MinutiaColumns(NamedTuple):
    """Minutiae as columns, in the units of the record; `reserved` says that bits are set which mean nothing."""

    x: NDArray[np.uint16]
    y: NDArray[np.uint16]
    angles: NDArray[np.uint8]
    kinds: NDArray[np.uint8]
    qualities: NDArray[np.uint8]
    reserved: bool


def read_minutiae(cursor: Cursor, count: int, size: int = SIX_BYTES) -> MinutiaColumns:
    """Read minutiae.

    Parameters
    ----------
    cursor : Cursor
    count : int
    size : int
        Bytes of each: 6, or 5 without quality.

    Raises
    ------
    FormatError
        They are cut off, or one has the kind 3, which does not exist.
    """
    if count * size > cursor.left:
        raise cursor.error(f"{count} minutiae are announced, and the record ends before them", back=1)
    raw = np.frombuffer(cursor.bytes(count * size, f"{count} minutiae"), np.uint8).reshape(count, size)
    words = np.ascontiguousarray(raw[:, :4]).view(">u2").astype(np.uint16)
    x_word, y_word = words[:, 0], words[:, 1]
    kinds = (x_word >> 14).astype(np.uint8)
    if (kinds > MinutiaKind.BIFURCATION).any():
        wrong = int(np.argmax(kinds > MinutiaKind.BIFURCATION))
        raise cursor.error("minutia kind 3 is reserved", back=(count - wrong) * size)
    coordinates = np.uint16(MAX_COORDINATE)
    return MinutiaColumns(
        x_word & coordinates,
        y_word & coordinates,
        raw[:, 4].copy(),
        kinds,
        raw[:, 5].copy() if size == SIX_BYTES else np.zeros(count, np.uint8),
        bool((y_word >> 14).any()),
    )


def write_minutiae(view: FingerView, steps: int = 256) -> bytes:
    """Write the minutiae of a view, six bytes each; `steps` make a turn of their angles."""
    rows = np.empty(len(view), _ROW)
    rows["x"], rows["y"] = view.kinds.astype(np.uint16) << 14 | view.x, view.y
    rows["angle"], rows["quality"] = view.angles.astype(np.uint16) % np.uint16(steps), view.qualities
    return rows.tobytes()
