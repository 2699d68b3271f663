"""The outbox in fair weather and foul: everything arrives once, nothing blocks, nothing goes without a receipt."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from biocore.errors import CentreKeyError, JournalBusyError, JournalStateError, OutboxError, ReceiptError
from biocore.station import CentreLink, EntryKind, Item, Journal, JournalKeeper, Order, Outbox, OutboxState, read_record
from biocore.station import outbox as outbox_module
from biocore.station.handover import read_handed_over
from biocore.station.record_file import record_path
from biocore.types import FingerPosition
from biocore_bindings.centre_faults import Fault, FaultKind
from biocore_bindings.centre_store import Limits
from journal_support import NOON, SMALL_RESERVE, finger_items
from outbox_support import DAY, HOUR, SimClock, alter, enrol, record_bytes, run, world

STUMBLES = (
    FaultKind.BROKEN,
    FaultKind.PORTAL,
    FaultKind.FORGED_RECEIPT,
    FaultKind.UNAVAILABLE,
    FaultKind.QUOTA,
    FaultKind.DENIED,
)


def test_what_is_finished_arrives_byte_for_byte_and_is_removed_when_signed_for(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        journal = w.journal()
        names = enrol(journal, 3, size=6000)  # two chunks each
        sent = {name: record_bytes(journal, name) for name in names}
        outbox = w.outbox(journal)
        status = outbox.drain()
        assert (status.state, status.waiting, status.sent_today) == (OutboxState.EMPTY, 0, 3)
        assert status.last_error is None
        assert status.oldest_age_s is None
        for name in names:
            arrived = w.store.path(journal.journal_id, name)
            assert arrived.read_bytes() == sent[name]
            assert not record_path(journal.records, name).exists()
            assert read_record(arrived, w.centre.opener)[1].payload == b"a resident"
        assert [name for name, _ in w.store.records(journal.journal_id)] == names
        assert journal.verify() == []


@pytest.mark.parametrize("order", Order)
def test_the_order_is_that_of_finishing_or_against_it(tmp_path: Path, order: Order) -> None:
    with world(tmp_path) as w:
        journal = w.journal()
        early = journal.begin(ticket=1)
        names = enrol(journal, 2)
        early.close()  # begun first, finished last
        names.append(early.resident)
        w.outbox(journal, order=order).drain()
        arrived = [name for name, _ in w.store.records(journal.journal_id)]
        assert arrived == (names if order is Order.OLDEST else names[::-1])


def test_a_resident_who_is_not_finished_is_never_sent_nor_counted(tmp_path: Path) -> None:
    """Drafts in the outbox are what opencrvs-core 10122 and 11242 report."""
    with world(tmp_path) as w:
        journal = w.journal()
        draft = journal.begin(ticket=1)
        draft.record(*finger_items(FingerPosition.RIGHT_THUMB))
        (done,) = enrol(journal)
        outbox = w.outbox(journal)
        assert outbox.status().waiting == 1
        status = outbox.drain()
        assert [name for name, _ in w.store.records(journal.journal_id)] == [done]
        assert status.waiting == 0
        assert record_path(journal.records, draft.resident).exists()
        draft.record(*finger_items(FingerPosition.RIGHT_INDEX))
        draft.close()
        assert outbox.drain().sent_today == 2


def test_the_outbox_drains_by_itself_after_the_line_comes_back(tmp_path: Path) -> None:
    """An outbox that never drains after reconnecting, and blocks others, is what opencrvs-core 2576 reports."""
    with world(tmp_path) as w:
        journal, token = w.journal(), w.store.issue_token("station")
        outbox = w.outbox(journal, w.link(token=token))
        enrol(journal, 2)
        w.server.stop()
        run(outbox, w.clock, 6 * HOUR)
        status = outbox.status()
        assert status.waiting == 2
        assert status.last_error is not None
        assert status.last_error.code == "no_connection"
        assert status.last_error.failures > 20  # at least four tries an hour
        assert status.next_try is not None
        assert w.clock.utc <= status.next_try <= w.clock.utc + timedelta(minutes=15)
        assert "recording goes on" in status.message
        enrol(journal, 1)  # and recording did go on
        from biocore_bindings.centre_server import CentreServer

        with CentreServer(w.store, port=w.server.port):
            run(outbox, w.clock, HOUR)
        assert outbox.status().waiting == 0
        assert w.store.count() == 3


@pytest.mark.parametrize("harm", ["altered", "shorter", "gone"])
def test_a_record_damaged_on_the_station_is_named_not_sent_and_blocks_nobody(tmp_path: Path, harm: str) -> None:
    with world(tmp_path) as w:
        journal = w.journal()
        names = enrol(journal, 3)
        path = record_path(journal.records, names[0])
        if harm == "altered":
            alter(path, 900)
        elif harm == "shorter":
            path.write_bytes(path.read_bytes()[:-1])
        else:
            path.unlink()
        status = w.outbox(journal).drain()
        assert [name for name, _ in w.store.records(journal.journal_id)] == names[1:]
        (problem,) = status.set_aside
        assert (problem.code, problem.resident) == ("record_damaged_here", names[0])
        assert "verify" in problem.advice
        assert {flaw.resident for flaw in journal.verify()} == {names[0]}
        assert status.last_error is None


@pytest.mark.parametrize("kind", [*STUMBLES])
def test_a_record_that_the_centre_always_stumbles_over_does_not_block_the_others(
    tmp_path: Path, kind: FaultKind
) -> None:
    with world(tmp_path) as w:
        journal = w.journal()
        names = enrol(journal, 4)
        w.faults.ask(Fault(kind, times=10_000, resident=names[0]))
        outbox = w.outbox(journal)
        run(outbox, w.clock, 600)
        status = outbox.status()
        assert [name for name, _ in w.store.records(journal.journal_id)][-3:] == names[1:]
        assert (status.waiting, len(status.set_aside)) == (1, 1)
        assert status.set_aside[0].resident == names[0]
        assert record_path(journal.records, names[0]).exists()
        w.faults.clear()
        run(outbox, w.clock, DAY)
        assert outbox.status().waiting == 0
        assert sorted(name for name, _ in w.store.records(journal.journal_id)) == sorted(names)


def test_an_outage_puts_nobody_out_of_order(tmp_path: Path) -> None:
    """A gateway that answers 502 for days must not be held against the records that were tried meanwhile."""
    with world(tmp_path) as w:
        journal = w.journal()
        names = enrol(journal, 5)
        outbox = w.outbox(journal)
        w.faults.ask(Fault(FaultKind.BROKEN, times=10_000, greets=True))
        run(outbox, w.clock, 8 * HOUR)
        assert outbox.status().set_aside == ()
        w.faults.clear()
        run(outbox, w.clock, HOUR)
        assert [name for name, _ in w.store.records(journal.journal_id)] == names


def test_an_outage_in_the_middle_of_a_record_is_not_held_against_it(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        journal = w.journal()
        names = enrol(journal, 3)
        outbox = w.outbox(journal)
        for _ in range(5):
            assert outbox.step() == 0.0  # greeted
            w.faults.ask(Fault(FaultKind.BROKEN))
            w.clock.advance(outbox.step())
            w.faults.ask(Fault(FaultKind.BROKEN, greets=True))
            w.clock.advance(outbox.step())
        assert w.faults.happened == [FaultKind.BROKEN] * 10
        run(outbox, w.clock, HOUR)
        assert [name for name, _ in w.store.records(journal.journal_id)] == names


def test_the_station_records_while_the_outbox_sends(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        journal, token = w.journal(), w.store.issue_token("station")
        link = CentreLink(w.server.url, token, chunk=2000)
        outbox = Outbox(journal, link)
        w.opened.append((outbox, link, journal))
        with outbox:
            names = []
            for number in range(12):
                names += enrol(journal, 1, size=4000, seed=number)
                threading.Event().wait(0.01)
            deadline = time.monotonic() + 60
            while outbox.status().waiting and time.monotonic() < deadline:
                threading.Event().wait(0.02)
        assert outbox.status().waiting == 0
        assert outbox.status().last_error is None
        assert [name for name, _ in w.store.records(journal.journal_id)] == names
        assert journal.verify() == []


def test_the_thread_stops_between_two_chunks_and_goes_on_from_there(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        journal = w.journal()
        (name,) = enrol(journal, 1, size=40_000)
        token = w.store.issue_token("station")
        link = w.link(token=token, chunk=2000)
        outbox = Outbox(journal, link, bytes_per_s=20_000)  # the whole would take two seconds
        w.opened.append((outbox, link, journal))
        outbox.start()
        deadline = time.monotonic() + 60
        while not list((w.store.folder / "incoming").iterdir()) and time.monotonic() < deadline:
            threading.Event().wait(0.01)
        assert outbox.stop(60)
        row = journal.row(name)
        assert row is not None
        assert row.digest is not None
        here = link.ask(row.digest)
        assert isinstance(here, int)
        assert 0 < here < row.length
        assert outbox.status().state is OutboxState.STOPPED
        assert w.outbox(journal, link).drain().waiting == 0


def test_the_outbox_goes_on_with_a_journal_that_was_opened_again_after_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "REOPENED_S", 0.02)
    with world(tmp_path) as w, JournalKeeper(w.journal) as keeper:
        enrol(keeper.journal, 1)
        outbox = w.outbox(keeper)
        outbox.start()
        wait_until(lambda: keeper.journal.backlog()[0] == 0)
        broken = keeper.journal
        broken.close()
        time.sleep(0.1)  # the outbox meets a journal that is closed
        keeper.reopen(broken)
        names = enrol(keeper.journal, 2)
        outbox.wake()
        wait_until(lambda: keeper.journal.backlog()[0] == 0)
        assert outbox.stop()
        arrived = [name for name, _ in w.store.records(keeper.journal.journal_id)]
        assert arrived[1:] == names
        assert keeper.journal.verify() == []


def wait_until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_sending_from_another_process_waits_until_the_recording_one_has_closed(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        journal = w.journal()
        enrol(journal)
        with pytest.raises(JournalBusyError, match="another process"):
            Journal(journal.folder, None)
        journal.close()
        with Journal(journal.folder, None, clock=w.clock, reserve=SMALL_RESERVE) as again:
            assert w.outbox(again).drain().waiting == 0


def test_a_station_whose_key_has_expired_still_sends_and_begins_nobody(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        journal = w.journal()
        enrol(journal)
        draft = journal.begin()
        journal.close()
        w.clock.advance(5000 * DAY)
        with pytest.raises(CentreKeyError, match="expired"):
            w.journal()
        with Journal(journal.folder, None, clock=w.clock, reserve=SMALL_RESERVE) as again:
            with pytest.raises(CentreKeyError, match="without the centre's key"):
                again.begin()
            with pytest.raises(CentreKeyError, match="without the centre's key"):
                again.resume(draft.resident)
            assert w.outbox(again).drain().waiting == 0
            assert again.verify() == []
        with pytest.raises(JournalStateError, match="no journal here"):
            Journal(tmp_path / "nothing", None)
        assert not (tmp_path / "nothing").exists()


def test_the_cap_on_bytes_a_second_is_kept_on_average(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        journal = w.journal()
        names = enrol(journal, 3, size=50_000)
        size = sum(len(record_bytes(journal, name)) for name in names)
        before = w.clock.monotonic_ns
        outbox = w.outbox(journal, w.link(chunk=1 << 20), bytes_per_s=20_000)
        outbox.drain()
        took_s = (w.clock.monotonic_ns - before) / 1e9
        assert w.store.count() == 3
        assert (size - 20_000) / 20_000 <= took_s <= size / 20_000  # the last chunk's rest is not waited for


def test_a_quota_of_the_centre_is_waited_for_and_the_next_day_goes_on(tmp_path: Path) -> None:
    with world(tmp_path, limits=Limits(records_per_day=3)) as w:
        journal = w.journal()
        names = enrol(journal, 7)
        outbox = w.outbox(journal)
        status = outbox.drain()
        assert (status.waiting, status.sent_today) == (4, 3)
        assert status.last_error is not None
        assert status.last_error.code == "centre_quota"
        assert status.next_try is not None
        assert timedelta(hours=12) <= status.next_try - w.clock.utc <= timedelta(hours=12.5)  # it is noon
        run(outbox, w.clock, DAY, until_empty=False)
        assert outbox.status().waiting == 1
        run(outbox, w.clock, DAY)
        assert [name for name, _ in w.store.records(journal.journal_id)] == names


def test_a_clock_that_jumps_back_a_year_changes_nothing_but_is_named(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        clock = SimClock()
        journal = w.journal(clock=clock)
        outbox = w.outbox(journal)
        names = enrol(journal, 2)
        assert outbox.step() == 0.0  # greeted
        assert outbox.status().clock == ""
        clock.advance(2 * DAY)
        w.clock.advance(2 * DAY)
        clock.utc -= timedelta(days=365)
        names += enrol(journal, 2)
        status = outbox.status()
        assert "365 days behind the centre's: set it" in status.clock
        assert status.clock in status.message
        assert status.oldest_age_s == pytest.approx(2 * DAY, abs=60)  # not minus a year
        assert outbox.drain().waiting == 0
        assert [name for name, _ in w.store.records(journal.journal_id)] == names
        rows = [journal.row(name) for name in names]
        for row in rows:
            assert row is not None
            values = json.loads(row.receipt or "")
            assert values["receipt"]["time"].startswith((NOON + timedelta(days=2)).isoformat()[:10])  # the centre's
            assert values["utc"].startswith((NOON - timedelta(days=363)).isoformat()[:10])  # the station's
            assert values["monotonic_ns"] == clock.monotonic_ns
        journal.close()
        clock.boot = "second"
        with w.journal(clock=clock) as again:
            assert again.verify() == []
            assert "behind the latest time in the journal" in w.outbox(again).status().clock


def test_the_age_of_the_oldest_survives_a_new_boot_and_a_clock_put_back(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        clock = SimClock()
        journal = w.journal(clock=clock)
        enrol(journal)
        clock.advance(3 * DAY)
        assert w.outbox(journal).status().oldest_age_s == pytest.approx(3 * DAY)
        enrol(journal)  # an entry that knows the later time
        journal.close()
        clock.boot, clock.monotonic_ns, clock.utc = "second", 0, clock.utc - timedelta(days=365)
        again = w.journal(clock=clock)
        status = w.outbox(again).status()
        assert status.oldest_age_s == pytest.approx(3 * DAY)
        assert "the oldest for 3 days" in status.message


def test_another_centre_gets_nothing(tmp_path: Path) -> None:
    with world(tmp_path / "ours") as ours, world(tmp_path / "other") as other:
        journal = ours.journal()
        enrol(journal)
        status = ours.outbox(journal, other.link()).drain()
        assert status.last_error is not None
        assert status.last_error.code == "another_centre"
        assert (status.waiting, other.store.count()) == (1, 0)


def test_a_refused_record_is_tried_again_when_the_operator_asks(tmp_path: Path) -> None:
    with world(tmp_path, limits=Limits(record_bytes=3000)) as w:
        journal = w.journal()
        (large,), (small,) = enrol(journal, 1, size=9000), enrol(journal, 1, size=10)
        outbox = w.outbox(journal)
        status = outbox.drain()
        assert [name for name, _ in w.store.records(journal.journal_id)] == []
        assert {problem.code for problem in status.set_aside} == {"record_size"}
        object.__setattr__(w.store.limits, "record_bytes", 1 << 20)
        run(outbox, w.clock, HOUR)
        assert w.store.count() == 0
        outbox.wake()
        assert outbox.drain().set_aside == ()
        assert {name for name, _ in w.store.records(journal.journal_id)} == {large, small}


def test_the_status_is_json_and_says_nothing_personal(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        journal = w.journal()
        recording = journal.begin(b"Siti Aminah, 3404016512470001", ticket=24)
        recording.record(Item(EntryKind.EVENT, b"farmer", "text/plain", code="paused"))
        recording.close(b"{}")
        w.faults.ask(Fault(FaultKind.FORGED_RECEIPT, times=100))
        outbox = w.outbox(journal)
        run(outbox, w.clock, 120)
        values = outbox.status().to_values()
        text = json.dumps(values)
        assert values["waiting"] == 1
        assert values["state"] == "waiting"
        assert values["set_aside"][0]["code"] == "receipt_forged"
        assert not [word for word in ("Siti", "3404016512470001", "farmer", "Bearer") if word in text]


@pytest.mark.parametrize(
    "url",
    ["ftp://centre", "centre", "https://", "https://user:word@centre/", "https://centre/?a=b", "http://10.0.0.1/"],
)
def test_an_address_that_would_give_the_token_away_is_refused(url: str) -> None:
    with pytest.raises(OutboxError) as caught:
        CentreLink(url, "a-token")
    assert caught.value.code == "address"
    assert "a-token" not in str(caught.value)


def test_a_receipt_for_somebody_else_removes_nothing(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        journal, other = w.journal(), w.journal("other")
        (ours,), (theirs,) = enrol(journal), enrol(other)
        w.outbox(other, w.link("other")).drain()
        row = other.row(theirs)
        assert row is not None
        receipt = read_handed_over(row.receipt or "").receipt
        with pytest.raises(ReceiptError, match="not in this journal"):
            journal.hand_over(receipt)
        assert record_path(journal.records, ours).exists()
