"""Cameras on the network, videos on disk: `camera:http://HOST:PORT/PATH`, `camera:FILE.avi`, `camera:eye_%2503d.png`.

| parameter  | default | meaning |
|------------|---------|---------|
| `modality` | iris    | what it shows: `iris` or `face`; of a face the frame keeps its colours |
| `take`     | sharp   | `sharp`: of five steady ones the sharpest, of faces with regard to their exposure; `first`: the first one that is not blank |

A stream is one of JPEGs (multipart/x-mixed-replace). A file is a video that OpenCV reads (FFV1 and Motion JPEG without
loss of what is in it), or a sequence of pictures by its pattern or by its first one; each session plays it from its
beginning, and at its end nobody comes any more (SubjectTimeoutError). In an address, `?` is written `%3F` and `%` is
written `%25`. A camera of this machine is `uvc:VID:PID`, see `uvc`.
"""  # noqa: E501 - a table's row is one line

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlsplit

import numpy as np

from biocore.errors import (
    DeviceNotFoundError,
    DeviceTimeoutError,
    SubjectTimeoutError,
)
from biocore.hal import Device, DeviceInfo, EventKind, Judge, split_uri
from biocore.types import GreyImage, Modality
from biocore_drivers.camera_feed import Feed, Source
from biocore_drivers.camera_sources import FileSource
from biocore_drivers.job import SLICE, Job, Phase, Picture
from biocore_drivers.mjpeg import MjpegSource
from biocore_drivers.parameters import check_known, one_of
from biocore_drivers.shutter import Portrait, Sharpness, Shutter
from biocore_drivers.transport import Situation
from biocore_drivers.worker import Talk, WorkerDevice

NAME = "camera"
KEYS = frozenset({"modality", "take"})
FIRST = 6.0  # s until a camera's first picture: it finds its exposure
STALLED = 3.0  # s without a picture
LATE = 0.5  # s; a deadline that passes while no picture has come for so long is the camera's fault
SLOW = 3.0  # pictures; as LATE, of a camera that gives few
FROZEN = 2.0  # s of the same picture to the last bit, which no sensor gives twice
FROZEN_RUN = 10  # pictures of that kind at least
_REPLUG = "Unplug the camera, wait two seconds, and plug it in again"

_log = logging.getLogger(__name__)


class CameraTalk(Talk):
    """How a camera is asked for a picture, once it runs.

    Parameters
    ----------
    feed : Feed
    judge : callable
        Makes the judge of one capture.
    run : int
        Usable pictures in a row that a capture wants.
    awaiting : Phase
        What is waited for.
    live : bool
        It may freeze; a file may stand still.
    """

    touches = False

    def __init__(self, feed: Feed, judge: Callable[[], Judge], run: int | None, awaiting: Phase, *, live: bool) -> None:
        super().__init__(feed)
        self._feed = feed
        self._judge = judge
        self._run = run
        self._awaiting = awaiting
        self._live = live
        self._seen_at = feed.clock.now()
        self._interval: float | None = None  # s from picture to picture; None = none has come in this capture
        self._before: GreyImage | None = None
        self._same, self._same_since = 0, 0.0

    def start(self, job: Job) -> None:
        """Wait for the first picture: only then a camera works."""
        self._feed.want(True)
        if self._live:
            self._next(job, FIRST)
            self._feed.want(False)
        while not self._feed.begun(SLICE):
            job.check()

    def stop(self) -> None:
        """Do nothing: the feed closes the camera."""

    def capture(self, job: Job) -> Picture:
        """Show what comes, until a picture is taken."""
        self._feed.want(True)
        self._seen_at, self._interval = self._feed.clock.now(), None
        self._before, self._same = None, 0
        shutter = Shutter(self._judge()) if self._run is None else Shutter(self._judge(), self._run)
        job.enter(self._awaiting)
        job.say(EventKind.WAITING)
        said = False
        while True:
            picture = self._next(job, STALLED)
            self._watch_for_ice(picture.pixels)
            taken = shutter.see(picture)
            if shutter.present and not said:
                job.say(EventKind.PRESENT)
                said = True
            if taken is not None:
                if self._live:
                    self._feed.want(False)
                return taken
            job.preview(picture.pixels, None, picture.colour)

    def _next(self, job: Job, patience: float) -> Picture:
        """Return the next picture; tell a camera that gives none from a person who does not come."""
        clock = self._feed.clock
        while True:
            came = self._feed.frame(min(SLICE, max(0.001, job.remaining)))
            waited = clock.now() - self._seen_at
            if came is not None:
                self._seen_at, self._interval = clock.now(), waited
                return came
            if self._feed.ended:
                raise self.situation.error(SubjectTimeoutError, "the video is at its end", "The next one starts anew")
            silent = self._interval is None or waited > max(LATE, SLOW * self._interval)
            if waited > patience:
                raise self._no_picture(waited)
            try:
                job.check()
            except SubjectTimeoutError:
                if silent:
                    raise self._no_picture(waited) from None
                raise

    def _no_picture(self, waited: float) -> DeviceTimeoutError:
        broken = f"; the last one was {self._feed.trouble}" if self._feed.trouble else ""
        return self.situation.error(DeviceTimeoutError, f"gave no picture for {waited:.1f} s{broken}", _REPLUG)

    def _watch_for_ice(self, pixels: GreyImage) -> None:
        """Raise where a live camera shows the same picture again and again."""
        before, self._before = self._before, pixels
        dark = pixels.min() == pixels.max()  # a covered lens may give the same black for ever
        if not self._live or dark or before is None or not np.array_equal(before, pixels):
            self._same, self._same_since = 0, self._feed.clock.now()
            return
        self._same += 1
        frozen = self._feed.clock.now() - self._same_since
        if self._same >= FROZEN_RUN and frozen >= FROZEN:
            raise self.situation.error(
                DeviceTimeoutError, f"is frozen: the same picture {self._same} times in {frozen:.1f} s", _REPLUG
            )


