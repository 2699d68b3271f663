"""What commands share that serve others: where they listen, whom they let in, and how they end."""

from __future__ import annotations

import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from biocore.errors import FormatError
from biocore.sbi import HOST
from biocore_bindings.http_server import Doors

LEAST_TOKEN = 16  # characters

Origins = Annotated[
    list[str] | None,
    typer.Option(
        "--origin",
        metavar="URL",
        help="A web origin (scheme and host) whose pages may ask; once for each, `*` for all.",
        show_default=False,
    ),
]
Host = Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where it listens.")]
Anywhere = Annotated[
    bool, typer.Option("--beyond-this-machine", help="Allow a --host that others reach; needs --token-file.")
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--token-file",
        metavar="FILE",
        help="What clients must show (Authorization: Bearer ...).",
        show_default=False,
    ),
]


def is_beyond(host: str, anywhere: bool, token_file: Path | None) -> bool:
    """Say whether others reach this address.

    Raises
    ------
    typer.BadParameter
        They do, and it was not allowed, or there is no token.
    """
    beyond = host not in (HOST, "localhost")
    if beyond and not (anywhere and token_file is not None):
        raise typer.BadParameter("on anything but this machine it needs --beyond-this-machine and --token-file")
    return beyond


def doors(origins: list[str] | None, token_file: Path | None, beyond: bool) -> Doors:
    """Return who may ask.

    Raises
    ------
    FormatError
        The token cannot be read, is short, or can be read by others.
    """
    token = "" if token_file is None else read_token(token_file)
    return Doors(tuple(origins or ()), token, anywhere=beyond)


@contextmanager
def until_told() -> Iterator[None]:
    """Serve until Ctrl-C or SIGTERM; both end it cleanly, from the moment on at which the address is told."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        pass  # asked to end
    finally:
        signal.signal(signal.SIGTERM, before)


def read_token(path: Path) -> str:
    """Read a token.

    Raises
    ------
    FormatError
    """
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise FormatError(f"{path}: others may read this token; chmod 600")
        token = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise FormatError(f"{path}: the token cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise FormatError(f"{path}: a token is ASCII") from None
    if len(token) < LEAST_TOKEN or not token.isprintable():
        raise FormatError(f"{path}: a token has at least {LEAST_TOKEN} characters on one line")
    return token
