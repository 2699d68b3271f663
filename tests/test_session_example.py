"""The program that docs/session.md shows records a resident, and goes on after a kill."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from biocore.station import Journal, read_record
from journal_support import Centre

PAGE = Path(__file__).resolve().parent.parent / "docs" / "session.md"
QUICK = "sequence=GOOD&arrival=0&interval=0&previews=0"
SCANNER = f"virtual:finger?finger=500&slap=yes&poor=left_index:LIGHT:0.9&swap=left_little:left_ring&{QUICK}"
CAMERA = f"virtual:iris?seed=500&eye=both&{QUICK}"


def program() -> str:
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_records_a_resident_and_goes_on_after_a_kill(tmp_path: Path) -> None:
    centre = Centre()
    key, folder, script = tmp_path / "centre.key", tmp_path / "journal", tmp_path / "record.py"
    key.write_bytes(centre.key().to_bytes())
    script.write_text(program())
    command = [sys.executable, "-u", str(script), str(folder), str(key), SCANNER, CAMERA]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as first:
        assert first.stdout is not None
        for line in first.stdout:
            if "done" in line:
                first.send_signal(signal.SIGKILL)
                break
    assert first.returncode == -signal.SIGKILL
    again = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=True)
    assert again.stderr == ""
    with Journal(folder, key) as journal:
        assert journal.unfinished() == []
        (path,) = journal.records.iterdir()
    codes = [opened.head.code for opened in read_record(path, centre.opener)]
    assert "resumed" in codes
    assert "doubt_duplicate" in codes  # the ring finger came in the place of the little one
