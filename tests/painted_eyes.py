"""Whole eyes, painted with known defects, for tests of segmentation-dependent quality that need no real picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Eye:
    """What is painted; lengths in iris radii, greys 0..255, angles in degrees."""

    seed: int = 1
    radius: float = 110.0  # px
    width: int = 640
    height: int = 480
    centre: tuple[float, float] = (320.0, 250.0)
    dilation: float = 0.42
    pupil_grey: float = 18.0
    iris_grey: float = 95.0
    sclera_grey: float = 175.0
    skin_grey: float = 190.0
    texture: float = 7.0
    lid: float = 0.85  # height of the upper lid's edge above the centre
    lower_lid: float = 1.15
    haze: float = 0.0  # of the pupil, 1 = as bright as the iris
    mottle: float = 0.0
    ring: float = 0.0  # height of a ring inside the limbus, 1 = as bright as the sclera
    oval: float = 0.0  # stretch of the pupil
    tilt: float = 0.0
    roll: float = 0.0
    blur: float = 0.0  # deviation
    motion: float = 0.0  # length of the way
    contrast: float = 1.0
    glare: float = 0.0  # radius of a reflection on the iris
    lamp: float = 0.07
    noise: float = 2.0

    def but(self, **changed: object) -> Eye:
        return replace(self, **changed)  # type: ignore[arg-type]


def _noise(seed: int, shape: tuple[int, int], sigma: float) -> Floats:
    field = cv2.GaussianBlur(np.random.default_rng(seed).normal(size=shape), (0, 0), sigma)
    return np.asarray((field - field.mean()) / field.std(), np.float64)


def _soft(distance: Floats, width: float = 0.9) -> Floats:
    """Return 1 where a distance in px is positive, 0 where negative, with a soft edge."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(distance / (0.5 * width), -40, 40))), np.float64)


def paint(eye: Eye) -> NDArray[np.uint8]:
    """Paint an eye."""
    y, x = np.mgrid[: eye.height, : eye.width].astype(np.float64)
    r = eye.radius
    turn = np.radians(eye.roll)
    dx, dy = (x - eye.centre[0]) / r, (eye.centre[1] - y) / r
    u, v = dx * np.cos(turn) + dy * np.sin(turn), -dx * np.sin(turn) + dy * np.cos(turn)  # the eye's own axes
    squeezed = u / np.cos(np.radians(eye.tilt))
    limbus, angle = np.hypot(squeezed, v), np.arctan2(v, squeezed)
    pupil = np.hypot(squeezed * (1 + eye.oval), v / (1 + eye.oval)) / eye.dilation

    a = eye.sclera_grey - 12 * np.abs(u) ** 2 + 2 * _noise(eye.seed + 1, x.shape, 3.0)
    grid = 0.7 * _noise(eye.seed + 2, (48, 384), 1.6) + 0.5 * _noise(eye.seed + 3, (48, 384), 4.0)
    depth = np.clip((limbus - eye.dilation) / (1 - eye.dilation), 0, 1)
    columns = ((angle / (2 * np.pi)) % 1.0 * 384).astype(np.float32)
    fibres = cv2.remap(
        np.pad(grid, ((0, 0), (0, 1)), mode="wrap").astype(np.float32), columns, (depth * 47).astype(np.float32), 1
    )
    iris = eye.iris_grey + eye.texture * fibres - 8 * depth**4
    band = np.exp(-(((limbus - 0.86) / 0.06) ** 4))
    iris = iris + eye.ring * band * (eye.sclera_grey - eye.iris_grey)
    a = a + (iris - a) * _soft((1 - limbus) * r, 0.035 * r)
    cloud = eye.haze * (eye.iris_grey - eye.pupil_grey) * (1 + eye.mottle * _noise(eye.seed + 4, x.shape, 0.04 * r))
    a = a + (eye.pupil_grey + cloud - a) * _soft((1 - pupil) * eye.dilation * r, 0.02 * r)
    for at, size in (((0.08, 0.1), eye.lamp), ((0.62, -0.25), eye.glare)):
        if size:
            a = a + (250 - a) * _soft((size - np.hypot(u - at[0], v - at[1])) * r)
    if eye.motion:
        n = max(1, round(eye.motion * r))
        a = cv2.filter2D(a, -1, np.full((1, n), 1.0 / n), borderType=cv2.BORDER_REPLICATE)
    skin = eye.skin_grey + 6 * _noise(eye.seed + 5, x.shape, 0.02 * r)
    upper, lower = eye.lid - 0.22 * u**2 - v, v + eye.lower_lid - 0.12 * u**2
    for side in (upper, lower):
        a = skin + (a - skin) * _soft(side * r)
        a = a - 45 * np.exp(-((side / 0.035) ** 2))
    if eye.blur:
        a = cv2.GaussianBlur(a, (0, 0), eye.blur * r, borderType=cv2.BORDER_REPLICATE)
    a = 110 + (a - 110) * eye.contrast + np.random.default_rng(eye.seed).normal(size=x.shape) * eye.noise
    return np.asarray(np.clip(np.round(a), 0, 255), np.uint8)
