"""Pictures become the grey raster they show; whatever is none is refused by name, and nothing else happens."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from biocore.errors import FormatError, InvalidSampleError, MissingDependencyError, UnsupportedFormatError
from biocore.formats.images import MAX_BYTES, read_colour, read_image, write_png
from biocore.types import MAX_SIDE, GreyImage

RAMP: GreyImage = np.arange(256, dtype=np.uint8).reshape(16, 16)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png_head(width: int, height: int) -> bytes:
    """Make a PNG that claims a size and has next to no data, as a decompression bomb does."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("BMP", {}), ("PPM", {}), ("JPEG2000", {})],
)
def test_lossless_formats_give_back_every_grey_value(kind: str, options: dict[str, object]) -> None:
    pixels, _, name = read_image(encoded(Image.fromarray(RAMP), kind, **options))
    assert np.array_equal(pixels, RAMP)
    assert name == "memory"
    assert not pixels.flags.writeable


def test_jpeg_is_read_nearly_as_it_was_written() -> None:
    smooth = np.tile(np.linspace(40, 220, 64).astype(np.uint8), (64, 1))
    read = read_image(encoded(Image.fromarray(smooth), "JPEG", quality=95)).pixels
    assert np.abs(read.astype(int) - smooth).max() <= 3


def test_a_path_is_read_and_named(tmp_path: Path) -> None:
    path = tmp_path / "jari telunjuk.png"
    write_png(path, RAMP, 500.0)
    pixels, ppi, name = read_image(path)
    assert np.array_equal(pixels, RAMP)
    assert ppi == 500.0
    assert name == str(path)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_sixteen_bits_are_scaled_over_their_whole_range_and_not_stretched(kind: str) -> None:
    deep = np.array([[0, 128, 129, 257], [32768, 65000, 65406, 65535]], np.uint16)
    read = read_image(encoded(Image.fromarray(deep), kind)).pixels
    assert read.tolist() == [[0, 0, 1, 1], [128, 253, 254, 255]]


def tiff_16(order: str, photometric: int) -> bytes:
    """Make a TIFF of two 16-bit pixels, 0 and 65535, in either byte order."""
    entries = [(256, 2), (257, 1), (258, 16), (259, 1), (262, photometric), (273, 8), (277, 1), (278, 1), (279, 4)]
    body = struct.pack(f"{order}H", len(entries))
    for tag, value in entries:
        body += struct.pack(f"{order}HHIHH", tag, 3, 1, value, 0)
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 12)
    return head + struct.pack(f"{order}2H", 0, 65535) + body + bytes(4)


def test_sixteen_bit_tiffs_of_either_byte_order_and_polarity_show_what_they_mean() -> None:
    assert read_image(tiff_16("<", 1)).pixels.tolist() == [[0, 255]]
    assert read_image(tiff_16(">", 1)).pixels.tolist() == [[0, 255]]
    assert read_image(tiff_16("<", 0)).pixels.tolist() == [[255, 0]]
    with pytest.raises(FormatError):  # Pillow does not know this one; refused, never inverted in silence
        read_image(tiff_16(">", 0))


def test_colour_becomes_luminance() -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [90, 90, 90]]], np.uint8)
    assert read_image(encoded(Image.fromarray(colours), "PNG")).pixels.tolist() == [[76, 150, 29, 90]]


def test_palette_one_bit_and_cmyk_are_read_as_they_look() -> None:
    palette = Image.fromarray(np.array([[0, 1]], np.uint8), "L").convert("P")
    palette.putpalette([250, 250, 250, 10, 10, 10] + [0] * 762)
    assert read_image(encoded(palette, "PNG")).pixels.tolist() == [[250, 10]]
    bits = Image.fromarray(np.array([[0, 255, 255]], np.uint8)).convert("1")
    for kind in ("PNG", "TIFF", "PPM", "BMP"):
        assert read_image(encoded(bits, kind)).pixels.tolist() == [[0, 255, 255]]
    cmyk = Image.fromarray(np.array([[[0, 0, 0, 0], [0, 0, 0, 255]]], np.uint8), "CMYK")
    assert read_image(encoded(cmyk, "TIFF")).pixels.tolist() == [[255, 0]]


def test_a_cut_out_is_laid_over_white() -> None:
    grey = np.array([[10, 10, 10, 200]], np.uint8)
    alpha = np.array([[0, 128, 255, 255]], np.uint8)
    cut = Image.merge("LA", (Image.fromarray(grey), Image.fromarray(alpha)))
    assert read_image(encoded(cut, "PNG")).pixels.tolist() == [[255, 132, 10, 200]]


