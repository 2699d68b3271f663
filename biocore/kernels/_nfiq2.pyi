import numpy as np
from numpy.typing import NDArray

def margin_sums(image: NDArray[np.uint8], rows: NDArray[np.uint32], columns: NDArray[np.uint32]) -> None: ...
def grid_sums(image: NDArray[np.uint8], out: NDArray[np.int32]) -> None: ...
def minutia_sums(image: NDArray[np.uint8], points: NDArray[np.int32], out: NDArray[np.int32]) -> None: ...
def ridge_blocks(
    image: NDArray[np.uint8],
    foreground: NDArray[np.uint8],
    border: int,
    waves: NDArray[np.float64],
    neighbour_weight: float,
    width_scale: float,
    width_limits: NDArray[np.float64],
    orientation: NDArray[np.float64],
    fda: NDArray[np.float64],
    lcs: NDArray[np.float64],
    ratios: NDArray[np.float64],
    n_ratios: NDArray[np.int32],
) -> None: ...
def orientation_flow(
    orientation: NDArray[np.float64],
    foreground: NDArray[np.uint8],
    least: float,
    span: float,
    out: NDArray[np.float64],
) -> None: ...
def tally(
    values: NDArray[np.float64], limits: NDArray[np.float64], counts: NDArray[np.int32]
) -> tuple[float, float]: ...
