"""The minutiae comparator in plain Python, written for reading: no bits, no buckets, no working space.

The same numbers in the same order as `biocore/kernels/_match*`, so that every answer is equal to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from biocore.kernels.match import NEIGHBOURS, RINGS, SECTORS, TURNS, Evidence, Neighbourhood, Rules

COSINE = [float(np.cos(k * (2.0 * np.pi / 256))) for k in range(256)]
SINE = [float(np.sin(k * (2.0 * np.pi / 256))) for k in range(256)]
CANDIDATES = 64
X, Y, DIRECTION, KIND, QUALITY = range(5)

Rows = list[list[int]]  # x, y, direction, kind, quality of each minutia


Cell = tuple[int, int, int]  # turn, ring, sector


def bearing(x: int, y: int) -> int:
    """Direction of (x, y), y up, in whole 1/256 turns, rounded down."""
    if (x, y) == (0, 0):
        return 255
    quarter = 0 if x > 0 and y >= 0 else 64 if y > 0 else 128 if x < 0 else 192
    return max(t for t in range(quarter, quarter + 64) if t == quarter or COSINE[t] * y - SINE[t] * x >= 0)


def neighbours(rows: Rows, hood: Neighbourhood) -> list[list[Cell]]:
    """For each minutia, the cells of its nearest neighbours."""
    rings = hood.rings().tolist()
    found = []
    for i, a in enumerate(rows):
        near = sorted(((b[X] - a[X]) ** 2 + (b[Y] - a[Y]) ** 2, j) for j, b in enumerate(rows) if j != i)
        found.append(
            [
                (
                    ((rows[j][DIRECTION] - a[DIRECTION]) & 255) * TURNS // 256,
                    next(ring for ring in range(RINGS) if square <= rings[ring]),
                    ((bearing(rows[j][X] - a[X], a[Y] - rows[j][Y]) - a[DIRECTION]) & 255) * SECTORS // 256,
                )
                for square, j in near
                if square <= rings[-1]
            ][:NEIGHBOURS]
        )
    return found


def number(cell: Cell) -> int:
    """Return the cell as a row of a packed template has it."""
    return (cell[0] * RINGS + cell[1]) * SECTORS + cell[2]


def alike(a: Cell, b: Cell) -> bool:
    """Whether two cells are the same or next to each other."""
    turn, sector = (a[0] - b[0]) % TURNS, (a[2] - b[2]) % SECTORS
    return turn in (0, 1, TURNS - 1) and abs(a[1] - b[1]) <= 1 and sector in (0, 1, SECTORS - 1)


def common(one: list[Cell], other: list[Cell]) -> int:
    """Neighbours two minutiae have in common: of the one that the other explains, or the other way round, the fewer."""
    votes = min(sum(any(alike(a, b) for b in q) for a in p) for p, q in ((one, other), (other, one)))
    return votes if votes >= 2 else 0


def turned(a: int, b: int) -> int:
    """Difference of two directions, -128..127."""
    return ((a - b + 128) & 255) - 128


@dataclass
class Motion:
    """Rigid motion of the moved template onto the fixed one."""

    c: float
    s: float
    x: float
    y: float
    turn: int

    def __call__(self, row: list[int]) -> tuple[float, float]:
        return self.c * row[X] + self.s * row[Y] + self.x, self.c * row[Y] - self.s * row[X] + self.y


def fit(fixed: Rows, moved: Rows, pairs: list[tuple[int, int]], lever: float, turn: int) -> Motion:
    """Least squares over the pairs' positions and directions."""
    n = len(pairs)
    px = py = mx = my = dot = cross = 0.0
    for i, j in pairs:
        px, py, mx, my = px + fixed[i][X], py + fixed[i][Y], mx + moved[j][X], my + moved[j][Y]
    px, py, mx, my = px / n, py / n, mx / n, my / n
    for i, j in pairs:
        ax, ay = fixed[i][X] - px, fixed[i][Y] - py
        bx, by = moved[j][X] - mx, moved[j][Y] - my
        dot += ax * bx + ay * by
        cross += ax * by - ay * bx
    for i, j in pairs:
        step = (fixed[i][DIRECTION] - moved[j][DIRECTION]) & 255
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
    return Motion(c, s, px - c * mx - s * my, py - c * my + s * mx, turn)


