"""The centre as an ASGI application: what a request says, what is answered. The protocol is docs/outbox.md.

Bodies are read up to a limit and checked before anything is written; a connection that ends in the middle leaves
nothing behind. Nothing personal comes here but what is sealed, and nothing is logged.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from typing import Any

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from biocore.station import Receipt
from biocore.station.upload import KIND
from biocore_bindings.centre_faults import Fault, FaultKind, Faults, spoil
from biocore_bindings.centre_store import CentreStore, Parcel, RefusedError

BODY_S = 120.0  # for a whole body: whoever drips is sent away
_RANGE = re.compile(r"bytes (\d{1,12})-(\d{1,12})/(\d{1,12})")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[0-9a-f]{32}")


class BrokenOff(JSONResponse):
    """An answer that says how long it is, and ends before."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half of it; the server closes the connection then."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": bytes(self.body)[: len(self.body) // 2], "more_body": False})


class Endless(Response):
    """An answer that drips a byte at a time for as long as somebody listens."""

    def __init__(self, pause_s: float) -> None:
        super().__init__()
        self.pause_s = pause_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Drip."""
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(10_000):
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            await asyncio.sleep(self.pause_s)


def create_app(store: CentreStore, faults: Faults | None = None) -> FastAPI:
    """Return the centre as an ASGI application.

    Parameters
    ----------
    faults : Faults or None
        With them, faults happen on command: from the program, or by `POST /v1/faults` from this machine.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.exception_handler(RefusedError)
    async def refused(request: Request, error: RefusedError) -> Response:
        values: dict[str, Any] = {"error": error.error, "detail": error.detail}
        if error.offset is not None:
            values["offset"] = error.offset
        after = {} if error.after_s is None else {"Retry-After": str(int(error.after_s) + 1)}
        return JSONResponse(values, error.status, headers=after)

    @app.get("/v1/centre")
    async def greet(request: Request) -> Response:
        if (fault := faults.take(greeting=True) if faults else None) and (answer := await _spoiled(fault)):
            return answer
        now = store.clock.read().utc.isoformat()
        return JSONResponse(
            {"kind": KIND, "centre": store.public.hex(), "time": now, "chunk": store.limits.chunk_bytes}
        )

    @app.get("/v1/records/{digest}")
    async def ask(request: Request, digest: str) -> Response:
        station = await run_in_threadpool(_station, store, request)
        if not _DIGEST.fullmatch(digest):
            raise RefusedError(400, "request", "a record is known by its SHA-256")
        result = await run_in_threadpool(store.state, station, digest)
        return _answer(result, store, faults)

    @app.put("/v1/records/{digest}")
    async def put(request: Request, digest: str) -> Response:
        station = await run_in_threadpool(_station, store, request)
        resident = request.headers.get("Biocore-Resident", "")
        fault = faults.take(resident) if faults else None
        if fault and (answer := await _spoiled(fault)):
            return answer
        parcel, offset, length = _announced(request, digest)
        data = await _body(request, min(length, store.limits.chunk_bytes + 1))
        _check(request, data, length, store.limits.chunk_bytes)
        result = await run_in_threadpool(store.put, station, parcel, offset, data)
        if fault and fault.kind is FaultKind.TWICE:
            result = await run_in_threadpool(_again, store, station, parcel, offset, data)
        if fault and fault.kind is FaultKind.ENDLESS:
            return Endless(fault.amount or 0.01)
        if fault and fault.kind is FaultKind.NONSENSE:
            return JSONResponse({"offset": 1 << 40}, 202)
        return _answer(result, store, faults, fresh=True)

    if faults is not None:

        @app.post("/v1/faults")
        async def faults_on_command(request: Request) -> Response:
            if request.client is None or request.client.host != "127.0.0.1":
                raise RefusedError(403, "request", "faults are asked for on this machine")
            values = await request.json()
            faults.ask(Fault(FaultKind(values.pop("kind")), **values))
            return JSONResponse({})

    return app


