"""Where a station lies: one folder with its journal, its day book, the centre's key, and what it was told.

::

    centre.key      the centre's public key
    centre.toml     the centre's address and this station's token, where there is a line
    office.toml     the office's hours, villages and quota (docs/day.md)
    journal/        docs/journal.md
    day/            docs/day.md
"""

from __future__ import annotations

import ssl
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import platformdirs
import typer

from biocore.errors import FormatError
from biocore.station.clock import Clock
from biocore.station.day import DayBook
from biocore.station.office import USUAL, Office, read_office
from biocore.station.overview import Overview, overview
from biocore.station.settings import read_text
from biocore.station.upload import CentreLink

VARIABLE = "BIOCORE_STATION"
MAX_CENTRE_FILE = 1 << 16  # bytes


@dataclass(frozen=True, slots=True)
class StationPlace:
    """The folder of a station."""

    folder: Path

    @property
    def journal(self) -> Path:
        """The journal's folder."""
        return self.folder / "journal"

    @property
    def key(self) -> Path:
        """The centre's key."""
        return self.folder / "centre.key"

    @property
    def centre(self) -> Path:
        """Address and token of the centre."""
        return self.folder / "centre.toml"

    def office(self) -> Office:
        """Return the office, the usual one where there is no file."""
        path = self.folder / "office.toml"
        return read_office(path if path.exists() else USUAL)

    def day_book(self, clock: Clock | None = None) -> DayBook:
        """Open the day book."""
        return DayBook(self.folder / "day", self.office(), clock=clock)

    def overview(self) -> Overview:
        """Look at the journal."""
        return overview(self.journal, self.key, zone=self.office().zone)

    def link(self) -> CentreLink:
        """Return the line to the centre that `centre.toml` names.

        Raises
        ------
        FormatError
            It is missing, or says what cannot be.
        """
        try:
            if self.centre.lstat().st_mode & 0o077 and not self.centre.is_symlink():
                raise _WrongError("others may read this station's token: chmod 600, and ask for a new one")
            values = tomllib.loads(read_text(self.centre, MAX_CENTRE_FILE))
            url, token, trust, proxy = _centre(values)
        except FileNotFoundError:
            raise FormatError(
                "there is none: write one with `url` and `token`, or carry the records on a stick (station export)",
                file=str(self.centre),
            ) from None
        except OSError as error:
            raise FormatError(f"cannot be read: {error.strerror}", file=str(self.centre)) from None
        except (ValueError, RecursionError) as error:
            # Not the file's own words: they could be the token.
            what = str(error) if isinstance(error, _WrongError) else "this is no TOML file"
            raise FormatError(what, file=str(self.centre)) from None
        try:
            context = ssl.create_default_context(cafile=self.folder / trust) if trust else None
        except OSError as error:
            raise FormatError(f"the certificates of `trust` cannot be used: {error}", file=str(self.centre)) from None
        return CentreLink(url, token, trust=context, proxy=proxy or None)


class _WrongError(ValueError):
    """What is wrong with a file, in our own words."""


def _centre(values: dict[str, Any]) -> tuple[str, str, str, str]:
    names = ("url", "token", "trust", "proxy")
    if unknown := set(values) - set(names):
        raise _WrongError(f"{min(unknown)!a} is not known here: it has {', '.join(names)}")
    texts = [values.get(name, "") for name in names]
    if not all(isinstance(text, str) and text.isprintable() for text in texts) or not texts[0] or not texts[1]:
        raise _WrongError("`url` and `token` must be there, each a text")
    url, token, trust, proxy = texts
    return url, token, trust, proxy


def _usual() -> Path:
    return Path(platformdirs.user_data_dir("biocore")) / "station"


Station = Annotated[
    Path,
    typer.Option(
        "--station",
        metavar="DIR",
        envvar=VARIABLE,
        default_factory=_usual,
        show_default=False,
        file_okay=False,
        help="The station's folder; without it the user's own.",
    ),
]
