"""Loops of the NFIQ 2 block measures: sums, gradients, rotated windows, ridge and valley structure.

Below the gate `biocore.kernels.nfiq2`; nothing here checks its arguments. All that can be is exact integer
arithmetic. Differences of grey values are kept doubled (a central difference is (b - a)/2), so products of
gradients are in quarters of squared grey levels.
"""

from libc.math cimport atan2, ceil, cos, fabs, fma, lrint, round, sin, sqrt
from libc.string cimport memcpy, memset

ctypedef unsigned char u8

cdef enum:  # geometry, px; fixed because it sizes the arrays on the stack
    SIDE = 32  # block
    SHORT = 16  # short side of the slanted block
    TURNED = 36  # side of the turned picture: ceil(hypot(SIDE, SHORT))
    REACH = 4  # rows and columns beyond the block that the padded window takes on each side
    PADDED = 40  # SIDE + 2 * REACH
    ROOM = 2  # zeros around the padded window: a turned sample lies at most 20.6 px from its centre
    FRAME = 44  # PADDED + 2 * ROOM
    STRIDE = 64  # of the frame; a power of two turns the index into shifts
    STRIDE_BITS = 6
    FIXED = 1024  # fixed point of the turning
    FIXED_BITS = 10

cdef double PI = 3.141592653589793
cdef double EPSILON = 2.220446049250313e-16  # of a double
cdef double DECIMALS = 1e10  # the fitted line is rounded to ten of them


def margin_sums(const u8[:, ::1] image not None, unsigned int[::1] rows not None, unsigned int[::1] columns not None):
    """Grey sum of every row and of every column (`columns` zeroed by the caller)."""
    cdef Py_ssize_t height = image.shape[0], width = image.shape[1], y, x
    cdef const u8* line
    cdef unsigned int* column = &columns[0]
    cdef unsigned int total
    with nogil:
        for y in range(height):
            line = &image[y, 0]
            total = 0
            for x in range(width):
                total += line[x]
            rows[y] = total
            for x in range(width):
                column[x] += line[x]


cdef void gradients(const u8* block, Py_ssize_t pitch, int height, int width, int* out) noexcept nogil:
    """Sums of gx², gy² and gx·gy in quarters: central differences inside the block, one-sided at its edges."""
    cdef short gx[SIDE]
    cdef short gy[SIDE]
    cdef const u8* line
    cdef const u8* above
    cdef const u8* below
    cdef int y, x, scale, xx = 0, yy = 0, xy = 0
    memset(gx, 0, sizeof(gx))
    for y in range(height):
        line = block + y * pitch
        above = line - pitch if y > 0 else line
        below = line + pitch if y < height - 1 else line
        scale = 1 if 0 < y < height - 1 else 2
        for x in range(1, width - 1):
            gx[x] = <short>(line[x + 1] - line[x - 1])
        if width > 1:
            gx[0] = <short>(2 * (line[1] - line[0]))
            gx[width - 1] = <short>(2 * (line[width - 1] - line[width - 2]))
        for x in range(width):
            gy[x] = <short>(scale * (below[x] - above[x]))
        for x in range(width):
            xx += gx[x] * gx[x]
            yy += gy[x] * gy[x]
            xy += gx[x] * gy[x]
    out[0] = xx
    out[1] = yy
    out[2] = xy


cdef void grey_sums(const u8* block, Py_ssize_t pitch, int height, int width, int* out) noexcept nogil:
    """Sum of grey values and of their squares."""
    cdef const u8* line
    cdef int y, x, total = 0, squares = 0
    for y in range(height):
        line = block + y * pitch
        for x in range(width):
            total += line[x]
            squares += line[x] * line[x]
    out[0] = total
    out[1] = squares


def grid_sums(const u8[:, ::1] image not None, int[:, :, ::1] out not None):
    """Blocks from (0, 0), the partial ones at the right and bottom too: grey, grey², gx², gy², gx·gy."""
    cdef Py_ssize_t height = image.shape[0], width = image.shape[1], i, j
    cdef const u8* block
    cdef int tall, wide
    with nogil:
        for i in range(out.shape[0]):
            tall = <int>min(SIDE, height - i * SIDE)
            for j in range(out.shape[1]):
                wide = <int>min(SIDE, width - j * SIDE)
                block = &image[i * SIDE, j * SIDE]
                grey_sums(block, width, tall, wide, &out[i, j, 0])
                gradients(block, width, tall, wide, &out[i, j, 2])


