"""Whose fingers and eyes a BioSDK service is asked about: the project's own synthetic ones, or somebody's folder.

A folder is laid out as the toolkit's archives of test data are, below any other folders: `SDK2016/probe.xml`,
`SDK2016/gallery1.xml`, ..., and of tests in two steps `SDK2051/match/probe.xml`; each file is CBEFF in XML. What it
holds takes the place of the synthetic samples. There are no synthetic faces.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from biocore.errors import FormatError
from biocore.eye_records import Camera, write_eyes
from biocore.fingerprint import synth as prints
from biocore.formats import finger_image_pixels, iris_image_pixels
from biocore.formats.cbeff import FACE_IMAGE, FINGER_IMAGE, IRIS_IMAGE, ORGANIZATION, Bir, read_cbeff
from biocore.formats.face_image import MAGIC as FACE_MAGIC
from biocore.formats.face_image import VERSION_2011 as FACE_2011
from biocore.formats.finger_image import FingerImage, FingerImageRecord, write_fir
from biocore.formats.iris_image import Compression, ImageKind
from biocore.formats.representation import front_size, write_front
from biocore.iris import synth as eyes
from biocore.types import EyePosition, FingerPosition, Frame, GreyImage, Modality, Position, Sample
from biocore_bindings.ctk_sdk_cases import FACE, FINGER, Samples, SdkCase
from biocore_bindings.ctk_sdk_wire import kind_of_position, subtype_words

GARBAGE = b"This is no record of ISO/IEC 19794. " * 8
FORMATS = {"Finger": FINGER_IMAGE, "Face": FACE_IMAGE, "Iris": IRIS_IMAGE}
FINGERS = tuple(FingerPosition(number) for number in range(1, 11))
FIRST_FINGER, FIRST_EYE = FingerPosition.LEFT_INDEX, EyePosition.LEFT
# Found by trial: prints of 70 and more by ISO/IEC 29794-4, and one of 5 that still has its minutiae; likewise eyes.
GOOD_PRINTS = (
    prints.Conditions(),
    prints.Conditions(rotation_deg=6.0, shift_px=(8.0, -6.0), moisture=0.55),
)
PRINT_SIZE = (300, 400)  # px; whole enough to score, and small enough that eleven make a short request
POOR_PRINT = prints.Conditions(wear=0.8, contrast=0.4, noise=10.0)
GOOD_EYES = (eyes.Conditions(), eyes.Conditions(roll_deg=3.0, shift=(0.02, 0.015)))
POOR_EYE = eyes.Conditions(defocus=0.1, opening=0.5, iris_share=0.3)
PERSON, STRANGER = 11, 12  # seeds; a person's n-th finger has seed 100 times this, plus n
GALLERY_LIMIT = 20  # files of a folder's gallery that are looked for
TAKEN = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)  # the same records, byte by byte, whenever they are made
_FACE_PIXELS = struct.Struct(">BBHHBHBBI")


class NoSamplesError(Exception):
    """There is nothing that a test could send; the reason is its text."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a test sends.

    Attributes
    ----------
    probe : tuple of Bir
    galleries : tuple of tuple of Bir
        The references, one person's records each.
    mated : frozenset of int
        Which of them are of the probe's person; of a folder's data all that are not said to be otherwise.
    second : tuple of Bir
        The probe of a test's second step.
    certain : bool
        It is known of every reference whose it is.
    """

    probe: tuple[Bir, ...]
    galleries: tuple[tuple[Bir, ...], ...] = ()
    mated: frozenset[int] = frozenset()
    second: tuple[Bir, ...] = ()
    certain: bool = True


def samples_of(case: SdkCase, folder: Path | None = None) -> Sent:
    """Return what a test sends.

    Raises
    ------
    NoSamplesError
        It needs faces, and the folder has none for it.
    FormatError
        A file of the folder cannot be read.
    """
    given = _given(case, folder) if folder else None
    if given is not None:
        return given
    needs_faces = case.samples not in (Samples.DAMAGED, Samples.EMPTY, Samples.EXCHANGED, Samples.NOTHING)
    if FACE in case.modalities and needs_faces:
        where = f"; {folder} has no {case.name}/probe.xml" if folder else ""
        raise NoSamplesError(f"needs pictures of faces, and there are no synthetic ones: --data{where}")
    return _synthetic(case)


def _synthetic(case: SdkCase) -> Sent:
    """Return the project's own samples; of several modalities, one finger and one eye of the same person."""
    match case.samples:
        case Samples.NOTHING:
            return Sent(())
        case Samples.DAMAGED:
            damaged = tuple(_labelled(modality, GARBAGE) for modality in case.modalities)
            return Sent(damaged, (damaged,), second=damaged)
        case Samples.EMPTY:
            empty = tuple(_labelled(modality, b"") for modality in case.modalities)
            return Sent(empty, (empty,))
        case Samples.EXCHANGED:
            (modality,) = case.modalities
            data = finger(FIRST_FINGER).bdb if modality == FACE else _face_record()
            exchanged = (_labelled(modality, data),)
            return Sent(exchanged, (exchanged,))
        case Samples.GOOD:
            return Sent(tuple(_good(modality) for modality in case.modalities) + _more(case))
        case Samples.POOR:
            return Sent(tuple(_poor(modality) for modality in case.modalities))
        case Samples.MATED:
            person, again = (tuple(_good(modality, taken) for modality in case.modalities) for taken in (0, 1))
            return Sent(person, (again,), frozenset((0,)), again)
        case Samples.STRANGERS:
            person = tuple(_good(modality) for modality in case.modalities)
            other = tuple(_good(modality, 1, STRANGER) for modality in case.modalities)
            return Sent(person, (other,), second=other)
        case Samples.RELABELLED:
            (modality,) = case.modalities
            wrong = finger(FIRST_FINGER, 1, said=FingerPosition.RIGHT_MIDDLE) if modality == FINGER else _other_eye()
            return Sent((_good(modality),), ((wrong,),))
        case Samples.GALLERY:
            return _gallery(case)


