"""From the circles of the chosen eye to its contours: pupil first, then the limbus around it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.iris import contours, lids, locate
from biocore.iris.circles import Circle
from biocore.iris.contours import Band, Floats
from biocore.iris.lids import Tone
from biocore.iris.outline import trust as trust_in_limbus
from biocore.iris.pyramid import Pyramid, full_step
from biocore.iris.segmentation import ANGLES, Contour, Ellipse, angles, directions
from biocore.kernels import iris as kernel
from biocore.types import GreyImage

PUPIL = Band(near=0.55, far=1.5, samples=64, widths=(0.06, 0.12), bend=(0.0, 0.06))
NARROW = Band(near=0.7, far=1.15, samples=40, widths=(0.06, 0.12), bend=(0.0, 0.06))  # around a circle that is believed
LIMBUS = Band(near=0.82, far=1.2, samples=60, widths=(0.04, 0.08), bend=(0.0, 0.06))
STRIDE = 2  # angles of a contour a ray it is traced on; 128 rays are enough for 8 harmonics
RAYS = ANGLES // STRIDE
CORRELATED = 4.0  # rays whose errors go together: steps are averaged, paths are smooth
NOISE = 0.012  # of the radius; how well an edge tells where a contour is
SEEN = 0.25  # weight above which a ray counts as seen
RING_FROM, RING_SAMPLES, RING_RAYS = 0.62, 40, 24  # of the limbus radius; on each ray; in sight at least
RING_RISE, RING_FALL = 8.0, 0.25  # grey levels; of the rise
BESIDE = (0.03, 0.10)  # of the limbus radius; where an edge's side is looked at
GLARE = 0.5  # of the way from the iris to white
SHADED = 2.4  # deviations of the iris
SMEAR = (0.06, 0.24)  # radii; across which a step is compared
SMEARED = 0.54  # of the step across the wider; sharp edges have 0.55 to 0.75, moved ones 0.4 to 0.5, defocused 0.35
SMEAR_WIDTHS = (0.12, 0.24)  # radii
PUPIL_LEVEL = 0.45  # of the step from pupil to iris; darker is pupil
WITHIN = (0.05, 0.14)  # of the limbus radius; where a pupil's own side is looked at, past a smeared edge
FLAT = 0.03  # flatness of a pupil from which a limbus is looked for along an ellipse (gaze of 20 degrees)
# How flat the limbus turns out, traced along a circle, the way of the pupil: at least, and of that pupil's flatness.
# Up to 0.01 and 0.1 where only the pupil is flat.
ALIKE, ALIKE_SHARE = 0.013, 0.15
STRAYED = 0.3  # of the rays beside and below; a pupil has up to 0.2, the inner edge of an arcus taken for it 0.4
DISC = 0.62  # least filling of its box, and least ratio of its sides, by which a blob is a disc; a full one fills 0.79
LOBE_FROM, LOBE_TO, LOBE_SAMPLES = 0.9, 0.97, 48  # of the pupil's radii; of the limbus'; between them
LOBE_DEPTH, LOBE_WIDTH = 0.08, 9  # of the limbus radius beyond the smooth pupil; angles of the contour
LOBE_BELOW = 0.3  # sine of the highest angle; above, lashes and lids are as dark
WHOLE = 0.75  # share of a pupil from which on its own shape is known
PASSES = 3  # the last where the second moved a contour
STAYED = 0.015  # of the radius
HARMLESS = 0.06  # share of a contour behind lids that a robust fit passes over
LID_MARGIN = 0.04  # of the limbus radius
LASHES = 0.10  # of the limbus radius below the upper lid's edge; lashes hang so far, and their edges are not the eye's
LEAST_SIDE = {"pupil": 24.0, "limbus": 64.0}  # px; radius a contour is brought to before it is traced


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """A contour, with what speaks for it.

    Attributes
    ----------
    contour : Contour
    support : float
        Mean strength of the edge along the contour where it can be expected, 0 to 1.
    share : float
        Trusted share of the contour that an edge carries, 0 to 1.
    spread : float
        Robust deviation of the edge from the fitted shape, in radii.
    path : float64 array (RAYS,)
        Where the edge was met on each ray from the contour's centre, px.
    """

    contour: Contour
    support: float
    share: float
    spread: float
    path: Floats


@lru_cache(maxsize=1)
def _below() -> NDArray[np.bool_]:
    """Return which angles of a contour lie beside or below its centre, where no lid or lash is taken for a pupil."""
    return -directions()[:, 1] < LOBE_BELOW


def _priors(deviations: tuple[float, ...]) -> Floats:
    """Return the tightness of each coefficient, from how far each harmonic may be off, in radii."""
    each = deviations[:1] + tuple(d for d in deviations[1:] for _ in (0, 1))
    return np.array([CORRELATED * (NOISE / d) ** 2 for d in each])


def _ellipse(centre: tuple[float, float], c: Floats) -> Ellipse:
    """Return the ellipse whose distance from the centre has these first five Fourier coefficients."""
    stretch = min(math.hypot(c[3], c[4]), 0.5 * c[0])
    angle = 0.5 * math.atan2(c[4], c[3]) % math.pi
    return Ellipse(centre[0] + c[1], centre[1] - c[2], c[0] + stretch, c[0] - stretch, angle)


@dataclass(frozen=True, slots=True)
class Expected:
    """How a contour is expected to be.

    Attributes
    ----------
    loose : tuple of float
        How far its radius, centre, and harmonics from the second on may be off, in radii.
    spread : float
        Deviation of its edge, at least, in radii; what is off by 4.7 of it is an outlier.
    smear : bool
        Whether its edge may be wide, from motion or defocus, by the measure of its radius.
    bend : float
        How far radius, centre and second harmonic may still change when the others are fitted, in radii.
    """

    loose: tuple[float, ...]
    spread: float = 0.012
    bend: float = 0.03
    smear: bool = False


# 17 coefficients (Daugman 2007, IEEE Trans. SMC-B 37(5))
PUPIL_SHAPE = Expected((0.3, 0.3, 0.12, 0.06, 0.05, 0.03, 0.02, 0.015, 0.01), smear=True)
LIMBUS_SHAPE = Expected((0.2, 0.05, 0.06, 0.01, 0.005))
# What is hidden is continued as healthy eyes have it: half a circle fits a host of ellipses, and its ends, where lashes
# hang, decide on all that is hidden.
PUPIL_HIDDEN = Expected((0.3, 0.3, 0.02, 0.01, 0.008, 0.006, 0.005, 0.004, 0.003), 0.006, 0.01, smear=True)
LIMBUS_HIDDEN = Expected((0.2, 0.05, 0.015, 0.005, 0.003), 0.006, 0.01)


@dataclass(frozen=True, slots=True)
class Like:
    """The ellipse a contour is expected to be like; `along`: it is looked for along that, not along a circle."""

    shape: Ellipse
    along: bool


def _ellipse_around(centre: tuple[float, float], radii: Floats) -> Ellipse:
    """Return the ellipse with the area and the second moments of what these radii enclose (exact for an ellipse)."""
    turn, third = 2.0 * math.pi / len(radii), radii**3 / 3.0
    cosine, sine = contours.harmonics(len(radii), 1)[:, 1:].T
    area = 0.5 * turn * float(radii @ radii)
    dx, dy = (turn * float(third @ way) / area for way in (cosine, sine))
    fourth = radii**4 / 4.0
    xx, yy, xy = (turn * float(fourth @ product) / area for product in (cosine**2, sine**2, cosine * sine))
    xx, yy, xy = xx - dx * dx, yy - dy * dy, xy - dx * dy
    mean, half = 0.5 * (xx + yy), math.hypot(0.5 * (xx - yy), xy)
    a, b = 2.0 * math.sqrt(mean + half), 2.0 * math.sqrt(max(mean - half, 1e-6 * mean))
    return Ellipse(centre[0] + dx, centre[1] - dy, a, b, 0.5 * math.atan2(2.0 * xy, xx - yy) % math.pi)


def _trace(
    pyramid: Pyramid,
    circle: Circle,
    band: Band,
    least_side: float,
    sign: float,
    full: float,
    trust: Floats,
    centre: tuple[float, float] | None,
    expected: Expected,
    around: Circle | None = None,
    like: Like | None = None,
) -> Traced:
    """Trace one contour: unroll, find the path, fit an ellipse, then bend it where the edge wants it."""
    image, factor = pyramid.level(circle.r, least_side)
    c = circle.scaled(1.0 / factor)
    oval = like.shape if like and like.along else None
    profile = oval.profile(RAYS) if oval else None
    view = contours.unroll(image, (c.x, c.y), c.r, band, RAYS, profile)
    trust = trust[::STRIDE]
    until = None
    if around is not None:
        x, y = (around.x - circle.x) / factor, (around.y - circle.y) / factor
        until = contours.distance(x, y, locate.WITHIN * around.r / factor, RAYS)
    prior = np.array([c.r, 0.0, 0.0, 0.0, 0.0])
    if centre is not None:
        prior[1], prior[2] = centre[0] / factor - c.x, c.y - centre[1] / factor
    if like and not oval:  # gaze flattens both alike
        stretch, turn = 0.5 * (like.shape.a - like.shape.b) / like.shape.radius * c.r, 2.0 * like.shape.angle
        prior[3], prior[4] = stretch * math.cos(turn), stretch * math.sin(turn)
    spread, order = expected.spread * c.r, len(expected.loose) - 1
    along = partial(
        contours.trace, band=band, trust=trust, full=sign * full, prior=prior, tightness=_priors(expected.loose[:3]),
        least_spread=spread, relative=True, until=until,  # a strong edge has its place, too
    )  # fmt: skip
    radii, strength, round_ = along(view)
    if expected.smear and contours.sharpness(view, band, radii, *SMEAR) < SMEARED:  # it is steep over its whole width
        view = contours.unroll(image, (c.x, c.y), c.r, band, RAYS, profile, SMEAR_WIDTHS)
        radii, strength, round_ = along(view)
    prior = np.concatenate([round_.coefficients, np.zeros(2 * (order - 2))])
    weights = trust * strength * round_.keeps
    tight = _priors((expected.bend,) * 3 + expected.loose[3:])
    bent = contours.fit(radii, weights, prior, tight, least_spread=spread, start=round_.curve)
    keeps = np.minimum(round_.keeps, bent.keeps)
    curve = contours.harmonics(ANGLES, order) @ bent.coefficients
    curve = np.clip(curve, view.radii[0], view.radii[-1]) * factor
    at = circle.x, circle.y
    seen = trust * strength * keeps > SEEN
    shape, path = _ellipse(at, round_.coefficients * factor), radii * factor
    if oval:
        fitted = contours.harmonics(ANGLES, 2) @ round_.coefficients * factor * oval.profile()
        shape, path, curve = _ellipse_around(at, fitted), path * oval.profile(RAYS), curve * oval.profile()
    contour = Contour(*at, curve, shape, np.repeat(seen, STRIDE))
    whole = max(float(trust.sum()), 1.0)
    support = float((trust * strength * keeps).sum()) / whole
    share = float((trust * seen).sum()) / whole
    return Traced(contour, support, share, round_.spread / c.r, path)


def pupil(
    pyramid: Pyramid, circle: Circle, around: Circle, full: float, shown: Floats, *, dark: bool, band: Band = PUPIL
) -> Traced:
    """Trace the pupil within a limbus, where it is shown (0..1 for each angle)."""
    sign, side = 1.0 if dark else -1.0, LEAST_SIDE["pupil"]
    expected = PUPIL_SHAPE if shown.mean() > WHOLE else PUPIL_HIDDEN
    return _trace(pyramid, circle, band, side, sign, full, shown, None, expected, around)


def limbus(pyramid: Pyramid, circle: Circle, near: Ellipse, full: float, shown: Floats, *, whole: bool) -> Traced:
    """Trace the limbus where it is shown; its centre lies near that of the pupil.

    A flat pupil is out of shape, or that of an eye that looks aside: if the limbus turns out flat the same way, it is
    traced again along an ellipse.
    """
    trust, at = trust_in_limbus(ANGLES) * shown, (near.cx, near.cy)

    def traced(*, along: bool) -> Traced:
        like = Like(near, along=along)
        side, expected = LEAST_SIDE["limbus"], LIMBUS_SHAPE if whole else LIMBUS_HIDDEN
        return _trace(pyramid, circle, LIMBUS, side, 1.0, full, trust, at, expected, like=like)

    found = traced(along=False)
    shape = found.contour.shape
    alike = shape.flatness * math.cos(2.0 * (shape.angle - near.angle))
    aside = near.flatness > FLAT and alike > max(ALIKE, ALIKE_SHARE * near.flatness)
    return traced(along=True) if aside else found


def centred(contour: Contour) -> Contour:
    """Return the same curve around the centre of its shape, so that its angles do not depend on where it was begun."""
    shape = contour.shape
    points = contour.points()
    dx, dy = points[:, 0] - shape.cx, shape.cy - points[:, 1]
    turn = np.arctan2(dy, dx) % (2.0 * math.pi)
    order = np.argsort(turn)
    once = np.concatenate([order[-1:], order, order[:1]])  # round, and a point more on either side
    turn = turn[once]
    turn[0] -= 2.0 * math.pi
    turn[-1] += 2.0 * math.pi
    radii = np.interp(angles(), turn, np.hypot(dx, dy)[once])
    nearest = np.interp(angles(), turn, contour.seen[once].astype(np.float64))
    return Contour(shape.cx, shape.cy, radii, shape, nearest >= 0.5)


def circle_of(traced: Traced, like: Circle) -> Circle:
    """Return the circle of a contour's shape, to trace it again from there."""
    shape = traced.contour.shape
    return Circle(shape.cx, shape.cy, shape.radius, like.score, like.way)


