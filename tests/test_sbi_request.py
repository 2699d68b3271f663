"""What clients ask is read whole or refused with a code; keys are made once, rotated, and readable by their owner."""

from __future__ import annotations

import copy
import http.client
import json
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from biocore.errors import ServiceKeyError
from biocore.sbi import EYES, SLAPS
from biocore.types import EyePosition, FingerPosition, Modality, Position
from biocore_bindings import sbi_keys
from biocore_bindings.sbi_keys import create_keys, read_keys, rotate_key
from biocore_bindings.sbi_request import RefusedError, Wish, read_json, read_wish
from biocore_drivers.sbi_trust import Trust
from biocore_drivers.transport import Situation
from cli_support import COMMAND, environment, run
from sbi_serving import keys

REQUEST: dict[str, Any] = {
    "env": "Staging",
    "purpose": "Registration",
    "specVersion": "0.9.5",
    "timeout": "10000",
    "captureTime": "2026-11-22T02:40:00Z",
    "transactionId": "1626951902436-7700",
    "customOpts": None,
    "bio": [
        {
            "type": "Finger",
            "count": "2",
            "bioSubType": ["Right RingFinger", "Right LittleFinger"],
            "exception": ["Right IndexFinger", "Right MiddleFinger"],
            "requestedScore": "40",
            "deviceId": "2",
            "deviceSubId": "2",
            "previousHash": "",
        }
    ],
}


def wish(**changes: Any) -> Wish:
    document = copy.deepcopy(REQUEST)
    for name, value in changes.items():
        (document["bio"][0] if name in document["bio"][0] else document)[name] = value
    return read_wish(document, "Staging")


def code(**changes: Any) -> int:
    def read() -> None:
        asked = wish(**changes)
        finger = asked.kind == "Finger"
        asked.chosen(SLAPS if finger else EYES, Modality.FINGER if finger else Modality.IRIS)

    with pytest.raises(RefusedError) as caught:
        read()
    assert len(str(caught.value)) < 200
    return caught.value.code


def test_a_request_is_read_whole() -> None:
    asked = wish()
    assert (asked.timeout, asked.score, asked.count, asked.sub_id) == (10.0, 40.0, 2, "2")
    assert asked.positions == (FingerPosition.RIGHT_RING, FingerPosition.RIGHT_LITTLE)
    assert asked.chosen(SLAPS, Modality.FINGER) == asked.positions
    assert wish(timeout="99999999999").timeout == 120.0
    eyes = wish(type="Iris", bioSubType=[], exception=["Left", "Right Thumb"], count="1", deviceSubId="3")
    assert eyes.excepted == (EyePosition.LEFT,)
    assert eyes.chosen(EYES, Modality.IRIS) == (EyePosition.RIGHT,)
    alone = wish(bioSubType=None, exception=None, count="1", deviceSubId="0")
    assert alone.chosen({}, Modality.FINGER) == (FingerPosition.UNKNOWN,)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"env": "Production"}, 100),
        ({"env": "Moon"}, 500),
        ({"purpose": "Auth"}, 500),
        ({"specVersion": "0.9.2"}, 500),
        ({"timeout": ""}, 500),
        ({"timeout": "0"}, 500),
        ({"timeout": "-5"}, 500),
        ({"timeout": "nan"}, 500),
        ({"timeout": "1e999"}, 500),
        ({"timeout": True}, 500),
        ({"timeout": 10**400}, 500),
        ({"captureTime": "yesterday"}, 500),
        ({"transactionId": "abc"}, 112),
        ({"transactionId": "a" * 51}, 112),
        ({"transactionId": "../../etc"}, 112),
        ({"transactionId": "abcd\n"}, 112),
        ({"transactionId": 12345}, 500),
        ({"customOpts": []}, 500),
        ({"customOpts": {str(n): n for n in range(51)}}, 500),
        ({"bio": []}, 500),
        ({"bio": [REQUEST["bio"][0]] * 2}, 500),
        ({"bio": [None]}, 500),
        ({"bio": "x"}, 500),
        ({"type": "Nose"}, 500),
        ({"count": "3"}, 109),
        ({"count": "5"}, 109),
        ({"count": "1.5"}, 500),
        ({"count": None}, 500),
        ({"bioSubType": ["Left Thumb", "Right Thumb"]}, 109),
        ({"bioSubType": ["Left"]}, 500),
        ({"bioSubType": ["Right RingFinger"] * 2}, 500),
        ({"bioSubType": [7]}, 500),
        ({"bioSubType": {"a": 1}}, 500),
        ({"exception": ["Third Eye"]}, 500),
        ({"exception": ["Right RingFinger", "Right LittleFinger"], "count": "0"}, 109),
        ({"bioSubType": [], "exception": ["Left Thumb", "Right Thumb"], "deviceSubId": "3", "count": "0"}, 109),
        ({"requestedScore": "101"}, 500),
        ({"requestedScore": "good"}, 500),
        ({"deviceId": ""}, 500),
        ({"deviceSubId": "0"}, 109),
        ({"deviceSubId": "4"}, 500),
        ({"previousHash": "zz"}, 500),
        ({"previousHash": None}, 500),
        ({"previousHash": "AB" * 32 + "\n"}, 500),
        ({"type": "Iris", "bioSubType": ["Left"], "exception": [], "deviceSubId": "1", "count": "2"}, 109),
    ],
)
def test_what_is_wrong_with_a_request_has_a_code(changes: dict[str, Any], expected: int) -> None:
    assert code(**changes) == expected


