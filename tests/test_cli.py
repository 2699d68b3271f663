"""The command line as a program: help, exit codes, one JSON document, one line for an error, never a traceback."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from biocore.errors import (
    BiocoreError,
    CentreKeyError,
    CentreUnreachableError,
    DayFileError,
    DayStateError,
    DeviceTimeoutError,
    DriverNotFoundError,
    ExtractionError,
    FormatError,
    InvalidSampleError,
    JournalFullError,
    MissingDependencyError,
    ModelError,
    OfficeFileError,
    QuotaError,
    SlapError,
)
from biocore_bindings.commands import app
from biocore_bindings.terminal import ExitCode, answering, exit_code, finite, relative_names, shown
from cli_support import COMMAND, Run, environment, run, run_process

DOCS = Path(__file__).resolve().parent.parent / "docs" / "cli.md"


def paths_of(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield every command below one, by the words that call it."""
    for name, inner in getattr(command, "commands", {}).items():
        yield (*path, name)
        yield from paths_of(inner, (*path, name))


EVERY = tuple(paths_of(typer.main.get_command(app)))
GROUPS = (("centre",), ("models",), ("sbi-keys",), ("station",))  # without a command they show their help


def one_line(err: str) -> str:
    """Return the only line of standard error, which is no traceback."""
    (line,) = err.splitlines()
    assert line.startswith("biocore: ")
    return line


@pytest.mark.parametrize("command", [(), *EVERY], ids=" ".join)
def test_every_command_has_help_that_names_the_exit_codes(command: tuple[str, ...]) -> None:
    result = run(*command, "--help")
    assert result.code == 0
    assert "Usage: " in result.out
    assert command in GROUPS or "Exit codes" in result.out
    assert run(*command, "-h").out == result.out


@pytest.mark.parametrize("command", [(), *EVERY], ids=" ".join)
def test_nothing_in_help_is_cut_at_eighty_columns(command: tuple[str, ...]) -> None:
    text = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"}).invoke(app, [*command, "--help"]).stdout
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80


def options_of(names: tuple[str, ...]) -> set[str]:
    """Return every spelling of every option of a command."""
    command: Any = typer.main.get_command(app)
    for name in names:
        command = command.commands[name]
    return {spelling for parameter in command.params for spelling in parameter.opts if spelling.startswith("-")}


@pytest.mark.parametrize("command", [path for path in EVERY if path not in GROUPS], ids=" ".join)
def test_every_option_in_help_is_named_in_the_documentation(command: tuple[str, ...]) -> None:
    text = DOCS.read_text()
    (section,) = re.findall(rf"^## biocore {command[0]}\b.*?(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    options = options_of(command)
    assert options >= {"--json"}
    assert not {option for option in options if f"`{option}" not in section}
    help_text = run(*command, "--help").out
    assert not {option for option in options if option not in help_text}


def test_every_exit_code_is_in_the_documentation() -> None:
    table = re.findall(r"^\| (\d+) \|", DOCS.read_text(), re.MULTILINE)
    assert table == [str(code.value) for code in ExitCode]


def test_the_version_is_printed() -> None:
    result = run_process("--version")
    assert (result.code, result.err) == (0, "")
    assert re.fullmatch(r"biocore \d+\.\d+\.\d+\S*\n", result.out)


@pytest.mark.parametrize(
    "arguments",
    [
        ("assess",),
        ("assess", "x.png", "--bogus"),
        ("assess", "x.png", "--min-score", "101"),
        ("assess", "x.png", "--position", "big-toe"),
        ("assess", "x.png", "--modality", "iris", "--position", "left-thumb"),
        ("extract", "x.png", "--effort", "heroic"),
        ("compare", "x.png", "y.png", "--threshold", "nan"),
        ("slap", "x.png", "--missing", "right-ring"),
        ("slap", "x.png", "--kind", "right-four", "--missing", "big-toe"),
        ("slap", "x.png", "--kind", "right-four", "--missing", "unknown"),
        ("slap", "x.png", "--kind", "three-thumbs"),
        ("capture", "virtual:finger", "--count", "0"),
        ("capture", "virtual:finger", "--timeout", "inf"),
        ("nonsense",),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.code == ExitCode.USAGE
    assert result.out == ""
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FormatError("x"), 3),
        (InvalidSampleError("x"), 3),
        (ExtractionError("x"), 3),
        (SlapError("x"), 3),
        (DriverNotFoundError("x"), 4),
        (DeviceTimeoutError("x"), 4),
        (ModelError("x"), 5),
        (MissingDependencyError("x"), 5),
        (QuotaError("x"), 1),
        (DayStateError("x"), 1),
        (OfficeFileError("x"), 3),
        (DayFileError("x"), 6),
        (JournalFullError("x"), 6),
        (CentreKeyError("x"), 6),
        (CentreUnreachableError("x"), 6),
    ],
)
def test_each_family_of_errors_has_its_exit_code(error: BiocoreError, code: int) -> None:
    assert exit_code(error) == code