def shown(contour: Contour, upper: Floats, lower: Floats, margin: float, fringe: float) -> Floats:
    """Return 1 for each angle at which a contour is clear of the upper lid's fringe and the lower's margin, px."""
    points = contour.points()
    clear = np.ones(ANGLES)
    if len(upper):
        clear *= points[:, 1] > np.interp(points[:, 0], upper[:, 0], upper[:, 1]) + fringe
    if len(lower):
        clear *= points[:, 1] < np.interp(points[:, 0], lower[:, 0], lower[:, 1]) - margin
    return clear


def beside_iris(pyramid: Pyramid, traced: Traced, reach: float, iris: Tone, *, outside: bool) -> Floats:
    """Return 1 for each angle at which the iris' side of an edge may be iris, else 0.

    Outside the pupil a reflection may lie, inside the limbus lashes: their edges are not the eye's.
    """
    contour = traced.contour
    image, factor = pyramid.level(contour.radius, LEAST_SIDE["pupil" if outside else "limbus"])
    near, far = (traced.path + sign * reach * (1.0 if outside else -1.0) for sign in BESIDE)
    ends = np.minimum(near, far), np.maximum(near, far)
    at = contour.cx / factor, contour.cy / factor
    grey = kernel.rays(image, at, np.maximum(ends[0], 0.0) / factor, np.maximum(ends[1], 1.0) / factor, 4)
    seen = contours.medians(grey)
    if outside:
        clear = seen < iris.level + GLARE * (255.0 - iris.level)
    else:
        clear = (seen > iris.level - SHADED * iris.deviation) | (seen < 0)
    return np.repeat(clear.astype(np.float64), STRIDE)


