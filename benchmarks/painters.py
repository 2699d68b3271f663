"""Defects painted on real prints, each by its own mechanism and of random strength.

Every painter takes a print (uint8, 0 = ridge) and a generator, draws the strength from the generator, and
returns a picture of the same size. They make pictures whose cause is known, to fit the rules of
`biocore.fingerprint.rules` and to measure them; a table made with other seeds of these painters is therefore kinder
than one made with painters the rules have not seen (`cause_table.py --painter`).
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.types import GreyImage

LEAST_BARE = 0.05  # of the window; where less is bare, the ground is one grey
FULL_CONTACT = 0.3  # of the ground's grey is left where skin lies flat on the glass, however pale the print was

Painter = Callable[[GreyImage, np.random.Generator], GreyImage]
Plane = NDArray[np.float32]


def ground_of(image: GreyImage) -> Plane:
    """Grey of the bare window under the print: a parabola in x and y through the places without texture."""
    height, width = image.shape
    grey = cv2.GaussianBlur(image, (0, 0), 1.5).astype(np.float32)
    mean, power = (cv2.blur(plane, (25, 25)) for plane in (grey, grey * grey))
    texture = np.sqrt(np.maximum(power - mean * mean, 0))
    y, x = np.mgrid[-1.0 : 1.0 : height * 1j, -1.0 : 1.0 : width * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=2)
    some = (slice(None, None, 8),) * 2
    light = float(np.percentile(mean, 90))
    bare = (texture < 0.2 * np.percentile(texture, 95)) & (mean > 0.5 * light)
    bare = cv2.erode(bare.astype(np.uint8), np.ones((9, 9), np.uint8))[some].astype(bool)
    if np.mean(bare) < LEAST_BARE:
        return np.full((height, width), np.percentile(grey, 95), np.float32)
    table = terms[some][bare]
    pull = np.diag([0.0, *[0.05 * len(table)] * 5])  # little ground tells little of its slopes
    slopes = np.linalg.solve(table.T @ table + pull, table.T @ grey[some][bare])
    return np.clip(terms @ slopes, 1.0, 255.0).astype(np.float32)


def field(shape: tuple[int, ...], scale: float, rng: np.random.Generator) -> Plane:
    """Smooth noise of unit variance, `scale` px wide."""
    noise = cv2.GaussianBlur(rng.normal(0, 1, shape).astype(np.float32), (0, 0), scale)
    return np.asarray(noise / max(float(noise.std()), 1e-6), np.float32)


def as_grey(plane: NDArray[np.floating], rng: np.random.Generator, noise: float | None = None) -> GreyImage:
    """Add sensor noise and return 8-bit grey."""
    amount = rng.uniform(1.0, 5.0) if noise is None else noise
    return np.clip(plane + rng.normal(0, amount, plane.shape), 0, 255).astype(np.uint8)


def light(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    ground = ground_of(image)
    depth = (ground - image) * rng.uniform(0.15, 0.30)
    if rng.random() < 0.5:  # ridges touch with their tops only: thinner as well as paler
        top = float(np.percentile(depth, 98)) + 1e-3
        depth = top * np.clip(depth / top, 0, 1) ** rng.uniform(1.0, 1.6)
    return as_grey(ground - depth, rng, rng.uniform(1.0, 3.5))


def dry(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    ground = ground_of(image)
    a = image.astype(np.float32)
    if rng.random() < 0.5:  # specks without ink
        hole = field(image.shape, rng.uniform(1.1, 2.4), rng) > rng.uniform(0.0, 0.4)
        mask = hole.astype(np.float32)
    else:  # ridges broken into short pieces by blots of round shape
        mask = np.zeros(image.shape, np.float32)
        count = int(image.size * rng.uniform(0.014, 0.022))
        ys, xs = rng.integers(0, image.shape[0], count), rng.integers(0, image.shape[1], count)
        for y, x, r in zip(ys, xs, rng.integers(2, 4, count), strict=True):
            cv2.circle(mask, (int(x), int(y)), int(r), 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.6) * rng.uniform(0.75, 1.0)
    return as_grey(a + (ground - a) * mask, rng)


def worn(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    ground = ground_of(image)
    a = image.astype(np.float32)
    patch = np.clip((field(image.shape, rng.uniform(10, 20), rng) - rng.uniform(-0.2, 0.4)) * 3, 0, 1)
    smooth = cv2.GaussianBlur(a, (0, 0), rng.uniform(5, 9))
    smooth = ground - (ground - smooth) * rng.uniform(0.5, 1.1)
    a = a * (1 - patch) + smooth * patch
    return as_grey(ground - (ground - a) * rng.uniform(0.55, 1.0), rng)


def wet(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    size = int(rng.choice([3, 5]))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    a = cv2.erode(image, kernel).astype(np.float32)
    pool = np.clip(field(image.shape, rng.uniform(5, 14), rng) + rng.uniform(0.2, 0.8), 0, 1) * rng.uniform(0.6, 0.9)
    level = cv2.GaussianBlur(cv2.erode(image, np.ones((9, 9), np.uint8)).astype(np.float32), (0, 0), 2)
    a = a * (1 - pool) + np.minimum(a, level) * pool
    return as_grey(cv2.GaussianBlur(a, (0, 0), rng.uniform(0.6, 1.3)), rng)


def hard(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    ground = ground_of(image)
    fine = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)  # half pixels of widening
    size = int(rng.choice([4, 5]))
    fine = cv2.erode(fine, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
    a = cv2.resize(fine, image.shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32)
    dark = np.minimum(float(np.percentile(a, 3)), FULL_CONTACT * ground)
    span = np.maximum(ground - dark, 1)
    depth = np.clip((ground - a) / span * rng.uniform(1.15, 1.35), 0, 1)
    return as_grey(ground - span * depth, rng, rng.uniform(1, 3))


def smear(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    angle = rng.uniform(0, np.pi)
    if rng.random() < 0.6:  # slid while it was taken
        length = int(rng.integers(9, 18))
        kernel = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
        c, s = np.cos(angle) * length / 2, np.sin(angle) * length / 2
        ends = [(round(length + k * c), round(length + k * s)) for k in (-1, 1)]
        cv2.line(kernel, ends[0], ends[1], 1.0)
        blurred = cv2.filter2D(image.astype(np.float32), -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
    else:  # set down twice
        shift = rng.uniform(4, 7)
        move = np.float32([[1, 0, shift * np.cos(angle)], [0, 1, shift * np.sin(angle)]])
        second = cv2.warpAffine(image, move, image.shape[::-1], borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
        blurred = np.minimum(image.astype(np.float32), second + rng.uniform(0, 20))
    return as_grey(blurred, rng, rng.uniform(1, 3))


def _bare(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    return as_grey(ground_of(image), rng, rng.uniform(0.5, 2.5))


def partial(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Only part of the finger is on the window: moved out by half over the top, the left or the right."""
    h, w = image.shape
    dy, dx = [(-1, 0), (0, -1), (0, 1)][int(rng.integers(3))]
    amount = rng.uniform(0.45, 0.6)
    dy, dx = round(dy * amount * h), round(dx * amount * w)
    out = _bare(image, rng)
    ys, yd = (slice(-dy, h), slice(0, h + dy)) if dy < 0 else (slice(0, h), slice(0, h))
    xs, xd = (slice(max(0, -dx), w - max(0, dx)), slice(max(0, dx), w - max(0, -dx)))
    out[yd, xd] = image[ys, xs]
    return out


