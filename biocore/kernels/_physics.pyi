from numpy import float32, float64, int32, uint8
from numpy.typing import NDArray

def cell_sums(grey: NDArray[uint8], cell: int, out: NDArray[int32]) -> None: ...
def ridge_profiles(
    grey: NDArray[uint8],
    frames: NDArray[float64],
    along_step: float,
    hysteresis: float,
    window: NDArray[float32],
    columns: NDArray[float32],
    out: NDArray[float64],
) -> None: ...