@pytest.mark.parametrize("name", [*REQUEST, *REQUEST["bio"][0]])
def test_a_missing_field_is_named(name: str) -> None:
    document = copy.deepcopy(REQUEST)
    place = document if name in document else document["bio"][0]
    place[f"{name}XXX"] = place.pop(name)
    if name in ("customOpts", "bioSubType", "exception"):  # may be left out
        assert read_wish(document, "Staging").transaction == REQUEST["transactionId"]
        return
    with pytest.raises(RefusedError, match=name) as caught:
        read_wish(document, "Staging")
    assert caught.value.code == 500


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@given(name=st.sampled_from([*REQUEST, *REQUEST["bio"][0]]), value=ANYTHING)
def test_any_value_anywhere_is_read_or_refused(name: str, value: Any) -> None:
    code = 0
    positions: tuple[Position, ...] = ()
    try:
        positions = wish(**{name: value}).chosen(SLAPS, Modality.FINGER)
    except RefusedError as refused:
        code = refused.code
    assert (100 <= code <= 599) != bool(positions)
    assert set(positions) <= set(SLAPS["2"])


@pytest.mark.parametrize("body", [b"[]", b"1", b"{", b"NaN", b'{"a":NaN}', b"\xff", b"[" * 100_000, b"1" * 10_000])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(RefusedError, match="no JSON"):
        read_json(body)


# -- keys --------------------------------------------------------------------------------------------------


def test_private_keys_are_their_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    made = create_keys(folder, "Office", days=30)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {"provider.pem": 0o600, "device.pem": 0o600, "provider-certificate.pem": 0o644}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert b"PRIVATE" not in (folder / "provider-certificate.pem").read_bytes()
    lasts = made.certificate.not_valid_after_utc - made.certificate.not_valid_before_utc
    assert timedelta(days=30) <= lasts < timedelta(days=31)
    with pytest.raises(ServiceKeyError, match="keys already"):
        create_keys(folder, "Office")


