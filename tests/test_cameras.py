"""Cameras on the network and videos on disk: whole pictures, in time, or an error that says what is wrong."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from biocore.discovery import open_device, registry
from biocore.errors import (
    CaptureCancelledError,
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceError,
    DeviceNotFoundError,
    DevicePermissionError,
    DeviceProtocolError,
    DeviceTimeoutError,
    DeviceUnsupportedError,
    SubjectTimeoutError,
)
from biocore.hal import CANCEL_LATENCY, Event, EventKind, State
from biocore.types import GreyImage
from biocore_drivers import camera, mjpeg
from biocore_drivers.camera_pixels import BrokenPictureError
from biocore_drivers.transport import Situation
from camera_server import CameraServer, eye, jpeg_of


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Wait less for what never comes; and leave no thread."""
    monkeypatch.setattr(camera, "STALLED", 1.0)
    monkeypatch.setattr(camera, "FIRST", 0.8)
    monkeypatch.setattr(camera, "FROZEN", 0.3)
    monkeypatch.setattr(mjpeg, "SILENCE", 1.5)
    monkeypatch.setattr(mjpeg, "CONNECT", 0.7)
    monkeypatch.setattr("biocore_drivers.worker.OPEN_PAUSES", (0.01, 0.01))
    yield
    until = time.monotonic() + 5
    while any("biocore camera" in thread.name for thread in threading.enumerate()):
        assert time.monotonic() < until, "a thread is left"
        time.sleep(0.01)


def ffv1(path: Path, pictures: list[GreyImage]) -> Path:
    """Write a video without loss."""
    height, width = pictures[0].shape
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"FFV1"), 25, (width, height))
    assert writer.isOpened()
    for picture in pictures:
        writer.write(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


def one_of(pixels: GreyImage, pictures: list[GreyImage]) -> bool:
    return any(np.array_equal(pixels, picture) for picture in pictures)


def decode(data: bytes) -> GreyImage:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)


# -- files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["avi", "mkv"])
def test_a_video_gives_its_sharpest_steady_picture_to_the_last_bit(tmp_path: Path, suffix: str) -> None:
    pictures = [eye(1, blur=blur) for blur in (6, 4, 2, 1.5, 1, 0.5, 0.3, 0.5, 1, 1.5)]
    path = ffv1(tmp_path / f"eye.{suffix}", pictures)
    heard: list[Event] = []
    with open_device(f"camera:{path}") as device:
        device.listen(heard.append)
        frame = device.capture(5)
    assert np.array_equal(frame.pixels, pictures[6])
    assert frame.ppi is None
    kinds = [event.kind for event in heard]
    assert kinds.index(EventKind.WAITING) < kinds.index(EventKind.PRESENT) < kinds.index(EventKind.CAPTURED)
    live = [event.frame.pixels for event in heard if event.kind is EventKind.PREVIEW and event.frame is not None]
    assert live
    assert all(one_of(pixels, pictures) for pixels in live)


def test_a_sequence_of_pictures_is_a_video(tmp_path: Path) -> None:
    pictures = [eye(number) for number in range(6)]
    for number, picture in enumerate(pictures):
        cv2.imwrite(str(tmp_path / f"eye_{number:03d}.png"), picture)
    for name in ("eye_%2503d.png", "eye_000.png"):
        with open_device(f"camera:{tmp_path}/{name}?take=first") as device:
            for picture in pictures:
                assert np.array_equal(device.capture(5).pixels, picture)


def test_at_its_end_nobody_comes_and_the_next_capture_starts_it_anew(tmp_path: Path) -> None:
    pictures = [eye(number) for number in range(3)]
    with open_device(f"camera:{ffv1(tmp_path / 'eye.avi', pictures)}?take=first") as device:
        for picture in pictures:
            assert np.array_equal(device.capture(5).pixels, picture)
        with pytest.raises(SubjectTimeoutError, match="at its end"):
            device.capture(5)
        assert np.array_equal(device.capture(5).pixels, pictures[0])


