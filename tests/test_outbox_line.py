"""What lines and centres do to a station, one at a time: each is named, each is borne, everything arrives once."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from biocore.errors import CentreFaultError, CentreUnreachableError, MissingDependencyError, OutboxError
from biocore.station import CentreLink, OutboxState, Problem
from biocore.station.clock import SystemClock
from biocore.station.upload import MAX_ANSWER, _retry_after
from biocore_bindings.centre_faults import Fault, FaultKind
from biocore_bindings.centre_server import CentreServer
from journal_support import NOON
from outbox_support import DAY, HOUR, enrol, run, world

CODES = {
    FaultKind.UNAVAILABLE: "centre_not_ready",
    FaultKind.BROKEN: "centre_fault",
    FaultKind.DENIED: "centre_denies",
    FaultKind.QUOTA: "centre_quota",
    FaultKind.NO_ROOM: "centre_full",
    FaultKind.PORTAL: "not_the_centre",
    FaultKind.REDIRECT: "not_the_centre",
    FaultKind.NONSENSE: "centre_nonsense",
    FaultKind.LOST_RECEIPT: "line_broke",
    FaultKind.CUT: "line_broke",
    FaultKind.FORGED_RECEIPT: "receipt_forged",
    FaultKind.WRONG_RECEIPT: "receipt_of_another_record",
    FaultKind.FOREIGN_RECEIPT: "receipt_of_another_centre",
}


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("chunks", [1, 5])
def test_each_fault_is_named_borne_and_costs_no_record(tmp_path: Path, kind: FaultKind, chunks: int) -> None:
    with world(tmp_path) as w:
        journal = w.journal()
        names = enrol(journal, 2, size=200 if chunks == 1 else 15_000)
        outbox = w.outbox(journal, w.link(chunk=100_000 if chunks == 1 else 4096))
        outbox.step()  # greeted
        w.faults.ask(Fault(kind, amount=1500 if kind is FaultKind.CUT else 0))
        seen: list[Problem] = []
        while not seen:
            outbox.step()
            if (error := outbox.status().last_error) is not None:
                seen.append(error)
            assert outbox.status().waiting or seen, f"{kind} did no harm"
        assert w.faults.happened == [kind]
        assert seen[0].code == CODES[kind]
        assert seen[0].cause
        assert seen[0].advice
        assert len(journal.waiting()) == 2  # nothing is removed on such an answer
        run(outbox, w.clock, HOUR)
        status = outbox.status()
        assert (status.waiting, status.last_error, status.set_aside) == (0, None, ())
        assert sorted(name for name, _ in w.store.records(journal.journal_id)) == sorted(names)
        assert journal.verify() == []


@pytest.mark.parametrize("kind", [FaultKind.TOO_LARGE])
def test_a_record_that_is_called_too_large_is_set_aside(tmp_path: Path, kind: FaultKind) -> None:
    with world(tmp_path) as w:
        journal = w.journal()
        names = enrol(journal, 2)
        w.faults.ask(Fault(kind))
        status = w.outbox(journal).drain()
        assert [(problem.code, problem.resident) for problem in status.set_aside] == [("record_size", names[0])]
        assert [name for name, _ in w.store.records(journal.journal_id)] == names[1:]


def test_an_answer_that_came_twice_and_one_that_came_late_store_one_record(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        journal = w.journal()
        names = enrol(journal, 3, size=9000)
        w.faults.ask(Fault(FaultKind.TWICE, times=3), Fault(FaultKind.SLOW, amount=0.3))
        assert w.outbox(journal).drain().waiting == 0
        assert w.faults.happened == [FaultKind.TWICE] * 3 + [FaultKind.SLOW]
        assert [name for name, _ in w.store.records(journal.journal_id)] == names


def test_a_receipt_that_was_lost_is_fetched_without_sending_the_record_again(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        journal = w.journal()
        enrol(journal, 1, size=20_000)
        outbox = w.outbox(journal)
        w.faults.ask(Fault(FaultKind.LOST_RECEIPT), Fault(FaultKind.SLOW, times=100))  # SLOW counts the chunks
        run(outbox, w.clock, 60)
        assert outbox.status().waiting == 0
        assert w.store.count() == 1
        assert w.faults.happened.count(FaultKind.LOST_RECEIPT) == 1
        assert w.faults.happened.count(FaultKind.SLOW) == 7  # 24,814 bytes in chunks of 4,096, and not one twice


def test_an_upload_goes_on_where_the_line_broke(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        journal = w.journal()
        enrol(journal, 1, size=60_000)
        row = journal.waiting()[0]
        link = w.link(chunk=4096)
        outbox = w.outbox(journal, link)
        w.faults.ask(Fault(FaultKind.CUT, amount=30_000))
        assert outbox.step() == 0.0
        assert outbox.step() > 0
        assert row.digest is not None
        here = link.ask(row.digest)
        assert isinstance(here, int)
        assert 5 * 4096 <= here <= 7 * 4096  # whole chunks only
        sent_before = w.store.folder / "incoming" / f"{row.digest}.part"
        assert sent_before.stat().st_size == here
        run(outbox, w.clock, 60)
        assert outbox.status().waiting == 0


def test_a_station_is_patient_as_long_as_it_is_asked_but_not_for_ever(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        journal = w.journal()
        enrol(journal)
        outbox = w.outbox(journal)
        w.faults.ask(Fault(FaultKind.UNAVAILABLE, amount=7200))
        outbox.step()
        assert 7200 <= outbox.step() <= 7200 + 900
        assert outbox.status().state is OutboxState.WAITING
        w.clock.advance(2.5 * HOUR)
        w.faults.ask(Fault(FaultKind.UNAVAILABLE, amount=10**9))
        outbox.step()
        assert DAY <= outbox.step() <= DAY + 900  # a wrong answer must not silence a station for 30 years
        outbox.wake()
        assert outbox.drain().waiting == 0


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("120", None, 120.0),
        (" 7 ", None, 7.0),
        ("Mon, 02 Mar 2026 12:02:00 GMT", "Mon, 02 Mar 2026 12:00:00 GMT", 120.0),
        ("Mon, 02 Mar 2026 11:00:00 GMT", "Mon, 02 Mar 2026 12:00:00 GMT", 0.0),
        ("Mon, 02 Mar 2026 12:02:00 GMT", None, None),
        ("-5", None, None),
        ("soon", "now", None),
        (None, None, None),
        ("9" * 5000, None, 999999999999.0),
    ],
)
def test_retry_after_is_read_by_the_centres_clock(value: str | None, date: str | None, seconds: float | None) -> None:
    assert _retry_after(value, date) == seconds


def test_an_answer_that_drips_without_end_is_left(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        journal = w.journal()
        enrol(journal, 1)
        link = CentreLink(w.server.url, w.store.issue_token("station"), clock=SystemClock(), request_s=0.3)
        outbox = w.outbox(journal, link)
        w.faults.ask(Fault(FaultKind.ENDLESS, amount=0.01))
        before = time.monotonic()
        outbox.step()
        assert outbox.step() > 0
        assert time.monotonic() - before < 60
        error = outbox.status().last_error
        assert error is not None
        assert error.code == "centre_answer_endless"


def raw_server(
    answer: bytes, *, then_silent: bool = False, heard: list[bytes] | None = None
) -> tuple[socket.socket, str]:
    """Return a socket that answers every connection with the same bytes."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                try:
                    said = connection.recv(65536)
                    if heard is not None:
                        heard.append(said)
                    connection.sendall(answer)
                    if then_silent:
                        connection.recv(65536)
                except OSError:
                    pass

    threading.Thread(target=serve, daemon=True).start()
    return listening, f"http://127.0.0.1:{listening.getsockname()[1]}/"


OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", "line_broke"),
        (b"\x00\xff garbage", "line_broke"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "line_broke"),
        (OK % (4, b"null"), "not_the_centre"),
        (OK % (2, b"{}"), "not_the_centre"),
        (OK % (2, b"[]"), "not_the_centre"),
        (OK % (MAX_ANSWER + 9, b" " * (MAX_ANSWER + 9)), "centre_answer_endless"),
        (OK % (20_000, b"[" * 20_000), "not_the_centre"),
        (OK % (31, b'{"kind": "biocore centre 1", "c"'), "not_the_centre"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08", "not_the_centre"),
        (b"HTTP/1.1 418 I'm a teapot\r\nContent-Length: 2\r\n\r\n{}", "not_the_centre"),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\n<>", "centre_fault"),
        (b"HTTP/1.1 503 No\r\nRetry-After: 5\r\nContent-Length: 2\r\n\r\n<>", "centre_not_ready"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://x.invalid/\r\nContent-Length: 0\r\n\r\n", "not_the_centre"),
    ],
)
def test_whatever_answers_a_greeting_is_named(answer: bytes, code: str) -> None:
    heard: list[bytes] = []
    listening, url = raw_server(answer, heard=heard)
    link = CentreLink(url, "a-token", silence_s=2.0)
    try:
        with pytest.raises(OutboxError) as caught:
            link.hello()
        assert caught.value.code == code
        assert "a-token" not in str(caught.value)
        assert heard[0].startswith(b"GET /v1/centre HTTP/1.1")
        assert b"a-token" not in heard[0]  # nobody gets the token before he has greeted
    finally:
        link.close()
        listening.close()


