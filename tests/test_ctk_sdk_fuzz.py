"""Whatever a BioSDK service answers, it is judged: as faults, or none, never as a crash."""

from __future__ import annotations

import copy
import functools
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from biocore.certify import Outcome
from biocore_bindings.ctk_exchange import Exchange
from biocore_bindings.ctk_grading import Grading, graded
from biocore_bindings.ctk_page import page
from biocore_bindings.ctk_sdk_cases import SDK_CASES
from biocore_bindings.ctk_sdk_data import samples_of
from biocore_bindings.ctk_sdk_run import request_of
from biocore_bindings.ctk_sdk_validators import Asked, judge_step
from biocore_bindings.ctk_sdk_wire import segments_of, signed, unsigned
from biosdk_stub import BioSdkStub

NAMES = ["SDK2000", "SDK2005", "SDK2006", "SDK2007", "SDK2022", "SDK2025", "SDK2038", "SDK2040", "SDK2056", "SDK2070"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@functools.cache
def right(name: str) -> str:
    """Return the right answer to a test, as JSON; of long records a part, which is no right one."""
    case = SDK_CASES[name]
    step = case.steps[0]
    request = {} if step.method == "init" else request_of(case, step, samples_of(case), None)
    with BioSdkStub() as stub:
        return json.dumps(stub.document(step.method, request))


def judged(name: str, answer: Any) -> list[str]:
    case = SDK_CASES[name]
    exchange = Exchange("POST", "/", {}, 200, answer, "" if answer is not None else "nothing came")
    return judge_step(exchange, Asked(case, case.steps[0], samples_of(case)))


def changed(draw: st.DrawFn, value: Any) -> Any:
    """Return a value with one member somewhere in it made anything."""
    if isinstance(value, dict | list) and value and draw(st.integers(0, 11)):
        key = draw(st.sampled_from(sorted(value))) if isinstance(value, dict) else draw(st.integers(0, len(value) - 1))
        other = copy.copy(value)
        other[key] = changed(draw, value[key])
        return other
    return draw(JSON)


@st.composite
def answers(draw: st.DrawFn) -> tuple[str, Any]:
    name = draw(st.sampled_from(NAMES))
    return name, changed(draw, json.loads(right(name)))


def test_what_is_changed_passes_as_it_was() -> None:
    assert {name: judged(name, json.loads(right(name))) for name in NAMES} == {name: [] for name in NAMES}


@settings(max_examples=100, deadline=None)
@given(answers())
def test_an_answer_changed_anywhere_is_judged(answer: tuple[str, Any]) -> None:
    assert all(isinstance(fault, str) and ": " in fault for fault in judged(*answer))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(NAMES), JSON)
def test_an_answer_that_is_anything_is_a_fault_and_can_be_shown(name: str, answer: Any) -> None:
    faults = judged(name, answer)
    assert faults
    found = Grading("x", results=[graded(name, "x", Outcome.FAILED, 0.0, faults, [])])
    assert name in page(found)


@given(st.binary(max_size=300))
def test_bytes_come_back_as_they_were_sent(data: bytes) -> None:
    assert unsigned(signed(data)) == data
    assert all(-128 <= number <= 127 for number in signed(data))


@given(JSON)
def test_whatever_stands_for_records_is_read_as_some_or_none(record: Any) -> None:
    assert isinstance(segments_of(record), list)
    assert isinstance(segments_of({"segments": [{"bdbInfo": record, "bdb": record}, record]}), list)
