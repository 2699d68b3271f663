"""The virtual iris camera: eyes of one person, previews, and every fault on demand."""

from __future__ import annotations

import numpy as np
import pytest

import biocore
from biocore.errors import (
    DeviceNotFoundError,
)
from biocore.hal import Device, Event, EventKind
from biocore.iris import synth
from biocore.types import EyePosition, IrisTemplate, Modality, Sample
from biocore_drivers.virtual import driver

QUICK = "arrival=0&interval=0&previews=0&width=96&height=72"
SIZE = (96, 72)


def camera(query: str) -> Device:
    return driver.open(f"virtual:iris?{query}")


@pytest.mark.parametrize("side", ["left", "right"])
def test_frames_are_the_generator_s_pictures_one_after_another(side: str) -> None:
    with camera(f"{QUICK}&seed=7&impression=3&eye={side}") as device:
        for seed in (3, 4):
            frame = device.capture()
            assert np.array_equal(frame.pixels, synth.impression(7, seed, size=SIZE, side=side))
            assert frame.ppi is None
            assert device.info.modality is Modality.IRIS


def test_an_eye_comes_after_the_other_where_they_are_shown_in_turn() -> None:
    with camera(f"{QUICK}&seed=7&impression=3&eye=turn") as device:
        for seed, side in ((3, "left"), (4, "right"), (5, "left")):
            expected = synth.impression(7, seed, size=SIZE, side=side)
            assert np.array_equal(device.capture().pixels, expected)


def test_the_sequence_says_what_each_capture_meets_and_its_last_word_stays() -> None:
    with camera(f"{QUICK}&sequence=cloudy:0.9,GOOD") as device:
        frames = [device.capture().pixels for _ in range(3)]
    expected = [synth.defect("CLOUDY", 0.9), synth.Conditions(), synth.Conditions()]
    for seed, (pixels, conditions) in enumerate(zip(frames, expected, strict=True), 1):
        assert np.array_equal(pixels, synth.impression(1, seed, conditions, SIZE))


def test_defect_and_severity_are_short_for_a_sequence() -> None:
    with camera(f"{QUICK}&defect=LID&severity=0.4") as short, camera(f"{QUICK}&sequence=LID:0.4") as long:
        assert np.array_equal(short.capture().pixels, long.capture().pixels)


def test_previews_show_the_eye_come_closer_and_into_focus() -> None:
    frames = []

    def keep(event: Event) -> None:
        if event.kind in (EventKind.PREVIEW, EventKind.CAPTURED) and event.frame is not None:
            frames.append(event.frame.pixels)

    with camera("arrival=0&interval=0&previews=3&sequence=GOOD") as device:
        device.listen(keep)
        device.capture()
    reports = [biocore.assess(Sample(biocore.Frame(pixels), Modality.IRIS)) for pixels in frames]
    radii = [report.measures["iris_radius"].native or 0.0 for report in reports]
    assert len(frames) == 4
    assert radii == sorted(radii)
    assert radii[0] < 0.85 * radii[-1]
    assert (reports[0].measures["sharpness"].native or 0.0) < (reports[-1].measures["sharpness"].native or 0.0)


def test_two_captures_of_one_eye_are_enrolled_and_verified() -> None:
    with camera("arrival=0&previews=0&seed=5&eye=right") as device:
        frames = [device.capture() for _ in range(2)]
    first, second = (biocore.extract(Sample(frame, Modality.IRIS, EyePosition.RIGHT)) for frame in frames)
    assert isinstance(first, IrisTemplate)
    assert biocore.compare(first, second).score > 100.0


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("finger=1", "unknown parameter finger"),
        ("ppi=500", "unknown parameter ppi"),
        ("seed=-1", "seed must be"),
        ("eye=third", "left or right"),
        ("width=20", "width must be"),
        ("sequence=DRY", "no defect"),
        ("sequence=LID:2", "severity of LID"),
        ("defect=LID&sequence=GAZE", "exclude"),
        ("fail=no_finger:1", "no fault"),
    ],
)
def test_a_wrong_parameter_is_named(query: str, word: str) -> None:
    with pytest.raises(DeviceNotFoundError, match=word):
        camera(query)


def test_it_is_listed() -> None:
    found = {info.uri: info for info in driver.devices()}
    assert found["virtual:iris"].window == (640, 480)
    assert found["virtual:iris"].ppi is None