def minutia_sums(const u8[:, ::1] image not None, const int[:, ::1] points not None, int[:, ::1] out not None):
    """Block around each minutia: number of pixels and grey sum (cut off), gx², gy², gx·gy (moved inside)."""
    cdef Py_ssize_t height = image.shape[0], width = image.shape[1], i, y, x
    cdef int tall, wide
    cdef int[2] grey
    with nogil:
        for i in range(points.shape[0]):
            x = max(points[i, 0] - SIDE // 2, 0)
            y = max(points[i, 1] - SIDE // 2, 0)
            tall = <int>min(SIDE, height - y)
            wide = <int>min(SIDE, width - x)
            grey_sums(&image[y, x], width, tall, wide, grey)
            out[i, 0] = tall * wide
            out[i, 1] = grey[0]
            x = min(x, width - SIDE)
            y = min(y, height - SIDE)
            gradients(&image[y, x], width, SIDE, SIDE, &out[i, 2])


cdef double ridge_orientation(const int* products) noexcept nogil:
    """Orientation in (-π/2, π/2] from the gradients; c and not 2c, and d without a root, as the reference has it."""
    cdef double quarters = 4.0 * SIDE * SIDE
    cdef double a = products[0] / quarters, b = products[1] / quarters, c = products[2] / quarters
    cdef double d = c * c + (a - b) * (a - b) + EPSILON
    return atan2(c / d, (a - b) / d) / 2


cdef void cut_window(const u8[:, ::1] image, Py_ssize_t top, Py_ssize_t left, int side, u8* frame) noexcept nogil:
    """Copy the window (top, left, side, side) into the middle of a frame of zeros; outside the picture is zero."""
    cdef Py_ssize_t room = (FRAME - side) // 2
    cdef Py_ssize_t x0 = max(left, 0), x1 = min(left + side, image.shape[1])
    cdef Py_ssize_t y0 = max(top, 0), y1 = min(top + side, image.shape[0]), y
    memset(frame, 0, FRAME * STRIDE)
    for y in range(y0, y1):
        memcpy(frame + (y - top + room) * STRIDE + (x0 - left + room), &image[y, x0], x1 - x0)


cdef void turn(
    const u8* frame, int side, double orientation, int top, int left, int height, int width, u8* out
) noexcept nogil:
    """Turn the window (`side` px) about its centre, nearest neighbour, and cut (top, left, height, width) out."""
    cdef double degrees = orientation * (180 / PI)
    cdef double angle = degrees * (PI / 180)
    cdef double centre = side // 2, room = (FRAME - side) // 2
    cdef double cosine = cos(angle), sine = sin(angle)
    cdef double m0 = cosine, m1 = sine, m2 = (1 - cosine) * centre - sine * centre
    cdef double m3 = -sine, m4 = cosine, m5 = sine * centre + (1 - cosine) * centre
    cdef double unit = 1 / (m0 * m4 - m1 * m3)
    cdef double n0 = m4 * unit, n1 = m1 * -unit, n3 = m3 * -unit, n4 = m0 * unit
    cdef double n2 = -n0 * m2 - n1 * m5, n5 = -n3 * m2 - n4 * m5
    cdef int dx[SIDE]
    cdef int dy[SIDE]
    cdef int index[SIDE]
    cdef int x, y, fx, fy
    cdef int shift = (<int>room) * FIXED + FIXED // 2
    for x in range(width):
        dx[x] = <int>lrint(n0 * (left + x) * FIXED)
        dy[x] = <int>lrint(n3 * (left + x) * FIXED)
    for y in range(height):
        fx = <int>lrint((n1 * (top + y) + n2) * FIXED) + shift
        fy = <int>lrint((n4 * (top + y) + n5) * FIXED) + shift
        for x in range(width):
            index[x] = (((fy + dy[x]) >> FIXED_BITS) << STRIDE_BITS) + ((fx + dx[x]) >> FIXED_BITS)
        for x in range(width):
            out[y * width + x] = frame[index[x]]


cdef struct complex_t:
    double re
    double im


cdef inline complex_t plus(complex_t a, complex_t b) noexcept nogil:
    a.re += b.re
    a.im += b.im
    return a


cdef inline complex_t minus(complex_t a, complex_t b) noexcept nogil:
    a.re -= b.re
    a.im -= b.im
    return a


cdef inline complex_t times(complex_t a, const double* w) noexcept nogil:
    cdef complex_t product
    product.re = a.re * w[0] - a.im * w[1]
    product.im = a.re * w[1] + a.im * w[0]
    return product


cdef void transform_16(const int* samples, int first, const double* waves, complex_t* out) noexcept nogil:
    """Transform samples first, first + 2, ..., first + 30: four transforms of four, joined by one of radix 4."""
    cdef complex_t fours[4][4]
    cdef complex_t t0, t1, t2, t3, even, odd
    cdef int i, k, even_sum, odd_sum, a, b, c, d
    for i in range(4):
        a, b = samples[first + 2 * i], samples[first + 2 * i + 8]
        c, d = samples[first + 2 * i + 16], samples[first + 2 * i + 24]
        even_sum, odd_sum = a + c, b + d
        fours[i][0].re, fours[i][0].im = even_sum + odd_sum, 0
        fours[i][1].re, fours[i][1].im = a - c, d - b
        fours[i][2].re, fours[i][2].im = even_sum - odd_sum, 0
        fours[i][3].re, fours[i][3].im = a - c, b - d
    for k in range(4):
        t0 = fours[0][k]
        t1 = times(fours[1][k], waves + 2 * (2 * k))
        t2 = times(fours[2][k], waves + 2 * (4 * k))
        t3 = times(fours[3][k], waves + 2 * (6 * k))
        even, odd = plus(t0, t2), plus(t1, t3)
        out[k] = plus(even, odd)
        out[k + 8] = minus(even, odd)
        even, odd = minus(t0, t2), minus(t1, t3)
        out[k + 4].re, out[k + 4].im = even.re + odd.im, even.im - odd.re
        out[k + 12].re, out[k + 12].im = even.re - odd.im, even.im + odd.re


cdef double frequency_purity(const u8* turned, const double* waves, double neighbour_weight) noexcept nogil:
    """FDA: share of the strongest frequency and its neighbours in the spectrum of the row means.

    A lone speck on an even ground has a flat spectrum, and which frequency is strongest is then up to the last
    bit. So the transform takes the reference's steps (twice 16 = 4 x 4 samples) and its factors, and the magnitude
    is fused as OpenCV's is on every processor with AVX2 or NEON. fma() rounds the same everywhere.
    """
    cdef int rows[SIDE]
    cdef complex_t even[SHORT]
    cdef complex_t odd[SHORT]
    cdef complex_t half
    cdef double strength[SIDE]
    cdef double total = 0
    cdef int y, x, k, best = 1
    for y in range(SIDE):
        rows[y] = 0
        for x in range(SHORT):
            rows[y] += turned[y * SHORT + x]
    transform_16(rows, 0, waves, even)
    transform_16(rows, 1, waves, odd)
    for k in range(SHORT):
        half = odd[k]
        odd[k] = minus(even[k], times(half, waves + 2 * k))
        even[k] = plus(even[k], times(half, waves + 2 * k))
    for k in range(SHORT):
        strength[k] = sqrt(fma(even[k].re, even[k].re, even[k].im * even[k].im))
        strength[k + SHORT] = sqrt(fma(odd[k].re, odd[k].re, odd[k].im * odd[k].im))
    for k in range(1, SIDE):
        if k < SHORT:
            total += strength[k]
        if strength[k] > strength[best]:
            best = k
    if best == 1 or best == SIDE - 1:
        return 1.0  # the lowest frequency wins: the reference says "best", and marks it as to be mended
    return (strength[best] + neighbour_weight * (strength[best - 1] + strength[best + 1])) / total


cdef void fit_line(const u8* turned, double* line, u8* ridge) noexcept nogil:
    """Least-squares line through the column means, and the columns below it, which are ridge."""
    cdef int columns[SIDE]
    cdef int x, y
    cdef long long total = 0, moment = 0, n = SIDE
    cdef long long sum_x = n * (n + 1) // 2, sum_xx = n * (n + 1) * (2 * n + 1) // 6
    cdef double denominator = SHORT * (n * sum_xx - sum_x * sum_x)
    cdef double slope, intercept
    for x in range(SIDE):
        columns[x] = 0
    for y in range(SHORT):
        for x in range(SIDE):
            columns[x] += turned[y * SIDE + x]
    for x in range(SIDE):
        total += columns[x]
        moment += (x + 1) * columns[x]
    slope = round((n * moment - sum_x * total) / denominator * DECIMALS) / DECIMALS
    intercept = round((total * sum_xx - sum_x * moment) / denominator * DECIMALS) / DECIMALS
    for x in range(SIDE):
        line[x] = (x + 1) * slope + intercept
        ridge[x] = columns[x] / <double>SHORT < line[x]


cdef int find_changes(const u8* ridge, int end, int* changes) noexcept nogil:
    """Last column of each ridge or valley that ends before column `end`."""
    cdef int x, n = 0
    for x in range(1, end):
        if ridge[x] != ridge[x - 1]:
            changes[n] = x - 1
            n += 1
    return n


cdef double mean_width(const double* widths, int n) noexcept nogil:
    """Mean, summed in fours: the limits are hit exactly, so the order of the roundings decides."""
    cdef double total = 0
    cdef int i = 0
    if n == 0:
        return 0
    while i <= n - 4:
        total += widths[i] + widths[i + 1] + widths[i + 2] + widths[i + 3]
        i += 4
    while i < n:
        total += widths[i]
        i += 1
    return total * (1.0 / n)


cdef double local_clarity(const u8* turned, double scale, const double* limits) noexcept nogil:
    """LCS: 1 minus the mean share of valley pixels that are dark and of ridge pixels that are light."""
    cdef double line[SIDE]
    cdef u8 ridge[SIDE]
    cdef int changes[SIDE]
    cdef double widths[2][SIDE]
    cdef int many[2]
    cdef int level[SIDE]
    cdef int below[SIDE]
    cdef int n, i, x, y, kind, last = 0, dark = 0, light = 0, ridges = 0
    cdef double mean_ridge, mean_valley
    fit_line(turned, line, ridge)
    n = find_changes(ridge, SIDE, changes)
    if n == 0:
        return 0
    many[0] = many[1] = 0
    for i in range(n):  # the first width is one too small, and the last run is not measured: as in the reference
        kind = ridge[0] ^ (i & 1)
        widths[kind][many[kind]] = (changes[i] - last) / scale
        many[kind] += 1
        last = changes[i]
    mean_valley = mean_width(widths[0], many[0])
    mean_ridge = mean_width(widths[1], many[1])
    if not (limits[0] <= mean_ridge <= limits[1] and limits[2] <= mean_valley <= limits[3]):
        return 0
    for x in range(SIDE):
        level[x] = <int>ceil(line[x])  # a whole number lies below the line if it lies below the next whole number
        below[x] = 0
    for y in range(SHORT):
        for x in range(SIDE):
            below[x] += turned[y * SIDE + x] < level[x]
    for x in range(SIDE):
        if ridge[x]:
            ridges += 1
            light += SHORT - below[x]
        else:
            dark += below[x]
    return 1 - (dark / <double>((SIDE - ridges) * SHORT) + light / <double>(ridges * SHORT)) / 2


cdef int width_ratios(const u8* turned, double* ratios) noexcept nogil:
    """RVUP: ratios of the widths of neighbouring complete ridges and valleys, from the right to the left."""
    cdef double line[SIDE]
    cdef u8 ridge[SIDE]
    cdef int changes[SIDE]
    cdef int n, m, first
    fit_line(turned, line, ridge)
    n = find_changes(ridge, SIDE - 1, changes)  # the last column is never looked at, and the first width is skipped
    if n < 4:
        return 0
    first = ridge[changes[0] + 1]
    for m in range(n - 3):
        ratios[m] = (changes[n - 1 - m] - changes[n - 2 - m]) / <double>(changes[n - 2 - m] - changes[n - 3 - m])
        if m >= first and (m - first) & 1 == 0:
            ratios[m] = 1 / ratios[m]
    return n - 3


def ridge_blocks(
    const u8[:, ::1] image not None,
    const u8[:, ::1] foreground not None,
    int border,
    const double[:, ::1] waves not None,
    double neighbour_weight,
    double width_scale,
    const double[::1] width_limits not None,
    double[:, ::1] orientation not None,
    double[:, ::1] fda not None,
    double[:, ::1] lcs not None,
    double[:, :, ::1] ratios not None,
    int[:, ::1] n_ratios not None,
):
    """Orientation, FDA, LCS and RVUP ratios of every foreground block; the grid starts at (border, border)."""
    cdef u8 frame[FRAME * STRIDE]
    cdef u8 turned[SIDE * SHORT]
    cdef int products[3]
    cdef Py_ssize_t i, j, y, x
    cdef double angle
    cdef int half = TURNED // 2
    with nogil:
        for i in range(foreground.shape[0]):
            for j in range(foreground.shape[1]):
                if not foreground[i, j]:
                    continue
                y = border + i * SIDE
                x = border + j * SIDE
                gradients(&image[y, x], image.shape[1], SIDE, SIDE, products)
                angle = ridge_orientation(products)
                orientation[i, j] = angle
                # The padded window turns about its own centre, but what is cut out is centred on the turned
                # picture's, 2 px away: the reference does so.
                cut_window(image, y - REACH, x - REACH, PADDED, frame)
                turn(frame, PADDED, angle + PI / 2, half - SIDE // 2, half - SHORT // 2, SIDE, SHORT, turned)
                fda[i, j] = frequency_purity(turned, &waves[0, 0], neighbour_weight)
                turn(frame, PADDED, angle, half - SHORT // 2, half - SIDE // 2, SHORT, SIDE, turned)
                n_ratios[i, j] = width_ratios(turned, &ratios[i, j, 0])
                cut_window(image, y - border, x - border, TURNED, frame)
                turn(frame, TURNED, angle, half - SHORT // 2, half - SIDE // 2, SHORT, SIDE, turned)
                lcs[i, j] = local_clarity(turned, width_scale, &width_limits[0])


def orientation_flow(
    const double[:, ::1] orientation not None,
    const u8[:, ::1] foreground not None,
    double least,
    double span,
    double[:, ::1] out not None,
):
    """OF of the blocks whose 3 x 3 neighbourhood is foreground and whose mean deviation is above `least`."""
    cdef Py_ssize_t i, j, di, dj
    cdef double deviation
    cdef int inside
    with nogil:
        for i in range(1, foreground.shape[0] - 1):
            for j in range(1, foreground.shape[1] - 1):
                inside = 0
                deviation = 0
                for di in range(-1, 2):
                    for dj in range(-1, 2):
                        inside += foreground[i + di, j + dj] != 0
                        deviation += fabs(orientation[i, j] - orientation[i + di, j + dj])
                deviation /= 8
                if inside == 9 and deviation > least:
                    out[i, j] = (deviation - least) / span


def tally(const double[::1] values not None, const double[::1] limits not None, int[::1] counts not None):
    """Count sorted values between the limits (counts zeroed by the caller); return mean and standard deviation."""
    cdef Py_ssize_t n = values.shape[0], bins = limits.shape[0], i, k = 0
    cdef double total = 0, squares = 0, scale = 1.0 / n, mean, variance
    with nogil:
        for i in range(n):
            while k < bins and values[i] >= limits[k]:
                k += 1
            counts[k] += 1
            total += values[i]
            squares += values[i] * values[i]
        mean = total * scale
        variance = squares * scale - mean * mean
    return mean, sqrt(variance) if variance > 0 else 0.0
