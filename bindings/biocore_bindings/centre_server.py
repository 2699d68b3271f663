"""A small receiving centre on a socket, for tests and pilots: `centre_app` under uvicorn.

>>> with CentreServer(CentreStore(folder, read_signer(keys))) as server:
...     print(server.url)
"""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from biocore.errors import MissingDependencyError
from biocore_bindings.centre_faults import Faults
from biocore_bindings.centre_store import CentreStore

CONNECTIONS = 64  # at once; times a chunk, that is the memory that bodies can take
START_S = 10.0


class CentreServer:
    """A centre on a socket of its own, in a thread of its own.

    Parameters
    ----------
    store : CentreStore
        Not closed with the server.
    host, port : str, int
        Port 0 takes any that is free; `port` then says which.
    faults : Faults or None
    certificate, private_key : Path or None
        PEM files; with them the centre speaks TLS, which it must on anything but this machine.

    Raises
    ------
    MissingDependencyError
        uvicorn or FastAPI are not installed: the extra `centre` brings them.
    """

    def __init__(
        self,
        store: CentreStore,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        faults: Faults | None = None,
        certificate: Path | None = None,
        private_key: Path | None = None,
    ) -> None:
        try:
            import uvicorn

            from biocore_bindings.centre_app import create_app
        except ImportError:
            raise MissingDependencyError("a centre needs the extra `centre`: pip install 'biocore[centre]'") from None
        config = uvicorn.Config(
            create_app(store, faults),
            http=_protocol(faults),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=2,
            ssl_certfile=certificate,
            ssl_keyfile=private_key,
        )
        self._server = uvicorn.Server(config)
        self._socket = _listening(host, port)
        self.host, self.port = host, self._socket.getsockname()[1]
        self.url = f"{'https' if certificate else 'http'}://{host}:{self.port}/"
        self._thread = threading.Thread(target=self._run, name="biocore centre", daemon=True)

    def serve(self) -> None:
        """Serve in this thread until it is told to stop, or by SIGINT and SIGTERM."""
        try:
            self._run()
        finally:
            self._socket.close()

    def start(self) -> CentreServer:
        """Serve in a thread; return when requests are answered."""
        self._thread.start()
        waiting = threading.Event()
        for _ in range(int(START_S / 0.01)):
            if self._server.started or not self._thread.is_alive():
                break
            waiting.wait(0.01)
        if not self._server.started:
            raise RuntimeError(f"the centre did not start on {self.host}:{self.port}")
        return self

    def stop(self) -> None:
        """Stop, after the requests that are under way."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(START_S)
        self._socket.close()

    def __enter__(self) -> CentreServer:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


def _listening(host: str, port: int) -> socket.socket:
    """Return a listening socket that says it is TCP: asyncio switches Nagle's delay, 40 ms an answer, off on such."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    found = socket.socket(family, kind, protocol or socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(CONNECTIONS)
    except OSError:
        found.close()
        raise
    return found


def _protocol(faults: Faults | None) -> Any:
    """Return uvicorn's own HTTP protocol; with faults, one whose connections can end in the middle of a chunk."""
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Cutting(H11Protocol):
        def data_received(self, data: bytes) -> None:
            if faults is not None and faults.cut(len(data)):
                self.transport.abort()
            else:
                super().data_received(data)

    return H11Protocol if faults is None else Cutting
