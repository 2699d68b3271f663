"""A file system that really turns read-only under a session: it is told, nothing is lost, and the session goes on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from remount_child import NOT_HERE

CHILD = Path(__file__).with_name("remount_child.py")


def on_a_disk_of_its_own(folder: Path, kind: str) -> dict[str, Any]:
    if shutil.which("unshare") is None or shutil.which("mount") is None:
        pytest.skip("no `unshare` or `mount` here (util-linux)")
    root = os.geteuid() == 0
    if kind == "error" and not (root and shutil.which("mkfs.ext4") and shutil.which("e2fsck")):
        pytest.skip("a loop device needs root, mkfs.ext4 and e2fsck")
    spaces = ["--mount"] if root else ["--mount", "--map-root-user"]
    run = subprocess.run(
        ["unshare", *spaces, sys.executable, str(CHILD), str(folder), kind],
        capture_output=True,
        text=True,
        timeout=110,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    if run.returncode == NOT_HERE or run.stderr.startswith("unshare: "):  # in a chroot, or without the right
        pytest.skip(f"this machine does not allow the mount: {run.stderr.strip()[-200:]}")
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    assert isinstance(said, dict)
    return said


def test_an_ext4_that_finds_an_error_turns_read_only_under_a_session_and_nothing_is_lost(tmp_path: Path) -> None:
    said = on_a_disk_of_its_own(tmp_path, "error")
    assert said["told"] == ["finger:2"]
    assert said["state"] == ["blocked", "blocked"]  # it waits, and says for what
    assert set(said["trouble"]) == {"JournalReadOnlyError"}
    assert said["told_then"] == 1, "a finger was told as recorded that is not"
    went_on(said)


def test_a_disk_remounted_read_only_between_two_starts_is_named_and_then_the_session_goes_on(tmp_path: Path) -> None:
    went_on(on_a_disk_of_its_own(tmp_path, "remount"))


def went_on(said: dict[str, Any]) -> None:
    assert said["opened"] == "read-only"
    assert said["next"] == ["finger:3", 1]
    assert said["run"] == "complete"
    assert said["outcomes"] == ["accept"] * 3
    assert said["verified"] is True
