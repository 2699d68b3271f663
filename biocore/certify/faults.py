"""Every fault at every packet of a recording: never a wrong picture, only named errors, and the next capture works.

It goes by names only (`replay:DIR?fault=KIND:INDEX`), so that whoever reads of a fault can repeat it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from biocore.certify.cases import CheckFailedError, silent
from biocore.errors import BiocoreError, DeviceDisconnectedError, DeviceError, DeviceSuspendedError
from biocore.hal import STUMBLED, Device, State
from biocore.types import GreyImage

KINDS = ("stall", "short", "hang", "disconnect", "garbage")
SWEEP = "fault-at-every-packet"  # name of the case
PROVES = "whatever happens at any packet: the right picture or a named error, and the next capture works"
MOST = 10  # faults that are told one by one
CAPTURE = 1.0  # s on the recording's clock
AFTERWARDS = 5.0
END = "no such packet"  # what the replay says of an index beyond the recording


@dataclass
class Sweep:
    """What a sweep found.

    Attributes
    ----------
    packets : int
        How many were tried.
    outcomes : dict of str to Counter
        For each kind of fault, how often it ended in what: `picture`, or the name of an error.
    states : dict of str to int
        What the device was doing when an error struck, and how often.
    wrong : list of str
        What must not have happened; each names its URI.
    """

    packets: int = 0
    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    states: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def remark(self) -> str:
        """One line of it."""
        total: Counter[str] = sum(self.outcomes.values(), Counter())
        ended = ", ".join(f"{count} {name}" for name, count in total.most_common())
        states = ", ".join(f"{name} ({count})" for name, count in sorted(self.states.items()))
        return f"{self.packets} packets, {total.total()} faults: {ended}; struck while {states or 'nothing'}"


def sweep(
    make: Callable[[str], Device],
    uri: str,
    kinds: Iterable[str] = KINDS,
    wanted: Callable[[int], bool] = lambda index: True,
    tell: Callable[[int], None] = lambda index: None,
) -> Sweep:
    """Play every fault at every packet of a recording.

    Parameters
    ----------
    make : callable
        Makes the device of a URI, not opened yet.
    uri : str
        `replay:DIR?seed=...`
    kinds : iterable of str
    wanted : callable
        Says of an index whether it is tried.
    tell : callable
        Hears of each index.

    Raises
    ------
    BiocoreError
        The recording does not play without a fault.
    """
    device = make(uri)
    with device:
        shown = device.capture(AFTERWARDS).pixels
    found = Sweep()
    index = 0
    while _exists(make, uri, index):
        if wanted(index):
            tell(index)
            for kind in kinds:
                _suffer(make, _with_fault(uri, kind, index), kind, shown, found)
            found.packets += 1
        index += 1
    return found


def check(make: Callable[[str], Device], uri: str, tell: Callable[[int], None] = lambda index: None) -> str:
    """Sweep a recording, and return a remark on it.

    Raises
    ------
    CheckFailedError
        Something happened that must not.
    """
    found = sweep(make, uri, tell=tell)
    if found.wrong:
        more = f"; and {len(found.wrong) - MOST} more" if len(found.wrong) > MOST else ""
        raise CheckFailedError("; ".join(found.wrong[:MOST]) + more)
    return found.remark


def _with_fault(uri: str, kind: str, index: int) -> str:
    return f"{uri}{'&' if '?' in uri else '?'}fault={kind}:{index}"


def _exists(make: Callable[[str], Device], uri: str, index: int) -> bool:
    try:
        make(_with_fault(uri, KINDS[0], index))
    except DeviceError as error:
        if END in str(error):
            return False
        raise
    return True


def _suffer(make: Callable[[str], Device], uri: str, kind: str, shown: GreyImage, found: Sweep) -> None:
    """Capture with a fault, then without."""
    ended = found.outcomes.setdefault(kind, Counter())
    device = make(uri)
    with silent("biocore_drivers"), silent("biocore.hal"):  # a driver that stumbles is logged; here it is counted
        try:
            device.open()
            same = np.array_equal(device.capture(CAPTURE).pixels, shown)
            ended["picture"] += 1
            if not same:
                found.wrong.append(f"{uri}: a wrong picture")
        except BiocoreError as error:
            ended[type(error).__name__] += 1
            _judge(device, error, uri, found)
        except Exception as error:
            ended[type(error).__name__] += 1
            found.wrong.append(f"{uri}: leaks {type(error).__name__}: {error}")
        try:
            if device.state in (State.LOST, State.CLOSED):
                device.close()
                device.open()
            if not np.array_equal(device.capture(AFTERWARDS).pixels, shown):
                found.wrong.append(f"{uri}: a wrong picture afterwards")
        except Exception as error:
            found.wrong.append(f"{uri}: the next capture fails with {type(error).__name__}: {error}")
        finally:
            device.close()


def _judge(device: Device, error: BiocoreError, uri: str, found: Sweep) -> None:
    if not isinstance(error, DeviceError) or not error.uri or not error.state:
        found.wrong.append(f"{uri}: {type(error).__name__} does not say which device and what it was doing: {error}")
        return
    if STUMBLED in str(error):
        found.wrong.append(f"{uri}: leaks {type(error.__cause__).__name__}: {error.__cause__}")
    if not error.hint:
        found.wrong.append(f"{uri}: {type(error).__name__} does not say what to do: {error}")
    found.states[error.state] += 1
    loses = isinstance(error, DeviceDisconnectedError | DeviceSuspendedError)
    if device.state is not State.CLOSED and (device.state is State.LOST) != loses:
        found.wrong.append(f"{uri}: is {device.state} after {type(error).__name__}")
