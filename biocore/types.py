"""What flows through the library: Frame, Sample, Part, Minutia, FingerTemplate, IrisTemplate, Comparison.

All are frozen and their arrays are read-only. They check themselves once, on construction, and whatever
receives one trusts it. Terms are those of ISO/IEC 2382-37.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from numbers import Real
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from biocore.errors import InvalidSampleError, InvalidTemplateError

_T = TypeVar("_T", bound=np.generic)

GreyImage = NDArray[np.uint8]  # (height, width), 0 = black ridge or pupil, 255 = white
ColourImage = NDArray[np.uint8]  # (height, width, 3): red, green, blue as a screen shows them (sRGB)

MAX_SIDE = 8192  # px; a ten-print card at 1000 ppi is 8000 px wide, nothing captured at a desk is larger
PPI_RANGE = (50.0, 4000.0)  # any imaging device; what an algorithm takes is narrower and its own affair
MAX_MINUTIAE = 255  # ISO/IEC 19794-2:2005, 7.4.2: one byte holds the count


class Modality(StrEnum):
    """The body part a sample shows."""

    FINGER = "finger"
    IRIS = "iris"
    FACE = "face"

    @property
    def positions(self) -> type[FingerPosition | EyePosition | FacePosition]:
        """The enumeration of its positions."""
        return _POSITIONS[self]

    @property
    def unknown(self) -> Position:
        """The position that nobody said."""
        return self.positions.UNKNOWN


class FingerPosition(IntEnum):
    """Finger position codes of ISO/IEC 19794-2:2005, table 2 (and ANSI/NIST-ITL)."""

    UNKNOWN = 0
    RIGHT_THUMB = 1
    RIGHT_INDEX = 2
    RIGHT_MIDDLE = 3
    RIGHT_RING = 4
    RIGHT_LITTLE = 5
    LEFT_THUMB = 6
    LEFT_INDEX = 7
    LEFT_MIDDLE = 8
    LEFT_RING = 9
    LEFT_LITTLE = 10


class EyePosition(IntEnum):
    """Eye codes of ISO/IEC 19794-6:2011."""

    UNKNOWN = 0
    RIGHT = 1
    LEFT = 2


class FacePosition(IntEnum):
    """A person has one face: there is nothing to tell. In MOSIP's registration a face has no subtype either."""

    UNKNOWN = 0


Position = FingerPosition | EyePosition | FacePosition
_POSITIONS: dict[Modality, type[FingerPosition | EyePosition | FacePosition]] = {
    Modality.FINGER: FingerPosition,
    Modality.IRIS: EyePosition,
    Modality.FACE: FacePosition,
}

IRIS_COLUMNS = 256  # words of an iris code, one an angular column: 1.4 degrees


def frozen_array(array: NDArray[_T]) -> NDArray[_T]:
    """Return a C-contiguous, read-only array that nobody else can write to."""
    if not array.flags.writeable and array.flags.c_contiguous and array.base is None:
        return array
    own = np.array(array, order="C", copy=True)
    own.flags.writeable = False
    return own


def check_pixels(pixels: object, what: str = "pixels") -> GreyImage:
    """Check that `pixels` is an 8-bit grey raster of a possible size; say what is wrong otherwise.

    Raises
    ------
    InvalidSampleError
        Not an array, a masked one, not uint8, not two-dimensional, empty, or longer than `MAX_SIDE` on one side.
    """
    if not isinstance(pixels, np.ndarray):
        raise InvalidSampleError(f"{what} must be a NumPy array, not {type(pixels).__name__}")
    if isinstance(pixels, np.ma.MaskedArray):
        raise InvalidSampleError(f"{what} must have a value everywhere; fill the masked array first")
    if pixels.ndim != 2:
        raise InvalidSampleError(
            f"{what} must have two dimensions (height, width), not shape {pixels.shape}; convert colour to grey first"
        )
    if pixels.dtype != np.uint8:
        raise InvalidSampleError(f"{what} must be 8-bit grey (uint8), not {pixels.dtype}; scale to 0..255 first")
    if pixels.size == 0:
        raise InvalidSampleError(f"{what} are empty: shape {pixels.shape}")
    if max(pixels.shape) > MAX_SIDE:
        raise InvalidSampleError(f"{what} are {pixels.shape[1]}x{pixels.shape[0]} px; the limit is {MAX_SIDE} a side")
    return pixels


