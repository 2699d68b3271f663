"""Overlays on eyes, as RGB rasters: what was found of an iris, and which bits two irises share."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from biocore.iris import draw
from biocore.types import IRIS_COLUMNS, Comparison, GreyImage, IrisTemplate
from biocore_bindings.drawing import GOOD, INK, PAPER, POOR, RGB
from biocore_bindings.eyes import Look, unpacked

WIDTH = 1024  # px of a drawn strip: four a column of the code
STRIP_HEIGHT = 128  # px
BIT_HEIGHT = 4  # px
LINE = 30  # px for a line of words
MASKED = (228, 228, 231)
VEIL = 0.7  # share of white over what is covered
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_HALF = 32  # bits of a word a wavelength


def strip_picture(strip: GreyImage, valid: NDArray[np.bool_]) -> RGB:
    """Return an unwrapped iris as a picture, what is covered under a veil: uint8 (rows, columns, 3)."""
    grey = strip.astype(np.float64)
    veiled = np.where(valid, grey, (1.0 - VEIL) * grey + VEIL * PAPER)
    return np.repeat(np.rint(veiled).astype(np.uint8)[:, :, None], 3, axis=2)


def eye_picture(seen: Look) -> RGB:
    """Draw contours, lids and mask on an eye, and the unwrapped iris below it.

    Returns
    -------
    uint8 array (h, WIDTH, 3)
    """
    overlay = draw.overlay(seen.pixels, seen.found)
    height = round(overlay.shape[0] * WIDTH / overlay.shape[1])
    large = cv2.resize(
        overlay, (WIDTH, height), interpolation=cv2.INTER_AREA if height < len(overlay) else cv2.INTER_CUBIC
    )
    return _stack([np.asarray(large, np.uint8), _line("iris unwrapped: pupil above, limbus below"), _strip(seen, 0)])


def iris_pairing_picture(
    eyes: tuple[Look | None, Look | None], probe: IrisTemplate, reference: IrisTemplate, comparison: Comparison
) -> RGB:
    """Draw two irises unwrapped, the probe turned as it lies best on the reference, and which of their bits agree.

    Parameters
    ----------
    eyes : pair of Look or None
        Probe and reference; None is left out.
    probe, reference : IrisTemplate
    comparison : Comparison
        Of these two, with the rotation.

    Returns
    -------
    uint8 array (h, WIDTH, 3)
        Bits that agree in green-blue, that do not in rust, that only one shows, or neither, in grey.
    """
    rotation = comparison.rotation or 0.0
    turn = round(rotation * IRIS_COLUMNS / (2.0 * math.pi))
    parts: list[RGB] = []
    for seen, words, by in (
        (eyes[0], f"probe, turned by {math.degrees(rotation):+.1f} degrees", turn),
        (eyes[1], "reference", 0),
    ):
        if seen is not None:
            parts += [_line(words), _strip(seen, by)]
    common = unpacked(np.roll(probe.mask, -turn) & reference.mask)
    differ = unpacked(np.roll(probe.code, -turn) ^ reference.code) & common
    for name, rows in (("long", slice(0, _HALF)), ("short", slice(_HALF, 2 * _HALF))):
        shown, wrong = int(common[rows].sum()), int(differ[rows].sum())
        share = f"{1.0 - wrong / shown:.0%} of {shown} agree" if shown else "none in common"
        parts += [_line(f"bits at the {name} wavelength: {share}"), _bits(common[rows], differ[rows])]
    return _stack(parts)


def _strip(seen: Look, turn: int) -> RGB:
    """Return a strip at full width, turned back by so many columns of the code."""
    drawn = np.roll(strip_picture(seen.strip, seen.valid), -turn * seen.strip.shape[1] // IRIS_COLUMNS, axis=1)
    return np.asarray(cv2.resize(drawn, (WIDTH, STRIP_HEIGHT), interpolation=cv2.INTER_LINEAR), np.uint8)


def _bits(common: NDArray[np.bool_], differ: NDArray[np.bool_]) -> RGB:
    colours = np.full((*common.shape, 3), MASKED, np.uint8)
    colours[common] = GOOD
    colours[differ] = POOR
    return colours.repeat(BIT_HEIGHT, axis=0).repeat(WIDTH // IRIS_COLUMNS, axis=1)


def _line(words: str) -> RGB:
    canvas = np.full((LINE, WIDTH, 3), PAPER, np.uint8)
    cv2.putText(canvas, words, (4, LINE - 9), _FONT, 0.55, INK, 1, cv2.LINE_AA)
    return canvas


def _stack(parts: list[RGB]) -> RGB:
    return np.ascontiguousarray(np.concatenate(parts, axis=0))
