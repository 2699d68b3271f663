"""Faint, dry, worn and wet prints by four more mechanisms, two a defect: painters that a fit can be left without.

`painters` adds noise fields to grey, `painters_other` works on depth in places; here `CELLS` drops, flattens and
stretches (shapes and tone curves), and `OVERLAYS` scales and veils (amplitudes and layers).
"""

from __future__ import annotations

import cv2
import numpy as np
from painters import Painter, Plane, as_grey, field, ground_of
from painters_other import depth_of, soft

from biocore.types import GreyImage


def _islands(shape: tuple[int, int], share: float, rng: np.random.Generator) -> Plane:
    """Ellipses of 3 to 7 mm, turned at random, until they cover the share of the picture; soft over 2 px."""
    mask = np.zeros(shape, np.float32)
    for _ in range(60):
        if mask.mean() >= share:
            break
        centre = (int(rng.integers(shape[1])), int(rng.integers(shape[0])))
        axes = (int(rng.integers(28, 70)), int(rng.integers(28, 70)))
        cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 2.0), np.float32)


def _cells(shape: tuple[int, int], side: float, share: float, rng: np.random.Generator) -> Plane:
    """Choose a share of the cells of a grid that is shaken by half a cell, soft at their edges."""
    height, width = (round(length / side) + 2 for length in shape)
    chosen = (rng.random((height, width)) < share).astype(np.float32)
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    x = x / side + 0.45 * field(shape, side * 0.6, rng)
    y = y / side + 0.45 * field(shape, side * 0.6, rng)
    picked = cv2.remap(chosen, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(cv2.GaussianBlur(picked, (0, 0), 0.7), np.float32)


def pale_on_its_ground(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Compress towards the ground of the place, whatever its grey; hardly any noise."""
    ground = ground_of(image)
    return as_grey(ground - (ground - image) * rng.uniform(0.14, 0.3), rng, rng.uniform(0.0, 0.8))


def ridge_cells_dropped(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Let whole pieces of ridge, as long as a ridge is broad or twice that, miss the glass."""
    ground = ground_of(image)
    gone = _cells(image.shape, rng.uniform(4.0, 7.0), rng.uniform(0.3, 0.45), rng) * rng.uniform(0.8, 1.0)
    return as_grey(image + (ground - image) * gone, rng, rng.uniform(0.5, 3.0))


def flattened(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Level the relief in islands: the middle grey of the place is all that is left of it."""
    level = cv2.medianBlur(cv2.GaussianBlur(image, (0, 0), 2.5), int(rng.choice([21, 25, 29])))
    level = cv2.GaussianBlur(level.astype(np.float32), (0, 0), 2)
    mask = _islands(image.shape, rng.uniform(0.3, 0.5), rng)
    return as_grey(image * (1 - mask) + level * mask, rng, rng.uniform(0.5, 4.0))


def dark_curve(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Soften the ridges and lift the tone curve: whatever is between ridge and valley becomes dark."""
    ground, depth, span = depth_of(image)
    depth = np.clip(cv2.GaussianBlur(depth, (0, 0), rng.uniform(1.3, 2.0)), 0, 1)
    return as_grey(ground - span * depth ** rng.uniform(0.4, 0.6), rng, rng.uniform(0.5, 3.0))


def towards_white(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Lift everything, the ground too, towards white: an overexposed touch, with the noise of its sensor."""
    return as_grey(255.0 - (255.0 - image) * rng.uniform(0.16, 0.3), rng, rng.uniform(0.5, 3.0))


def grain_overlay(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Lay grain of two scales over narrower ridges, weakening them by more or less: no place is cut out."""
    ground, depth, span = depth_of(image)
    grain = field(image.shape, rng.uniform(0.9, 1.4), rng) + 0.6 * field(image.shape, rng.uniform(2.5, 4.0), rng)
    kept = soft(-grain, rng.uniform(-0.6, -0.2), rng.uniform(0.6, 1.0))
    narrow = np.clip(depth - rng.uniform(0.05, 0.2), 0, None)
    return as_grey(ground - span * narrow * kept, rng, rng.uniform(0.5, 3.0))


def weakened(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Take most of the ridges' height in patches, and soften what is left of them; pale altogether."""
    ground = ground_of(image)
    grey = image.astype(np.float32)
    mean = cv2.GaussianBlur(grey, (0, 0), 7)
    weak = mean + (cv2.GaussianBlur(grey, (0, 0), rng.uniform(1.5, 3.0)) - mean) * rng.uniform(0.05, 0.25)
    patch = soft(field(image.shape, rng.uniform(12, 22), rng), rng.uniform(-0.4, 0.1), 0.5)
    out = grey * (1 - patch) + weak * patch
    return as_grey(ground - (ground - out) * rng.uniform(0.6, 1.0), rng, rng.uniform(0.5, 3.0))


def valleys_filled(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Broaden the ridges, and let a film of water darken all valleys of the contact, by much or less."""
    grey = cv2.erode(image, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))).astype(np.float32)
    ink = cv2.GaussianBlur(cv2.erode(image, np.ones((11, 11), np.uint8)).astype(np.float32), (0, 0), 5)
    film = soft(field(image.shape, rng.uniform(12, 30), rng), -1.5, 1.5) * 0.3 + rng.uniform(0.4, 0.6)
    out = np.minimum(grey, grey + (ink - grey) * film)
    return as_grey(cv2.GaussianBlur(out, (0, 0), rng.uniform(0.5, 1.0)), rng, rng.uniform(0.5, 3.0))


CELLS: dict[str, Painter] = {
    "LIGHT": pale_on_its_ground,
    "DRY": ridge_cells_dropped,
    "WORN": flattened,
    "WET": dark_curve,
}
OVERLAYS: dict[str, Painter] = {
    "LIGHT": towards_white,
    "DRY": grain_overlay,
    "WORN": weakened,
    "WET": valleys_filled,
}
