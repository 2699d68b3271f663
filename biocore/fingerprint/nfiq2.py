"""NFIQ 2.3 (ISO/IEC 29794-4:2024): its 69 native measures, feedback, and maps of them over the picture.

Algorithm: NIST, NFIQ 2 (public domain), https://github.com/usnistgov/NFIQ2. The measures equal those of its
release 2.3, down to its departures from the standard's text, which are named where they occur.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biocore import trace
from biocore.errors import NotAssessableError
from biocore.fingerprint import nfiq2_blocks as blocks
from biocore.fingerprint.nfiq2_minutiae import check_minutiae, minutia_measures
from biocore.fingerprint.nfiq2_roi import RegionOfInterest, region_of_interest
from biocore.fingerprint.nfiq2_values import NFIQ2_NAMES, Nfiq2Feedback, quality_block_values
from biocore.kernels import nfiq2 as kernels
from biocore.kernels.nfiq2 import BLOCK, RidgeBlocks
from biocore.types import GreyImage, check_pixels

__all__ = [
    "NFIQ2_NAMES",
    "BlockMaps",
    "Nfiq2Assessment",
    "Nfiq2Feedback",
    "assess_nfiq2",
    "block_maps",
    "crop_white_border",
    "nfiq2_measures",
    "quality_block_values",
    "uncropped_measures",
]

WHITE_MEAN = 250  # mean grey above which a row or column at the edge is white border
MAX_WIDTH, MAX_HEIGHT = 800, 1000  # px after the crop


@dataclass(frozen=True, slots=True, eq=False)
class BlockMaps:
    """The measures of each block, as pictures of where a print is good.

    Maps are (rows, columns), NaN where a block has no value; block (i, j) of a map covers the 32 x 32 px from
    row `crop[1] + origin + 32 i` and column `crop[0] + origin + 32 j` of the picture as it was given.

    Attributes
    ----------
    crop : tuple of 4 int
        x0, y0, width, height of what is left after the white border is cut off.
    ocl : float64 array
        Orientation certainty 0..1. Origin 0; whole blocks only.
    roi : bool array
        Region of interest. Origin 0; includes the partial blocks at the right and bottom.
    foreground : bool array
        Blocks that FDA, LCS, OF and RVUP look at. Origin 2, as for the three below.
    orientation : float64 array
        Radians in (-π/2, π/2], as NFIQ 2 computes it (not a ridge orientation for other uses).
    fda, lcs : float64 array
        Frequency domain analysis 0..1 (rarely above) and local clarity 0..1.
    """

    crop: tuple[int, int, int, int]
    ocl: NDArray[np.float64]
    roi: NDArray[np.bool_]
    foreground: NDArray[np.bool_]
    orientation: NDArray[np.float64]
    fda: NDArray[np.float64]
    lcs: NDArray[np.float64]

    block: int = BLOCK
    ocl_origin: int = 0
    ridge_origin: int = blocks.BORDER


@dataclass(frozen=True, slots=True, eq=False)
class Nfiq2Assessment:
    """Everything NFIQ 2 says of a picture but the unified score.

    Attributes
    ----------
    measures : dict of str to float
        In the order of `NFIQ2_NAMES`.
    feedback : Nfiq2Feedback
    maps : BlockMaps
    """

    measures: dict[str, float]
    feedback: Nfiq2Feedback
    maps: BlockMaps


def nfiq2_measures(pixels: GreyImage, minutiae: NDArray[np.integer] | None = None) -> dict[str, float]:
    """Compute the native measures of NFIQ 2.3.

    Parameters
    ----------
    pixels : uint8 array (height, width)
        500 ppi, 0 = ridge, 255 = white.
    minutiae : int array (n, 2), optional
        x, y in px in the frame of the picture after `crop_white_border`; those outside of it are left out.
        Without them the four measures that need minutiae are left out.

    Returns
    -------
    dict of str to float
        69 measures by NFIQ 2's names in the order of `NFIQ2_NAMES`, or 65. As in the reference, an empty list of
        minutiae makes two of them NaN, and an empty region of interest makes the mean coherence NaN.

    Raises
    ------
    InvalidSampleError
        Arrays of another kind.
    NotAssessableError
        The picture is blank, larger than 800 x 1000 px after the crop, shows fewer than ten blocks of ridges, or
        a measure has no value on it: where NFIQ 2 refuses the picture.
    """
    return assess_nfiq2(pixels, minutiae).measures


def assess_nfiq2(pixels: GreyImage, minutiae: NDArray[np.integer] | None = None) -> Nfiq2Assessment:
    """Compute measures, feedback and block maps in one go; see `nfiq2_measures`."""
    points = None if minutiae is None else check_minutiae(minutiae)
    image, origin = crop_white_border(pixels)
    sums = kernels.grid_sums(image)
    foreground = blocks.foreground_blocks(sums, image.shape)
    _check_foreground(foreground)

    mean_grey, deviation = blocks.grey_statistics(sums, image.shape)
    ridges = blocks.ridge_blocks(image, foreground)
    by_minutiae = {} if points is None else minutia_measures(image, points, mean_grey, deviation)
    certainty = blocks.orientation_certainty(sums, image.shape)
    region = region_of_interest(image)
    found = {**_measures_without_minutiae(sums, image.shape, foreground, ridges, certainty, region), **by_minutiae}
    measures = {name: found[name] for name in NFIQ2_NAMES if name in found}
    count = int(by_minutiae["FingerJetFX_MinutiaeCount"]) if by_minutiae else None
    feedback = Nfiq2Feedback(deviation, mean_grey, count, region.pixels)
    return Nfiq2Assessment(measures, feedback, _maps(image, origin, foreground, ridges, certainty, region))


def uncropped_measures(pixels: GreyImage) -> dict[str, float]:
    """Compute the measures that need no minutiae, on the picture as it is.

    Parameters
    ----------
    pixels : uint8 array (height, width)
        500 ppi, 0 = ridge, 255 = white; the grid of blocks begins at its corner, white or not.

    Returns
    -------
    dict of str to float
        65 measures by NFIQ 2's names, in no order that counts.

    Raises
    ------
    InvalidSampleError
    NotAssessableError
        As of `nfiq2_measures`, but for the crop.
    """
    image = np.ascontiguousarray(check_pixels(pixels))
    _check_size(image.shape)
    sums = kernels.grid_sums(image)
    foreground = blocks.foreground_blocks(sums, image.shape)
    _check_foreground(foreground)
    ridges = blocks.ridge_blocks(image, foreground)
    certainty = blocks.orientation_certainty(sums, image.shape)
    region = region_of_interest(image)
    return _measures_without_minutiae(sums, image.shape, foreground, ridges, certainty, region)


def block_maps(pixels: GreyImage) -> BlockMaps:
    """Compute the maps alone; a picture with few or no ridges has maps as well.

    Raises
    ------
    InvalidSampleError
    NotAssessableError
        Blank, or larger than 800 x 1000 px after the crop.
    """
    image, origin = crop_white_border(pixels)
    sums = kernels.grid_sums(image)
    foreground = blocks.foreground_blocks(sums, image.shape)
    ridges = blocks.ridge_blocks(image, foreground)
    certainty = blocks.orientation_certainty(sums, image.shape)
    return _maps(image, origin, foreground, ridges, certainty, region_of_interest(image))


def crop_white_border(pixels: GreyImage) -> tuple[GreyImage, tuple[int, int]]:
    """Cut off the rows and columns at the edges whose mean grey is above 250.

    Column means are taken over all rows, also those that are cut off.

    Returns
    -------
    cropped : uint8 array (height, width)
    origin : tuple of int
        x0, y0 of the cropped picture in the whole one.

    Raises
    ------
    InvalidSampleError
    NotAssessableError
        Nothing or a single row or column is left, or more than 800 x 1000 px.
    """
    image = check_pixels(pixels)
    rows, columns = kernels.margin_sums(image)
    dark_rows = np.flatnonzero(rows <= np.int64(WHITE_MEAN) * image.shape[1])
    dark_columns = np.flatnonzero(columns <= np.int64(WHITE_MEAN) * image.shape[0])
    if not dark_rows.size or not dark_columns.size:
        raise NotAssessableError(
            "the picture is blank: its rows or columns are all white. Place the finger and capture again"
        )
    top, bottom = int(dark_rows[0]), int(dark_rows[-1]) + 1
    left, right = int(dark_columns[0]), int(dark_columns[-1]) + 1
    _check_size((bottom - top, right - left))
    cropped = np.ascontiguousarray(image[top:bottom, left:right])
    trace.stage("fingerprint.nfiq2.crop", cropped)
    return cropped, (left, top)


def _check_size(shape: tuple[int, ...]) -> None:
    height, width = shape
    if height < 2 or width < 2:
        raise NotAssessableError(f"only {width}x{height} px are left of the picture without its white border")
    if width > MAX_WIDTH or height > MAX_HEIGHT:
        raise NotAssessableError(
            f"without its white border the picture is {width}x{height} px; NFIQ 2 takes {MAX_WIDTH}x{MAX_HEIGHT} px "
            "at most. Is it one finger at 500 ppi?"
        )


def _check_foreground(foreground: NDArray[np.bool_]) -> None:
    found = int(foreground.sum())
    if found < blocks.LEAST_BLOCKS:
        raise NotAssessableError(
            f"{found} blocks of 32x32 px show ridges; NFIQ 2 needs {blocks.LEAST_BLOCKS}. Place more of the finger"
        )


def _measures_without_minutiae(
    sums: NDArray[np.int32],
    shape: tuple[int, ...],
    foreground: NDArray[np.bool_],
    ridges: RidgeBlocks,
    certainty: NDArray[np.float64],
    region: RegionOfInterest,
) -> dict[str, float]:
    """Return all measures but those of minutiae."""
    flow = blocks.orientation_flow(ridges, foreground)
    coherence_mean, coherence_sum = blocks.coherence(sums, region.counted)
    return {
        **blocks.histogram("FDA_Bin10", ridges.fda[foreground], blocks.FDA_LIMITS),
        **blocks.histogram("LCS_Bin10", ridges.lcs[foreground], blocks.LCS_LIMITS),
        "MMB": blocks.mean_of_block_means(sums, shape),
        "Mu": blocks.grey_statistics(sums, shape)[0],
        **blocks.histogram("OCL_Bin10", certainty[~np.isnan(certainty)], blocks.OCL_LIMITS),
        **blocks.histogram("OF_Bin10", flow[~np.isnan(flow)], blocks.OF_LIMITS),
        **blocks.histogram("RVUP_Bin10", ridges.ratios, blocks.RVUP_LIMITS),
        "ImgProcROIArea_Mean": region.mean_grey,
        "OrientationMap_ROIFilter_CoherenceRel": coherence_mean,
        "OrientationMap_ROIFilter_CoherenceSum": coherence_sum,
    }


def _maps(
    image: GreyImage,
    origin: tuple[int, int],
    foreground: NDArray[np.bool_],
    ridges: RidgeBlocks,
    certainty: NDArray[np.float64],
    region: RegionOfInterest,
) -> BlockMaps:
    return BlockMaps(
        crop=(*origin, image.shape[1], image.shape[0]),
        ocl=certainty,
        roi=region.blocks,
        foreground=foreground,
        orientation=ridges.orientation,
        fda=ridges.fda,
        lcs=ridges.lcs,
    )
