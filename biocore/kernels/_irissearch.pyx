"""Loops of the search for an eye: dark areas, ridges of edges, their votes for the centres of circles.

Gate: `biocore.kernels.irissearch`. Twin: `tests/reference_irissearch.py`.
"""

from libc.math cimport sqrt
from libc.stdint cimport int64_t


def histogram(const unsigned char[:, ::1] image not None, int64_t[:, ::1] counts not None):
    """Count the grey levels into the first row; the other three are room, so that no pixel waits for the one before."""
    cdef Py_ssize_t n = image.shape[0] * image.shape[1], i
    cdef const unsigned char *grey = &image[0, 0]
    with nogil:
        for i in range(4 * 256):
            counts[i >> 8, i & 255] = 0
        for i in range(n):
            counts[i & 3, grey[i]] += 1
        for i in range(256):
            counts[0, i] += counts[1, i] + counts[2, i] + counts[3, i]


def count_runs(const unsigned char[:, ::1] mask not None) -> int:
    """Count the runs of what is not 0 in all rows."""
    cdef Py_ssize_t height = mask.shape[0], width = mask.shape[1], x, y
    cdef int in_row
    cdef Py_ssize_t runs = 0
    with nogil:
        for y in range(height):
            in_row = mask[y, 0] != 0
            for x in range(1, width):
                in_row += (mask[y, x] != 0) & (mask[y, x - 1] == 0)
            runs += in_row
    return runs


cdef int root(int *parent, int i) noexcept nogil:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


cdef void join_rows(const int[:, ::1] runs, int *parent, int above, int here, int end, int reach) noexcept nogil:
    """Join the runs from `here` to those from `above` that they touch; with a reach of 1 at a corner, too."""
    cdef int a = above, b = here, one, other
    while a < here and b < end:
        if runs[a, 1] + reach > runs[b, 0] and runs[b, 1] + reach > runs[a, 0]:
            one = root(parent, a)
            other = root(parent, b)
            if one < other:
                parent[other] = one
            else:
                parent[one] = other
        if runs[a, 1] < runs[b, 1]:
            a += 1
        else:
            b += 1


def label(
    const unsigned char[:, ::1] mask not None, int reach, int[:, ::1] runs not None, int[::1] parents not None,
    int64_t[:, ::1] areas not None,
) -> int:
    """Find connected areas of what is not 0; return how many.

    `runs` gets the first column of each run, the one after its last, its row, and the number of its area. A row of
    `areas` gets first column, first row, last column, last row, pixels, sum of columns, sum of rows. Areas come in the
    order of their first pixels.
    """
    cdef Py_ssize_t height = mask.shape[0], width = mask.shape[1], x, y
    cdef int above = 0, here = 0, end = 0, i, k, count = 0, first, last
    cdef int64_t length
    cdef int *parent = &parents[0]
    with nogil:
        for y in range(height):
            x = 0
            while x < width:
                while x < width and mask[y, x] == 0:
                    x += 1
                if x == width:
                    break
                runs[end, 0] = <int>x
                while x < width and mask[y, x] != 0:
                    x += 1
                runs[end, 1] = <int>x
                runs[end, 2] = <int>y
                parent[end] = end
                end += 1
            join_rows(runs, parent, above, here, end, reach)
            above = here
            here = end
        for i in range(end):
            k = root(parent, i)
            first = runs[i, 0]
            last = runs[i, 1] - 1
            length = last - first + 1
            if k == i:
                k = count
                count += 1
                areas[k, 0] = first
                areas[k, 1] = runs[i, 2]
                areas[k, 2] = last
                areas[k, 4] = areas[k, 5] = areas[k, 6] = 0
            else:
                k = runs[k, 3]
            runs[i, 3] = k
            areas[k, 0] = first if first < areas[k, 0] else areas[k, 0]
            areas[k, 2] = last if last > areas[k, 2] else areas[k, 2]
            areas[k, 3] = runs[i, 2]
            areas[k, 4] += length
            areas[k, 5] += length * (first + last) // 2
            areas[k, 6] += length * runs[i, 2]
    return count


