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
    WIDTH = 20
    NEIGHBOURS = 15  # WIDTH - CELLS
    SECTORS = 64  # of a cell's number (turn * RINGS + ring) * SECTORS + sector
    RINGS = 16
    TURNS = 32
    ALIKE = 112  # SECTORS + RINGS + TURNS
    MOST = 255  # minutiae a template
    WORDS = 4  # 64-bit words that hold MOST bits
    STRIDE = 256  # a row of the table of votes
    MAP_SIDE = 32  # squares a side of a map
    MAP_SHIFT = 5  # log2 of the side of its squares in px, where the print is not larger than MAP_SIDE of them
    CANDIDATES = 64  # correspondences kept; one bit each
    EVIDENCE = 17  # numbers a comparison comes down to

cdef struct Rules:
    double slack, stretch  # px, px/px: how far the vectors between two correspondences may differ
    int turn  # 1/256 turns: how far their rotations may differ
    double support  # votes of a consensus below which it is not followed up
    int roots, rounds
    double promise  # closeness after the first round that earns a consensus the others
    double keep  # share of the best root's closeness after one round that earns a root the others
    double near, elastic, far  # px, px/px, px: tolerance of a pair, its growth with the way to the next, and its end
    int pair_turn  # 1/256 turns: how far the directions of a pair may differ
    double turn_cost  # px^2 per (1/256 turn)^2, to choose between neighbours
    double smooth, stiff  # px, 1/px^4: width of a pair's influence on the elastic field, pull towards rigid
    double lever  # px: the say of a pair's directions in the rigid motion
    double margin  # px inside the hull from where a missing partner counts

cdef struct Map:  # which minutiae of a print are where
    const short* rows  # whose; NULL = not made yet
    int x, y, shift, wide, high  # left and top edge in px, log2 of the squares' side, squares
    int words  # 64-bit words that hold a bit for each minutia
    Bits near[MAP_SIDE * MAP_SIDE * WORDS]  # those within reach of each square

cdef struct Case:  # what is compared: the smaller template is moved onto the larger one, whichever is the probe
    const short* fixed
    const short* moved
    int m, n  # their minutiae
    Map* map  # of the fixed one
    const double* cosine
    const double* sine

cdef struct Motion:  # moved -> fixed
    double c, s, x, y  # cosine, sine, and the image of the moved one's origin
    int turn

cdef struct Candidate:  # a correspondence
    int i, j  # minutia of the fixed, of the moved template
    int votes
    int turn  # the rotation it asks for, 1/256 turns
    double fx, fy, mx, my  # where the two are

cdef struct Work:
    unsigned char votes[MOST * STRIDE]  # of each moved minutia (row) and each fixed one for each other; 0 = less than 2
    int histogram[16]  # of the votes
    Map probe_map
    Map reference_map
    int candidates  # how many
    Candidate candidate[CANDIDATES]
    Bits agrees[CANDIDATES]
    double support[CANDIDATES]
    Motion motion
    int partner[MOST]  # of each moved minutia, or -1
    int before[MOST]  # and what it was in the round before
    bint changed  # whether any of them is another
    int owner[MOST]  # of each fixed minutia: the moved one that claims it
    double cost[MOST]  # of that claim
    double rx[MOST]  # moved minutiae after the rigid motion
    double ry[MOST]
    double dx[MOST]  # residual of a pair against the rigid motion
    double dy[MOST]
    double px[MOST]  # moved minutiae after the elastic alignment
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
