"""What of the virtual machine's tests can be tried without one: what it says, what it starts from, how it plugs in."""

from __future__ import annotations

import errno
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vm import initrd, usbip
from vm.reader import AWAIT_FINGER, MODE, PICTURE, TAKE, Reader, frame
from vm.usbip import Plug

ROOT = Path(__file__).resolve().parent.parent


def test_a_missing_package_is_named_and_nothing_is_started(tmp_path: Path) -> None:
    settings = os.environ | {"PATH": str(tmp_path), "PYTHONPATH": str(ROOT / "tests")}
    answer = subprocess.run(
        [sys.executable, "-m", "vm"], capture_output=True, text=True, timeout=60, check=False, env=settings
    )
    assert answer.returncode == 2
    assert "apt-get install qemu-system-x86 busybox-static" in answer.stdout


def test_the_first_file_system_holds_shell_modules_and_command(tmp_path: Path) -> None:
    busybox = tmp_path / "busybox"
    busybox.write_bytes(b"shell")
    archive = initrd.build(busybox, [(b"one", ""), (b"other", "n=1")], "echo here")
    found, at = {}, 0
    while True:  # the kernel's reading of it: Documentation/driver-api/early-userspace/buffer-format.rst
        assert archive[at : at + 6] == b"070701"
        assert at % 4 == 0
        fields = [int(archive[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        name = archive[at + 110 : at + 109 + fields[11]].decode()
        start = at + 110 + fields[11]
        start += -start % 4
        if name == "TRAILER!!!":
            break
        found[name] = archive[start : start + fields[6]]
        at = start + fields[6]
        at += -at % 4
    assert found["bin/busybox"] == b"shell"
    assert found["modules/order"] == b"0.ko \n1.ko n=1\n"
    assert (found["modules/0.ko"], found["modules/1.ko"]) == (b"one", b"other")
    assert found["command"] == b"echo here"
    assert b"chroot /all /bin/sh /run/command" in found["init"]


class Host:
    """The kernel's end of the cable."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._number = 0
        self._reads: set[int] = set()

    def submit(self, endpoint: int, length: int, setup: bytes = bytes(8)) -> int:
        """Begin a read, or a control transfer without data."""
        self._number += 1
        self._reads.add(self._number)
        body = struct.pack(">5i8s", 0, length, 0, -1, 0, setup)
        self._socket.sendall(struct.pack(">5I", 1, self._number, 1, 1, endpoint) + body)
        return self._number

    def unlink(self, number: int) -> int:
        """Give a transfer up."""
        self._number += 1
        self._socket.sendall(struct.pack(">6I24x", 2, self._number, 1, 0, 0, number))
        return self._number

    def answer(self) -> tuple[int, int, bytes]:
        """Return number, status and data of what comes."""
        head = self._socket.recv(48, socket.MSG_WAITALL)
        _, number, _, _, _, status, moved = struct.unpack_from(">5Iii", head)
        data = self._socket.recv(moved, socket.MSG_WAITALL) if number in self._reads and moved else b""
        return number, status, data

    def control(self, setup: str) -> tuple[int, bytes]:
        """Make a control transfer; return status and data."""
        raw = bytes.fromhex(setup)
        number = self.submit(0, int.from_bytes(raw[6:], "little"), raw)
        came, status, data = self.answer()
        assert came == number
        return status, data


@pytest.fixture
def plugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Reader, Host]]:
    """Plug a reader into a host of this test's."""
    ends: list[socket.socket] = []
    monkeypatch.setattr(usbip, "attach", lambda port, end, device, speed: ends.append(end.dup()))
    reader = Reader(frame(tmp_path / "frame")[0])
    plug = Plug(reader)
    ends[0].settimeout(10.0)
    yield reader, Host(ends[0])
    plug.pull()
    assert ends[0].recv(1) == b""  # as the kernel learns of it
    ends[0].close()


def test_a_made_up_reader_describes_itself(plugged: tuple[Reader, Host]) -> None:
    _, host = plugged
    status, device = host.control("8006000100004000")
    assert (status, device[8:12].hex()) == (0, "ba050a00")
    assert host.control("8006000200000900")[1] == Reader.configuration[:9]
    assert host.control("8006030309040001")[1][2:].decode("utf-16-le") == "GUEST-1"
    assert host.control("8006000600000a00") == (-errno.EPIPE, b"")  # it is no high-speed device


def test_what_the_host_gives_up_is_not_answered(plugged: tuple[Reader, Host]) -> None:
    reader, host = plugged
    event = host.submit(1, 64)
    given_up = host.unlink(event)
    assert host.answer() == (given_up, -errno.ECONNRESET, b"")
    again = host.submit(1, 64)
    reader.touch()
    reader.request(usbip.Setup(0x40, 4, MODE, 0, 1), bytes([AWAIT_FINGER]))
    number, status, data = host.answer()
    assert (number, status, data[:2]) == (again, 0, b"\x01\x01")


def test_an_endpoint_that_stalls_is_halted_until_the_host_clears_it(plugged: tuple[Reader, Host]) -> None:
    reader, host = plugged
    reader.faults[PICTURE] = "stall"
    reader.request(usbip.Setup(0x40, 4, MODE, 0, 1), bytes([TAKE]))
    for _ in range(2):
        number = host.submit(2, 64)
        assert host.answer() == (number, -errno.EPIPE, b"")
    assert host.control("0201000082000000") == (0, b"")
    reader.request(usbip.Setup(0x40, 4, MODE, 0, 1), bytes([TAKE]))
    number = host.submit(2, 64)
    came, status, data = host.answer()
    assert (came, status, len(data)) == (number, 0, 64)
