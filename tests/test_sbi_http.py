"""The service's HTTP: whatever comes over the socket, it is answered or cut, and the next client is served."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biocore.errors import BiocoreError
from biocore.types import GreyImage
from biocore_bindings import http_server, sbi_http
from biocore_bindings.http_server import Doors
from biocore_bindings.sbi_service import SbiService
from biocore_bindings.sbi_view import View, beside, drawn
from biocore_drivers.sbi_stream import pictures
from sbi_serving import SLAP, ask, call, code_of, connect, request, serve

FAST = "virtual:finger?slap=yes&sequence=GOOD&arrival=0"


@pytest.fixture(scope="module")
def service() -> Iterator[SbiService]:
    with serve(FAST) as running:
        yield running


def raw(service: SbiService, data: bytes, wait: float = 10.0) -> bytes:
    """Send bytes and return all that comes back."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=wait) as line:
        found = b""
        with contextlib.suppress(OSError):  # ENOTCONN, where the service was quicker to hang up
            line.sendall(data)
            with contextlib.suppress(OSError):  # not connected any more: it was cut while the data were sent
                line.shutdown(socket.SHUT_WR)
            while chunk := line.recv(65536):
                found += chunk
        return found


def alive(service: SbiService) -> bool:
    return bool(ask(service, "MOSIPDISC", {"type": "Finger"})[0]["deviceStatus"] == "Ready")


def test_answers_carry_the_heads_that_the_interface_wants(service: SbiService) -> None:
    status, heads, body = call(service, "MOSIPDISC", b'{"type":"Finger"}')
    assert status == 200
    assert heads["Cache-Control"] == "no-store"
    assert heads["Location"] == f"http://127.0.0.1:{service.port}"
    assert heads["Content-Type"] == "application/json"
    assert heads["Connection"] == "close"
    assert int(heads["Content-Length"]) == len(body)
    (device,) = json.loads(body)
    assert device["callbackId"] == service.url
    assert (device["certification"], device["purpose"], device["deviceSubId"]) == (
        "L0",
        "Registration",
        ["1", "2", "3"],
    )


def test_the_whole_address_may_stand_in_the_first_line(service: SbiService) -> None:
    status, _, _ = call(service, "MOSIPDISC", b'{"type":"Finger"}', path=f"{service.url}device")
    assert status == 200


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"BREW /pot HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"501"),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"501"),
        (b"RCAPTURE /elsewhere HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"404"),
        (b"RCAPTURE /capture HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999999\r\n\r\n", b"413"),
        (b"RCAPTURE /capture HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 70000\r\n\r\n", b"413"),
        (b"RCAPTURE /capture HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n", b"411"),
        (b"RCAPTURE /capture HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: \xb2\r\n\r\n", b"411"),
        (b"RCAPTURE /capture HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"411"),
        (b"RCAPTURE /capture HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n{}", b"400"),
        (b"MOSIPDISC /device HTTP/1.1\r\nHost: evil.example:4501\r\n\r\n", b"403"),
        (b"MOSIPDISC /device HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n", b"505"),
        (b"\r\n\r\n", b""),
        (b"\x16\x03\x01\x02\x00" + b"\0" * 50, b""),
        (b"MOSIPDISC " + b"/" * 70_000 + b" HTTP/1.1\r\n\r\n", b""),
        (b"MOSIPDISC /device HTTP/1.1\r\n" + b"A: b\r\n" * 5000 + b"\r\n", b"431"),
    ],
)
def test_what_is_no_request_is_answered_or_cut(service: SbiService, data: bytes, said: bytes) -> None:
    answer = raw(service, data)
    assert said in answer.split(b"\r\n")[0]
    assert b"Traceback" not in answer
    assert alive(service)


def test_a_request_that_drips_is_cut_in_time(service: SbiService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sbi_http.Handler, "request_s", 0.5)
    start = time.monotonic()
    with socket.create_connection(("127.0.0.1", service.port), timeout=5.0) as line:
        with contextlib.suppress(ConnectionError):
            for byte in b"MOSIPDISC /device HTTP/1.1\r\nX: " + b"y" * 1000:
                line.sendall(bytes([byte]))
                time.sleep(0.02)
                if time.monotonic() - start > 4.0:
                    break
        assert time.monotonic() - start < 3.0
    assert alive(service)


