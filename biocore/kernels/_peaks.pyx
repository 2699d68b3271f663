"""Local maxima of a score map. Called through biocore.kernels.peaks only."""


def find_peaks(
    const float[:, ::1] score not None,
    float threshold,
    int radius,
    int[:, ::1] found not None,
) -> int:
    """Fill `found` with (x, y) of pixels that reach the threshold and that no neighbour within `radius` exceeds.

    Of equal neighbours the first in raster order is taken. Returns how many there are, which may be more than
    `found` holds; the rest are counted and not stored.
    """
    cdef Py_ssize_t h = score.shape[0]
    cdef Py_ssize_t w = score.shape[1]
    cdef Py_ssize_t x, y, u, v, top, bottom, left, right
    cdef Py_ssize_t n = 0
    cdef Py_ssize_t room = found.shape[0]
    cdef float here
    cdef bint highest
    with nogil:
        for y in range(h):
            top = y - radius if y > radius else 0
            bottom = y + radius + 1 if y + radius + 1 < h else h
            for x in range(w):
                here = score[y, x]
                if not here >= threshold:
                    continue
                left = x - radius if x > radius else 0
                right = x + radius + 1 if x + radius + 1 < w else w
                highest = True
                for v in range(top, bottom):
                    for u in range(left, right):
                        if score[v, u] > here or (score[v, u] == here and (v < y or (v == y and u < x))):
                            highest = False
                            break
                    if not highest:
                        break
                if highest:
                    if n < room:
                        found[n, 0] = <int>x
                        found[n, 1] = <int>y
                    n += 1
    return n
