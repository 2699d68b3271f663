"""What a BioSDK answers, as MOSIP's Java client reads it: the envelope, records and their segments.

Strict answers hold nothing that the JSON schemas of MOSIP's compliance toolkit do not know: no `analyticsInfo`, no
`others`, and of segments only the fields that the schema of the method names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from biocore_bindings.biosdk_codes import RefusedError, Status
from biocore_bindings.biosdk_fields import Moment, moment
from biocore_bindings.biosdk_json import to_signed
from biocore_bindings.biosdk_records import BirInfo, Pair, Record, Segment, Version

Json = dict[str, Any]


def envelope(version: str, response: object, errors: Iterable[tuple[str, str]] = ()) -> Json:
    """Wrap an answer."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {
        "version": version,
        "responsetime": now.replace("+00:00", "Z"),
        "response": response,
        "errors": [{"code": code, "message": message} for code, message in errors],
    }


def done(response: object, message: str = Status.OK.words) -> Json:
    """Answer a call that succeeded."""
    return {"statusCode": int(Status.OK), "statusMessage": message, "response": response}


def refused(error: RefusedError) -> Json:
    """Answer a call that did not."""
    return {"statusCode": int(error.status), "statusMessage": str(error), "response": None}


def record(head: Record, segments: Iterable[Segment], *, strict: bool, split: bool = False) -> Json:
    """Write a record.

    Parameters
    ----------
    head : Record
        Whose version and others the answer says again.
    segments : iterable of Segment
    strict : bool
    split : bool
        The answer to `segment`, whose strict form is its own: fewer fields, and names of fingers in one piece.
    """
    return {
        "version": _version(head.version),
        "cbeffversion": _version(head.cbeff_version),
        "birInfo": {"integrity": head.info.integrity} if strict else _info(head.info),
        "segments": [_of_split(one) if strict and split else segment(one, strict=strict) for one in segments],
        "others": {} if strict else dict(head.others),
    }


def segment(found: Segment, *, strict: bool) -> Json:
    """Write a segment, every field of Java's class `BIR` in its place."""
    return {
        "version": _version(found.version),
        "cbeffversion": _version(found.cbeff_version),
        "birInfo": _info(found.info),
        "bdbInfo": _bdb_info(found),
        "bdb": to_signed(found.bdb),
        "sb": to_signed(found.sb) or None,
        "sbInfo": None if found.sb_format is None else {"format": _pair(found.sb_format)},
        "birs": None,
        "others": {} if strict else dict(found.others),
    }


def _of_split(found: Segment) -> Json:
    """Write a segment as the toolkit's schema of `segment` wants it."""
    whole = segment(found, strict=True)
    about = whole["bdbInfo"]
    kept = ("format", "creationDate", "type", "level", "purpose")
    return {name: whole[name] for name in whole if name not in ("others", "birs")} | {
        "bdbInfo": {name: about[name] for name in kept}
        | {
            "subtype": [found.name] if found.subtype else None,
            "quality": {"algorithm": _pair(found.algorithm), "score": found.score},
        }
    }


def _bdb_info(found: Segment) -> Json:
    algorithms: Mapping[str, Pair] = found.algorithms
    created = found.created or moment(datetime.now(UTC))
    return {
        "challengeResponse": None if found.challenge is None else to_signed(found.challenge),
        "index": found.index,
        "format": _pair(found.format),
        "encryption": found.encryption,
        "creationDate": created.as_object(),
        "notValidBefore": _text(found.not_before),
        "notValidAfter": _text(found.not_after),
        "type": [found.type],
        "subtype": " ".join(found.subtype).split() or None,
        "level": found.level,
        "product": _pair(algorithms.get("product")),
        "captureDevice": _pair(algorithms.get("captureDevice")),
        "featureExtractionAlgorithm": _pair(algorithms.get("featureExtractionAlgorithm")),
        "comparisonAlgorithm": _pair(algorithms.get("comparisonAlgorithm")),
        "compressionAlgorithm": _pair(algorithms.get("compressionAlgorithm")),
        "purpose": found.purpose,
        "quality": {
            "algorithm": _pair(found.algorithm),
            "score": found.score,
            "qualityCalculationFailed": found.failed,
        },
    }


def _info(info: BirInfo) -> Json:
    return {
        "creator": info.creator,
        "index": info.index,
        "payload": to_signed(info.payload or b""),
        "integrity": info.integrity,
        "creationDate": _text(info.created),
        "notValidBefore": _text(info.not_before),
        "notValidAfter": _text(info.not_after),
    }


def _version(version: Version) -> Json:
    return {"major": version[0], "minor": version[1]}


def _pair(pair: Pair | None) -> Json | None:
    return None if pair is None else {"organization": pair[0], "type": pair[1]}


def _text(when: Moment | None) -> str | None:
    return None if when is None else when.as_text()
