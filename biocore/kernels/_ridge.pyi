from typing import Any

from numpy.typing import NDArray

def normalise(
    pixels: NDArray[Any],
    radius: int,
    floor: float,
    gain: float,
    limit: float,
    margin: int,
    work: NDArray[Any],
    out: NDArray[Any],
    deviation: NDArray[Any],
) -> None: ...
def cell_tensors(ridges: NDArray[Any], margin: int, cell: int, work: NDArray[Any], out: NDArray[Any]) -> None: ...
def filter_cells(
    ridges: NDArray[Any],
    bank: NDArray[Any],
    scale: NDArray[Any],
    spans: NDArray[Any],
    choice: NDArray[Any],
    margin: int,
    limit: float,
    work: NDArray[Any],
    out: NDArray[Any],
    strength: NDArray[Any],
) -> None: ...
