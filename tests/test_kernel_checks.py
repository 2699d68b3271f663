"""The gates' questions: what passes is exactly what a kernel may see; everything else is refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from biocore.errors import InvalidSampleError
from biocore.kernels import checks
from biocore.types import MAX_SIDE

ANY_ARRAY = hnp.arrays(
    hnp.scalar_dtypes() | st.just(np.dtype("U3")),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6),
)
SHAPE = st.lists(st.none() | st.integers(0, 4), max_size=3).map(tuple)


def writable_nowhere(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    pixels.flags.writeable = False
    return pixels


@given(ANY_ARRAY, st.integers(1, 5))
def test_any_array_is_a_picture_or_refused_by_name(value: np.ndarray[Any, Any], min_side: int) -> None:
    fits = value.dtype == np.uint8 and value.ndim == 2 and value.size > 0 and min(value.shape) >= min_side
    if fits:
        image = checks.grey(value, min_side=min_side)
        assert image.flags.c_contiguous
        assert image.tolist() == value.tolist()
    else:
        with pytest.raises(InvalidSampleError):
            checks.grey(value, min_side=min_side)


@given(ANY_ARRAY, SHAPE, st.sampled_from([np.uint8, np.int16, np.int32, np.float32, np.float64]))
def test_any_array_has_the_asked_form_or_is_refused_by_name(
    value: np.ndarray[Any, Any], shape: tuple[int | None, ...], dtype: type[np.generic]
) -> None:
    fits = (
        value.dtype == dtype
        and value.ndim == len(shape)
        and all(n in (None, have) for n, have in zip(shape, value.shape, strict=True))
        and (value.dtype.kind != "f" or bool(np.isfinite(value).all()))
    )
    if fits:
        passed = checks.array(value, dtype, shape, "values")
        assert passed.flags.c_contiguous
        assert passed.shape == value.shape
        assert passed.tolist() == value.tolist()
    else:
        with pytest.raises(InvalidSampleError, match="values must"):
            checks.array(value, dtype, shape, "values")


@pytest.mark.parametrize("value", [None, 3, "grey", b"\0", [[1, 2], [3, 4]], memoryview(b"\0\1")])
def test_what_is_no_array_is_refused(value: object) -> None:
    with pytest.raises(InvalidSampleError, match="must be a NumPy array"):
        checks.grey(value)
    with pytest.raises(InvalidSampleError, match="points must be a NumPy array"):
        checks.array(value, np.uint8, (None,), "points")


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a[:, ::2],
        lambda a: a[::-1],
        lambda a: a[:, ::-1],
        lambda a: a.T,
        np.asfortranarray,
        lambda a: np.broadcast_to(a[0], (9, a.shape[1])),
        lambda a: np.lib.stride_tricks.as_strided(a, (5, 5), (1, 1)),  # rows that overlap in memory
    ],
    ids=["columns", "upside down", "mirrored", "transposed", "fortran", "broadcast", "overlapping"],
)
def test_odd_views_become_plain_rasters_of_the_same_pixels(view: Any) -> None:
    strange = view(np.arange(90, dtype=np.uint8).reshape(9, 10))
    for passed in (checks.grey(strange), checks.array(strange, np.uint8, (None, None), "pixels")):
        assert passed.flags.c_contiguous
        assert passed.flags.aligned
        assert passed.tolist() == strange.tolist()


def test_plain_rasters_pass_without_a_copy_read_only_ones_too() -> None:
    plain = np.zeros((4, 5), np.uint8)
    assert checks.grey(plain) is plain
    frozen = writable_nowhere(np.zeros((4, 5), np.uint8))
    assert checks.grey(frozen) is frozen


def test_unaligned_numbers_are_copied_to_where_a_processor_can_read_them() -> None:
    unaligned = np.frombuffer(b"\0" + np.arange(6, dtype=np.float64).tobytes(), np.float64, offset=1)
    assert not unaligned.flags.aligned
    passed = checks.array(unaligned, np.float64, (6,), "values")
    assert passed.flags.aligned
    assert passed.tolist() == [0, 1, 2, 3, 4, 5]


def test_numbers_in_foreign_byte_order_are_refused_not_misread() -> None:
    foreign = np.arange(3, dtype=">i4")
    with pytest.raises(InvalidSampleError, match="values must be int32"):
        checks.array(foreign, np.int32, (3,), "values")


class Masked(np.ndarray[Any, Any]):
    """An array type of somebody else's, whose operators may do anything."""


def test_a_subclass_becomes_a_plain_array() -> None:
    strange = np.zeros((3, 3), np.uint8).view(Masked)
    assert type(checks.grey(strange)) is np.ndarray
    assert type(checks.array(strange, np.uint8, (3, 3), "pixels")) is np.ndarray


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_that_are_none_are_refused_unless_asked_for(bad: float, dtype: type[np.floating[Any]]) -> None:
    values = np.array([0.0, bad], dtype)
    with pytest.raises(InvalidSampleError, match="values must be finite; there is a NaN or an infinity in it"):
        checks.array(values, dtype, (2,), "values")
    assert checks.array(values, dtype, (2,), "values", finite=False) is values


def test_messages_say_what_came_and_what_was_wanted() -> None:
    with pytest.raises(InvalidSampleError, match=r"points must have shape \(any, 2\), not \(3, 3\)"):
        checks.array(np.zeros((3, 3), np.float32), np.float32, (None, 2), "points")
    with pytest.raises(InvalidSampleError, match="points must be float32, not float64"):
        checks.array(np.zeros((3, 2)), np.float32, (None, 2), "points")
    with pytest.raises(InvalidSampleError, match="pixels are 7x3 px; at least 4 a side are needed"):
        checks.grey(np.zeros((3, 7), np.uint8), min_side=4)


def test_pictures_beyond_the_limit_are_refused_before_they_are_copied() -> None:
    huge = np.broadcast_to(np.uint8(0), (MAX_SIDE + 1, 2**30))  # a view of one byte: 8 TB once copied
    with pytest.raises(InvalidSampleError, match="the limit is"):
        checks.grey(huge)
