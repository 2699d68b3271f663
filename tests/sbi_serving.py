"""How the tests run our own biometric service and call it: keys made once, requests as MOSIP's client sends them."""

from __future__ import annotations

import atexit
import functools
import http.client
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from biocore_bindings.sbi_keys import create_keys
from biocore_bindings.sbi_service import SbiService

SLAP = "virtual:finger?slap=yes&sequence=GOOD&arrival=0"
EYES = "virtual:iris?eye=both&sequence=GOOD&arrival=0"
PATHS = {
    "MOSIPDISC": "/device",
    "MOSIPDINFO": "/info",
    "RCAPTURE": "/capture",
    "CAPTURE": "/capture",
    "STREAM": "/stream",
}
LEFT = ["Left IndexFinger", "Left MiddleFinger", "Left RingFinger", "Left LittleFinger"]


@functools.cache
def keys() -> Path:
    """Return a folder of keys that nobody rotates."""
    folder = Path(tempfile.mkdtemp(prefix="biocore-sbi-keys-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    create_keys(folder, "Test Office")
    return folder


def serve(*uris: str, **options: Any) -> SbiService:
    """Return a service on any free port."""
    return SbiService(uris or (SLAP, EYES), options.pop("folder", None) or keys(), **{"ports": (0,), **options})


def connect(service: SbiService, timeout: float = 20.0) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", service.port, timeout=timeout)


def ask(service: SbiService, verb: str, document: Any = None, headers: dict[str, str] | None = None) -> Any:
    """Return the document of an answer of success."""
    status, _, body = call(service, verb, json.dumps({} if document is None else document).encode(), headers)
    assert status == 200, body
    return json.loads(body)


def call(
    service: SbiService, verb: str, body: bytes = b"", headers: dict[str, str] | None = None, path: str | None = None
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Return status, heads and body of an answer."""
    connection = connect(service)
    try:
        connection.request(verb, path or PATHS.get(verb, "/"), body, {"EXT": "test", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def request(service: SbiService, **changes: Any) -> dict[str, Any]:
    """Return the body of an RCAPTURE for the left four fingers, or with other values; names of `bio` are told apart."""
    bio = {
        "type": "Finger",
        "count": "4",
        "bioSubType": LEFT,
        "exception": [],
        "requestedScore": "40",
        "deviceId": service.devices[0].device_id,
        "deviceSubId": "1",
        "previousHash": "",
    }
    whole: dict[str, Any] = {
        "env": "Developer",
        "purpose": "Registration",
        "specVersion": "0.9.5",
        "timeout": "5000",
        "captureTime": "2026-11-22T02:40:00Z",
        "transactionId": "1626951902436-7700",
        "customOpts": None,
    }
    for name, value in changes.items():
        (bio if name in bio else whole)[name] = value
    return whole | {"bio": whole.get("bio", [bio])}


def code_of(answer: Any) -> str:
    """Return the error code of an answer to RCAPTURE."""
    (entry,) = answer["biometrics"]
    assert set(entry) == {"specVersion", "data", "hash", "error"}
    return str(entry["error"]["errorCode"])
