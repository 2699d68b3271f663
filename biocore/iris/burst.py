"""The best frames of a video burst: a glance at all, a full assessment of the promising, the best that differ.

A camera delivers thirty pictures in the second an old person can keep the eye open; most are of no use, and among those
that are, two that differ a little (lashes, reflection, gaze) say more than the same one twice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import cv2
import numpy as np

from biocore.errors import BiocoreError, ExtractionError, InvalidSampleError
from biocore.iris.compare import EXACT, compare
from biocore.iris.extract import extract
from biocore.iris.fuse import MOST, fuse
from biocore.iris.preview import OPEN, SHARP_WIDTH, Preview, preview
from biocore.iris.quality import assess
from biocore.report import QualityReport
from biocore.types import EyePosition, GreyImage, IrisTemplate, Modality, Sample

KEEP = 3  # frames; a bit of the code that three pictures show can be outvoted
SPARE = 3  # frames assessed beyond those kept, for when the glance was wrong
WIDE_OPEN = 0.8  # of the way up from the pupil; more need not be seen
LARGE_RADIUS = 80.0  # px; as IREX asks for enrolment
STILL = 1.1  # an eye that held still is preferred to another as sharp and open
SAME = 0.6  # mean difference in grey levels of frames that are one picture sent twice; a camera's noise alone is more
NEAR_BY = 2  # frames; neighbours show the same lashes, gaze and reflection
NEAR_BY_LOSS = 5  # points of quality that a neighbour must be better by
THUMB_SIDE = 160  # px; long side that frames are compared at for being the same


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """A frame of a burst that is worth keeping.

    Attributes
    ----------
    index : int
        Its place in the burst, from 0.
    sample : Sample
    report : QualityReport
        Of the full assessment, with a score.
    """

    index: int
    sample: Sample
    report: QualityReport


@dataclass(frozen=True, slots=True, eq=False)
class _Glance:
    index: int
    sample: Sample
    seen: Preview


def select_frames(frames: Sequence[Sample], keep: int = KEEP) -> list[Chosen]:
    """Choose the best frames of a burst of one eye.

    Parameters
    ----------
    frames : sequence of Sample
        In the order they were taken.
    keep : int
        How many at most, 1 to 64.

    Returns
    -------
    list of Chosen
        Best first; fewer than `keep` where fewer show an iris. Frames with a lid over the eye come in only where
        there are not enough others, and a picture that was sent twice counts once. The same for the same frames.

    Raises
    ------
    InvalidSampleError
        No frame, not irises, or left and right eyes together.
    ExtractionError
        None of the frames shows an iris; says what the last of them lacks.
    ValueError
        A `keep` out of range.
    """
    if not 1 <= keep <= MOST:
        raise ValueError(f"1 to {MOST} frames can be kept, not {keep}")
    _check(frames)
    glances = _without_repeats(_glances(frames))
    order = sorted(glances, key=lambda glance: (-_promise(glance.seen), glance.index))
    assessed: list[Chosen] = []
    reasons: list[str] = []
    for glance in order:
        if len(assessed) >= keep + SPARE:
            break
        if not _usable(glance.seen) and len(assessed) >= keep:
            break  # of what is left, a glance says that it is worse than what there is
        report = assess(glance.sample)
        if report.score is None:
            reasons.append(report.reason)
        else:
            assessed.append(Chosen(glance.index, glance.sample, report))
    if not assessed:
        raise ExtractionError(f"none of {len(frames)} frames shows an iris; the most promising: {reasons[0]}")
    return _best(assessed, keep)


def from_burst(frames: Sequence[Sample], keep: int = KEEP) -> IrisTemplate:
    """Make one template of the best frames of a burst of one eye.

    Parameters
    ----------
    frames : sequence of Sample
        In the order they were taken.
    keep : int
        How many to fuse at most.

    Returns
    -------
    IrisTemplate
        Fused of the best frames that are alike one another; where none is, of the best alone. `image_quality` is the
        score of the best frame that is in it.

    Raises
    ------
    InvalidSampleError
        No frame, not irises, or left and right eyes together.
    ExtractionError
        No template can be made of any of them.
    ValueError
        A `keep` out of range.
    """
    templates: list[IrisTemplate] = []
    fault: BiocoreError | None = None
    for chosen in select_frames(frames, keep):
        try:
            template = extract(chosen.sample.pixels, cast(EyePosition, chosen.sample.position))
        except ExtractionError as error:
            fault = fault or error
            continue
        templates.append(replace(template, image_quality=chosen.report.score))
    if not templates:
        raise ExtractionError(f"no template can be made of the best of {len(frames)} frames: {fault}") from fault
    together = _alike(templates)
    best = max(template.image_quality or 0 for template in together)
    return replace(fuse(together), image_quality=best)


def _check(frames: Sequence[Sample]) -> None:
    if not frames:
        raise InvalidSampleError("a burst needs at least one frame")
    for number, frame in enumerate(frames):
        if not isinstance(frame, Sample) or frame.modality is not Modality.IRIS:
            raise InvalidSampleError(f"frame {number} of the burst is not a sample of an iris")
    if len({frame.position.value for frame in frames} - {0}) > 1:
        raise InvalidSampleError("the burst shows the left and the right eye; take each for itself")


def _glances(frames: Sequence[Sample]) -> list[_Glance]:
    seen: Preview | None = None
    glances = []
    for index, frame in enumerate(frames):
        seen = preview(frame.pixels, seen)
        glances.append(_Glance(index, frame, seen))
    return glances


def _without_repeats(glances: Sequence[_Glance]) -> list[_Glance]:
    """Leave out what a camera sent twice: buffers that were not refreshed, a stream at double rate."""
    kept: list[_Glance] = []
    thumbs: list[GreyImage] = []
    for glance in glances:
        thumb = _thumb(glance.sample.pixels)
        if not any(_same(thumb, other) for other in thumbs):
            kept.append(glance)
            thumbs.append(thumb)
    return kept


def _thumb(pixels: GreyImage) -> GreyImage:
    """Take every n-th pixel: noise, which tells frames apart, stays as it is."""
    step = max(1, max(pixels.shape) // THUMB_SIDE)
    return np.ascontiguousarray(pixels[::step, ::step])


def _same(one: GreyImage, other: GreyImage) -> bool:
    return one.shape == other.shape and float(cv2.norm(one, other, cv2.NORM_L1)) < SAME * one.size


def _usable(seen: Preview) -> bool:
    return seen.eye and seen.open_share >= OPEN


def _promise(seen: Preview) -> float:
    """Return how good a frame seems: open, sharp and large, each 0 to 1, multiplied; nothing without an eye."""
    if not seen.eye:
        return 0.0
    sharp = min(1.0, SHARP_WIDTH / seen.edge_width) if math.isfinite(seen.edge_width) else 0.5
    value = min(1.0, seen.open_share / WIDE_OPEN) * sharp * min(1.0, seen.iris_radius / LARGE_RADIUS)
    return value * (STILL if seen.steady else 1.0) + float(_usable(seen))  # the usable before all others


def _best(assessed: Sequence[Chosen], keep: int) -> list[Chosen]:
    """Take the best one by one; one that was taken just before or after another counts for less."""
    left, taken = list(assessed), list[Chosen]()
    while left and len(taken) < keep:

        def worth(each: Chosen) -> tuple[int, int]:
            near = any(abs(each.index - other.index) <= NEAR_BY for other in taken)
            return (each.report.score or 0) - NEAR_BY_LOSS * near, -each.index

        found = max(left, key=worth)
        left.remove(found)
        taken.append(found)
    return taken


def _alike(templates: Sequence[IrisTemplate]) -> list[IrisTemplate]:
    """Return the largest set of templates that are alike one of them; of equals that around the better frame."""
    groups = [
        [one, *(other for other in templates if other is not one and compare(one, other).score >= EXACT)]
        for one in templates
    ]
    return max(groups, key=len)
