"""Portraits: their colours from every format, which picture of a run is taken, and what refuses to look at them."""

from __future__ import annotations

import io
import itertools
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

import biocore
from biocore.discovery import Registry, open_device
from biocore.engine import load
from biocore.errors import (
    DeviceError,
    DeviceNotFoundError,
    DeviceProtocolError,
    DeviceUntrustedError,
    FormatError,
    IncompleteCaptureError,
    InvalidSampleError,
    SubjectTimeoutError,
)
from biocore.failover import any_uri
from biocore.hal import Event, EventKind
from biocore.station.entry import position_name, position_of
from biocore.station.payloads import frame_item
from biocore.types import ColourImage, FacePosition, Frame, Modality, Sample
from biocore_bindings.terminal import ExitCode
from biocore_drivers import camera_colours, shutter
from biocore_drivers.camera_pixels import BrokenPictureError, grey
from biocore_drivers.camera_sources import chosen_for_colour
from biocore_drivers.file import read_portrait
from biocore_drivers.usb_bus import Identity
from camera_server import CameraServer
from cli_support import run
from fake_cameras import FakeCameras, Node
from portrait import HAIR, SHIRT, SKIN, portrait, yuyv
from record_samples import face_record
from sbi_device import SbiService, Scanner

WEBCAM = Identity(0x046D, 0x0825, "Logitech", "Webcam", "", "1-3", 1, 7)
IRIS = Identity(0x1234, 0xABCD, "Maker", "Iris camera", "S-77", "1-2", 1, 5)
PLACES = {(65, 80): SKIN, (18, 80): HAIR, (112, 80): SHIRT}  # row, column of a portrait of 160 x 120 px


def shows_the_person(colour: ColourImage | None, tolerance: float = 8.0) -> bool:
    """Say whether each place has its own red, green and blue, in this order."""
    assert colour is not None
    seen = [colour[y - 2 : y + 3, x - 2 : x + 3].mean((0, 1)) for y, x in PLACES]
    return all(bool(np.abs(one - named).max() <= tolerance) for one, named in zip(seen, PLACES.values(), strict=True))


def luma(colour: ColourImage) -> ColourImage:
    red, green, blue = (colour[..., channel].astype(np.float64) for channel in range(3))
    shown: ColourImage = (0.299 * red + 0.587 * green + 0.114 * blue).round().astype(np.uint8)
    return shown


def planar(colour: ColourImage, code: str) -> Any:
    """Return a picture in planes, made from its YUYV."""
    packed = yuyv(colour)
    y, u, v = packed[..., 0], packed[::2, 0::2, 1], packed[::2, 1::2, 1]
    if code in ("NV12", "NV21"):
        pair = (u, v) if code == "NV12" else (v, u)
        return np.vstack([y, np.dstack(pair).reshape(-1, y.shape[1])])
    first, second = (v, u) if code == "YV12" else (u, v)
    return np.vstack([y, np.concatenate([first.ravel(), second.ravel()]).reshape(-1, y.shape[1])])


# -- pixels ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code", ["YUYV", "YUY2", "UYVY", "NV12", "NV21", "YU12", "I420", "YV12", "MJPG", "BGR", "BGRA"]
)
def test_every_format_gives_the_colours_and_grey_that_is_their_luma(code: str) -> None:
    person = portrait(1)
    raws: dict[str, Any] = {
        "YUYV": yuyv(person),
        "YUY2": yuyv(person),
        "UYVY": yuyv(person)[..., ::-1],
        "MJPG": cv2.imencode(".jpg", person[..., ::-1])[1],
        "BGR": person[..., ::-1],
        "BGRA": np.dstack([person[..., ::-1], np.full(person.shape[:2], 255, np.uint8)]),
    }
    seen = camera_colours.coloured(raws[code] if code in raws else planar(person, code), code)
    assert seen.pixels.shape == (120, 160)
    assert shows_the_person(seen.colour)
    assert seen.colour is not None
    assert np.abs(seen.pixels.astype(int) - luma(seen.colour)).max() <= 1
    if code.startswith("BGR"):
        assert np.array_equal(seen.colour, person)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (np.full((12, 16), 90, np.uint8), "GREY"),
        (np.full((12, 16), 900, np.uint16), "Y10 "),
        (np.dstack([np.full((12, 16), 90, np.uint8)] * 2), "what?"),
        (cv2.imencode(".jpg", np.full((12, 16), 90, np.uint8))[1], "MJPG"),
    ],
)
def test_what_has_no_colour_comes_as_grey_without_any(raw: Any, code: str) -> None:
    seen = camera_colours.coloured(raw, code)
    assert seen.colour is None
    assert np.array_equal(seen.pixels, grey(raw, code))


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (None, "YUYV"),
        (np.zeros((0, 4, 3), np.uint8), "BGR3"),
        (np.zeros((4, 1, 3), np.uint8), "BGR3"),
        (np.zeros((2, 9000, 3), np.uint8), "BGR3"),
        (np.zeros((2, 20000, 3), np.uint8), "BGR3"),
        (np.zeros((4, 4, 5), np.uint8), "YUYV"),
        (np.zeros((4, 4), np.float32), "YUYV"),
        (cv2.imencode(".jpg", portrait())[1][:-40], "MJPG"),
    ],
)
def test_what_is_no_whole_picture_is_refused(raw: Any, code: str) -> None:
    with pytest.raises(BrokenPictureError):
        camera_colours.coloured(raw, code)


