"""The minutiae comparator in plain Python, written for reading: no bits, no buckets, no working space.

The same numbers in the same order as `biocore/kernels/_match*`, so that every answer is equal to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from biocore.kernels.match import DIRECTION_BINS, NEIGHBOURS, Evidence, Neighbourhood, Rules

COSINE = [float(np.cos(k * (2.0 * np.pi / 256))) for k in range(256)]
SINE = [float(np.sin(k * (2.0 * np.pi / 256))) for k in range(256)]
CANDIDATES = 64
X, Y, DIRECTION, KIND, QUALITY = range(5)

Rows = list[list[int]]  # x, y, direction, kind, quality of each minutia


def own_frame(a: list[int], b: list[int]) -> tuple[float, float, int]:
    """Where b lies as seen from a: along a's direction, to the left of it, and how it is turned."""
    dx, dy, turn = b[X] - a[X], b[Y] - a[Y], a[DIRECTION]
    return dx * COSINE[turn] - dy * SINE[turn], -dx * SINE[turn] - dy * COSINE[turn], (b[DIRECTION] - turn) & 255


def cells(rows: Rows, hood: Neighbourhood) -> NDArray[np.int16]:
    """For each minutia, the cells of its nearest neighbours."""
    found = np.full((len(rows), NEIGHBOURS), -1, np.int16)
    half = 0.5 * hood.side * hood.cell
    for i, a in enumerate(rows):
        near = sorted(
            ((b[X] - a[X]) ** 2 + (b[Y] - a[Y]) ** 2, j)
            for j, b in enumerate(rows)
            if j != i and (b[X] - a[X]) ** 2 + (b[Y] - a[Y]) ** 2 <= hood.radius**2
        )
        for k, (_, j) in enumerate(near[:NEIGHBOURS]):
            u, v, delta = own_frame(a, rows[j])
            along, across = (min(max(int((w + half) / hood.cell), 0), hood.side - 1) for w in (u, v))
            found[i, k] = (along * hood.side + across) * DIRECTION_BINS + (delta >> 4)
    return found


def table(rows: Rows, hood: Neighbourhood) -> NDArray[np.bool_]:
    """Which minutiae (columns) have a neighbour in or near enough to which cell (rows)."""
    found = np.zeros((hood.cells, len(rows)), np.bool_)
    half = 0.5 * hood.side * hood.cell
    reach = hood.radius + hood.slack + hood.stretch * hood.radius
    for i, a in enumerate(rows):
        for j, b in enumerate(rows):
            square = float((b[X] - a[X]) ** 2 + (b[Y] - a[Y]) ** 2)
            if j == i or square > reach * reach:
                continue
            u, v, _ = own_frame(a, b)
            u, v = u + half, v + half
            tolerance = hood.slack + hood.stretch * sqrt(square)
            delta = b[DIRECTION] - a[DIRECTION]
            bins = {t & (DIRECTION_BINS - 1) for t in range((delta - hood.turn) >> 4, ((delta + hood.turn) >> 4) + 1)}
            for along in range(hood.side):
                du = max(0.0, along * hood.cell - u, u - (along + 1) * hood.cell)
                if du > tolerance:
                    continue
                for across in range(hood.side):
                    dv = max(0.0, across * hood.cell - v, v - (across + 1) * hood.cell)
                    if du * du + dv * dv <= tolerance * tolerance:
                        for t in bins:
                            found[(along * hood.side + across) * DIRECTION_BINS + t, i] = True
    return found


def turned(a: int, b: int) -> int:
    """Difference of two directions, -128..127."""
    return ((a - b + 128) & 255) - 128


@dataclass
class Motion:
    """Rigid motion of the reference onto the probe."""

    c: float
    s: float
    x: float
    y: float
    turn: int

    def __call__(self, row: list[int]) -> tuple[float, float]:
        return self.c * row[X] + self.s * row[Y] + self.x, self.c * row[Y] - self.s * row[X] + self.y


