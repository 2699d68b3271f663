"""Where an eye may be: pairs of circles, found at a tenth of the pixels.

Three independent ways lead to a pupil: a compact dark blob, edges that vote for a dark disc, edges that vote for a
bright one (white cataract). The limbus is voted for by edges beside and below it, since lids hide the rest. Pairs that
no eye could have are dropped; what remains is ranked, and left to the contours to decide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.kernels import irissearch as kernel
from biocore.types import GreyImage

COARSE = 160  # px; shorter side of the picture that is searched
LARGEST_STEP = 5  # times it is reduced; an iris of 90 px keeps a radius of 9
LIMBUS_RANGE = (8.0, 96.0)  # px of the coarse picture: from 90 px of 600, to an iris that fills the picture
PUPIL_RANGE = (2.0, 54.0)  # px of the coarse picture
LIMBUS_SHARE, PUPIL_SHARE = 0.62, 0.36  # of the shorter side that a radius is at most: lids are cut off beyond
COARSE_RADIUS = 20  # px of the coarse picture from which every second radius is voted for: planes are wider than that
PLANE = 1.12  # ratio of the radii of neighbouring planes of votes
STEEPNESS = (24.0, 120.0)  # steepness of a Sobel edge (8 x grey levels a px): noise, and enough for a full vote
FAINT_STEEPNESS = (10.0, 60.0)  # inside a limbus, where little else has edges
LIMBUS_WEIGHTS = kernel.Weights(side=1.0, above=0.15, below=0.5)
PUPIL_WEIGHTS = kernel.Weights(side=1.0, above=0.7, below=1.0)
RATIO = (0.10, 0.84)  # pupil by limbus radius; ISO/IEC 29794-6 expects 0.2..0.7 of good captures
ROOM = 0.6  # pupil by limbus radius, below which the edge of one is not taken for that of the other
OFFSET = 0.22  # of the limbus radius; the pupil lies up and nasally by some per cent, gaze adds
SAME = 0.08  # of the radius; circles that differ by less are one
SQUARE = np.ones((3, 3), np.uint8)
SQUARE.flags.writeable = False
BLOB_LEVELS = (0.006, 0.02, 0.05, 0.10, 0.18)  # share of the darkest pixels


class Way(StrEnum):
    """How a circle was found."""

    DARK_BLOB = "dark blob"
    DARK_VOTES = "votes for a dark disc"
    BRIGHT_VOTES = "votes for a bright disc"
    LIMBUS_VOTES = "votes for a limbus"


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle, px, with the score its way of search gave it (0 to about 1)."""

    x: float
    y: float
    r: float
    score: float
    way: Way

    def scaled(self, factor: float) -> Circle:
        """Return it on a picture `factor` times as large."""
        shift = 0.5 * (factor - 1.0)  # px centres, not corners, are where coordinates count from
        return Circle(self.x * factor + shift, self.y * factor + shift, self.r * factor, self.score, self.way)


