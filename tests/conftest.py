"""How long a test may take, what it may write, and where it finds real pictures: never in the repository.

The folders that the library keeps for a user, of models, graphs and trusted certificates, are the session's own while
tests run.

`BIOCORE_DATA` names a folder with `data/` and `reference/` in it; by default it is looked for beside the
checkout. A test that asks for it is left out where it is absent; what it proves is proved on the project's own
synthetic prints as well.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import sbi_device
import usb_conversations
from biocore.fingerprint import synth
from biocore.formats.images import write_png
from biocore.types import GreyImage

# A busy machine is no fault of the code. Continuous integration tries the same cases each time, a developer new ones.
settings.register_profile(
    "biocore", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("biocore")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_left_with_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep models and cached graphs of the tests, and of the processes they start, away from the user's folders."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BIOCORE_MODELS", str(tmp_path_factory.mktemp("models")))
        patch.setenv("BIOCORE_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("BIOCORE_SBI_TRUST", str(tmp_path_factory.mktemp("trust")))
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real pictures and reference results."""
    folder = Path(os.environ.get("BIOCORE_DATA", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no real data in {folder}; set BIOCORE_DATA")
    return folder


@pytest.fixture(scope="session")
def prints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the project's own prints, 500 ppi: two of one finger, one of another, and a dry one of the first."""
    folder = tmp_path_factory.mktemp("prints")
    good = synth.Conditions()
    for name, finger, impression, conditions in (
        ("a1_right_index", 5, 1, good),
        ("a2_right_index", 5, 2, good),
        ("b1_left_thumb", 6, 1, good),
        ("a3_dry", 5, 3, synth.defect("DRY", 1.0)),
    ):
        write_png(folder / f"{name}.png", synth.impression(finger, impression, conditions), 500.0)
    return folder


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, GreyImage]]:
    """Synthetic recordings of USB scanners by name: the folder of each, and the picture it shows."""
    folder = tmp_path_factory.mktemp("recordings")
    return {
        "uru4000": usb_conversations.uru4000(folder / "uru4000"),
        "microsoft": usb_conversations.uru4000(folder / "microsoft", microsoft=True),
        "upek": usb_conversations.upek(folder / "upek"),
        "next1010": usb_conversations.next1010(folder / "next1010"),
    }


@pytest.fixture
def sbi_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[sbi_device.SbiService]:
    """Run a simulated biometric service with a slap scanner and an iris camera, whose authority is trusted."""
    folder = tmp_path / "trusted"
    folder.mkdir()
    (folder / "root.pem").write_bytes(sbi_device.root().pem)
    monkeypatch.setenv("BIOCORE_SBI_TRUST", str(folder))
    camera = sbi_device.Scanner("Iris", "Double", "I-1", "2")
    with sbi_device.SbiService(sbi_device.Scanner(), camera) as service:
        yield service


@pytest.fixture(scope="session", autouse=True)
def own_locks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give this process locks of its own: tests that run beside it open devices of the same names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("biocore_drivers.usb_lock.SYSTEM", tmp_path_factory.mktemp("locks"))
        yield


@pytest.fixture(scope="session")
def example_sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the example of a vendor's plug-in, and lay its manifest beside it."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("vendor-sdk")
    library, source = folder / "libexample_sdk.so", ROOT / "examples" / "vendor-sdk" / "example_sdk.c"
    header = Path(str(importlib.import_module("biocore_drivers").__file__)).parent
    warnings = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O2", *warnings, "-I", header, "-o", library, source], check=True, timeout=60
    )
    shutil.copy(ROOT / "examples" / "vendor-sdk" / "example.toml", folder)
    return library
