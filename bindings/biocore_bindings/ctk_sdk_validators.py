"""The validators of MOSIP's compliance toolkit for BioSDK services, each as a function that says what is wrong.

Source: mosip/mosip-compliance-toolkit, io.mosip.compliance.toolkit.validators: which status codes each takes, and which
decisions. The toolkit looks no further than that; here what comes back is opened too: templates are read, pictures are
decoded and compared, and each finger must be the one that was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from biocore_bindings import ctk_sdk_cases as cases
from biocore_bindings.ctk_exchange import Exchange
from biocore_bindings.ctk_sdk_cases import SdkCase, Step
from biocore_bindings.ctk_sdk_data import Sent, said
from biocore_bindings.ctk_sdk_records import faults_of_picture, faults_of_segment, faults_of_template
from biocore_bindings.ctk_sdk_schemas import SCHEMAS
from biocore_bindings.ctk_sdk_wire import Segment, segments_of
from biocore_bindings.ctk_shapes import faults

# What the toolkit's configuration asks for (mosip.toolkit.sdk.*.qualitycheck.threshold.value), of 100.
THRESHOLDS = MappingProxyType({cases.FINGER: 60.0, cases.IRIS: 60.0, cases.FACE: 30.0})
SUCCESS = range(200, 300)
POOR_DATA = (403, 406)  # "quality check failed", "poor data quality": also an answer where a picture is poor
MATCHED, NOT_MATCHED = "MATCHED", "NOT_MATCHED"


@dataclass
class Asked:
    """What is known of a request.

    Attributes
    ----------
    case : SdkCase
    step : Step
    sent : Sent
    remarks : list of str
        What is worth saying and no fault.
    """

    case: SdkCase
    step: Step
    sent: Sent
    remarks: list[str] = field(default_factory=list)


SdkValidator = Callable[[Mapping[str, Any], Asked], Iterator[str]]


def judge_step(exchange: Exchange, asked: Asked) -> list[str]:
    """Return all that is wrong with an answer, each fault behind the name of its validator."""
    if exchange.answer is None or exchange.fault:
        return [f"{asked.step.validators[0]}: {exchange.fault or 'the answer is null'}"]
    found = [f"{cases.SCHEMA}: {fault}" for fault in faults(exchange.answer, SCHEMAS[asked.step.schema])]
    answer = response_of(exchange.answer)
    for name in asked.step.validators[1:]:
        found += [f"{name}: {fault}" for fault in VALIDATORS[name](answer, asked)]
    return found


def response_of(answer: object) -> Mapping[str, Any]:
    """Return the member `response` of an answer; an empty one where there is none."""
    response = answer.get("response") if isinstance(answer, dict) else None
    return response if isinstance(response, dict) else {}


def _status(answer: Mapping[str, Any]) -> int | None:
    code = answer.get("statusCode")
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _unsuccessful(answer: Mapping[str, Any]) -> str:
    """Return what is wrong with a status that must be one of success."""
    if _status(answer) in SUCCESS:
        return ""
    return f"statusCode is {_coded(answer)}; 200 to 299 say that it was done"


def _coded(answer: Mapping[str, Any]) -> str:
    message = answer.get("statusMessage")
    return f"{answer.get('statusCode')!r}" + (f" ({message[:60]})" if isinstance(message, str) and message else "")


def _refusal(*codes: int) -> SdkValidator:
    """Return the validator of data that must be refused with one of some status codes."""
    wanted = " or ".join(str(code) for code in codes)

    def check(answer: Mapping[str, Any], _: Asked) -> Iterator[str]:
        if _status(answer) not in codes:
            yield f"statusCode is {_coded(answer)} and must be {wanted}"

    return check


def _quality(answer: Mapping[str, Any], asked: Asked) -> Iterator[str]:
    if asked.case.negative and _status(answer) in POOR_DATA:
        asked.remarks.append(f"refused with {_status(answer)}, which the toolkit takes for a poor picture")
        return
    if fault := _unsuccessful(answer):
        yield fault
        return
    found = answer.get("response")
    scores = found.get("scores") if isinstance(found, dict) else None
    for modality in asked.case.modalities:
        entry = scores.get(modality.upper()) if isinstance(scores, dict) else None
        score = entry.get("score") if isinstance(entry, dict) else None
        if not isinstance(score, int | float) or isinstance(score, bool):
            yield f"there is no score of the {modality}"
            continue
        if not 0 <= score <= 100:
            yield f"the {modality}'s score is {str(score)[:20]}; 0 to 100 exist"
            continue
        threshold = THRESHOLDS[modality]
        asked.remarks.append(f"{modality} {score:g}")
        if asked.case.negative and score >= threshold:
            yield f"the poor {modality}'s score is {score:g} and must be below {threshold:g}"
        elif not asked.case.negative and score < threshold:
            yield f"the good {modality}'s score is {score:g} and must be {threshold:g} or more"


def _match(answer: Mapping[str, Any], asked: Asked) -> Iterator[str]:
    if fault := _unsuccessful(answer):
        yield fault
        return
    decided = yield from _decided(answer, asked)
    for (index, modality), word in decided.items():
        expected = MATCHED if index in asked.sent.mated and not asked.case.negative else NOT_MATCHED
        if word != expected:
            yield f"gallery {index}, {modality}: {word!r} and must be {expected}"


def _match_many(answer: Mapping[str, Any], asked: Asked) -> Iterator[str]:
    if asked.sent.certain:
        yield from _match(answer, asked)
        return
    if fault := _unsuccessful(answer):
        yield fault
        return
    decided = yield from _decided(answer, asked)
    for modality in asked.case.modalities:
        words = [word for (_, kind), word in decided.items() if kind == modality]
        if MATCHED not in words:
            yield f"none of {len(asked.sent.galleries)} references is {MATCHED} by its {modality}"


def _decided(answer: Mapping[str, Any], asked: Asked) -> Generator[str, None, dict[tuple[int, str], str]]:
    """Yield what is wrong with the list of decisions, and return the decision on each reference and modality."""
    listed = answer.get("response")
    decided: dict[tuple[int, str], str] = {}
    for entry in listed if isinstance(listed, list) else []:
        index = entry.get("galleryIndex") if isinstance(entry, dict) else None
        decisions = entry.get("decisions") if isinstance(entry, dict) else None
        if not isinstance(index, int) or not isinstance(decisions, dict):
            continue  # the schema has said so
        if not 0 <= index < len(asked.sent.galleries):
            yield f"galleryIndex {index} is decided on; there are 0 to {len(asked.sent.galleries) - 1}"
            continue
        for kind, decision in decisions.items():
            modality = str(kind).lower()
            word = decision.get("match") if isinstance(decision, dict) else None
            if modality not in asked.case.modalities:
                yield f"gallery {index} is decided on by its {modality}, which was not asked for"
            elif (index, modality) in decided:
                yield f"gallery {index}, {modality}, is decided on twice"
            else:
                decided[index, modality] = str(word)
    for index in range(len(asked.sent.galleries)):
        for modality in asked.case.modalities:
            if (index, modality) not in decided:
                yield f"gallery {index}, {modality}, is not decided on"
    return decided


def _records(check: Callable[[Segment, Asked], Iterator[str]]) -> SdkValidator:
    """Return the validator of an answer of records: each finger or eye that was sent, once, and each rightly made."""

    def judge(answer: Mapping[str, Any], asked: Asked) -> Iterator[str]:
        if fault := _unsuccessful(answer):
            yield fault
            return
        found = segments_of(answer.get("response"))
        if not found:
            yield f"the answer has no record; {said(asked.sent.probe)} was sent"
        wanted = [(bir.type.upper(), bir.position) for bir in asked.sent.probe]
        came = [(segment.kind, segment.position) for segment in found]
        for number, segment in enumerate(found):
            name = " ".join(segment.subtype) or "no subtype"
            if came[number] not in wanted:
                yield f"[{number}] is {segment.kind} of {name}; {said(asked.sent.probe)} was sent"
            elif came.index(came[number]) < number:
                yield f"[{number}] is {segment.kind} of {name} once more"
            elif segment.fault or not segment.data:
                yield f"[{number}] has no data: {segment.fault or 'it is empty'}"
            else:
                yield from (f"[{number}] {fault}" for fault in check(segment, asked))
        if found:
            missing = [bir for bir, one in zip(asked.sent.probe, wanted, strict=True) if one not in came]
            if missing:
                yield f"{said(missing)} was sent and did not come back"

    return judge


def _converted(segment: Segment, asked: Asked) -> Iterator[str]:
    sent = next(bir for bir in asked.sent.probe if (bir.type.upper(), bir.position) == (segment.kind, segment.position))
    yield from faults_of_picture(segment.data, asked.case.target, sent)


def _template(segment: Segment, asked: Asked) -> Iterator[str]:
    yield from faults_of_template(segment, asked.remarks)


VALIDATORS: Mapping[str, SdkValidator] = MappingProxyType(
    {
        cases.QUALITY: _quality,
        cases.QUALITY_INVALID: _refusal(401, 403),
        cases.QUALITY_NONE: _refusal(404),
        cases.MATCH: _match,
        cases.MATCH_MANY: _match_many,
        cases.MATCH_INVALID: _refusal(401, 405),
        cases.MATCH_NONE: _refusal(404),
        cases.EXTRACT: _records(_template),
        cases.EXTRACT_INVALID: _refusal(401, 403),
        cases.EXTRACT_NONE: _refusal(404),
        cases.SEGMENT: _records(lambda segment, _: faults_of_segment(segment)),
        cases.SEGMENT_INVALID: _refusal(401, 405),
        cases.SEGMENT_NONE: _refusal(404),
        cases.CONVERT: _records(_converted),
        cases.CONVERT_INVALID: _refusal(401, 403),
        cases.CONVERT_NONE: _refusal(404),
    }
)
