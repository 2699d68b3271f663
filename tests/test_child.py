"""The channel to a process of one's own: frames whole or refused, deadlines held, every end named, nothing left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biocore.certify.cases import belongings, expect_nothing_left
from biocore.errors import (
    DeviceError,
    DeviceProtocolError,
    DeviceSuspendedError,
    DeviceTimeoutError,
    DeviceVendorError,
)
from biocore.hal import State
from biocore_drivers import child
from biocore_drivers.child import Child, Message
from biocore_drivers.child_frames import HEADER, MAGIC, MAX_BYTES, MAX_TEXT, FrameError, Frames, pack
from biocore_drivers.transport import Clock, Situation, VirtualClock
from biocore_drivers.vendor import Plugin, VendorDevice
from biocore_drivers.vendor import driver as vendor

texts = st.dictionaries(st.text(max_size=8), st.none() | st.integers() | st.text(max_size=20), max_size=4)
frames = st.lists(st.tuples(texts.map(lambda more: {**more, "said": "x"}), st.binary(max_size=300)), max_size=5)


# -- frames ------------------------------------------------------------------------------------------------


def read(stream: bytes, cuts: list[int]) -> list[tuple[dict[str, Any], bytes]]:
    """Read a stream that comes in pieces."""
    came, found, at = Frames(), [], 0
    for cut in sorted(min(cut, len(stream)) for cut in [*cuts, len(stream)]):
        came.add(stream[at:cut])
        at = cut
        while (frame := came.next()) is not None:
            found.append(frame)
    return found


@given(frames, st.lists(st.integers(0, 2000), max_size=12))
def test_frames_come_out_as_they_went_in_however_they_are_cut(
    sent: list[tuple[dict[str, Any], bytes]], cuts: list[int]
) -> None:
    assert read(b"".join(pack(*frame) for frame in sent), cuts) == sent


@given(frames, st.integers(1, 5000))
def test_a_stream_that_is_cut_off_gives_its_whole_frames_and_waits(
    sent: list[tuple[dict[str, Any], bytes]], length: int
) -> None:
    found = read(b"".join(pack(*frame) for frame in sent)[:length], [])
    assert found == sent[: len(found)]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_an_error_or_not_yet_enough(noise: bytes) -> None:
    came = Frames()
    came.add(noise)
    try:
        frame = came.next()
    except FrameError:
        return
    assert frame is None
    assert MAGIC.startswith(noise[:4])  # else it would wait for ever for what cannot come


@given(st.binary(min_size=1, max_size=100), st.binary(max_size=20))
def test_any_text_and_bytes_in_a_right_frame_are_a_message_or_an_error(text: bytes, raw: bytes) -> None:
    came = Frames()
    came.add(HEADER.pack(MAGIC, len(text), len(raw)) + text + raw)
    try:
        frame = came.next()
    except FrameError:
        return
    assert frame == (json.loads(text), raw)


@pytest.mark.parametrize(
    "stream",
    [
        b"{}\n",
        b"bcf",
        HEADER.pack(b"bcf2", 2, 0),
        HEADER.pack(MAGIC, MAX_TEXT + 1, 0),
        HEADER.pack(MAGIC, 2, MAX_BYTES + 1),
        HEADER.pack(MAGIC, 2**32 - 1, 2**32 - 1),
        HEADER.pack(MAGIC, 2, 0) + b"{}",
        HEADER.pack(MAGIC, 0, 0),
        HEADER.pack(MAGIC, 10, 0) + b'{"said":1}',
        HEADER.pack(MAGIC, 3, 0) + b"[1]",
        HEADER.pack(MAGIC, 4, 0) + b"\xff\xfe{}",
        HEADER.pack(MAGIC, 60000, 0) + b"[" * 60000,
    ],
)
def test_what_cannot_be_a_frame_is_refused_before_it_has_come_whole(stream: bytes) -> None:
    came = Frames()
    came.add(stream)
    if stream == b"bcf":  # the beginning of a header
        assert came.next() is None
        return
    with pytest.raises(FrameError):
        came.next()


@pytest.mark.parametrize(("text", "raw"), [("x" * MAX_TEXT, 0), ("x", MAX_BYTES + 1)])
def test_what_is_too_long_is_not_sent(text: str, raw: int) -> None:
    with pytest.raises(FrameError, match="too many"):
        pack({"said": text}, bytes(raw))


# -- a process that does as the test says ------------------------------------------------------------------

SERVER = """
import os, signal, socket, sys, time
from biocore_drivers.child_frames import HEADER, MAGIC, Frames, pack
link = socket.socket(fileno=int(sys.argv[-1]))
frames = Frames()
def say(said, raw=b"", **more): link.sendall(pack(dict(said=said, **more), raw))
def heard():
    while (frame := frames.next()) is None:
        came = link.recv(4096)
        if not came: os._exit(0)
        frames.add(came)
    return frame[0]
