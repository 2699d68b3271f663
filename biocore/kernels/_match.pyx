# Comparing minutiae: neighbourhoods vote for correspondences, agreeing correspondences form a consensus,
# an elastic alignment grown from it pairs the minutiae, and what speaks for and against is counted.
#
# A minutia is a row of `WIDTH` int16 numbers: x, y in px at 500 ppi, direction in 1/256 turns, kind, quality, and
# the cells its nearest neighbours fall into, seen from it: how far (a ring), where (a sector, from its direction),
# and turned how. Two cells are alike where they touch: rings, sectors and turns are next to each other or the same.
#
# The result does not depend on which of the two is the probe: whatever is not the same both ways is done in one
# order, the larger template fixed and the smaller one moved.

from biocore.kernels._match_align cimport pair_up, start_pairs
from biocore.kernels._match_types cimport (
    CELLS, DIRECTION, EVIDENCE, MAP_SHIFT, MAP_SIDE, NEIGHBOURS, RINGS, SECTORS, TURNS, WIDTH, X, Y, Bits, Case, Map,
    Rules, Work,
)
from biocore.kernels._match_votes cimport choose_candidates, count_votes, find_agreement
from biocore.kernels._match_weigh cimport weigh

WORK = sizeof(Work)  # bytes


cdef inline int direction_of(int x, int y, const double[::1] cosine, const double[::1] sine) noexcept nogil:
    """Direction of (x, y), y up, in whole 1/256 turns, rounded down; without a platform's atan2."""
    cdef int step = 32, turn = (0 if x > 0 else 64) if y > 0 or (y == 0 and x > 0) else (128 if x < 0 else 192)
    while step:
        if cosine[turn + step] * y - sine[turn + step] * x >= 0:
            turn += step
        step >>= 1
    return turn


def describe(short[:, ::1] rows not None, const double[::1] cosine not None, const double[::1] sine not None,
             const int[::1] rings not None):
    """Fill the cells of each row: its NEIGHBOURS nearest minutiae, nearest first; -1 = none.

    `rings`: squared outer radii in px^2; beyond the last there are no neighbours.
    """
    cdef int n = rows.shape[0], i, j, k, count, dx, dy, distance, ring, sector, turn
    cdef int near[NEIGHBOURS]
    cdef int far[NEIGHBOURS]
    with nogil:
        for i in range(n):
            count = 0
            for j in range(n):
                dx = rows[j, X] - rows[i, X]
                dy = rows[j, Y] - rows[i, Y]
                distance = dx * dx + dy * dy
                if j == i or distance > rings[RINGS - 1]:
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
            for k in range(NEIGHBOURS):
                if k >= count:
                    rows[i, CELLS + k] = -1
                    continue
                j = near[k]
                ring = 0
                while far[k] > rings[ring]:
                    ring += 1
                sector = direction_of(rows[j, X] - rows[i, X], rows[i, Y] - rows[j, Y], cosine, sine)
                sector = ((sector - rows[i, DIRECTION]) & 255) * SECTORS // 256
                turn = ((rows[j, DIRECTION] - rows[i, DIRECTION]) & 255) * TURNS // 256
                rows[i, CELLS + k] = (turn * RINGS + ring) * SECTORS + sector


def index(const short[:, ::1] rows not None, Bits[:, ::1] table not None, unsigned short[:, ::1] alike not None):
    """Mark what is like the neighbours of each minutia.

    `table`: for each cell, the minutiae (bits) that have a neighbour in one like it. `alike`: for each minutia and
    each sector, ring and turn, its neighbours (bits) that are in one next to it.
    """
    cdef int i, k, cell, ring, sector, turn, a, b, t
    cdef Bits bit
    cdef unsigned short one
    with nogil:
        for i in range(rows.shape[0]):
            bit = <Bits>1 << (i & 63)
            for k in range(NEIGHBOURS):
                cell = rows[i, CELLS + k]
                if cell < 0:
                    break
                sector = cell % SECTORS
                ring = cell // SECTORS % RINGS
                turn = cell // (SECTORS * RINGS)
                one = <unsigned short>(1 << k)
                for b in range(sector - 1, sector + 2):
                    alike[i, b & (SECTORS - 1)] |= one
                for a in range(max(0, ring - 1), min(RINGS - 1, ring + 1) + 1):
                    alike[i, SECTORS + a] |= one
                for t in range(turn - 1, turn + 2):
                    alike[i, SECTORS + RINGS + (t & (TURNS - 1))] |= one
                    for a in range(max(0, ring - 1), min(RINGS - 1, ring + 1) + 1):
                        for b in range(sector - 1, sector + 2):
                            cell = ((t & (TURNS - 1)) * RINGS + a) * SECTORS + (b & (SECTORS - 1))
                            table[cell, i >> 6] |= bit


