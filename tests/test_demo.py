"""The demo tells the truth: killed and gone on with, unsent and then sent, opened by the centre, recognised later."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from biocore.advice import LANGUAGES
from biocore.eye_records import read_eyes
from biocore.formats.finger_minutiae import read_fmr, templates_from_record
from biocore.formats.images import read_image
from biocore.station import read_record
from biocore.station.exceptions import ExceptionKind
from biocore.station.receipt import read_receipt
from biocore.types import EyePosition, FingerPosition
from biocore_bindings import demo_station
from biocore_bindings.centre_keys import read_opener
from biocore_bindings.demo_station import AMPUTATED, Place
from biocore_bindings.demo_words import TALE, tale
from biocore_bindings.enrol_words import say
from cli_support import Run, run

NINE = [position for position in list(FingerPosition)[1:] if position is not AMPUTATED]


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """One run of the demo, in JSON."""
    out = tmp_path_factory.mktemp("demo") / "out"
    return run("demo", "--out", out, "--json"), out


def station_of(enrolled: tuple[Run, Path]) -> dict[str, Any]:
    found = enrolled[0].document["station"]
    assert isinstance(found, dict)
    return found


def test_the_recording_is_killed_and_goes_on_at_the_same_finger(enrolled: tuple[Run, Path]) -> None:
    result, _ = enrolled
    assert (result.code, result.err) == (0, "")
    station = station_of(enrolled)
    assert station["killed"] == -signal.SIGKILL
    assert station["asked"] == station["resumed"]["next"] == ["finger:7"]
    assert len(station["resumed"]["done"]) == 7
    assert station["summary"]["resumptions"] == 1


def test_everything_of_her_has_its_outcome(enrolled: tuple[Run, Path]) -> None:
    summary = station_of(enrolled)["summary"]
    outcomes = {name: said["outcome"] for name, said in summary["positions"].items()}
    assert outcomes.pop("finger:4") == "exception"
    assert set(outcomes.values()) == {"accept"}
    assert len(outcomes) == 11
    assert summary["profile"]["in_force"] == "elderly"
    first, last = (summary["positions"][f"finger:{finger.value}"] for finger in demo_station.FAINT)
    assert len(first["attempts"]) == 2
    assert len(last["fuse"]) >= 2  # too faint by each attempt, and proven by attempts that match each other
    assert last["score"] < last["threshold"]


def test_the_fingers_that_were_mixed_up_were_shown_once_more(enrolled: tuple[Run, Path]) -> None:
    positions = station_of(enrolled)["summary"]["positions"]
    assert [len(positions[name]["attempts"]) for name in ("finger:3", "finger:5", "finger:2", "finger:8")] == [
        2,
        2,
        1,
        1,
    ]
    assert enrolled[0].document["duplicates"] == []


def test_the_record_was_refused_by_nobody_and_then_signed_for(enrolled: tuple[Run, Path]) -> None:
    station, place = station_of(enrolled), Place(enrolled[1])
    assert station["left_out"] is None
    assert station["refused"]  # while nobody listened
    assert station["sent"] == 1
    receipt = read_receipt(station["receipt"])
    assert receipt.resident == station["resident"]
    assert list((place.station.journal / "records").glob("*.record")) == []
    (record,) = place.data.rglob(f"*{receipt.resident}*")
    entries = read_record(record, read_opener(place.keys))
    assert len(entries) == station["entries"]
    assert json.loads(entries[-1].payload) == station["summary"]


def test_nothing_says_who_she_is(enrolled: tuple[Run, Path]) -> None:
    result, out = enrolled
    name = demo_station.PERSON["name"]
    assert name not in result.out
    assert not [path for path in out.rglob("*") if path.is_file() and name.encode() in path.read_bytes()]


def test_the_cloudy_eye_is_seen_as_such(enrolled: tuple[Run, Path]) -> None:
    eyes = {eye["name"]: eye["attempts"][-1] for eye in enrolled[0].document["eyes"]}
    assert eyes["left"]["causes"][0]["name"] == "CLOUDY"
    assert "CLOUDY" not in [cause["name"] for cause in eyes["right"]["causes"]]
    assert eyes["left"]["score"] < eyes["right"]["score"]


def test_the_resident_is_recognised_and_the_stranger_is_not(enrolled: tuple[Run, Path]) -> None:
    for key in ("verification", "eye_verification"):
        found = enrolled[0].document[key]
        assert {who: entry["match"] for who, entry in found.items()} == {"resident": True, "stranger": False}


def test_prints_record_and_report_are_on_the_disk(enrolled: tuple[Run, Path]) -> None:
    result, out = enrolled
    files = result.document["files"]
    attempts = [finger["attempts"] for finger in result.document["fingers"]]
    eyes = result.document["eyes"]
    assert len(files["prints"]) == sum(map(len, attempts)) + sum(len(eye["attempts"]) for eye in eyes)
    assert all(read_image(path).ppi_tag == 500.0 for path in files["prints"] if "eye" not in path)
    fingers, irises = files["records"]
    templates = templates_from_record(read_fmr(Path(fingers).read_bytes()))
    assert [template.position for template in templates] == NINE
    assert [each.position for each in read_eyes(Path(irises).read_bytes())] == [EyePosition.RIGHT, EyePosition.LEFT]
    html = (out / "report.html").read_text()
    assert files["report"] == str(out / "report.html")
    assert html.count("<article") == len(files["prints"])
    assert {path.name for path in out.iterdir()} == {
        *("station", "centre", "prints", "fingers.fmr", "eyes.iir", "report.html")
    }


def test_the_story_is_told_in_order_without_a_line_too_and_is_the_same_every_time(
    enrolled: tuple[Run, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)  # an extra that is not installed
    told = run("demo", "--out", tmp_path, "--language", "id")
    assert told.code == 0
    marks = ["Silakan tunjukkan", "Listrik padam", "Melanjutkan rekaman", "Dilewati, dan rekaman tetap"]
    marks += ["biocore[station]", "✗ jari manis kanan", "diamputasi", "Semua 9 adalah jari"]
    marks += ["dikenali", "ditolak", "report.html"]
    places = [told.out.index(mark) for mark in marks[:5]]
    places += [told.out.index(mark, places[-1]) for mark in marks[5:]]
    assert places == sorted(places)
    assert [
        english for english, other in TALE.values() if " " in english and english != other and english in told.out
    ] == []
    for name in ("fingers.fmr", "prints/left-index-2.png"):
        assert (tmp_path / name).read_bytes() == (enrolled[1] / name).read_bytes()


def test_a_folder_that_is_no_demos_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "station").mkdir()
    (tmp_path / "station" / "precious").write_text("x")
    result = run("demo", "--out", tmp_path)
    assert result.code == 3
    assert "no earlier demo's" in result.err
    assert (tmp_path / "station" / "precious").read_text() == "x"


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
    assert "station" not in result.document
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


def test_both_languages_have_every_word_of_the_tale_with_the_same_places() -> None:
    for key, texts in TALE.items():
        assert len(texts) == len(LANGUAGES)
        assert all(texts), key
        fields = [{part.split("}")[0] for part in text.split("{")[1:]} for text in texts]
        assert fields[0] == fields[1], key


def test_the_tale_has_a_word_for_every_reason_of_a_profile_and_each_exception_has_one() -> None:
    for because in ("station", "age", "occupation"):
        assert tale(because, "id")
    for kind in ExceptionKind:
        assert say(str(kind), "id")
