"""`--trace DIR`: the picture of every stage as a PNG, numbered in the order they came."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from biocore import trace
from biocore.trace import Picture
from biocore_bindings.outputs import write_picture, writing

INDEX = "stages.tsv"  # what each picture was before it was scaled to be seen


@contextmanager
def traced(folder: Path | None) -> Iterator[None]:
    """Write every stage that happens in this scope into `folder`; with None, none.

    Raises
    ------
    FormatError
        The folder or a picture cannot be written.
    """
    if folder is None:
        yield
        return
    with trace.to(_Sink(folder)):
        yield


class _Sink:
    """Writes the stages it is called with."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / INDEX).write_text("file\tstage\tdtype\tshape\tmin\tmax\n")

    def __call__(self, stage: str, picture: Picture) -> None:
        self._count += 1
        array = np.asarray(picture)
        name = f"{self._count:02d}-{re.sub(r'[^A-Za-z0-9.]+', '-', stage)}.png"
        shown = as_grey_or_colour(array)
        low, high = (float(np.nanmin(array)), float(np.nanmax(array))) if array.size else (0.0, 0.0)
        shape = "x".join(map(str, array.shape))
        if shown is not None:
            write_picture(self._folder / name, shown)
        with writing(self._folder / INDEX), (self._folder / INDEX).open("a") as index:
            index.write(f"{name if shown is not None else ''}\t{stage}\t{array.dtype}\t{shape}\t{low:g}\t{high:g}\n")


def as_grey_or_colour(array: Picture) -> Picture | None:
    """Return a stage's picture as uint8: as it is, or scaled from its own minimum and maximum.

    Parameters
    ----------
    array : (h, w) or (h, w, 3)
        Truth values become 0 and 255; NaN becomes 0.

    Returns
    -------
    uint8 array, or None where the stage is no picture.
    """
    if array.size == 0 or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        return None
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    values = np.nan_to_num(
        np.abs(array) if np.iscomplexobj(array) else array.astype(np.float64), posinf=0.0, neginf=0.0
    )
    low, high = float(values.min()), float(values.max())
    scaled = np.rint((values - low) * (255.0 / (high - low) if high > low else 0.0))
    return np.asarray(scaled, np.uint8)
