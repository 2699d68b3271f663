"""A report keeps its three things apart, in order, and cannot be changed by whoever made it."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from typing import Any

import pytest

from biocore.report import Advice, Cause, CauseName, Decision, Measure, Outcome, QualityReport, Status
from biocore.types import FingerPosition, Modality

# DESIGN.md names them in this spelling, and stored reports hold it.
FINGER_CAUSES = "DRY WET LIGHT HARD WORN PARTIAL OFF_CENTRE SMEAR RESIDUE TOO_SMALL NO_FINGER"
IRIS_CAUSES = (
    "CLOUDY ARCUS LID LASHES SMALL_PUPIL WIDE_PUPIL IRREGULAR_PUPIL REFLECTION GAZE DEFOCUS MOTION NEAR FAR CLOSED "
    "NO_EYE SPECTACLES"
)


def report(**changes: Any) -> QualityReport:
    fields: dict[str, Any] = {
        "modality": Modality.FINGER,
        "position": FingerPosition.LEFT_THUMB,
        "source": "a.png",
        "score": 61,
        "algorithm": "test/1",
    }
    return QualityReport(**(fields | changes))


def test_not_assessed_is_a_status_and_never_a_zero() -> None:
    missing = Measure("FingerJetMinutiaeCount", None, status=Status.NOT_ASSESSED)
    assert missing.native is None
    assert missing.score is None
    assert missing.status == "not_assessed"
    refused = report(score=None, status=Status.FAILED, reason="blank after cropping")
    assert refused.score is None


@pytest.mark.parametrize("score", [-1, 101, 255])
def test_a_score_outside_0_to_100_is_refused(score: int) -> None:
    with pytest.raises(ValueError, match=f"0 to 100, not {score}"):
        report(score=score)
    with pytest.raises(ValueError, match=f"0 to 100, not {score}"):
        Measure("m", 1.0, score)


def test_a_report_without_a_score_must_say_why() -> None:
    with pytest.raises(ValueError, match=r"a\.png: a report without a score needs a reason"):
        report(score=None)


@pytest.mark.parametrize("confidence", [-0.1, 1.1, float("nan")])
def test_a_confidence_outside_0_to_1_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="0 to 1, not"):
        Cause(CauseName.DRY, confidence)


def test_measures_keep_their_order_and_their_names() -> None:
    names = [f"m{n}" for n in (3, 1, 2)]
    made = report(measures={name: Measure(name, 1.0) for name in names})
    assert list(made.measures) == names
    assert all(measure.name == name for name, measure in made.measures.items())


def test_a_report_is_not_changed_by_what_it_was_made_of() -> None:
    measures = {"m": Measure("m", 1.0)}
    evidence = {"ridge_contrast_grey": 12.0}
    cause = Cause(CauseName.DRY, 0.9, evidence)
    made = report(measures=measures, causes=(cause,))
    measures["n"] = Measure("n", 2.0)
    evidence["ridge_contrast_grey"] = 99.0
    assert list(made.measures) == ["m"]
    assert made.causes[0].evidence == {"ridge_contrast_grey": 12.0}


@pytest.mark.parametrize("mapping", [report().measures, Cause(CauseName.DRY, 0.9, {"a": 1.0}).evidence])
def test_the_mappings_of_a_report_are_read_only(mapping: Any) -> None:
    before = dict(mapping)
    changes = [
        lambda: mapping.__setitem__("new", 1),
        lambda: mapping.__delitem__("a"),
        lambda: mapping.__ior__({"new": 1}),
        lambda: mapping.update(new=1),
        lambda: mapping.setdefault("new", 1),
        lambda: mapping.pop("a", None),
        mapping.popitem,
        mapping.clear,
    ]
    for change in changes:
        with pytest.raises(TypeError, match="does not support item assignment"):
            change()
    assert mapping == before


def test_a_report_goes_into_records_and_to_other_processes() -> None:
    cause = Cause(CauseName.DRY, 0.9, {"ridge_contrast_grey": 12.0})
    made = report(measures={"m": Measure("m", 1.5, 30)}, causes=(cause,), advice=(Advice.MOISTEN,))
    again: Any
    for again in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made)):
        assert again == made
        with pytest.raises(TypeError, match="does not support item assignment"):
            again.measures["n"] = Measure("n", 0.0)
    record = json.loads(json.dumps(dataclasses.asdict(made)))
    assert record["measures"]["m"] == {"name": "m", "native": 1.5, "score": 30, "status": "ok"}
    assert record["causes"][0]["evidence"] == {"ridge_contrast_grey": 12.0}
    assert record["advice"] == ["moisten"]


@pytest.mark.parametrize(
    "thing",
    [
        Measure("m", 1.0),
        Cause(CauseName.WET, 0.7),
        report(),
        Decision(Outcome.RECAPTURE, "score 31 below 40", (Advice.MOISTEN,)),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_nothing_can_be_set_afterwards(thing: Any) -> None:
    for field in dataclasses.fields(thing):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(thing, field.name, None)


def test_the_causes_are_those_that_were_agreed() -> None:
    assert {cause.value for cause in CauseName} == set(f"{FINGER_CAUSES} {IRIS_CAUSES}".split())
    assert all(cause.name == cause.value for cause in CauseName)


@pytest.mark.parametrize("words", [Status, Advice, Outcome])
def test_words_for_records_are_their_names_in_lower_case(words: Any) -> None:
    assert [word.value for word in words] == [word.name.lower() for word in words]
