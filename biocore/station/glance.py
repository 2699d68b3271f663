"""A glance at a live frame, the same words for fingers and eyes: is it there, how good, does it hold, what to do.

The glances themselves are `biocore.fingerprint.preview` and `biocore.iris.preview`; here they are given one shape.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from biocore.advice import advise
from biocore.fingerprint.preview import Preview as FingerPreview
from biocore.fingerprint.preview import preview as finger_preview
from biocore.fingerprint.scale import to_500
from biocore.iris.burst import LARGE_RADIUS, WIDE_OPEN
from biocore.iris.preview import OPEN, SHARP_WIDTH
from biocore.iris.preview import Preview as IrisPreview
from biocore.iris.preview import preview as iris_preview
from biocore.report import Advice, CauseName
from biocore.types import Frame, Modality, Sample

# What a moment can put right: a picture that shows it is not taken while there is time. What stays as it is (worn,
# dry, cloudy) does not hold a capture up.
PASSING = frozenset(
    {
        CauseName.NO_FINGER,
        CauseName.PARTIAL,
        CauseName.TOO_SMALL,
        CauseName.SMEAR,
        CauseName.NO_EYE,
        CauseName.CLOSED,
        CauseName.NEAR,
        CauseName.FAR,
        CauseName.DEFOCUS,
        CauseName.MOTION,
    }
)
# Iris radii between two frames. The glance finds the centre on a thumbnail to within a pixel or two, which is 5 to
# 10 px of 640 x 480 and 0.05 to 0.1 radii; an eye that moves faster is blurred, and that shows in the pupil's edge.
EYE_STEADY = 0.12
UNSEEN_EDGE = 0.5  # share of sharpness where the pupil's edge is not seen, as in a burst


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """What a glance at one live frame found.

    Attributes
    ----------
    present : bool
        A finger lies there, an eye is there.
    score : int or None
        Coarse quality 0..100, for a bar on the screen and for the choice among live frames; it is not the score of the
        report. None where the frame does not say its resolution.
    steady : bool
        It did not move since the frame before.
    cause : CauseName or None
        What is most wrong.
    advice : tuple of Advice
        What to do about it, most useful first.
    """

    present: bool
    score: int | None
    steady: bool
    cause: CauseName | None = None
    advice: tuple[Advice, ...] = ()
    seen: FingerPreview | IrisPreview | None = field(default=None, repr=False)

    def holds(self, target: int) -> bool:
        """Say whether it is good enough to be taken: there, still, at the target, and nothing a moment can mend."""
        enough = self.score is not None and self.score >= target
        return self.present and self.steady and enough and self.cause not in PASSING


def glance(frame: Frame, modality: Modality, before: Glance | None = None) -> Glance:
    """Look at one live frame.

    Parameters
    ----------
    frame : Frame
    modality : Modality
    before : Glance or None
        At the frame before; None at the first.

    Raises
    ------
    InvalidSampleError
        A finger's frame of a resolution outside 490..1100 ppi.
    """
    return _eye(frame, before) if modality is Modality.IRIS else _finger(frame, before)


def _finger(frame: Frame, before: Glance | None) -> Glance:
    scaled = frame.ppi is not None
    pixels = to_500(Sample(frame, Modality.FINGER)) if scaled else frame.pixels
    last = before.seen if before is not None and isinstance(before.seen, FingerPreview) else None
    seen = finger_preview(pixels, last)
    cause = seen.cause if scaled or not seen.finger else None  # without a scale, only presence can be told
    advice = advise([cause]) if cause is not None else ()
    return Glance(seen.finger, seen.score if scaled else None, seen.steady, cause.name if cause else None, advice, seen)


def _eye(frame: Frame, before: Glance | None) -> Glance:
    last = before.seen if before is not None and isinstance(before.seen, IrisPreview) else None
    seen = iris_preview(frame.pixels, last)
    advice = advise([seen.cause]) if seen.cause is not None else ()
    moved = math.dist(seen.centre, last.centre) if seen.eye and last is not None and last.eye else math.inf
    steady = moved < EYE_STEADY * seen.iris_radius
    return Glance(seen.eye, _eye_score(seen), steady, seen.cause.name if seen.cause else None, advice, seen)


def _eye_score(seen: IrisPreview) -> int:
    """Return how open, sharp and large the eye is, each 0 to 1, multiplied; as a burst ranks its frames."""
    if not seen.eye:
        return 0
    sharp = min(1.0, SHARP_WIDTH / max(seen.edge_width, 1e-6)) if math.isfinite(seen.edge_width) else UNSEEN_EDGE
    opened = min(1.0, seen.open_share / WIDE_OPEN) if seen.open_share >= OPEN else 0.5 * seen.open_share
    return round(100.0 * opened * sharp * min(1.0, seen.iris_radius / LARGE_RADIUS))
