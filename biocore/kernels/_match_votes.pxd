# First half of a comparison: neighbourhoods vote for correspondences, and these look for agreement.

from biocore.kernels._match_types cimport (
    ALIKE, CANDIDATES, CELLS, DIRECTION, NEIGHBOURS, RINGS, SECTORS, STRIDE, WIDTH, X, Y, Bits, Candidate, Case, Rules,
    Work, lowest,
)


cdef inline int mutual(int votes, const short* cells, const unsigned short* alike) noexcept nogil:
    """Lower `votes`, the neighbours of one minutia that the other explains, to those that it explains of the other."""
    cdef unsigned int explained = 0
    cdef const unsigned short* sectors = alike
    cdef const unsigned short* rings = alike + SECTORS
    cdef const unsigned short* turns = alike + SECTORS + RINGS
    cdef int k, cell, count = 0
    for k in range(NEIGHBOURS):
        cell = cells[k]
        if cell < 0:
            break
        explained |= (sectors[cell & (SECTORS - 1)] & rings[cell >> 6 & (RINGS - 1)] & turns[cell >> 10])
        if votes == 2 and explained & (explained - 1):
            return 2
    while explained:
        count += 1
        explained &= explained - 1
    return count if count < votes else votes


cdef inline void count_votes(const short* rows, int n, int m, bint fixed, const Bits* table, int words,
                             const unsigned short* alike, Work* work) noexcept nogil:
    """Count how many neighbours each of n reference and m probe minutiae can explain of each other.

    Bit-sliced counters tell for all probe minutiae at once how many neighbours of a reference minutia they explain;
    where these are two or more, the other way round is counted, and the smaller number stands. `fixed`: the probe is
    the larger template.
    """
    cdef int j, k, w, i, v, stride = ((m if fixed else n) + 7) & ~7
    cdef const short* cells
    cdef Bits b0, b1, b2, b3, some, carry
    for v in range(16):
        work.histogram[v] = 0
    for j in range(n if fixed else m):
        for k in range(0, stride, 8):
            (<Bits*>(work.votes + j * STRIDE + k))[0] = 0
    for j in range(n):
        cells = rows + j * WIDTH + CELLS
        for w in range(words):
            b0 = b1 = b2 = b3 = 0
            for k in range(NEIGHBOURS):
                if cells[k] < 0:
                    break
                some = table[<int>cells[k] * words + w]
                carry = b0 & some
                b0 ^= some
                some = b1 & carry
                b1 ^= carry
                carry = b2 & some
                b2 ^= some
                b3 ^= carry
            some = b1 | b2 | b3
            while some:
                k = lowest(some)
                some &= some - 1
                i = w * 64 + k
                v = <int>(((b0 >> k) & 1) | (((b1 >> k) & 1) << 1) | (((b2 >> k) & 1) << 2) | (((b3 >> k) & 1) << 3))
                v = mutual(v, cells, alike + i * ALIKE)
                if v > 1:
                    work.votes[j * STRIDE + i if fixed else i * STRIDE + j] = v
                    work.histogram[v] += 1


cdef inline void choose_candidates(const Case* case, Work* work) noexcept nogil:
    """Keep the correspondences with most votes, two or more: all above a cut, and the first of those on it."""
    cdef int j, k, i, v, cut = 2, total = 0, room
    cdef Bits eight
    for v in range(15, 1, -1):
        cut = v
        total += work.histogram[v]
        if total > CANDIDATES:
            break
    total -= work.histogram[cut]  # candidates above the cut; the rest of the room is for those on it
    room = CANDIDATES - total
    work.candidates = 0
    for j in range(case.n):
        for k in range(0, case.m, 8):
            eight = (<Bits*>(work.votes + j * STRIDE + k))[0]
            while eight:
                i = k + (lowest(eight) >> 3)
                eight &= ~(<Bits>255 << 8 * (i - k))
                v = work.votes[j * STRIDE + i]
                if v < cut or (v == cut and room == 0):
                    continue
                if v == cut:
                    room -= 1
                work.candidate[work.candidates].i = i
                work.candidate[work.candidates].j = j
                work.candidate[work.candidates].votes = v
                work.candidates += 1


cdef inline void sort_by_turn(const Case* case, Work* work) noexcept nogil:
    """Locate the candidates and bring them into the order of the rotation they ask for (counting sort)."""
    cdef Candidate unsorted[CANDIDATES]
    cdef Candidate* one
    cdef const short* f
    cdef const short* m
    cdef int start[256]
    cdef int k, some, total = 0
    for k in range(256):
        start[k] = 0
    for k in range(work.candidates):
        unsorted[k] = work.candidate[k]
        one = &unsorted[k]
        f = case.fixed + one.i * WIDTH
        m = case.moved + one.j * WIDTH
        one.turn = (f[DIRECTION] - m[DIRECTION]) & 255
        one.fx, one.fy, one.mx, one.my = f[X], f[Y], m[X], m[Y]
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
            x = b.mx - a.mx
            y = b.my - a.my
            ex = case.cosine[turn] * x + case.sine[turn] * y - (b.fx - a.fx)
            ey = case.cosine[turn] * y - case.sine[turn] * x - (b.fy - a.fy)
            if ex * ex + ey * ey <= slack2 + stretch2 * (x * x + y * y):
                work.agrees[s] |= <Bits>1 << t
                work.agrees[t] |= <Bits>1 << s
                work.support[s] += b.votes
                work.support[t] += a.votes