def test_a_print_drawn_in_the_alpha_channel_alone_is_black_on_white() -> None:
    black = Image.new("L", (16, 16), 0)
    assert np.array_equal(
        read_image(encoded(Image.merge("LA", (black, Image.fromarray(255 - RAMP))), "PNG")).pixels, RAMP
    )


def test_an_alpha_channel_that_copies_the_print_is_left_aside() -> None:
    copied = Image.merge("LA", (Image.fromarray(RAMP), Image.fromarray(RAMP)))
    assert np.array_equal(read_image(encoded(copied, "PNG")).pixels, RAMP)


def test_palette_transparency_is_laid_over_white() -> None:
    palette = Image.fromarray(np.array([[0, 1]], np.uint8), "L").convert("P")
    palette.putpalette([0, 0, 0, 10, 10, 10] + [0] * 762)
    assert read_image(encoded(palette, "PNG", transparency=0)).pixels.tolist() == [[255, 10]]


@pytest.mark.parametrize(
    ("tag", "read"),
    [
        ((500, 500), 500.0),
        ((1000, 1000), 1000.0),
        ((72, 72), None),
        ((96, 96), None),
        ((500, 300), None),
        ((1, 1), None),
    ],
)
def test_resolution_tags_are_returned_unless_they_are_a_screens_or_absurd(
    tag: tuple[int, int], read: float | None
) -> None:
    for kind in ("PNG", "TIFF", "JPEG", "BMP"):
        assert read_image(encoded(Image.fromarray(RAMP), kind, dpi=tag)).ppi_tag == read, kind


def test_floating_point_pictures_are_refused() -> None:
    for value in (0.5, float("nan")):
        tiff = encoded(Image.fromarray(np.full((4, 4), value, np.float32)), "TIFF")
        with pytest.raises(UnsupportedFormatError, match="floating point"):
            read_image(tiff)
    with pytest.raises(UnsupportedFormatError, match="32-bit"):
        read_image(encoded(Image.fromarray(np.full((4, 4), 7, np.int32)), "TIFF"))


@pytest.mark.parametrize(("width", "height"), [(MAX_SIDE + 1, 10), (10, MAX_SIDE + 1), (100_000, 100_000)])
def test_a_decompression_bomb_is_refused_by_its_head(width: int, height: int) -> None:
    with pytest.raises(FormatError, match=f"{width}x{height}.*limit is {MAX_SIDE}"):
        read_image(png_head(width, height))


def test_bad_files_are_refused_with_their_name(tmp_path: Path) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("bukan gambar")
    (tmp_path / "print.fmr").write_bytes(b"FMR\0 20\0")
    for name, kind, says in (
        ("absent.png", FormatError, "no such file"),
        (".", FormatError, "folder"),
        ("empty.png", FormatError, "empty"),
        ("text.png", UnsupportedFormatError, "not a picture"),
        ("print.fmr", UnsupportedFormatError, "minutiae record"),
    ):
        with pytest.raises(kind, match=says) as caught:
            read_image(tmp_path / name)
        assert caught.value.file == str(tmp_path / name)
    with (tmp_path / "disk.png").open("wb") as file:
        file.truncate(MAX_BYTES + 1)  # sparse: takes no room
    with pytest.raises(FormatError, match="larger than 256 MiB"):
        read_image(tmp_path / "disk.png")
    with pytest.raises(FormatError, match="regular"):
        read_image("/dev/null")
    with pytest.raises(FormatError, match="NUL"):
        read_image("a\0b.png")


def test_several_pictures_in_one_file_are_refused() -> None:
    pages = [Image.fromarray(RAMP) for _ in range(2)]
    with pytest.raises(FormatError, match="several pictures"):
        read_image(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]))


def test_wsq_without_its_extra_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wsq", None)
    with pytest.raises(MissingDependencyError, match=r"biocore\[wsq\]"):
        read_image(b"\xff\xa0\xff\xa4" + bytes(20))


def test_write_png_refuses_what_is_no_raster(tmp_path: Path) -> None:
    for shape in ((4, 4, 2), (4, 4, 4), (4, 0, 3), (4,)):
        with pytest.raises(InvalidSampleError):
            write_png(tmp_path / "x.png", np.zeros(shape, np.uint8))
    with pytest.raises(InvalidSampleError):
        write_png(tmp_path / "x.png", RAMP, 1.0)
    with pytest.raises(FormatError, match="cannot be written"):
        write_png(tmp_path / "absent" / "x.png", RAMP)
    assert not list(tmp_path.iterdir())


COLOURS = np.dstack([RAMP, RAMP[::-1], np.full_like(RAMP, 77)])