def test_each_rotated_key_is_another_vouched_for_and_begins_later(tmp_path: Path) -> None:
    made = [create_keys(tmp_path, "Office"), rotate_key(tmp_path), rotate_key(tmp_path)]
    begins = [one.certificate.not_valid_before_utc for one in made]
    assert begins == sorted(set(begins))
    assert len({one.fingerprint for one in made}) == 3
    trust = Trust([x509.load_pem_x509_certificate((tmp_path / sbi_keys.CERTIFICATE).read_bytes())])
    signed = trust.check(sbi_keys.Signer(tmp_path).sign(b"{}"), Situation("sbi:test", "reading"))
    assert (signed.fault, signed.payload) == ("", b"{}")
    assert read_keys(tmp_path / sbi_keys.DEVICE).fingerprint == made[-1].fingerprint


def test_keys_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    with pytest.raises(ServiceKeyError, match="sbi-keys create"):
        rotate_key(tmp_path)
    path = tmp_path / "device.pem"
    good = (keys() / "device.pem").read_bytes()
    other = (keys() / "provider-certificate.pem").read_bytes()
    private = good[: good.index(b"-----BEGIN CERTIFICATE")]
    for data, why in (
        (b"", "damaged"),
        (good[:500], "damaged"),
        (private, "damaged"),
        (private + other, "not that of"),
    ):
        path.write_bytes(data)
        path.chmod(0o600)
        with pytest.raises(ServiceKeyError, match=why):
            read_keys(path)
    path.chmod(0o640)
    with pytest.raises(ServiceKeyError, match="others may read"):
        read_keys(path)


# -- the command line --------------------------------------------------------------------------------------


def test_keys_are_made_rotated_and_shown_from_the_command_line(tmp_path: Path) -> None:
    folder = ("--keys", tmp_path / "k", "--json")
    assert run("sbi-keys", "show", *folder).code == 5
    made = run("sbi-keys", "create", *folder, "--name", "Office", "--days", 10).document
    turned = run("sbi-keys", "rotate", *folder).document
    shown = run("sbi-keys", "show", *folder).document
    assert made["fingerprint"] != turned["fingerprint"] == shown["fingerprint"]
    assert Path(shown["trust"]).exists()


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("--host", "0.0.0.0"), 2, "beyond-this-machine"),
        (("--host", "0.0.0.0", "--beyond-this-machine"), 2, "token-file"),
        (("--env", "Moon"), 2, "env"),
        (("--env", "Production"), 4, "never a finger"),
        (("--token-file", "/proc/none"), 3, "token cannot be read"),
    ],
)
def test_a_service_that_must_not_start_says_why(arguments: tuple[str, ...], exit_code: int, said: str) -> None:
    result = run("sbi-serve", "virtual:finger", "--keys", keys(), *arguments)
    assert result.code == exit_code
    assert said in result.err


def test_a_token_that_others_may_read_or_is_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("correct horse battery staple")
    path.chmod(0o644)
    command = ("sbi-serve", "virtual:finger", "--keys", keys(), "--token-file", path)
    assert "others may read" in run(*command).err
    path.chmod(0o600)
    path.write_text("short")
    assert "at least 16" in run(*command).err


@contextmanager
def ending(process: subprocess.Popen[str]) -> Iterator[None]:
    """Leave no process that nobody waits for."""
    try:
        yield
    finally:
        process.kill()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_told_to_end(stop: signal.Signals) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ("sbi-serve", "virtual:finger", "--keys", str(keys()), "--port", str(port), "--json")
    with (
        subprocess.Popen(
            [*COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # a job in the background ignores it
        ) as process,
        ending(process),
    ):
        assert process.stderr is not None
        lines = [process.stderr.readline(), process.stderr.readline()]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10.0)
        connection.request("MOSIPDISC", "/device", b'{"type":"Finger"}')
        (device,) = json.loads(connection.getresponse().read())
        connection.close()
        process.send_signal(stop)
        out, err = process.communicate(timeout=20.0)
    assert (process.returncode, err) == (0, "")
    assert "Finger Single" in lines[0]
    assert f"http://127.0.0.1:{port}/" in lines[1]
    assert json.loads(out)["devices"] == [device["deviceId"]]
