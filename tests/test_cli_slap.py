"""`biocore slap`: fingers cut out and named where the other commands look, or the count that was wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import biocore
from biocore.fingerprint import synth_slap
from biocore.fingerprint.synth_slap import SlapConditions, SyntheticSlap
from biocore.formats.images import write_png
from biocore.types import FingerPosition
from biocore_bindings.drawing import slap_picture
from biocore_bindings.terminal import ExitCode
from cli_support import run

NAMES = ["right-index", "right-middle", "right-ring", "right-little"]


@pytest.fixture(scope="module")
def whole() -> SyntheticSlap:
    return synth_slap.compose(3, 1, biocore.SlapKind.RIGHT_FOUR)


@pytest.fixture(scope="module")
def slaps(whole: SyntheticSlap, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of two slaps of one right hand: whole, and without its ring finger."""
    folder = tmp_path_factory.mktemp("slaps")
    three = synth_slap.compose(3, 1, biocore.SlapKind.RIGHT_FOUR, SlapConditions(missing=(FingerPosition.RIGHT_RING,)))
    for name, scan in (("four", whole), ("three", three)):
        write_png(folder / f"{name}.png", scan.pixels, 500.0)
    return folder


def test_each_finger_becomes_a_picture_that_the_other_commands_name_rightly(slaps: Path, tmp_path: Path) -> None:
    result = run("slap", slaps / "four.png", "--kind", "right-four", "--out", tmp_path / "new" / "out", "--json")
    assert (result.code, result.err) == (ExitCode.OK, "")
    document = result.document
    assert [finger["position"] for finger in document["fingers"]] == NAMES
    assert document["written"] == [str(tmp_path / "new" / "out" / f"four_{name}.png") for name in NAMES]
    for path, finger in zip(document["written"], document["fingers"], strict=True):
        with Image.open(path) as image:
            assert image.size == (finger["width"], finger["height"])
    scored = run("assess", tmp_path / "new" / "out", "--json").document["results"]
    assert sorted(entry["position"] for entry in scored) == sorted(NAMES)
    assert all(entry["score"] is not None for entry in scored)


def test_the_json_has_its_documented_keys(slaps: Path, tmp_path: Path) -> None:
    drawn = tmp_path / "boxes.png"
    document = run("slap", slaps / "four.png", "--json", "--picture", drawn).document
    assert list(document) == [
        *("biocore", "command", "file", "kind", "hand", "hand_confidence", "rotation", "warnings"),
        *("fingers", "written", "picture"),
    ]
    assert (document["kind"], document["hand"], document["written"]) == ("right-four", "right", [])
    assert list(document["fingers"][0]) == ["position", "confidence", "width", "height", "corners"]
    with Image.open(drawn) as image:
        assert image.size == (1600, 1500)


def test_a_missing_finger_is_expected_where_it_was_entered_and_told_where_it_was_not(slaps: Path) -> None:
    entered = run("slap", slaps / "three.png", "--kind", "right-four", "--missing", "right-ring", "--json")
    assert [finger["position"] for finger in entered.document["fingers"]] == [n for n in NAMES if n != "right-ring"]
    told = run("slap", slaps / "three.png", "--kind", "right-four", "--json")
    assert told.code == ExitCode.INPUT
    assert (told.document["found"], told.document["expected"]) == (3, 4)
    assert told.document["error"]["type"] == "SlapError"
    assert "three.png: 3 fingers found where 4 were expected" in told.err


def test_people_get_a_table_and_are_warned_of_the_other_hand(slaps: Path) -> None:
    right = run("slap", slaps / "four.png", "--kind", "right-four")
    assert [line.split()[0] for line in right.out.splitlines()[1:5]] == NAMES
    assert "Note: " not in right.out
    wrong = run("slap", slaps / "four.png", "--kind", "left-four")
    assert wrong.code == ExitCode.OK
    assert "Note: the finger tips lie as those of the other hand do" in " ".join(wrong.out.split())


def test_a_folder_that_cannot_be_made_is_3(slaps: Path) -> None:
    result = run("slap", slaps / "four.png", "--out", slaps / "four.png" / "below")
    assert result.code == ExitCode.INPUT
    assert "cannot be written" in result.err


def test_the_boxes_are_drawn_where_the_fingers_lie(whole: SyntheticSlap) -> None:
    slap = biocore.segment_slap(whole.pixels, biocore.SlapKind.RIGHT_FOUR, ppi=500)
    picture = slap_picture(whole.pixels, slap)
    assert picture.shape == (*whole.pixels.shape, 3)
    coloured = np.ptp(picture.astype(int), axis=2) > 40
    for finger in slap.fingers:
        left, right = np.array(finger.corners[0]), np.array(finger.corners[1])
        x, y = np.rint((left + right) / 2).astype(int)
        assert coloured[y - 3 : y + 4, x - 3 : x + 4].all()  # the bar at the tip
        x, y = np.rint(finger.box.centre).astype(int)
        assert not coloured[y - 20 : y + 20, x - 20 : x + 20].any()
