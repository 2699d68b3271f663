"""A right device passes the toolkit's tests, and each planted fault fails the tests it must and no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from biocore.certify import Outcome
from biocore.signatures import Signatures
from biocore_bindings.commands import app
from biocore_bindings.ctk_cases import CASES
from biocore_bindings.ctk_grading import Grading
from biocore_bindings.ctk_run import Examiner, request_of, spelt
from ctk_device import CompliantDevice
from json_schema import valid
from sbi_device import SbiService, Scanner, make_key, root

LEFT = {"SBI1002", "SBI1003", "SBI1062", "SBI1070", "SBI1083", "SBI1101", "SBI1197"}  # captures of the left slap
OTHERS = {"SBI1005", "SBI1009", "SBI1012", "SBI1064", "SBI1065", "SBI1104"}
SIGNED = LEFT | {"SBI1005", "SBI1001", "SBI1026"}  # what the slap scanner signs
ALONE = {"SBI1000", "SBI1001", "SBI1008", "SBI1026", "SBI1033", "SBI1042", "SBI1094", "SBI1108", "SBI1196"}
PANEL = sorted(LEFT | OTHERS | ALONE)
FAULTS: dict[str, tuple[set[str], str]] = {
    "hash": ({"SBI1101"}, "HashValidator"),
    "chain begun anew": ({"SBI1101"}, "HashValidator"),
    "altered": (LEFT, "SignatureValidator: [0]: the signature is wrong"),
    "unsigned": (LEFT, "SignatureValidator: [0] is not signed"),
    "stranger": (LEFT, "leads to no trusted one"),
    "other device": (LEFT, "SignatureValidator: [0].digitalId says serialNo"),
    "info altered": ({"SBI1001", "SBI1026"}, "SignatureValidator"),
    "info L1": (SIGNED, "L1"),
    "missing member": (LEFT, "SchemaValidator: the answer.biometrics[0].dataDecoded has no deviceServiceVersion"),
    "member too many": (LEFT, "SchemaValidator"),
    "enum": (LEFT, "SchemaValidator: the answer.biometrics[0].dataDecoded.env is 'Test'"),
    "score": (LEFT, "SchemaValidator: the answer.biometrics[0].dataDecoded.qualityScore is '101'"),
    "other transaction": (LEFT, "ResponseMismatchValidator: [0] has transactionId"),
    "excepted": ({"SBI1003"}, "ResponseMismatchValidator: [2] is the Left RingFinger, which was excepted"),
    "fewer": (LEFT, "ResponseMismatchValidator"),
    "other hand": (LEFT, "ResponseMismatchValidator: [0] is the Right Thumb"),
    "twice": (LEFT, "once more"),
    "truncated": ({"SBI1062"}, "ISOStandardsValidator: [0] the record is damaged"),
    "version": ({"SBI1062"}, "ISOStandardsValidator"),
    "compression code": ({"SBI1062"}, "compression JPEG2000_LOSSY"),
    "png inside": ({"SBI1062"}, "the record says JPEG 2000, and its picture begins with 89 50"),
    "lossy": ({"SBI1062"}, "compressed with loss"),
    "raw": ({"SBI1062"}, "compression RAW"),
    "size": ({"SBI1062"}, "its picture cannot be read"),
    "300 ppi": ({"SBI1062"}, "the picture has 300 ppi"),
    "finer than its scan": ({"SBI1062"}, "600 ppi, more than the 500 it was scanned with"),
    "per centimetre": ({"SBI1062"}, "197 px/cm; 490 to 1010 per inch are asked for"),
    "vendor without device": ({"SBI1062"}, "the device has vendor 0x0007 and no type"),
    "no date": ({"SBI1062"}, "no date of capture"),
    "future": ({"SBI1062"}, "captured in the future"),
    "technology": ({"SBI1062"}, "capture technology 99"),
    "impression": ({"SBI1062"}, "impression 18"),
    "bit depth": ({"SBI1062"}, "pixels of 16 bits"),
    "other position": ({"SBI1062"}, "the record shows finger position 1"),
    "eye kind": ({"SBI1064"}, "image kind CROPPED_AND_MASKED"),
    "eye format": ({"SBI1064"}, "image format MONO_RAW"),
    "eye history": ({"SBI1064"}, "compression history UNDEFINED"),
    "eye uncropped": ({"SBI1064"}, "image kind VGA"),
    "grey face": ({"SBI1065"}, "its picture is grey"),
    "face in jpeg": ({"SBI1065"}, "image format JPEG; registration asks"),
    "small iris": ({"SBI1064"}, "the iris is 120 px wide"),
    "clock": ({"SBI1083"}, "TimeCheckValidator"),
    "nothing captured": ({"SBI1008"}, "SchemaValidator: the answer.biometrics has no entries"),
    "any count": ({"SBI1033"}, "SchemaValidator"),
    "broken request": ({"SBI1094"}, "SchemaValidator"),
    "early": ({"SBI1042"}, "before its timeout"),
    "late": ({"SBI1042"}, "its timeout was 0.5 s"),
    "discovery without status": ({"SBI1000"}, "SchemaValidator: the answer[0] has no deviceStatus"),
    "discovery with more": ({"SBI1000"}, "which the rules do not know"),
    "discovery of garbage": ({"SBI1000"}, "SignatureValidator: [0].digitalId is neither"),
    "no json": ({"SBI1000", "SBI1196"}, "the answer is no JSON"),
    "http 500": ({"SBI1000", "SBI1196"}, "SchemaValidator: HTTP 500 Oops"),
    "any type": ({"SBI1196"}, "SchemaValidator"),
    "no stream": ({"SBI1070"}, "Stream: STREAM is answered with HTTP 404"),
    "garbage stream": ({"SBI1070"}, "Stream: 0 pictures came"),
}
_STREAMS = ("no stream", "garbage stream")


def service() -> CompliantDevice:
    return CompliantDevice(
        Scanner(),
        Scanner(kind="Iris", subtype="Double", serial="S-2", device_id="2"),
        Scanner(kind="Face", subtype="Full face", serial="S-3", device_id="3"),
    )


def examiner(device: CompliantDevice, **others: Any) -> Examiner:
    return Examiner(
        f"http://127.0.0.1:{device.port}", Signatures([root().certificate]), attended=True, late=0.5, **others
    )


def failing(grading: Grading) -> set[str]:
    return {result.name for result in grading.results if result.outcome is Outcome.FAILED}


def test_a_right_device_passes_every_test_that_can_be_run() -> None:
    """Left out are those that wait ten seconds each, and those of quality, which small plain pictures do not have."""
    names = [name for name, case in CASES.items() if case.timeout != "10000" and not 1075 <= case.number <= 1082]
    with service() as device:
        grading = examiner(device).grade(names)
    assert failing(grading) == set(), [result for result in grading.results if result.outcome is Outcome.FAILED]
    passed = {result.name for result in grading.results if result.outcome is Outcome.PASSED}
    assert set(PANEL) <= passed
    unrun = [result for result in grading.results if result.outcome is Outcome.NOT_TRIED]
    assert all(result.remark for result in unrun)
    assert len(passed) + len(unrun) == len(names) == 181


def test_quality_is_measured_anew_and_not_believed() -> None:
    with service() as device:
        plain = examiner(device).grade(["SBI1075"]).results[0]
        device.real = True
        real = examiner(device).grade(["SBI1075"]).results[0]
    assert plain.outcome is Outcome.FAILED
    assert plain.remark.startswith("BiometricsQualityCheckValidator: the quality measured here is 0 on average")
    assert real.outcome is Outcome.PASSED
    assert real.remark.startswith("measured here: ")


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_fails_the_tests_it_must_and_no_other(fault: str) -> None:
    expected, words = FAULTS[fault]
    with service() as device:
        if fault in _STREAMS:
            device.fault = fault
        else:
            device.plant = fault
        panel = PANEL if fault in ("early", "late") else [name for name in PANEL if name != "SBI1042"]
        grading = examiner(device).grade(panel)
    assert failing(grading) == expected
    assert all(words in result.remark for result in grading.results if result.outcome is Outcome.FAILED) or any(
        words in result.remark for result in grading.results if result.name in expected
    )
    assert all(result.outcome is not Outcome.NOT_TRIED for result in grading.results)


def test_a_device_that_waits_to_the_end_passes_and_one_that_does_not_fails() -> None:
    """The toolkit's rule for a score of 100, which nobody reaches: the answer comes when the time is over."""
    with service() as device:
        result = examiner(device).grade(["SBI1051"]).results[0]
    assert result.outcome is Outcome.FAILED
    assert result.remark.startswith("TimeoutValidator: the answer came after")


