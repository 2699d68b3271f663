"""How long the machine has to do with a picture of a USB scanner: decryption, and a whole conversation played."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import usb_conversations
from biocore.discovery import open_device
from biocore_drivers.uru4000_cipher import decrypt

FRAME = 384 * 290  # bytes of a U.are.U's picture


@pytest.mark.benchmark(group="usb", timer=time.process_time)
def test_time_of_decrypting_a_frame(benchmark: BenchmarkFixture) -> None:
    plain = usb_conversations.picture(290, 384).ravel()
    cipher = np.frombuffer(usb_conversations.encrypted(plain.tobytes(), 0x13572468), np.uint8)
    shown = benchmark(decrypt, cipher, 0x13572468)
    assert shown.shape == (FRAME,)
    assert np.array_equal(shown[:-1], plain[:-1])


@pytest.mark.parametrize("name", ["uru4000", "upek", "next1010"])
@pytest.mark.benchmark(group="usb", timer=time.process_time)
def test_time_of_a_conversation(benchmark: BenchmarkFixture, tmp_path: Path, name: str) -> None:
    folder, shown = getattr(usb_conversations, name)(tmp_path)
    with open_device(usb_conversations.replay(folder)) as device:
        frame = benchmark(device.capture, 5.0)
    assert np.array_equal(frame.pixels, shown)
