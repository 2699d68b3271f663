"""The report of a check: one page that says what to mend, why something was not run, and what came of each test."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biocore.certify import Outcome
from biocore_bindings import ctk_page
from biocore_bindings.commands import app
from biocore_bindings.ctk_advice import WORDS, advised
from biocore_bindings.ctk_cases import CASES
from biocore_bindings.ctk_grading import SAID, Grading, graded
from biocore_bindings.ctk_sdk_cases import SDK_CASES
from biocore_bindings.ctk_sdk_run import biosdk_at
from biosdk_stub import BioSdkStub
from ctk_device import CompliantDevice

HOSTILE = "<script>alert(1)</script>"


class Words(HTMLParser):
    """The text of a page, and the tags in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said, self.tags, self.links = "", set[str](), list[str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in ("src", "href") and value]

    def handle_data(self, data: str) -> None:
        self.said += f" {' '.join(data.split())}" if data.strip() else ""


def grading() -> Grading:
    found = Grading("http://127.0.0.1:4501", devices={"7": {"make": "x", "model": HOSTILE, "certificate": ""}})
    faults = ["HashValidator: [0] has hash AB, CD continues the chain", "HashValidator: [2] has hash AB, CD continues"]
    again = ["HashValidator: [1] has hash AB, CD continues the chain"]
    found.results += [
        graded("SBI1101", "chain of hashes", Outcome.FAILED, 1.0, faults, []),
        graded("SBI1103", "another chain", Outcome.FAILED, 1.0, again, []),
        graded("SBI1002", "left slap", Outcome.PASSED, 0.5, [], ["all is well"]),
        *(
            graded(f"SBI{number}", "ten", Outcome.NOT_TRIED, 0.0, [], [f"needs ten persons: {number}"])
            for number in (1112, 1113, 1114, 1120)
        ),
    ]
    return found


def test_one_thing_to_mend_is_said_once_with_its_tests_what_came_and_what_to_do() -> None:
    said = Words(ctk_page.page(grading())).said
    assert "SBI device: failed" in said
    assert said.count("CD continues the chain") == 1
    assert "Chain of hashes, and 1 other test" in said
    assert "SBI1101, SBI1103 · HashValidator" in said
    assert "Has hash AB, CD continues the chain (in entries 0, 1)" in said
    expected, do = WORDS["HashValidator"]
    assert expected[1:] in said
    assert do in said


def test_what_was_not_run_stands_by_its_reason() -> None:
    said = Words(ctk_page.page(grading())).said
    assert "Needs ten persons of one group SBI1112 to SBI1114, SBI1120" in said
    assert "1 PASS 2 FAIL 4 NOT RUN" in said


def test_the_page_holds_everything_in_itself_and_shows_what_came_from_outside_as_text() -> None:
    page = ctk_page.page(grading())
    words = Words(page)
    assert words.links == []
    assert not {"script", "img", "link", "iframe"} & words.tags
    assert HOSTILE not in page
    assert HOSTILE in words.said
    assert "default-src 'none'" in page


def test_nothing_run_is_neither_passed_nor_failed() -> None:
    assert ctk_page.verdict(Grading("x")) == "nothing was run"
    unrun = Grading("x", results=[graded("SBI1002", "x", Outcome.NOT_TRIED, 0, [], ["y"])])
    assert ctk_page.verdict(unrun) == "nothing was run"
    assert "What to mend" not in ctk_page.page(unrun)


@pytest.mark.parametrize(
    ("names", "written"),
    [
        ([], ""),
        (["SBI1002"], "SBI1002"),
        (["SBI1002", "SBI1003"], "SBI1002, SBI1003"),
        (["SBI1002", "SBI1003", "SBI1004", "SDK2001"], "SBI1002 to SBI1004, SDK2001"),
    ],
)
def test_ids_are_written_shortly(names: list[str], written: str) -> None:
    assert ctk_page.ranges(names) == written


def test_every_validator_of_the_toolkit_has_its_words() -> None:
    validators = {name for case in CASES.values() for name in case.validators}
    validators |= {name for case in SDK_CASES.values() for step in case.steps for name in step.validators}
    for name in [*validators, "Stream"]:
        fault = advised(f"{name}: something: else")
        assert fault.came == "something: else"
        assert len(fault.expected) > 20
        assert fault.do.endswith(".")


def test_more_faults_than_anybody_reads_are_counted() -> None:
    many = graded("SBI1000", "x", Outcome.FAILED, 0, [f"SchemaValidator: {n}" for n in range(SAID + 3)], [])
    assert len(many.faults) == SAID
    assert many.remark.endswith("and 3 more")


# -- the command ----------------------------------------------------------------------------------------------


def test_the_command_tells_a_biosdk_by_its_path_by_its_tests_and_by_asking() -> None:
    with BioSdkStub() as stub:
        bare = stub.url.removesuffix("/biosdk-service")
        assert biosdk_at(stub.url) == biosdk_at(bare) == biosdk_at(bare + "/") == stub.url
        assert [method for method, _ in stub.requests] == ["init", "init"]
    with CompliantDevice() as device:
        assert biosdk_at(f"http://127.0.0.1:{device.port}") is None
    assert biosdk_at("http://127.0.0.1:1") is None


@pytest.mark.parametrize("fault", ["", "wrong status"])
def test_the_command_grades_a_biosdk_and_writes_both_reports(tmp_path: Path, fault: str) -> None:
    with BioSdkStub(fault) as stub:
        url = stub.url.removesuffix("/biosdk-service")
        command = ["ctk-check", url, "--test", "SDK2000-SDK2006", "--out", str(tmp_path), "--json"]
        result = CliRunner().invoke(app, command)
    assert result.exit_code == (1 if fault else 0), result.output
    document = json.loads(result.stdout)
    assert document["what"] == "BioSDK service"
    assert document["url"] == stub.url
    assert document["facts"]["Owner"] == "biocore stub"
    found = {entry["name"]: entry for entry in document["results"]}
    assert list(found) == [f"SDK{number}" for number in range(2000, 2007)]
    assert found["SDK2001"]["outcome"] == "not_tried"
    assert found["SDK2006"]["outcome"] == ("failed" if fault else "passed")
    if fault:
        (told,) = found["SDK2006"]["faults"]
        assert told["validator"] == "QualityCheckValidator"
        assert set(told) == {"validator", "came", "expected", "do"}
    written = json.loads((tmp_path / "ctk-check.json").read_text())
    assert written["results"] == document["results"]
    assert ("What to mend" in (tmp_path / "ctk-check.html").read_text()) is bool(fault)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["http://127.0.0.1:1", "--test", "SDK2000", "--test", "SBI1000"], "cannot be put to one service"),
        (["http://127.0.0.1:1", "--test", "SBI1000-SDK2000"], "there is no test"),
        (["http://127.0.0.1:1", "--test", "SDK2000", "--attended"], "--attended is of no use with a BioSDK"),
        (["http://127.0.0.1:1/biosdk-service", "--trust", "."], "--trust is of no use with a BioSDK"),
        (["http://127.0.0.1:1", "--test", "SBI1000", "--data", "."], "--data is of no use with an SBI device"),
        (["http://127.0.0.1:1", "--data", "no/such/folder"], "does not exist"),
    ],
)
def test_what_does_not_go_together_is_said(tmp_path: Path, arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(app, ["ctk-check", *arguments, "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert words in " ".join(result.output.replace("\u2502", " ").split())
    assert not list(tmp_path.iterdir())
