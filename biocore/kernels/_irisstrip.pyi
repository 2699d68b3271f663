import numpy as np
from numpy.typing import NDArray

def unwrap(
    pixels: NDArray[np.uint8],
    usable: NDArray[np.uint8],
    inner: NDArray[np.float64],
    outer: NDArray[np.float64],
    strip: NDArray[np.float64],
    valid: NDArray[np.uint8],
) -> None: ...
def flatten(
    strip: NDArray[np.float64],
    valid: NDArray[np.uint8],
    work: NDArray[np.float64],
    line: NDArray[np.float64],
    half_rows: int,
    half_columns: int,
    passes: int,
    noise: float,
    limit: float,
    scale: float,
    out: NDArray[np.int16],
) -> None: ...
def rows(
    flat: NDArray[np.int16],
    valid: NDArray[np.uint8],
    taps: NDArray[np.int32],
    first: NDArray[np.int32],
    coverage: int,
    out: NDArray[np.int16],
    known: NDArray[np.uint8],
) -> None: ...
def encode(
    lines: NDArray[np.int16],
    known: NDArray[np.uint8],
    taps: NDArray[np.int16],
    line: NDArray[np.int16],
    step: int,
    least: int,
    code: NDArray[np.uint64],
    mask: NDArray[np.uint64],
) -> None: ...