cdef void draw_map(const short* rows, int n, int reach, Map* map) noexcept nogil:
    """Mark in each square of a map the minutiae within `reach` px; nothing to do where it is drawn already."""
    cdef int i, a, b, x, y, left, right, top, bottom
    if map.rows == rows:
        return
    left = right = rows[X]
    top = bottom = rows[Y]
    for i in range(1, n):
        x = rows[i * WIDTH + X]
        y = rows[i * WIDTH + Y]
        left = x if x < left else left
        right = x if x > right else right
        top = y if y < top else top
        bottom = y if y > bottom else bottom
    map.rows = rows
    map.x = left - reach
    map.y = top - reach
    map.shift = MAP_SHIFT
    while max(right - left, bottom - top) + 2 * reach >> map.shift >= MAP_SIDE:
        map.shift += 1
    map.wide = (right - left + 2 * reach >> map.shift) + 1
    map.high = (bottom - top + 2 * reach >> map.shift) + 1
    map.words = (n + 63) // 64
    for i in range(map.wide * map.high * map.words):
        map.near[i] = 0
    for i in range(n):
        x = rows[i * WIDTH + X] - map.x
        y = rows[i * WIDTH + Y] - map.y
        for b in range((y - reach) >> map.shift, ((y + reach) >> map.shift) + 1):
            for a in range((x - reach) >> map.shift, ((x + reach) >> map.shift) + 1):
                map.near[(b * map.wide + a) * map.words + (i >> 6)] |= <Bits>1 << (i & 63)


cdef inline bint is_larger(const short* a, int m, const short* b, int n) noexcept nogil:
    """Say whether a is to be fixed: it has more minutiae, or as many and the first number that differs is larger."""
    cdef int k
    if m != n:
        return m > n
    for k in range(m * WIDTH):
        if a[k] != b[k]:
            return a[k] > b[k]
    return True


cdef void compare_one(const Case* case, const Rules* rules, int reach, Work* work) noexcept nogil:
    """One template against another, votes counted; leaves evidence and partners in `work`."""
    cdef int root, a, trial, round_, j
    cdef double best = -1, first = 0, closeness
    cdef Bits used = 0, members
    for j in range(EVIDENCE):
        work.evidence[j] = 0
    for j in range(case.n):
        work.best_partner[j] = -1
    work.evidence[13] = case.m
    work.evidence[14] = case.n
    choose_candidates(case, work)
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
        draw_map(case.fixed, case.m, reach, case.map)
        members = work.agrees[root] | <Bits>1 << root
        used |= members
        start_pairs(case, rules, root, members, work)
        closeness = pair_up(case, rules, rules.rounds > 1, work)
        if closeness < rules.promise or closeness < rules.keep * first:
            continue
        if closeness > first:
            first = closeness
        for round_ in range(1, rules.rounds):
            closeness = pair_up(case, rules, round_ + 1 < rules.rounds, work)
            if not work.changed:  # the same pairs give the same motion, and so the next round would be this one
                break
        if closeness <= best:
            continue
        best = closeness
        weigh(case, rules, work)
        for j in range(case.n):
            work.best_partner[j] = work.partner[j]


def match(const short[:, ::1] probe not None, const Bits[:, ::1] table not None,
          const unsigned short[:, ::1] alike not None,
          const short[:, ::1] references not None, const int[::1] offsets not None,
          const double[::1] cosine not None, const double[::1] sine not None, const double[::1] rules not None,
          int reach, double[::1] room not None, double[:, ::1] evidence not None, short[::1] partners not None):
    """Compare a probe with each reference: evidence, and the partner of each reference minutia (-1 = none)."""
    cdef int k, j, n, m = probe.shape[0]
    cdef bint fixed
    cdef const short* reference
    cdef Case case
    cdef Rules r
    cdef Work* work = <Work*>&room[0]
    r.slack = rules[0]
    r.stretch = rules[1]
    r.turn = <int>rules[2]
    r.support = rules[3]
    r.roots = <int>rules[4]
    r.rounds = <int>rules[5]
    r.near = rules[6]
    r.elastic = rules[7]
    r.far = rules[8]
    r.pair_turn = <int>rules[9]
    r.turn_cost = rules[10]
    r.smooth = rules[11]
    r.stiff = rules[12]
    r.margin = rules[13]
    r.promise = rules[14]
    r.keep = rules[15]
    r.lever = rules[16]
    if m == 0:
        return
    case.cosine, case.sine = &cosine[0], &sine[0]
    work.probe_map.rows = NULL
    with nogil:
        for k in range(offsets.shape[0] - 1):
            n = offsets[k + 1] - offsets[k]
            if n == 0:
                continue
            reference = &references[offsets[k], 0]
            fixed = is_larger(&probe[0, 0], m, reference, n)
            count_votes(reference, n, m, fixed, &table[0, 0], table.shape[1], &alike[0, 0], work)
            if fixed:
                case.fixed, case.m, case.map = &probe[0, 0], m, &work.probe_map
                case.moved, case.n = reference, n
            else:
                case.fixed, case.m, case.map = reference, n, &work.reference_map
                case.moved, case.n = &probe[0, 0], m
                work.reference_map.rows = NULL
            compare_one(&case, &r, reach, work)
            for j in range(EVIDENCE):
                evidence[k, j] = work.evidence[j]
            for j in range(case.n):
                if fixed:
                    partners[offsets[k] + j] = work.best_partner[j]
                elif work.best_partner[j] >= 0:
                    partners[offsets[k] + work.best_partner[j]] = j