def test_a_blurred_a_moving_and_an_empty_video_show_nobody(tmp_path: Path) -> None:
    blurred = [eye(number, blur=6) for number in range(12)]
    moving = [np.roll(eye(number), 30 * number, axis=1) for number in range(12)]
    empty = [np.full((120, 160), 90, np.uint8)] * 12
    for name, pictures in (("blurred", blurred), ("moving", moving), ("empty", empty)):
        path = ffv1(tmp_path / f"{name}.avi", pictures)
        with open_device(f"camera:{path}") as device, pytest.raises(SubjectTimeoutError):
            device.capture(5)


def test_a_judge_of_the_callers_own_decides(tmp_path: Path) -> None:
    pictures = [eye(number) for number in range(12)]
    device = registry().device(f"camera:{ffv1(tmp_path / 'eye.avi', pictures)}")
    assert isinstance(device, camera.CameraDevice)
    device.judge = lambda pixels: 1.0 if np.array_equal(pixels, pictures[8]) else 0.5
    with device:
        assert np.array_equal(device.capture(5).pixels, pictures[4]) is False
        assert np.array_equal(device.capture(5).pixels, pictures[8])
        device.judge = lambda pixels: None
        with pytest.raises(SubjectTimeoutError):
            device.capture(5)


def test_a_judge_that_fails_is_logged_and_focus_decides(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pictures = [eye(number) for number in range(8)]
    device = registry().device(f"camera:{ffv1(tmp_path / 'eye.avi', pictures)}")
    assert isinstance(device, camera.CameraDevice)

    def broken(pixels: GreyImage) -> float:
        raise RuntimeError("the judge is out")

    device.judge = broken
    with device:
        assert one_of(device.capture(5).pixels, pictures)
    assert "the judge is out" in caplog.text


def test_what_is_no_video_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.avi").write_text("this is no video")
    for name, message in (("none.avi", "no file"), ("text.avi", "no video"), ("eye_%2503d.png", "no video|cannot")):
        with pytest.raises(DeviceNotFoundError, match=message):
            open_device(f"camera:{tmp_path}/{name}")


def test_a_video_that_is_cut_gives_whole_pictures_and_then_its_end(tmp_path: Path) -> None:
    pictures = [eye(number) for number in range(20)]
    path = ffv1(tmp_path / "eye.avi", pictures)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    shown, ended = 0, ""
    device = open_device(f"camera:{path}?take=first")
    try:
        for picture in pictures:
            assert np.array_equal(device.capture(5).pixels, picture)
            shown += 1
    except SubjectTimeoutError as error:
        ended = str(error)
    device.close()
    assert "at its end" in ended
    assert 0 < shown < 20


@pytest.mark.parametrize(
    ("uri", "kind", "message"),
    [
        ("camera:http://", DeviceNotFoundError, "no address"),
        ("camera:http://host:99999/x", DeviceNotFoundError, "no address"),
        ("camera:http://user:secret@host/x", DeviceNotFoundError, "password"),
        ("camera:x.avi?take=all", DeviceNotFoundError, "take must be one of"),
        ("camera:x.avi?speed=1", DeviceNotFoundError, "unknown parameter"),
        ("camera:x.avi?modality=palm", DeviceNotFoundError, "iris, face"),
        ("camera:x%00.avi", DeviceNotFoundError, "no path"),
    ],
)
def test_an_impossible_address_is_named(uri: str, kind: type[DeviceError], message: str) -> None:
    with pytest.raises(kind, match=message):
        registry().device(uri)


# -- the network -----------------------------------------------------------------------------------


@pytest.mark.parametrize("lengths", [True, False])
def test_a_stream_gives_its_pictures(lengths: bool) -> None:
    kinds: list[EventKind] = []
    with CameraServer() as server:
        server.lengths = lengths
        with open_device(server.uri) as device:
            device.listen(lambda event: kinds.append(event.kind))
            first, second = device.capture(5).pixels, device.capture(5).pixels
    decoded = [decode(jpeg_of(eye(number))) for number in range(200)]
    assert one_of(first, decoded)
    assert one_of(second, decoded)
    assert kinds.count(EventKind.CAPTURED) == 2
    assert EventKind.REMOVED not in kinds  # nothing lay on it
    assert not np.array_equal(first, second)


def test_a_picture_is_never_older_than_its_capture() -> None:
    def counted() -> Iterator[bytes]:
        for number in itertools.count():
            shown = eye(number, 64, 48)
            shown[:8] = number % 250
            yield jpeg_of(shown)

    with CameraServer(counted) as server:
        server.period = 0.005
        with open_device(f"{server.uri}?take=first") as device:
            first = int(device.capture(5).pixels[2, 2])
            time.sleep(0.5)
            second = int(device.capture(5).pixels[2, 2])
    assert second - first > 10


def test_a_stream_that_stalls_is_a_device_that_does_not_answer_in_time() -> None:
    with CameraServer() as server:
        server.stalls_at = 12
        with open_device(server.uri) as device:
            started = time.monotonic()
            with pytest.raises(DeviceTimeoutError, match=r"gave no picture for|silent") as caught:
                [device.capture(10) for _ in range(5)]
            assert time.monotonic() - started < 5
            assert caught.value.uri == server.uri
            assert device.state is State.READY
            server.stalls_at = None
            device.capture(10)  # a new session
    assert server.viewers == 2


def test_a_deadline_before_the_patience_ends_is_the_cameras_too() -> None:
    with CameraServer() as server:
        server.stalls_at = 1
        with open_device(server.uri) as device:
            started = time.monotonic()
            with pytest.raises(DeviceTimeoutError):
                device.capture(0.3)
            assert time.monotonic() - started < 0.3 + CANCEL_LATENCY


def test_a_cancel_reaches_a_stream_that_stalls() -> None:
    with CameraServer() as server:
        server.stalls_at = 1
        with open_device(server.uri) as device:
            threading.Timer(0.1, device.cancel).start()
            started = time.monotonic()
            with pytest.raises(CaptureCancelledError):
                device.capture(20)
            assert time.monotonic() - started < CANCEL_LATENCY


@pytest.mark.parametrize("how", ["cut_at", "ends_at"])
def test_a_stream_that_is_cut_is_a_camera_that_is_gone(how: str) -> None:
    with CameraServer() as server:
        setattr(server, how, 3)
        with open_device(server.uri) as device:
            with pytest.raises(DeviceDisconnectedError, match="cut"):
                device.capture(5)
            assert device.state is State.LOST
            device.close()
            setattr(server, how, None)
            with device:
                device.capture(5)


def test_pictures_that_end_early_are_passed_over() -> None:
    def every_third_is_cut() -> Iterator[bytes]:
        for number in itertools.count():
            data = jpeg_of(eye(number))
            yield data[: len(data) // 2] if number % 3 == 0 else data

    seen: list[GreyImage] = []
    with CameraServer(every_third_is_cut) as server, open_device(server.uri) as device:
        device.listen(lambda event: seen.append(event.frame.pixels) if event.frame is not None else None)
        device.capture(5)
    decoded = [decode(jpeg_of(eye(number))) for number in range(200)]
    assert seen
    assert all(one_of(pixels, decoded) for pixels in seen)


def test_nothing_but_broken_pictures_is_named() -> None:
    with (
        CameraServer(lambda: (jpeg_of(eye(number))[:-400] for number in itertools.count())) as server,
        pytest.raises(DeviceProtocolError, match="broken pictures in a row: a JPEG that ends early"),
    ):
        open_device(server.uri)


def test_a_length_that_is_a_lie_is_survived_or_named() -> None:
    with CameraServer() as server:
        server.says = 10_000_000
        with pytest.raises((DeviceTimeoutError, DeviceProtocolError)):
            open_device(server.uri)
        server.says = 1 << 40
        with pytest.raises(DeviceProtocolError, match="announces a picture"):
            open_device(server.uri)
        server.says = 100
        with pytest.raises(DeviceProtocolError, match="broken pictures"):
            open_device(server.uri)


def test_a_picture_that_never_changes_is_a_frozen_camera() -> None:
    with (
        CameraServer(lambda: itertools.repeat(jpeg_of(eye(1, blur=9)))) as server,
        open_device(server.uri) as device,
        pytest.raises(DeviceTimeoutError, match=r"frozen: the same picture \d+ times"),
    ):
        device.capture(20)


def test_a_covered_lens_is_nobody() -> None:
    black = jpeg_of(np.zeros((48, 64), np.uint8))
    with (
        CameraServer(lambda: itertools.repeat(black)) as server,
        open_device(server.uri) as device,
        pytest.raises(SubjectTimeoutError, match="awaiting the eye"),
    ):
        device.capture(0.8)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, DevicePermissionError),
        (404, DeviceNotFoundError),
        (503, DeviceBusyError),
        (500, DeviceProtocolError),
    ],
)
def test_a_refusal_has_its_name(status: int, kind: type[DeviceError]) -> None:
    with CameraServer() as server:
        server.status = status
        with pytest.raises(kind):
            open_device(server.uri)


