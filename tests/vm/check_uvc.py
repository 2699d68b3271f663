"""Our driver of cameras, where it is installed, on the cameras of `check_cameras`."""

from __future__ import annotations

import threading
import time

import cv2
import numpy as np
import pytest

import biocore
from biocore.discovery import registry
from biocore.errors import DeviceDisconnectedError, DeviceError, DeviceNotFoundError, DeviceTimeoutError
from biocore.hal import Device, EventKind, State
from vm.camera import Camera
from vm.check_cameras import camera, nodes, pictures, until_node  # noqa: F401  # fixtures among them
from vm.usbip import Plug

pytestmark = pytest.mark.skipif("uvc" not in registry().names, reason="no driver `uvc` is installed")
NAME = "uvc:1209:0001@LENS-1"
LENS = "camera of the tests"
CAPTURE = 20.0  # s
ROUNDING = 1  # grey levels, of the weights of the colours


def capture_all(device: Device) -> None:
    """Capture what is still under way from a camera that shows nothing more."""
    for _ in range(8):
        device.capture(CAPTURE)


def test_a_camera_is_listed_by_its_serial_number_and_the_kernels_by_its_node(camera: Camera) -> None:  # noqa: F811
    (vivid,) = nodes("vivid")
    listed = {info.uri: info.model for info in biocore.list_devices() if info.driver == "uvc"}
    assert listed[NAME] == LENS
    assert f"uvc:/dev/{vivid.name}" in listed
    assert len(listed) == 2  # nodes of metadata are none


def test_the_kernels_test_camera_is_captured_in_its_own_grey() -> None:
    (node,) = nodes("vivid")
    with biocore.open_device(f"uvc:/dev/{node.name}?fourcc=GREY&size=640x480&take=first") as device:
        pixels = device.capture(CAPTURE).pixels
    assert pixels.shape == (480, 640)
    assert np.ptp(pixels) > 100


def test_a_camera_gives_a_picture_it_shows(camera: Camera, pictures: list[bytes]) -> None:  # noqa: F811
    colours = [np.asarray(cv2.imdecode(np.frombuffer(each, np.uint8), cv2.IMREAD_COLOR)) for each in pictures]
    shown = [cv2.cvtColor(each, cv2.COLOR_BGR2GRAY).astype(np.int16) for each in colours]
    with biocore.open_device(f"{NAME}?take=first") as device:
        for _ in range(2):
            pixels = device.capture(CAPTURE).pixels.astype(np.int16)
            assert min(int(np.abs(pixels - each).max()) for each in shown) <= ROUNDING


def test_a_camera_that_freezes_is_late_and_goes_on_when_it_thaws(camera: Camera) -> None:  # noqa: F811
    with biocore.open_device(f"{NAME}?take=first") as device:
        camera.frozen = True
        with pytest.raises(DeviceTimeoutError, match="LENS-1"):
            capture_all(device)
        camera.frozen = False
        assert device.capture(CAPTURE).pixels.size


def test_a_camera_pulled_out_in_the_middle_is_lost_and_comes_back(camera: Camera, pictures: list[bytes]) -> None:  # noqa: F811
    with biocore.open_device(NAME) as device:  # waits for a steady picture, and there is none
        pull = threading.Timer(1.0, camera.end)
        device.listen(lambda event: pull.start() if event.kind is EventKind.WAITING else None)
        began = time.monotonic()
        with pytest.raises(DeviceError) as failure:
            device.capture(CAPTURE)
        assert isinstance(failure.value, DeviceDisconnectedError), failure.value
        assert time.monotonic() - began < CAPTURE / 2
        assert device.state is State.LOST
        pull.join()
    until_node(LENS, there=False)
    with pytest.raises(DeviceNotFoundError):
        biocore.open_device(NAME)
    again = Camera(pictures)
    Plug(again, 6)
    try:
        until_node(LENS, there=True)
        with biocore.open_device(f"{NAME}?take=first") as device:
            assert device.capture(CAPTURE).pixels.size
    finally:
        again.end()
