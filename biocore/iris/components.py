"""The quality components of ISO/IEC 29794-6:2015, clause 6.2, from what was measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from biocore.iris.physics import IrisPhysics
from biocore.report import Measure, Status

SHARPNESS_HALF = 1.8e5  # power of the response at which sharpness is 50 (ISO/IEC 29794-6, 6.2.10)
ENTROPY_FULL = 8.0  # bits of an 8-bit picture
RADIUS_FULL = 80.0  # px; least radius of an enrolment picture (IREX, ISO/IEC 19794-6)
CIRCULARITY_SCALE = 1.0  # points a squared per cent of the radius
STRETCH_FULL = 0.5  # stretch of the pupil's edge that leaves nothing of the score
INTERLACE_FULL = 4.0  # excess of the rows' energy that leaves nothing of the score


@dataclass(frozen=True, slots=True)
class Component:
    """One component.

    Attributes
    ----------
    clause : str
        Of ISO/IEC 29794-6:2015.
    unit : str
        Of the native value.
    native : callable
        From physics to the native value; NaN where it cannot be told.
    score : callable
        From the native value to 0..100.
    """

    clause: str
    unit: str
    native: Callable[[IrisPhysics], float]
    score: Callable[[float], float]


def iris_sclera_contrast(p: IrisPhysics) -> float:
    """Return 100 |S - I| / (S + I - 2 P); 0 where the pupil is no darker than the iris."""
    span = p.sclera_grey + p.outer_grey - 2.0 * p.pupil_grey
    if p.pupil_grey >= p.outer_grey or span <= 0.0:
        return 0.0
    return 100.0 * abs(p.sclera_grey - p.outer_grey) / span


def iris_pupil_contrast(p: IrisPhysics) -> float:
    """Return 100 w / (0.75 + w) of the Weber contrast w = |I - P| / (20 + P)."""
    weber = abs(p.inner_grey - p.pupil_grey) / (20.0 + p.pupil_grey)
    return 100.0 * weber / (0.75 + weber)


def _same(value: float) -> float:
    return value


def _sharp(power: float) -> float:
    squared = power * power
    return 100.0 * squared / (squared + SHARPNESS_HALF**2)


def _ratio(value: float) -> float:
    """Full inside the recommended 20..70, falling to nothing 20 beyond."""
    return 100.0 - 5.0 * max(0.0, 20.0 - value, value - 70.0)


COMPONENTS: dict[str, Component] = {
    "usable_iris_area": Component("6.2.1", "%", lambda p: 100.0 * p.usable_share, _same),
    "iris_sclera_contrast": Component("6.2.2", "%", iris_sclera_contrast, _same),
    "iris_pupil_contrast": Component("6.2.3", "%", iris_pupil_contrast, _same),
    "pupil_boundary_circularity": Component(
        "6.2.4", "points", lambda p: max(0.0, 100.0 - CIRCULARITY_SCALE * p.roundness_loss), _same
    ),
    "grey_scale_utilisation": Component("6.2.5", "bits", lambda p: p.entropy, lambda v: 100.0 * v / ENTROPY_FULL),
    "iris_radius": Component("6.2.6", "px", lambda p: p.iris_radius, lambda v: 100.0 * v / RADIUS_FULL),
    "pupil_iris_ratio": Component("6.2.7", "%", lambda p: 100.0 * p.dilation, _ratio),
    "iris_pupil_concentricity": Component("6.2.8", "%", lambda p: 100.0 * max(0.0, 1.0 - p.offset), _same),
    "margin_adequacy": Component("6.2.9", "%", lambda p: 100.0 * min(1.0, max(0.0, p.margins)), _same),
    "sharpness": Component("6.2.10", "power", lambda p: p.sharpness, _sharp),
    "frontal_gaze": Component("6.2.11", "degrees", lambda p: p.tilt, lambda v: 100.0 * math.cos(math.radians(v)) ** 2),
    "motion_blur": Component("6.2.12", "share", lambda p: p.edge_stretch, lambda v: 100.0 * (1.0 - v / STRETCH_FULL)),
    "interlace": Component("-", "share", lambda p: p.interlace, lambda v: 100.0 * (1.0 - max(0.0, v) / INTERLACE_FULL)),
    "segmentation_confidence": Component("-", "share", lambda p: p.confidence, lambda v: 100.0 * v),
}


def measures(physics: IrisPhysics | None) -> dict[str, Measure]:
    """Return all components, in the standard's order.

    Parameters
    ----------
    physics : IrisPhysics or None
        None where no iris was found: every status then says that it failed.
    """
    return {name: _measure(name, component, physics) for name, component in COMPONENTS.items()}


def _measure(name: str, component: Component, physics: IrisPhysics | None) -> Measure:
    native = math.nan if physics is None else component.native(physics)
    if not math.isfinite(native):
        return Measure(name, None, None, Status.FAILED)
    return Measure(name, native, math.floor(min(100.0, max(0.0, component.score(native))) + 0.5))
