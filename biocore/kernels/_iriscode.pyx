# The iris code: from picture to strip, from strip to phase bits, and bits compared with bits.
#
# A code is one 64-bit word per angular column; bit 2 * row + part (part 0 real, 1 imaginary) is of the long
# wavelength, bit 32 + 2 * row + part of the short one. A turn of the head is then an offset in words, and the low
# half of a word is what the coarse pass looks at. A mask has the same layout; 1 = the bit can be used.
#
# Counting bits is the whole cost of a comparison, and no flag may ask the compiler for an instruction that not every
# processor has. The count is therefore compiled three times and the best one is chosen when the module is loaded;
# they are whole numbers, so that the choice changes no result.

from libc.math cimport floor, sqrt
from libc.stdint cimport int16_t, int32_t, uint8_t, uint64_t

cdef extern from *:
    """
    #include <stdint.h>

    typedef void (*count_function)(const uint64_t *, const uint64_t *, const uint64_t *, const uint64_t *, int,
                                   int32_t *, int32_t *);

    /* Ones of each byte of x, added up by the caller at most 31 times before `across` adds the bytes. */
    static inline uint64_t ones_of_bytes(uint64_t x)
    {
        x -= (x >> 1) & 0x5555555555555555u;
        x = (x & 0x3333333333333333u) + ((x >> 2) & 0x3333333333333333u);
        return (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    }

    static inline int32_t across(uint64_t bytes)
    {
        bytes = (bytes & 0x00ff00ff00ff00ffu) + ((bytes >> 8) & 0x00ff00ff00ff00ffu);
        return (int32_t)((bytes * 0x0001000100010001u) >> 48);
    }

    /* Plain C; two words a step become one SSE2 register. */
    static void count_plain(const uint64_t *p, const uint64_t *pm, const uint64_t *r, const uint64_t *rm, int n,
                            int32_t *different, int32_t *common)
    {
        int32_t d = 0, c = 0;
        for (int first = 0; first < n; first += 32) {
            int last = first + 32 < n ? first + 32 : n;
            uint64_t db[2] = {0, 0}, cb[2] = {0, 0};
            int i = first;
            for (; i + 1 < last; i += 2)
                for (int k = 0; k < 2; k++) {
                    uint64_t both = pm[i + k] & rm[i + k];
                    db[k] += ones_of_bytes((p[i + k] ^ r[i + k]) & both);
                    cb[k] += ones_of_bytes(both);
                }
            if (i < last) {
                uint64_t both = pm[i] & rm[i];
                db[0] += ones_of_bytes((p[i] ^ r[i]) & both);
                cb[0] += ones_of_bytes(both);
            }
            d += across(db[0]) + across(db[1]);
            c += across(cb[0]) + across(cb[1]);
        }
        *different = d;
        *common = c;
    }

    #if defined(__GNUC__)
    #define COUNT_BODY                                                      \
        int32_t d = 0, c = 0;                                               \
        for (int i = 0; i < n; i++) {                                       \
            uint64_t both = pm[i] & rm[i];                                  \
            d += (int32_t)__builtin_popcountll((p[i] ^ r[i]) & both);       \
            c += (int32_t)__builtin_popcountll(both);                       \
        }                                                                   \
        *different = d;                                                     \
        *common = c;
    #endif

    #if defined(__GNUC__) && defined(__x86_64__)
    __attribute__((target("popcnt")))
    static void count_popcnt(const uint64_t *p, const uint64_t *pm, const uint64_t *r, const uint64_t *rm, int n,
                             int32_t *different, int32_t *common)
    {
        COUNT_BODY
    }

    __attribute__((target("avx512f,avx512vl,avx512vpopcntdq,prefer-vector-width=256")))
    static void count_avx512(const uint64_t *p, const uint64_t *pm, const uint64_t *r, const uint64_t *rm, int n,
                             int32_t *different, int32_t *common)
    {
        COUNT_BODY
    }
    #elif defined(__GNUC__)
    static void count_builtin(const uint64_t *p, const uint64_t *pm, const uint64_t *r, const uint64_t *rm, int n,
                              int32_t *different, int32_t *common)
    {
        COUNT_BODY
    }
    #endif

    /* The ways this processor can count, slowest first; returns how many. */
    static int ways_to_count(count_function *ways)
    {
        int n = 0;
        ways[n++] = count_plain;
    #if defined(__GNUC__) && defined(__x86_64__)
        __builtin_cpu_init();
        if (__builtin_cpu_supports("popcnt"))
            ways[n++] = count_popcnt;
        if (__builtin_cpu_supports("avx512vpopcntdq") && __builtin_cpu_supports("avx512vl"))
            ways[n++] = count_avx512;
    #elif defined(__GNUC__)
        ways[n++] = count_builtin;
    #endif
        return n;
    }
    """
    ctypedef void (*count_function)(const uint64_t *, const uint64_t *, const uint64_t *, const uint64_t *, int,
                                    int32_t *, int32_t *) noexcept nogil
    int ways_to_count(count_function *ways) noexcept nogil

