"""What a print physically is: how dark, how whole, how filled, how worn, how blurred, and where on the window.

Everything is measured once, on cells of 8 px (0.4 mm): sums of grey and gradients per cell, and for the cells
of the contact a window turned with the ridges, whose profile shows ridges and valleys. The quantities are
relative to the picture's own ground and ink and to its own ridge period wherever that is possible, so that one
set of rules serves light optical prisms and dark capacitive chips.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore import trace
from biocore.fingerprint.quantities import RidgePhysics
from biocore.kernels import physics as kernel
from biocore.types import GreyImage, check_pixels

Map = NDArray[np.float64]
Mask = NDArray[np.uint8]

CELL = 8  # px; about a ridge period: the finest place that can be ridged or not
MM2_PER_PX = (25.4 / 500.0) ** 2  # mm² of one pixel at 500 ppi
DENOISE = 0.8  # px; Gaussian that takes sensor noise and leaves pores and breaks
ACROSS = 32  # px; three to four ridge periods (NFIQ 2 takes the same)
ALONG = 9  # samples along the ridge
ALONG_STEP = 2.0  # px; 16 px along the ridge: longer than a break, shorter than the bend of a loop
HYSTERESIS = 0.15  # of the contrast; a crossing that goes no further is noise
RIDGE_PERIOD = (5.0, 16.0)  # px at 500 ppi; 0.25 to 0.8 mm from ridge to ridge (children to large adults)
MIN_CLARITY = 0.3  # of the window's variance; white noise gives 0.1 to 0.25
MIN_COHERENCE = 0.3  # of the gradients; white noise gives 0.1 to 0.2
TEXTURE_FLOOR = 0.35  # of the strongest texture; below it a cell does not belong to the contact
NOISE_FACTOR = 1.6  # times the weakest texture: as above
MIN_PIECE = 0.15  # of the largest piece's area; smaller pieces of texture are not the finger
SMALLEST_PIECE = 0.05  # the same for pieces of ridges: worn skin leaves islands
FLAT = 0.35  # of the strong cells' contrast; below it the ridges are gone
MOST_NOISE = 0.5  # of the strongest texture; where the quietest places have more, none of the glass is bare
SMOOTH = 0.6  # of the ridged cells' texture; a rougher place is broken or mottled, not worn
BLOT_LEVEL = 0.8  # from valley to ink of the ridges around; a weak cell darker than this is filled, a lighter one worn
AROUND_PX = 32.0  # px; Gaussian over the ridged places: the ridges around a place, wider than most worn patches
LEAST_AROUND = 1e-6  # of the weights; no ridge is around a place that has less
FEWEST = 3  # cells; the texture of fewer weak cells says nothing
NO_TEXTURE_SEEN = 0.5  # flat_texture where it says nothing: between worn (0.05 to 0.4) and broken ridges (0.6 to 1)
LEAST_HOLES = 0.03  # of a ridge's heart; how open fewer holes are is chance
PALEST = 0.2  # of the print's darkness; paler ink than this is not taken as a measure
BODY = 0.5  # of the strong ridges' texture; what is weaker may be what the last finger left
MAIN_PIECE = 0.3  # of the largest piece's area; a smaller piece of strong texture is not the finger
BESIDE_PX = 24  # px around the strong ridges that belong to them: the rim of a contact is paler
SMUDGE_PX = 96  # px, 5 mm; a smudge is narrower, shading and vignettes are wider
STAIN = 0.25  # of the strong ridges' deviation by which a smudge is darker than the glass around it
SHADED = (
    0.25  # of the glass; where more is darker than around it, the light is uneven: real grey grounds have 0.3 to 0.85
)
STAIN_GREY = 10.0  # and at least so many grey levels: grain and dust stay below
RESIDUE_FLOOR = 0.09  # of the strong ridges' texture; what is weaker is the sensor's own
LEAST_AWAY = 0.1  # of the window; where less is bare, a few cells are no share
QUIET = 2.0  # times the quietest texture beside the contact: as above
MIN_CONTACT = 10  # cells; fewer are no contact that can be measured
GROUND_CELLS = 20  # cells beside the contact; fewer do not tell the ground
TYPICAL_PERIOD = 9.0  # px; mean ridge period of adults at 500 ppi (0.46 mm)


@dataclass(frozen=True, slots=True)
class _Cells:
    """Per-cell maps (rows, columns)."""

    mean: Map  # grey of the cell
    level: Map  # grey over the cell and its neighbours
    deviation: Map  # grey; standard deviation over the cell and its neighbours
    texture: Map  # grey; standard deviation of a ridge pattern that would have these gradients
    orientation: Map  # rad, of the ridges, counter-clockwise as seen
    coherence: Map


@dataclass(frozen=True, slots=True)
class _Profiles:
    """The cells inside the contact, one entry each, and what their windows show."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    orientation: Map
    coherence: Map
    level: Map
    texture: Map
    values: dict[str, Map]  # by the names of kernels.physics.PROFILE_COLUMNS
    contrast: Map
    strong: float  # grey; contrast of the print's strong cells
    ridged: NDArray[np.bool_]
    body: NDArray[np.bool_]  # inside the hull of the ridges: speckled glass beside them is none of the finger


