"""What the compliance toolkit asks of the ISO record of one finger or eye taken for registration.

Source: MOSIP's "Biometric Image Specification" (ISO/IEC 19794-4:2011 and 19794-6:2011; 500 ppi, 8 bits, JPEG 2000
without loss) and the list of fields in mosip/mosip-compliance-toolkit, ISOStandardsValidator. The record is read by
`biocore.formats`, which refuses codes that no edition defines; here is what MOSIP asks beyond.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import biocore
from biocore.errors import BiocoreError, FormatError
from biocore.formats.finger_image import VERSION_2011 as FIR_2011
from biocore.formats.finger_image import FingerImage, read_fir
from biocore.formats.finger_image_pixels import ImageFormat as FingerFormat
from biocore.formats.iris_image import VERSION_2011 as IIR_2011
from biocore.formats.iris_image import Compression, ImageKind, IrisImage, read_iir
from biocore.formats.iris_image_pixels import ImageFormat as IrisFormat
from biocore.formats.resolution import square_ppi
from biocore.sbi import EYE_SUBTYPES, SUBTYPES
from biocore.types import Frame, Modality, Sample

LEAST_PPI = 495.0  # 500 ppi less the 1 % of ISO/IEC 19794-4:2011, table 1
IMPRESSIONS = frozenset([*range(16), *range(20, 30)])  # ISO/IEC 19794-4:2011, table 8
TECHNOLOGIES = frozenset(range(21))  # ISO/IEC 19794-4:2011, table 4
IRIS_TECHNOLOGIES = frozenset((0, 1))  # not said, CMOS or CCD; ISO/IEC 19794-6:2011, table 4
LEAST_IRIS = 210  # px; diameter for registration
CLOCK_SLACK = timedelta(minutes=3)
_SOC, _COD = b"\xff\x4f\xff\x51", 0xFF52  # ISO/IEC 15444-1, A.2: start of codestream with SIZ, coding style
_SOT = 0xFF90
_TRANSFORM_AT = 13  # bytes behind the marker COD: the wavelet, 1 = reversible (ISO/IEC 15444-1, table A.20)
_JP2 = b"\x00\x00\x00\x0cjP  \r\n\x87\n"


def faults_of_record(data: bytes, kind: str, subtype: str) -> Iterator[str]:
    """Yield what is wrong with a record taken for registration.

    Parameters
    ----------
    data : bytes
    kind : {"Finger", "Iris"}
    subtype : str
        The finger or eye it must show, as in `bioSubType`.
    """
    try:
        if kind == "Finger":
            fingers = read_fir(data)
            yield from _edition(data, FIR_2011)
            yield from _alone(fingers.images, fingers.remarks)
            for finger in fingers.images[:1]:
                yield from _of_finger(finger, subtype)
        else:
            eyes = read_iir(data)
            yield from _edition(data, IIR_2011)
            yield from _alone(eyes.images, eyes.remarks)
            for eye in eyes.images[:1]:
                yield from _of_eye(eye, subtype)
    except BiocoreError as error:
        yield f"the record is damaged: {error}"


def _edition(data: bytes, version: bytes) -> Iterator[str]:
    if data[4:8] != version:
        yield f"the record is of version {data[4:8]!r}; {version!r} is that of 2011"


def _alone(images: tuple[object, ...], remarks: tuple[str, ...]) -> Iterator[str]:
    if len(images) != 1:
        yield f"the record holds {len(images)} pictures; one a record is sent"
    yield from (f"the record is wrong where {remark}" for remark in remarks)


def _common(image: FingerImage | IrisImage, technologies: frozenset[int]) -> Iterator[str]:
    if image.captured_at is None:
        yield "the record has no date of capture"
    elif image.captured_at > datetime.now(UTC) + CLOCK_SLACK:
        yield f"the record was captured in the future: {image.captured_at.isoformat()}"
    if image.technology not in technologies:
        yield f"capture technology {image.technology} is not defined"
    if not image.qualities:
        yield "the record has no quality block"
    for block in image.qualities:
        if block.score is not None and not 0 <= block.score <= 100:
            yield f"quality score {block.score}; 0 to 100 and 255 exist"
    if image.bit_depth != 8:
        yield f"pixels of {image.bit_depth} bits; 8 are asked for"


def _of_finger(image: FingerImage, subtype: str) -> Iterator[str]:
    yield from _common(image, TECHNOLOGIES)
    expected = {name: int(position) for position, name in SUBTYPES.items()}.get(subtype)
    if image.position != expected:
        yield f"the record shows finger position {image.position}, its text says {subtype!r}"
    if image.impression not in IMPRESSIONS:
        yield f"impression {image.impression} is not defined"
    for what, rates in (("picture", image.sampling), ("device", image.scan_sampling or image.sampling)):
        ppi = square_ppi(*rates, metric=image.unit == 2)
        if ppi < LEAST_PPI:
            yield f"the {what} has {ppi:.0f} ppi; 500 are asked for"
    if image.format is not FingerFormat.JPEG2000:
        yield f"compression {image.format.name}; registration asks for JPEG 2000 without loss"
    yield from _picture(image, image.format in (FingerFormat.JPEG2000, FingerFormat.JPEG2000_LOSSY))


def _of_eye(image: IrisImage, subtype: str) -> Iterator[str]:
    yield from _common(image, IRIS_TECHNOLOGIES)
    expected = {name: position for position, name in EYE_SUBTYPES.items()}.get(subtype)
    if image.eye is not expected:
        yield f"the record shows eye {image.eye.name.lower()}, its text says {subtype!r}"
    if image.kind not in (ImageKind.VGA, ImageKind.CROPPED):
        yield f"image kind {image.kind.name}; registration asks for VGA or CROPPED"
    if image.format is not IrisFormat.MONO_JPEG2000:
        yield f"image format {image.format.name}; registration asks for JPEG 2000 in grey"
    if image.compression is Compression.LOSSY:
        yield "the record says that its picture was compressed with loss"
    if image.diameter is not None and image.diameter[1] < LEAST_IRIS:
        yield f"the iris is {image.diameter[1]} px wide at most; {LEAST_IRIS} are asked for"
    yield from _picture(image, image.format is IrisFormat.MONO_JPEG2000)


def _picture(image: FingerImage | IrisImage, says_jpeg2000: bool) -> Iterator[str]:
    """Yield where the picture's real codec, loss and size are not what the record says."""
    is_jpeg2000 = image.data.startswith((_JP2, _SOC))
    if says_jpeg2000 and not is_jpeg2000:
        yield f"the record says JPEG 2000, and its picture begins with {image.data[:8].hex(' ')}"
    if is_jpeg2000 and not reversible(image.data):
        yield "its JPEG 2000 was compressed with loss (the 9-7 wavelet)"
    try:
        pixels = image.pixels
    except FormatError as error:
        yield f"its picture cannot be read: {error}"
        return
    if pixels.min() == pixels.max():
        yield "its picture is empty"


def reversible(data: bytes) -> bool:
    """Say whether a JPEG 2000 picture uses the wavelet from which the pixels come back as they were."""
    at = data.find(_SOC) + 2
    while 2 <= at <= len(data) - _TRANSFORM_AT - 1:
        marker = int.from_bytes(data[at : at + 2], "big")
        if marker == _COD:
            return data[at + _TRANSFORM_AT] == 1
        if marker == _SOT:
            return False
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return False


def measured_quality(data: bytes, kind: str) -> float:
    """Return the quality of the picture in a record as this library measures it, 0 to 100.

    Raises
    ------
    BiocoreError
    """
    images = (read_fir(data) if kind == "Finger" else read_iir(data)).images
    if not images:
        raise FormatError("the record holds no picture")
    image = images[0]
    finger = isinstance(image, FingerImage)
    frame = Frame(image.pixels, image.ppi if isinstance(image, FingerImage) else None, "record")
    report = biocore.assess(Sample(frame, Modality.FINGER if finger else Modality.IRIS))
    return report.score or 0.0