def strayed(pyramid: Pyramid, traced: Traced, reach: float, iris: Tone, hole: Tone) -> bool:
    """Whether iris lies within a dark pupil's edge on so many rays that the edge is none of the pupil's."""
    if iris.level - hole.level < SHADED * iris.deviation:
        return False
    contour = traced.contour
    image, factor = pyramid.level(contour.radius, LEAST_SIDE["pupil"])
    far, near = (np.maximum(contour.radii - side * reach, 1.0) / factor for side in WITHIN)
    grey = kernel.rays(image, (contour.cx / factor, contour.cy / factor), near, np.maximum(far, near), 4)
    seen, glare = contours.medians(grey), iris.level + GLARE * (255.0 - iris.level)
    light = (seen > hole.level + PUPIL_LEVEL * (iris.level - hole.level)) & (seen < glare)
    return float(light[_below()].mean()) > STRAYED


def darkest(pyramid: Pyramid, contour: Contour, like: Circle) -> Circle | None:
    """Return the disc that the darker of the two tones within a contour fills, if it is one."""
    image, factor = pyramid.level(contour.radius, LEAST_SIDE["pupil"])
    points = contour.points() / factor
    x0, y0 = np.maximum(np.floor(points.min(axis=0)).astype(int), 0)
    x1, y1 = np.ceil(points.max(axis=0)).astype(int) + 1
    patch = np.ascontiguousarray(image[y0:y1, x0:x1])
    within = np.zeros(patch.shape, np.uint8)
    cv2.fillPoly(within, [np.round((points - (x0, y0)) * 16).astype(np.int32)], 1, shift=4)
    if not within.any():
        return None
    level, _ = cv2.threshold(patch[within > 0], 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    dark = cv2.morphologyEx(
        ((patch <= level) & (within > 0)).astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)
    )
    count, _, stats, centres = cv2.connectedComponentsWithStats(dark, connectivity=4)
    if count < 2:
        return None
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    width, height = (float(stats[largest, k]) for k in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT))
    x, y = (float(c) for c in centres[largest])
    filling, ratio = stats[largest, cv2.CC_STAT_AREA] / (width * height), min(width, height) / max(width, height)
    if min(filling, ratio) < DISC:
        return None
    return Circle(x + x0, y + y0, 0.25 * (width + height), like.score, like.way).scaled(factor)


