"""What a session writes into the journal: one batch a capture, one a decision of a person, and the summary at the end.

Heads carry what `session_heads` reads again; everything else is in the payloads, which only the centre opens.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from biocore.device_info import DeviceInfo
from biocore.station.checks import Checked
from biocore.station.devices import Picture
from biocore.station.entry import EntryKind, Item, position_name
from biocore.station.examine import Examined
from biocore.station.looks import Look, as_json
from biocore.station.payloads import JSON, frame_item, report_item, template_item
from biocore.station.rungs import Request, Step
from biocore.station.session_heads import BURST, FAST, FUSED, ROBUST, doubt_code, look_code
from biocore.types import Frame, Modality, Position, Sample, Template

SLAP = "slap"
SIGNED_PART = "signed_part"


def event_item(
    code: str, payload: Mapping[str, Any], position: Position | None = None, attempt: int | None = None
) -> Item:
    """Return something that happened; what it was about is sealed."""
    return Item(EntryKind.EVENT, to_json(payload), JSON, position, attempt, code=code)


def look_items(look: Look, request: Request, picture: Picture, found: Examined | None, checked: Checked) -> list[Item]:
    """Return everything that one attempt left: what happened, pictures, report, templates, doubts."""
    position, attempt = look.position, look.attempt
    payload = {
        "look": as_json(look),
        "asked": {
            "threshold": request.thresholds[position_name(position)],
            "timeout_s": request.timeout_s,
            "message": request.message_key,
            "advice": request.advice,
        },
        "how": picture.how,
        "fault": found.fault if found else "",
        "likeness": as_json(checked.likeness),
        "compared_with": checked.compared,
        "not_compared_with": checked.not_compared,
        "side": as_json(found.side) if found else None,
    }
    items = [event_item(look_code(look), payload, position, attempt)]
    if found is None:
        return items
    items += [frame_item(sample, attempt, look.score) for sample in found.samples]
    if found.report is not None:
        items.append(report_item(found.report, attempt))
    if found.template is not None:
        items.append(template_entry(found.template, attempt, BURST if look.fused else FAST))
    if found.robust is not None:
        items.append(template_entry(found.robust, attempt, ROBUST))
    if picture.part is not None and (picture.part.record or picture.part.signed):
        items.append(event_item(SIGNED_PART, _part(picture), position, attempt))
    items += [event_item(doubt_code(doubt), as_json(doubt), position, attempt) for doubt in look.doubts]
    return items


def template_entry(template: Template, attempt: int, code: str) -> Item:
    """Return a template; the code says how it was made."""
    item = template_item(template, attempt)
    return Item(item.kind, item.payload, item.media, item.position, attempt, code=code)


def slap_items(frame: Frame | None, warnings: Sequence[str]) -> list[Item]:
    """Return the picture of several fingers together, and what was to be said of it."""
    if frame is None:
        return []
    item = frame_item(Sample(frame, Modality.FINGER), 1)
    picture = Item(item.kind, item.payload, item.media, code=SLAP)
    return [picture, event_item(SLAP, {"warnings": list(warnings), "device": frame.source})]


def decision_item(step: Step, attempt: int | None) -> Item:
    """Return a decision; the outcome can be read on the station, everything else is sealed."""
    payload = to_json(as_json(step))
    outcome = step.decision.outcome
    return Item(EntryKind.DECISION, payload, JSON, step.position, attempt, outcome=outcome)


def fused_item(template: Template, step: Step) -> Item:
    """Return the template that unites several attempts."""
    return template_entry(template, step.best or step.fuse[0], FUSED)


def device_entry(info: DeviceInfo) -> dict[str, Any]:
    """Return what the record says of a device."""
    return {
        "uri": info.uri,
        "driver": info.driver,
        "maker": info.maker,
        "model": info.model,
        "serial": info.serial,
        "ppi": info.ppi,
        "window": info.window,
        "experimental": info.experimental,
        "synthetic": info.synthetic,
    }


def averages(steps: Iterable[Step], looks: Iterable[Look]) -> dict[str, float | None]:
    """Return the mean score of what is kept, of fingers and of eyes; beside the thresholds, deciding nothing."""
    scores = {(position_name(look.position), look.attempt): look.score for look in looks}
    found: dict[str, list[int]] = {"finger": [], "eye": []}
    for step in steps:
        name = position_name(step.position)
        score = scores.get((name, step.best or 0))
        if score is not None:
            found[name.partition(":")[0]].append(score)
    return {kind: round(sum(each) / len(each), 1) if each else None for kind, each in found.items()}


def to_json(value: object) -> bytes:
    """Return JSON of one spelling."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _part(picture: Picture) -> dict[str, Any]:
    part = picture.part
    assert part is not None
    record = base64.b64encode(part.record).decode("ascii")
    return {"record": record, "signed": part.signed, "digest": part.digest, "score": part.score}
