"""The JSON of a BioSDK: requests wrapped in base64, whose bytes are arrays of signed integers.

A finger of 100 kB is 400 kB of `-12,0,77,...`, and a list of Python integers takes ten times the bytes it stands for.
Byte arrays and long strings are therefore lifted out of the text first, as they are found by one pass of a regular
expression that knows where strings begin and end, and turned into bytes one by one; what is left of a request is a few
kilobytes, and has a limit of its own: no nest of brackets or list of numbers fills the memory.
"""

from __future__ import annotations

import binascii
import json
import re
import secrets
from collections.abc import Mapping, Sequence

import numpy as np

from biocore_bindings.biosdk_codes import UnreadableError

MAX_REST = 2 << 20  # bytes of a request beside byte arrays and long strings: 1,500 segments as Java writes them
MAX_LIFTED = 1 << 14  # byte arrays and long strings
MAX_LEVELS = 64  # of brackets, whatever this Python's own limit is; a request has some ten
LONG = 64  # characters from which an array of numbers, or a string without escapes, is lifted out
_PIECES = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|"|\[[-0-9,\s]{%d,}+\]' % LONG, re.DOTALL)
_LEAST, _MOST = -128, 255  # that stand for a byte: Java's are signed, others' are not
_NO_BYTES = f"holds what is no byte, an integer of {_LEAST} to {_MOST}"
_NO_JSON = "the request is no JSON"
_CONTROL = re.compile(rb"[\x00-\x1f]")
_PIECE = 1 << 18  # characters of an array of numbers that are read at once
_TOO_MUCH = f"the request has more than {MAX_REST} bytes, or {MAX_LIFTED} pieces, of other things than biometric data"
_TOO_DEEP = f"the request is nested more than {MAX_LEVELS} levels deep"
_URLSAFE = bytes.maketrans(b"-_", b"+/")


def loads(text: bytes) -> object:
    """Read JSON; arrays of integers that could be bytes are `bytes`, everything else is what it is in Python.

    Raises
    ------
    UnreadableError
        No JSON, too deeply nested, with a number that JSON does not know, with an array of integers that are no bytes,
        or with too much in it beside those.
    """
    if text.count(b'"') > MAX_REST:  # each stays, but for those that are long
        raise UnreadableError(_TOO_MUCH)
    mark = secrets.token_hex(8)  # of what was lifted out: no client can have written it
    lifted: dict[str, bytes | str] = {}

    def lift(piece: re.Match[bytes]) -> bytes:
        found = piece[0]
        if len(lifted) > MAX_LIFTED:
            raise UnreadableError(_TOO_MUCH)
        if found == b'"':
            raise UnreadableError("the request is no JSON: a string does not end")
        if found.startswith(b"["):
            data: bytes | str = _bytes_of(found)
        elif len(found) < LONG or b"\\" in found:
            return found
        else:
            data = _text(found[1:-1])
        name = f"{mark}{len(lifted)}"
        lifted[name] = data
        return f'"{name}"'.encode()

    rest = _PIECES.sub(lift, text)
    if len(rest) > MAX_REST:
        raise UnreadableError(_TOO_MUCH)
    try:
        return _restored(_plain(rest), lifted)
    except RecursionError:
        raise UnreadableError(_TOO_DEEP) from None


def envelope(body: bytes) -> tuple[str, dict[str, object]]:
    """Open a request: `{"version": ..., "request": base64 of JSON}`.

    Returns
    -------
    str
        The version.
    dict
        What it asks.

    Raises
    ------
    UnreadableError
    """
    outer = loads(body)
    if not isinstance(outer, dict):
        raise UnreadableError("the request is no JSON object")
    version, inner = outer.get("version"), outer.get("request")
    if not isinstance(version, str) or not isinstance(inner, str):
        raise UnreadableError("a request has a `version` and a `request`, both of them strings")
    del outer
    data = from_base64(inner, "request")
    del inner  # it is as large as all else
    asked = loads(data)
    if not isinstance(asked, dict):
        raise UnreadableError("what is in `request` is no JSON object")
    return version, asked


def from_base64(text: str, where: str) -> bytes:
    """Decode base64 or base64url, with or without its padding.

    Raises
    ------
    UnreadableError
    """
    try:
        data = text.encode("ascii")
        if b"-" in data or b"_" in data:
            data = data.translate(_URLSAFE)
        if len(data) % 4:
            data = data.rstrip(b"=")
            data += b"=" * (-len(data) % 4)
        return binascii.a2b_base64(data, strict_mode=True)
    except ValueError:  # of which both kinds of error are
        raise UnreadableError(f"{where} is no base64") from None


def to_signed(data: bytes) -> list[int]:
    """Return bytes as Java's are: signed integers."""
    found: list[int] = np.frombuffer(data, np.int8).tolist()
    return found


def to_bytes(values: Sequence[object], where: str) -> bytes:
    """Return integers, signed or unsigned, as bytes.

    Raises
    ------
    UnreadableError
        One that is no integer of -128 to 255.
    """
    if not all(type(value) is int and _LEAST <= value <= _MOST for value in values):
        raise UnreadableError(f"{where} {_NO_BYTES}")
    return np.array(values, np.int16).astype(np.uint8).tobytes()


def _bytes_of(array: bytes) -> bytes:
    """Return an array of integers as bytes; in pieces, because a list takes many times what it stands for."""
    found = bytearray()
    at, end = 1, len(array) - 1
    while True:
        cut = array.find(b",", at + _PIECE, end)
        piece = b"[%s]" % array[at : end if cut < 0 else cut]
        if at > 1 and not piece[1:-1].strip():
            raise UnreadableError(_NO_JSON)  # nothing behind a comma
        found += _small(_plain(piece))
        if cut < 0:
            return bytes(found)
        at = cut + 1


def _small(values: object) -> bytes:
    """Return integers as bytes; that they are integers, the text they were read from says."""
    try:
        found = np.array(values, np.int64)
    except OverflowError:
        found = np.array([_MOST + 1])
    if found.size and not (found.min() >= _LEAST and found.max() <= _MOST):
        raise UnreadableError(f"an array of numbers {_NO_BYTES}")
    return found.astype(np.uint8).tobytes()


def _text(data: bytes) -> str:
    if _CONTROL.search(data):
        raise UnreadableError("the request is no JSON: a control character in a string")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise UnreadableError("the request is no UTF-8") from None


def _plain(text: bytes) -> object:
    try:
        return json.loads(text.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise UnreadableError(_NO_JSON) from None


def _no_number(text: str) -> object:
    raise ValueError(text)


def _restored(value: object, lifted: Mapping[str, bytes | str], levels: int = MAX_LEVELS) -> object:
    """Put what was lifted out back."""
    if levels == 0:
        raise UnreadableError(_TOO_DEEP)
    if isinstance(value, dict):
        return {str(lifted.get(key, key)): _restored(item, lifted, levels - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_restored(item, lifted, levels - 1) for item in value]
    return lifted.get(value, value) if isinstance(value, str) else value
