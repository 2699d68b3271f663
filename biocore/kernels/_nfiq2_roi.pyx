"""Loops of NFIQ 2's region of interest: erosion, exact integer blur, threshold, fill and largest component.

Below the gate `biocore.kernels.nfiq2`; nothing here checks its arguments. All sums are exact integers, so the
order of the two passes of a blur does not matter and any way to add them up gives the same picture.
"""

from libc.string cimport memcpy, memset

ctypedef unsigned char u8
ctypedef unsigned short u16

cdef enum:
    STRIP = 64  # px; columns blurred at a time, so that what is summed stays in the cache
    LEVELS = 256  # grey levels

cdef double LEAST_SHARE = 1.1920928955078125e-07  # FLT_EPSILON: a class of the threshold with less has no mean


def erode(const u8[:, ::1] image not None, int reach, u8[:, ::1] rows not None, u8[:, ::1] out not None):
    """Minimum over (2 reach + 1) x (2 reach + 1) px; what lies outside the picture is ignored."""
    cdef Py_ssize_t height = image.shape[0], width = image.shape[1], y, x, k
    cdef const u8* source
    cdef u8* target
    with nogil:
        for y in range(height):  # down: minimum of whole rows
            target = &rows[y, 0]
            memcpy(target, &image[y, 0], width)
            for k in range(max(y - reach, 0), min(y + reach, height - 1) + 1):
                source = &image[k, 0]
                for x in range(width):
                    target[x] = source[x] if source[x] < target[x] else target[x]
        for y in range(height):  # across: minimum of shifted copies
            source = &rows[y, 0]
            target = &out[y, 0]
            memcpy(target, source, width)
            for k in range(1, min(reach, width - 1) + 1):
                for x in range(width - k):
                    target[x] = source[x + k] if source[x + k] < target[x] else target[x]
                for x in range(width - k):
                    target[x + k] = source[x] if source[x] < target[x + k] else target[x + k]


cdef inline Py_ssize_t mirrored(Py_ssize_t i, Py_ssize_t n) noexcept nogil:
    """Index of the sample that stands in for the one at `i`: mirrored at the first and last, which are not doubled."""
    if n == 1:
        return 0
    while i < 0 or i >= n:
        i = -i if i < 0 else 2 * (n - 1) - i
    return i


cdef void blur_across(
    const u8* line, Py_ssize_t width, const int[::1] grow, const int[::1] cut, int reach, u16* prefix, u16* out
) noexcept nogil:
    """Weighted sum of one row; it fits 16 bits, so its parts may wrap around."""
    cdef Py_ssize_t x, b
    cdef const u16* p0
    cdef const u16* p1
    cdef const u16* p2
    cdef const u16* q0
    cdef const u16* q1
    cdef const u16* q2
    cdef u16 total = 0
    prefix[0] = 0
    for x in range(-reach, 0):
        total = <u16>(total + line[mirrored(x, width)])
        prefix[x + reach + 1] = total
    for x in range(width):
        total = <u16>(total + line[x])
        prefix[x + reach + 1] = total
    for x in range(width, width + reach):
        total = <u16>(total + line[mirrored(x, width)])
        prefix[x + reach + 1] = total
    memset(out, 0, width * sizeof(u16))
    b = 0
    while b < grow.shape[0]:
        p0, p1, p2 = prefix + reach + grow[b], prefix + reach + grow[b + 1], prefix + reach + grow[b + 2]
        q0, q1, q2 = prefix + reach + cut[b], prefix + reach + cut[b + 1], prefix + reach + cut[b + 2]
        for x in range(width):
            out[x] = <u16>(out[x] + p0[x] - q0[x] + p1[x] - q1[x] + p2[x] - q2[x])
        b += 3


