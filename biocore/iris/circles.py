"""Where an eye may be: pairs of circles, found at a tenth of the pixels.

Three independent ways lead to a pupil: a compact dark blob, edges that vote for a dark disc, edges that vote for a
bright one (white cataract). The limbus is voted for by edges beside and below it, since lids hide the rest. Pairs that
no eye could have are dropped; what remains is ranked, and left to the contours to decide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.kernels import iris as kernel
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


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """Radii at which an edge votes, the plane of each, what a vote counts, and the mean radius of each plane.

    Counts are such that all votes of an entire circle make about 1.
    """

    radii: NDArray[np.float32]
    planes: NDArray[np.int32]
    shares: NDArray[np.float32]
    centres: NDArray[np.float64]


@lru_cache(maxsize=64)
def _planes(first: int, last: int) -> Planes:
    every = np.arange(first, last + 1)
    index = np.floor(np.log(every / every[0]) / math.log(PLANE)).astype(np.int32)
    _, begins, planes = np.unique(index, return_index=True, return_inverse=True)
    centres = np.bincount(planes, every) / np.bincount(planes)
    used = (every < COARSE_RADIUS) | ((np.arange(len(every)) - begins[planes]) % 2 == 0)
    lost = np.bincount(planes) / np.bincount(planes[used])
    shares = (lost / (2.0 * math.pi * centres))[planes[used]]
    return Planes(every[used].astype(np.float32), planes[used].astype(np.int32), shares.astype(np.float32), centres)


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """Smoothed votes, as a share of all an entire circle would get: float32 (planes, height, width)."""

    share: NDArray[np.float32]
    radii: NDArray[np.float64]
    way: Way

    def peaks(self, count: int, *, noisy: bool = False) -> list[Circle]:
        """Return the circles with the most votes, none close to a better one.

        With `noisy` by how far votes rise above those of noise, whose share falls with the root of the radius.
        """
        found: list[Circle] = []
        root = np.sqrt(self.radii).astype(np.float32)
        weighted = self.share * root[:, None, None] if noisy else self.share
        level = weighted.max(axis=0)
        for _ in range(count):
            _, value, _, (x, y) = cv2.minMaxLoc(level)
            if value <= 0:
                break
            k = int(weighted[:, y, x].argmax())
            share = float(self.share[k, y, x])
            found.append(Circle(float(x), float(y), float(self.radii[k]), share, self.way))
            reach = max(2, round(0.12 * self.radii[k]))
            level[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1] = 0
        return found

    def around(self, pupil: Circle, wide: bool = False) -> Circle | None:
        """Return the circle with the most votes that a pupil could lie in, if there is any.

        With `wide` only circles that leave room for an iris: the pupil's own edge, too, votes for a limbus.
        """
        best = None
        for plane, radius in zip(self.share, self.radii, strict=True):
            if not RATIO[0] <= pupil.r / radius <= (ROOM if wide else RATIO[1]):
                continue
            reach = max(1, round(0.5 * OFFSET * radius))
            left, top = max(0, round(pupil.x) - reach), max(0, round(pupil.y) - reach)
            part = plane[top : round(pupil.y) + reach + 1, left : round(pupil.x) + reach + 1]
            if not part.size:
                continue
            _, value, _, (x, y) = cv2.minMaxLoc(part)
            if value > (best.score if best else 0.0):
                best = Circle(float(x + left), float(y + top), float(radius), float(value), self.way)
        return best


def _votes(
    gx: NDArray[np.int16],
    gy: NDArray[np.int16],
    span: tuple[float, float],
    way: Way,
    steepness: tuple[float, float],
    weights: kernel.Weights,
) -> Votes:
    planes = _planes(math.ceil(span[0]), max(math.ceil(span[0]), math.floor(span[1])))
    dark, (least, cap) = way is not Way.BRIGHT_VOTES, steepness
    share = kernel.vote(
        gx, gy, planes.radii, planes.planes, planes.shares, dark_inside=dark, least=least, cap=cap, weights=weights
    )
    for plane, radius in zip(share, planes.centres, strict=True):
        side = 2 * max(1, round(radius * 0.06)) + 1  # edges point to the centre within a few degrees
        cv2.boxFilter(plane, -1, (side, side), dst=plane, normalize=False, borderType=cv2.BORDER_CONSTANT)
    return Votes(share, planes.centres, way)


def limbi(gx: NDArray[np.int16], gy: NDArray[np.int16]) -> Votes:
    """Let lateral and lower edges, dark inside, vote for a limbus."""
    span = LIMBUS_RANGE[0], min(LIMBUS_RANGE[1], LIMBUS_SHARE * min(gx.shape))
    return _votes(gx, gy, span, Way.LIMBUS_VOTES, STEEPNESS, LIMBUS_WEIGHTS)


def pupils(gx: NDArray[np.int16], gy: NDArray[np.int16]) -> Votes:
    """Let edges all round vote for a dark disc."""
    span = PUPIL_RANGE[0], min(PUPIL_RANGE[1], PUPIL_SHARE * min(gx.shape))
    return _votes(gx, gy, span, Way.DARK_VOTES, STEEPNESS, PUPIL_WEIGHTS)


def blobs(picture: GreyImage, count: int = 6) -> list[Circle]:
    """Return compact dark parts of the picture, at several thresholds."""
    smooth = cv2.GaussianBlur(picture, (5, 5), 1.0)
    cumulated = np.cumsum(np.bincount(smooth.ravel(), minlength=256)) / smooth.size
    found: list[Circle] = []
    for share in BLOB_LEVELS:
        level = int(np.searchsorted(cumulated, share))
        below = (smooth <= level).astype(np.uint8)
        dark = cv2.morphologyEx(below, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        _, _, stats, centres = cv2.connectedComponentsWithStats(dark, connectivity=4)
        for (_, _, width, height, area), (cx, cy) in zip(stats[1:], centres[1:], strict=True):
            radius = math.sqrt(area / math.pi)
            if not PUPIL_RANGE[0] <= radius <= PUPIL_RANGE[1]:
                continue
            filling = area / (width * height) / (math.pi / 4.0)
            shape = min(width, height) / max(width, height)
            found.append(Circle(float(cx), float(cy), radius, shape * min(filling, 1.0 / filling), Way.DARK_BLOB))
    return sorted(found, key=lambda c: -c.score)[:count]


def discs(
    gx: NDArray[np.int16],
    gy: NDArray[np.int16],
    span: tuple[float, float],
    centre: tuple[float, float],
    reach: float,
    count: int,
) -> list[Circle]:
    """Return discs of radii within `span` whose centres lie within `reach` of a place: `count` dark, `count` bright."""
    x, y = centre
    left, top = max(0, math.floor(x - reach)), max(0, math.floor(y - reach))
    found = []
    for way in (Way.DARK_VOTES, Way.BRIGHT_VOTES):
        votes = _votes(gx, gy, span, way, FAINT_STEEPNESS, PUPIL_WEIGHTS)
        inside = votes.share[:, top : math.ceil(y + reach) + 1, left : math.ceil(x + reach) + 1]
        near = replace(votes, share=np.ascontiguousarray(inside))
        found += [replace(c, x=c.x + left, y=c.y + top) for c in near.peaks(count, noisy=True)]
    return found


def distinct(found: list[Circle], count: int) -> list[Circle]:
    """Return the first `count` circles that none before them nearly equals."""
    kept: list[Circle] = []
    for c in found:
        close = SAME * c.r
        if all(abs(c.x - k.x) > close or abs(c.y - k.y) > close or abs(c.r - k.r) > close for k in kept):
            kept.append(c)
    return kept[:count]
