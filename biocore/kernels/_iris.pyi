from typing import Any

from numpy.typing import NDArray

def vote(
    gx: NDArray[Any],
    gy: NDArray[Any],
    bins: NDArray[Any],
    nearest: int,
    sign: float,
    least: float,
    cap: float,
    side: float,
    above: float,
    below: float,
    out: NDArray[Any],
) -> None: ...
def rays(
    image: NDArray[Any],
    cx: float,
    cy: float,
    turn: NDArray[Any],
    inner: NDArray[Any],
    outer: NDArray[Any],
    out: NDArray[Any],
) -> None: ...
def steps(grey: NDArray[Any], widths: NDArray[Any], total: NDArray[Any], out: NDArray[Any]) -> None: ...
def best_path(
    reward: NDArray[Any],
    bend: NDArray[Any],
    closed: bool,
    sums: NDArray[Any],
    back: NDArray[Any],
    out: NDArray[Any],
) -> None: ...
def fit_curve(
    values: NDArray[Any],
    weights: NDArray[Any],
    basis: NDArray[Any],
    prior: NDArray[Any],
    tightness: NDArray[Any],
    least_spread: float,
    tukey: float,
    rounds: int,
    curve: NDArray[Any],
    keeps: NDArray[Any],
    coefficients: NDArray[Any],
    work: NDArray[Any],
) -> float: ...
