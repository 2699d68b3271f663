"""A power cut at any point of a session: it goes on at the same finger, and says what it no longer knows."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from biocore.errors import JournalStateError
from biocore.report import Outcome
from biocore.station import EntryKind
from biocore.station.entry import position_name
from biocore.station.exceptions import Absence, ExceptionKind
from biocore.station.looks import VetoKind
from biocore.station.rungs import PlacementMode
from biocore.station.session import Session
from biocore.station.session_begin import Desk, Subject
from biocore.station.session_events import ChecksIncomplete, Doubted, Looked, Resumed
from biocore.station.session_heads import LOOK_CODES, look_code, profile_code, rebuild
from biocore.station.session_state import State
from biocore.types import Position
from scripted_devices import finger_frame, noisy
from session_support import E, F, Office

PLAN: tuple[Position, ...] = (F.RIGHT_INDEX, F.RIGHT_MIDDLE, F.LEFT_INDEX, E.RIGHT)
CHILD = Path(__file__).with_name("session_child.py")


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@contextmanager
def power_cut(office: Office, desk: Desk) -> Iterator[Desk]:
    """Drop everything that is in memory; the next desk finds what is on disk."""
    desk.keeper.close()
    desk.devices.close()
    other = office.desk()
    yield other
    office.close(other)


def told(office: Office, kind: type[Resumed]) -> Resumed:
    return office.events(kind)[-1]


@pytest.mark.parametrize("steps", range(5))
def test_a_session_goes_on_at_the_same_finger(office: Office, steps: int) -> None:
    office.person.surprise(F.RIGHT_MIDDLE, finger_frame(3, 1, "LIGHT", 1.0))
    desk = office.desk()
    session = office.begin(desk, plan=PLAN)
    for _ in range(steps):
        session.step()
    expected, shown = session.next, list(office.person.shown)
    assert expected is not None
    with power_cut(office, desk) as other:
        (progress,) = other.keeper.journal.unfinished()
        again = office.watch(Session.resume(other, progress.resident))
        request = again.next
        assert request is not None
        assert request.positions == expected.positions
        assert request.attempts == expected.attempts
        assert request.capture == expected.capture
        assert again.run() is State.COMPLETE
        again.finish()
        summary = office.summary(again.resident)
    assert [said["outcome"] for said in summary["positions"].values()] == ["accept"] * 4
    assert summary["resumptions"] == 1
    assert len(office.person.shown) == 5  # four, and one a second time; nobody shows again what was done
    assert office.person.shown[: len(shown)] == shown


def test_what_was_recorded_before_cannot_be_compared_and_the_record_says_so(office: Office) -> None:
    desk = office.desk()
    session = office.begin(desk, plan=PLAN)
    session.step()
    with power_cut(office, desk) as other:
        again = office.watch(Session.resume(other, session.resident))
        assert office.events(ChecksIncomplete)[-1].positions == (F.RIGHT_INDEX,)
        office.person.surprise(F.RIGHT_MIDDLE, finger_frame(2, 2))  # the index finger once more: nobody can tell
        again.step()
        assert not office.events(Doubted)
        assert again.run() is State.COMPLETE
        again.finish()
        entries = office.record(again.resident)
        summary = office.summary(again.resident)
    look = next(json.loads(o.payload) for o in entries if o.head.position == "finger:3" and o.head.code in LOOK_CODES)
    assert look["not_compared_with"] == ["finger:2"]
    assert summary["checks"]["left_to_the_centre"] == [["finger:2", "finger:3"], ["finger:2", "finger:7"]]
    assert [o for o in entries if o.head.code == "checks_incomplete"]
    said = summary["positions"]["finger:2"]
    assert said["decided_before_resumption"]
    assert "reason" not in said  # it stands in the entries before
    assert summary["positions"]["finger:7"]["reason"]


def test_what_people_said_stands_after_a_power_cut(office: Office) -> None:
    office.person.surprise(F.RIGHT_MIDDLE, finger_frame(3, 1, "LIGHT", 1.0))
    desk = office.desk()
    session = office.begin(desk, plan=PLAN, mode=PlacementMode.SINGLE, subject=Subject(age_years=70))
    session.declare_missing(F.LEFT_INDEX, Absence(ExceptionKind.AMPUTATED))
    session.step()
    session.step()
    assert session.veto(VetoKind.ACCEPT, "Pak Budi", F.RIGHT_MIDDLE) is None
    session.sign("Ibu Kartini")
    with power_cut(office, desk) as other:
        again = office.watch(Session.resume(other, session.resident))
        assert again.next is not None
        assert again.next.positions == (E.RIGHT,)
        assert again.situation.age_years == 62  # the least that the profile in force says
        assert again.outcome(F.RIGHT_MIDDLE) is Outcome.ACCEPT
        assert again.outcome(F.LEFT_INDEX) is Outcome.EXCEPTION
        assert told(office, Resumed).done == (F.RIGHT_INDEX, F.RIGHT_MIDDLE, F.LEFT_INDEX)
        assert again.veto(VetoKind.REJECT, "Pak Budi", F.RIGHT_INDEX) is None  # and can be overruled
        assert again.outcome(F.RIGHT_INDEX) is None
        again.withdraw_missing(F.LEFT_INDEX)
        assert again.run() is State.COMPLETE
        again.finish()
        summary = office.summary(again.resident)
    assert summary["profile"]["in_force"] == "elderly"
    assert summary["positions"]["finger:7"]["outcome"] == "accept"
    assert not summary["positions"]["finger:2"]["decided_before_resumption"]
    assert summary["positions"]["finger:3"]["decided_before_resumption"]


def test_a_finger_accepted_by_uniting_attempts_stays_accepted(office: Office) -> None:
    faint = [noisy(finger_frame(2, 1, "LIGHT", 0.9), seed) for seed in range(3)]
    office.person.surprise(F.RIGHT_INDEX, *faint)
    desk = office.desk(effort="robust")
    session = office.begin(desk, plan=(F.RIGHT_INDEX, E.RIGHT))
    while session.outcome(F.RIGHT_INDEX) is None:
        session.step()
    assert any(o.head.code == "fused" for o in office.record(session.resident, unfinished=True))
    with power_cut(office, desk) as other:
        again = office.watch(Session.resume(other, session.resident))
        assert again.outcome(F.RIGHT_INDEX) is Outcome.ACCEPT
        assert again.next is not None
        assert again.next.positions == (E.RIGHT,)
        assert again.run() is State.COMPLETE
        again.finish()
        decisions = [o for o in office.record(again.resident) if o.head.kind is EntryKind.DECISION]
    last = [o for o in decisions if o.head.position == "finger:2"][-1]
    assert json.loads(last.payload)["fuse"] == [1, 2, 3]  # the decision made then is the last word


def test_an_abandoned_resident_can_be_resumed_and_a_finished_one_cannot(office: Office) -> None:
    desk = office.desk()
    session = office.begin(desk, plan=PLAN)
    session.step()
    session.abandon("called away")
    again = office.watch(Session.resume(desk, session.resident))
    assert again.run() is State.COMPLETE
    again.finish()
    with pytest.raises(JournalStateError, match="closed"):
        Session.resume(desk, again.resident)
    with pytest.raises(JournalStateError, match="no resident"):
        Session.resume(desk, "0" * 32)
    text = json.dumps([o.head.code for o in office.record(again.resident)])
    assert "abandoned" in text
    assert "called" not in text


def test_a_power_cut_before_the_plan_was_written_costs_nothing(office: Office) -> None:
    desk = office.desk()
    resident = desk.keeper.journal.begin(b"Siti Rahayu", ticket=24).resident
    with power_cut(office, desk) as other:
        session = office.watch(Session.resume(other, resident))
        assert session.ticket == 24
        assert session.next is not None
        assert len(session.situation.plan) == 12
        session.step()
    again = office.desk()
    assert rebuild(again.keeper.journal.heads(resident)).plan == list(session.situation.plan)
    office.close(again)


def test_heads_say_as_much_of_a_look_as_was_written_down(office: Office) -> None:
    office.person.surprise(F.RIGHT_INDEX, finger_frame(2, 1, "LIGHT", 0.9))
    office.person.surprise(F.RIGHT_MIDDLE, finger_frame(2, 2))
    session = office.begin(plan=PLAN)
    session.run()
    found = rebuild(session.desk.keeper.journal.heads(session.resident))
    real = [event.look for event in office.events(Looked)]
    assert len(found.looks) == len(real) > len(PLAN)
    for look, known in zip(found.looks, real, strict=True):
        for name in ("position", "attempt", "score", "mode", "rung", "has_template", "fused", "ended", "capture"):
            assert getattr(look, name) == getattr(known, name), name
        assert [doubt.kind for doubt in look.doubts] == [doubt.kind for doubt in known.doubts]
        assert LOOK_CODES[look_code(known)] == (known.ended, known.mode, known.rung)
    assert found.outcomes == {position_name(position): Outcome.ACCEPT for position in PLAN}
    assert found.profile == profile_code("ektp") == "profile_ektp"
    assert profile_code("BSI-enrolment 6.0") == "profile_bsi_enrolment"


def test_codes_fit_into_heads() -> None:
    assert max(map(len, LOOK_CODES)) <= 40
    assert all(code.replace("_", "").isalpha() and code.islower() for code in LOOK_CODES)


@pytest.mark.parametrize("kill_at", [2, 4])
def test_a_process_killed_in_mid_session_resumes_at_the_right_finger(office: Office, kill_at: int) -> None:
    """A sample; thousands of kills are those of the journal."""
    key = office.folder / "centre.key"
    key.write_bytes(office.centre.key().to_bytes())
    folder = office.folder / "journal"
    folder.mkdir()
    run = subprocess.run(
        [sys.executable, str(CHILD), str(folder), str(key), str(kill_at)],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert run.returncode == -signal.SIGKILL, run.stderr
    accepted = run.stdout.split()
    office.folder = folder
    desk = office.desk()
    (progress,) = desk.keeper.journal.unfinished()
    done = [position_name(position) for position in progress.done]
    assert done[: len(accepted)] == accepted  # what was told is there
    session = office.watch(Session.resume(desk, progress.resident))
    assert session.next is not None
    order = [*map(position_name, session.situation.profile.sequence[0])]
    assert position_name(session.next.positions[0]) == order[len(done)]
    assert session.run() is State.COMPLETE
    session.finish()
    assert len(office.summary(session.resident)["positions"]) == 4
    office.close(desk)
