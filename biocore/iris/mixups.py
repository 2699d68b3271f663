"""Which of a person's captures are of one eye: an eye shown twice, and left and right mixed up.

The irises of one person are no more alike than those of two, so that a match between a left and a right eye can only
mean that one of them was given the wrong name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from biocore.duplicates import THRESHOLD, Duplicate, check_threshold, surest_first
from biocore.errors import InvalidTemplateError
from biocore.iris.compare import compare
from biocore.iris.side import Side
from biocore.types import Comparison, EyePosition, IrisTemplate


@dataclass(frozen=True, slots=True, eq=False)
class Mixup:
    """Two captures of what seems to be one eye, one called left, one right.

    Attributes
    ----------
    first, second : int
        Their indices, first < second.
    comparison : Comparison
    suspect : int or None
        The one whose name is the less likely: fewer captures of the same name are alike it, or its picture says
        otherwise. None where nothing tells them apart, and the operator must look.
    """

    first: int
    second: int
    comparison: Comparison
    suspect: int | None


def find_duplicates(templates: Sequence[IrisTemplate], threshold: float = THRESHOLD) -> list[Duplicate]:
    """Compare every capture with every other.

    Parameters
    ----------
    templates : sequence of IrisTemplate
        A person's captures. Their positions have no influence: an eye under a wrong name is what is looked for.
    threshold : float
        Score from which on two are taken for one eye.

    Returns
    -------
    list of Duplicate
        The surest first.

    Raises
    ------
    InvalidTemplateError
        Not an iris template, or of another code.
    ValueError
        A threshold that is NaN.
    """
    check_threshold(threshold)
    found = []
    for second, probe in enumerate(templates):
        for first in range(second):
            result = compare(templates[first], probe)
            if result.score >= threshold:
                found.append(Duplicate(first, second, result))
    return surest_first(found)


def find_mixups(
    templates: Sequence[IrisTemplate], sides: Sequence[Side] | None = None, threshold: float = THRESHOLD
) -> list[Mixup]:
    """Find captures of one eye that go by the names of both.

    Parameters
    ----------
    templates : sequence of IrisTemplate
        A person's captures; those without a position are passed over.
    sides : sequence of Side or None
        What each picture says of itself (`biocore.iris.which_eye`), to tell which of two is called wrong.
    threshold : float
        Score from which on two are taken for one eye.

    Returns
    -------
    list of Mixup
        The surest first; empty where all names fit. Two captures that are swapped with each other match nothing of
        the person's, and only the pictures, or an earlier enrolment (`compare_pairs`), can tell.

    Raises
    ------
    InvalidTemplateError
        Not an iris template, or of another code.
    ValueError
        Not one side a template; a threshold that is NaN.
    """
    if sides is not None and len(sides) != len(templates):
        raise ValueError(f"{len(sides)} sides for {len(templates)} templates")
    alike = find_duplicates(templates, threshold)
    names = [_name(template) for template in templates]
    support = np.zeros(len(templates))
    for pair in alike:
        if EyePosition.UNKNOWN not in (names[pair.first], names[pair.second]):
            vote = 1.0 if names[pair.first] is names[pair.second] else -1.0
            support[[pair.first, pair.second]] += vote
    for k, seen in enumerate(sides or ()):
        if seen.position is not EyePosition.UNKNOWN:  # below one vote: a match is surer than a picture's word
            support[k] += (seen.confidence - 0.5) * (1.0 if seen.position is names[k] else -1.0)
    return [
        Mixup(pair.first, pair.second, pair.comparison, _suspect(pair, support))
        for pair in alike
        if {names[pair.first], names[pair.second]} == {EyePosition.LEFT, EyePosition.RIGHT}
    ]


def _name(template: IrisTemplate) -> EyePosition:
    if not isinstance(template, IrisTemplate):
        raise InvalidTemplateError(f"expected iris templates, not {type(template).__name__}")
    return template.position if isinstance(template.position, EyePosition) else EyePosition.UNKNOWN


def _suspect(pair: Duplicate, support: np.ndarray[tuple[int], np.dtype[np.float64]]) -> int | None:
    first, second = support[pair.first], support[pair.second]
    return None if first == second else pair.first if first < second else pair.second
