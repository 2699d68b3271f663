"""A whole person before a virtual device: several fingers or both eyes, each its own, and what befalls them.

    virtual:finger?finger=100&slap=yes&poor=left_index:LIGHT:0.9&swap=left_little:left_ring
    virtual:iris?seed=100&eye=both&poor=left:CLOUDY:1

With `slap=yes` the scanner shows four fingers or two thumbs together, or any one that is asked for; the finger at position
p (ISO/IEC 19794-2, 1..10) has the seed `finger` + p. With `eye=both` the camera shows both eyes, or the one that is asked
for.

| parameter | meaning |
|-----------|---------|
| `poor`    | POSITION:DEFECT:SEVERITY, comma between them: what this finger or eye meets when it is first shown; named again, the second time, and so on. After that, what `sequence` says |
| `swap`    | POSITION:OTHER, comma between them: the first time, the other one comes in its place |
"""  # noqa: E501 - a table's row is one line

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from biocore.errors import DeviceNotFoundError, InvalidSampleError
from biocore.types import EyePosition, FingerPosition, Position
from biocore_drivers.parameters import number

KEYS = frozenset({"poor", "swap"})
Step = tuple[str, float]  # a defect and its severity

_F = FingerPosition
HANDS: tuple[tuple[Position, ...], ...] = (
    (_F.RIGHT_INDEX, _F.RIGHT_MIDDLE, _F.RIGHT_RING, _F.RIGHT_LITTLE),
    (_F.LEFT_INDEX, _F.LEFT_MIDDLE, _F.LEFT_RING, _F.LEFT_LITTLE),
    (_F.RIGHT_THUMB, _F.LEFT_THUMB),
)
EYES: tuple[tuple[Position, ...], ...] = ((EyePosition.RIGHT, EyePosition.LEFT),)


@dataclass
class Resident:
    """What befalls each finger or eye, over the device's whole life.

    Attributes
    ----------
    poor : dict of Position to list
    swaps : dict of Position to list
    """

    poor: dict[Position, list[Step]] = field(default_factory=dict)
    swaps: dict[Position, list[Position]] = field(default_factory=dict)

    def shown(self, asked: Position) -> tuple[Position, Step | None]:
        """Return what comes where a position is asked for, and what it meets; None: what the sequence says."""
        came = self.swaps.get(asked) or [asked]
        steps = self.poor.get(asked)
        return (came.pop(0) if came is self.swaps.get(asked) else asked), (steps.pop(0) if steps else None)


def read(
    uri: str, poor: str, swap: str, groups: Sequence[Sequence[Position]], check: Callable[[str, float], object]
) -> Resident:
    """Read what befalls whom.

    Raises
    ------
    DeviceNotFoundError
        No such position or defect, or no groups to be shown.
    """
    known = {position.name.lower(): position for group in groups for position in group}
    resident = Resident()

    def position(name: str) -> Position:
        if name not in known:
            hint = f"There are {', '.join(known)}" if known else "Only who is shown whole has them: slap=yes, eye=both"
            raise DeviceNotFoundError(f"no position {name!r}", uri=uri, hint=hint)
        return known[name]

    for entry in filter(None, poor.split(",")):
        name, _, rest = entry.partition(":")
        defect, _, severity = rest.partition(":")
        degree = number(uri, f"severity of {defect}", severity or "0.7", 0.0, 1.0)
        where = position(name)
        try:
            check(defect.upper(), degree)
        except InvalidSampleError as error:
            raise DeviceNotFoundError(str(error), uri=uri) from None
        resident.poor.setdefault(where, []).append((defect.upper(), degree))
    for entry in filter(None, swap.split(",")):
        name, _, other = entry.partition(":")
        resident.swaps.setdefault(position(name), []).append(position(other))
    return resident