def measure_ridges(pixels: GreyImage, *, cell: int = CELL) -> RidgePhysics:
    """Measure the physics of a print.

    Parameters
    ----------
    pixels : uint8 array (height, width)
        500 ppi, 0 = ridge.
    cell : int
        px between measured places; 8 for an assessment, 16 for a preview.

    Returns
    -------
    RidgePhysics
        All zero where there is nothing to measure.

    Raises
    ------
    InvalidSampleError
    """
    image = _large_enough(check_pixels(pixels))
    smooth = np.asarray(cv2.GaussianBlur(image, (5, 5), DENOISE), np.uint8)
    cells = _cells(smooth, cell)
    contact = _contact(cells)
    trace.stage("physics.contact", lambda: contact * np.uint8(255))
    profiles = _profiles(smooth, cells, contact, cell)
    place = _place(contact, cell)
    if profiles is None:
        return RidgePhysics(**place)
    return RidgePhysics(**place, **_matter(cells, contact, profiles, cell), **_motion(profiles))


def _large_enough(image: GreyImage) -> GreyImage:
    """Extend a picture that is smaller than one window by its own edge."""
    least = math.ceil(2 * kernel.window_margin(ACROSS, ALONG, ALONG_STEP)) + 2
    down, right = (max(0, least - side) for side in image.shape)
    if down or right:
        image = np.asarray(cv2.copyMakeBorder(image, 0, down, 0, right, cv2.BORDER_REPLICATE), np.uint8)
    return image


def _cells(smooth: GreyImage, cell: int) -> _Cells:
    """Sum grey and gradients over cells and conclude texture, orientation and coherence."""
    grey, power, xx, yy, xy = (plane.astype(np.float64) for plane in np.moveaxis(kernel.cell_sums(smooth, cell), 2, 0))
    size = (3, 3) if cell <= CELL else (1, 1)  # about 24 px in any case: three ridge periods
    energy = cv2.blur(xx + yy, size) / cell**2
    wide, sigma = ((5, 5), 1.2) if cell <= CELL else ((3, 3), 0.7)  # about 30 px
    xx, yy, xy = (cv2.GaussianBlur(plane, wide, sigma) for plane in (xx, yy, xy))
    gradient = 0.5 * np.arctan2(2.0 * xy, xx - yy)
    level = np.asarray(cv2.blur(grey, size), np.float64) / cell**2
    variance = np.asarray(cv2.blur(power, size), np.float64) / cell**2 - level**2
    return _Cells(
        mean=grey / cell**2,
        level=level,
        deviation=np.sqrt(np.maximum(variance, 0.0)),
        texture=np.asarray(np.sqrt(energy) * TYPICAL_PERIOD / (4.0 * math.pi), np.float64),
        orientation=np.mod(0.5 * math.pi - gradient, math.pi),
        coherence=np.hypot(xx - yy, 2.0 * xy) / (xx + yy + 1e-3),
    )


def _contact(cells: _Cells) -> Mask:
    """Return the convex hull of the textured cells, without stray pieces."""
    top = float(np.percentile(cells.texture, 95))
    noise = min(float(np.percentile(cells.texture, 5)), TEXTURE_FLOOR * top)
    return _hull(cells.texture > max(TEXTURE_FLOOR * top, NOISE_FACTOR * noise))


