"""Synthetic slaps: four fingers or two thumbs on one platen, with the truth about each.

A person seed names ten fingers, an impression seed one touch of the platen; the same seeds give the same bytes.

>>> from biocore.fingerprint import synth_slap
>>> slap = synth_slap.compose(3, 1, synth_slap.SlapKind.RIGHT_FOUR, size=(1600, 1000))
>>> [finger.position.name for finger in slap.fingers][0]
'RIGHT_INDEX'
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biocore.chance import Draw, Field, ramp, smooth_field
from biocore.errors import InvalidSampleError
from biocore.fingerprint import synth_contact, synth_scanner
from biocore.fingerprint.slap_types import LEFT_TO_RIGHT, RotatedBox, SlapKind
from biocore.fingerprint.synth_conditions import Conditions
from biocore.fingerprint.synth_finger import check_seed, master
from biocore.types import FingerPosition, GreyImage, frozen_array

WINDOW = (1600, 1500)  # px, width and height: 3.2 x 3.0 inch at 500 ppi, the window of an FBI FAP 60 scanner
_LAYOUT, _FORMER, _HALO, _SECOND = range(200, 204)  # streams of chance, apart from those of single prints
_PERSON = 16  # finger seeds a person has; ten are used

# Contact area as a share of an ordinary pad, and how far the tip lies below the middle finger's, px: index,
# middle, ring, little, after the plain slaps of ANSI/NIST sample cards and the proportions of hands.
_AREAS = (0.92, 1.0, 0.94, 0.66)
_DROPS = ((40.0, 140.0), (0.0, 0.0), (20.0, 95.0), (160.0, 330.0))
_THUMB_AREA = 1.25


@dataclass(frozen=True, slots=True)
class SlapConditions:
    """The circumstances of one slap. Lengths are px at 500 ppi.

    Attributes
    ----------
    rotation_deg : float
        Turn of the hand, counter-clockwise, -60..60.
    fan_deg : float
        Angle between the outermost fingers, 0..40.
    gap_px : float
        Way between the prints of neighbouring fingers, -40..200; below 0 skin presses on skin.
    missing : tuple of FingerPosition
        Fingers that are not there.
    second_phalanx : float
        How strongly the middle phalanges print below the crease, 0 (not) .. 1.
    crease_px : float
        Way between the phalanges, 0..120.
    halo : float
        Moisture around the fingers, 0..1.
    residue : float
        Strength of the hand that lay there before, 0..1.
    pressure_spread : float
        How differently the fingers press, 0..1.
    faint : FingerPosition or None
        A finger that barely touches.
    background, noise : float
        Of the scanner, as in `Conditions`.
    """

    rotation_deg: float = 0.0
    fan_deg: float = 8.0
    gap_px: float = 45.0
    missing: tuple[FingerPosition, ...] = ()
    second_phalanx: float = 0.0
    crease_px: float = 30.0
    halo: float = 0.0
    residue: float = 0.0
    pressure_spread: float = 0.3
    faint: FingerPosition | None = None
    background: float = 245.0
    noise: float = 2.0


@dataclass(frozen=True, slots=True)
class PlacedFinger:
    """Where one finger truly lies.

    Attributes
    ----------
    position : FingerPosition
    box : RotatedBox
        Around the contact of the distal phalanx within the window, px at 500 ppi.
    seed : int
        The finger's seed: `synth.impression(seed, ...)` is another touch of it.
    """

    position: FingerPosition
    box: RotatedBox
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticSlap:
    """A slap and the truth about it; `fingers` lie left to right."""

    pixels: GreyImage
    kind: SlapKind
    fingers: tuple[PlacedFinger, ...]
    conditions: SlapConditions
    ppi: float


@dataclass(frozen=True, slots=True)
class Placement:
    """How one finger is laid down: its centre in px at 500 ppi, its turn, and its own conditions."""

    position: FingerPosition
    centre: tuple[float, float]
    angle_deg: float
    conditions: Conditions


class Platen:
    """Light lost on the platen; the finger nearest to touching a px is the one that does.

    Parameters
    ----------
    shape : (height, width) in px
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.lost: Field = np.zeros(shape, np.float32)
        self._near: Field = np.full(shape, -1e9, np.float32)
        self.owner: NDArray[np.int16] = np.full(shape, -1, np.int16)

    def lay(self, corner: tuple[int, int], nearness: Field, touch: Field, owner: int) -> None:
        """Lay a print whose top left px comes to `corner` (x, y), cut at the platen's edge."""
        height, width = self.lost.shape
        x, y = corner
        left, top = max(0, -x), max(0, -y)
        right, bottom = min(nearness.shape[1], width - x), min(nearness.shape[0], height - y)
        if right <= left or bottom <= top:
            return
        here = np.s_[y + top : y + bottom, x + left : x + right]
        there = np.s_[top:bottom, left:right]
        wins = nearness[there] > self._near[here]
        self._near[here] = np.where(wins, nearness[there], self._near[here])
        self.lost[here] = np.where(wins, touch[there], self.lost[here])
        self.owner[here] = np.where(wins, np.where(nearness[there] > 0, owner, -1), self.owner[here])

    @property
    def nearness(self) -> Field:
        """1 in the middle of a contact, 0 on its outline, negative outside."""
        return self._near