cdef count_function WAYS[4]
cdef int KNOWN = ways_to_count(WAYS)
cdef double NOTHING = -1e9   # statistic of a pair with too little in common


def ways():
    """Return how many ways of counting this processor has; the last is the one that is used."""
    return KNOWN


cdef inline double statistic(int different, int common, int least, double floor_, double per_bit) noexcept nogil:
    """Standard deviations by which fewer bits differ than half of them."""
    if common < least or common == 0:
        return NOTHING
    return (0.5 - <double>different / common) / sqrt(floor_ + per_bit / common)


def profile(const uint64_t[::1] probe not None, const uint64_t[::1] probe_mask not None,
            const uint64_t[:, ::1] codes not None, const uint64_t[:, ::1] masks not None,
            int32_t[:, ::1] different not None, int32_t[:, ::1] common not None, int way):
    """Count differing and common bits at every offset; `probe` is continued round the circle by the offsets."""
    cdef Py_ssize_t n = codes.shape[0], k
    cdef int columns = codes.shape[1], offsets = different.shape[1], s
    cdef count_function count = WAYS[way]
    with nogil:
        for k in range(n):
            for s in range(offsets):
                count(&probe[s], &probe_mask[s], &codes[k, 0], &masks[k, 0], columns, &different[k, s], &common[k, s])


cdef inline void thin(const uint64_t *words, uint64_t *out, int n) noexcept nogil:
    """Keep the low halves of every second column, two to a word."""
    cdef int i
    for i in range(n):
        out[i] = (words[4 * i] & 0xffffffffU) | (words[4 * i + 2] << 32)


def coarse(const uint64_t[:, ::1] words not None, uint64_t[:, ::1] out not None):
    """Make the coarse words of codes or masks."""
    cdef Py_ssize_t k
    cdef int n = out.shape[1]
    with nogil:
        for k in range(words.shape[0]):
            thin(&words[k, 0], &out[k, 0], n)


def search(const uint64_t[::1] probe not None, const uint64_t[::1] probe_mask not None,
           const uint64_t[:, ::1] phases not None, const uint64_t[:, ::1] phase_masks not None,
           const uint64_t[:, ::1] codes not None, const uint64_t[:, ::1] masks not None,
           const uint64_t[:, ::1] thin_codes not None, const uint64_t[:, ::1] thin_masks not None,
           int offsets, int least, double floor_, double per_bit, int coarse_least, double coarse_floor,
           double coarse_per_bit, double promising, int32_t[:, ::1] found not None):
    """Find the offset of the largest statistic: every second one coarsely, and all where that is promising.

    `found` receives offset, differing and common bits. Where the coarse pass promises nothing, they are those of its
    best offset and the two beside it.
    """
    cdef Py_ssize_t n = codes.shape[0], k
    cdef int columns = codes.shape[1], few = thin_codes.shape[1], s, first, last, best
    cdef int32_t d = 0, c = 0
    cdef double value, top
    cdef count_function count = WAYS[KNOWN - 1]
    with nogil:
        for k in range(n):
            top = 2 * NOTHING
            best = 0
            for s in range(0, offsets, 2):
                count(&phases[(s >> 1) & 1, s >> 2], &phase_masks[(s >> 1) & 1, s >> 2], &thin_codes[k, 0],
                      &thin_masks[k, 0], few, &d, &c)
                value = statistic(d, c, coarse_least, coarse_floor, coarse_per_bit)
                if value > top:
                    top = value
                    best = s
            first = 0
            last = offsets
            if top < promising and top > NOTHING:
                first = best - 1 if best > 0 else 0
                last = best + 2 if best + 2 < offsets else offsets
            top = 2 * NOTHING
            for s in range(first, last):
                count(&probe[s], &probe_mask[s], &codes[k, 0], &masks[k, 0], columns, &d, &c)
                value = statistic(d, c, least, floor_, per_bit)
                if value > top:
                    top = value
                    found[k, 0] = s
                    found[k, 1] = d
                    found[k, 2] = c


