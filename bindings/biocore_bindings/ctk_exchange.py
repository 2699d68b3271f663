"""One question to a service and its answer, as they went over the line, with what the answer hides laid open."""

from __future__ import annotations

import base64
import binascii
import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

MAX_ANSWER = 64 << 20  # bytes; four raw fingers at 1000 ppi in two layers of base64 are 30 MB
_CHUNK = 1 << 16  # bytes


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was asked and answered.

    Attributes
    ----------
    verb, path : str
    request : object
    status : int
        Of HTTP; 0 = nothing came.
    answer : object
        The JSON document; None where there is none.
    fault : str
        Why there is none.
    seconds : float
        From the question to the whole answer.
    ended_at : datetime
        In UTC.
    """

    verb: str
    path: str
    request: Any
    status: int = 0
    answer: Any = None
    fault: str = ""
    seconds: float = 0.0
    ended_at: datetime = field(default_factory=lambda: datetime.now(UTC))


def ask(url: str, verb: str, path: str, request: object, patience: float) -> Exchange:
    """Send a question and wait for the whole answer.

    Parameters
    ----------
    url : str
        Of the service, http.
    verb, path : str
        Also one that HTTP does not know; the path stands behind that of the URL.
    request : object
    patience : float
        s the service may say nothing.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=patience)
    begun = time.monotonic()
    status, answer, fault = 0, None, ""
    try:
        headers = {"Content-Type": "application/json", "Connection": "close"}
        connection.request(verb, parts.path.rstrip("/") + path, json.dumps(request).encode(), headers)
        with connection.getresponse() as reply:
            status = reply.status
            answer, fault = _document(_body(reply))
        if status != http.client.OK:
            fault = f"HTTP {status} {reply.reason}"
    except TimeoutError:
        fault = f"no answer within {patience:g} s"
    except (OSError, http.client.HTTPException, ValueError) as error:
        fault = f"no answer ({type(error).__name__}: {error})"
    finally:
        connection.close()
    return Exchange(verb, path, request, status, answer, fault, time.monotonic() - begun, datetime.now(UTC))


def _body(reply: http.client.HTTPResponse) -> bytes:
    body = bytearray()
    while chunk := reply.read1(_CHUNK):
        body += chunk
        if len(body) > MAX_ANSWER:
            raise ValueError(f"more than {MAX_ANSWER >> 20} MiB")
    if reply.length:
        raise ValueError(f"cut off after {len(body)} bytes")
    return bytes(body)


def _document(body: bytes) -> tuple[Any, str]:
    try:
        return json.loads(body), ""
    except (ValueError, RecursionError) as error:
        return None, f"the answer is no JSON ({error}): {body[:40]!r}"


def opened(answer: object) -> Any:
    """Return an answer of SBI with what its signed and sealed members say beside them, as `<name>Decoded`.

    What cannot be read is left away, and is missed by whoever wants it.
    """
    if isinstance(answer, dict) and isinstance(answer.get("biometrics"), list):
        return answer | {"biometrics": [_with(entry, "data", "dataDecoded") for entry in answer["biometrics"]]}
    if isinstance(answer, list):
        return [
            _with(_with(entry, "deviceInfo", "deviceInfoDecoded"), "digitalId", "digitalIdDecoded") for entry in answer
        ]
    return answer


def _with(entry: object, name: str, decoded: str) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    bare = {key: value for key, value in entry.items() if key != decoded}  # a name that is ours, not the service's
    document = said(bare.get(name))
    if document is None:
        return bare
    return bare | {decoded: _with(document, "digitalId", "digitalIdDecoded")}


def said(text: object) -> dict[str, Any] | None:
    """Return what a JSON web signature, or base64url alone, says; None where that is no object. Nothing is verified."""
    if not isinstance(text, str) or not text:
        return None
    parts = text.split(".")
    try:
        document = json.loads(unsealed(parts[1] if len(parts) == 3 else text))
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def unsealed(text: str) -> bytes:
    """Decode base64url with or without padding.

    Raises
    ------
    ValueError
    """
    if foreign := set(text) & {"+", "/"}:  # Python's decoder lets both alphabets pass, mixed too
        raise ValueError(f"no base64url: {min(foreign)!r} is of the other alphabet")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(f"no base64url: {error}") from error
