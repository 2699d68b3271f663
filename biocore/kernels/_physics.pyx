"""Sums over cells of a print, and the profile across the ridges of each cell: the loops of `kernels.physics`."""

from libc.math cimport fabs, sqrt

cdef enum:
    ONE = 65536  # positions are counted in 1/65536 px


def cell_sums(
    const unsigned char[:, ::1] grey not None,
    int cell,
    int[:, :, ::1] out not None,
):
    """Per cell of `cell` px a side: sum, sum of squares, and the sums of gx², gy², gx·gy (central differences)."""
    cdef Py_ssize_t rows = out.shape[0], cols = out.shape[1]
    cdef Py_ssize_t height = grey.shape[0], width = grey.shape[1]
    cdef Py_ssize_t i, j, y, x, above, below, first, last, left, right
    cdef int v, gx, gy, s, ss, xx, yy, xy
    with nogil:
        for i in range(rows):
            for j in range(cols):
                s = ss = xx = yy = xy = 0
                first = j * cell
                last = first + cell
                for y in range(i * cell, i * cell + cell):
                    above = y - 1 if y > 0 else 0
                    below = y + 1 if y < height - 1 else height - 1
                    left = first if first > 0 else 1
                    right = last if last < width else width - 1
                    for x in range(first, last):
                        v = grey[y, x]
                        s += v
                        ss += v * v
                    for x in range(left, right):
                        gx = grey[y, x + 1] - grey[y, x - 1]
                        gy = grey[below, x] - grey[above, x]
                        xx += gx * gx
                        yy += gy * gy
                        xy += gx * gy
                out[i, j, 0] = s
                out[i, j, 1] = ss
                out[i, j, 2] = xx
                out[i, j, 3] = yy
                out[i, j, 4] = xy


