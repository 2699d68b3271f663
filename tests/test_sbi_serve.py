"""Our biometric service: what it captures is signed, chained, assessed and what MOSIP's toolkit wants, or refused."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography import x509

from biocore.discovery import Registry
from biocore.errors import DeviceBusyError, DeviceUnsupportedError
from biocore.fingerprint import synth
from biocore.formats.finger_image import read_fir
from biocore.formats.finger_image_pixels import ImageFormat
from biocore.formats.iris_image import ImageKind, read_iir
from biocore.formats.iris_image_pixels import ImageFormat as IrisFormat
from biocore.hal import EventKind
from biocore.sbi import link
from biocore.types import EyePosition, FingerPosition
from biocore_bindings.sbi_keys import CERTIFICATE, create_keys, rotate_key
from biocore_bindings.sbi_service import SbiService
from biocore_drivers.sbi_messages import unsealed
from biocore_drivers.sbi_trust import Trust
from biocore_drivers.transport import Situation
from ctk_schemas import faults, opened, payload, schema
from sbi_serving import EYES, LEFT, SLAP, ask, code_of, connect, keys, request, serve

REGISTRY = Registry()
HERE = Situation("sbi:test", "reading")
LEFT_FOUR = (
    FingerPosition.LEFT_INDEX,
    FingerPosition.LEFT_MIDDLE,
    FingerPosition.LEFT_RING,
    FingerPosition.LEFT_LITTLE,
)


@pytest.fixture(scope="module")
def service() -> Iterator[SbiService]:
    with serve() as running:
        yield running


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "authority.pem").write_bytes((keys() / CERTIFICATE).read_bytes())
    monkeypatch.setenv("BIOCORE_SBI_TRUST", str(tmp_path))


def anchored() -> Trust:
    return Trust([x509.load_pem_x509_certificate((keys() / CERTIFICATE).read_bytes())])


def iris(service: SbiService, **changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {"type": "Iris", "count": "2", "bioSubType": ["Left", "Right"], "deviceSubId": "3"}
    return request(service, **{**usual, "deviceId": service.devices[1].device_id, **changes})


# -- our own driver captures from our own service ------------------------------------------------------------


@pytest.mark.usefixtures("trusting")
def test_our_driver_captures_a_slap_from_our_service(service: SbiService) -> None:
    with REGISTRY.device(f"sbi:finger?port={service.port}") as device:
        parts = device.capture_parts(LEFT_FOUR)
        again = device.capture_parts(LEFT_FOUR[:2], missing=LEFT_FOUR[2:])
    assert device.info.refusal == ""
    assert tuple(part.position for part in parts) == LEFT_FOUR
    for part in parts:
        assert part.score is not None
        assert part.score > 60
        assert part.frame.pixels.shape == (500, 400)
        assert part.frame.ppi == 500.0
    assert [part.position for part in again] == list(LEFT_FOUR[:2])
    assert again[0].digest == link(parts[-1].digest, again[0].record)  # one chain over both captures


@pytest.mark.usefixtures("trusting")
def test_what_comes_is_what_the_scanner_showed() -> None:
    with (
        serve("virtual:finger?finger=3&sequence=GOOD&arrival=0&previews=0") as single,
        REGISTRY.device(f"sbi:finger?port={single.port}") as device,
    ):
        (part,) = device.capture_parts([FingerPosition.RIGHT_THUMB])
    np.testing.assert_array_equal(part.frame.pixels, synth.render(3, 1, synth.Conditions()).pixels)


@pytest.mark.usefixtures("trusting")
def test_our_driver_captures_eyes_and_sees_them_live(service: SbiService) -> None:
    with REGISTRY.device(f"sbi:iris?port={service.port}") as device:
        both = device.capture_parts([EyePosition.LEFT, EyePosition.RIGHT])
    assert [part.position for part in both] == [EyePosition.LEFT, EyePosition.RIGHT]
    with (
        serve("virtual:iris?sequence=GOOD&arrival=0.5&interval=0.2&previews=3") as single,
        REGISTRY.device(f"sbi:iris?port={single.port}") as device,
    ):
        seen: list[tuple[int, ...]] = []
        device.listen(
            lambda event: (
                seen.append(event.frame.pixels.shape)
                if event.kind is EventKind.PREVIEW and event.frame is not None
                else None
            )
        )
        (part,) = device.capture_parts()
    assert part.position is EyePosition.UNKNOWN
    assert len(seen) >= 3


@pytest.mark.usefixtures("trusting")
def test_a_second_caller_is_told_that_the_device_is_busy() -> None:
    with (
        serve("virtual:finger?arrival=1.5&slap=yes&sequence=GOOD") as slow,
        REGISTRY.device(f"sbi:finger?port={slow.port}") as device,
    ):
        first = threading.Thread(target=ask, args=(slow, "RCAPTURE", request(slow)))
        first.start()
        while ask(slow, "MOSIPDISC", {"type": "Finger"})[0]["deviceStatus"] != "Busy":
            assert first.is_alive()
        assert code_of(ask(slow, "RCAPTURE", request(slow))) == "111"
        (info,) = ask(slow, "MOSIPDINFO")
        assert payload(info["deviceInfo"])["deviceStatus"] == "Busy"
        assert info["error"]["errorCode"] == "111"
        with pytest.raises(DeviceBusyError):
            device.capture(1.0)
        first.join()
    assert payload(info["deviceInfo"])["certification"] == "L0"


# -- what MOSIP's toolkit checks ---------------------------------------------------------------------------


def test_every_kind_of_answer_keeps_to_the_toolkits_schemas(service: SbiService, shared: Path) -> None:
    slap, eyes = request(service), iris(service)
    assert not list(faults(slap, schema(shared, "RegistrationCaptureRequest")))
    assert not list(faults(eyes, schema(shared, "RegistrationCaptureRequest")))
    answers = {
        "DiscoverResponse": ask(service, "MOSIPDISC", {"type": "Biometric Device"}),
        "DiscoverResponseError": ask(service, "MOSIPDISC", {"type": "Nose"}),
        "DeviceInfoReadyResponse": ask(service, "MOSIPDINFO"),
        "ErrorCaptureResponse": ask(service, "RCAPTURE", request(service, count="5")),
    }
    for name, answer in answers.items():
        assert not list(faults(opened(answer), schema(shared, name))), name
    for asked in (slap, eyes, request(service, specVersion="1.0.0")):
        answer = ask(service, "RCAPTURE", asked)
        assert not list(faults(opened(answer), schema(shared, "RegistrationCaptureResponse")))
        assert faults_of_altered(answer, shared) == 3
    refused = ask(service, "RCAPTURE", request(service, transactionId="x" * 60))
    assert not list(faults(opened(refused), schema(shared, "TransactionIdErrorRCaptureResponse")))
    refused = ask(service, "CAPTURE", request(service, purpose="Auth"))
    assert not list(faults(opened(refused), schema(shared, "ErrorCaptureResponse")))
    assert "--auth-certificate" in refused["biometrics"][0]["error"]["errorInfo"]


def faults_of_altered(answer: Any, shared: Path) -> int:
    """Count the faults of an answer that was spoilt in three places: the schemas are not read past."""
    spoilt = opened(answer)
    first = spoilt["biometrics"][0]
    first["hash"] = first["hash"].lower()
    first["extra"] = 1
    del first["dataDecoded"]["env"]
    return len(list(faults(spoilt, schema(shared, "RegistrationCaptureResponse"))))


def test_recorded_answers_of_mosips_own_device_keep_to_the_schemas_too(shared: Path) -> None:
    for name, rule in (
        ("registration_discovery", "DiscoverResponse"),
        ("registration_info", "DeviceInfoReadyResponse"),
        ("registration_left_slap", "RegistrationCaptureResponse"),
        ("registration_bad_count", "ErrorCaptureResponse"),
    ):
        data = (shared / "data/mosip/sbi_traces" / f"{name}.response.http").read_bytes()
        assert not list(faults(opened(json.loads(data.split(b"\r\n\r\n", 1)[1])), schema(shared, rule))), name


def test_signatures_hashes_and_records_say_one_thing(service: SbiService) -> None:
    before = "AB" * 32
    biometrics = ask(service, "RCAPTURE", request(service, previousHash=before))["biometrics"]
    assert len(biometrics) == 4
    for entry, name, position in zip(biometrics, LEFT, LEFT_FOUR, strict=True):
        signed = anchored().check(entry["data"], HERE)
        assert signed.fault == ""
        said = payload(entry["data"])
        assert (said["bioSubType"], said["purpose"], said["env"]) == (name, "Registration", "Developer")
        assert said["transactionId"] == "1626951902436-7700"
        assert anchored().check(said["digitalId"], HERE).fault == ""
        assert payload(said["digitalId"])["deviceSubType"] == "Slap"
        record = unsealed(said["bioValue"], HERE)
        before = link(before, record)
        assert entry["hash"] == before
        (image,) = read_fir(record).images
        assert (image.finger, image.ppi, image.format) == (position, 500.0, ImageFormat.JPEG2000)
        assert str(image.qualities[0].score) == said["qualityScore"]
        assert image.captured_at is not None


def test_eyes_come_as_cropped_records_without_loss(service: SbiService) -> None:
    biometrics = ask(service, "RCAPTURE", iris(service))["biometrics"]
    for entry, eye in zip(biometrics, (EyePosition.LEFT, EyePosition.RIGHT), strict=True):
        said = payload(entry["data"])
        (image,) = read_iir(unsealed(said["bioValue"], HERE)).images
        assert (image.eye, image.kind, image.format) == (eye, ImageKind.CROPPED, IrisFormat.MONO_JPEG2000)
        assert 210 < image.height < image.width  # the iris with its margins, more of them at the sides
        assert str(image.qualities[0].score) == said["qualityScore"]


def test_exceptions_are_neither_captured_nor_counted(service: SbiService) -> None:
    for subtypes in (LEFT, LEFT[:1] + LEFT[2:], [], None):
        asked = request(service, bioSubType=subtypes, exception=["Left MiddleFinger"], count="3")
        names = [payload(one["data"])["bioSubType"] for one in ask(service, "RCAPTURE", asked)["biometrics"]]
        assert names == LEFT[:1] + LEFT[2:]
    answer = ask(service, "RCAPTURE", iris(service, exception=["Left"], count="1"))
    assert [payload(one["data"])["bioSubType"] for one in answer["biometrics"]] == ["Right"]


# -- scores and time ---------------------------------------------------------------------------------------


def test_a_slap_is_taken_at_its_mean_though_a_finger_is_poor() -> None:
    uri = SLAP + "&poor=left_ring:DRY:1,left_ring:DRY:1"
    with serve(uri) as running:
        start = time.monotonic()
        biometrics = ask(running, "RCAPTURE", request(running, requestedScore="50", timeout="20000"))["biometrics"]
        assert time.monotonic() - start < 10.0
    scores = [int(payload(one["data"])["qualityScore"]) for one in biometrics]
    assert scores[2] < 50 <= sum(scores) / 4
    assert scores[2] < min(scores[:2])


def test_a_poor_capture_is_followed_by_another_until_the_score_is_reached() -> None:
    poor = ",".join(f"left_{name}:DRY:1" for name in ("index", "middle", "ring", "little"))
    with serve(SLAP + f"&poor={poor}") as running:
        biometrics = ask(running, "RCAPTURE", request(running, requestedScore="60", timeout="20000"))["biometrics"]
    assert sum(int(payload(one["data"])["qualityScore"]) for one in biometrics) / 4 >= 60


def test_at_the_timeout_the_best_comes_whatever_its_score() -> None:
    with serve("virtual:finger?sequence=GOOD,DRY:1&arrival=0&previews=0") as running:
        single = {"count": "1", "bioSubType": ["UNKNOWN"], "deviceSubId": "0", "requestedScore": "100"}
        start = time.monotonic()
        (entry,) = ask(running, "RCAPTURE", request(running, timeout="1500", **single))["biometrics"]
        assert 1.3 < time.monotonic() - start < 4.0
    assert entry["error"]["errorCode"] == "0"
    assert int(payload(entry["data"])["qualityScore"]) > 60  # the first; all that follow are dry


def test_nobody_who_comes_is_an_error_at_the_timeout() -> None:
    with serve(SLAP + "&fail=no_finger:1") as running:
        start = time.monotonic()
        assert code_of(ask(running, "RCAPTURE", request(running, timeout="500"))) == "101"
        assert 0.4 < time.monotonic() - start < 2.0
        assert len(ask(running, "RCAPTURE", request(running))["biometrics"]) == 4


def test_a_device_that_goes_away_is_told_and_comes_back() -> None:
    with serve(SLAP + "&fail=disconnect:1") as running:
        assert code_of(ask(running, "RCAPTURE", request(running))) == "106"
        assert len(ask(running, "RCAPTURE", request(running))["biometrics"]) == 4


def test_a_client_that_hangs_up_ends_the_capture() -> None:
    with serve(SLAP + "&fail=no_finger:1") as running:
        connection = connect(running)
        connection.request("RCAPTURE", "/capture", json.dumps(request(running, timeout="60000")))
        while running.devices[0].status != "Busy":
            time.sleep(0.01)
        connection.close()
        deadline = time.monotonic() + 3.0
        while running.devices[0].status == "Busy":
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert len(ask(running, "RCAPTURE", request(running))["biometrics"]) == 4


# -- keys --------------------------------------------------------------------------------------------------


def test_a_rotated_key_signs_from_the_next_answer_on(tmp_path: Path) -> None:
    first = create_keys(tmp_path / "keys", "Office")
    with serve(SLAP, folder=tmp_path / "keys") as running:
        before = ask(running, "MOSIPDINFO")[0]["deviceInfo"]
        second = rotate_key(tmp_path / "keys")
        after = ask(running, "MOSIPDINFO")[0]["deviceInfo"]
        (tmp_path / "keys" / "device.pem").unlink()
        (gone,) = ask(running, "MOSIPDINFO")
        assert code_of(ask(running, "RCAPTURE", request(running))) == "110"
    assert gone["error"]["errorCode"] == "110"
    trust = Trust([x509.load_pem_x509_certificate((tmp_path / "keys" / CERTIFICATE).read_bytes())])
    assert trust.check(before, HERE).fault == trust.check(after, HERE).fault == ""
    assert before.split(".")[0] != after.split(".")[0]
    assert second.certificate.not_valid_before_utc > first.certificate.not_valid_before_utc
    for name in ("deviceId", "deviceCode"):
        assert payload(before)[name] == payload(after)[name]


def test_an_expired_key_signs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biocore_bindings.sbi_keys.Keys.expired", property(lambda keys: True))
    with serve(SLAP) as running:
        assert code_of(ask(running, "RCAPTURE", request(running))) == "107"
        assert ask(running, "MOSIPDINFO")[0]["error"]["errorCode"] == "107"


# -- what is not served ------------------------------------------------------------------------------------


def test_synthetic_fingers_register_nobody() -> None:
    with pytest.raises(DeviceUnsupportedError, match="never a finger"):
        serve(SLAP, env="Production")


def test_devices_that_must_not_enrol_are_not_served() -> None:
    with pytest.raises(DeviceUnsupportedError, match="must not enrol"):
        serve("virtual:finger?ppi=300")


@pytest.mark.usefixtures("trusting")
def test_a_biometric_service_is_not_served_again(service: SbiService) -> None:
    with pytest.raises(DeviceUnsupportedError, match="served by a biometric service already"):
        serve(f"sbi:finger?port={service.port}")


def test_all_devices_are_released_where_one_cannot_be_opened() -> None:
    with pytest.raises(DeviceBusyError):
        serve(EYES, SLAP + "&fail=busy:1")
