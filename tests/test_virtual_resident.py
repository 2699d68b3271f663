"""A whole person before the virtual devices: each finger its own, and what befalls them."""

from __future__ import annotations

import numpy as np
import pytest

from biocore.discovery import open_device
from biocore.errors import DeviceDisconnectedError, DeviceNotFoundError, DeviceUnsupportedError
from biocore.fingerprint import synth
from biocore.hal import Event, EventKind
from biocore.iris import synth as iris_synth
from biocore.types import EyePosition, FingerPosition

QUICK = "arrival=0&interval=0&previews=0&sequence=GOOD"
SLAP = f"virtual:finger?finger=100&slap=yes&width=96&height=96&{QUICK}"
EYES = f"virtual:iris?seed=100&eye=both&{QUICK}"
F = FingerPosition


def test_each_finger_of_a_slap_is_its_own() -> None:
    heard: list[Event] = []
    with open_device(SLAP) as scanner:
        scanner.listen(heard.append)
        parts = scanner.capture_parts([F.RIGHT_INDEX, F.RIGHT_RING])
    assert [part.position for part in parts] == [F.RIGHT_INDEX, F.RIGHT_RING]
    for part in parts:
        expected = synth.impression(100 + part.position.value, 1, synth.Conditions(), size=(96, 96))
        assert np.array_equal(part.frame.pixels, expected)
    assert [event.detail for event in heard if event.kind is EventKind.CAPTURED] == ["RIGHT_INDEX", "RIGHT_RING"]


def test_fingers_of_two_hands_are_not_shown_together_and_a_plain_scanner_shows_one() -> None:
    with open_device(SLAP) as scanner, pytest.raises(DeviceUnsupportedError, match="together"):
        scanner.capture_parts([F.RIGHT_INDEX, F.LEFT_INDEX])
    with open_device(f"virtual:finger?{QUICK}") as scanner:
        assert scanner.info.groups == ()
        with pytest.raises(DeviceUnsupportedError, match="one finger at a time"):
            scanner.capture_parts([F.RIGHT_INDEX, F.RIGHT_RING])


def test_what_befalls_a_finger_happens_once_and_to_that_one() -> None:
    with open_device(f"{SLAP}&poor=right_index:DRY:1&swap=right_ring:right_index") as scanner:
        shown = [
            {part.position: part.frame.pixels for part in scanner.capture_parts([F.RIGHT_INDEX, F.RIGHT_RING])}
            for _ in range(2)
        ]
    dry = synth.impression(102, 1, synth.defect("DRY", 1.0), size=(96, 96))
    good = [synth.impression(102, number, synth.Conditions(), size=(96, 96)) for number in (1, 2)]
    assert np.array_equal(shown[0][F.RIGHT_INDEX], dry)
    assert np.array_equal(shown[1][F.RIGHT_INDEX], good[1])
    assert np.array_equal(shown[0][F.RIGHT_RING], good[0])  # the index finger came in its place
    assert not np.array_equal(shown[1][F.RIGHT_RING], good[1])


def test_both_eyes_are_the_person_s() -> None:
    with open_device(f"{EYES}&poor=left:LID:0.9") as camera:
        right, left = camera.capture_parts([EyePosition.RIGHT, EyePosition.LEFT])
    assert np.array_equal(right.frame.pixels, iris_synth.render(100, 1, iris_synth.Conditions(), side="right").pixels)
    lid = iris_synth.defect("LID", 0.9)
    assert np.array_equal(left.frame.pixels, iris_synth.render(100, 1, lid, side="left").pixels)


def test_faults_strike_slaps_too() -> None:
    with open_device(f"{SLAP}&fail=disconnect:1") as scanner, pytest.raises(DeviceDisconnectedError):
        scanner.capture_parts([F.RIGHT_INDEX])


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        (f"{SLAP}&poor=nose:DRY:1", "no position 'nose'"),
        (f"{SLAP}&poor=right_index:GREEN:1", "GREEN"),
        (f"{SLAP}&poor=right_index:DRY:2", "severity"),
        (f"{SLAP}&swap=right_index", "no position ''"),
        (f"virtual:finger?{QUICK}&poor=right_index:DRY:1", "slap=yes"),
        ("virtual:finger?slap=maybe", "slap"),
        (f"{EYES}&swap=left:middle", "no position 'middle'"),
    ],
)
def test_who_cannot_be_is_refused_by_name(uri: str, says: str) -> None:
    with pytest.raises(DeviceNotFoundError, match=says):
        open_device(uri)