def make_bad(folder: Path) -> dict[str, Path]:
    """Make files that are no usable picture, by what is wrong with them."""
    files = {name: folder / f"{name}.png" for name in ("text", "empty", "truncated", "floats", "missing")}
    files["text"].write_text("bukan gambar")
    files["empty"].write_bytes(b"")
    Image.fromarray(np.arange(10_000, dtype=np.uint8).reshape(100, 100)).save(files["truncated"])
    files["truncated"].write_bytes(files["truncated"].read_bytes()[:60])
    Image.fromarray(np.full((50, 50), 0.5, np.float32)).save(files["floats"], "TIFF")
    return files


@pytest.mark.parametrize("what", ["text", "empty", "truncated", "floats", "missing"])
@pytest.mark.parametrize("command", ["assess", "extract"])
def test_a_bad_file_is_3_and_one_line_that_names_it(tmp_path: Path, command: str, what: str) -> None:
    path = make_bad(tmp_path)[what]
    result = run(command, path)
    assert result.code == ExitCode.INPUT
    assert str(path) in one_line(result.err)
    as_json = run(command, path, "--json")
    assert as_json.code == ExitCode.INPUT
    (entry,) = as_json.document["results"]
    assert entry["file"] == str(path)
    assert entry["error"]["type"] in ("FormatError", "UnsupportedFormatError")


