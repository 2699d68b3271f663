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
FLAT = 0.35  # of the strong cells' contrast; below it the ridges are gone
SMOOTH = 0.6  # of the ridged cells' texture; a rougher place is broken or mottled, not worn
BLOT_LEVEL = 0.82  # of the ink's darkness; a flat cell darker than this is filled, a lighter one is worn
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
class RidgePhysics:
    """Every quantity the causes are concluded from. Shares are 0..1; *darkness* is 0 at the ground, 1 at the ink.

    Attributes
    ----------
    ridge_area_mm2 : float
        Area of cells with unmistakable ridges: a period, a clear profile, one direction. 0 without a finger.
    contact_area_mm2 : float
        Area of the convex hull of all texture: what the finger touched, ridges or not.
    window_share : float
        Of the window covered by the contact.
    ground_grey, ink_grey : float
        Grey of the bare window beside the contact, and of the ridges.
    ridge_contrast : float
        Median step from valley to ridge, of the ground's grey (Weber contrast).
    ridge_darkness : float
        Step from ground to ink, of the ground's grey.
    clarity : float
        Median share of a window's variance that the profile across the ridges explains.
    coherence : float
        Median share of gradients in one direction (0 = noise, 1 = straight ridges).
    hole_share, bridge_share : float
        Median share of a ridge's heart that is light, and of a valley's heart that is dark.
    ridge_roughness, valley_roughness : float
        Median standard deviation along the heart of a ridge and of a valley, in contrasts.
    ridge_share : float
        Median ridge width over ridge period.
    squareness : float
        Median deviation of grey within the ridged places over half the step from ground to the darkest ink: 1 where
        all skin that touches is black and all else is bare, 0.7 for a sine of that step, less for pale ridges.
    period_px, period_spread : float
        Median ridge period; upper over lower quartile of the period, minus 1.
    edge_slope : float
        Median steepest step of the profile over one period, in contrasts (a sine gives 3.1).
    valley_fill, fill_unevenness : float
        Median darkness of the valleys' light samples against the ink of the same place, and its spread (90 % - 25 %).
    coverage, coverage_low : float
        Median and lower quartile of the mean darkness against the ink of the same place (worn places left out).
    flat_share : float
        Of the contact without a ridge period.
    worn_share, blot_share : float
        Of the contact's inside: flat and pale; without contrast and as dark as ink.
    contrast_anisotropy, coherence_anisotropy : float
        How much contrast, and coherence, depend on the ridges' direction (amplitude of the second harmonic over
        the mean): what a slide along one direction does.
    slide_strength : float
        How much contrast, coherence, clarity and smoothness depend on one and the same direction of the ridges:
        along the slide ridges stay and are polished, across it they go.
    one_direction : float
        How far the texture of the contact's cells runs in one direction only (mean resultant of the doubled
        angles): 0.1 to 0.4 for a whole pad; a slide draws streaks of its own direction over it.
    residue_share : float
        Of the window away from the strong ridges: what carries a weaker texture of its own.
    cut_top, cut_bottom, cut_left, cut_right : float
        Of the contact's width (height) that lies on that edge of the window.
    free_top, free_bottom, free_left, free_right : float
        Free window between the contact and that edge, of the window's height (width).
    offset_x, offset_y : float
        From the window's centre to the contact's, of the window's width and height; right and down are positive.
    """

    ridge_area_mm2: float = 0.0
    contact_area_mm2: float = 0.0
    window_share: float = 0.0
    ground_grey: float = 0.0
    ink_grey: float = 0.0
    ridge_contrast: float = 0.0
    ridge_darkness: float = 0.0
    clarity: float = 0.0
    coherence: float = 0.0
    hole_share: float = 0.0
    bridge_share: float = 0.0
    ridge_roughness: float = 0.0
    valley_roughness: float = 0.0
    ridge_share: float = 0.0
    squareness: float = 0.0
    period_px: float = 0.0
    period_spread: float = 0.0
    edge_slope: float = 0.0
    valley_fill: float = 0.0
    fill_unevenness: float = 0.0
    coverage: float = 0.0
    coverage_low: float = 0.0
    flat_share: float = 0.0
    worn_share: float = 0.0
    blot_share: float = 0.0
    contrast_anisotropy: float = 0.0
    coherence_anisotropy: float = 0.0
    slide_strength: float = 0.0
    one_direction: float = 0.0
    residue_share: float = 0.0
    cut_top: float = 0.0
    cut_bottom: float = 0.0
    cut_left: float = 0.0
    cut_right: float = 0.0
    free_top: float = 0.0
    free_bottom: float = 0.0
    free_left: float = 0.0
    free_right: float = 0.0
    offset_x: float = 0.0
    offset_y: float = 0.0


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
    )


