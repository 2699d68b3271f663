"""Which of a person's captures are of one finger: a finger shown twice is the commonest slip of an enrolment."""

from __future__ import annotations

from collections.abc import Sequence

from biocore.duplicates import THRESHOLD, Duplicate, check_threshold, surest_first
from biocore.fingerprint.compare import compare, search
from biocore.types import FingerTemplate


def find_duplicates(templates: Sequence[FingerTemplate], threshold: float = THRESHOLD) -> list[Duplicate]:
    """Compare every capture with every other.

    Parameters
    ----------
    templates : sequence of FingerTemplate
        A person's captures. Their positions have no influence: a finger under a wrong name is what is looked for.
    threshold : float
        Score from which on two are taken for one finger.

    Returns
    -------
    list of Duplicate
        The surest first.

    Raises
    ------
    InvalidTemplateError
        Not a finger's template.
    ValueError
        A threshold that is NaN.
    """
    check_threshold(threshold)
    found = []
    for first, probe in enumerate(templates):
        rest = range(first + 1, len(templates))
        for second, result in zip(rest, search(probe, [templates[k] for k in rest]), strict=True):
            if result.score >= threshold:
                found.append(Duplicate(first, second, compare(probe, templates[second])))
    return surest_first(found)