def fit(probe: Rows, reference: Rows, pairs: list[tuple[int, int]], lever: float, turn: int) -> Motion:
    """Least squares over the pairs' positions and directions."""
    n = len(pairs)
    px = py = rx = ry = dot = cross = 0.0
    for i, j in pairs:
        px, py, rx, ry = px + probe[i][X], py + probe[i][Y], rx + reference[j][X], ry + reference[j][Y]
    px, py, rx, ry = px / n, py / n, rx / n, ry / n
    for i, j in pairs:
        ax, ay = probe[i][X] - px, probe[i][Y] - py
        bx, by = reference[j][X] - rx, reference[j][Y] - ry
        dot += ax * bx + ay * by
        cross += ax * by - ay * bx
    for i, j in pairs:
        step = (probe[i][DIRECTION] - reference[j][DIRECTION]) & 255
        dot += lever * lever * COSINE[step]
        cross += lever * lever * SINE[step]
    size = sqrt(dot * dot + cross * cross)
    turn &= 255
    c, s = (dot / size, cross / size) if size > 0 else (COSINE[turn], SINE[turn])
    for _ in range(128):
        here, left, right = (c * COSINE[t & 255] + s * SINE[t & 255] for t in (turn, turn + 1, turn - 1))
        if not (left > here or right > here):
            break
        turn = (turn + (1 if left > here else -1)) & 255
    return Motion(c, s, px - c * rx - s * ry, py - c * ry + s * rx, turn)


def candidates(votes: NDArray[np.int64], fewest: int) -> list[tuple[int, int]]:
    """Probe and reference minutia of the correspondences with most votes: all above a cut, the first of those on it."""
    cut, total = fewest, 0
    for v in range(15, fewest - 1, -1):
        cut = v
        total += int((votes == v).sum())
        if total > CANDIDATES:
            break
    room = CANDIDATES - (total - int((votes == cut).sum()))
    found = []
    for j, i in zip(*np.nonzero(votes >= cut), strict=True):
        if votes[j, i] == cut:
            if room == 0:
                continue
            room -= 1
        found.append((int(i), int(j)))
    return found


def agreement(probe: Rows, reference: Rows, chosen: list[tuple[int, int]], rules: Rules) -> NDArray[np.bool_]:
    """Which candidates could belong to one locally rigid motion; they are sorted by rotation."""
    turns = [(probe[i][DIRECTION] - reference[j][DIRECTION]) & 255 for i, j in chosen]
    found = np.zeros((len(chosen), len(chosen)), np.bool_)
    for s, (si, sj) in enumerate(chosen):
        for t, (ti, tj) in enumerate(chosen):
            spread = (turns[t] - turns[s]) & 255
            if s == t or spread > rules.turn or si == ti or sj == tj or (spread == 0 and t < s):
                continue
            turn = (turns[s] + (spread >> 1)) & 255
            x, y = reference[tj][X] - reference[sj][X], reference[tj][Y] - reference[sj][Y]
            ex = COSINE[turn] * x + SINE[turn] * y - (probe[ti][X] - probe[si][X])
            ey = COSINE[turn] * y - SINE[turn] * x - (probe[ti][Y] - probe[si][Y])
            if ex * ex + ey * ey <= rules.slack * rules.slack + rules.stretch * rules.stretch * float(x * x + y * y):
                found[s, t] = found[t, s] = True
    return found


@dataclass
class Round:
    """What a round of pairing leaves."""

    pairs: list[tuple[int, int]]
    error: list[float]  # of each, as a share of its tolerance
    rigid: list[tuple[float, float]]  # reference minutiae after the rigid motion
    bent: list[tuple[float, float]]  # and after the elastic alignment

    @property
    def closeness(self) -> float:
        total = 0.0
        for error in self.error:
            total += 1 - error
        return total


