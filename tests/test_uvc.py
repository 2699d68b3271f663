"""Cameras of this machine: known by who they are, asked for grey, and never believed when they say that all is well."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from biocore.discovery import Registry, open_device, registry
from biocore.errors import (
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceNotFoundError,
    DevicePermissionError,
    DeviceProtocolError,
    DeviceTimeoutError,
    DeviceUnsupportedError,
)
from biocore.failover import best
from biocore.hal import State
from biocore.types import Modality
from biocore_drivers import camera, camera_sources, v4l2
from biocore_drivers.camera_pixels import BrokenPictureError, grey
from biocore_drivers.usb_bus import Identity
from camera_server import eye, jpeg_of
from fake_cameras import FakeCameras, Node

IRIS = Identity(0x1234, 0xABCD, "Maker", "Iris camera", "S-77", "1-2", 1, 5)
TWIN = Identity(0x1234, 0xABCD, "Maker", "Iris camera", "S-78", "1-4", 1, 6)
WEBCAM = Identity(0x046D, 0x0825, "Logitech", "Webcam", "", "1-3", 1, 7)


@pytest.fixture
def cameras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCameras:
    monkeypatch.setattr(camera, "STALLED", 0.8)
    monkeypatch.setattr(camera, "FIRST", 0.8)
    monkeypatch.setattr("biocore_drivers.worker.OPEN_PAUSES", (0.01, 0.01))
    return FakeCameras(tmp_path / "machine", monkeypatch)


def test_cameras_are_listed_by_who_they_are_without_their_metadata_nodes(cameras: FakeCameras) -> None:
    cameras.plug("video0", WEBCAM, Node({"YUYV": [(640, 480)], "MJPG": [(1280, 720)]}))
    cameras.plug("video1", WEBCAM, Node(metadata=True), index=1)
    cameras.plug("video2", IRIS, Node({"GREY": [(640, 480)]}))
    cameras.plug("video10", TWIN, Node({"GREY": [(640, 480)]}))
    found = {info.uri: info for info in Registry().devices() if info.driver == "uvc"}
    portrait = "uvc:046d:0825@1-3?modality=face"
    assert set(found) == {"uvc:046d:0825@1-3", portrait, "uvc:1234:abcd@S-77", "uvc:1234:abcd@S-78"}
    assert found["uvc:1234:abcd@S-77"].model == "Iris camera"
    assert found["uvc:1234:abcd@S-77"].serial == "S-77"
    assert "made-up" in found["uvc:1234:abcd@S-77"].experimental
    # A camera of colour must be named: nobody wants their webcam to be taken for an iris camera.
    assert best(found.values(), Modality.IRIS) == ["uvc:1234:abcd@S-77", "uvc:1234:abcd@S-78"]
    assert "colour" in found["uvc:046d:0825@1-3"].refusal
    assert best(found.values(), Modality.FACE) == [portrait]  # nor an iris camera for one of portraits


def test_a_camera_that_this_user_may_not_open_says_which_group_it_takes(
    cameras: FakeCameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = cameras.plug("video2", IRIS, Node({"GREY": [(640, 480)]}))
    (info,) = (info for info in Registry().devices() if info.driver == "uvc")
    assert info.forbidden == ""
    monkeypatch.setattr("biocore_drivers.usb_bus.os.access", lambda path, mode: path != node)
    (info,) = (info for info in Registry().devices() if info.driver == "uvc")
    assert "usermod -aG video" in info.forbidden


def test_a_node_that_cannot_be_asked_is_judged_by_its_place(cameras: FakeCameras, monkeypatch: Any) -> None:
    cameras.plug("video0", WEBCAM)
    cameras.plug("video1", WEBCAM, index=1)

    def forbidden(*args: object) -> int:
        raise PermissionError(13, "no")

    monkeypatch.setattr("biocore_drivers.v4l2.fcntl.ioctl", forbidden)
    assert [each.path.name for each in v4l2.cameras()] == ["video0"]


@pytest.mark.parametrize(
    "uri", ["uvc:1234:abcd", "uvc:1234:abcd@S-77", "uvc:1234:abcd@1-2", "uvc:{dev}/video2", "uvc:{dev}/by-id"]
)
def test_a_camera_is_opened_by_each_of_its_names(cameras: FakeCameras, uri: str) -> None:
    cameras.plug("video0", WEBCAM)
    node = cameras.plug("video2", IRIS)
    (cameras.nodes / "by-id").symlink_to(node)
    with open_device(uri.format(dev=cameras.nodes)) as device:
        frame = device.capture(5)
    assert any(np.array_equal(frame.pixels, eye(number)) for number in range(2000))
    assert [opened.path for opened in cameras.opened] == [node]
    assert cameras.opened[0].released
    assert cameras.opened[0].asked[cv2.CAP_PROP_CONVERT_RGB] == 0
    assert device.info.model == "Iris camera"


def test_two_cameras_of_one_housing_are_told_apart(cameras: FakeCameras) -> None:
    cameras.plug("video0", IRIS, Node({"MJPG": [(1280, 720)]}))
    cameras.plug("video1", IRIS, Node(metadata=True), index=1)
    node = cameras.plug("video2", IRIS, Node({"GREY": [(160, 120)]}))
    names = sorted(info.uri for info in Registry().devices() if info.driver == "uvc")
    assert names == ["uvc:1234:abcd@S-77", "uvc:1234:abcd@S-77?modality=face", "uvc:1234:abcd@S-77?node=1"]
    cameras.shows = eye
    with open_device(names[2]) as device:
        device.capture(5)
    assert cameras.opened[0].path == node
    with pytest.raises(DeviceNotFoundError):
        open_device("uvc:1234:abcd?node=2")


def test_an_unplugged_camera_is_lost_and_found_again_at_another_node(cameras: FakeCameras) -> None:
    cameras.plug("video0", IRIS)
    with open_device("uvc:1234:abcd@S-77") as device:
        device.capture(5)
        cameras.unplug("video0")
        with pytest.raises(DeviceDisconnectedError, match="unplugged"):
            device.capture(5)
        assert device.state is State.LOST
        device.close()
        with pytest.raises(DeviceNotFoundError, match="no camera is"):
            device.open()
        again = Identity(0x1234, 0xABCD, "Maker", "Iris camera", "S-77", "1-5", 1, 9)
        cameras.plug("video4", again)
        device.open()
        device.capture(5)
    assert cameras.opened[-1].path.name == "video4"


def test_another_camera_at_the_same_node_is_not_the_one_that_was_opened(cameras: FakeCameras) -> None:
    cameras.plug("video0", IRIS)
    with open_device("uvc:1234:abcd") as device:
        cameras.silent = True
        cameras.unplug("video0")
        cameras.plug("video0", TWIN)
        with pytest.raises(DeviceDisconnectedError):
            device.capture(5)


def test_a_silent_camera_is_a_device_that_does_not_answer(cameras: FakeCameras) -> None:
    cameras.plug("video0", IRIS)
    with open_device("uvc:1234:abcd") as device:
        cameras.silent = True
        started = time.monotonic()
        with pytest.raises(DeviceTimeoutError, match="no picture for"):
            device.capture(10)
        assert time.monotonic() - started < 2.5
        cameras.silent = False
        device.capture(5)


def test_a_camera_that_never_returns_holds_up_nobody(
    cameras: FakeCameras, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("biocore_drivers.camera_feed.LET_GO", 0.2)
    cameras.plug("video0", IRIS)
    stuck, hangs = threading.Event(), [False]

    def shows(number: int) -> Any:
        if hangs[0]:
            stuck.wait(20)
        return eye(number)

    cameras.shows = shows
    device = open_device("uvc:1234:abcd")
    hangs[0] = True
    with pytest.raises(DeviceTimeoutError):
        device.capture(0.5)
    started = time.monotonic()
    device.close()
    assert time.monotonic() - started < 1.0
    assert "does not let go" in caplog.text
    hangs[0] = False
    stuck.set()
    until = time.monotonic() + 5
    while not cameras.opened[0].released:  # its thread closes it when it comes back
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_camera_that_somebody_else_has_is_busy(cameras: FakeCameras) -> None:
    cameras.plug("video0", IRIS)
    cameras.refuses = True
    with pytest.raises(DeviceBusyError, match="is held by"):
        open_device("uvc:1234:abcd")
    cameras.refuses = False
    with open_device("uvc:1234:abcd"), pytest.raises(DeviceBusyError, match="process"):
        open_device("uvc:1234:abcd@1-2")


def test_a_node_that_this_user_may_not_open_is_named(cameras: FakeCameras, monkeypatch: pytest.MonkeyPatch) -> None:
    cameras.plug("video0", IRIS)

    def forbidden(path: object, flags: int) -> int:
        raise PermissionError(13, "no")

    monkeypatch.setattr("biocore_drivers.camera_sources.os.open", forbidden)
    with pytest.raises(DevicePermissionError, match="group video"):
        open_device("uvc:1234:abcd")


def test_a_format_that_is_asked_for_is_got_or_refused(cameras: FakeCameras) -> None:
    cameras.plug("video0", IRIS, Node({"YUYV": [(160, 120)], "MJPG": [(320, 240)]}))
    with open_device("uvc:1234:abcd?fourcc=YUYV&size=160x120"):
        asked = cameras.opened[0].asked
        assert asked[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"YUYV")
        assert (asked[cv2.CAP_PROP_FRAME_WIDTH], asked[cv2.CAP_PROP_FRAME_HEIGHT]) == (160, 120)
    cameras.honest = False
    with pytest.raises(DeviceUnsupportedError, match="gives MJPG where YUYV"):
        open_device("uvc:1234:abcd?fourcc=YUYV")


def test_pixels_of_no_known_kind_are_named(cameras: FakeCameras) -> None:
    cameras.plug("video0", IRIS)
    cameras.shows = lambda number: np.zeros((4, 4), np.float64)
    with pytest.raises(DeviceProtocolError, match="broken pictures in a row: pixels of type float64"):
        open_device("uvc:1234:abcd")


def test_the_best_of_what_is_offered_is_chosen() -> None:
    offered: dict[str, list[v4l2.Size]] = {"MJPG": [(3840, 2160)], "YUYV": [(640, 480), (1280, 960), (2592, 1944)]}
    assert camera_sources.chosen(offered, "", None) == ("YUYV", (1280, 960))
    assert camera_sources.chosen(offered, "MJPG", None) == ("MJPG", None)
    assert camera_sources.chosen({**offered, "GREY": [(640, 480)]}, "", None) == ("GREY", (640, 480))
    assert camera_sources.chosen({}, "", (320, 240)) == ("", (320, 240))


def test_formats_are_read_in_both_of_their_forms(cameras: FakeCameras) -> None:
    node = cameras.plug("video0", IRIS, Node({"GREY": [(640, 480), (320, 240)], "YUYV": []}))
    assert v4l2.formats(node) == {"GREY": [(640, 480), (320, 240)], "YUYV": []}
    node = cameras.plug("video1", TWIN, Node({"Y16 ": [(752, 480)]}, stepwise=True))
    assert v4l2.formats(node) == {"Y16 ": [(752, 480)]}
    assert v4l2.formats(cameras.nodes / "none") == {}


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("uvc:video0", "is no camera"),
        ("uvc:12345:1", "is no camera"),
        ("uvc:1234:abcd?size=big", "size must be"),
        ("uvc:1234:abcd?size=0x480", "size must be"),
        ("uvc:1234:abcd?fourcc=YUYVX", "fourcc must be"),
        ("uvc:1234:abcd?node=99", "node must be"),
        ("uvc:1234:abcd?index=1", "unknown parameter"),
        ("uvc:/dev/no%00where", "no path"),
    ],
)
def test_an_impossible_name_is_named(uri: str, message: str) -> None:
    with pytest.raises(DeviceNotFoundError, match=message):
        registry().device(uri)


PLAIN = eye(3)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (PLAIN, "GREY"),  # two dimensions, as OpenCV 5 gives it
        (PLAIN[..., None], "GREY"),
        (np.dstack([PLAIN] * 3), "GREY"),  # CONVERT_RGB was not obeyed
        (np.dstack([PLAIN] * 3 + [np.full_like(PLAIN, 255)]), ""),
        (np.dstack([PLAIN, np.full_like(PLAIN, 128)]), "YUYV"),
        (np.dstack([np.full_like(PLAIN, 128), PLAIN]), "UYVY"),
        (np.vstack([PLAIN, np.full((60, 160), 128, np.uint8)]), "NV12"),
        (PLAIN.astype(np.uint16) << 2, "Y10 "),
        (PLAIN.astype(np.uint16) << 8, "Y16 "),
    ],
)
def test_grey_comes_out_of_whatever_a_backend_gives(raw: Any, code: str) -> None:
    assert np.array_equal(grey(raw, code), PLAIN)


def test_a_jpeg_handed_out_raw_is_decoded_and_a_part_of_one_refused() -> None:
    data = np.frombuffer(jpeg_of(PLAIN), np.uint8)
    whole = grey(data[None, :], "MJPG")
    assert np.abs(whole.astype(int) - PLAIN).mean() < 3
    for part in (data[:-300], data[300:], data[:1]):
        with pytest.raises(BrokenPictureError):
            grey(part[None, :], "MJPG")


@pytest.mark.parametrize(
    "raw",
    [
        None,
        np.zeros((0, 4), np.uint8),
        np.zeros((4, 4, 5), np.uint8),
        np.zeros((2, 2, 2, 2), np.uint8),
        np.zeros(9, np.uint8),
        np.zeros((1, 9000), np.uint8),
        np.zeros((4, 4), np.int32),
        np.zeros((4, 4, 2), np.uint16),
    ],
)
def test_what_is_no_picture_is_refused(raw: Any) -> None:
    with pytest.raises(BrokenPictureError):
        grey(raw, "GREY")