@pytest.mark.parametrize(
    ("offered", "taken"),
    [
        ({"YUYV": [(640, 480)], "MJPG": [(1920, 1080), (3840, 2160)]}, ("MJPG", (1920, 1080))),
        ({"YUYV": [(1920, 1080)], "MJPG": [(1920, 1080)]}, ("YUYV", (1920, 1080))),
        ({"GREY": [(1920, 1080)], "YUYV": [(640, 480)]}, ("YUYV", (640, 480))),
        ({"GREY": [(640, 480)]}, ("GREY", (640, 480))),
        ({}, ("", None)),
    ],
)
def test_for_a_portrait_the_largest_colour_picture_is_taken(offered: Any, taken: Any) -> None:
    assert chosen_for_colour(offered, "", None) == taken


def test_a_size_or_a_format_that_is_asked_for_is_obeyed() -> None:
    offered = {"YUYV": [(640, 480)], "MJPG": [(1920, 1080), (640, 480)]}
    assert chosen_for_colour(offered, "YUYV", None) == ("YUYV", (640, 480))
    assert chosen_for_colour(offered, "", (1920, 1080)) == ("MJPG", (1920, 1080))
    assert chosen_for_colour(offered, "", (640, 480)) == ("YUYV", (640, 480))


# -- which picture ---------------------------------------------------------------------------------


def judged(pictures: list[ColourImage]) -> list[float | None]:
    judge = shutter.Portrait()
    return [judge(luma(picture)) for picture in pictures]


def test_the_sharper_and_the_better_exposed_portrait_is_worth_more() -> None:
    first, sharp, soft, softer = judged([portrait(n, blur=blur) for n, blur in enumerate((0, 0, 1, 2))])
    assert first is None  # whether it holds still, nobody knows yet
    assert sharp is not None
    assert soft is not None
    assert softer is not None
    assert sharp > soft > softer > 0.0
    fine, burnt = (judged([portrait(1, stops=stops)] * 2)[1] for stops in (0.0, 2.0))
    assert fine is not None
    assert burnt is not None
    assert fine > 2.0 * burnt


def test_what_is_all_but_black_or_white_or_moves_will_not_do() -> None:
    assert judged([portrait(n, stops=-7.0) for n in range(3)]) == [None] * 3
    assert judged([portrait(n, stops=7.0) for n in range(3)]) == [None] * 3
    assert judged([np.roll(portrait(n), 40 * n, axis=1) for n in range(3)]) == [None] * 3


