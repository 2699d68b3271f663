"""The same recordings once more, below the real libusb: umockdev answers in the kernel's place.

Left out where `umockdev-run` (Debian: `umockdev`) or the recordings are not there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CAPTURE = """
import sys
from pathlib import Path
import numpy as np
import biocore
import biocore_drivers.usb
import biocore_drivers.usb_lock
from biocore.formats.images import read_image

biocore_drivers.usb_lock.SYSTEM = Path(sys.argv[2])
biocore_drivers.usb.random_32 = lambda: 0x51EA2124  # the recorded host's
(uri,) = [info.uri for info in biocore.list_devices() if info.uri.startswith("usb:")]
with biocore.open_device(uri) as device:
    pixels = device.capture(20).pixels
expected, _, _ = read_image(Path(sys.argv[1]) / "capture.png")
print(uri, int((pixels != expected).sum()) if pixels.shape == expected.shape else pixels.shape)
"""


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
    run = shutil.which("umockdev-run")
    if run is None:
        pytest.skip("umockdev-run is not installed")
    folder = shared / "data" / "usb" / name
    if (folder / "capture.ioctl").exists():
        node = (folder / "capture.ioctl").read_text().split("\n", 1)[0].removeprefix("@DEV ")
        traffic = ["-i", f"{node}={folder / 'capture.ioctl'}"]
    else:
        path = (folder / "device").read_text().split("\n", 1)[0].removeprefix("P: ")
        traffic = ["-p", f"/sys{path}={folder / 'capture.pcapng'}"]
    command = [
        run,
        "-d",
        str(folder / "device"),
        *traffic,
        "--",
        sys.executable,
        "-c",
        CAPTURE,
        str(folder),
        str(tmp_path),
    ]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert answer.stdout.split("\n")[0] == f"{uri} 0", answer.stderr
