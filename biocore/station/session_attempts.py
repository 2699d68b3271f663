"""From a capture to its looks: each picture is examined, held against the resident's others, and written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from biocore.engine import Effort
from biocore.report import Outcome
from biocore.station.checks import Checked, Known, check
from biocore.station.devices import Picture, Taken
from biocore.station.entry import Item, position_name
from biocore.station.examine import Examined, RobustLater, examine, robust_template
from biocore.station.looks import DoubtKind, Ended, Look, Situation, Veto, VetoKind
from biocore.station.rungs import Request
from biocore.station.session_core import Core, unsealed
from biocore.station.session_events import Doubted, Looked, SessionEvent, SlapWarned
from biocore.station.session_heads import ROBUST
from biocore.station.session_items import look_items, slap_items, template_entry
from biocore.types import Position, Sample


@dataclass(slots=True)
class Attempts:
    """The attempts of one resident; `examine` needs no lock, everything else the session's.

    Attributes
    ----------
    core : Core
    effort : "fast" or "robust"
        As in `Desk`.
    """

    core: Core
    effort: Effort
    _samples: dict[str, dict[int, Sample]] = field(default_factory=dict)  # of what is open, for the robust extractor
    _later: RobustLater = field(default_factory=RobustLater)

    def examine(self, request: Request, taken: Taken) -> list[Examined | None]:
        """Examine each picture; None where there is none."""
        robust = request.robust and self.effort == "robust"
        if robust:
            for position in request.wanted:
                self._robust_before(position)
        return [examine(picture.samples, robust=robust) if picture.samples else None for picture in taken.pictures]

    def _robust_before(self, position: Position) -> None:
        """Make the robust templates of earlier attempts, which the new one is going to be compared with."""
        samples = self._samples.get(position_name(position), {})
        for known in self.core.memory.of(position):
            sample = samples.get(known.attempt)
            if known.robust is None and sample is not None:
                self.core.memory.keep(replace(known, robust=robust_template(sample, known.score)))

    def record(
        self, request: Request, taken: Taken, found: Sequence[Examined | None], beside: Sequence[Item] = ()
    ) -> bool:
        """Write a capture down, with all decisions that follow from it, in one batch; say whether it lasts.

        Parameters
        ----------
        request : Request
        taken : Taken
        found : sequence of Examined
            Of `examine`.
        beside : sequence of Item
            What else is to be written of it.
        """
        core = self.core
        known = [self._known(request, picture, each) for picture, each in zip(taken.pictures, found, strict=True)]
        together = [each for each in known if each is not None]
        accepted = core.accepted()
        items: list[Item] = [*beside, *slap_items(taken.slap, taken.warnings)]
        looks: list[Look] = []
        told: list[SessionEvent] = [SlapWarned(taken.warnings)] if taken.warnings else []
        for picture, each, template in zip(taken.pictures, found, known, strict=True):
            checked = check(template, core.memory, accepted, together) if template is not None else Checked()
            look = _look(request, taken, picture, each, checked)
            items += look_items(look, request, picture, each, checked)
            looks.append(look)
            told.append(Looked(look, picture.how))
            if look.doubts:
                told.append(Doubted(look.position, look.attempt, look.doubts))
        for look, each, template in zip(looks, found, known, strict=True):
            self._remember(look, each, template)
        situation = replace(core.situation, looks=(*core.situation.looks, *looks))
        captured = [(look.position, look.attempt) for look in looks]
        return core.commit(situation, items, told, captured, then=self._after)

    def _known(self, request: Request, picture: Picture, found: Examined | None) -> Known | None:
        if found is None or found.template is None:
            return None
        score = found.report.score if found.report is not None else None
        attempt = request.attempts[position_name(picture.position)]
        return Known(picture.position, attempt, found.template, score, found.robust, found.side)

    def _remember(self, look: Look, found: Examined | None, known: Known | None) -> None:
        """Keep what later attempts are held against; what seems to be of another finger proves nothing of this one."""
        if known is not None and all(_only_unlike(doubt.kind, doubt.other) for doubt in look.doubts):
            self.core.memory.keep(known)
        if found is not None and self.effort == "robust":
            self._samples.setdefault(position_name(look.position), {})[look.attempt] = found.samples[0]

    def _after(self) -> None:
        """Have the robust templates made of what is accepted now, and let go of its pictures."""
        for name, step in self.core.steps.items():
            if step.decision.outcome is Outcome.ACCEPT and name in self._samples:
                sample = self._samples.pop(name).get(step.best or 0)
                if sample is not None:
                    known = self.core.memory.at(step.position, step.best)
                    self._later.want(sample, step.best or 1, known.score if known else None)

    def latest(self, position: Position) -> int | None:
        """Return the attempt that is kept of a finger or an eye, else the latest that left a picture."""
        step = self.core.steps.get(position_name(position))
        if step is not None and step.best is not None:
            return step.best
        looks = [look.attempt for look in self.core.situation.of(position) if look.ended is Ended.CAPTURED]
        return max(looks, default=None)

    def overruled(self, situation: Situation, veto: Veto) -> Situation:
        """Forget what a veto says is not this finger, and unseal what it opens again; return the situation."""
        if veto.kind is VetoKind.ACCEPT:
            return situation
        positions = self.core.positions() if veto.position is None else [veto.position]
        for position in positions:
            name = position_name(position)
            self.core.memory.forget(position, veto.attempt)
            self.core.memory.unseen.discard(name)
            self.core.sealed.discard(name)
            self._later.drop(name)
        return unsealed(situation, positions)

    def robust_items(self) -> list[Item]:
        """Wait for the robust templates that are still being made, and return them as items, in the plan's order."""
        made = self._later.collect()
        order = [position_name(position) for position in self.core.positions()]
        return [template_entry(made[name][1], made[name][0], ROBUST) for name in order if name in made]

    def close(self) -> None:
        """End what goes on in the background."""
        self._later.close()
        self._samples.clear()


def _look(request: Request, taken: Taken, picture: Picture, found: Examined | None, checked: Checked) -> Look:
    name = position_name(picture.position)
    report = found.report if found is not None else None
    score = report.score if report is not None else None
    reasons = (picture.reason, report.reason if report else "", found.fault if found and report is None else "")
    return Look(
        position=picture.position,
        attempt=request.attempts[name],
        score=score,
        reason="" if score is not None else next(filter(None, reasons), ""),
        causes=report.causes if report is not None else (),
        advice=report.advice if report is not None else (),
        mode=request.mode,
        has_template=found is not None and found.template is not None,
        profile=request.profiles[name],
        rung=request.rungs[name],
        fused=len(picture.samples) > 1 and found is not None and len(found.samples) > 1,
        matches=checked.matches,
        doubts=(*picture.doubts, *checked.doubts),
        device=taken.device,
        ended=picture.ended,
        capture=request.capture,
    )


def _only_unlike(kind: DoubtKind, other: Position | None) -> bool:
    """Say whether a doubt is merely that a picture does not match the ones before: either may be the wrong one."""
    return other is None and kind in (DoubtKind.OTHER_FINGER, DoubtKind.OTHER_EYE)
