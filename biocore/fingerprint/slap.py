"""Slaps taken apart: four fingers or two thumbs on one picture become single fingers, upright and named.

>>> from biocore.fingerprint import synth_slap
>>> from biocore.fingerprint.slap import SlapKind, segment_slap
>>> scan = synth_slap.compose(3, 1, SlapKind.RIGHT_FOUR)
>>> slap = segment_slap(scan.pixels, SlapKind.RIGHT_FOUR, ppi=500)
>>> [finger.position.name for finger in slap.fingers]
['RIGHT_INDEX', 'RIGHT_MIDDLE', 'RIGHT_RING', 'RIGHT_LITTLE']
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biocore import trace
from biocore.errors import InvalidSampleError, SlapError
from biocore.fingerprint import slap_fingers, slap_parts
from biocore.fingerprint.scale import to_500
from biocore.fingerprint.slap_crop import crop
from biocore.fingerprint.slap_fingers import Print
from biocore.fingerprint.slap_hand import agreement
from biocore.fingerprint.slap_map import RidgeMap, hand_turns, ridge_map
from biocore.fingerprint.slap_parts import Labels
from biocore.fingerprint.slap_types import (
    HAND_OF,
    LEFT_TO_RIGHT,
    Hand,
    RotatedBox,
    Slap,
    SlapFinger,
    SlapKind,
)
from biocore.types import FingerPosition, Frame, GreyImage, Modality, Sample

__all__ = ["Hand", "RotatedBox", "Slap", "SlapFinger", "SlapKind", "segment_slap"]

SURE = 0.30  # confidence from which a print counts as a finger
CLEAR_OFF = 0.45  # of the surest finger's confidence; where too many lie there, prints below it are residue
# Shares of the typical contrast at which the platen is looked at: what a hand left before falls below the first, a
# finger that barely touches shows in the last only.
LOOKS = (0.34, 0.24, 0.16)
CERTAIN = 0.85  # confidence of the least sure finger beyond which no further look is needed
WRONG_HAND = 0.1  # `hand_confidence` below which the operator is warned
UNSURE = 0.5  # confidence of a finger below which the operator is warned


def segment_slap(
    slap: Sample | GreyImage,
    expected: SlapKind | Sequence[FingerPosition] | None,
    *,
    missing: Sequence[FingerPosition] = (),
    ppi: float | None = None,
) -> Slap:
    """Find the fingers of a slap, name them and cut them out upright.

    Parameters
    ----------
    slap : Sample or uint8 array (height, width)
        490 to 1100 ppi, fingers pointing up within about 45 degrees, dark ridges on a lighter ground.
    expected : SlapKind, sequence of FingerPosition, or None
        What should lie there; None = four fingers of a hand that the geometry tells.
    missing : sequence of FingerPosition
        Fingers the person does not have or cannot place, entered before the capture.
    ppi : float or None
        Resolution of an array; a sample knows its own.

    Returns
    -------
    Slap
        Boxes in px at 500 ppi; the order is that of the picture, left to right.

    Raises
    ------
    SlapError
        Fewer or more fingers lie there than were expected; carries both counts.
    InvalidSampleError
        An array without `ppi`, a resolution outside the range, positions that make no slap.
    """
    sample = _sample(slap, ppi)
    kind, positions = _order(expected, missing)
    pixels = to_500(sample)
    look = _fingers(ridge_map(pixels), len(positions))
    trace.stage("slap.labels", look.labels)
    found = look.found
    _check_count(found, positions, kind)
    boxes = [one.box for one in found]
    turn = sum(box.angle_deg for box in boxes) / len(boxes)
    share = agreement(boxes, positions, turn)
    if expected is None and share < 0.5:
        kind, positions, share = SlapKind.LEFT_FOUR, LEFT_TO_RIGHT[SlapKind.LEFT_FOUR], 1.0 - share
    fingers = tuple(
        SlapFinger(
            position,
            one.box,
            one.confidence,
            _upright(sample, crop(pixels, one, look.labels, look.to_map), position),
        )
        for one, position in zip(found, positions, strict=True)
    )
    warnings = _warnings(found, positions, pixels, share, HAND_OF[kind])
    return Slap(kind, fingers, HAND_OF[kind], share, turn, warnings)


def _sample(slap: Sample | GreyImage, ppi: float | None) -> Sample:
    if isinstance(slap, Sample):
        return slap
    return Sample(Frame(slap, ppi), Modality.FINGER)


def _order(
    expected: SlapKind | Sequence[FingerPosition] | None, missing: Sequence[FingerPosition]
) -> tuple[SlapKind, tuple[FingerPosition, ...]]:
    """Return the kind of slap and the fingers that should lie there, left to right."""
    if expected is None:
        if missing:
            raise InvalidSampleError("missing fingers belong to a hand; say which slap is expected")
        return SlapKind.RIGHT_FOUR, LEFT_TO_RIGHT[SlapKind.RIGHT_FOUR]
    if isinstance(expected, SlapKind):
        kind, wanted = expected, set(LEFT_TO_RIGHT[expected])
    else:
        wanted = set(expected)
        kinds = [kind for kind, order in LEFT_TO_RIGHT.items() if wanted and wanted <= set(order)]
        if not kinds or len(wanted) != len(expected):
            names = ", ".join(getattr(position, "name", repr(position)) for position in expected) or "none"
            raise InvalidSampleError(
                f"these are no fingers of one slap: {names}; name each of one hand, or both thumbs"
            )
        kind = kinds[0]
    positions = tuple(position for position in LEFT_TO_RIGHT[kind] if position in wanted and position not in missing)
    if not positions:
        raise InvalidSampleError(f"every finger of {kind.name} is entered as missing: there is nothing to capture")
    return kind, positions


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What one look at the platen found: finger tips left to right, the upright label map, the matrix to it."""

    found: list[Print]
    labels: Labels
    to_map: NDArray[np.float64]
    turn: float

    @property
    def least(self) -> float:
        """Confidence of the least sure finger."""
        return min((one.confidence for one in self.found), default=0.0)

    @property
    def whole(self) -> float:
        """Sum of the confidences."""
        return sum(one.confidence for one in self.found)


