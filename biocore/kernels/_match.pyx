# Comparing minutiae: neighbourhoods vote for correspondences, agreeing correspondences form a consensus,
# an elastic alignment grown from it pairs the minutiae, and what speaks for and against is counted.
#
# A minutia is a row of `WIDTH` int16 numbers: x, y in px at 500 ppi, direction in 1/256 turns, kind, quality, and
# the cells its nearest neighbours fall into in its own frame (axis u along its direction, v to the left of it).

from libc.math cimport sqrt

from biocore.kernels._match_align cimport pair_up, start_pairs
from biocore.kernels._match_types cimport (
    CELLS, DIRECTION, EVIDENCE, NEIGHBOURS, TURNS, X, Y, Bits, Case, Rules, Work,
)
from biocore.kernels._match_votes cimport choose_candidates, count_votes, find_agreement
from biocore.kernels._match_weigh cimport weigh


cdef inline int cell_of(double u, double v, int delta, double half, double cell, int side) noexcept nogil:
    cdef int a = <int>((u + half) / cell), b = <int>((v + half) / cell)
    a = 0 if a < 0 else side - 1 if a >= side else a
    b = 0 if b < 0 else side - 1 if b >= side else b
    return (a * side + b) * TURNS + ((delta & 255) >> 4)


def describe(short[:, ::1] rows not None, const double[::1] cosine not None, const double[::1] sine not None,
             int radius, int cell, int side):
    """Fill the cells of each row: its NEIGHBOURS nearest minutiae within `radius`, nearest first; -1 = none."""
    cdef int n = rows.shape[0], i, j, k, count, dx, dy, distance, turn
    cdef int near[NEIGHBOURS]
    cdef int far[NEIGHBOURS]
    cdef double c, s
    with nogil:
        for i in range(n):
            count = 0
            for j in range(n):
                dx = rows[j, X] - rows[i, X]
                dy = rows[j, Y] - rows[i, Y]
                distance = dx * dx + dy * dy
                if j == i or distance > radius * radius:
                    continue
                if count == NEIGHBOURS:
                    if distance >= far[count - 1]:
                        continue
                    count -= 1
                k = count
                while k > 0 and far[k - 1] > distance:
                    far[k] = far[k - 1]
                    near[k] = near[k - 1]
                    k -= 1
                far[k] = distance
                near[k] = j
                count += 1
            turn = rows[i, DIRECTION]
            c = cosine[turn]
            s = sine[turn]
            for k in range(NEIGHBOURS):
                if k >= count:
                    rows[i, CELLS + k] = -1
                    continue
                j = near[k]
                dx = rows[j, X] - rows[i, X]
                dy = rows[j, Y] - rows[i, Y]
                rows[i, CELLS + k] = cell_of(dx * c - dy * s, -dx * s - dy * c, rows[j, DIRECTION] - turn,
                                             0.5 * side * cell, cell, side)


def index(const short[:, ::1] rows not None, Bits[:, ::1] table not None, const double[::1] cosine not None,
          const double[::1] sine not None, int radius, int cell, int side, double slack, double stretch, int turn):
    """Mark in each cell's bits the minutiae that have a neighbour there, or near enough for the tolerance."""
    cdef int n = rows.shape[0], i, j, a, b, t, dx, dy, delta, direction, a0, a1, b0, b1
    cdef double c, s, u, v, tolerance, du, dv, half = 0.5 * side * cell
    cdef double reach = radius + slack + stretch * radius
    cdef Bits bit
    with nogil:
        for i in range(n):
            direction = rows[i, DIRECTION]
            c = cosine[direction]
            s = sine[direction]
            bit = <Bits>1 << (i & 63)
            for j in range(n):
                dx = rows[j, X] - rows[i, X]
                dy = rows[j, Y] - rows[i, Y]
                if j == i or <double>dx * dx + <double>dy * dy > reach * reach:
                    continue
                u = dx * c - dy * s + half
                v = -dx * s - dy * c + half
                tolerance = slack + stretch * sqrt(<double>(dx * dx + dy * dy))
                delta = rows[j, DIRECTION] - direction
                a0 = max(0, <int>(max(0.0, u - tolerance) / cell))
                a1 = min(side - 1, <int>(max(0.0, u + tolerance) / cell))
                b0 = max(0, <int>(max(0.0, v - tolerance) / cell))
                b1 = min(side - 1, <int>(max(0.0, v + tolerance) / cell))
                for a in range(a0, a1 + 1):
                    du = max(0.0, max(a * cell - u, u - (a + 1) * cell))
                    for b in range(b0, b1 + 1):
                        dv = max(0.0, max(b * cell - v, v - (b + 1) * cell))
                        if du * du + dv * dv > tolerance * tolerance:
                            continue
                        for t in range((delta - turn) >> 4, ((delta + turn) >> 4) + 1):
                            table[(a * side + b) * TURNS + (t & (TURNS - 1)), i >> 6] |= bit


