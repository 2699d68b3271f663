import numpy as np
from numpy.typing import NDArray

def ways() -> int: ...
def profile(
    probe: NDArray[np.uint64],
    probe_mask: NDArray[np.uint64],
    codes: NDArray[np.uint64],
    masks: NDArray[np.uint64],
    slack: int,
    different: NDArray[np.int32],
    common: NDArray[np.int32],
    way: int,
) -> None: ...
def coarse(words: NDArray[np.uint64], out: NDArray[np.uint64]) -> None: ...
def sift(
    turned: NDArray[np.uint64],
    turned_mask: NDArray[np.uint64],
    thin_codes: NDArray[np.uint64],
    thin_masks: NDArray[np.uint64],
    least: int,
    per_bit: float,
    found: NDArray[np.int32],
) -> None: ...
def search(
    probe: NDArray[np.uint64],
    probe_mask: NDArray[np.uint64],
    turned: NDArray[np.uint64],
    turned_mask: NDArray[np.uint64],
    codes: NDArray[np.uint64],
    masks: NDArray[np.uint64],
    thin_codes: NDArray[np.uint64],
    thin_masks: NDArray[np.uint64],
    offsets: int,
    slack: int,
    least: int,
    per_bit: float,
    coarse_least: int,
    coarse_per_bit: float,
    doubtful: float,
    promising: float,
    found: NDArray[np.int32],
) -> None: ...
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
