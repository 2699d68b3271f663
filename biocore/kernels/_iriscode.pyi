import numpy as np
from numpy.typing import NDArray

def ways() -> int: ...
def profile(
    probe: NDArray[np.uint64],
    probe_mask: NDArray[np.uint64],
    references: NDArray[np.uint64],
    slack: int,
    different: NDArray[np.int32],
    common: NDArray[np.int32],
    way: int,
) -> None: ...
def coarse(words: NDArray[np.uint64], out: NDArray[np.uint64]) -> None: ...
def redundancy(
    references: NDArray[np.uint64], columns: int, step: int, rows: int, out: NDArray[np.float64], way: int
) -> None: ...
def sift(
    turned: NDArray[np.uint64],
    turned_mask: NDArray[np.uint64],
    references: NDArray[np.uint64],
    least: int,
    per_bit: float,
    found: NDArray[np.int32],
) -> None: ...
def search(
    probe: NDArray[np.uint64],
    probe_mask: NDArray[np.uint64],
    turned: NDArray[np.uint64],
    turned_mask: NDArray[np.uint64],
    references: NDArray[np.uint64],
    spread: NDArray[np.float64],
    offsets: int,
    slack: int,
    least: int,
    per_bit: float,
    coarse_least: int,
    coarse_per_bit: float,
    doubtful: float,
    promising: float,
    likely: float,
    found: NDArray[np.int32],
) -> None: ...
