"""Biometric services are found, trusted and opened, or refused for a reason that has a name."""

from __future__ import annotations

import socket
import struct
import time
from pathlib import Path

import pytest

from biocore.discovery import Registry
from biocore.errors import (
    DeviceBusyError,
    DeviceError,
    DeviceNotFoundError,
    DeviceProtocolError,
    DeviceTimeoutError,
    DeviceUnsupportedError,
    DeviceUntrustedError,
)
from biocore.hal import Device, State
from biocore_drivers import sbi, sbi_ports
from sbi_device import Key, SbiService, Scanner, make_key, root

REGISTRY = Registry()


def scanner(service: SbiService, more: str = "") -> Device:
    return REGISTRY.device(f"sbi:finger@S-1?port={service.port}{more}")


# -- opening -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        ("Busy", DeviceBusyError, "status is Busy.*other program"),
        ("Not Ready", DeviceBusyError, "status is Not Ready.*cable"),
        ("Not Registered", DeviceUnsupportedError, "not registered"),
        ("Asleep", DeviceProtocolError, "status is 'Asleep'"),
    ],
)
def test_a_device_that_is_not_ready_does_not_open(
    sbi_service: SbiService, status: str, kind: type[DeviceError], message: str
) -> None:
    sbi_service.scanners = [Scanner(status=status)]
    device = scanner(sbi_service)
    with pytest.raises(kind, match=message):
        device.open()
    assert device.state is State.CLOSED
    sbi_service.scanners = [Scanner()]
    with device:
        assert device.info.maker == "biocore"


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        ("garbage:MOSIPDINFO", DeviceProtocolError, "no JSON"),
        ("cut:MOSIPDINFO", DeviceProtocolError, "broke off|cut its answer"),
        ("http:MOSIPDISC", DeviceProtocolError, "HTTP 500"),
    ],
)
def test_a_service_that_talks_nonsense_is_named(
    sbi_service: SbiService, fault: str, kind: type[DeviceError], message: str
) -> None:
    sbi_service.fault = fault
    with pytest.raises(kind, match=message):
        scanner(sbi_service).open()


