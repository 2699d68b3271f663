"""Which of a person's captures are of one finger: a finger shown twice is the commonest slip of an enrolment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from biocore.fingerprint.compare import compare, search
from biocore.types import Comparison, FingerTemplate

# -10 log10(FMR). Ten fingers make 45 comparisons: at one false match in 10,000 each, one person in 220 is asked
# in vain.
THRESHOLD = 40.0


@dataclass(frozen=True, slots=True, eq=False)
class Duplicate:
    """Two captures of what seems to be one finger.

    Attributes
    ----------
    first, second : int
        Their indices, first < second.
    comparison : Comparison
        With the paired minutiae, to show.
    """

    first: int
    second: int
    comparison: Comparison


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
    """
    found = []
    for first, probe in enumerate(templates):
        rest = range(first + 1, len(templates))
        for second, result in zip(rest, search(probe, [templates[k] for k in rest]), strict=True):
            if result.score >= threshold:
                found.append(Duplicate(first, second, compare(probe, templates[second])))
    return sorted(found, key=lambda duplicate: -duplicate.comparison.score)
