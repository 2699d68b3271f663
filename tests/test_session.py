"""One resident's recording: whatever is shown, refused or said at the desk, it ends with a whole record."""

from __future__ import annotations

import json
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from biocore.errors import SessionError, SubjectTimeoutError
from biocore.report import CauseName, Outcome
from biocore.station import EntryKind
from biocore.station.exceptions import Absence, ExceptionKind
from biocore.station.looks import DoubtKind, Ended, VetoKind
from biocore.station.overruling import Refusal
from biocore.station.payloads import read_template
from biocore.station.rungs import Rung
from biocore.station.session_begin import Subject
from biocore.station.session_events import Accepted, Decided, Doubted, Excepted, Looked, Reopened, StateChanged
from biocore.station.session_state import ENDED, TRANSITIONS, State
from biocore.types import EyePosition, FingerPosition, FingerTemplate, Position
from scripted_devices import empty_frame, eye_frame, finger_frame
from session_support import E, F, Office, finished

THREE: tuple[Position, ...] = (F.RIGHT_INDEX, F.LEFT_INDEX, E.RIGHT)
INDEX: tuple[Position, ...] = (F.RIGHT_INDEX, F.LEFT_INDEX)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def kinds(office: Office, resident: str, name: str) -> list[tuple[EntryKind, int | None, str]]:
    return [(o.head.kind, o.head.attempt, o.head.code) for o in office.record(resident) if o.head.position == name]


def test_ten_fingers_and_two_irises_become_a_whole_record(office: Office) -> None:
    session, summary = finished(office)
    assert session.state is State.FINISHED
    assert len(office.person.shown) == 12
    assert office.person.shown[:4] == [F.RIGHT_INDEX, F.RIGHT_MIDDLE, F.RIGHT_RING, F.RIGHT_LITTLE]
    assert summary["format"] == "biocore.session/1"
    assert [said["outcome"] for said in summary["positions"].values()] == ["accept"] * 12
    assert summary["checks"] == {"pairs_compared": 46, "left_to_the_centre": []}  # 45 pairs of fingers, one of eyes
    assert kinds(office, session.resident, "finger:2") == [
        (EntryKind.EVENT, None, "planned"),
        (EntryKind.EVENT, 1, "captured_single_first"),
        (EntryKind.FRAME, 1, ""),
        (EntryKind.REPORT, 1, ""),
        (EntryKind.TEMPLATE, 1, "fast"),
        (EntryKind.DECISION, 1, ""),
    ]
    assert [finger["finger"] for finger in summary["chip"]] == ["finger:2", "finger:7"]
    assert {device["uri"] for device in summary["devices"]} == {"scripted:finger", "scripted:iris"}


def test_accepted_is_told_when_it_is_in_the_journal_and_not_before(office: Office) -> None:
    desk = office.desk()
    known: list[bool] = []

    def hear(event: object) -> None:
        if isinstance(event, Accepted):
            progress = desk.keeper.journal.progress(session.resident)
            known.append(progress.of(event.position).outcome is Outcome.ACCEPT)

    desk.teller._listener = hear
    session = office.begin(desk, plan=INDEX)
    assert session.run() is State.COMPLETE
    assert desk.teller.drain(10)
    assert known == [True, True]


def test_a_faint_finger_is_captured_again_on_advice_and_every_attempt_is_kept(office: Office) -> None:
    office.person.surprise(F.RIGHT_INDEX, finger_frame(2, 1, "LIGHT", 0.9))
    session, summary = finished(office, plan=INDEX)
    said = summary["positions"]["finger:2"]
    assert [attempt["score"] is not None for attempt in said["attempts"]] == [True, True]
    assert said["attempt"] == 2
    first = office.events(Looked)[0].look
    assert first.causes[0].name in (CauseName.LIGHT, CauseName.DRY)
    again = next(event for event in office.events(Decided) if event.outcome is Outcome.RECAPTURE)
    assert again.advice
    stored = kinds(office, session.resident, "finger:2")
    assert [(kind, attempt) for kind, attempt, _ in stored if kind in (EntryKind.FRAME, EntryKind.REPORT)] == [
        (EntryKind.FRAME, 1),
        (EntryKind.REPORT, 1),
        (EntryKind.FRAME, 2),
        (EntryKind.REPORT, 2),
    ]


