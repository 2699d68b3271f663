# Making an iris code: from picture to strip, from strip to phase bits. Where each bit lies is told in _iriscode.pyx.

from libc.math cimport floor, sqrt
from libc.stdint cimport int16_t, int32_t, uint8_t, uint64_t


def unwrap(const uint8_t[:, ::1] pixels not None, const uint8_t[:, ::1] usable not None,
           const double[:, ::1] inner not None, const double[:, ::1] outer not None,
           double[:, ::1] strip not None, uint8_t[:, ::1] valid not None):
    """Sample the ring between two curves, row by row outwards; a sample is valid where its four pixels are usable."""
    cdef Py_ssize_t height = pixels.shape[0], width = pixels.shape[1], i, j, x0, y0
    cdef int rows = strip.shape[0], columns = strip.shape[1]
    cdef double share, x, y, fx, fy
    with nogil:
        for i in range(rows):
            share = (i + 0.5) / rows
            for j in range(columns):
                x = inner[j, 0] + (outer[j, 0] - inner[j, 0]) * share
                y = inner[j, 1] + (outer[j, 1] - inner[j, 1]) * share
                strip[i, j] = 0
                valid[i, j] = 0
                if not (x >= 0 and y >= 0 and x < width - 1 and y < height - 1):
                    continue
                x0 = <Py_ssize_t>x
                y0 = <Py_ssize_t>y
                fx = x - x0
                fy = y - y0
                strip[i, j] = ((pixels[y0, x0] * (1 - fx) + pixels[y0, x0 + 1] * fx) * (1 - fy)
                               + (pixels[y0 + 1, x0] * (1 - fx) + pixels[y0 + 1, x0 + 1] * fx) * fy)
                valid[i, j] = (usable[y0, x0] & usable[y0, x0 + 1] & usable[y0 + 1, x0] & usable[y0 + 1, x0 + 1]) != 0


cdef void wrap(const double *row, double *line, Py_ssize_t n, int half) noexcept nogil:
    """Copy a row, preceded by its end and followed by its beginning."""
    cdef Py_ssize_t j
    for j in range(n):
        line[half + j] = row[j]
    for j in range(half):
        line[j] = row[n - half + j]
        line[half + n + j] = row[j]
    line[2 * half + n] = 0  # looked at, of no consequence


cdef void blur_across(double[:, ::1] a, double[:, ::1] out, double[::1] lines, int half) noexcept nogil:
    """Add up 2 half + 1 neighbours of each sample along its row, round the circle.

    Four rows at once, so that no sum waits for the one before. `lines` has room for four rows, 2 half + 1 longer than
    those of `a`.
    """
    cdef Py_ssize_t i, j, n = a.shape[1], rows = a.shape[0], stride = n + 2 * half + 1, k
    cdef double one, two, three, four
    cdef double *first = &lines[0]
    cdef double *second = first + stride
    cdef double *third = second + stride
    cdef double *fourth = third + stride
    for i in range(0, rows - 3, 4):
        for k in range(4):
            wrap(&a[i + k, 0], first + k * stride, n, half)
        one = two = three = four = 0
        for j in range(2 * half + 1):
            one += first[j]
            two += second[j]
            three += third[j]
            four += fourth[j]
        for j in range(n):
            out[i, j] = one
            out[i + 1, j] = two
            out[i + 2, j] = three
            out[i + 3, j] = four
            one += first[j + 2 * half + 1] - first[j]
            two += second[j + 2 * half + 1] - second[j]
            three += third[j + 2 * half + 1] - third[j]
            four += fourth[j + 2 * half + 1] - fourth[j]
    for i in range(rows - rows % 4, rows):
        wrap(&a[i, 0], first, n, half)
        one = 0
        for j in range(2 * half + 1):
            one += first[j]
        for j in range(n):
            out[i, j] = one
            one += first[j + 2 * half + 1] - first[j]


cdef void blur_down(double[:, ::1] a, double[:, ::1] out, double[::1] total, int half) noexcept nogil:
    """Add up 2 half + 1 neighbours of each sample along its column; beyond the ends there is nothing."""
    cdef Py_ssize_t i, j, rows = a.shape[0], n = a.shape[1]
    cdef const double *ahead
    cdef const double *behind
    cdef double *row
    cdef double *sums = &total[0]
    for j in range(n):
        sums[j] = 0
    for i in range(half if half < rows else rows):
        ahead = &a[i, 0]
        for j in range(n):
            sums[j] += ahead[j]
    for i in range(rows):
        row = &out[i, 0]
        if i + half < rows and i - half - 1 >= 0:
            ahead = &a[i + half, 0]
            behind = &a[i - half - 1, 0]
            for j in range(n):
                sums[j] = sums[j] + ahead[j] - behind[j]
        elif i + half < rows:
            ahead = &a[i + half, 0]
            for j in range(n):
                sums[j] += ahead[j]
        elif i - half - 1 >= 0:
            behind = &a[i - half - 1, 0]
            for j in range(n):
                sums[j] -= behind[j]
        for j in range(n):
            row[j] = sums[j]


