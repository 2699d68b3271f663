"""Build the C library: `libbiocore.so`, its header, and what CMake and pkg-config find it by.

    python bindings/c/build.py --prefix /opt/biocore

Run it with the Python of the environment that biocore is installed in, together with its extra `embed`: the library
starts that environment unless it is told another. It needs a C compiler, `Python.h` and the interpreter's shared
library: Debian and Ubuntu have both in `python3-dev`; an interpreter of pyenv has the latter where it was installed
with `PYTHON_CONFIGURE_OPTS=--enable-shared`.

The header is the one source. Each of its functions that is not written in `runtime.c` becomes a gate, which asks
whether the library is started and calls the function of the same name in `biocore_bindings.embedded`, through cffi.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).resolve().parent
HEADER = HERE / "biocore.h"
MODULE = "_biocore_c"  # of cffi's, in the library; no file of that name exists
WRITTEN = re.compile(r"^(?:uint32_t|int32_t|void|const \w+ \*) ?\*?(biocore_\w+)\(", re.MULTILINE)  # in runtime.c
FLAGS = ["-std=gnu11", "-O2", "-fPIC", "-pthread", "-fvisibility=hidden"]
STRICT = ["-Wall", "-Wextra", "-Werror"]  # for what is written here; cffi's own code is cffi's affair

# Runs once, when the engine is first called; it keeps what is wrong for biocore_init() to tell.
START = f"""
from {MODULE} import ffi, lib

@ffi.def_extern()
def engine_start(abi, version, answered):
    answered[0] = 1
    try:
        from biocore_bindings.embedded import start
        return start(ffi, lib, abi, ffi.string(version).decode())
    except BaseException as error:
        text = f"biocore does not load: {{type(error).__name__}}: {{error}}"
        none = ffi.NULL
        return lib.library_keep_error(
            lib.BIOCORE_ERROR_START, b"StartError", text.encode(errors="replace"), none, none, none, none, -1
        )
"""


class BuildError(Exception):
    """Something that the library needs is not here; the message says what and where it comes from."""


def shared_interpreter() -> Path:
    """Return the interpreter's shared library.

    Raises
    ------
    BuildError
        This interpreter has none.
    """
    folder, name, triplet = (sysconfig.get_config_var(key) for key in ("LIBDIR", "INSTSONAME", "MULTIARCH"))
    if sysconfig.get_config_var("Py_ENABLE_SHARED") and name:
        places: tuple[Path, ...] = (Path(folder) / name, Path(folder) / (triplet or "") / name)
        for found in places:
            if found.is_file():
                return found
    wanted = "libpython{}.{}.so".format(*sys.version_info[:2])
    raise BuildError(
        f"{sys.executable} has no {wanted}: on Debian and Ubuntu apt-get install python3-dev; "
        "with pyenv, PYTHON_CONFIGURE_OPTS=--enable-shared pyenv install"
    )


def declarations(header: str) -> tuple[str, dict[str, str]]:
    """Return the header's types, and its functions by name, as declarations without comments."""
    body = header.split('extern "C" {\n#endif\n', 1)[1].split("#ifdef __cplusplus\n}", 1)[0]
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.DOTALL)
    functions = {}
    for found in re.finditer(r"BIOCORE_API\s+([^;]+);", body):
        text = " ".join(found[1].split())
        name = re.search(r"(\w+)\(", text)
        assert name is not None, text
        functions[name[1]] = text
    return re.sub(r"BIOCORE_API\s+[^;]+;", "", body), functions


def gate(name: str, declaration: str) -> str:
    """Return the C of one gate."""
    arguments = declaration.split("(", 1)[1].rsplit(")", 1)[0]
    names = ", ".join(re.findall(r"(\w+)(?:,|$)", arguments))
    return (
        f"int32_t {name}({arguments})\n{{\n    if (!library_enter())\n        return BIOCORE_ERROR_NOT_INITIALISED;\n"
        f"    return library_leave({engine_name(name)}({names}));\n}}\n"
    )


def engine_name(name: str) -> str:
    """Return what the engine's function behind a public one is called."""
    return name.replace("biocore_", "engine_", 1)


def generate(folder: Path) -> list[Path]:
    """Write the C that the header implies; return what is to be compiled without being warned of."""
    types, functions = declarations(HEADER.read_text())
    by_hand = set(WRITTEN.findall((HERE / "runtime.c").read_text()))
    gated = {name: text for name, text in functions.items() if name not in by_hand}
    if strange := [name for name, text in gated.items() if not text.startswith("int32_t ")]:
        raise BuildError(f"{', '.join(strange)}: neither written in runtime.c nor of a form that a gate has")
    engine = [text.replace(name, engine_name(name), 1) + ";" for name, text in gated.items()]

    codes = " ".join(f"CODE({name})" for name in re.findall(r"^    (BIOCORE_(?:OK|ERROR_\w+)) =", types, re.MULTILINE))
    (folder / "codes.h").write_text(f"#define BIOCORE_CODES(CODE) {codes}\n")
    lines = ['#include "biocore.h"', '#include "runtime.h"', *(f"extern {text}" for text in engine)]
    gates = [gate(name, text) for name, text in gated.items()]
    (folder / "gates.c").write_text("\n".join((*lines, *gates)))

    builder = importlib.import_module("cffi").FFI()
    internal = re.findall(
        r"^(?:int32_t|void \*) ?(?:engine_|library_(?!enter|leave))\w+\([^;]*;", _runtime(), re.MULTILINE
    )
    builder.cdef(types)
    builder.cdef("\n".join(text for text in internal if "library_" in text))
    builder.embedding_api("\n".join((*(text for text in internal if "engine_" in text), *engine)))
    builder.embedding_init_code(START)
    builder.set_source(MODULE, '#include "biocore.h"\n#include "runtime.h"\n')
    with contextlib.redirect_stdout(io.StringIO()):  # it says that it writes the file
        builder.emit_c_code(str(folder / "glue.c"))
    return [folder / "glue.c"]


