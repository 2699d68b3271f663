"""Biometric records as MOSIP's Java client writes them in JSON, and back: what a BioSDK service is asked and answers.

Bytes are lists of signed whole numbers, dates are objects, a request is base64 of JSON within JSON, as recorded of
io.mosip.kernel.biosdk's Client_V_1_0 and as mosip-compliance-toolkit makes its own requests.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from biocore.formats.cbeff import QUALITY_ALGORITHM, VERSION, Bir, position_of, subtype_of
from biocore.types import EyePosition, FacePosition, Position

ENVELOPE_VERSION = "1.0"


def envelope(request: Mapping[str, Any]) -> dict[str, str]:
    """Return what is posted."""
    inner = json.dumps(request, separators=(",", ":")).encode()
    return {"version": ENVELOPE_VERSION, "request": base64.b64encode(inner).decode()}


def record_document(birs: Sequence[Bir]) -> dict[str, Any]:
    """Return a `BiometricRecord`: what belongs to one person."""
    return {**_head(), "segments": [_bir_document(bir) for bir in birs], "others": {}}


def _head() -> dict[str, Any]:
    version = dict(zip(("major", "minor"), VERSION, strict=True))
    about = dict.fromkeys(("creator", "index", "payload", "creationDate", "notValidBefore", "notValidAfter"))
    return {"version": version, "cbeffversion": version, "birInfo": {**about, "integrity": False}}


def _bir_document(bir: Bir) -> dict[str, Any]:
    organization, form = bir.format
    nothing = dict.fromkeys(
        (
            "challengeResponse",
            "encryption",
            "notValidBefore",
            "notValidAfter",
            "product",
            "captureDevice",
            "featureExtractionAlgorithm",
            "comparisonAlgorithm",
            "compressionAlgorithm",
        )
    )
    quality = {
        "algorithm": dict(zip(("organization", "type"), QUALITY_ALGORITHM, strict=True)),
        "score": 100 if bir.score is None else bir.score,  # as MOSIP's client writes it; a service is to measure
        "qualityCalculationFailed": None,
    }
    about = {
        "index": bir.index or None,
        "format": {"organization": organization, "type": form},
        "creationDate": _date(bir.created or datetime.now(UTC)),
        "type": [bir.type.upper()],
        "subtype": list(bir.subtype),
        "level": bir.level.upper(),
        "purpose": bir.purpose.upper(),
        "quality": quality,
    }
    return {
        **_head(),
        "bdbInfo": {**nothing, **about},
        "bdb": signed(bir.bdb),
        "sb": signed(bir.sb),
        "birs": None,
        "sbInfo": None,
        "others": dict(bir.others),
    }


def _date(moment: datetime) -> dict[str, dict[str, int]]:
    at = moment.astimezone(UTC)
    return {
        "date": {"year": at.year, "month": at.month, "day": at.day},
        "time": {"hour": at.hour, "minute": at.minute, "second": at.second, "nano": 1000 * at.microsecond},
    }


def signed(data: bytes) -> list[int]:
    """Return bytes as Java has them, -128 to 127."""
    return [byte - 256 if byte > 127 else byte for byte in data]


def unsigned(numbers: object) -> bytes:
    """Return the bytes in a list of signed numbers.

    Raises
    ------
    ValueError
        It is no such list; says where.
    """
    if not isinstance(numbers, list):
        raise ValueError("it is no list of bytes")
    for at, number in enumerate(numbers):
        if not isinstance(number, int) or isinstance(number, bool) or not -128 <= number <= 127:
            raise ValueError(f"byte {at} is {str(number)[:20]}; bytes are signed here, -128 to 127")
    return bytes(number & 0xFF for number in numbers)


@dataclass(frozen=True, slots=True)
class Segment:
    """One record of an answer.

    Attributes
    ----------
    kind : str
        FINGER, FACE, IRIS; empty where it does not say.
    subtype : tuple of str
    data : bytes
    fault : str
        Why there are no bytes.
    document : mapping
        The whole of it.
    """

    kind: str
    subtype: tuple[str, ...]
    data: bytes
    fault: str
    document: Mapping[str, Any]

    @property
    def position(self) -> Position | None:
        """Which finger or eye it says that it is."""
        return position_of(self.kind, self.subtype)


def segments_of(record: object) -> list[Segment]:
    """Return the records in a `BiometricRecord`, whatever is wrong with them."""
    listed = record.get("segments") if isinstance(record, dict) else None
    return [_segment(entry) for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def _segment(document: dict[str, Any]) -> Segment:
    about = document.get("bdbInfo")
    about = about if isinstance(about, dict) else {}
    kinds, words = (value if isinstance(value := about.get(name), list) else [] for name in ("type", "subtype"))
    try:
        data, fault = unsigned(document.get("bdb")), ""
    except ValueError as error:
        data, fault = b"", str(error)
    words = [str(word) for word in words if isinstance(word, str)]
    return Segment(str(kinds[0]).upper() if kinds else "", tuple(words), data, fault, document)


def subtype_words(position: Position) -> tuple[str, ...]:
    """Return how a finger or eye is named in a record; a face has no name."""
    return () if isinstance(position, FacePosition) else subtype_of(position)


def kind_of_position(position: Position) -> str:
    """Return the type of record that a position belongs to."""
    if isinstance(position, FacePosition):
        return "Face"
    return "Iris" if isinstance(position, EyePosition) else "Finger"
