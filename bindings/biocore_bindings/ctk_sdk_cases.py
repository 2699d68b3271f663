"""The 76 tests of MOSIP's compliance toolkit for BioSDK services, as a table.

Source: mosip/compliance-toolkit-testcases, compliance_test_definitions_sdk.json (specification 0.9.0): numbers, what is
asked for and which validators judge it. The words are the project's own, and so are the samples: the definitions name
none, and the toolkit takes them from an archive of its own or of whoever is tested.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

SCHEMA = "SchemaValidator"
QUALITY, QUALITY_INVALID, QUALITY_NONE = (f"QualityCheck{what}Validator" for what in ("", "InvalidData", "NoData"))
MATCH, MATCH_MANY, MATCH_INVALID, MATCH_NONE = (
    f"Match{what}Validator" for what in ("", "MultiGallery", "InvalidData", "NoData")
)
EXTRACT, EXTRACT_INVALID, EXTRACT_NONE = (
    f"ExtractTemplate{what}Validator" for what in ("", "InvalidData", "NoInputData")
)
SEGMENT, SEGMENT_INVALID, SEGMENT_NONE = (f"Segment{what}Validator" for what in ("", "InvalidData", "NoInputData"))
CONVERT, CONVERT_INVALID, CONVERT_NONE = (f"Convert{what}Validator" for what in ("Data", "InvalidData", "NoInputData"))
FACE, FINGER, IRIS = "face", "finger", "iris"
MODALITIES = (FACE, FINGER, IRIS)
# What the toolkit calls the formats of ISO records, and the pictures they are turned into.
SOURCES = MappingProxyType({FACE: "ISO19794_5_2011", FINGER: "ISO19794_4_2011", IRIS: "ISO19794_6_2011"})
JPEG, PNG = "IMAGE/JPEG", "IMAGE/PNG"


class Samples(StrEnum):
    """What is sent."""

    NOTHING = "nothing"  # of anybody: the request has no record
    GOOD = "a good picture"
    POOR = "a poor picture"
    DAMAGED = "bytes that are no record"
    EMPTY = "a record without data"
    MATED = "two pictures of one person"
    STRANGERS = "pictures of two persons"
    GALLERY = "a picture and several references, one of them mated"
    RELABELLED = "one picture under two subtypes"
    EXCHANGED = "the record of another modality"


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a test.

    Attributes
    ----------
    method : str
        The last part of the path.
    schema : str
        What the answer must look like: a key of `ctk_sdk_schemas.SCHEMAS`.
    validators : tuple of str
    """

    method: str
    schema: str
    validators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SdkCase:
    """One test.

    Attributes
    ----------
    number : int
        2000 of SDK2000.
    title : str
    modalities : tuple of str
    steps : tuple of Step
    samples : Samples
    negative : bool
        What is asked for must not be found: a poor quality, no match.
    target : str
        Of a conversion: a media type.
    switched_off : bool
        The toolkit's own definitions have it inactive.
    """

    number: int
    title: str
    modalities: tuple[str, ...]
    steps: tuple[Step, ...]
    samples: Samples
    negative: bool = False
    target: str = ""
    switched_off: bool = False

    @property
    def name(self) -> str:
        """Its id in the toolkit."""
        return f"SDK{self.number}"


def _quality(schema: str, validator: str) -> tuple[Step, ...]:
    return (Step("check-quality", schema, (SCHEMA, validator)),)


def _match(schema: str, validator: str) -> tuple[Step, ...]:
    return (Step("match", schema, (SCHEMA, validator)),)


def _extract(schema: str, validator: str) -> tuple[Step, ...]:
    return (Step("extract-template", schema, (SCHEMA, validator)),)


_ASSESSED = _quality("CheckQualityResponseSchema", QUALITY)
_FOUND_POOR = _quality("BadCheckQualityResponseSchema", QUALITY)
_COMPARED = _match("MatchResponseSchema", MATCH)
_SEARCHED = _match("MatchResponseSchema", MATCH_MANY)
_EXTRACTED = _extract("ExtractTemplateResponseSchema", EXTRACT)
_EACH_NUMBER = {FINGER: 0, FACE: 1, IRIS: 2}  # the order of extraction and segmentation
_SWITCHED_OFF = frozenset((2026, 2033, *range(2056, 2065)))


def _qualities() -> Iterator[SdkCase]:
    good, poor = Samples.GOOD, Samples.POOR
    for first, modality in zip((2001, 2005, 2009), MODALITIES, strict=True):
        best, worst = (first, first + 1) if modality == FACE else (first + 1, first)
        yield SdkCase(best, f"{modality} of good quality", (modality,), _ASSESSED, good)
        yield SdkCase(worst, f"{modality} of poor quality", (modality,), _FOUND_POOR, poor, negative=True)
        for number, samples, validator in (
            (first + 2, Samples.DAMAGED, QUALITY_INVALID),
            (first + 3, Samples.EMPTY, QUALITY_NONE),
        ):
            steps = _quality("CheckQualityNullResponseSchema", validator)
            yield SdkCase(number, f"quality, {modality}: {samples}", (modality,), steps, samples)
    yield SdkCase(2013, "face and finger of good quality", (FACE, FINGER), _ASSESSED, good)
    yield SdkCase(2014, "face, finger and iris of good quality", MODALITIES, _ASSESSED, good)


