"""The plan of a synthetic eye: what every picture of it shows again.

Lengths are in iris radii (5.9 mm), greys in levels of a well exposed picture at 800 to 900 nm. One person's two eyes
share skin, lids and lashes and mirror each other; their irises have nothing in common but their tone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from biocore.chance import Draw
from biocore.errors import InvalidSampleError

MAX_SEED = 2**63 - 1
Side = Literal["left", "right"]
SIDES: tuple[Side, ...] = get_args(Side)
LEAST_STEP = 48.0  # grey levels from iris to sclera
_PERSON, _EYE = range(2)  # streams of chance


@dataclass(frozen=True, slots=True)
class Lids:
    """The opening between the lids; x points to the nose here, y down, from the middle of the iris.

    Attributes
    ----------
    nose, temple : float
        Distance of the two canthi; a palpebral fissure is 26 to 32 mm wide, 4.4 to 5.4 radii.
    nose_y, temple_y : float
        Their heights; the lateral one lies higher in most.
    upper, lower : float
        How far the margins rise above and fall below the line between the canthi.
    apex : float
        Where the upper one is highest.
    margin : float
        Width of the lower lid's wet rim.
    fold : float
        Height of the upper lid's crease above its margin.
    """

    nose: float
    temple: float
    nose_y: float
    temple_y: float
    upper: float
    lower: float
    apex: float
    margin: float
    fold: float


@dataclass(frozen=True, slots=True)
class Lashes:
    """Upper and lower lashes: how many, how long (iris radii), and how far the upper ones hang (-1 up .. 1 down)."""

    upper: int
    lower: int
    length: float
    droop: float
    grey: float


@dataclass(frozen=True, slots=True)
class Iris:
    """What the iris is made of.

    Attributes
    ----------
    grey : float
        Its mean level.
    texture : float
        Deviation of its texture, grey levels.
    fibres, crypts, furrows, freckles : float
        How much of each there is, 0..1.
    collarette : float
        Where the collarette runs, 0 = pupil, 1 = limbus.
    limbus : float
        Width over which it passes into the sclera, iris radii.
    rim : float
        How much darker its outermost tenth is, share.
    """

    grey: float
    texture: float
    fibres: float
    crypts: float
    furrows: float
    freckles: float
    collarette: float
    limbus: float
    rim: float


@dataclass(frozen=True, slots=True)
class EyePlan:
    """One eye.

    Attributes
    ----------
    seed : int
    side : "left" or "right"
        Of the person, not of the picture: the nose is on the right of the picture of a right eye.
    pupil : float
        Its usual radius by that of the iris.
    pupil_x, pupil_y : float
        Its centre from that of the iris: a little towards the nose and down.
    oval, oval_deg : float
        Half the difference of its axes, share, and the direction of the longer one.
    pupil_grey, sclera_grey, skin_grey : float
    vessels : int
        Number of vessels on the sclera.
    brow : float
        Height of the brow above the middle of the eye, iris radii.
    iris : Iris
    lids : Lids
    lashes : Lashes
    """

    seed: int
    side: Side
    pupil: float
    pupil_x: float
    pupil_y: float
    oval: float
    oval_deg: float
    pupil_grey: float
    sclera_grey: float
    skin_grey: float
    vessels: int
    brow: float
    iris: Iris
    lids: Lids
    lashes: Lashes

    @property
    def nasal(self) -> float:
        """1 where the nose is on the right of the picture, else -1."""
        return 1.0 if self.side == "right" else -1.0


def check_seed(seed: int, what: str) -> int:
    """Return the seed, or say what is wrong with it.

    Raises
    ------
    InvalidSampleError
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        raise InvalidSampleError(f"{what} must be a whole number 0..2**63-1, not {seed!r}")
    return seed


def check_side(side: str) -> Side:
    """Return the side, or say which there are.

    Raises
    ------
    InvalidSampleError
    """
    for known in SIDES:
        if side == known:
            return known
    raise InvalidSampleError(f"an eye is left or right, not {side!r}")


def plan_of(seed: int, side: str = "left") -> EyePlan:
    """Return the plan of a person's eye without growing its texture.

    Raises
    ------
    InvalidSampleError
        A seed outside 0..2**63-1, or no such side.
    """
    known = check_side(side)
    person = Draw(check_seed(seed, "eye seed"), _PERSON)
    own = Draw(seed, _EYE, SIDES.index(known))
    iris = _iris(person, own)
    return EyePlan(
        seed=seed,
        side=known,
        pupil=_within(person.bell(0.38, 0.055) + own.bell(0.0, 0.01), 0.26, 0.54),
        pupil_x=own.bell(0.025, 0.015),
        pupil_y=own.bell(0.012, 0.012),
        oval=abs(own.bell(0.0, 0.014)),
        oval_deg=own.uniform(0.0, 180.0),
        pupil_grey=person.uniform(10.0, 24.0),
        sclera_grey=max(person.uniform(142.0, 184.0), iris.grey + LEAST_STEP),
        skin_grey=person.uniform(178.0, 226.0),
        vessels=4 + own.whole(8),
        brow=person.uniform(2.3, 3.2),
        iris=iris,
        lids=_lids(person, own),
        lashes=Lashes(
            upper=90 + person.whole(70),
            lower=34 + person.whole(36),
            length=person.uniform(0.5, 0.85),
            droop=person.uniform(-1.0, 0.8),
            grey=person.uniform(22.0, 55.0),
        ),
    )


def _iris(person: Draw, own: Draw) -> Iris:
    return Iris(
        grey=person.uniform(84.0, 116.0) + own.bell(0.0, 2.0),
        texture=person.uniform(6.0, 10.5),
        fibres=person.uniform(0.25, 1.0),
        crypts=_within(person.uniform(-0.1, 0.9) + own.bell(0.0, 0.1), 0.0, 1.0),
        furrows=person.uniform(0.0, 1.0),
        freckles=_within(person.uniform(-0.5, 0.8), 0.0, 1.0),
        collarette=_within(person.bell(0.27, 0.05) + own.bell(0.0, 0.02), 0.15, 0.45),
        limbus=person.uniform(0.05, 0.11),
        rim=person.uniform(0.0, 0.12),
    )


def _lids(person: Draw, own: Draw) -> Lids:
    return Lids(
        nose=person.uniform(2.35, 2.75) + own.bell(0.0, 0.03),
        temple=person.uniform(2.2, 2.6) + own.bell(0.0, 0.03),
        nose_y=person.uniform(0.15, 0.45),
        temple_y=person.uniform(-0.05, 0.2),
        upper=person.uniform(1.0, 1.22) + own.bell(0.0, 0.03),
        lower=person.uniform(0.78, 0.98) + own.bell(0.0, 0.03),
        apex=person.uniform(-0.1, 0.3),
        margin=person.uniform(0.08, 0.14),
        fold=person.uniform(0.25, 0.75),
    )


def _within(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))
