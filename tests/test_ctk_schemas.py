"""The project's rules for MOSIP's SBI say what the toolkit's schemas say, on recorded answers and changed ones."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from biocore_bindings.ctk_exchange import opened
from biocore_bindings.ctk_schemas import SCHEMAS
from biocore_bindings.ctk_shapes import faults
from json_schema import valid

RECORDED = {
    "registration_discovery": "DiscoverResponseSchema",
    "auth_discovery": "DiscoverResponseSchema",
    "registration_info": "DeviceInfoReadyResponseSchema",
    "auth_info": "DeviceInfoResponseSchema",
    "registration_left_slap": "RegistrationCaptureResponseSchema",
    "registration_right_slap_exc": "RegistrationCaptureResponseSchema",
    "registration_thumbs": "RegistrationCaptureResponseSchema",
    "registration_iris": "RegistrationCaptureResponseSchema",
    "registration_face": "RegistrationCaptureResponseSchema",
    "auth_face": "AuthCaptureResponseSchema",
    "auth_finger_li": "AuthCaptureResponseSchema",
    "auth_finger_unknown": "AuthCaptureResponseSchema",
    "auth_iris_left": "AuthCaptureResponseSchema",
    "registration_bad_count": "ErrorCaptureResponseSchema",
    "registration_bad_device": "ErrorCaptureResponseSchema",
}
DRAWN = 300  # changes of each answer that fulfils the schema; the rest of them takes a minute
# What a member is changed to: of other types, empty, null, of the other enumeration, out of range, not of the form.
OTHERS: tuple[Any, ...] = (
    None,
    "",
    " ",
    "null",
    7,
    7.5,
    True,
    [],
    ["x"],
    {},
    {"x": 1},
    "0",
    "4",
    "44",
    "101",
    "100.0",
    "100.1",
    "abc",
    "ab-9",
    "x" * 51,
    "not/allowed",
    "A" * 64,
    "a" * 64,
    "Success",
    "Failure",
    "L1",
    "Busy",
    "Ready",
    "Not Ready",
    "Not Registered",
    "Auth",
    "Registration",
    "None",
    "Staging",
    "Finger",
    "Iris",
    "Face",
    "Slap",
    "Double",
    "Full face",
    "Left",
    "Left Thumb",
    "UNKNOWN",
    "1.0.0",
    "2026-01-31T23:59:59Z",
    "2026-13-31T23:59:59Z",
)


def first_only(answer: Any) -> Any:
    """Keep one entry: the toolkit's schemas look at the first of a list only, the project's rules at all."""
    answer = opened(answer)
    if isinstance(answer, list):
        return answer[:1]
    return answer | {"biometrics": answer["biometrics"][:1]}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each member and entry."""
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield (*path, key)
            yield from places(value[key], (*path, key))


def changes(document: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """List what can be changed: a path, and that the member goes, gets a stranger beside it, or becomes another."""
    return [(path, change) for path in places(document) for change in ("absent", "added", *range(len(OTHERS)))]


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


def stricter(path: tuple[Any, ...], document: Any) -> bool:
    """Where the project's rules ask for more than the toolkit's schemas, as `ctk_schemas` says."""
    if isinstance(document, dict) and document.get("biometrics") == []:
        return True
    return "timestamp" in path and not isinstance(document["biometrics"][0]["dataDecoded"].get("timestamp"), str)


def recorded(shared: Path, name: str) -> Any:
    body = (shared / f"data/mosip/sbi_traces/{name}.response.http").read_bytes().split(b"\r\n\r\n", 1)[1]
    return json.loads(body)


def schema_of(shared: Path, name: str) -> Any:
    return json.loads((shared / f"data/mosip/schemas/sbi/0.9.5/{name}.json").read_text())


@pytest.mark.parametrize(("name", "schema"), RECORDED.items(), ids=RECORDED)
def test_recorded_answers_fulfil_the_rules_and_the_schemas(shared: Path, name: str, schema: str) -> None:
    answer = opened(recorded(shared, name))
    assert valid(answer, schema_of(shared, schema))
    assert list(faults(answer, SCHEMAS[schema])) == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_rules_and_schemas_agree_on_every_answer_changed_in_one_place(shared: Path, name: str) -> None:
    """Each recorded answer, whole and changed, is put to every schema: what the toolkit takes is taken, and no more."""
    schema, seen = schema_of(shared, name), {True: 0, False: 0}
    chosen = random.Random(1)
    for recording in RECORDED:
        answer = first_only(recorded(shared, recording))
        blob = answer["biometrics"][0].get("dataDecoded") if isinstance(answer, dict) else None
        if blob:
            blob["bioValue"] = blob["bioValue"][:40]
            answer["biometrics"][0]["data"] = "x.y.z"
        bases = [answer]
        if isinstance(answer, dict):  # a refusal beside what was captured, which some schemas take
            refused = copy.deepcopy(answer)
            refused["biometrics"][0]["error"] = {"errorCode": "112", "errorInfo": "no"}
            bases.append(refused)
        elif "deviceInfoDecoded" in answer[0]:
            for status in ("Busy", "Not Ready", "Not Registered"):
                other = copy.deepcopy(answer)
                other[0]["deviceInfoDecoded"]["deviceStatus"] = status
                other[0]["error"] = {"errorCode": "110", "errorInfo": "no"}
                other[0]["deviceInfoDecoded"]["purpose"] = "" if status == "Not Registered" else "Auth"
                bases.append(other)
        else:
            refused = copy.deepcopy(answer)
            refused[0]["error"] = {"errorCode": "502", "errorInfo": "no"}
            bases.append(refused)
        for base in bases:
            likely, all_changes = valid(base, schema), changes(base)
            drawn = chosen.sample(all_changes, min(len(all_changes), DRAWN if likely else DRAWN // 10))
            for path, change in drawn:
                document = changed(base, path, change)
                if [key for key in path if isinstance(key, int) and key > 0]:
                    continue  # a later entry of a list, which the schemas do not look at
                if stricter(path, document):
                    continue
                expected = valid(document, schema)
                found = list(faults(document, SCHEMAS[name]))
                assert (not found) == expected, f"{recording} {path} {change}: schema {expected}, rules {found}"
                seen[expected] += 1
    assert seen[True] >= 10
    assert seen[False] >= 200


def test_the_evaluator_of_schemas_agrees_with_the_package_of_that_name(shared: Path) -> None:
    """Dates are left out, which the package does not look at unless asked."""
    package = pytest.importorskip("jsonschema")
    chosen, compared = random.Random(3), 0
    for name in SCHEMAS:
        schema = schema_of(shared, name)
        judge = package.Draft201909Validator(schema)
        for recording in RECORDED:
            base = first_only(recorded(shared, recording))
            for path, change in chosen.sample(changes(base), 30):
                if not {"dateTime", "timestamp"} & set(path):
                    document = changed(base, path, change)
                    assert valid(document, schema) == judge.is_valid(document), (name, recording, path, change)
                    compared += 1
    assert compared > 2000
