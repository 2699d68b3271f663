"""Imports point down, and each third-party library stays where it belongs: docs/design.md, "Layers"."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(
    path
    for folder in ("biocore", "drivers/biocore_drivers", "bindings/biocore_bindings")
    for path in (ROOT / folder).rglob("*.py")
)
FOUNDATION = {"biocore.errors", "biocore.types", "biocore.report", "biocore.trace", "biocore.advice"}
# A package may import the ones named here, itself, and the foundation.
ALLOWED = {
    "biocore.errors": set(),
    "biocore.types": {"biocore.errors"},
    "biocore.report": {"biocore.types"},
    "biocore.advice": {"biocore.report", "biocore.types"},
    "biocore.trace": set(),
    "biocore.chance": set(),
    "biocore.duplicates": {"biocore.types"},
    "biocore.signatures": set(),
    "biocore.sbi": {"biocore.types"},
    "biocore.device_info": {"biocore.errors", "biocore.types"},
    "biocore.hal": {"biocore.errors", "biocore.types", "biocore.device_info"},
    "biocore.failover": {"biocore.errors", "biocore.types", "biocore.hal"},
    "biocore.udev": set(),
    "biocore.discovery": {"biocore.errors", "biocore.hal", "biocore.failover", "biocore.udev"},
    "biocore.hotplug": {"biocore.errors", "biocore.hal", "biocore.discovery"},
    "biocore.models": {"biocore.errors"},
    "biocore.calibration": set(),
    "biocore.coefficients": {"biocore.errors"},
    "biocore.kernels": FOUNDATION,
    "biocore.formats": FOUNDATION,
    "biocore.fingerprint": FOUNDATION
    | {
        "biocore.chance",
        "biocore.duplicates",
        "biocore.kernels",
        "biocore.models",
        "biocore.calibration",
        "biocore.coefficients",
    },
    "biocore.iris": FOUNDATION
    | {
        "biocore.chance",
        "biocore.duplicates",
        "biocore.kernels",
        "biocore.models",
        "biocore.calibration",
        "biocore.coefficients",
    },
    "biocore.engine": FOUNDATION | {"biocore.fingerprint", "biocore.iris", "biocore.formats"},
    "biocore.certify": {"biocore.errors", "biocore.hal", "biocore.types", "biocore.discovery", "biocore.formats"},
    "biocore.eye_records": FOUNDATION | {"biocore.iris", "biocore.formats"},
    "biocore.station": FOUNDATION
    | {
        "biocore.engine",
        "biocore.device_info",
        "biocore.duplicates",
        "biocore.hal",
        "biocore.discovery",
        "biocore.failover",
        "biocore.hotplug",
    }
    | {"biocore.formats", "biocore.fingerprint", "biocore.iris", "biocore.calibration"},
    "biocore": {"biocore.engine", "biocore.hal", "biocore.discovery", "biocore.fingerprint", "biocore.models"}
    | FOUNDATION,
    "biocore_drivers": {
        "biocore.hal",
        "biocore.types",
        "biocore.errors",
        "biocore.udev",
        "biocore.sbi",
        "biocore.signatures",
    },
    "biocore_bindings": {"biocore"},
}
# A virtual device is a generator on a hook: the one kind of driver that reaches into the engine, for this alone.
# A biometric service delivers records of ISO/IEC 19794: reading them is to know bytes, as every driver does.
# A recording is played to whichever driver serves the recorded device, ours or an outside package's.
# A picture on disk is the same picture whether it is loaded or captured from there.
EXCEPTIONS = {
    ("biocore_drivers.file", "biocore.formats.images"),
    ("biocore_drivers.virtual", "biocore.fingerprint.synth"),
    ("biocore_drivers.virtual_iris", "biocore.iris.synth"),
    ("biocore_drivers.sbi_capture", "biocore.formats.face_image"),
    ("biocore_drivers.sbi_capture", "biocore.formats.finger_image"),
    ("biocore_drivers.sbi_capture", "biocore.formats.iris_image"),
    ("biocore_drivers.replay", "biocore.discovery"),
}
CV2_FREE = (
    "biocore.errors",
    "biocore.types",
    "biocore.report",
    "biocore.trace",
    "biocore.hal",
    "biocore.discovery",
    "biocore.failover",
    "biocore.udev",
    "biocore.hotplug",
    "biocore.kernels",
    "biocore.advice",
    "biocore.models",
    "biocore.calibration",
    "biocore.chance",
    "biocore.duplicates",
    "biocore.signatures",
    "biocore.sbi",
)


def module_name(path: Path) -> str:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    if parts[0] in ("drivers", "bindings"):
        parts = parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            for alias in node.names:  # `from biocore import kernels` imports biocore.kernels
                yield f"{node.module}.{alias.name}"


def package_of(module: str) -> str:
    """Return the longest name in ALLOWED that the module lies in."""
    parts = module.split(".")
    names = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next(name for name in names if name in ALLOWED)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    here = module_name(path)
    package = package_of(here)
    for target in imports(path):
        if not target.startswith(("biocore.", "biocore_")):
            continue
        if package == "biocore_bindings" and target.startswith("biocore."):
            continue  # the doors may use the whole engine, drivers only by URI
        there = package_of(target)
        if there == package or any(target.startswith(allowed) for source, allowed in EXCEPTIONS if source == here):
            continue
        assert there in ALLOWED[package], f"{here} must not import {target}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_compiled_modules_are_imported_by_their_gates_only(path: Path) -> None:
    for target in imports(path):
        if target.startswith("biocore.kernels._"):
            assert path.parent.name == "kernels", f"{path} must go through a gate of biocore.kernels"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_third_party_libraries_stay_in_their_places(path: Path) -> None:
    here = module_name(path)
    for target in imports(path):
        library = target.split(".")[0]
        if library == "usb":
            assert here.startswith("biocore_drivers"), f"{here}: pyusb belongs to the drivers"
        if library == "cv2":
            assert not here.startswith(CV2_FREE), f"{here}: OpenCV is not for this layer"
        if library in ("typer", "rich", "jinja2"):
            assert here.startswith("biocore_bindings"), f"{here}: {library} belongs to the bindings"
        if library == "httpx" and here.startswith("biocore."):
            assert here == "biocore.station.upload", f"{here}: httpx belongs to the line to the centre"
        if library in ("fastapi", "starlette", "uvicorn"):
            assert here.startswith("biocore_bindings"), f"{here}: {library} belongs to the bindings"
        if library in ("cryptography", "sqlite3") and here.startswith("biocore."):
            assert here.startswith(("biocore.station", "biocore.signatures")), (
                f"{here}: {library} belongs to the station and to signatures"
            )


def test_no_file_outgrows_a_reader() -> None:
    sources = [*SOURCES, *(ROOT / "biocore").rglob("*.pyx"), *(ROOT / "tests").glob("*.py")]
    long = {str(p.relative_to(ROOT)): n for p in sources if (n := len(p.read_text().splitlines())) > 500}
    assert not long, f"above 500 lines: {long}"
