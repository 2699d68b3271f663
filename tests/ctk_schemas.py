"""JSON schemas of MOSIP's compliance toolkit, and whether a document keeps to one.

The part of JSON Schema (2019-09) that the toolkit's files use; a keyword that is not known here is an error, so that no
rule goes unchecked. A list of schemas under `items` is meant by the toolkit for every element, and is taken so.
"""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

FOLDER = "data/mosip/schemas/sbi/0.9.5"
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "null": type(None),
    "number": (int, float),
    "integer": int,
    "boolean": bool,
}
IGNORED = {"$schema", "$id", "title", "description", "definitions", "string"}  # the last is a slip of the toolkit's
KNOWN = (
    IGNORED
    | {"type", "enum", "const", "$ref", "properties", "required", "additionalProperties", "items", "minItems"}
    | {"uniqueItems", "pattern", "minLength", "maxLength", "format", "allOf", "if", "then", "not", "contains"}
)


def schema(shared: Path, name: str) -> Any:
    """Return a schema by its name without `Schema.json`."""
    return json.loads((shared / FOLDER / f"{name}Schema.json").read_text())


def faults(document: Any, rule: Any, root: Any = None, at: str = "$") -> Iterator[str]:
    """Yield what is wrong with a document."""
    root = rule if root is None else root
    assert set(rule) <= KNOWN, set(rule) - KNOWN
    if "$ref" in rule:
        yield from faults(document, root["definitions"][rule["$ref"].rpartition("/")[2]], root, at)
    kinds = rule.get("type")
    if kinds is not None:
        allowed = [TYPES[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds)]
        if not any(isinstance(document, kind) for kind in allowed):
            yield f"{at}: {document!r:.40} is no {kinds}"
            return
    if "enum" in rule and document not in rule["enum"]:
        yield f"{at}: {document!r:.40} is none of {rule['enum']}"
    if "const" in rule and document != rule["const"]:
        yield f"{at}: {document!r:.40} is not {rule['const']}"
    if isinstance(document, str):
        yield from _text_faults(document, rule, at)
    if isinstance(document, dict):
        yield from _object_faults(document, rule, root, at)
    if isinstance(document, list):
        yield from _list_faults(document, rule, root, at)
    for each in rule.get("allOf", ()):
        yield from faults(document, each, root, at)
    if "if" in rule and not list(faults(document, rule["if"], root, at)):
        yield from faults(document, rule["then"], root, at)
    if "not" in rule and not list(faults(document, rule["not"], root, at)):
        yield f"{at}: {document!r:.40} is what it must not be"


def _text_faults(text: str, rule: Any, at: str) -> Iterator[str]:
    if "pattern" in rule and not re.search(rule["pattern"], text):
        yield f"{at}: {text!r:.40} does not fit {rule['pattern']}"
    if not rule.get("minLength", 0) <= len(text) <= rule.get("maxLength", len(text)):
        yield f"{at}: {len(text)} characters"
    if rule.get("format") == "date-time":
        try:
            datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
        except ValueError:
            yield f"{at}: {text!r:.40} is no time"


def _object_faults(document: Any, rule: Any, root: Any, at: str) -> Iterator[str]:
    known = rule.get("properties", {})
    yield from (f"{at}: no {name}" for name in rule.get("required", ()) if name not in document)
    if rule.get("additionalProperties") is False:
        yield from (f"{at}: unknown {name}" for name in document if name not in known)
    for name, each in known.items():
        if name in document:
            yield from faults(document[name], each, root, f"{at}.{name}")


def _list_faults(document: Any, rule: Any, root: Any, at: str) -> Iterator[str]:
    if len(document) < rule.get("minItems", 0):
        yield f"{at}: {len(document)} items"
    if rule.get("uniqueItems") and len({json.dumps(one) for one in document}) < len(document):
        yield f"{at}: something twice"
    if "contains" in rule and all(list(faults(one, rule["contains"], root, at)) for one in document):
        yield f"{at}: nothing of what it must contain"
    items = rule.get("items")
    if items is not None:
        (each,) = items if isinstance(items, list) else [items]
        for number, one in enumerate(document):
            yield from faults(one, each, root, f"{at}[{number}]")


def payload(token: str) -> Any:
    """Return what a signature (or an unsigned digital id) holds, unchecked."""
    text = token.split(".")[1] if "." in token else token
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def opened(document: Any) -> Any:
    """Return an answer as the toolkit looks at it: what is signed is laid open beside its signature."""
    document = copy.deepcopy(document)
    if isinstance(document, dict):
        for name, opens in (
            ("data", "dataDecoded"),
            ("deviceInfo", "deviceInfoDecoded"),
            ("digitalId", "digitalIdDecoded"),
        ):
            if document.get(name):
                document[opens] = opened(payload(document[name]))
        if "biometrics" in document:
            document["biometrics"] = [opened(one) for one in document["biometrics"]]
        return document
    return [opened(one) for one in document] if isinstance(document, list) else document