def shrink(pixels: GreyImage, factor: int) -> GreyImage:
    """Return means over squares of `factor` px; what is left over at the right and below is dropped."""
    if factor == 1:
        return pixels
    height, width = (max(1, side // factor) for side in pixels.shape)
    whole = pixels[: height * factor, : width * factor]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def reduce(pixels: GreyImage) -> tuple[GreyImage, float]:
    """Return the picture the search runs on, and how many times smaller it is."""
    height, width = pixels.shape
    factor = max(1, min(round(min(height, width) / COARSE), max(LARGEST_STEP, min(height, width) // 400)))
    return shrink(pixels, factor), float(factor)


def gradients(picture: GreyImage) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Return the gradient of the slightly smoothed picture, 8 x grey levels a px, to the right and down."""
    smooth = cv2.GaussianBlur(picture, (5, 5), 1.0)
    gx = cv2.Sobel(smooth, cv2.CV_16S, 1, 0, borderType=cv2.BORDER_REPLICATE)
    gy = cv2.Sobel(smooth, cv2.CV_16S, 0, 1, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(gx, np.int16), np.asarray(gy, np.int16)


def edges(picture: GreyImage, least: float) -> kernel.Ridges:
    """Return the ridges of a picture's edges."""
    return kernel.ridges(*gradients(picture), least)


@dataclass(frozen=True, slots=True, eq=False)
class Radii:
    """The planes of radii that edges vote in, as the kernel takes them, and the mean radius of each."""

    planes: kernel.Planes
    centres: NDArray[np.float64]


@lru_cache(maxsize=64)
def _radii(first: int, last: int, noisy: bool = False) -> Radii:
    """Return the planes of radii from `first` to `last` px.

    Counts are such that all votes of an entire circle make about 1. With `noisy` planes are compared by how far votes
    rise above those of noise, whose share falls with the root of the radius.
    """
    every = np.arange(first, last + 1)
    index = np.floor(np.log(every / every[0]) / math.log(PLANE)).astype(np.int32)
    _, begins, planes = np.unique(index, return_index=True, return_inverse=True)
    centres = np.bincount(planes, every) / np.bincount(planes)
    used = (every < COARSE_RADIUS) | ((np.arange(len(every)) - begins[planes]) % 2 == 0)
    voting = np.bincount(planes[used])
    lost = np.bincount(planes) / voting
    shares = (lost / (2.0 * math.pi * centres))[planes[used]]
    halves = np.maximum(1, np.round(centres * 0.06))  # edges point to the centre within a few degrees
    reaches = np.maximum(1, np.round(0.5 * OFFSET * centres))
    return Radii(
        kernel.Planes(
            every[used].astype(np.float32),
            shares.astype(np.float32),
            np.concatenate([[0], np.cumsum(voting)]).astype(np.int32),
            halves.astype(np.int32),
            (np.sqrt(centres) if noisy else np.ones(len(centres))).astype(np.float32),
            reaches.astype(np.int32),
        ),
        centres,
    )


def _span(least: float, most: float) -> tuple[int, int]:
    return math.ceil(least), max(math.ceil(least), math.floor(most))


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """What edges voted for, the mean radius of each plane, and where the window that was looked at begins."""

    votes: kernel.Votes
    radii: NDArray[np.float64]
    way: Way
    left: int = 0
    top: int = 0

    def peaks(self, count: int) -> list[Circle]:
        """Return the circles with the most votes (a share of all that an entire one would get), none near a better."""
        found: list[Circle] = []
        level = self.votes.level.copy()
        for _ in range(count):
            _, value, _, (x, y) = cv2.minMaxLoc(level)
            if value <= 0:
                break
            radius, share = float(self.radii[self.votes.plane[y, x]]), float(self.votes.share[y, x])
            found.append(Circle(float(x) + self.left, float(y) + self.top, radius, share, self.way))
            reach = max(2, round(0.12 * radius))
            level[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1] = 0
        return found

    def answers(self) -> list[Circle | None]:
        """Return the circle that was found for each question; None where there is none."""
        found = zip(self.votes.answers.tolist(), self.votes.values.tolist(), strict=True)
        return [
            Circle(float(x), float(y), float(self.radii[plane]), value, self.way) if value > 0 else None
            for (plane, x, y), value in found
        ]


def limbi(found: kernel.Ridges, around: list[Circle], *, wide: tuple[bool, ...] = (False,)) -> Votes:
    """Let lateral and lower edges, dark inside, vote for a limbus.

    Its answers are the circles with the most votes that each pupil of `around` could lie in; where `wide` holds True
    only of those that leave room for an iris: the pupil's own edge, too, votes for a limbus.
    """
    span = LIMBUS_RANGE[0], min(LIMBUS_RANGE[1], LIMBUS_SHARE * min(found.shape))
    radii = _radii(*_span(*span))
    asked = np.empty((len(around), len(wide), 4), np.int32)
    if around:
        ratio = np.array([c.r for c in around])[:, None] / radii.centres  # falls from plane to plane
        asked[:, :, :2] = [[(round(c.x), round(c.y))] for c in around]
        asked[:, :, 3] = (ratio >= RATIO[0]).sum(axis=1)[:, None]
        for i, most in enumerate(ROOM if w else RATIO[1] for w in wide):
            asked[:, i, 2] = (ratio > most).sum(axis=1)
    votes = kernel.vote(
        found, radii.planes, dark_inside=True, cap=STEEPNESS[1], weights=LIMBUS_WEIGHTS, asked=asked.reshape(-1, 4)
    )
    return Votes(votes, radii.centres, Way.LIMBUS_VOTES)


def pupils(found: kernel.Ridges) -> Votes:
    """Let edges all round vote for a dark disc."""
    span = PUPIL_RANGE[0], min(PUPIL_RANGE[1], PUPIL_SHARE * min(found.shape))
    radii = _radii(*_span(*span))
    votes = kernel.vote(found, radii.planes, dark_inside=True, cap=STEEPNESS[1], weights=PUPIL_WEIGHTS)
    return Votes(votes, radii.centres, Way.DARK_VOTES)


def grey_below(picture: GreyImage) -> NDArray[np.float64]:
    """Return the share of a picture's pixels at or below each grey level: float64 (256,)."""
    return np.asarray(np.cumsum(kernel.histogram(picture)) / picture.size)


def blobs(picture: GreyImage, count: int = 6) -> list[Circle]:
    """Return compact dark parts of the picture, at several thresholds."""
    smooth = np.asarray(cv2.GaussianBlur(picture, (5, 5), 1.0), np.uint8)
    found: list[Circle] = []
    for level in np.searchsorted(grey_below(smooth), BLOB_LEVELS):
        below = (smooth <= level).view(np.uint8)
        dark = np.asarray(cv2.morphologyEx(below, cv2.MORPH_OPEN, SQUARE), np.uint8)
        for area in kernel.areas(dark.view(np.bool_)):
            radius = math.sqrt(area.pixels / math.pi)
            if not PUPIL_RANGE[0] <= radius <= PUPIL_RANGE[1]:
                continue
            filling = area.pixels / (area.width * area.height) / (math.pi / 4.0)
            shape = min(area.width, area.height) / max(area.width, area.height)
            found.append(Circle(area.x, area.y, radius, shape * min(filling, 1.0 / filling), Way.DARK_BLOB))
    return sorted(found, key=lambda c: -c.score)[:count]


def discs(
    found: kernel.Ridges, span: tuple[float, float], centre: tuple[float, float], reach: float, count: int
) -> list[Circle]:
    """Return discs of radii within `span` whose centres lie within `reach` of a place: `count` dark, `count` bright."""
    x, y = centre
    left, top = max(0, math.floor(x - reach)), max(0, math.floor(y - reach))
    right, bottom = min(found.shape[1], math.ceil(x + reach) + 1), min(found.shape[0], math.ceil(y + reach) + 1)
    if left >= right or top >= bottom:
        return []
    radii, peaks = _radii(*_span(*span), noisy=True), []
    for way in (Way.DARK_VOTES, Way.BRIGHT_VOTES):
        votes = kernel.vote(
            found,
            radii.planes,
            dark_inside=way is Way.DARK_VOTES,
            cap=FAINT_STEEPNESS[1],
            weights=PUPIL_WEIGHTS,
            window=(top, bottom, left, right),
        )
        peaks += Votes(votes, radii.centres, way, left, top).peaks(count)
    return peaks


def distinct(found: list[Circle], count: int) -> list[Circle]:
    """Return the first `count` circles that none before them nearly equals."""
    kept: list[Circle] = []
    for c in found:
        close = SAME * c.r
        if all(abs(c.x - k.x) > close or abs(c.y - k.y) > close or abs(c.r - k.r) > close for k in kept):
            kept.append(c)
    return kept[:count]
