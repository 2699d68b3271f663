"""What an eye's picture physically is: cover, greys, detail, geometry.

Lengths are in iris radii and greys relative to the eye's own wherever that is possible, so that one set of rules
serves small and large irises, dark and bright pictures.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass, fields

import numpy as np

from biocore.iris import around, detail, zones
from biocore.iris.segmentation import Contour, Ellipse, Segmentation
from biocore.iris.zones import ROWS, Floats, Zones
from biocore.types import GreyImage

DARKEST = 0.01  # share of the eye's pixels that are at most as bright as its dark reference
NEIGHBOURHOOD = 1.6  # iris radii around the eye that the dark reference is taken from
CORE = slice(0, 26)  # rows of the pupil's strip: up to 0.8 of its radius (ISO/IEC 29794-6, 6.2.2)
NEAR_PUPIL = slice(2, 16)  # rows of the iris: from about 1.1 pupil radii to half of the way
NEAR_LIMBUS = slice(16, 29)  # from half of the way to about 0.9 limbus radii
SCLERA = slice(8, 16)  # rows outside: 1.1 to 1.2 limbus radii
HARMONICS = 16  # of the pupil's boundary (ISO/IEC 29794-6, 6.2.4)
SECTORS = 16  # of the circle that a ring is looked for in
LEAST_SECTORS = 3
RING_CLEAR = 0.6  # of a column that lids and reflections must leave
LOBE_LEVEL = 0.35  # of the step from pupil to iris; darker is pupil
LEAST_RANGE = 4.0  # grey levels; smaller differences are noise
RING_WITHIN = 18  # rows from mid-iris; a ring's peak lies inside the limbus (row 16), or on one drawn a little small
HAIR = 0.7  # of the iris' grey; lashes are darker, the shadow of a lid hardly ever is
BEYOND = 0.2  # of the step to the sclera: lids and wet sclera make rings of that height outside nearly every limbus


@dataclass(frozen=True, slots=True)
class IrisPhysics:
    """Every quantity the components, the causes and the score are concluded from; shares are 0..1, NaN = not seen.

    Attributes
    ----------
    pupil_grey, iris_grey, sclera_grey, dark_grey : float
        Median grey levels, and the level of the darkest hundredth of the eye's surroundings.
    inner_grey, outer_grey : float
        Median grey levels of the inner and of the outer half of the iris.
    usable_share, lid_share, lash_share, specular_share : float
        Of the ring between pupil and limbus: uncovered, and covered by what; lashes are what is as dark as hair, which
        shadows, although they are masked too, are not.
    strand_share : float
        Of the ring: crossed by strands, whether they were taken for a lid or not.
    upper_cover : float
        How far down the upper lid reaches, of the limbus' diameter, at the middle of the iris.
    pupil_cover : float
        Share of the pupil that lids cover.
    pupil_step : float
        Step of grey levels from pupil to iris by the step from iris to sclera.
    pupil_haze : float
        Grey of the pupil between the dark reference (0) and the iris (1); above 1 it is brighter than the iris.
    pupil_mottle : float
        Unevenness of the pupil, of the iris' grey above the dark reference.
    pupil_lobe : float
        Share of the ring, but for its top, that is as dark as the pupil and goes on from its edge.
    ring_height : float
        Prominence of a bright ring inside the limbus, of the step from iris to sclera.
    roundness_loss : float
        Mean square of the harmonics of the pupil's boundary, in squared per cent of its radius.
    dilation : float
        Pupil radius by iris radius.
    offset : float
        Distance of the centres, in iris radii.
    tilt : float
        Angle of the optical axis that the ellipses of limbus and pupil agree on, degrees.
    iris_radius : float
        px.
    relative_radius : float
        Of the picture's shorter side.
    margins : float
        Least margin, in units of what is required (0.6 iris radii beside, 0.2 above and below); negative where cut.
    entropy : float
        Of the grey levels of the eye, bits.
    sharpness : float
        Power of the response of ISO/IEC 29794-6, 6.2.10.
    fine_detail, coarse_detail : float
        Root mean square of two bands of the iris' texture, without noise, of its grey level.
    noise : float
        Deviation of white noise on the iris, of its grey level.
    edge_width : float
        Of the pupil's edge, in iris radii.
    edge_stretch : float
        How much wider that edge is in one direction than across, share.
    interlace : float
        Energy of the difference between neighbouring rows by that of neighbouring columns, less 1.
    rim_length : float
        Extent of the longest dark band with sharp edges around the eye, iris radii.
    glare_share : float
        Area of compact reflections beside the iris, of the iris' area.
    confidence : float
        Of the segmentation.
    """

    pupil_grey: float
    iris_grey: float
    sclera_grey: float
    dark_grey: float
    inner_grey: float
    outer_grey: float
    usable_share: float
    lid_share: float
    lash_share: float
    specular_share: float
    strand_share: float
    upper_cover: float
    pupil_cover: float
    pupil_step: float
    pupil_haze: float
    pupil_mottle: float
    pupil_lobe: float
    ring_height: float
    roundness_loss: float
    dilation: float
    offset: float
    tilt: float
    iris_radius: float
    relative_radius: float
    margins: float
    entropy: float
    sharpness: float
    fine_detail: float
    coarse_detail: float
    noise: float
    edge_width: float
    edge_stretch: float
    interlace: float
    rim_length: float
    glare_share: float
    confidence: float


QUANTITIES = tuple(field.name for field in fields(IrisPhysics))


def measure(pixels: GreyImage, seg: Segmentation) -> IrisPhysics:
    """Measure a segmented eye.

    Parameters
    ----------
    pixels : uint8 array (height, width)
    seg : Segmentation
        Of these pixels.

    Returns
    -------
    IrisPhysics
    """
    view = zones.unroll(pixels, seg)
    greys = _greys(pixels, seg, view)
    fine = detail.measure(pixels, seg, greys["iris_grey"])
    edge = detail.pupil_edge(pixels, seg)
    glasses = around.spectacles(pixels, seg, greys["iris_grey"])
    return IrisPhysics(
        **greys,
        **_cover(seg, view, greys),
        strand_share=around.strands(pixels, seg, greys["iris_grey"]),
        **_pupil(view, greys),
        ring_height=ring_height(view, greys),
        roundness_loss=roundness_loss(seg.pupil, edge.radii),
        **_geometry(pixels, seg, edge.radii),
        sharpness=fine.sharpness,
        fine_detail=fine.fine,
        coarse_detail=fine.coarse,
        noise=fine.noise,
        entropy=fine.entropy,
        interlace=fine.interlace,
        edge_width=edge.width / seg.limbus.radius,
        edge_stretch=edge.stretch,
        rim_length=glasses.rim,
        glare_share=glasses.glare,
        confidence=seg.confidence.value,
    )


def _greys(pixels: GreyImage, seg: Segmentation, view: Zones) -> dict[str, float]:
    r = NEIGHBOURHOOD * seg.limbus.radius
    x, y, (height, width) = seg.limbus.shape.cx, seg.limbus.shape.cy, pixels.shape
    part = pixels[
        max(0, math.floor(y - r)) : min(height, math.ceil(y + r)),
        max(0, math.floor(x - r)) : min(width, math.ceil(x + r)),
    ]
    histogram = np.bincount(part.ravel(), minlength=256)
    histogram[0] = 0  # a black border is no part of the eye
    cumulated = np.cumsum(histogram)
    dark = float(np.searchsorted(cumulated, DARKEST * cumulated[-1])) if cumulated[-1] else 0.0
    return {
        "pupil_grey": view.pupil.level(CORE),
        "iris_grey": view.iris.level(slice(2, 29), view.trusted),
        "sclera_grey": view.outside.level(SCLERA, view.sides),
        "dark_grey": dark,
        "inner_grey": view.iris.level(NEAR_PUPIL),
        "outer_grey": view.iris.level(NEAR_LIMBUS),
    }


def _cover(seg: Segmentation, view: Zones, greys: dict[str, float]) -> dict[str, float]:
    """Shares of the whole ring, also of what lies outside the picture."""
    ring = max(1.0, zones.area(seg.limbus) - zones.area(seg.pupil))
    annulus, disc = zones.ring(seg), zones.inside(seg.pupil, seg.mask.shape)
    lid = seg.upper_lid
    cx, cy, r = seg.limbus.shape.cx, seg.limbus.shape.cy, seg.limbus.radius
    reach = 0.0  # of the upper lid, in diameters
    if len(lid) and lid[0, 0] - 0.3 * r <= cx <= lid[-1, 0] + 0.3 * r:
        reach = (float(np.interp(cx, lid[:, 0], lid[:, 1])) - (cy - r)) / (2.0 * r)
    inner = slice(2, ROWS - 3)  # the borders themselves are as unlike iris as lashes are
    odd = view.uncovered.clear[inner] & ~view.iris.clear[inner]
    dark = view.iris.grey[inner] < HAIR * greys["iris_grey"]
    return {
        "usable_share": min(1.0, float(np.count_nonzero(seg.mask)) / ring),
        "lid_share": min(1.0, float(np.count_nonzero(seg.lids & annulus)) / ring),
        "lash_share": float(np.mean(odd & dark)),
        "specular_share": _reflections(seg, view, greys),
        "upper_cover": max(0.0, reach),
        "pupil_cover": float(np.count_nonzero(seg.lids & disc)) / max(1.0, float(np.count_nonzero(disc))),
    }


def _reflections(seg: Segmentation, view: Zones, greys: dict[str, float]) -> float:
    """Return the share of the iris, where lids come last, that lamps and glare of any size hide."""
    sclera = greys["sclera_grey"] if math.isfinite(greys["sclera_grey"]) else greys["iris_grey"]
    bright = view.iris.grey[2 : ROWS - 3] > max(0.5 * (sclera + 255.0), sclera + LEAST_RANGE)
    return float(np.mean(bright[:, view.trusted]))


def _pupil(view: Zones, greys: dict[str, float]) -> dict[str, float]:
    core = view.pupil.grey[CORE]
    values = core[view.pupil.clear[CORE]]
    if not values.size or not math.isfinite(greys["iris_grey"]):
        return dict.fromkeys(("pupil_haze", "pupil_mottle", "pupil_step", "pupil_lobe"), math.nan)
    span = max(greys["iris_grey"] - greys["dark_grey"], LEAST_RANGE)
    middle = greys["pupil_grey"] + LOBE_LEVEL * (greys["iris_grey"] - greys["pupil_grey"])
    lobe = np.logical_and.accumulate(view.uncovered.grey[2:, view.sine < zones.TRUSTED[1]] < middle, axis=0)
    spread = float(np.percentile(values, 90) - np.percentile(values, 10))
    return {
        "pupil_haze": (greys["pupil_grey"] - greys["dark_grey"]) / span,
        "pupil_mottle": spread / span,
        "pupil_lobe": float(np.mean(lobe)),
        "pupil_step": (greys["iris_grey"] - greys["pupil_grey"]) / _outer_step(greys),
    }


def _outer_step(greys: dict[str, float]) -> float:
    """Return the step of grey levels from iris to sclera; that of a picture without sclera cannot be told."""
    step = greys["sclera_grey"] - greys["iris_grey"]
    return max(step, LEAST_RANGE) if math.isfinite(step) else 255.0


def ring_height(view: Zones, greys: dict[str, float]) -> float:
    """Return the prominence of a bright ring between mid-iris and limbus, of the step from iris to sclera.

    Sectors that no lid covers are looked at one by one, since a ring need not be concentric with the contour: in each,
    of the peaks of the radial profile the one that stands out most on both sides. A limbus has none: greys rise to
    the sclera and stay there. The median over the sectors leaves texture and single vessels out. A ring outside the
    limbus counts where it is so high that its inner edge must have been taken for the limbus.
    """
    half = ROWS // 2
    grey = np.concatenate([view.uncovered.grey[half:], view.outside.grey[: 3 * half // 2]])  # 0 outside the picture
    clear = np.concatenate([view.uncovered.clear[half:], view.outside.clear[: 3 * half // 2]])
    columns = clear.mean(axis=0) > RING_CLEAR
    columns &= view.trusted | view.sides
    sectors = grey.reshape(len(grey), SECTORS, -1)
    seen_at = (clear | (grey > 0.0)).reshape(len(clear), SECTORS, -1)  # a bright ring may be taken for a reflection
    shown = columns.reshape(SECTORS, -1)
    heights = []
    for k in np.flatnonzero(shown.mean(axis=1) > 0.5):
        seen = seen_at[:, k, shown[k]]
        rows = seen.any(axis=1)
        profile = (sectors[:, k, shown[k]] * seen).sum(axis=1)[rows] / seen.sum(axis=1)[rows]
        profile = np.convolve(np.pad(profile, 1, mode="edge"), np.full(3, 1.0 / 3.0), mode="valid")
        left = profile - np.minimum.accumulate(profile)
        right = profile - np.minimum.accumulate(profile[::-1])[::-1]
        peaks = np.minimum(left, right)
        within = peaks[np.flatnonzero(rows) < RING_WITHIN]
        heights.append((float(within.max(initial=0.0)), float(peaks.max())))
    if len(heights) < LEAST_SECTORS:
        return math.nan
    inside, anywhere = np.median(heights, axis=0) / _outer_step(greys)
    return float(max(inside, anywhere - BEYOND))


def roundness_loss(contour: Contour, shown: Floats | None = None) -> float:
    """Return half the sum of squares of the boundary's harmonics, its radii in per cent of their mean.

    Parameters
    ----------
    contour : Contour
    shown : float64 array (ANGLES,) or None
        Where the edge itself lies on each ray from the shape's centre, px; None: the contour is taken.
    """
    centre = (contour.shape.cx, contour.shape.cy)
    if shown is None:
        x, y = contour.points().T
    else:
        turn = zones.TURN
        x, y = centre[0] + shown * np.cos(turn), centre[1] - shown * np.sin(turn)
    cross = x * np.roll(y, -1) - np.roll(x, -1) * y
    total = 3.0 * cross.sum()
    cx = float(((x + np.roll(x, -1)) * cross).sum() / total)
    cy = float(((y + np.roll(y, -1)) * cross).sum() / total)
    turn, radius = np.arctan2(cy - y, x - cx) % (2.0 * math.pi), np.hypot(x - cx, y - cy)
    order = np.argsort(turn, kind="stable")
    radii = np.interp(zones.TURN, turn[order], radius[order], period=2.0 * math.pi)
    c = np.fft.rfft(radii)[1 : HARMONICS + 1] / radii.sum() * 100.0
    return float((np.abs(c) ** 2).sum()) * 2.0


def _geometry(pixels: GreyImage, seg: Segmentation, edge: Floats | None) -> dict[str, float]:
    height, width = pixels.shape
    e, p = seg.limbus.shape, seg.pupil.shape
    # Seen from the side both are flattened, the same way: what only one of them shows is shape, or an error.
    both = _flatness(e) * (_flatness(p) if edge is None else _edge_flatness(edge)).conjugate()
    flatness = math.sqrt(max(0.0, both.real))
    r = seg.limbus.radius
    x, y = e.cx + 0.5, e.cy + 0.5  # from the picture's corner
    margins = min((x - r) / 0.6, (width - x - r) / 0.6, (y - r) / 0.2, (height - y - r) / 0.2) / r
    return {
        "dilation": seg.dilation,
        "offset": math.hypot(p.cx - e.cx, p.cy - e.cy) / r,
        "tilt": math.degrees(math.acos((1.0 - flatness) / (1.0 + flatness))),
        "iris_radius": r,
        "relative_radius": r / min(height, width),
        "margins": margins,
    }


def _flatness(e: Ellipse) -> complex:
    """Return (a - b) / (a + b), turned by twice the direction of the longer axis."""
    return cmath.rect((e.a - e.b) / (e.a + e.b), 2.0 * e.angle)


def _edge_flatness(radii: Floats) -> complex:
    """Return the same of an edge by its distance from the centre: its second harmonic."""
    return 2.0 * complex(np.fft.rfft(radii)[2]).conjugate() / float(radii.sum())
