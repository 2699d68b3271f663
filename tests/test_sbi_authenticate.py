"""CAPTURE of our biometric service: only the server can read what was captured, and it reads what was captured."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from biocore.discovery import Registry
from biocore.errors import ServiceKeyError
from biocore.fingerprint import synth
from biocore.formats.finger_image import read_fir
from biocore.formats.finger_image_pixels import ImageFormat
from biocore.formats.images import write_png
from biocore.formats.iris_image import Compression, ImageKind, read_iir
from biocore.sbi import SLAPS, SUBTYPES, link
from biocore.types import EyePosition, FingerPosition, Modality, Position
from biocore_bindings.sbi_keys import CERTIFICATE
from biocore_bindings.sbi_request import AUTHENTICATION, RefusedError, read_wish
from biocore_bindings.sbi_sealing import AuthServer, mix, read_server
from biocore_bindings.sbi_service import SbiService
from biocore_drivers.sbi_trust import Trust
from biocore_drivers.transport import Situation
from cli_support import run
from ctk_schemas import faults, opened, payload, schema
from sbi_serving import EYES, LEFT, SLAP, ask, code_of, keys, request, serve

HERE = Situation("sbi:test", "reading")
DAY = timedelta(days=1)
SINGLE = "virtual:finger?finger=3&sequence=GOOD&arrival=0&previews=0"


@functools.cache
def server_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def certificate(key: Any = None, begins: timedelta = -DAY, ends: timedelta = DAY) -> x509.Certificate:
    """Return a self-signed certificate, as an authentication server's may be."""
    key = key or server_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ida.example")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(now + begins).not_valid_after(now + ends)
    return builder.sign(key, SHA256())


@pytest.fixture(scope="module")
def sealing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ida") / "ida.pem"
    path.write_bytes(certificate().public_bytes(Encoding.PEM))
    return path


@pytest.fixture(scope="module")
def service(sealing: Path) -> Iterator[SbiService]:
    with serve(SLAP, EYES, SINGLE, auth_certificate=sealing) as running:
        yield running


def auth(service: SbiService, device: int = 0, **changes: Any) -> dict[str, Any]:
    """Return the body of a CAPTURE of one left index finger, as the toolkit writes it, or with other values."""
    usual = {"count": "1", "bioSubType": ["Left IndexFinger"], "deviceSubId": "0", "purpose": "Auth"}
    kind = "Finger" if device != 1 else "Iris"
    usual |= {"type": kind, "deviceId": service.devices[device].auth_id}
    document = request(service, **{**usual, **changes})
    if "exception" not in changes:
        del document["bio"][0]["exception"]
    return {"domainUri": "https://ida.example", **document}


def decrypted(entry: dict[str, Any], key: rsa.RSAPrivateKey | None = None) -> bytes:
    """Open what a CAPTURE answered as MOSIP's ID-Authentication does: from the session key, time and transaction."""
    said = payload(entry["data"])
    time, transaction = said["timestamp"].encode(), said["transactionId"].encode()
    number = int.from_bytes(time, "big") ^ int.from_bytes(transaction, "big")  # aligned at their ends
    mixed = number.to_bytes(max(len(time), len(transaction)), "big")
    return AESGCM(session_key(entry, key)).decrypt(mixed[-12:], plain(said["bioValue"]), mixed[-16:])


def session_key(entry: dict[str, Any], key: rsa.RSAPrivateKey | None = None) -> bytes:
    around = padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)
    return (key or server_key()).decrypt(plain(entry["sessionKey"]), around)


def plain(text: str) -> bytes:
    assert "=" not in text
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# -- what the server reads ---------------------------------------------------------------------------------


