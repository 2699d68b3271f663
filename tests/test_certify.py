"""The trial of drivers: a driver that breaks one thing fails that case, and the reports say so."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biocore.certify import CASES, SWEEP, Bench, Case, CheckFailedError, Outcome, sweep, trial
from biocore.certify.cases import belongings, expect_nothing_left
from biocore.certify.trial import run as run_case
from biocore.discovery import Registry
from biocore.errors import (
    DeviceDisconnectedError,
    DeviceError,
    DeviceNotFoundError,
    DeviceProtocolError,
    DeviceStalledError,
)
from biocore.formats.images import write_png
from biocore.hal import Attempt, Device, DeviceInfo, Event, EventKind, State
from biocore.types import Frame, GreyImage, Modality
from biocore_bindings import certificate_page
from biocore_bindings.terminal import ExitCode
from cli_support import run
from usb_conversations import SEED, replay

INFO = DeviceInfo("scanner:1", "scanner", "biocore", "test", Modality.FINGER, 500.0, (8, 4))
PICTURE = np.arange(32, dtype=np.uint8).reshape(4, 8)
Recordings = dict[str, tuple[Path, GreyImage]]


class Scanner(Device):
    """A device that does all it should."""

    def __init__(self, info: DeviceInfo = INFO) -> None:
        super().__init__(info)

    def _open(self) -> None:
        pass

    def _close(self) -> None:
        pass

    def _capture(self, attempt: Attempt) -> Frame:
        attempt.emit(EventKind.WAITING)
        attempt.check(subject=True)
        attempt.emit(EventKind.PRESENT)
        return Frame(PICTURE, 500.0, self.info.uri)


class AnotherName(Scanner):
    def __init__(self) -> None:
        super().__init__(DeviceInfo("scanner:1", "camera", "biocore", "test", Modality.FINGER, 500.0, (8, 4)))


class AnotherResolution(Scanner):
    def _capture(self, attempt: Attempt) -> Frame:
        super()._capture(attempt)
        return Frame(PICTURE, 400.0, self.info.uri)


class AnotherPicture(Scanner):
    def _capture(self, attempt: Attempt) -> Frame:
        super()._capture(attempt)
        return Frame(PICTURE + 1, 500.0, self.info.uri)


class AnyTimeout(Scanner):
    def capture(self, timeout: float = 10.0) -> Frame:
        return super().capture(timeout if timeout > 0 else 10.0)


class Dawdler(Scanner):
    def _capture(self, attempt: Attempt) -> Frame:
        attempt.emit(EventKind.WAITING)
        return Frame(PICTURE, 500.0, self.info.uri)


class TwiceFinal(Scanner):
    def _capture(self, attempt: Attempt) -> Frame:
        frame = super()._capture(attempt)
        attempt.emit(EventKind.CAPTURED, frame=frame)
        return frame


class FragileListeners(Scanner):
    def _tell(self, kind: EventKind, detail: str = "", frame: Frame | None = None) -> None:
        for listener in tuple(self._listeners):
            listener(Event(kind, self.info.uri, detail, frame))


class Hoarder(Scanner):
    def __init__(self) -> None:
        super().__init__()
        self.kept: list[bytes] = []

    def _capture(self, attempt: Attempt) -> Frame:
        self.kept.append(bytes(2048))
        return super()._capture(attempt)


class Doubling(Scanner):
    """What a table of the interpreter does as it fills: half a megabyte, once, while captures are measured."""

    at = 150  # captures

    def __init__(self) -> None:
        super().__init__()
        self.captures = 0
        self.table = b""

    def _capture(self, attempt: Attempt) -> Frame:
        self.captures += 1
        if self.captures == self.at:
            self.table = bytes(512 * 1024)
        return super()._capture(attempt)


class ThreadLeaker(Scanner):
    over = threading.Event()

    def _open(self) -> None:
        threading.Thread(target=self.over.wait, args=(30.0,), daemon=True).start()


class ClosesOnce(Scanner):
    def close(self) -> None:
        if self.state is State.CLOSED:
            raise DeviceError("is closed already")
        super().close()


class OpensItself(Scanner):
    def capture(self, timeout: float = 10.0) -> Frame:
        if self.state is State.CLOSED:
            self.open()
        return super().capture(timeout)


class OpensTwice(Scanner):
    def open(self) -> OpensTwice:
        return super().open() if self.state is State.CLOSED else self


class Deaf(Scanner):
    def cancel(self) -> None:
        pass


class Resentful(Scanner):
    cancelled = False

    def cancel(self) -> None:
        self.cancelled = True

    def _capture(self, attempt: Attempt) -> Frame:
        if self.cancelled:
            attempt.cancel()
        return super()._capture(attempt)


class Shared(Scanner):
    def capture(self, timeout: float = 10.0) -> Frame:
        return super().capture(timeout) if self.state is not State.CAPTURING else Frame(PICTURE)


class ClosesLater(Scanner):
    def close(self) -> None:
        if self.state is not State.CAPTURING:
            super().close()


class HoldsItsLock(Scanner):
    def open(self) -> HoldsItsLock:
        with self._lock:
            return super().open()


BROKEN: dict[str, type[Scanner]] = {
    "identity": AnotherName,
    "frame-as-declared": AnotherResolution,
    "recorded-picture": AnotherPicture,
    "impossible-timeouts": AnyTimeout,
    "deadline": Dawdler,
    "events-in-order": TwiceFinal,
    "failing-listener": FragileListeners,
    "captures-without-growth": Hoarder,
    "fifty-openings": ThreadLeaker,
    "closing-twice": ClosesOnce,
    "capture-after-close": OpensItself,
    "opening-twice": OpensTwice,
    "cancel-in-time": Deaf,
    "cancel-while-idle": Resentful,
    "second-thread": Shared,
    "close-by-another-thread": ClosesLater,
    "close-by-listener": ClosesLater,
    "listener-waits-for-closer": HoldsItsLock,
}


@pytest.fixture
def picture(tmp_path: Path) -> str:
    write_png(tmp_path / "capture.png", PICTURE, 500.0)
    return str(tmp_path / "capture.png")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_passes_a_driver_that_keeps_the_contract(case: Case, picture: str) -> None:
    result = run_case(case, Bench(Scanner, "scanner", 100, picture))
    assert (result.outcome, result.name) == (Outcome.PASSED, case.name), result.remark


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_fails_a_driver_that_breaks_it(case: Case, picture: str) -> None:
    ThreadLeaker.over.clear()
    result = run_case(case, Bench(BROKEN[case.name], "scanner", 100, picture))
    ThreadLeaker.over.set()
    assert result.outcome is Outcome.FAILED
    assert result.remark


def test_what_grows_with_every_capture_is_named_by_its_line(picture: str) -> None:
    case = next(case for case in CASES if case.name == "captures-without-growth")
    result = run_case(case, Bench(Hoarder, "scanner", 100, picture))
    assert re.search(r"left 2\d{5} bytes behind, twice; .*test_certify\.py:\d+ \(2\d{5} bytes\)", result.remark), (
        result.remark
    )


def test_a_table_that_doubles_once_is_no_leak(picture: str) -> None:
    made: list[Doubling] = []

    def make() -> Doubling:
        made.append(Doubling())
        return made[-1]

    case = next(case for case in CASES if case.name == "captures-without-growth")
    result = run_case(case, Bench(make, "scanner", 100, picture))
    assert result.outcome is Outcome.PASSED, result.remark
    assert [len(device.table) for device in made] == [512 * 1024], "the table was never made"


def test_a_file_that_is_left_open_is_counted(tmp_path: Path) -> None:
    before = belongings()
    (tmp_path / "held").touch()
    with (
        (tmp_path / "held").open(),
        pytest.raises(CheckFailedError, match="1 open files are left behind"),
    ):
        expect_nothing_left(before)
    expect_nothing_left(before)


def test_a_driver_that_hangs_fails_its_case_in_time() -> None:
    over = threading.Event()
    case = Case("hang", "never returns", lambda bench: str(over.wait(10.0)), limit=0.1)
    start = time.monotonic()
    result = run_case(case, Bench(Scanner))
    over.set()
    assert time.monotonic() - start < 5.0
    assert result.outcome is Outcome.FAILED
    assert "did not return within 0.1 s" in result.remark


def test_a_case_that_an_error_escapes_from_fails_with_its_name() -> None:
    def stumble(bench: Bench) -> str:
        raise IndexError("list index out of range")

    result = run_case(Case("stumble", "", stumble), Bench(Scanner))
    assert (result.outcome, result.remark) == (Outcome.FAILED, "IndexError: list index out of range")


# -- faults ----------------------------------------------------------------------------------------


class Faulty(Scanner):
    """Three packets; what a fault leads to is handed in."""

    def __init__(self, uri: str, outcome: Any) -> None:
        super().__init__(DeviceInfo(uri, "scanner", "biocore", "test", Modality.FINGER))
        _, _, fault = uri.partition("fault=")
        if fault.endswith(":3"):
            raise DeviceError("no such packet: the recording has 3", uri=uri)
        self.outcome = outcome if fault == "garbage:1" else None
        self.struck = False

    def _capture(self, attempt: Attempt) -> Frame:
        if self.outcome is not None and not self.struck:
            self.struck = True
            if isinstance(self.outcome, Exception):
                raise self.outcome
            return Frame(self.outcome)
        return Frame(PICTURE)


@pytest.mark.parametrize(
    ("outcome", "wrong"),
    [
        (PICTURE, ""),
        (DeviceProtocolError("bad checksum", uri="scanner:1", state="acquiring"), ""),
        (PICTURE + 1, "a wrong picture"),
        (IndexError("list index out of range"), "leaks IndexError: list index out of range"),
        (DeviceStalledError("stalled"), "DeviceStalledError does not say which device"),
        (DeviceDisconnectedError("gone", uri="scanner:1", state="opening"), ""),
        (DeviceError("odd", uri="scanner:1", state="acquiring"), "DeviceError does not say what to do"),
    ],
)
def test_a_sweep_tells_what_must_not_happen(outcome: Any, wrong: str) -> None:
    found = sweep(lambda uri: Faulty(uri, outcome), "scanner:1")
    assert found.packets == 3
    assert sum(sum(counts.values()) for counts in found.outcomes.values()) == 15
    if wrong:
        (told,) = found.wrong
        assert wrong in told
        assert told.startswith("scanner:1?fault=garbage:1")
    else:
        assert found.wrong == []


# -- the whole trial -------------------------------------------------------------------------------


class Everything:
    """A driver that claims what is not its own."""

    def devices(self) -> Iterable[DeviceInfo]:
        return [INFO]

    def claims(self, uri: str) -> bool:
        return True

    def open(self, uri: str) -> Device:
        if uri != INFO.uri:
            raise DeviceNotFoundError("is not there", uri=uri)
        return Scanner()


greedy = Everything()


def test_a_driver_that_claims_everything_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("scanner", "somewhere:driver", "biocore.drivers")
    registry = Registry([point])
    monkeypatch.setitem(registry._loaded, "scanner", greedy)
    certificate = trial(registry, "scanner", "scanner:1", captures=100)
    outcomes = {result.name: result.outcome for result in certificate.results}
    assert outcomes.pop("driver") is Outcome.FAILED
    assert outcomes.pop(SWEEP) is Outcome.NOT_TRIED
    assert outcomes.pop("recorded-picture") is Outcome.NOT_TRIED
    assert set(outcomes.values()) == {Outcome.PASSED}
    assert not certificate.passed
    page = certificate_page.render(certificate)
    assert "claims &#39;&#39;, which is no device of its own" in page
    assert 'Driver scanner: <span class="failed">failed</span>' in page


def test_the_command_tries_a_driver_on_a_recording_and_writes_both_reports(
    recordings: Recordings, tmp_path: Path
) -> None:
    folder, _ = recordings["uru4000"]
    result = run(
        "devices", "check", "uru4000", "--replay", folder, "--seed", hex(SEED), "--captures", "20",
        "--out", tmp_path, "--json",
    )  # fmt: skip
    assert result.code == ExitCode.OK
    document = result.document
    assert document["passed"] is True
    assert document["device"]["model"] == "U.are.U 4500"
    assert document["driver"]["name"] == "uru4000"
    outcomes = {entry["name"]: entry["outcome"] for entry in document["results"]}
    assert outcomes.pop("recorded-picture") == "not_tried"
    assert set(outcomes.values()) == {"passed"}
    (faults,) = [entry for entry in document["results"] if entry["name"] == SWEEP]
    assert "DeviceDisconnectedError" in faults["remark"]
    assert faults["seconds"] > 0.0
    written = json.loads((tmp_path / "check-uru4000.json").read_text())
    assert written["results"] == document["results"]
    page = (tmp_path / "check-uru4000.html").read_text()
    assert "384 \N{MULTIPLICATION SIGN} 290 px, 512 ppi" in page
    assert page.count('<tr class="passed">') == len(outcomes)


def test_a_driver_that_fails_is_1(recordings: Recordings, tmp_path: Path) -> None:
    folder, _ = recordings["upek"]
    result = run("devices", "check", "uru4000", "--device", replay(folder), "--captures", "5", "--out", tmp_path)
    assert result.code == ExitCode.NO
    assert "is served by driver 'upek' instead of 'uru4000'" in " ".join(result.out.split())


def test_a_person_is_asked_for_an_eraser_twenty_times_and_no_more(example_sdk: Path, tmp_path: Path) -> None:
    result = run("devices", "check", "vendor", "--device", f"vendor:{example_sdk}", "--out", tmp_path)
    assert result.code == ExitCode.OK, result.out
    assert "20 captures" in result.out
    assert "lay an eraser or the side of a hand on it" in result.err


def test_options_of_the_list_are_no_options_of_a_check() -> None:
    result = run("devices", "--json", "check", "file")
    assert result.code == ExitCode.USAGE
    assert "options go after" in result.err


def test_what_cannot_be_tried_is_named(tmp_path: Path) -> None:
    for arguments, code, says in (
        (("nonesuch",), ExitCode.DEVICE, "no driver named 'nonesuch'"),
        (("uru4000",), ExitCode.DEVICE, "say which with --device URI"),
        (("file", "--replay", "x", "--device", "y"), ExitCode.USAGE, "two ways"),
        (("file", "--seed", "1"), ExitCode.USAGE, "belongs to --replay"),
        (("file", "--captures", "1"), ExitCode.USAGE, "--captures"),
    ):
        result = run("devices", "check", *arguments, "--out", tmp_path)
        assert result.code == code
        assert says in " ".join(result.err.split())
