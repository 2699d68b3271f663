"""The example of a driver from outside: built, installed, found by its entry point, and put on trial."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from biocore.formats.images import read_image
from cli_support import COMMAND, environment

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "example-driver"
PAGE = ROOT / "docs" / "add-a-driver.md"


def call(*command: object, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**environment(), **variables},
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the package from a copy of its source, and install it into a folder of its own."""
    for needed in ("pip", "setuptools"):  # not imported: setuptools would replace a distutils that is in use
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed")
    folder = tmp_path_factory.mktemp("example-driver")
    source, wheels, site = folder / "source", folder / "wheels", folder / "site"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))
    pip = (sys.executable, "-W", "ignore", "-m", "pip", "--disable-pip-version-check", "--no-input")
    quiet = {"PYTHONWARNINGS": "ignore", "PIP_NO_CACHE_DIR": "1"}
    built = call(*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", wheels, source, **quiet)
    assert built.returncode == 0, built.stderr
    (wheel,) = wheels.glob("*.whl")
    done = call(*pip, "install", "--no-deps", "--no-index", "--target", site, wheel, **quiet)
    assert done.returncode == 0, done.stderr
    return site


def biocore(site: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH", "")])])
    return call(*COMMAND, *arguments, PYTHONPATH=path)


def test_the_installed_driver_is_found_and_passes_everything(installed: Path, tmp_path: Path) -> None:
    done = biocore(
        installed, "devices", "check", "example", "--replay", EXAMPLE / "recording", "--captures", "50",
        "--out", tmp_path, "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert document["driver"] == {
        "name": "example",
        "origin": "biocore_example_driver:driver of biocore-example-driver",
        "version": "1.0.0",
        "fault": "",
    }
    assert {entry["outcome"] for entry in document["results"]} == {"passed"}
    assert (tmp_path / "check-example.html").is_file()


def test_its_udev_rule_is_printed_with_the_others(installed: Path) -> None:
    rules = biocore(installed, "devices", "--udev-rules").stdout
    assert 'ATTR{idVendor}=="1209", ATTR{idProduct}=="0002"' in rules
    assert 'ATTR{idVendor}=="05ba", ATTR{idProduct}=="000a"' in rules


def test_a_mistake_in_it_is_found(installed: Path, tmp_path: Path) -> None:
    """The same driver without its checks: the trial tells which packet brings a wrong picture."""
    site = tmp_path / "site"
    shutil.copytree(installed, site)
    module = site / "biocore_example_driver.py"
    text = module.read_text()
    careless = re.sub(r"        if len\(raw\) != LENGTH.*?(?=        return np)", "", text, flags=re.DOTALL)
    assert careless != text
    module.write_text(careless)
    done = biocore(
        site, "devices", "check", "example", "--replay", EXAMPLE / "recording", "--captures", "5",
        "--out", tmp_path, "--json",
    )  # fmt: skip
    assert done.returncode == 1
    (failed,) = [entry for entry in json.loads(done.stdout)["results"] if entry["outcome"] == "failed"]
    assert failed["name"] == "fault-at-every-packet"
    assert re.search(r"fault=garbage:\d+: a wrong picture", failed["remark"])


def test_the_recording_is_what_its_script_makes(tmp_path: Path) -> None:
    done = call(sys.executable, EXAMPLE / "make_recording.py", tmp_path)
    assert done.returncode == 0, done.stderr
    for name in ("device", "capture.pcapng"):
        assert (tmp_path / name).read_bytes() == (EXAMPLE / "recording" / name).read_bytes()
    shown, kept = (read_image(folder / "capture.png").pixels for folder in (tmp_path, EXAMPLE / "recording"))
    assert np.abs(shown.astype(int) - kept.astype(int)).max() <= 1  # a sine may round otherwise on another machine


def test_the_page_shows_the_example_as_it_is() -> None:
    sources = {
        "python": (EXAMPLE / "biocore_example_driver.py").read_text(),
        "toml": (EXAMPLE / "pyproject.toml").read_text()
        + (ROOT / "examples" / "vendor-sdk" / "example.toml").read_text(),
    }
    blocks = re.findall(r"^```(python|toml)\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 5
    for language, block in blocks:
        assert block.strip("\n") in sources[language], block