class CameraDevice(WorkerDevice):
    """A camera.

    Parameters
    ----------
    info : DeviceInfo
    connect : callable
        Makes the feed.
    take : str
        `sharp` or `first`.
    live : bool

    The caller's `judge` may say None of a picture that will not do (no eye, lids closed). Without one focus decides,
    of faces exposure too, and where it fails, which is logged.
    """

    def __init__(self, info: DeviceInfo, connect: Callable[[Situation], Feed], take: str, *, live: bool) -> None:
        run = 1 if take == "first" else None
        face = info.modality is Modality.FACE
        self._own: type[Sharpness | Portrait] = Portrait if face else Sharpness
        awaiting = Phase.AWAIT_FACE if face else Phase.AWAIT_EYE

        def converse(feed: Feed) -> CameraTalk:
            return CameraTalk(feed, self._judge_of(take), run, awaiting, live=live)

        super().__init__(info, connect, converse)

    def _judge_of(self, take: str) -> Callable[[], Judge]:
        def make() -> Judge:
            given, own = self.judge, self._own()

            def judged(pixels: GreyImage) -> float | None:
                if given is None:
                    return 1.0 if take == "first" else own(pixels)
                try:
                    return given(pixels)
                except Exception:
                    _log.exception("%s: the judge failed", self.info.uri)
                    return own(pixels)

            return judged

        return make


def options(uri: str, params: Mapping[str, str], known: Iterable[str] = KEYS) -> tuple[Modality, str]:
    """Read the parameters that all cameras have: modality, and which picture is taken.

    Raises
    ------
    DeviceNotFoundError
    """
    check_known(uri, params, known)
    modality = Modality(one_of(uri, "modality", params.get("modality", "iris"), ("iris", "face")))
    return modality, one_of(uri, "take", params.get("take", "sharp"), ("sharp", "first"))


class CameraDriver:
    """Serves `camera:`."""

    def devices(self) -> Iterable[DeviceInfo]:
        """List nothing: neither network nor disk is searched."""
        return ()

    def claims(self, uri: str) -> bool:
        """Say whether the URI's scheme is `camera`."""
        return uri.startswith(f"{NAME}:")

    def open(self, uri: str) -> Device:
        """Make the device of the URI, not opened yet.

        Raises
        ------
        DeviceNotFoundError
            No address that can be one, or a parameter that is unknown or impossible.
        """
        _, address, params = split_uri(uri)
        modality, take = options(uri, params)
        colours = modality is Modality.FACE
        live = address.startswith(("http://", "https://"))
        if live:
            _check_url(uri, address)
        elif "\0" in address:
            raise DeviceNotFoundError("is no path", uri=uri)
        model = "stream of JPEGs" if live else "video on disk"

        def connect(situation: Situation) -> Feed:
            def begin() -> Source:
                return (MjpegSource if live else FileSource)(address, situation, colours)

            return Feed(situation, begin)

        return CameraDevice(DeviceInfo(uri, NAME, "", model, modality, stills=True), connect, take, live=live)


def _check_url(uri: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        right = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        right = False
    if not right or not url.isascii() or any(c <= " " for c in url):
        raise DeviceNotFoundError("is no address of a camera; expected camera:http://HOST:PORT/PATH", uri=uri)
    if parts.username is not None:
        raise DeviceNotFoundError(
            "carries a password, which every message would show", uri=uri, hint="Let this station in by its address"
        )


driver = CameraDriver()
