"""The project's own SBI service with virtual scanners, graded whole: it passes every test that can be run."""

from __future__ import annotations

import dataclasses
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from biocore.certify import Outcome
from biocore.signatures import Signatures, read_anchors
from biocore_bindings.ctk_cases import CASES
from biocore_bindings.ctk_grading import Grading
from biocore_bindings.ctk_run import Examiner
from biocore_bindings.sbi_keys import create_keys, rotate_key
from biocore_bindings.sbi_service import SbiService
from sbi_serving import EYES, SLAP, ask, keys, request, serve

FINGER = "virtual:finger?sequence=GOOD&arrival=0"
NOBODY = {"SBI1041": EYES + "&fail=no_eye:1", "SBI1042": SLAP, "SBI1043": SLAP, "SBI1044": SLAP}
NOBODY |= {name: uri + "&fail=no_finger:1" for name, uri in NOBODY.items() if uri == SLAP}
UNTIL_THE_END = ("SBI1050", "SBI1051", "SBI1052", "SBI1053")
SHORTER = "1200"  # ms, for the toolkit's ten seconds until the time is over
# What cannot be run, and why: a test of the reasons' words is that of the grader.
NO_DEVICE = "the service has no device of"
PERSONS = "needs ten persons"
KEY = "needs a second key"
STATUS = "the service's devices are Ready"


def trusting(folder: Path, home: Path) -> Signatures:
    """Return what trusts the provider of some keys, and nobody else."""
    home.mkdir(exist_ok=True)
    shutil.copy(folder / "provider-certificate.pem", home)
    return Signatures(*read_anchors(home))


@pytest.fixture
def anchored(tmp_path: Path) -> Signatures:
    return trusting(keys(), tmp_path / "trust")


def outcomes(grading: Grading, outcome: Outcome) -> dict[str, str]:
    return {result.name: result.remark for result in grading.results if result.outcome is outcome}


def test_every_test_that_can_be_run_passes_and_the_others_say_why(anchored: Signatures) -> None:
    apart = {*NOBODY, *UNTIL_THE_END}
    with serve(SLAP, EYES, FINGER) as service:
        grading = Examiner(service.url, anchored, attended=True).grade(name for name in CASES if name not in apart)
    assert outcomes(grading, Outcome.FAILED) == {}
    passed, unrun = outcomes(grading, Outcome.PASSED), outcomes(grading, Outcome.NOT_TRIED)
    assert len(passed) + len(unrun) + len(apart) == len(CASES)
    assert all(any(reason in said for reason in (NO_DEVICE, PERSONS, KEY, STATUS)) for said in unrun.values())
    # Every test of a slap or of two eyes for registration runs, but those that need more than this one visit.
    ours = {("Registration", "Finger", "Slap"), ("Registration", "Iris", "Double")}
    expected = {name for name, case in CASES.items() if (case.purpose, case.kind, case.subtype) in ours}
    left = {name for name in expected - set(passed) - apart if not CASES[name].persons}
    assert left == {"SBI1022", "SBI1061"}
    assert len(passed) == 46
    assert all("chain was not checked" not in remark for remark in passed.values())


@pytest.mark.parametrize("name", NOBODY)
def test_nobody_who_comes_is_answered_when_the_time_is_over(anchored: Signatures, name: str) -> None:
    with serve(NOBODY[name]) as service:
        (result,) = Examiner(service.url, anchored, attended=True).grade([name]).results
    assert (result.outcome, result.remark) == (Outcome.PASSED, "")


@pytest.mark.parametrize("name", UNTIL_THE_END)
def test_a_score_that_nobody_reaches_is_waited_for_until_the_end(
    anchored: Signatures, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The toolkit waits ten seconds; a tenth of that shows the same."""
    shorter = dataclasses.replace(CASES[name], timeout=SHORTER)
    monkeypatch.setattr("biocore_bindings.ctk_run.CASES", {name: shorter})
    with serve(EYES if name == "SBI1050" else SLAP) as service:
        (result,) = Examiner(service.url, anchored, attended=True).grade([name]).results
    assert (result.outcome, result.remark) == (Outcome.PASSED, "")
    assert result.seconds >= int(SHORTER) / 1000


def test_a_rotated_key_is_found_to_be_one(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    create_keys(folder, "Test Office")
    signatures = trusting(folder, tmp_path / "trust")
    with serve(SLAP, EYES, folder=folder) as service:
        before = Examiner(service.url, signatures).grade([]).devices
        same = Examiner(service.url, signatures, before=before).grade(["SBI1022", "SBI1061"])
        time.sleep(1.1)  # certificates count in seconds
        rotate_key(folder)
        rotated = Examiner(service.url, signatures, before=before).grade(["SBI1022", "SBI1061"])
    assert set(outcomes(same, Outcome.FAILED)) == {"SBI1022", "SBI1061"}
    assert set(outcomes(rotated, Outcome.PASSED)) == {"SBI1022", "SBI1061"}


@pytest.fixture
def waiting() -> Iterator[SbiService]:
    """Serve a scanner that waits for somebody who does not come."""
    with serve(SLAP + "&fail=no_finger:1") as service:
        thread = threading.Thread(target=ask, args=(service, "RCAPTURE", request(service, timeout="3000")))
        thread.start()
        try:
            yield service
        finally:
            thread.join()


def test_a_device_that_is_busy_says_so_as_the_toolkit_wants_it(waiting: SbiService, anchored: Signatures) -> None:
    for _ in range(50):
        if waiting.devices[0].status == "Busy":
            break
        time.sleep(0.02)
    grading = Examiner(waiting.url, anchored).grade(["SBI1026", "SBI1027"])
    assert outcomes(grading, Outcome.PASSED) == {"SBI1027": ""}
    assert outcomes(grading, Outcome.NOT_TRIED) == {
        "SBI1026": "the service's devices are Busy: make them Ready and run it again"
    }