# -- from picture to bits ----------------------------------------------------------------------------------


def unwrap(const uint8_t[:, ::1] pixels not None, const uint8_t[:, ::1] usable not None,
           const double[:, ::1] inner not None, const double[:, ::1] outer not None,
           double[:, ::1] strip not None, uint8_t[:, ::1] valid not None):
    """Sample the ring between two curves, row by row outwards; a sample is valid where its four pixels are usable."""
    cdef Py_ssize_t height = pixels.shape[0], width = pixels.shape[1], i, j, x0, y0
    cdef int rows = strip.shape[0], columns = strip.shape[1]
    cdef double share, x, y, fx, fy
    with nogil:
        for i in range(rows):
            share = (i + 0.5) / rows
            for j in range(columns):
                x = inner[j, 0] + (outer[j, 0] - inner[j, 0]) * share
                y = inner[j, 1] + (outer[j, 1] - inner[j, 1]) * share
                strip[i, j] = 0
                valid[i, j] = 0
                if not (x >= 0 and y >= 0 and x < width - 1 and y < height - 1):
                    continue
                x0 = <Py_ssize_t>x
                y0 = <Py_ssize_t>y
                fx = x - x0
                fy = y - y0
                strip[i, j] = ((pixels[y0, x0] * (1 - fx) + pixels[y0, x0 + 1] * fx) * (1 - fy)
                               + (pixels[y0 + 1, x0] * (1 - fx) + pixels[y0 + 1, x0 + 1] * fx) * fy)
                valid[i, j] = (usable[y0, x0] & usable[y0, x0 + 1] & usable[y0 + 1, x0] & usable[y0 + 1, x0 + 1]) != 0


cdef void blur_across(double[:, ::1] a, double[::1] line, int half) noexcept nogil:
    """Add up 2 half + 1 neighbours of each sample along its row, round the circle."""
    cdef Py_ssize_t i, j, n = a.shape[1]
    cdef double total
    for i in range(a.shape[0]):
        for j in range(n):
            line[half + j] = a[i, j]
        for j in range(half):
            line[j] = a[i, n - half + j]
            line[half + n + j] = a[i, j]
        total = 0
        for j in range(2 * half + 1):
            total += line[j]
        for j in range(n):
            a[i, j] = total
            if j + 1 < n:
                total += line[j + 2 * half + 1] - line[j]


cdef void blur_down(double[:, ::1] a, double[:, ::1] copy, double[::1] total, int half) noexcept nogil:
    """Add up 2 half + 1 neighbours of each sample along its column; beyond the ends there is nothing."""
    cdef Py_ssize_t i, j, rows = a.shape[0], n = a.shape[1]
    for i in range(rows):
        for j in range(n):
            copy[i, j] = a[i, j]
    for j in range(n):
        total[j] = 0
    for i in range(half if half < rows else rows):
        for j in range(n):
            total[j] += copy[i, j]
    for i in range(rows):
        if i + half < rows:
            for j in range(n):
                total[j] += copy[i + half, j]
        if i - half - 1 >= 0:
            for j in range(n):
                total[j] -= copy[i - half - 1, j]
        for j in range(n):
            a[i, j] = total[j]