def finger_seed(person_seed: int, position: FingerPosition) -> int:
    """Return the seed of one finger of a person."""
    return check_seed(person_seed, "person seed") * _PERSON + int(position)


def compose(
    person_seed: int,
    impression_seed: int,
    kind: SlapKind = SlapKind.RIGHT_FOUR,
    conditions: SlapConditions | None = None,
    size: tuple[int, int] = WINDOW,
    ppi: float = 500.0,
) -> SyntheticSlap:
    """Take one slap of one person.

    Parameters
    ----------
    person_seed, impression_seed : int
        0..2**58.
    kind : SlapKind
    conditions : SlapConditions or None
        None = a hand well placed.
    size : (width, height)
        The scanner's window in px, 256..4096.
    ppi : float
        Its resolution, 490..1100.

    Raises
    ------
    InvalidSampleError
        A seed, size or resolution outside these ranges.
    """
    if not all(256 <= side <= 4096 for side in size):
        raise InvalidSampleError(f"a slap's window has sides of 256 to 4096 px, not {size!r}")
    if not 490.0 <= ppi <= 1100.0:
        raise InvalidSampleError(f"ppi must be 490 to 1100, not {ppi!r}")
    conditions = conditions or SlapConditions()
    key = (check_seed(person_seed, "person seed"), check_seed(impression_seed, "impression seed"), int(kind))
    scale = ppi / synth_contact.NOMINAL_PPI
    placements = layout(key, kind, conditions, (size[0] / scale, size[1] / scale))
    platen = Platen((size[1], size[0]))
    for number, placement in enumerate(placements):
        _lay_finger(platen, key, person_seed, number, placement, conditions, ppi)
    lost = platen.lost
    if conditions.halo > 0.0:
        lost = np.maximum(lost, _halo(key, platen.nearness, conditions.halo, scale))
    left = _former_hand(key, platen.lost, conditions.residue, scale) if conditions.residue > 0.0 else None
    light = Conditions(background=conditions.background, noise=conditions.noise)
    pixels = synth_scanner.scan((*key, _LAYOUT), lost, left, light, ppi)
    fingers = tuple(
        PlacedFinger(
            placement.position,
            truth_box(platen.owner == number, placement.centre, placement.angle_deg, scale),
            finger_seed(person_seed, placement.position),
        )
        for number, placement in enumerate(placements)
    )
    return SyntheticSlap(frozen_array(pixels), kind, fingers, conditions, ppi)


