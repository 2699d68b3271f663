"""Two clocks, because neither is enough: the wall clock jumps, the monotonic clock ends with the power.

Order in the journal is that of sequence numbers and needs neither. The wall clock says when, as the station
believed; the monotonic clock, with the boot it belongs to, says how long things really took.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Protocol

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # Linux, proc(5): new at each boot


@dataclass(frozen=True, slots=True)
class Reading:
    """Both clocks at one instant.

    Attributes
    ----------
    utc : datetime
        Wall clock, in UTC.
    monotonic_ns : int
        Nanoseconds since an arbitrary point of this boot; never goes back.
    boot : str
        Which boot `monotonic_ns` belongs to; two readings of different boots cannot be subtracted.
    """

    utc: datetime
    monotonic_ns: int
    boot: str


class Clock(Protocol):
    """What the journal asks for the time; tests give it one that jumps."""

    def read(self) -> Reading:
        """Return both clocks now."""
        ...


class SystemClock:
    """The clocks of this machine."""

    def read(self) -> Reading:
        """Return both clocks now."""
        return Reading(datetime.now(UTC), time.monotonic_ns(), _boot())


@cache
def _boot() -> str:
    """Return a name of this boot. The machine's own identifier is hashed: it would tell one machine from another."""
    try:
        text = _BOOT_ID.read_text().strip()
    except OSError:
        text = f"since {time.time() - time.monotonic():.0f}"
    return hashlib.sha256(b"biocore boot " + text.encode()).hexdigest()[:12]
