"""Eyes written as standard records hold what the engine knows of them, and are compared as well as before."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

import biocore
from biocore.errors import ExtractionError, FormatError, InvalidSampleError
from biocore.eye_records import Camera, read_eyes, write_eyes
from biocore.formats.iris_image import Compression, ImageKind, Orientation, read_iir
from biocore.formats.iris_image_pixels import ImageFormat
from biocore.iris.crop import vga
from biocore.iris.segment import segment
from biocore.types import EyePosition, Frame, Modality, Sample
from iris_pictures import eye
from painted_eyes import Eye, paint

WHEN = datetime(2026, 3, 4, 5, 6, 7, 89000, tzinfo=UTC)
PERSON = Eye(width=400, height=300, radius=85.0, centre=(210.0, 155.0), lid=0.95)


def sample(painted: Eye = PERSON, position: EyePosition = EyePosition.LEFT) -> Sample:
    return Sample(Frame(paint(painted), None, "left.png", WHEN), Modality.IRIS, position)


@pytest.mark.parametrize("kind", list(ImageKind))
def test_what_is_left_of_a_picture_compares_as_the_whole(kind: ImageKind) -> None:
    (back,) = read_eyes(write_eyes([sample()], kind))
    assert back.position is EyePosition.LEFT
    assert back.frame.captured_at == WHEN
    found = biocore.compare(biocore.extract(sample()), biocore.extract(back))
    assert found.score > 150
    if kind is ImageKind.UNCROPPED:
        np.testing.assert_array_equal(back.pixels, sample().pixels)


@pytest.mark.parametrize("kind", list(ImageKind))
def test_every_field_that_the_engine_knows_is_filled(kind: ImageKind) -> None:
    camera = Camera(1, 2, 3, 150, Orientation.BASE, Orientation.FLIPPED, Compression.LOSSLESS_OR_NONE)
    (image,) = read_iir(write_eyes([sample()], kind, camera=camera)).images
    assert (image.technology, image.vendor, image.device, image.range_mm) == (1, 2, 3, 150)
    assert (image.horizontal, image.vertical) == (Orientation.BASE, Orientation.FLIPPED)
    assert image.compression is Compression.LOSSLESS_OR_NONE
    assert (image.eye, image.kind, image.number, image.captured_at) == (EyePosition.LEFT, kind, 1, WHEN)
    (quality,) = image.qualities
    assert quality.score == biocore.assess(sample()).score
    assert image.centre_x is not None
    assert image.centre_y is not None
    assert image.diameter is not None
    assert image.diameter[0] <= 170 <= image.diameter[1]
    assert image.diameter[1] - image.diameter[0] < 20
    where = segment(image.pixels).limbus.shape
    assert image.centre_x[0] - 3 <= where.cx <= image.centre_x[1] + 3
    assert image.centre_y[0] - 3 <= where.cy <= image.centre_y[1] + 3


def test_jpeg_2000_is_smaller_and_still_compares() -> None:
    plain = write_eyes([sample()], ImageKind.CROPPED_AND_MASKED)
    small = write_eyes([sample()], ImageKind.CROPPED_AND_MASKED, ImageFormat.MONO_JPEG2000, ratio=10.0)
    assert len(small) < 0.5 * len(plain)
    (image,) = read_iir(small).images
    assert image.compression is Compression.LOSSY
    (back,) = read_eyes(small)
    assert biocore.compare(biocore.extract(sample()), biocore.extract(back)).score > 100


def test_both_eyes_go_into_one_record() -> None:
    both = [sample(), sample(PERSON.but(seed=5), EyePosition.RIGHT)]
    record = read_iir(write_eyes(both))
    assert record.eyes == 2
    assert [image.number for image in record.images] == [1, 2]
    back = read_eyes(write_eyes(both), "both.iir")
    assert [each.source for each in back] == ["both.iir#0", "both.iir#1"]
    assert [each.position for each in back] == [EyePosition.LEFT, EyePosition.RIGHT]


def test_vga_keeps_the_iris_near_the_centre_of_a_large_picture_and_continues_a_small_one() -> None:
    large = Eye(width=1200, height=900, radius=150.0, centre=(900.0, 300.0), lid=0.95)
    pixels = paint(large)
    found = vga(pixels, segment(pixels))
    assert found.pixels.shape == (480, 640)
    assert abs(found.left - (900 - 320)) <= 20
    np.testing.assert_array_equal(found.pixels, pixels[found.top : found.top + 480, found.left : found.left + 640])
    small, where = eye(3)
    found = vga(small, where)
    assert (found.pixels.shape, found.left, found.top) == ((480, 640), -160, -120)
    np.testing.assert_array_equal(found.pixels[120:360, 160:480], small)
    near = paint(Eye(width=1200, height=900, radius=260.0, centre=(600.0, 450.0), lid=0.95))
    with pytest.raises(InvalidSampleError, match="does not fit into 640x480"):
        vga(near, segment(near))


def test_what_cannot_be_written_is_refused_by_name() -> None:
    finger = Sample(Frame(np.zeros((90, 90), np.uint8), 500.0, "f.png"), Modality.FINGER)
    with pytest.raises(InvalidSampleError, match=r"f\.png: an iris record holds eyes"):
        write_eyes([finger])
    with pytest.raises(InvalidSampleError, match="at least one eye"):
        write_eyes([])
    blank = Sample(Frame(np.full((240, 320), 90, np.uint8), None, "blank.png"), Modality.IRIS)
    with pytest.raises(ExtractionError, match=r"blank\.png: no iris"):
        write_eyes([blank])
    with pytest.raises(FormatError, match=r"x\.iir"):
        read_eyes(write_eyes([sample()])[:60], "x.iir")
