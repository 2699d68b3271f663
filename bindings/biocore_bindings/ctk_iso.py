"""What the compliance toolkit asks of the ISO record of one finger, eye or face.

Sources, by what they are called below: SPEC is MOSIP's "Biometric Image Specification" (mosip/documentation,
docs/biometric-image-specification.md); CTK is what the toolkit's ISOStandardsValidator calls (mosip/bio-utils,
FingerISOStandardsValidator, IrisISOStandardsValidator, FaceISOStandardsValidator; listed field by field in
docs.mosip.io, "compliance-tool-kit/developer-guides/iso-validators"). The record is read by `biocore.formats`, which
refuses codes that no edition defines; here is what MOSIP asks beyond.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import biocore
from biocore.errors import BiocoreError, FormatError
from biocore.formats.face_image import FaceFormat, FaceImage, read_fac
from biocore.formats.finger_image import VERSION_2011 as FIR_2011
from biocore.formats.finger_image import FingerImage, ScaleUnit, read_fir
from biocore.formats.finger_image_pixels import ImageFormat as FingerFormat
from biocore.formats.iris_image import VERSION_2011 as IIR_2011
from biocore.formats.iris_image import Compression, ImageKind, IrisImage, read_iir
from biocore.formats.iris_image_pixels import ImageFormat as IrisFormat
from biocore.formats.representation import QualityBlock
from biocore.sbi import EYE_SUBTYPES, SUBTYPES
from biocore.types import Frame, Modality, Sample

RATES = range(490, 1011)  # CTK; px an inch: a record that counts in centimetres cannot fulfil it
IMPRESSIONS = frozenset((*range(16), 24, 28, 29))  # CTK, after ISO/IEC 19794-4:2011, table 10
TECHNOLOGIES = frozenset(range(21))  # CTK, after ISO/IEC 19794-4:2011, table 4: 0 to 0x14
IRIS_TECHNOLOGIES = frozenset((0, 1))  # CTK: not said, CMOS or CCD; ISO/IEC 19794-6:2011, table 4
FACE_TECHNOLOGIES = frozenset((*range(7), *range(0x80, 0x100)))  # CTK; ISO/IEC 19794-5:2011, table 4, and vendors' own
FACE_KINDS = frozenset((*range(4), 0x80, 0x81, 0x82))  # CTK; ISO/IEC 19794-5:2011, table 16
GENDERS = frozenset((0, 1, 2, 255))  # CTK; ISO/IEC 19794-5:2011, table 6
COLOURS = frozenset((*range(8), 255))  # CTK; of eyes and hair, ISO/IEC 19794-5:2011, tables 7 and 8
SAMPLING_LEVELS = frozenset(range(8))  # CTK; ISO/IEC 19794-5:2011, table 18
COLOUR_SPACES = frozenset((0, 1))  # CTK: not said, 24-bit RGB; ISO/IEC 19794-5:2011, table 21


@dataclass(frozen=True, slots=True)
class Rules:
    """What a record must be, by what it is for; SPEC and CTK, but for the diameter, which CTK does not look at.

    Attributes
    ----------
    purpose : str
    lossless : bool
        Its picture is as it was taken; else it was compressed with loss.
    fingers : tuple of ImageFormat
        Of a finger's picture.
    kind : ImageKind
        Of an eye's; SPEC allows VGA for registration too, CTK does not.
    history : Compression
    face : FaceFormat
    least_iris : int
        Diameter, px.
    """

    purpose: str
    lossless: bool
    fingers: tuple[FingerFormat, ...]
    kind: ImageKind
    history: Compression
    face: FaceFormat
    least_iris: int


REGISTRATION = Rules(
    purpose="registration",
    lossless=True,
    fingers=(FingerFormat.JPEG2000,),
    kind=ImageKind.CROPPED,
    history=Compression.LOSSLESS_OR_NONE,
    face=FaceFormat.JPEG2000_LOSSLESS,
    least_iris=210,
)
AUTHENTICATION = Rules(
    purpose="authentication",
    lossless=False,
    fingers=(FingerFormat.JPEG2000_LOSSY, FingerFormat.WSQ),
    kind=ImageKind.CROPPED_AND_MASKED,
    history=Compression.LOSSY,
    face=FaceFormat.JPEG2000_LOSSY,
    least_iris=150,
)
RULES = MappingProxyType({"Registration": REGISTRATION, "Auth": AUTHENTICATION})
UNKNOWN = "UNKNOWN"  # bioSubType of what was asked for without a name: the record may show any
CLOCK_SLACK = timedelta(minutes=3)
_SOC, _COD = b"\xff\x4f\xff\x51", 0xFF52  # ISO/IEC 15444-1, A.2: start of codestream with SIZ, coding style
_SOT = 0xFF90
_TRANSFORM_AT = 13  # bytes behind the marker COD: the wavelet, 1 = reversible (ISO/IEC 15444-1, table A.20)
_JP2 = b"\x00\x00\x00\x0cjP  \r\n\x87\n"


def faults_of_record(data: bytes, kind: str, subtype: str, rules: Rules = REGISTRATION) -> Iterator[str]:
    """Yield what is wrong with a record.

    Parameters
    ----------
    data : bytes
    kind : {"Finger", "Iris", "Face"}
    subtype : str
        The finger or eye it must show, as in `bioSubType`; of a face anything.
    rules : Rules
        Of what it was taken for.
    """
    try:
        if kind == "Face":
            faces = read_fac(data)
            yield from _alone(faces.images, faces.remarks)
            if faces.temporal:
                yield f"temporal semantics {faces.temporal}; 0 is that of one picture"
            for face in faces.images[:1]:
                yield from _of_face(face, rules)
        elif kind == "Finger":
            fingers = read_fir(data)
            yield from _edition(data, FIR_2011)
            yield from _alone(fingers.images, fingers.remarks)
            for finger in fingers.images[:1]:
                yield from _of_finger(finger, subtype, rules)
        else:
            eyes = read_iir(data)
            yield from _edition(data, IIR_2011)
            yield from _alone(eyes.images, eyes.remarks)
            for eye in eyes.images[:1]:
                yield from _of_eye(eye, subtype, rules)
    except BiocoreError as error:
        yield f"the record is damaged: {error}"


def _edition(data: bytes, version: bytes) -> Iterator[str]:
    if data[4:8] != version:
        yield f"the record is of version {data[4:8]!r}; {version!r} is that of 2011"


def _alone(images: tuple[object, ...], remarks: tuple[str, ...]) -> Iterator[str]:
    if len(images) != 1:
        yield f"the record holds {len(images)} pictures; one a record is sent"
    yield from (f"the record is wrong where {remark}" for remark in remarks)


def _taken(
    captured_at: datetime | None,
    camera: tuple[int, int, int],
    technologies: frozenset[int],
    qualities: tuple[QualityBlock, ...],
) -> Iterator[str]:
    """Yield what is wrong with what all records begin with; `camera` is technology, vendor and device."""
    technology, vendor, device = camera
    if captured_at is None:
        yield "the record has no date of capture"
    elif captured_at > datetime.now(UTC) + CLOCK_SLACK:
        yield f"the record was captured in the future: {captured_at.isoformat()}"
    if technology not in technologies:
        yield f"capture technology {technology} is not defined"
    if vendor and not device:
        yield f"the device has vendor {vendor:#06x} and no type; without a type there is no vendor"  # CTK
    for block in qualities:
        if block.score is not None and not 0 <= block.score <= 100:
            yield f"quality score {block.score}; 0 to 100 and 255 exist"


def _depth(bits: int) -> Iterator[str]:
    if bits != 8:
        yield f"pixels of {bits} bits; 8 are asked for"  # SPEC, CTK


def _of_finger(image: FingerImage, subtype: str, rules: Rules) -> Iterator[str]:
    camera = (image.technology, image.vendor, image.device)
    yield from _taken(image.captured_at, camera, TECHNOLOGIES, image.qualities)
    yield from _depth(image.bit_depth)
    expected = {name: int(position) for position, name in SUBTYPES.items()}.get(subtype)
    if image.position != expected and subtype != UNKNOWN:
        yield f"the record shows finger position {image.position}, its text says {subtype!r}"
    if image.impression not in IMPRESSIONS:
        yield f"impression {image.impression} is not defined"
    yield from _resolution(image)
    if image.format not in rules.fingers:
        wanted = " or ".join(form.name for form in rules.fingers)
        yield f"compression {image.format.name}; {rules.purpose} asks for {wanted}"
    yield from _picture(image, image.format in (FingerFormat.JPEG2000, FingerFormat.JPEG2000_LOSSY), rules)


def _resolution(image: FingerImage) -> Iterator[str]:
    scanned = image.scan_sampling or image.sampling
    unit = "ppi" if image.unit is ScaleUnit.PER_INCH else "px/cm"
    for what, rates in (("picture", image.sampling), ("device", scanned)):
        if any(rate not in RATES for rate in rates):
            yield f"the {what} has {min(rates)} {unit}; {RATES.start} to {RATES.stop - 1} per inch are asked for"
    if any(rate > native for rate, native in zip(image.sampling, scanned, strict=True)):
        yield f"the picture has {max(image.sampling)} {unit}, more than the {max(scanned)} it was scanned with"


def _of_eye(image: IrisImage, subtype: str, rules: Rules) -> Iterator[str]:
    camera = (image.technology, image.vendor, image.device)
    yield from _taken(image.captured_at, camera, IRIS_TECHNOLOGIES, image.qualities)
    yield from _depth(image.bit_depth)
    expected = {name: position for position, name in EYE_SUBTYPES.items()}.get(subtype)
    if image.eye is not expected and subtype != UNKNOWN:
        yield f"the record shows eye {image.eye.name.lower()}, its text says {subtype!r}"
    if image.kind is not rules.kind:
        yield f"image kind {image.kind.name}; the toolkit takes {rules.kind.name} alone for {rules.purpose}"
    if image.format is not IrisFormat.MONO_JPEG2000:
        yield f"image format {image.format.name}; JPEG 2000 in grey is asked for"
    if image.compression is not rules.history:
        yield f"compression history {image.compression.name}; {rules.purpose} asks for {rules.history.name}"
    if image.diameter is not None and image.diameter[1] < rules.least_iris:
        yield f"the iris is {image.diameter[1]} px wide at most; {rules.least_iris} are asked for"
    yield from _picture(image, image.format is IrisFormat.MONO_JPEG2000, rules)


def _of_face(image: FaceImage, rules: Rules) -> Iterator[str]:
    camera = (image.technology, image.vendor, image.device)
    yield from _taken(image.captured_at, camera, FACE_TECHNOLOGIES, image.qualities)
    for what, code, codes in (
        ("face image type", image.kind, FACE_KINDS),
        ("gender", image.gender, GENDERS),
        ("eye colour", image.eye_colour, COLOURS),
        ("hair colour", image.hair_colour, COLOURS),
        ("spatial sampling rate level", image.sampling, SAMPLING_LEVELS),
        ("colour space", image.colour_space, COLOUR_SPACES),
    ):
        if code not in codes:
            yield f"{what} {code} is not one the toolkit takes"
    if image.format is not rules.face:
        yield f"image format {image.format.name}; {rules.purpose} asks for {rules.face.name}"
    yield from _codec(image.data, image.format is not FaceFormat.JPEG, rules)
    try:
        picture, colour = image.decode()
    except FormatError as error:
        yield f"its picture cannot be read: {error}"
        return
    if colour is None:
        yield "its picture is grey; 24-bit RGB is asked for"  # SPEC, CTK
    yield from _empty(int(picture.pixels.min()), int(picture.pixels.max()))


def _picture(image: FingerImage | IrisImage, says_jpeg2000: bool, rules: Rules) -> Iterator[str]:
    """Yield where the picture's real codec, loss and size are not what the record says."""
    yield from _codec(image.data, says_jpeg2000, rules)
    try:
        pixels = image.pixels
    except FormatError as error:
        yield f"its picture cannot be read: {error}"
        return
    yield from _empty(int(pixels.min()), int(pixels.max()))


def _codec(data: bytes, says_jpeg2000: bool, rules: Rules) -> Iterator[str]:
    is_jpeg2000 = data.startswith((_JP2, _SOC))
    if says_jpeg2000 and not is_jpeg2000:
        yield f"the record says JPEG 2000, and its picture begins with {data[:8].hex(' ')}"
    if is_jpeg2000 and reversible(data) is not rules.lossless:
        how = "without loss (the 5-3 wavelet)" if not rules.lossless else "with loss (the 9-7 wavelet)"
        yield f"its JPEG 2000 was compressed {how}"


def _empty(darkest: int, brightest: int) -> Iterator[str]:
    if darkest == brightest:
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
