# Second half of a comparison: from a consensus of correspondences to pairs of minutiae, by an elastic alignment.

from libc.math cimport sqrt

from biocore.kernels._match_types cimport (
    CANDIDATES, DIRECTION, MOST, WIDTH, X, Y, Bits, Case, Motion, Rules, Work, lowest, turned,
)


cdef inline void fit_motion(const Case* case, const int* ci, const int* cj, int count, int turn,
                            Motion* motion) noexcept nogil:
    """Fit the rigid motion of `count` pairs by least squares; `turn` is where its angle is looked for from."""
    cdef const short* probe = case.probe
    cdef const short* reference = case.reference
    cdef const double* cosine = case.cosine
    cdef const double* sine = case.sine
    cdef double px = 0, py = 0, rx = 0, ry = 0, dot = 0, cross = 0, ax, ay, bx, by, size
    cdef int k, step
    for k in range(count):
        px += probe[ci[k] * WIDTH + X]
        py += probe[ci[k] * WIDTH + Y]
        rx += reference[cj[k] * WIDTH + X]
        ry += reference[cj[k] * WIDTH + Y]
    px /= count
    py /= count
    rx /= count
    ry /= count
    for k in range(count):
        ax = probe[ci[k] * WIDTH + X] - px
        ay = probe[ci[k] * WIDTH + Y] - py
        bx = reference[cj[k] * WIDTH + X] - rx
        by = reference[cj[k] * WIDTH + Y] - ry
        dot += ax * bx + ay * by
        cross += ax * by - ay * bx
    # The directions have a say as well: without it two or three close pairs would turn the whole print.
    for k in range(count):
        step = (probe[ci[k] * WIDTH + DIRECTION] - reference[cj[k] * WIDTH + DIRECTION]) & 255
        dot += 400.0 * cosine[step]
        cross += 400.0 * sine[step]
    size = sqrt(dot * dot + cross * cross)
    if size > 0:
        motion.c = dot / size
        motion.s = cross / size
    else:
        motion.c = cosine[turn & 255]
        motion.s = sine[turn & 255]
    motion.x = px - motion.c * rx - motion.s * ry
    motion.y = py - motion.c * ry + motion.s * rx
    turn &= 255
    for _step in range(128):  # the table's angle next to it, without a platform's atan2
        step = 0
        size = motion.c * cosine[turn] + motion.s * sine[turn]
        if motion.c * cosine[(turn + 1) & 255] + motion.s * sine[(turn + 1) & 255] > size:
            step = 1
        elif motion.c * cosine[(turn - 1) & 255] + motion.s * sine[(turn - 1) & 255] > size:
            step = -1
        if step == 0:
            break
        turn = (turn + step) & 255
    motion.turn = turn


cdef inline void start_pairs(const Case* case, int root, Bits members, Work* work) noexcept nogil:
    """Make the root's consensus the first pairs; members that few others agree with are left out."""
    cdef Bits rest = members, common
    cdef int ci[CANDIDATES]
    cdef int cj[CANDIDATES]
    cdef int count = 0, total = 0, a, k, votes
    while rest:
        total += 1
        rest &= rest - 1
    rest = members
    for k in range(case.n):
        work.partner[k] = -1
    while rest:
        a = lowest(rest)
        rest &= rest - 1
        common = work.agrees[a] & members
        votes = 0
        while common:
            votes += 1
            common &= common - 1
        if a != root and 2 * votes < total - 1:
            continue
        ci[count] = work.ci[a]
        cj[count] = work.cj[a]
        work.partner[work.cj[a]] = work.ci[a]
        count += 1
    k = case.probe[work.ci[root] * WIDTH + DIRECTION] - case.reference[work.cj[root] * WIDTH + DIRECTION]
    fit_motion(case, ci, cj, count, k, &work.motion)


cdef inline double pair_up(const Case* case, const Rules* rules, bint refit, Work* work) noexcept nogil:
    """One round: move the reference by the pairs so far, bend it, and pair what is close to each other."""
    cdef const short* probe = case.probe
    cdef const short* reference = case.reference
    cdef int m = case.m, n = case.n, words = case.words
    cdef int i, j, k, w, live = 0, turn, best, count = 0
    cdef const Bits* place
    cdef Bits some
    cdef double wx, wy, weight, total, dx, dy, d2, nearest, limit, cost, least, closeness = 0
    cdef Motion motion = work.motion
    cdef int ci[MOST]
    cdef int cj[MOST]
    for j in range(n):
        work.rx[j] = motion.c * reference[j * WIDTH + X] + motion.s * reference[j * WIDTH + Y] + motion.x
        work.ry[j] = motion.c * reference[j * WIDTH + Y] - motion.s * reference[j * WIDTH + X] + motion.y
        i = work.partner[j]
        if i >= 0:
            work.dx[j] = probe[i * WIDTH + X] - work.rx[j]
            work.dy[j] = probe[i * WIDTH + Y] - work.ry[j]
            work.live[live] = j
            live += 1
    for i in range(m):
        work.owner[i] = -1
        work.cost[i] = 0
    for j in range(n):
        wx = wy = 0
        total = rules.stiff
        nearest = rules.far * rules.far
        for k in range(live):
            if work.live[k] == j:
                continue
            dx = work.rx[work.live[k]] - work.rx[j]
            dy = work.ry[work.live[k]] - work.ry[j]
            d2 = dx * dx + dy * dy
            if d2 < nearest:
                nearest = d2
            weight = 1.0 / (rules.smooth * rules.smooth + d2)
            weight *= weight
            total += weight
            wx += weight * work.dx[work.live[k]]
            wy += weight * work.dy[work.live[k]]
        work.px[j] = work.rx[j] + wx / total
        work.py[j] = work.ry[j] + wy / total
        limit = rules.near * rules.near + rules.elastic * rules.elastic * nearest
        least = limit
        best = -1
        work.partner[j] = -1
        dx = work.px[j] - rules.grid_x
        dy = work.py[j] - rules.grid_y
        if not (0 <= dx < <double>(rules.grid_wide << rules.grid_shift)
                and 0 <= dy < <double>(rules.grid_high << rules.grid_shift)):
            continue
        place = case.near + ((<int>dy >> rules.grid_shift) * rules.grid_wide + (<int>dx >> rules.grid_shift)) * words
        w = 0
        some = place[0]
        while True:
            while some == 0:
                w += 1
                if w == words:
                    break
                some = place[w]
            if w == words:
                break
            i = w * 64 + lowest(some)
            some &= some - 1
            dx = probe[i * WIDTH + X] - work.px[j]
            dy = probe[i * WIDTH + Y] - work.py[j]
            d2 = dx * dx + dy * dy
            if d2 > limit:
                continue
            turn = turned(probe[i * WIDTH + DIRECTION], reference[j * WIDTH + DIRECTION] + motion.turn)
            if turn > rules.pair_turn or turn < -rules.pair_turn:
                continue
            cost = d2 + rules.turn_cost * turn * turn
            if best < 0 or cost < least:
                least = cost
                best = i
                work.error[j] = d2 / limit
        work.partner[j] = best
        if best >= 0 and (work.owner[best] < 0 or least < work.cost[best]):
            work.owner[best] = j
            work.cost[best] = least
    for j in range(n):
        i = work.partner[j]
        if i < 0:
            continue
        if work.owner[i] != j:
            work.partner[j] = -1
            continue
        ci[count] = i
        cj[count] = j
        count += 1
        closeness += 1 - work.error[j]
    if refit and count >= 2:
        fit_motion(case, ci, cj, count, motion.turn, &work.motion)
    return closeness
