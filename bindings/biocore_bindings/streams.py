"""The three standard streams, whatever the program was started with: closed, narrow, or of another alphabet."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import TextIO

NAMES = ("stdin", "stdout", "stderr")
LEAST_WIDTH = 40  # columns; a narrower terminal folds the lines itself, and loses nothing


def make_usable() -> None:
    """Give the program three streams that can be used.

    One that was closed becomes the null device, before the first file that is opened takes its number: what a
    library prints would land in that file. Characters that the locale's alphabet lacks are printed as `?`. A width
    that nothing can be read in counts as `LEAST_WIDTH`.
    """
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) < LEAST_WIDTH:
        os.environ["COLUMNS"] = str(LEAST_WIDTH)
    for number, name in enumerate(NAMES):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace" if stream is sys.stdout else "backslashreplace")


def say_wrong(line: str) -> None:
    """Write one line to standard error; where that takes none, the exit code says it all the same."""
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except OSError:
        silence(sys.stderr)


def silence(stream: TextIO) -> None:
    """Let what is still to be flushed go nowhere: nobody can take it, and the interpreter ends with 120 otherwise."""
    with suppress(OSError):  # one without a descriptor, in a program that lends its own
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, stream.fileno())
        os.close(devnull)
