"""How the tests call the command line: in this process, and as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from biocore_bindings.commands import app

COMMAND = (sys.executable, "-m", "biocore_bindings.cli")


def environment() -> dict[str, str]:
    """Return what a process of its own is started with."""
    return {**os.environ, "PYTHONWARNINGS": "error", "COLUMNS": "160", "NO_COLOR": "1", "TERM": "dumb"}


@dataclass(frozen=True)
class Run:
    """What came out."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as one JSON document."""
        return json.loads(self.out)


def run(*arguments: object, input_text: str | None = None) -> Run:
    """Call the command line in this process."""
    result = CliRunner(env={"COLUMNS": "160", "NO_COLOR": "1"}).invoke(
        app, [str(item) for item in arguments], input=input_text
    )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Run(result.exit_code, result.stdout, result.stderr)


def run_process(*arguments: object, timeout: float = 60.0) -> Run:
    """Call the command line as a process."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment(),
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)
