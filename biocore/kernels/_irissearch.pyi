from typing import Any

from numpy.typing import NDArray

def histogram(image: NDArray[Any], counts: NDArray[Any]) -> None: ...
def count_runs(mask: NDArray[Any]) -> int: ...
def label(
    mask: NDArray[Any],
    reach: int,
    runs: NDArray[Any],
    parents: NDArray[Any],
    areas: NDArray[Any],
) -> int: ...
def paint(runs: NDArray[Any], chosen: NDArray[Any], out: NDArray[Any]) -> None: ...
def spread(runs: NDArray[Any], chosen: NDArray[Any], widths: NDArray[Any], out: NDArray[Any]) -> None: ...
def forsake(runs: NDArray[Any], mark: NDArray[Any], chosen: NDArray[Any]) -> None: ...
def ridges(
    gx: NDArray[Any],
    gy: NDArray[Any],
    least: float,
    squares: NDArray[Any],
    out: NDArray[Any],
) -> int: ...
def vote(
    edges: NDArray[Any],
    radii: NDArray[Any],
    shares: NDArray[Any],
    begins: NDArray[Any],
    halves: NDArray[Any],
    rises: NDArray[Any],
    reaches: NDArray[Any],
    sign: float,
    cap: float,
    side: float,
    above: float,
    below: float,
    window: NDArray[Any],
    votes: NDArray[Any],
    smooth: NDArray[Any],
    nothing: NDArray[Any],
    room: NDArray[Any],
    level: NDArray[Any],
    share: NDArray[Any],
    plane: NDArray[Any],
    asked: NDArray[Any],
    answers: NDArray[Any],
    values: NDArray[Any],
) -> None: ...
