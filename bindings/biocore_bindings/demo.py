"""The main job from end to end, without hardware: a virtual resident is enrolled, and the story told as it happens.

Ten fingers are captured from the virtual scanner, each assessed at once; a poor one is captured again on the
advice the engine gives; the fingers are held against each other (nobody has one finger twice); the templates are
written as one standard record; and the same person is recognised later. Given a folder of real pictures, the same
is done with them, as far as pictures go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import biocore
from biocore.errors import BiocoreError
from biocore.formats.images import write_png
from biocore.report import QualityReport
from biocore.types import Comparison, FingerPosition, FingerTemplate, Modality, Sample
from biocore_bindings.cli_assess import entry_of
from biocore_bindings.inputs import PICTURES, collect, finger_template, load, position_name
from biocore_bindings.report_page import USUAL_MIN_SCORE, Entry, Unread

ENOUGH = USUAL_MIN_SCORE  # a finger below is captured again
ATTEMPTS = 3  # the best of them is kept; as many as MOSIP's registration client allows
THRESHOLD = 40.0  # one false match in 10,000
TIMEOUT = 10.0  # s
RESIDENT = 20240817  # seed of the resident's first finger; the others follow
STRANGER = 77  # seed of somebody else's finger
SCANNER = "virtual:finger?finger={finger}&impression={impression}&sequence={sequence}&arrival=0.05&previews=0"

# What happens at the desk: which finger of the resident comes, and in which state, attempt by attempt. The left index
# finger barely touches the first time; in place of the left little finger the ring finger comes a second time.
FAINT_FINGER = FingerPosition.LEFT_INDEX
SWAPPED_FINGER, SWAPPED_WITH = FingerPosition.LEFT_LITTLE, FingerPosition.LEFT_RING
VERIFIED = FingerPosition.RIGHT_INDEX  # the finger that is asked for a year later


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """One capture of one finger and what was found.

    Attributes
    ----------
    sample : Sample
    report : QualityReport
    template : FingerTemplate or None
        None where none could be made; `fault` says why.
    """

    sample: Sample
    report: QualityReport
    template: FingerTemplate | None
    fault: str = ""


@dataclass(slots=True)
class Finger:
    """One finger of the person: all its attempts."""

    position: FingerPosition
    name: str
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def best(self) -> Attempt:
        """The attempt that is kept."""
        return max(self.attempts, key=lambda attempt: (attempt.template is not None, attempt.report.score or 0))


@dataclass(frozen=True, slots=True, eq=False)
class Duplicate:
    """Two positions that seem to show one finger."""

    first: Finger
    second: Finger
    comparison: Comparison


def examine(sample: Sample) -> Attempt:
    """Assess one sample and make its template."""
    report = biocore.assess(sample)
    try:
        return Attempt(sample, report, finger_template(sample))
    except BiocoreError as error:
        return Attempt(sample, report, None, str(error))


# -- the virtual resident --------------------------------------------------------------------------


def capture_finger(position: FingerPosition) -> Iterator[tuple[Finger, Attempt]]:
    """Capture one finger of the resident until it is good enough; yield every attempt as it is made."""
    finger = Finger(position, position_name(position))
    came = SWAPPED_WITH if position is SWAPPED_FINGER else position
    sequence = "LIGHT:0.8,GOOD" if position is FAINT_FINGER else "GOOD"
    for attempt in _captures(came, position, sequence, impression=1 if came is position else 2):
        finger.attempts.append(attempt)
        yield finger, attempt
        if (attempt.report.score or 0) >= ENOUGH:
            return


def capture_again(finger: Finger) -> Attempt:
    """Capture the right finger in place of one that came twice; the wrong attempts are dropped."""
    finger.attempts = [next(_captures(finger.position, finger.position, "GOOD"))]
    return finger.attempts[0]


def later() -> tuple[Attempt, Attempt]:
    """Capture the finger that is asked for a year later: of the resident, on an ordinary day, and of a stranger."""
    mine = next(_captures(VERIFIED, VERIFIED, "ORDINARY", impression=365))
    with biocore.open_device(SCANNER.format(finger=STRANGER, impression=1, sequence="GOOD")) as scanner:
        theirs = examine(Sample(scanner.capture(TIMEOUT), Modality.FINGER, VERIFIED))
    return mine, theirs


def _captures(came: FingerPosition, asked: FingerPosition, sequence: str, impression: int = 1) -> Iterator[Attempt]:
    uri = SCANNER.format(finger=RESIDENT + int(came), impression=impression, sequence=sequence)
    with biocore.open_device(uri) as scanner:
        scanner.info.require_fit()
        for _ in range(ATTEMPTS):
            yield examine(Sample(scanner.capture(TIMEOUT), Modality.FINGER, asked))


# -- a folder of pictures --------------------------------------------------------------------------


def read_folder(folder: Path, ppi: float) -> Iterator[Finger | Unread]:
    """Read every picture of a folder as a finger of its own; one that cannot be read is told, and passed over."""
    for path in collect([folder], PICTURES):
        try:
            attempt = examine(load(path, Modality.FINGER, ppi))
        except BiocoreError as error:
            yield Unread.of(path, error)
            continue
        position = attempt.report.position
        yield Finger(FingerPosition(position), path.name, [attempt])


# -- all together ----------------------------------------------------------------------------------


def duplicates(fingers: Sequence[Finger]) -> list[Duplicate]:
    """Return the pairs of fingers that match each other."""
    usable = [finger for finger in fingers if finger.best.template is not None]
    found = biocore.fingerprint.find_duplicates([t for f in usable if (t := f.best.template) is not None])
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


def entries(fingers: Sequence[Finger], notes: dict[str, str]) -> list[Entry]:
    """Return what the report shows: every attempt, in the order they were made."""
    shown = []
    for finger in fingers:
        for number, attempt in enumerate(finger.attempts, 1):
            name = finger.name if len(finger.attempts) == 1 else f"{finger.name}, {number}"
            shown.append(entry_of(name, attempt.sample, attempt.report, notes.get(name, "")))
    return shown


def write_prints(fingers: Sequence[Finger], folder: Path) -> list[Path]:
    """Write the pictures that are kept; return their paths.

    Raises
    ------
    FormatError
    """
    paths = []
    for finger in fingers:
        sample = finger.best.sample
        path = folder / f"{Path(finger.name).stem}.png"
        write_png(path, sample.pixels, sample.ppi)
        paths.append(path)
    return paths