def test_a_silent_service_does_not_hold_the_opening_up(
    sbi_service: SbiService, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = sbi.OPEN_LIMIT
    monkeypatch.setattr(sbi, "OPEN_LIMIT", 0.3)
    sbi_service.fault = "silent:MOSIPDISC"
    device = scanner(sbi_service)
    start = time.monotonic()
    with pytest.raises(DeviceTimeoutError, match=r"MOSIPDISC|within"):
        device.open()
    assert time.monotonic() - start < usual  # 0.3 s, and what a busy machine takes; it would be 5 s


@pytest.mark.parametrize(
    "callback", ["http://10.0.0.7:4501/", "https://127.0.0.1:4501/", "http://127.0.0.1:x/", "ftp:"]
)
def test_a_service_that_wants_to_be_called_elsewhere_is_refused(sbi_service: SbiService, callback: str) -> None:
    sbi_service.callback = callback
    with pytest.raises(DeviceProtocolError, match="not on this machine"):
        scanner(sbi_service).open()


def test_an_absent_device_is_told_with_what_is_there(sbi_service: SbiService) -> None:
    with pytest.raises(DeviceNotFoundError, match="there is Finger S-1, Iris I-1"):
        REGISTRY.open(f"sbi:finger@S-7?port={sbi_service.port}")


@pytest.mark.parametrize(
    "uri",
    [
        "sbi:palm",
        "sbi:finger?port=0",
        "sbi:finger?position=left_eye",
        "sbi:finger?score=101",
        "sbi:finger?trust=all",
        "sbi:finger?colour=red",
        "sbi:",
    ],
)
def test_impossible_names_are_refused(uri: str) -> None:
    with pytest.raises(DeviceNotFoundError):
        REGISTRY.device(uri)


# -- trust -------------------------------------------------------------------------------------------------


def test_without_a_trusted_certificate_a_device_is_listed_refused_and_not_opened(
    sbi_service: SbiService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BIOCORE_SBI_TRUST", str(tmp_path / "nowhere"))
    monkeypatch.setattr("biocore_drivers.sbi_services.PORTS", (sbi_service.port,))
    listed = list(sbi.driver.devices())
    assert len(listed) == 2
    assert all("nobody is trusted to vouch" in info.refusal for info in listed)
    with pytest.raises(DeviceUntrustedError, match=r"nobody is trusted.*folder"):
        scanner(sbi_service).open()
    with scanner(sbi_service, "&trust=any") as device:
        assert device.info.refusal == ""
        assert device.capture().ppi == 500.0
        sbi_service.fault = "signature"
        with pytest.raises(DeviceUntrustedError, match="signature is wrong"):
            device.capture()


def anchored(folder: Path, *pems: bytes) -> None:
    for number, pem in enumerate(pems):
        (folder / f"{number}.pem").write_bytes(pem)


@pytest.mark.parametrize(
    ("anchor", "key", "chain", "message"),
    [
        ("root", "leaf", ("middle",), ""),
        ("middle", "leaf", (), ""),
        ("leaf", "leaf", (), ""),
        ("root", "leaf", (), "leads to no trusted one"),
        ("root", "forged", ("scanner",), "leads to no trusted one"),
        ("root", "expired", (), "leads to no trusted one"),
        ("root", "weak", (), "2048 bits"),
        ("broken", "leaf", ("middle",), "0.pem"),
    ],
)
def test_a_certificate_must_lead_to_a_trusted_one(
    sbi_service: SbiService,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    anchor: str,
    key: str,
    chain: tuple[str, ...],
    message: str,
) -> None:
    keys = keys_of_trust()
    folder = tmp_path / "anchors"
    folder.mkdir()
    anchored(folder, b"-----BEGIN nonsense" if anchor == "broken" else keys[anchor].pem)
    monkeypatch.setenv("BIOCORE_SBI_TRUST", str(folder))
    above: tuple[Key, ...] = tuple(keys[name] for name in chain)
    sbi_service.scanners = [Scanner(key=keys[key], chain=above)]
    if message:
        with pytest.raises(DeviceUntrustedError, match=message):
            scanner(sbi_service).open()
    else:
        with scanner(sbi_service) as device:
            assert device.capture().ppi == 500.0


def keys_of_trust() -> dict[str, Key]:
    middle = make_key("middle", "test root", authority=True)
    return {
        "root": root(),
        "middle": middle,
        "leaf": make_key("leaf", middle),
        "scanner": make_key("scanner", "test root"),
        "forged": make_key("forged", make_key("scanner", "test root")),
        "expired": make_key("expired", "test root", days=-1),
        "weak": make_key("weak", "test root", bits=1024),
    }


# -- listing -----------------------------------------------------------------------------------------------


def test_listening_ports_are_found_and_closed_ones_are_not(sbi_service: SbiService) -> None:
    with socket.socket() as idle:
        idle.bind(("127.0.0.1", 0))
        closed = idle.getsockname()[1]
        assert sbi_ports.listening([closed, sbi_service.port]) == [sbi_service.port]
        assert sbi_ports.tried([closed, sbi_service.port]) == [sbi_service.port]


def test_the_kernel_tells_one_service_from_the_next_at_the_same_port() -> None:
    with SbiService() as first:
        port = first.port
        before = sbi_ports.listeners([port])
    if before is None:
        pytest.skip("this kernel does not list its sockets")
    assert set(before) == {port}
    assert sbi_ports.listeners([port]) == {}
    with SbiService(port=port):
        after = sbi_ports.listeners([port])
    assert after is not None
    assert after[port] != before[port]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0" * 15,
        struct.pack("=IHHIIi", 20, 2, 0, 1, 0, -1),  # NLMSG_ERROR: EPERM
        struct.pack("=IHHII", 0, 20, 0, 1, 0),
        struct.pack("=IHHII", 88, 20, 0, 1, 0) + b"\0" * 8,
    ],
)
def test_a_kernel_that_does_not_say_or_says_something_else_leaves_the_trying(
    sbi_service: SbiService, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    class Kernel:
        def __enter__(self) -> Kernel:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def settimeout(self, seconds: float) -> None:
            pass

        def sendall(self, request: bytes) -> None:
            if not answer:
                raise PermissionError

        def recv(self, length: int) -> bytes:
            return answer

    real = socket.socket

    def either(family: int, *more: int) -> object:
        return Kernel() if family == socket.AF_NETLINK else real(family, *more)

    monkeypatch.setattr(socket, "socket", either)
    assert sbi_ports.listeners([sbi_service.port]) is None
    assert sbi_ports.listening([sbi_service.port]) == [sbi_service.port]


def test_devices_are_listed_under_the_name_that_stays(sbi_service: SbiService, monkeypatch: pytest.MonkeyPatch) -> None:
    auth = Scanner(serial="A/1", device_id="4", subtype="Single", purpose="Auth")
    face = Scanner("Face", "Full face", "F-1", "5")
    with SbiService(Scanner(), auth, face) as other, SbiService() as foreign:
        foreign.fault = "garbage:MOSIPDISC"
        foreign.scanners = []
        monkeypatch.setattr("biocore_drivers.sbi_services.PORTS", (sbi_service.port, other.port, foreign.port))
        listed = {info.uri: info for info in sbi.driver.devices()}
        assert set(listed) == {
            f"sbi:finger@S-1?port={sbi_service.port}",
            "sbi:iris@I-1",
            f"sbi:finger@S-1?port={other.port}",
            "sbi:finger@A%2F1",
            "sbi:face@F-1",
        }
        assert "Auth" in listed["sbi:finger@A%2F1"].refusal
        assert listed["sbi:iris@I-1"].refusal == ""
        assert listed["sbi:iris@I-1"].serial == "I-1"
        for uri in ("sbi:iris@I-1", "sbi:iris"):
            with REGISTRY.device(uri) as device:
                assert device.info.uri == uri
                device.capture()
        with pytest.raises(DeviceNotFoundError, match=r"names 2 devices.*port="):
            REGISTRY.open("sbi:finger@S-1")
        with pytest.raises(DeviceUnsupportedError, match="Auth"):
            REGISTRY.open("sbi:finger@A%2F1")
