"""What the answers of a BioSDK service must look like, as tables.

Source: the facts in the JSON schemas of MOSIP's compliance toolkit (mosip/mosip-compliance-toolkit,
resources/schemas/sdk/0.9.0). The names are the toolkit's.

Stricter than these schemas, which look at the first entry of a list only: here every entry counts. Looser in one place:
the bytes of a record (`bdb`) are any list here; `ctk_sdk_wire` says what is wrong with them, byte by byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from biocore_bindings.ctk_shapes import EMPTY, NUMBER, TEXT, TRUTH, WHOLE, Members, Shape, list_of, one_of, record

TYPES = ("FINGER", "FACE", "IRIS")
FINGERS = tuple(
    f"{side} {finger}"
    for side in ("Right", "Left")
    for finger in ("MiddleFinger", "IndexFinger", "LittleFinger", "RingFinger", "Thumb")
)
WORDS = ("Right", "Left", "RingFinger", "MiddleFinger", "LittleFinger", "IndexFinger", "Thumb", "UNKNOWN")
PURPOSES = ("ENROLL", "IDENTIFY", "VERIFY", "ENROLLVERIFY", "ENROLLIDENTIFY", "AUDIT")
MAYBE_TEXT, ANY_LIST = TEXT.or_null(), Shape("list")
MAYBE_WHOLES = list_of(WHOLE).or_null()
MAYBE_BYTES = ANY_LIST.or_null()

_MODALITIES = list_of(one_of(*TYPES))
_REGISTERED = record({"organization": TEXT, "type": TEXT})
_VERSION = record({"major": WHOLE, "minor": WHOLE})
_DATE = record(
    {
        "date": record(dict.fromkeys(("year", "month", "day"), WHOLE)),
        "time": record(dict.fromkeys(("hour", "minute", "second", "nano"), WHOLE)),
    }
)


def _answer(response: Shape) -> Shape:
    return record({"version": TEXT, "responsetime": TEXT, "response": response, "errors": ANY_LIST})


def _status(response: Shape) -> Shape:
    """Return the shape of what every method but init answers: a status, and what was found."""
    return record({"statusCode": WHOLE, "statusMessage": MAYBE_TEXT, "response": response})


def _scores(nullable: bool) -> Shape:
    score = record({"score?": NUMBER, "errors?": ANY_LIST, "analyticsInfo?": EMPTY})
    found = record({"scores": record({f"{name}?": score for name in TYPES}), "analyticsInfo": EMPTY})
    return found.or_null() if nullable else found


def _decisions() -> Shape:
    decision = record({"match": TEXT, "errors": ANY_LIST, "analyticsInfo": EMPTY})
    return list_of(
        record(
            {
                "galleryIndex": WHOLE,
                "decisions": record({f"{name}?": decision for name in TYPES}),
                "analyticsInfo": EMPTY,
            }
        )
    )


def _records(entry: Shape, others: Shape) -> Shape:
    """Return the shape of a list of biometric records."""
    version = record({"major?": WHOLE, "minor?": WHOLE}).or_null()
    return record(
        {
            "version": version,
            "cbeffversion": version,
            "birInfo": record({"integrity?": TRUTH}).or_null(),
            "segments": list_of(entry).or_null(),
            "others": others,
        }
    )


def _entry(version: Shape, payload: Members, about: Members, others: Members) -> Shape:
    """Return the shape of one biometric record: `payload` of its `birInfo`, `about` of its `bdbInfo`."""
    dates = {f"{name}?": MAYBE_TEXT for name in ("creator", "index", "creationDate", "notValidBefore", "notValidAfter")}
    form = record({"organization": MAYBE_TEXT, "type": MAYBE_TEXT}).or_null()
    kind = Shape("list", entries=one_of(*TYPES), least=1, most=1)
    return record(
        {
            "version": version,
            "cbeffversion": version,
            "birInfo": record({**dates, "integrity": TRUTH, **payload}),
            "bdbInfo": record(
                {
                    "format?": _REGISTERED,
                    "creationDate?": _DATE,
                    "type": kind,
                    "purpose?": one_of(*PURPOSES),
                    **about,
                }
            ),
            "bdb": MAYBE_BYTES,
            "sb": Shape("list", nullable=True, entries=WHOLE, least=1),
            "sbInfo": record({"format?": form}).or_null(),
            **others,
        }
    )


_QUALITY: Members = {"algorithm": _REGISTERED, "score": WHOLE}
# What extraction and conversion may say of a record, and segmentation may not.
_MORE: Members = {
    "subtype?": Shape("list", nullable=True, entries=one_of(*WORDS), least=1, most=2),
    "quality?": record({**_QUALITY, "qualityCalculationFailed": MAYBE_TEXT}),
    "challengeResponse?": MAYBE_WHOLES,
    "index?": MAYBE_TEXT,
    "encryption?": TRUTH.or_null(),
    "notValidBefore?": MAYBE_TEXT,
    "notValidAfter?": MAYBE_TEXT,
    **{
        f"{name}?": _REGISTERED.or_null()
        for name in (
            "product",
            "captureDevice",
            "featureExtractionAlgorithm",
            "comparisonAlgorithm",
            "compressionAlgorithm",
        )
    },
}
_NOBODY = Shape("null")
_TEMPLATE = _entry(
    _VERSION.or_null(),
    {"payload?": MAYBE_WHOLES},
    {**_MORE, "level?": one_of("RAW", "INTERMEDIATE", "PROCESSED")},
    {"others?": Shape("object", nullable=True), "birs?": _NOBODY},
)
_PICTURE = _entry(
    _VERSION,
    {"payload": list_of(WHOLE)},
    {**_MORE, "level?": one_of("RAW")},
    {"others?": EMPTY.or_null(), "birs?": _NOBODY},
)
_SEGMENT = _entry(
    _VERSION,
    {"payload": list_of(WHOLE)},
    {
        "subtype?": Shape("list", nullable=True, entries=one_of(*FINGERS, "Right", "Left"), least=1, most=1),
        "level?": one_of("RAW"),
        "quality?": record(_QUALITY),
    },
    {},
)
_NULL = _answer(_status(_NOBODY))

SCHEMAS: Mapping[str, Shape] = MappingProxyType(
    {
        "InitSDKResponseSchema": _answer(
            record(
                {
                    "apiVersion": TEXT,
                    "sdkVersion": TEXT,
                    "supportedModalities": _MODALITIES,
                    "supportedMethods": record(
                        dict.fromkeys(("QUALITY_CHECK", "EXTRACT", "MATCH", "CONVERT_FORMAT"), _MODALITIES)
                    ),
                    "otherInfo": EMPTY,
                    "productOwner": _REGISTERED,
                }
            )
        ),
        "CheckQualityResponseSchema": _answer(_status(_scores(nullable=False)).or_null()),
        "BadCheckQualityResponseSchema": _answer(_status(_scores(nullable=True))),
        "CheckQualityNullResponseSchema": _NULL,
        "MatchResponseSchema": _answer(_status(_decisions())),
        "MatchNullResponseSchema": _NULL,
        "ExtractTemplateResponseSchema": _answer(_status(_records(_TEMPLATE, EMPTY.or_null()))),
        "ExtractTemplateNullResponseSchema": _NULL,
        "SegmentResponseSchema": _answer(_status(_records(_SEGMENT, EMPTY).or_null())),
        "ConvertResponseSchema": _answer(_status(_records(_PICTURE, EMPTY.or_null()))),
        "ConvertNullResponseSchema": _NULL,
    }
)