def _more(case: SdkCase) -> tuple[Bir, ...]:
    """Return a second finger or eye, where each record is answered on its own."""
    if case.steps[0].method not in ("extract-template", "segment", "convert-format") or len(case.modalities) > 1:
        return ()
    return (finger(FingerPosition.RIGHT_THUMB) if case.modalities == (FINGER,) else eye(EyePosition.RIGHT),)


def _gallery(case: SdkCase) -> Sent:
    """Return a finger against all ten of its person and a stranger's, or an eye against both and a stranger's."""
    probe = tuple(_good(modality) for modality in case.modalities)
    if case.modalities == (FINGER,):
        references = [finger(position, 1) for position in FINGERS] + [finger(FIRST_FINGER, 1, STRANGER)]
        mated = FINGERS.index(FIRST_FINGER)
    else:
        references = [eye(EyePosition.RIGHT, 1), eye(FIRST_EYE, 1, STRANGER), eye(FIRST_EYE, 1)]
        mated = 2
    return Sent(probe, tuple((one,) for one in references), frozenset((mated,)))


def _good(modality: str, taken: int = 0, person: int = PERSON) -> Bir:
    return finger(FIRST_FINGER, taken, person) if modality == FINGER else eye(FIRST_EYE, taken, person)


@functools.cache
def _poor(modality: str) -> Bir:
    if modality == FINGER:
        pixels = prints.impression(_seed(PERSON, FIRST_FINGER), 1, POOR_PRINT, PRINT_SIZE)
        return _bir(FIRST_FINGER, _finger_record(pixels, FIRST_FINGER))
    return _bir(FIRST_EYE, _eye_record(eyes.impression(23, 1, POOR_EYE), FIRST_EYE))


def _labelled(modality: str, data: bytes) -> Bir:
    """Return bytes said to be a record."""
    if modality == FACE:
        return Bir("Face", (), data, format=(ORGANIZATION, FACE_IMAGE), created=TAKEN)
    return _bir(FIRST_FINGER if modality == FINGER else FIRST_EYE, data)


def _bir(position: Position, data: bytes) -> Bir:
    kind = kind_of_position(position)
    return Bir(kind, subtype_words(position), data, format=(ORGANIZATION, FORMATS[kind]), created=TAKEN)


def _seed(person: int, number: int) -> int:
    return 100 * person + number


