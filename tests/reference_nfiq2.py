"""NFIQ 2 in plain NumPy, by the definitions and written for reading; and pictures to try it on.

Nothing here shares work or uses the identities that make the kernels fast: the mask is made per pixel, covariances
from floating gradients, blurs by convolution, regions by labelling.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import skimage.measure
from numpy.typing import NDArray

from biocore.fingerprint import nfiq2_blocks as blocks
from biocore.fingerprint.nfiq2_roi import GAUSS_41, GAUSS_91

Grey = NDArray[np.uint8]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
SIDE = 32


# --- pictures -------------------------------------------------------------------------------------------------


def speckle(height: int, width: int, seed: int = 0) -> Grey:
    """Noise 0..255 from a hash of the coordinates: the same on every machine and NumPy."""
    y, x = np.mgrid[:height, :width].astype(np.uint64)
    mixed = (x * np.uint64(73856093)) ^ (y * np.uint64(19349663)) ^ np.uint64(seed * 83492791 + 12345)
    mixed = (mixed ^ (mixed >> np.uint64(13))) * np.uint64(0x9E3779B97F4A7C15)
    return np.asarray((mixed >> np.uint64(40)) & np.uint64(255), np.uint8)


def ridges(height: int, width: int, seed: int = 0, period: float = 9.0) -> Grey:
    """Rings of ridges about a core, in an oval on white, with some noise; only exactly rounded operations."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    core_y, core_x = height * 0.45 + 0.25, width * 0.5 + 0.25
    distance = np.sqrt((x - core_x) ** 2 + ((y - core_y) * 0.75) ** 2)
    wave = np.abs(np.fmod(distance, period) / period - 0.5) * 4 - 1  # a triangle -1..1
    grey = 150 + 70 * wave + (speckle(height, width, seed).astype(np.float64) - 128) * 0.3
    oval = ((x - width / 2) / (width * 0.47)) ** 2 + ((y - height / 2) / (height * 0.47)) ** 2 < 1
    return np.where(oval, np.clip(np.floor(grey), 0, 254), 255).astype(np.uint8)


