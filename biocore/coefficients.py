"""Files of coefficients that come with the library: read alike, and one that is damaged is named alike."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any, TypeVar

from biocore.errors import ModelError

_T = TypeVar("_T")


def shipped(package: str, name: str) -> str:
    """Return the text of a file that comes with the library.

    Raises
    ------
    ModelError
        The installation is damaged: it is missing, or no text.
    """
    try:
        return resources.files(package).joinpath(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError, ModuleNotFoundError) as error:
        raise ModelError(f"{name} cannot be read: {error!r}; install biocore again") from error


def parse(text: str, name: str, layout: int, make: Callable[[Mapping[str, Any]], _T]) -> _T:
    """Return what `make` makes of a file's tables.

    Raises
    ------
    ModelError
        No TOML, of another layout, or without something that `make` looks for.
    """
    try:
        raw = tomllib.loads(text)
        if raw["format"] != layout:
            raise ModelError(f"{name} is of format {raw['format']}, not {layout}")
        return make(raw)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise ModelError(f"{name} cannot be read: {error!r}") from error
