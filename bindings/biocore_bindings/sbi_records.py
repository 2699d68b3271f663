"""What a biometric service hands out of a capture: each finger or eye assessed, and as a record of ISO/IEC 19794:2011.

Fingers are written as 19794-4:2011, eyes as 19794-6:2011 of kind K2 (VGA, the iris in its middle), both with their
quality score and as JPEG 2000 that loses nothing: what MOSIP asks of a registration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import biocore
from biocore.eye_records import Camera, write_eyes
from biocore.fingerprint.scale import NOMINAL_PPI
from biocore.formats import iris_image_pixels
from biocore.formats.finger_image import FingerImage, FingerImageRecord, write_fir
from biocore.formats.finger_image_pixels import ImageFormat, encode
from biocore.formats.iris_image import Compression, ImageKind
from biocore.formats.representation import QualityBlock
from biocore.report import QualityReport
from biocore.types import FingerPosition, Frame, Modality, Part, Position, Sample


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """One finger or eye of a capture with its quality.

    Attributes
    ----------
    sample : Sample
    report : QualityReport
    """

    sample: Sample
    report: QualityReport

    @property
    def score(self) -> int:
        """Quality 0..100; what could not be assessed counts as nothing."""
        return self.report.score or 0


@dataclass(frozen=True, slots=True, eq=False)
class Capture:
    """All fingers or eyes of one capture, in the order asked for."""

    parts: tuple[Scored, ...]

    @property
    def average(self) -> float:
        """What MOSIP compares with the requested score: the mean over the fingers of a slap."""
        return sum(part.score for part in self.parts) / len(self.parts)


def scored(parts: Sequence[Part], modality: Modality) -> Capture:
    """Assess what a device captured.

    Raises
    ------
    InvalidSampleError
        A finger of a resolution that nothing here assesses.
    """
    return Capture(tuple(_scored(part.frame, part.position, modality) for part in parts))


def _scored(frame: Frame, position: Position, modality: Modality) -> Scored:
    sample = Sample(frame, modality, position)
    return Scored(sample, biocore.assess(sample))


def record_of(part: Scored) -> bytes:
    """Return the record of one finger or eye.

    Raises
    ------
    ExtractionError
        There is no iris in the picture.
    InvalidSampleError
        An iris that is too large for K2.
    """
    sample = part.sample
    if sample.modality is Modality.IRIS:
        camera = Camera(history=Compression.LOSSLESS_OR_NONE)
        return write_eyes([sample], ImageKind.VGA, iris_image_pixels.ImageFormat.MONO_JPEG2000, camera=camera)
    height, width = sample.pixels.shape
    rate = round(sample.ppi or NOMINAL_PPI)
    image = FingerImage(
        position=FingerPosition(sample.position),
        format=ImageFormat.JPEG2000,
        width=width,
        height=height,
        data=encode(sample.pixels, ImageFormat.JPEG2000),
        sampling=(rate, rate),
        captured_at=sample.frame.captured_at,
        qualities=(QualityBlock(part.report.score),),
    )
    return write_fir(FingerImageRecord((image,)))