def _fingers(ridges: RidgeMap, expected: int) -> _Look:
    """Look for so many fingers, each time for fainter ones, and keep the look that shows them best."""
    looks: list[_Look] = []
    for opinion in range(2):  # of the hand's turn; the second is asked where the first shows no such hand
        for share in LOOKS:
            looks.append(_look(ridges.at(share), opinion, expected))
            if len(looks[-1].found) == expected and looks[-1].least >= CERTAIN:
                return looks[-1]
        if any(len(look.found) == expected and look.least >= UNSURE for look in looks):
            break
    right = [look for look in looks if len(look.found) == expected]
    return max(right or looks[: len(LOOKS)], key=lambda look: look.whole)


def _look(ridges: RidgeMap, opinion: int, expected: int) -> _Look:
    """Find the finger tips that stand out from the platen in this map."""
    turn = hand_turns(ridges)[opinion]
    soft, mask, to_map = slap_parts.upright(ridges, turn)
    labels = slap_parts.split(soft, mask)
    found = slap_fingers.tips(slap_fingers.prints(soft, labels, to_map, turn), turn)
    found = [one for one in found if one.confidence >= SURE]
    if len(found) > expected:
        surest = max(one.confidence for one in found)
        found = [one for one in found if one.confidence >= CLEAR_OFF * surest]
    return _Look(found, labels, to_map, turn)


def _check_count(found: list[Print], positions: tuple[FingerPosition, ...], kind: SlapKind) -> None:
    if len(found) == len(positions):
        return
    few = len(found) < len(positions)
    every = {1: "the finger", 2: "both", 3: "all three", 4: "all four"}[len(positions)]
    cure = (
        f"place {every} flat and at once, or enter the missing ones first"
        if few
        else "lift the others, clean the platen, or correct the list of missing fingers"
    )
    count = f"{len(found) or 'no'} finger{'' if len(found) == 1 else 's'}"
    were = "was" if len(positions) == 1 else "were"
    raise SlapError(
        f"{count} found where {len(positions)} {were} expected ({kind.name}): {cure}",
        found=len(found),
        expected=len(positions),
    )


def _upright(sample: Sample, pixels: GreyImage, position: FingerPosition) -> Sample:
    frame = Frame(pixels, 500.0, f"{sample.source}#{position.name}", sample.frame.captured_at)
    return Sample(frame, Modality.FINGER, position)


def _warnings(
    found: list[Print], positions: tuple[FingerPosition, ...], pixels: GreyImage, share: float, hand: Hand
) -> tuple[str, ...]:
    said = []
    if share < WRONG_HAND:
        said.append(f"the finger tips lie as those of the other hand do, not of the {hand} one")
    for one, position in zip(found, positions, strict=True):
        name = position.name.lower().replace("_", " ")
        if slap_fingers.touches_edge(one, (pixels.shape[0], pixels.shape[1])):
            said.append(f"the tip of the {name} is cut off by the edge of the window")
        elif one.confidence < UNSURE:
            said.append(f"the {name} hardly touches")
    return tuple(said)