def test_a_transaction_id_that_is_too_long_may_be_taken_and_is_remarked() -> None:
    with service() as device:
        refused = examiner(device).grade(["SBI1108"]).results[0]
        device.plant = "long transaction"
        taken = examiner(device).grade(["SBI1108"]).results[0]
    assert (refused.outcome, refused.remark) == (Outcome.PASSED, "")
    assert taken.outcome is Outcome.PASSED
    assert "60 characters" in taken.remark


def test_nobody_there_means_not_run_and_a_reason() -> None:
    with service() as device:
        watch = Examiner(f"http://127.0.0.1:{device.port}", Signatures(()))
        grading = watch.grade(["SBI1000", "SBI1002", "SBI1014", "SBI1022", "SBI1027", "SBI1033", "SBI1112"])
        assert device.requests("RCAPTURE")[0]["bio"][0]["count"] == "5"
    found = {result.name: (result.outcome, result.remark) for result in grading.results}
    assert found["SBI1000"][0] is found["SBI1033"][0] is Outcome.PASSED
    reasons = {name: remark for name, (outcome, remark) in found.items() if outcome is Outcome.NOT_TRIED}
    assert reasons == {
        "SBI1002": "needs a person at the device: --attended",
        "SBI1014": "the service has no device of Face, Full face, for Auth",
        "SBI1022": "KeyRotationValidator: needs a second key: rotate the device's, and give the report of before with "
        "--before",
        "SBI1027": "the service's devices are Ready: make them Busy and run it again",
        "SBI1112": "needs ten persons: Males - child(5-12)",
    }


