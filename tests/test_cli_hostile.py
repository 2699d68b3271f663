"""The command line among files, folders, streams and disks that are not as they should be."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from biocore.errors import FormatError, ModelError
from biocore.models import ModelStore
from biocore_bindings.commands import app
from biocore_bindings.inputs import PICTURES, collect, read_file
from biocore_bindings.outputs import write_picture, write_whole
from biocore_bindings.streams import make_usable
from biocore_bindings.terminal import ExitCode, answering
from cli_support import COMMAND, environment, run

MAGIC = {"png": b"\x89PNG\r\n\x1a\n", "fmr": b"FMR\0 20\0", "iir": b"IIR\x00020\0"}
TOO_LARGE = 1 << 40  # bytes of a file with a hole in it


@pytest.fixture
def blank(tmp_path: Path) -> Path:
    path = tmp_path / "blank.png"
    Image.fromarray(np.full((60, 60), 200, np.uint8)).save(path)
    return path


@pytest.mark.parametrize("kind", ["fifo", "socket-like folder", "too large", "long name", "itself"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("assess", "{bad}"),
        ("extract", "{bad}"),
        ("slap", "{bad}"),
        ("compare", "{bad}", "{good}"),
        ("compare", "{good}", "{bad}"),
        ("show", "{bad}"),
        ("convert", "{bad}", "{good}.new", "--to", "itl"),
        ("models", "add", "{bad}"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("ending", MAGIC)
def test_what_is_no_file_to_be_read_is_one_line_and_never_waited_for(
    tmp_path: Path, blank: Path, kind: str, arguments: tuple[str, ...], ending: str
) -> None:
    bad = tmp_path / f"bad.{ending}"
    if kind == "fifo":
        os.mkfifo(bad)
    elif kind == "socket-like folder":
        bad.mkdir()
    elif kind == "too large":
        bad.write_bytes(MAGIC[ending])
        os.truncate(bad, TOO_LARGE)
    elif kind == "itself":
        bad.symlink_to(bad.name)
    else:
        bad = tmp_path / ("x" * 300 + f".{ending}")
    call = [word.format(bad=bad, good=blank) for word in arguments]
    found = run(*call, "--json")
    assert found.code == (ExitCode.ERROR if call[0] == "models" else ExitCode.INPUT)
    assert len(found.err.splitlines()) in (1, 2)  # beside a probe that gives no template
    assert "internal error" not in found.err
    assert "error" in json.dumps(found.document)
    assert not (tmp_path / "blank.png.new").exists()


def test_a_folder_that_may_not_be_read_is_named_and_not_passed_over(
    tmp_path: Path, blank: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    listing = os.scandir

    def refuse(path: str) -> object:
        if str(path) == str(closed):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return listing(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert collect([tmp_path], PICTURES) == [blank]
    with pytest.raises(FormatError, match=r"closed: cannot be read: Permission denied"):
        collect([tmp_path], PICTURES, recursive=True)


def test_links_that_go_round_and_names_that_are_odd_are_no_trouble(tmp_path: Path, blank: Path) -> None:
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "gone.png").symlink_to("nowhere")
    (tmp_path / "dir.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    odd = [
        os.fsdecode(os.fsencode(tmp_path) + b"/" + name) for name in (b"-x.png", b"a\nb.png", b"\xff.png", b"[b].png")
    ]
    for name in odd:
        Path(name).write_bytes(blank.read_bytes())
    assert set(collect([tmp_path], PICTURES, recursive=True)) == {blank, *map(Path, odd)}


def test_a_file_is_read_up_to_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    path.write_bytes(bytes(11))
    monkeypatch.setattr("biocore_bindings.inputs.MAX_BYTES", 10)
    with pytest.raises(FormatError, match="is larger than"):
        read_file(path)
    path.write_bytes(bytes(10))
    assert read_file(path) == bytes(10)


def test_a_file_is_replaced_whole_or_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, link = tmp_path / "x.fmr", tmp_path / "link"
    path.write_bytes(b"before")
    path.chmod(0o640)
    link.symlink_to(path)
    write_whole(link, b"after")
    assert (path.read_bytes(), path.stat().st_mode & 0o777, link.is_symlink()) == (b"after", 0o640, True)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("shutil.copymode", full)
    with pytest.raises(FormatError, match=r"x\.fmr: cannot be written: No space left"):
        write_whole(path, b"too much")
    assert path.read_bytes() == b"after"
    assert sorted(item.name for item in tmp_path.iterdir()) == ["link", "x.fmr"]


def test_what_is_no_file_is_written_to_as_it_stands(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="/dev/full: cannot be written: No space left"):
        write_whole(Path("/dev/full"), b"x")
    with pytest.raises(FormatError, match="Is a directory"):
        write_whole(tmp_path, b"x")
    with (tmp_path / "out").open("wb") as out:
        code = "import pathlib, biocore_bindings.outputs as o; o.write_whole(pathlib.Path('/dev/stdout'), b'x')"
        subprocess.run([COMMAND[0], "-c", code], stdout=out, check=True)
    assert (tmp_path / "out").read_bytes() == b"x"


def test_a_picture_keeps_its_resolution_and_its_colours(tmp_path: Path) -> None:
    colour = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    write_picture(tmp_path / "x.png", colour, 500.0)
    with Image.open(tmp_path / "x.png") as found:
        assert round(found.info["dpi"][0]) == 500
        assert np.array_equal(np.asarray(found), colour)


@pytest.mark.parametrize(
    ("redirection", "arguments", "code", "says"),
    [
        (">&-", "models list --json", 0, ""),
        ("2>/dev/full", "assess /nowhere", ExitCode.INPUT, ""),
        (">&- 2>&- <&-", "assess /nowhere", ExitCode.INPUT, ""),
        (">/dev/full", "models list", ExitCode.ERROR, "standard output cannot be written: No space left on device"),
        (">/dev/full", "--help", ExitCode.ERROR, "standard output cannot be written"),
    ],
)
def test_streams_that_are_closed_or_full(redirection: str, arguments: str, code: int, says: str) -> None:
    command = f"{' '.join(COMMAND)} {arguments} {redirection}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, env=environment(), check=False)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == bool(says)


def test_whoever_leaves_the_help_early_is_a_broken_pipe() -> None:
    process = subprocess.Popen([*COMMAND, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        assert (process.wait(timeout=30), process.stderr.read()) == (ExitCode.PIPE, b"")


def test_an_alphabet_without_the_bar_loses_the_bar_and_no_answer(blank: Path) -> None:
    ascii_only = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [*COMMAND, "capture", "virtual:finger", "--out", str(blank.parent)],
        capture_output=True,
        env=environment() | ascii_only,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"??????????" in done.stdout


@pytest.mark.parametrize("columns", ["0", "1", "20", "40", "80"])
def test_a_name_is_never_cut_however_narrow_the_terminal_is(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    make_usable()
    arguments = ["devices"] if columns != "80" else ["assess", "--help"]
    found = CliRunner(env={"COLUMNS": os.environ["COLUMNS"], "NO_COLOR": "1"}).invoke(app, arguments)
    assert ("virtual:finger" if columns != "80" else "--recursive") in found.stdout
    assert "…" not in found.stdout
    assert max(map(len, found.stdout.splitlines())) <= max(int(columns), 40)


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (RuntimeError("boom"), ExitCode.ERROR, "InternalError"),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "Interrupted"),
    ],
)
def test_an_end_before_the_end_is_in_the_document_too(
    error: BaseException, code: ExitCode, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def body() -> None:
        with answering("test", as_json=True) as answer:
            answer.put(before=1)
            raise error

    with pytest.raises(typer.Exit) as left:
        body()
    assert left.value.exit_code == code
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert (found["before"], found["error"]["type"], len(err.splitlines())) == (1, kind, 1)


def test_a_store_of_models_that_cannot_be_used_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ModelError, match="Not a directory"):
        ModelStore(tmp_path / "file").list_models()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    store = ModelStore(tmp_path)
    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(ModelError, match="cannot be read: Permission denied"):
        store.find("nfiq2/2.3")
    monkeypatch.setattr(Path, "exists", lambda _: True)
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(ModelError, match="cannot be removed: Permission denied"):
        store.remove("nfiq2/2.3")


def test_a_picture_of_a_closed_folder_is_a_device_that_is_not_permitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, **_: object) -> bool:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))

    monkeypatch.setattr(Path, "exists", refuse)
    found = run("capture", f"file:{tmp_path}/x.png?ppi=500", "--out", tmp_path)
    assert (found.code, "Allow this user" in found.err) == (ExitCode.DEVICE, True)
