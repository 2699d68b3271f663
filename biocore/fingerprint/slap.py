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

import numpy as np

from biocore import trace
from biocore.errors import InvalidSampleError, SlapError
from biocore.fingerprint import slap_fingers, slap_parts
from biocore.fingerprint.scale import to_500
from biocore.fingerprint.slap_crop import crop
from biocore.fingerprint.slap_fingers import Print
from biocore.fingerprint.slap_hand import agreement
from biocore.fingerprint.slap_map import RELATIVE, RidgeMap, hand_turn, ridge_map
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
FAINTER = (RELATIVE, 0.2, 0.12)  # of the typical contrast: looked at again where fingers are wanting
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
    ridges = ridge_map(pixels)
    found, labels, to_map, turn = _fingers(ridges, len(positions))
    _check_count(found, positions, kind)
    boxes = [one.box for one in found]
    trace.stage("slap.labels", labels)
    turn = float(np.mean([box.angle_deg for box in boxes])) if boxes else turn
    share = agreement(boxes, positions, turn)
    if expected is None and share < 0.5:
        kind, positions, share = SlapKind.LEFT_FOUR, LEFT_TO_RIGHT[SlapKind.LEFT_FOUR], 1.0 - share
    fingers = tuple(
        SlapFinger(
            position,
            one.box,
            one.confidence,
            _upright(sample, crop(pixels, one, labels, to_map), position),
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


def _fingers(ridges: RidgeMap, expected: int) -> tuple[list[Print], Labels, np.ndarray, float]:
    """Find the finger tips; where some are wanting, look again for prints that are fainter."""
    first = None
    for share in FAINTER:
        looked = ridges.at(share)
        turn = hand_turn(looked)
        soft, mask, to_map = slap_parts.upright(looked, turn)
        labels = slap_parts.split(soft, mask)
        every = slap_fingers.prints(soft, labels, to_map, turn)
        found = [one for one in slap_fingers.tips(every, turn) if one.confidence >= SURE]
        if len(found) > expected:
            surest = max(one.confidence for one in found)
            found = [one for one in found if one.confidence >= CLEAR_OFF * surest]
        if len(found) == expected:
            return found, labels, to_map, turn
        first = first or (found, labels, to_map, turn)
        if len(found) > expected:
            break
    assert first is not None
    return first


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
