"""An iris camera without hardware: `virtual:iris` gives synthetic eyes.

    virtual:iris?seed=7&eye=right&sequence=CLOUDY:0.5,GOOD&fail=disconnect:3

| parameter    | default  | meaning |
|--------------|----------|---------|
| `seed`       | 1        | which person, 0..2**63-1 |
| `eye`        | left     | `left` or `right`; `turn`: each in turn; `both` at once: see `virtual_resident` |
| `width`, `height` | 640, 480 | picture in px |

Besides these it knows what all virtual devices do (`virtual_base`), with the defects of `biocore.iris.synth.Defect` and
the fault `no_eye:N`. Its live frames show the head come closer and into focus.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from biocore.errors import DeviceNotFoundError
from biocore.hal import Attempt, DeviceInfo
from biocore.iris import synth
from biocore.types import Frame, Modality, Position
from biocore_drivers.virtual_base import NAME, Parameters, Plan, VirtualDevice
from biocore_drivers.virtual_resident import EYES, Resident, Step

IRIS = "virtual:iris"
WINDOW = synth.WINDOW
BOTH, TURN = "both", "turn"
OWN_KEYS = frozenset({"seed", "eye", "width", "height"})
APPROACH = 0.35  # share of its size that the eye still lacks when the head arrives
BLUR = 0.05  # iris radii; of the first live frame


@dataclass(frozen=True, slots=True)
class Eye:
    """What the camera's own parameters say."""

    seed: int
    side: str
    size: tuple[int, int]


class VirtualIris(VirtualDevice):
    """The synthetic camera.

    Parameters
    ----------
    info : DeviceInfo
    plan : Plan
    eye : Eye
    resident : Resident or None
    """

    def __init__(self, info: DeviceInfo, plan: Plan, eye: Eye, resident: Resident | None = None) -> None:
        super().__init__(info, plan, resident)
        self._eye = eye

    def _take(self, attempt: Attempt, seed: int, capture: int) -> Frame:
        side = synth.SIDES[(capture - 1) % len(synth.SIDES)] if self._eye.side == TURN else None
        whole = self._render(seed, _conditions(self._plan.step(capture)), side)

        def nearing(share: float) -> Frame:
            """Show the head come closer, and the eye into focus."""
            met, lack = whole.conditions, 1.0 - share
            part = replace(
                met, iris_share=met.iris_share * (1.0 - APPROACH * lack), defocus=min(0.3, met.defocus + BLUR * lack)
            )
            return self._frame(self._render(seed, part, side))

        self._show(attempt, nearing)
        return self._frame(whole)

    def _one(self, position: Position, seed: int, step: Step) -> Frame:
        return self._frame(self._render(seed, _conditions(step), position.name.lower()))

    def _render(self, seed: int, conditions: synth.Conditions | None, side: str | None = None) -> synth.SyntheticEye:
        return synth.render(self._eye.seed, seed, conditions, self._eye.size, side or self._eye.side)

    def _frame(self, picture: synth.SyntheticEye) -> Frame:
        return Frame(picture.pixels, None, self.info.uri)


def make(uri: str) -> VirtualIris:
    """Make the camera of the URI, not opened yet.

    Raises
    ------
    DeviceNotFoundError
        A parameter that is unknown or out of range.
    """
    given = Parameters(uri, OWN_KEYS)
    side = given.text("eye", "left")
    if side not in (*synth.SIDES, BOTH, TURN):
        raise DeviceNotFoundError(f"eye must be left or right, or both, or turn, not {side!r}", uri=uri)
    groups = EYES if side == BOTH else ()
    low, high = synth.LEAST_SIDE, synth.MAX_SIDE
    eye = Eye(
        seed=given.whole("seed", 1, 0, 2**63 - 1),
        side="right" if side == BOTH else side,
        size=(given.whole("width", WINDOW[0], low, high), given.whole("height", WINDOW[1], low, high)),
    )
    told = replace(info(uri, eye.size), groups=groups)
    return VirtualIris(told, given.plan("no_eye", synth.defect), eye, given.resident(groups, synth.defect))


def _conditions(step: Step) -> synth.Conditions | None:
    """Return what a step of the sequence means; None = drawn from the seeds."""
    name, severity = step
    if name == "ORDINARY":
        return None
    return synth.Conditions() if name == "GOOD" else synth.defect(name, severity)


def info(uri: str, size: tuple[int, int]) -> DeviceInfo:
    """Describe the camera."""
    return DeviceInfo(
        uri, NAME, "biocore", "virtual iris camera", Modality.IRIS, None, size, synthetic=True, stills=True
    )
