"""The machine itself: what the other checks rely on."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def test_it_runs_a_kernel_with_a_virtual_usb_controller() -> None:
    assert Path("/sys/devices/platform/vhci_hcd.0/attach").exists(), platform.release()


def test_the_host_s_files_are_seen_and_cannot_be_changed() -> None:
    mark = Path(__file__).with_name("written by the guest")
    mark.write_text("gone with the machine")
    assert mark.read_text()
    lower = Path("/proc/mounts").read_text()
    assert "overlay" in lower
    assert os.getpid() < 1000  # of a machine of its own