def with_lobes(pyramid: Pyramid, pupil: Contour, limbus: Contour, iris: Tone, hole: Tone, lower_lid: Floats) -> Contour:
    """Return the pupil with what it opens into beside and below, which no smooth curve follows (coloboma)."""
    middle = 0.5 * (iris.level + hole.level)
    if iris.level - middle < SHADED * iris.deviation:
        return pupil
    image, factor = pyramid.level(limbus.radius, LEAST_SIDE["limbus"])
    near = LOBE_FROM * pupil.radii
    far = np.maximum(near, LOBE_TO * reach_of(limbus, pupil.cx, pupil.cy))
    grey = kernel.rays(image, (pupil.cx / factor, pupil.cy / factor), near / factor, far / factor, LOBE_SAMPLES)
    light = (grey > middle) | (grey < 0)
    ends = np.where(light.any(axis=1), light.argmax(axis=1), LOBE_SAMPLES) - 0.5
    edge = near + np.maximum(ends, 0.0) * (far - near) / (LOBE_SAMPLES - 1)
    deep = (edge > pupil.radii + LOBE_DEPTH * limbus.radius) & _below()
    wide = cv2.morphologyEx(
        np.tile(deep.astype(np.uint8), 3)[None, :], cv2.MORPH_OPEN, np.ones((1, LOBE_WIDTH), np.uint8)
    )[0, ANGLES : 2 * ANGLES].astype(bool)
    if not wide.any():
        return pupil
    if len(lower_lid):  # what ends at a lid is its shadow
        x, y = (edge[:, None] * directions() + (pupil.cx, pupil.cy)).T
        lid = np.interp(x, lower_lid[:, 0], lower_lid[:, 1], left=np.inf, right=np.inf)
        if (wide & (y > lid - LOBE_DEPTH * limbus.radius)).any():
            return pupil
    # the walls of a lobe are steep: what is beside it counts as far as it lies beyond the smooth curve
    around = cv2.dilate(np.tile(wide.astype(np.uint8), 3)[None, :], np.ones((1, LOBE_WIDTH), np.uint8))
    beside = around[0, ANGLES : 2 * ANGLES].astype(bool)
    radii = np.where(beside, np.maximum(edge, pupil.radii), pupil.radii)
    return Contour(pupil.cx, pupil.cy, radii, pupil.shape, pupil.seen | wide)