def layout(
    key: tuple[int, ...], kind: SlapKind, conditions: SlapConditions, size: tuple[float, float]
) -> tuple[Placement, ...]:
    """Say where the fingers of a hand come to lie, left to right; missing ones leave their place empty."""
    draw = Draw(*key, _LAYOUT)
    thumbs = kind is SlapKind.TWO_THUMBS
    order = LEFT_TO_RIGHT[kind]
    areas = (_THUMB_AREA, _THUMB_AREA) if thumbs else _AREAS
    drops = [draw.uniform(*pair) for pair in (((0.0, 50.0),) * 2 if thumbs else _DROPS)]
    if kind is SlapKind.LEFT_FOUR:
        areas, drops = areas[::-1], drops[::-1]
    halves = [synth_contact.HALF_WIDTH * math.sqrt(area) for area in areas]
    xs = [0.0]
    for before, after in itertools.pairwise(halves):
        xs.append(xs[-1] + before + after + conditions.gap_px + draw.uniform(-8.0, 8.0))
    middle_x, middle_y = (xs[0] + xs[-1]) / 2, (min(drops) + max(drops)) / 2
    turn = math.radians(conditions.rotation_deg)
    cos, sin = math.cos(turn), math.sin(turn)
    offset = (draw.bell(0.0, 20.0), draw.bell(-10.0, 20.0) - 60.0 * (conditions.second_phalanx > 0.0))
    placed = []
    for n, position in enumerate(order):
        # the longest finger's tip is highest; a tip's way to the middle of its pad shrinks with the pad
        tip = drops[n] + synth_contact.TO_TIP * (math.sqrt(areas[n]) - 1.0)
        x, y = xs[n] - middle_x, tip - middle_y
        fan = conditions.fan_deg * (0.5 - n / (len(order) - 1)) + draw.bell(0.0, 1.5)
        own = Conditions(
            pressure=min(0.9, max(0.2, draw.bell(0.5, 0.5 * conditions.pressure_spread))),
            moisture=min(0.8, max(0.15, draw.bell(0.45, 0.35 * conditions.pressure_spread))),
            rotation_deg=conditions.rotation_deg + fan,
            area=areas[n] * draw.uniform(0.93, 1.07),
            distortion=draw.uniform(0.4, 1.3),
            contact_px=(draw.bell(0.0, 8.0), draw.bell(0.0, 10.0)),
        )
        if position == conditions.faint:
            own = Conditions(
                pressure=0.12, moisture=0.3, rotation_deg=own.rotation_deg, area=own.area * 0.6, contact_px=(0.0, -30.0)
            )
        if position not in conditions.missing:
            centre = size[0] / 2 + x * cos + y * sin + offset[0], size[1] / 2 - x * sin + y * cos + offset[1]
            placed.append(Placement(position, centre, own.rotation_deg, own))
    return tuple(placed)


def truth_box(mask: NDArray[np.bool_], centre: tuple[float, float], angle_deg: float, scale: float) -> RotatedBox:
    """Return the least box of this turn around a mask, in px at 500 ppi; `centre` is where it stays if empty."""
    rows, columns = np.nonzero(mask)
    if len(rows) == 0:
        return RotatedBox(centre, (0.0, 0.0), angle_deg)
    x, y = (columns + 0.5) / scale, (rows + 0.5) / scale
    cos, sin = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    across, down = x * cos - y * sin, x * sin + y * cos
    (left, right), (top, bottom) = (np.quantile(v, (0.0005, 0.9995)) for v in (across, down))
    u, v = float(left + right) / 2, float(top + bottom) / 2
    middle = u * cos + v * sin, -u * sin + v * cos
    return RotatedBox(middle, (float(right - left), float(bottom - top)), angle_deg)


