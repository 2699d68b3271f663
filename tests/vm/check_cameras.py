"""Cameras as OpenCV sees them: the kernel's test camera, and a USB camera made of Python."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from biocore_drivers import usb_bus
from vm.camera import HEIGHT, PRODUCT, VENDOR, WIDTH, Camera
from vm.usbip import Plug

NODES = Path("/sys/class/video4linux")
ENUMERATION = 15.0  # s
FRAME = 10.0  # s


def nodes(name: str) -> list[Path]:
    """List the nodes of a camera; only the first of a USB camera's brings frames."""
    found = []
    for node in sorted(NODES.iterdir()):
        with contextlib.suppress(OSError):  # unplugged between two looks
            if (node / "name").read_text().startswith(name) and (node / "index").read_text().strip() == "0":
                found.append(node)
    return found


def until_node(name: str, *, there: bool) -> None:
    end = time.monotonic() + ENUMERATION
    while bool(nodes(name)) != there:
        assert time.monotonic() < end, sorted(node.name for node in NODES.iterdir())
        time.sleep(0.05)


def opened(name: str) -> cv2.VideoCapture:
    (node,) = nodes(name)
    capture = cv2.VideoCapture(f"/dev/{node.name}", cv2.CAP_V4L2)
    assert capture.isOpened()
    return capture


def picture(number: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    waves = np.stack([(x + 40 * number) % 256, (y + x) % 256, np.full_like(x, 60 * number)], axis=-1)
    return waves.astype(np.uint8)


@pytest.fixture(scope="module")
def pictures() -> list[bytes]:
    """Make what the camera shows in turn."""
    return [cv2.imencode(".jpg", picture(number))[1].tobytes() for number in range(4)]


@pytest.fixture
def camera(pictures: list[bytes]) -> Iterator[Camera]:
    """Plug the camera in."""
    made = Camera(pictures)
    Plug(made, 5)
    until_node("camera of the tests", there=True)
    yield made
    made.end()
    until_node("camera of the tests", there=False)


def test_the_kernels_test_camera_gives_grey_frames() -> None:
    capture = opened("vivid")
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"GREY"))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, 640)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, 480)
    capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
    came, frame = capture.read()
    capture.release()
    assert came
    assert frame.size == 640 * 480
    assert frame.dtype == np.uint8
    assert np.ptp(frame) > 100  # a test pattern


def test_a_usb_camera_is_found_by_vendor_product_and_socket(camera: Camera) -> None:
    (node,) = nodes("camera of the tests")
    port = (node / "device").resolve().parent.name
    (identity,) = [each for each in usb_bus.attached() if each.port == port]
    assert (identity.vendor, identity.product, identity.serial) == (VENDOR, PRODUCT, "LENS-1")


def test_a_usb_camera_gives_the_very_pictures_it_shows(camera: Camera, pictures: list[bytes]) -> None:
    shown = [np.asarray(cv2.imdecode(np.frombuffer(each, np.uint8), cv2.IMREAD_COLOR)) for each in pictures]
    capture = opened("camera of the tests")
    seen = set()
    for _ in range(6):
        came, frame = capture.read()
        assert came
        (number,) = [number for number, each in enumerate(shown) if np.array_equal(each, np.asarray(frame))]
        seen.add(number)
    capture.release()
    assert len(seen) > 1


def test_a_usb_camera_pulled_out_ends_and_comes_back(camera: Camera, pictures: list[bytes]) -> None:
    capture = opened("camera of the tests")
    assert capture.read()[0]
    began = time.monotonic()
    camera.end()
    while capture.read()[0]:
        assert time.monotonic() - began < FRAME
    capture.release()
    until_node("camera of the tests", there=False)
    again = Camera(pictures)
    Plug(again, 6)
    try:
        until_node("camera of the tests", there=True)
        capture = opened("camera of the tests")
        assert capture.read()[0]
        capture.release()
    finally:
        again.end()
