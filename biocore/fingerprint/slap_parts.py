"""The prints on a platen, one by one: split where they touch, phalanges of one finger told apart."""

from __future__ import annotations

import heapq
import math

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore import trace
from biocore.fingerprint.slap_map import Map, RidgeMap

SQUEEZE = 1.5  # a tip's print is so much longer than wide; squeezed by it, a finger is a disc with one middle
SAME_PRINT = 0.84  # of the lesser middle's depth: where the neck between two middles is wider, they are one print
Labels = NDArray[np.int32]


def upright(ridges: RidgeMap, turn_deg: float) -> tuple[Map, NDArray[np.uint8], NDArray[np.float64]]:
    """Turn the map by the hand's turn and squeeze it; also the matrix from cells of the map to cells of the result."""
    rows, columns = ridges.contrast.shape
    turn = math.radians(turn_deg)
    cos, sin = math.cos(turn), math.sin(turn)
    width = math.ceil(columns * abs(cos) + rows * abs(sin)) + 4
    height = math.ceil((columns * abs(sin) + rows * abs(cos)) / SQUEEZE) + 4
    matrix = np.array([[cos, -sin, 0.0], [sin / SQUEEZE, cos / SQUEEZE, 0.0]])
    matrix[:, 2] = np.array([width / 2, height / 2]) - matrix[:, :2] @ np.array([columns / 2, rows / 2])
    soft = np.minimum(ridges.contrast / max(ridges.typical, 1e-6), 1.0).astype(np.float32)
    turned = cv2.warpAffine(soft, matrix, (width, height), flags=cv2.INTER_LINEAR)
    mask = cv2.warpAffine(ridges.mask.astype(np.float32), matrix, (width, height), flags=cv2.INTER_LINEAR) > 0.5
    return np.asarray(turned, np.float32), mask.astype(np.uint8), matrix


def split(soft: Map, mask: NDArray[np.uint8]) -> Labels:
    """Label the prints: flood from the middles of the squeezed discs, join those with a wide neck.

    Parameters
    ----------
    soft, mask : arrays (rows, columns)
        Of `upright`.

    Returns
    -------
    int32 array (rows, columns), 0 outside all prints
    """
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    firm = cv2.GaussianBlur(soft, (0, 0), 1.2)
    relief = np.asarray(cv2.GaussianBlur(depth * (0.35 + 0.65 * firm), (0, 0), 1.6), np.float32)
    trace.stage("slap.relief", relief)
    tops = _uphill(relief)
    inside = mask > 0
    names, basins = np.unique(tops[inside], return_inverse=True)
    labels = np.zeros(mask.shape, np.int32)
    labels[inside] = basins + 1
    return _joined(labels, relief, len(names) + 1)


def _uphill(relief: Map) -> NDArray[np.intp]:
    """Return for each cell the index of the top it comes to by the steepest way up: the basins of a watershed."""
    rows, columns = relief.shape
    wide = np.pad(relief, 1, constant_values=-1.0)
    index = np.pad(np.arange(rows * columns).reshape(rows, columns), 1)
    best, parent = relief.copy(), index[1:-1, 1:-1].copy()
    for dy in range(3):
        for dx in range(3):
            there = wide[dy : dy + rows, dx : dx + columns]
            higher = there > best
            best = np.where(higher, there, best)
            parent = np.where(higher, index[dy : dy + rows, dx : dx + columns], parent)
    flat = parent.ravel()
    while not np.array_equal(further := flat[flat], flat):
        flat = further
    return flat.reshape(rows, columns)


def _joined(labels: Labels, relief: Map, count: int) -> Labels:
    """Join prints whose neck is nearly as deep as the lesser of their middles, the widest neck first."""
    peak = np.zeros(count)
    np.maximum.at(peak, labels.ravel(), relief.ravel())
    tops: list[float] = peak.tolist()
    necks = _necks(labels, relief, count)
    widest = [
        (-neck / _lesser(tops, a, b), a, b) for a, beside in enumerate(necks) for b, neck in beside.items() if a < b
    ]
    heapq.heapify(widest)
    joined = np.arange(count)
    while widest:
        ratio, a, b = heapq.heappop(widest)
        if -ratio < SAME_PRINT:
            break
        if b not in necks[a] or -ratio != necks[a][b] / _lesser(tops, a, b):
            continue  # as it was before one of them grew
        joined[b] = a
        grew, tops[a] = tops[b] > tops[a], max(tops[a], tops[b])
        for c, neck in necks[b].items():
            del necks[c][b]
            if c != a:
                necks[a][c] = necks[c][a] = max(neck, necks[a].get(c, 0.0))
        changed = necks[a] if grew else necks[b].keys() - {a}
        necks[b] = {}
        for c in changed:
            heapq.heappush(widest, (-necks[a][c] / _lesser(tops, a, c), min(a, c), max(a, c)))
    while not np.array_equal(further := joined[joined], joined):
        joined = further
    _, numbers = np.unique(joined[1:], return_inverse=True)
    return np.concatenate([[0], numbers + 1])[labels].astype(np.int32)


def _necks(labels: Labels, relief: Map, count: int) -> list[dict[int, float]]:
    """Return for each print those that it touches, with the depth of the widest neck between them."""
    necks: list[dict[int, float]] = [{} for _ in range(count)]
    for here, there in (
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:-1], np.s_[1:]),
        (np.s_[:-1, :-1], np.s_[1:, 1:]),
        (np.s_[:-1, 1:], np.s_[1:, :-1]),
    ):
        first, second = labels[here], labels[there]
        meet = (first != second) & (first > 0) & (second > 0)
        depth = np.minimum(relief[here], relief[there])[meet]
        for a, b, neck in zip(first[meet].tolist(), second[meet].tolist(), depth.tolist(), strict=True):
            if neck > necks[a].get(b, 0.0):
                necks[a][b] = necks[b][a] = neck
    return necks


def _lesser(tops: list[float], a: int, b: int) -> float:
    return max(min(tops[a], tops[b]), 1e-6)
