"""One scanner or camera as a biometric service serves it: one capture at a time, the best picture at the deadline.

A capture is repeated until the requested score is reached: for a slap that is the mean of its fingers, which is MOSIP's
rule. At the deadline the best there was is handed out, whatever its score.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import biocore
from biocore.device_info import Route
from biocore.errors import (
    BiocoreError,
    CaptureCancelledError,
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceError,
    DeviceSuspendedError,
    DeviceTimeoutError,
    DeviceUnsupportedError,
    IncompleteCaptureError,
    SubjectTimeoutError,
)
from biocore.hal import Device, DeviceInfo
from biocore.sbi import ANY, EYES, SLAPS
from biocore.station.live import DeviceNews, Live, LiveView
from biocore.types import Modality, Part, Position
from biocore_bindings.sbi_records import Capture, Scored, scored
from biocore_bindings.sbi_request import BUSY, EXTRACTION, FAILED, NO_DEVICE, NOBODY, NOT_READY, RefusedError
from biocore_bindings.sbi_sequence import Taken
from biocore_bindings.sbi_view import View, beside

REOPEN = 2.0  # s between two attempts to open a device that went away
LEAST = 0.05  # s that a further attempt must have
PAUSE = 0.1  # s between two attempts, so that a device that answers at once does not spin
_ID = uuid.UUID("8d0ae6f5-5f0f-4a47-9e0b-62b3f5a8f0a1")  # the name space of device ids, drawn once

_log = logging.getLogger(__name__)


class Served:
    """A device that is served; opened by the caller's `open`, reopened by itself when it comes back.

    Parameters
    ----------
    uri : str
    real : bool
        Residents are registered with it: what shows synthetic fingers or eyes is refused.

    Raises
    ------
    DeviceError
        It cannot be opened, must not enrol anybody, or is a biometric service itself.
    """

    def __init__(self, uri: str, *, real: bool = False) -> None:
        self._real = real
        self.view = View()
        self._device: Device = biocore.open_device(uri)  # open from here on
        self._turn = threading.Lock()  # held by who captures or opens
        self._capturing = False
        self._ready = True
        self._tried = time.monotonic()
        self._closed = False
        try:
            self._check()
        except DeviceError:
            self._device.close()
            raise
        self.info: DeviceInfo = self._device.info
        told = f"{self.info.maker}/{self.info.model}/{self.info.serial or uri}"
        self.device_id = str(uuid.uuid5(_ID, told))
        self.auth_id = str(uuid.uuid5(_ID, f"{told} to authenticate"))  # a device has one purpose, so this is another
        self.serial = self.info.serial or hashlib.sha256(told.encode()).hexdigest()[:12].upper()

    def _check(self) -> None:
        info = self._device.info
        if info.route is Route.SERVICE:
            raise DeviceUnsupportedError(
                "is served by a biometric service already", uri=info.uri, hint="Let clients call that service"
            )
        if self._real and info.synthetic:
            raise DeviceUnsupportedError(
                "shows what was never a finger or an eye", uri=info.uri, hint="Serve it in env Developer or Staging"
            )
        info.require_fit()

    # -- what it is ------------------------------------------------------------------------------------

    @property
    def kind(self) -> str:
        """Finger or Iris."""
        return "Finger" if self.info.modality is Modality.FINGER else "Iris"

    @property
    def subtype(self) -> str:
        """Slap or Single, Double or Single."""
        if not self.shows:
            return "Single"
        return "Slap" if self.info.modality is Modality.FINGER else "Double"

    @property
    def shows(self) -> Mapping[str, tuple[Position, ...]]:
        """What each deviceSubId shows, of those the device has; empty where it shows one at a time."""
        known = SLAPS if self.info.modality is Modality.FINGER else EYES
        groups = [set(group) for group in self.info.groups]
        return {sub_id: shown for sub_id, shown in known.items() if any(set(shown) <= group for group in groups)}

    @property
    def sub_ids(self) -> list[str]:
        """Its deviceSubIds."""
        return list(self.shows) or [ANY]

    @property
    def status(self) -> str:
        """Ready, Busy, or Not Ready; a device that went away is looked for anew."""
        if self._capturing:
            return "Busy"
        if not self._ready and time.monotonic() - self._tried >= REOPEN and self._turn.acquire(blocking=False):
            try:
                self._reopen()
            finally:
                self._turn.release()
        return "Ready" if self._ready else "Not Ready"

    # -- what it does ----------------------------------------------------------------------------------

    def capture(
        self,
        positions: tuple[Position, ...],
        missing: tuple[Position, ...],
        score: float,
        seconds: float,
        gone: threading.Event,
    ) -> Capture:
        """Capture until the score is reached or time is up.

        Parameters
        ----------
        positions, missing : tuple of Position
        score : float
            Mean quality from which no better picture is waited for.
        seconds : float
        gone : threading.Event
            Set by who waits no longer: the capture ends.

        Raises
        ------
        RefusedError
            With the interface's code: busy, not ready, nobody came, fewer came than asked for.
        CaptureCancelledError
            `gone` was set.
        """
        with self._taking():
            return self._best(positions, missing, score, time.monotonic() + seconds, gone)

    def capture_each(
        self, positions: tuple[Position, ...], score: float, seconds: float, gone: threading.Event
    ) -> Capture:
        """Capture one after another on a device that shows one at a time, each another one than those before.

        Each has its share of the time that is left. Parameters and errors as those of `capture`.
        """
        with self._taking():
            end = time.monotonic() + seconds
            taken = Taken() if len(positions) > 1 else None
            parts: list[Scored] = []
            for number, position in enumerate(positions):
                now = time.monotonic()
                share = now + (end - now) / (len(positions) - number)
                (part,) = self._best((position,), (), score, share, gone, taken).parts
                parts.append(part)
                if taken is not None:
                    taken.add(part)
            return Capture(tuple(parts))

    @contextmanager
    def _taking(self) -> Iterator[None]:
        """Hold the device for one capture.

        Raises
        ------
        RefusedError
            It is busy, or not there.
        """
        if not self._turn.acquire(blocking=False):
            raise RefusedError(BUSY, "the device is busy with another capture")
        try:
            self._capturing = True
            if not self._ready:
                self._reopen()
            if not self._ready:
                raise RefusedError(NOT_READY, "the device is not connected")
            yield
        finally:
            self._capturing = False
            self._turn.release()

    def close(self) -> None:
        """End a running capture, send the watchers away, and release the device."""
        self._closed = True
        self.view.close()
        self._device.close()

    def _best(
        self,
        positions: tuple[Position, ...],
        missing: tuple[Position, ...],
        score: float,
        deadline: float,
        gone: threading.Event,
        taken: Taken | None = None,
    ) -> Capture:
        best: Capture | None = None
        fewer = ""
        while (left := deadline - time.monotonic()) > LEAST or (best is None and not fewer and left > 0.0):
            try:
                found = scored(self._parts(positions, missing, score, left, gone), self.info.modality)
            except IncompleteCaptureError as error:
                fewer = "fewer fingers or eyes came than were asked for"
                _log.debug("%s: %s", self.info.uri, error)
                gone.wait(min(PAUSE, max(0.0, deadline - time.monotonic())))
                continue
            except (SubjectTimeoutError, DeviceTimeoutError) as error:
                if best is None and isinstance(error, DeviceTimeoutError) and deadline - time.monotonic() > LEAST:
                    raise RefusedError(NOT_READY, "the device does not answer") from error
                break
            except CaptureCancelledError:
                raise
            except DeviceError as error:
                raise self._refused(error) from error
            except BiocoreError as error:
                raise RefusedError(EXTRACTION, "what the device shows cannot be assessed") from error
            self._show(found)
            if taken is not None and taken.may_be_among(found.parts[0]):
                fewer = "no other finger or eye came than was captured already"
                gone.wait(min(PAUSE, max(0.0, deadline - time.monotonic())))
                continue
            if best is None or found.average > best.average:
                best = found
            if best.average >= score:
                break
            gone.wait(min(PAUSE, max(0.0, deadline - time.monotonic())))
        if best is None or best.average < score:  # what no attempt fits in is the caller's time all the same
            gone.wait(max(0.0, deadline - time.monotonic()))
        if best is not None:
            return best
        raise RefusedError(NOBODY, fewer or "nobody came before the timeout")

    def _parts(
        self,
        positions: tuple[Position, ...],
        missing: tuple[Position, ...],
        score: float,
        seconds: float,
        gone: threading.Event,
    ) -> tuple[Part, ...]:
        """Capture once, under watch."""
        live = Live(self._device, round(score), self._told)
        ended = threading.Event()
        watcher = threading.Thread(
            target=self._end_when, args=(live, gone, ended), name="biocore sbi gone", daemon=True
        )
        watcher.start()
        try:
            if self.shows:
                return live.take_parts(positions, missing, seconds)
            return (Part(live.take(seconds).frame, positions[0]),)
        finally:
            ended.set()
            watcher.join()

    @staticmethod
    def _end_when(live: Live, gone: threading.Event, ended: threading.Event) -> None:
        while not ended.wait(0.05):
            if gone.is_set():
                live.cancel()
                return

    def _told(self, news: LiveView | DeviceNews) -> None:
        if isinstance(news, LiveView):
            score = news.glance.score if news.glance.present else None
            self.view.show(news.frame.pixels, "quality" if score is not None else "nobody there", score)

    def _show(self, found: Capture) -> None:
        if self.view.watched:
            words = "captured " + " ".join(str(part.score) for part in found.parts) + ", mean"
            self.view.show(beside([part.sample.pixels for part in found.parts]), words, found.average)

    def _refused(self, error: DeviceError) -> RefusedError:
        if isinstance(error, DeviceDisconnectedError | DeviceSuspendedError):
            self._ready = False
            self._tried = time.monotonic() - REOPEN
            return RefusedError(NO_DEVICE, "the device is gone; connect it again")
        if isinstance(error, DeviceBusyError):
            return RefusedError(BUSY, "another program holds the device")
        _log.warning("%s: %s", self.info.uri, error)
        return RefusedError(FAILED, f"the device failed: {type(error).__name__}")

    def _reopen(self) -> None:
        """Open a device that went away; it stays away where that fails."""
        self._tried = time.monotonic()
        if self._closed:
            return
        try:
            self._device.close()
            self._device.open()
            self._check()
            self._ready = True
        except DeviceError as error:
            _log.info("%s: still not there: %s", self.info.uri, error)