@pytest.mark.parametrize("content", ["text/html", "image/jpeg", "multipart/x-mixed-replace", ""])
def test_what_is_no_stream_is_named(content: str) -> None:
    with CameraServer() as server:
        server.content = content
        with pytest.raises(DeviceUnsupportedError, match="instead of a stream"):
            open_device(server.uri)


def test_nobody_at_the_address_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DeviceNotFoundError, match="no camera answers"):
        open_device(f"camera:http://127.0.0.1:{port}/")
    with pytest.raises(DeviceNotFoundError, match="no camera answers"):
        open_device("camera:http://camera.invalid/")


def test_a_server_that_says_nothing_is_named_in_time() -> None:
    with CameraServer() as server:
        server.silent = True
        started = time.monotonic()
        with pytest.raises(DeviceTimeoutError, match="silent"):
            open_device(server.uri)
        assert time.monotonic() - started < 8


@pytest.mark.parametrize("answer", [b"", b"\0\xff" * 50, b"HTTP/1.1 200 OK\r\n" + b"x" * 70_000, b"SSH-2.0-x\r\n"])
def test_a_server_that_is_no_camera_is_named(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for _ in range(3):
                connection, _ = server.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(DeviceError):
            open_device(f"camera:http://127.0.0.1:{server.getsockname()[1]}/")


def test_a_stream_that_is_cut_or_spoilt_at_any_byte_gives_whole_pictures_or_a_named_error() -> None:
    pictures = [jpeg_of(eye(number, 48, 32)) for number in range(3)]
    parts = [b"--x\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(each), each) for each in pictures]
    whole = (
        b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n" + b"".join(parts) + b"--x--"
    )
    decoded = [decode(each) for each in pictures]
    outcomes = set()
    for at in range(0, len(whole), 61):
        spoilt = bytearray(whole)
        spoilt[at] ^= 0x55
        for answer in (whole[:at], bytes(spoilt)):
            outcomes.add(watched(answer, decoded if answer == whole[:at] else None))
    assert {"picture", "DeviceDisconnectedError"} <= outcomes
    assert outcomes <= {"picture", *(kind.__name__ for kind in DeviceError.__subclasses__())}


def watched(answer: bytes, decoded: list[GreyImage] | None) -> str:
    """Read one answer of a server to its end; every picture of it must be one of `decoded`, where they are known."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        seen = 0
        try:
            source = mjpeg.MjpegSource(f"http://127.0.0.1:{server.getsockname()[1]}/", Situation("test:stream"))
            with contextlib.closing(source):
                while source.grab():
                    with contextlib.suppress(BrokenPictureError):
                        picture = source.picture().pixels
                        seen += decoded is None or one_of(picture, decoded)
                        assert decoded is None or one_of(picture, decoded)
        except DeviceError as error:
            return "picture" if seen == 3 else type(error).__name__
        finally:
            thread.join(5)
    return "picture"


def test_a_live_picture_waits_for_no_slow_listener() -> None:
    shown: list[int] = []

    def slow(event: Event) -> None:
        if event.kind is EventKind.PREVIEW:
            shown.append(1)
            time.sleep(0.2)

    with CameraServer() as server, open_device(server.uri) as device:
        device.listen(slow)
        device.capture(10)
    assert len(shown) < 5
