"""What biometric services say is read or refused by name: recorded answers of MOSIP's own, and anything else."""

from __future__ import annotations

import base64
import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import numpy as np
import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from biocore.discovery import Registry
from biocore.errors import BiocoreError, DeviceError, DeviceUnsupportedError, DeviceUntrustedError, DeviceVendorError
from biocore.hal import EventKind
from biocore.sbi import EYES, SLAPS, subtype
from biocore.types import EyePosition, FacePosition, FingerPosition, Modality, Position
from biocore_drivers import sbi
from biocore_drivers.sbi_capture import Reader
from biocore_drivers.sbi_messages import Service, Wanted, entries, parse, read_service
from biocore_drivers.sbi_stream import decode, pictures
from biocore_drivers.sbi_trust import Trust
from biocore_drivers.transport import Situation
from sbi_device import SbiService, Scanner, root, sign

SITUATION = Situation("sbi:finger@test", "capturing")
TRANSACTION = "1626951902436-7700"  # of the recordings
TRUST = Trust([root().certificate])


# -- recorded answers --------------------------------------------------------------------------------------


def body(folder: Path, name: str) -> bytes:
    return (folder / f"{name}.response.http").read_bytes().split(b"\r\n\r\n", 1)[1]


def recorded_trust(folder: Path) -> Trust:
    """Trust the very certificates of the recording: the authority above them was not recorded."""
    tokens = [entry["deviceInfo"] for entry in json.loads(body(folder, "registration_info"))]
    ders = [base64.b64decode(jwt.get_unverified_header(token)["x5c"][0]) for token in tokens]
    return Trust([x509.load_der_x509_certificate(der) for der in ders])


@pytest.fixture
def traces(shared: Path) -> Path:
    return shared / "data/mosip/sbi_traces"


def recorded_services(folder: Path, trust: Trust) -> dict[str, Service]:
    told = entries(parse(body(folder, "registration_info"), SITUATION), SITUATION)
    services = [read_service(entry, 4501, trust, SITUATION) for entry in told]
    return {service.identity.kind: service for service in services}


def wanted(sub_id: str, positions: tuple[Position, ...], missing: tuple[Position, ...] = ()) -> Wanted:
    return Wanted(TRANSACTION, sub_id, positions, missing, 40, "")


CAPTURES = [
    ("registration_left_slap", "Finger", wanted("1", SLAPS["1"]), ["LeftIndexFinger", "LeftMiddleFinger"]),
    ("registration_thumbs", "Finger", wanted("3", SLAPS["3"]), ["LeftThumb", "RightThumb"]),
    (
        "registration_right_slap_exc",
        "Finger",
        wanted("2", SLAPS["2"][2:], SLAPS["2"][:2]),
        ["RightRingFinger", "RightLittleFinger"],
    ),
    ("registration_iris", "Iris", wanted("3", EYES["3"]), ["Left", "Right"]),
    ("registration_face", "Face", wanted("0", (FacePosition.UNKNOWN,)), ["face"]),
]


def test_recorded_devices_are_who_they_are(traces: Path) -> None:
    services = recorded_services(traces, recorded_trust(traces))
    assert {kind: service.identity.serial for kind, service in services.items()} == {
        "Finger": "1234567890",
        "Iris": "3456789012",
        "Face": "2345678901",
    }
    assert all(service.refusal == "" and service.status == "Ready" for service in services.values())
    assert services["Finger"].shows == SLAPS
    assert services["Face"].modality is Modality.FACE


def test_recorded_devices_are_not_trusted_where_nobody_vouches_for_them(traces: Path) -> None:
    services = recorded_services(traces, TRUST)
    assert all("leads to no trusted one" in service.refusal for service in services.values())


@pytest.mark.parametrize(("name", "kind", "asked", "files"), CAPTURES, ids=[row[0] for row in CAPTURES])
def test_recorded_captures_are_read_whole(traces: Path, name: str, kind: str, asked: Wanted, files: list[str]) -> None:
    trust = recorded_trust(traces)
    reader = Reader(recorded_services(traces, trust)[kind], trust, False, SITUATION)
    parts = reader.read(body(traces, name), asked)
    assert tuple(part.position for part in parts) == asked.positions
    for part, file in zip(parts, files, strict=False):
        assert part.record == (traces / f"{name}_{file}.iso").read_bytes()
    for part in parts:
        assert part.score == 44.0
        assert part.frame.ppi == (500.0 if kind == "Finger" else None)
        assert min(part.frame.pixels.shape) >= (240 if kind == "Face" else 250)
        assert (part.frame.colour is not None) == (kind == "Face")
        assert part.frame.pixels.std() > 20


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("registration_bad_count", DeviceUnsupportedError, "error 109: Requested number"),
        ("registration_bad_device", DeviceVendorError, "error 705: Device is not connected"),
    ],
)
def test_recorded_refusals_have_names(traces: Path, name: str, kind: type[DeviceError], message: str) -> None:
    trust = recorded_trust(traces)
    reader = Reader(recorded_services(traces, trust)["Finger"], trust, False, SITUATION)
    with pytest.raises(kind, match=message):
        reader.read(body(traces, name), wanted("1", SLAPS["1"]))


