"""Pictures on disk as a device: order, resolution, and every way a file can be bad."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import biocore
from biocore.errors import DeviceNotFoundError, FormatError, SubjectTimeoutError, UnsupportedFormatError
from biocore.hal import State
from biocore.types import Modality
from biocore_drivers.file import driver, read

GREY = np.arange(48 * 40, dtype=np.uint32).reshape(48, 40).astype(np.uint8)


def picture(folder: Path, name: str = "print.png", dpi: int | None = None) -> Path:
    path = folder / name
    tag = {} if dpi is None else {"dpi": (dpi, dpi)}
    Image.fromarray(GREY).save(path, None, **tag)
    return path


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "pgm"])
def test_a_picture_gives_its_pixels(tmp_path: Path, suffix: str) -> None:
    path = picture(tmp_path, f"a.{suffix}")
    with driver.open(f"file:{path}?ppi=500") as device:
        assert device.info.ppi == 500.0
        frame = device.capture()
    assert np.array_equal(frame.pixels, GREY)
    assert frame.ppi == 500.0
    assert frame.source == str(path)


def test_a_folder_gives_its_pictures_by_name_then_nobody_comes_until_it_is_opened_anew(tmp_path: Path) -> None:
    for name in ("b.png", "a.PNG", "c.bmp"):
        picture(tmp_path, name)
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "folder.png").mkdir()
    device = driver.open(f"file:{tmp_path}")
    for _ in range(2):
        with device:
            assert [Path(device.capture().source).name for _ in range(3)] == ["a.PNG", "b.png", "c.bmp"]
            for _ in range(2):
                with pytest.raises(SubjectTimeoutError, match="no more pictures"):
                    device.capture()
            assert device.state is State.READY


def test_colour_becomes_grey(tmp_path: Path) -> None:
    Image.fromarray(np.full((8, 8, 3), 77, np.uint8)).save(tmp_path / "rgb.png")
    Image.fromarray(np.eye(8, dtype=np.uint8) * 255).convert("1").save(tmp_path / "two.png")
    assert (read(tmp_path / "rgb.png")[0] == 77).all()
    assert read(tmp_path / "two.png")[0].max() == 255


@pytest.mark.parametrize(("tag", "found"), [(500, 500), (1000, 1000), (72, None), (96, None), (None, None)])
def test_the_tag_is_believed_only_where_it_is_a_scanner_s(tmp_path: Path, tag: int | None, found: int | None) -> None:
    path = picture(tmp_path, dpi=tag)
    with driver.open(f"file:{path}") as device:
        assert device.info.ppi is None
        assert device.capture().ppi == (None if found is None else pytest.approx(found, rel=1e-3))
    with driver.open(f"file:{path}?ppi=505") as device:
        assert device.capture().ppi == 505.0


def test_an_iris_folder_says_so(tmp_path: Path) -> None:
    assert driver.open(f"file:{picture(tmp_path)}?modality=iris").info.modality is Modality.IRIS


def test_names_with_question_marks_and_per_cents_can_be_written(tmp_path: Path) -> None:
    path = picture(tmp_path, "what? 100%.png")
    uri = f"file:{path}".replace("%", "%25").replace("?", "%3F")
    with driver.open(uri) as device:
        assert device.capture().source == str(path)


def test_a_bad_picture_is_named_and_the_next_one_follows(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    (tmp_path / "2.png").write_bytes(b"")
    (tmp_path / "3.png").write_bytes(picture(tmp_path, "whole.bmp").read_bytes()[:200])
    Image.fromarray(np.zeros((4, 4), np.float32)).save(tmp_path / "4.png", "TIFF")
    Image.new("L", (9000, 2)).save(tmp_path / "5.png")
    picture(tmp_path, "6.png")
    (tmp_path / "whole.bmp").unlink()
    with driver.open(f"file:{tmp_path}") as device:
        for number in range(1, 6):
            with pytest.raises(FormatError, match=f"{number}.png") as caught:
                device.capture()
            assert caught.value.file == str(tmp_path / f"{number}.png")
            assert device.state is State.READY
        assert device.capture().pixels.shape == (48, 40)


def test_numbers_without_a_white_and_bombs_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 4), np.float32)).save(tmp_path / "real.tif")
    with pytest.raises(UnsupportedFormatError, match="floating point"):
        read(tmp_path / "real.tif")
    header = b"P5 60000 60000 255\n"
    (tmp_path / "bomb.pgm").write_bytes(header)
    with pytest.raises(FormatError, match=r"bomb\.pgm"):
        read(tmp_path / "bomb.pgm")


def test_a_picture_is_the_same_one_loaded_and_captured(tmp_path: Path) -> None:
    cut_out = np.where(np.add.outer(np.arange(48), np.arange(40)) % 2, 255, 0).astype(np.uint8)
    pictures = {
        "deep.png": Image.fromarray(GREY.astype(np.uint16) * 257),
        "alpha.png": Image.fromarray(np.dstack([GREY, cut_out])),
        "colour.png": Image.fromarray(np.dstack([GREY, GREY.T.reshape(GREY.shape), GREY])),
        "bits.png": Image.fromarray(GREY > 128),
    }
    for name, made in pictures.items():
        made.save(tmp_path / name)
        with driver.open(f"file:{tmp_path / name}?ppi=500") as device:
            assert np.array_equal(device.capture().pixels, biocore.load(tmp_path / name, "finger", ppi=500).pixels)
    assert (biocore.load(tmp_path / "alpha.png", "finger", ppi=500).pixels[cut_out == 0] == 255).all()


def test_a_file_that_vanishes_is_named(tmp_path: Path) -> None:
    path = picture(tmp_path)
    device = driver.open(f"file:{path}")
    with device:
        path.unlink()
        with pytest.raises(FormatError, match=r"print\.png"):
            device.capture()
    with pytest.raises(DeviceNotFoundError, match="any more"):
        device.open()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(DeviceNotFoundError), driver.open(f"file:{tmp_path / 'pipe.png'}"):
        pass
    with pytest.raises(DeviceNotFoundError, match="no picture"), driver.open(f"file:{tmp_path}"):
        pass


@pytest.mark.parametrize("query", ["ppi=0", "ppi=x", "ppi=nan", "modality=toe", "speed=3", "ppi=1&ppi=2"])
def test_a_wrong_parameter_is_named(tmp_path: Path, query: str) -> None:
    with pytest.raises(DeviceNotFoundError):
        driver.open(f"file:{picture(tmp_path)}?{query}")


@pytest.mark.parametrize("address", ["/nowhere/at/all.png", "%00", ""])
def test_a_path_that_is_not_there_is_named(address: str) -> None:
    with pytest.raises(DeviceNotFoundError):
        driver.open(f"file:{address}")


def test_a_disk_is_not_searched() -> None:
    assert list(driver.devices()) == []
    assert driver.claims("file:x")
    assert not driver.claims("profile:x")


def encoded(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(GREY).save(buffer, kind)
    return buffer.getvalue()


FILES = {kind: encoded(kind) for kind in ("PNG", "BMP", "TIFF", "PPM", "JPEG")}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(sorted(FILES)), data=st.data())
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_damaged_picture_is_read_or_named_and_nothing_else(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    whole = FILES[kind]
    broken = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for at in data.draw(st.lists(st.integers(0, max(0, len(broken) - 1)), max_size=6)):
        if broken:
            broken[at] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged"
    path.write_bytes(bytes(broken))
    try:
        pixels, _ = read(path)
    except FormatError as error:
        outcome = error.file
    else:
        outcome = str(path) if pixels.dtype == np.uint8 and pixels.ndim == 2 else None
    assert outcome == str(path)