def pair_up(probe: Rows, reference: Rows, pairs: list[tuple[int, int]], motion: Motion, rules: Rules) -> Round:
    """Move the reference, bend it by the pairs so far, and pair what is close: mutual best partners only."""
    rigid = [motion(row) for row in reference]
    bent = []
    claims: dict[int, tuple[float, int, float]] = {}  # probe minutia: cost, reference minutia, error
    for j, row in enumerate(reference):
        wx = wy = 0.0
        total, nearest = rules.stiff, rules.far * rules.far
        for i, k in pairs:
            if k == j:
                continue
            dx, dy = rigid[k][0] - rigid[j][0], rigid[k][1] - rigid[j][1]
            square = dx * dx + dy * dy
            nearest = min(nearest, square)
            weight = 1.0 / (rules.smooth * rules.smooth + square)
            weight *= weight
            total += weight
            wx += weight * (probe[i][X] - rigid[k][0])
            wy += weight * (probe[i][Y] - rigid[k][1])
        x, y = rigid[j][0] + wx / total, rigid[j][1] + wy / total
        bent.append((x, y))
        limit = rules.near * rules.near + rules.elastic * rules.elastic * nearest
        best: tuple[float, int, float] | None = None
        for i, p in enumerate(probe):
            square = (p[X] - x) * (p[X] - x) + (p[Y] - y) * (p[Y] - y)
            turn = turned(p[DIRECTION], row[DIRECTION] + motion.turn)
            if square > limit or abs(turn) > rules.pair_turn:
                continue
            cost = square + rules.turn_cost * turn * turn
            if best is None or cost < best[0]:
                best = cost, i, square / limit
        if best is not None and (best[1] not in claims or best[0] < claims[best[1]][0]):
            claims[best[1]] = best[0], j, best[2]
    mutual = sorted((j, i, error) for i, (_, j, error) in claims.items())
    return Round([(i, j) for j, i, _ in mutual], [error for _, _, error in mutual], rigid, bent)


def hull(rows: Rows) -> list[list[int]]:
    """Corners of the convex hull, by gift wrapping; nothing where it has no area."""
    places = sorted({(row[X], row[Y]) for row in rows})

    def side(a: tuple[int, int], b: tuple[int, int], p: tuple[int, int]) -> int:
        return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])

    if len(places) < 3 or all(side(places[0], places[-1], p) == 0 for p in places):
        return []
    corners = [places[0]]
    while True:
        here = corners[-1]
        ahead = next(p for p in places if p != here)
        for p in places:
            s = side(here, ahead, p)
            further = (p[0] - here[0]) ** 2 + (p[1] - here[1]) ** 2 > (ahead[0] - here[0]) ** 2 + (
                ahead[1] - here[1]
            ) ** 2
            if s < 0 or (s == 0 and further):
                ahead = p
        if ahead == corners[0]:
            return [list(corner) for corner in corners]
        corners.append(ahead)


def area(corners: list[list[int]]) -> float:
    """Area of a polygon."""
    twice = sum(a[X] * b[Y] - b[X] * a[Y] for a, b in zip(corners, corners[1:] + corners[:1], strict=True))
    return 0.5 * twice


def inside(corners: list[list[int]], x: float, y: float, margin: float) -> bool:
    """Whether a point lies further than `margin` from all edges."""
    for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
        ex, ey = float(b[X] - a[X]), float(b[Y] - a[Y])
        length = sqrt(ex * ex + ey * ey)
        nx, ny = -ey / length, ex / length
        if not nx * x + ny * y > nx * a[X] + ny * a[Y] + margin:
            return False
    return bool(corners)


