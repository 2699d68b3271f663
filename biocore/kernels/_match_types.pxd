# What the parts of the comparator share: the layout of a minutia's row, the rules, the working space.

ctypedef unsigned long long Bits

cdef extern from *:
    """
    #if defined(_MSC_VER) && !defined(__clang__)
    #include <intrin.h>
    static int biocore_lowest(unsigned long long v) { unsigned long i; _BitScanForward64(&i, v); return (int)i; }
    #else
    static int biocore_lowest(unsigned long long v) { return __builtin_ctzll(v); }
    #endif
    """
    int lowest "biocore_lowest"(Bits v) noexcept nogil

cdef enum:
    X = 0
    Y = 1
    DIRECTION = 2
    KIND = 3
    QUALITY = 4
    CELLS = 5
    WIDTH = 16
    NEIGHBOURS = 11  # WIDTH - CELLS
    TURNS = 16  # direction bins of a cell
    MOST = 255  # minutiae a template
    WORDS = 4  # 64-bit words that hold MOST bits
    PLANES = 4  # bits of a vote: NEIGHBOURS < 16
    CANDIDATES = 64  # correspondences kept; one bit each
    EVIDENCE = 17  # numbers a comparison comes down to

cdef struct Rules:
    int votes  # fewest votes of a candidate
    double slack, stretch  # px, px/px: how far the vectors between two correspondences may differ
    int turn  # 1/256 turns: how far their rotations may differ
    double support  # votes of a consensus below which it is not followed up
    int roots, rounds
    double keep  # share of the best root's closeness after one round that earns a root the others
    double near, elastic, far  # px, px/px, px: tolerance of a pair, its growth with the way to the next, and its end
    int pair_turn  # 1/256 turns: how far the directions of a pair may differ
    double turn_cost  # px^2 per (1/256 turn)^2, to choose between neighbours
    double smooth, stiff  # px, 1/px^4: width of a pair's influence on the elastic field, pull towards rigid
    double lever  # px: the say of a pair's directions in the rigid motion
    int grid_x, grid_y, grid_shift, grid_wide, grid_high  # where the map of the probe lies
    double margin  # px inside the hull from where a missing partner counts

cdef struct Case:  # what is compared
    const short* probe
    const short* reference
    int m, n  # their minutiae
    int words  # 64-bit words that hold m bits
    const Bits* table  # the probe's neighbourhoods
    const Bits* near  # and map
    const double* cosine
    const double* sine

cdef struct Motion:  # reference -> probe
    double c, s, x, y  # cosine, sine, and the image of the reference's origin
    int turn

cdef struct Candidate:  # a correspondence
    int i, j  # minutia of the probe, of the reference
    int votes
    int turn  # the rotation it asks for, 1/256 turns
    double px, py, rx, ry  # where the two are

cdef struct Work:
    Bits planes[MOST * PLANES * WORDS]
    int candidates  # how many
    Candidate candidate[CANDIDATES]
    Bits agrees[CANDIDATES]
    double support[CANDIDATES]
    Motion motion
    int partner[MOST]  # of each reference minutia, or -1
    int owner[MOST]  # of each probe minutia: the reference minutia that claims it
    double cost[MOST]  # of that claim
    double rx[MOST]  # reference minutiae after the rigid motion
    double ry[MOST]
    double dx[MOST]  # residual of a pair against the rigid motion
    double dy[MOST]
    double px[MOST]  # reference minutiae after the elastic alignment
    double py[MOST]
    double error[MOST]  # squared distance to the partner, px^2
    int live[MOST]
    int hull[2 * MOST + 2]
    double edge_x[2 * MOST]
    double edge_y[2 * MOST]
    double edge_offset[2 * MOST]
    int best_partner[MOST]
    double evidence[EVIDENCE]


cdef inline int turned(int a, int b) noexcept nogil:
    """Difference of two directions, -128..127."""
    return ((a - b + 128) & 255) - 128


cdef inline int votes_of(const Bits* plane, int bit) noexcept nogil:
    return <int>(((plane[0] >> bit) & 1) | (((plane[1] >> bit) & 1) << 1)
                 | (((plane[2] >> bit) & 1) << 2) | (((plane[3] >> bit) & 1) << 3))