def test_a_centre_that_is_silent_is_left_after_a_while() -> None:
    listening, url = raw_server(b"", then_silent=True)
    link = CentreLink(url, "a-token", silence_s=0.2)
    try:
        with pytest.raises(CentreUnreachableError) as caught:
            link.hello()
        assert caught.value.code == "centre_silent"
    finally:
        link.close()
        listening.close()


def certificate(folder: Path, begins: datetime, ends: datetime) -> tuple[Path, Path]:
    """Return the files of a certificate for this machine, signed by itself, and of its key."""
    key, name = generate_private_key(SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "centre")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begins, ends)
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    public, private = folder / "centre.pem", folder / "centre-key.pem"
    public.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return public, private


@pytest.mark.parametrize("when", ["good", "expired", "not yet", "unknown"])
def test_a_certificate_is_believed_or_the_reason_is_named_and_the_clock_with_it(tmp_path: Path, when: str) -> None:
    now, day = datetime.now(UTC), timedelta(days=1)
    spans = {"expired": (now - 20 * day, now - 10 * day), "not yet": (now + 100 * day, now + 200 * day)}
    public, private = certificate(tmp_path, *spans.get(when, (now - day, now + day)))
    trust = ssl.create_default_context(cafile=None if when == "unknown" else public)
    with world(tmp_path) as w:
        w.clock.utc = now
        journal = w.journal()
        enrol(journal)
        w.clock.utc -= timedelta(days=400)  # the clock is put back after somebody was recorded
        server = CentreServer(w.store, certificate=public, private_key=private)
        with server:
            assert server.url.startswith("https://")
            link = CentreLink(server.url, w.store.issue_token("station"), clock=w.clock, trust=trust)
            status = w.outbox(journal, link).drain()
            link.close()
    if when == "good":
        assert (status.waiting, status.last_error) == (0, None)
        return
    assert status.last_error is not None
    assert status.waiting == 1
    if when == "unknown":
        assert status.last_error.code == "certificate"
        assert "nothing was sent" in status.last_error.advice
        return
    assert status.last_error.code == "certificate_date"
    assert f"{w.clock.utc:%Y-%m-%d}" in status.last_error.cause
    assert "400 days behind the latest time in the journal: set it" in status.last_error.cause
    assert "clock first" in status.last_error.advice


def test_what_is_not_installed_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name.split(".")[0] in ("httpx", "uvicorn"):
            raise ImportError(name)
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingDependencyError, match=r"biocore\[station\]"):
        CentreLink("https://centre.example/", "token")
    with pytest.raises(MissingDependencyError, match=r"biocore\[centre\]"):
        CentreServer(None)  # type: ignore[arg-type]


def test_a_fault_of_the_program_stops_neither_the_thread_nor_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world(tmp_path) as w:
        journal = w.journal()
        names = enrol(journal, 3)
        link = w.link()
        real = link.put

        def put(journal_id: str, resident: str, *rest: object) -> object:
            if resident == names[0]:
                raise ZeroDivisionError("Siti, 3404")
            return real(journal_id, resident, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(link, "put", put)
        outbox = w.outbox(journal, link)
        outbox._backoff.longest_s = 0.01
        outbox.start()
        deadline = time.monotonic() + 60
        while w.store.count() < 2 and time.monotonic() < deadline:
            threading.Event().wait(0.01)
            w.clock.advance(0.01)
        outbox.stop()
        status = outbox.status()
        assert [name for name, _ in w.store.records(journal.journal_id)] == names[1:]
        assert [problem.code for problem in status.set_aside] == ["program"]
        assert "Siti" not in str(status.to_values())


def test_nonsense_about_another_centre_is_an_error_of_its_own(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        link = w.link()
        assert link.hello().centre == w.store.public
        assert link.hello().time == NOON
        with pytest.raises(CentreFaultError):
            link.ask("no digest")
        link.close()
