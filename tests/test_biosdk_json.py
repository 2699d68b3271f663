"""How a BioSDK reads requests: bytes as Java writes them, dates in four spellings, and any damage a named error."""

from __future__ import annotations

import base64
import json
import math
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from biocore_bindings.biosdk_answers import record as written
from biocore_bindings.biosdk_calls import Calls, Setting
from biocore_bindings.biosdk_codes import RefusedError, UnreadableError
from biocore_bindings.biosdk_fields import Fields, Moment
from biocore_bindings.biosdk_fusion import best_of, together
from biocore_bindings.biosdk_json import MAX_LEVELS, envelope, from_base64, loads, to_bytes, to_signed
from biocore_bindings.biosdk_records import read_record
from biocore_bindings.biosdk_work import Pace
from biosdk_asking import left_index, record, segment, wrapped


def documents(integers: st.SearchStrategy[int]) -> st.SearchStrategy[Any]:
    """Return anything that JSON can say, with such integers."""
    return st.recursive(
        st.none() | st.booleans() | integers | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
        max_leaves=30,
    )


JSON = documents(st.integers())
LONG_TEXT = st.text(min_size=60, max_size=200)


Named = UnreadableError | RefusedError


def tried(call: Callable[[], Any]) -> Any:
    """Return what came of a call, or the named error that it raised."""
    try:
        return call()
    except (UnreadableError, RefusedError) as error:
        return error


# -- JSON -----------------------------------------------------------------------------------------------------


@given(data=st.binary(min_size=40, max_size=400), blanks=st.booleans(), unsigned=st.booleans())
def test_arrays_of_signed_and_unsigned_integers_are_bytes(data: bytes, blanks: bool, unsigned: bool) -> None:
    values = list(data) if unsigned else to_signed(data)
    text = json.dumps({"bdb": values}, separators=(", ", ": ") if blanks else (",", ":")).encode()
    assert loads(text) == {"bdb": data}


@given(data=st.binary(min_size=40, max_size=400), piece=st.integers(1, 300), damage=st.sampled_from(["", ",", ",,"]))
def test_long_arrays_are_read_in_pieces_and_are_json_all_the_same(data: bytes, piece: int, damage: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("biocore_bindings.biosdk_json._PIECE", piece)
        text = json.dumps(to_signed(data), separators=(",", ":"))
        assert loads(text.encode()) == data
        if damage:
            middle = text.index(",", len(text) // 2)
            for torn in (text[:-1] + damage + "]", "[" + damage + text[1:], text[:middle] + damage + text[middle:]):
                assert isinstance(tried(partial(loads, torn.encode())), Named)


@given(value=documents(st.integers(-999_999, 999_999)), text=LONG_TEXT)  # five of them are no long array
def test_everything_else_is_what_json_says(value: Any, text: str) -> None:
    whole = {"value": value, text: [text, value]}
    for ascii_only in (True, False):
        assert loads(json.dumps(whole, ensure_ascii=ascii_only).encode()) == whole


def test_numbers_within_a_string_are_a_string() -> None:
    numbers = json.dumps(list(range(100)))
    whole = {numbers: numbers, "quoted": f'"{numbers}"', "path": "\\", "next": numbers}
    assert loads(json.dumps(whole).encode()) == whole


@given(body=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@example(b'"')
@example(b'{"a":"' + b"x" * 100)
@example(b"[" + b"-" * 100 + b"]")
@example(b'{"a":"' + b"\x01" * 100 + b'"}')
@example(b'["' + b"\xff" * 100 + b'"]')
@example(b'{"version":NaN}')
def test_any_bytes_are_json_or_a_named_error(body: bytes) -> None:
    found = tried(lambda: loads(body))
    assert str(found) if isinstance(found, Named) else found == json.loads(body)


@settings(max_examples=40)
@given(data=st.data())
def test_a_damaged_request_is_answered_with_a_named_error(data: st.DataObject) -> None:
    body = bytearray(wrapped({"sample": record(segment("FINGER", ["Left", "Thumb"], bytes(range(90))))}))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at] = data.draw(st.integers(0, 255))
    answer = Calls(Setting()).answer("check-quality", bytes(body), Pace(lambda: False))
    if answer["errors"]:
        assert answer["errors"][0]["code"] in ("INVALID_REQUEST_BODY", "NO_BIOSDK_PROVIDER_FOUND")
    else:
        assert answer["response"]["statusCode"] in (401, 402, 404)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b"[" * 900 + b"]" * 900,
        b'{"a":' * 3000 + b"1" + b"}" * 3000,
        b"[" + b"[]," * 2_000_000 + b"[]]",
        b"[" + b'"",' * 3_000_000 + b'""]',
        b"[" + b"1.5," * 2_000_000 + b"1]",
        b"[" + b"[" * 70_000 + b"]" * 70_000 + b"]",
        b"[" + (b"[" + b"1," * 40 + b"1],") * 17_000 + b"1]",
        b"[" + b"9" * 5000 + b"]",
    ],
    ids=["open", "deep", "nested", "arrays", "strings", "numbers", "brackets", "byte arrays", "a number"],
)
def test_what_is_deep_or_much_and_no_biometric_data_is_refused_in_little_memory(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        loads(body)


def test_what_nests_as_a_request_may_is_read_and_one_level_more_is_refused() -> None:
    def nested(levels: int) -> bytes:
        return b"[" * levels + b'"x"' + b"]" * levels

    assert json.loads(json.dumps(loads(nested(MAX_LEVELS - 1)))) == json.loads(nested(MAX_LEVELS - 1))
    with pytest.raises(UnreadableError, match="nested more than 64 levels"):
        loads(nested(MAX_LEVELS))


def test_texts_that_look_like_what_stands_for_bytes_are_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "token_hex", lambda size: "0" * 16)  # were it guessed
    for text in ("00000000000000000", "00000000000000007", "0000000000000000x"):
        assert loads(json.dumps([text]).encode()) == [text]


