"""Loops over the pixels of a finger: local normalisation, cell tensors, oriented filters.

Nothing here divides the work by the machine: sums of integers, or sums of floats in one fixed order, so that
a template is the same bytes everywhere. Gate: `biocore.kernels.ridge`. Twin: `tests/reference_ridge.py`.
"""

from libc.math cimport sqrtf


def normalise(
    const unsigned char[:, ::1] pixels not None,
    Py_ssize_t radius,
    float floor,
    float gain,
    float limit,
    Py_ssize_t margin,
    int[:, ::1] work not None,
    float[:, ::1] out not None,
    float[:, ::1] deviation not None,
):
    """Write (local mean - pixel) * gain / (local deviation + floor) at `margin`, rounded, within ±limit.

    The window is (2 radius + 1)² px, cut at the picture's edge. `work` is (5, width): column sums, column
    sums of squares, window sums of both, columns in the window. `deviation` receives the local standard
    deviation, (height, width), in grey levels.
    """
    cdef Py_ssize_t height = pixels.shape[0], width = pixels.shape[1], y, x, top, bottom
    cdef int *column = &work[0, 0]
    cdef int *squares = &work[1, 0]
    cdef int *total = &work[2, 0]
    cdef int *power = &work[3, 0]
    cdef int *columns = &work[4, 0]
    cdef const unsigned char *row
    cdef float *target
    cdef float *spread
    cdef int v, s, q
    cdef float area, tall, mean, variance, value
    with nogil:
        for x in range(width):
            column[x] = 0
            squares[x] = 0
            columns[x] = <int>(min(x + radius, width - 1) - max(x - radius, 0) + 1)
        for y in range(min(radius, height)):
            row = &pixels[y, 0]
            for x in range(width):
                v = row[x]
                column[x] += v
                squares[x] += v * v
        for y in range(height):
            top = y - radius - 1
            bottom = y + radius
            if bottom < height:
                row = &pixels[bottom, 0]
                for x in range(width):
                    v = row[x]
                    column[x] += v
                    squares[x] += v * v
            if top >= 0:
                row = &pixels[top, 0]
                for x in range(width):
                    v = row[x]
                    column[x] -= v
                    squares[x] -= v * v
            s = 0
            q = 0
            for x in range(min(radius, width)):
                s += column[x]
                q += squares[x]
            # three stretches, for a test in every pixel costs more than the sums: window grows, moves, shrinks
            for x in range(min(radius + 1, max(width - radius, 0))):
                s += column[x + radius]
                q += squares[x + radius]
                total[x] = s
                power[x] = q
            for x in range(radius + 1, width - radius):
                s += column[x + radius] - column[x - radius - 1]
                q += squares[x + radius] - squares[x - radius - 1]
                total[x] = s
                power[x] = q
            for x in range(max(width - radius, 0), width):
                if x > radius:
                    s -= column[x - radius - 1]
                    q -= squares[x - radius - 1]
                total[x] = s
                power[x] = q
            row = &pixels[y, 0]
            target = &out[y + margin, margin]
            spread = &deviation[y, 0]
            tall = <float>(min(bottom, height - 1) - max(top, -1))
            for x in range(width):
                area = tall * <float>columns[x]
                mean = <float>total[x] / area
                variance = <float>power[x] / area - mean * mean
                spread[x] = sqrtf(variance if variance > 0 else 0)
                value = (mean - <float>row[x]) * gain / (spread[x] + floor)
                value = limit if value > limit else (-limit if value < -limit else value)
                target[x] = <float>(<int>(value + limit + <float>0.5)) - limit


