"""Compiled kernels; everything else is declared in pyproject.toml."""

import os
import sys
from pathlib import Path

from setuptools import Extension, setup

ABI3 = os.environ.get("BIOCORE_ABI3") == "1"  # one wheel for CPython 3.11 and later
ROOTS = {"biocore": Path(), "biocore_bindings": Path("bindings")}  # package -> its import root
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": os.environ.get("BIOCORE_BOUNDSCHECK") == "1",  # a debug build that checks every index
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
    "embedsignature": True,
}
# Same input, same bytes on every machine: no contraction to fused multiply-add, no fast-math. errno of
# sqrt() is read by nobody, and without it the square root is one instruction.
FLAGS = ["/O2", "/fp:precise"] if sys.platform == "win32" else ["-O3", "-ffp-contract=off", "-fno-math-errno"]


def kernels(package: str, root: Path) -> list[Extension]:
    """One extension per .pyx, named after its path below the import root."""
    found = []
    for pyx in sorted((root / package).rglob("*.pyx")):
        ext = Extension(
            ".".join(pyx.relative_to(root).with_suffix("").parts),
            [pyx.as_posix()],
            depends=[pxd.as_posix() for pxd in Path("biocore").rglob("*.pxd")],
            define_macros=[("Py_LIMITED_API", "0x030B0000")] if ABI3 else [],
            extra_compile_args=FLAGS,
            py_limited_api=ABI3,
        )
        ext.cython_directives = DIRECTIVES
        found.append(ext)
    return found


setup(
    ext_modules=[ext for item in ROOTS.items() for ext in kernels(*item)],
    options={
        "build_ext": {"cython_c_in_temp": True, "cython_include_dirs": ["."]},
        **({"bdist_wheel": {"py_limited_api": "cp311"}} if ABI3 else {}),
    },
)
