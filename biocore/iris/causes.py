"""Why an eye's picture is poor: physics in, causes out, most confident first. A good picture has none.

A cause is a logistic ramp over the quantities that its physics names: a cloudy lens lights the pupil up, arcus is a
ring that is brighter than what lies on both sides of it, defocus takes the fine detail and widens the pupil's edge
all round, motion widens it in one direction.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from biocore.iris.physics import IrisPhysics
from biocore.report import Cause, CauseName

LISTED = 0.5  # confidence from which a cause is listed

# CLOUDY: grey of the pupil between the picture's dark reference and the iris. Clear pupils have 0 to 0.07, since
# nothing is darker; a lens that scatters a fifth of what the iris does is one that can be seen.
HAZE = 0.20
STEP = 0.45  # of the step from iris to sclera; clear pupils have 0.6 and more
LIT = 0.35  # of the iris' grey; clear pupils have up to 0.3
# A thin cloud: a little of each. Clear pupils have a haze of 0.01 to 0.06, 0.03 to 0.2 of unevenness, and 0.15 to 0.34
# of the iris' grey, behind glass up to 0.42 with no unevenness; thin clouds 0.41 to 0.48, with 0.07 to 0.12 of it.
THIN = (0.05, 0.09, 0.37)
MOST_UNEVEN, MOST_LIT = 0.3, 0.5  # more of them says nothing more: reflections, and low contrast
VEILED = 0.72  # of the iris' grey; a cloud as bright is no thin one, and what is lit so is the whole picture
NOISY = 0.05  # of the step from the dark reference to the iris
SKIN = 1.72  # by the iris' grey; a white lens has up to 1.6, a lid 1.6 to 2.4
# ARCUS: prominence of a ring by the step from iris to sclera. Clear corneas have up to 0.07 of texture.
RING = 0.09
# LID: a lid reaches over the pupil (margin reflex distance below 2 mm, a third of the iris radius, is a ptosis).
LID_ON_PUPIL = 0.11  # of the pupil
LID_REACH = 0.345  # of the limbus' diameter
LID_SHARE = 0.45  # of the iris
# LASHES: what strands cross of the iris, and what is as dark as hair, without the gaps that would show strands.
# Ordinary lashes have up to 0.3 of both together.
HAIR = 0.33
GAPS = 0.1  # of ring height: what iris between lashes adds
GLARE = 0.02  # of the iris' area, beside it: a lamp in both faces of a lens; eyes without spectacles have none
RIM = 3.0  # iris radii that a rim extends over; 18 mm
REFLECTION = 0.14  # of the iris
RATIO = (0.20, 0.69)  # pupil by iris radius; ISO/IEC 29794-6:2015, 6.2.7, with 0.01 for how exactly it is drawn
# IRREGULAR_PUPIL: squared per cent; an oval pupil whose axes differ by a fifth has 12.
IRREGULAR = 9.0
UNSURE = 0.7  # px; how exactly an edge can be drawn. A pupil of 10 px looks out of round by 7 % of its radius
LOBE = 0.03  # of the ring: pupil beyond the contour that was traced, as a keyhole's
TILT = 24.0  # degrees; ellipses tell small angles badly
# DEFOCUS: what is left of the fine detail, and how wide the pupil's edge is, in iris radii. Sharp pictures have
# 0.016 to 0.04 and 0.02 to 0.07.
FINE = 0.0125
EDGE = 0.068
SHARP = -0.25  # log; sharper edges than this say nothing more: contrast may be lost without any blur
# MOTION: how much wider the edge is along the way. Still pictures have up to 0.2.
STRETCH = 0.22
# FAR: ISO/IEC 19794-6 and IREX want 80 px; a tenth less is no reason to speak of it.
FAR_RADIUS = 74.0
NEAR_MARGIN = 0.7  # of what is required; ISO/IEC 29794-6 wants 0.8 of it
NEAR_RADIUS = 0.38  # of the picture's shorter side

# A small iris is certain, but what else is wrong with it matters more.
CEILING = {CauseName.FAR: 0.6, CauseName.NEAR: 0.9, CauseName.LASHES: 0.9}

EVIDENCE: dict[CauseName, tuple[tuple[str, str], ...]] = {  # quantity, and the name with its unit
    CauseName.CLOUDY: (
        ("pupil_haze", "pupil_grey_share_of_iris"),
        ("pupil_grey", "pupil_grey"),
        ("iris_grey", "iris_grey"),
        ("pupil_mottle", "pupil_unevenness_share_of_iris"),
    ),
    CauseName.ARCUS: (("ring_height", "ring_height_share_of_sclera_step"),),
    CauseName.LID: (
        ("upper_cover", "upper_lid_depth_share_of_iris_diameter"),
        ("pupil_cover", "covered_pupil_share"),
        ("lid_share", "lid_covered_iris_share"),
    ),
    CauseName.LASHES: (
        ("lash_share", "lash_covered_iris_share"),
        ("strand_share", "strand_crossed_iris_share"),
    ),
    CauseName.SPECTACLES: (
        ("glare_share", "glare_beside_iris_share_of_iris_area"),
        ("rim_length", "rim_length_iris_radii"),
    ),
    CauseName.SMALL_PUPIL: (("dilation", "pupil_radius_share_of_iris"),),
    CauseName.WIDE_PUPIL: (("dilation", "pupil_radius_share_of_iris"),),
    CauseName.IRREGULAR_PUPIL: (
        ("roundness_loss", "boundary_harmonics_percent_squared"),
        ("pupil_lobe", "pupil_beyond_contour_share_of_iris"),
    ),
    CauseName.REFLECTION: (("specular_share", "reflection_covered_iris_share"),),
    CauseName.GAZE: (("tilt", "gaze_angle_degrees"),),
    CauseName.DEFOCUS: (
        ("fine_detail", "fine_detail_share_of_iris_grey"),
        ("edge_width", "pupil_edge_width_iris_radii"),
    ),
    CauseName.MOTION: (
        ("edge_stretch", "pupil_edge_stretch_share"),
        ("edge_width", "pupil_edge_width_iris_radii"),
    ),
    CauseName.NEAR: (("iris_radius", "iris_radius_px"), ("margins", "margin_share_of_required")),
    CauseName.FAR: (("iris_radius", "iris_radius_px"),),
}


def logistic(x: float) -> float:
    """Return 1 / (1 + exp(-x)), without overflow; 0 for NaN: what cannot be told is no cause."""
    return 0.0 if math.isnan(x) else 0.5 * (1.0 + math.tanh(0.5 * x))


def conclude(p: IrisPhysics) -> tuple[Cause, ...]:
    """Say why a segmented eye's picture is poor.

    Returns
    -------
    tuple of Cause
        Most confident first, from a confidence of 0.5 on; empty for a good picture.
    """
    found = {name: min(CEILING.get(name, 1.0), rule(p)) for name, rule in RULES.items()}
    listed = sorted((-round(value, 4), name) for name, value in found.items() if value >= LISTED)
    return tuple(Cause(name, -value, _evidence(name, p)) for value, name in listed)


def _evidence(name: CauseName, p: IrisPhysics) -> dict[str, float]:
    values = ((label, float(getattr(p, item))) for item, label in EVIDENCE[name])
    return {label: round(value, 4) for label, value in values if math.isfinite(value)}


def _cloudy(p: IrisPhysics) -> float:
    """Say how surely the pupil is lit up by something in it.

    It is brighter than the darkest of the picture; or, where nothing else is dark, it is close to the iris although the
    iris is not close to the sclera, as it would be behind a veil over the whole picture; or it is a little of that, and
    uneven, and its edge is sharp. What is as bright as skin is skin, and a large reflection lights a pupil up too.
    """
    lit = p.pupil_grey / max(p.iris_grey, 1.0)
    close = logistic(15.0 * (STEP - p.pupil_step)) * logistic(25.0 * (lit - LIT))
    thin = logistic(2.0 * _thin(p, lit)) * logistic(40.0 * (lit - LIT)) * logistic(40.0 * (VEILED - lit))
    cloud = max(logistic(25.0 * (p.pupil_haze - HAZE)), close, thin)
    return cloud * (1.0 - _skin(p)) * (1.0 - 0.5 * _reflection(p))


def _thin(p: IrisPhysics, lit: float) -> float:
    """Return the log odds of a thin cloud; noise, blur and lids make a pupil uneven and its darkest parts darker."""
    odds = 30.0 * (p.pupil_haze - THIN[0]) + 10.0 * (min(p.pupil_mottle, MOST_UNEVEN) - THIN[1])
    odds += 12.0 * (min(lit, MOST_LIT) - THIN[2])
    noise = p.noise * p.iris_grey / max(p.iris_grey - p.dark_grey, 1.0)
    return odds - 12.0 * max(0.0, _blur(p) + 0.1) - 20.0 * p.pupil_cover - 60.0 * max(0.0, noise - NOISY)


def _skin(p: IrisPhysics) -> float:
    """Say how surely what is taken for the pupil is a lid before it."""
    return logistic(40.0 * (p.pupil_grey / max(p.iris_grey, 1.0) - SKIN))


def _arcus(p: IrisPhysics) -> float:
    return logistic(40.0 * (p.ring_height - GAPS * _lashes(p) - RING))


def _lid(p: IrisPhysics) -> float:
    """Say how surely a lid hangs over the iris and into the pupil: less, where what was taken for one is lashes."""
    covered = 20.0 * (p.pupil_cover - LID_ON_PUPIL) + 20.0 * (p.upper_cover - LID_REACH)
    seen = logistic(covered + 8.0 * (p.lid_share - LID_SHARE)) * (1.0 - 0.4 * _lashes(p))
    return max(seen, _skin(p))


def _lashes(p: IrisPhysics) -> float:
    """Say how surely lashes hang over the iris, whether the segmentation took them for lashes or for a lid."""
    return logistic(30.0 * (p.strand_share + p.lash_share - HAIR))


def _spectacles(p: IrisPhysics) -> float:
    """Say how surely there is glass before the eye: compact reflections beside the iris, or a rim."""
    return max(logistic(150.0 * (p.glare_share - GLARE)), logistic(2.5 * (p.rim_length - RIM)))


def _small_pupil(p: IrisPhysics) -> float:
    return logistic(60.0 * (RATIO[0] - p.dilation))


def _wide_pupil(p: IrisPhysics) -> float:
    return logistic(60.0 * (p.dilation - RATIO[1]))


def _irregular_pupil(p: IrisPhysics) -> float:
    """Say how surely the pupil is not round.

    Not where a lid or cloud hides it, gaze, motion or a reflection deforms it, or it is too small to tell.
    """
    hidden = 40.0 * p.pupil_cover + 60.0 * max(0.0, p.pupil_haze - 0.5 * HAZE)
    deformed = max(_gaze(p), _motion(p), _reflection(p), _small_pupil(p))
    drawn = (100.0 * UNSURE / max(p.dilation * p.iris_radius, 1.0)) ** 2
    torn = max(0.5 * (p.roundness_loss - IRREGULAR - drawn), 150.0 * (p.pupil_lobe - LOBE))
    return logistic(torn - hidden) * (1.0 - deformed)


def _reflection(p: IrisPhysics) -> float:
    return logistic(40.0 * (p.specular_share - REFLECTION))


def _gaze(p: IrisPhysics) -> float:
    return logistic(0.5 * (p.tilt - TILT) - 15.0 * p.pupil_cover)


def _blur(p: IrisPhysics) -> float:
    """Return how blurred the pupil's edge is; nothing where it cannot be seen."""
    return max(math.log(p.edge_width / EDGE), SHARP) if math.isfinite(p.edge_width) else 0.0