def flatten(const double[:, ::1] strip not None, const uint8_t[:, ::1] valid not None, double[:, :, ::1] work not None,
            double[::1] line not None, int half_rows, int half_columns, int passes, double noise, double limit,
            double scale, int16_t[:, ::1] out not None):
    """Take local mean and spread away, over what is valid: scale * (grey - mean) / spread, within ±limit spreads."""
    cdef Py_ssize_t rows = strip.shape[0], columns = strip.shape[1], i, j
    cdef int k, turn
    cdef double grey, mean, square, value
    cdef double[:, ::1] weight = work[0], first = work[1], second = work[2], copy = work[3]
    with nogil:
        for i in range(rows):
            for j in range(columns):
                grey = strip[i, j] - 128.0 if valid[i, j] else 0.0
                weight[i, j] = 1.0 if valid[i, j] else 0.0
                first[i, j] = grey
                second[i, j] = grey * grey
        for k in range(3):
            for turn in range(passes):
                blur_across(work[k], line, half_columns)
                blur_down(work[k], copy, line[:columns], half_rows)
        for i in range(rows):
            for j in range(columns):
                if not valid[i, j] or weight[i, j] < 0.5:
                    out[i, j] = 0
                    continue
                mean = first[i, j] / weight[i, j]
                square = second[i, j] / weight[i, j] - mean * mean
                value = (strip[i, j] - 128.0 - mean) / sqrt((square if square > 0 else 0.0) + noise * noise)
                value = limit if value > limit else -limit if value < -limit else value
                out[i, j] = <int16_t>floor(value * scale + 0.5)


def rows(const int16_t[:, ::1] flat not None, const uint8_t[:, ::1] valid not None, const int32_t[:, ::1] taps not None,
         const int32_t[::1] first not None, int coverage, int16_t[:, ::1] out not None, uint8_t[:, ::1] known not None):
    """Mean of each code row's window of strip rows; known where at least `coverage` of the taps' weight is valid."""
    cdef Py_ssize_t n = flat.shape[1], height = flat.shape[0], i, j, k, y
    cdef int total, weight
    with nogil:
        for i in range(out.shape[0]):
            for j in range(n):
                total = 0
                weight = 0
                for k in range(taps.shape[1]):
                    y = first[i] + k
                    if 0 <= y < height and valid[y, j]:
                        total += taps[i, k] * flat[y, j]
                        weight += taps[i, k]
                known[i, j] = weight >= coverage
                out[i, j] = <int16_t>floor(<double>total / weight + 0.5) if weight > 0 else 0


def encode(const int16_t[:, ::1] lines not None, const uint8_t[:, ::1] known not None,
           const int16_t[:, ::1] taps not None, int16_t[::1] line not None, int step, int least,
           uint64_t[::1] code not None, uint64_t[::1] mask not None):
    """Filter each row with each of the taps (long real, long imaginary, short real, short imaginary); keep the signs.

    A bit can be used where its row is known and its response is at least `least` away from zero.
    """
    cdef Py_ssize_t n = lines.shape[1], width = taps.shape[1], half = taps.shape[1] // 2, i, j, k
    cdef int total, f, bit
    cdef const int16_t *here
    cdef const int16_t *tap
    with nogil:
        for j in range(code.shape[0]):
            code[j] = 0
            mask[j] = 0
        for i in range(lines.shape[0]):
            for j in range(n):
                line[half + j] = lines[i, j]
            for j in range(half):
                line[j] = lines[i, (n - half + j) % n]
                line[half + n + j] = lines[i, j % n]
            for f in range(taps.shape[0]):
                bit = 32 * (f >> 1) + 2 * <int>i + (f & 1)
                tap = &taps[f, 0]
                for j in range(code.shape[0]):
                    here = &line[j * step]
                    total = 0
                    for k in range(width):
                        total += <int>here[k] * <int>tap[k]
                    code[j] |= <uint64_t>(total > 0) << bit
                    mask[j] |= <uint64_t>(known[i, j * step] and (total >= least or total <= -least)) << bit