def check_colour(colour: object, what: str = "colour") -> ColourImage:
    """Check that `colour` is an 8-bit raster of red, green and blue of a possible size; say what is wrong otherwise.

    Raises
    ------
    InvalidSampleError
        Not an array of shape (height, width, 3), not uint8, empty, or longer than `MAX_SIDE` on one side.
    """
    if not isinstance(colour, np.ndarray) or colour.ndim != 3 or colour.shape[2] != 3:
        shape = getattr(colour, "shape", type(colour).__name__)
        raise InvalidSampleError(f"{what} must be an array of shape (height, width, 3), not {shape}")
    check_pixels(colour[..., 0], what)
    return colour


def check_ppi(ppi: float | None, what: str = "resolution") -> float | None:
    """Check that a resolution is one an imaging device can have.

    Raises
    ------
    InvalidSampleError
        No number, not finite, or outside `PPI_RANGE`.
    """
    if ppi is None:
        return None
    if not isinstance(ppi, Real):
        raise InvalidSampleError(f"{what} must be a number of pixels per inch, not {ppi!r}")
    low, high = PPI_RANGE
    if not low <= ppi <= high:  # nor is NaN
        raise InvalidSampleError(f"{what} of {ppi} ppi is impossible; expected {low:g} to {high:g} ppi")
    return float(ppi)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture as a device delivered it.

    Attributes
    ----------
    pixels : uint8 array (height, width)
        Grey raster, read-only; fingers have dark ridges on a light ground.
    ppi : float or None
        Native resolution in pixels per inch; None for cameras, whose resolution depends on the distance.
    source : str
        URI of the device, or path of the file.
    captured_at : datetime
        When, in UTC.
    colour : uint8 array (height, width, 3) or None
        Of a face, where the device gives colours: the same picture in red, green and blue, read-only; `pixels` is its
        luma (ITU-R BT.601). None for everything else.
    """

    pixels: GreyImage
    ppi: float | None = None
    source: str = "memory"
    captured_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    colour: ColourImage | None = None

    def __post_init__(self) -> None:
        pixels = check_pixels(self.pixels, f"pixels of {self.source}")
        object.__setattr__(self, "pixels", frozen_array(pixels))
        object.__setattr__(self, "ppi", check_ppi(self.ppi, f"{self.source}: resolution"))
        if self.captured_at.tzinfo is None:
            raise InvalidSampleError(f"{self.source}: captured_at must carry a time zone")
        if self.colour is not None:
            colour = check_colour(self.colour, f"colour of {self.source}")
            if colour.shape[:2] != pixels.shape:
                raise InvalidSampleError(f"{self.source}: colour of {colour.shape} belongs to no {pixels.shape} pixels")
            object.__setattr__(self, "colour", frozen_array(colour))


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A frame that shows one finger, one eye or one face.

    Attributes
    ----------
    frame : Frame
    modality : Modality
    position : FingerPosition, EyePosition or FacePosition
        Which finger or eye; `UNKNOWN` where nobody said.

    Raises
    ------
    InvalidSampleError
        A finger without a resolution (ridges have no scale then), an unknown modality, or a position of the
        other one.
    """

    frame: Frame
    modality: Modality
    position: Position = FingerPosition.UNKNOWN

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "modality", Modality(self.modality))
        except ValueError:
            known = " or ".join(Modality)
            raise InvalidSampleError(f"{self.source}: {self.modality!r} is no modality; use {known}") from None
        kind = self.modality.positions
        position = self.position if isinstance(self.position, FingerPosition | EyePosition | FacePosition) else None
        if position is not None and position.value == 0:
            position = kind.UNKNOWN  # nobody said, whichever word for it was used
        if not isinstance(position, kind):
            raise InvalidSampleError(
                f"{self.source}: {self.position!r} is no {self.modality} position; use {kind.__name__}"
            )
        object.__setattr__(self, "position", position)
        if self.modality is Modality.FINGER and self.ppi is None:
            raise InvalidSampleError(
                f"{self.source}: a finger image needs its resolution; pass ppi= (500 for most scanners)"
            )

    @property
    def pixels(self) -> GreyImage:
        """The frame's grey raster, read-only."""
        return self.frame.pixels

    @property
    def ppi(self) -> float | None:
        """The frame's resolution in pixels per inch."""
        return self.frame.ppi

    @property
    def source(self) -> str:
        """Where the frame came from."""
        return self.frame.source


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One finger, eye or face of a capture, taken apart by the device.

    Attributes
    ----------
    frame : Frame
    position : FingerPosition, EyePosition or FacePosition
    score : float or None
        The device's own quality score, 0..100; no substitute for `biocore.assess`.
    record : bytes
        The picture's record as the device delivered it (ISO/IEC 19794); empty where it delivers pixels.
    signed, digest : str
        What the device signed and its place in the chain of captures, as a registration packet hands them on; empty
        where the device does not sign.
    """

    frame: Frame
    position: Position
    score: float | None = None
    record: bytes = b""
    signed: str = ""
    digest: str = ""


class MinutiaKind(IntEnum):
    """Minutia types of ISO/IEC 19794-2:2005, 6.2."""

    OTHER = 0
    ENDING = 1
    BIFURCATION = 2


@dataclass(frozen=True, slots=True)
class Minutia:
    """One minutia, for reading; templates hold theirs in arrays.

    Attributes
    ----------
    x, y : float
        Position in px from the top left corner, x to the right, y down.
    direction : float
        Radians in [0, 2π), counter-clockwise from the positive x axis as seen on the picture, pointing from
        the ending into the ridge, from the bifurcation into the valley (ISO/IEC 19794-2:2005, 6.3.2 and 6.4).
    kind : MinutiaKind
    quality : int
        Confidence that the minutia is real, 1..100; 0 = not reported.
    """

    x: float
    y: float
    direction: float
    kind: MinutiaKind
    quality: int


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Template:
    """What every template says of itself, whatever its modality.

    Attributes
    ----------
    algorithm : str
        Extractor and version (`biocore.finger.fast/1`), so that a stored template can be read in years.
    width, height : int
        Size in px of the picture the template's coordinates live in.
    position : FingerPosition or EyePosition
    """

    algorithm: str
    width: int
    height: int
    position: Position

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise InvalidTemplateError(f"a template's picture cannot be {self.width}x{self.height} px")


@dataclass(frozen=True, slots=True, eq=False)
class FingerTemplate(Template):
    """Minutiae of one finger, in a fixed order (best first; ties by y, x, direction).

    Attributes
    ----------
    ppi : float
        Resolution of the coordinates in pixels per inch.
    points : float32 array (n, 2)
        x, y in px (see `Minutia`).
    directions : float32 array (n,)
        Radians in [0, 2π).
    kinds : uint8 array (n,)
        `MinutiaKind` values.
    qualities : uint8 array (n,)
        0..100.
    image_quality : int or None
        The sample's quality score 0..100, where it was assessed.
    """

    ppi: float
    points: NDArray[np.float32]
    directions: NDArray[np.float32]
    kinds: NDArray[np.uint8]
    qualities: NDArray[np.uint8]
    image_quality: int | None = None

    def __post_init__(self) -> None:
        Template.__post_init__(self)
        if self.ppi is None:
            raise InvalidTemplateError("a finger template needs its resolution: minutiae have no scale without it")
        object.__setattr__(self, "ppi", check_ppi(self.ppi, "template resolution"))
        n = len(self.points) if np.ndim(self.points) else 0
        columns: tuple[tuple[str, NDArray[Any], type[np.generic], tuple[int, ...]], ...] = (
            ("points", self.points, np.float32, (n, 2)),
            ("directions", self.directions, np.float32, (n,)),
            ("kinds", self.kinds, np.uint8, (n,)),
            ("qualities", self.qualities, np.uint8, (n,)),
        )
        for name, array, dtype, shape in columns:
            if not isinstance(array, np.ndarray):
                raise InvalidTemplateError(f"{name} must be a NumPy array, not {type(array).__name__}")
            if array.dtype != dtype or array.shape != shape:
                raise InvalidTemplateError(
                    f"{name} must be {np.dtype(dtype).name} {shape}, not {array.dtype} {array.shape}"
                )
            object.__setattr__(self, name, frozen_array(array))
        if not (np.isfinite(self.points).all() and np.isfinite(self.directions).all()):
            raise InvalidTemplateError("minutia positions and directions must be finite numbers")
        if (self.kinds > MinutiaKind.BIFURCATION).any() or (self.qualities > 100).any():
            raise InvalidTemplateError("minutia kinds must be 0..2 and qualities 0..100")

    def __len__(self) -> int:
        return len(self.points)

    @property
    def minutiae(self) -> Iterator[Minutia]:
        """The minutiae one by one, best first."""
        rows = zip(self.points, self.directions, self.kinds, self.qualities, strict=True)
        for (x, y), direction, kind, quality in rows:
            yield Minutia(float(x), float(y), float(direction), MinutiaKind(int(kind)), int(quality))


@dataclass(frozen=True, slots=True, eq=False)
class IrisTemplate(Template):
    """The iris code of one eye: the signs of filter responses round the ring between pupil and limbus.

    Column c of `IRIS_COLUMNS` lies at the angle 2π c / IRIS_COLUMNS, counter-clockwise from +x as seen on the
    picture. A word holds 16 rows from the pupil outwards: bits 2 row and 2 row + 1 are real and imaginary part at
    the long wavelength, bits 32 + 2 row and 33 + 2 row at the short one.

    Attributes
    ----------
    code : uint64 array (IRIS_COLUMNS,)
        1 = the response is positive; 0 wherever the mask is 0.
    mask : uint64 array (IRIS_COLUMNS,)
        1 = the bit can be used.
    pupil_radius, iris_radius : float
        px on the picture the template was made of.
    image_quality : int or None
        The sample's quality score 0..100, where it was assessed.
    """

    code: NDArray[np.uint64]
    mask: NDArray[np.uint64]
    pupil_radius: float
    iris_radius: float
    image_quality: int | None = None

    def __post_init__(self) -> None:
        Template.__post_init__(self)
        for name in ("code", "mask"):
            words = getattr(self, name)
            if not isinstance(words, np.ndarray):
                raise InvalidTemplateError(f"{name} must be a NumPy array, not {type(words).__name__}")
            if words.dtype != np.uint64 or words.shape != (IRIS_COLUMNS,):
                raise InvalidTemplateError(f"{name} must be uint64 ({IRIS_COLUMNS},), not {words.dtype} {words.shape}")
            object.__setattr__(self, name, frozen_array(words))
        if (self.code & ~self.mask).any():
            raise InvalidTemplateError("an iris code must be 0 where its mask is")
        if not (0.0 < self.pupil_radius < self.iris_radius < math.inf):
            raise InvalidTemplateError(
                f"a pupil of {self.pupil_radius} px does not fit into an iris of {self.iris_radius} px radius"
            )
        if self.image_quality is not None and not 0 <= self.image_quality <= 100:
            raise InvalidTemplateError(f"image quality is 0 to 100, not {self.image_quality}")

    @property
    def usable(self) -> float:
        """Share of the bits that can be used, 0 to 1."""
        return int.from_bytes(self.mask.tobytes(), "little").bit_count() / (64 * IRIS_COLUMNS)

    @property
    def dilation(self) -> float:
        """Pupil radius by iris radius."""
        return self.pupil_radius / self.iris_radius


NO_PAIRS: NDArray[np.int32] = frozen_array(np.empty((0, 2), np.int32))


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """The outcome of one comparison of a probe with a reference.

    Attributes
    ----------
    score : float
        -10 log10(FMR): 40 means one false match in 10,000 comparisons of different persons.
    algorithm : str
        Comparator and version.
    pairs : int32 array (k, 2)
        Indices of the paired minutiae: probe, reference. Empty where none were found, or where a search did
        not ask for them; irises have none.
    rotation : float or None
        Radians by which an iris probe is turned against its reference, counter-clockwise; None for fingers.
    """

    score: float
    algorithm: str
    pairs: NDArray[np.int32] = field(default_factory=lambda: np.empty((0, 2), np.int32))
    rotation: float | None = None

    def __post_init__(self) -> None:
        if self.pairs is not NO_PAIRS:  # a search makes millions of these
            object.__setattr__(self, "pairs", frozen_array(self.pairs))

    @property
    def fmr(self) -> float:
        """False match rate at a threshold equal to this score: 10^(-score/10), at most 1."""
        return 10.0 ** (-self.score / 10.0) if self.score > 0.0 else 1.0