def test_a_service_that_is_not_there_fails_or_is_not_run() -> None:
    with service() as device:
        pass
    grading = examiner(device).grade(["SBI1000", "SBI1002"])
    assert [result.outcome for result in grading.results] == [Outcome.FAILED, Outcome.NOT_TRIED]
    assert "ConnectionRefusedError" in grading.results[0].remark
    assert not grading.passed


def test_a_rotated_key_is_told_from_the_same_and_from_an_older_one() -> None:
    with service() as device:
        before = examiner(device).grade([]).devices
        same = examiner(device, before=before).grade(["SBI1022"]).results[0]
        device.scanners[0].key = make_key("scanner again", "test root", days=31)
        now = examiner(device).grade([]).devices["S-1"]["valid_from"]
        earlier = {"S-1": {**before["S-1"], "valid_from": "2020-01-01T00:00:00+00:00"}}
        rotated = examiner(device, before=earlier).grade(["SBI1022"]).results[0]
        later = {"S-1": {**before["S-1"], "valid_from": now, "model": "other"}}
        older = examiner(device, before=later).grade(["SBI1022"]).results[0]
    assert same.outcome is Outcome.FAILED
    assert "the certificate is the same as before" in same.remark
    assert rotated.outcome is Outcome.PASSED
    assert "not later than the one before" in older.remark
    assert "model was 'other'" in older.remark


def test_requests_are_what_the_toolkits_schemas_ask_for(shared: Path) -> None:
    folder = shared / "data/mosip/schemas/sbi/0.9.5"
    device = {"env": "Staging", "specVersion": ["0.9.5"], "deviceId": "1"}
    schemas = {
        name: json.loads((folder / f"{name}RequestSchema.json").read_text())
        for name in ("RegistrationCapture", "AuthCapture")
    }
    checked = 0
    for case in CASES.values():
        if case.method in ("capture", "rcapture") and case.captures:
            request = request_of(case, device, "", lambda: "biocore-1")
            schema = schemas["AuthCapture" if case.method == "capture" else "RegistrationCapture"]
            assert valid(request, schema), case.name
            checked += 1
    assert checked > 100
    assert spelt("LeftIndex") == "Left IndexFinger"
    assert [spelt(one) for one in ("RightThumb", "Left", "UNKNOWN")] == ["Right Thumb", "Left", "UNKNOWN"]


# -- MOSIP's own device, as it was recorded -----------------------------------------------------------------

RECORDINGS: dict[tuple[str, str, str, str, str], str] = {
    ("Registration", "Finger", "1", "4", ""): "registration_left_slap",
    ("Registration", "Finger", "1", "5", ""): "registration_bad_count",
    ("Registration", "Finger", "2", "2", "Right IndexFinger"): "registration_right_slap_exc",
    ("Registration", "Finger", "3", "2", ""): "registration_thumbs",
    ("Registration", "Iris", "3", "2", ""): "registration_iris",
    ("Registration", "Face", "0", "1", ""): "registration_face",
    ("Auth", "Finger", "0", "1", "Left IndexFinger"): "auth_finger_li",
    ("Auth", "Finger", "0", "1", "UNKNOWN"): "auth_finger_unknown",
    ("Auth", "Iris", "0", "1", "Left"): "auth_iris_left",
    ("Auth", "Face", "0", "1", ""): "auth_face",
}
# The chain of hashes first: what was recorded follows nothing.
RECORDED_PASS = {
    "Registration": (
        "SBI1101 SBI1000 SBI1001 SBI1002 SBI1005 SBI1006 SBI1009 SBI1012 SBI1026 SBI1033 "
        "SBI1062 SBI1064 SBI1065 SBI1070"
    ),
    "Auth": "SBI1000 SBI1001 SBI1014 SBI1016 SBI1018 SBI1020 SBI1026",
}


