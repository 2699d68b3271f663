import numpy as np
from numpy.typing import NDArray

WORK: int

def describe(
    rows: NDArray[np.int16],
    cosine: NDArray[np.float64],
    sine: NDArray[np.float64],
    rings: NDArray[np.int32],
) -> None: ...
def index(
    rows: NDArray[np.int16],
    table: NDArray[np.uint64],
    alike: NDArray[np.uint16],
) -> None: ...
def match(
    probe: NDArray[np.int16],
    table: NDArray[np.uint64],
    alike: NDArray[np.uint16],
    references: NDArray[np.int16],
    offsets: NDArray[np.int32],
    cosine: NDArray[np.float64],
    sine: NDArray[np.float64],
    rules: NDArray[np.float64],
    reach: int,
    room: NDArray[np.float64],
    evidence: NDArray[np.float64],
    partners: NDArray[np.int16],
) -> None: ...