def flatten(const double[:, ::1] strip not None, const uint8_t[:, ::1] valid not None, double[:, :, ::1] work not None,
            double[::1] line not None, int half_rows, int half_columns, int passes, double noise, double limit,
            double scale, int16_t[:, ::1] out not None):
    """Take local mean and spread away, over what is valid: scale * (grey - mean) / spread, within ±limit spreads."""
    cdef Py_ssize_t rows = strip.shape[0], columns = strip.shape[1], i, j
    cdef int k, _turn
    cdef double grey, mean, square, value
    cdef double[:, ::1] weight = work[0], first = work[1], second = work[2], copy = work[3]
    with nogil:
        for i in range(rows):
            for j in range(columns):
                grey = strip[i, j] - 128.0 if valid[i, j] else 0.0
                weight[i, j] = 1.0 if valid[i, j] else 0.0
                first[i, j] = grey
                second[i, j] = grey * grey
        for k in range(3):
            for _turn in range(passes):
                blur_across(work[k], copy, line, half_columns)
                blur_down(copy, work[k], line, half_rows)
        for i in range(rows):
            for j in range(columns):
                if not valid[i, j] or weight[i, j] < 0.5:
                    out[i, j] = 0
                    continue
                mean = first[i, j] / weight[i, j]
                square = second[i, j] / weight[i, j] - mean * mean
                value = (strip[i, j] - 128.0 - mean) / sqrt((square if square > 0 else 0.0) + noise * noise)
                value = limit if value > limit else -limit if value < -limit else value
                out[i, j] = <int16_t>floor(value * scale + 0.5)


def rows(const int16_t[:, ::1] flat not None, const uint8_t[:, ::1] valid not None, const int32_t[:, ::1] taps not None,
         const int32_t[::1] first not None, int coverage, int16_t[:, ::1] out not None, uint8_t[:, ::1] known not None):
    """Mean of each code row's window of strip rows; known where at least `coverage` of the taps' weight is valid."""
    cdef Py_ssize_t n = flat.shape[1], height = flat.shape[0], i, j, k, y
    cdef int total, weight
    with nogil:
        for i in range(out.shape[0]):
            for j in range(n):
                total = 0
                weight = 0
                for k in range(taps.shape[1]):
                    y = first[i] + k
                    if 0 <= y < height and valid[y, j]:
                        total += taps[i, k] * flat[y, j]
                        weight += taps[i, k]
                known[i, j] = weight >= coverage
                out[i, j] = <int16_t>floor(<double>total / weight + 0.5) if weight > 0 else 0


def encode(const int16_t[:, ::1] lines not None, const uint8_t[:, ::1] known not None,
           const int16_t[:, ::1] taps not None, int16_t[::1] line not None, int step, int least,
           uint64_t[::1] code not None, uint64_t[::1] mask not None):
    """Filter each row with each of the taps (long real, long imaginary, short real, short imaginary); keep the signs.

    A bit can be used where its row is known and its response is at least `least` away from zero.
    """
    cdef Py_ssize_t n = lines.shape[1], width = taps.shape[1], half = taps.shape[1] // 2, i, j, k
    cdef int total, f, bit
    cdef const int16_t *here
    cdef const int16_t *tap
    with nogil:
        for j in range(code.shape[0]):
            code[j] = 0
            mask[j] = 0
        for i in range(lines.shape[0]):
            for j in range(n):
                line[half + j] = lines[i, j]
            for j in range(half):
                line[j] = lines[i, (n - half + j) % n]
                line[half + n + j] = lines[i, j % n]
            for f in range(taps.shape[0]):
                bit = 32 * (f >> 1) + 2 * <int>i + (f & 1)
                tap = &taps[f, 0]
                for j in range(code.shape[0]):
                    here = &line[j * step]
                    total = 0
                    for k in range(width):
                        total += <int>here[k] * <int>tap[k]
                    code[j] |= <uint64_t>(total > 0) << bit
                    mask[j] |= <uint64_t>(known[i, j * step] and (total >= least or total <= -least)) << bit
