"""The live view of a biometric service: the newest picture of a device with its score drawn on it, as JPEG.

MOSIP wants more than three pictures a second with the quality on them. A device that shows none (it waits, or its
captures come without live frames) is shown as the last picture there was, again and again, so that whoever watches
knows that the line is up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.types import GreyImage
from biocore_bindings.drawing import FAIR, GOOD, INK, POOR

WIDTH = 640  # px of a live picture at most; a slap at its full size would be 1600
REPEAT = 0.25  # s after which a picture is sent again: four a second
FASTEST = 1.0 / 15.0  # s between two pictures; screens of clerks need no more
BLANK = (480, 640)  # px, height and width, of the picture of a device that showed nothing yet
BOUNDARY = "BiocoreFrame"
_QUALITY = 80  # of the JPEG, percent
_LETTERS, _STROKE, _BAND = 0.8, 2, 40  # size, stroke and band of what is drawn, px
_GOOD_FROM, _FAIR_FROM = 60, 40  # the scores from which the bar is green and yellow


def drawn(pixels: GreyImage | None, words: str, score: float | None) -> bytes:
    """Return a picture as JPEG, with words and a bar of the score below it.

    Parameters
    ----------
    pixels : uint8 array (height, width) or None
        None = nothing shown yet.
    words : str
        ASCII.
    score : float or None
        0..100.
    """
    grey = np.full(BLANK, 235, np.uint8) if pixels is None else pixels
    height, width = grey.shape
    if width > WIDTH:
        size = (WIDTH, max(1, round(height * WIDTH / width)))
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    height, width = grey.shape
    canvas: NDArray[np.uint8] = np.full((height + _BAND, max(width, 320), 3), 255, np.uint8)
    canvas[:height, :width] = grey[:, :, np.newaxis]
    if score is not None:
        colour = GOOD if score >= _GOOD_FROM else FAIR if score >= _FAIR_FROM else POOR
        end = round(canvas.shape[1] * min(max(score, 0.0), 100.0) / 100.0)
        canvas[height + 32 :, :end] = colour
        words = f"{words} {score:.0f}".strip()
    cv2.putText(canvas, words, (6, height + 26), cv2.FONT_HERSHEY_SIMPLEX, _LETTERS, INK, _STROKE, cv2.LINE_AA)
    done, data = cv2.imencode(".jpg", canvas[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    assert done, "a raster of bytes can be encoded"
    return data.tobytes()


def beside(pictures: Sequence[GreyImage]) -> GreyImage:
    """Return several pictures in one row, on white."""
    height = max(picture.shape[0] for picture in pictures)
    row = [np.pad(picture, ((0, height - picture.shape[0]), (0, 0)), constant_values=255) for picture in pictures]
    return np.asarray(np.hstack(row), np.uint8)


class View:
    """The newest picture of one device, for any number of watchers."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._number = 0
        self._data = drawn(None, "waiting", None)
        self._watchers = 0
        self._closed = False

    @property
    def watched(self) -> bool:
        """Somebody looks: pictures are worth drawing."""
        return self._watchers > 0

    def show(self, pixels: GreyImage | None, words: str, score: float | None) -> None:
        """Put a new picture before the watchers; without watchers nothing is drawn."""
        if not self.watched:
            return
        data = drawn(pixels, words, score)
        with self._changed:
            self._data = data
            self._number += 1
            self._changed.notify_all()

    def pictures(self, seconds: float) -> Iterator[bytes]:
        """Yield the newest picture whenever there is a new one, and at least every `REPEAT` s."""
        deadline = time.monotonic() + seconds
        with self._changed:
            self._watchers += 1
        try:
            last = -1
            while time.monotonic() < deadline and not self._closed:
                with self._changed:
                    self._changed.wait_for(lambda seen=last: self._number != seen or self._closed, REPEAT)  # type: ignore[misc]
                    last, data = self._number, self._data
                yield data
                time.sleep(FASTEST)
        finally:
            with self._changed:
                self._watchers -= 1

    def close(self) -> None:
        """Send the watchers away."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def part(data: bytes) -> bytes:
    """Return a JPEG as one part of an endless answer."""
    head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data + b"\r\n"
