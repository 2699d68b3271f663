"""The BioSDK's HTTP: whatever comes is answered or cut, no more is computed at once than there is room for."""

from __future__ import annotations

import contextlib
import gc
import http.client
import json
import logging
import resource
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import biocore
from biocore.errors import BiocoreError
from biocore.report import QualityReport
from biocore.types import Sample
from biocore_bindings import biosdk_http, biosdk_work, http_server
from biocore_bindings.biosdk_calls import Calls
from biocore_bindings.biosdk_codes import GoneError, RefusedError
from biocore_bindings.biosdk_service import BioSdkService
from biocore_bindings.biosdk_work import Budget, BusyError, Pace, Turns
from biocore_bindings.http_server import Doors
from biosdk_asking import INDEX, alive, finger, left_index, post, record, segment, slap, wrapped
from cli_support import COMMAND, environment, run

QUALITY = "/biosdk-service/check-quality"


@pytest.fixture(scope="module")
def service() -> Iterator[BioSdkService]:
    with BioSdkService() as running:
        yield running


def raw(service: BioSdkService, data: bytes, wait: float = 10.0) -> bytes:
    """Send bytes and return all that comes back."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=wait) as line:
        found = b""
        with contextlib.suppress(ConnectionError, TimeoutError):
            line.sendall(data)
            while chunk := line.recv(65536):
                found += chunk
        return found


def get(service: BioSdkService, path: str) -> tuple[int, object]:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10.0)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


# -- answers --------------------------------------------------------------------------------------------------


def test_a_finger_is_assessed_over_http_with_and_without_the_service_s_path(service: BioSdkService) -> None:
    body = wrapped({"sample": record(left_index()), "modalitiesToCheck": ["FINGER"]})
    for path in (QUALITY, "/check-quality", QUALITY + "/", f"http://127.0.0.1:{service.port}{QUALITY}"):
        status, heads, answer = post(service, path, body)
        assert (status, heads["Content-Type"], heads["Connection"]) == (200, "application/json", "close")
        assert json.loads(answer)["response"]["response"]["scores"]["FINGER"]["score"] > 50


def test_the_service_says_that_it_is_there(service: BioSdkService) -> None:
    assert get(service, "/biosdk-service/") == (200, "Service is running")
    assert get(service, "/") == (200, "Service is running")
    assert get(service, "/biosdk-service/actuator/health") == (200, {"status": "UP"})
    assert get(service, QUALITY)[0] == 405
    assert get(service, "/elsewhere")[0] == 404


def test_a_chunked_body_is_read_as_spring_sends_it(service: BioSdkService) -> None:
    body = wrapped({"initParams": {}})
    pieces = b"".join(b"%x;x=y\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:30], body[30:]))
    head = b"POST /init HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json;charset=UTF-8\r\n"
    answer = raw(service, head + b"Transfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\nX: y\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert b'"apiVersion":"0.9"' in answer


def test_who_asks_before_he_sends_much_is_told_to_go_on_or_not_to(service: BioSdkService) -> None:
    head = b"POST /init HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
    body = wrapped({})
    with socket.create_connection(("127.0.0.1", service.port), timeout=10.0) as line:
        line.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body))
        assert line.recv(100).startswith(b"HTTP/1.1 100 Continue")
        line.sendall(body)
        assert line.recv(100).startswith(b"HTTP/1.1 200")
    for length in (b"99999999", b"9" * 5000):
        assert raw(service, head + b"Content-Length: " + length + b"\r\n\r\n").startswith(b"HTTP/1.1 413")
    odd = raw(service, head + b"Content-Length: \xb2\r\n\r\n")
    assert odd.startswith(b"HTTP/1.1 100 Continue")
    assert b"HTTP/1.1 411" in odd


JSON_HEAD = b"Host: 127.0.0.1\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"BREW /pot HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"501"),
        (b"PUT /init HTTP/1.1\r\n" + JSON_HEAD + b"Content-Length: 2\r\n\r\n{}", b"501"),
        (b"POST /elsewhere HTTP/1.1\r\n" + JSON_HEAD + b"Content-Length: 2\r\n\r\n{}", b"404"),
        (b"POST /../init HTTP/1.1\r\n" + JSON_HEAD + b"Content-Length: 2\r\n\r\n{}", b"404"),
        (b"POST /init HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}", b"415"),
        (b"POST /init HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", b"415"),
        (b"POST /init HTTP/1.1\r\n" + JSON_HEAD + b"\r\n", b"411"),
        (b"POST /init HTTP/1.1\r\n" + JSON_HEAD + b"Content-Length: -1\r\n\r\n", b"411"),
        (b"POST /init HTTP/1.1\r\n" + JSON_HEAD + b"Content-Length: \xb2\r\n\r\n", b"411"),
        (b"POST /init HTTP/1.1\r\n" + JSON_HEAD + b"Content-Length: 99999999999999\r\n\r\n", b"413"),
        (b"POST /init HTTP/1.1\r\n" + JSON_HEAD + b"Transfer-Encoding: gzip\r\n\r\n", b"501"),
        (b"POST /init HTTP/1.1\r\n" + JSON_HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n", b"400"),
        (b"POST /init HTTP/1.1\r\n" + JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", b"400"),
        (b"POST /init HTTP/1.1\r\n" + JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}}\r\n", b"400"),
        (b"POST /init HTTP/1.1\r\n" + JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n", b"400"),
        (b"POST /init HTTP/1.1\r\nHost: evil.example:9099\r\n\r\n", b"403"),
        (b"POST /init HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n", b"505"),
        (b"\x16\x03\x01\x02\x00" + b"\0" * 50 + b"\n", b""),
        (b"POST " + b"/" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"POST /init HTTP/1.1\r\n" + b"A: b\r\n" * 5000 + b"\r\n", b"431"),
    ],
)
def test_what_is_no_request_is_answered_or_cut(service: BioSdkService, data: bytes, said: bytes) -> None:
    answer = raw(service, data)
    assert said in answer.split(b"\r\n")[0]
    assert b"Traceback" not in answer
    assert alive(service)


@given(body=st.binary(max_size=300) | st.text(max_size=50).map(str.encode))
@settings(max_examples=30)
def test_any_body_is_answered_as_json(service: BioSdkService, body: bytes) -> None:
    for method in service.server.calls.methods:
        status, _, answer = post(service, f"/biosdk-service/{method}", body)
        assert status == 200
        assert json.loads(answer)["errors"]


def test_a_body_that_stops_or_drips_is_cut_in_time(service: BioSdkService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(biosdk_http, "BODY_S", 0.5)
    head = b"POST /init HTTP/1.1\r\n" + JSON_HEAD + b"Content-Length: 1000000\r\n\r\n"
    start = time.monotonic()
    with socket.create_connection(("127.0.0.1", service.port), timeout=5.0) as line:
        line.sendall(head)
        with contextlib.suppress(ConnectionError):
            for _ in range(200):
                line.sendall(b"x")
                time.sleep(0.02)
        assert time.monotonic() - start < 3.0
    assert raw(service, head) == b""  # nothing at all comes
    assert alive(service)


def test_a_head_that_drips_is_cut_in_time(service: BioSdkService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(biosdk_http.Handler, "request_s", 0.5)
    start = time.monotonic()
    with socket.create_connection(("127.0.0.1", service.port), timeout=5.0) as line:
        with contextlib.suppress(ConnectionError):
            for byte in b"POST /init HTTP/1.1\r\nX: " + b"y" * 1000:
                line.sendall(bytes([byte]))
                time.sleep(0.02)
        assert time.monotonic() - start < 3.0
    assert alive(service)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_64_megabytes_is_refused_before_it_is_held(service: BioSdkService, chunked: bool) -> None:
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30.0)
    piece = b"x" * (1 << 20)
    status = 0
    try:
        connection.putrequest("POST", "/init")
        connection.putheader("Content-Type", "application/json")
        connection.putheader(*(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(64 << 20))))
        connection.endheaders()
        with contextlib.suppress(ConnectionError):
            for _ in range(64):
                connection.send(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
        with contextlib.suppress(ConnectionError):
            status = connection.getresponse().status
    finally:
        connection.close()
    assert status in (413, 0)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < (48 << 10)  # kB
    assert alive(service)


def test_five_hundred_connections_are_answered_or_cut_and_the_next_is_served(service: BioSdkService) -> None:
    body = wrapped({"initParams": {}})
    whole = b"POST /init HTTP/1.1\r\n" + JSON_HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    lines: list[socket.socket] = []
    try:
        for number in range(500):
            line = socket.create_connection(("127.0.0.1", service.port), timeout=10.0)
            lines.append(line)
            with contextlib.suppress(ConnectionError):
                line.sendall(whole if number % 2 else whole[:-20])
        assert alive(service)  # while those that say nothing more still hang there
        assert threading.active_count() < 2 * http_server.MAX_ACTIVE + 20
        answered = 0
        for line in lines[1::2]:
            with contextlib.suppress(ConnectionError):
                answered += line.recv(12) == b"HTTP/1.1 200"
        assert answered > 100
    finally:
        for line in lines:
            line.close()
    assert alive(service)


def test_a_client_that_resets_harms_nobody(service: BioSdkService) -> None:
    for _ in range(20):
        line = socket.create_connection(("127.0.0.1", service.port))
        line.sendall(b"POST /init HTTP/1.1\r\n" + JSON_HEAD + b"Content-Length: 5000\r\n\r\nxx")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.close()
    assert alive(service)


# -- how much at once -----------------------------------------------------------------------------------------


def test_more_than_can_be_computed_waits_and_more_than_that_is_told_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release = threading.Event()
    running: list[str] = []

    def slow(calls: Calls, method: str, body: bytes, pace: Pace) -> dict[str, str]:
        running.append(method)
        release.wait(10.0)
        return {"done": method}

    monkeypatch.setattr(biosdk_work, "LOOK", 0.02)
    with BioSdkService() as service:
        service.server.turns = Turns(1, 2)
        monkeypatch.setattr(Calls, "answer", slow)
        found: list[int] = []
        clients = [
            threading.Thread(target=lambda: found.append(post(service, "/init", b"{}")[0]), daemon=True)
            for _ in range(3)
        ]
        for client in clients:
            client.start()
        _until(lambda: service.server.turns.inside == 3)
        status, heads, _ = post(service, "/init", b"{}")
        assert (status, heads["Retry-After"]) == (503, "1")
        assert len(running) == 1
        release.set()
        for client in clients:
            client.join(10.0)
        assert found == [200, 200, 200]
        assert post(service, "/init", b"{}")[0] == 200


def _until(happened: Callable[[], bool]) -> None:
    """Wait until something has happened."""
    for _ in range(1000):
        if happened():
            return
        time.sleep(0.01)
    raise AssertionError("it never happened")


def test_what_is_on_its_way_is_bounded_all_together() -> None:
    with BioSdkService() as service:
        service.server.coming = Budget(1000)
        status, heads, _ = post(service, "/init", b" " * 2000)
        assert (status, heads["Retry-After"]) == (503, "1")
        assert alive(service)
        assert service.server.coming.take(1000)  # all was given back


def test_nobody_computes_for_a_client_that_left(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[object] = []

    def slow(sample: Sample) -> QualityReport:
        begun.append(sample)
        time.sleep(0.05)
        return QualityReport(sample.modality, sample.position, "x", 50, "x")

    monkeypatch.setattr(biocore, "assess", slow)
    body = wrapped({"sample": record(*[left_index()] * 30)})
    with BioSdkService() as service:
        line = socket.create_connection(("127.0.0.1", service.port))
        line.sendall(b"POST /check-quality HTTP/1.1\r\n" + JSON_HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        _until(lambda: len(begun) > 0)
        line.close()
        _until(lambda: not service.server.connections)
    assert len(begun) < 10
    with pytest.raises(GoneError):
        Pace(lambda: True).step()
    turns = Turns(1, 1)
    with turns.turn(lambda: False), pytest.raises(GoneError), turns.turn(lambda: True):
        pass


def test_a_turn_that_never_comes_and_work_without_end_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(biosdk_work, "QUEUE_S", 0.1)
    monkeypatch.setattr(biosdk_work, "LOOK", 0.02)
    turns = Turns(1, 1)
    with turns.turn(lambda: False), pytest.raises(BusyError), turns.turn(lambda: False):
        pass
    with turns.turn(lambda: False):
        pass  # nothing was lost
    with pytest.raises(RefusedError, match="too much work"):
        Pace(lambda: False, 0.0).step()


# -- who may ask ----------------------------------------------------------------------------------------------


def test_web_pages_may_not_ask_unless_their_origin_was_named() -> None:
    body = wrapped({})
    with BioSdkService(doors=Doors(("https://register.example",))) as service:
        assert post(service, "/init", body, {"Origin": "https://evil.example"})[0] == 403
        status, heads, _ = post(service, "/init", body, {"Origin": "https://register.example"})
        assert (status, heads["Access-Control-Allow-Origin"]) == (200, "https://register.example")
        assert post(service, "/init", body, {"Host": "evil.example"})[0] == 403


def test_beyond_this_machine_a_token_is_wanted() -> None:
    with BioSdkService(doors=Doors(token="correct horse battery", anywhere=True)) as service:
        body = wrapped({})
        assert post(service, "/init", body)[0] == 401
        assert post(service, "/init", body, {"Authorization": "Bearer wrong"})[0] == 401
        right = {"Authorization": "Bearer correct horse battery", "Host": "sdk.example:9099"}
        assert post(service, "/init", body, right)[0] == 200


def test_a_port_that_is_taken_is_named(service: BioSdkService) -> None:
    with pytest.raises(BiocoreError, match=r"no port of 127\.0\.0\.1 is free"):
        BioSdkService(port=service.port)


# -- what is told ---------------------------------------------------------------------------------------------


def test_a_fault_of_ours_is_an_answer_and_the_log_names_its_place_and_nobody(
    service: BioSdkService, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("Siti Aminah")

    monkeypatch.setattr("biocore_bindings.biosdk_calls.check_quality", broken)
    one = segment("FINGER", INDEX, finger(5), index="Siti Aminah", others={"NAME": "Siti Aminah"})
    with caplog.at_level(logging.DEBUG):
        status, _, answer = post(service, QUALITY, wrapped({"sample": record(one)}))
    assert (status, json.loads(answer)["response"]["statusCode"]) == (200, 500)
    assert "Siti" not in answer.decode()
    assert "check-quality failed: ZeroDivisionError at biosdk_calls.py:" in caplog.text
    assert "Siti" not in caplog.text


def test_nothing_of_a_request_is_logged(service: BioSdkService, caplog: pytest.LogCaptureFixture) -> None:
    one = segment("FINGER", INDEX, finger(5)[:-99], index="Siti Aminah", others={"NAME": "Siti Aminah"})
    with caplog.at_level(logging.DEBUG):
        post(service, QUALITY, wrapped({"sample": record(one)}))
        post(service, QUALITY, b'{"name":"Siti Aminah"')
        post(service, "/Siti", b"{}")
        raw(service, b"GET /Siti HTTP/1.1\r\nSiti: Aminah\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nSiti")
    assert "Siti" not in caplog.text


# -- the command ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_told_to_end(stop: signal.Signals, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("correct horse battery staple")
    token.chmod(0o600)
    arguments = ("biosdk-serve", "--port", "0", "--strict", "--threshold", "50", "--token-file", str(token), "--json")
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # a job in the background ignores it
    ) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            port = int(line.split(":")[2].split("/")[0])
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10.0)
            heads = {"Content-Type": "application/json", "Authorization": "Bearer correct horse battery staple"}
            connection.request("POST", "/biosdk-service/init", wrapped({}), heads)
            told = json.loads(connection.getresponse().read())["response"]
            connection.close()
            process.send_signal(stop)
            out, err = process.communicate(timeout=20.0)
        finally:
            process.kill()
    assert (process.returncode, err) == (0, "")
    assert told["otherInfo"] == {}
    assert json.loads(out)["url"] == f"http://127.0.0.1:{port}/biosdk-service"
    assert line.startswith("Serving at ")


def test_the_command_ends_cleanly_in_the_middle_of_a_picture() -> None:
    body = wrapped({"sample": record(*[segment("FINGER", ["Left"], slap())] * 3)})
    with subprocess.Popen(
        [*COMMAND, "biosdk-serve", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            assert process.stderr is not None
            port = int(process.stderr.readline().split(":")[2].split("/")[0])
            head = b"POST /segment HTTP/1.1\r\n" + JSON_HEAD + b"Content-Length: %d\r\n\r\n" % len(body)
            with socket.create_connection(("127.0.0.1", port)) as line:
                line.sendall(head + body)
                time.sleep(1.0)  # it is somewhere in the first slap
                process.send_signal(signal.SIGINT)
                _, err = process.communicate(timeout=30.0)
        finally:
            process.kill()
    assert (process.returncode, err) == (0, "")


def test_the_command_listens_elsewhere_only_with_a_flag_and_a_token(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("correct horse battery staple")
    token.chmod(0o600)
    for options in ((), ("--beyond-this-machine",), ("--token-file", token)):
        result = run("biosdk-serve", "--host", "0.0.0.0", *options)
        assert result.code == 2
        assert "--beyond-this-machine and --token-file" in result.err
    token.chmod(0o644)
    assert "chmod 600" in run("biosdk-serve", "--port", "0", "--token-file", token).err