def test_the_server_reads_the_finger_that_the_scanner_showed(service: SbiService, sealing: Path) -> None:
    before = "CD" * 32
    asked = auth(service, 2, bioSubType=["UNKNOWN"], previousHash=before)
    (entry,) = ask(service, "CAPTURE", asked)["biometrics"]
    record = decrypted(entry)
    (image,) = read_fir(record).images
    assert (image.position, image.format, image.ppi) == (0, ImageFormat.JPEG2000_LOSSY, 500.0)
    shown = synth.render(3, 1, synth.Conditions()).pixels
    assert image.pixels.shape == shown.shape
    assert np.abs(image.pixels.astype(int) - shown).mean() < 4.0
    assert 3 < shown.size / len(image.data) <= 15  # MOSIP: at most 15:1
    assert entry["hash"] == link(before, record)
    der = x509.load_pem_x509_certificate(sealing.read_bytes()).public_bytes(Encoding.DER)
    assert entry["thumbprint"] == hashlib.sha256(der).hexdigest().upper()


def test_what_is_signed_says_what_was_asked(service: SbiService) -> None:
    trust = Trust([x509.load_pem_x509_certificate((keys() / CERTIFICATE).read_bytes())])
    (entry,) = ask(service, "CAPTURE", auth(service))["biometrics"]
    assert trust.check(entry["data"], HERE).fault == ""
    said = payload(entry["data"])
    assert trust.check(said["digitalId"], HERE).fault == ""
    for name, value in (
        ("purpose", "Auth"),
        ("bioSubType", "Left IndexFinger"),
        ("domainUri", "https://ida.example"),
        ("transactionId", "1626951902436-7700"),
        ("env", "Developer"),
    ):
        assert said[name] == value
    (image,) = read_fir(decrypted(entry)).images
    assert image.finger is FingerPosition.LEFT_INDEX
    assert str(image.qualities[0].score) == said["qualityScore"]
    (unnamed,) = ask(service, "CAPTURE", auth(service, domainUri=None))["biometrics"]
    assert payload(unnamed["data"])["domainUri"] == ""


def test_each_record_of_a_chain_has_a_key_of_its_own(service: SbiService) -> None:
    biometrics = ask(service, "CAPTURE", auth(service, count="4", bioSubType=LEFT, deviceSubId="1"))["biometrics"]
    assert [payload(entry["data"])["bioSubType"] for entry in biometrics] == LEFT
    assert len({session_key(entry) for entry in biometrics}) == 4
    before = ""
    for entry in biometrics:
        before = link(before, decrypted(entry))
        assert entry["hash"] == before


def test_eyes_come_cropped_and_masked(service: SbiService) -> None:
    both = ask(service, "CAPTURE", auth(service, 1, count="2", bioSubType=["Left", "Right"]))["biometrics"]
    for entry, eye in zip(both, (EyePosition.LEFT, EyePosition.RIGHT), strict=True):
        (image,) = read_iir(decrypted(entry)).images
        assert (image.eye, image.kind) == (eye, ImageKind.CROPPED_AND_MASKED)
        assert image.compression is Compression.LOSSY
        assert len(image.data) >= 3500
        assert image.pixels.size / len(image.data) <= 15
    (entry,) = ask(service, "CAPTURE", auth(service, 1, bioSubType=["UNKNOWN"]))["biometrics"]
    assert payload(entry["data"])["bioSubType"] == "UNKNOWN"
    assert read_iir(decrypted(entry)).images[0].eye is EyePosition.UNKNOWN


@pytest.mark.parametrize(
    ("count", "asked", "sub_id", "come"),
    [
        ("1", ["UNKNOWN"], "0", ["UNKNOWN"]),
        ("2", ["UNKNOWN", "UNKNOWN"], "0", ["UNKNOWN"] * 2),
        ("4", ["UNKNOWN"] * 4, "2", ["UNKNOWN"] * 4),
        ("2", ["Left RingFinger", "UNKNOWN"], "0", ["Left RingFinger", "UNKNOWN"]),
        ("2", ["Right Thumb", "Left Thumb"], "0", ["Right Thumb", "Left Thumb"]),
        ("2", [], "3", ["Left Thumb", "Right Thumb"]),
        ("2", [], "0", ["UNKNOWN"] * 2),
    ],
)
def test_what_is_asked_without_a_name_comes_without_one(
    service: SbiService, count: str, asked: list[str], sub_id: str, come: list[str]
) -> None:
    document = auth(service, count=count, bioSubType=asked, deviceSubId=sub_id)
    biometrics = ask(service, "CAPTURE", document)["biometrics"]
    assert [payload(entry["data"])["bioSubType"] for entry in biometrics] == come
    for entry, name in zip(biometrics, come, strict=True):
        (image,) = read_fir(decrypted(entry)).images
        assert (image.position == 0) is (name == "UNKNOWN")


