"""Loops over an eye's pixels: bridges over reflections, rays from a centre, the best closed path over them.

Gate: `biocore.kernels.iris`. Twin: `tests/reference_iris.py`.
"""

from cython cimport floating
from libc.math cimport sqrt


def bridge(
    const unsigned char[:, ::1] image not None,
    const unsigned char[:, ::1] spots not None,
    float[:, ::1] level not None,
    float[:, ::1] span not None,
    unsigned char[::1] columns not None,
    unsigned char[:, ::1] out not None,
):
    """Fill runs of spots between the pixels at their ends, along rows and along columns, more by the shorter run.

    A run that reaches the picture's border is filled with its other end; a row or column of nothing else says nothing.
    `level` and `span` are room for what rows say, and the lengths of their runs, `columns` for which columns hold any:
    the others, and rows without, are passed by.
    """
    cdef Py_ssize_t height = image.shape[0], width = image.shape[1], y, x, a, b, k
    cdef unsigned char some
    cdef float before, after, value, length
    with nogil:
        for x in range(width):
            columns[x] = 0
        for y in range(height):
            some = 0
            for x in range(width):
                some |= spots[y, x]
                columns[x] |= spots[y, x]
                out[y, x] = image[y, x]
            x = 0 if some else width
            while x < width:
                if not spots[y, x]:
                    x += 1
                    continue
                a = x
                while x < width and spots[y, x]:
                    x += 1
                b = x
                before = image[y, a - 1] if a > 0 else image[y, b] if b < width else 0
                after = image[y, b] if b < width else before
                for k in range(a, b):
                    level[y, k] = before + (after - before) * (k - a + 1) / (b - a + 1)
                    span[y, k] = b - a + 1 if a > 0 or b < width else <float>1e6
        for x in range(width):
            y = 0 if columns[x] else height
            while y < height:
                if not spots[y, x]:
                    y += 1
                    continue
                a = y
                while y < height and spots[y, x]:
                    y += 1
                b = y
                before = image[a - 1, x] if a > 0 else image[b, x] if b < height else 0
                after = image[b, x] if b < height else before
                length = b - a + 1 if a > 0 or b < height else <float>1e6
                for k in range(a, b):
                    value = before + (after - before) * (k - a + 1) / (b - a + 1)
                    value = (level[k, x] * length + value * span[k, x]) / (length + span[k, x])
                    out[k, x] = <unsigned char>(value + <float>0.5)


cdef void sample_ray(
    const unsigned char[:, ::1] image, double cx, double cy, double start, double end, double across, double down,
    Py_ssize_t count, float *ray
) noexcept nogil:
    """Sample a ray at equal steps from `start` to `end` px, bilinearly; -1 outside the picture."""
    cdef Py_ssize_t height = image.shape[0], width = image.shape[1], k
    cdef int ix, iy
    cdef double x, y, fx, fy, top, low, right = width - 1, bottom = height - 1, step = (end - start) / (count - 1)
    cdef const unsigned char *grey = &image[0, 0]
    cdef const unsigned char *upper
    cdef const unsigned char *lower
    for k in range(count):
        x = cx + (start + k * step) * across
        y = cy - (start + k * step) * down
        if not (0 <= x <= right and 0 <= y <= bottom):
            ray[k] = -1
            continue
        ix = <int>x
        iy = <int>y
        fx = x - ix
        fy = y - iy
        upper = grey + iy * width + ix
        lower = upper + width if iy + 1 < height else upper
        ix = ix + 1 < width
        top = upper[0] + fx * (<double>upper[ix] - upper[0])
        low = lower[0] + fx * (<double>lower[ix] - lower[0])
        ray[k] = <float>(top + fy * (low - top))


def rays(
    const unsigned char[:, ::1] image not None,
    double cx,
    double cy,
    const double[:, ::1] turn not None,
    const double[::1] inner not None,
    const double[::1] outer not None,
    float[:, ::1] out not None,
):
    """Sample each ray at equal steps from `inner` to `outer`, bilinearly; -1 outside the picture.

    `turn[a]` is the cosine and sine of ray a, whose points are (cx + r cos, cy - r sin).
    """
    cdef Py_ssize_t a
    with nogil:
        for a in range(out.shape[0]):
            sample_ray(image, cx, cy, inner[a], outer[a], turn[a, 0], turn[a, 1], out.shape[1], &out[a, 0])


