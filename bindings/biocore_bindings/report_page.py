"""The report: one HTML page that holds everything in itself, for a screen or for paper.

It loads nothing, runs no script and is told not to (a content security policy), so it can be mailed, filed and
opened in ten years. Everything that came from outside, file names above all, is escaped by the template engine.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from biocore.advice import Language, advice_text, cause_text
from biocore.fingerprint.nfiq2 import BlockMaps
from biocore.report import QualityReport, Status
from biocore.types import FingerTemplate, GreyImage, Modality
from biocore_bindings import report_figures as figures
from biocore_bindings import report_figures_iris as eye_figures
from biocore_bindings.eyes import Look
from biocore_bindings.inputs import position_name
from biocore_bindings.outputs import write_whole
from biocore_bindings.pages import filled
from biocore_bindings.report_words import histogram_name, measure_name, word
from biocore_bindings.terminal import shown

BANDS = 10  # bars of the overview's histogram
EVIDENCE = 3  # quantities shown with a cause
USUAL_MIN_SCORE = 40  # MOSIP's registration client asks 40 of 100 of a finger


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One picture on the page.

    Attributes
    ----------
    name : str
        Of the file, as the reader knows it.
    pixels : uint8 array (height, width)
        At 500 ppi for a finger: what the minutiae and the map lie on.
    report : QualityReport
    template : FingerTemplate or None
    maps : BlockMaps or None
    note : str
        A line of its own under the heading ("second attempt, after: press harder").
    eye : Look or None
        Of an eye in which an iris was found.
    """

    name: str
    pixels: GreyImage
    report: QualityReport
    template: FingerTemplate | None = None
    maps: BlockMaps | None = None
    note: str = ""
    eye: Look | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that gave no picture, and why."""

    name: str
    message: str

    @classmethod
    def of(cls, path: Path, error: Exception) -> Unread:
        """Return the file with its error, which need not say the path once more."""
        return cls(path.name, str(error).removeprefix(f"{path}: "))


def render(
    entries: Sequence[Entry],
    unread: Sequence[Unread] = (),
    *,
    language: Language = "en",
    min_score: int | None = None,
    title: str = "",
    in_order: bool = False,
    made_at: datetime | None = None,
) -> str:
    """Return the page.

    Parameters
    ----------
    entries : sequence of Entry
        Shown worst first, unless `in_order`.
    unread : sequence of Unread
    language : {"en", "id"}
    min_score : int or None
        Threshold to hold the scores against.
    title : str
        By default what the pictures show.
    in_order : bool
        Keep the order given (an enrolment, finger by finger).
    made_at : datetime or None
        None = now.
    """
    iris = bool(entries) and all(entry.report.modality is Modality.IRIS for entry in entries)
    ordered = list(entries) if in_order else sorted(entries, key=_badness)
    made = (made_at or datetime.now(UTC)).astimezone(UTC)
    context = {
        "language": language,
        "title": title or word("title_iris" if iris else "title_finger", language),
        "version": version("biocore"),
        "date": f"{made:%Y-%m-%d %H:%M} UTC",
        "algorithms": sorted({entry.report.algorithm for entry in entries if entry.report.algorithm}),
        "cards": [_card(number, entry, language, min_score) for number, entry in enumerate(ordered, 1)],
        "unread": [(shown(file.name), shown(file.message)) for file in unread],
        "summary": _summary(ordered, language, min_score),
        "bars": _bars(ordered),
        "min_score": min_score,
        "worst_first": not in_order,
        "w": lambda key: word(key, language),
    }
    return filled("report.html", context)


def write(path: Path, page: str) -> None:
    """Write the page.

    Raises
    ------
    FormatError
    """
    write_whole(path, page.encode("utf-8", errors="backslashreplace"))


def _badness(entry: Entry) -> tuple[bool, int, str]:
    return entry.report.score is not None, entry.report.score or 0, entry.name


def _summary(entries: Sequence[Entry], language: Language, min_score: int | None) -> list[tuple[str, str]]:
    scores = [entry.report.score for entry in entries if entry.report.score is not None]
    figures = [(str(len(entries)), word("print" if len(entries) == 1 else "prints", language))]
    if scores:
        figures.append((f"{statistics.median(scores):.0f}", word("median", language)))
        figures.append((str(min(scores)), word("lowest", language)))
        if min_score is not None:
            below = sum(score < min_score for score in scores)
            figures.append((str(below), f"{word('below', language)} {min_score}"))
    if len(scores) < len(entries):
        figures.append((str(len(entries) - len(scores)), word("not_assessed", language)))
    return figures


def _bars(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return the overview's histogram: ten bars of ten points each, the last with 100 in it."""
    counts = [0] * BANDS
    for entry in entries:
        if entry.report.score is not None:
            counts[min(entry.report.score * BANDS // 100, BANDS - 1)] += 1
    top = max(counts, default=0) or 1
    return [
        {
            "low": band * 100 // BANDS,
            "count": count,
            "share": count / top,
            "colour": figures.css_colour((band + 0.5) / BANDS),
        }
        for band, count in enumerate(counts)
    ]


def _card(number: int, entry: Entry, language: Language, min_score: int | None) -> dict[str, Any]:
    """Return everything the template says of one picture."""
    report, template = entry.report, entry.template
    height, width = entry.pixels.shape
    return {
        "id": f"p{number}",
        "name": shown(entry.name),
        "position": word(position_name(report.position), language),
        "named": report.position.value != 0,
        "note": shown(entry.note or (report.reason if report.score is not None else "")),
        "width": width,
        "height": height,
        "uri": figures.data_uri(entry.pixels),
        "finger": report.modality is Modality.FINGER,
        "score": report.score,
        "colour": figures.css_colour((report.score or 0) / 100),
        "poor": report.score is None or report.score < (USUAL_MIN_SCORE if min_score is None else min_score),
        "passed": None if min_score is None or report.score is None else report.score >= min_score,
        "algorithm": report.algorithm,
        "reason": shown(report.reason),
        "causes": [
            {
                "text": cause_text(cause.name, language),
                "percent": round(cause.confidence * 100),
                "evidence": [
                    f"{name.replace('_', ' ')} {_number(value)}"
                    for name, value in list(cause.evidence.items())[:EVIDENCE]
                ],
            }
            for cause in report.causes
        ],
        "advice": [advice_text(advice, language) for advice in report.advice],
        "tiles": figures.quality_tiles(entry.maps) if entry.maps is not None else [],
        "strokes": figures.ridge_strokes(entry.maps) if entry.maps is not None else "",
        "paths": figures.minutiae_paths(template) if template is not None else {},
        "minutiae": len(template) if template is not None else None,
        "eye": None if entry.eye is None else eye_figures.drawn(entry.eye),
        "measures": [
            {
                "name": measure_name(name, language),
                "key": name,
                "value": word("failed", language) if measure.status is Status.FAILED else _number(measure.native),
                "score": measure.score,
            }
            for name, measure in report.measures.items()
            if not (_is_bin(name) or measure.status is Status.NOT_ASSESSED)
        ],
        "histograms": [
            {"name": histogram_name(prefix, language), "shares": shares}
            for prefix, shares in figures.histograms(report.measures).items()
        ],
    }


def _is_bin(name: str) -> bool:
    return name.rpartition("_Bin10_")[2].isdigit()


def _number(value: float | None) -> str:
    """Return a measured value with three significant digits, large ones whole."""
    if value is None or value != value:
        return "\N{EN DASH}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
