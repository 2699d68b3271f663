"""The front: what `load` believes and refuses, and that an error names the picture it concerns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import biocore
from biocore.errors import ExtractionError, FormatError, InvalidSampleError
from biocore.formats.images import write_png
from biocore.types import EyePosition, FingerPosition, Frame, Modality, Sample


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    """Picture without a ridge, tagged 500 ppi."""
    path = tmp_path / "flat.png"
    write_png(path, np.full((300, 300), 200, np.uint8), 500.0)
    return path


def test_a_file_becomes_a_sample_with_its_tag_and_its_finger(flat: Path) -> None:
    sample = biocore.load(flat, "finger", position=FingerPosition.LEFT_RING)
    assert (sample.ppi, sample.position, sample.source) == (500.0, FingerPosition.LEFT_RING, str(flat))
    assert biocore.load(flat.read_bytes(), Modality.FINGER).position is FingerPosition.UNKNOWN
    assert biocore.load(flat, "iris").position is EyePosition.UNKNOWN


def test_a_path_that_cannot_be_read_is_a_format_error_that_names_it(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.png", tmp_path):
        with pytest.raises(FormatError) as caught:
            biocore.load(path, "finger", ppi=500)
        assert str(path) in str(caught.value)


@pytest.mark.parametrize("tag", [None, 72.0, 300.0])
def test_a_finger_whose_file_knows_no_scanner_resolution_needs_one(tag: float | None, tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    write_png(path, np.zeros((40, 30), np.uint8), tag)
    with pytest.raises(InvalidSampleError, match=r"x\.png: .*pass ppi="):
        biocore.load(path, "finger")
    assert biocore.load(path, "finger", ppi=500).ppi == 500.0


@pytest.mark.parametrize(
    ("modality", "position"),
    [
        ("finger", EyePosition.LEFT),
        ("iris", FingerPosition.LEFT_RING),
        ("finger", 0),
        ("finger", ""),
        ("finger", "right-index"),
        ("finger", False),
        ("toe", None),
    ],
)
def test_a_wrong_word_for_a_finger_or_eye_is_refused_not_dropped(modality: Any, position: Any, flat: Path) -> None:
    with pytest.raises(InvalidSampleError, match=r"flat\.png: "):
        biocore.load(flat, modality, position=position)


@pytest.mark.parametrize("effort", ["fast", "robust"])
def test_an_extraction_that_fails_names_the_picture(effort: Any, flat: Path) -> None:
    with pytest.raises(ExtractionError, match=r"flat\.png: .*region"):
        biocore.extract(biocore.load(flat, "finger"), effort)
    blank = Sample(Frame(np.full((200, 200), 255, np.uint8), 500.0, "virtual:finger"), Modality.FINGER)
    with pytest.raises(ExtractionError, match=r"^virtual:finger: "):
        biocore.extract(blank, effort)


def test_a_picture_without_an_eye_is_refused_by_name_and_reported_without_a_score(flat: Path) -> None:
    eye = biocore.load(flat, "iris")
    report = biocore.assess(eye)
    assert report.score is None
    assert report.reason
    with pytest.raises(ExtractionError, match=r"flat\.png: .*iris"):
        biocore.extract(eye)


@pytest.mark.parametrize("thing", [None, "print.png", np.zeros((5, 5), np.uint8), Frame(np.zeros((5, 5), np.uint8))])
def test_what_is_no_sample_is_refused_with_how_one_is_made(thing: Any) -> None:
    for function in (biocore.assess, biocore.extract):
        with pytest.raises(InvalidSampleError, match=r"expected a sample, not .*biocore\.load"):
            function(thing)


def test_fewer_than_one_thread_is_refused_whatever_they_are_for(flat: Path) -> None:
    sample = biocore.load(flat, "finger", ppi=500)
    for threads in (0, -1):
        with pytest.raises(ValueError, match="threads must be at least 1"):
            biocore.extract(sample, threads=threads)


@pytest.mark.parametrize("timeout", [None, "5", 0, float("nan")])
def test_a_timeout_that_is_no_time_is_refused_by_name_and_the_next_capture_works(timeout: Any) -> None:
    with biocore.open_device("virtual:finger?sequence=GOOD") as scanner:
        with pytest.raises(InvalidSampleError, match="timeout must be a positive number of seconds"):
            scanner.capture(timeout)
        assert scanner.capture(10).pixels.size