def small(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Only the middle of the pad touches."""
    mask = np.zeros(image.shape, np.float32)
    area = rng.uniform(5000, 13000)  # px; 13 to 34 mm² at 500 ppi
    radius = np.sqrt(area / np.pi)
    depth = ground_of(image) - image
    weight = cv2.GaussianBlur((depth > 0.35 * np.percentile(depth, 97)).astype(np.float32), (0, 0), 25)
    y, x = np.unravel_index(int(weight.argmax()), weight.shape)
    cv2.ellipse(mask, (int(x), int(y)), (round(radius * 0.85), round(radius / 0.85)), 0, 0, 360, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 3)
    return np.clip(image * mask + _bare(image, rng) * (1 - mask), 0, 255).astype(np.uint8)


def residue(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Lay what the last finger left around the contact: a paler print, moved and turned, and a few drops."""
    ground = ground_of(image)
    h, w = image.shape
    depth = np.clip(ground - image, 0, None)
    turn = cv2.getRotationMatrix2D((w / 2, h / 2), float(rng.uniform(20, 160)), 1.0)
    turn[:, 2] += rng.choice([-1, 1], 2) * rng.uniform(0.25, 0.4, 2) * (w, h)
    ghost = cv2.warpAffine(depth, turn, (w, h), borderMode=cv2.BORDER_CONSTANT) * rng.uniform(0.25, 0.45)
    return as_grey(ground - np.maximum(depth, ghost), rng, rng.uniform(0.5, 2.5))


def no_finger(image: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Show the bare window: even, or with dust."""
    out = _bare(image, rng)
    for _ in range(int(rng.integers(0, 8))):
        y, x = int(rng.integers(image.shape[0])), int(rng.integers(image.shape[1]))
        cv2.circle(out, (x, y), int(rng.integers(1, 4)), int(out[y, x] * rng.uniform(0.3, 0.8)), -1)
    return out


PAINTERS: dict[str, Painter] = {
    "LIGHT": light,
    "DRY": dry,
    "WORN": worn,
    "WET": wet,
    "HARD": hard,
    "SMEAR": smear,
    "PARTIAL": partial,
    "TOO_SMALL": small,
    "RESIDUE": residue,
    "NO_FINGER": no_finger,
}
