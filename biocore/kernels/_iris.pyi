from typing import Any

from numpy.typing import NDArray

def bridge(
    image: NDArray[Any],
    spots: NDArray[Any],
    level: NDArray[Any],
    span: NDArray[Any],
    columns: NDArray[Any],
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
def unroll(
    image: NDArray[Any],
    cx: float,
    cy: float,
    turn: NDArray[Any],
    inner: NDArray[Any],
    outer: NDArray[Any],
    widths: NDArray[Any],
    total: NDArray[Any],
    grey: NDArray[Any],
    steps: NDArray[Any],
) -> None: ...
def best_path(
    reward: NDArray[Any],
    bend: NDArray[Any],
    closed: bool,
    sums: NDArray[Any],
    step: NDArray[Any],
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
    unstarted: bool,
    curve: NDArray[Any],
    keeps: NDArray[Any],
    coefficients: NDArray[Any],
    work: NDArray[Any],
) -> float: ...
def follow(
    steps: NDArray[Any],
    radii: NDArray[Any],
    trust: NDArray[Any],
    full: float,
    relative: bool,
    floor_: float,
    after: NDArray[Any],
    until: NDArray[Any],
    bend: NDArray[Any],
    basis: NDArray[Any],
    prior: NDArray[Any],
    tightness: NDArray[Any],
    least_spread: float,
    tukey: float,
    rounds: int,
    largest: float,
    reward: NDArray[Any],
    sums: NDArray[Any],
    step: NDArray[Any],
    back: NDArray[Any],
    path: NDArray[Any],
    out: NDArray[Any],
    coefficients: NDArray[Any],
    work: NDArray[Any],
) -> float: ...