def _matter(cells: _Cells, contact: Mask, found: _Profiles, cell: int) -> dict[str, float]:
    """How dark, whole, filled and worn the contact is."""
    value = found.values
    ridged = found.ridged if np.count_nonzero(found.ridged) >= MIN_CONTACT else found.contrast > FLAT * found.strong
    near, far = (cv2.dilate(contact, np.ones((n, n), np.uint8)) == 0 for n in (5, 15))
    beside = cells.mean[near & ~far]
    gap = float(np.percentile(value["gap_level"][ridged], 90))
    ground = max(float(np.median(beside)) if beside.size > GROUND_CELLS else gap, gap, 1.0)
    ink = float(np.percentile(value["ink_level"][ridged], 25))
    depth = max(ground - ink, 1.0)
    darkest = max(ground - float(np.percentile(value["ink_level"][ridged], 5)), 1.0)
    darkness = (ground - found.level) / depth
    flat = found.contrast < FLAT * found.strong
    smooth = found.texture < SMOOTH * float(np.median(found.texture[ridged]))
    worn = flat & smooth & (darkness < BLOT_LEVEL)
    # Against the ink of the same place: a pale print with filled valleys is wet, an unevenly pressed one is not.
    own = np.maximum(ground - value["ink_level"], PALEST * depth)[~worn] if not worn.all() else np.array([depth])
    fill = (ground - value["gap_level"][~worn]) / own if not worn.all() else np.zeros(1)
    cover = (ground - found.level[~worn]) / own if not worn.all() else np.zeros(1)
    unmistakable = found.ridged & (found.coherence > MIN_COHERENCE)
    period = value["period"][ridged]
    quarter = np.percentile(period, [25, 75])
    return {
        "ridge_area_mm2": float(np.count_nonzero(unmistakable)) * cell**2 * MM2_PER_PX,
        "ground_grey": ground,
        "ink_grey": ink,
        "ridge_contrast": float(np.median(found.contrast[ridged])) / ground,
        "ridge_darkness": depth / ground,
        "clarity": float(np.median(value["clarity"][ridged])),
        "coherence": float(np.median(found.coherence)),
        "hole_share": float(np.median(value["hole_share"][ridged])),
        "bridge_share": float(np.median(value["bridge_share"][ridged])),
        "ridge_roughness": float(np.median(value["ridge_roughness"][ridged])),
        "valley_roughness": float(np.median(value["valley_roughness"][ridged])),
        "ridge_share": float(np.median(value["ridge_share"][ridged])),
        "squareness": float(np.median(cells.deviation[found.rows, found.columns][ridged]) * 2.0 / darkest),
        "period_px": float(np.median(period)),
        "period_spread": float(quarter[1] / quarter[0] - 1.0) if quarter[0] > 0.0 else 0.0,
        "edge_slope": float(np.median(value["edge_slope"][ridged] * np.maximum(period, RIDGE_PERIOD[0]))),
        "valley_fill": float(np.median(fill)),
        "fill_unevenness": float(np.percentile(fill, 90) - np.percentile(fill, 25)),
        "coverage": float(np.median(cover)),
        "coverage_low": float(np.percentile(cover, 25)),
        "flat_share": float(np.mean(value["period"] == 0.0)),
        "worn_share": float(np.mean(worn)),
        "blot_share": float(np.mean((found.contrast < 0.5 * found.strong) & (darkness >= BLOT_LEVEL))),
        "residue_share": _residue_share(cells, found, cell),
    }


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
