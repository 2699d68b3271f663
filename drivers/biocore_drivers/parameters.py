"""Parameters of a device URI: unknown, impossible or malformed ones are refused by name."""

from __future__ import annotations

import math
from collections.abc import Iterable

from biocore.errors import DeviceNotFoundError


def check_known(uri: str, params: Iterable[str], known: Iterable[str]) -> None:
    """Refuse parameters that a device does not have.

    Raises
    ------
    DeviceNotFoundError
    """
    unknown = sorted(set(params) - set(known))
    if unknown:
        raise DeviceNotFoundError(
            f"unknown parameter {', '.join(unknown)}", uri=uri, hint=f"There are {', '.join(sorted(known))}"
        )


def number(uri: str, key: str, text: str, low: float, high: float) -> float:
    """Read a number of a range.

    Raises
    ------
    DeviceNotFoundError
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise DeviceNotFoundError(f"{key} must be a number of {low:g} to {high:g}, not {text!r}", uri=uri)
    return value


def whole(uri: str, key: str, text: str, low: int, high: int) -> int:
    """Read a whole number of a range, in decimal digits or as 0x with hexadecimal ones.

    Raises
    ------
    DeviceNotFoundError
    """
    value = low - 1
    if text.isascii() and len(text) < 20:
        if text.isdigit():
            value = int(text)
        elif text[:2] in ("0x", "0X") and set(text[2:]) <= set("0123456789abcdefABCDEF") and len(text) > 2:
            value = int(text, 16)
    if not low <= value <= high:
        raise DeviceNotFoundError(f"{key} must be a whole number of {low} to {high}, not {text!r}", uri=uri)
    return value


def one_of(uri: str, key: str, text: str, known: Iterable[str]) -> str:
    """Read one of a set of words.

    Raises
    ------
    DeviceNotFoundError
    """
    if text not in (words := tuple(known)):
        raise DeviceNotFoundError(f"{key} must be one of {', '.join(words)}, not {text!r}", uri=uri)
    return text
