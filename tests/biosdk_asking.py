"""How the tests ask our BioSDK service: synthetic fingers and eyes in records of ISO/IEC 19794, as Java sends them."""

from __future__ import annotations

import base64
import functools
import http.client
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from biocore.eye_records import write_eyes
from biocore.fingerprint import synth, synth_slap
from biocore.fingerprint.slap_types import SlapKind
from biocore.formats.finger_image import FingerImage, FingerImageRecord, write_fir
from biocore.formats.finger_image_pixels import ImageFormat, encode
from biocore.formats.iris_image import ImageKind
from biocore.formats.iris_image_pixels import ImageFormat as EyeFormat
from biocore.iris import synth as eyes
from biocore.types import EyePosition, Frame, GreyImage, Modality, Sample
from biocore_bindings.biosdk_answers import Json
from biocore_bindings.biosdk_calls import Calls, Setting
from biocore_bindings.biosdk_service import BioSdkService
from biocore_bindings.biosdk_work import Pace

TAKEN = datetime(2026, 11, 22, 3, tzinfo=UTC)
INDEX = ["Left", "IndexFinger"]
THUMB = ["Right", "Thumb"]
LONG = 200_000  # bytes from which on these tests send base64, as any client may: it takes a tenth of the time
SLAP_CODES = {SlapKind.RIGHT_FOUR: 13, SlapKind.LEFT_FOUR: 14, SlapKind.TWO_THUMBS: 15}


def fir(pixels: GreyImage, place: int, ppi: int = 500) -> bytes:
    """Return a picture as a record of ISO/IEC 19794-4:2011."""
    height, width = pixels.shape
    data = encode(pixels, ImageFormat.JPEG2000)
    image = FingerImage(place, ImageFormat.JPEG2000, width, height, data, (ppi, ppi))
    return write_fir(FingerImageRecord((image,)))


@functools.cache
def finger(seed: int, taken: int = 1, place: int = 7, defect: str = "", size: tuple[int, int] = (300, 400)) -> bytes:
    """Return the record of a synthetic finger."""
    conditions = synth.defect(defect, 1.0) if defect else synth.Conditions()
    return fir(synth.impression(seed, taken, conditions, size), place)


@functools.cache
def eye(seed: int, taken: int = 1, side: str = "left", kind: ImageKind = ImageKind.VGA) -> bytes:
    """Return the record of a synthetic eye."""
    frame = Frame(eyes.impression(seed, taken, side=side), source="synthetic", captured_at=TAKEN)
    sample = Sample(frame, Modality.IRIS, EyePosition[side.upper()])
    return write_eyes([sample], kind, EyeFormat.MONO_JPEG2000)


@functools.cache
def slap(kind: SlapKind = SlapKind.LEFT_FOUR, place: int | None = None) -> bytes:
    """Return the record of a synthetic slap."""
    return fir(synth_slap.compose(3, 1, kind).pixels, SLAP_CODES[kind] if place is None else place)


def signed(data: bytes) -> list[int]:
    """Return bytes as Java writes them."""
    found: list[int] = np.frombuffer(data, np.int8).tolist()
    return found


def segment(kind: str, subtype: Sequence[str] | None, data: bytes, **changes: Any) -> Json:
    """Return a segment with every field that Java's class writes; `changes` are of `bdbInfo`, or whole fields."""
    about: Json = {
        "challengeResponse": None,
        "index": "d4fc8fe3-90bb-4d40-9ecd-d8ae7a5a5a5a",
        "format": {"organization": "Mosip", "type": "9" if kind == "IRIS" else "7"},
        "encryption": None,
        "creationDate": {
            "date": {"year": 2026, "month": 11, "day": 22},
            "time": {"hour": 3, "minute": 4, "second": 5, "nano": 123456789},
        },
        "notValidBefore": None,
        "notValidAfter": None,
        "type": [kind],
        "subtype": subtype,
        "level": "RAW",
        "product": None,
        "purpose": "ENROLL",
        "quality": {
            "algorithm": {"organization": "HMAC", "type": "SHA-256"},
            "score": 100,
            "qualityCalculationFailed": None,
        },
    }
    whole: Json = {
        **head(),
        "bdbInfo": about,
        "bdb": signed(data) if len(data) < LONG else base64.b64encode(data).decode(),
        "sb": [],
        "birs": None,
        "sbInfo": None,
        "others": {},
    }
    for name, value in changes.items():
        (whole if name in whole else about)[name] = value
    return whole


def head() -> Json:
    """Return what records and segments begin with."""
    empty = dict.fromkeys(("creator", "index", "payload", "creationDate", "notValidBefore", "notValidAfter"))
    return {
        "version": {"major": 1, "minor": 1},
        "cbeffversion": {"major": 1, "minor": 1},
        "birInfo": {**empty, "integrity": False},
    }


def left_index(seed: int = 5, taken: int = 1, **changes: Any) -> Json:
    """Return the segment of a left index finger."""
    return segment("FINGER", INDEX, finger(seed, taken), **changes)


def left_eye(seed: int = 7, taken: int = 1) -> Json:
    """Return the segment of a left eye."""
    return segment("IRIS", ["Left"], eye(seed, taken))


def record(*segments: Json) -> Json:
    """Return a record."""
    return {**head(), "segments": list(segments), "others": {}}


def missing(subtype: Sequence[str]) -> Json:
    """Return the segment of a finger that could not be captured."""
    return segment("FINGER", subtype, b"", others={"EXCEPTION": "true"})


def wrapped(inner: object, version: str = "1.0") -> bytes:
    """Return a request."""
    text = json.dumps(inner, separators=(",", ":")).encode()
    return json.dumps({"version": version, "request": base64.b64encode(text).decode()}).encode()


@dataclass(frozen=True)
class Direct:
    """The calls without a socket."""

    setting: Setting = field(default_factory=Setting)

    def __call__(self, method: str, **inner: Any) -> Json:
        """Return the whole answer to a call."""
        return Calls(self.setting).answer(method, wrapped(inner), Pace(lambda: False))

    def response(self, method: str, **inner: Any) -> Json:
        """Return the `response` of an answer."""
        answer = self(method, **inner)
        assert not answer["errors"], answer["errors"]
        found: Json = answer["response"]
        return found

    def done(self, method: str, **inner: Any) -> Any:
        """Return what came of a call that must succeed."""
        response = self.response(method, **inner)
        assert response["statusCode"] == 200, response["statusMessage"]
        return response["response"]


def post(
    service: BioSdkService, path: str, body: bytes, heads: dict[str, str] | None = None, timeout: float = 30.0
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Return status, heads and body of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=timeout)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json", **(heads or {})})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def alive(service: BioSdkService) -> bool:
    """Say whether a service answers."""
    status, _, body = post(service, "/biosdk-service/init", wrapped({"initParams": {}}))
    return status == 200 and json.loads(body)["response"]["apiVersion"] == "0.9"
