"""Loops over an eye's pixels: votes of edges for circles, rays from a centre, the best closed path over them.

Gate: `biocore.kernels.iris`. Twin: `tests/reference_iris.py`.
"""

from libc.math cimport sqrt


def vote(
    const short[:, ::1] gx not None,
    const short[:, ::1] gy not None,
    const int[::1] bins not None,
    int nearest,
    float sign,
    float least,
    float cap,
    float side,
    float above,
    float below,
    float[:, :, ::1] out not None,
):
    """Let each pixel of a steep enough gradient vote for the centres behind it, one vote for each radius.

    `bins[i]` is the plane of `out` for the radius nearest + i px. A vote weighs min(steepness, cap) / cap, times a
    factor between `side` (gradient level) and `above` or `below` (gradient upright, pixel above or below the centre).
    """
    cdef Py_ssize_t height = gx.shape[0], width = gx.shape[1], count = bins.shape[0], y, x, i, cy, cx
    cdef float dx, dy, squared, steep, weight, px, py
    cdef float least2 = least * least
    with nogil:
        for y in range(height):
            for x in range(width):
                dx = gx[y, x]
                dy = gy[y, x]
                squared = dx * dx + dy * dy
                if squared < least2:
                    continue
                steep = sqrt(squared)
                dx = sign * dx / steep
                dy = sign * dy / steep
                weight = side + ((above if dy < 0 else below) - side) * dy * dy
                weight = weight * (steep if steep < cap else cap) / cap
                px = x + <float>0.5 - nearest * dx
                py = y + <float>0.5 - nearest * dy
                for i in range(count):
                    if px < 0 or py < 0 or px >= width or py >= height:
                        break
                    cx = <Py_ssize_t>px
                    cy = <Py_ssize_t>py
                    out[bins[i], cy, cx] += weight
                    px = px - dx
                    py = py - dy


def rays(
    const unsigned char[:, ::1] image not None,
    double cx,
    double cy,
    const double[:, ::1] turn not None,
    const double[::1] inner not None,
    const double[::1] outer not None,
    float[:, ::1] out not None,
):
    """Sample each ray at equal steps from `inner` to `outer`, bilinearly; -1 outside the picture.

    `turn[a]` is the cosine and sine of ray a, whose points are (cx + r cos, cy - r sin).
    """
    cdef Py_ssize_t height = image.shape[0], width = image.shape[1], count = out.shape[1], a, k, ix, iy, jx, jy
    cdef double x, y, step, fx, fy, top, low, right = width - 1, bottom = height - 1
    with nogil:
        for a in range(out.shape[0]):
            step = (outer[a] - inner[a]) / (count - 1)
            for k in range(count):
                x = cx + (inner[a] + k * step) * turn[a, 0]
                y = cy - (inner[a] + k * step) * turn[a, 1]
                if not (0 <= x <= right and 0 <= y <= bottom):
                    out[a, k] = -1
                    continue
                ix = <Py_ssize_t>x
                iy = <Py_ssize_t>y
                fx = x - ix
                fy = y - iy
                jx = ix + 1 if ix + 1 < width else ix
                jy = iy + 1 if iy + 1 < height else iy
                top = image[iy, ix] + fx * (<double>image[iy, jx] - image[iy, ix])
                low = image[jy, ix] + fx * (<double>image[jy, jx] - image[jy, ix])
                out[a, k] = <float>(top + fy * (low - top))


cdef void step_path(
    const float *reward, const float *before, float *after, unsigned char *back, Py_ssize_t count, int reach,
    const float *bend
) noexcept nogil:
    """Extend all paths by one column; `back` gets the step taken, plus `reach`."""
    cdef Py_ssize_t k, j
    cdef int d, best_step
    cdef float best, value
    for k in range(count):
        best = before[k]
        best_step = 0
        for d in range(-reach, reach + 1):
            j = k + d
            if d == 0 or j < 0 or j >= count:
                continue
            value = before[j] - bend[d if d > 0 else -d]
            if value > best:
                best = value
                best_step = d
        after[k] = best + reward[k]
        back[k] = <unsigned char>(best_step + reach)


def best_path(
    const float[:, ::1] reward not None,
    const float[::1] bend not None,
    bint closed,
    float[:, ::1] sums not None,
    unsigned char[:, ::1] back not None,
    int[::1] out not None,
):
    """Find the path over the columns (first axis of `reward`) that collects most, by dynamic programming.

    A step by d rows costs bend[|d|]; longer steps than bend has entries are not taken. A closed path is found in
    two rounds: two laps choose the row to start from, the second round starts and ends there.
    """
    cdef Py_ssize_t columns = reward.shape[0], count = reward.shape[1], a, k, start = 0, row
    cdef int reach = <int>(bend.shape[0] - 1), turn, lap, laps = 2 if closed else 1
    cdef float lowest = -1e30
    cdef float *before
    cdef float *after
    with nogil:
        for turn in range(2 if closed else 1):
            before = &sums[0, 0]
            after = &sums[1, 0]
            for k in range(count):
                before[k] = 0 if turn == 0 or k == start else lowest
            for lap in range(laps if turn == 0 else 1):
                for a in range(columns):
                    step_path(&reward[a, 0], before, after, &back[a, 0], count, reach, &bend[0])
                    before, after = after, before
            row = 0
            if turn == 0:
                for k in range(1, count):
                    if before[k] > before[row]:
                        row = k
            else:  # the path closes where its last step would lead back to the start
                row = start
                for k in range(count):
                    if k - start <= reach and start - k <= reach and (
                        before[k] - bend[k - start if k > start else start - k]
                        > before[row] - bend[row - start if row > start else start - row]
                    ):
                        row = k
            for a in range(columns - 1, -1, -1):
                out[a] = <int>row
                row = row + back[a, row] - reach
            start = row  # the row before the first column: of the second lap, hence a row of the last one
