"""How every command answers: tables for people or one JSON document for programs, one line for an error, an exit code.

Standard output carries the answer and nothing else; progress, prompts and errors go to standard error. No error
ends in a traceback: what went wrong is one line that says what, where and what to do.
"""

from __future__ import annotations

import json
import math
import os
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import IntEnum
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from biocore.errors import (
    BiocoreError,
    DayError,
    DayStateError,
    DeviceError,
    DriverError,
    ExtractionError,
    FormatError,
    InvalidSampleError,
    InvalidTemplateError,
    JournalError,
    NotAssessableError,
    OfficeFileError,
    OutboxError,
    ProfileError,
    QuotaError,
    SealError,
    SessionError,
    SlapError,
)
from biocore_bindings.streams import LEAST_WIDTH, say_wrong, silence

PIPED_WIDTH = 140  # columns where nobody's terminal says how wide it is
TRACEBACK = "BIOCORE_TRACEBACK"  # environment variable: show where an unexpected error came from


class ExitCode(IntEnum):
    """What a command's exit code means; also in `docs/cli.md` and in every --help."""

    OK = 0
    NO = 1  # quality below --min-score, no match, a driver that fails its check, a number that cannot be called
    USAGE = 2  # a wrong option or argument
    INPUT = 3  # a file that cannot be read or used
    DEVICE = 4  # a device or driver, or nobody came to it
    ERROR = 5  # anything else: a missing part, a model, a fault of the program
    STATION = 6  # the station: its journal, day book, key or disk, or the line to the centre
    INTERRUPTED = 130  # Ctrl-C: 128 + SIGINT
    PIPE = 141  # the reader of our output left: 128 + SIGPIPE


EXIT_CODES = (
    "Exit codes: 0 done, 1 quality below --min-score, no match, a driver that fails or a station that cannot record, "
    "2 wrong usage, 3 bad input file, 4 device, 5 other error, 6 station, 130 interrupted."
)

_INPUT_ERRORS = (
    FormatError,
    InvalidSampleError,
    InvalidTemplateError,
    ExtractionError,
    NotAssessableError,
    OfficeFileError,
    ProfileError,
    SlapError,
)
_STATION_ERRORS = (DayError, JournalError, OutboxError, SealError, SessionError)


class _OwnConsole(Console):
    """A console that leaves a broken pipe to `answering`."""

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


def _console(*, stderr: bool) -> Console:
    console = _OwnConsole(stderr=stderr, highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PIPED_WIDTH
    if console.width < LEAST_WIDTH:
        console.width = LEAST_WIDTH
    return console


class _OutputLostError(Exception):
    """Standard output takes no more: a full disk."""


@contextmanager
def _output() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _OutputLostError(f"standard output cannot be written: {error.strerror or error}") from None


def table(*headers: str, right: Sequence[int] = (), show_header: bool = True) -> Table:
    """Return an empty table as the commands show them: nothing in it is ever cut, it is folded.

    Parameters
    ----------
    headers : str
        One a column.
    right : sequence of int
        Columns that are lined up on the right.
    show_header : bool
    """
    made = Table(box=None, pad_edge=False, show_header=show_header)
    for number, header in enumerate(headers):
        made.add_column(header, overflow="fold", justify="right" if number in right else "left")
    return made


class Answer:
    """What one command says.

    Attributes
    ----------
    command : str
    as_json : bool
    out, err : Console
        Standard output and standard error.
    code : ExitCode
        What the process will end with.
    """

    def __init__(self, command: str, as_json: bool) -> None:
        self.command = command
        self.as_json = as_json
        self.out = _console(stderr=False)
        self.err = _console(stderr=True)
        self.code = ExitCode.OK
        self._document: dict[str, Any] = {"biocore": version("biocore"), "command": command}

    def show(self, *renderables: RenderableType) -> None:
        """Print for people; nothing where a program listens."""
        if not self.as_json:
            with _output():
                for renderable in renderables:
                    self.out.print(renderable)

    def line(self, text: str) -> None:
        """Print a line for people to copy: whole, however narrow the terminal is."""
        if not self.as_json:
            with _output():
                typer.echo(text)

    def put(self, **entries: Any) -> None:
        """Add to the JSON document."""
        self._document.update(entries)

    def end(self, code: ExitCode) -> None:
        """Note an outcome; a worse one that was noted before stays."""
        self.code = max(self.code, code)

    def fault(self, error: BaseException, file: Path | None = None) -> dict[str, str]:
        """Say an error in one line that names its file, note its exit code, and return it for the JSON document."""
        self.end(exit_code(error))
        message = str(error) if file is None or str(file) in str(error) else f"{file}: {error}"
        entry = {"type": type(error).__name__, "message": message}
        if isinstance(error, OutboxError):  # of the line, the centre, a stick or a receipt: what to do is said apart
            entry |= {"code": error.code, "advice": error.advice}
            message += f"; {error.advice}" if error.advice else ""
        complain(message)
        return entry

    def broken(self, code: ExitCode, kind: str, message: str) -> None:
        """Say what ended the command before its end, and note its exit code; what came before stays in the document."""
        self.code = code
        self.put(error={"type": kind, "message": message})
        complain(message)

    def progress(self) -> Progress:
        """Return a progress bar on standard error, which shows on a terminal only."""
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self.err,
            transient=True,
            disable=not self.err.is_terminal,
        )

    def write_document(self) -> None:
        """Print the JSON document, where one was asked for."""
        with _output():
            if self.as_json:
                sys.stdout.write(json.dumps(finite(self._document), indent=2, allow_nan=False) + "\n")
            sys.stdout.flush()


