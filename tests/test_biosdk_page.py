"""The HTTP examples of docs/embedding.md do what they say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from biocore_bindings.biosdk_service import PORT, BioSdkService
from biosdk_asking import finger

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "embedding.md").read_text()
SECTION = TEXT.split("\n## Over HTTP, as MOSIP's BioSDK\n")[1].split("\n## ")[0]


def example(language: str, port: int) -> str:
    """Return the section's program in a language, for another port."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)
    assert found.count(f":{PORT}/") == 1
    return str(found).replace(f":{PORT}/", f":{port}/")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_example_with_curl_tells_a_finger_s_quality(tmp_path: Path) -> None:
    (tmp_path / "finger.fir").write_bytes(finger(5))
    with BioSdkService() as service:
        script = example("sh", service.port)
        done = subprocess.run(
            ["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=True
        )
    found = json.loads(done.stdout)["response"]["response"]["scores"]["FINGER"]
    assert found["score"] > 50
    assert found["analyticsInfo"]["Left IndexFinger.score"] == f"{found['score']:.0f}"


def test_the_example_with_signed_bytes_finds_the_same_finger(tmp_path: Path) -> None:
    for name, data in (("a1", finger(5)), ("a2", finger(5, 2)), ("b", finger(8)), ("torn", finger(5)[:-999])):
        (tmp_path / name).write_bytes(data)
    with BioSdkService() as service:
        (tmp_path / "match.py").write_text(example("python", service.port))

        def run(*names: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "match.py", *names]
            return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)

        done, torn = run("a1", "a2", "b"), run("torn", "a2")
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [["a2", "MATCHED"], ["b", "NOT_MATCHED"]]
    assert (torn.returncode, torn.stderr.startswith("Invalid Input Parameter - Left IndexFinger")) == (1, True)
