"""What the commands show of an eye: contours, mask and the unwrapped iris, looked at once more after the assessment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import biocore
from biocore import trace
from biocore.errors import ExtractionError, InvalidSampleError
from biocore.iris import draw
from biocore.iris.encode import encode, unwrap
from biocore.iris.segment import segment
from biocore.iris.segmentation import Segmentation
from biocore.types import GreyImage, IrisTemplate, Sample

BITS = np.arange(64, dtype=np.uint64)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """An eye taken apart.

    Attributes
    ----------
    pixels : uint8 array (height, width)
    found : Segmentation
    strip : uint8 array (rows, columns)
        The iris unwrapped: pupil above, limbus below, counter-clockwise from +x.
    valid : bool array (rows, columns)
        Where nothing covers it.
    """

    pixels: GreyImage
    found: Segmentation
    strip: GreyImage
    valid: NDArray[np.bool_]


def look(sample: Sample) -> Look | None:
    """Take an eye apart; None where no iris is found."""
    try:
        found = segment(sample.pixels)
    except ExtractionError:
        return None
    strip, valid = unwrap(sample.pixels, found)
    return Look(sample.pixels, found, np.clip(np.rint(strip), 0, 255).astype(np.uint8), valid.astype(bool))


def trace_rest(sample: Sample, template: IrisTemplate | None = None) -> None:
    """Hand over the stages that follow the segmentation, to whoever listens.

    Parameters
    ----------
    sample : Sample
    template : IrisTemplate or None
        Of the sample; None where only an assessment was made, which ends before strip and code.
    """
    if not trace.active():
        return
    with trace.to(lambda stage, picture: None):  # the segmentation's own stages were handed over before
        seen = look(sample)
    if seen is not None:
        trace.stage("iris.overlay", lambda: draw.overlay(seen.pixels, seen.found))
        code = encode(seen.pixels, seen.found) if template is None else template
        trace.stage("iris.code", lambda: code_picture(code))


def code_picture(template: IrisTemplate) -> GreyImage:
    """Return a code as a picture: uint8 (64, columns), bit 0 on top."""
    code, mask = unpacked(template.code), unpacked(template.mask)
    return np.where(mask, np.where(code, np.uint8(255), np.uint8(0)), np.uint8(128))


def unpacked(words: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return the bits of words: bool (64, columns)."""
    bits: NDArray[np.bool_] = (words[None, :] >> BITS[:, None] & np.uint64(1)).astype(np.bool_)
    return bits


def iris_template(sample: Sample) -> IrisTemplate:
    """Extract an eye's template; errors as those of `biocore.extract`.

    Raises
    ------
    InvalidSampleError
        The sample shows a finger.
    """
    template = biocore.extract(sample)
    if not isinstance(template, IrisTemplate):
        raise InvalidSampleError(f"{sample.source}: iris codes are of eyes, and this is a {sample.modality}")
    return template