def place(const short[:, ::1] rows not None, Bits[:, ::1] near not None, const int[::1] grid not None, int reach):
    """Mark in each square of the map the minutiae within `reach` px. `grid`: left, top, log2 of the side, w, h."""
    cdef int i, a, b, x, y, shift = grid[2]
    with nogil:
        for i in range(rows.shape[0]):
            x = rows[i, X] - grid[0]
            y = rows[i, Y] - grid[1]
            for b in range(max(0, (y - reach) >> shift), min(grid[4] - 1, (y + reach) >> shift) + 1):
                for a in range(max(0, (x - reach) >> shift), min(grid[3] - 1, (x + reach) >> shift) + 1):
                    near[b * grid[3] + a, i >> 6] |= <Bits>1 << (i & 63)


cdef void compare_one(const Case* case, const Rules* rules, Work* work) noexcept nogil:
    """One probe against one reference; leaves evidence and partners in `work`."""
    cdef int root, a, trial, round_, j
    cdef double best = -1, first = 0, closeness
    cdef Bits used = 0, members
    for j in range(EVIDENCE):
        work.evidence[j] = 0
    for j in range(case.n):
        work.best_partner[j] = -1
    work.evidence[13] = case.m
    work.evidence[14] = case.n
    count_votes(case, work.planes)
    choose_candidates(case, rules.votes, work)
    work.evidence[0] = work.candidates
    if work.candidates == 0:
        return
    find_agreement(case, rules, work)
    for trial in range(rules.roots):
        root = -1
        for a in range(work.candidates):
            if not (used >> a) & 1 and (root < 0 or work.support[a] > work.support[root]):
                root = a
        if root < 0:
            break
        if trial == 0:
            work.evidence[1] = work.support[root]
        if work.support[root] < rules.support:
            break
        members = work.agrees[root] | <Bits>1 << root
        used |= members
        start_pairs(case, rules, root, members, work)
        closeness = pair_up(case, rules, rules.rounds > 1, work)
        if trial > 0 and closeness < rules.keep * first:
            continue
        if closeness > first:
            first = closeness
        for round_ in range(1, rules.rounds):
            closeness = pair_up(case, rules, round_ + 1 < rules.rounds, work)
        if closeness <= best:
            continue
        best = closeness
        weigh(case, rules, work)
        for j in range(case.n):
            work.best_partner[j] = work.partner[j]


def match(const short[:, ::1] probe not None, const Bits[:, ::1] table not None,
          const Bits[:, ::1] near not None, const int[::1] grid not None,
          const short[:, ::1] references not None, const int[::1] offsets not None,
          const double[::1] cosine not None, const double[::1] sine not None, const double[::1] rules not None,
          double[:, ::1] evidence not None, short[::1] partners not None):
    """Compare a probe with each reference: evidence, and the partner of each reference minutia (-1 = none)."""
    cdef int k, j
    cdef Case case
    cdef Rules r
    cdef Work work
    r.votes = <int>rules[0]
    r.slack = rules[1]
    r.stretch = rules[2]
    r.turn = <int>rules[3]
    r.support = rules[4]
    r.roots = <int>rules[5]
    r.rounds = <int>rules[6]
    r.near = rules[7]
    r.elastic = rules[8]
    r.far = rules[9]
    r.pair_turn = <int>rules[10]
    r.turn_cost = rules[11]
    r.smooth = rules[12]
    r.stiff = rules[13]
    r.margin = rules[14]
    r.keep = rules[15]
    r.lever = rules[16]
    r.grid_x, r.grid_y, r.grid_shift, r.grid_wide, r.grid_high = grid[0], grid[1], grid[2], grid[3], grid[4]
    if probe.shape[0] == 0:
        return
    case.probe, case.m = &probe[0, 0], probe.shape[0]
    case.table, case.near, case.words = &table[0, 0], &near[0, 0], table.shape[1]
    case.cosine, case.sine = &cosine[0], &sine[0]
    with nogil:
        for k in range(offsets.shape[0] - 1):
            case.n = offsets[k + 1] - offsets[k]
            if case.n == 0:
                continue
            case.reference = &references[offsets[k], 0]
            compare_one(&case, &r, &work)
            for j in range(EVIDENCE):
                evidence[k, j] = work.evidence[j]
            for j in range(case.n):
                partners[offsets[k] + j] = work.best_partner[j]
