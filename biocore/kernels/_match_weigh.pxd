# What speaks for and against the pairs a comparison found.

from libc.math cimport sqrt

from biocore.kernels._match_types cimport (
    DIRECTION, KIND, QUALITY, STRIDE, WIDTH, X, Y, Case, Motion, Rules, Work, turned,
)


cdef inline long long side_of(const short* a, const short* b, const short* p) noexcept nogil:
    return <long long>(b[X] - a[X]) * (p[Y] - a[Y]) - <long long>(b[Y] - a[Y]) * (p[X] - a[X])


cdef inline int convex_hull(const short* rows, int n, int* hull) noexcept nogil:
    """Corners of the convex hull (Andrew's monotone chain: rows are sorted by x, then y), inside to one side."""
    cdef int count = 0, base, k
    for k in range(n):
        while count >= 2 and side_of(rows + hull[count - 2] * WIDTH, rows + hull[count - 1] * WIDTH,
                                     rows + k * WIDTH) <= 0:
            count -= 1
        hull[count] = k
        count += 1
    base = count + 1
    for k in range(n - 2, -1, -1):
        while count >= base and side_of(rows + hull[count - 2] * WIDTH, rows + hull[count - 1] * WIDTH,
                                        rows + k * WIDTH) <= 0:
            count -= 1
        hull[count] = k
        count += 1
    return count - 1


cdef inline double area(const short* rows, const int* hull, int corners) noexcept nogil:
    """Area of the hull in px^2 (the sum of its triangles)."""
    cdef long long twice = 0
    cdef int k
    for k in range(1, corners - 1):
        twice += side_of(rows + hull[0] * WIDTH, rows + hull[k] * WIDTH, rows + hull[k + 1] * WIDTH)
    return 0.5 * twice


cdef inline void inner_edges(const short* rows, int corners, double margin, Work* work) noexcept nogil:
    """Lines `margin` px inside the hull's edges: a point is further inside where normal * point > offset for all."""
    cdef int k
    cdef const short* a
    cdef const short* b
    cdef double ex, ey, length
    for k in range(corners):
        a = rows + work.hull[k] * WIDTH
        b = rows + work.hull[k + 1] * WIDTH
        ex = b[X] - a[X]
        ey = b[Y] - a[Y]
        length = sqrt(ex * ex + ey * ey)
        work.edge_x[k] = -ey / length
        work.edge_y[k] = ex / length
        work.edge_offset[k] = work.edge_x[k] * a[X] + work.edge_y[k] * a[Y] + margin


cdef inline bint well_inside(const Work* work, int corners, double x, double y) noexcept nogil:
    cdef int k
    if corners < 3:
        return False
    for k in range(corners):
        if not work.edge_x[k] * x + work.edge_y[k] * y > work.edge_offset[k]:
            return False
    return True


cdef inline void weigh(const Case* case, const Rules* rules, Work* work) noexcept nogil:
    """Count what speaks for and against the pairs of the last round. Columns: `biocore.kernels.match.Evidence`."""
    cdef const short* fixed = case.fixed
    cdef const short* moved = case.moved
    cdef int m = case.m, n = case.n
    cdef int i, j, corners, pairs = 0, turn, votes = 0
    cdef double closeness = 0, turns = 0, kinds = 0, quality = 0, bent = 0, x, y, cx = 0, cy = 0, spread = 0
    cdef double missed_fixed = 0, missed_moved = 0, missed_quality = 0
    cdef const short* p
    cdef const short* r
    cdef Motion motion = work.motion
    for j in range(n):
        i = work.partner[j]
        if i < 0:
            continue
        p = fixed + i * WIDTH
        r = moved + j * WIDTH
        pairs += 1
        closeness += 1 - work.error[j]
        turn = turned(p[DIRECTION], r[DIRECTION] + motion.turn)
        turns += turn * turn
        if p[KIND] == 0 or r[KIND] == 0:  # an extractor that does not say
            kinds += 0.5
        elif p[KIND] == r[KIND]:
            kinds += 1
        votes += work.votes[j * STRIDE + i]
        quality += sqrt(<double>(p[QUALITY] * r[QUALITY]))
        x = p[X] - work.rx[j]
        y = p[Y] - work.ry[j]
        bent += sqrt(x * x + y * y)
        cx += work.rx[j]
        cy += work.ry[j]
    if pairs:
        cx /= pairs
        cy /= pairs
    corners = convex_hull(fixed, m, work.hull)
    work.evidence[15] = area(fixed, work.hull, corners)
    if corners >= 3:
        inner_edges(fixed, corners, rules.margin, work)
    for j in range(n):
        if work.partner[j] >= 0:
            x = work.rx[j] - cx
            y = work.ry[j] - cy
            spread += x * x + y * y
        elif well_inside(work, corners, work.px[j], work.py[j]):
            missed_moved += 1
            missed_quality += moved[j * WIDTH + QUALITY]
    corners = convex_hull(moved, n, work.hull)
    work.evidence[16] = area(moved, work.hull, corners)
    if corners >= 3:
        inner_edges(moved, corners, rules.margin, work)
    for i in range(m):
        if work.owner[i] >= 0:
            continue
        x = fixed[i * WIDTH + X] - motion.x
        y = fixed[i * WIDTH + Y] - motion.y
        if well_inside(work, corners, motion.c * x - motion.s * y, motion.s * x + motion.c * y):
            missed_fixed += 1
            missed_quality += fixed[i * WIDTH + QUALITY]
    work.evidence[2] = pairs
    work.evidence[3] = closeness
    work.evidence[4] = turns
    work.evidence[5] = kinds
    work.evidence[6] = votes
    work.evidence[7] = quality
    work.evidence[8] = missed_fixed
    work.evidence[9] = missed_moved
    work.evidence[10] = missed_quality
    work.evidence[11] = bent
    work.evidence[12] = spread
