"""WSQ by the extra: one rate, named limits, and a decoder that may break down without taking the program along."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import numpy as np
import pytest

from biocore.errors import FormatError, InvalidSampleError, MissingDependencyError
from biocore.fingerprint import synth
from biocore.formats import wsq
from biocore.formats.any_record import read_record
from biocore.formats.conversion import How, Pixels, Target, convert
from biocore.formats.finger_image import FingerImage, FingerImageRecord, write_fir
from biocore.formats.finger_image_pixels import ImageFormat, encode
from biocore.formats.images import read_image
from biocore.formats.wsq import encode_wsq
from biocore.types import GreyImage
from fuzz.mutations import mutated

pytest.importorskip("wsq")


@pytest.fixture(scope="module")
def pixels() -> GreyImage:
    return synth.render(3, 1, synth.Conditions()).pixels


@pytest.fixture(scope="module")
def data(pixels: GreyImage) -> bytes:
    return encode_wsq(pixels)


def record(pixels: GreyImage, ppi: int = 500) -> bytes:
    height, width = pixels.shape
    raw = encode(pixels, ImageFormat.RAW)
    return write_fir(FingerImageRecord((FingerImage(1, ImageFormat.RAW, width, height, raw, (ppi, ppi)),)))


# -- writing -----------------------------------------------------------------------------------------------


def test_a_print_comes_back_at_the_fbis_rate(pixels: GreyImage, data: bytes) -> None:
    assert b"WSQ_BITRATE 0.750000" in data
    assert 10.0 < pixels.size / len(data) < 25.0  # prints that were drawn have less in them than skin
    back = read_image(data).pixels
    assert back.shape == pixels.shape
    assert np.sqrt(np.mean((back.astype(float) - pixels) ** 2)) < 9.0


def test_the_library_has_no_other_rate_and_none_is_pretended(pixels: GreyImage, data: bytes) -> None:
    library = pytest.importorskip("_wsq")
    height, width = pixels.shape
    assert {bytes(library.compress(pixels.tobytes(), height, width, rate)) for rate in (0.4, 2.25, 12)} == {data}
    with pytest.raises(InvalidSampleError, match=r"0\.75 bits a pixel.*no ratio"):
        encode(pixels, ImageFormat.WSQ, 10.0)


def test_a_picture_that_is_too_small_is_refused() -> None:
    with pytest.raises(InvalidSampleError, match="16x12 px cannot be written as WSQ"):
        encode_wsq(np.zeros((12, 16), np.uint8))


@pytest.mark.parametrize("target", [Target.FIR_2011, Target.FIR_2005, Target.ITL, Target.CBEFF])
def test_records_take_wsq_at_500_ppi_and_at_no_other(pixels: GreyImage, target: Target) -> None:
    found = convert(read_record(record(pixels)), target, How(Pixels.WSQ))
    (image,) = read_record(found.data).images
    assert image.compression in ("WSQ", "WSQ20")
    assert image.data.startswith(b"\xff\xa0")
    assert image.pixels.shape == pixels.shape
    with pytest.raises(InvalidSampleError, match="at 500 ppi"):
        convert(read_record(record(pixels, 1000)), target, How(Pixels.WSQ))


# -- reading what is damaged -------------------------------------------------------------------------------


def test_damage_of_any_kind_gives_a_picture_or_a_refusal(pixels: GreyImage) -> None:
    small = encode_wsq(np.ascontiguousarray(pixels[100:200, 100:200]))
    rng = random.Random(20261122)
    refused = 0
    for _ in range(60):
        try:
            assert read_image(mutated(small, rng)).pixels.ndim == 2
        except FormatError:
            refused += 1
    assert 20 < refused < 60


@pytest.mark.parametrize(
    ("at", "value", "said"),
    [
        (2, b"\x00\x00", "no segment of a head begins at byte 2"),
        (4, b"\x00\x00", "no segment of a head"),
        (4, b"\xff\xff", "no segment|ends before the size"),
    ],
)
def test_a_head_that_cannot_be_right_starts_no_process(
    data: bytes, monkeypatch: pytest.MonkeyPatch, at: int, value: bytes, said: str
) -> None:
    monkeypatch.setattr("biocore.formats.wsq.subprocess.run", None)
    with pytest.raises(FormatError, match=said):
        read_image(data[:at] + value + data[at + 2 :])
    with pytest.raises(FormatError, match="ends before the size"):
        read_image(data[:4])


def test_a_picture_that_says_it_is_huge_starts_no_process(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biocore.formats.wsq.subprocess.run", None)
    at = data.index(b"\xff\xa2")
    huge = data[: at + 6] + b"\xff\xff\xff\xff" + data[at + 10 :]
    with pytest.raises(FormatError, match="65535x65535 px; the limit"):
        read_image(huge)


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "broke down over it, signal 11"),
        ("import os; os.abort()", "broke down over it, signal 6"),
        ("import sys; sys.exit('WSQ Error: -33')", "WSQ Error: -33"),
        ("", "gives less than the picture"),
        ("import time; time.sleep(60)", "takes more than"),
        ("import sys; sys.stdout.write(' ' * (8 + 400 * 500))", "another size"),
        ("import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 27,) * 2); bytes(1 << 28)", "MemoryError"),
    ],
)
def test_a_decoder_that_breaks_down_is_an_error_like_any_other(
    data: bytes, monkeypatch: pytest.MonkeyPatch, does: str, said: str
) -> None:
    monkeypatch.setattr(wsq, "_CHILD", does)
    monkeypatch.setattr(wsq, "SECONDS", 1.0)
    with pytest.raises(FormatError, match=said):
        read_image(data)


def test_a_damaged_wsq_in_a_record_names_its_byte(pixels: GreyImage, data: bytes) -> None:
    height, width = pixels.shape
    broken = data[:40] + b"\0" * (len(data) - 40)
    whole = write_fir(FingerImageRecord((FingerImage(1, ImageFormat.WSQ, width, height, broken),)))
    (image,) = read_record(whole, "card.fir").images
    with pytest.raises(FormatError) as caught:
        assert image.pixels.size
    assert (caught.value.file, caught.value.offset) == ("card.fir", whole.index(broken))


# -- where it runs -----------------------------------------------------------------------------------------


def test_inside_another_program_an_interpreter_is_found(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/usr/bin/true")  # not to be started: it is the other program
    assert read_image(data).pixels.shape == (500, 400)
    monkeypatch.setattr("biocore.formats.wsq.shutil.which", lambda name: None)
    monkeypatch.setattr(sys, "base_exec_prefix", "/nonexistent")
    with pytest.raises(MissingDependencyError, match="there is none"):
        read_image(data)


def test_without_the_extra_reading_and_writing_name_it(
    pixels: GreyImage, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wsq", None)
    for use in (lambda: read_image(data), lambda: encode_wsq(pixels)):
        with pytest.raises(MissingDependencyError, match=r"biocore\[wsq\]"):
            use()


def test_real_prints_are_written_at_about_15_to_1(shared: Path) -> None:
    ratios = []
    for path in sorted((shared / "data/fp/mosip_images").glob("*.wsq"))[:4]:
        found = read_image(path).pixels
        ratios.append(found.size / len(encode_wsq(found)))
    assert len(ratios) == 4
    assert 9.0 < float(np.mean(ratios)) < 22.0
