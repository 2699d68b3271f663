"""`biocore centre`: a small receiving centre for pilots and tests: its keys, its line, and its side of the stick."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import platformdirs
import typer
from rich.text import Text

from biocore.errors import CentreKeyError, FormatError
from biocore_bindings.centre_keys import PUBLIC, create_centre_keys, read_opener, read_signer, renew_sealing_key
from biocore_bindings.centre_server import CentreServer
from biocore_bindings.centre_stick import import_stick
from biocore_bindings.centre_store import CentreStore, Limits
from biocore_bindings.options import AsJson
from biocore_bindings.terminal import EXIT_CODES, ExitCode, answering, shown

VARIABLE = "BIOCORE_CENTRE"

centre = typer.Typer(
    help="A small receiving centre, for pilots and tests: keys, tokens, serve, sticks.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _usual() -> Path:
    return Path(platformdirs.user_data_dir("biocore")) / "centre"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"a day is like 2027-11-21, not {shown(text)}") from None


Folder = Annotated[
    Path,
    typer.Option(
        "--centre",
        metavar="DIR",
        envvar=VARIABLE,
        default_factory=_usual,
        show_default=False,
        file_okay=False,
        help="The centre's folder: `keys`, and `data` with what it received.",
    ),
]
Opens = Annotated[
    bool, typer.Option("--open", help="Open each record before it is signed for; else structure and chain alone.")
]


@contextmanager
def _store(folder: Path, *, opens: bool, limits: Limits | None = None) -> Iterator[CentreStore]:
    keys = folder / "keys"
    store = CentreStore(folder / "data", read_signer(keys), opener=read_opener(keys) if opens else None, limits=limits)
    try:
        yield store
    finally:
        store.close()


@centre.command("keys", epilog=EXIT_CODES)
def keys(
    folder: Folder,
    expires: Annotated[
        date, typer.Option("--expires", metavar="DATE", parser=_day, help="Until when stations may seal to it.")
    ],
    renew: Annotated[
        bool, typer.Option("--renew", help="A further sealing key of this centre; those before it still open.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the centre's keys, or a new sealing key; every station is given the public file."""
    with answering("centre keys", as_json) as answer:
        until = datetime.combine(expires, time(), UTC)
        if until <= datetime.now(UTC):
            raise CentreKeyError(f"{expires} is over: a key that expired seals nothing")
        if not renew and (folder / "keys" / PUBLIC).exists():
            raise CentreKeyError(f"{folder / 'keys'} has a centre's keys already; --renew makes a further sealing key")
        made = (renew_sealing_key if renew else create_centre_keys)(folder / "keys", until)
        public = folder / "keys" / PUBLIC
        answer.put(key=made.key_id, expires=made.expires.isoformat(), centre=made.signer.hex(), public=str(public))
        answer.show(Text(f"Key {made.key_id}, until {expires}: give every station {shown(public)}"))
        answer.show(
            Text(f"Whoever has the other files of {shown(folder / 'keys')} reads every record.", style="yellow")
        )


@centre.command("token", epilog=EXIT_CODES)
def token(
    folder: Folder,
    name: Annotated[str, typer.Argument(metavar="STATION", help="What the station is called here.")],
    as_json: AsJson = False,
) -> None:
    """Issue a station's token, for its `centre.toml`; the one before it ends."""
    with answering("centre token", as_json) as answer, _store(folder, opens=False) as store:
        found = store.issue_token(name)
        answer.put(station=name, token=found)
        if not as_json:
            typer.echo(found)  # alone, to be put into a file


@centre.command("serve", epilog=EXIT_CODES)
def serve(
    folder: Folder,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where it listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="0 takes any.")] = 8443,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", metavar="FILE", help="PEM, for TLS.", show_default=False)
    ] = None,
    private_key: Annotated[
        Path | None, typer.Option("--private-key", metavar="FILE", help="PEM, for TLS.", show_default=False)
    ] = None,
    per_day: Annotated[
        int | None,
        typer.Option("--per-day", metavar="N", min=1, help="Records of a station a day.", show_default=False),
    ] = None,
    opens: Opens = False,
    as_json: AsJson = False,
) -> None:
    """Receive records until Ctrl-C."""
    with answering("centre serve", as_json) as answer:
        if (certificate is None) is not (private_key is None):
            raise typer.BadParameter("--certificate and --private-key go together")
        if certificate is None and host not in ("127.0.0.1", "::1", "localhost"):
            raise typer.BadParameter("on anything but this machine the centre needs --certificate and --private-key")
        with _store(folder, opens=opens, limits=Limits(records_per_day=per_day)) as store:
            try:
                server = CentreServer(store, host=host, port=port, certificate=certificate, private_key=private_key)
            except OSError as error:
                raise FormatError(f"{host}:{port} cannot be used: {error.strerror or error}") from None
            answer.err.print(Text(f"Receiving at {server.url}; Ctrl-C ends it."))
            server.serve()
            answer.put(url=server.url, records=store.count())


@centre.command("import-stick", epilog=EXIT_CODES)
def stick(
    folder: Folder,
    where: Annotated[Path, typer.Argument(metavar="STICK", help="Where it is mounted.", file_okay=False)],
    opens: Opens = False,
    as_json: AsJson = False,
) -> None:
    """Take the records of a stick, and put the receipts on it; exit with 1 where one is refused."""
    with answering("centre import-stick", as_json) as answer, _store(folder, opens=opens) as store:
        done = import_stick(store, where)
        refused = [{"type": type(error).__name__, "message": str(error)} for error in done.refused]
        answer.put(taken=done.taken, known=done.known, refused=refused)
        answer.show(Text(f"{done.taken} records taken, {done.known} were here already."))
        for error in done.refused:
            answer.show(Text(f"Refused: {shown(error)}", style="bold red"))
        answer.end(ExitCode.NO if done.refused else ExitCode.OK)
