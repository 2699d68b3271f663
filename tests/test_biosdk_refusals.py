"""What our BioSDK refuses, with which code, and how its answers keep to MOSIP's schemas and recorded requests."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biocore.formats.finger_image import FingerImage, FingerImageRecord, write_fir
from biocore.formats.finger_image_pixels import ImageFormat, encode
from biocore_bindings.biosdk_answers import Json
from biocore_bindings.biosdk_calls import Calls, Setting
from biocore_bindings.biosdk_work import Pace
from biosdk_asking import (
    INDEX,
    THUMB,
    Direct,
    eye,
    finger,
    fir,
    left_eye,
    left_index,
    missing,
    record,
    segment,
    slap,
    wrapped,
)
from ctk_schemas import faults
from record_samples import face_record

ask = Direct()
strict = Direct(Setting(strict=True))

# -- what is refused ------------------------------------------------------------------------------------------

CALLS: dict[str, Json] = {
    "check-quality": {},
    "match": {"gallery": [record()]},
    "extract-template": {},
    "segment": {},
    "convert-format": {"sourceFormat": "ISO19794_4_2011", "targetFormat": "IMAGE/PNG"},
}
LISTS = {
    "check-quality": "modalitiesToCheck",
    "match": "modalitiesToMatch",
    "extract-template": "modalitiesToExtract",
    "segment": "modalitiesToSegment",
    "convert-format": "modalitiesToConvert",
}


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize(
    ("sample", "kinds", "status"),
    [
        (lambda: None, ["FINGER"], 402),
        (lambda: record(), ["FINGER"], 402),
        (lambda: {"segments": None}, ["FINGER"], 402),
        (lambda: record({**left_index(), "bdbInfo": None}), ["FINGER"], 402),
        (lambda: record(left_index(type=[])), ["FINGER"], 402),
        (lambda: record(left_eye()), ["FINGER"], 401),
        (lambda: record(left_index(bdb=[])), ["FINGER"], 404),
        (lambda: record(missing(INDEX)), ["FINGER"], 404),
        (lambda: record(left_index(bdb=[7] * 200)), ["FINGER"], 401),
        (lambda: record(segment("FINGER", INDEX, eye(7))), ["FINGER"], 401),
        (lambda: record(segment("FINGER", INDEX, finger(5)[:-500])), ["FINGER"], 401),
        (lambda: record(segment("FINGER", ["Left", "Elbow"], finger(5))), ["FINGER"], 401),
        (lambda: record(segment("FACE", None, finger(5))), ["FACE"], 401),
        (lambda: record(segment("FACE", None, b"FAC\x00030\0" + bytes(40))), ["FACE"], 401),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
def test_every_call_refuses_what_it_cannot_read_with_the_interface_s_code(
    method: str, sample: Callable[[], Json | None], kinds: list[str], status: int
) -> None:
    inner: Json = {**CALLS[method], "sample": sample(), LISTS[method]: kinds}
    if method == "convert-format" and kinds == ["FACE"]:
        inner["sourceFormat"] = "ISO19794_5_2011"
    response = ask.response(method, **inner)
    assert (response["statusCode"], response["response"]) == (status, None)
    assert response["statusMessage"]


def test_a_match_needs_a_gallery_and_a_finger_that_can_be_compared() -> None:
    empty: list[Json] = []
    for gallery in (None, empty):
        refused = ask.response("match", sample=record(left_index()), gallery=gallery, modalitiesToMatch=["FINGER"])
        assert (refused["statusCode"], refused["statusMessage"]) == (402, "Missing Input Parameter - gallery")
    blank = segment("FINGER", INDEX, fir(np.full((400, 300), 255, np.uint8), 7))
    refused = ask.response("match", sample=record(blank), gallery=[record(left_index())], modalitiesToMatch=["FINGER"])
    assert (refused["statusCode"], refused["response"]) == (406, None)


@pytest.mark.parametrize(("count", "side"), [(17, 50), (2, 4000)])
def test_a_small_record_of_many_or_huge_pictures_is_refused_before_they_are_unpacked(count: int, side: int) -> None:
    blank = encode(np.full((side, side), 255, np.uint8), ImageFormat.PNG)
    image = FingerImage(7, ImageFormat.PNG, side, side, blank)
    views = tuple(replace(image, number=number) for number in range(count))
    bomb = write_fir(FingerImageRecord(views))
    assert len(bomb) < 200_000
    for method in CALLS:
        inner: Json = {**CALLS[method], "sample": record(segment("FINGER", INDEX, bomb))}
        response = ask.response(method, **inner)
        assert (response["statusCode"], "16 pictures" in response["statusMessage"]) == (401, True)


@pytest.mark.parametrize("method", ["match", "extract-template"])
def test_a_slap_is_to_be_taken_apart_first(method: str) -> None:
    whole = record(segment("FINGER", ["Left"], slap()))
    refused = ask.response(method, sample=whole, gallery=[whole])
    assert refused["statusCode"] == 401
    assert "`segment` takes it apart first" in refused["statusMessage"]


@pytest.mark.parametrize(
    ("body", "code", "named"),
    [
        (b"", "INVALID_REQUEST_BODY", "no JSON"),
        (b"[]", "INVALID_REQUEST_BODY", "no JSON object"),
        (b'{"version":"1.0"}', "INVALID_REQUEST_BODY", "`request`"),
        (b'{"version":"1.0","request":"***"}', "INVALID_REQUEST_BODY", "base64"),
        (b'{"version":"1.0","request":"W10="}', "INVALID_REQUEST_BODY", "no JSON object"),
        (wrapped({}, "2.0"), "NO_BIOSDK_PROVIDER_FOUND", "'2.0'"),
        (lambda: wrapped({"sample": record(left_index(bdb=[256]))}), "INVALID_REQUEST_BODY", "no byte"),
        (lambda: wrapped({"sample": record(left_index(bdb=[1000] * 100))}), "INVALID_REQUEST_BODY", "no byte"),
        (lambda: wrapped({"sample": record(left_index(type=["BANANA"]))}), "INVALID_REQUEST_BODY", "BANANA"),
        (lambda: wrapped({"sample": record(left_index(level="HALF"))}), "INVALID_REQUEST_BODY", "level"),
        (lambda: wrapped({"sample": {"segments": {}}}), "INVALID_REQUEST_BODY", "sample.segments must be an array"),
        (lambda: wrapped({"sample": record(left_index()), "flags": 7}), "INVALID_REQUEST_BODY", "flags"),
    ],
)
def test_what_is_no_request_is_said_in_errors(body: bytes | Callable[[], bytes], code: str, named: str) -> None:
    asked = body() if callable(body) else body
    answer = Calls(Setting()).answer("check-quality", asked, Pace(lambda: False))
    (error,) = answer["errors"]
    assert error["code"] == code
    assert named in error["message"]
    assert answer["response"] is None


def mended(kind: str) -> bytes:
    """Return a whole data block."""
    if kind in ("fmr-2005", "fmr-2011"):
        (made,) = ask.done("extract-template", sample=record(left_index()), flags={"FINGER.format": kind})["segments"]
        return np.array(made["bdb"], np.int8).tobytes()
    return eye(7) if kind == "iir" else face_record() if kind == "fac" else finger(5)


BLOCKS = {"fir": "FINGER", "fmr-2005": "FINGER", "fmr-2011": "FINGER", "iir": "IRIS", "fac": "FACE"}


@settings(max_examples=40)
@given(
    kind=st.sampled_from(sorted(BLOCKS)),
    method=st.sampled_from(sorted(LISTS)),
    places=st.lists(st.tuples(st.integers(0, 150), st.integers(0, 255)), min_size=1, max_size=4),
    cut=st.integers(0, 300) | st.none(),
)
def test_any_damage_in_a_data_block_is_borne_or_refused_and_never_a_fault(
    kind: str, method: str, places: list[tuple[int, int]], cut: int | None
) -> None:
    data = bytearray(mended(kind))
    for at, value in places:
        data[at % len(data)] = value
    came = segment(BLOCKS[kind], None, bytes(data[:cut]))
    inner: Json = {**CALLS[method], "sample": record(came)}
    if method == "convert-format":
        inner["sourceFormat"] = {"IRIS": "ISO19794_6_2011", "FACE": "ISO19794_5_2011"}.get(
            BLOCKS[kind], "ISO19794_4_2011" if kind == "fir" else f"ISO19794_2_{kind[-4:]}"
        )
    assert ask.response(method, **inner)["statusCode"] in (200, 401, 404, 406)


# -- as MOSIP's client asked ----------------------------------------------------------------------------------


def traced(shared: Path, call: str) -> Json:
    """Return a recorded request; the finger that was cut out of it is put back."""
    folder = shared / "data/mosip/sbi_traces"
    found: Json = json.loads((folder / f"biosdk_{call}.request.decoded.json").read_text())["inner"]
    (one,) = found["sample"]["segments"]
    whole = (folder / "registration_left_slap_LeftIndexFinger.iso").read_bytes()
    assert one["bdb"][:12] == [int(value) for value in np.frombuffer(whole[:12], np.int8)]
    assert one["bdb"][12] == f"...{len(whole)} ints"
    one["bdb"] = [int(value) for value in np.frombuffer(whole, np.int8)]
    if "gallery" in found:
        found["gallery"] = [found["sample"]]
    return found


@pytest.mark.parametrize(
    ("call", "schema"), [("init", "InitSDK"), ("check-quality", "CheckQuality"), ("match", "Match")]
)
def test_what_mosip_s_client_asked_is_answered_as_the_toolkit_s_schemas_want(
    shared: Path, call: str, schema: str
) -> None:
    inner = json.loads((shared / f"data/mosip/sbi_traces/biosdk_{call}.request.decoded.json").read_text())["inner"]
    asked = inner if call == "init" else traced(shared, call)
    answer = strict(call, **asked)
    assert list(faults(answer, _schema(shared, schema))) == []
    if call == "check-quality":
        assert answer["response"]["response"]["scores"]["FINGER"]["score"] > 20
    if call == "match":
        assert answer["response"]["response"][0]["decisions"]["FINGER"]["match"] == "MATCHED"


@pytest.mark.parametrize(
    ("call", "schema", "sample"),
    [
        ("extract-template", "ExtractTemplate", lambda: record(left_index(), left_eye(), missing(THUMB))),
        ("convert-format", "Convert", lambda: record(left_index(), segment("FINGER", THUMB, finger(6, 1, 1)))),
        ("segment", "Segment", lambda: record(segment("FINGER", ["Left"], slap()), left_eye())),
    ],
)
def test_strict_records_keep_to_the_toolkit_s_schemas(
    shared: Path, call: str, schema: str, sample: Callable[[], Json]
) -> None:
    answer = strict(call, **{**CALLS[call], "sample": sample(), LISTS[call]: []})
    assert answer["response"]["statusCode"] == 200
    assert list(faults(answer, _schema(shared, schema))) == []


def _schema(shared: Path, name: str) -> Any:
    """Return one of the toolkit's schemas, without what is said of refusals alone.

    Of `segment` a rule for success forbids the very fields that are required; it is left away as well. The toolkit has
    its tests of that call switched off.
    """
    text = (shared / f"data/mosip/schemas/sdk/0.9.0/{name}ResponseSchema.json").read_text()

    def pruned(rule: Any) -> Any:
        if isinstance(rule, list):
            return [pruned(item) for item in rule]
        if not isinstance(rule, dict):
            return rule
        left = {"else", "maxItems"} | ({"items"} if rule.get("items") == {} else set())
        return {key: pruned(item) for key, item in rule.items() if key not in left}

    found: Any = pruned(json.loads(text))
    if name == "Segment":
        (success,) = found["properties"]["response"]["allOf"]
        del success["then"]["properties"]["response"]["additionalProperties"]
    return found


def test_the_bytes_that_java_writes_and_base64_are_one_request() -> None:
    plain = ask.done("check-quality", sample=record(left_index()))["scores"]["FINGER"]["score"]
    for bdb in (base64.b64encode(finger(5)).decode(), base64.urlsafe_b64encode(finger(5)).decode(), list(finger(5))):
        asked = record(left_index(bdb=bdb))
        assert ask.done("check-quality", sample=asked)["scores"]["FINGER"]["score"] == plain