def test_a_finger_shown_twice_is_doubted_and_captured_again(office: Office) -> None:
    office.person.surprise(F.LEFT_INDEX, finger_frame(2, 2))  # the right index finger once more
    _, summary = finished(office, plan=INDEX)
    (doubted,) = office.events(Doubted)
    assert doubted.position is F.LEFT_INDEX
    assert doubted.doubts[0].kind is DoubtKind.DUPLICATE
    assert doubted.doubts[0].other is F.RIGHT_INDEX
    assert doubted.doubts[0].score is not None
    assert doubted.doubts[0].score > 40
    assert summary["positions"]["finger:7"]["attempt"] == 2


def test_a_finger_that_does_not_match_its_own_good_picture_is_doubted_until_it_is_clear(office: Office) -> None:
    desk = office.desk()
    session = office.begin(desk, plan=INDEX)
    session.step()
    session.veto(VetoKind.REJECT, "Pak Budi", F.RIGHT_INDEX)  # that was a stranger's: it proves nothing from now on
    office.person.surprise(F.RIGHT_INDEX, finger_frame(3))
    session.step()
    assert not office.events(Doubted)
    assert session.outcome(F.RIGHT_INDEX) is Outcome.ACCEPT


def test_the_same_eye_twice_is_doubted(office: Office) -> None:
    office.person.surprise(E.LEFT, eye_frame(E.RIGHT, 2))
    _, summary = finished(office, plan=(E.RIGHT, E.LEFT))
    (doubted,) = office.events(Doubted)
    assert doubted.position is E.LEFT
    assert (doubted.doubts[0].kind, doubted.doubts[0].other) == (DoubtKind.OTHER_EYE, E.RIGHT)
    assert summary["positions"]["eye:2"]["attempt"] == 2
    assert summary["positions"]["eye:1"]["attempt"] == 1


def test_what_is_missing_is_never_asked_for(office: Office) -> None:
    gone = Absence(ExceptionKind.AMPUTATED, note="sawmill")
    session, summary = finished(office, plan=THREE, missing=[(F.LEFT_INDEX, gone)])
    assert office.person.shown == [F.RIGHT_INDEX, E.RIGHT, F.LEFT_MIDDLE]  # the last stands in for what is missing
    assert summary["positions"]["finger:8"]["outcome"] == "accept"
    said = summary["positions"]["finger:7"]
    assert said["outcome"] == "exception"
    assert said["exception"]["kind"] == "amputated"
    (excepted,) = office.events(Excepted)
    assert excepted.position is F.LEFT_INDEX
    text = (office.folder / "index.db").read_bytes() + next((office.folder / "records").iterdir()).read_bytes()
    assert b"amputated" not in text
    assert b"sawmill" not in text
    assert b"Siti" not in text
    assert session.state is State.FINISHED


def test_a_finger_may_turn_out_to_be_missing_while_it_is_waited_for(office: Office) -> None:
    desk = office.desk()
    session = office.begin(desk, plan=INDEX)
    wounded = Absence(ExceptionKind.BANDAGED, date(2026, 4, 1))
    office.person.surprise(F.RIGHT_INDEX, lambda: session.declare_missing(F.RIGHT_INDEX, wounded))
    assert session.step() is State.READY
    assert not office.events(Looked)
    assert session.outcome(F.RIGHT_INDEX) is Outcome.EXCEPTION
    session.withdraw_missing(F.RIGHT_INDEX)  # the bandage came off
    assert session.outcome(F.RIGHT_INDEX) is None
    assert office.events(Reopened)[0].position is F.RIGHT_INDEX
    assert session.run() is State.COMPLETE
    session.finish()
    assert office.summary(session.resident)["positions"]["finger:2"]["outcome"] == "accept"


def test_nobody_may_say_that_an_eye_is_amputated(office: Office) -> None:
    session = office.begin(plan=THREE)
    with pytest.raises(SessionError, match="it may be absent, bandaged"):
        session.declare_missing(E.RIGHT, Absence(ExceptionKind.AMPUTATED))
    assert not session.situation.missing


def test_an_unreadable_finger_ends_as_an_exception_that_a_supervisor_signs(office: Office) -> None:
    office.person.surprise(F.RIGHT_INDEX, *[empty_frame()] * 20)
    desk = office.desk()
    session = office.begin(desk, plan=(F.RIGHT_INDEX,))
    assert session.run() is State.COMPLETE
    with pytest.raises(SessionError, match="a supervisor must sign for finger:2"):
        session.finish()
    assert session.state is State.COMPLETE
    session.sign("Ibu Kartini")
    session.finish()
    summary = office.summary(session.resident)
    exception = summary["positions"]["finger:2"]["exception"]
    assert exception["supervisor"] == "Ibu Kartini"
    pictures = {o.head.attempt for o in office.record(session.resident) if o.head.kind is EntryKind.FRAME}
    evidence = {entry["attempt"] for entry in exception["evidence"]}
    assert evidence
    assert evidence <= pictures  # the best frame of every attempt is there