@given(data=st.binary(max_size=200))
def test_base64_is_read_in_both_alphabets_with_and_without_padding(data: bytes) -> None:
    for text in (base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()):
        assert from_base64(text, "x") == from_base64(text.rstrip("="), "x") == data


@pytest.mark.parametrize("text", ["*", "abc*", "äbc=", "a", "ab cd", "=ab"])
def test_damaged_base64_is_named(text: str) -> None:
    with pytest.raises(UnreadableError, match="request is no base64"):
        from_base64(text, "request")


@given(data=st.binary(max_size=100))
def test_bytes_go_to_java_and_back(data: bytes) -> None:
    assert all(-128 <= value <= 127 for value in to_signed(data))
    assert to_bytes(to_signed(data), "x") == data


@pytest.mark.parametrize("values", [[256], [-129], [1.0], [True], ["1"], [None], [10**30]])
def test_what_is_no_byte_is_named(values: list[object]) -> None:
    with pytest.raises(UnreadableError, match="x holds what is no byte"):
        to_bytes(values, "x")
    padded = json.dumps({"x": [0] * 50 + values})
    with pytest.raises(UnreadableError, match="no byte"):
        Fields(dict(envelope(json.dumps({"version": "1.0", "request": _base64(padded)}).encode())[1])).data("x")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


# -- dates ----------------------------------------------------------------------------------------------------

WHEN = datetime(2026, 11, 22, 3, 4, 5, 678901, UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            {
                "date": {"year": 2026, "month": 11, "day": 22},
                "time": {"hour": 3, "minute": 4, "second": 5, "nano": 678901234},
            },
            Moment(WHEN, 678901234),
        ),
        (
            {
                **{"year": 2026, "month": "NOVEMBER", "monthValue": 11, "dayOfMonth": 22, "dayOfYear": 326},
                **{"hour": 3, "minute": 4, "second": 5, "nano": 678901234, "chronology": {"id": "ISO"}},
            },
            Moment(WHEN, 678901234),
        ),
        ([2026, 11, 22, 3, 4, 5, 678901234], Moment(WHEN, 678901234)),
        ([2026, 11, 22, 3, 4], Moment(WHEN.replace(second=0, microsecond=0), 0)),
        ([2026, 11, 22], Moment(datetime(2026, 11, 22, tzinfo=UTC), 0)),
        ("2026-11-22T03:04:05.678901", Moment(WHEN, 678901000)),
        ("2026-11-22T05:04:05.678901+02:00", Moment(WHEN, 678901000)),
        ("2026-11-22T03:04:05.678Z", Moment(WHEN.replace(microsecond=678000), 678000000)),
        (1795316645678, Moment(WHEN.replace(microsecond=678000), 678000000)),
        (None, None),
    ],
)
def test_dates_are_read_in_all_spellings(value: object, expected: Moment | None) -> None:
    found = Fields({"creationDate": value}).moment("creationDate")
    assert found == expected
    if found is not None:
        assert Fields({"again": found.as_object()}).moment("again") == found