def paint(
    const int[:, ::1] runs not None, const unsigned char[::1] chosen not None, unsigned char[:, ::1] out not None
):
    """Set 1 on the chosen areas; the rest of `out` stays."""
    cdef Py_ssize_t i, x
    with nogil:
        for i in range(runs.shape[0]):
            if chosen[runs[i, 3]]:
                for x in range(runs[i, 0], runs[i, 1]):
                    out[runs[i, 2], x] = 1


def spread(
    const int[:, ::1] runs not None, const unsigned char[::1] chosen not None, const int[::1] widths not None,
    unsigned char[:, ::1] out not None,
):
    """Set 1 on the chosen areas and around them; the rest of `out` stays.

    `widths` tells how far to the left and right, from as many rows above each pixel to as many below.
    """
    cdef Py_ssize_t height = out.shape[0], width = out.shape[1], half = widths.shape[0] // 2, i, k, x, y, first, last
    with nogil:
        for i in range(runs.shape[0]):
            if not chosen[runs[i, 3]]:
                continue
            for k in range(widths.shape[0]):
                y = runs[i, 2] + k - half
                if 0 <= y < height:
                    first = runs[i, 0] - widths[k]
                    last = runs[i, 1] + widths[k]
                    for x in range(first if first > 0 else 0, last if last < width else width):
                        out[y, x] = 1


def forsake(
    const int[:, ::1] runs not None, const unsigned char[:, ::1] mark not None, unsigned char[::1] chosen not None
):
    """Choose no area that shares a pixel with a mark; the rest of `chosen` stays."""
    cdef Py_ssize_t i, x
    cdef int met
    with nogil:
        for i in range(runs.shape[0]):
            met = 0
            for x in range(runs[i, 0], runs[i, 1]):
                met |= mark[runs[i, 2], x]
            if met:
                chosen[runs[i, 3]] = 0


cdef inline float abs_(float v) noexcept nogil:
    return v if v > 0 else -v


cdef inline bint steeper(
    const short[:, ::1] gx, const short[:, ::1] gy, Py_ssize_t y, Py_ssize_t x, float squared
) noexcept nogil:
    """Whether a neighbour's gradient is steeper."""
    cdef float dx = gx[y, x], dy = gy[y, x]
    return dx * dx + dy * dy > squared


def ridges(
    const short[:, ::1] gx not None, const short[:, ::1] gy not None, float least, float[::1] squares not None,
    float[:, ::1] out not None,
) -> int:
    """Find the ridges of edges: pixels of a steep enough gradient, no steeper neighbour before or behind.

    `out` gets their x and y from the picture's corner, the direction of the gradient to the right and down, and its
    steepness, in columns. Returns how many there are. `squares` has room for a row.
    """
    cdef Py_ssize_t height = gx.shape[0], width = gx.shape[1], y, x, sx, sy, n = 0
    cdef float dx, dy, squared, steep
    cdef float least2 = least * least
    with nogil:
        for y in range(height):
            for x in range(width):
                dx = gx[y, x]
                dy = gy[y, x]
                squares[x] = dx * dx + dy * dy
            for x in range(width):
                squared = squares[x]
                if squared < least2:
                    continue
                dx = gx[y, x]
                dy = gy[y, x]
                if 0 < y < height - 1 and 0 < x < width - 1:
                    sx = 0 if 2 * abs_(dx) < abs_(dy) else 1 if dx > 0 else -1
                    sy = 0 if 2 * abs_(dy) < abs_(dx) else 1 if dy > 0 else -1
                    if steeper(gx, gy, y + sy, x + sx, squared) or steeper(gx, gy, y - sy, x - sx, squared):
                        continue
                steep = sqrt(squared)
                out[0, n] = x + <float>0.5
                out[1, n] = y + <float>0.5
                out[2, n] = dx / steep
                out[3, n] = dy / steep
                out[4, n] = steep
                n += 1
    return n