def _hull(textured: NDArray[np.bool_], piece: float = MIN_PIECE) -> Mask:
    """Return the convex hull of what is textured, without its stray pieces."""
    rough = textured.astype(np.uint8)
    box = np.ones((3, 3), np.uint8)
    solid = cv2.morphologyEx(rough, cv2.MORPH_OPEN, box)
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(solid, box))
    areas = stats[1:, cv2.CC_STAT_AREA]
    hull = np.zeros_like(solid)
    if areas.size:
        wanted = np.flatnonzero(np.append(False, areas >= piece * areas.max()))
        points = np.argwhere(np.isin(pieces, wanted) & (solid > 0))[:, ::-1].astype(np.int32)
        if len(points):
            cv2.fillConvexPoly(hull, cv2.convexHull(points), 1)
    return np.asarray(hull, np.uint8)


def _profiles(smooth: GreyImage, cells: _Cells, contact: Mask, cell: int) -> _Profiles | None:
    """Look across the ridges of each cell inside the contact; None where the contact is too small for that."""
    inside = cv2.erode(contact, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=1)
    rows, columns = np.nonzero(inside)
    if len(rows) < MIN_CONTACT:
        return None
    height, width = smooth.shape
    margin = kernel.window_margin(ACROSS, ALONG, ALONG_STEP)
    orientation = cells.orientation[rows, columns]
    frames = np.empty((len(rows), 4))
    frames[:, 0] = np.clip((columns + 0.5) * cell - 0.5, margin, width - 1 - margin)
    frames[:, 1] = np.clip((rows + 0.5) * cell - 0.5, margin, height - 1 - margin)
    frames[:, 2], frames[:, 3] = np.cos(orientation), np.sin(orientation)
    table = kernel.ridge_profiles(
        smooth, frames, across=ACROSS, along=ALONG, along_step=ALONG_STEP, hysteresis=HYSTERESIS
    )
    values = dict(zip(kernel.PROFILE_COLUMNS, table.T, strict=True))
    contrast = values["valley_level"] - values["ridge_level"]
    strong = max(float(np.percentile(contrast, 80)), 1e-3)
    low, high = RIDGE_PERIOD
    coherence = cells.coherence[rows, columns]
    ridged = (contrast > FLAT * strong) & (values["period"] > low) & (values["period"] < high)
    ridged &= values["clarity"] > MIN_CLARITY
    clear = np.zeros(contact.shape, np.bool_)
    clear[rows, columns] = ridged & (coherence > MIN_COHERENCE)
    body = _hull(clear, SMALLEST_PIECE)[rows, columns] > 0
    return _Profiles(
        rows,
        columns,
        orientation,
        coherence,
        cells.level[rows, columns],
        cells.texture[rows, columns],
        values,
        contrast,
        strong,
        ridged,
        body if np.count_nonzero(body) >= MIN_CONTACT else np.ones_like(body),
    )


def _matter(cells: _Cells, contact: Mask, found: _Profiles, cell: int) -> dict[str, float]:
    """How dark, whole, filled and worn the contact is."""
    value = found.values
    ridged = found.ridged if np.count_nonzero(found.ridged) >= MIN_CONTACT else found.contrast > FLAT * found.strong
    near, far = (cv2.dilate(contact, np.ones((n, n), np.uint8)) == 0 for n in (5, 15))
    beside = cells.mean[near & ~far]
    gap = float(np.percentile(value["gap_level"][ridged], 90))
    ground = max(float(np.median(beside)) if beside.size > GROUND_CELLS else gap, gap, 1.0)
    darkest, ink = np.percentile(value["ink_level"][ridged], [5, 25])
    depth = max(ground - float(ink), 1.0)
    unmistakable = found.ridged & (found.coherence > MIN_COHERENCE)
    deviation = cells.deviation[found.rows, found.columns]
    squareness = np.median(deviation[ridged]) * 2.0 / max(ground - float(darkest), 1.0)
    return {
        "ridge_area_mm2": float(np.count_nonzero(unmistakable)) * cell**2 * MM2_PER_PX,
        "ground_grey": ground,
        "ink_grey": float(ink),
        "ridge_contrast": float(np.median(found.contrast[ridged])) / ground,
        "ridge_darkness": depth / ground,
        "squareness": float(squareness),
        "residue_share": _residue_share(cells, found, cell),
        **_ridges(found, ridged),
        **_filling(found, ground, depth),
        **_sharpness(found, deviation, ridged),
        **_lost(found, ridged, _noise(cells), contact.shape, cell),
    }