def _defocus(p: IrisPhysics) -> float:
    """Say how surely fine detail is lost, to a blur that is the same all round or to low contrast."""
    lost = math.log(FINE / max(p.fine_detail, 1e-4))
    stretched = max(0.0, p.edge_stretch - STRETCH) if math.isfinite(p.edge_stretch) else 0.0
    return logistic(6.0 * lost + 8.0 * _blur(p) - 30.0 * stretched)


def _motion(p: IrisPhysics) -> float:
    """Say how surely the pupil's edge is wide in one direction and sharp across."""
    return logistic(40.0 * (p.edge_stretch - STRETCH)) * logistic(12.0 * (_blur(p) + 0.1))


def _near(p: IrisPhysics) -> float:
    """Say how surely the iris is so large that the picture's edge comes too close."""
    return logistic(15.0 * (NEAR_MARGIN - p.margins)) * logistic(40.0 * (p.relative_radius - NEAR_RADIUS))


def _far(p: IrisPhysics) -> float:
    return logistic(0.3 * (FAR_RADIUS - p.iris_radius))


RULES: dict[CauseName, Callable[[IrisPhysics], float]] = {
    CauseName.CLOUDY: _cloudy,
    CauseName.ARCUS: _arcus,
    CauseName.LID: _lid,
    CauseName.LASHES: _lashes,
    CauseName.SPECTACLES: _spectacles,
    CauseName.SMALL_PUPIL: _small_pupil,
    CauseName.WIDE_PUPIL: _wide_pupil,
    CauseName.IRREGULAR_PUPIL: _irregular_pupil,
    CauseName.REFLECTION: _reflection,
    CauseName.GAZE: _gaze,
    CauseName.DEFOCUS: _defocus,
    CauseName.MOTION: _motion,
    CauseName.NEAR: _near,
    CauseName.FAR: _far,
}
