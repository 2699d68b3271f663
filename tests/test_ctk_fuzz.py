"""Whatever a service answers, it is judged: every answer ends as faults, or none, or a reason, never as a crash."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from biocore.errors import BiocoreError
from biocore.sbi import sealed
from biocore.signatures import Signatures
from biocore_bindings.ctk_cases import CASES
from biocore_bindings.ctk_exchange import Exchange, opened, said, unsealed
from biocore_bindings.ctk_iso import faults_of_record, measured_quality, reversible
from biocore_bindings.ctk_run import request_of
from biocore_bindings.ctk_validators import Knowledge, NotRunError, judge
from ctk_device import CompliantDevice, eye_record, finger_record, portrait_record
from sbi_device import Scanner, root

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just("e30.e30.e30"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
DEVICE = CompliantDevice(Scanner(), Scanner(kind="Iris", subtype="Double", serial="S-2", device_id="2"))
INFO = opened(DEVICE.info())
NAMES = ["SBI1000", "SBI1001", "SBI1002", "SBI1008", "SBI1026", "SBI1042", "SBI1062", "SBI1064", "SBI1083", "SBI1101"]


def told(name: str) -> tuple[dict[str, Any], Any, dict[str, Any]]:
    """Return request, answer and device of a test that passes."""
    case = CASES[name]
    device = INFO[case.kind == "Iris"]["deviceInfoDecoded"] if case.kind else {}
    if case.method == "device":
        return {}, DEVICE.discovery("Biometric Device"), device
    if case.method == "info":
        return {}, DEVICE.info(), device
    request = request_of(case, device, "", lambda: "biocore-1")
    return request, asyncio.run(DEVICE.capture(request)), device


TOLD = {name: told(name) for name in NAMES}


def judged(name: str, request: dict[str, Any], answer: Any, device: dict[str, Any]) -> list[str] | None:
    knowledge = Knowledge(Signatures([root().certificate]), device)
    try:
        return judge(CASES[name], Exchange("X", "/", request, 200, answer, seconds=0.6), knowledge)
    except NotRunError:
        return None


def changed(draw: st.DrawFn, value: Any) -> Any:
    """Return a value with one member somewhere in it, also in what is signed, made anything."""
    if isinstance(value, (dict, list)) and value and draw(st.integers(0, 9)):
        key = draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
        copy: Any = dict(value) if isinstance(value, dict) else list(value)
        copy[key] = changed(draw, value[key])
        return copy
    payload = said(value)
    if payload is not None and draw(st.booleans()):
        head, _, signature = [*value.split("."), "", ""][:3]
        return f"{head}.{sealed(json.dumps(changed(draw, payload)).encode())}.{signature}"
    return draw(JSON)


@st.composite
def answers(draw: st.DrawFn) -> tuple[str, Any]:
    name = draw(st.sampled_from(NAMES))
    return name, changed(draw, TOLD[name][1])


def test_what_is_changed_passes_as_it_was() -> None:
    assert {name: judged(name, *told(name)) for name in NAMES} == {name: [] for name in NAMES}  # a capture ages


@settings(max_examples=400, deadline=None)
@given(answers())
def test_an_answer_changed_anywhere_is_judged(changed_answer: tuple[str, Any]) -> None:
    name, answer = changed_answer
    request, _, device = TOLD[name]
    faults = judged(name, request, answer, device)
    assert faults is None or all(isinstance(fault, str) and fault for fault in faults)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(NAMES), JSON)
def test_an_answer_that_is_anything_is_a_fault(name: str, answer: Any) -> None:
    request, _, device = TOLD[name]
    assert judged(name, request, answer, device)


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(["Finger", "Iris", "Face"]))
def test_a_damaged_record_is_judged(data: st.DataObject, kind: str) -> None:
    subtype = {"Finger": "Left Thumb", "Iris": "Left", "Face": ""}[kind]
    whole = {"Finger": finger_record, "Iris": eye_record}.get(kind, lambda _: portrait_record())(subtype)
    record = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 4))):
        record[data.draw(st.integers(0, min(120, len(record) - 1)))] = data.draw(st.integers(0, 255))
    cut = bytes(record[: data.draw(st.integers(0, len(record)))]) if data.draw(st.booleans()) else bytes(record)
    found = list(faults_of_record(cut, kind, subtype))
    assert found or cut[:16] == whole[:16]
    assert reversible(cut) in (True, False)
    if kind == "Face":
        return  # whose quality nothing here measures
    with contextlib.suppress(BiocoreError):  # named, as it should be
        assert 0 <= measured_quality(cut, kind) <= 100


@given(st.text(max_size=40))
@example("/0")
@example("+/-_")
def test_a_text_is_unsealed_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert base64.urlsafe_b64encode(unsealed(text)).rstrip(b"=").decode()[:-1] == text.rstrip("=")[:-1]