def _ridges(found: _Profiles, ridged: NDArray[np.bool_]) -> dict[str, float]:
    """How clear, broken, broad and steep the ridges are."""
    value = {name: values[ridged] for name, values in found.values.items()}
    period, slope = value["period"], value["edge_slope"] * np.maximum(value["period"], RIDGE_PERIOD[0])
    openness = value["open_share"] / np.maximum(value["hole_share"], LEAST_HOLES)
    names = (
        "clarity",
        "hole_share",
        "bridge_share",
        "ridge_roughness",
        "valley_roughness",
        "ridge_share",
        "open_share",
    )
    planes = np.stack([*(value[name] for name in names), period, slope, openness])
    quartile, median, upper, highest = np.percentile(planes, [25, 50, 75, 90], axis=1)
    width, opened, periods, slopes, open_holes = range(5, 10)
    return {
        **{name: float(middle) for name, middle in zip(names[:6], median, strict=False)},
        "coherence": float(np.median(found.coherence)),
        "open_share": float(highest[opened]),
        "hole_openness": float(upper[open_holes]),
        "ridge_share_high": float(upper[width]),
        "period_px": float(median[periods]),
        "period_spread": float(upper[periods] / quartile[periods] - 1.0) if quartile[periods] > 0.0 else 0.0,
        "edge_slope": float(median[slopes]),
        "edge_slope_low": float(quartile[slopes]),
    }


def _filling(found: _Profiles, ground: float, depth: float) -> dict[str, float]:
    """How dark valleys and places are against the ground of the window.

    Against the ink of the same place: a pale print with filled valleys is wet, an unevenly pressed one is not.
    """
    own = np.maximum(ground - found.values["ink_level"], PALEST * depth)[found.body]
    fill_low, fill, fill_high = np.percentile((ground - found.values["gap_level"][found.body]) / own, [25, 50, 90])
    cover_low, cover = np.percentile((ground - found.level[found.body]) / own, [25, 50])
    return {
        "valley_fill": float(fill),
        "fill_unevenness": float(fill_high - fill_low),
        "coverage": float(cover),
        "coverage_low": float(cover_low),
    }


def _sharpness(found: _Profiles, deviation: Map, ridged: NDArray[np.bool_]) -> dict[str, float]:
    """How steep the grey is for its range, and how much of a place is dark, whatever the tone."""
    fine = found.texture / np.maximum(deviation, 0.5)
    light, ink = found.values["gap_level"], found.values["ink_level"]
    dark = (light - found.level) / np.maximum(light - ink, 1.0)
    return {
        "fineness": float(np.median(fine[ridged])),
        "fineness_low": float(np.percentile(fine[found.body], 25)),
        "dark_share": float(np.median(dark[ridged])),
        "contrast_low": float(np.percentile(found.contrast[found.body], 25)) / found.strong,
    }


def _noise(cells: _Cells) -> float:
    """Return the texture of the quietest places: the sensor's own, where any of the glass is bare."""
    quietest, strongest = np.percentile(cells.texture, [5, 95])
    return float(min(quietest, MOST_NOISE * strongest))


def _lost(
    found: _Profiles, ridged: NDArray[np.bool_], noise: float, shape: tuple[int, ...], cell: int
) -> dict[str, float]:
    """Which places of the body have no ridges, and whether they are as dark as the ridges around them."""
    light, ink = _around(found, ridged, shape, cell)
    darkness = (light - found.level) / np.maximum(light - ink, 1.0)
    texture = np.sqrt(np.maximum(found.texture**2 - noise**2, 0.0))
    usual = float(np.median(texture[ridged]))
    body = found.body
    weak = body & (found.contrast < FLAT * found.strong)
    seen = np.count_nonzero(weak) > FEWEST
    size = float(np.count_nonzero(body))
    worn = weak & (texture < SMOOTH * usual) & (darkness < BLOT_LEVEL)
    return {
        "darkest_places": float(np.percentile(darkness[body], 90)),
        "flat_share": float(np.count_nonzero(found.values["period"][body] == 0.0)) / size,
        "weak_share": float(np.count_nonzero(weak)) / size,
        "flat_texture": float(np.median(texture[weak])) / max(usual, 1e-3) if seen else NO_TEXTURE_SEEN,
        "worn_share": float(np.count_nonzero(worn)) / size,
        "blot_share": float(np.count_nonzero(weak & (darkness >= BLOT_LEVEL))) / size,
    }


