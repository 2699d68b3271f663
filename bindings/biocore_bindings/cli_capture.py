"""`biocore capture`: pictures from a device, with what the operator needs to know meanwhile."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.text import Text

import biocore
from biocore import fingerprint, iris
from biocore.advice import Language as Code
from biocore.advice import advice_text, advise, cause_text
from biocore.errors import DeviceUnsupportedError, ExtractionError, FormatError
from biocore.hal import DEFAULT_TIMEOUT, Device, DeviceInfo, Event, EventKind
from biocore.report import QualityReport, Status
from biocore.types import FingerPosition, Frame, GreyImage, Modality, Sample
from biocore_bindings.as_json import device_entry, report_entry, sample_entry
from biocore_bindings.cli_assess import passes, score_bar, score_text
from biocore_bindings.cli_extract import Made, standard, template_of, write_made
from biocore_bindings.inputs import parse_position
from biocore_bindings.options import (
    AsJson,
    Effort,
    Finger,
    Format,
    Language,
    MinScore,
    Ratio,
    Words,
    record_format,
)
from biocore_bindings.outputs import write_picture
from biocore_bindings.terminal import Answer, ExitCode, answering, complain, shown

MAX_COUNT = 10_000  # captures in one call
MAX_TIMEOUT = 86_400.0  # s; a day
FACES = "faces are captured and stored, not assessed"
_NUMBER = re.compile(r"capture-(\d+)\.png")


def capture(
    uri: Annotated[str, typer.Argument(metavar="URI", help="Of the device, as `biocore devices` lists it.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the pictures go.")] = Path(),
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, max=MAX_COUNT, help="How many to capture.")] = 1,
    timeout: Annotated[
        float,
        typer.Option(
            "--timeout", metavar="S", min=0.1, max=MAX_TIMEOUT, help="Seconds to wait for each finger, eye or face."
        ),
    ] = DEFAULT_TIMEOUT,
    position: Finger = None,
    record: Annotated[
        Path | None,
        typer.Option(
            "--record", metavar="FILE", help="Write all captures into one standard record too.", show_default=False
        ),
    ] = None,
    layout: Format = None,
    ratio: Ratio = None,
    min_score: MinScore = None,
    anyway: Annotated[
        bool,
        typer.Option(
            "--anyway", help="Keep pictures of a device that must not enrol anybody: no score, no record, only PNG."
        ),
    ] = False,
    language: Words = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Capture from a device, assess at once, and keep each picture as PNG; faces in colour, and not assessed."""
    if anyway and record is not None:
        raise typer.BadParameter("--anyway keeps pictures that must not enrol anybody; they go into no --record")
    with answering("capture", as_json) as answer:
        captures: list[dict[str, Any]] = []
        made: list[Made] = []
        with biocore.open_device(uri) as device:
            info = device.info
            if not anyway:
                _check_fit(info)
            if info.modality is Modality.IRIS:
                device.judge = _eye_in_focus  # of what a camera shows, only pictures of an eye will do
            where = parse_position(position, info.modality) or FingerPosition.UNKNOWN
            if info.modality is Modality.FACE and min_score is not None:
                raise typer.BadParameter(f"{FACES}: leave --min-score away")
            wants_record = record is not None or layout is not None
            form = record_format(layout, info.modality) if wants_record else None
            answer.put(device=device_entry(info), min_score=min_score, captures=captures)
            first = _first_free(out)
            answer.show(Text(f"{shown(info.maker)} {shown(info.model)} ({shown(info.uri)})", style="bold"))
            for number in range(first, first + count):
                frame = _capture_live(answer, device, timeout, language)
                if not anyway:
                    _check_fit(device.info)  # another scanner may have taken over
                sample = Sample(frame, info.modality, where)
                report = _assess(sample, device.info)
                path = out / f"capture-{number:04d}.png"
                write_picture(path, sample.pixels if frame.colour is None else frame.colour, sample.ppi)
                passed = passes(report, min_score)
                answer.end(ExitCode.NO if passed is False else ExitCode.OK)
                entry = {"file": str(path), **sample_entry(sample), **report_entry(report, language.code)}
                captures.append({**entry, "passed": passed})
                answer.show(_line(path, report, min_score, language))
                if record is not None:
                    _keep(answer, made, sample, path)
        if record is not None and form is not None and made:
            size = write_made(record, made, form, ratio)
            answer.put(record={"file": str(record), "format": form.value, "views": len(made), "bytes": size})
            answer.show(Text(f"Record: {shown(record)} ({size} bytes, {standard(form)})", style="dim"))


def _eye_in_focus(pixels: GreyImage) -> float | None:
    """Say how sharp the pupil's edge is, 0 where it is not seen; None without an eye."""
    glance = iris.preview(pixels)
    if not glance.eye:
        return None
    return 0.0 if math.isnan(glance.edge_width) else 1.0 / (1.0 + glance.edge_width)


