"""The irises of the demo's person, as the centre reads them, and who is recognised by one a year later."""

from __future__ import annotations

from dataclasses import dataclass, field

import biocore
from biocore.formats.iris_image import ImageKind
from biocore.types import EyePosition, IrisTemplate, Modality, Sample
from biocore_bindings.demo import RESIDENT, STRANGER, TIMEOUT, Attempt, examined
from biocore_bindings.eyes import iris_template
from biocore_bindings.inputs import position_name

CAMERA = "virtual:iris"
SCENE = "?seed={seed}&eye={came}&sequence={sequence}&impression={impression}&arrival=0.05&previews=0"
RECORD_KIND = ImageKind.CROPPED  # K3

CLOUDY_EYE, CLOUDY = EyePosition.LEFT, "CLOUDY:1"  # a white cataract
VERIFIED = EyePosition.LEFT  # the eye that is asked for a year later: the harder one


EyeAttempt = Attempt[IrisTemplate]


@dataclass(slots=True)
class Eye:
    """One eye of the person: all its attempts, and the template that the record holds."""

    position: EyePosition
    attempts: list[EyeAttempt] = field(default_factory=list)
    kept: IrisTemplate | None = None

    @property
    def name(self) -> str:
        """As the commands write it: `left`."""
        return position_name(self.position)

    @property
    def template(self) -> IrisTemplate | None:
        """What is enrolled."""
        return self.kept or self.attempts[-1].template

    @property
    def pictures(self) -> list[Sample]:
        """What the record holds."""
        return [max(self.attempts, key=lambda attempt: attempt.report.score or 0).sample]


def later() -> tuple[EyeAttempt, EyeAttempt]:
    """Capture the eye that is asked for a year later: of the resident, and of a stranger."""
    return _capture(RESIDENT, 365, CLOUDY), _capture(STRANGER, 1, "GOOD")


def _capture(seed: int, impression: int, sequence: str) -> EyeAttempt:
    scene = SCENE.format(seed=seed, came=position_name(VERIFIED), sequence=sequence, impression=impression)
    with biocore.open_device(CAMERA + scene) as camera:
        return examined(Sample(camera.capture(TIMEOUT), Modality.IRIS, VERIFIED), iris_template)
