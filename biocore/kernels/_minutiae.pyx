"""From enhanced ridges to the ends of their skeletons: pack into bits, thin, prune, trace, cancel facing ends.

A picture of bits is (rows + 2, words + 2) of uint64: one empty row above and below, one empty word left and
right; bit b of word w in row r is the pixel (64 (w - 1) + b, r - 1). Gate: `biocore.kernels.minutiae`. Twin:
`tests/reference_minutiae.py`.
"""

from libc.math cimport sqrt
from libc.string cimport memcpy

ctypedef unsigned long long word_t

# The eight neighbours, counter-clockwise from the east as seen on the picture (y runs down).
cdef int[8] STEP_X
cdef int[8] STEP_Y
STEP_X[:] = [1, 1, 0, -1, -1, -1, 0, 1]
STEP_Y[:] = [0, -1, -1, -1, 0, 1, 1, 1]


def pack(
    const float[:, ::1] ridges not None,
    const unsigned char[:, ::1] mask not None,
    Py_ssize_t margin,
    word_t[:, ::1] ridge_bits not None,
    word_t[:, ::1] valley_bits not None,
):
    """Set the ridge bit where a pixel of a masked 8x8 cell is positive, the valley bit where it is not."""
    cdef Py_ssize_t height = ridge_bits.shape[0] - 2, words = ridge_bits.shape[1] - 2
    cdef Py_ssize_t width = mask.shape[1] * 8, y, x, w, b, end, start
    cdef const float *row
    cdef word_t ridge, valley, bit
    with nogil:
        for y in range(height):
            row = &ridges[y + margin, margin]
            for w in range(words):
                ridge = 0
                valley = 0
                start = 64 * w
                end = min(64, width - start)
                for b in range(end):
                    x = start + b
                    bit = <word_t>(row[x] > 0)
                    ridge |= bit << b
                for b in range(0, end, 8):
                    if mask[y // 8, (start + b) // 8]:
                        valley |= (<word_t>0xFF) << b
                ridge_bits[y + 1, w + 1] = ridge & valley
                valley_bits[y + 1, w + 1] = ~ridge & valley


cdef word_t thin_pass(word_t[:, ::1] bits, word_t *above, word_t *here, bint second) noexcept nogil:
    """One sub-iteration of Guo and Hall on 64 pixels at a time; return the pixels removed, or-ed together."""
    cdef Py_ssize_t rows = bits.shape[0], words = bits.shape[1], y, w
    cdef word_t north, east, south, west, northeast, southeast, southwest, northwest, centre
    cdef word_t c1, c2, c3, c4, odd12, odd34, both12, both34, once, low, high, fits, guard, removed = 0
    cdef word_t *row
    cdef word_t *below
    for w in range(words):
        above[w] = bits[0, w]
    for y in range(1, rows - 1):
        row = &bits[y, 0]
        below = &bits[y + 1, 0]
        for w in range(words):
            here[w] = row[w]
        for w in range(1, words - 1):
            centre = here[w]
            north = above[w]
            south = below[w]
            east = (centre >> 1) | (here[w + 1] << 63)
            west = (centre << 1) | (here[w - 1] >> 63)
            northeast = (north >> 1) | (above[w + 1] << 63)
            northwest = (north << 1) | (above[w - 1] >> 63)
            southeast = (south >> 1) | (below[w + 1] << 63)
            southwest = (south << 1) | (below[w - 1] >> 63)
            # exactly one run of neighbours
            c1 = ~north & (northeast | east)
            c2 = ~east & (southeast | south)
            c3 = ~south & (southwest | west)
            c4 = ~west & (northwest | north)
            odd12 = c1 ^ c2
            both12 = c1 & c2
            odd34 = c3 ^ c4
            both34 = c3 & c4
            once = (odd12 ^ odd34) & ~(both12 | both34)
            # two or three neighbours, counted in both ways of pairing them
            c1 = northwest | north
            c2 = northeast | east
            c3 = southeast | south
            c4 = southwest | west
            low = (c1 & c2) | (c3 & c4) | ((c1 ^ c2) & (c3 ^ c4))
            high = c1 & c2 & c3 & c4
            c1 = north | northeast
            c2 = east | southeast
            c3 = south | southwest
            c4 = west | northwest
            low &= (c1 & c2) | (c3 & c4) | ((c1 ^ c2) & (c3 ^ c4))
            high &= c1 & c2 & c3 & c4
            fits = low & ~high
            if second:
                guard = (north | northeast | ~southeast) & east
            else:
                guard = (south | southwest | ~northwest) & west
            centre &= once & fits & ~guard
            row[w] = here[w] ^ centre
            removed |= centre
        for w in range(words):
            above[w] = here[w]
    return removed


def thin(word_t[:, ::1] bits not None, word_t[:, ::1] work not None, Py_ssize_t rounds):
    """Thin in place to lines one pixel wide (Guo and Hall, CACM 32(3), 1989, A1); `work` is (2, words + 2)."""
    cdef Py_ssize_t left = rounds
    cdef word_t removed
    with nogil:
        while left > 0:
            left -= 1
            removed = thin_pass(bits, &work[0, 0], &work[1, 0], False)
            removed |= thin_pass(bits, &work[0, 0], &work[1, 0], True)
            if removed == 0:
                break


def unpack(const word_t[:, ::1] bits not None, unsigned char[:, ::1] out not None):
    """Write bits as bytes 0 and 1, with the empty border of one pixel: `out` is (rows + 2, columns + 2)."""
    cdef Py_ssize_t height = out.shape[0], width = out.shape[1], y, x, start
    cdef unsigned char *row
    cdef word_t word
    with nogil:
        for y in range(height):
            row = &out[y, 0]
            row[0] = 0
            row[width - 1] = 0
            for start in range(1, width - 1, 64):
                word = bits[y, 1 + start // 64]
                for x in range(start, min(start + 64, width - 1)):
                    row[x] = <unsigned char>(word & 1)
                    word >>= 1


cdef inline int runs(const unsigned char[:, ::1] lines, Py_ssize_t y, Py_ssize_t x) noexcept nogil:
    """Count the runs of set neighbours around a pixel: 1 at an end, 2 on a line, 3 or more at a junction."""
    cdef int e = lines[y, x + 1], ne = lines[y - 1, x + 1], n = lines[y - 1, x], nw = lines[y - 1, x - 1]
    cdef int w = lines[y, x - 1], sw = lines[y + 1, x - 1], s = lines[y + 1, x], se = lines[y + 1, x + 1]
    return (
        (e ^ ne) + (ne ^ n) + (n ^ nw) + (nw ^ w) + (w ^ sw) + (sw ^ s) + (s ^ se) + (se ^ e)
    ) >> 1


cdef void mark_ends(const unsigned char[:, ::1] lines, Py_ssize_t y, unsigned char *marks) noexcept nogil:
    """Mark the pixels of row y that have at most one run of neighbours: bytes alone, which compilers do 16 at once."""
    cdef Py_ssize_t width = lines.shape[1], x
    cdef const unsigned char *up = &lines[y - 1, 0]
    cdef const unsigned char *row = &lines[y, 0]
    cdef const unsigned char *down = &lines[y + 1, 0]
    cdef unsigned char changes
    for x in range(1, width - 1):
        changes = row[x + 1] ^ up[x + 1]
        changes += up[x + 1] ^ up[x]
        changes += up[x] ^ up[x - 1]
        changes += up[x - 1] ^ row[x - 1]
        changes += row[x - 1] ^ down[x - 1]
        changes += down[x - 1] ^ down[x]
        changes += down[x] ^ down[x + 1]
        changes += down[x + 1] ^ row[x + 1]
        marks[x] = row[x] & <unsigned char>(changes < 3)


cdef inline Py_ssize_t next_mark(const unsigned char *marks, Py_ssize_t x, Py_ssize_t width) noexcept nogil:
    """Return the first mark from x on, or `width`; eight bytes beyond `width` are zero."""
    cdef word_t eight
    while x < width:
        memcpy(&eight, &marks[x], 8)
        if eight:
            while not marks[x]:
                x += 1
            return x
        x += 8
    return width


cdef Py_ssize_t follow(
    const unsigned char[:, ::1] lines, int[:, ::1] seen, int stamp, Py_ssize_t y, Py_ssize_t x,
    Py_ssize_t reach, short *path, int *stop
) noexcept nogil:
    """Follow a line from its end for at most `reach` pixels; write (x, y) pairs, return their number.

    `stop` becomes 0 where the reach was used up, 1 at another end, 2 at a junction (which is not written).
    """
    cdef Py_ssize_t n = 0, k, i, ny, nx
    cdef int crossing
    cdef bint found
    while True:
        path[2 * n] = <short>x
        path[2 * n + 1] = <short>y
        seen[y, x] = stamp
        n += 1
        if n >= reach:
            stop[0] = 0
            return n
        found = False
        for i in range(8):  # the four nearest first, so that corners are not cut
            k = 2 * i if i < 4 else 2 * i - 7
            ny = y + STEP_Y[k]
            nx = x + STEP_X[k]
            if lines[ny, nx] and seen[ny, nx] != stamp:
                found = True
                break
        if not found:
            stop[0] = 1
            return n
        y = ny
        x = nx
        crossing = runs(lines, y, x)
        if crossing > 2:
            stop[0] = 2
            return n


def prune(
    unsigned char[:, ::1] lines not None,
    int[:, ::1] seen not None,
    short[::1] path not None,
    unsigned char[::1] marks not None,
    Py_ssize_t spur,
    Py_ssize_t fragment,
):
    """Remove, in place, spurs shorter than `spur` px (end to junction) and fragments shorter than `fragment` px.

    `seen` is zero and of the shape of `lines`; `path` holds 2 max(spur, fragment) numbers; `marks` is zero and eight
    longer than a row.
    """
    cdef Py_ssize_t height = lines.shape[0], width = lines.shape[1], y, x, n, i
    cdef Py_ssize_t reach = max(spur, fragment)
    cdef int stop = 0, stamp = 0
    with nogil:
        for y in range(1, height - 1):
            mark_ends(lines, y, &marks[0])
            x = next_mark(&marks[0], 0, width)
            while x < width:
                stamp += 1
                n = follow(lines, seen, stamp, y, x, reach, &path[0], &stop)
                if (stop == 1 and n < fragment) or (stop == 2 and n < spur):
                    for i in range(n):
                        lines[path[2 * i + 1], path[2 * i]] = 0
                    mark_ends(lines, y, &marks[0])
                x = next_mark(&marks[0], x + 1, width)


def trace_ends(
    const unsigned char[:, ::1] lines not None,
    int[:, ::1] seen not None,
    unsigned char[::1] marks not None,
    Py_ssize_t reach,
    short[:, :, ::1] paths not None,
    int[::1] lengths not None,
):
    """Follow each line from each of its ends, in raster order, for `reach` px; return how many ends were written.

    `paths` is (most ends, reach, 2), `lengths` (most ends,); `seen` must hold no stamp from 1 to most ends; `marks`
    is zero and eight longer than a row.
    """
    cdef Py_ssize_t height = lines.shape[0], width = lines.shape[1], most = paths.shape[0], y, x, n = 0
    cdef int stop = 0
    with nogil:
        for y in range(1, height - 1):
            mark_ends(lines, y, &marks[0])
            x = next_mark(&marks[0], 0, width)
            while x < width and n < most:
                if runs(lines, y, x) == 1:
                    lengths[n] = <int>follow(lines, seen, <int>n + 1, y, x, reach, &paths[n, 0, 0], &stop)
                    n += 1
                x = next_mark(&marks[0], x + 1, width)
            if n == most:
                break
    return n


cdef bint crosses(const unsigned char[:, ::1] lines, double ax, double ay, double bx, double by) noexcept nogil:
    """Say whether the straight way from a to b meets a line before it comes near b."""
    cdef double length = sqrt((bx - ax) * (bx - ax) + (by - ay) * (by - ay))
    cdef Py_ssize_t steps = <Py_ssize_t>(length + 0.5), i, x, y
    for i in range(3, steps - 2):
        x = <Py_ssize_t>(ax + (bx - ax) * i / steps + 0.5)
        y = <Py_ssize_t>(ay + (by - ay) * i / steps + 0.5)
        if lines[y, x] or (lines[y, x + 1] and lines[y + 1, x]) or (lines[y, x - 1] and lines[y + 1, x]):
            return True
    return False


def cancel_facing(
    const unsigned char[:, ::1] lines not None,
    const float[:, ::1] ends not None,
    double near,
    double far,
    double facing,
    unsigned char[::1] cancelled not None,
):
    """Mark pairs of ends that look at each other across a break: one line that was interrupted.

    `ends` is (n, 4), in raster order: x, y on `lines` (with its border) and the unit vector into the line, y down.
    Ends at most `near` px apart pair if they do not look the same way; ends at most `far` px apart pair where
    both look at each other within the angle whose cosine is `facing` and no line runs between them. The
    shortest gap at each end wins.
    """
    cdef Py_ssize_t n = ends.shape[0], i, j, best
    cdef double dx, dy, gap, shortest, mine, other
    with nogil:
        for i in range(n):
            if cancelled[i]:
                continue
            best = -1
            shortest = far
            for j in range(i + 1, n):
                dy = ends[j, 1] - ends[i, 1]
                if dy > far:
                    break
                dx = ends[j, 0] - ends[i, 0]
                if cancelled[j] or dx > far or dx < -far:
                    continue
                gap = sqrt(dx * dx + dy * dy)
                if gap > shortest or gap == 0:
                    continue
                mine = -(ends[i, 2] * dx + ends[i, 3] * dy) / gap
                other = (ends[j, 2] * dx + ends[j, 3] * dy) / gap
                if gap <= near:
                    if mine + other < 0:
                        continue
                elif (mine < facing or other < facing
                        or crosses(lines, ends[i, 0], ends[i, 1], ends[j, 0], ends[j, 1])):
                    continue
                best = j
                shortest = gap
            if best >= 0:
                cancelled[i] = 1
                cancelled[best] = 1


cdef inline double arc(double t) noexcept nogil:
    """Arc tangent of 0 <= t <= 1: Abramowitz and Stegun, 4.4.49, within 2e-8."""
    cdef double q = t * t
    return t * (1.0 + q * (-0.3333314528 + q * (0.1999355085 + q * (-0.1420889944 + q * (0.1065626393 + q * (
        -0.0752896400 + q * (0.0429096138 + q * (-0.0161657367 + q * 0.0028662257))))))))


def angles(const float[:, ::1] vectors not None, float[::1] out not None):
    """Write the angle of each (x, y) in [0, 2 pi): from arithmetic alone, for libm's last bit differs by machine."""
    cdef Py_ssize_t i
    cdef double x, y, ax, ay, a, half = 1.5707963267948966
    with nogil:
        for i in range(vectors.shape[0]):
            x = vectors[i, 0]
            y = vectors[i, 1]
            ax = x if x >= 0 else -x
            ay = y if y >= 0 else -y
            if ax == 0 and ay == 0:
                a = 0
            elif ay <= ax:
                a = arc(ay / ax)
            else:
                a = half - arc(ax / ay)
            if x < 0:
                a = 2 * half - a
            if y < 0:
                a = 4 * half - a
            out[i] = <float>a
            if out[i] >= <float>6.2831853:
                out[i] = 0
