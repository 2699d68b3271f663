"""The same recordings once more, below the real libusb: umockdev answers in the kernel's place.

Left out where `umockdev-run` (Debian: `umockdev`) is not installed; real recordings, where they are not there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from biocore.formats.images import read_image, write_png
from biocore.types import GreyImage
from biocore_drivers.replay_transport import LIBFPRINT_SEED
from usb_conversations import SEED, next1010, upek, uru4000

CAPTURE = """
import sys
from pathlib import Path
import numpy as np
import biocore
import biocore_drivers.usb
import biocore_drivers.usb_lock
from biocore.formats.images import read_image

biocore_drivers.usb_lock.SYSTEM = Path(sys.argv[2])
biocore_drivers.usb.random_32 = lambda: int(sys.argv[3])  # the recorded host's
(uri,) = [info.uri for info in biocore.list_devices() if info.uri.startswith("usb:")]
with biocore.open_device(uri) as device:
    pixels = device.capture(20).pixels
expected, _, _ = read_image(Path(sys.argv[1]) / "capture.png")
print(uri, int((pixels != expected).sum()) if pixels.shape == expected.shape else pixels.shape)
"""


RECORD = """
import sys
from pathlib import Path
import biocore_drivers.usb_lock

biocore_drivers.usb_lock.SYSTEM = Path(sys.argv[1])
sys.argv = ["biocore", "devices", "record", sys.argv[2], sys.argv[3], "--wait", "0.5"]
from biocore_bindings.cli import main
main()
"""


def below_libusb(folder: Path, code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a program to which the recorded device is attached."""
    run = shutil.which("umockdev-run")
    if run is None:
        pytest.skip("umockdev-run is not installed: apt-get install umockdev")
    if (folder / "capture.ioctl").exists():
        node = (folder / "capture.ioctl").read_text().split("\n", 1)[0].removeprefix("@DEV ")
        traffic = ["-i", f"{node}={folder / 'capture.ioctl'}"]
    else:
        path = (folder / "device").read_text().split("\n", 1)[0].removeprefix("P: ")
        traffic = ["-p", f"/sys{path}={folder / 'capture.pcapng'}"]
    command = [run, "-d", str(folder / "device"), *traffic, "--", sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def captured(folder: Path, tmp_path: Path, seed: int) -> str:
    """Capture below umockdev; return what is said of the device and its picture."""
    answer = below_libusb(folder, CAPTURE, folder, tmp_path, seed)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.split("\n")[0]


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("uru4000-4500", "usb:05ba:000a@{FB0B9071-2E08-7742-BC16-2FAA247CEF66}"),
        ("uru4000-msv2", "usb:045e:00ca@{BE815DAD-15E4-0745-AA30-41DEBCAC5913}"),
        ("upektc_img-tcs1s", "usb:147e:2016@3-2"),
        ("nb1010", "usb:298d:1010@1-7"),
    ],
)
def test_a_recording_below_libusb_gives_its_picture(shared: Path, tmp_path: Path, name: str, uri: str) -> None:
    assert captured(shared / "data" / "usb" / name, tmp_path, LIBFPRINT_SEED) == f"{uri} 0"


def test_a_recording_made_below_libusb_plays_there_too(shared: Path, tmp_path: Path) -> None:
    """A device that libusb sees is recorded; the recording is attached in its place, and recorded once more."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, into in ((shared / "data" / "usb" / "uru4000-4500", first), (first, second)):
        answer = below_libusb(folder, RECORD, tmp_path, "usb:05ba:000a", into)
        assert answer.returncode == 0, answer.stderr
        assert "0 pixels differ" in answer.stdout
    expected, _, _ = read_image(shared / "data" / "usb" / "uru4000-4500" / "capture.png")
    for folder in (first, second):
        assert np.array_equal(read_image(folder / "capture.png").pixels, expected)
        assert b"FB0B9071" not in (folder / "device").read_bytes()


@pytest.mark.parametrize(
    ("make", "uri"),
    [
        (uru4000, "usb:05ba:000a@TEST-1"),
        (partial(uru4000, microsoft=True), "usb:045e:00ca@TEST-1"),
        (upek, "usb:147e:2016@TEST-1"),
        (next1010, "usb:298d:1010@TEST-1"),
    ],
    ids=["4500", "microsoft", "upek", "next1010"],
)
def test_a_conversation_of_the_tests_below_libusb_gives_its_picture(
    tmp_path: Path, make: Callable[[Path], tuple[Path, GreyImage]], uri: str
) -> None:
    folder, shown = make(tmp_path / "recording")
    write_png(folder / "capture.png", shown, 500.0)
    assert captured(folder, tmp_path, SEED) == f"{uri} 0"
