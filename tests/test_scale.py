"""Fingers at 490 to 1100 ppi come to 500 ppi, and only they: the resolution decides, not the size."""

from __future__ import annotations

import numpy as np
import pytest

from biocore.errors import InvalidSampleError
from biocore.fingerprint.scale import MAX_PPI, NOMINAL_PPI, TOLERANCE_PPI, to_500
from biocore.types import Frame, GreyImage, Modality, Sample


def finger(pixels: GreyImage, ppi: float) -> Sample:
    return Sample(Frame(pixels, ppi, "a.png"), Modality.FINGER)


def stripes(period: float, width: int = 600, height: int = 400) -> GreyImage:
    """Return upright ridges of a period in px."""
    row = 127.5 + 100.0 * np.cos(2 * np.pi * np.arange(width) / period)
    return np.tile(np.rint(row).astype(np.uint8), (height, 1))


def period_of(pixels: GreyImage) -> float:
    """Measure the period of upright ridges in px, at the strongest frequency of the mean row."""
    row = pixels.mean(axis=0)
    spectrum = np.abs(np.fft.rfft((row - row.mean()) * np.hanning(row.size), 16 * row.size))
    return float(16 * row.size / np.argmax(spectrum))


@pytest.mark.parametrize("ppi", [490, 498.5, 500, 508, 510])
def test_nominal_resolutions_are_left_as_they_are(ppi: float) -> None:
    sample = finger(stripes(9.0), ppi)
    assert to_500(sample) is sample.pixels


@pytest.mark.parametrize("ppi", [50, 72, 300, 489.99, 1100.01, 1200, 4000])
def test_resolutions_outside_the_range_are_refused_with_a_remedy(ppi: float) -> None:
    with pytest.raises(InvalidSampleError, match=r"a\.png: .* ppi; fingerprints are taken from 490 to 1100 ppi"):
        to_500(finger(stripes(9.0), ppi))


@pytest.mark.parametrize("modality_ppi", [None, 500.0])
def test_an_iris_has_no_ridges_to_scale(modality_ppi: float | None) -> None:
    with pytest.raises(InvalidSampleError, match="shows iris, where a finger is needed"):
        to_500(Sample(Frame(stripes(9.0), modality_ppi, "a.png"), Modality.IRIS))


def test_1000_ppi_halves_and_averages() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (120, 80), np.uint8)
    halved = to_500(finger(pixels, 1000))
    means = pixels.reshape(60, 2, 40, 2).mean(axis=(1, 3))
    assert halved.shape == (60, 40)
    assert np.abs(halved - means).max() <= 0.5


def test_512_ppi_is_resampled() -> None:
    assert to_500(finger(stripes(9.0, 512, 512), 512)).shape == (500, 500)


@pytest.mark.parametrize("ppi", [511, 512, 569, 750, 1000, MAX_PPI])
def test_ridges_keep_their_period_on_the_skin(ppi: float) -> None:
    native = 9.0 * ppi / NOMINAL_PPI  # px: 9 px at 500 ppi, 0.46 mm
    scaled = to_500(finger(stripes(native), ppi))
    assert period_of(scaled) == pytest.approx(9.0, rel=0.01)


@pytest.mark.parametrize("ppi", [511, 750, 1000, MAX_PPI])
@pytest.mark.parametrize("grey", [0, 1, 128, 255])
def test_flat_ground_keeps_its_grey(ppi: float, grey: int) -> None:
    scaled = to_500(finger(np.full((301, 203), grey, np.uint8), ppi))
    assert (scaled == grey).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (2, 3)])
def test_the_smallest_pictures_do_not_vanish(shape: tuple[int, int]) -> None:
    scaled = to_500(finger(np.full(shape, 7, np.uint8), 1000))
    assert min(scaled.shape) >= 1
    assert (scaled == 7).all()


def test_the_result_is_an_8_bit_picture_that_nobody_can_change() -> None:
    for ppi in (NOMINAL_PPI, NOMINAL_PPI + TOLERANCE_PPI, 1000.0):
        scaled = to_500(finger(stripes(9.0), ppi))
        assert scaled.dtype == np.uint8
        assert scaled.flags.c_contiguous
        assert not scaled.flags.writeable