def test_a_folder_without_pictures_is_3(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("x")
    result = run("assess", tmp_path, "--json")
    assert result.code == ExitCode.INPUT
    assert "holds no file that ends in" in one_line(result.err)
    assert result.document["error"]["type"] == "FormatError"


@pytest.mark.parametrize(
    ("name", "pixels"),
    [
        ("tiny", np.zeros((1, 1), np.uint8)),
        ("row", np.zeros((1, 400), np.uint8)),
        ("constant", np.full((500, 400), 128, np.uint8)),
        ("white", np.full((500, 400), 255, np.uint8)),
        ("black", np.zeros((500, 400), np.uint8)),
        ("deep", (np.arange(200_000, dtype=np.uint16) * 3).reshape(500, 400)),
        ("alpha", np.dstack([np.full((500, 400), 90, np.uint8), np.full((500, 400), 7, np.uint8)])),
        ("colour", np.zeros((500, 400, 3), np.uint8)),
    ],
)
def test_a_picture_of_nothing_is_answered_and_never_a_crash(tmp_path: Path, name: str, pixels: np.ndarray) -> None:
    path = tmp_path / f"{name}.png"
    Image.fromarray(pixels).save(path)
    assessed = run("assess", path, "--json", "--min-score", "30", "--report", tmp_path / "r.html")
    assert assessed.code in (ExitCode.NO, ExitCode.INPUT)
    (entry,) = assessed.document["results"]
    assert "error" in entry or entry["score"] is None or entry["score"] < 30
    extracted = run("extract", path, "--json", "--out", tmp_path / "x.fmr")
    assert extracted.code == ExitCode.OK or str(path) in one_line(extracted.err)
    assert extracted.code in (ExitCode.OK, ExitCode.INPUT)
    assert (tmp_path / "x.fmr").exists() == (extracted.code == ExitCode.OK)


def test_a_bad_picture_does_not_stop_the_others(tmp_path: Path, prints: Path) -> None:
    good = prints / "a1_right_index.png"
    bad = make_bad(tmp_path)
    result = run("assess", bad["text"], good, bad["empty"], "--json")
    assert result.code == ExitCode.INPUT
    assert [("error" in entry) for entry in result.document["results"]] == [True, False, True]
    assert len(result.err.splitlines()) == 2


def test_json_is_the_only_thing_on_standard_output(prints: Path) -> None:
    for call, arguments in (
        (run_process, ("assess", prints)),
        (run, ("extract", prints)),
        (run, ("devices",)),
        (run, ("models", "list")),
    ):
        result = call(*arguments, "--json")
        assert result.code == 0, result.err
        assert result.document["command"] == " ".join(a for a in map(str, arguments) if a != str(prints))
        assert result.document["biocore"]
        assert result.err == ""


def test_a_device_that_does_not_exist_is_4(tmp_path: Path) -> None:
    for uri in ("nope:x", "no uri at all", "virtual:toaster"):
        result = run("capture", uri, "--out", tmp_path, "--json")
        assert result.code == ExitCode.DEVICE
        assert one_line(result.err)
        assert result.document["error"]["message"]


def test_an_unexpected_fault_is_5_and_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as left, answering("test"):
        raise RuntimeError("boom\nwith a second line")
    assert left.value.exit_code == ExitCode.ERROR
    assert "RuntimeError: boom with a second line" in one_line(capsys.readouterr().err)


def test_the_worst_outcome_decides_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    def body() -> None:
        with answering("test") as answer:
            answer.end(ExitCode.NO)
            answer.fault(FormatError("bad"))
            answer.end(ExitCode.NO)

    with pytest.raises(typer.Exit) as left:
        body()
    assert left.value.exit_code == ExitCode.INPUT
    capsys.readouterr()


def test_ctrl_c_is_clean(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "capture", "virtual:finger?fail=no_finger:1", "--timeout", "50", "--out", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    assert "virtual" in process.stdout.readline()  # the device is open; it now waits for a finger
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (ExitCode.INTERRUPTED, "biocore: interrupted\n")


@pytest.mark.parametrize("as_json", [True, False])
def test_a_broken_pipe_is_clean(prints: Path, as_json: bool) -> None:
    process = subprocess.Popen(
        [*COMMAND, "assess", str(prints), "--measures", *(["--json"] if as_json else [])],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=30), err) == (ExitCode.PIPE, b"")


def test_names_are_printed_without_their_control_characters(tmp_path: Path) -> None:
    assert shown("a\x1b[31mb\n\udcff.png") == "a\\x1b[31mb\\n\\udcff.png"
    path = tmp_path / "\x1b[2J[red]x.png"
    result = run("assess", path)
    assert "\x1b" not in result.err + result.out
    assert "[red]x.png" in result.err


def test_a_name_that_is_no_text_is_answered(tmp_path: Path, prints: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff\xfe.png"
    Path(os.fsdecode(path)).write_bytes((prints / "a1_right_index.png").read_bytes())
    result = run_process("assess", tmp_path, "--report", tmp_path / "r.html")
    assert (result.code, result.err) == (0, "")
    assert "\\udcff\\udcfe.png" in result.out
    assert run("assess", tmp_path, "--json").document["results"][0]["score"] is not None


def test_the_folder_that_files_share_is_said_once() -> None:
    assert relative_names([Path("/a/b/x.png"), Path("/a/b/c/y.png")]) == ("/a/b", ["x.png", "c/y.png"])
    assert relative_names([Path("d/x.png"), Path("d/y.png")]) == ("d", ["x.png", "y.png"])
    for apart in (["d/x.png"], ["/a/x.png", "/b/y.png"], ["x.png", "y.png"], ["/a/x.png", "a/y.png"]):
        assert relative_names(list(map(Path, apart))) == ("", apart)


def test_numbers_that_json_does_not_know_become_null() -> None:
    assert json.dumps(finite({"a": float("nan"), "b": [float("inf"), 1.5], "c": (None, "x")})) == (
        '{"a": null, "b": [null, 1.5], "c": [null, "x"]}'
    )


def test_the_program_says_in_one_line_what_of_the_system_is_missing(tmp_path: Path) -> None:
    (tmp_path / "cv2.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    with_module = {**environment(), "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run(
        [*COMMAND, "devices"], capture_output=True, text=True, env=with_module, timeout=60, check=False
    )
    result = Run(done.returncode, done.stdout, done.stderr)
    assert (result.code, result.out) == (ExitCode.ERROR, "")
    assert "libGL" in one_line(result.err)
