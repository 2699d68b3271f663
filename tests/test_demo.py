"""The demo tells the truth: a faint finger is captured again, a mix-up is found, the right person is recognised."""

from __future__ import annotations

from pathlib import Path

import pytest

from biocore.formats.finger_minutiae import read_fmr, templates_from_record
from biocore.formats.images import read_image
from biocore.types import FingerPosition
from biocore_bindings import demo
from cli_support import Run, run

FINGERS = [position.name.lower().replace("_", "-") for position in list(FingerPosition)[1:]]


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """One run of the demo, in JSON."""
    out = tmp_path_factory.mktemp("demo") / "out"
    return run("demo", "--out", out, "--json"), out


def test_ten_fingers_are_enrolled(enrolled: tuple[Run, Path]) -> None:
    result, _ = enrolled
    assert (result.code, result.err) == (0, "")
    fingers = result.document["fingers"]
    assert [finger["name"] for finger in fingers] == FINGERS
    assert all(finger["template"]["minutiae"] >= 10 for finger in fingers)
    assert all(finger["attempts"][-1]["score"] >= demo.ENOUGH for finger in fingers)


def test_the_faint_finger_is_captured_again_on_advice(enrolled: tuple[Run, Path]) -> None:
    attempts = {finger["name"]: finger["attempts"] for finger in enrolled[0].document["fingers"]}
    faint, pressed = attempts["left-index"]
    assert faint["score"] < demo.ENOUGH <= pressed["score"]
    assert faint["causes"][0]["name"] == "LIGHT"
    assert faint["advice"][0]["name"] == "press_harder"
    assert [len(list_) for name, list_ in attempts.items() if name != "left-index"] == [1] * 9


def test_the_finger_that_came_twice_is_found_and_nothing_else(enrolled: tuple[Run, Path]) -> None:
    (duplicate,) = enrolled[0].document["duplicates"]
    assert (duplicate["first"], duplicate["second"]) == ("left-ring", "left-little")
    assert duplicate["score"] >= demo.THRESHOLD


def test_the_resident_is_recognised_and_the_stranger_is_not(enrolled: tuple[Run, Path]) -> None:
    verification = enrolled[0].document["verification"]
    assert {who: entry["match"] for who, entry in verification.items()} == {"resident": True, "stranger": False}


def test_prints_record_and_report_are_on_the_disk(enrolled: tuple[Run, Path]) -> None:
    result, out = enrolled
    files = result.document["files"]
    assert [Path(path).stem for path in files["prints"]] == FINGERS
    assert all(read_image(path).ppi_tag == 500.0 for path in files["prints"])
    record = files["records"][0]
    templates = templates_from_record(read_fmr(Path(record).read_bytes()))
    assert [template.position for template in templates] == list(FingerPosition)[1:]
    html = (out / "report.html").read_text()
    assert files["report"] == str(out / "report.html")
    eyes = result.document.get("eyes", [])  # where a virtual camera is installed
    pictures = sum(len(eye["attempts"]) + eye["fused"] for eye in eyes)
    assert html.count("<article") == 11 + pictures  # ten fingers, one of them twice
    assert len(files["records"]) == 1 + bool(eyes)
    assert "Captured again after the advice: Press a little harder" in html
    assert "the left ring finger had come in its place" in html


def test_the_story_is_told_in_order_and_is_the_same_every_time(enrolled: tuple[Run, Path], tmp_path: Path) -> None:
    told = run("demo", "--out", tmp_path)
    assert told.code == 0
    marks = ["Ten fingers", "left index", "attempt 2", "shows the same finger", "A year later", "recognised", "refused"]
    places = [told.out.index(mark) for mark in (*marks, "report.html")]
    assert places == sorted(places)
    assert (tmp_path / "fingers.fmr").read_bytes() == (enrolled[1] / "fingers.fmr").read_bytes()


def test_a_folder_of_prints_is_taken_instead(prints: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for path in prints.glob("*.png"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "broken.png").write_text("x")
    result = run("demo", folder, "--out", tmp_path / "out", "--json")
    assert result.code == 0
    names = [finger["name"] for finger in result.document["fingers"]]
    assert names == ["a1_right_index.png", "a2_right_index.png", "a3_dry.png", "b1_left_thumb.png"]
    pairs = {(d["first"], d["second"]) for d in result.document["duplicates"]}
    assert ("a1_right_index.png", "a2_right_index.png") in pairs
    assert not [pair for pair in pairs if "b1_left_thumb.png" in pair]
    records = [
        Path(path).name for path in result.document["files"]["records"]
    ]  # one finger is there twice: a record each
    assert records == [f"{number:03d}-{Path(name).stem}.fmr" for number, name in enumerate(names, 1)]
    assert "verification" not in result.document
    assert "broken.png" in (tmp_path / "out" / "report.html").read_text()


def test_a_folder_without_a_usable_picture_is_3(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_text("x")
    assert run("demo", tmp_path, "--out", tmp_path / "out").code == 3


def test_opening_the_report_asks_the_browser_for_it(
    prints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert run("demo", prints, "--out", tmp_path, "--open").code == 0
    assert opened == [(tmp_path / "report.html").resolve().as_uri()]
