"""HTTP to a biometric service on this machine: one request a connection, each cut from outside when it must end.

The services listen on 127.0.0.1 and know verbs that HTTP does not (MOSIPDISC, RCAPTURE, STREAM). They may fall silent
for as long as a person takes to put a finger down, or for ever. So a request runs in a thread of its own (`Call`), and
whoever asked waits as long as wanted and then cuts the connection: the thread ends at once, wherever it was.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from io import BufferedIOBase
from typing import Generic, TypeVar

from biocore.errors import DeviceDisconnectedError, DeviceError, DeviceProtocolError, DeviceTimeoutError
from biocore.sbi import HOST
from biocore_drivers.sbi_ports import CONNECT_TIMEOUT
from biocore_drivers.transport import Situation

MAX_ANSWER = 64 << 20  # bytes; four raw fingers at 1000 ppi in two layers of base64 are 30 MB
CUT_TIMEOUT = 0.5  # s a thread may take to notice that its connection is gone
_CHUNK = 1 << 16  # bytes

_T = TypeVar("_T")
_E = TypeVar("_E", bound=DeviceError)


class Line:
    """A connection for one request.

    Parameters
    ----------
    port : int
    situation : Situation
    silence : float
        s the service may say nothing.
    """

    def __init__(self, port: int, situation: Situation, silence: float) -> None:
        self._port = port
        self._situation = situation
        self._silence = silence
        self._socket: socket.socket | None = None
        self._cut = threading.Event()

    def ask(self, verb: str, path: str, document: object) -> bytes:
        """Return the body of the answer.

        Raises
        ------
        DeviceDisconnectedError
            Nobody listens there any more.
        DeviceTimeoutError
            It said nothing.
        DeviceProtocolError
            The answer was cut off, too long, or not one of success.
        """
        with self._named_errors(verb), self._answer(verb, path, document) as answer:
            body = bytearray()
            while chunk := answer.read1(_CHUNK):
                body += chunk
                if len(body) > MAX_ANSWER:
                    raise self._error(DeviceProtocolError, f"answers {verb} with more than {MAX_ANSWER >> 20} MiB")
            if answer.length:
                raise self._error(DeviceProtocolError, f"cut its answer to {verb} off after {len(body)} bytes")
            return bytes(body)

    def stream(self, verb: str, path: str, document: object, consume: Callable[[BufferedIOBase], None]) -> None:
        """Let `consume` read the answer's body as it comes.

        Raises
        ------
        DeviceDisconnectedError, DeviceTimeoutError, DeviceProtocolError
        """
        with self._named_errors(verb), self._answer(verb, path, document) as answer:
            consume(answer)

    def cut(self) -> None:
        """End the connection; whoever reads from it ends too."""
        self._cut.set()
        connected = self._socket
        if connected is not None:
            with contextlib.suppress(OSError):  # it has ended by itself
                connected.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def _answer(self, verb: str, path: str, document: object) -> Iterator[http.client.HTTPResponse]:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=CONNECT_TIMEOUT)
        try:
            connection.connect()
            self._socket = connection.sock
            self._socket.settimeout(self._silence)
            if self._cut.is_set():
                raise TimeoutError
            body = json.dumps(document).encode()
            connection.request(verb, path, body, {"Content-Type": "application/json", "Connection": "close"})
            with connection.getresponse() as answer:
                if answer.status != http.client.OK:
                    raise self._error(DeviceProtocolError, f"answers {verb} with HTTP {answer.status} {answer.reason}")
                yield answer
        finally:
            connection.close()

    @contextlib.contextmanager
    def _named_errors(self, verb: str) -> Iterator[None]:
        try:
            yield
        except ConnectionRefusedError as error:
            raise self._error(
                DeviceDisconnectedError, f"nobody listens on port {self._port} any more", "Start its service"
            ) from error
        except TimeoutError as error:
            raise self._error(
                DeviceTimeoutError, f"says nothing to {verb}", "Restart its service if it stays so"
            ) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._error(
                DeviceProtocolError, f"broke off while it answered {verb} ({type(error).__name__}: {error})"
            ) from error

    def _error(self, kind: type[_E], message: str, hint: str | None = None) -> _E:
        return self._situation.error(kind, message, hint)


class Call(Generic[_T]):
    """Something done over a line, in a thread of its own.

    Parameters
    ----------
    line : Line
    work : callable
        Gets the line.
    """

    def __init__(self, line: Line, work: Callable[[Line], _T]) -> None:
        self._line = line
        self._work = work
        self._outcome: _T | None = None
        self._failure: BaseException | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="biocore sbi", daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        """It has ended, well or badly."""
        return self._over.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end; False where it has not come."""
        return self._over.wait(seconds)

    def result(self) -> _T:
        """Return what came of it, once it is over; raise what went wrong."""
        if self._failure is not None:
            raise self._failure
        return self._outcome  # type: ignore[return-value]

    def cut(self) -> None:
        """End it, and wait for that."""
        self._line.cut()
        self._thread.join(CUT_TIMEOUT)

    def _run(self) -> None:
        try:
            self._outcome = self._work(self._line)
        except BaseException as error:  # told to whoever asks for the result
            self._failure = error
        finally:
            self._over.set()