def _runtime() -> str:
    return re.sub(r"/\*.*?\*/", "", (HERE / "runtime.h").read_text(), flags=re.DOTALL)


def abi() -> int:
    """Return the header's BIOCORE_ABI_VERSION."""
    found = re.search(r"#define BIOCORE_ABI_VERSION (\d+)", HEADER.read_text())
    assert found is not None
    return int(found[1])


def compile_library(target: Path, number: int, extra: list[str]) -> None:
    """Compile everything into one shared library that shows nothing but the header's functions."""
    interpreter = shared_interpreter()
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise BuildError("there is no C compiler: apt-get install gcc")
    include = sysconfig.get_path("include")
    if not (Path(include) / "Python.h").is_file():
        raise BuildError(f"{include}/Python.h is not here: apt-get install python3-dev")
    with tempfile.TemporaryDirectory(prefix="biocore-c-") as name:
        folder = Path(name)
        cffi_code = generate(folder)
        (folder / "map").write_text(f"BIOCORE_{number} {{ global: biocore_*; local: *; }};\n")
        defines = {
            "BUILT_VERSION": built_version(),
            "BUILT_ENVIRONMENT": sys.prefix,
            "LIBPYTHON": interpreter.name,
        }
        common = [compiler, *FLAGS, *extra, f"-I{HERE}", f"-I{folder}", f"-I{include}"]
        quoted = [f'-D{key}="{value}"' for key, value in defines.items()]
        objects = []
        for source, flags in (
            *((path, ["-w"]) for path in cffi_code),
            (HERE / "runtime.c", [*STRICT, *quoted, "-include", "codes.h"]),
            (folder / "gates.c", STRICT),
        ):
            objects.append(folder / f"{source.stem}.o")
            _run([*common, *flags, "-c", str(source), "-o", str(objects[-1])])
        link = [
            f"-Wl,-soname,libbiocore.so.{number}",
            f"-Wl,--version-script={folder / 'map'}",
            "-Wl,-z,nodelete",  # the interpreter cannot be unloaded, nor what it calls
            f"-Wl,-rpath,{interpreter.parent}",
            str(interpreter),
            "-ldl",
        ]
        _run([compiler, "-shared", "-pthread", *extra, *map(str, objects), *link, "-o", str(target)])


def built_version() -> str:
    """Return the version of the biocore in this environment."""
    try:
        return version("biocore")
    except PackageNotFoundError:
        raise BuildError(f"biocore is not installed in {sys.prefix}: pip install 'biocore[embed]'") from None


def _run(command: list[str]) -> None:
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise BuildError(f"{' '.join(command)}\n{answer.stderr}")


def install(prefix: Path, extra: list[str]) -> Path:
    """Build the library into a folder: `include`, `lib`, `lib/cmake/biocore`, `lib/pkgconfig`; return the library."""
    number, lib = abi(), prefix / "lib"
    for folder in (prefix / "include", lib / "cmake/biocore", lib / "pkgconfig"):
        folder.mkdir(parents=True, exist_ok=True)
    target = lib / f"libbiocore.so.{number}"
    compile_library(target, number, extra)
    link = lib / "libbiocore.so"
    link.unlink(missing_ok=True)
    link.symlink_to(target.name)
    shutil.copy(HEADER, prefix / "include")
    words = {"@ABI@": str(number), "@VERSION@": built_version()}
    for source, place in (
        ("biocoreConfig.cmake.in", "cmake/biocore"),
        ("biocoreConfigVersion.cmake.in", "cmake/biocore"),
        ("biocore.pc.in", "pkgconfig"),
    ):
        text = (HERE / source).read_text()
        for word, value in words.items():
            text = text.replace(word, value)
        (lib / place / source.removesuffix(".in")).write_text(text)
    return target


def main() -> None:
    """Read the command line; build."""
    parser = argparse.ArgumentParser(description="Build biocore's C library.")
    parser.add_argument("--prefix", type=Path, default=Path("build/c"), help="folder to install into")
    parser.add_argument("--cflags", default="", help="more flags for compiler and linker, as -fsanitize=thread")
    given = parser.parse_args()
    try:
        target = install(given.prefix.resolve(), given.cflags.split())
    except BuildError as error:
        sys.exit(f"build.py: {error}")
    sys.stdout.write(f"{target}\n")


if __name__ == "__main__":
    main()