def _station(store: CentreStore, request: Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    station = store.station_of(token) if scheme == "Bearer" else None
    if station is None:
        raise RefusedError(401, "token", "this token is unknown here")
    return station


def _announced(request: Request, digest: str) -> tuple[Parcel, int, int]:
    """Return what a request says it brings: the record, the chunk's offset, and its length."""
    journal, resident = (request.headers.get(f"Biocore-{name}", "") for name in ("Journal", "Resident"))
    found = _RANGE.fullmatch(request.headers.get("Content-Range", ""))
    if not found or not _DIGEST.fullmatch(digest) or not _NAME.fullmatch(journal) or not _NAME.fullmatch(resident):
        raise RefusedError(400, "request", "digest, Content-Range, Biocore-Journal or Biocore-Resident is none")
    first, last, size = (int(group) for group in found.groups())
    if not first <= last < size:
        raise RefusedError(400, "request", "this is no range")
    return Parcel(digest, journal, resident, size), first, last - first + 1


async def _body(request: Request, most: int) -> bytes:
    data = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for piece in request.stream():
                data += piece
                if len(data) > most:
                    break
    except TimeoutError:
        raise RefusedError(408, "request", "the body does not come") from None
    return bytes(data)


def _check(request: Request, data: bytes, length: int, most: int) -> None:
    if len(data) > most or length > most:
        raise RefusedError(413, "chunk", f"chunks of up to {most} bytes are taken")
    if len(data) != length:
        raise RefusedError(400, "request", "the body is not as long as its range")
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    if request.headers.get("Content-Digest") != f"sha-256=:{digest}:":
        raise RefusedError(400, "request", "the body's digest is missing, or is another")


def _values(result: int | Receipt) -> dict[str, Any]:
    return {"receipt": result.to_values()} if isinstance(result, Receipt) else {"offset": result}


def _again(store: CentreStore, station: str, parcel: Parcel, offset: int, data: bytes) -> int | Receipt:
    """Take a chunk that was taken just now, and say what is said then."""
    try:
        return store.put(station, parcel, offset, data)
    except RefusedError as error:
        return error.offset or 0


async def _spoiled(fault: Fault) -> Response | None:
    """Return the answer of a fault that comes before the record is looked at; None for the others."""
    after = {"Retry-After": str(int(fault.amount))} if fault.amount else {}
    refusals = {
        FaultKind.UNAVAILABLE: (503, "unavailable"),
        FaultKind.BROKEN: (500, "broken"),
        FaultKind.DENIED: (401, "token"),
        FaultKind.TOO_LARGE: (413, "size"),
        FaultKind.QUOTA: (429, "quota"),
        FaultKind.NO_ROOM: (507, "room"),
    }
    if fault.kind in refusals:
        status, error = refusals[fault.kind]
        return JSONResponse({"error": error}, status, headers=after)
    if fault.kind is FaultKind.PORTAL:
        return HTMLResponse("<html><title>Welcome, please log in</title></html>")
    if fault.kind is FaultKind.REDIRECT:
        return RedirectResponse("https://login.invalid/", 302)
    if fault.kind is FaultKind.SLOW:
        await asyncio.sleep(fault.amount)
    return None


def _answer(result: int | Receipt, store: CentreStore, faults: Faults | None, *, fresh: bool = False) -> Response:
    """Return the answer for a record: how much of it is here, or the receipt, spoiled if that was asked for."""
    if not isinstance(result, Receipt):
        return JSONResponse(_values(result), 202 if fresh else 200)
    fault = faults.take(result.resident, receipt=True) if faults else None
    if fault is None:
        return JSONResponse(_values(result), 201 if fresh else 200)
    if fault.kind is FaultKind.LOST_RECEIPT:
        return BrokenOff(_values(result))
    return JSONResponse(_values(spoil(result, fault.kind, store.signer)), 201)