def test_five_hundred_connections_are_answered_or_cut_and_the_next_is_served(service: SbiService) -> None:
    lines: list[socket.socket] = []
    try:
        for number in range(500):
            line = socket.create_connection(("127.0.0.1", service.port), timeout=10.0)
            lines.append(line)
            with contextlib.suppress(ConnectionError):
                line.sendall(b"MOSIPDISC /device HTTP/1.1\r\n" + (b"\r\n" if number % 2 else b""))
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


def test_a_client_that_resets_harms_nobody(service: SbiService) -> None:
    for _ in range(20):
        line = socket.create_connection(("127.0.0.1", service.port))
        line.sendall(b"MOSIPDINFO /info HTTP/1.1\r\n\r\n")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.close()
    assert alive(service)


@given(body=st.binary(max_size=300) | st.text(max_size=50).map(str.encode))
@settings(max_examples=60)
def test_any_body_is_answered_as_json(service: SbiService, body: bytes) -> None:
    for verb in ("MOSIPDISC", "RCAPTURE", "STREAM", "CAPTURE"):
        status, _, answer = call(service, verb, body)
        assert status == 200
        assert json.loads(answer)


# -- who may ask -------------------------------------------------------------------------------------------


def test_pages_of_no_origin_may_ask_unless_it_was_named(service: SbiService) -> None:
    page = {"Origin": "https://evil.example"}
    for verb in ("OPTIONS", "MOSIPDISC", "RCAPTURE"):
        status, heads, _ = call(service, verb, b"", page, "/capture" if verb == "OPTIONS" else None)
        assert status == 403
        assert "Access-Control-Allow-Origin" not in heads
    with serve(FAST, doors=Doors(("https://register.example",))) as running:
        good = {"Origin": "https://register.example"}
        status, heads, _ = call(running, "OPTIONS", b"", good, "/capture")
        assert status == 200
        assert heads["Access-Control-Allow-Origin"] == "https://register.example"
        assert "RCAPTURE" in heads["Access-Control-Allow-Methods"]
        assert call(running, "MOSIPDISC", b'{"type":"Finger"}', good)[0] == 200
        assert call(running, "MOSIPDISC", b'{"type":"Finger"}', page)[0] == 403
    with serve(FAST, doors=Doors(("*",))) as running:
        assert call(running, "OPTIONS", b"", page, "/info")[1]["Access-Control-Allow-Origin"] == "*"


def test_a_token_is_wanted_where_one_was_set() -> None:
    with serve(FAST, doors=Doors(token="correct horse battery", anywhere=True)) as running:
        assert call(running, "MOSIPDISC", b'{"type":"Finger"}')[0] == 401
        assert call(running, "MOSIPDISC", b'{"type":"Finger"}', {"Authorization": "Bearer wrong"})[0] == 401
        right = {"Authorization": "Bearer correct horse battery", "Host": "station.example:4501"}
        assert call(running, "MOSIPDISC", b'{"type":"Finger"}', right)[0] == 200


def test_the_lowest_free_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with serve(FAST, ports=(port, 0)) as running:
            assert running.port != port
            assert alive(running)
        with pytest.raises(BiocoreError, match=r"no port of .* is free"):
            serve(FAST, ports=(port,))


# -- the live view -----------------------------------------------------------------------------------------