@functools.cache
def finger(position: FingerPosition, taken: int = 0, person: int = PERSON, said: FingerPosition | None = None) -> Bir:
    """Return the record of a finger, FIR of 2011 in JPEG 2000.

    Parameters
    ----------
    position : FingerPosition
    taken : {0, 1}
        Which of two impressions.
    person : int
    said : FingerPosition or None
        Another finger that the record says it is.
    """
    pixels = prints.impression(_seed(person, position), 1 + taken, GOOD_PRINTS[taken], PRINT_SIZE)
    return _bir(said or position, _finger_record(pixels, said or position))


def _finger_record(pixels: GreyImage, position: FingerPosition) -> bytes:
    height, width = pixels.shape
    form = finger_image_pixels.ImageFormat.JPEG2000
    data = finger_image_pixels.encode(pixels, form)
    return write_fir(FingerImageRecord((FingerImage(position, form, width, height, data, captured_at=TAKEN),)))


@functools.cache
def eye(position: EyePosition, taken: int = 0, person: int = PERSON) -> Bir:
    """Return the record of an eye, IIR of 2011 in JPEG 2000, cut to the iris; parameters as of `finger`."""
    side = "left" if position is EyePosition.LEFT else "right"
    return _bir(position, _eye_record(eyes.impression(person, 1 + taken, GOOD_EYES[taken], side=side), position))


@functools.cache
def _other_eye() -> Bir:
    """Return the left eye as a record that says it is the right one."""
    pixels = eyes.impression(PERSON, 2, GOOD_EYES[1], side="left")
    return _bir(EyePosition.RIGHT, _eye_record(pixels, EyePosition.RIGHT))


def _eye_record(pixels: GreyImage, position: EyePosition) -> bytes:
    sample = Sample(Frame(pixels, source="synthetic", captured_at=TAKEN), Modality.IRIS, position)
    camera = Camera(history=Compression.LOSSLESS_OR_NONE)
    return write_eyes([sample], ImageKind.CROPPED, iris_image_pixels.ImageFormat.MONO_JPEG2000, camera=camera)


@functools.cache
def _face_record() -> bytes:
    """Return a record that says it holds a face: to be sent in the place of a finger or an eye, and refused.

    ISO/IEC 19794-5:2011; the picture in it is a print, so that nobody's face is needed.
    """
    pixels = prints.impression(_seed(PERSON, FIRST_FINGER), 1, GOOD_PRINTS[0], PRINT_SIZE)
    data = finger_image_pixels.encode(pixels, finger_image_pixels.ImageFormat.JPEG2000)
    height, width = pixels.shape
    face = struct.pack(">H15x", 0) + _FACE_PIXELS.pack(1, 2, width, height, 0, 0, 0, 3, len(data)) + data
    length = front_size(()) + len(face)
    whole = write_front(length, TAKEN, (0, 0, 0), ()) + face
    return FACE_MAGIC + FACE_2011 + struct.pack(">IHBH", 17 + len(whole), 1, 0, 0) + whole


def _given(case: SdkCase, folder: Path) -> Sent | None:
    """Return what a folder has for a test; None where it has nothing."""
    homes = sorted(path.parent for path in folder.rglob("probe.xml") if path.parent.name == case.name)
    if not homes:
        return None
    home = homes[0]
    galleries = []
    for number in range(1, GALLERY_LIMIT + 1):
        file = home / f"gallery{number}.xml"
        if not file.is_file():
            break
        galleries.append(_read(file))
    again = home / "match" / "probe.xml"
    second = _read(again) if again.is_file() else ()
    if len(case.steps) > 1 and not second:
        raise NoSamplesError(f"{home} has no match/probe.xml for its second step")
    if case.steps[0].method == "match" and not galleries:
        raise NoSamplesError(f"{home} has no gallery1.xml")
    mated = frozenset(() if case.negative else range(max(1, len(galleries))))
    return Sent(_read(home / "probe.xml"), tuple(galleries), mated, second, case.samples is not Samples.GALLERY)


def _read(file: Path) -> tuple[Bir, ...]:
    try:
        return tuple(read_cbeff(file.read_bytes(), str(file)).birs)
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", file=str(file)) from error


def said(birs: Sequence[Bir]) -> str:
    """Name records: "Left IndexFinger, Right"."""
    return ", ".join(" ".join(bir.subtype) or bir.type for bir in birs)
