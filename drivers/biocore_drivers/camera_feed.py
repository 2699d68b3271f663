"""Pictures of a camera as they come: a thread that reads, and may be left behind.

Reading a camera blocks for as long as the camera pleases, in code that cannot be interrupted. So a thread of its own
opens, reads and closes the source; whoever waits for a picture waits here, with a deadline. Of a live camera only the
latest picture is kept, so nobody is shown the past; a file waits for its reader.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from biocore.errors import DeviceProtocolError
from biocore_drivers.camera_pixels import BrokenPictureError
from biocore_drivers.job import Picture
from biocore_drivers.transport import Clock, RealClock, Situation

LET_GO = 2.5  # s to wait for the thread when the camera is closed
AGAIN = 0.02  # s before a camera that gave nothing is asked again
BROKEN = 10  # broken pictures in a row: the cable, not an accident

_log = logging.getLogger(__name__)


class Source(Protocol):
    """Where pictures come from; only the feed's thread uses it, but for `interrupt`.

    Attributes
    ----------
    live : bool
        It goes on whether anybody looks or not.
    """

    live: bool

    def grab(self) -> bool:
        """Wait for the next picture; False where none came: a file's end, a camera that fails.

        Raises
        ------
        DeviceError
        """
        ...

    def picture(self) -> Picture:
        """Decode what was grabbed.

        Raises
        ------
        BrokenPictureError
        """
        ...

    def interrupt(self) -> None:
        """End a `grab` that waits, as far as that is possible; called by another thread."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


class Feed:
    """A source behind a thread; see `transport.Link`.

    Parameters
    ----------
    situation : Situation
    begin : callable
        Opens the source, in the feed's thread; raises a DeviceError.
    release : callable or None
        Called once when the feed is closed: gives back what belongs to the device.
    """

    once = False

    def __init__(
        self, situation: Situation, begin: Callable[[], Source], release: Callable[[], None] | None = None
    ) -> None:
        self.situation = situation
        self.clock: Clock = RealClock()
        self.ended = False  # the file is at its end
        self._begin = begin
        self._release = release
        self._source: Source | None = None
        self._wanted = self._stopped = False
        self._latest: Picture | None = None
        self._failure: BaseException | None = None
        self._broken = ""
        self._run = 0  # broken pictures in a row
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name=f"biocore camera {situation.uri}", daemon=True)
        self._thread.start()

    # -- the owner's side --------------------------------------------------------------------------

    def want(self, wanted: bool) -> None:
        """Decode pictures from now on, or let them pass; what was taken before is forgotten where it is live."""
        with self._changed:
            self._wanted = wanted
            if self._source is None or self._source.live:
                self._latest = None
            self._changed.notify_all()

    def frame(self, timeout: float) -> Picture | None:
        """Return the next picture that nobody has seen; None where none comes in time.

        Raises
        ------
        DeviceError
            What ended the feed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._latest is not None or self._failure or self.ended, timeout)
            picture, self._latest = self._latest, None
            self._changed.notify_all()
            if picture is None and self._failure is not None:
                raise self._failure
            return picture

    def begun(self, timeout: float) -> bool:
        """Wait for the source to be open; say whether it is.

        Raises
        ------
        DeviceError
            Why it cannot be opened.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._source is not None or self._failure, timeout)
            if self._failure is not None:
                raise self._failure
            return self._source is not None

    @property
    def trouble(self) -> str:
        """What was wrong with the last picture, where it was broken."""
        return self._broken

    def reset(self) -> None:
        """Do nothing: a camera is closed and opened anew."""

    def close(self) -> None:
        """End the thread, or leave it behind where the camera holds it."""
        with self._changed:
            self._stopped = True
            source = self._source
            self._changed.notify_all()
        if source is not None:
            source.interrupt()
        self._thread.join(LET_GO)
        if self._thread.is_alive():
            _log.warning("%s: the camera does not let go; its thread ends when it does", self.situation.uri)
        release, self._release = self._release, None
        if release is not None:
            release()

    # -- the thread --------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            source = self._begin()
        except Exception as error:
            self._end(error)
            return
        try:
            with self._changed:
                self._source = source
                self._changed.notify_all()
            while not self._stopped:
                if self._turn(source):
                    self._one(source)
        except Exception as error:
            self._end(error)
        finally:
            with self._changed:
                self._source = None
            source.close()

    def _turn(self, source: Source) -> bool:
        """Wait for a file's turn: until somebody wants its next picture."""
        if source.live:
            return True
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or (self._wanted and self._latest is None and not self.ended))
            return not self._stopped

    def _one(self, source: Source) -> None:
        if not source.grab():
            if source.live:
                self.clock.sleep(AGAIN)
                return
            with self._changed:
                self.ended = True
                self._changed.notify_all()
            return
        if not self._wanted:
            return
        picture = self._decoded(source)
        with self._changed:
            if picture is not None and self._wanted:
                self._latest = picture
                self._changed.notify_all()

    def _decoded(self, source: Source) -> Picture | None:
        try:
            picture = source.picture()
        except BrokenPictureError as error:
            self._broken = str(error)
            self._run += 1
            if self._run >= BROKEN:
                raise self.situation.error(
                    DeviceProtocolError,
                    f"gave {self._run} broken pictures in a row: {error}",
                    "Try another cable, and a port of the machine itself instead of a hub",
                ) from error
            return None
        self._broken, self._run = "", 0
        return picture

    def _end(self, error: BaseException) -> None:
        with self._changed:
            if not self._stopped:
                self._failure = error
            self._changed.notify_all()