@contextmanager
def answering(command: str, as_json: bool = False) -> Iterator[Answer]:
    """Run a command's body: whatever happens in it becomes an answer and an exit code.

    Raises
    ------
    typer.Exit
        Always, unless the code is 0.
    """
    answer = Answer(command, as_json)
    try:
        try:
            yield answer
        except BiocoreError as error:
            answer.put(error=answer.fault(error))
        except KeyboardInterrupt:
            answer.broken(ExitCode.INTERRUPTED, "Interrupted", "interrupted")
        except (typer.Exit, typer.BadParameter, typer.Abort, BrokenPipeError, _OutputLostError):
            raise
        except Exception as error:  # the last door: a fault of the program is one line too
            if os.environ.get(TRACEBACK):
                traceback.print_exc()
            what = f"internal error: {type(error).__name__}: {error}"
            answer.broken(
                ExitCode.ERROR, "InternalError", f"{what} (set {TRACEBACK}=1 to see where, and please report it)"
            )
        answer.write_document()
    except BrokenPipeError:
        silence(sys.stdout)
        raise typer.Exit(ExitCode.PIPE) from None
    except _OutputLostError as error:
        silence(sys.stdout)
        complain(str(error))
        raise typer.Exit(ExitCode.ERROR) from None
    except KeyboardInterrupt:  # while the document was written
        complain("interrupted")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    if answer.code is not ExitCode.OK:
        raise typer.Exit(answer.code)


def exit_code(error: BaseException) -> ExitCode:
    """Return the exit code an error leads to."""
    if isinstance(error, _INPUT_ERRORS):
        return ExitCode.INPUT
    if isinstance(error, (DeviceError, DriverError)):
        return ExitCode.DEVICE
    if isinstance(error, (DayStateError, QuotaError)):
        return ExitCode.NO
    return ExitCode.STATION if isinstance(error, _STATION_ERRORS) else ExitCode.ERROR


def complain(message: str) -> None:
    """Write one line to standard error; where that takes none, the exit code says it all the same."""
    say_wrong(f"biocore: {shown(' '.join(message.split()))}")


def shown(name: object) -> str:
    """Return a name that is safe to print: control and undecodable characters escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(name))


def relative_names(paths: Sequence[Path]) -> tuple[str, list[str]]:
    """Return the folder that several files share, safe to print, and their names below it; '' and all of it for one."""
    parents = {path.parent for path in paths}
    if len(paths) < 2 or not all(path.is_absolute() == paths[0].is_absolute() for path in paths):
        return "", [shown(path) for path in paths]
    common = Path(os.path.commonpath(parents))
    if common == Path() or common == Path(common.anchor):
        return "", [shown(path) for path in paths]
    return shown(common), [shown(path.relative_to(common)) for path in paths]


def finite(value: Any) -> Any:
    """Return the value with every number that JSON does not know (NaN, infinity) as None."""
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