def _check_fit(info: DeviceInfo) -> None:
    """Refuse a device that must not enrol anybody, and say what can be done with it.

    Raises
    ------
    DeviceUnsupportedError
    """
    try:
        info.require_fit()
    except DeviceUnsupportedError as error:
        hint = "Use another scanner, or keep its pictures alone with --anyway"
        raise DeviceUnsupportedError(str(error).removesuffix(f". {error.hint}"), hint=hint) from None


def _assess(sample: Sample, info: DeviceInfo) -> QualityReport:
    """Assess a sample; of a face, or a device that must not enrol anybody, the report has no score, and says why."""
    why = info.unfit or (FACES if sample.modality is Modality.FACE else "")
    if not why:
        return biocore.assess(sample)
    return QualityReport(sample.modality, sample.position, sample.frame.source, None, "", Status.NOT_ASSESSED, why)


def _keep(answer: Answer, made: list[Made], sample: Sample, path: Path) -> None:
    """Make a template for the record; a capture that gives none is told, and left out of it."""
    try:
        made.append(Made(sample, template_of(sample, Effort.FAST)))
    except ExtractionError as error:
        answer.fault(error, path)


class _LiveLine:
    """One line that follows the finger or eye: what the previews say."""

    def __init__(self, live: Live, modality: Modality, language: Code) -> None:
        self._live = live
        self._modality = modality
        self._language = language
        self._finger: fingerprint.Preview | None = None
        self._eye: iris.Preview | None = None

    def __call__(self, event: Event) -> None:
        if event.kind is EventKind.WAITING:
            self._say(Text("Lay the finger down" if self._modality is Modality.FINGER else "Look into the camera"))
        elif event.kind is EventKind.SWITCHED:
            self._say(Text(f"Goes on with another scanner: {shown(event.detail)}", style="yellow"))
        elif event.kind is EventKind.PREVIEW and event.frame is not None and self._modality is not Modality.FACE:
            self._say(
                self._finger_line(event.frame) if self._modality is Modality.FINGER else self._eye_line(event.frame)
            )

    def _finger_line(self, frame: Frame) -> Text:
        seen = self._finger = fingerprint.preview(frame.pixels, self._finger)
        return self._with_advice(score_text(seen.score).append(" ").append_text(score_bar(seen.score)), seen)

    def _eye_line(self, frame: Frame) -> Text:
        seen = self._eye = iris.preview(frame.pixels, self._eye)
        return self._with_advice(Text(f"iris {2.0 * seen.iris_radius:.0f} px" if seen.eye else "no eye"), seen)

    def _with_advice(self, line: Text, seen: fingerprint.Preview | iris.Preview) -> Text:
        if seen.cause is not None:
            line.append(f"  {cause_text(seen.cause.name, self._language)}", style="yellow")
            for step in advise((seen.cause,))[:1]:
                line.append(f"  {advice_text(step, self._language)}", style="italic")
        elif seen.steady:
            line.append("  steady", style="green")
        return line

    def _say(self, line: Text) -> None:
        line.no_wrap, line.overflow = True, "ellipsis"
        self._live.update(line, refresh=True)


def _capture_live(answer: Answer, device: Device, timeout: float, language: Language) -> Frame:
    """Capture one frame, with a live line on standard error where that is a terminal.

    That another scanner goes on is told in a line that stays, too.
    """
    stop_telling = device.listen(_tell_switch)
    try:
        return _capture_shown(answer, device, timeout, language)
    finally:
        stop_telling()


def _tell_switch(event: Event) -> None:
    if event.kind is EventKind.SWITCHED:
        complain(f"another scanner goes on: {event.detail}")


def _capture_shown(answer: Answer, device: Device, timeout: float, language: Language) -> Frame:
    if not answer.err.is_terminal:
        return device.capture(timeout)
    with Live(console=answer.err, transient=True, auto_refresh=False, vertical_overflow="crop") as live:
        stop = device.listen(_LiveLine(live, device.info.modality, language.code))
        try:
            return device.capture(timeout)
        finally:
            stop()


def _first_free(folder: Path) -> int:
    """Return the number after the last capture in a folder, which is made where it is missing.

    Raises
    ------
    FormatError
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = [int(match[1]) for path in folder.iterdir() if (match := _NUMBER.fullmatch(path.name))]
    except OSError as error:
        raise FormatError(f"cannot be used: {error.strerror or error}", file=str(folder)) from error
    return max(taken, default=0) + 1


def _line(path: Path, report: QualityReport, min_score: int | None, language: Language) -> Text:
    line = Text(f"{shown(path)}  ").append_text(score_text(report.score, min_score)).append(" ")
    line.append_text(score_bar(report.score))
    if report.reason:
        line.append(f"  {shown(report.reason)}", style="yellow")
    for cause in report.causes[:1]:
        line.append(f"  {cause_text(cause.name, language.code)}", style="yellow")
    for advice in report.advice[:1]:
        line.append(f"  {advice_text(advice, language.code)}", style="italic")
    return line