def cell_tensors(
    const float[:, ::1] ridges not None,
    Py_ssize_t margin,
    Py_ssize_t cell,
    float[:, ::1] work not None,
    float[:, :, ::1] out not None,
):
    """Sum the gradient tensor of the smoothed picture over each cell.

    `ridges` carries `margin` >= 4 px on each side. It is smoothed by the binomial (1 4 6 4 1)/16 both ways and
    differentiated by central differences. `out` is (rows, columns, 4): sums of gy² - gx², 2 gx gy (which
    together point along the doubled ridge angle, counter-clockwise), gx² + gy², and the smoothed picture's square.
    `work` is (8, width of ridges): vertical smoothing, three smoothed rows, four column sums.
    """
    cdef Py_ssize_t rows = out.shape[0], columns = out.shape[1], width = columns * cell
    cdef Py_ssize_t y, x, i, j, k, span = width + 2
    cdef float *vertical = &work[0, 0]
    cdef float *before
    cdef float *here
    cdef float *after
    cdef float *difference = &work[4, 0]
    cdef float *product = &work[5, 0]
    cdef float *energy = &work[6, 0]
    cdef float *power = &work[7, 0]
    cdef const float *a
    cdef const float *b
    cdef const float *c
    cdef const float *d
    cdef const float *e
    cdef float gx, gy
    cdef float sums[4]
    with nogil:
        for y in range(-1, rows * cell + 1):
            # smoothed row y, from column -1 to width, goes to one of three slots in turn
            after = &work[1 + (y + 3) % 3, 0]
            a = &ridges[y + margin - 2, margin - 3]
            b = &ridges[y + margin - 1, margin - 3]
            c = &ridges[y + margin, margin - 3]
            d = &ridges[y + margin + 1, margin - 3]
            e = &ridges[y + margin + 2, margin - 3]
            for x in range(span + 4):
                vertical[x] = (a[x] + e[x]) + 4 * (b[x] + d[x]) + 6 * c[x]
            for x in range(span):
                after[x] = (
                    (vertical[x] + vertical[x + 4]) + 4 * (vertical[x + 1] + vertical[x + 3]) + 6 * vertical[x + 2]
                ) * <float>(1.0 / 256.0)
            if y < 1:
                continue
            before = &work[1 + (y + 1) % 3, 0]
            here = &work[1 + (y + 2) % 3, 0]
            if (y - 1) % cell == 0:
                for x in range(width):
                    difference[x] = 0
                    product[x] = 0
                    energy[x] = 0
                    power[x] = 0
            for x in range(width):
                gx = here[x + 2] - here[x]
                gy = after[x + 1] - before[x + 1]
                difference[x] += gy * gy - gx * gx
                product[x] += 2 * gx * gy
                energy[x] += gx * gx + gy * gy
                power[x] += here[x + 1] * here[x + 1]
            if y % cell == 0:
                i = y // cell - 1
                for j in range(columns):
                    for k in range(4):
                        sums[k] = 0
                    for x in range(j * cell, (j + 1) * cell):
                        sums[0] += difference[x]
                        sums[1] += product[x]
                        sums[2] += energy[x]
                        sums[3] += power[x]
                    for k in range(4):
                        out[i, j, k] = sums[k]