cdef void ray_steps(
    const float *ray, Py_ssize_t count, const int *widths, Py_ssize_t many, double *sums, float *step
) noexcept nogil:
    cdef Py_ssize_t k, i, w, inside = 0
    cdef double share
    sums[0] = 0
    for k in range(count):
        sums[k + 1] = sums[k] + ray[k]
        step[k] = 0
        inside += ray[k] >= 0
    for i in range(many):
        w = widths[i]
        share = 1.0 / (w * many)
        if inside == count:
            for k in range(w, count - w):
                step[k] += <float>(((sums[k + w + 1] - sums[k + 1]) - (sums[k] - sums[k - w])) * share)
            continue
        for k in range(w, count - w):
            if ray[k - w] >= 0 and ray[k + w] >= 0:  # else half of it would be the picture's edge
                step[k] += <float>(((sums[k + w + 1] - sums[k + 1]) - (sums[k] - sums[k - w])) * share)


def unroll(
    const unsigned char[:, ::1] image not None,
    double cx,
    double cy,
    const double[:, ::1] turn not None,
    const double[::1] inner not None,
    const double[::1] outer not None,
    const int[::1] widths not None,
    double[::1] total not None,
    float[:, ::1] grey not None,
    float[:, ::1] steps not None,
):
    """Sample each ray as `rays` does, and find the steps across its samples.

    A step is the mean after minus the mean before, averaged over `widths`; 0 at the ends and outside the picture.
    `total` has room for one sample more than a ray.
    """
    cdef Py_ssize_t a, count = grey.shape[1]
    with nogil:
        for a in range(grey.shape[0]):
            sample_ray(image, cx, cy, inner[a], outer[a], turn[a, 0], turn[a, 1], count, &grey[a, 0])
            ray_steps(&grey[a, 0], count, &widths[0], widths.shape[0], &total[0], &steps[a, 0])


cdef void step_path(
    const float *reward, const float *before, float *after, int *step, unsigned char *back, Py_ssize_t count,
    int reach, const float *bend
) noexcept nogil:
    """Extend all paths by one column; `back` gets the step taken, plus `reach`.

    `before` and `after` are preceded and followed by `reach` entries that no path may come from. The loops over rows
    are plain, so that the compiler takes several rows at once.
    """
    cdef Py_ssize_t k
    cdef int d, taken, best_step, better
    cdef float value, cost, best
    for k in range(count):
        after[k] = before[k]
        step[k] = reach
    for d in range(-reach, reach + 1):
        if d == 0:
            continue
        cost = bend[d if d > 0 else -d]
        taken = reach + d
        for k in range(count):
            value = before[k + d] - cost
            best = after[k]
            best_step = step[k]
            better = value > best
            step[k] = best_step + ((taken - best_step) & -better)
            after[k] = value if better else best
    for k in range(count):
        after[k] += reward[k]
        back[k] = <unsigned char>step[k]


cdef void closed_path(
    const float *reward, Py_ssize_t columns, Py_ssize_t count, const float *bend, int reach, bint closed,
    float *sums, int *step, unsigned char *back, int *out
) noexcept nogil:
    """Find the path over the columns that collects most, by dynamic programming.

    A closed path is found in two rounds: two laps choose the row to start from, the second round starts and ends
    there. `sums` has room for 2 (count + 2 reach) numbers, `step` for count, `back` for columns x count.
    """
    cdef Py_ssize_t a, k, start = 0, row, stride = count + 2 * reach
    cdef int turn, _lap, laps = 2 if closed else 1
    cdef float lowest = -1e30
    cdef float *before = sums + reach
    cdef float *after = before + stride
    for k in range(2 * stride):
        sums[k] = lowest
    for turn in range(2 if closed else 1):
        for k in range(count):
            before[k] = 0 if turn == 0 or k == start else lowest
        for _lap in range(laps if turn == 0 else 1):
            for a in range(columns):
                step_path(reward + a * count, before, after, step, back + a * count, count, reach, bend)
                before, after = after, before
        row = 0
        if turn == 0:
            for k in range(1, count):
                if before[k] > before[row]:
                    row = k
        else:  # the column before the first is the last one: ending where the first step began closes the path
            row = start
        for a in range(columns - 1, -1, -1):
            out[a] = <int>row
            row = row + back[a * count + row] - reach
        start = row  # the row before the first column: of the second lap, hence a row of the last one


def best_path(
    const float[:, ::1] reward not None,
    const float[::1] bend not None,
    bint closed,
    float[::1] sums not None,
    int[::1] step not None,
    unsigned char[:, ::1] back not None,
    int[::1] out not None,
):
    """Find the path over the columns (first axis of `reward`) that collects most.

    A step by d rows costs bend[|d|]; longer steps than bend has entries are not taken.
    """
    with nogil:
        closed_path(
            &reward[0, 0], reward.shape[0], reward.shape[1], &bend[0], <int>(bend.shape[0] - 1), closed,
            &sums[0], &step[0], &back[0, 0], &out[0],
        )