def test_a_recorded_capture_does_not_pass_for_another_device_or_transaction(traces: Path) -> None:
    trust = recorded_trust(traces)
    services = recorded_services(traces, trust)
    stranger = replace(services["Finger"], identity=replace(services["Finger"].identity, serial="7"))
    with pytest.raises(DeviceUntrustedError, match="another device"):
        Reader(stranger, trust, False, SITUATION).read(body(traces, "registration_thumbs"), wanted("3", SLAPS["3"]))
    fresh = replace(wanted("3", SLAPS["3"]), transaction="new")
    with pytest.raises(DeviceError, match="transactionId"):
        Reader(services["Finger"], trust, False, SITUATION).read(body(traces, "registration_thumbs"), fresh)


def test_a_recorded_live_view_is_seen_until_it_is_cut_off(traces: Path) -> None:
    stream = io.BytesIO(body(traces, "registration_stream"))
    frames = [decode(data) for data in pictures(stream)]
    assert len(frames) == 8  # the ninth is cut off
    assert all(frame is not None and min(frame.shape) > 100 for frame in frames)


def test_a_recorded_service_is_driven_from_finding_to_capture(
    traces: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The recorded service names port 4501 in what it signed: this runs where nobody else listens there."""

    def answer(verb: str, document: Any) -> bytes:
        if verb == "RCAPTURE":
            sub_id, exception = document["bio"][0]["deviceSubId"], document["bio"][0]["exception"]
            name = {"1": "left_slap", "3": "thumbs"}.get(sub_id, "right_slap_exc" if exception else "bad_count")
        else:
            name = {"MOSIPDISC": "discovery", "MOSIPDINFO": "info", "STREAM": "stream"}[verb]
        return (traces / f"registration_{name}.response.http").read_bytes()

    for number, entry in enumerate(json.loads(body(traces, "registration_info"))):
        der = base64.b64decode(jwt.get_unverified_header(entry["deviceInfo"])["x5c"][0])
        (tmp_path / f"{number}.der").write_bytes(der)
    monkeypatch.setenv("BIOCORE_SBI_TRUST", str(tmp_path))
    monkeypatch.setattr(sbi, "new_transaction", lambda: TRANSACTION)
    service = SbiService(port=4501)
    service.recorded = answer
    try:
        service.__enter__()
    except OSError:
        pytest.skip("another program listens on port 4501")
    with contextlib.closing(contextlib.ExitStack()) as stack:
        stack.push(service)
        device = stack.enter_context(Registry().device("sbi:finger@1234567890?port=4501"))
        seen: list[int] = []
        device.listen(lambda event: seen.append(1) if event.kind is EventKind.PREVIEW else None)
        assert len(device.capture_parts(SLAPS["1"])) == 4
        device._previous = ""  # type: ignore[attr-defined]  # each recorded capture begins a chain
        right = device.capture_parts(SLAPS["2"], missing=[FingerPosition.RIGHT_INDEX, FingerPosition.RIGHT_MIDDLE])
        assert [part.position for part in right] == [FingerPosition.RIGHT_RING, FingerPosition.RIGHT_LITTLE]


# -- anything else -----------------------------------------------------------------------------------------


def answer_of(asked: Wanted) -> tuple[Reader, dict[str, Any]]:
    service = SbiService(Scanner())
    (told,) = service.info()
    reader = Reader(read_service(told, 4501, TRUST, SITUATION), TRUST, False, SITUATION)
    document = asked.request(reader.service, 5.0)
    return reader, service.captured(service.scanners[0], document, document["bio"][0])  # type: ignore[index]


THUMBS = wanted("3", SLAPS["3"])
READER, ANSWER = answer_of(THUMBS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def test_the_answer_that_the_next_tests_spoil_is_good() -> None:
    assert len(READER.read(json.dumps(ANSWER).encode(), THUMBS)) == 2


@given(JSON, st.sampled_from(["data", "hash", "error", "biometrics", ""]))
def test_members_of_other_kinds_are_refused_by_name(value: Any, name: str) -> None:
    if name == "biometrics":
        spoilt: Any = {"biometrics": value}
    elif name:
        spoilt = {"biometrics": [ANSWER["biometrics"][0] | {name: value}, ANSWER["biometrics"][1]]}
    else:
        spoilt = value
    with contextlib.suppress(DeviceError):
        assert len(READER.read(json.dumps(spoilt).encode(), THUMBS)) == 2


@given(
    st.sampled_from(["digitalId", "transactionId", "purpose", "bioType", "bioSubType", "bioValue", "qualityScore"]),
    JSON,
)
def test_signed_members_of_other_kinds_are_refused_by_name(name: str, value: Any) -> None:
    said = json.loads(
        jwt.api_jws.decode_complete(ANSWER["biometrics"][0]["data"], options={"verify_signature": False})["payload"]
    )
    token = sign(said | {name: value}, Scanner().key)
    spoilt = {"biometrics": [ANSWER["biometrics"][0] | {"data": token}, ANSWER["biometrics"][1]]}
    with pytest.raises(DeviceError):
        READER.read(json.dumps(spoilt).encode(), THUMBS)


@given(st.data())
def test_answers_with_other_bytes_in_them_are_read_right_or_refused_by_name(data: st.DataObject) -> None:
    spoilt = bytearray(json.dumps(ANSWER).encode())
    for place in data.draw(st.lists(st.integers(0, len(spoilt) - 1), min_size=1, max_size=4)):
        spoilt[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BiocoreError):
        for part in READER.read(bytes(spoilt), THUMBS):
            assert part.position in THUMBS.positions


@given(JSON | st.lists(st.dictionaries(st.sampled_from(["deviceInfo", "error"]), JSON, max_size=2), max_size=2))
def test_devices_that_tell_anything_are_refused_by_name(told: Any) -> None:
    with pytest.raises(DeviceError) if not isinstance(told, list) else contextlib.suppress(DeviceError):
        for entry in entries(parse(json.dumps(told).encode(), SITUATION), SITUATION):
            with pytest.raises(DeviceError):
                read_service(entry, 4501, TRUST, SITUATION)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ({"alg": "none"}, "wrong|unsigned"),
        ({"alg": "HS256"}, "wrong"),
        ({"alg": "RS256", "x5c": []}, "names no certificate"),
        ({"alg": "RS256", "x5c": ["!"]}, "unsigned"),
        ({"alg": "RS256", "x5c": ["AAAA"]}, "wrong"),
        ({"alg": "RS256", "x5c": ["AAAA"] * 9}, "names no certificate"),
    ],
)
def test_signatures_of_other_kinds_are_refused(head: dict[str, Any], message: str) -> None:
    head = {"x5c": [Scanner().key.x5c]} | head
    first = base64.urlsafe_b64encode(json.dumps(head).encode()).rstrip(b"=").decode()
    with pytest.raises(DeviceError, match=message):
        TRUST.check(f"{first}.e30.AAAA", SITUATION)


def jpeg(shade: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((8, 8), shade, np.uint8)).save(stream, "JPEG")
    return stream.getvalue()


def parts(*datas: bytes, length: bool, boundary: bytes = b"--b") -> Iterator[bytes]:
    for data in datas:
        yield boundary + b"\r\nContent-Type: image/jpeg\r\n"
        yield f"content-length: {len(data)}\r\n".encode() if length else b""
        yield b"\r\n" + data + b"\r\n"


@pytest.mark.parametrize("length", [True, False])
def test_live_frames_are_told_apart_with_and_without_their_length(length: bool) -> None:
    shown = [jpeg(shade) for shade in (10, 120, 240)]
    stream = io.BytesIO(b"".join(parts(*shown, length=length)))
    frames = [decode(data) for data in pictures(stream)]
    assert [int(frame.mean()) // 10 for frame in frames if frame is not None] == [1, 12, 24]


@given(st.binary(max_size=300), st.booleans())
def test_streams_of_anything_end(noise: bytes, begun: bool) -> None:
    start = b"".join(parts(jpeg(9), length=True)) if begun else b""
    seen = 0
    with contextlib.suppress(ValueError):
        for data in pictures(io.BytesIO(start + noise)):
            seen += decode(data) is not None
    assert seen >= begun


def test_what_is_no_picture_is_not_shown() -> None:
    assert decode(b"\xff\xd8 no picture") is None
    with pytest.raises(ValueError, match="bytes"):
        list(pictures(io.BytesIO(b"--b\r\nContent-Length: 99999999999\r\n\r\n")))
    with pytest.raises(ValueError, match="headers"):
        list(pictures(io.BytesIO(b"--b\r\n" * 60)))


def test_every_position_has_its_word() -> None:
    words = {subtype(position) for position in FingerPosition} | {subtype(position) for position in EyePosition}
    assert len(words) == 13
    assert subtype(FingerPosition.LEFT_LITTLE) == "Left LittleFinger"
    assert subtype(EyePosition.RIGHT) == "Right"