@pytest.mark.parametrize("when", ["open", "done"])
def test_a_veto_counts_and_is_recorded_with_who_and_why(office: Office, when: str) -> None:
    desk = office.desk()
    session = office.begin(desk, plan=(F.RIGHT_INDEX,))
    if when == "open":
        office.person.surprise(F.RIGHT_INDEX, finger_frame(2, 1, "LIGHT", 0.9))
        session.step()
        assert session.veto(VetoKind.ACCEPT, "Pak Budi", F.RIGHT_INDEX, reason="in a hurry") is None
        assert session.state is State.COMPLETE
    else:
        assert session.step() is State.COMPLETE
        assert session.veto(VetoKind.REJECT, "Pak Budi", F.RIGHT_INDEX, reason="a stranger's") is None
        assert session.state is State.READY
        assert session.outcome(F.RIGHT_INDEX) is None
        assert session.run() is State.COMPLETE
    session.finish()
    summary = office.summary(session.resident)
    (veto,) = summary["vetoes"]
    assert (veto["who"], veto["refusal"]) == ("Pak Budi", None)
    assert summary["positions"]["finger:2"]["outcome"] == "accept"
    if when == "open":
        assert summary["positions"]["finger:2"]["rungs"][-1] == Rung.VETO
    heads = [o.head.code for o in office.record(session.resident)]
    assert any(code.startswith("veto_") for code in heads)


def test_a_resident_of_exceptions_only_needs_a_supervisor(office: Office) -> None:
    gone = [(position, Absence(ExceptionKind.AMPUTATED)) for position in F if position is not F.UNKNOWN]
    blind = [(eye, Absence(ExceptionKind.PROSTHETIC)) for eye in (E.RIGHT, E.LEFT)]
    session = office.begin(missing=[*gone, *blind])
    assert session.state is State.COMPLETE
    with pytest.raises(SessionError, match="a supervisor must sign"):
        session.finish()
    session.sign("Ibu Kartini")
    session.finish()
    assert office.summary(session.resident)["exceptions_only"]


def test_a_veto_without_a_name_or_an_attempt_is_refused_and_one_without_right_is_recorded(office: Office) -> None:
    session = office.begin(plan=INDEX)
    with pytest.raises(SessionError, match="name"):
        session.veto(VetoKind.RESTART, " ")
    with pytest.raises(SessionError, match="attempt"):
        session.veto(VetoKind.REJECT, "Pak Budi", F.RIGHT_INDEX)
    session.step()
    assert session.veto(VetoKind.RESTART, "Pak Budi") is None
    assert session.veto(VetoKind.RESTART, "Pak Budi") is Refusal.TOO_MANY_RESTARTS
    assert session.run() is State.COMPLETE
    assert office.person.shown == [F.RIGHT_INDEX, F.RIGHT_INDEX, F.LEFT_INDEX]


def test_an_unfinished_resident_is_not_finished(office: Office) -> None:
    session = office.begin(plan=INDEX)
    session.step()
    with pytest.raises(SessionError, match="not finished: finger:7 next"):
        session.finish()
    with pytest.raises(SessionError, match="reason"):
        session.abandon(" ")
    session.abandon("the resident had to leave")
    assert session.state is State.ABANDONED
    for forbidden in (session.finish, session.pause, lambda: session.abandon("again")):
        with pytest.raises(SessionError, match="abandoned"):
            forbidden()
    assert session.step() is State.ABANDONED


def test_age_selects_the_profile_and_the_record_says_so(office: Office) -> None:
    session, summary = finished(office, plan=INDEX, subject=Subject(age_years=71))
    assert summary["profile"]["in_force"] == "elderly"
    assert summary["profile"]["because"] == "age"
    assert summary["profile"]["station"] == "ektp"
    assert any(o.head.code == "profile_elderly" for o in office.record(session.resident))


