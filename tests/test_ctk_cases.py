"""The table of tests says what the toolkit's definitions say, test by test."""

from __future__ import annotations

import json
from pathlib import Path

from biocore_bindings.ctk_cases import CASES
from biocore_bindings.ctk_schemas import SCHEMAS


def test_there_are_two_hundred_tests_and_each_schema_is_known() -> None:
    assert list(CASES) == [f"SBI{number}" for number in range(1000, 1200)]
    assert {case.schema for case in CASES.values()} == set(SCHEMAS)
    assert all(case.title and case.validators for case in CASES.values())


def test_each_test_asks_what_the_toolkits_asks_and_is_judged_by_its_validators(shared: Path) -> None:
    definitions = json.loads((shared / "data/mosip/compliance_test_definitions_sbi.json").read_text())
    assert len(definitions) == 200
    for definition in definitions:
        case, other = CASES[definition["testId"]], definition["otherAttributes"]
        assert [case.method] == definition["methodName"], case.name
        assert [case.schema] == definition["responseSchema"], case.name
        names = [each["name"] for group in definition["validatorDefs"] for each in group]
        assert sorted(case.validators) == sorted(names), case.name
        if case.kind:
            kind = [[case.purpose], [case.kind], [case.subtype]]
            assert kind == [other["purpose"], other["biometricTypes"], other["deviceSubTypes"]], case.name
            asked = [case.score, case.count, case.sub_id]
            assert asked == [other["requestedScore"], other["bioCount"], other["deviceSubId"]], case.name
            assert list(case.exceptions) == other["exceptions"], case.name
            assert list(case.segments) == other["segments"], case.name
        assert case.timeout == other.get("timeout", ""), case.name
        assert case.broken == other.get("invalidRequestAttribute", "").removeprefix("bio[0]."), case.name
        assert (len(case.transaction) > 50) == (len(other.get("transactionId", "")) > 50), case.name
        assert bool(case.persons) == ("qualityAssessmentTestCase" in other), case.name
        if case.persons:
            said = case.persons.lower()
            for what in ("ageGroup", "gender", "race", "occupation"):
                assert str(other.get(what, "")).lower() in said, (case.name, what, other.get(what))