def ridge_profiles(
    const unsigned char[:, ::1] grey not None,
    const double[:, ::1] frames not None,
    double along_step,
    double hysteresis,
    float[:, ::1] window not None,
    float[:, ::1] columns not None,
    double[:, ::1] out not None,
):
    """Sample a window turned with the ridges at each (x, y, cos, sin) and describe its ridges and valleys.

    `window` (along, across) and `columns` (4, across) are scratch: one row of samples for each step along the
    ridges; sum, sum of squares, number and sum of the light samples of each column. The windows must lie inside
    the picture (the gate sees to it).
    """
    cdef Py_ssize_t n = frames.shape[0], k, stride = grey.shape[1]
    cdef int along = window.shape[0], across = window.shape[1], u, v, x, y, dx, dy, fx, fy, crossings, state
    cdef const unsigned char* pixel
    cdef double c, s, a, b, step, samples, mean, squares, between, low, high, lows, highs, band, last, position
    cdef double dark, darks, light, lights, ridges, holes, bridges, ink, gap, gaps, slope, before, value
    cdef double floor, ceiling, rough, uneven
    cdef float middle
    cdef double opens
    with nogil:
        for k in range(n):
            c = frames[k, 2]
            s = frames[k, 3]
            dx = <int>(s * ONE)  # ridges run along (c, -s), their normal is (s, c): y is down
            dy = <int>(c * ONE)
            a = -0.5 * (across - 1)
            for u in range(across):
                columns[0, u] = 0.0
                columns[1, u] = 0.0
                columns[2, u] = 0.0
                columns[3, u] = 0.0
            for v in range(along):
                b = (v - 0.5 * (along - 1)) * along_step
                x = <int>((frames[k, 0] + a * s + b * c) * ONE)
                y = <int>((frames[k, 1] + a * c - b * s) * ONE)
                for u in range(across):
                    pixel = &grey[0, 0] + (y >> 16) * stride + (x >> 16)
                    fx = (x >> 8) & 255
                    fy = (y >> 8) & 255
                    window[v, u] = (
                        (pixel[0] * (256 - fx) + pixel[1] * fx) * (256 - fy)
                        + (pixel[stride] * (256 - fx) + pixel[stride + 1] * fx) * fy
                    ) * (1.0 / 65536.0)
                    x += dx
                    y += dy
                for u in range(across):
                    columns[0, u] += window[v, u]
                    columns[1, u] += window[v, u] * window[v, u]

            mean = squares = between = 0.0
            for u in range(across):
                columns[0, u] /= along
                mean += columns[0, u]
                squares += columns[1, u]
            mean /= across
            squares = squares / (along * across) - mean * mean
            low = high = lows = highs = slope = 0.0
            for u in range(across):
                value = columns[0, u]
                between += (value - mean) * (value - mean)
                if value < mean:
                    low += value
                    lows += 1.0
                else:
                    high += value
                    highs += 1.0
            between /= across
            low = low / lows if lows > 0.0 else mean
            high = high / highs if highs > 0.0 else mean
            middle = <float>(0.5 * (low + high))
            band = hysteresis * (high - low)

            crossings = 0
            state = 0
            last = position = dark = darks = light = lights = 0.0
            for u in range(1, across):
                before = columns[0, u - 1]
                value = columns[0, u]
                step = value - before
                if fabs(step) > slope:
                    slope = fabs(step)
                if (value - middle) * (before - middle) <= 0.0 and step != 0.0:
                    position = u - 1 + (middle - before) / step
                if state != 1 and value > middle + band:
                    if state == -1:  # a ridge ends here
                        if crossings > 0:
                            dark += position - last
                            darks += 1.0
                        last = position
                        crossings += 1
                    state = 1
                elif state != -1 and value < middle - band:
                    if state == 1:  # a valley ends here
                        if crossings > 0:
                            light += position - last
                            lights += 1.0
                        last = position
                        crossings += 1
                    state = -1
            if darks > 0.0 and lights > 0.0:
                dark /= darks
                light /= lights
            else:
                dark = light = 0.0

            for v in range(along):
                for u in range(across):
                    columns[2, u] += <float>(window[v, u] > middle)
                    columns[3, u] += window[v, u] if window[v, u] > middle else <float>0.0
            samples = ridges = holes = ink = gap = gaps = bridges = rough = uneven = opens = 0.0
            floor = 0.5 * (low + middle)  # the hearts of ridges and valleys: their flanks say nothing of holes
            ceiling = 0.5 * (high + middle)
            for u in range(across):
                if columns[0, u] < floor:
                    ridges += along
                    rough += columns[1, u] - columns[0, u] * columns[0, u] * along
                    holes += columns[2, u]
                    for v in range(along):
                        if window[v, u] > ceiling:
                            opens += 1.0
                    ink += columns[0, u] * along - columns[3, u]
                elif columns[0, u] > ceiling:
                    samples += along
                    uneven += columns[1, u] - columns[0, u] * columns[0, u] * along
                    gaps += columns[2, u]
                    gap += columns[3, u]
            bridges = samples - gaps

            out[k, 0] = low
            out[k, 1] = high
            out[k, 2] = dark + light
            out[k, 3] = dark / (dark + light) if dark + light > 0.0 else 0.0
            out[k, 4] = between / squares if squares > 1e-3 else 0.0
            out[k, 5] = holes / ridges if ridges > 0.0 else 0.0
            out[k, 6] = bridges / samples if samples > 0.0 else 0.0
            out[k, 7] = slope / (high - low) if high > low else 0.0
            out[k, 8] = ink / (ridges - holes) if ridges > holes else low
            out[k, 9] = gap / gaps if gaps > 0.0 else high
            out[k, 10] = sqrt(rough / ridges) / (high - low) if ridges > 0.0 and high > low and rough > 0.0 else 0.0
            out[k, 11] = sqrt(uneven / samples) / (high - low) if samples > 0.0 and high > low and uneven > 0.0 else 0.0
            out[k, 12] = opens / ridges if ridges > 0.0 else 0.0
