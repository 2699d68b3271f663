import numpy as np
from numpy.typing import NDArray

def find_peaks(score: NDArray[np.float32], threshold: float, radius: int, found: NDArray[np.int32]) -> int: ...