def reach_of(contour: Contour, x: float, y: float) -> Floats:
    """Return how far a contour's shape is from a place inside it, at each angle: px, to first order."""
    return contours.distance(contour.shape.cx - x, contour.shape.cy - y, contour.radius, ANGLES)


def has_ring(pyramid: Pyramid, limbus: Contour, in_sight: Floats) -> bool:
    """Whether grey levels rise and fall again just inside the limbus, where it is in sight (arcus senilis)."""
    image, factor = pyramid.level(limbus.radius, LEAST_SIDE["limbus"])
    outer = limbus.radii / factor
    grey = kernel.rays(image, (limbus.cx / factor, limbus.cy / factor), RING_FROM * outer, outer, RING_SAMPLES)
    rays = (in_sight > 0) & (trust_in_limbus(ANGLES) > 0.9) & (grey.min(axis=1) >= 0)
    if np.count_nonzero(rays) < RING_RAYS:
        return False
    profile = contours.medians(grey[rays].T)
    top = int(profile[:-2].argmax())
    rise = float(profile[top] - profile[: RING_SAMPLES // 4].mean())
    fall = float(profile[top] - profile[top:].min())
    return rise > RING_RISE and fall > RING_FALL * rise


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """The curves of an eye, the tones of its iris and pupil, and whether a bright ring runs inside its limbus."""

    pupil: Traced
    limbus: Traced
    upper_lid: Floats
    lower_lid: Floats
    iris: Tone
    hole: Tone
    ring: bool


def crosses(pupil: Contour, limbus: Contour) -> bool:
    """Whether the pupil reaches beyond the limbus anywhere."""
    points = pupil.points()
    dx, dy = points[:, 0] - limbus.cx, limbus.cy - points[:, 1]
    return bool((np.hypot(dx, dy) >= limbus.towards(np.arctan2(dy, dx))).any())


def _apart(a: Circle, b: Circle) -> float:
    """Return by how much two circles differ, in radii."""
    return max(math.hypot(a.x - b.x, a.y - b.y), abs(a.r - b.r)) / b.r


def eye(pixels: GreyImage, found: locate.Eye) -> Outline:
    """Trace pupil, limbus and lids; then again without what the lids turned out to hide."""
    pyramid = Pyramid(pixels)
    full = full_step(pixels)
    inner, outer = found.pupil, found.limbus
    in_sight = out_sight = np.ones(ANGLES)
    for turn in range(PASSES):
        p = pupil(pyramid, inner, outer, full, in_sight, dark=found.dark)
        o = limbus(pyramid, outer, p.contour.shape, full, out_sight, whole=in_sight.mean() > WHOLE)
        iris, hole = lids.iris_tone(pyramid, p.contour, o.contour), lids.pupil_tone(pyramid, p.contour)
        if found.dark and strayed(pyramid, p, outer.r, iris, hole):
            nearer = pupil(pyramid, found.pupil, outer, full, in_sight, dark=True, band=NARROW)
            if strayed(pyramid, nearer, outer.r, iris, hole) and (disc := darkest(pyramid, p.contour, found.pupil)):
                nearer = pupil(pyramid, disc, outer, full, in_sight, dark=True, band=NARROW)
                hole = lids.pupil_tone(pyramid, nearer.contour)
            if not strayed(pyramid, nearer, outer.r, iris, hole):
                p, o = (
                    nearer,
                    limbus(pyramid, outer, nearer.contour.shape, full, out_sight, whole=in_sight.mean() > WHOLE),
                )
                iris, hole = lids.iris_tone(pyramid, p.contour, o.contour), lids.pupil_tone(pyramid, p.contour)
        upper, lower = lids.find(pyramid, p.contour, o.contour, iris, hole)
        before = inner, outer
        inner, outer = circle_of(p, inner), circle_of(o, outer)
        margin = LID_MARGIN * outer.r
        in_sight, out_sight = (shown(c, upper, lower, margin, LASHES * outer.r) for c in (p.contour, o.contour))
        in_sight *= beside_iris(pyramid, p, outer.r, iris, outside=True)
        out_sight *= beside_iris(pyramid, o, outer.r, iris, outside=False)
        trust = trust_in_limbus(ANGLES)
        hidden = max(1.0 - in_sight.mean(), 1.0 - (trust * out_sight).sum() / trust.sum())
        stayed = turn > 0 and all(_apart(a, b) < STAYED for a, b in zip(before, (inner, outer), strict=True))
        if hidden < HARMLESS or stayed or turn + 1 == PASSES:
            break
    p, o = (replace(traced, contour=centred(traced.contour)) for traced in (p, o))
    if found.dark:
        p = replace(p, contour=with_lobes(pyramid, p.contour, o.contour, iris, hole, lower))
    return Outline(p, o, upper, lower, iris, hole, has_ring(pyramid, o.contour, out_sight))