cdef void box_sums(
    const float[:, ::1] votes, const float *nothing, double *room, int half, Py_ssize_t top, Py_ssize_t bottom,
    Py_ssize_t left, Py_ssize_t right, float[:, ::1] out
) noexcept nogil:
    """Add up the 2 half + 1 neighbours of each pixel of a window along both axes, nothing beyond the picture.

    Four rows at once, so that no sum waits for the one before; `out` has room for three rows more. `nothing` is a row
    of zeros, `room` for 4 (width + 2 half + 1) numbers. Single precision numbers of a like size are added up in double
    precision: the order does not matter.
    """
    cdef Py_ssize_t height = votes.shape[0], width = votes.shape[1], stride = width + 2 * half + 1, x, y, k, row
    cdef Py_ssize_t first = left - half if left > half else 0
    cdef Py_ssize_t last = right + half if right + half < width else width
    cdef double a, b, c, d
    cdef double *one = room + half
    cdef double *two = one + stride
    cdef double *three = two + stride
    cdef double *four = three + stride
    cdef double *now
    cdef const double *before
    cdef const float *more
    cdef const float *less
    for k in range(4 * stride):
        room[k] = 0
    for y in range(top - 1 - half if top - 1 > half else 0, top + half if top + half < height else height):
        for x in range(first, last):
            four[x] += votes[y, x]
    for y in range(top, bottom, 4):
        for k in range(4):
            now = one + k * stride
            before = one + ((k + 3) & 3) * stride
            row = y + k + half
            more = &votes[row, 0] if row < height else nothing
            row = y + k - half - 1
            less = &votes[row, 0] if 0 <= row < height else nothing
            for x in range(first, last):
                now[x] = before[x] + more[x] - less[x]
        a = b = c = d = 0
        for x in range(left - half, left + half + 1):
            a += one[x]
            b += two[x]
            c += three[x]
            d += four[x]
        for x in range(left, right):
            out[y, x] = <float>a
            out[y + 1, x] = <float>b
            out[y + 2, x] = <float>c
            out[y + 3, x] = <float>d
            a += one[x + half + 1] - one[x - half]
            b += two[x + half + 1] - two[x - half]
            c += three[x + half + 1] - three[x - half]
            d += four[x + half + 1] - four[x - half]


cdef Py_ssize_t cast_votes(
    float *edges, Py_ssize_t stride, Py_ssize_t count, const float *radii, const float *shares, Py_ssize_t many,
    int top, int bottom, int left, int right, float *out, int rows, int columns
) noexcept nogil:
    """Let edges (x, y, direction to the right and down, weight) vote at some radii; only votes in a window count.

    Edges whose votes leave the picture are dropped: at larger radii they would, too. Returns how many are left.
    """
    cdef Py_ssize_t e, i, left_over = 0
    cdef int px, py
    cdef float height = <float>rows, width = <float>columns, x, y
    cdef bint inside
    cdef float *across = edges
    cdef float *down = edges + stride
    cdef float *dx = edges + 2 * stride
    cdef float *dy = edges + 3 * stride
    cdef float *weight = edges + 4 * stride
    for e in range(count):
        inside = True
        for i in range(many):
            x = across[e] - radii[i] * dx[e]
            y = down[e] - radii[i] * dy[e]
            if not (0 <= x and 0 <= y and x < width and y < height):
                inside = False
                break
            px = <int>x
            py = <int>y
            if left <= px < right and top <= py < bottom:
                out[<Py_ssize_t>py * columns + px] += weight[e] * shares[i]
        if inside:
            across[left_over] = across[e]
            down[left_over] = down[e]
            dx[left_over] = dx[e]
            dy[left_over] = dy[e]
            weight[left_over] = weight[e]
            left_over += 1
    return left_over


cdef void keep_best(
    const float *votes, float rise, int p, Py_ssize_t count, float *level, float *share, int *plane
) noexcept nogil:
    """Keep the votes of plane p where, times `rise`, they are more than any before.

    Without branches, which nobody could foretell, so that the compiler takes several pixels at once.
    """
    cdef Py_ssize_t k
    cdef float value, raised, most, kept
    cdef int better, known
    for k in range(count):
        value = votes[k]
        raised = value * rise
        most = level[k]
        kept = share[k]
        known = plane[k]
        better = raised > most
        plane[k] = known + ((p - known) & -better)
        share[k] = value if better else kept
        level[k] = raised if better else most