cdef double median_of(double *values, Py_ssize_t count) noexcept nogil:
    """Return the median, sorting in place (Shell, with Ciura's gaps)."""
    cdef Py_ssize_t i, j, gap
    cdef int g
    cdef double v
    for g in range(6):
        gap = 132 if g == 0 else 57 if g == 1 else 23 if g == 2 else 10 if g == 3 else 4 if g == 4 else 1
        for i in range(gap, count):
            v = values[i]
            j = i
            while j >= gap and values[j - gap] > v:
                values[j] = values[j - gap]
                j -= gap
            values[j] = v
    if count % 2:
        return values[count // 2]
    return 0.5 * (values[count // 2 - 1] + values[count // 2])


cdef void solve(double *matrix, double *right, Py_ssize_t m) noexcept nogil:
    """Solve for a positive definite matrix (lower triangle) by Cholesky's factors, in place."""
    cdef Py_ssize_t i, j, k
    cdef double total
    for j in range(m):
        total = matrix[j * m + j]
        for k in range(j):
            total -= matrix[j * m + k] * matrix[j * m + k]
        matrix[j * m + j] = sqrt(total) if total > 1e-300 else 1e-150
        for i in range(j + 1, m):
            total = matrix[i * m + j]
            for k in range(j):
                total -= matrix[i * m + k] * matrix[j * m + k]
            matrix[i * m + j] = total / matrix[j * m + j]
    for i in range(m):
        total = right[i]
        for k in range(i):
            total -= matrix[i * m + k] * right[k]
        right[i] = total / matrix[i * m + i]
    for i in range(m - 1, -1, -1):
        total = right[i]
        for k in range(i + 1, m):
            total -= matrix[k * m + i] * right[k]
        right[i] = total / matrix[i * m + i]


cdef double robust_fit(
    const double *values, const double *weights, const double *basis, const double *prior, const double *tightness,
    Py_ssize_t n, Py_ssize_t m, double least_spread, double tukey, Py_ssize_t rounds, bint unstarted,
    double *curve, double *keeps, double *coefficients, double *work
) noexcept nogil:
    """Fit as `fit_curve` says."""
    cdef Py_ssize_t turn, i, j, k, believed
    cdef double spread = least_spread, off, w, scale
    cdef double *sorted_ = work
    cdef double *matrix = work + n
    cdef double *row
    cdef const double *functions
    if unstarted:
        believed = 0
        for i in range(n):
            if weights[i] > 0:
                sorted_[believed] = values[i]
                believed += 1
        if believed == 0:
            for i in range(n):
                sorted_[i] = values[i]
            believed = n
        w = median_of(sorted_, believed)
        for i in range(n):
            curve[i] = w
    for turn in range(rounds):
        believed = 0
        for i in range(n):
            if weights[i] > 0:
                off = values[i] - curve[i]
                sorted_[believed] = off if off > 0 else -off
                believed += 1
        spread = least_spread
        if believed:
            off = 1.4826 * median_of(sorted_, believed)
            if off > spread:
                spread = off
        scale = 1.0 / (tukey * spread * (2.0 if turn == 0 else 1.0))
        for j in range(m):
            coefficients[j] = tightness[j] * prior[j]
            for k in range(j + 1):
                matrix[j * m + k] = tightness[j] if j == k else 0
        for i in range(n):
            off = (values[i] - curve[i]) * scale
            off = off * off
            keeps[i] = (1 - off) * (1 - off) if off < 1 else 0
            w = weights[i] * keeps[i]
            if w > 0:
                functions = basis + i * m
                for j in range(m):
                    off = w * functions[j]
                    coefficients[j] += off * values[i]
                    row = matrix + j * m
                    for k in range(j + 1):
                        row[k] += off * functions[k]
        solve(matrix, coefficients, m)
        for i in range(n):
            off = 0
            functions = basis + i * m
            for j in range(m):
                off += functions[j] * coefficients[j]
            curve[i] = off
    return spread


def fit_curve(
    const double[::1] values not None,
    const double[::1] weights not None,
    const double[:, ::1] basis not None,
    const double[::1] prior not None,
    const double[::1] tightness not None,
    double least_spread,
    double tukey,
    Py_ssize_t rounds,
    bint unstarted,
    double[::1] curve not None,
    double[::1] keeps not None,
    double[::1] coefficients not None,
    double[::1] work not None,
) -> float:
    """Fit a sum of basis functions by the biweight M-estimate; return the spread of what is kept.

    `curve` holds the first guess (unless `unstarted`: then it is the median of the values that are believed, or of all)
    and becomes the fitted curve; `work` has room for n + m * m numbers.
    """
    cdef double spread
    with nogil:
        spread = robust_fit(
            &values[0], &weights[0], &basis[0, 0], &prior[0], &tightness[0], basis.shape[0], basis.shape[1],
            least_spread, tukey, rounds, unstarted, &curve[0], &keeps[0], &coefficients[0], &work[0],
        )
    return spread


cdef bint within(const floating *values, Py_ssize_t count, double low, double high) noexcept nogil:
    """Whether all numbers lie between two bounds; a NaN does not."""
    cdef Py_ssize_t k
    cdef floating least = <floating>low, most = <floating>high
    cdef int outside = 0
    for k in range(count):
        outside |= not (least <= values[k] <= most)
    return not outside


cdef void edge_worth(
    const float *ray, Py_ssize_t count, double trust, double full, bint relative, double floor_, double after,
    double until, float *worth
) noexcept nogil:
    """Say what the samples of a ray are worth to a path, as `follow` tells."""
    cdef Py_ssize_t k, first, last
    cdef float scale, value, least = <float>(floor_ * trust), most = <float>trust, sign = 1.0 if full > 0 else -1.0
    first = 0 if after < 0 else count if after >= count else <Py_ssize_t>after + 1
    last = -1 if until < 0 else count - 1 if until >= count else <Py_ssize_t>until
    scale = <float>full * sign
    if relative:
        for k in range(first, last + 1):
            value = ray[k] * sign
            scale = value if value > scale else scale
    scale = <float>trust * sign / scale
    for k in range(count):
        value = ray[k] * scale
        value = least if value < least else value
        worth[k] = most if value > most else value
    for k in range(first if first < count else count):
        worth[k] = 0
    for k in range(last + 1, count):
        worth[k] = 0


def follow(
    const float[:, ::1] steps not None,
    const double[::1] radii not None,
    const double[::1] trust not None,
    double full,
    bint relative,
    double floor_,
    const double[::1] after not None,
    const double[::1] until not None,
    const float[::1] bend not None,
    const double[:, ::1] basis not None,
    const double[::1] prior not None,
    const double[::1] tightness not None,
    double least_spread,
    double tukey,
    Py_ssize_t rounds,
    double largest,
    float[:, ::1] reward not None,
    float[::1] sums not None,
    int[::1] step not None,
    unsigned char[:, ::1] back not None,
    int[::1] path not None,
    double[:, ::1] out not None,
    double[::1] coefficients not None,
    double[::1] work not None,
) -> float:
    """Find the closed path along the edges of unrolled rays, and the curve through it; return the fit's spread.

    A sample is worth its step by `full` (the sign of which is that of the steps sought) or, if `relative`, by the
    steepest step of its ray within the bounds where that is more; between `floor_` and 1, times the ray's trust. Only
    samples after `after` and until `until` are worth anything.

    The rows of `out` get the radius on each ray, the step there by `full` (0 to 1), its weight in the fit (by trust),
    the fitted curve, and how far the fit keeps each ray. The rest is that of `best_path` and `fit_curve`.

    Numbers that no path or fit bears are looked for here, since asking NumPy takes longer than the work: the answer is
    then negative.
    """
    cdef Py_ssize_t n = steps.shape[0], count = steps.shape[1], m = basis.shape[1], a
    cdef float value
    cdef double spread
    with nogil:
        if not (
            within(&steps[0, 0], n * count, -largest, largest)
            and within(&bend[0], bend.shape[0], 0, 1e30)
            and within(&trust[0], n, 0, 1)
            and within(&radii[0], count, -1e12, 1e12)
            and within(&after[0], n, -1e300, 1e300)
            and within(&until[0], n, -1e300, 1e300)
            and within(&basis[0, 0], n * m, -1e12, 1e12)
            and within(&prior[0], m, -1e12, 1e12)
            and within(&tightness[0], m, 1e-30, 1e30)
        ):
            spread = -1
        else:
            for a in range(n):
                edge_worth(
                    &steps[a, 0], count, trust[a], full, relative, floor_, after[a], until[a], &reward[a, 0]
                )
            closed_path(
                &reward[0, 0], n, count, &bend[0], <int>(bend.shape[0] - 1), True, &sums[0], &step[0], &back[0, 0],
                &path[0],
            )
            for a in range(n):
                value = <float>(steps[a, path[a]] / full)
                if value < 0 or not after[a] < path[a] <= until[a]:
                    value = 0
                out[0, a] = radii[path[a]]
                out[1, a] = 1.0 if value > 1.0 else value
                out[2, a] = trust[a] * out[1, a]
            spread = robust_fit(
                &out[0, 0], &out[2, 0], &basis[0, 0], &prior[0], &tightness[0], n, m, least_spread, tukey, rounds, True,
                &out[3, 0], &out[4, 0], &coefficients[0], &work[0],
            )
    return spread
