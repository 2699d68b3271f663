"""What flows through the library as payloads of the journal, and back, without losing a bit.

Pictures are PNG, the rest is JSON of one spelling; arrays are base64 of their little-endian bytes. ISO records are
made at the centre from these: a record of ISO/IEC 19794-2 rounds directions and drops the algorithm's name.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import numpy as np
from PIL import Image

from biocore.errors import FormatError
from biocore.report import Decision, QualityReport
from biocore.station.entry import EntryKind, Item, position_name, position_of
from biocore.types import FingerTemplate, IrisTemplate, Sample, Template

PNG = "image/png"
JSON = "application/json"
TEMPLATE = "application/vnd.biocore.template+json"
_LEVEL = 6  # of zlib: 1 is 3 ms a picture faster and a tenth larger, and the line to the centre is the scarcer thing
_KINDS: dict[str, type[FingerTemplate] | type[IrisTemplate]] = {"finger": FingerTemplate, "iris": IrisTemplate}


def frame_item(sample: Sample, attempt: int, score: int | None = None) -> Item:
    """Return a sample's picture as an item: PNG with its resolution, in the frame's colours where it has any."""
    colour = sample.frame.colour
    image, stream = Image.fromarray(sample.pixels if colour is None else colour), io.BytesIO()
    dpi = {"dpi": (sample.ppi, sample.ppi)} if sample.ppi is not None else {}
    image.save(stream, "PNG", compress_level=_LEVEL, **dpi)
    return Item(EntryKind.FRAME, stream.getvalue(), PNG, sample.position, attempt, score)


def report_item(report: QualityReport, attempt: int) -> Item:
    """Return a report as an item: score, measures, causes with their evidence, advice."""
    values = asdict(report) | {"position": position_name(report.position)}
    return Item(EntryKind.REPORT, _json(values), JSON, report.position, attempt, report.score)


def template_item(template: Template, attempt: int) -> Item:
    """Return a template as an item.

    Raises
    ------
    FormatError
        It is neither a `FingerTemplate` nor an `IrisTemplate`.
    """
    kind = next((name for name, known in _KINDS.items() if type(template) is known), None)
    if kind is None:
        raise FormatError(f"a {type(template).__name__} cannot be stored: {' or '.join(_KINDS)}")
    values: dict[str, Any] = {field.name: getattr(template, field.name) for field in fields(template)}
    values = {name: _array(value) if isinstance(value, np.ndarray) else value for name, value in values.items()}
    values |= {"kind": kind, "position": position_name(template.position)}
    return Item(EntryKind.TEMPLATE, _json(values), TEMPLATE, template.position, attempt)


def decision_item(decision: Decision, sample: Sample, attempt: int) -> Item:
    """Return a decision as an item; the outcome is readable on the station, the reason is sealed."""
    payload = _json(asdict(decision))
    return Item(EntryKind.DECISION, payload, JSON, sample.position, attempt, outcome=decision.outcome)


def read_template(payload: bytes) -> FingerTemplate | IrisTemplate:
    """Return the template that `template_item` stored.

    Raises
    ------
    FormatError
        It is not one.
    """
    try:
        values = json.loads(payload)
        kind = _KINDS[values.pop("kind")]
        values = {name: _from_array(v) if isinstance(v, dict) else v for name, v in values.items()}
        values["position"] = position_of(values["position"])
        return kind(**values)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise FormatError(f"this is no stored template: {error}") from None


def _json(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode()


def _array(array: np.ndarray[Any, np.dtype[Any]]) -> dict[str, Any]:
    little = array.astype(array.dtype.newbyteorder("<"))
    text = base64.b64encode(little.tobytes()).decode("ascii")
    return {"dtype": little.dtype.str, "shape": array.shape, "base64": text}


def _from_array(values: Mapping[str, Any]) -> np.ndarray[Any, np.dtype[Any]]:
    dtype = np.dtype(values["dtype"])
    if dtype.kind not in "fu":
        raise ValueError(f"an array of {dtype} is not stored here")
    data = np.frombuffer(base64.b64decode(values["base64"], validate=True), dtype)
    return data.reshape(values["shape"]).astype(dtype.newbyteorder("="))