def vote(
    float[:, ::1] edges not None,
    const float[::1] radii not None,
    const float[::1] shares not None,
    const int[::1] begins not None,
    const int[::1] halves not None,
    const float[::1] rises not None,
    const int[::1] reaches not None,
    float sign,
    float cap,
    float side,
    float above,
    float below,
    const int[::1] window not None,
    float[:, ::1] votes not None,
    float[:, ::1] smooth not None,
    const float[::1] nothing not None,
    double[::1] room not None,
    float[:, ::1] level not None,
    float[:, ::1] share not None,
    int[:, ::1] plane not None,
    const int[:, ::1] asked not None,
    int[:, ::1] answers not None,
    float[::1] values not None,
):
    """Let each edge vote for the centres behind it, one vote for each radius, and say what most votes are for.

    `edges` is what `ridges` gives, and is used up. Radii `begins[p]` to `begins[p + 1]` make plane p, whose votes are
    added up over squares of `2 halves[p] + 1` px. In `window` (top, bottom, left, right) each pixel gets the plane in
    which its votes, times `rises`, are most, and both numbers.

    A question (column, row, first plane, last plane + 1) is answered by the plane, column and row of the most votes
    within `reaches[p]` px, in `values` how many; nothing where there are none.

    A vote weighs min(steepness, cap) / cap, times a factor between `side` (gradient level) and `above` or `below`
    (gradient upright, pixel above or below the centre).
    """
    cdef Py_ssize_t height = votes.shape[0], width = votes.shape[1], n = edges.shape[1], e, p, x, y, q
    cdef Py_ssize_t top = window[0], bottom = window[1], left = window[2], right = window[3]
    cdef Py_ssize_t up, down, before, after
    cdef int half
    cdef float dx, dy, steep, weight, rise
    with nogil:
        for e in range(n):
            dx = sign * edges[2, e]
            dy = sign * edges[3, e]
            steep = edges[4, e]
            weight = side + ((above if dy < 0 else below) - side) * dy * dy
            edges[2, e] = dx
            edges[3, e] = dy
            edges[4, e] = weight * (steep if steep < cap else cap) / cap
        for y in range(bottom - top):
            for x in range(right - left):
                level[y, x] = 0
                share[y, x] = 0
                plane[y, x] = 0
        for p in range(halves.shape[0] if n > 0 else 0):
            half = halves[p]
            up = top - half if top > half else 0
            down = bottom + half if bottom + half < height else height
            before = left - half if left > half else 0
            after = right + half if right + half < width else width
            for y in range(up - 1 if up > 0 else 0, down):  # a row more: sums of columns begin before the window
                for x in range(before, after):
                    votes[y, x] = 0
            n = cast_votes(
                &edges[0, 0], edges.shape[1], n, &radii[begins[p]], &shares[begins[p]], begins[p + 1] - begins[p],
                <int>up, <int>down, <int>before, <int>after, &votes[0, 0], <int>height, <int>width,
            )
            box_sums(votes, &nothing[0], &room[0], half, top, bottom, left, right, smooth)
            rise = rises[p]
            for y in range(top, bottom):
                keep_best(
                    &smooth[y, left], rise, <int>p, right - left, &level[y - top, 0], &share[y - top, 0],
                    &plane[y - top, 0],
                )
            for q in range(asked.shape[0]):
                if not asked[q, 2] <= p < asked[q, 3]:
                    continue
                up = asked[q, 1] - reaches[p]
                down = asked[q, 1] + reaches[p] + 1
                before = asked[q, 0] - reaches[p]
                after = asked[q, 0] + reaches[p] + 1
                for y in range(up if up > top else top, down if down < bottom else bottom):
                    for x in range(before if before > left else left, after if after < right else right):
                        if smooth[y, x] > values[q]:
                            values[q] = smooth[y, x]
                            answers[q, 0] = <int>p
                            answers[q, 1] = <int>x
                            answers[q, 2] = <int>y
