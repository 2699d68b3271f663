"""The same defects painted by other mechanisms than those of `painters`: a table neither may be tuned to alone.

Each is named as its cause. They work on the depth of the print (0 at the ground, 1 at its ink) where `painters`
works on grey levels, and put a defect in some places only where `painters` puts it everywhere.
"""

from __future__ import annotations

import cv2
import numpy as np
from painters import FULL_CONTACT, Painter, Plane, as_grey, field, ground_of

from biocore.types import GreyImage


def depth_of(image: GreyImage) -> tuple[Plane, Plane, float]:
    """Ground, depth 0..1 (1 = the print's ink) and the grey span between them."""
    ground = ground_of(image)
    below = np.clip(ground - image, 0, None)
    span = float(np.percentile(below, 97)) + 1e-3
    return ground, np.asarray(np.clip(below / span, 0, 1.2), np.float32), span


def soft(plane: Plane, low: float, high: float) -> Plane:
    return np.asarray(np.clip((plane - low) / (high - low), 0, 1), np.float32)


def light(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Only the tops of the ridges touch, less so where the finger lies hollow."""
    ground, depth, span = depth_of(image)
    hollow = 1 - 0.25 * soft(field(image.shape, 35, rng), -0.5, 1.5)
    tops = np.clip(depth - rng.uniform(0.1, 0.25), 0, None)
    return as_grey(ground - span * tops * hollow * rng.uniform(0.2, 0.4), rng, rng.uniform(0.5, 2.5))


def dry(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Stiff skin rests on grains: the ridge is there where relief and grain together are high enough."""
    ground, depth, span = depth_of(image)
    grain = field(image.shape, rng.uniform(1.3, 2.2), rng)
    touch = soft(depth + rng.uniform(0.35, 0.55) * grain, rng.uniform(0.65, 0.8), 1.15)
    return as_grey(ground - span * touch * np.minimum(depth * 1.6, 1) * rng.uniform(0.7, 1.0), rng, rng.uniform(0.5, 3))


def worn(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Ridges lose their height in patches, where an even or a mottled grey is left, crossed by fine cuts."""
    ground, depth, span = depth_of(image)
    patch = soft(field(image.shape, rng.uniform(14, 26), rng), rng.uniform(-0.6, -0.1), 0.5)
    left = cv2.GaussianBlur(depth, (0, 0), 8) * rng.uniform(0.25, 0.9)
    left = left * (1 + rng.uniform(0, 0.25) * field(image.shape, 5, rng))
    out = (depth * (1 - patch) + left * patch) * rng.uniform(0.7, 1.0)
    for _ in range(int(rng.integers(0, 6))):
        y, x = rng.integers(0, image.shape[0]), rng.integers(0, image.shape[1])
        dy, dx = rng.integers(-60, 61, 2)
        cv2.line(out, (int(x), int(y)), (int(x + dx), int(y + dy)), 0.0, 1, cv2.LINE_AA)
    return as_grey(ground - span * out, rng, rng.uniform(0.5, 3))


def wet(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Sweat rises in the valleys and drowns some places altogether."""
    ground, depth, span = depth_of(image)
    thick = cv2.GaussianBlur(depth, (0, 0), rng.uniform(1.2, 2.2))
    pool = soft(field(image.shape, rng.uniform(8, 20), rng), rng.uniform(-1.0, -0.2), 1.3) * rng.uniform(0.7, 1.0)
    inside = soft(cv2.GaussianBlur(depth, (0, 0), 9), 0.12, 0.3)
    filled = np.maximum(depth, thick)
    filled = filled + (1 - filled) * pool * inside
    return as_grey(ground - span * cv2.GaussianBlur(filled, (0, 0), rng.uniform(0.6, 1.2)), rng, rng.uniform(0.5, 3))


def hard(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Lower the level at which skin touches: ridges grow over their flanks and are evenly black."""
    ground, depth, span = depth_of(image)
    relief = cv2.GaussianBlur(depth, (0, 0), rng.uniform(0.7, 1.0))
    touch = soft(relief, rng.uniform(0.08, 0.14), rng.uniform(0.28, 0.42))
    touch = touch * soft(cv2.GaussianBlur(depth, (0, 0), 5), 0.08, 0.2)  # dust beside the contact stays as it is
    black = np.maximum(span * rng.uniform(1.0, 1.2), (1 - FULL_CONTACT) * ground)
    return as_grey(ground - black * touch, rng, rng.uniform(0.5, 2.5))


def smear(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Slide the finger and slow it down: a tail of weights along a bent way."""
    angle, bend = rng.uniform(0, 2 * np.pi), rng.uniform(-0.6, 0.6)
    length = rng.uniform(9, 20)
    steps = np.linspace(0, 1, 15)
    weight = np.exp(-rng.uniform(0.0, 1.2) * steps)
    total = np.zeros(image.shape, np.float32)
    for step, share in zip(steps, weight / weight.sum(), strict=True):
        way = angle + bend * step
        move = np.float32([[1, 0, length * step * np.cos(way)], [0, 1, length * step * np.sin(way)]])
        total += float(share) * cv2.warpAffine(
            image.astype(np.float32), move, image.shape[::-1], borderMode=cv2.BORDER_REPLICATE
        )
    return as_grey(total, rng, rng.uniform(0.5, 2.5))


def _only(image: GreyImage, mask: Plane, rng: np.random.Generator) -> GreyImage:
    ground = ground_of(image)
    soft_mask = cv2.GaussianBlur(mask, (0, 0), 4)
    return as_grey(ground - (ground - image) * soft_mask, rng, rng.uniform(0.5, 2))


def _body(image: GreyImage) -> tuple[float, float, float, float]:
    """Centre and half axes of the contact, px."""
    _, depth, _ = depth_of(image)
    weight = cv2.GaussianBlur(depth, (0, 0), 9) > 0.2
    ys, xs = np.nonzero(weight)
    if not len(ys):
        return image.shape[1] / 2, image.shape[0] / 2, image.shape[1] / 3, image.shape[0] / 3
    (x0, x1), (y0, y1) = (np.percentile(v, [2, 98]) for v in (xs, ys))
    return (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2 + 1, (y1 - y0) / 2 + 1


def partial(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Only the tip or one side touches; the rest of the finger is in the air over the window."""
    x, y, a, b = _body(image)
    area = rng.uniform(18000, 30000)  # px; 46 to 77 mm²
    turn = rng.integers(3)
    ry = float(np.sqrt(area / np.pi * (1.0 if turn == 0 else 1.8)))
    rx = area / np.pi / ry
    cx = x if turn == 0 else x + (a - rx) * (1 if turn == 1 else -1)
    cy = y - max(b - ry, 0) if turn == 0 else y
    mask = np.zeros(image.shape, np.float32)
    cv2.ellipse(mask, (round(cx), round(cy)), (round(rx), round(ry)), 0, 0, 360, 1.0, -1)
    return _only(image, mask, rng)


def small(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Touch with the very tip, longer than broad and turned."""
    x, y, a, b = _body(image)
    area = rng.uniform(4000, 12000)  # px; 10 to 31 mm²
    r = float(np.sqrt(area / np.pi))
    mask = np.zeros(image.shape, np.float32)
    at = (round(x + rng.uniform(-0.3, 0.3) * a), round(y + rng.uniform(-0.4, 0.2) * b))
    cv2.ellipse(mask, at, (round(r * 1.3), round(r / 1.3)), float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    return _only(image, mask, rng)


def off_centre(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Lay the finger at an edge of a window that is larger than it."""
    ground = ground_of(image)
    h, w = image.shape
    _, _, a, b = _body(image)
    side = [(1, 0), (-1, 0), (0, -1)][int(rng.integers(3))]
    big_h, big_w = round(max(h, 2.6 * b + 60)), round(max(w, 3.0 * a + 40))
    canvas = np.full((big_h, big_w), float(np.median(ground)), np.float32)
    x, y, a, b = _body(image)
    tx = big_w / 2 - x + side[0] * (big_w / 2 - a * rng.uniform(0.5, 0.9))
    ty = big_h / 2 - y + side[1] * (big_h / 2 - b * rng.uniform(0.5, 0.8))
    move = np.float32([[1, 0, tx], [0, 1, ty]])
    depth = cv2.warpAffine((ground - image).astype(np.float32), move, (big_w, big_h))
    return as_grey(canvas - depth, rng, rng.uniform(0.5, 2))


def residue(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Grease on the glass: blotches, wiped streaks and a patchy old print around the contact."""
    ground, depth, span = depth_of(image)
    h, w = image.shape
    old = cv2.flip(depth, int(rng.integers(0, 2)))
    turn = cv2.getRotationMatrix2D((w / 2, h / 2), float(rng.uniform(-70, 70)), 1.0)
    turn[:, 2] += rng.choice([-1, 1], 2) * rng.uniform(0.2, 0.35, 2) * (w, h)
    old = cv2.warpAffine(old, turn, (w, h)) * soft(field(image.shape, 30, rng), -1.0, 0.8) * rng.uniform(0.25, 0.4)
    streak = cv2.resize(rng.normal(0, 1, (h, 1)).astype(np.float32), (w, h))
    streak = cv2.GaussianBlur(streak, (0, 0), 1.8)
    streak = soft(streak / streak.std(), 0.8, 2.0) * soft(field(image.shape, 40, rng), 0.2, 1.0) * 0.3
    blot = soft(field(image.shape, 14, rng), 1.0, 2.2) * rng.uniform(0.2, 0.35)
    return as_grey(ground - span * np.maximum.reduce([depth, old, streak, blot]), rng, rng.uniform(0.5, 2.5))


def no_finger(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Leave a latent print of 1 to 5 % of the ground's grey, and smudges."""
    ground, depth, _ = depth_of(image)
    latent = depth * soft(field(image.shape, 35, rng), -1.0, 1.0) * rng.uniform(0.01, 0.05)
    smudge = soft(field(image.shape, 25, rng), 1.0, 2.5) * rng.uniform(0.0, 0.06)
    return as_grey(ground * (1 - np.maximum(latent, smudge)), rng, rng.uniform(0.5, 2.5))


OTHERS: dict[str, Painter] = {
    "LIGHT": light,
    "DRY": dry,
    "WORN": worn,
    "WET": wet,
    "HARD": hard,
    "SMEAR": smear,
    "PARTIAL": partial,
    "TOO_SMALL": small,
    "OFF_CENTRE": off_centre,
    "RESIDUE": residue,
    "NO_FINGER": no_finger,
}
