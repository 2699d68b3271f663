"""`match`: one person's fingers and eyes against those of others, modality by modality.

A finger is compared with the same finger of the other record, and with those that do not say which they are; one that
does not say so itself with all. What the fingers say together is in `biosdk_fusion`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import biocore
from biocore.types import Position, Template
from biocore_bindings.biosdk_answers import Json
from biocore_bindings.biosdk_codes import RefusedError, Status
from biocore_bindings.biosdk_fusion import best_of, together
from biocore_bindings.biosdk_pictures import Templates, check, named
from biocore_bindings.biosdk_records import SUPPORTED, Record, Segment
from biocore_bindings.biosdk_work import Pace

MATCHED, NOT_MATCHED, ERROR = "MATCHED", "NOT_MATCHED", "ERROR"


@dataclass
class Side:
    """The templates of one record and modality by position, and what was wrong with the rest."""

    known: dict[Position, list[Template]] = field(default_factory=dict)
    unknown: list[Template] = field(default_factory=list)
    names: dict[Position, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def everything(self) -> list[Template]:
        """All templates."""
        return [template for templates in self.known.values() for template in templates] + self.unknown

    def against(self, position: Position) -> list[Template]:
        """Return what a finger of this position is compared with."""
        return self.known.get(position, []) + self.unknown


def match(
    chosen: dict[str, list[Segment]], gallery: Sequence[Record], threshold: float, pace: Pace, *, strict: bool
) -> list[Json]:
    """Compare a sample with a gallery.

    Parameters
    ----------
    chosen : dict of str to list of Segment
        The sample's, by type.
    gallery : sequence of Record
    threshold : float
        -10 log10 of a false match rate, from which on two match.
    pace : Pace
    strict : bool
        Leave `analyticsInfo` empty.

    Returns
    -------
    list of Json
        A `MatchDecision` for each of the gallery.

    Raises
    ------
    RefusedError
        A segment of the sample is damaged. One of the gallery is an error of its own decision alone.
    GoneError
    """
    for segments in chosen.values():
        for segment in segments:
            check(segment)
    templates = Templates(pace)
    probes = {name: _probe(segments, templates) for name, segments in chosen.items() if name in SUPPORTED and segments}
    found = []
    for index, record in enumerate(gallery):
        decisions = {}
        for name in chosen:
            pace.step()
            if name in probes:
                there = [segment for segment in record.segments if segment.type == name and segment.bdb]
                decisions[name] = _decided(probes[name], there, templates, threshold, strict=strict)
            else:
                missing = name in SUPPORTED
                why = f"The sample holds no {name}" if missing else f"Modality {name} is not supported"
                decisions[name] = _decision(ERROR, [why])
        found.append({"galleryIndex": index, "decisions": decisions, "analyticsInfo": {}})
    return found


def _probe(segments: Sequence[Segment], templates: Templates) -> Side:
    """Make the sample's templates.

    Raises
    ------
    RefusedError
        One is damaged, or none could be made.
    """
    side = _side(segments, templates)
    faults = [made.fault for made in map(templates.of, segments) if made.fault is not None]
    worse = [fault for fault in faults if fault.status is not Status.POOR_DATA]
    if worse or not side.everything:
        raise (worse or faults)[0]
    return side


def _side(segments: Sequence[Segment], templates: Templates) -> Side:
    side = Side()
    for segment in segments:
        made = templates.of(segment)
        if made.fault is not None:
            side.errors.append(str(made.fault))
        for template in made.templates:
            if template.position.value:
                side.known.setdefault(template.position, []).append(template)
                side.names[template.position] = named(template.position, segment)
            else:
                side.unknown.append(template)
    return side


def _may_match(segment: Segment, probe: Side) -> bool:
    """Say whether a segment of the gallery is worth a template: it may be a finger that the sample shows."""
    try:
        position = segment.position
    except RefusedError:
        return True  # to be named among the errors
    return bool(probe.unknown) or not position.value or position in probe.known


def _decided(probe: Side, segments: Sequence[Segment], templates: Templates, threshold: float, *, strict: bool) -> Json:
    """Compare a sample with one record's segments."""
    worth = [segment for segment in segments if _may_match(segment, probe)]
    other = _side(worth, templates)
    errors = probe.errors + other.errors
    if worth and not other.everything:
        return _decision(ERROR, errors)
    singles = {
        probe.names[position]: _best(ours, other.against(position))
        for position, ours in probe.known.items()
        if other.against(position)
    }
    ways = [together(list(singles.values()))] if singles else []
    if probe.unknown and other.everything:
        ways.append(_best(probe.unknown, other.everything))
    score = best_of(ways) if ways else 0.0
    said: dict[str, str] = {}
    if not strict:
        said = {"score": f"{score:.2f}", "threshold": f"{threshold:g}", "fmr": f"{10.0 ** (-score / 10.0):.3g}"}
        said |= {name: f"{value:.2f}" for name, value in singles.items()}
        said |= {} if ways else {"remark": "the other record holds nothing of what the sample shows"}
    return _decision(MATCHED if ways and score >= threshold else NOT_MATCHED, errors, said)


def _best(probes: Sequence[Template], references: Sequence[Template]) -> float:
    scores = [each.score for probe in probes for each in biocore.search(probe, references)]
    return best_of(scores)


def _decision(match: str, errors: Sequence[str] = (), said: dict[str, str] | None = None) -> Json:
    return {"match": match, "errors": list(dict.fromkeys(errors)), "analyticsInfo": said or {}}
