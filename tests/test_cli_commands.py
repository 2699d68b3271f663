"""What each command answers, on the project's own prints."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from biocore.formats.finger_minutiae import read_fmr, templates_from_record
from biocore.formats.images import read_image, write_png
from biocore.types import FingerPosition
from biocore_bindings.inputs import PICTURES, collect, position_of
from biocore_bindings.terminal import ExitCode
from cli_support import run

RESULT_KEYS = ["file", "modality", "position", "width", "height", "ppi", "score", "algorithm", "status", "reason"]
RESULT_KEYS += ["causes", "advice", "measures", "passed"]


def size_of(path: Path) -> tuple[int, int]:
    """Return width and height of a picture that was written in colour or grey."""
    with Image.open(path) as image:
        image.load()
        return image.size


# -- assess ----------------------------------------------------------------------------------------


def test_assess_tells_good_from_dry_and_why(prints: Path) -> None:
    result = run("assess", prints, "--json", "--min-score", "45")
    by_name = {Path(entry["file"]).stem: entry for entry in result.document["results"]}
    assert result.code == ExitCode.NO
    assert [by_name[name]["passed"] for name in ("a1_right_index", "b1_left_thumb", "a3_dry")] == [True, True, False]
    dry = by_name["a3_dry"]
    assert "DRY" in [cause["name"] for cause in dry["causes"]]
    assert dry["advice"][0]["text"]
    assert by_name["a1_right_index"]["position"] == "right-index"


def test_the_json_of_assess_has_its_documented_keys(prints: Path) -> None:
    document = run("assess", prints / "a3_dry.png", "--json").document
    assert list(document) == ["biocore", "command", "min_score", "results"]
    (entry,) = document["results"]
    assert list(entry) == RESULT_KEYS
    assert entry["passed"] is None
    assert list(entry["causes"][0]) == ["name", "confidence", "text", "evidence"]
    assert list(entry["advice"][0]) == ["name", "text"]
    assert {"native", "score", "status"} == set(entry["measures"]["OCL_Bin10_Mean"])


def test_assess_speaks_indonesian(prints: Path) -> None:
    texts = {
        language: run("assess", prints / "a3_dry.png", "--json", "--language", language).document["results"][0][
            "advice"
        ]
        for language in ("en", "id")
    }
    assert [a["name"] for a in texts["en"]] == [a["name"] for a in texts["id"]]
    assert texts["en"][0]["text"] != texts["id"][0]["text"]


def test_assess_prints_a_table_for_people(prints: Path) -> None:
    result = run("assess", prints, "--measures", "--min-score", "45")
    score = run("assess", prints / "a1_right_index.png", "--json").document["results"][0]["score"]
    assert re.search(rf"a1_right_index\.png\s+{score}\b", result.out)
    assert "< 45" in result.out
    assert result.out.count("OCL_Bin10_Mean") == 4
    assert result.err == ""


def test_the_option_wins_over_the_file_name(prints: Path) -> None:
    result = run("assess", prints / "a1_right_index.png", "--json", "--position", "left-ring")
    assert result.document["results"][0]["position"] == "left-ring"


@pytest.mark.parametrize("ppi", ["72", "490", "1000", "0", "nan"])
def test_a_resolution_is_taken_or_refused_by_name(prints: Path, ppi: str) -> None:
    result = run("assess", prints / "a1_right_index.png", "--ppi", ppi)
    assert result.code == (ExitCode.OK if ppi in ("490", "1000") else ExitCode.INPUT)
    assert result.code == ExitCode.OK or "ppi" in result.err


def test_a_trace_is_a_numbered_picture_a_stage(prints: Path, tmp_path: Path) -> None:
    assert run("extract", prints / "a1_right_index.png", "--trace", tmp_path / "one").code == 0
    rows = [line.split("\t") for line in (tmp_path / "one" / "stages.tsv").read_text().splitlines()[1:]]
    assert len(rows) >= 2
    for number, (file, stage, dtype, shape, low, high) in enumerate(rows, 1):
        assert file.startswith(f"{number:02d}-")
        assert stage.startswith(("fingerprint.", "physics."))
        assert size_of(tmp_path / "one" / file) == tuple(int(n) for n in reversed(shape.split("x")[:2]))
        assert float(low) <= float(high)
        assert np.dtype(dtype)
    run("extract", prints, "--trace", tmp_path / "many")
    folders = sorted(path.name for path in (tmp_path / "many").iterdir())
    assert folders == ["001-a1_right_index", "002-a2_right_index", "003-a3_dry", "004-b1_left_thumb"]


# -- extract ---------------------------------------------------------------------------------------


def test_extract_writes_a_record_that_holds_what_it_said(prints: Path, tmp_path: Path) -> None:
    out = tmp_path / "person.fmr"
    result = run("extract", prints / "a1_right_index.png", prints / "b1_left_thumb.png", "--out", out, "--json")
    assert result.code == 0
    first, second = templates_from_record(read_fmr(out.read_bytes()))
    assert (first.position, second.position) == (FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_THUMB)
    assert [len(first), len(second)] == [entry["minutiae"] for entry in result.document["results"]]
    assert result.document["record"] == {
        "file": str(out),
        "format": "fmr-2005",
        "views": 2,
        "bytes": out.stat().st_size,
    }


def test_extract_draws_the_minutiae_on_one_print_only(prints: Path, tmp_path: Path) -> None:
    drawn = tmp_path / "minutiae.png"
    assert run("extract", prints / "a1_right_index.png", "--picture", drawn).code == 0
    assert size_of(drawn) == (800, 1000)
    many = run("extract", prints, "--picture", drawn)
    assert many.code == ExitCode.INPUT
    assert "one print" in many.err


def test_a_place_that_cannot_be_written_to_is_3(prints: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "absent" / "x"
    for arguments in (
        ("extract", prints / "a1_right_index.png", "--out", nowhere),
        ("extract", prints / "a1_right_index.png", "--picture", nowhere),
        ("assess", prints / "a1_right_index.png", "--report", nowhere),
        ("compare", prints / "a1_right_index.png", prints / "b1_left_thumb.png", "--picture", nowhere),
        ("capture", "virtual:finger?arrival=0", "--out", prints / "a1_right_index.png"),
        ("demo", prints, "--out", prints / "a1_right_index.png"),
    ):
        result = run(*arguments)
        assert result.code == ExitCode.INPUT, arguments
        assert "cannot be" in result.err


# -- compare ---------------------------------------------------------------------------------------


def test_two_prints_of_one_finger_match_and_of_two_do_not(prints: Path, tmp_path: Path) -> None:
    drawn = tmp_path / "pairs.png"
    mated = run("compare", prints / "a1_right_index.png", prints / "a2_right_index.png", "--json", "--picture", drawn)
    other = run("compare", prints / "a1_right_index.png", prints / "b1_left_thumb.png", "--json")
    assert (mated.code, other.code) == (ExitCode.OK, ExitCode.NO)
    assert (mated.document["match"], other.document["match"]) == (True, False)
    (result,) = mated.document["results"]
    assert list(result) == ["reference", "score", "fmr", "algorithm", "match", "pairs"]
    assert result["fmr"] == pytest.approx(10 ** (-result["score"] / 10))
    assert result["pairs"] >= 5
    assert size_of(drawn) == (800 + 24 + 800, 1000)


def test_the_threshold_decides(prints: Path) -> None:
    pair = (prints / "a1_right_index.png", prints / "a2_right_index.png")
    score = run("compare", *pair, "--json").document["results"][0]["score"]
    assert run("compare", *pair, "--threshold", score + 0.1).code == ExitCode.NO
    assert run("compare", *pair, "--threshold", score - 0.1).code == ExitCode.OK


def test_a_folder_is_searched_best_first_and_a_bad_file_in_it_is_told(prints: Path, tmp_path: Path) -> None:
    for path in prints.glob("*.png"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "broken.png").write_text("x")
    result = run("compare", prints / "a1_right_index.png", tmp_path, "--json")
    assert result.code == ExitCode.INPUT
    broken, *ranked = result.document["results"]
    assert broken["reference"].endswith("broken.png")
    scores = [entry["score"] for entry in ranked]
    assert scores == sorted(scores, reverse=True)
    assert ranked[0]["reference"].endswith("a1_right_index.png")
    assert ranked[-1]["reference"].endswith("b1_left_thumb.png")


def test_records_are_compared_finger_by_finger(prints: Path, tmp_path: Path) -> None:
    record = tmp_path / "person.fmr"
    run("extract", prints / "a1_right_index.png", prints / "b1_left_thumb.png", "--out", record)
    probe = prints / "a2_right_index.png"
    both = run("compare", probe, record, "--json").document["results"]
    assert {entry["reference"]: entry["match"] for entry in both} == {f"{record}#0": True, f"{record}#1": False}
    assert run("compare", probe, record, "--position", "right-index").code == ExitCode.OK
    assert run("compare", record, probe, "--position", "right-index").code == ExitCode.OK
    assert run("compare", record, record).code == ExitCode.INPUT
    assert run("compare", probe, record, "--position", "left-ring").code == ExitCode.INPUT
    record.write_bytes(record.read_bytes()[:-9])
    cut = run("compare", probe, record)
    assert cut.code == ExitCode.INPUT
    assert "at byte" in cut.err


def test_prints_without_pixels_are_drawn_on_paper(prints: Path, tmp_path: Path) -> None:
    record = tmp_path / "a.fmr"
    run("extract", prints / "a1_right_index.png", "--out", record)
    result = run("compare", prints / "a2_right_index.png", record, "--picture", tmp_path / "p.png")
    assert result.code == ExitCode.OK
    assert size_of(tmp_path / "p.png") == (800 + 24 + 800, 1000)


# -- devices and capture ---------------------------------------------------------------------------


def test_devices_lists_the_virtual_scanner_and_no_fault() -> None:
    result = run("devices", "--json")
    assert result.code == 0
    (virtual,) = [device for device in result.document["devices"] if device["uri"] == "virtual:finger"]
    assert (virtual["modality"], virtual["ppi"], virtual["window"]) == ("finger", 500.0, [400, 500])
    faults = {driver["name"]: driver["fault"] for driver in result.document["drivers"]}
    assert {"file", "virtual", "uru4000", "upek", "next1010", "replay"} <= set(faults)
    assert set(faults.values()) == {""}
    assert "virtual:finger" in run("devices").out


def test_capture_keeps_each_picture_and_never_overwrites(tmp_path: Path) -> None:
    uri = "virtual:finger?arrival=0&previews=1&interval=0&sequence=GOOD"
    first = run("capture", uri, "--out", tmp_path, "--count", "2", "--position", "left-thumb", "--json")
    second = run("capture", uri, "--out", tmp_path, "--json")
    assert (first.code, second.code) == (0, 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"capture-{n:04d}.png" for n in (1, 2, 3)]
    assert [list(entry) for entry in first.document["captures"]] == [RESULT_KEYS] * 2
    assert first.document["captures"][0]["position"] == "left-thumb"
    picture = read_image(first.document["captures"][0]["file"])
    assert (picture.pixels.shape, picture.ppi_tag) == ((500, 400), 500.0)


def test_capture_holds_the_score_against_the_threshold(tmp_path: Path) -> None:
    result = run(
        "capture", "virtual:finger?arrival=0&previews=0&defect=DRY&severity=1", "--out", tmp_path, "--min-score", "45"
    )
    assert result.code == ExitCode.NO
    assert "< 45" in result.out


def test_what_was_captured_before_a_device_fails_is_told(tmp_path: Path) -> None:
    uri = "virtual:finger?arrival=0&previews=0&fail=disconnect:2"
    result = run("capture", uri, "--out", tmp_path, "--count", "3", "--json")
    assert result.code == ExitCode.DEVICE
    assert len(result.document["captures"]) == 1
    assert result.document["error"]["type"] == "DeviceDisconnectedError"


def test_nobody_coming_is_4(tmp_path: Path) -> None:
    result = run("capture", "virtual:finger?fail=no_finger:1", "--timeout", "0.2", "--out", tmp_path)
    assert result.code == ExitCode.DEVICE


# -- models ----------------------------------------------------------------------------------------


def test_models_are_listed_refused_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOCORE_MODELS", str(tmp_path / "models"))
    assert run("models", "list", "--json").document["models"] == []
    (tmp_path / "forest.yaml").write_text("%YAML:1.0\n")
    refused = run("models", "add", tmp_path / "forest.yaml")
    assert refused.code == ExitCode.ERROR
    assert "forest.yaml" in refused.err
    assert run("models", "remove", "nfiq2/2.3").code == ExitCode.ERROR


# -- what a folder stands for ----------------------------------------------------------------------


def test_a_folder_stands_for_its_pictures_and_with_recursion_for_its_folders(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("b.PNG", "a.tif", "notes.txt", "in/c.wsq"):
        (tmp_path / name).write_bytes(b"x")
    assert [path.name for path in collect([tmp_path], PICTURES)] == ["a.tif", "b.PNG"]
    assert [path.name for path in collect([tmp_path], PICTURES, recursive=True)] == ["a.tif", "b.PNG", "c.wsq"]
    assert collect([tmp_path / "notes.txt"], PICTURES) == [tmp_path / "notes.txt"]


@pytest.mark.parametrize(
    ("name", "position"),
    [
        ("0001_Right_Index.png", FingerPosition.RIGHT_INDEX),
        ("leftthumb.png", FingerPosition.LEFT_THUMB),
        ("LEFT-LITTLE (2).tif", FingerPosition.LEFT_LITTLE),
        ("101_1.tif", FingerPosition.UNKNOWN),
        ("bright_ring.png", FingerPosition.UNKNOWN),
    ],
)
def test_a_file_name_is_asked_for_the_finger(name: str, position: FingerPosition) -> None:
    assert position_of(Path(name)) is position


def test_a_thousand_ppi_picture_is_drawn_where_its_minutiae_are(prints: Path, tmp_path: Path) -> None:
    pixels = read_image(prints / "a1_right_index.png").pixels
    write_png(tmp_path / "big.png", np.repeat(np.repeat(pixels, 2, axis=0), 2, axis=1), 1000.0)
    assert run("extract", tmp_path / "big.png", "--ppi", "1000", "--picture", tmp_path / "m.png").code == 0
    assert size_of(tmp_path / "m.png") == (800, 1000)


def test_a_print_without_a_template_is_named_on_either_side(prints: Path, tmp_path: Path) -> None:
    blank = tmp_path / "blank.png"
    write_png(blank, np.full((500, 400), 255, np.uint8), 500.0)
    for pair in ((blank, prints / "a1_right_index.png"), (prints / "a1_right_index.png", blank)):
        result = run("compare", *pair)
        assert result.code == ExitCode.INPUT
        assert str(blank) in result.err