def test_png_keeps_colours_and_they_are_read_beside_grey(tmp_path: Path) -> None:
    write_png(tmp_path / "x.png", COLOURS, 300.0)
    picture, colour = read_colour(tmp_path / "x.png")
    assert colour is not None
    assert np.array_equal(colour, COLOURS)
    assert not colour.flags.writeable
    assert picture.ppi_tag == 300.0
    assert np.array_equal(picture.pixels, read_image(tmp_path / "x.png").pixels)


@pytest.mark.parametrize("mode", ["1", "L", "LA"])
def test_a_grey_picture_has_no_colours(mode: str) -> None:
    picture, colour = read_colour(encoded(Image.fromarray(RAMP).convert(mode), "PNG"))
    assert colour is None
    assert picture.pixels.shape == RAMP.shape


@pytest.mark.parametrize(("mode", "kind"), [("P", "PNG"), ("RGBA", "PNG"), ("CMYK", "TIFF"), ("YCbCr", "TIFF")])
def test_every_kind_of_colour_is_red_green_and_blue(mode: str, kind: str) -> None:
    plain = Image.new("RGB", (6, 4), (250, 10, 120))
    colour = read_colour(encoded(plain.convert(mode), kind))[1]
    assert colour is not None
    off = np.abs(colour.astype(int) - (250, 10, 120)).max()
    assert off <= (51 if mode == "P" else 2)  # a palette of the web has six levels a colour


@pytest.mark.parametrize("ppi", [500.0, 508.0, 1000.0, 1016.0, None])
def test_png_keeps_pixels_and_resolution(tmp_path: Path, ppi: float | None) -> None:
    pixels = np.ascontiguousarray(RAMP.T)[:, ::2]  # not contiguous
    write_png(tmp_path / "x.png", pixels, ppi)
    read = read_image(tmp_path / "x.png")
    assert np.array_equal(read.pixels, pixels)
    assert read.ppi_tag == ppi


NOISE: GreyImage = np.random.default_rng(7).integers(0, 256, (24, 31), np.uint8)
GOOD = {kind: encoded(Image.fromarray(NOISE), kind) for kind in ("PNG", "TIFF", "PPM", "BMP", "JPEG", "JPEG2000")}


@pytest.mark.parametrize("kind", sorted(GOOD))
@settings(max_examples=60, deadline=2000)
@given(data=st.data())
def test_a_truncated_picture_is_refused_or_whole(kind: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(GOOD[kind]) - 1))
    try:
        pixels = read_image(GOOD[kind][:cut]).pixels
    except FormatError:
        return
    assert pixels.shape == NOISE.shape  # JPEG 2000 is made to be cut; others may miss what follows the pixels
    assert kind == "JPEG2000" or np.array_equal(pixels, read_image(GOOD[kind]).pixels)


@pytest.mark.parametrize("kind", sorted(GOOD))
@settings(max_examples=100, deadline=2000)
@given(flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 255)), min_size=1, max_size=6))
def test_a_damaged_picture_gives_pixels_or_a_format_error(kind: str, flips: list[tuple[int, int]]) -> None:
    damaged = bytearray(GOOD[kind])
    for at, mask in flips:
        damaged[at % len(damaged)] ^= mask
    try:
        pixels = read_image(bytes(damaged)).pixels
    except FormatError:
        return
    assert pixels.dtype == np.uint8
    assert max(pixels.shape) <= MAX_SIDE


@settings(max_examples=100, deadline=2000)
@given(st.binary(max_size=300))
def test_random_bytes_give_a_format_error(noise: bytes) -> None:
    with pytest.raises(FormatError):
        read_image(noise)


def test_real_pictures_of_every_format_are_read(shared: Path) -> None:
    folder = shared / "data" / "fp"
    for png in sorted((folder / "libfprint_examples").glob("*.png")):
        jpg = read_image(png.with_suffix(".jpg")).pixels
        assert np.abs(read_image(png).pixels.astype(int) - jpg).max() <= 1, png.name
    assert read_image(folder / "fvc2002_db1b" / "101_1.tif").pixels.shape == (374, 388)
    assert read_image(folder / "nfiq2_examples" / "SFinGe_Test01.pgm").pixels.shape == (560, 416)
    for name in sorted((folder / "mosip_images").glob("*.jp2"))[:6]:
        assert np.array_equal(read_image(name).pixels, read_image(f"{name}.png").pixels), name.name


def test_real_wsq_is_read_as_its_reference_decoding(shared: Path) -> None:
    pytest.importorskip("wsq")
    for name in sorted((shared / "data" / "fp" / "mosip_images").glob("*.wsq"))[:4]:
        assert np.array_equal(read_image(name).pixels, read_image(f"{name}.png").pixels), name.name