def candidates(votes: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return the correspondences (fixed, moved) with most votes: all above a cut, the first of those on it."""
    cut, total = 2, 0
    for v in range(15, 1, -1):
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


def agreement(fixed: Rows, moved: Rows, chosen: list[tuple[int, int]], rules: Rules) -> NDArray[np.bool_]:
    """Which candidates could belong to one locally rigid motion; they are sorted by rotation."""
    turns = [(fixed[i][DIRECTION] - moved[j][DIRECTION]) & 255 for i, j in chosen]
    found = np.zeros((len(chosen), len(chosen)), np.bool_)
    for s, (si, sj) in enumerate(chosen):
        for t, (ti, tj) in enumerate(chosen):
            spread = (turns[t] - turns[s]) & 255
            if s == t or spread > rules.turn or si == ti or sj == tj or (spread == 0 and t < s):
                continue
            turn = (turns[s] + (spread >> 1)) & 255
            x, y = moved[tj][X] - moved[sj][X], moved[tj][Y] - moved[sj][Y]
            ex = COSINE[turn] * x + SINE[turn] * y - (fixed[ti][X] - fixed[si][X])
            ey = COSINE[turn] * y - SINE[turn] * x - (fixed[ti][Y] - fixed[si][Y])
            if ex * ex + ey * ey <= rules.slack * rules.slack + rules.stretch * rules.stretch * float(x * x + y * y):
                found[s, t] = found[t, s] = True
    return found


@dataclass
class Round:
    """What a round of pairing leaves."""

    pairs: list[tuple[int, int]]
    error: list[float]  # of each, as a share of its tolerance
    rigid: list[tuple[float, float]]  # moved minutiae after the rigid motion
    bent: list[tuple[float, float]]  # and after the elastic alignment

    @property
    def closeness(self) -> float:
        total = 0.0
        for error in self.error:
            total += 1 - error
        return total


def pair_up(fixed: Rows, moved: Rows, pairs: list[tuple[int, int]], motion: Motion, rules: Rules) -> Round:
    """Move one template, bend it by the pairs so far, and pair what is close: mutual best partners only."""
    rigid = [motion(row) for row in moved]
    bent = []
    claims: dict[int, tuple[float, int, float]] = {}  # fixed minutia: cost, moved minutia, error
    for j, row in enumerate(moved):
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
            wx += weight * (fixed[i][X] - rigid[k][0])
            wy += weight * (fixed[i][Y] - rigid[k][1])
        x, y = rigid[j][0] + wx / total, rigid[j][1] + wy / total
        bent.append((x, y))
        limit = rules.near * rules.near + rules.elastic * rules.elastic * nearest
        best: tuple[float, int, float] | None = None
        for i, p in enumerate(fixed):
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
    fixed: Rows, moved: Rows, last: Round, motion: Motion, votes: NDArray[np.int64], rules: Rules
) -> dict[Evidence, float]:
    """Count what speaks for and against the pairs."""
    found = dict.fromkeys(list(Evidence)[Evidence.PAIRS : Evidence.LARGER], 0.0)
    cx = cy = 0.0
    for (i, j), error in zip(last.pairs, last.error, strict=True):
        p, r = fixed[i], moved[j]
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
    stay, come = {i for i, _ in last.pairs}, {j for _, j in last.pairs}
    around = hull(fixed)
    found[Evidence.LARGER_AREA] = area(around)
    for j, row in enumerate(moved):
        if j in come:
            x, y = last.rigid[j][0] - cx, last.rigid[j][1] - cy
            found[Evidence.SPREAD] += x * x + y * y
        elif inside(around, *last.bent[j], rules.margin):
            found[Evidence.MISSED_SMALLER] += 1
            found[Evidence.MISSED_QUALITY] += row[QUALITY]
    around = hull(moved)
    found[Evidence.SMALLER_AREA] = area(around)
    for i, row in enumerate(fixed):
        x, y = row[X] - motion.x, row[Y] - motion.y
        back = motion.c * x - motion.s * y, motion.s * x + motion.c * y
        if i not in stay and inside(around, *back, rules.margin):
            found[Evidence.MISSED_LARGER] += 1
            found[Evidence.MISSED_QUALITY] += row[QUALITY]
    return found


def match(
    probe: Rows, reference: Rows, hood: Neighbourhood, rules: Rules
) -> tuple[NDArray[np.float64], NDArray[np.int16]]:
    """Compare two templates: evidence, and the partner of each reference minutia (-1 = none)."""
    one, other = ([len(rows), *map(rank, rows, neighbours(rows, hood))] for rows in (probe, reference))
    if one >= other:
        return align(probe, reference, hood, rules)
    evidence, partners = align(reference, probe, hood, rules)
    found = np.full(len(reference), -1, np.int16)
    for i in np.flatnonzero(partners >= 0):
        found[partners[i]] = i
    return evidence, found


def rank(row: list[int], cells: list[Cell]) -> list[int]:
    """Return what decides which of two templates of one size stays: the first number of a row that differs."""
    return [*row, *map(number, cells), *[-1] * (NEIGHBOURS - len(cells))]


def align(fixed: Rows, moved: Rows, hood: Neighbourhood, rules: Rules) -> tuple[NDArray[np.float64], NDArray[np.int16]]:
    """Move one template onto the other: evidence, and the partner of each moved minutia (-1 = none)."""
    evidence = dict.fromkeys(Evidence, 0.0)
    partners = np.full(len(moved), -1, np.int16)
    if not fixed or not moved:
        return np.zeros(len(Evidence)), partners
    evidence[Evidence.LARGER], evidence[Evidence.SMALLER] = len(fixed), len(moved)
    around = neighbours(fixed, hood)
    votes = np.array([[common(one, other) for one in around] for other in neighbours(moved, hood)])
    chosen = candidates(votes)
    chosen.sort(key=lambda pair: (fixed[pair[0]][DIRECTION] - moved[pair[1]][DIRECTION]) & 255)
    evidence[Evidence.CANDIDATES] = len(chosen)
    agrees = agreement(fixed, moved, chosen, rules)
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
        turn = fixed[i][DIRECTION] - moved[j][DIRECTION]
        motion = fit(fixed, moved, [chosen[s] for s in core], rules.lever, turn)
        pairs = sorted({j: i for i, j in (chosen[s] for s in core)}.items())
        now = pair_up(fixed, moved, [(i, j) for j, i in pairs], motion, rules)
        if now.closeness < rules.promise or now.closeness < rules.keep * first:
            continue
        first = max(first, now.closeness)
        for _ in range(1, rules.rounds):
            if len(now.pairs) >= 2:
                motion = fit(fixed, moved, now.pairs, rules.lever, motion.turn)
            now = pair_up(fixed, moved, now.pairs, motion, rules)
        if now.closeness <= best:
            continue
        best = now.closeness
        evidence.update(weigh(fixed, moved, now, motion, votes, rules))
        partners[:] = -1
        for i, j in now.pairs:
            partners[j] = i
    return np.array([evidence[k] for k in Evidence]), partners
