"""The virtual scanner: prints of one finger, previews, and every fault on demand."""

from __future__ import annotations

import time

import numpy as np
import pytest

from biocore.errors import (
    DeviceNotFoundError,
    SubjectTimeoutError,
)
from biocore.fingerprint import synth
from biocore.hal import Device, Event, EventKind
from biocore_drivers.virtual import driver

QUICK = "arrival=0&interval=0&previews=0&width=96&height=96"


def scanner(query: str) -> Device:
    return driver.open(f"virtual:finger?{query}")


def test_frames_are_the_generator_s_impressions_one_after_another() -> None:
    with scanner(f"{QUICK}&finger=7&impression=3") as device:
        for seed in (3, 4, 5):
            expected = synth.impression(7, seed, size=(96, 96))
            frame = device.capture()
            assert np.array_equal(frame.pixels, expected)
            assert frame.ppi == 500.0


def test_a_finger_comes_after_the_other_where_they_are_shown_in_turn() -> None:
    with scanner(f"{QUICK}&finger=7&impression=3&turn=yes") as device:
        for number in range(3):
            expected = synth.impression(7 + number, 3 + number, size=(96, 96))
            assert np.array_equal(device.capture().pixels, expected)


def test_the_sequence_says_what_each_capture_meets_and_its_last_word_stays() -> None:
    with scanner(f"{QUICK}&sequence=dry:0.9,GOOD") as device:
        frames = [device.capture().pixels for _ in range(3)]
    expected = [synth.defect("DRY", 0.9), synth.Conditions(), synth.Conditions()]
    for seed, (pixels, conditions) in enumerate(zip(frames, expected, strict=True), 1):
        assert np.array_equal(pixels, synth.impression(1, seed, conditions, (96, 96)))


def test_defect_and_severity_are_short_for_a_sequence() -> None:
    with scanner(f"{QUICK}&defect=WET&severity=0.4") as short, scanner(f"{QUICK}&sequence=WET:0.4") as long:
        assert np.array_equal(short.capture().pixels, long.capture().pixels)


def test_the_window_and_resolution_are_those_asked_for() -> None:
    with scanner("arrival=0&previews=0&width=300&height=200&ppi=1000") as device:
        assert (device.info.window, device.info.ppi) == ((300, 200), 1000.0)
        frame = device.capture()
    assert frame.pixels.shape == (200, 300)
    assert frame.ppi == 1000.0


def test_previews_show_the_contact_grow() -> None:
    frames = []

    def keep(event: Event) -> None:
        if event.kind in (EventKind.PREVIEW, EventKind.CAPTURED) and event.frame is not None:
            frames.append(event.frame.pixels)

    with scanner("arrival=0&interval=0&previews=3&sequence=GOOD") as device:
        device.listen(keep)
        device.capture()
    dark = [int((pixels < 128).sum()) for pixels in frames]
    assert len(dark) == 4
    assert dark == sorted(dark)
    assert dark[0] < 0.5 * dark[-1]


def test_the_finger_arrives_when_it_is_said_to() -> None:
    with scanner(f"{QUICK.replace('arrival=0', 'arrival=0.2')}") as device:
        device.capture()  # grows the finger, which takes time of its own
        start = time.monotonic()
        device.capture()
        assert time.monotonic() - start >= 0.2
        with pytest.raises(SubjectTimeoutError):
            device.capture(timeout=0.05)


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("colour=red", "unknown parameter colour"),
        ("finger=-1", "finger must be"),
        ("finger=seven", "finger must be"),
        ("finger=٣", "finger must be"),
        ("finger=99999999999999999999", "finger must be"),
        ("width=8", "width must be"),
        ("turn=2", "turn must be"),
        ("ppi=nan", "ppi must be"),
        ("ppi=1e9", "ppi must be"),
        ("arrival=-1", "arrival must be"),
        ("sequence=CROOKED", "no defect"),
        ("sequence=DRY:2", "severity of DRY"),
        ("sequence=", "no defect"),
        ("defect=DRY&sequence=WET", "exclude"),
        ("fail=fire:1", "no fault"),
        ("fail=busy", "number of busy"),
        ("fail=busy:0", "number of busy"),
        ("finger=1&finger=2", "twice"),
        ("finger", "malformed"),
    ],
)
def test_a_wrong_parameter_is_named(query: str, word: str) -> None:
    with pytest.raises(DeviceNotFoundError, match=word):
        scanner(query)


def test_another_address_is_refused() -> None:
    with pytest.raises(DeviceNotFoundError, match="virtual:finger"):
        driver.open("virtual:toe")
    assert driver.claims("virtual:toe")
    assert not driver.claims("virtually:finger")
