import numpy as np
from numpy.typing import NDArray

def grow(
    image: NDArray[np.int16],
    scratch: NDArray[np.int16],
    orientation: NDArray[np.uint8],
    period: NDArray[np.uint8],
    mask: NDArray[np.uint8],
    bank: NDArray[np.int16],
    shift: int,
    limit: int,
    passes: int,
) -> None: ...
def sample(
    plane: NDArray[np.int16],
    x: NDArray[np.int32],
    y: NDArray[np.int32],
    weights: NDArray[np.int16],
    out: NDArray[np.int16],
) -> None: ...
