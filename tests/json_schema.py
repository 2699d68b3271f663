"""JSON Schema of 2019-09, as far as the compliance toolkit's schemas go: read from its files, to compare answers with.

An evaluator of its own, so that what the project says in tables is judged by the very files of the toolkit, on
machines without the package `jsonschema` too. A keyword that is not known is an error, not silence.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

_TYPES: dict[str, Any] = {
    "string": str,
    "object": dict,
    "array": list,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": (int, float),
}
_OF_TEXTS = {"minLength", "maxLength", "pattern", "format"}
_OF_LISTS = {"items", "minItems", "maxItems", "contains", "uniqueItems"}
_OF_OBJECTS = {"properties", "required", "additionalProperties"}
_SILENT = {"$schema", "$id", "title", "description", "examples", "default", "definitions", "then", "else", "string"}


def valid(value: Any, schema: Any, root: Any = None) -> bool:
    """Say whether a value fulfils a schema; `format` counts, as in the toolkit's own validator."""
    root = schema if root is None else root
    if isinstance(schema, bool):
        return schema
    return all(_holds(key, rule, value, schema, root) for key, rule in schema.items())


def _holds(key: str, rule: Any, value: Any, schema: Any, root: Any) -> bool:
    match key:
        case "type":
            kinds = [rule] if isinstance(rule, str) else rule
            return any(_is(value, kind) for kind in kinds)
        case "enum":
            return value in rule
        case "const":
            return bool(value == rule)
        case "not":
            return not valid(value, rule, root)
        case "allOf":
            return all(valid(value, each, root) for each in rule)
        case "if":
            return valid(value, schema.get("then" if valid(value, rule, root) else "else", True), root)
        case "$ref":
            return valid(value, root["definitions"][rule.rpartition("/")[2]], root)
        case _ if key in _SILENT:
            return True
    if isinstance(value, str):
        return _text_holds(key, rule, value)
    if isinstance(value, list):
        return _list_holds(key, rule, value, root)
    if isinstance(value, dict):
        return _object_holds(key, rule, value, schema, root)
    return True


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _text_holds(key: str, rule: Any, value: str) -> bool:
    match key:
        case "minLength":
            return len(value) >= int(rule)
        case "maxLength":
            return len(value) <= int(rule)
        case "pattern":
            return re.search(rule, value, re.ASCII) is not None
        case "format":
            assert rule == "date-time"
            try:
                return datetime.fromisoformat(value.upper()).tzinfo is not None
            except ValueError:
                return False
        case (
            "properties"
            | "required"
            | "additionalProperties"
            | "items"
            | "minItems"
            | "maxItems"
            | "contains"
            | "uniqueItems"
        ):
            return True
    raise AssertionError(f"unknown keyword {key}")


def _list_holds(key: str, rule: Any, value: list[Any], root: Any) -> bool:
    match key:
        case "items" if isinstance(rule, list):
            return all(valid(entry, each, root) for entry, each in zip(value, rule, strict=False))
        case "items":
            return all(valid(entry, rule, root) for entry in value)
        case "minItems":
            return len(value) >= int(rule)
        case "maxItems":
            return len(value) <= int(rule)
        case "uniqueItems":
            return not rule or len({repr(entry) for entry in value}) == len(value)
        case "contains":
            return any(valid(entry, rule, root) for entry in value)
        case _ if key in _OF_OBJECTS | _OF_TEXTS:
            return True
    raise AssertionError(f"unknown keyword {key}")


def _object_holds(key: str, rule: Any, value: dict[str, Any], schema: Any, root: Any) -> bool:
    match key:
        case "required":
            return all(name in value for name in rule)
        case "properties":
            return all(valid(value[name], each, root) for name, each in rule.items() if name in value)
        case "additionalProperties":
            return rule is True or set(value) <= set(schema.get("properties", {}))
        case (
            "items"
            | "minItems"
            | "maxItems"
            | "uniqueItems"
            | "contains"
            | "minLength"
            | "maxLength"
            | "pattern"
            | "format"
        ):
            return True
    raise AssertionError(f"unknown keyword {key}")
