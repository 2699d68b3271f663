"""Loops of the generator of synthetic prints, in whole numbers: the same bytes on every machine."""

cdef int ROWS = 15   # taps down
cdef int COLS = 16   # taps across; the sixteenth is always zero and keeps the row a whole vector


def grow(
    short[:, ::1] image not None,
    short[:, ::1] scratch not None,
    const unsigned char[:, ::1] orientation not None,
    const unsigned char[:, ::1] period not None,
    const unsigned char[:, ::1] mask not None,
    const short[:, :, :, ::1] bank not None,
    int shift,
    int limit,
    int passes,
):
    """Filter `image` (padded by 7 px above and left, 8 below and right) `passes` times, each pixel by its own filter.

    The result of each pass is clipped to ±limit; it ends in `image` where `passes` is even, else in `scratch`.
    """
    cdef Py_ssize_t height = orientation.shape[0], width = orientation.shape[1], x, y, i, j
    cdef int total, value, turn
    cdef const short *taps
    cdef const short *row
    cdef short[:, ::1] source = image
    cdef short[:, ::1] target = scratch
    with nogil:
        for turn in range(passes):
            if turn % 2 == 0:
                source = image
                target = scratch
            else:
                source = scratch
                target = image
            for y in range(height):
                for x in range(width):
                    if mask[y, x] == 0:
                        continue
                    taps = &bank[orientation[y, x], period[y, x], 0, 0]
                    total = 0
                    for i in range(ROWS):
                        row = &source[y + i, x]
                        value = 0
                        for j in range(COLS):
                            value = value + row[j] * taps[j]
                        total = total + value
                        taps = taps + COLS
                    value = total >> shift
                    target[y + 7, x + 7] = <short>(limit if value > limit else (-limit if value < -limit else value))


def sample(
    const short[:, ::1] plane not None,
    const int[:, ::1] x not None,
    const int[:, ::1] y not None,
    const short[:, ::1] weights not None,
    short[:, ::1] out not None,
):
    """Read `plane` between its pixels: positions in 1/256 px, four cubic weights (sum 16384) for each 1/256.

    Outside the plane the nearest pixel stands.
    """
    cdef Py_ssize_t height = plane.shape[0], width = plane.shape[1], r, c, i, j, row, col, left, top
    cdef int px, py, limit_x = <int>((width - 1) * 256), limit_y = <int>((height - 1) * 256)
    cdef long long total, line
    cdef const short *wx
    cdef const short *wy
    with nogil:
        for r in range(out.shape[0]):
            for c in range(out.shape[1]):
                px = x[r, c]
                py = y[r, c]
                px = 0 if px < 0 else (limit_x if px > limit_x else px)
                py = 0 if py < 0 else (limit_y if py > limit_y else py)
                left = (px >> 8) - 1
                top = (py >> 8) - 1
                wx = &weights[px & 255, 0]
                wy = &weights[py & 255, 0]
                total = 0
                for i in range(4):
                    row = top + i
                    row = 0 if row < 0 else (height - 1 if row > height - 1 else row)
                    line = 0
                    for j in range(4):
                        col = left + j
                        col = 0 if col < 0 else (width - 1 if col > width - 1 else col)
                        line = line + <int>plane[row, col] * wx[j]
                    total = total + line * wy[i]
                total = (total + (1 << 27)) >> 28
                out[r, c] = <short>(32767 if total > 32767 else (-32768 if total < -32768 else total))
