# First half of a comparison: neighbourhoods vote for correspondences, and these look for agreement.

from biocore.kernels._match_types cimport (
    CANDIDATES, CELLS, DIRECTION, NEIGHBOURS, PLANES, WIDTH, WORDS, X, Y, Bits, Case, Rules, Work,
    lowest, votes_of,
)


cdef inline void count_votes(const Case* case, Bits* planes) noexcept nogil:
    """Count, for all probe minutiae at once, how many neighbours of each reference minutia they can explain."""
    cdef int j, k, w
    cdef int words = case.words
    cdef const Bits* table = case.table
    cdef const short* row
    cdef Bits b0, b1, b2, b3, v, carry
    for j in range(case.n):
        row = case.reference + j * WIDTH + CELLS
        for w in range(words):
            b0 = b1 = b2 = b3 = 0
            for k in range(NEIGHBOURS):
                if row[k] < 0:
                    break
                v = table[<int>row[k] * words + w]
                carry = b0 & v
                b0 ^= v
                v = b1 & carry
                b1 ^= carry
                carry = b2 & v
                b2 ^= v
                b3 ^= carry
            planes[(j * WORDS + w) * PLANES] = b0
            planes[(j * WORDS + w) * PLANES + 1] = b1
            planes[(j * WORDS + w) * PLANES + 2] = b2
            planes[(j * WORDS + w) * PLANES + 3] = b3


cdef inline void choose_candidates(const Case* case, int fewest, Work* work) noexcept nogil:
    """Keep the correspondences with most votes: all above a cut, and the first of those on it."""
    cdef int histogram[16]
    cdef int j, w, v, bit, cut = fewest, total = 0
    cdef const Bits* plane
    cdef Bits some, two = ~<Bits>0 if fewest <= 2 else 0
    for v in range(16):
        histogram[v] = 0
    for j in range(case.n):
        for w in range(case.words):
            plane = work.planes + (j * WORDS + w) * PLANES
            some = plane[2] | plane[3] | (plane[1] & (plane[0] | two))
            while some:
                histogram[votes_of(plane, lowest(some))] += 1
                some &= some - 1
    for v in range(15, fewest - 1, -1):
        cut = v
        total += histogram[v]
        if total > CANDIDATES:
            break
    total -= histogram[cut]  # candidates above the cut; the rest of the room is for those on it
    work.candidates = 0
    cdef int room = CANDIDATES - total
    for j in range(case.n):
        for w in range(case.words):
            plane = work.planes + (j * WORDS + w) * PLANES
            some = plane[2] | plane[3] | (plane[1] & (plane[0] | two))
            while some:
                bit = lowest(some)
                some &= some - 1
                v = votes_of(plane, bit)
                if v < cut or (v == cut and room == 0):
                    continue
                if v == cut:
                    room -= 1
                work.ci[work.candidates] = w * 64 + bit
                work.cj[work.candidates] = j
                work.cv[work.candidates] = v
                work.candidates += 1


cdef inline void sort_by_turn(const Case* case, Work* work) noexcept nogil:
    """Bring the candidates into the order of the rotation they ask for (counting sort)."""
    cdef int start[256]
    cdef int turn[CANDIDATES]
    cdef int i[CANDIDATES]
    cdef int j[CANDIDATES]
    cdef int v[CANDIDATES]
    cdef int k, to, total = 0, some
    for k in range(256):
        start[k] = 0
    for k in range(work.candidates):
        i[k] = work.ci[k]
        j[k] = work.cj[k]
        v[k] = work.cv[k]
        turn[k] = (case.probe[i[k] * WIDTH + DIRECTION] - case.reference[j[k] * WIDTH + DIRECTION]) & 255
        start[turn[k]] += 1
    for k in range(256):
        some = start[k]
        start[k] = total
        total += some
    for k in range(work.candidates):
        to = start[turn[k]]
        start[turn[k]] += 1
        work.ci[to] = i[k]
        work.cj[to] = j[k]
        work.cv[to] = v[k]
        work.ct[to] = turn[k]


cdef inline void find_agreement(const Case* case, const Rules* rules, Work* work) noexcept nogil:
    """Find which candidates could belong to one locally rigid motion, and how many votes back each."""
    cdef int a, b, k, spread, turn, rx, ry, qx, qy, count = work.candidates
    cdef const short* pa
    cdef const short* ra
    cdef const short* pb
    cdef const short* rb
    cdef double ex, ey, slack2 = rules.slack * rules.slack, stretch2 = rules.stretch * rules.stretch
    sort_by_turn(case, work)
    for a in range(count):
        work.agrees[a] = 0
        work.support[a] = work.cv[a]
    for a in range(count):
        pa = case.probe + work.ci[a] * WIDTH
        ra = case.reference + work.cj[a] * WIDTH
        for k in range(1, count):
            b = a + k if a + k < count else a + k - count
            spread = (work.ct[b] - work.ct[a]) & 255
            if spread > rules.turn:
                break
            if work.agrees[a] >> b & 1 or work.ci[b] == work.ci[a] or work.cj[b] == work.cj[a]:
                continue
            pb = case.probe + work.ci[b] * WIDTH
            rb = case.reference + work.cj[b] * WIDTH
            turn = (work.ct[a] + (spread >> 1)) & 255
            rx = rb[X] - ra[X]
            ry = rb[Y] - ra[Y]
            qx = pb[X] - pa[X]
            qy = pb[Y] - pa[Y]
            ex = case.cosine[turn] * rx + case.sine[turn] * ry - qx
            ey = case.cosine[turn] * ry - case.sine[turn] * rx - qy
            if ex * ex + ey * ey <= slack2 + stretch2 * (<double>rx * rx + <double>ry * ry):
                work.agrees[a] |= <Bits>1 << b
                work.agrees[b] |= <Bits>1 << a
                work.support[a] += work.cv[b]
                work.support[b] += work.cv[a]
