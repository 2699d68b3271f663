"""What a picture is worth: report and template of one finger or eye, and the robust template for the record."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from biocore import engine
from biocore.errors import BiocoreError, ExtractionError
from biocore.iris import from_burst, select_frames
from biocore.iris.side import Side
from biocore.report import QualityReport
from biocore.station.checks import side_of
from biocore.station.entry import position_name
from biocore.types import Modality, Sample, Template

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """What was found of one picture, or of a burst.

    Attributes
    ----------
    samples : tuple of Sample
        Those that are kept; the best first.
    report : QualityReport or None
        None where the picture cannot be assessed at all; `fault` says why.
    template : Template or None
        By the fast extractor; of a burst, united.
    robust : Template or None
        By the robust one, where it was asked for.
    side : Side or None
        Which eye it seems to be.
    fault : str
    """

    samples: tuple[Sample, ...]
    report: QualityReport | None = None
    template: Template | None = None
    robust: Template | None = None
    side: Side | None = None
    fault: str = ""


def examine(samples: tuple[Sample, ...], *, robust: bool = False) -> Examined:
    """Assess a picture, or the best of a burst, and make its template; never raises for what is in the picture."""
    try:
        if samples[0].modality is Modality.IRIS:
            return _eye(samples)
        return _finger(samples[0], robust)
    except BiocoreError as error:
        return Examined(samples[:1], fault=str(error))
    except Exception as error:  # the picture is kept, and the next one may do
        _log.exception("a picture cannot be examined")
        return Examined(samples[:1], fault=f"failed with {type(error).__name__}")


def _finger(sample: Sample, robust: bool) -> Examined:
    template, fault = _template(sample, "fast")
    report = engine.assess(sample, template)
    better = _template(sample, "robust")[0] if robust else None
    return Examined((sample,), report, _with(template, report), _with(better, report), None, fault)


def _eye(samples: tuple[Sample, ...]) -> Examined:
    side = side_of(samples[0].pixels)
    if len(samples) > 1:
        try:
            chosen = select_frames(samples)
            kept = tuple(one.sample for one in chosen)
            return Examined(kept, chosen[0].report, from_burst(samples), side=side_of(kept[0].pixels))
        except ExtractionError:
            pass  # none shows an iris: the first picture says why
    report = engine.assess(samples[0])
    template, fault = _template(samples[0], "fast")
    return Examined(samples[:1], report, _with(template, report), None, side, fault)


def _template(sample: Sample, effort: engine.Effort) -> tuple[Template | None, str]:
    try:
        return engine.extract(sample, effort), ""
    except ExtractionError as error:
        return None, str(error)


def _with(template: Template | None, report: QualityReport) -> Template | None:
    """Return a template that says how good its picture is."""
    return None if template is None else replace(template, image_quality=report.score)  # type: ignore[call-arg]


@dataclass(slots=True)
class RobustLater:
    """Robust templates of accepted fingers, made in a thread of their own while the clerk goes on.

    They wait in memory and go into the journal together when the record is closed; what a power cut takes with it, the
    centre makes anew from the pictures.
    """

    _pool: ThreadPoolExecutor | None = None
    _wanted: dict[str, tuple[int, Future[Template | None]]] = field(default_factory=dict)

    def want(self, sample: Sample, attempt: int, score: int | None) -> None:
        """Begin; a later attempt at the same finger takes its place."""
        if sample.modality is Modality.IRIS:
            return  # there is one way to extract an iris
        self.drop(position_name(sample.position))
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, "biocore robust")
        future = self._pool.submit(robust_template, sample, score)
        self._wanted[position_name(sample.position)] = attempt, future

    def drop(self, name: str) -> None:
        """Forget one finger."""
        if name in self._wanted:
            self._wanted.pop(name)[1].cancel()

    def collect(self) -> dict[str, tuple[int, Template]]:
        """Wait for all, and hand them over: attempt and template by `position_name`, where one can be made."""
        made = {}
        wanted, self._wanted = self._wanted, {}
        for name, (attempt, future) in wanted.items():
            template = future.result()
            if template is not None:
                made[name] = attempt, template
        return made

    def close(self) -> None:
        """End; what has not begun is not made."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def robust_template(sample: Sample, score: int | None) -> Template | None:
    """Return a sample's template by the robust extractor; None where none can be made."""
    try:
        template = engine.extract(sample, "robust")
    except BiocoreError:
        return None
    return replace(template, image_quality=score)  # type: ignore[call-arg]
