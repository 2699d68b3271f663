"""The project's rules for BioSDK services say what the toolkit's schemas say, on right answers and changed ones."""

from __future__ import annotations

import copy
import functools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from biocore_bindings.ctk_sdk_cases import SDK_CASES
from biocore_bindings.ctk_sdk_data import samples_of
from biocore_bindings.ctk_sdk_run import request_of
from biocore_bindings.ctk_sdk_schemas import SCHEMAS
from biocore_bindings.ctk_shapes import faults
from biosdk_stub import BioSdkStub
from json_schema import valid

ANSWERED = {
    "SDK2000": "InitSDKResponseSchema",
    "SDK2006": "CheckQualityResponseSchema",
    "SDK2005": "BadCheckQualityResponseSchema",
    "SDK2007": "CheckQualityNullResponseSchema",
    "SDK2022": "MatchResponseSchema",
    "SDK2024": "MatchNullResponseSchema",
    "SDK2038": "ExtractTemplateResponseSchema",
    "SDK2047": "ExtractTemplateNullResponseSchema",
    "SDK2056": "SegmentResponseSchema",
    "SDK2062": "SegmentResponseSchema",
    "SDK2070": "ConvertResponseSchema",
    "SDK2072": "ConvertNullResponseSchema",
}
OTHERS: tuple[Any, ...] = (None, "", "x", 7, 7.5, -3, True, [], ["x"], [7], {}, {"x": 1}, "FINGER", "Left", "RAW")
CHANGES = ("absent", "added", *range(len(OTHERS)))
DRAWN = 400  # changes of each answer, put to each schema


@functools.cache
def answered(name: str) -> str:
    """Return the right answer to a test's first step, as JSON; of records the first alone, their bytes cut short."""
    case = SDK_CASES[name]
    method = case.steps[0].method
    request = {} if method == "init" else request_of(case, case.steps[0], samples_of(case), None)
    with BioSdkStub() as stub:
        document = stub.document(method, request)
    records = document["response"].get("response")
    if isinstance(records, dict) and "segments" in records:
        records["segments"] = records["segments"][:1]
        records["segments"][0]["bdb"] = records["segments"][0]["bdb"][:6]
    return json.dumps(document)


def schema_of(shared: Path, name: str) -> Any:
    schema = json.loads((shared / f"data/mosip/schemas/sdk/0.9.0/{name}.json").read_text())
    if name == "SegmentResponseSchema":
        # Of an answer of success it wants `segments` and nothing beside it, and `version` beside it: see below.
        del schema["properties"]["response"]["allOf"]
    return schema


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each member, and of the first entry of each list."""
    if isinstance(value, dict):
        for key in value:
            yield (*path, key)
            yield from places(value[key], (*path, key))
    elif isinstance(value, list) and value:
        yield (*path, 0)
        yield from places(value[0], (*path, 0))


def changed(document: Any, path: tuple[Any, ...], change: Any) -> Any:
    other = copy.deepcopy(document)
    holder = other
    for key in path[:-1]:
        holder = holder[key]
    if change == "absent":
        del holder[path[-1]]
    elif change != "added":
        holder[path[-1]] = OTHERS[change]
    elif isinstance(holder, dict):
        holder["another"] = "x"
    return other


def elsewhere(path: tuple[Any, ...], document: Any, schema: str) -> bool:
    """Say whether something is judged by the validators instead: bytes, and that a success has records."""
    if "bdb" in path:
        return True
    response = document.get("response")
    if not isinstance(response, dict) or schema not in ("ExtractTemplateResponseSchema", "ConvertResponseSchema"):
        return False
    inner = response.get("response")
    return isinstance(inner, dict) and not inner.get("segments", True)


@pytest.mark.parametrize(("name", "schema"), ANSWERED.items(), ids=ANSWERED)
def test_right_answers_fulfil_the_rules_and_the_schemas(shared: Path, name: str, schema: str) -> None:
    answer = json.loads(answered(name))
    assert valid(answer, schema_of(shared, schema))
    assert list(faults(answer, SCHEMAS[schema])) == []


@pytest.mark.parametrize("schema_name", SCHEMAS)
def test_rules_and_schemas_agree_on_every_answer_changed_in_one_place(shared: Path, schema_name: str) -> None:
    """Each right answer, whole and changed, is put to every schema: what the toolkit takes is taken, and no more."""
    schema, seen, chosen = schema_of(shared, schema_name), {True: 0, False: 0}, random.Random(2)
    for name in ANSWERED:
        base = json.loads(answered(name))
        likely = valid(base, schema)
        every = [(path, change) for path in places(base) for change in CHANGES]
        for path, change in chosen.sample(every, min(len(every), DRAWN if likely else DRAWN // 10)):
            document = changed(base, path, change)
            if elsewhere(path, document, schema_name):
                continue
            expected, found = valid(document, schema), list(faults(document, SCHEMAS[schema_name]))
            assert (not found) == expected, f"{name} {path} {change}: schema {expected}, rules {found}"
            seen[expected] += 1
    assert seen[True] >= 20
    assert seen[False] >= 200


def test_no_segmentation_that_succeeds_can_fulfil_the_toolkits_own_schema(shared: Path) -> None:
    """Which is why the rules here leave that part out, and the toolkit has these tests switched off."""
    schema = json.loads((shared / "data/mosip/schemas/sdk/0.9.0/SegmentResponseSchema.json").read_text())
    answer = json.loads(answered("SDK2056"))
    assert not valid(answer, schema)
    bare = copy.deepcopy(answer)
    bare["response"]["response"] = {"segments": answer["response"]["response"]["segments"]}
    assert not valid(bare, schema)
    answer["response"]["statusCode"] = 404
    answer["response"]["response"] = None
    assert valid(answer, schema)
