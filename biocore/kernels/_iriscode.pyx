# Comparing iris codes, bits with bits.
#
# A code is one 64-bit word per angular column; bit 2 * row + part (part 0 real, 1 imaginary) is of the long
# wavelength, bit 32 + 2 * row + part of the short one. A turn of the head is then an offset in words, and the low
# half of a word is what the coarse pass looks at. A mask has the same layout; 1 = the bit can be used.
#
# Contours are never quite right, and irises not quite rigid: each of eight sectors of the circle may therefore lie
# some columns, and a row, beside the offset of the whole.
#
# References come in rows of 640 words: code, mask, and both thinned out for the coarse pass.
#
# Counting bits is the whole cost of a comparison, and no flag may ask the compiler for an instruction that not every
# processor has. The count is therefore compiled three times and the best one is chosen when the module is loaded;
# they are whole numbers, so that the choice changes no result.

from libc.math cimport sqrt
from libc.stdint cimport int32_t, uint64_t

cdef extern from *:
    """
    #include <stdint.h>
    #if defined(__GNUC__) && defined(__x86_64__)
    #include <immintrin.h>
    #endif

    #define SECTORS_OF_CODE 8
    #define WORDS_OF_SECTOR 32
    #define WORDS_OF_THIN 64
    #define KEY_UNIT 32768 /* more than the bits of a code */

    /* Compare n places of a probe with a reference: a key for each sector of each, by how many more bits agree than
       differ first, by how many there are second. A place of a code is a word further on, one of thin words 64. */
    typedef void (*keys_function)(const uint64_t *p, const uint64_t *pm, int n, const uint64_t *r, const uint64_t *rm,
                                  int32_t *keys);

    static inline int32_t key(int32_t different, int32_t common)
    {
        return (common - 2 * different) * KEY_UNIT + common;
    }

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
    static void keys_plain(const uint64_t *p, const uint64_t *pm, int n, const uint64_t *r, const uint64_t *rm,
                           int32_t *keys)
    {
        for (; n > 0; n--, p++, pm++)
            for (int s = 0; s < SECTORS_OF_CODE; s++) {
                uint64_t d[2] = {0, 0}, c[2] = {0, 0};
                for (int i = s * WORDS_OF_SECTOR; i < (s + 1) * WORDS_OF_SECTOR; i += 2)
                    for (int k = 0; k < 2; k++) {
                        uint64_t both = pm[i + k] & rm[i + k];
                        d[k] += ones_of_bytes((p[i + k] ^ r[i + k]) & both);
                        c[k] += ones_of_bytes(both);
                    }
                *keys++ = key(across(d[0]) + across(d[1]), across(c[0]) + across(c[1]));
            }
    }

    /* Thin words lie so that each lane of a vector is a sector. */
    static void thin_plain(const uint64_t *p, const uint64_t *pm, int n, const uint64_t *r, const uint64_t *rm,
                           int32_t *keys)
    {
        for (; n > 0; n--, p += WORDS_OF_THIN, pm += WORDS_OF_THIN) {
            uint64_t d[8] = {0}, c[8] = {0};
            for (int w = 0; w < WORDS_OF_THIN; w += 8)
                for (int k = 0; k < 8; k++) {
                    uint64_t both = pm[w + k] & rm[w + k];
                    d[k] += ones_of_bytes((p[w + k] ^ r[w + k]) & both);
                    c[k] += ones_of_bytes(both);
                }
            for (int k = 0; k < 8; k++)
                *keys++ = key(across(d[k]), across(c[k]));
        }
    }

    #if defined(__GNUC__)
    #define KEYS_WITH_INSTRUCTION                                                                                     \
        for (; n > 0; n--, p++, pm++)                                                                                 \
            for (int s = 0; s < SECTORS_OF_CODE; s++) {                                                               \
                int32_t d = 0, c = 0;                                                                                 \
                for (int i = s * WORDS_OF_SECTOR; i < (s + 1) * WORDS_OF_SECTOR; i++) {                               \
                    uint64_t both = pm[i] & rm[i];                                                                    \
                    d += (int32_t)__builtin_popcountll((p[i] ^ r[i]) & both);                                         \
                    c += (int32_t)__builtin_popcountll(both);                                                         \
                }                                                                                                     \
                *keys++ = key(d, c);                                                                                  \
            }
    #define THIN_WITH_INSTRUCTION                                                                                     \
        for (; n > 0; n--, p += WORDS_OF_THIN, pm += WORDS_OF_THIN)                                                   \
            for (int k = 0; k < 8; k++) {                                                                             \
                int32_t d = 0, c = 0;                                                                                 \
                for (int w = k; w < WORDS_OF_THIN; w += 8) {                                                          \
                    uint64_t both = pm[w] & rm[w];                                                                    \
                    d += (int32_t)__builtin_popcountll((p[w] ^ r[w]) & both);                                         \
                    c += (int32_t)__builtin_popcountll(both);                                                         \
                }                                                                                                     \
                *keys++ = key(d, c);                                                                                  \
            }
    #endif

    #if defined(__GNUC__) && defined(__x86_64__)
    __attribute__((target("popcnt")))
    static void keys_popcnt(const uint64_t *p, const uint64_t *pm, int n, const uint64_t *r, const uint64_t *rm,
                            int32_t *keys)
    {
        KEYS_WITH_INSTRUCTION
    }

    __attribute__((target("popcnt")))
    static void thin_popcnt(const uint64_t *p, const uint64_t *pm, int n, const uint64_t *r, const uint64_t *rm,
                            int32_t *keys)
    {
        THIN_WITH_INSTRUCTION
    }

    #define AVX512 __attribute__((target("avx512f,avx512vpopcntdq")))
    #define AVX512_INLINE __attribute__((target("avx512f,avx512vpopcntdq"), always_inline)) static inline
    #define PLACES 16 /* of a probe that are compared before their sectors are added up */

    /* Keys of eight sectors, each lane's differing bits above and common ones below. */
    AVX512_INLINE __m256i keys_of(__m512i sectors)
    {
        __m512i c = _mm512_and_si512(sectors, _mm512_set1_epi64(0xffffffff)), d = _mm512_srli_epi64(sectors, 32);
        __m512i more = _mm512_sub_epi64(c, _mm512_add_epi64(d, d));
        return _mm512_cvtepi64_epi32(_mm512_add_epi64(_mm512_slli_epi64(more, 15), c)); /* KEY_UNIT is 1 << 15 */
    }

    /* Two vectors become one, in which each half of 128 bits holds a part of both. */
    AVX512_INLINE __m512i fold(__m512i even, __m512i odd)
    {
        return _mm512_add_epi64(_mm512_unpacklo_epi64(even, odd), _mm512_unpackhi_epi64(even, odd));
    }

    /* Neighbouring parts of 128 bits are added up; those of `first` come first. */
    AVX512_INLINE __m512i halve(__m512i first, __m512i second)
    {
        return _mm512_add_epi64(_mm512_shuffle_i64x2(first, second, 0x88), _mm512_shuffle_i64x2(first, second, 0xdd));
    }

    AVX512_INLINE void more_bits(const uint64_t *p, const uint64_t *pm, __m512i r, __m512i rm, __m512i *d, __m512i *c)
    {
        __m512i both = _mm512_and_si512(_mm512_loadu_si512(pm), rm);
        __m512i apart = _mm512_and_si512(_mm512_xor_si512(_mm512_loadu_si512(p), r), both);
        *d = _mm512_add_epi64(*d, _mm512_popcnt_epi64(apart));
        *c = _mm512_add_epi64(*c, _mm512_popcnt_epi64(both));
    }

    AVX512 static void keys_avx512(const uint64_t *p, const uint64_t *pm, int n, const uint64_t *r, const uint64_t *rm,
                                   int32_t *keys)
    {
        __m512i sums[PLACES][SECTORS_OF_CODE], code[4], mask[4];
        for (; n > 0; n -= PLACES, p += PLACES, pm += PLACES) {
            int places = n < PLACES ? n : PLACES;
            for (int s = 0; s < SECTORS_OF_CODE; s++) {
                int first = s * WORDS_OF_SECTOR;
                for (int i = 0; i < 4; i++) {
                    code[i] = _mm512_loadu_si512(r + first + 8 * i);
                    mask[i] = _mm512_loadu_si512(rm + first + 8 * i);
                }
                for (int k = 0; k < places; k++) {
                    __m512i d = _mm512_setzero_si512(), c = _mm512_setzero_si512();
                    for (int i = 0; i < 4; i++)
                        more_bits(p + first + k + 8 * i, pm + first + k + 8 * i, code[i], mask[i], &d, &c);
                    sums[k][s] = _mm512_or_si512(_mm512_slli_epi64(d, 32), c);
                }
            }
            for (int k = 0; k < places; k++, keys += SECTORS_OF_CODE) {
                const __m512i *s = sums[k];
                __m512i front = halve(fold(s[0], s[1]), fold(s[2], s[3]));
                __m512i back = halve(fold(s[4], s[5]), fold(s[6], s[7]));
                _mm256_storeu_si256((__m256i *)keys, keys_of(halve(front, back)));
            }
        }
    }

    AVX512 static void thin_avx512(const uint64_t *p, const uint64_t *pm, int n, const uint64_t *r, const uint64_t *rm,
                                   int32_t *keys)
    {
        __m512i code[8], mask[8];
        for (int i = 0; i < 8; i++) {
            code[i] = _mm512_loadu_si512(r + 8 * i);
            mask[i] = _mm512_loadu_si512(rm + 8 * i);
        }
        for (; n > 0; n--, p += WORDS_OF_THIN, pm += WORDS_OF_THIN, keys += SECTORS_OF_CODE) {
            __m512i d = _mm512_setzero_si512(), c = _mm512_setzero_si512();
            for (int i = 0; i < 8; i++)
                more_bits(p + 8 * i, pm + 8 * i, code[i], mask[i], &d, &c);
            _mm256_storeu_si256((__m256i *)keys, keys_of(_mm512_or_si512(_mm512_slli_epi64(d, 32), c)));
        }
    }
    #elif defined(__GNUC__)
    static void keys_builtin(const uint64_t *p, const uint64_t *pm, int n, const uint64_t *r, const uint64_t *rm,
                             int32_t *keys)
    {
        KEYS_WITH_INSTRUCTION
    }

    static void thin_builtin(const uint64_t *p, const uint64_t *pm, int n, const uint64_t *r, const uint64_t *rm,
                             int32_t *keys)
    {
        THIN_WITH_INSTRUCTION
    }
    #endif

    /* The ways this processor can count, slowest first; returns how many. */
    static int ways_to_count(keys_function *ways, keys_function *thin)
    {
        int n = 0;
        thin[n] = thin_plain;
        ways[n++] = keys_plain;
    #if defined(__GNUC__) && defined(__x86_64__)
        __builtin_cpu_init();
        if (__builtin_cpu_supports("popcnt")) {
            thin[n] = thin_popcnt;
            ways[n++] = keys_popcnt;
        }
        if (__builtin_cpu_supports("avx512vpopcntdq")) {
            thin[n] = thin_avx512;
            ways[n++] = keys_avx512;
        }
    #elif defined(__GNUC__)
        thin[n] = thin_builtin;
        ways[n++] = keys_builtin;
    #endif
        return n;
    }
    """
    ctypedef void (*keys_function)(const uint64_t *, const uint64_t *, int, const uint64_t *, const uint64_t *,
                                   int32_t *) noexcept nogil
    int ways_to_count(keys_function *ways, keys_function *thin) noexcept nogil

