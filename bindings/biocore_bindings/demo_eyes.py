"""The irises of the virtual resident: both captured, one of them cloudy, one of them mixed up at first.

Needs a virtual camera; where none is installed the demo is of fingers alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import biocore
from biocore.errors import BiocoreError
from biocore.formats.iris_image import ImageKind
from biocore.iris import Chosen, Mixup, find_mixups, from_burst, select_frames
from biocore.report import Advice, QualityReport
from biocore.types import EyePosition, IrisTemplate, Modality, Sample
from biocore_bindings.demo import RESIDENT, STRANGER, TIMEOUT
from biocore_bindings.eyes import iris_template
from biocore_bindings.inputs import position_name

BURST = 8  # pictures; a second of a slow camera
CAMERA = "virtual:iris"
SCENE = "?seed={seed}&eye={came}&sequence={sequence}&impression={impression}&arrival=0.05&previews=0"
RECORD_KIND = ImageKind.CROPPED  # K3

# What happens at the desk: the left eye has a cataract, and at first the camera is not moved over to it.
EYES = (EyePosition.RIGHT, EyePosition.LEFT)
CLOUDY_EYE, CLOUDY = EyePosition.LEFT, "CLOUDY:1"
SWAPPED_EYE, SWAPPED_WITH = EyePosition.LEFT, EyePosition.RIGHT
VERIFIED = EyePosition.LEFT  # the eye that is asked for a year later: the harder one


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """One capture of one eye and what was found.

    Attributes
    ----------
    sample : Sample
    report : QualityReport
    template : IrisTemplate or None
        None where none could be made; `fault` says why.
    """

    sample: Sample
    report: QualityReport
    template: IrisTemplate | None
    fault: str = ""


@dataclass(slots=True)
class Eye:
    """One eye of the person: what was captured, and what is kept of it."""

    position: EyePosition
    attempts: list[Attempt] = field(default_factory=list)
    kept: list[Chosen] = field(default_factory=list)
    fused: IrisTemplate | None = None

    @property
    def name(self) -> str:
        """As the commands write it: `left`."""
        return position_name(self.position)

    @property
    def template(self) -> IrisTemplate | None:
        """What is enrolled: the burst's, else the last capture's."""
        return self.fused or self.attempts[-1].template

    @property
    def pictures(self) -> list[Sample]:
        """What the record holds."""
        return [chosen.sample for chosen in self.kept] or [self.attempts[-1].sample]


def camera_there() -> bool:
    """Say whether a virtual camera is installed."""
    return any(info.uri == CAMERA for info in biocore.list_devices())


def capture_eye(position: EyePosition) -> Eye:
    """Capture an eye once, as it comes to the camera."""
    came = SWAPPED_WITH if position is SWAPPED_EYE else position
    return Eye(position, [_examine(_captures(came, position, 1, impression=1 if came is position else 2)[0])])


def capture_again(eye: Eye) -> Attempt:
    """Capture the right eye in place of one that came twice; the wrong attempt is dropped."""
    eye.attempts = [_examine(_captures(eye.position, eye.position, 1)[0])]
    return eye.attempts[0]


def needs_burst(eye: Eye) -> bool:
    """Say whether the advice is to take several pictures of it, whatever the score: what clouds an eye stays."""
    return Advice.SEVERAL_PICTURES in eye.attempts[-1].report.advice


def capture_burst(eye: Eye) -> None:
    """Take a burst, and keep the best frames and the template fused of them.

    Raises
    ------
    ExtractionError
        None of the frames shows an iris.
    """
    frames = _captures(eye.position, eye.position, BURST, impression=10)
    eye.kept = select_frames(frames)
    eye.fused = from_burst(frames)


def mixups(eyes: Sequence[Eye]) -> list[tuple[Eye, Eye, Mixup]]:
    """Return the eyes that were captured under two names."""
    usable = [(eye, template) for eye in eyes if (template := eye.template) is not None]
    found = find_mixups([template for _, template in usable])
    return [(usable[pair.first][0], usable[pair.second][0], pair) for pair in found]


def later() -> tuple[Attempt, Attempt]:
    """Capture the eye that is asked for a year later: of the resident, and of a stranger."""
    mine = _captures(VERIFIED, VERIFIED, 1, impression=365)[0]
    theirs = _captures(VERIFIED, VERIFIED, 1, seed=STRANGER, sequence="GOOD")[0]
    return _examine(mine), _examine(theirs)


def _examine(sample: Sample) -> Attempt:
    report = biocore.assess(sample)
    try:
        return Attempt(sample, report, iris_template(sample))
    except BiocoreError as error:
        return Attempt(sample, report, None, str(error))


def _captures(
    came: EyePosition,
    asked: EyePosition,
    count: int,
    impression: int = 1,
    seed: int = RESIDENT,
    sequence: str | None = None,
) -> list[Sample]:
    state = sequence or (CLOUDY if came is CLOUDY_EYE else "GOOD")
    scene = SCENE.format(seed=seed, came=position_name(came), sequence=state, impression=impression)
    with biocore.open_device(CAMERA + scene) as camera:
        return [Sample(camera.capture(TIMEOUT), Modality.IRIS, asked) for _ in range(count)]
