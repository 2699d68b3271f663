"""Minutiae: the ends of the ridge skeleton and of the valley skeleton, less those that are no feature of the finger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biocore.fingerprint.orientation import OrientationField
from biocore.kernels import minutiae as kernel
from biocore.kernels.ridge import CELL, RidgePicture
from biocore.types import MAX_MINUTIAE, MinutiaKind

THINNING_ROUNDS = 40
SPUR = 10
FRAGMENT = 18
REACH = 24
NEAR = 7.0
FAR = 18.0
FACING = 0.7
SIDE = 10.0
AHEAD = 18.0


@dataclass(frozen=True, slots=True)
class Found:
    points: NDArray[np.float32]
    directions: NDArray[np.float32]
    kinds: NDArray[np.uint8]
    qualities: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Candidates:
    points: NDArray[np.float32]
    inward: NDArray[np.float32]  # unit vector into the line, y down
    kinds: NDArray[np.uint8]
    lengths: NDArray[np.int32]


def ends(lines: kernel.Lines, kind: MinutiaKind) -> Candidates:
    lines = kernel.prune(lines, SPUR, FRAGMENT)
    paths, lengths = kernel.trace_ends(lines, REACH)
    tip = paths[:, 0].astype(np.float32)
    rows = np.arange(len(paths))
    deep = paths[rows, np.minimum(lengths - 1, 12)].astype(np.float32)
    vector = deep - tip
    inward = vector / np.maximum(np.hypot(vector[:, :1], vector[:, 1:]), np.float32(1e-6))
    off = kernel.cancel_facing(lines, np.concatenate([tip, inward], axis=1), NEAR, FAR, FACING)
    keep = ~off
    return Candidates(tip[keep] - 1, inward[keep], np.full(int(keep.sum()), kind, np.uint8), lengths[keep])


def inside(points: NDArray[np.float32], inward: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say which ends lie well inside the mask and do not look out of it."""
    padded = np.pad(mask, 4)

    def at(p: NDArray[np.float32]) -> NDArray[np.bool_]:
        cells = np.floor(p / CELL).astype(int) + 4
        cells = np.clip(cells, 0, np.array(padded.shape[::-1]) - 1)
        return padded[cells[:, 1], cells[:, 0]]

    fine = at(points - np.float32(AHEAD) * inward)
    for k in range(8):
        a = np.pi / 4 * k
        fine &= at(points + np.float32(SIDE) * np.array([np.cos(a), np.sin(a)], np.float32))
    return fine


def detect(
    ridges: RidgePicture, field: OrientationField, mask: NDArray[np.bool_], strength: NDArray[np.float32]
) -> Found:
    found = []
    for bits, kind in zip(kernel.pack(ridges, mask), (MinutiaKind.ENDING, MinutiaKind.BIFURCATION), strict=True):
        found.append(ends(kernel.unpack(kernel.thin(bits, THINNING_ROUNDS), mask.shape[1] * CELL), kind))
    points = np.concatenate([f.points for f in found])
    inward = np.concatenate([f.inward for f in found])
    kinds = np.concatenate([f.kinds for f in found])
    keep = inside(points, inward, mask)
    points, inward, kinds = points[keep], inward[keep], kinds[keep]
    directions = (np.arctan2(-inward[:, 1], inward[:, 0]) % (2 * np.pi)).astype(np.float32)
    cells = np.floor(points / CELL).astype(int)
    coherence = field.coherence[cells[:, 1], cells[:, 0]]
    quality = np.clip(np.round(100 * coherence), 1, 100).astype(np.uint8)
    order = np.lexsort((directions, points[:, 0], points[:, 1], -quality.astype(int)))[:MAX_MINUTIAE]
    return Found(points[order], directions[order], kinds[order], quality[order])