def scattered(shape: tuple[int, ...], n: int, seed: int = 0) -> NDArray[np.int64]:
    """Return n points (x, y) of a picture of this shape (height, width)."""
    spread = speckle(2, n, seed).astype(np.int64)
    return np.stack([spread[0] * shape[1] // 256, spread[1] * shape[0] // 256], axis=1)


# --- block by block -------------------------------------------------------------------------------------------


def grid_sums(image: Grey) -> NDArray[np.int32]:
    height, width = image.shape
    rows = [
        [block_sums(image[i : i + SIDE, j : j + SIDE]) for j in range(0, width, SIDE)] for i in range(0, height, SIDE)
    ]
    return np.array(rows, np.int32)


def block_sums(block: Grey) -> list[int]:
    values = block.astype(np.float64)
    return [int(v) for v in (values.sum(), (values**2).sum(), *(4 * p for p in gradient_products(block)))]


def gradient_products(block: Grey) -> tuple[float, float, float]:
    """Return the sums of gx², gy² and gx·gy."""
    values = block.astype(np.float64)
    gy, gx = (np.gradient(values, axis=k) if values.shape[k] > 1 else np.zeros(values.shape) for k in (0, 1))
    return float((gx * gx).sum()), float((gy * gy).sum()), float((gx * gy).sum())


def minutia_sums(image: Grey, points: NDArray[np.integer]) -> NDArray[np.int32]:
    height, width = image.shape
    rows = []
    for px, py in points.tolist():
        x, y = max(px - SIDE // 2, 0), max(py - SIDE // 2, 0)
        cut = image[y : y + SIDE, x : x + SIDE]
        x, y = min(x, width - SIDE), min(y, height - SIDE)
        rows.append(
            [cut.size, int(cut.sum()), *(int(4 * p) for p in gradient_products(image[y : y + SIDE, x : x + SIDE]))]
        )
    return np.array(rows, np.int32).reshape(-1, 5)


def orientation(block: Grey) -> float:
    a, b, c = (p / SIDE**2 for p in gradient_products(block))
    d = c * c + (a - b) ** 2 + np.finfo(np.float64).eps
    return math.atan2(c / d, (a - b) / d) / 2


def turned(window: Grey, angle: float) -> Grey:
    """Turn a window about its centre; nearest neighbour in 1/1024 px, zero outside. 36 x 36 px."""
    side = len(window)
    degrees = angle * (180 / math.pi)
    cosine, sine = math.cos(degrees * (math.pi / 180)), math.sin(degrees * (math.pi / 180))
    centre = side // 2
    x_0, y_0 = (1 - cosine) * centre - sine * centre, sine * centre + (1 - cosine) * centre
    unit = 1 / (cosine * cosine - sine * -sine)
    n0, n1, n3, n4 = cosine * unit, sine * -unit, -sine * -unit, cosine * unit
    n2, n5 = -n0 * x_0 - n1 * y_0, -n3 * x_0 - n4 * y_0
    y, x = np.mgrid[:36, :36].astype(np.float64)
    column = (np.rint((n1 * y + n2) * 1024).astype(int) + 512 + np.rint(n0 * x * 1024).astype(int)) >> 10
    row = (np.rint((n4 * y + n5) * 1024).astype(int) + 512 + np.rint(n3 * x * 1024).astype(int)) >> 10
    room = np.pad(window, 16)
    return np.asarray(room[row + 16, column + 16])


def fda(picture: Grey) -> float:
    """Of the window turned with the ridges across."""
    means = picture[2:34, 10:26].mean(axis=1)
    strength = np.abs(np.fft.fft(means))[1:]
    if np.ptp(means) == 0:
        return 1.0
    m = int(np.argmax(np.round(strength, 9)))
    if m in (0, 30):
        return 1.0
    return float((strength[m] + 0.3 * (strength[m - 1] + strength[m + 1])) / strength[:15].sum())


def line_and_ridges(slant: Grey) -> tuple[Floats, Flags]:
    """Return the regression line through the column means, to ten decimals, and the columns below it."""
    columns = slant.sum(axis=0, dtype=np.int64)
    x = np.arange(1, SIDE + 1)
    n, sx, sxx, s, sxs = SIDE, int(x.sum()), int((x * x).sum()), int(columns.sum()), int((x * columns).sum())
    slope = ten_decimals((n * sxs - sx * s) / (16 * (n * sxx - sx * sx)))
    intercept = ten_decimals((s * sxx - sx * sxs) / (16 * (n * sxx - sx * sx)))
    line = x * slope + intercept
    return np.asarray(line, np.float64), np.asarray(columns / 16 < line, np.bool_)


def ten_decimals(value: float) -> float:
    return math.copysign(math.floor(abs(value) * 1e10 + 0.5), value) / 1e10


def lcs(slant: Grey) -> float:
    line, ridge = line_and_ridges(slant)
    changes = [i - 1 for i in range(1, SIDE) if ridge[i] != ridge[i - 1]]
    widths = [w / 20 for w in np.diff([0, *changes])]
    first = bool(ridge[0])
    own, other = widths[::2], widths[1::2]
    ridge_widths, valley_widths = (own, other) if first else (other, own)
    if not ridge_widths or not valley_widths:
        return 0.0
    if not (3 / 20 <= mean_of(ridge_widths) <= 10 / 20 and 2 / 20 <= mean_of(valley_widths) <= 10 / 20):
        return 0.0
    dark = slant < line
    return 1 - (float(dark[:, ~ridge].mean()) + float((~dark[:, ridge]).mean())) / 2


def mean_of(widths: list[float]) -> float:
    """Mean summed in fours."""
    whole = len(widths) // 4 * 4
    total = 0.0
    for i in range(0, whole, 4):
        total += widths[i] + widths[i + 1] + widths[i + 2] + widths[i + 3]
    for width in widths[whole:]:
        total += width
    return total * (1.0 / len(widths))


def rvup(slant: Grey) -> list[float]:
    _, ridge = line_and_ridges(slant)
    changes = [i - 1 for i in range(1, SIDE - 1) if ridge[i] != ridge[i - 1]]
    if len(changes) < 4:
        return []
    widths = np.diff(changes[1:])[::-1].tolist()
    ratios = [a / b for a, b in pairwise(widths)]
    start = int(ridge[changes[0] + 1])
    return [1 / r if m >= start and (m - start) % 2 == 0 else r for m, r in enumerate(ratios)]


def window(image: Grey, top: int, left: int, side: int) -> Grey:
    """Cut a window out; what lies outside the picture is 0."""
    room = np.pad(image, 8)
    return room[top + 8 : top + 8 + side, left + 8 : left + 8 + side]


def ridge_blocks(image: Grey, foreground: Flags) -> tuple[Floats, Floats, Floats, list[float]]:
    angles, purity, clarity = (np.full(foreground.shape, np.nan) for _ in range(3))
    ratios: list[float] = []
    for i, j in np.argwhere(foreground).tolist():
        y, x = 2 + SIDE * i, 2 + SIDE * j
        angle = orientation(image[y : y + SIDE, x : x + SIDE])
        padded, plain = window(image, y - 4, x - 4, 40), window(image, y - 2, x - 2, 36)
        angles[i, j] = angle
        purity[i, j] = fda(turned(padded, angle + math.pi / 2))
        clarity[i, j] = lcs(turned(plain, angle)[10:26, 2:34])
        ratios += rvup(turned(padded, angle)[10:26, 2:34])
    return angles, purity, clarity, ratios


def orientation_flow(angles: Floats, foreground: Flags) -> Floats:
    out = np.full(angles.shape, np.nan)
    for i in range(1, angles.shape[0] - 1):
        for j in range(1, angles.shape[1] - 1):
            near = (slice(i - 1, i + 2), slice(j - 1, j + 2))
            if foreground[near].all():
                deviation = math.degrees(np.abs(angles[i, j] - angles[near]).sum() / 8)
                if deviation > 4:
                    out[i, j] = (deviation - 4) / 86
    return out


def foreground_blocks(image: Grey) -> Flags:
    """Make the mask per pixel, as the standard has it; return the blocks that lie on it wholly."""
    values = image.astype(np.float64)
    spread = values.std()
    mask = np.zeros(image.shape, bool)
    for i in range(0, image.shape[0], SIDE):
        for j in range(0, image.shape[1], SIDE):
            here = np.s_[i : i + SIDE, j : j + SIDE]
            mask[here] = spread > 0 and values[here].std() / spread > 0.1
    rows, columns = (max((side - 4) // SIDE, 0) for side in image.shape)
    tiles = [[mask[2 + SIDE * i :, 2 + SIDE * j :][:SIDE, :SIDE].all() for j in range(columns)] for i in range(rows)]
    return np.array(tiles, bool).reshape(rows, columns)


def certainty(block: Grey) -> float:
    """OCL; NaN where there is no gradient."""
    a, b, c = (p / SIDE**2 for p in gradient_products(block))
    root = math.sqrt((a - b) ** 2 + 4 * c * c)
    return 1 - ((a + b - root) / 2) / ((a + b + root) / 2) if a + b + root > 0 else math.nan


# --- region of interest ---------------------------------------------------------------------------------------


def erode(image: Grey, reach: int) -> Grey:
    side = 2 * reach + 1
    around = np.pad(image, reach, constant_values=255)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(around, (side, side)).min(axis=(2, 3)))


def blur(image: Grey, half: tuple[int, ...]) -> Grey:
    kernel = np.array([*half, *half[-2::-1]], np.int64)
    around = np.pad(image.astype(np.int64), len(half) - 1, mode="reflect")
    across = np.apply_along_axis(np.convolve, 1, around, kernel, "valid")
    both = np.apply_along_axis(np.convolve, 0, across, kernel, "valid")
    return ((both + 32768) >> 16).astype(np.uint8)


def otsu(image: Grey) -> int:
    shares = (np.bincount(image.ravel(), minlength=256) * (1.0 / image.size)).tolist()
    mean = sum(i * n for i, n in enumerate(np.bincount(image.ravel(), minlength=256).tolist())) * (1.0 / image.size)
    below = low_mean = widest = 0.0
    threshold = 0
    tiny = float(np.finfo(np.float32).eps)
    for level, share in enumerate(shares):
        low_mean *= below
        below += share
        above = 1 - below
        if min(below, above) < tiny or max(below, above) > 1 - tiny:
            continue
        low_mean = (low_mean + level * share) / below
        high_mean = (mean - below * low_mean) / above
        spread = below * above * (low_mean - high_mean) * (low_mean - high_mean)
        if spread > widest:
            widest, threshold = spread, level
    return threshold


def components(flags: Flags) -> NDArray[np.int64]:
    """Return the 4-connected components, numbered from 1 in the order of a raster scan."""
    return np.asarray(skimage.measure.label(flags, connectivity=1), np.int64)  # type: ignore[no-untyped-call]


def region(mask: Grey) -> Grey:
    """Fill holes, keep the dark component with the largest bounding box; 255 inside."""
    light = components(mask > 0)
    border = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    dark = components(~((light > 0) & np.isin(light, border)))
    places = [np.nonzero(dark == k) for k in range(1, int(dark.max()) + 1)]
    areas = [int((np.ptp(y) + 1) * (np.ptp(x) + 1)) for y, x in places]
    if not areas:
        return np.zeros_like(mask)
    return np.where(dark == 1 + int(np.argmax(areas)), 255, 0).astype(np.uint8)


# --- all of it ------------------------------------------------------------------------------------------------


def histogram(name: str, values: list[float], limits: Floats) -> dict[str, float]:
    ordered = sorted(values)
    edges = [-math.inf, *limits.tolist(), math.inf]
    bins = {f"{name}_{k}": float(sum(edges[k] <= v < edges[k + 1] for v in ordered)) for k in range(10)}
    scale = 1.0 / len(ordered)
    mean, square = float(np.cumsum(ordered)[-1]) * scale, 0.0  # one by one: sum() compensates from Python 3.12 on
    for v in ordered:
        square += v * v
    return {**bins, f"{name}_Mean": mean, f"{name}_StdDev": math.sqrt(max(square * scale - mean * mean, 0.0))}


def measures(image: Grey) -> dict[str, float]:
    """Return the 65 measures of a picture that has no white border."""
    foreground = foreground_blocks(image)
    angles, purity, clarity, ratios = ridge_blocks(image, foreground)
    smooth = blur(erode(image, 2), GAUSS_41)
    smooth = blur(np.where(smooth > otsu(smooth), 255, 0).astype(np.uint8), GAUSS_91)
    finger = region(np.where(smooth > otsu(smooth), 255, 0).astype(np.uint8))
    height, width = image.shape
    coherences, means, certainties = [], [], []
    for i in range(0, height, SIDE):
        for j in range(0, width, SIDE):
            block, outside = image[i : i + SIDE, j : j + SIDE], 255.0 - finger[i : i + SIDE, j : j + SIDE]
            means.append(float(block.mean()))
            if block.shape == (SIDE, SIDE):
                certainties.append(certainty(block))
            if float(outside.sum()) * (1.0 / outside.size) < 255:
                a, b, c = gradient_products(block)
                coherences.append(math.hypot(a - b, 2 * c) / (a + b) if a + b else 0.0)
    flow = orientation_flow(angles, foreground)
    return {
        **histogram("FDA_Bin10", purity[foreground].tolist(), blocks.FDA_LIMITS),
        "ImgProcROIArea_Mean": float(image[finger > 0].mean()) if finger.any() else 255.0,
        **histogram("LCS_Bin10", clarity[foreground].tolist(), blocks.LCS_LIMITS),
        "MMB": sum(means) / len(means),
        "Mu": float(image.mean()),
        **histogram("OCL_Bin10", [v for v in certainties if not math.isnan(v)], blocks.OCL_LIMITS),
        **histogram("OF_Bin10", flow[~np.isnan(flow)].tolist(), blocks.OF_LIMITS),
        "OrientationMap_ROIFilter_CoherenceRel": sum(coherences) / len(coherences),
        "OrientationMap_ROIFilter_CoherenceSum": sum(coherences),
        **histogram("RVUP_Bin10", ratios, blocks.RVUP_LIMITS),
    }
