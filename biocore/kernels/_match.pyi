import numpy as np
from numpy.typing import NDArray

def describe(
    rows: NDArray[np.int16],
    cosine: NDArray[np.float64],
    sine: NDArray[np.float64],
    radius: int,
    cell: int,
    side: int,
) -> None: ...
def index(
    rows: NDArray[np.int16],
    table: NDArray[np.uint64],
    cosine: NDArray[np.float64],
    sine: NDArray[np.float64],
    radius: int,
    cell: int,
    side: int,
    slack: float,
    stretch: float,
    turn: int,
) -> None: ...
def place(rows: NDArray[np.int16], near: NDArray[np.uint64], grid: NDArray[np.int32], reach: int) -> None: ...
def match(
    probe: NDArray[np.int16],
    table: NDArray[np.uint64],
    near: NDArray[np.uint64],
    grid: NDArray[np.int32],
    references: NDArray[np.int16],
    offsets: NDArray[np.int32],
    cosine: NDArray[np.float64],
    sine: NDArray[np.float64],
    rules: NDArray[np.float64],
    evidence: NDArray[np.float64],
    partners: NDArray[np.int16],
) -> None: ...
