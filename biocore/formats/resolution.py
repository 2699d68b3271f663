"""Resolutions as records hold them: whole px/inch, or whole px/cm, and square pixels."""

from __future__ import annotations

from biocore.errors import UnsupportedFormatError

CM_PER_INCH, MM_PER_INCH = 2.54, 25.4
NOMINAL_PPI = (500.0, 1000.0)  # px/inch; the resolutions whose rounding to px/cm is undone on reading
ASPECT_SLACK = 0.01  # share by which the horizontal and vertical resolution may differ


def per_cm(ppi: float) -> int:
    """Return px/inch as whole px/cm: 500 is 197."""
    return round(ppi / CM_PER_INCH)


def ppi_of_per_cm(resolution: int) -> float:
    """Return whole px/cm as px/inch; the rounding of 500 and 1000 ppi is undone."""
    return next((ppi for ppi in NOMINAL_PPI if resolution == per_cm(ppi)), resolution * CM_PER_INCH)


def square_ppi(x: int, y: int, *, metric: bool) -> float:
    """Return the resolution of a picture in px/inch.

    Parameters
    ----------
    x, y : int
        Horizontal and vertical, in px/inch or px/cm.
    metric : bool
        They are in px/cm.

    Raises
    ------
    UnsupportedFormatError
        They differ by more than 1 %.
    """
    if abs(x - y) > ASPECT_SLACK * max(x, y):
        raise UnsupportedFormatError(f"pixels that are not square: {x} and {y} to the {'cm' if metric else 'inch'}")
    return ppi_of_per_cm(x) if metric else float(x)