def _around(found: _Profiles, ridged: NDArray[np.bool_], shape: tuple[int, ...], cell: int) -> tuple[Map, Map]:
    """Return the light of the valleys and the ink of the ridges around each place: means over its ridged neighbours."""
    planes = np.zeros((*shape, 3), np.float32)
    planes[found.rows[ridged], found.columns[ridged], 0] = found.values["gap_level"][ridged]
    planes[found.rows[ridged], found.columns[ridged], 1] = found.values["ink_level"][ridged]
    planes[found.rows[ridged], found.columns[ridged], 2] = 1.0
    wide = cv2.GaussianBlur(planes, (0, 0), AROUND_PX / cell)[found.rows, found.columns].astype(np.float64)
    count = np.maximum(wide[:, 2], LEAST_AROUND)
    return wide[:, 0] / count, wide[:, 1] / count


def _residue_share(cells: _Cells, found: _Profiles, cell: int) -> float:
    """Return the share of the window away from the strong ridges where weaker ridges or blotches are."""
    strong = float(np.percentile(found.texture[found.ridged], 90)) if found.ridged.any() else float(found.texture.max())
    body = _hull(cells.texture > BODY * strong, MAIN_PIECE)
    reach = max(3, 2 * (BESIDE_PX // cell) + 1)
    away = cv2.dilate(body, np.ones((reach, reach), np.uint8)) == 0
    if not away.any():
        return 0.0
    quiet = float(np.percentile(cells.texture[away], 10))
    dirty = away & ((cells.texture > max(RESIDUE_FLOOR * strong, QUIET * quiet)) | _stained(cells, away, strong, cell))
    return float(np.count_nonzero(dirty) / (np.count_nonzero(away) + LEAST_AWAY * away.size))


def _stained(cells: _Cells, away: NDArray[np.bool_], strong: float, cell: int) -> NDArray[np.bool_]:
    """Say which cells of the glass are darker than the glass around them, as smudges are and shading is not."""
    glass = np.where(away, cells.mean, cells.mean[away].max()).astype(np.float32)
    reach = 2 * (SMUDGE_PX // (2 * cell)) + 1
    around = cv2.morphologyEx(glass, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    stained: NDArray[np.bool_] = around - glass > max(STAIN * strong, STAIN_GREY)
    if np.mean(stained[away]) > SHADED:
        return np.zeros_like(away)
    return stained


def _motion(found: _Profiles) -> dict[str, float]:
    """How contrast, coherence, clarity and smoothness depend on the direction of the ridges."""
    angle = 2.0 * found.orientation
    basis = np.stack([np.ones_like(angle), np.cos(angle), np.sin(angle)], axis=1)
    # A tenth of the samples' weight pulls the harmonics to 0: ridges of one direction alone say nothing.
    normal = basis.T @ basis + np.diag([0.0, 0.1, 0.1]) * len(angle)
    value = found.values
    planes = {
        "contrast": found.contrast,
        "coherence": found.coherence,
        "clarity": value["clarity"],
        "roughness": value["ridge_roughness"] + value["valley_roughness"],
    }
    harmonics = {}
    for name, values in planes.items():
        mean, cosine, sine = np.linalg.solve(normal, basis.T @ values)
        harmonics[name] = complex(cosine, sine) / max(float(mean), 1e-6)
    together = harmonics["contrast"] + harmonics["coherence"] + harmonics["clarity"] - harmonics["roughness"]
    return {
        "contrast_anisotropy": abs(harmonics["contrast"]),
        "coherence_anisotropy": abs(harmonics["coherence"]),
        "slide_strength": abs(together) / len(planes),
        "one_direction": float(np.hypot(*basis[:, 1:].mean(axis=0))),
    }


def _place(contact: Mask, cell: int) -> dict[str, float]:
    """Where on the window the contact lies."""
    rows, columns = np.nonzero(contact)
    if not len(rows):
        return {}
    height, width = contact.shape
    tall, broad = rows.max() - rows.min() + 1, columns.max() - columns.min() + 1
    touched = contact.astype(bool)
    return {
        "contact_area_mm2": float(len(rows)) * cell**2 * MM2_PER_PX,
        "window_share": len(rows) / contact.size,
        "cut_top": float(touched[0].sum() / broad),
        "cut_bottom": float(touched[-1].sum() / broad),
        "cut_left": float(touched[:, 0].sum() / tall),
        "cut_right": float(touched[:, -1].sum() / tall),
        "free_top": float(rows.min() / height),
        "free_bottom": float((height - 1 - rows.max()) / height),
        "free_left": float(columns.min() / width),
        "free_right": float((width - 1 - columns.max()) / width),
        "offset_x": float((columns.mean() + 0.5) / width - 0.5),
        "offset_y": float((rows.mean() + 0.5) / height - 0.5),
    }