cdef void blur_down(
    const u16[:, ::1] across,
    Py_ssize_t left,
    Py_ssize_t wide,
    const int[::1] grow,
    const int[::1] cut,
    int reach,
    unsigned int* prefix,
    u8[:, ::1] out,
) noexcept nogil:
    """Weighted sum of a strip of columns, rounded from 16 to 8 bits."""
    cdef Py_ssize_t height = across.shape[0], y, x, b
    cdef unsigned int total[STRIP]
    cdef unsigned int* row = prefix + reach * STRIP
    cdef const u16* line
    cdef const unsigned int* p0
    cdef const unsigned int* p1
    cdef const unsigned int* p2
    cdef const unsigned int* q0
    cdef const unsigned int* q1
    cdef const unsigned int* q2
    cdef unsigned int* sums
    cdef u8* target
    memset(prefix, 0, STRIP * sizeof(int))
    for y in range(-reach, height + reach):
        line = &across[mirrored(y, height), left]
        sums = prefix + (y + reach) * STRIP
        for x in range(wide):
            sums[STRIP + x] = sums[x] + line[x]
    for y in range(height):
        for x in range(STRIP):
            total[x] = 32768
        b = 0
        while b < grow.shape[0]:
            p0, p1, p2 = row + grow[b] * STRIP, row + grow[b + 1] * STRIP, row + grow[b + 2] * STRIP
            q0, q1, q2 = row + cut[b] * STRIP, row + cut[b + 1] * STRIP, row + cut[b + 2] * STRIP
            for x in range(STRIP // 2):  # in halves: gcc would jam one loop into the next boxes and not vectorise it
                total[x] += p0[x] - q0[x] + p1[x] - q1[x] + p2[x] - q2[x]
            for x in range(STRIP // 2, STRIP):
                total[x] += p0[x] - q0[x] + p1[x] - q1[x] + p2[x] - q2[x]
            b += 3
        target = &out[y, left]
        for x in range(wide):
            target[x] = <u8>(total[x] >> 16)
        row += STRIP


def blur(
    const u8[:, ::1] image not None,
    const int[::1] grow not None,
    const int[::1] cut not None,
    int reach,
    u16[::1] prefix not None,
    u16[:, ::1] across not None,
    unsigned int[::1] strip not None,
    u8[:, ::1] out not None,
):
    """Convolve with a symmetric kernel in 1/256, given as a stack of boxes; borders are mirrored.

    Box b adds the prefix sum at offset grow[b] and takes away the one at cut[b]; their number is a multiple of 3.
    """
    cdef Py_ssize_t width = image.shape[1], y, x = 0
    with nogil:
        memset(&strip[0], 0, strip.shape[0] * sizeof(int))
        for y in range(image.shape[0]):
            blur_across(&image[y, 0], width, grow, cut, reach, &prefix[0], &across[y, 0])
        while x < width:
            blur_down(across, x, min(STRIP, width - x), grow, cut, reach, &strip[0], out)
            x += STRIP


def otsu(const u8[:, ::1] image not None):
    """Otsu's threshold: the first grey level that separates best; running doubles, as OpenCV has them."""
    cdef int[4][LEVELS] part
    cdef Py_ssize_t height = image.shape[0], width = image.shape[1], y, x, i
    cdef const u8* line
    cdef double count[LEVELS]
    cdef double scale = 1.0 / (height * width), mean = 0, mean_1 = 0, mean_2, share_1 = 0, share_2, here
    cdef double spread, widest = 0
    cdef int threshold = 0
    with nogil:
        memset(part, 0, sizeof(part))
        for y in range(height):  # four counters, because neighbours are alike and would wait for each other
            line = &image[y, 0]
            x = 0
            while x <= width - 4:
                part[0][line[x]] += 1
                part[1][line[x + 1]] += 1
                part[2][line[x + 2]] += 1
                part[3][line[x + 3]] += 1
                x += 4
            while x < width:
                part[0][line[x]] += 1
                x += 1
        for i in range(LEVELS):
            count[i] = part[0][i] + part[1][i] + part[2][i] + part[3][i]
            mean += i * count[i]
        mean *= scale
        for i in range(LEVELS):
            here = count[i] * scale
            mean_1 *= share_1
            share_1 += here
            share_2 = 1 - share_1
            if min(share_1, share_2) < LEAST_SHARE or max(share_1, share_2) > 1 - LEAST_SHARE:
                continue
            mean_1 = (mean_1 + i * here) / share_1
            mean_2 = (mean - share_1 * mean_1) / share_2
            spread = share_1 * share_2 * (mean_1 - mean_2) * (mean_1 - mean_2)
            if spread > widest:
                widest = spread
                threshold = <int>i
    return threshold


def binarise(u8[:, ::1] image not None, int threshold):
    """Above the threshold 255, else 0, in place."""
    cdef Py_ssize_t x
    cdef u8* line
    cdef Py_ssize_t y
    with nogil:
        for y in range(image.shape[0]):
            line = &image[y, 0]
            for x in range(image.shape[1]):
                line[x] = 255 if line[x] > threshold else 0


cdef inline int root_of(int* parent, int run) noexcept nogil:
    while parent[run] != run:
        parent[run] = parent[parent[run]]
        run = parent[run]
    return run


cdef inline void join(int* parent, int a, int b) noexcept nogil:
    """Unite two components; the root is the run that a raster scan meets first."""
    a = root_of(parent, a)
    b = root_of(parent, b)
    if a < b:
        parent[b] = a
    else:
        parent[a] = b


cdef int find_runs(const u8[:, ::1] mask, int* first, int* begin, u8* light) noexcept nogil:
    """Cut every row into runs of one colour; run r ends where run r + 1 begins, or at the end of its row."""
    cdef Py_ssize_t height = mask.shape[0], width = mask.shape[1], y, x
    cdef const u8* line
    cdef unsigned long long word, pattern
    cdef int n = 0
    cdef u8 colour
    for y in range(height):
        line = &mask[y, 0]
        first[y] = n
        x = 0
        while x < width:
            colour = line[x]
            begin[n] = <int>x
            light[n] = colour != 0
            n += 1
            pattern = 0x0101010101010101ULL * colour
            while x <= width - 8:
                memcpy(&word, line + x, 8)
                if word != pattern:
                    break
                x += 8
            while x < width and line[x] == colour:
                x += 1
    first[height] = n
    return n


cdef inline int run_end(const int* first, const int* begin, Py_ssize_t y, int run, int width) noexcept nogil:
    return width if run + 1 == first[y + 1] else begin[run + 1]


cdef void join_rows(
    const int* first, const int* begin, const u8* light, int* parent, Py_ssize_t height, int width
) noexcept nogil:
    """Unite runs of one colour that touch in neighbouring rows or in their own (4-connected)."""
    cdef Py_ssize_t y
    cdef int above, below, end_above, end_below
    for y in range(height):
        for below in range(first[y] + 1, first[y + 1]):
            if light[below] == light[below - 1]:
                join(parent, below - 1, below)
        if y == 0:
            continue
        above, below = first[y - 1], first[y]
        while above < first[y] and below < first[y + 1]:
            end_above = run_end(first, begin, y - 1, above, width)
            end_below = run_end(first, begin, y, below, width)
            if light[above] == light[below]:  # they overlap: both hold the last column handed out
                join(parent, above, below)
            above += end_above <= end_below
            below += end_below <= end_above


def region(
    const u8[:, ::1] mask not None,
    const u8[:, ::1] image not None,
    int side,
    int[::1] first not None,
    int[::1] begin not None,
    u8[::1] light not None,
    int[::1] parent not None,
    int[:, ::1] box not None,
    u8[:, ::1] blocks not None,
    u8[:, ::1] out not None,
):
    """Fill the holes of the dark part and keep the component with the largest bounding box.

    Light regions that do not reach the border are holes. Marks the component in `out` (255) and the grid blocks it
    touches in `blocks` (both zeroed by the caller); returns its number of pixels and their grey sum.
    """
    cdef int height = <int>mask.shape[0], width = <int>mask.shape[1], n, r, root, best = -1, end, x
    cdef Py_ssize_t y
    cdef long long area, largest = 0, grey = 0, pixels = 0
    cdef int row_grey
    cdef const u8* line
    with nogil:
        n = find_runs(mask, &first[0], &begin[0], &light[0])
        for r in range(n):
            parent[r] = r
            box[r, 0] = 0
        join_rows(&first[0], &begin[0], &light[0], &parent[0], height, width)
        for y in range(height):  # box[:, 0] says for a moment: reaches the border
            for r in range(first[y], first[y + 1]):
                end = run_end(&first[0], &begin[0], y, r, width)
                if y == 0 or y == height - 1 or begin[r] == 0 or end == width:
                    box[root_of(&parent[0], r), 0] = 1
        for r in range(n):
            if light[r] and not box[root_of(&parent[0], r), 0]:
                light[r] = 0
        join_rows(&first[0], &begin[0], &light[0], &parent[0], height, width)
        for r in range(n):
            box[r, 0], box[r, 1], box[r, 2], box[r, 3] = width, 0, height, 0
        for y in range(height):
            for r in range(first[y], first[y + 1]):
                root = root_of(&parent[0], r)
                box[root, 0] = min(box[root, 0], begin[r])
                box[root, 1] = max(box[root, 1], run_end(&first[0], &begin[0], y, r, width))
                box[root, 2] = min(box[root, 2], <int>y)
                box[root, 3] = <int>y + 1
        for r in range(n):  # roots come in the order of a raster scan, and the first of equals stays
            if parent[r] == r and not light[r]:
                area = <long long>(box[r, 1] - box[r, 0]) * (box[r, 3] - box[r, 2])
                if area > largest:
                    largest = area
                    best = r
        for y in range(height):
            for r in range(first[y], first[y + 1]):
                if light[r] or root_of(&parent[0], r) != best:
                    continue
                end = run_end(&first[0], &begin[0], y, r, width)
                memset(&out[y, begin[r]], 255, end - begin[r])
                memset(&blocks[y // side, begin[r] // side], 1, (end - 1) // side - begin[r] // side + 1)
                line = &image[y, 0]
                row_grey = 0
                for x in range(begin[r], end):
                    row_grey += line[x]
                grey += row_grey
                pixels += end - begin[r]
    return pixels, grey
