from typing import Any

from numpy.typing import NDArray

def pack(
    ridges: NDArray[Any], mask: NDArray[Any], margin: int, ridge_bits: NDArray[Any], valley_bits: NDArray[Any]
) -> None: ...
def thin(bits: NDArray[Any], work: NDArray[Any], rounds: int) -> None: ...
def unpack(bits: NDArray[Any], out: NDArray[Any]) -> None: ...
def prune(
    lines: NDArray[Any], seen: NDArray[Any], path: NDArray[Any], marks: NDArray[Any], spur: int, fragment: int
) -> None: ...
def trace_ends(
    lines: NDArray[Any],
    seen: NDArray[Any],
    marks: NDArray[Any],
    reach: int,
    paths: NDArray[Any],
    lengths: NDArray[Any],
) -> int: ...
def cancel_facing(
    lines: NDArray[Any], ends: NDArray[Any], near: float, far: float, facing: float, cancelled: NDArray[Any]
) -> None: ...
def angles(vectors: NDArray[Any], out: NDArray[Any]) -> None: ...