def _lay_finger(
    platen: Platen,
    key: tuple[int, ...],
    person_seed: int,
    number: int,
    placement: Placement,
    conditions: SlapConditions,
    ppi: float,
) -> None:
    scale, own = ppi / synth_contact.NOMINAL_PPI, placement.conditions
    finger = master(finger_seed(person_seed, placement.position))
    side = round(2.0 * scale * 1.35 * synth_contact.TO_JOINT * math.sqrt(own.area)) // 2 * 2
    contact = synth_contact.make(finger, (*key, number), own, (side, side), ppi)
    corner = tuple(round(c * scale) - side // 2 for c in placement.centre)
    platen.lay((corner[0], corner[1]), contact.nearness, contact.touch, number)
    if conditions.second_phalanx <= 0.0:
        return
    shrink = math.sqrt(own.area)
    half = 92.0 * shrink, 118.0 * shrink  # px; the middle phalanx prints narrower and shorter, between two creases
    grown = shrink * (0.88 + 0.24 * own.pressure)
    down = synth_contact.TO_JOINT * grown + conditions.crease_px + half[1]
    box = RotatedBox(placement.centre, (0.0, 0.0), placement.angle_deg)
    x, y = box.to_picture(0.0, down)
    skin = Conditions(
        pressure=max(0.2, own.pressure - 0.1),
        moisture=own.moisture,
        rotation_deg=own.rotation_deg + 20.0,
        area=1.4,
        contact_px=(0.0, 170.0),
    )
    # skin from beside the joint: ridges that run across, no core
    second = synth_contact.make(finger, (*key, number, _SECOND), skin, (side, side), ppi)
    nearness = _block(side, half, placement.angle_deg, scale)
    nearness = nearness + smooth_field(Draw(*key, number, _SECOND), nearness.shape, 26.0 * scale) * np.float32(0.10)
    patchy = ramp(smooth_field(Draw(*key, number, _SECOND, 1), nearness.shape, 45.0 * scale), -2.2, 0.4)
    touch = second.touch * patchy * ramp(nearness, -0.06, 0.12) * np.float32(conditions.second_phalanx)
    platen.lay((round(x * scale) - side // 2, round(y * scale) - side // 2), nearness, touch, -1)


def _block(side: int, half: tuple[float, float], angle_deg: float, scale: float) -> Field:
    """Return 1 in the middle of a rounded, turned rectangle, 0 on its outline."""
    at = (np.arange(side, dtype=np.float32) + 0.5 - side / 2) / scale
    cos, sin = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    across = (at[None, :] * cos - at[:, None] * sin) / half[0]
    down = (at[None, :] * sin + at[:, None] * cos) / half[1]
    return np.asarray(1.0 - (across**4 + down**4), np.float32)


def _halo(key: tuple[int, ...], nearness: Field, strength: float, scale: float) -> Field:
    """Light lost to the moisture that stands around warm fingers; skin that touches presses most of it away."""
    shape = nearness.shape[0], nearness.shape[1]
    blotch = smooth_field(Draw(*key, _HALO), shape, 30.0 * scale)
    edge = ramp(nearness + blotch * np.float32(0.10), -0.75, -0.05)
    edge = edge * (1.0 - np.float32(0.75) * ramp(nearness, 0.0, 0.3))
    return np.asarray(edge * np.float32(0.5 * strength) * (0.8 + 0.15 * blotch), np.float32)


def _former_hand(key: tuple[int, ...], lost: Field, strength: float, scale: float) -> Field:
    """Light lost to what another hand left: this one mirrored and moved, in patches."""
    draw = Draw(*key, _FORMER)
    moved = np.roll(
        lost[:, ::-1], (round(draw.uniform(60, 200) * scale), round(draw.uniform(-150, 150) * scale)), (0, 1)
    )
    patches = ramp(smooth_field(draw, (lost.shape[0], lost.shape[1]), 60.0 * scale), -1.2, 1.0)
    return np.asarray(moved * patches * np.float32(0.42 * strength), np.float32)
