# Second half of a comparison: from a consensus of correspondences to pairs of minutiae, by an elastic alignment.

from libc.math cimport sqrt

from biocore.kernels._match_types cimport (
    CANDIDATES, DIRECTION, MOST, WIDTH, X, Y, Bits, Case, Map, Motion, Rules, Work, lowest, turned,
)


cdef inline void fit_motion(const Case* case, const int* ci, const int* cj, int count, double lever, int turn,
                            Motion* motion) noexcept nogil:
    """Fit the rigid motion of `count` pairs by least squares; `turn` is where its angle is looked for from."""
    cdef const short* fixed = case.fixed
    cdef const short* moved = case.moved
    cdef const double* cosine = case.cosine
    cdef const double* sine = case.sine
    cdef double fx = 0, fy = 0, mx = 0, my = 0, dot = 0, cross = 0, ax, ay, bx, by, size
    cdef int k, step
    for k in range(count):
        fx += fixed[ci[k] * WIDTH + X]
        fy += fixed[ci[k] * WIDTH + Y]
        mx += moved[cj[k] * WIDTH + X]
        my += moved[cj[k] * WIDTH + Y]
    fx /= count
    fy /= count
    mx /= count
    my /= count
    for k in range(count):
        ax = fixed[ci[k] * WIDTH + X] - fx
        ay = fixed[ci[k] * WIDTH + Y] - fy
        bx = moved[cj[k] * WIDTH + X] - mx
        by = moved[cj[k] * WIDTH + Y] - my
        dot += ax * bx + ay * by
        cross += ax * by - ay * bx
    # The directions have a say as well, as if each were a second point `lever` fx away: without it two or three
    # close pairs would turn the whole print.
    for k in range(count):
        step = (fixed[ci[k] * WIDTH + DIRECTION] - moved[cj[k] * WIDTH + DIRECTION]) & 255
        dot += lever * lever * cosine[step]
        cross += lever * lever * sine[step]
    size = sqrt(dot * dot + cross * cross)
    if size > 0:
        motion.c = dot / size
        motion.s = cross / size
    else:
        motion.c = cosine[turn & 255]
        motion.s = sine[turn & 255]
    motion.x = fx - motion.c * mx - motion.s * my
    motion.y = fy - motion.c * my + motion.s * mx
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


cdef inline void start_pairs(const Case* case, const Rules* rules, int root, Bits members,
                             Work* work) noexcept nogil:
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
        ci[count] = work.candidate[a].i
        cj[count] = work.candidate[a].j
        work.partner[cj[count]] = ci[count]
        count += 1
    fit_motion(case, ci, cj, count, rules.lever, work.candidate[root].turn, &work.motion)


cdef inline double bend(int j, int live, const Rules* rules, Work* work) noexcept nogil:
    """Place a moved minutia where the pairs around it pull it; return the squared distance to the nearest."""
    cdef double wx = 0, wy = 0, total = rules.stiff, nearest = rules.far * rules.far, dx, dy, d2, weight
    cdef int k, other
    for k in range(live):
        other = work.live[k]
        if other == j:  # a pair does not vouch for itself
            continue
        dx = work.rx[other] - work.rx[j]
        dy = work.ry[other] - work.ry[j]
        d2 = dx * dx + dy * dy
        if d2 < nearest:
            nearest = d2
        weight = 1.0 / (rules.smooth * rules.smooth + d2)
        weight *= weight
        total += weight
        wx += weight * work.dx[other]
        wy += weight * work.dy[other]
    work.px[j] = work.rx[j] + wx / total
    work.py[j] = work.ry[j] + wy / total
    return nearest


cdef inline void claim(const Case* case, int j, double limit, const Rules* rules, Work* work) noexcept nogil:
    """Find the best partner of a moved minutia within its tolerance, and claim it if nobody has a better claim."""
    cdef const Map* map = case.map
    cdef double dx = work.px[j] - map.x, dy = work.py[j] - map.y, d2, cost, least = 0
    cdef const short* p
    cdef const Bits* square
    cdef Bits some
    cdef int w, i, best = -1, turn, direction = case.moved[j * WIDTH + DIRECTION] + work.motion.turn
    work.partner[j] = -1
    if not (0 <= dx < <double>(map.wide << map.shift) and 0 <= dy < <double>(map.high << map.shift)):
        return
    square = map.near + ((<int>dy >> map.shift) * map.wide + (<int>dx >> map.shift)) * map.words
    for w in range(map.words):
        some = square[w]
        while some:
            i = w * 64 + lowest(some)
            some &= some - 1
            p = case.fixed + i * WIDTH
            dx = p[X] - work.px[j]
            dy = p[Y] - work.py[j]
            d2 = dx * dx + dy * dy
            if d2 > limit:
                continue
            turn = turned(p[DIRECTION], direction)
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


cdef inline double pair_up(const Case* case, const Rules* rules, bint refit, Work* work) noexcept nogil:
    """One round: move the smaller template by the pairs so far, bend it, pair what is close; return the closeness."""
    cdef int i, j, live = 0, count = 0
    cdef double nearest, closeness = 0
    cdef const short* r
    cdef int ci[MOST]
    cdef int cj[MOST]
    for j in range(case.n):
        r = case.moved + j * WIDTH
        work.rx[j] = work.motion.c * r[X] + work.motion.s * r[Y] + work.motion.x
        work.ry[j] = work.motion.c * r[Y] - work.motion.s * r[X] + work.motion.y
        i = work.partner[j]
        work.before[j] = i
        if i >= 0:
            work.dx[j] = case.fixed[i * WIDTH + X] - work.rx[j]
            work.dy[j] = case.fixed[i * WIDTH + Y] - work.ry[j]
            work.live[live] = j
            live += 1
    for i in range(case.m):
        work.owner[i] = -1
    for j in range(case.n):
        nearest = bend(j, live, rules, work)
        claim(case, j, rules.near * rules.near + rules.elastic * rules.elastic * nearest, rules, work)
    work.changed = False
    for j in range(case.n):
        i = work.partner[j]
        if i >= 0 and work.owner[i] != j:
            work.partner[j] = i = -1
        if i != work.before[j]:
            work.changed = True
        if i < 0:
            continue
        ci[count] = i
        cj[count] = j
        count += 1
        closeness += 1 - work.error[j]
    if refit and count >= 2:
        fit_motion(case, ci, cj, count, rules.lever, work.motion.turn, &work.motion)
    return closeness