def test_the_live_view_comes_at_three_pictures_a_second_before_and_while_it_captures() -> None:
    with serve("virtual:finger?sequence=GOOD&arrival=0.8&interval=0.1&previews=5") as running:
        connection = connect(running)
        device = running.devices[0].device_id
        connection.request("STREAM", "/stream", json.dumps({"deviceId": device, "deviceSubId": "0", "timeout": "2500"}))
        answer = connection.getresponse()
        assert answer.headers["Content-Type"].startswith("multipart/x-mixed-replace; boundary=")
        single = {"count": "1", "bioSubType": ["UNKNOWN"], "deviceSubId": "0"}
        capture = threading.Thread(target=ask, args=(running, "RCAPTURE", request(running, **single)))
        capture.start()
        came: list[tuple[float, bytes]] = []
        for data in pictures(answer):
            came.append((time.monotonic(), data))
        capture.join()
        connection.close()
        assert not running.devices[0].view.watched
    times = [when for when, _ in came]
    assert len(came) >= 3 * 2.4
    assert max(later - earlier for earlier, later in itertools.pairwise(times)) < 1.0
    assert len({data for _, data in came}) >= 3  # the finger that arrives, not one picture again and again


def test_a_live_view_of_no_device_and_one_too_many_are_refused(service: SbiService) -> None:
    answer = ask(service, "STREAM", {"deviceId": "unknown", "deviceSubId": "1"})
    assert answer["error"]["errorCode"] == "202"
    open_ones = []
    body = json.dumps({"deviceId": service.devices[0].device_id, "deviceSubId": "1"})
    for _ in range(sbi_http.MAX_STREAMS):
        connection = connect(service)
        connection.request("STREAM", "/stream", body)
        connection.getresponse()
        open_ones.append(connection)
    assert call(service, "STREAM", body.encode())[0] == 503
    for connection in open_ones:
        connection.close()
    deadline = time.monotonic() + 5.0
    while service.devices[0].view.watched:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert alive(service)


def test_the_score_is_drawn_below_the_picture() -> None:
    grey: GreyImage = np.full((200, 400), 200, np.uint8)

    def band(score: float | None) -> np.ndarray:
        decoded = cv2.imdecode(np.frombuffer(drawn(grey, "quality", score), np.uint8), cv2.IMREAD_COLOR)
        assert decoded is not None
        assert decoded.shape == (240, 400, 3)
        assert abs(float(decoded[:200].mean()) - 200.0) < 2.0
        return np.asarray(decoded[235], np.float64)

    def length(score: float) -> int:
        return int((band(score).min(axis=1) < 160).sum())

    assert abs(length(25) - 100) <= 8
    assert abs(length(75) - 300) <= 8
    assert band(None).min() > 240
    assert (band(20)[20] != band(90)[20]).any()


def test_pictures_stand_beside_each_other_whatever_their_heights() -> None:
    row = beside([np.zeros((10, 5), np.uint8), np.full((20, 7), 9, np.uint8)])
    assert row.shape == (20, 12)
    assert (row[10:, :5] == 255).all()
    assert (row[:, 5:] == 9).all()


def test_nothing_is_drawn_for_nobody() -> None:
    view = View()
    before = next(view.pictures(1.0))
    view.show(np.zeros((50, 50), np.uint8), "x", 3.0)
    assert next(view.pictures(1.0)) == before
    view.close()
    assert list(view.pictures(5.0)) == []


def test_a_capture_that_runs_when_the_service_ends_is_ended() -> None:
    with serve(SLAP + "&fail=no_finger:1") as running:
        connection = connect(running)
        connection.request("RCAPTURE", "/capture", json.dumps(request(running, timeout="60000")))
        while running.devices[0].status != "Busy":
            time.sleep(0.01)
        start = time.monotonic()
    assert time.monotonic() - start < 4.0
    with contextlib.suppress(OSError, http.client.HTTPException):
        assert connection.getresponse().read() == b""
    connection.close()


def test_the_same_device_named_twice_is_served_once() -> None:
    with serve(FAST, FAST) as running:
        assert len(ask(running, "MOSIPDISC", {"type": "Biometric Device"})) == 1


def test_no_thread_is_left_when_the_service_ends() -> None:
    before = set(threading.enumerate())
    with serve(SLAP) as running:
        assert code_of(ask(running, "RCAPTURE", request(running, count="9"))) == "109"
    deadline = time.monotonic() + 3.0
    while set(threading.enumerate()) - before:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with pytest.raises(ConnectionError):
        connect(running).request("MOSIPDISC", "/device")