@given(
    st.lists(st.sampled_from(list(SUBTYPES.values())), max_size=5),
    st.integers(0, 5),
    st.sampled_from(["0", "1", "2", "3"]),
)
def test_whatever_is_asked_is_of_one_group_and_comes_as_asked_or_is_refused(
    asked: list[str], count: int, sub_id: str
) -> None:
    bio = {"type": "Finger", "count": str(count), "bioSubType": asked, "requestedScore": "40", "deviceId": "x"}
    document: dict[str, object] = {
        "env": "Staging",
        "purpose": "Auth",
        "specVersion": "0.9.5",
        "timeout": "1000",
        "captureTime": "2026-11-22T02:40:00Z",
        "transactionId": "1234",
        "bio": [bio | {"deviceSubId": sub_id, "previousHash": ""}],
    }
    code = 0
    chosen: tuple[tuple[Position, Position], ...] = ()
    try:
        chosen = read_wish(document, "Staging", AUTHENTICATION).chosen_to_authenticate(SLAPS, Modality.FINGER)
    except RefusedError as refused:
        code = refused.code
    if code:
        assert code in (109, 500)
        named = [one for one in asked if one != "UNKNOWN"]
        alike = len(set(named)) == len(named)
        assert not (asked == ["UNKNOWN"] * count and 0 < count <= 4 and sub_id in "012")
        assert not (alike and len(asked) == count == 1 and sub_id == "0")
        return
    captured = [position for position, _ in chosen]
    assert len(set(captured)) == len(chosen) == count
    assert any(set(captured) <= set(group) for place, group in SLAPS.items() if sub_id in ("0", place))
    told = [SUBTYPES[position] for _, position in chosen]
    assert told == asked or not asked
    assert all(called in (shown, FingerPosition.UNKNOWN) for shown, called in chosen)


# -- one after another -------------------------------------------------------------------------------------


def folder(path: Path, *fingers: tuple[int, int]) -> str:
    """Return the device of a folder of prints, by finger and impression, in that order."""
    for number, (finger, impression) in enumerate(fingers):
        write_png(path / f"{number}.png", synth.render(finger, impression, synth.Conditions()).pixels, 500.0)
    return f"file:{path}?ppi=500"


def test_a_single_scanner_captures_several_fingers_and_none_of_them_twice(tmp_path: Path, sealing: Path) -> None:
    with serve(folder(tmp_path, (3, 1), (3, 2), (3, 1), (5, 1), (3, 2), (8, 1)), auth_certificate=sealing) as single:
        asked = auth(single, count="3", bioSubType=["Left IndexFinger", "UNKNOWN", "Right Thumb"])
        biometrics = ask(single, "CAPTURE", asked)["biometrics"]
    assert [payload(entry["data"])["bioSubType"] for entry in biometrics] == asked["bio"][0]["bioSubType"]
    before = ""
    for entry, finger in zip(biometrics, (3, 5, 8), strict=True):
        record = decrypted(entry)
        before = link(before, record)
        assert entry["hash"] == before
        shown = synth.render(finger, 1, synth.Conditions()).pixels
        assert np.abs(read_fir(record).images[0].pixels.astype(int) - shown).mean() < 4.0