@given(
    value=JSON
    | st.text(max_size=30)
    | st.lists(st.integers(), max_size=9)
    | st.floats()
    | st.fixed_dictionaries({"date": JSON, "time": JSON})
    | st.fixed_dictionaries(
        {
            "date": st.fixed_dictionaries(dict.fromkeys(("year", "month", "day"), st.integers(-5, 3000))),
            "time": st.fixed_dictionaries(dict.fromkeys(("hour", "minute", "second", "nano"), st.integers(-5, 70))),
        }
    )
)
@example(10**300)
@example(math.nan)
def test_any_date_is_a_date_or_a_named_error(value: Any) -> None:
    found = tried(lambda: Fields({"creationDate": value}, "sample").moment("creationDate"))
    if isinstance(found, Named):
        assert str(found).startswith("sample.creationDate must be a date")
    else:
        assert found is None or found.when.tzinfo is UTC


# -- records --------------------------------------------------------------------------------------------------


@given(data=st.data())
def test_any_document_is_a_record_or_a_named_error(data: st.DataObject) -> None:
    came = left_index(bdb=[1, 2, 3])
    whole = record(came)
    places: list[Any] = [whole, came, came["bdbInfo"], came["birInfo"], came["version"], came["bdbInfo"]["quality"]]
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(places))
        place[data.draw(st.sampled_from(sorted(place)))] = data.draw(JSON)
    found = tried(lambda: read_record(Fields(whole, "sample")))
    if isinstance(found, Named):
        assert str(found)
    else:
        again = written(found, found.segments, strict=data.draw(st.booleans()))
        assert json.loads(json.dumps(again, allow_nan=False)) == again


def test_what_java_writes_is_written_again_as_it_came() -> None:
    came = left_index(bdb=[1, -2, 3], sb=[4, -5], others={"EXCEPTION": "false"}, encryption=False)
    came["birInfo"] |= {"creator": "x", "payload": [7], "creationDate": "2026-11-22T03:04:05.678", "integrity": True}
    found = read_record(Fields(record(came), "sample"))
    (again,) = written(found, found.segments, strict=False)["segments"]
    for name, value in came["bdbInfo"].items():
        assert again["bdbInfo"][name] == value, name
    assert again["birInfo"] == came["birInfo"]
    assert (again["bdb"], again["sb"], again["others"]) == ([1, -2, 3], [4, -5], {"EXCEPTION": "false"})


@pytest.mark.parametrize(
    ("subtype", "position", "slap"),
    [
        (["Left", "IndexFinger"], 7, None),
        (["Left IndexFinger"], 7, None),
        (["IndexFinger", "Left"], 7, None),
        (["Right", "Thumb"], 1, None),
        ([], 0, None),
        (None, 0, None),
        (["UNKNOWN"], 0, None),
        (["Left"], 0, [10, 9, 8, 7]),
        (["Right"], 0, [2, 3, 4, 5]),
        (["Thumb"], 0, [6, 1]),
        (["Left", "Thumb", "Right"], 0, [6, 1]),
        (["Right", "RingFinger", "LittleFinger"], 0, [4, 5]),
    ],
)
def test_subtypes_name_a_finger_or_a_slap(subtype: list[str] | None, position: int, slap: list[int] | None) -> None:
    (found,) = read_record(Fields(record(segment("FINGER", subtype, b"x")), "sample")).segments
    assert found.position == position
    assert found.slap == (None if slap is None else tuple(slap))


# -- scores together ------------------------------------------------------------------------------------------


def test_one_score_alone_is_itself_and_several_of_nothing_are_nothing() -> None:
    for score in (0.0, 3.0, 40.0, 400.0):
        assert together([score]) == pytest.approx(score)
        assert best_of([score]) == score
    assert together([0.0] * 10) == 0.0
    assert best_of([40.0, 20.0]) == pytest.approx(40.0 - 3.0103)
    assert best_of([1.0, 0.5]) == 0.0


def test_scores_of_strangers_together_are_rare_as_they_say() -> None:
    rates = np.random.default_rng(7).uniform(size=(40_000, 4))  # of comparisons that are no matches
    fused = np.array([together(list(row)) for row in -10.0 * np.log10(rates)])
    for score in (10.0, 20.0, 30.0):
        expected = 10.0 ** (-score / 10.0)
        assert np.mean(fused >= score) == pytest.approx(expected, abs=4.0 * math.sqrt(expected / len(rates)))


@given(scores=st.lists(st.floats(0.0, 600.0), min_size=1, max_size=10))
def test_more_evidence_is_never_less_and_a_whole_hand_never_overflows(scores: list[float]) -> None:
    fused = together(scores)
    assert 0.0 <= fused <= sum(scores) + 1e-6
    assert together([score + 1.0 for score in scores]) >= fused