def test_exposure_is_the_share_that_is_not_burnt_out_of_pictures_with_range() -> None:
    ramp = np.tile(np.arange(200, dtype=np.uint8), (50, 1))
    assert shutter.exposure(ramp) == 1.0
    half = ramp.copy()
    half[:25] = 255
    assert shutter.exposure(half) == 0.5
    assert shutter.exposure(ramp // 2) == pytest.approx(97 / 128, abs=0.02)
    assert shutter.exposure(ramp // 4) == 0.0


# -- devices ---------------------------------------------------------------------------------------


@pytest.fixture
def cameras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCameras:
    made = FakeCameras(tmp_path / "machine", monkeypatch)
    made.shows = lambda number: yuyv(portrait(number % 9))
    return made


def test_a_webcam_takes_a_portrait_and_its_live_frames_have_colours_too(cameras: FakeCameras) -> None:
    cameras.plug("video0", WEBCAM)
    heard: list[Event] = []
    with open_device("uvc:046d:0825?modality=face") as device:
        device.listen(heard.append)
        frame = device.capture(5)
        assert device.info.modality is Modality.FACE
    assert shows_the_person(frame.colour)
    live = [event.frame for event in heard if event.kind is EventKind.PREVIEW and event.frame is not None]
    assert live
    assert all(shows_the_person(each.colour) for each in live)


def test_the_same_camera_without_the_word_gives_irises_in_grey(cameras: FakeCameras) -> None:
    cameras.plug("video0", WEBCAM)
    with open_device("uvc:046d:0825") as device:
        frame = device.capture(5)
    assert frame.colour is None
    assert any(np.array_equal(frame.pixels, yuyv(portrait(number))[..., 0]) for number in range(9))


def test_any_face_takes_a_webcam_and_never_an_iris_camera(cameras: FakeCameras, monkeypatch: Any) -> None:
    listed = Registry.devices_of
    monkeypatch.setattr(Registry, "devices_of", lambda self, name: listed(self, name) if name == "uvc" else [])
    cameras.plug("video2", IRIS, Node({"GREY": [(160, 120)]}))
    with pytest.raises(DeviceNotFoundError, match="no camera is attached") as caught:
        open_device("any:face")
    assert "virtual" not in str(caught.value)
    cameras.plug("video0", WEBCAM)
    with open_device("any:face") as device:
        assert device.info.model == "Webcam"
        assert shows_the_person(device.capture(5).colour)


def test_a_network_camera_gives_portraits() -> None:
    def pictures() -> Any:
        return (cv2.imencode(".jpg", portrait(n)[..., ::-1])[1].tobytes() for n in itertools.count())

    with CameraServer(pictures) as server, open_device(f"{server.uri}?modality=face") as device:
        assert shows_the_person(device.capture(5).colour)


def test_of_a_video_the_sharpest_portrait_of_a_run_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "face.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"FFV1"), 10, (160, 120))
    for number, blur in enumerate((3, 3, 2, 0, 2, 3, 3)):
        writer.write(portrait(number, blur=blur)[..., ::-1])
    writer.release()
    with open_device(f"camera:{path}?modality=face") as device:
        frame = device.capture(5)
    assert frame.colour is not None
    assert np.array_equal(frame.colour, portrait(3))


def test_a_person_who_does_not_come_is_a_person_not_an_eye(tmp_path: Path) -> None:
    for number in range(6):
        Image.fromarray(np.full((48, 64, 3), 90, np.uint8)).save(tmp_path / f"face_{number}.png")
    with (
        open_device(f"camera:{tmp_path}/face_0.png?modality=face") as device,
        pytest.raises(SubjectTimeoutError, match="awaiting the face"),
    ):
        device.capture(5)


def test_portraits_on_disk_keep_their_colours_and_stand_upright(tmp_path: Path) -> None:
    person = portrait(3)
    lying = Image.fromarray(np.rot90(person, 1))  # as a camera held on its side stores it
    tag = Image.Exif()
    tag[0x0112] = 6  # orientation: turn it clockwise to look at it
    lying.save(tmp_path / "1.png", exif=tag)
    Image.fromarray(luma(person)).save(tmp_path / "2.png")
    Image.fromarray(person).quantize(64).save(tmp_path / "3.png")
    with open_device(f"file:{tmp_path}?modality=face") as device:
        first, second, third = (device.capture() for _ in range(3))
    assert first.colour is not None
    assert np.array_equal(first.colour, person)
    assert np.abs(first.pixels.astype(int) - luma(person)).max() <= 1
    assert second.colour is None
    assert shows_the_person(third.colour, 20.0)
    assert read_portrait(tmp_path / "2.png")[2] is None
    with open_device(f"file:{tmp_path}?modality=iris") as device:
        assert device.capture().colour is None


def test_a_portrait_that_makes_its_reader_stumble_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(portrait()).save(path)

    def stumble(picture: Image.Image) -> Image.Image:
        raise struct.error("unpack requires a buffer of 4 bytes")  # what damaged Exif raises, and no error of Pillow's

    monkeypatch.setattr("biocore.formats.images.ImageOps.exif_transpose", stumble)
    with open_device(f"file:{path}?modality=face") as device:
        with pytest.raises(FormatError, match=r"damaged .*\(unpack") as caught:
            device.capture()
        assert caught.value.file == str(path)


def test_any_of_several_pictures_of_faces_is_a_face(tmp_path: Path) -> None:
    Image.fromarray(portrait()).save(tmp_path / "a.png")
    face, finger = f"file:{tmp_path}/a.png?modality=face", f"file:{tmp_path}/a.png"
    with open_device(any_uri(Modality.FACE, [face])) as device:
        (part,) = device.capture_parts()
        assert part.position is FacePosition.UNKNOWN
        assert shows_the_person(part.frame.colour)
    with pytest.raises(DeviceNotFoundError, match="shows no face"):
        open_device(any_uri(Modality.FACE, [finger]))


def test_a_biometric_service_gives_a_portrait_in_colour_with_its_record(sbi_service: SbiService) -> None:
    sbi_service.scanners = [Scanner("Face", "Full face", "F-1", "5")]
    with open_device(f"sbi:face@F-1?port={sbi_service.port}") as device:
        assert device.info.modality is Modality.FACE
        for _ in range(2):  # a chain of two
            (part,) = device.capture_parts()
            assert part.position is FacePosition.UNKNOWN
            assert (part.score, part.record) == (72.5, face_record())
            assert shows_the_person(part.frame.colour)
    (asked, _) = (request["bio"][0] for request in sbi_service.requests("RCAPTURE"))
    assert (asked["type"], asked["count"], asked["bioSubType"], asked["requestedScore"]) == ("Face", "1", [], "90")


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        ("damaged record", DeviceProtocolError, "record of the face is damaged"),
        ("hash", DeviceProtocolError, "hash of the face does not continue"),
        ("twice", DeviceProtocolError, "sent the face twice"),
        ("fewer", IncompleteCaptureError, "not the face"),
        ("signature", DeviceUntrustedError, "signature"),
    ],
)
def test_what_is_wrong_with_the_portrait_of_a_service_is_named(
    sbi_service: SbiService, fault: str, kind: type[DeviceError], said: str
) -> None:
    sbi_service.scanners = [Scanner("Face", "Full face", "F-1", "5")]
    with open_device(f"sbi:face?port={sbi_service.port}") as device:
        sbi_service.fault = fault
        with pytest.raises(kind, match=said):
            device.capture(5)
        sbi_service.fault = ""
        assert device.capture(5).colour is not None


