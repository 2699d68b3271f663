"""What a biometric service hands out of a capture: each finger or eye assessed, and as a record of ISO/IEC 19794:2011.

Fingers are written as 19794-4:2011, eyes as 19794-6:2011, both with their quality score. For registration: JPEG 2000
that loses nothing, eyes of kind K3 (cropped), the one kind that MOSIP's compliance toolkit takes there. For
authentication: JPEG 2000 with loss, a tenth of the pixels' size, eyes of kind K7 (cropped, lids and sclera painted
over). Source: MOSIP, "Biometric Image Specification".
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

AUTH_RATIO = 10.0  # times smaller than its pixels; MOSIP allows 15, and wants 3.5 kB at least of an eye


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
    """Return the record of one finger or eye, for registration.

    Raises
    ------
    ExtractionError
        There is no iris in the picture.
    """
    return _record(part, part.sample.position, ImageKind.CROPPED, None)


def record_to_authenticate(part: Scored, position: Position) -> bytes:
    """Return the record of one finger or eye, for authentication, under the position that was asked for.

    Raises
    ------
    ExtractionError
        There is no iris in the picture.
    """
    return _record(part, position, ImageKind.CROPPED_AND_MASKED, AUTH_RATIO)


def _record(part: Scored, position: Position, kind: ImageKind, ratio: float | None) -> bytes:
    sample = part.sample
    if sample.modality is Modality.IRIS:
        eye = Sample(sample.frame, Modality.IRIS, position)
        camera = Camera(history=Compression.LOSSLESS_OR_NONE)
        return write_eyes([eye], kind, iris_image_pixels.ImageFormat.MONO_JPEG2000, ratio, camera)
    height, width = sample.pixels.shape
    rate = round(sample.ppi or NOMINAL_PPI)
    codec = ImageFormat.JPEG2000 if ratio is None else ImageFormat.JPEG2000_LOSSY
    image = FingerImage(
        position=FingerPosition(position),
        format=codec,
        width=width,
        height=height,
        data=encode(sample.pixels, codec, ratio),
        sampling=(rate, rate),
        captured_at=sample.frame.captured_at,
        qualities=(QualityBlock(part.report.score),),
    )
    return write_fir(FingerImageRecord((image,)))
