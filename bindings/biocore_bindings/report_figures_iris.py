"""The figures of an eye on the report page: contours as vector graphics, mask and unwrapped iris as pictures."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from biocore.iris.segmentation import Contour, Segmentation
from biocore_bindings.drawing_iris import strip_picture
from biocore_bindings.eyes import Look

# Red, green, blue, opacity of what cannot be used, and of what can.
LIDS, LASHES, REFLECTIONS, USABLE = (37, 99, 235, 110), (217, 119, 6, 130), (219, 39, 119, 190), (46, 125, 110, 70)


@dataclass(frozen=True, slots=True)
class EyeFigures:
    """What a template writes: SVG paths in px of the picture, and pictures as URIs.

    Attributes
    ----------
    seen, continued : str
        Parts of the contours that an edge carried, and those that were continued behind what covers them.
    lids : str
    mask, strip : str
        The mask as tints over the whole picture; the unwrapped iris.
    rows, columns : int
        Of the strip.
    """

    seen: str
    continued: str
    lids: str
    mask: str
    strip: str
    rows: int
    columns: int


def drawn(look: Look) -> EyeFigures:
    """Return the figures of one eye."""
    curves = (look.found.pupil, look.found.limbus)
    rows, columns = look.strip.shape
    return EyeFigures(
        "".join(_pieces(curve, curve.seen) for curve in curves),
        "".join(_pieces(curve, ~curve.seen) for curve in curves),
        _open(look.found.upper_lid) + _open(look.found.lower_lid),
        _uri(tints(look.found)),
        _uri(strip_picture(look.strip, look.valid)),
        rows,
        columns,
    )


def tints(found: Segmentation) -> NDArray[np.uint8]:
    """Return the mask as tints: uint8 (height, width, 4)."""
    canvas = np.zeros((*found.mask.shape, 4), np.uint8)
    reflections = found.speculars & _disc(found)
    for part, paint in (
        (found.mask, USABLE),
        (found.lids, LIDS),
        (found.lashes, LASHES),
        (reflections, REFLECTIONS),
    ):
        canvas[part] = paint
    return canvas


def _disc(found: Segmentation) -> NDArray[np.bool_]:
    """Return the disc of the limbus: reflections are marked on the whole picture, and count there only."""
    shape = found.limbus.shape
    y, x = np.ogrid[: found.mask.shape[0], : found.mask.shape[1]]
    disc: NDArray[np.bool_] = (x - shape.cx) ** 2 + (y - shape.cy) ** 2 < shape.a**2
    return disc


def _pieces(curve: Contour, wanted: NDArray[np.bool_]) -> str:
    """Return the parts of a closed curve that are wanted, as one path."""
    points = curve.points() + 0.5  # px have their centres at halves in SVG
    parts: list[str] = []
    pen = -1
    for k in np.flatnonzero(wanted).tolist():
        x, y = points[k]
        following = points[(k + 1) % len(points)]
        if pen != k:
            parts.append(f"M{x:.1f} {y:.1f}")
        parts.append(f"L{following[0]:.1f} {following[1]:.1f}")
        pen = k + 1
    return "".join(parts)


def _open(lid: NDArray[np.float64]) -> str:
    return "".join(f"{'L' if k else 'M'}{x + 0.5:.1f} {y + 0.5:.1f}" for k, (x, y) in enumerate(lid.tolist()))


def _uri(picture: NDArray[np.uint8]) -> str:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