def weigh(
    probe: Rows, reference: Rows, last: Round, motion: Motion, votes: NDArray[np.int64], rules: Rules
) -> dict[Evidence, float]:
    """Count what speaks for and against the pairs."""
    found = dict.fromkeys(list(Evidence)[Evidence.PAIRS : Evidence.PROBE], 0.0)
    cx = cy = 0.0
    for (i, j), error in zip(last.pairs, last.error, strict=True):
        p, r = probe[i], reference[j]
        turn = turned(p[DIRECTION], r[DIRECTION] + motion.turn)
        x, y = p[X] - last.rigid[j][0], p[Y] - last.rigid[j][1]
        found[Evidence.PAIRS] += 1
        found[Evidence.CLOSENESS] += 1 - error
        found[Evidence.TURNS] += turn * turn
        found[Evidence.KINDS] += 0.5 if p[KIND] == 0 or r[KIND] == 0 else float(p[KIND] == r[KIND])
        found[Evidence.VOTES] += int(votes[j, i])
        found[Evidence.QUALITY] += sqrt(float(p[QUALITY] * r[QUALITY]))
        found[Evidence.SHIFTS] += sqrt(x * x + y * y)
        cx += last.rigid[j][0]
        cy += last.rigid[j][1]
    if last.pairs:
        cx, cy = cx / len(last.pairs), cy / len(last.pairs)
    probes, references = {i for i, _ in last.pairs}, {j for _, j in last.pairs}
    around = hull(probe)
    found[Evidence.PROBE_AREA] = area(around)
    for j, row in enumerate(reference):
        if j in references:
            x, y = last.rigid[j][0] - cx, last.rigid[j][1] - cy
            found[Evidence.SPREAD] += x * x + y * y
        elif inside(around, *last.bent[j], rules.margin):
            found[Evidence.MISSED_REFERENCE] += 1
            found[Evidence.MISSED_QUALITY] += row[QUALITY]
    around = hull(reference)
    found[Evidence.REFERENCE_AREA] = area(around)
    for i, row in enumerate(probe):
        x, y = row[X] - motion.x, row[Y] - motion.y
        back = motion.c * x - motion.s * y, motion.s * x + motion.c * y
        if i not in probes and inside(around, *back, rules.margin):
            found[Evidence.MISSED_PROBE] += 1
            found[Evidence.MISSED_QUALITY] += row[QUALITY]
    return found


def match(
    probe: Rows, reference: Rows, hood: Neighbourhood, rules: Rules
) -> tuple[NDArray[np.float64], NDArray[np.int16]]:
    """Compare two templates: evidence, and the partner of each reference minutia (-1 = none)."""
    evidence = dict.fromkeys(Evidence, 0.0)
    partners = np.full(len(reference), -1, np.int16)
    if not probe or not reference:
        return np.zeros(len(Evidence)), partners
    evidence[Evidence.PROBE], evidence[Evidence.REFERENCE] = len(probe), len(reference)
    marks = table(probe, hood)
    votes = np.array([[marks[row[row >= 0], i].sum() for i in range(len(probe))] for row in cells(reference, hood)])
    chosen = candidates(votes, rules.votes)
    chosen.sort(key=lambda pair: (probe[pair[0]][DIRECTION] - reference[pair[1]][DIRECTION]) & 255)
    evidence[Evidence.CANDIDATES] = len(chosen)
    agrees = agreement(probe, reference, chosen, rules)
    backing = [int(votes[j, i]) for i, j in chosen]
    support = [backing[s] + sum(backing[t] for t in np.flatnonzero(agrees[s])) for s in range(len(chosen))]
    used: set[int] = set()
    best = -1.0
    first = 0.0
    for trial in range(rules.roots):
        left = [s for s in range(len(chosen)) if s not in used]
        if not left:
            break
        root = max(left, key=lambda s: support[s])
        if trial == 0:
            evidence[Evidence.SUPPORT] = support[root]
        if support[root] < rules.support:
            break
        members = sorted({root, *np.flatnonzero(agrees[root]).tolist()})
        used.update(members)
        core = [s for s in members if s == root or 2 * int(agrees[s, members].sum()) >= len(members) - 1]
        i, j = chosen[root]
        turn = probe[i][DIRECTION] - reference[j][DIRECTION]
        motion = fit(probe, reference, [chosen[s] for s in core], rules.lever, turn)
        pairs = sorted({j: i for i, j in (chosen[s] for s in core)}.items())
        now = pair_up(probe, reference, [(i, j) for j, i in pairs], motion, rules)
        if trial > 0 and now.closeness < rules.keep * first:
            continue
        first = max(first, now.closeness)
        for _ in range(1, rules.rounds):
            if len(now.pairs) >= 2:
                motion = fit(probe, reference, now.pairs, rules.lever, motion.turn)
            now = pair_up(probe, reference, now.pairs, motion, rules)
        if now.closeness <= best:
            continue
        best = now.closeness
        evidence.update(weigh(probe, reference, now, motion, votes, rules))
        partners[:] = -1
        for i, j in now.pairs:
            partners[j] = i
    return np.array([evidence[k] for k in Evidence]), partners