# -- what is done with a portrait ------------------------------------------------------------------


def test_nothing_assesses_or_extracts_a_face_and_it_is_said() -> None:
    sample = Sample(Frame(luma(portrait()), 500.0, "p.png", colour=portrait()), Modality.FACE)
    with pytest.raises(InvalidSampleError, match=r"p\.png: faces are captured and stored, not assessed"):
        biocore.assess(sample)
    with pytest.raises(InvalidSampleError, match="no templates are made"):
        biocore.extract(sample)


@pytest.mark.parametrize("command", ["assess", "extract", "compare"])
def test_the_commands_refuse_faces_as_wrong_usage(command: str, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(portrait()).save(path)
    result = run(command, path, *([path] if command == "compare" else []), "--modality", "face")
    assert result.code == ExitCode.USAGE
    assert "captured and stored" in " ".join(result.err.replace("│", " ").split())


def test_a_loaded_portrait_keeps_its_colours(tmp_path: Path) -> None:
    person = portrait(2)
    Image.fromarray(person).save(tmp_path / "a.png")
    sample = load(tmp_path / "a.png", "face")
    assert sample.frame.colour is not None
    assert np.array_equal(sample.frame.colour, person)
    Image.fromarray(luma(person)).save(tmp_path / "b.png")
    assert load(tmp_path / "b.png", "face").frame.colour is None
    clear = np.dstack([person, np.zeros(person.shape[:2], np.uint8)])
    Image.fromarray(clear).save(tmp_path / "c.png")
    on_white = load(tmp_path / "c.png", "face").frame
    assert on_white.colour is not None
    assert on_white.colour.min() == on_white.pixels.min() == 255


@pytest.mark.parametrize("colours", [True, False])
def test_the_journal_stores_a_portrait_as_it_was_captured(colours: bool) -> None:
    person = portrait(2)
    sample = Sample(Frame(luma(person), colour=person if colours else None), Modality.FACE)
    item = frame_item(sample, 1)
    assert item.position is FacePosition.UNKNOWN
    assert position_of(position_name(item.position)) is FacePosition.UNKNOWN
    stored = np.asarray(Image.open(io.BytesIO(item.payload)))
    assert np.array_equal(stored, person if colours else luma(person))


def test_the_command_captures_a_portrait_in_colour_without_a_score(tmp_path: Path) -> None:
    person, out = portrait(4), tmp_path / "out"
    Image.fromarray(person).save(tmp_path / "a.png")
    uri = f"file:{tmp_path}/a.png?modality=face"
    result = run("capture", uri, "--out", out, "--json")
    assert result.code == ExitCode.OK
    (capture,) = result.document["captures"]
    assert (capture["modality"], capture["colour"], capture["score"]) == ("face", True, None)
    assert capture["reason"] == "faces are captured and stored, not assessed"
    assert np.array_equal(np.asarray(Image.open(out / "capture-0001.png")), person)
    assert "not assessed" in run("capture", uri, "--out", out).out


@pytest.mark.parametrize(
    "option", [("--min-score", 40), ("--record", "a.fmr"), ("--format", "fmr-2005"), ("--position", "left")]
)
def test_what_needs_an_assessment_or_a_record_is_refused_for_faces(option: tuple[str, object], tmp_path: Path) -> None:
    Image.fromarray(portrait()).save(tmp_path / "a.png")
    result = run("capture", f"file:{tmp_path}/a.png?modality=face", "--out", tmp_path / "out", *option)
    assert result.code == ExitCode.USAGE
    assert not list(tmp_path.glob("out/*.png"))