cdef extern from *:
    """
    #include <stddef.h>
    #include <string.h>
    #if defined(__SSE2__) || defined(_M_X64)
    #include <emmintrin.h>
    #endif

    /* Correlate eight pixels of four rows with the taps of one filter, two taps at a time. Whole numbers: both ways
       give the same sums. No compiler finds the first by itself, and it takes half the time of the second. */
    static void correlate(const short *source, ptrdiff_t stride, const short *taps, const int *spans, ptrdiff_t side,
                          int *sums)
    {
        ptrdiff_t i, j, y, x;
    #if defined(__SSE2__) || defined(_M_X64)
        __m128i even[4], odd[4];
        for (y = 0; y < 4; y++)
            even[y] = odd[y] = _mm_setzero_si128();
        for (i = 0; i < side; i++) {
            for (j = spans[2 * i]; j < spans[2 * i + 1]; j += 2) {
                const short *at = source + i * stride + j;
                int both;
                __m128i pair;
                memcpy(&both, taps + i * (side + 1) + j, sizeof both);
                pair = _mm_set1_epi32(both);
                for (y = 0; y < 4; y++) {
                    __m128i here = _mm_loadu_si128((const __m128i *)(at + y * stride));
                    __m128i next = _mm_loadu_si128((const __m128i *)(at + y * stride + 1));
                    even[y] = _mm_add_epi32(even[y], _mm_madd_epi16(here, pair));
                    odd[y] = _mm_add_epi32(odd[y], _mm_madd_epi16(next, pair));
                }
            }
        }
        for (y = 0; y < 4; y++) {
            _mm_storeu_si128((__m128i *)(sums + 8 * y), _mm_unpacklo_epi32(even[y], odd[y]));
            _mm_storeu_si128((__m128i *)(sums + 8 * y + 4), _mm_unpackhi_epi32(even[y], odd[y]));
        }
        (void)x;
    #else
        memset(sums, 0, 32 * sizeof *sums);
        for (i = 0; i < side; i++)
            for (j = spans[2 * i]; j < spans[2 * i + 1]; j++)
                for (y = 0; y < 4; y++)
                    for (x = 0; x < 8; x++)
                        sums[8 * y + x] += taps[i * (side + 1) + j] * source[(i + y) * stride + j + x];
    #endif
    }
    """
    void correlate(
        const short *source, Py_ssize_t stride, const short *taps, const int *spans, Py_ssize_t side, int *sums
    ) noexcept nogil


def filter_cells(
    const float[:, ::1] ridges not None,
    const short[:, :, ::1] bank not None,
    const float[::1] scale not None,
    const int[:, ::1] spans not None,
    const short[:, ::1] choice not None,
    Py_ssize_t margin,
    float limit,
    short[:, ::1] work not None,
    float[:, ::1] out not None,
    float[:, ::1] strength not None,
):
    """Correlate each 8x8 cell with its own filter of the bank; cells whose choice is negative are left alone.

    `ridges` and `out` carry `margin` px on each side, `margin` being at least half a filter; `work` is as high and
    at least one px wider. `bank` is (n, side, side + 1), the last column zero; pixels, taps and sums are whole
    numbers. The sums, times the filter's scale, are rounded and held within ±limit. `spans` is (side, 2), even
    numbers: the first tap of each row and the one after the last; beyond, all taps are zero. `strength` receives
    the mean absolute value of each cell.
    """
    cdef Py_ssize_t rows = choice.shape[0], columns = choice.shape[1], side = bank.shape[1]
    cdef Py_ssize_t half = side // 2, stride = work.shape[1], i, j, x, y, k
    cdef int sums[64]
    cdef int whole, total, most = <int>limit
    cdef float value, factor
    cdef float *target
    cdef const float *row
    cdef const short *source
    cdef short *copy
    with nogil:
        for y in range(ridges.shape[0]):
            row = &ridges[y, 0]
            copy = &work[y, 0]
            for x in range(ridges.shape[1]):
                copy[x] = <short><int>row[x] if -limit <= row[x] <= limit else 0  # NaN has no whole number
            for x in range(ridges.shape[1], stride):
                copy[x] = 0
        for i in range(rows):
            for j in range(columns):
                k = choice[i, j]
                if k < 0:
                    continue
                source = &work[8 * i + margin - half, 8 * j + margin - half]
                correlate(source, stride, &bank[k, 0, 0], &spans[0, 0], side, &sums[0])
                correlate(source + 4 * stride, stride, &bank[k, 0, 0], &spans[0, 0], side, &sums[32])
                factor = scale[k]
                total = 0
                for y in range(8):
                    target = &out[8 * i + y + margin, 8 * j + margin]
                    for x in range(8):
                        value = <float>sums[8 * y + x] * factor
                        value = limit if value > limit else (-limit if value < -limit else value)
                        whole = <int>(value + limit + <float>0.5) - most
                        target[x] = <float>whole
                        total += whole if whole > 0 else -whole
                strength[i, j] = <float>total / 64
