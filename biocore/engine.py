"""The front of the engine: load, extract, compare and search, for whichever modality a sample has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Literal, cast, overload

from biocore.errors import ExtractionError, InvalidSampleError, InvalidTemplateError
from biocore.fingerprint import compare as finger_comparison
from biocore.fingerprint.extract import extract as extract_finger
from biocore.fingerprint.fuse import fuse as fuse_fingers
from biocore.fingerprint.quality import assess as assess_finger
from biocore.fingerprint.robust import extract_robust
from biocore.fingerprint.scale import NOMINAL_PPI, TOLERANCE_PPI, to_500
from biocore.formats.images import read_colour, read_image
from biocore.iris import compare as iris_comparison
from biocore.iris.extract import extract as extract_iris
from biocore.iris.fuse import fuse as fuse_irises
from biocore.iris.quality import assess as assess_iris
from biocore.report import QualityReport
from biocore.types import (
    Comparison,
    EyePosition,
    FacePosition,
    FingerPosition,
    FingerTemplate,
    Frame,
    IrisTemplate,
    Modality,
    Position,
    Sample,
    Template,
)

Effort = Literal["fast", "robust"]
EFFORTS: tuple[Effort, ...] = ("fast", "robust")

# ppi; a file's own tag below this says nothing of a finger scanner: 72 and 96 are what programs write for screens.
TRUSTED_TAG_PPI = NOMINAL_PPI - TOLERANCE_PPI


def load(
    source: str | PathLike[str] | bytes,
    modality: Modality | Literal["finger", "iris", "face"],
    ppi: float | None = None,
    position: Position | None = None,
) -> Sample:
    """Read a picture as a sample.

    Parameters
    ----------
    source : path or bytes
        PNG, TIFF, BMP, PGM, JPEG, JPEG 2000, and WSQ where the extra `wsq` is installed.
    modality : "finger", "iris" or "face"
        A face keeps its colours (`Frame.colour`).
    ppi : float or None
        Resolution in pixels per inch. Where it is not given, a finger's file must carry a tag of at least
        490 ppi; lower tags describe screens and are not believed.
    position : FingerPosition, EyePosition, FacePosition or None
        Which finger or eye.

    Raises
    ------
    FormatError
        The path cannot be read, or the file is no picture, truncated, or too large.
    InvalidSampleError
        No resolution for a finger, or an impossible one; a position of the other modality.
    """
    if modality == Modality.FACE:
        (pixels, _, name), colour = read_colour(source if isinstance(source, bytes) else Path(source))
        where = FacePosition.UNKNOWN if position is None else position
        return Sample(Frame(pixels, ppi, name, colour=colour), Modality.FACE, where)
    pixels, tag, name = read_image(source if isinstance(source, bytes) else Path(source))
    if modality == Modality.FINGER and ppi is None:
        if tag is None or tag < TRUSTED_TAG_PPI:
            found = "carries no resolution" if tag is None else f"is tagged {tag:g} ppi, which no finger scanner has"
            raise InvalidSampleError(f"{name}: {found}; pass ppi= (500 for most scanners)")
        ppi = tag
    shows = cast(Modality, modality)  # the sample checks it, and says what is wrong
    return Sample(Frame(pixels, ppi, name), shows, FingerPosition.UNKNOWN if position is None else position)


def assess(sample: Sample, template: Template | None = None) -> QualityReport:
    """Say how good a sample is, why it is poor, and what to do about it.

    Parameters
    ----------
    sample : Sample
    template : FingerTemplate or None
        A finger's own template, where it has been extracted already: the four measures that need minutiae
        are then filled in without a second extraction. Irises need none.

    Returns
    -------
    QualityReport
        Its score is None where the picture could not be assessed; `reason` then says why.

    Raises
    ------
    InvalidSampleError
        No sample; a finger of a resolution outside 490..1100 ppi; a face, which is captured and stored, not assessed.
    InvalidTemplateError
        A template of the other modality.
    """
    _no_face(sample, "not assessed")
    if sample.modality is Modality.IRIS:
        if template is not None:
            _iris(template)
        return assess_iris(sample)
    return assess_finger(sample, None if template is None else _finger(template))


def extract(sample: Sample, effort: Effort = "fast", threads: int = 1) -> Template:
    """Make a template of a sample.

    Parameters
    ----------
    sample : Sample
    effort : "fast" or "robust"
        "fast" for live use and every easy finger; "robust" for faint, dry, worn and wet ones and for the record:
        with the extra `robust` installed, a learned detector, else the strongest classical enhancement. The
        template's `algorithm` says which. Irises are extracted in the one way there is, whichever is asked for.
    threads : int
        For the learned detector; everything else runs in the calling thread.

    Returns
    -------
    FingerTemplate or IrisTemplate
        A finger's is in the coordinates of the picture at 500 ppi.

    Raises
    ------
    ExtractionError
        There is no usable finger or iris in the picture; names the sample's source.
    InvalidSampleError
        No sample, a finger of a resolution outside 490..1100 ppi, an unknown effort, or a face: no template is made of
        one.
    ValueError
        Fewer than one thread.
    """
    _no_face(sample, "no templates are made of them, and none are compared")
    if effort not in EFFORTS:
        raise InvalidSampleError(f"effort must be {' or '.join(EFFORTS)}, not {effort!r}")
    if threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}")
    try:
        if sample.modality is Modality.IRIS:
            return extract_iris(sample.pixels, cast(EyePosition, sample.position))
        pixels = to_500(sample)
        template = extract_robust(pixels, threads) if effort == "robust" else extract_finger(pixels, effort)
    except ExtractionError as error:
        raise ExtractionError(f"{sample.source}: {error}") from error
    return replace(template, position=sample.position)


def compare(probe: Template, reference: Template) -> Comparison:
    """Compare two templates of one modality.

    Returns
    -------
    Comparison
        `score` = -10 log10(FMR), with the paired minutiae of fingers and the rotation of irises.

    Raises
    ------
    InvalidTemplateError
        Templates of different modalities.
    """
    if isinstance(probe, IrisTemplate):
        return iris_comparison.compare(probe, _iris(reference))
    return finger_comparison.compare(_finger(probe), _finger(reference))


def search(probe: Template, references: Sequence[Template], threads: int = 1) -> list[Comparison]:
    """Compare one probe with many references; the probe is prepared once and the GIL is released.

    Parameters
    ----------
    probe : Template
    references : sequence of Template
    threads : int
        Threads to use; the result is the same for any number.

    Returns
    -------
    list of Comparison
        One a reference, in order.

    Raises
    ------
    InvalidTemplateError
        Templates of different modalities.
    ValueError
        Fewer than one thread.
    """
    if isinstance(probe, IrisTemplate):
        return iris_comparison.search(probe, [_iris(reference) for reference in references], threads)
    return finger_comparison.search(_finger(probe), [_finger(reference) for reference in references], threads)


@overload
def fuse(templates: Sequence[FingerTemplate]) -> FingerTemplate: ...
@overload
def fuse(templates: Sequence[IrisTemplate]) -> IrisTemplate: ...
@overload
def fuse(templates: Sequence[Template]) -> Template: ...
def fuse(templates: Sequence[Template]) -> Template:
    """Unite several attempts at one finger, or several captures of one eye, in one template.

    Parameters
    ----------
    templates : sequence of FingerTemplate, or of IrisTemplate
        All of one modality.

    Returns
    -------
    FingerTemplate or IrisTemplate

    Raises
    ------
    InvalidTemplateError
        No template at all, fingers and irises together, different fingers or eyes by their positions, or an iris that
        is not alike to the others.
    """
    if not templates:
        raise InvalidTemplateError("there is no template to fuse")
    if isinstance(templates[0], IrisTemplate):
        return fuse_irises([_iris(template) for template in templates])
    return fuse_fingers([_finger(template) for template in templates])


def _no_face(sample: Sample, missing: str) -> None:
    """Refuse what there is no engine for, and what is no sample.

    Raises
    ------
    InvalidSampleError
    """
    if not isinstance(sample, Sample):
        raise InvalidSampleError(
            f"expected a sample, not {type(sample).__name__}; biocore.load reads one from a file, and "
            "biocore.Sample(biocore.Frame(pixels, ppi), biocore.Modality.FINGER) makes one of an array"
        )
    if sample.modality is Modality.FACE:
        raise InvalidSampleError(f"{sample.source}: faces are captured and stored, {missing}")


def _finger(template: Template) -> FingerTemplate:
    if not isinstance(template, FingerTemplate):
        raise _wrong_kind("finger", template)
    return template


def _iris(template: Template) -> IrisTemplate:
    if not isinstance(template, IrisTemplate):
        raise _wrong_kind("iris", template)
    return template


def _wrong_kind(expected: str, template: object) -> InvalidTemplateError:
    both = isinstance(template, Template)
    hint = "; fingers and irises are never compared or fused with each other" if both else ""
    return InvalidTemplateError(f"expected {expected} templates, not {type(template).__name__}{hint}")
