"""The quantities that say what a print physically is; `physics` measures them, `rules` concludes from them."""

from __future__ import annotations

from dataclasses import dataclass


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
    open_share : float
        Upper tenth of the share of a ridge's heart that is nearly as light as the valleys.
    hole_openness : float
        Upper quartile of how many of the holes are that light: where skin does not touch, a hole is empty.
    ridge_roughness, valley_roughness : float
        Median standard deviation along the heart of a ridge and of a valley, in contrasts.
    ridge_share, ridge_share_high : float
        Median and upper quartile of ridge width over ridge period.
    contrast_low : float
        Lower quartile of the contrast, of that of the strong places.
    squareness : float
        Median deviation of grey within the ridged places over half the step from ground to the darkest ink: 1 where
        all skin that touches is black and all else is bare, 0.7 for a sine of that step, less for pale ridges.
    period_px, period_spread : float
        Median ridge period; upper over lower quartile of the period, minus 1.
    edge_slope, edge_slope_low : float
        Median and lower quartile of the steepest step of the profile over one period, in contrasts (a sine: 3.1).
    valley_fill, fill_unevenness : float
        Median darkness of the valleys' light samples against the ink of the same place, and its spread (90 % - 25 %).
    coverage, coverage_low : float
        Median and lower quartile of the mean darkness against the ink of the same place (worn places left out).
    fineness, fineness_low : float
        Median and lower quartile of texture over deviation: how steep the grey is for its range. 1 for ridges of a
        usual period and sharpness; less where edges are soft, whatever the contrast.
    dark_share : float
        Median grey of a place, from the light of its own valleys (0) to the ink of its own ridges (1).
    darkest_places : float
        Upper tenth of the places' grey, from the light of the valleys around (0) to the ink of the ridges around (1).
    flat_share, weak_share : float
        Of the body (the hull of the ridges): without a ridge period; without the contrast of ridges.
    flat_texture : float
        Median texture of the weak places, of that of the ridged ones; 0.5 where too few are weak to say.
    worn_share, blot_share : float
        Of the body: weak, smooth and paler than ink; weak and as dark as the ink around.
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
    open_share: float = 0.0
    hole_openness: float = 0.0
    ridge_roughness: float = 0.0
    valley_roughness: float = 0.0
    ridge_share: float = 0.0
    ridge_share_high: float = 0.0
    contrast_low: float = 0.0
    squareness: float = 0.0
    period_px: float = 0.0
    period_spread: float = 0.0
    edge_slope: float = 0.0
    edge_slope_low: float = 0.0
    valley_fill: float = 0.0
    fill_unevenness: float = 0.0
    coverage: float = 0.0
    coverage_low: float = 0.0
    fineness: float = 0.0
    fineness_low: float = 0.0
    dark_share: float = 0.0
    darkest_places: float = 0.0
    flat_share: float = 0.0
    weak_share: float = 0.0
    flat_texture: float = 0.0
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
