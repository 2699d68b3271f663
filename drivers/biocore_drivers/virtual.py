"""Devices without hardware: synthetic prints and eyes, and faults on demand.

    virtual:finger?finger=7&sequence=DRY:0.8,GOOD&fail=disconnect:3
    virtual:iris?seed=7&eye=right&defect=CLOUDY&severity=0.5

What all know (`impression`, `sequence`, `defect`, `severity`, `fail`, `previews`, `arrival`, `interval`) is told in
`virtual_base`, what the iris camera knows in `virtual_iris`. The finger scanner:

| parameter    | default  | meaning |
|--------------|----------|---------|
| `finger`     | 1        | which finger: a seed, 0..2**63-1 |
| `width`, `height` | 400, 500 | window in px |
| `ppi`        | 500      | resolution |
| `slap`       | no       | `yes`: shows several fingers of one person, see `virtual_resident` |
| `turn`       | no       | `yes`: each capture is of another finger, the seeds from `finger` on |

Its live frames show the finger arrive: its contact grows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from biocore.errors import DeviceNotFoundError
from biocore.fingerprint import synth
from biocore.hal import Attempt, Device, DeviceInfo, split_uri
from biocore.types import Frame, Modality, Position
from biocore_drivers import virtual_iris
from biocore_drivers.parameters import one_of
from biocore_drivers.virtual_base import NAME, Parameters, Plan, VirtualDevice
from biocore_drivers.virtual_resident import HANDS, Resident, Step

FINGER = "virtual:finger"
OWN_KEYS = frozenset({"finger", "width", "height", "ppi", "slap", "turn"})


@dataclass(frozen=True, slots=True)
class Finger:
    """What the scanner's own parameters say."""

    seed: int
    size: tuple[int, int]
    ppi: float
    turn: bool = False


class VirtualFinger(VirtualDevice):
    """The synthetic scanner.

    Parameters
    ----------
    info : DeviceInfo
    plan : Plan
    finger : Finger
    resident : Resident or None
    """

    def __init__(self, info: DeviceInfo, plan: Plan, finger: Finger, resident: Resident | None = None) -> None:
        super().__init__(info, plan, resident)
        self._finger = finger

    def _take(self, attempt: Attempt, seed: int, capture: int) -> Frame:
        finger = capture - 1 if self._finger.turn else 0
        whole = self._render(seed, _conditions(self._plan.step(capture)), finger)

        def growing(share: float) -> Frame:
            """Show the finger touch with its middle first, lightly."""
            met = whole.conditions
            part = replace(met, area=met.area * (0.25 + 0.75 * share), pressure=met.pressure * (0.3 + 0.7 * share))
            return self._frame(self._render(seed, part, finger))

        self._show(attempt, growing)
        return self._frame(whole)

    def _one(self, position: Position, seed: int, step: Step) -> Frame:
        return self._frame(self._render(seed, _conditions(step), position.value))

    def _render(self, seed: int, conditions: synth.Conditions | None, finger: int = 0) -> synth.SyntheticPrint:
        return synth.render(self._finger.seed + finger, seed, conditions, self._finger.size, self._finger.ppi)

    def _frame(self, picture: synth.SyntheticPrint) -> Frame:
        return Frame(picture.pixels, picture.ppi, self.info.uri)


class VirtualDriver:
    """Serves `virtual:finger` and `virtual:iris`."""

    def devices(self) -> Iterator[DeviceInfo]:
        """List the scanner and the camera that are always there."""
        yield _info(FINGER, synth.WINDOW, 500.0)
        yield virtual_iris.info(virtual_iris.IRIS, virtual_iris.WINDOW)

    def claims(self, uri: str) -> bool:
        """Say whether the URI's scheme is `virtual`."""
        return uri.startswith(f"{NAME}:")

    def open(self, uri: str) -> Device:
        """Make the device of the URI, not opened yet.

        Raises
        ------
        DeviceNotFoundError
            Another address than `finger` and `iris`, or a parameter that is unknown or out of range.
        """
        _, address, _ = split_uri(uri)
        if address == "iris":
            return virtual_iris.make(uri)
        if address != "finger":
            raise DeviceNotFoundError(
                "no such virtual device", uri=uri, hint=f"There are {FINGER}, {virtual_iris.IRIS}"
            )
        given = Parameters(uri, OWN_KEYS)
        finger = Finger(
            seed=given.whole("finger", 1, 0, 2**63 - 1),
            size=(given.whole("width", synth.WINDOW[0], 16, 2048), given.whole("height", synth.WINDOW[1], 16, 2048)),
            ppi=given.number("ppi", 500.0, 250.0, 1100.0),
            turn=one_of(uri, "turn", given.text("turn", "no"), ("yes", "no")) == "yes",
        )
        groups = HANDS if one_of(uri, "slap", given.text("slap", "no"), ("yes", "no")) == "yes" else ()
        info = replace(_info(uri, finger.size, finger.ppi), groups=groups)
        resident = given.resident(groups, synth.defect)
        return VirtualFinger(info, given.plan("no_finger", synth.defect), finger, resident)


def _conditions(step: Step) -> synth.Conditions | None:
    """Return what a step of the sequence means; None = drawn from the seeds."""
    name, severity = step
    if name == "ORDINARY":
        return None
    return synth.Conditions() if name == "GOOD" else synth.defect(name, severity)


def _info(uri: str, size: tuple[int, int], ppi: float) -> DeviceInfo:
    return DeviceInfo(
        uri, NAME, "biocore", "virtual finger scanner", Modality.FINGER, ppi, size, synthetic=True, stills=True
    )


driver = VirtualDriver()