"""


class Pupil(Child):
    """A process that runs a piece of Python."""

    keeps_words = True

    def __init__(self, program: Path, clock: Clock | None = None) -> None:
        super().__init__((str(program),), "unused", (), Situation("test:child", "capturing"), clock)

    def failure(self, message: Message) -> DeviceError:
        return self.situation.error(DeviceVendorError, f"failed with {message.number('code')}")

    def ended(self, status: int | None, how: str, words: str) -> DeviceError:
        return self.situation.error(DeviceVendorError, f"{how} {status}: {words}")


Runs = Callable[..., Pupil]


@pytest.fixture
def runs(tmp_path: Path) -> Any:
    """Start processes, and end them with the test, without a trace."""
    started: list[Pupil] = []
    before = belongings()

    def start(body: str, clock: Clock | None = None) -> Pupil:
        program = tmp_path / f"pupil{len(started)}"
        program.write_text(f"#!{sys.executable}\n{SERVER}\n{body}\n")
        program.chmod(0o755)
        started.append(Pupil(program, clock))
        return started[-1]

    yield start
    for each in started:
        each.end(gently=False)
        each.end(gently=True)  # legal twice
        assert not each.running
    expect_nothing_left(before)


def test_an_order_is_answered_with_bytes(runs: Runs) -> None:
    pupil = runs("while True: order = heard(); say('done', bytes(range(9)), got=order['size'])")
    for size in (1, 2**40):
        answer = pupil.ask("anything", size=size)
        assert (answer.content["got"], answer.raw) == (size, bytes(range(9)))


def test_a_picture_of_the_largest_size_comes_whole_and_a_larger_one_is_refused(runs: Runs) -> None:
    pupil = runs(
        f"heard(); say('done', b'7' * {MAX_BYTES}); heard(); link.sendall(HEADER.pack(MAGIC, 9, {MAX_BYTES + 1}))"
    )
    assert len(pupil.ask("picture", 30.0).raw) == MAX_BYTES
    with pytest.raises(DeviceProtocolError, match="too long"):
        pupil.ask("picture")


@pytest.mark.parametrize(
    ("body", "error", "says"),
    [
        ("link.sendall(b'Traceback: something')", DeviceProtocolError, "nonsense: b'Traceback"),
        ("link.sendall(os.urandom(1000000))", DeviceProtocolError, "nonsense"),
        ("say('done', b'abc'); link.sendall(b'x')", None, ""),
        ("link.sendall(pack(dict(said='done'), b'abc')[:-1]); time.sleep(60)", DeviceTimeoutError, "does not return"),
        ("link.sendall(pack(dict(said='done'), b'abc')[:-1])", DeviceVendorError, "exit code 0"),
        ("link.sendall(MAGIC[:2]); time.sleep(60)", DeviceTimeoutError, "does not return"),
        ("time.sleep(60)", DeviceTimeoutError, "does not return from open within 0.5 s"),
        ("link.close(); time.sleep(60)", DeviceVendorError, "closed its end of the channel None"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", DeviceVendorError, r"crashed \(SIGSEGV\) -11"),
        ("sys.exit('no more\\nthe last word')", DeviceVendorError, r"\(exit code 1\) 1: the last word"),
        ("say('failed', code=7)", DeviceVendorError, "failed with 7"),
        ("say('failed')", DeviceProtocolError, "says 'failed' without code"),
        ("say('failed', code=True)", DeviceProtocolError, "without code"),
        ("while True: say('chatter')", DeviceTimeoutError, "does not return"),
    ],
)
def test_whatever_a_process_does_is_a_named_error_in_time(
    runs: Runs, body: str, error: type[DeviceError] | None, says: str
) -> None:
    pupil = runs(f"heard(); {body}" if not body.startswith("while") else f"heard()\n{body}")
    start = time.monotonic()
    if error is None:
        assert pupil.ask("open", 5.0).raw == b"abc"
    else:
        with pytest.raises(error, match=says) as caught:
            pupil.ask("open", 5.0 if error is not DeviceTimeoutError else 0.5)
        assert (caught.value.uri, caught.value.state) == ("test:child", "capturing")
    assert time.monotonic() - start < 5.0
    start = time.monotonic()
    pupil.end(gently=True, patience=0.2)
    assert time.monotonic() - start < 0.2 + child.LEAVING + 1.0
    assert not pupil.running


def test_a_process_that_takes_no_orders_holds_nobody_up(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "SENDING", 0.2)
    pupil = runs("time.sleep(60)")

    def flood() -> None:
        for _ in range(10_000):
            pupil.order("capture", padding="x" * 10_000)

    with pytest.raises(DeviceTimeoutError, match="does not take the order"):
        flood()


def test_a_kind_end_lets_it_finish_and_another_one_is_ended(runs: Runs, tmp_path: Path) -> None:
    dark = tmp_path / "dark"
    kind = runs(f"while heard()['do'] != 'close': say('chatter', bytes(100000))\nopen({str(dark)!r}, 'w'); say('done')")
    kind.end(gently=True)
    assert dark.exists()
    deaf = runs("signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)")
    start = time.monotonic()
    deaf.end(gently=True, patience=0.2)
    assert time.monotonic() - start < 0.2 + child.LEAVING + 1.0


def test_a_process_that_was_there_when_the_machine_slept_is_not_believed(runs: Runs, tmp_path: Path) -> None:
    dark = tmp_path / "dark"
    clock = VirtualClock()
    pupil = runs(f"while heard()['do'] != 'close': say('done')\nopen({str(dark)!r}, 'w'); say('done')", clock)
    pupil.ask("open")
    clock.asleep += 60.0
    talks: list[Callable[[], object]] = [
        lambda: pupil.ask("capture"),
        lambda: pupil.order("capture"),
        lambda: pupil.hear(0.1),
    ]
    for talk in talks:
        with pytest.raises(DeviceSuspendedError, match="slept for 60 s"):
            talk()
    pupil.end(gently=True)
    assert dark.exists()  # the lamp goes out all the same


def test_a_vendor_s_device_that_slept_says_so_and_is_opened_anew(example_sdk: Path) -> None:
    clock = VirtualClock()
    info = vendor.open(f"vendor:{example_sdk}").info
    device = VendorDevice(info, Plugin(example_sdk), clock)
    with device:
        shown = device.capture(5).pixels
        clock.asleep += 60.0
        with pytest.raises(DeviceSuspendedError):
            device.capture(5)
        assert device.state is State.LOST
        device.close()
        with device:
            assert np.array_equal(device.capture(5).pixels, shown)


# -- the host that serves a vendor's library ---------------------------------------------------------------


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\n\r\n", HEADER.pack(MAGIC, MAX_TEXT + 1, 0), b""])
def test_a_host_that_is_told_nonsense_ends(example_sdk: Path, said: bytes) -> None:
    device = vendor.open(f"vendor:{example_sdk}")
    assert isinstance(device, VendorDevice)
    device.open()
    process = device._process
    assert process is not None
    process._link.sendall(said)
    if not said:
        os.kill(process.process_id, signal.SIGKILL)
    with pytest.raises(DeviceVendorError, match=r"exit code 1|SIGKILL"):
        device.capture(5)
    assert device.capture(5).pixels.size
    device.close()


def test_the_library_s_own_children_start_in_any_folder_and_without_its_packages(example_sdk: Path) -> None:
    """The host must not need NumPy or pyusb: a station's Python may be another one's."""
    code = (
        "import sys; sys.path.append(sys.argv[1]); import biocore_drivers.vendor_host\n"
        "print([name for name in ('numpy', 'usb', 'biocore', 'cv2') if name in sys.modules])"
    )
    folder = str(Path(child.__file__).resolve().parents[1])
    answer = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, folder], capture_output=True, text=True, check=True, cwd="/"
    )
    assert answer.stdout.strip() == "[]"


def test_two_threads_end_one_process_without_harm(runs: Runs) -> None:
    pupil = runs("time.sleep(60)")
    ends = [threading.Thread(target=lambda: pupil.end(gently=False)) for _ in range(2)]
    for each in ends:
        each.start()
    for each in ends:
        each.join(5.0)
        assert not each.is_alive()


def test_an_interpreter_that_is_not_there_is_an_oserror_and_leaves_nothing() -> None:
    before = belongings()
    with pytest.raises(OSError, match="nowhere"):
        Pupil(Path("/nowhere/python"))
    expect_nothing_left(before)
