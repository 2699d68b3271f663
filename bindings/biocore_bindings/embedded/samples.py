"""Samples: from files, from bytes, from pixels."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np

import biocore
from biocore.types import MAX_SIDE, Frame, GreyImage, Modality, Position, Sample
from biocore_bindings.embedded.door import C, Door, number_or_nan, wrong

MODALITIES = (Modality.FINGER, Modality.IRIS, Modality.FACE)  # in the order of biocore_modality


def modality_of(number: int) -> Modality:
    """Return a modality by its number in C; a CallError where there is none."""
    if not 0 <= number < len(MODALITIES):
        raise wrong(f"{number} is no modality: BIOCORE_FINGER, BIOCORE_IRIS or BIOCORE_FACE")
    return MODALITIES[number]


def position_of(number: int, modality: Modality) -> Position:
    """Return a position by its number; a CallError where there is none."""
    kind = modality.positions
    try:
        return kind(number)
    except ValueError:
        raise wrong(f"{number} is no position of a {modality}: 0 to {max(kind)}") from None


def _ppi(value: float) -> float | None:
    return None if value != value or value == 0.0 else value  # NAN is not equal to itself


def load(door: Door, path: C, modality: int, ppi: float, position: int, sample: C) -> None:
    """Read a file."""
    if path == door.ffi.NULL:
        raise wrong("path must not be NULL")
    shows = modality_of(modality)
    where = os.fsdecode(door.ffi.string(path))  # a path is bytes, whatever a person made of it
    made = biocore.load(where, shows, _ppi(ppi), position_of(position, shows))
    door.hand(door.place(sample, "sample"), made, "biocore_sample")


def decode(door: Door, data: C, size: int, modality: int, ppi: float, position: int, sample: C) -> None:
    """Read a file's bytes."""
    shows = modality_of(modality)
    made = biocore.load(door.data(data, size), shows, _ppi(ppi), position_of(position, shows))
    door.hand(door.place(sample, "sample"), made, "biocore_sample")


def of_pixels(
    door: Door,
    pixels: C,
    width: int,
    height: int,
    stride: int,
    modality: int,
    ppi: float,
    position: int,
    source: C,
    sample: C,
) -> None:
    """Copy pixels."""
    shows = modality_of(modality)
    name = door.text(source, "source", "memory")
    frame = Frame(_raster(door, pixels, width, height, stride), _ppi(ppi), name)
    made = Sample(frame, shows, position_of(position, shows))
    door.hand(door.place(sample, "sample"), made, "biocore_sample")


def _raster(door: Door, pixels: C, width: int, height: int, stride: int) -> GreyImage:
    step = stride or width
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise wrong(f"a picture of {width}x{height} px: 1 to {MAX_SIDE} a side")
    if not width <= step <= 16 * MAX_SIDE:
        raise wrong(f"a stride of {step} bytes does not hold rows of {width} px")
    data = door.data(pixels, step * (height - 1) + width)  # of the last row no more than its pixels is there
    flat = np.frombuffer(data, np.uint8)
    return np.lib.stride_tricks.as_strided(flat, (height, width), (step, 1), writeable=False)


def picture(door: Door, sample: C, out: C) -> None:
    """Say what a sample shows."""
    found = door.held(sample, Sample)
    door.fill(out, "biocore_picture", **picture_values(door, found.frame, found.modality, found.position))


def picture_values(door: Door, frame: Frame, modality: Modality, position: Position) -> dict[str, object]:
    """Return the members of a biocore_picture; its pixels and colours are the frame's."""
    height, width = frame.pixels.shape
    ffi, colour = door.ffi, frame.colour
    return {
        "modality": MODALITIES.index(modality),
        "position": int(position),
        "width": width,
        "height": height,
        "ppi": number_or_nan(frame.ppi),
        "pixels": ffi.cast("uint8_t *", frame.pixels.ctypes.data),
        "colour": ffi.NULL if colour is None else ffi.cast("uint8_t *", colour.ctypes.data),
    }


def release(door: Door, sample: C) -> None:
    """Forget a sample."""
    door.handles.release(door.number(sample), Sample)


FUNCTIONS: dict[str, Callable[..., None]] = {
    "engine_sample_load": load,
    "engine_sample_decode": decode,
    "engine_sample_of_pixels": of_pixels,
    "engine_sample_picture": picture,
    "engine_sample_release": release,
}
