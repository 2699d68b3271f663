# First half of a comparison: neighbourhoods vote for correspondences, and these look for agreement.

from biocore.kernels._match_types cimport (
    CANDIDATES, CELLS, DIRECTION, NEIGHBOURS, PLANES, WIDTH, WORDS, X, Y, Bits, Candidate, Case, Rules, Work,
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
                work.candidate[work.candidates].i = w * 64 + bit
                work.candidate[work.candidates].j = j
                work.candidate[work.candidates].votes = v
                work.candidates += 1


cdef inline void sort_by_turn(const Case* case, Work* work) noexcept nogil:
    """Locate the candidates and bring them into the order of the rotation they ask for (counting sort)."""
    cdef Candidate unsorted[CANDIDATES]
    cdef Candidate* one
    cdef const short* p
    cdef const short* r
    cdef int start[256]
    cdef int k, some, total = 0
    for k in range(256):
        start[k] = 0
    for k in range(work.candidates):
        unsorted[k] = work.candidate[k]
        one = &unsorted[k]
        p = case.probe + one.i * WIDTH
        r = case.reference + one.j * WIDTH
        one.turn = (p[DIRECTION] - r[DIRECTION]) & 255
        one.px, one.py, one.rx, one.ry = p[X], p[Y], r[X], r[Y]
        start[one.turn] += 1
    for k in range(256):
        some = start[k]
        start[k] = total
        total += some
    for k in range(work.candidates):
        one = &unsorted[k]
        work.candidate[start[one.turn]] = one[0]
        start[one.turn] += 1


cdef inline void find_agreement(const Case* case, const Rules* rules, Work* work) noexcept nogil:
    """Find which candidates could belong to one locally rigid motion, and how many votes back each."""
    cdef int s, t, step, spread, turn, count = work.candidates
    cdef const Candidate* a
    cdef const Candidate* b
    cdef double x, y, ex, ey, slack2 = rules.slack * rules.slack, stretch2 = rules.stretch * rules.stretch
    sort_by_turn(case, work)
    for s in range(count):
        work.agrees[s] = 0
        work.support[s] = work.candidate[s].votes
    for s in range(count):
        a = &work.candidate[s]
        for step in range(1, count):
            t = s + step if s + step < count else s + step - count
            b = &work.candidate[t]
            spread = (b.turn - a.turn) & 255
            if spread > rules.turn:
                break
            if work.agrees[s] >> t & 1 or b.i == a.i or b.j == a.j:
                continue
            turn = (a.turn + (spread >> 1)) & 255
            x = b.rx - a.rx
            y = b.ry - a.ry
            ex = case.cosine[turn] * x + case.sine[turn] * y - (b.px - a.px)
            ey = case.cosine[turn] * y - case.sine[turn] * x - (b.py - a.py)
            if ex * ex + ey * ey <= slack2 + stretch2 * (x * x + y * y):
                work.agrees[s] |= <Bits>1 << t
                work.agrees[t] |= <Bits>1 << s
                work.support[s] += b.votes
                work.support[t] += a.votes
