import numpy as np
from numpy.typing import NDArray

def erode(image: NDArray[np.uint8], reach: int, rows: NDArray[np.uint8], out: NDArray[np.uint8]) -> None: ...
def blur(
    image: NDArray[np.uint8],
    grow: NDArray[np.int32],
    cut: NDArray[np.int32],
    reach: int,
    prefix: NDArray[np.uint16],
    across: NDArray[np.uint16],
    strip: NDArray[np.uint32],
    out: NDArray[np.uint8],
) -> None: ...
def otsu(image: NDArray[np.uint8]) -> int: ...
def binarise(image: NDArray[np.uint8], threshold: int) -> None: ...
def region(
    mask: NDArray[np.uint8],
    image: NDArray[np.uint8],
    side: int,
    first: NDArray[np.int32],
    begin: NDArray[np.int32],
    light: NDArray[np.uint8],
    parent: NDArray[np.int32],
    box: NDArray[np.int32],
    blocks: NDArray[np.uint8],
    out: NDArray[np.uint8],
) -> tuple[int, int]: ...
