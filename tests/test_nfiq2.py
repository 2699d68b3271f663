"""The measures of NFIQ 2.3: known values, equality with the reference and with the definitions, and refusals."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import reference_nfiq2 as twin
from biocore import trace
from biocore.errors import InvalidSampleError, NotAssessableError
from biocore.fingerprint import nfiq2
from biocore.fingerprint.nfiq2 import (
    NFIQ2_NAMES,
    assess_nfiq2,
    block_maps,
    crop_white_border,
    nfiq2_measures,
    quality_block_values,
)
from biocore.fingerprint.nfiq2_values import NFIQ2_MINUTIA_NAMES, Nfiq2Feedback

Grey = NDArray[np.uint8]

# All 69 measures of two of the project's own pictures, in the order of NFIQ2_NAMES.
SMALL = (256, 360, 0)
LARGE = (416, 560, 1)
GOLDEN = {
    SMALL: """
    0 0 2 7 5 6 8 10 17 4 0.4937306049394524 0.1637602499341451 21 40 0.725 0.1 151.81125154130703
    0 2 1 0 1 1 9 24 19 2 0.8145301201327815 0.15452276793194372 176.63498760537976 172.0337213429785
    0 3 5 18 28 8 1 2 2 0 0.6656986501491621 0.08969486825159145 0 0 1 1 4 2 3 7 3 8
    0.40672266053369877 0.27904559103292204 0.5181362948799128 39.896494705753284 0 10 7 40 65 30 7 7 0 0
    1.103973034997132 0.6528404178587164""",
    LARGE: """
    1 0 5 12 19 11 27 24 47 7 0.4839677752046334 0.1472402822851662 7 40 0.8 0.025
    150.68230666486943 0 2 0 1 3 8 31 52 31 25 0.8339088294060778 0.09957183456321941 177.7520497081045
    171.95703713788376 0 1 13 49 79 21 7 3 1 0 0.6688742562016532 0.0657149919794547 7 9 7 6 8 18
    14 2 6 19 0.2775831609192998 0.29196716758639585 0.5012551253042196 93.23345330658483 4 22 11 115
    193 77 18 4 0 0 1.031435006435004 0.339294797622717""",
}


def picture(width: int, height: int, seed: int) -> Grey:
    return twin.ridges(height, width, seed)


def equal(have: dict[str, float], want: dict[str, float]) -> None:
    assert list(have) == list(want)
    for name, value in want.items():
        assert have[name] == pytest.approx(value, rel=1e-9, abs=1e-12, nan_ok=True), name


@pytest.mark.parametrize("which", [SMALL, LARGE])
def test_all_69_measures_have_their_known_values(which: tuple[int, int, int]) -> None:
    image = picture(*which)
    cropped, _ = crop_white_border(image)
    want = dict(zip(NFIQ2_NAMES, map(float, GOLDEN[which].split()), strict=True))
    equal(nfiq2_measures(image, twin.scattered(cropped.shape, 40, 5)), want)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([5.1, 9.0, 13.3]), st.integers(190, 260), st.integers(190, 260))
def test_measures_equal_their_definitions(seed: int, period: float, height: int, width: int) -> None:
    image, _ = crop_white_border(twin.ridges(height, width, seed, period))
    equal(nfiq2_measures(image), twin.measures(image))


def test_measures_equal_the_reference_implementation(shared: Path) -> None:
    minutiae: dict[str, list[tuple[int, int]]] = defaultdict(list)
    with (shared / "reference/nfiq2_minutiae.csv").open() as file:
        for row in csv.DictReader(file):
            minutiae[row["Filename"]].append((int(row["x"]), int(row["y"])))
    with (shared / "reference/nfiq2_features.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["OptionalError"] == "NA"]
    compared = 0
    for row in rows[::6]:
        image = cv2.imread(str(shared / "data" / row["Filename"]), cv2.IMREAD_GRAYSCALE)
        points = np.array(minutiae[row["Filename"]], np.int32).reshape(-1, 2)
        have = assess_nfiq2(np.asarray(image, np.uint8), points)
        want = {name: float(row[name]) for name in NFIQ2_NAMES}
        want["FingerJetFX_MinutiaeCount"] = float(len(points))  # the reference also counts those in its padding
        equal(have.measures, want)
        assert have.maps.crop[2:] == (int(row["CroppedWidth"]), int(row["CroppedHeight"]))
        assert have.feedback.deviation == pytest.approx(float(row["UniformImage"]), rel=1e-9)
        assert have.feedback.mean_grey == pytest.approx(float(row["EmptyImageOrContrastTooLow"]), rel=1e-9)
        assert have.feedback.foreground_px == int(row["SufficientFingerprintForeground"])
        compared += 1
    assert compared > 50


def test_names_are_69_in_the_forest_s_order() -> None:
    assert len(set(NFIQ2_NAMES)) == 69
    assert NFIQ2_NAMES[12:17] == (*NFIQ2_MINUTIA_NAMES, "ImgProcROIArea_Mean")
    image = picture(*SMALL)
    assert tuple(nfiq2_measures(image, np.array([[50, 60]]))) == NFIQ2_NAMES
    assert set(NFIQ2_NAMES) - set(nfiq2_measures(image)) == set(NFIQ2_MINUTIA_NAMES)


# --- minutiae -------------------------------------------------------------------------------------------------


def test_minutia_measures_equal_their_definitions() -> None:
    image, _ = crop_white_border(picture(*SMALL))
    points = twin.scattered(image.shape, 60, 9)
    have = nfiq2_measures(image, points)
    centre = points.sum(axis=0) // len(points)
    near = [(abs(x - centre[0]) <= 100) and (abs(y - centre[1]) <= 100) for x, y in points]
    dark = certain = 0
    for x, y in points.tolist():
        left, top = max(x - 16, 0), max(y - 16, 0)
        dark += 0 < (image.mean() - image[top : top + 32, left : left + 32].mean()) / image.std() <= 0.5
        left, top = min(left, image.shape[1] - 32), min(top, image.shape[0] - 32)
        share = twin.certainty(image[top : top + 32, left : left + 32])
        certain += not math.isnan(share) and int(share * 100 + 0.5) > 80
    want = (sum(near), len(points), dark / len(points), certain / len(points))
    assert tuple(have[name] for name in NFIQ2_MINUTIA_NAMES) == want


def test_without_minutiae_the_shares_are_not_numbers() -> None:
    have = nfiq2_measures(picture(*SMALL), np.empty((0, 2), np.int32))
    near, count, mu, ocl = (have[name] for name in NFIQ2_MINUTIA_NAMES)
    assert (near, count) == (0, 0)
    assert math.isnan(mu)
    assert math.isnan(ocl)


def test_minutiae_outside_of_the_crop_are_left_out() -> None:
    image = picture(*SMALL)
    inside = np.array([[10, 20], [100, 120], [240, 338]])
    outside = np.array([[-1, 20], [241, 5], [3, 339], [2**40, 5], [-(2**40), 2**62]])
    equal(nfiq2_measures(image, np.vstack([inside, outside])), nfiq2_measures(image, inside))


@pytest.mark.parametrize(
    "minutiae",
    [
        [[1, 2]],
        np.array([1, 2]),
        np.zeros((3, 3), np.int32),
        np.zeros((3, 2)),
        np.full((1, 2), 2**64 - 1, np.uint64),
        np.array([["1", "2"]]),
    ],
)
def test_wrong_minutiae_are_refused(minutiae: object) -> None:
    with pytest.raises(InvalidSampleError, match="minutiae"):
        nfiq2_measures(picture(*SMALL), minutiae)  # type: ignore[arg-type]


# --- the crop -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dot", "kept"), [(155, 1), (156, 0)])
def test_the_crop_keeps_a_row_or_column_whose_mean_is_250(dot: int, kept: int) -> None:
    image = np.full((20, 20), 255, np.uint8)
    image[4:16, 4:16] = 200
    image[3, 10] = image[10, 3] = dot  # (19 * 255 + 155) / 20 = 250
    cropped, origin = crop_white_border(image)
    assert origin == (4 - kept, 4 - kept)
    assert cropped.shape == (12 + kept, 12 + kept)


def test_the_crop_says_where_it_is() -> None:
    image = np.full((90, 120), 255, np.uint8)
    image[20:70, 30:110] = 100
    cropped, origin = crop_white_border(image)
    assert origin == (30, 20)
    np.testing.assert_array_equal(cropped, image[20:70, 30:110])


def test_columns_are_averaged_over_the_rows_that_are_cut_off_too() -> None:
    image = np.full((100, 100), 255, np.uint8)
    image[40:60, 20:80] = 0
    image[40:60, :20] = 240  # 240 in the rows that stay, but 252 in all
    cropped, origin = crop_white_border(image)
    assert origin == (20, 40)
    assert cropped.shape == (20, 60)


# --- refusals -------------------------------------------------------------------------------------------------


def checkerboard(height: int, width: int, cell: int = 1) -> Grey:
    y, x = np.mgrid[:height, :width]
    return np.asarray((y // cell + x // cell) % 2 * 255, np.uint8)


def white_with_a_dot() -> Grey:
    image = np.full((8192, 8192), 255, np.uint8)
    image[5000, 4000] = 0
    return image


@pytest.mark.parametrize(
    ("image", "why"),
    [
        (np.full((300, 300), 255, np.uint8), "blank"),
        (np.full((300, 300), 251, np.uint8), "blank"),
        (np.zeros((1, 1), np.uint8), "1x1 px are left"),
        (np.zeros((1, 300), np.uint8), "300x1 px are left"),
        (np.zeros((300, 1), np.uint8), "1x300 px are left"),
        (np.zeros((2, 2), np.uint8), "0 blocks"),
        (np.full((300, 300), 100, np.uint8), "0 blocks"),
        (twin.speckle(400, 801), "801x400 px; NFIQ 2 takes 800x1000"),
        (twin.speckle(1001, 400), "400x1001 px; NFIQ 2 takes 800x1000"),
        (twin.ridges(100, 100), "blocks of 32x32 px show ridges"),
        (checkerboard(300, 300), "has no value|is not finite"),
        (checkerboard(300, 300, 8), "OF_Bin10 has no value"),
        (np.asarray(checkerboard(300, 300)[:, :1] * np.ones((1, 300)), np.uint8), "is not finite|has no value"),
    ],
)
def test_pictures_that_nfiq2_refuses_are_named(image: Grey, why: str) -> None:
    with pytest.raises(NotAssessableError, match=why):
        nfiq2_measures(image)


def test_a_huge_white_picture_with_a_dot_is_blank() -> None:
    with pytest.raises(NotAssessableError, match="blank"):
        nfiq2_measures(white_with_a_dot())


@pytest.mark.parametrize(
    "pixels",
    [
        None,
        "finger.png",
        np.zeros((0, 0), np.uint8),
        np.zeros((300, 300), np.float64),
        np.zeros((300, 300, 3), np.uint8),
        np.zeros((2, 9000), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(pixels: object) -> None:
    for function in (nfiq2_measures, block_maps, crop_white_border):
        with pytest.raises(InvalidSampleError):
            function(pixels)  # type: ignore[arg-type]


@pytest.mark.parametrize("image", [twin.speckle(1000, 800), twin.ridges(1000, 800), twin.speckle(136, 800, 4)])
def test_the_largest_and_the_noisiest_pictures_have_measures(image: Grey) -> None:
    assert all(math.isfinite(value) for value in nfiq2_measures(image).values())


# --- what else comes out --------------------------------------------------------------------------------------


def test_measures_do_not_depend_on_layout_or_thread() -> None:
    image = picture(*LARGE)
    want = nfiq2_measures(image)
    frozen = image.copy()
    frozen.flags.writeable = False
    assert nfiq2_measures(frozen) == want
    assert nfiq2_measures(np.asfortranarray(image)) == want
    assert nfiq2_measures(np.ascontiguousarray(image[::-1])[::-1]) == want
    with ThreadPoolExecutor(4) as pool:
        assert all(other == want for other in pool.map(nfiq2_measures, [image] * 12))
    np.testing.assert_array_equal(image, picture(*LARGE))  # and the picture is not written to


def test_maps_lie_where_they_say() -> None:
    image = np.full((400, 420), 255, np.uint8)
    image[30:330, 50:300] = twin.ridges(500, 500)[100:400, 100:350]
    maps = block_maps(image)
    assert maps.crop == (50, 30, 250, 300)
    assert maps.ocl.shape == (9, 7)
    assert maps.roi.shape == (10, 8)
    assert maps.foreground.shape == maps.fda.shape == maps.lcs.shape == maps.orientation.shape == (9, 7)
    y, x = 30 + maps.ocl_origin + 32 * 3, 50 + maps.ocl_origin + 32 * 4
    assert maps.ocl[3, 4] == pytest.approx(twin.certainty(image[y : y + 32, x : x + 32]), rel=1e-12)
    y, x = 30 + maps.ridge_origin + 32 * 3, 50 + maps.ridge_origin + 32 * 4
    assert maps.orientation[3, 4] == twin.orientation(image[y : y + 32, x : x + 32])
    np.testing.assert_array_equal(np.isnan(maps.fda), ~maps.foreground)
    np.testing.assert_array_equal(np.isnan(maps.lcs), ~maps.foreground)
    np.testing.assert_array_equal(assess_nfiq2(image).maps.lcs, maps.lcs)


@pytest.mark.parametrize("image", [np.full((50, 40), 90, np.uint8), checkerboard(35, 35), twin.speckle(2, 2)])
def test_a_picture_without_ridges_has_maps_too(image: Grey) -> None:
    maps = block_maps(image)
    assert maps.foreground.shape == tuple(max((side - 4) // 32, 0) for side in image.shape)
    assert np.isnan(maps.fda[~maps.foreground]).all()


def test_a_corner_block_that_rounds_below_white_counts_for_coherence_only() -> None:
    # 255 n (1/n) is below 255 for a corner block of 23 x 22 px, and the reference takes it for foreground.
    image = twin.ridges(420, 420)[20:394, 20:331].copy()
    image[330:, 250:] = 254 - twin.speckle(44, 61) % 4
    maps = block_maps(image)
    assert not maps.roi[-1, -1]
    have = nfiq2_measures(image)
    count = have["OrientationMap_ROIFilter_CoherenceSum"] / have["OrientationMap_ROIFilter_CoherenceRel"]
    assert round(count) == np.count_nonzero(maps.roi) + 1
    equal(have, twin.measures(image))


def test_feedback_says_what_is_wrong() -> None:
    small = assess_nfiq2(picture(*SMALL), np.array([[50, 60]])).feedback
    assert (small.uniform, small.empty, small.too_few_minutiae, small.too_little_foreground) == (0, 0, 1, 0)
    assert assess_nfiq2(twin.ridges(250, 250)).feedback.too_little_foreground
    none = assess_nfiq2(picture(*SMALL)).feedback
    assert none.minutiae is None
    assert not none.too_few_minutiae
    blank = Nfiq2Feedback(deviation=0.9, mean_grey=250.5, minutiae=5, foreground_px=50_000)
    assert (blank.uniform, blank.empty, blank.too_few_minutiae, blank.too_little_foreground) == (1, 1, 0, 0)


def test_stages_can_be_watched() -> None:
    seen: dict[str, tuple[int, ...]] = {}
    with trace.to(lambda stage, shown: seen.update({stage: shown.shape})):
        nfiq2_measures(picture(*SMALL))
    assert seen == {"fingerprint.nfiq2.crop": (339, 241), "fingerprint.nfiq2.roi": (339, 241)}


# --- quality block values -------------------------------------------------------------------------------------


def test_quality_values_of_a_picture() -> None:
    image = picture(*SMALL)
    values = quality_block_values(nfiq2_measures(image, twin.scattered((339, 241), 40, 5)))
    assert tuple(values) == NFIQ2_NAMES
    assert all((values[name] is None) == name[-1].isdigit() for name in NFIQ2_NAMES if "Bin10" in name)
    some = ("FDA_Bin10_Mean", "LCS_Bin10_StdDev", "FingerJetFX_MinutiaeCount", "FJFXPos_Mu_MinutiaeQuality_2", "Mu")
    assert [values[name] for name in some] == [49, 15, 40, 73, 68]
    rest = ("OF_Bin10_Mean", "OrientationMap_ROIFilter_CoherenceSum", "RVUP_Bin10_Mean", "RVUP_Bin10_StdDev")
    assert [values[name] for name in rest] == [21, 1, 55, 33]


@pytest.mark.parametrize(
    ("name", "native", "value"),
    [
        ("Mu", 0.0, 0),
        ("Mu", 255.0, 100),  # NFIQ 2.3 says 101
        ("FDA_Bin10_Mean", 1.0, 100),
        ("FDA_Bin10_Mean", 7.0, 100),  # and wraps around here
        ("OF_Bin10_Mean", -4 / 86, 0),
        ("OF_Bin10_Mean", 176 / 86, 100),
        ("OrientationMap_ROIFilter_CoherenceSum", 4000.0, 100),
        ("FingerJetFX_MinutiaeCount", 255.0, 100),
        ("RVUP_Bin10_Mean", 1.0, 50),
        ("FJFXPos_Mu_MinutiaeQuality_2", math.nan, None),
        ("LCS_Bin10_3", 12.0, None),
    ],
)
def test_quality_values_stay_in_0_to_100(name: str, native: float, value: int | None) -> None:
    assert quality_block_values({name: native}) == {name: value}


def test_a_measure_of_another_name_has_no_quality_value() -> None:
    with pytest.raises(KeyError, match="LCS_Bin10_10"):
        quality_block_values({"LCS_Bin10_10": 1.0})


def test_the_package_exports_the_measures() -> None:
    from biocore import fingerprint

    assert fingerprint.nfiq2_measures is nfiq2.nfiq2_measures
    assert fingerprint.NFIQ2_NAMES is NFIQ2_NAMES
