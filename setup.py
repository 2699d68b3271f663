"""Compiled kernels; everything else is declared in pyproject.toml.

Switches, all environment variables:

BIOCORE_ABI3=1         build against the stable ABI: one wheel for CPython 3.11 and later
BIOCORE_BOUNDSCHECK=1  a debug build that checks every index
BIOCORE_KERNELS=later  leave the kernels out: the Makefile compiles them in place, once, after `pip install -e`
BIOCORE_JOBS=n         compilers that run side by side; all processors by default
"""

import os
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ABI3 = os.environ.get("BIOCORE_ABI3") == "1"
BOUNDSCHECK = os.environ.get("BIOCORE_BOUNDSCHECK") == "1"
LATER = os.environ.get("BIOCORE_KERNELS") == "later"
JOBS = int(os.environ.get("BIOCORE_JOBS") or os.cpu_count() or 1)
ROOTS = {"biocore": Path(), "biocore_bindings": Path("bindings")}  # package -> its import root
SHARED = "biocore.kernels._cyutility"  # Cython's own memoryview code, once instead of in every kernel: docs/adr/0006
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": BOUNDSCHECK,
    "show_performance_hints": not BOUNDSCHECK,  # else it advises, line by line, to switch the checks off
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
    "embedsignature": True,
}
# Same input, same bytes on every machine: no contraction to fused multiply-add, no fast-math. errno of
# sqrt() is read by nobody, and without it the square root is one instruction.
FLAGS = ["/O2", "/fp:precise"] if sys.platform == "win32" else ["-O3", "-g0", "-ffp-contract=off", "-fno-math-errno"]


def extension(name: str, source: Path) -> Extension:
    """Describe one compiled module."""
    return Extension(
        name,
        [source.as_posix()],
        define_macros=[("Py_LIMITED_API", "0x030B0000")] if ABI3 else [],
        extra_compile_args=FLAGS,
        py_limited_api=ABI3,
    )


def kernels() -> list[Extension]:
    """List one extension per .pyx, named after its path below the import root, and what they share."""
    found = [
        extension(".".join(pyx.relative_to(root).with_suffix("").parts), pyx)
        for package, root in ROOTS.items()
        for pyx in sorted((root / package).rglob("*.pyx"))
    ]
    return [extension(SHARED, Path(*SHARED.split(".")).with_suffix(".c")), *found] if found else []


class BuildKernels(build_ext):
    """Translate one after the other (Cython keeps global state), then compile side by side."""

    def finalize_options(self) -> None:
        """Use all processors unless told otherwise."""
        super().finalize_options()
        self.parallel = self.parallel or JOBS

    def build_extensions(self) -> None:
        """Replace every .pyx by its C, then build as setuptools does."""
        translated = cythonize(
            self.extensions,
            build_dir=self.build_temp,
            compiler_directives=DIRECTIVES,
            include_path=["."],  # so that a .pyx below bindings/ finds biocore's .pxd
            shared_utility_qualified_name=SHARED,
            force=self.force,
            quiet=True,
        )
        sources = {ext.name: ext.sources for ext in translated}
        for ext in self.extensions:
            ext.sources = sources[ext.name]
        super().build_extensions()


setup(
    ext_modules=[] if LATER else kernels(),
    cmdclass={"build_ext": BuildKernels},
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if ABI3 else {},
)
