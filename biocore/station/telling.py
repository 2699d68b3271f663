"""Events on their way to a listener: in order, and in a thread of their own, so that a slow or broken one harms nobody.

Whoever tells never waits. What may be missed (live views) waits one deep: a newer one replaces it. Everything else
waits in order, up to `MOST`; a listener that hangs beyond that misses the oldest, and `missed` counts them.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any

MOST = 1000  # events; a resident with every finger taken fifteen times makes some 600
PATIENCE = 1.0  # s; how long `close` waits for a listener that is still busy

_log = logging.getLogger(__name__)


class Teller:
    """Tells one listener.

    Parameters
    ----------
    listener : callable (event) or None
        Called in the teller's thread, one event at a time. What it raises is logged by its kind alone.

    Attributes
    ----------
    missed : int
        Events that the listener was too slow for.
    """

    def __init__(self, listener: Callable[[Any], None] | None) -> None:
        self._listener = listener
        self._waiting: deque[tuple[Any, bool]] = deque()
        self._changed = threading.Condition()
        self._busy = False
        self._closed = listener is None
        self._thread: threading.Thread | None = None
        self.missed = 0

    def tell(self, event: object, *, may_be_missed: bool = False) -> None:
        """Hand an event over, and return at once."""
        with self._changed:
            if self._closed:
                return
            if may_be_missed and self._waiting and self._waiting[-1][1]:
                self._waiting.pop()
                self.missed += 1
            elif len(self._waiting) >= MOST:
                self._waiting.popleft()
                self.missed += 1
            self._waiting.append((event, may_be_missed))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="biocore teller", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def drain(self, timeout: float) -> bool:
        """Wait until all that was told is heard; False where the listener does not get there in time."""
        if threading.current_thread() is self._thread:
            return False  # the listener itself asks
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._busy, timeout)

    def close(self) -> None:
        """Let the listener hear what waits, as far as it does so in time, and end."""
        self.drain(PATIENCE)
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def __enter__(self) -> Teller:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                event, _ = self._waiting.popleft()
                self._busy = True
            try:
                assert self._listener is not None
                self._listener(event)
            except Exception as error:  # its text may name somebody
                _log.error("a listener failed on %s with %s", type(event).__name__, type(error).__name__)
            finally:
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()