def test_the_same_finger_is_never_handed_out_as_another(tmp_path: Path, sealing: Path) -> None:
    with serve(folder(tmp_path, (3, 1), (3, 2), (3, 3)), SINGLE, auth_certificate=sealing) as single:
        for device in (0, 1):
            asked = auth(single, device, type="Finger", count="2", bioSubType=["UNKNOWN"] * 2, timeout="2000")
            refused = ask(single, "CAPTURE", asked)
            assert code_of(refused) == "101"
            assert "no other finger" in refused["biometrics"][0]["error"]["errorInfo"]


def test_the_same_eye_is_never_handed_out_as_the_other(sealing: Path) -> None:
    with serve("virtual:iris?sequence=GOOD&arrival=0&previews=0", auth_certificate=sealing) as single:
        asked = auth(single, type="Iris", count="2", bioSubType=["Left", "Right"], timeout="2000")
        assert code_of(ask(single, "CAPTURE", asked)) == "101"
        asked = auth(single, type="Iris", count="1", bioSubType=["Left"], timeout="2000")
        assert len(ask(single, "CAPTURE", asked)["biometrics"]) == 1


# -- what nobody else reads --------------------------------------------------------------------------------


def test_whatever_is_altered_cannot_be_opened(service: SbiService) -> None:
    (entry,) = ask(service, "CAPTURE", auth(service, 2, bioSubType=["UNKNOWN"]))["biometrics"]
    assert decrypted(entry).startswith(b"FIR\0")
    head, body, signature = entry["data"].split(".")
    said = json.loads(plain(body))
    for name, value in (
        (
            "bioValue",
            ("B" if said["bioValue"][40] == "A" else "A").join((said["bioValue"][:40], said["bioValue"][41:])),
        ),
        ("timestamp", "2026-11-22T02:40:01Z"),
        ("transactionId", said["transactionId"][:-1] + "9"),
    ):
        changed = json.dumps(said | {name: value}).encode()
        spoilt = entry | {"data": ".".join((head, base64.urlsafe_b64encode(changed).decode().rstrip("="), signature))}
        with pytest.raises(InvalidTag):
            decrypted(spoilt)
    with pytest.raises(ValueError, match=r"[Dd]ecryption"):
        decrypted(entry, rsa.generate_private_key(65537, 2048))
    for secret in (b"FIR\0", b"\xff\x4f\xff\x51"):
        assert secret not in plain(said["bioValue"])


@given(st.text("0123456789abcdefABCDEF-", min_size=4, max_size=50))
def test_time_and_transaction_are_joined_at_their_ends(transaction: str) -> None:
    time = "2026-11-22T02:48:25Z"
    mixed = mix(time, transaction)
    assert len(mixed) == max(len(time), len(transaction)) >= 16
    assert int.from_bytes(mixed, "big") == int.from_bytes(time.encode(), "big") ^ int.from_bytes(
        transaction.encode(), "big"
    )


# -- what MOSIP's toolkit checks ---------------------------------------------------------------------------


def test_requests_and_answers_keep_to_the_toolkits_schemas(service: SbiService, shared: Path) -> None:
    for asked in (
        auth(service),
        auth(service, count="2", bioSubType=["UNKNOWN", "UNKNOWN"], specVersion="1.0.0"),
        auth(service, 1, bioSubType=["Left"]),
    ):
        assert not list(faults(asked, schema(shared, "AuthCaptureRequest")))
        answer = opened(ask(service, "CAPTURE", asked))
        assert not list(faults(answer, schema(shared, "AuthCaptureResponse")))
        del answer["biometrics"][0]["thumbprint"]
        assert list(faults(answer, schema(shared, "AuthCaptureResponse")))
    refused = ask(service, "CAPTURE", auth(service, transactionId="x" * 60))
    assert not list(faults(opened(refused), schema(shared, "TransactionIdErrorCaptureResponse")))
    refused = ask(service, "CAPTURE", auth(service, count="11"))
    assert not list(faults(opened(refused), schema(shared, "ErrorCaptureResponse")))
    found = ask(service, "MOSIPDISC", {"type": "Biometric Device"})
    assert not list(faults(opened(found), schema(shared, "DiscoverResponse")))
    told = opened(ask(service, "MOSIPDINFO"))
    assert not list(faults(told, schema(shared, "DeviceInfoReadyResponse")))


