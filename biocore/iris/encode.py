"""From a segmented eye to its iris code: the pipeline, one stage a line.

The ring between pupil and limbus is unwrapped into a strip, on which the widening of the pupil is only a matter of
rows; uneven light and contrast are taken away; what is left is filtered along the circle at two wavelengths by
log-Gabor filters (Field 1987), and the signs of the real and imaginary parts are the code (Daugman 1993).

Everything up to the signs is in whole numbers, or in additions of a fixed order: the same bytes on every machine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from biocore import trace
from biocore.iris.segmentation import Segmentation
from biocore.kernels import irisstrip
from biocore.types import EyePosition, GreyImage, IrisTemplate

ALGORITHM = "biocore.iris.code/1"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an iris becomes bits.

    Attributes
    ----------
    rows, columns : int
        Of the strip.
    inner, outer : float
        Share of the way from pupil to limbus where the code begins and ends: the borders themselves are the least
        certain part of a segmentation, and arcus lies at the outer one.
    surroundings : (int, int)
        Half height and width in samples of the box that mean and spread are taken over, three times.
    noise : float
        Grey levels of a camera's noise, below which there is no texture.
    row_sigma : float
        Rows of the strip a row of the code is smoothed over.
    coverage : float
        Share of a row's weight that must be valid.
    wavelengths : (float, float)
        Columns of the strip; the long one first.
    bandwidth : float
        Ratio of spread to centre frequency of the log-Gabor filters.
    least : float
        Response, in spreads of the texture, below which a bit is too uncertain to be used.
    """

    rows: int = 64
    columns: int = 512
    inner: float = 0.05
    outer: float = 0.92
    surroundings: tuple[int, int] = (14, 16)
    noise: float = 2.0
    row_sigma: float = 2.0
    coverage: float = 0.5
    wavelengths: tuple[float, float] = (32.0, 16.0)
    bandwidth: float = 0.4
    least: float = 0.0


RECIPE = Recipe()
PASSES = 3  # boxes; as good as a bell curve
LIMIT = 3.0  # spreads
SCALE = 256.0  # steps a spread
TAP_UNIT = 1 << 12  # sum of the absolute taps of a filter
ROW_UNIT = 1 << 12  # sum of the taps of a row
REACH = 1.5  # wavelengths a filter reaches either way; beyond, it is below a hundredth of its centre


def encode(
    pixels: GreyImage,
    segmentation: Segmentation,
    position: EyePosition = EyePosition.UNKNOWN,
    recipe: Recipe = RECIPE,
) -> IrisTemplate:
    """Make the iris code of a segmented eye.

    Parameters
    ----------
    pixels : uint8 array (height, width)
    segmentation : Segmentation
        Of these pixels.
    position : EyePosition
    recipe : Recipe

    Returns
    -------
    IrisTemplate
        The same bytes for the same input on every machine.

    Raises
    ------
    InvalidSampleError
        Pixels and segmentation of different sizes.
    """
    strip, valid = unwrap(pixels, segmentation, recipe)
    flat = irisstrip.flatten(strip, valid, *recipe.surroundings, PASSES, recipe.noise, LIMIT, SCALE)
    lines, known = irisstrip.rows(flat, valid, *row_taps(recipe))
    code, mask = irisstrip.encode(lines, known, filters(recipe), round(recipe.least * SCALE * TAP_UNIT))
    trace.stage("iris.strip", lambda: np.where(valid, strip, 0).astype(np.uint8))
    trace.stage("iris.flat", lambda: flat)
    return IrisTemplate(
        algorithm=ALGORITHM,
        width=pixels.shape[1],
        height=pixels.shape[0],
        position=position,
        code=code,
        mask=mask,
        pupil_radius=segmentation.pupil.radius,
        iris_radius=segmentation.limbus.radius,
    )


def unwrap(
    pixels: GreyImage, segmentation: Segmentation, recipe: Recipe = RECIPE
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Sample the ring between pupil and limbus: strip float64 (rows, columns), and 1 where it is usable."""
    inner, outer = (contour.points(recipe.columns) for contour in (segmentation.pupil, segmentation.limbus))
    return irisstrip.unwrap(pixels, segmentation.mask, inner, outer, recipe.rows)


@cache
def row_taps(recipe: Recipe) -> tuple[NDArray[np.int32], NDArray[np.int32], int]:
    """Return the weights of strip rows in code rows, where they begin, and the weight that must be valid."""
    half = math.ceil(3.0 * recipe.row_sigma)
    share = recipe.inner + (np.arange(irisstrip.ROWS) + 0.5) / irisstrip.ROWS * (recipe.outer - recipe.inner)
    centre = share * recipe.rows - 0.5
    first = np.floor(centre).astype(np.int32) - half
    distance = first[:, None] + np.arange(2 * half + 2) - centre[:, None]
    bell = np.exp(-0.5 * (distance / recipe.row_sigma) ** 2)
    taps = np.round(bell / bell.sum(axis=1, keepdims=True) * ROW_UNIT).astype(np.int32)
    return taps, first, round(recipe.coverage * ROW_UNIT)


@cache
def filters(recipe: Recipe) -> NDArray[np.int16]:
    """Return the taps of real and imaginary part at both wavelengths, in `TAP_UNIT` of absolute sum."""
    half = math.ceil(REACH * max(recipe.wavelengths))
    frequency = np.fft.fftfreq(recipe.columns)
    sets = []
    for wavelength in recipe.wavelengths:
        ratio = np.log(np.maximum(frequency, 1e-9) * wavelength) / math.log(recipe.bandwidth)
        response = np.fft.fftshift(np.fft.ifft(np.where(frequency > 0, np.exp(-0.5 * ratio**2), 0.0)))
        centre = recipe.columns // 2
        around = response[centre - half : centre + half + 1]
        sets += [_whole(around.real - around.real.mean()), _whole(around.imag)]
    taps: NDArray[np.int16] = np.stack(sets)
    return taps


def _whole(taps: NDArray[np.float64]) -> NDArray[np.int16]:
    """Round taps to whole numbers that add up to nothing: an even surface has no texture."""
    rounded: NDArray[np.int16] = np.round(taps / abs(taps).sum() * TAP_UNIT).astype(np.int16)
    rounded[len(rounded) // 2] -= rounded.sum(dtype=np.int16)
    return rounded
