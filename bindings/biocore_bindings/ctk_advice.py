"""What each validator of the toolkit expects, and what to do where it was not so: words for whoever mends a device."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from biocore_bindings import ctk_cases as sbi
from biocore_bindings import ctk_sdk_cases as sdk

STREAM = "Stream"


@dataclass(frozen=True, slots=True)
class Advised:
    """One fault.

    Attributes
    ----------
    validator : str
        Which of the toolkit's found it.
    came : str
        What was wrong.
    expected, do : str
        What must hold, and what to do.
    """

    validator: str
    came: str
    expected: str
    do: str


_REFUSED = "Refuse such data with this status code, before anything is computed from them, and leave response null."
_INVALID = "data that are no record of ISO/IEC 19794 are refused with statusCode"
_NOTHING = "a record without data is refused with statusCode 404"
WORDS = MappingProxyType(
    {
        sbi.SCHEMA: (
            "the answer has the members of the toolkit's JSON schema, of its types and values, and no others",
            "Correct the member that is named. Where no answer came, look into the service's log.",
        ),
        sbi.SIGNATURE: (
            "data, deviceInfo and digitalId carry JSON web signatures that fit, by trusted certificates",
            "Sign the very bytes that are sent (RS256, x5c in the head), with the key of the certificate in x5c, and "
            "with the digitalId that device info tells.",
        ),
        sbi.MISMATCH: (
            "what was asked for comes back: count, type, fingers or eyes, purpose and transactionId",
            "Take these from the request, return each part once, and none that was excepted.",
        ),
        sbi.HASH: (
            "hash is SHA-256 over the bytes of the hash before and the SHA-256 of the record, in upper hexadecimal",
            "Chain from previousHash of the request, then from part to part; join the digests as bytes, not as text.",
        ),
        sbi.ISO: (
            "bioValue is a record of ISO/IEC 19794-4, -5 or -6 of 2011 with one picture, and what it says is so",
            "Correct the field that is named where the record is written.",
        ),
        sbi.TIMEOUT: (
            "the answer comes when the request's timeout is over, neither before nor long after",
            "Wait as long as timeout says (ms), then answer: the best picture, or an error where nobody came.",
        ),
        sbi.TIME: (
            "timestamp is within 3 minutes of the clock of who asks",
            "Set the machine's clock by NTP, and write the time of the capture in UTC.",
        ),
        sbi.ROTATION: (
            "after a rotation the device signs with a new certificate, valid from later on, and is the same device",
            "Create a new key and certificate; leave make, model and serial number as they were.",
        ),
        sbi.QUALITY: (
            "the quality of the pictures, measured anew, reaches requestedScore on average",
            "Capture until the score is reached; the score must be measured on the very picture that is sent.",
        ),
        STREAM: (
            "STREAM answers with a multipart of JPEG pictures, three a second or more",
            "Answer STREAM at /stream for registration devices and send a picture at least every third of a second.",
        ),
        sdk.QUALITY: (
            "good pictures score 60 of 100 and more (faces 30), poor ones less, or are refused with 403 or 406",
            "Measure the picture in the record; the score that a request brings along says nothing.",
        ),
        sdk.MATCH: (
            "each reference is decided on once a modality: MATCHED for the same finger, eye or face, else NOT_MATCHED",
            "Check the threshold of decisions, that each sample meets the reference of its own subtype, and that "
            "galleryIndex counts the references from 0.",
        ),
        sdk.EXTRACT: (
            "each record that was sent comes back as a template that can be read, under its own name",
            "Write a whole record for each finger or eye, its bytes as signed numbers, with type and subtype as sent.",
        ),
        sdk.SEGMENT: (
            "each finger or eye that was sent comes back as a record of its picture, under its own name",
            "Return one record a finger or eye; type, subtype and the position in the record must agree.",
        ),
        sdk.CONVERT: (
            "the picture comes back in the format asked for, with its size; as PNG with the very pixels of the record",
            "Decode the record's picture and encode it anew without scaling, cropping or enhancement.",
        ),
        sdk.QUALITY_INVALID: (f"{_INVALID} 401 or 403", _REFUSED),
        sdk.EXTRACT_INVALID: (f"{_INVALID} 401 or 403", _REFUSED),
        sdk.CONVERT_INVALID: (f"{_INVALID} 401 or 403", _REFUSED),
        sdk.MATCH_INVALID: (f"{_INVALID} 401 or 405", _REFUSED),
        sdk.SEGMENT_INVALID: (f"{_INVALID} 401 or 405", _REFUSED),
        **dict.fromkeys(
            (sdk.QUALITY_NONE, sdk.MATCH_NONE, sdk.EXTRACT_NONE, sdk.SEGMENT_NONE, sdk.CONVERT_NONE),
            (_NOTHING, _REFUSED),
        ),
    }
)
_ALIKE = {sdk.MATCH_MANY: sdk.MATCH}


def advised(fault: str) -> Advised:
    """Return a fault, written as "validator: what is wrong", with what was expected and what to do."""
    validator, _, came = fault.partition(": ")
    expected, do = WORDS[_ALIKE.get(validator, validator)]
    return Advised(validator, came, expected, do)
