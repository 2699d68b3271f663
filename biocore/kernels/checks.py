"""What every gate asks of its arguments before a kernel may see them."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidSampleError
from biocore.types import GreyImage, check_pixels

_T = TypeVar("_T", bound=np.generic)


def _plain(value: NDArray[_T]) -> NDArray[_T]:
    """Return the numbers one after the other where a processor can read them; without a copy where they are."""
    row = np.asarray(value, order="C")
    return row if row.flags.aligned else row.copy()


def _fits(have: tuple[int, ...], want: tuple[int | None, ...]) -> bool:
    if len(have) != len(want):
        return False
    return [n if m is None else m for n, m in zip(have, want, strict=True)] == list(have)


def grey(pixels: object, *, min_side: int = 1) -> GreyImage:
    """Return a C-contiguous grey raster of at least `min_side` px a side.

    Raises
    ------
    InvalidSampleError
    """
    image = check_pixels(pixels)
    if min(image.shape) < min_side:
        raise InvalidSampleError(
            f"pixels are {image.shape[1]}x{image.shape[0]} px; at least {min_side} a side are needed"
        )
    return _plain(image)


def array(
    value: object, dtype: type[_T], shape: tuple[int | None, ...], name: str, *, finite: bool = True
) -> NDArray[_T]:
    """Return a C-contiguous array of exactly this dtype and shape (None = any length).

    Raises
    ------
    InvalidSampleError
        Another type, dtype or shape, or (for floats, unless `finite` is False) a NaN or an infinity.
    """
    if not isinstance(value, np.ndarray):
        raise InvalidSampleError(f"{name} must be a NumPy array, not {type(value).__name__}")
    if value.dtype != dtype:
        raise InvalidSampleError(f"{name} must be {np.dtype(dtype).name}, not {value.dtype}")
    if value.shape != shape and not _fits(value.shape, shape):
        wanted = ", ".join("any" if n is None else str(n) for n in shape)
        raise InvalidSampleError(f"{name} must have shape ({wanted}), not {value.shape}")
    if finite and value.dtype.kind == "f" and not np.isfinite(value).all():
        raise InvalidSampleError(f"{name} must be finite; there is a NaN or an infinity in it")
    return _plain(value)
