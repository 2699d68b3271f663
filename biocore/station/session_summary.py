"""The closing words of a resident's record: what was decided of each finger and eye, on what, with what, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from itertools import combinations
from typing import Any

from biocore.device_info import DeviceInfo
from biocore.errors import JournalError
from biocore.report import Outcome
from biocore.station.clock import Reading
from biocore.station.conclusion import conclude
from biocore.station.entry import position_name
from biocore.station.looks import as_json
from biocore.station.rungs import Step
from biocore.station.session_begin import Desk
from biocore.station.session_core import Core
from biocore.station.session_items import averages, device_entry

FORMAT = "biocore.session/1"


@dataclass(slots=True)
class Course:
    """How a session went, beside what it found.

    Attributes
    ----------
    began : Reading
        Both clocks when it was begun or resumed.
    resumptions, captures : int
    devices : dict of str to DeviceInfo
        That gave pictures of this resident, by URI.
    troubles : list of (str, str)
        Devices that failed, and with what.
    faults : list of str
        Of the journal, that were mended.
    """

    began: Reading
    resumptions: int = 0
    captures: int = 0
    devices: dict[str, DeviceInfo] = field(default_factory=dict)
    troubles: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _heard: list[JournalError] = field(default_factory=list)
    _listener: Callable[[JournalError], None] | None = None

    def mended(self, error: JournalError) -> None:
        """Take down a fault of the journal that was mended, and pass it on."""
        self.faults.append(type(error).__name__)
        if self._listener is None:
            self._heard.append(error)
        else:
            self._listener(error)

    def listen(self, listener: Callable[[JournalError], None]) -> None:
        """Pass faults on from now on, those that were met before too."""
        self._listener = listener
        heard, self._heard = self._heard, []
        for error in heard:
            listener(error)


def summary(core: Core, desk: Desk, course: Course, ended: Reading) -> dict[str, Any]:
    """Return the payload of the closing entry, for JSON."""
    situation = core.situation
    conclusion = conclude(situation)
    steps = {**core.steps, **conclusion.steps}
    same_boot = ended.boot == course.began.boot
    return {
        "format": FORMAT,
        "software": {"biocore": _version()},
        "profile": {
            "station": conclusion.station_profile,
            "in_force": conclusion.profile,
            "digest": conclusion.profile_digest,
            "because": conclusion.because,
        },
        "plan": as_json(situation.plan),
        "positions": {name: _position(core, name, step) for name, step in steps.items()},
        "stand_ins": conclusion.stand_ins,
        "chip": as_json(conclusion.chip),
        "lowered": conclusion.lowered,
        "exceptions_only": conclusion.exceptions_only,
        "averages": averages(steps.values(), situation.looks),
        "slaps": as_json(conclusion.slaps),
        "checks": _checks(core),
        "vetoes": [as_json(each.veto) | {"refusal": each.refusal} for each in conclusion.vetoes],
        "missing": as_json(situation.missing),
        "supervisor": situation.supervisor,
        "effort": desk.effort,
        "devices": [device_entry(info) for _, info in sorted(course.devices.items())],
        "troubles": [{"device": uri, "error": error} for uri, error in course.troubles],
        "journal_faults": course.faults,
        "resumptions": course.resumptions,
        "times": {
            "began": course.began.utc.isoformat(timespec="microseconds"),
            "ended": ended.utc.isoformat(timespec="microseconds"),
            "seconds": (ended.monotonic_ns - course.began.monotonic_ns) / 1e9 if same_boot else None,
            "captures": course.captures,
        },
    }


def _position(core: Core, name: str, step: Step) -> dict[str, Any]:
    """Return what is said of one finger or eye; of what was decided before a resumption, what is known here."""
    looks = [look for look in core.situation.looks if position_name(look.position) == name]
    kept = next((look.score for look in looks if look.attempt == step.best), None)
    said: dict[str, Any] = {
        "outcome": step.decision.outcome,
        "attempt": step.best,
        "score": kept,
        "threshold": step.threshold,
        "profile": step.profile,
        "lowered": step.lowered,
        "rungs": as_json(step.rungs),
        "slap_average": step.slap_average,
        "fuse": step.fuse,
        "attempts": [
            {"attempt": k.attempt, "score": k.score, "ended": k.ended, "mode": k.mode, "rung": k.rung} for k in looks
        ],
        "decided_before_resumption": name in core.sealed,
    }
    if name not in core.sealed:
        said |= {"reason": step.decision.reason, "exception": as_json(step.exception)}
    return said


def _checks(core: Core) -> dict[str, Any]:
    """Return how many pairs of accepted fingers and eyes were held against each other here, and which were not.

    Two that were both taken before a resumption were compared then, unless there was one before that; the centre has
    the templates of all.
    """
    accepted = [name for name, step in core.steps.items() if step.decision.outcome is Outcome.ACCEPT]
    pairs = [pair for pair in combinations(accepted, 2) if pair[0].partition(":")[0] == pair[1].partition(":")[0]]
    left = [list(pair) for pair in pairs if core.memory.unseen & set(pair)]
    return {"pairs_compared": len(pairs) - len(left), "left_to_the_centre": left}


def _version() -> str:
    try:
        return version("biocore")
    except PackageNotFoundError:
        return "unknown"
