"""Eyes in standard records: samples to ISO/IEC 19794-6:2011 with what the engine knows of them, and back.

Irises have no standard template. What systems exchange is the picture, whole or cut to the iris, and each makes its own
code of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from biocore.errors import ExtractionError, InvalidSampleError
from biocore.formats.iris_image import (
    Compression,
    ImageKind,
    IrisImage,
    IrisImageRecord,
    Orientation,
    read_iir,
    write_iir,
)
from biocore.formats.iris_image_pixels import ImageFormat, encode
from biocore.formats.representation import QualityBlock
from biocore.iris.crop import Crop, crop, vga
from biocore.iris.quality import report
from biocore.iris.segment import segment
from biocore.iris.segmentation import Contour, Segmentation
from biocore.types import EyePosition, Frame, GreyImage, Modality, Sample

LEAST_DOUBT = 1.0  # px by which the borders of an iris are at least uncertain


@dataclass(frozen=True, slots=True)
class Camera:
    """What only the camera knows of its pictures.

    Attributes
    ----------
    technology, vendor, device : int
        As registered (ISO/IEC 19794-6, table 4; IBIA); 0 = not said.
    range_mm : int or None
        Distance of camera and eye.
    horizontal, vertical : Orientation
        Which way round its pictures are.
    history : Compression
        What the pictures went through before they came here.
    """

    technology: int = 0
    vendor: int = 0
    device: int = 0
    range_mm: int | None = None
    horizontal: Orientation = Orientation.UNDEFINED
    vertical: Orientation = Orientation.UNDEFINED
    history: Compression = Compression.UNDEFINED


UNKNOWN_CAMERA = Camera()


def write_eyes(
    samples: Sequence[Sample],
    kind: ImageKind = ImageKind.CROPPED,
    layout: ImageFormat = ImageFormat.MONO_PNG,
    ratio: float | None = None,
    camera: Camera = UNKNOWN_CAMERA,
) -> bytes:
    """Write samples of eyes as one record of ISO/IEC 19794-6:2011.

    Parameters
    ----------
    samples : sequence of Sample
        In the order they are written.
    kind : ImageKind
        What is left of each picture: all of it (K1), 640x480 px around the iris (K2), the iris with its margins (K3),
        or that with lids and sclera painted over (K7).
    layout : ImageFormat
        `MONO_PNG`, `MONO_RAW` or `MONO_JPEG2000`.
    ratio : float or None
        How many times smaller a JPEG 2000 is to be than its pixels; None loses nothing.
    camera : Camera

    Returns
    -------
    bytes
        With eye, quality score, time of capture, and bounds of the iris' centre and diameter. Roll is left unknown.

    Raises
    ------
    InvalidSampleError
        No sample, not of eyes, a ratio for what is not compressed, or an iris too large for K2.
    ExtractionError
        No iris was found in one of the pictures; names it.
    """
    if not samples:
        raise InvalidSampleError("a record needs at least one eye")
    images = [_image(number, sample, kind, layout, ratio, camera) for number, sample in enumerate(samples, 1)]
    return write_iir(IrisImageRecord(tuple(images)))


def read_eyes(data: bytes, file: str | None = None) -> tuple[Sample, ...]:
    """Read the pictures of an iris image record as samples.

    Parameters
    ----------
    data : bytes
        Of the edition of 2011 or 2005.
    file : str or None
        Its name, for messages and as the samples' source.

    Raises
    ------
    FormatError
        Damaged or cut off; carries the byte offset.
    UnsupportedFormatError
        Another format or edition, or a kind of picture that nothing here decodes.
    """
    images = read_iir(data, file).images
    name = file or "memory"
    return tuple(
        Sample(_frame(image, name if len(images) == 1 else f"{name}#{k}"), Modality.IRIS, image.eye)
        for k, image in enumerate(images)
    )


def _frame(image: IrisImage, source: str) -> Frame:
    if image.captured_at is None:
        return Frame(image.pixels, source=source)
    return Frame(image.pixels, source=source, captured_at=image.captured_at)


def _image(
    number: int, sample: Sample, kind: ImageKind, layout: ImageFormat, ratio: float | None, camera: Camera
) -> IrisImage:
    if sample.modality is not Modality.IRIS:
        raise InvalidSampleError(f"{sample.source}: an iris record holds eyes, and this is a {sample.modality}")
    try:
        found = segment(sample.pixels)
    except ExtractionError as error:
        raise ExtractionError(f"{sample.source}: {error}") from error
    part = _part(sample.pixels, found, kind)
    (x0, x1), (y0, y1), diameter = _bounds(found.limbus)
    height, width = part.pixels.shape
    return IrisImage(
        eye=EyePosition(sample.position),
        kind=kind,
        format=layout,
        width=width,
        height=height,
        data=encode(part.pixels, layout, ratio),
        bit_depth=8,
        number=number,
        horizontal=camera.horizontal,
        vertical=camera.vertical,
        compression=camera.history if ratio is None else Compression.LOSSY,
        range_mm=camera.range_mm,
        centre_x=_within((x0 - part.left, x1 - part.left), width),
        centre_y=_within((y0 - part.top, y1 - part.top), height),
        diameter=(int(diameter[0]), int(diameter[1])),
        captured_at=sample.frame.captured_at,
        technology=camera.technology,
        vendor=camera.vendor,
        device=camera.device,
        qualities=(QualityBlock(report(sample, found).score),),
    )


def _part(pixels: GreyImage, found: Segmentation, kind: ImageKind) -> Crop:
    if kind is ImageKind.UNCROPPED:
        return Crop(pixels, 0, 0)
    if kind is ImageKind.VGA:
        return vga(pixels, found)
    return crop(pixels, found, masked=kind is ImageKind.CROPPED_AND_MASKED)


def _bounds(limbus: Contour) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float]]:
    """Return the smallest and largest that centre and diameter can be, px: what was seen leaves them that much room."""
    off = (limbus.radii - limbus.at_shape())[limbus.seen]
    doubt = max(LEAST_DOUBT, float(np.sqrt(np.mean(off * off)))) if len(off) else 0.1 * limbus.radius
    shape = limbus.shape
    return (
        (np.floor(shape.cx - doubt), np.ceil(shape.cx + doubt)),
        (np.floor(shape.cy - doubt), np.ceil(shape.cy + doubt)),
        (np.floor(2.0 * (shape.b - doubt)), np.ceil(2.0 * (shape.a + doubt))),
    )


def _within(bounds: tuple[float, float], size: int) -> tuple[int, int]:
    """Return bounds as whole px of the picture; 0 would mean that they are not known."""
    low, high = (int(min(max(value, 1.0), size - 1.0)) for value in bounds)
    return low, high