cdef enum:
    SECTORS = 8        # of the circle
    MOST = 160         # offsets, slack included; the gate holds it
    VARIANTS = 3       # of the probe: as it is, and a row further out or in
    UNIT = 32768       # KEY_UNIT
    COLUMNS = 256      # words of a code
    THIN = 64          # words of a thinned code
    MOST_LAG = 32      # columns; the gate holds it

cdef keys_function WAYS[4]
cdef keys_function THIN_WAYS[4]
cdef int KNOWN = ways_to_count(WAYS, THIN_WAYS)
cdef double NOTHING = -1e9   # statistic of a pair with too little in common


def ways():
    """Return how many ways of counting this processor has; the last is the one that is used."""
    return KNOWN


cdef struct Best:
    int offset
    int32_t different
    int32_t common
    double value


cdef inline double statistic(int32_t different, int32_t common, int least, double per_bit) noexcept nogil:
    """Standard deviations by which fewer bits differ than half of them."""
    if common < least or common == 0:
        return NOTHING
    return (0.5 * common - different) / sqrt(per_bit * common)


cdef inline void add_up(const int32_t *keys, int variants, int counted, int first, int last, int32_t *d,
                        int32_t *c) noexcept nogil:
    """Add up what the sectors have at their own best offsets from `first` to `last` - 1, in any of the variants.

    A column beside the middle counts as a bit that differs, so that a sector stays where the whole is unless something
    speaks for another place.
    """
    cdef int v, s, k, middle = (first + last - 1) // 2
    cdef const int32_t *row
    cdef int32_t best[SECTORS]
    cdef int32_t total = 0, cost
    for k in range(SECTORS):
        best[k] = keys[SECTORS * middle + k]
    for v in range(variants):
        for s in range(first, last):
            row = keys + (v * counted + s) * SECTORS
            cost = 2 * UNIT * (s - middle if s > middle else middle - s)
            for k in range(SECTORS):
                best[k] = row[k] - cost if row[k] - cost > best[k] else best[k]
    for k in range(SECTORS):
        total += best[k]
    c[0] = total & (UNIT - 1)
    d[0] = (c[0] - (total - c[0]) // UNIT) // 2


def profile(const uint64_t[:, ::1] probe not None, const uint64_t[:, ::1] probe_mask not None,
            const uint64_t[:, ::1] references not None, int slack, int32_t[:, ::1] different not None,
            int32_t[:, ::1] common not None, int way):
    """Count differing and common bits at every offset, each sector up to `slack` columns from it."""
    cdef Py_ssize_t n = references.shape[0], k
    cdef int offsets = different.shape[1], variants = probe.shape[0], s, v
    cdef int counted = offsets + 2 * slack
    cdef int32_t keys[VARIANTS * MOST * SECTORS]
    with nogil:
        for k in range(n):
            for v in range(variants):
                WAYS[way](&probe[v, 0], &probe_mask[v, 0], counted, &references[k, 0], &references[k, COLUMNS],
                          &keys[v * counted * SECTORS])
            for s in range(offsets):
                add_up(keys, variants, counted, s, s + 2 * slack + 1, &different[k, s], &common[k, s])


def coarse(const uint64_t[:, ::1] words not None, uint64_t[:, ::1] out not None):
    """Keep the low halves of every second column, two to a word; word w of sector s lies at SECTORS * w + s."""
    cdef Py_ssize_t k
    cdef int n = THIN // SECTORS, w, s
    cdef const uint64_t *four
    with nogil:
        for k in range(words.shape[0]):
            for s in range(SECTORS):
                for w in range(n):
                    four = &words[k, 4 * (s * n + w)]
                    out[k, SECTORS * w + s] = (four[0] & 0xffffffffU) | (four[2] << 32)


cdef double redundancy_of(const uint64_t *code, const uint64_t *mask, int columns, int step, int rows,
                          keys_function count) noexcept nogil:
    """Add up the squared correlations of a code's bits with those beside them, each wavelength with its own."""
    cdef uint64_t moved[COLUMNS + MOST_LAG]
    cdef uint64_t moved_mask[COLUMNS + MOST_LAG]
    cdef uint64_t own[2][COLUMNS]
    cdef uint64_t half, keep
    cdef int32_t keys[SECTORS]
    cdef int row, lag, band, j, k
    cdef int32_t apart, both, bits = 0
    cdef double total = 0, more
    for j in range(COLUMNS):
        own[0][j] = mask[j] & 0xffffffffU
        own[1][j] = mask[j] & 0xffffffff00000000U
    for row in range(-rows, rows + 1):
        half = 0xffffffffU << 2 * row & 0xffffffffU if row >= 0 else 0xffffffffU >> -2 * row
        keep = half | half << 32
        for j in range(COLUMNS + columns):
            k = j % COLUMNS
            moved[j] = (code[k] << 2 * row if row >= 0 else code[k] >> -2 * row) & keep
            moved_mask[j] = (mask[k] << 2 * row if row >= 0 else mask[k] >> -2 * row) & keep
        for k in range(columns // step + 1):
            lag = k * step
            if lag == 0 and row < 0:
                continue  # the same pairs of bits as those of the row on the other side
            for band in range(2):
                count(&moved[lag], &moved_mask[lag], 1, code, own[band], keys)
                add_up(keys, 1, 1, 0, 1, &apart, &both)
                if lag == 0 and row == 0:
                    bits += both
                    total += both
                elif both > 0:
                    more = both - 2 * apart
                    total += 2 * more * more / both
    return total / bits if bits > 0 else 1.0


def redundancy(const uint64_t[:, ::1] references not None, int columns, int step, int rows, double[::1] out not None,
               int way):
    """Measure how many bits of each code say one thing."""
    cdef Py_ssize_t k
    with nogil:
        for k in range(references.shape[0]):
            out[k] = redundancy_of(&references[k, 0], &references[k, COLUMNS], columns, step, rows, WAYS[way])


cdef Best coarsely(const uint64_t[:, ::1] turned, const uint64_t[:, ::1] turned_mask, const uint64_t *code,
                   const uint64_t *mask, int least, double per_bit) noexcept nogil:
    """Find the best of every second offset by the thin words; each sector may be two columns from it."""
    cdef int counted = turned.shape[0], s
    cdef int32_t keys[MOST * SECTORS]
    cdef int32_t one, both
    cdef double value
    cdef Best best
    THIN_WAYS[KNOWN - 1](&turned[0, 0], &turned_mask[0, 0], counted, code, mask, keys)
    best.offset = 0
    best.different = 0
    best.common = 0
    best.value = 2 * NOTHING
    for s in range(counted - 2):
        add_up(keys, 1, counted, s, s + 3, &one, &both)
        value = statistic(one, both, least, per_bit)
        if value > best.value:
            best.offset = 2 * s
            best.value = value
            best.different = one
            best.common = both
    return best


cdef Best closely(const uint64_t[:, ::1] probe, const uint64_t[:, ::1] probe_mask, const uint64_t *code,
                  const uint64_t *mask, int variants, int slack, int first, int last, int least,
                  double per_bit) noexcept nogil:
    """Find the best of the offsets from `first` to `last` - 1 by all bits."""
    cdef int counted = last - first + 2 * slack, s, v
    cdef int32_t keys[VARIANTS * MOST * SECTORS]
    cdef int32_t one, both
    cdef double value
    cdef Best best
    for v in range(variants):
        WAYS[KNOWN - 1](&probe[v, first], &probe_mask[v, first], counted, code, mask, &keys[v * counted * SECTORS])
    best.offset = first
    best.value = 2 * NOTHING
    best.different = 0
    best.common = 0
    for s in range(last - first):
        add_up(keys, variants, counted, s, s + 2 * slack + 1, &one, &both)
        value = statistic(one, both, least, per_bit)
        if value > best.value:
            best.offset = first + s
            best.value = value
            best.different = one
            best.common = both
    return best


def sift(const uint64_t[:, ::1] turned not None, const uint64_t[:, ::1] turned_mask not None,
         const uint64_t[:, ::1] references not None, int least, double per_bit, int32_t[:, ::1] found not None):
    """Do the coarse pass alone: offset, differing and common bits of the thin words."""
    cdef Py_ssize_t k
    cdef Best best
    with nogil:
        for k in range(references.shape[0]):
            best = coarsely(turned, turned_mask, &references[k, 2 * COLUMNS], &references[k, 2 * COLUMNS + THIN], least,
                            per_bit)
            found[k, 0] = best.offset
            found[k, 1] = best.different
            found[k, 2] = best.common


def search(const uint64_t[:, ::1] probe not None, const uint64_t[:, ::1] probe_mask not None,
           const uint64_t[:, ::1] turned not None, const uint64_t[:, ::1] turned_mask not None,
           const uint64_t[:, ::1] references not None, const double[::1] spread not None, int offsets, int slack,
           int least, double per_bit, int coarse_least, double coarse_per_bit, double doubtful, double promising,
           double likely, int32_t[:, ::1] found not None):
    """Find the offset of the largest statistic, the more closely the more there is to be found.

    `found` receives offset, differing and common bits. Where the coarse pass is below `doubtful`, they are those of
    its best offset, all sectors where the whole is; where the sectors' own best offsets stay below `promising`, those
    of these, of the probe as it is; where the offsets beside and the other variants bring it to no more than `likely`,
    the best of these; otherwise those of the best of all offsets and variants. The limits are in units of a
    reference's `spread`.
    """
    cdef Py_ssize_t k
    cdef int variants = probe.shape[0], at
    cdef double value
    cdef const uint64_t *code
    cdef const uint64_t *mask
    cdef Best best
    with nogil:
        for k in range(references.shape[0]):
            code = &references[k, 0]
            mask = code + COLUMNS
            best = coarsely(turned, turned_mask, mask + COLUMNS, mask + COLUMNS + THIN, coarse_least, coarse_per_bit)
            at = best.offset
            value = best.value
            if NOTHING < value < doubtful * spread[k]:
                best = closely(probe, probe_mask, code, mask, 1, 0, at + slack, at + slack + 1, least, per_bit)
                best.offset = at
            else:
                best = closely(probe, probe_mask, code, mask, 1, slack, at, at + 1, least, per_bit)
                if NOTHING < value and best.value >= promising * spread[k]:
                    best = closely(probe, probe_mask, code, mask, variants, slack, at - 1 if at > 0 else 0,
                                   at + 2 if at + 2 < offsets else offsets, least, per_bit)
                if value == NOTHING or best.value >= likely * spread[k]:
                    best = closely(probe, probe_mask, code, mask, variants, slack, 0, offsets, least, per_bit)
            found[k, 0] = best.offset
            found[k, 1] = best.different
            found[k, 2] = best.common