def test_recorded_answers_of_mosips_own_device_have_the_same_members(service: SbiService, shared: Path) -> None:
    data = (shared / "data/mosip/sbi_traces/auth_finger_unknown.response.http").read_bytes()
    (theirs,) = json.loads(data.split(b"\r\n\r\n", 1)[1])["biometrics"]
    (ours,) = ask(service, "CAPTURE", auth(service, bioSubType=["UNKNOWN"]))["biometrics"]
    assert set(ours) == set(theirs)
    assert set(payload(ours["data"])) == set(payload(theirs["data"]))
    assert len(plain(ours["sessionKey"])) == len(plain(theirs["sessionKey"]))


# -- purposes ----------------------------------------------------------------------------------------------


def test_a_device_is_announced_once_for_each_purpose(service: SbiService) -> None:
    found = ask(service, "MOSIPDISC", {"type": "Iris"})
    assert [(one["purpose"], one["deviceId"]) for one in found] == [
        ("Registration", service.devices[1].device_id),
        ("Auth", service.devices[1].auth_id),
    ]
    told = [payload(one["deviceInfo"]) for one in ask(service, "MOSIPDINFO")]
    assert [one["purpose"] for one in told] == ["Registration", "Auth"] * 3
    assert {one["certification"] for one in told} == {"L0"}


def test_our_driver_takes_the_device_for_registration(
    service: SbiService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "authority.pem").write_bytes((keys() / CERTIFICATE).read_bytes())
    monkeypatch.setenv("BIOCORE_SBI_TRUST", str(tmp_path))
    with Registry().device(f"sbi:iris?port={service.port}") as device:
        assert device.info.refusal == ""
        assert len(device.capture_parts([EyePosition.LEFT, EyePosition.RIGHT])) == 2


def test_each_verb_wants_the_id_of_its_purpose(service: SbiService) -> None:
    ours = service.devices[0]
    refused = ask(service, "CAPTURE", auth(service, deviceId=ours.device_id))
    assert code_of(refused) == "106"
    assert "not for Auth" in refused["biometrics"][0]["error"]["errorInfo"]
    assert code_of(ask(service, "RCAPTURE", request(service, deviceId=ours.auth_id))) == "106"
    stream = ask(service, "STREAM", {"deviceId": ours.auth_id, "deviceSubId": "1", "timeout": "1000"})
    assert stream["error"]["errorCode"] == "202"  # MOSIP shows a live view for registration only


# -- what is refused ---------------------------------------------------------------------------------------


def test_without_a_certificate_capture_names_the_option() -> None:
    with serve(SINGLE) as plain_service:
        assert [one["purpose"] for one in ask(plain_service, "MOSIPDISC", {"type": "Finger"})] == ["Registration"]
        refused = ask(plain_service, "CAPTURE", {"purpose": "Auth"})
    assert code_of(refused) == "502"
    assert "--auth-certificate" in refused["biometrics"][0]["error"]["errorInfo"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"purpose": "Registration"}, "500"),
        ({"env": "Production"}, "100"),
        ({"deviceId": "x"}, "106"),
        ({"type": "Face", "bioSubType": []}, "500"),
        ({"type": "Iris", "bioSubType": ["Left"]}, "500"),
        ({"transactionId": "a"}, "112"),
        ({"exception": ["Left Thumb"]}, "500"),
        ({"domainUri": 5}, "500"),
        ({"domainUri": "x" * 2001}, "500"),
        ({"previousHash": "12"}, "500"),
        ({"count": "2"}, "109"),
        ({"count": "0", "bioSubType": []}, "109"),
        ({"count": "5", "bioSubType": ["UNKNOWN"] * 5}, "109"),
        ({"count": "2", "bioSubType": ["Left Thumb", "Left IndexFinger"]}, "109"),
        ({"count": "3", "bioSubType": ["Left Thumb", "Right Thumb", "UNKNOWN"]}, "109"),
        ({"deviceSubId": "3"}, "109"),
        ({"bioSubType": ["Left IndexFinger", "Left IndexFinger"], "count": "2"}, "500"),
    ],
)
def test_what_cannot_be_captured_is_refused_with_its_code(
    service: SbiService, changes: dict[str, Any], code: str
) -> None:
    assert code_of(ask(service, "CAPTURE", auth(service, **changes))) == code


