"""The person of the demo, as the centre reads the record, or as a folder of pictures shows them; and who comes later.

Each finger is held against the others (nobody has one finger twice), the templates are written as one standard record,
and the same person is recognised a year later. How the record came about is `demo_station`'s story.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

import biocore
from biocore.errors import BiocoreError
from biocore.report import QualityReport
from biocore.types import Comparison, FingerPosition, FingerTemplate, IrisTemplate, Modality, Sample
from biocore_bindings.cli_assess import entry_of
from biocore_bindings.inputs import PICTURES, collect, finger_template, load
from biocore_bindings.report_page import USUAL_MIN_SCORE, Entry, Unread

ENOUGH = USUAL_MIN_SCORE  # a finger below is captured again
THRESHOLD = 40.0  # one false match in 10,000
TIMEOUT = 10.0  # s
RESIDENT = 20240817  # seed of the resident's first finger; the others follow
STRANGER = 77  # seed of somebody else's finger
SCANNER = "virtual:finger?finger={finger}&impression={impression}&sequence={sequence}&arrival=0.05&previews=0"

VERIFIED = FingerPosition.RIGHT_INDEX  # the finger that is asked for a year later

AnyTemplate = TypeVar("AnyTemplate", FingerTemplate, IrisTemplate)


@dataclass(frozen=True, slots=True, eq=False)
class Attempt(Generic[AnyTemplate]):
    """One capture of one finger or eye and what was found.

    Attributes
    ----------
    sample : Sample
    report : QualityReport
    template : FingerTemplate or IrisTemplate or None
        None where none could be made; `fault` says why.
    """

    sample: Sample
    report: QualityReport
    template: AnyTemplate | None
    fault: str = ""


def examined(sample: Sample, extract: Callable[[Sample], AnyTemplate]) -> Attempt[AnyTemplate]:
    """Assess one sample and make its template."""
    report = biocore.assess(sample)
    try:
        return Attempt(sample, report, extract(sample))
    except BiocoreError as error:
        return Attempt(sample, report, None, str(error))


FingerAttempt = Attempt[FingerTemplate]


@dataclass(slots=True)
class Finger:
    """One finger of the person: all its attempts.

    Attributes
    ----------
    position : FingerPosition
    name : str
    attempts : list of Attempt
    kept : FingerTemplate or None
        What the record holds, where it is not the best attempt's own: several attempts united, or the robust one.
    """

    position: FingerPosition
    name: str
    attempts: list[FingerAttempt] = field(default_factory=list)
    kept: FingerTemplate | None = None

    @property
    def template(self) -> FingerTemplate | None:
        """What is enrolled."""
        return self.kept or self.best.template

    @property
    def best(self) -> FingerAttempt:
        """The attempt that is kept."""
        return max(self.attempts, key=lambda attempt: (attempt.template is not None, attempt.report.score or 0))


@dataclass(frozen=True, slots=True, eq=False)
class Duplicate:
    """Two positions that seem to show one finger."""

    first: Finger
    second: Finger
    comparison: Comparison


# -- a year later ----------------------------------------------------------------------------------


def later() -> tuple[FingerAttempt, FingerAttempt]:
    """Capture the finger that is asked for a year later: of the resident, on an ordinary day, and of a stranger."""
    mine = _capture(RESIDENT + int(VERIFIED), 365, "ORDINARY")
    return mine, _capture(STRANGER, 1, "GOOD")


def _capture(finger: int, impression: int, sequence: str) -> FingerAttempt:
    with biocore.open_device(SCANNER.format(finger=finger, impression=impression, sequence=sequence)) as scanner:
        return examined(Sample(scanner.capture(TIMEOUT), Modality.FINGER, VERIFIED), finger_template)


# -- a folder of pictures --------------------------------------------------------------------------


def read_folder(folder: Path, ppi: float) -> Iterator[Finger | Unread]:
    """Read every picture of a folder as a finger of its own; one that cannot be read is told, and passed over."""
    for path in collect([folder], PICTURES):
        try:
            attempt = examined(load(path, Modality.FINGER, ppi), finger_template)
        except BiocoreError as error:
            yield Unread.of(path, error)
            continue
        position = attempt.report.position
        yield Finger(FingerPosition(position), path.name, [attempt])


# -- all together ----------------------------------------------------------------------------------


def duplicates(fingers: Sequence[Finger]) -> list[Duplicate]:
    """Return the pairs of fingers that match each other."""
    usable = [finger for finger in fingers if finger.template is not None]
    found = biocore.fingerprint.find_duplicates([t for f in usable if (t := f.template) is not None])
    return [Duplicate(usable[pair.first], usable[pair.second], pair.comparison) for pair in found]


def groups(fingers: Sequence[Finger], found: Sequence[Duplicate]) -> list[list[Finger]]:
    """Return the fingers that hang together by matches, in the order they were read."""
    group_of = {id(finger): number for number, finger in enumerate(fingers)}
    for pair in found:
        kept, lost = group_of[id(pair.first)], group_of[id(pair.second)]
        group_of = {finger: kept if group == lost else group for finger, group in group_of.items()}
    together: dict[int, list[Finger]] = {}
    for finger in fingers:
        together.setdefault(group_of[id(finger)], []).append(finger)
    return [group for group in together.values() if len(group) > 1]


def entries(fingers: Sequence[Finger]) -> list[Entry]:
    """Return what the report shows: every attempt, in the order they were made."""
    shown = []
    for finger in fingers:
        for number, attempt in enumerate(finger.attempts, 1):
            name = finger.name if len(finger.attempts) == 1 else f"{finger.name}, {number}"
            shown.append(entry_of(name, attempt.sample, attempt.report))
    return shown