def player(folder: Path, purpose: str) -> Callable[[str, Any], bytes]:
    """Return what answers as MOSIP's device did."""

    def answer(verb: str, document: Any) -> bytes:
        if verb == "STREAM":
            name = "registration_stream"
        elif verb in ("MOSIPDISC", "MOSIPDINFO"):
            name = f"{purpose.lower()}_{'discovery' if verb == 'MOSIPDISC' else 'info'}"
        else:
            bio = document["bio"][0]
            part = bio["bioSubType"] if purpose == "Auth" else bio["exception"]
            key = (document["purpose"], bio["type"], bio["deviceSubId"], bio["count"], part[0] if part else "")
            name = RECORDINGS[key]
        return (folder / f"{name}.response.http").read_bytes()

    return answer


@pytest.mark.parametrize("purpose", RECORDED_PASS)
def test_mosips_own_device_passes_as_recorded(shared: Path, purpose: str) -> None:
    folder = shared / "data/mosip/sbi_traces"
    with SbiService() as device:
        device.recorded = player(folder, purpose)
        watch = Examiner(
            f"http://127.0.0.1:{device.port}", Signatures(()), attended=True, transaction=lambda: "1626951902436-7700"
        )
        tokens = [token for each in watch.devices() for token in (each["token"], each["digitalId"])]
        watch.signatures = Signatures([watch.signatures.read(token).certificate for token in tokens])
        names = RECORDED_PASS[purpose].split()
        grading = watch.grade(
            ["SBI1101", *(name for name in names if name != "SBI1101")] if "SBI1101" in names else names
        )
    outcomes = {result.name: (result.outcome.value, result.remark) for result in grading.results}
    assert {name: outcome for name, outcome in outcomes.items() if outcome[0] != "passed"} == {}
    assert len(outcomes) == len(names)


def test_the_quality_of_a_face_is_not_run_and_an_encrypted_record_neither(shared: Path) -> None:
    with SbiService() as device:
        for purpose, test, reason in (
            ("Registration", "SBI1078", "the quality of faces is not measured here"),
            ("Auth", "SBI1066", "the private key of the server"),
        ):
            device.recorded = player(shared / "data/mosip/sbi_traces", purpose)
            url = f"http://127.0.0.1:{device.port}"
            watch = Examiner(url, Signatures(()), attended=True, transaction=lambda: "1626951902436-7700")
            result = watch.grade([test]).results[0]
            assert result.outcome is Outcome.NOT_TRIED, result
            assert reason in result.remark


# -- the command ----------------------------------------------------------------------------------------------


def test_the_command_writes_both_reports_and_its_exit_code_is_the_outcome(tmp_path: Path) -> None:
    anchors = tmp_path / "trust"
    anchors.mkdir()
    (anchors / "root.pem").write_bytes(root().pem)
    with service() as device:
        command = ["ctk-check", f"http://127.0.0.1:{device.port}", "--attended", "--trust", str(anchors)]
        command += ["--test", "SBI1000-SBI1002", "--test", "sbi1101", "--out", str(tmp_path), "--json"]
        good = CliRunner().invoke(app, command)
        device.plant = "hash"
        bad = CliRunner().invoke(app, command[:-1])
    assert good.exit_code == 0, good.output
    document = json.loads(good.stdout)
    assert [result["name"] for result in document["results"]] == ["SBI1000", "SBI1001", "SBI1002", "SBI1101"]
    assert {result["outcome"] for result in document["results"]} == {"passed"}
    assert document["devices"]["S-1"]["make"] == "biocore"
    assert bad.exit_code == 1
    assert "SBI1101  FAIL" in bad.output
    assert "1 FAIL" in bad.output
    page = (tmp_path / "ctk-check.html").read_text()
    assert "SBI device" in page
    assert "continues the chain" in page
    written = json.loads((tmp_path / "ctk-check.json").read_text())
    assert [result["outcome"] for result in written["results"]] == ["passed", "passed", "passed", "failed"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["ftp://x"], 2, "is no URL"),
        (["http://127.0.0.1:1", "--test", "SBI9"], 2, "there is no test"),
        (["http://127.0.0.1:1", "--trust", "nowhere"], 3, "holds no certificate"),
        (["http://127.0.0.1:1", "--before", "nowhere"], 3, "is no report"),
    ],
)
def test_wrong_use_is_said(tmp_path: Path, arguments: list[str], code: int, words: str) -> None:
    result = CliRunner().invoke(app, ["ctk-check", *arguments, "--out", str(tmp_path)])
    assert result.exit_code == code
    assert words in " ".join(result.output.replace("\u2502", " ").split())
