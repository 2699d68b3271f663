"""The table of BioSDK tests says what the toolkit's definitions say, test by test."""

from __future__ import annotations

import json
from pathlib import Path

from biocore_bindings.ctk_sdk_cases import SDK_CASES, SOURCES
from biocore_bindings.ctk_sdk_schemas import SCHEMAS


def test_there_are_seventy_six_tests_and_each_schema_is_known() -> None:
    assert list(SDK_CASES) == [f"SDK{number}" for number in range(2000, 2076)]
    assert {step.schema for case in SDK_CASES.values() for step in case.steps} == set(SCHEMAS)
    assert all(case.title and case.modalities for case in SDK_CASES.values())


def test_each_test_asks_what_the_toolkits_asks_and_is_judged_by_its_validators(shared: Path) -> None:
    definitions = json.loads((shared / "data/mosip/compliance_test_definitions_sdk.json").read_text())
    assert len(definitions) == 76
    for definition in definitions:
        case, other = SDK_CASES[definition["testId"]], definition["otherAttributes"]
        assert [step.method for step in case.steps] == definition["methodName"], case.name
        assert [step.schema for step in case.steps] == definition["responseSchema"], case.name
        groups = [[each["name"] for each in group] for group in definition["validatorDefs"]]
        assert [list(step.validators) for step in case.steps] == groups, case.name
        assert sorted(case.modalities) == sorted(other["modalities"]), case.name
        assert case.negative is definition["isNegativeTestcase"], case.name
        assert case.switched_off is definition.get("inactive", False), case.name
        assert case.target == other.get("convertTargetFormat", ""), case.name
        if case.target:
            assert SOURCES[case.modalities[0]] == other["convertSourceFormat"], case.name