def _matches() -> Iterator[SdkCase]:
    more = {FACE: "more than one face", FINGER: "more than ten fingers", IRIS: "more than two irises"}
    for first, modality in zip((2015, 2021, 2028), MODALITIES, strict=True):
        only = (modality,)
        yield SdkCase(first, f"{modality}: two persons", only, _COMPARED, Samples.STRANGERS, negative=True)
        yield SdkCase(first + 1, f"{modality}: one person twice", only, _COMPARED, Samples.MATED)
        for number, samples, validator in (
            (first + 2, Samples.DAMAGED, MATCH_INVALID),
            (first + 3, Samples.EMPTY, MATCH_NONE),
        ):
            steps = _match("MatchNullResponseSchema", validator)
            yield SdkCase(number, f"comparison, {modality}: {samples}", only, steps, samples)
        yield SdkCase(first + 4, f"{modality} against {more[modality]}", only, _SEARCHED, Samples.GALLERY)
        last = first + 5
        if modality != FACE:
            title = f"{modality} under another subtype"
            yield SdkCase(last, title, only, _COMPARED, Samples.RELABELLED, negative=True)
            last += 1
        other = FINGER if modality == FACE else FACE
        steps = _match("MatchNullResponseSchema", MATCH_INVALID)
        yield SdkCase(last, f"comparison, {modality}: a {other} instead", only, steps, Samples.EXCHANGED)
    yield SdkCase(2035, "face and finger: one person twice", (FACE, FINGER), _COMPARED, Samples.MATED)
    yield SdkCase(2036, "face, finger and iris: one person twice", MODALITIES, _COMPARED, Samples.MATED)
    yield SdkCase(2037, "face, finger and iris against several persons", MODALITIES, _SEARCHED, Samples.GALLERY)


def _extractions() -> Iterator[SdkCase]:
    for modality, offset in _EACH_NUMBER.items():
        only = (modality,)
        yield SdkCase(2038 + offset, f"template, {modality}: a good picture", only, _EXTRACTED, Samples.GOOD)
        title = f"template, {modality}: a poor picture"
        yield SdkCase(2041 + offset, title, only, _EXTRACTED, Samples.POOR, negative=True)
        for first, samples, validator in (
            (2044, Samples.DAMAGED, EXTRACT_INVALID),
            (2047, Samples.EMPTY, EXTRACT_NONE),
        ):
            steps = _extract("ExtractTemplateNullResponseSchema", validator)
            yield SdkCase(first + offset, f"template, {modality}: {samples}", only, steps, samples)
        steps = _EXTRACTED + _COMPARED
        yield SdkCase(2050 + offset, f"{modality} against its template", only, steps, Samples.MATED)
        title = f"{modality} against the template of another person"
        yield SdkCase(2053 + offset, title, only, steps, Samples.STRANGERS, negative=True)


def _segmentations() -> Iterator[SdkCase]:
    for modality, offset in _EACH_NUMBER.items():
        for first, samples, validator in (
            (2056, Samples.GOOD, SEGMENT),
            (2059, Samples.DAMAGED, SEGMENT_INVALID),
            (2062, Samples.EMPTY, SEGMENT_NONE),
        ):
            steps = (Step("segment", "SegmentResponseSchema", (SCHEMA, validator)),)
            yield SdkCase(first + offset, f"segmentation, {modality}: {samples}", (modality,), steps, samples)


def _conversions() -> Iterator[SdkCase]:
    number = 2065
    for modality in MODALITIES:
        targets = (PNG,) if modality == IRIS else (JPEG, PNG)
        for target in targets:
            steps = (Step("convert-format", "ConvertResponseSchema", (SCHEMA, CONVERT)),)
            title = f"conversion, {modality}: record to {target.removeprefix('IMAGE/')}"
            yield SdkCase(number, title, (modality,), steps, Samples.GOOD, target=target)
            number += 1
        for samples, validator in ((Samples.DAMAGED, CONVERT_INVALID), (Samples.EMPTY, CONVERT_NONE)):
            steps = (Step("convert-format", "ConvertNullResponseSchema", (SCHEMA, validator)),)
            title = f"conversion, {modality}: {samples}"
            yield SdkCase(number, title, (modality,), steps, samples, target=PNG if modality == IRIS else JPEG)
            number += 1


def _all() -> Iterator[SdkCase]:
    step = Step("init", "InitSDKResponseSchema", (SCHEMA,))
    yield SdkCase(2000, "what the service is and does", MODALITIES, (step,), Samples.NOTHING)
    for group in (_qualities, _matches, _extractions, _segmentations, _conversions):
        yield from group()


def _numbered() -> Iterator[tuple[str, SdkCase]]:
    for case in sorted(_all(), key=lambda case: case.number):
        yield case.name, replace(case, switched_off=case.number in _SWITCHED_OFF)


SDK_CASES = MappingProxyType(dict(_numbered()))
