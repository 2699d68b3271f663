"""Recorded conversations: the recorded picture and no other, whatever happens at whichever packet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import biocore
from biocore.certify import sweep
from biocore.discovery import open_device, registry
from biocore.errors import (
    BiocoreError,
    DeviceError,
    DeviceNotFoundError,
    DeviceProtocolError,
    DeviceUnsupportedError,
    InvalidSampleError,
)
from biocore.fingerprint.scale import NOMINAL_PPI, TOLERANCE_PPI
from biocore.formats.images import read_image
from biocore.hal import ENROLMENT_PPI, Device, EventKind
from biocore.types import GreyImage, Modality
from biocore_drivers.job import Job
from biocore_drivers.recording import load
from biocore_drivers.replay_transport import FaultKind, ReplayTransport
from biocore_drivers.transport import Situation, VirtualClock
from biocore_drivers.uru4000 import MODELS, Uru4000
from usb_conversations import SEED, replay

Recordings = dict[str, tuple[Path, GreyImage]]
NAMES = ("uru4000", "microsoft", "upek", "next1010")
REAL = ("uru4000-4500", "uru4000-msv2", "upektc_img-tcs1s", "nb1010")


@pytest.mark.parametrize("order", ["strict", "relaxed"])
@pytest.mark.parametrize("name", NAMES)
def test_a_conversation_gives_its_picture(recordings: Recordings, name: str, order: str) -> None:
    folder, shown = recordings[name]
    with open_device(replay(folder, f"&order={order}")) as device:
        frame = device.capture(5)
    assert np.array_equal(frame.pixels, shown)
    assert frame.ppi == device.info.ppi
    assert device.info.serial == "TEST-1"


@pytest.mark.parametrize("order", ["strict", "relaxed"])
@pytest.mark.parametrize("name", REAL)
def test_a_real_recording_gives_the_picture_that_came_with_it(shared: Path, name: str, order: str) -> None:
    folder = shared / "data" / "usb" / name
    expected, _, _ = read_image(folder / "capture.png")
    with open_device(f"replay:{folder}?seed=0x51ea2124&order={order}") as device:
        assert np.array_equal(device.capture(5).pixels, expected)


def test_the_driver_makes_the_whole_recorded_conversation_and_nothing_else(recordings: Recordings) -> None:
    recording = load(recordings["uru4000"][0])
    clock = VirtualClock()
    transport = ReplayTransport(recording, Situation("test:uru4000"), clock, seed=SEED)
    job = Job(transport.situation, clock, 60.0)
    reader = Uru4000(transport, MODELS[1])
    reader.start(job)
    reader.capture(job)
    assert reader.lifted()
    assert len(transport.leftover) == 1
    reader.stop()
    assert transport.leftover == []


@pytest.mark.parametrize("name", NAMES)
def test_a_fault_at_any_packet_never_gives_a_wrong_picture_and_is_over_afterwards(
    recordings: Recordings, name: str
) -> None:
    folder, _ = recordings[name]
    count = load(folder).count
    chunks = range(60, count - 12) if name in ("upek", "next1010") else range(0)  # of a picture, one like the other
    found = sweep(registry().device, replay(folder), wanted=lambda index: index not in chunks or index % 5 == 0)
    assert found.wrong == []
    assert set(found.outcomes) == set(FaultKind)
    expected = {
        FaultKind.STALL: "DeviceStalledError",
        FaultKind.SHORT: "DeviceProtocolError",
        FaultKind.DISCONNECT: "DeviceDisconnectedError",
        FaultKind.GARBAGE: "DeviceProtocolError",
    }
    for kind, error in expected.items():
        assert error in found.outcomes[kind], (kind, found.outcomes[kind])
    assert set(found.outcomes[FaultKind.HANG]) & {"DeviceTimeoutError", "SubjectTimeoutError"}
    assert "DeviceDisconnectedError" not in found.outcomes[FaultKind.STALL] | found.outcomes[FaultKind.HANG]
    assert {"awaiting the finger", "acquiring"} <= set(found.states)


def test_the_next_capture_waits_for_the_finger_to_go(recordings: Recordings) -> None:
    kinds: list[EventKind] = []
    with open_device(replay(recordings["uru4000"][0])) as device:
        device.listen(lambda event: kinds.append(event.kind))
        for _ in range(3):
            device.capture(5)
    assert kinds.count(EventKind.CAPTURED) == 3
    assert kinds.count(EventKind.WAITING) == 3


def test_another_seed_departs_from_the_recording(recordings: Recordings) -> None:
    with (
        open_device(f"replay:{recordings['uru4000'][0]}?seed=1") as device,
        pytest.raises(DeviceProtocolError, match=r"departs from the recording at packet \d+.*seed="),
    ):
        device.capture(5)


def test_an_index_beyond_the_end_is_named(recordings: Recordings) -> None:
    folder, _ = recordings["uru4000"]
    count = load(folder).count
    with pytest.raises(DeviceError, match=f"no such packet: the recording has {count}"):
        open_device(replay(folder, f"&fault=stall:{count}"))
    open_device(replay(folder, f"&fault=stall:{count - 1}")).close()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("&fault=melt:1", "kind of fault"),
        ("&fault=stall", "index of a fault"),
        ("&fault=stall:-1", "index of a fault"),
        ("&order=any", "order must be one of strict, relaxed"),
        ("&speed=2", "unknown parameter speed"),
    ],
)
def test_an_impossible_parameter_is_named(recordings: Recordings, more: str, message: str) -> None:
    with pytest.raises(DeviceNotFoundError, match=message):
        open_device(replay(recordings["upek"][0], more))


@pytest.mark.parametrize("seed", ["0x", "0x1ffffffff", "-1", "zwei"])
def test_an_impossible_seed_is_named(recordings: Recordings, seed: str) -> None:
    with pytest.raises(DeviceNotFoundError, match="seed must be a whole number"):
        open_device(f"replay:{recordings['upek'][0]}?seed={seed}")


def test_a_folder_without_a_recording_is_named(tmp_path: Path, recordings: Recordings) -> None:
    with pytest.raises(DeviceNotFoundError, match="no recording"):
        open_device(f"replay:{tmp_path}")
    (tmp_path / "device").write_text("A: idVendor=05ba\nA: idProduct=000a\n")
    with pytest.raises(DeviceNotFoundError, match="holds no traffic"):
        open_device(f"replay:{tmp_path}")
    (tmp_path / "capture.pcapng").write_bytes(b"not what it says")
    with pytest.raises(DeviceNotFoundError, match="is no pcapng"):
        open_device(f"replay:{tmp_path}")
    with pytest.raises(DeviceNotFoundError, match="no recording"):
        open_device("replay:/no%00where")


def test_a_device_that_nobody_serves_is_named(tmp_path: Path, recordings: Recordings) -> None:
    content = (recordings["upek"][0] / "capture.pcapng").read_bytes()
    (tmp_path / "capture.pcapng").write_bytes(content)
    (tmp_path / "device").write_text("A: idVendor=dead\nA: idProduct=beef\n")
    with pytest.raises(DeviceUnsupportedError, match="no driver serves what was recorded, dead:beef"):
        open_device(f"replay:{tmp_path}")


@pytest.mark.parametrize(
    ("ids", "reason"), [(("06cb", "00bd"), "match-on-chip"), (("08ff", "2580"), "swipe"), (("08ff", "5731"), "small")]
)
def test_a_sensor_of_no_use_is_recognised_and_refused_with_its_reason(
    tmp_path: Path, recordings: Recordings, ids: tuple[str, str], reason: str
) -> None:
    (tmp_path / "capture.pcapng").write_bytes((recordings["upek"][0] / "capture.pcapng").read_bytes())
    (tmp_path / "device").write_text(f"A: idVendor={ids[0]}\nA: idProduct={ids[1]}\n")
    with pytest.raises(DeviceUnsupportedError, match=reason):
        open_device(f"replay:{tmp_path}")


@pytest.mark.parametrize(("name", "reason"), [("synaptics", "match-on-chip"), ("aes2501", "swipe")])
def test_real_sensors_of_no_use_are_refused(shared: Path, name: str, reason: str) -> None:
    with pytest.raises(DeviceUnsupportedError, match=reason):
        open_device(f"replay:{shared}/data/usb/{name}")


def test_only_readers_of_490_ppi_may_enrol(recordings: Recordings) -> None:
    def info(name: str) -> Device:
        return registry().load("replay").open(replay(recordings[name][0]))

    assert info("uru4000").info.unfit == ""
    assert "381 ppi are below the 490" in info("upek").info.unfit
    assert "385 ppi" in info("next1010").info.unfit


def test_nothing_but_named_errors_leaves_a_driver_that_stumbles(
    recordings: Recordings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(self: Uru4000, raw: bytes) -> GreyImage:
        raise IndexError("list index out of range")

    monkeypatch.setattr(Uru4000, "_decode", stumble)
    with open_device(replay(recordings["uru4000"][0])) as device:
        with pytest.raises(BiocoreError, match="IndexError") as caught:
            device.capture(5)
        assert isinstance(caught.value, DeviceProtocolError)
        assert isinstance(caught.value.__cause__, IndexError)
    assert "stumbled" in caplog.text


def test_a_picture_below_the_resolution_of_enrolment_is_refused_by_name(recordings: Recordings) -> None:
    with open_device(replay(recordings["upek"][0])) as device:
        frame = device.capture(5)
    with pytest.raises(InvalidSampleError, match="381"):
        biocore.assess(biocore.Sample(frame, Modality.FINGER))
    assert ENROLMENT_PPI == NOMINAL_PPI - TOLERANCE_PPI