def test_templates_in_the_record_are_those_that_were_compared(office: Office) -> None:
    session, _ = finished(office, plan=(F.RIGHT_INDEX, E.RIGHT))
    stored = [o for o in office.record(session.resident) if o.head.kind is EntryKind.TEMPLATE]
    finger, eye = (read_template(o.payload) for o in stored)
    assert isinstance(finger, FingerTemplate)
    assert finger.position is F.RIGHT_INDEX
    assert finger.image_quality == stored[0].head.score or finger.image_quality is not None
    assert eye.position is E.RIGHT


def test_robust_templates_follow_before_the_record_is_closed(office: Office) -> None:
    session, summary = finished(office, plan=(F.RIGHT_INDEX,), desk={"effort": "robust"})
    codes = [o.head.code for o in office.record(session.resident) if o.head.kind is EntryKind.TEMPLATE]
    assert codes == ["fast", "robust"]
    assert summary["effort"] == "robust"
    assert office.record(session.resident)[-2].head.code == "robust"


def test_attempts_are_compared_by_their_robust_templates_where_the_ladder_asks(office: Office) -> None:
    office.person.surprise(F.RIGHT_INDEX, finger_frame(2, 1, "LIGHT", 0.9))
    session, _ = finished(office, plan=(F.RIGHT_INDEX,), desk={"effort": "robust"})
    second = office.events(Looked)[1].look
    assert second.matches.keys() == {1}
    assert second.matches[1] > 40
    made = [(o.head.attempt, o.head.code) for o in office.record(session.resident) if o.head.kind is EntryKind.TEMPLATE]
    assert made.count((2, "robust")) == 2  # beside the attempt, and by the way of all accepted ones
    assert session.state is State.FINISHED


def test_fast_templates_prove_nothing_of_each_other(office: Office) -> None:
    office.person.surprise(F.RIGHT_INDEX, finger_frame(2, 1, "LIGHT", 0.9))
    session, _ = finished(office, plan=(F.RIGHT_INDEX,))
    assert office.events(Looked)[1].look.matches == {}
    payloads = [json.loads(o.payload) for o in office.record(session.resident) if o.head.code.startswith("captured")]
    assert payloads[1]["likeness"]["1"] > 40


def test_the_same_seeds_and_clock_give_the_same_bytes(tmp_path: Path) -> None:
    told = []
    for name in ("one", "other"):
        office = Office(tmp_path / name)
        office.person.surprise(F.LEFT_INDEX, finger_frame(2, 2), None, empty_frame())
        session, _ = finished(office, plan=THREE)
        told.append(
            [
                (o.head.kind, o.head.position, o.head.attempt, o.head.score, o.head.code, o.head.utc, o.payload)
                for o in office.record(session.resident)
            ]
        )
    assert told[0] == told[1]
    assert len(told[0]) > 20


def test_every_change_of_state_is_told_and_is_in_the_table(office: Office) -> None:
    finished(office, plan=THREE)
    changes = office.events(StateChanged)
    assert all(change.state in TRANSITIONS[change.before] for change in changes)
    for change, following in pairwise(changes):
        assert change.state is following.before
    assert changes[-1].state is State.FINISHED
    assert set(TRANSITIONS) == set(State)
    assert {state for state, ways in TRANSITIONS.items() if not ways} == ENDED


def test_somebody_who_does_not_come_leaves_a_look_and_is_asked_again(office: Office) -> None:
    office.person.surprise(F.RIGHT_INDEX, SubjectTimeoutError("nobody came"))
    session, summary = finished(office, plan=(F.RIGHT_INDEX,))
    attempts = summary["positions"]["finger:2"]["attempts"]
    assert [attempt["ended"] for attempt in attempts] == [Ended.TIMEOUT, Ended.CAPTURED]
    payload = next(o.payload for o in office.record(session.resident) if o.head.code.startswith("timeout"))
    assert "nobody came" in json.loads(payload)["look"]["reason"]


def test_a_cloudy_eye_is_captured_in_a_burst_and_united(office: Office) -> None:
    poor = [eye_frame(E.RIGHT, number, "LID", 0.9) for number in (1, 2)]
    office.person.surprise(E.RIGHT, *poor)
    session, _ = finished(office, plan=(E.RIGHT,))
    looks = [event.look for event in office.events(Looked)]
    assert looks[-1].fused
    frames = [o for o in office.record(session.resident) if o.head.kind is EntryKind.FRAME]
    assert len([o for o in frames if o.head.attempt == looks[-1].attempt]) > 1
    assert any(o.head.code == "burst" for o in office.record(session.resident))
    assert isinstance(looks[-1].position, EyePosition)
    assert not isinstance(looks[-1].position, FingerPosition)
