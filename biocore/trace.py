"""A scope that receives the intermediate picture of every stage; off by default, and then it costs a lookup.

>>> import numpy as np
>>> from biocore import trace
>>> seen = []
>>> with trace.to(lambda stage, picture: seen.append(stage)):
...     trace.stage("fingerprint.mask", lambda: np.zeros((2, 2), np.uint8))
>>> seen
['fingerprint.mask']
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from numpy.typing import NDArray

Picture = NDArray[Any]  # (h, w) or (h, w, 3); uint8 as is, floats are scaled by whoever shows them
Sink = Callable[[str, Picture], None]

_sink: ContextVar[Sink | None] = ContextVar("biocore_trace", default=None)


@contextmanager
def to(sink: Sink) -> Iterator[None]:
    """Send every stage's picture to `sink(stage, picture)` inside this scope (this thread or task only)."""
    token = _sink.set(sink)
    try:
        yield
    finally:
        _sink.reset(token)


def active() -> bool:
    """Say whether anybody listens."""
    return _sink.get() is not None


def stage(name: str, picture: Picture | Callable[[], Picture]) -> None:
    """Hand over a stage's picture; a callable is only evaluated when somebody listens.

    Parameters
    ----------
    name : str
        Stable key, `package.stage`.
    picture : array or callable returning one
    """
    sink = _sink.get()
    if sink is not None:
        sink(name, picture() if callable(picture) else picture)
