"""The project's own SBI service for authentication, graded with the server's key, and what another key finds."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from biocore.certify import Outcome
from biocore.errors import ServiceKeyError
from biocore.sbi import sealed
from biocore.signatures import Signatures
from biocore_bindings.ctk_cases import CASES
from biocore_bindings.ctk_grading import Grading
from biocore_bindings.ctk_opening import AuthKey, read_auth_key
from biocore_bindings.ctk_run import Examiner
from biocore_bindings.sbi_sealing import AuthServer
from sbi_serving import serve
from test_sbi_authenticate import certificate, server_key

FINGER = "virtual:finger?turn=yes&sequence=GOOD&arrival=0&previews=0"
EYE = "virtual:iris?eye=turn&sequence=GOOD&arrival=0&previews=0"
OURS = [name for name, case in CASES.items() if (case.purpose, case.subtype) == ("Auth", "Single") and not case.persons]
NOBODY = {"SBI1047": EYE + "&fail=no_eye:1", "SBI1048": FINGER + "&fail=no_finger:1"}
SEALED = {"SBI1067", "SBI1068", "SBI1069", "SBI1080", "SBI1081", "SBI1082", "SBI1106", "SBI1107"}
KEYS = {"SBI1023", "SBI1024"}  # need a rotated key
UNTIL_THE_END, SHORTER = ("SBI1056", "SBI1057"), "1200"  # ms
IN_TURN, PATIENT = ("SBI1058", "SBI1059"), {"score": "40", "timeout": "30000"}


@pytest.fixture(scope="module")
def sealing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ida") / "ida.pem"
    path.write_bytes(certificate().public_bytes(Encoding.PEM))
    return path


def outcomes(grading: Grading, outcome: Outcome) -> dict[str, str]:
    return {result.name: result.remark for result in grading.results if result.outcome is outcome}


def test_every_test_of_single_fingers_and_eyes_that_can_be_run_passes(
    sealing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The toolkit's ten seconds until the time is over are shortened; ten fingers end when each is good enough."""
    changes: dict[str, dict[str, Any]] = {name: {"timeout": SHORTER} for name in UNTIL_THE_END} | dict.fromkeys(
        IN_TURN, PATIENT
    )
    cases = {name: dataclasses.replace(case, **changes.get(name, {})) for name, case in CASES.items()}
    monkeypatch.setattr("biocore_bindings.ctk_run.CASES", cases)
    names = [name for name in OURS if name not in NOBODY]
    with serve(FINGER, EYE, auth_certificate=sealing) as service:
        key = AuthKey(server_key())
        grading = Examiner(service.url, Signatures(()), attended=True, auth_key=key).grade(names)
    assert outcomes(grading, Outcome.FAILED) == {}
    unrun = outcomes(grading, Outcome.NOT_TRIED)
    assert set(unrun) == KEYS
    assert all("needs a second key" in reason for reason in unrun.values())
    assert set(outcomes(grading, Outcome.PASSED)) >= SEALED | {"SBI1019", "SBI1021", *UNTIL_THE_END, *IN_TURN}


@pytest.mark.parametrize("name", NOBODY)
def test_nobody_who_comes_to_authenticate_is_answered_when_the_time_is_over(sealing: Path, name: str) -> None:
    with serve(NOBODY[name], auth_certificate=sealing) as service:
        (result,) = Examiner(service.url, Signatures(()), attended=True).grade([name]).results
    assert (result.outcome, result.remark) == (Outcome.PASSED, "")


def test_what_is_sealed_for_another_server_fails_and_without_a_key_is_not_run(sealing: Path) -> None:
    names = ["SBI1016", "SBI1018", "SBI1067", "SBI1069", "SBI1080", "SBI1106"]
    with serve(FINGER, EYE, auth_certificate=sealing) as service:
        another = AuthKey(rsa.generate_private_key(65537, 2048))
        wrong = Examiner(service.url, Signatures(()), attended=True, auth_key=another).grade(names)
        without = Examiner(service.url, Signatures(()), attended=True).grade(names)
    failed = outcomes(wrong, Outcome.FAILED)
    assert set(failed) == SEALED & set(names)
    assert all("sessionKey does not open with this server's key" in remark for remark in failed.values())
    unrun = outcomes(without, Outcome.NOT_TRIED)
    assert set(unrun) == SEALED & set(names)
    assert all("--auth-key" in reason for reason in unrun.values())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"timestamp": "2026-01-31T12:00:01Z"}, "does not open with its sessionKey, timestamp and transactionId"),
        ({"transactionId": "biocore-2"}, "does not open with its sessionKey, timestamp and transactionId"),
        ({"bioValue": "AAAA"}, "too short"),
        ({"bioValue": "???"}, "no base64url"),
    ],
)
def test_a_capture_that_was_altered_does_not_open(changes: dict[str, str], words: str) -> None:
    said = {"timestamp": "2026-01-31T12:00:00Z", "transactionId": "biocore-1"}
    found = AuthServer(certificate()).seal(b"a record", *said.values())
    entry = {"sessionKey": sealed(found.session_key)}
    key = AuthKey(server_key())
    assert key.opened(entry, said | {"bioValue": sealed(found.value)}) == b"a record"
    with pytest.raises(ValueError, match=words):
        key.opened(entry, said | {"bioValue": sealed(found.value)} | changes)
    with pytest.raises(ValueError, match="sessionKey does not open"):
        key.opened({"sessionKey": "AAAA"}, said | {"bioValue": sealed(found.value)})


def test_a_key_file_is_read_or_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    with pytest.raises(ServiceKeyError, match="cannot be read"):
        read_auth_key(path)
    path.write_text("nothing")
    with pytest.raises(ServiceKeyError, match="no private key in PEM"):
        read_auth_key(path)
    how = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(ec.generate_private_key(ec.SECP256R1()).private_bytes(*how))
    with pytest.raises(ServiceKeyError, match="of RSA"):
        read_auth_key(path)
    path.write_bytes(server_key().private_bytes(*how))
    assert isinstance(read_auth_key(path), AuthKey)