@pytest.mark.parametrize(
    "changes",
    [
        {"deviceSubId": "1"},
        {"count": "2"},
        {"count": "11", "bioSubType": []},
        {"count": "0", "bioSubType": []},
        {"count": "11", "bioSubType": ["UNKNOWN"] * 11},
    ],
)
def test_a_single_scanner_is_asked_for_one_to_ten_fingers_of_no_group(
    service: SbiService, changes: dict[str, Any]
) -> None:
    assert code_of(ask(service, "CAPTURE", auth(service, 2, **changes))) == "109"


def test_a_certificate_that_expires_while_it_is_used_is_named(
    service: SbiService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AuthServer, "fault", property(lambda _: "expired on 2026-11-22"))
    refused = ask(service, "CAPTURE", auth(service))
    assert code_of(refused) == "108"
    assert "expired on 2026-11-22" in refused["biometrics"][0]["error"]["errorInfo"]


def test_a_busy_device_and_an_absent_finger_have_their_codes(sealing: Path) -> None:
    with serve("virtual:finger?arrival=1.5&slap=yes&sequence=GOOD", auth_certificate=sealing) as slow:
        first = threading.Thread(target=ask, args=(slow, "CAPTURE", auth(slow)))
        first.start()
        while ask(slow, "MOSIPDISC", {"type": "Finger"})[1]["deviceStatus"] != "Busy":
            assert first.is_alive()
        assert code_of(ask(slow, "CAPTURE", auth(slow))) == "111"
        assert code_of(ask(slow, "RCAPTURE", request(slow))) == "111"  # one scanner, whatever it is for
        first.join()
        assert code_of(ask(slow, "CAPTURE", auth(slow, timeout="300"))) == "101"


# -- the certificate ---------------------------------------------------------------------------------------


def test_a_certificate_is_read_in_both_encodings(tmp_path: Path) -> None:
    path = tmp_path / "ida"
    for encoding in (Encoding.PEM, Encoding.DER):
        path.write_bytes(certificate().public_bytes(encoding))
        assert read_server(path).certificate.serial_number == 7
        assert read_server(path).fault == ""


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (lambda: b"", "no certificate"),
        (lambda: b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no certificate"),
        (lambda: bytes(70_000), "no certificate has more"),
        (lambda: server_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "private key"),
        (lambda: pem(certificate(ec.generate_private_key(ec.SECP256R1()))), "RSA key of 2048"),
        (lambda: pem(certificate(rsa.generate_private_key(65537, 1024))), "RSA key of 2048"),
        (lambda: pem(certificate(begins=-2 * DAY, ends=-DAY)), "expired on"),
        (lambda: pem(certificate(begins=DAY, ends=2 * DAY)), "not valid before"),
    ],
)
def test_a_certificate_that_nothing_can_be_sealed_for_says_why(tmp_path: Path, data: Any, said: str) -> None:
    path = tmp_path / "ida.pem"
    path.write_bytes(data())
    with pytest.raises(ServiceKeyError, match=said) as caught:
        read_server(path)
    assert str(path) in str(caught.value)


def pem(made: x509.Certificate) -> bytes:
    return made.public_bytes(Encoding.PEM)


def test_the_command_refuses_a_certificate_that_is_not_there(tmp_path: Path) -> None:
    result = run("sbi-serve", SINGLE, "--keys", keys(), "--auth-certificate", tmp_path / "none.pem")
    assert result.code != 0
    assert "none.pem" in result.err
    assert "cannot be read" in result.err
