"""The demo's eyes: one that came twice is found, the cloudy one is fused of several pictures, both are kept.

Told of painted eyes in place of a camera's, and, where the virtual camera is installed, of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from biocore.eye_records import read_eyes
from biocore.iris import Chosen
from biocore.report import Advice
from biocore.types import EyePosition, Frame, Modality, Sample
from biocore_bindings import cli_demo_eyes, demo, demo_eyes
from biocore_bindings.cli_demo import _Teller
from biocore_bindings.terminal import Answer
from cli_support import run
from painted_eyes import Eye, paint

PERSON = Eye(lid=0.95)
CLOUDY = {"haze": 0.7}  # mildly: how a painted eye is scored is no matter of the demo


def painted(
    came: EyePosition,
    asked: EyePosition,
    count: int,
    impression: int = 1,
    seed: int = demo.RESIDENT,
    sequence: str | None = None,
) -> list[Sample]:
    """Paint what the virtual camera would capture."""
    person = PERSON.but(seed=seed % 1000 + 10 * int(came))
    if came is demo_eyes.CLOUDY_EYE and sequence is None:
        person = person.but(**CLOUDY)
    moved = [person.but(centre=(318.0 + (impression + k) % 5, 250.0 + k % 3), roll=0.5 * k) for k in range(count)]
    return [Sample(Frame(paint(each), None, "painted"), Modality.IRIS, asked) for each in moved]


@pytest.fixture
def teller(monkeypatch: pytest.MonkeyPatch) -> _Teller:
    monkeypatch.setattr(demo_eyes, "_captures", painted)
    return _Teller(Answer("demo", as_json=True), "en")


def test_the_eye_that_came_twice_is_found_and_the_cloudy_one_fused(teller: _Teller, tmp_path: Path) -> None:
    eyes = cli_demo_eyes.enrol(teller)
    cli_demo_eyes.tell_later(teller, eyes)
    said: dict[str, Any] = teller.answer._document
    (mixup,) = said["eye_mixups"]
    assert (mixup["first"], mixup["second"], mixup["match"]) == ("right", "left", True)
    right, left = eyes
    assert right.fused is None
    assert Advice.SEVERAL_PICTURES not in right.attempts[-1].report.advice
    assert Advice.SEVERAL_PICTURES in left.attempts[-1].report.advice
    assert left.fused is not None
    assert [entry["fused"] for entry in said["eyes"]] == [0, len(left.kept)]
    assert len(left.kept) == 3
    assert {who: entry["match"] for who, entry in said["eye_verification"].items()} == {
        "resident": True,
        "stranger": False,
    }
    assert demo_eyes.mixups(eyes) == []
    path, what = cli_demo_eyes.write_record(eyes, tmp_path)
    assert [each.position for each in read_eyes(path.read_bytes())] == [EyePosition.RIGHT] + [EyePosition.LEFT] * 3
    assert "4 pictures" in what
    shown = cli_demo_eyes.entries(teller, eyes)
    assert [entry.eye is not None for entry in shown] == [True] * 5
    assert "right eye had come in its place" in shown[1].note
    assert "8 pictures" in shown[2].note


def test_a_burst_that_shows_nothing_is_told_and_stops_nothing(
    teller: _Teller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = painted

    def closed(came: EyePosition, asked: EyePosition, count: int, **more: Any) -> list[Sample]:
        if count == demo_eyes.BURST:
            return [Sample(Frame(paint(PERSON.but(lid=-1.5))), Modality.IRIS, asked)] * count
        return real(came, asked, count, **more)

    monkeypatch.setattr(demo_eyes, "_captures", closed)
    eyes = cli_demo_eyes.enrol(teller)
    assert eyes[1].fused is None
    assert eyes[1].kept == list[Chosen]()
    assert cli_demo_eyes.write_record(eyes, tmp_path)[0].is_file()


@pytest.mark.skipif(not demo_eyes.camera_there(), reason="no virtual camera is installed")
def test_the_virtual_residents_eyes_are_enrolled_and_recognised(tmp_path: Path) -> None:
    result = run("demo", "--out", tmp_path, "--json")
    assert (result.code, result.err) == (0, "")
    eyes = {eye["name"]: eye for eye in result.document["eyes"]}
    assert list(eyes) == ["right", "left"]
    cloudy, clear = (eyes[name]["attempts"][-1] for name in ("left", "right"))
    assert cloudy["causes"][0]["name"] == "CLOUDY"
    assert "CLOUDY" not in [cause["name"] for cause in clear["causes"]]
    assert 25 <= cloudy["score"] <= clear["score"] - 5
    assert eyes["right"]["fused"] == 0
    assert eyes["left"]["fused"] > 1
    assert [mixup["second"] for mixup in result.document["eye_mixups"]] == ["left"]
    found = {who: entry["match"] for who, entry in result.document["eye_verification"].items()}
    assert found == {"resident": True, "stranger": False}
    assert len(read_eyes((tmp_path / "eyes.iir").read_bytes())) == 1 + eyes["left"]["fused"]
