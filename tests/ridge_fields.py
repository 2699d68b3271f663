"""Ridge patterns with known minutiae: a wave whose phase winds once around each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Dislocation:
    """One line more on one side: `turn` +1 puts it towards the pattern's own +x, -1 towards -x."""

    x: float
    y: float
    turn: int


def ridge_field(
    dislocations: list[Dislocation],
    *,
    shape: tuple[int, int] = (320, 288),
    period: float = 9.0,
    angle: float = 0.0,
    phase: float = 0.0,
    noise: float = 0.0,
    seed: int = 0,
) -> NDArray[np.uint8]:
    """Draw ridges along `angle` (radians, counter-clockwise) inside an ellipse on white.

    The dislocations are given, and stay, in picture coordinates. Each winds the phase by 2π, so that to one side
    of it there is one ridge, or one valley, more (Larkin and Fletcher, Optics Express 15(14), 2007).
    """
    height, width = shape
    y, x = np.mgrid[:height, :width].astype(np.float64)
    across = x * np.sin(angle) + y * np.cos(angle)
    wave = 2 * np.pi * across / period + phase
    for d in dislocations:
        u = (x - d.x) * np.cos(angle) - (y - d.y) * np.sin(angle)
        v = (x - d.x) * np.sin(angle) + (y - d.y) * np.cos(angle)
        wave += d.turn * np.arctan2(v, u)
    grey = 128 - 90 * np.cos(wave)
    grey += noise * np.random.default_rng(seed).normal(size=shape)
    oval = ((x - width / 2) / (width * 0.46)) ** 2 + ((y - height / 2) / (height * 0.46)) ** 2 < 1
    return np.where(oval, np.clip(np.round(grey), 0, 255), 255).astype(np.uint8)


def expected_direction(dislocation: Dislocation, angle: float) -> float:
    """Return where the minutia looks: towards the side with one line more."""
    return (angle + (0 if dislocation.turn > 0 else np.pi)) % (2 * np.pi)
