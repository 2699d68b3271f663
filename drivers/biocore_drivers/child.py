"""A process of one's own that holds a device: started, spoken to, watched, ended. Whatever it does is a named error.

| it | the caller gets |
|---|---|
| crashes, exits, closes its end | what `ended` makes of it, at once |
| says what is no frame, or a frame with fields that cannot be | DeviceProtocolError |
| says nothing, or half a frame | None from `hear`, DeviceTimeoutError from `ask`, at the deadline |
| takes no orders | DeviceTimeoutError |
| held a device while the machine slept | DeviceSuspendedError |

After any of them it must be ended (`end`) and another one started; a process that does not end by itself is killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from biocore.errors import BiocoreError, DeviceError, DeviceProtocolError, DeviceTimeoutError
from biocore_drivers.child_frames import FrameError, Frames, pack
from biocore_drivers.transport import Clock, RealClock, Situation, Vigil

PATIENCE = 5.0  # s for an answer, where the caller does not say
SENDING = 1.0  # s for an order to be taken
CLOSING = 1.5  # s for giving the device back; then the process is ended
LEAVING = 0.5  # s for ending after that
_CHUNK = 1 << 18  # bytes
_SHORTEST = 1e-3  # s; 0 means something else to a socket
_LAST_WORDS = 2000  # bytes of what it wrote to standard error

# Run with the folder of this package, the module, the descriptor of the channel, and more. The folder comes last on
# the path: it holds files whose names are the standard library's too.
_BOOT = "import sys, importlib; sys.path.append(sys.argv.pop(1)); importlib.import_module(sys.argv.pop(1)).main()"


@dataclass(frozen=True, slots=True)
class Message:
    """What a process said, and the bytes that came with it.

    Attributes
    ----------
    content : dict
    raw : bytes
    situation : Situation
    """

    content: dict[str, Any]
    raw: bytes
    situation: Situation

    @property
    def said(self) -> str:
        """Its kind."""
        return str(self.content.get("said", ""))

    def number(self, name: str) -> int:
        """Return a whole number of it.

        Raises
        ------
        DeviceProtocolError
            It holds none of that name.
        """
        value = self.content.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.situation.error(DeviceProtocolError, f"its process says {self.said!r} without {name}")
        return value

    def text(self, name: str) -> str:
        """Return a text of it; empty where it holds none of that name."""
        value = self.content.get(name, "")
        return value if isinstance(value, str) else repr(value)


class Child(ABC):
    """A running process. One thread uses it.

    Parameters
    ----------
    python : sequence of str
        The interpreter, with its options.
    module : str
        What it runs: `main()` of that module, which finds the channel's descriptor in `sys.argv[1]`.
    arguments : sequence of str
        What it finds after that.
    situation : Situation
    clock : Clock or None
        Tells of the machine's sleep; None = the real one.

    Raises
    ------
    OSError
        There can be no process.

    Attributes
    ----------
    keeps_words : bool
        What it writes to standard error is kept, to tell why it ended; else it goes nowhere: an SDK may write for days.
    """

    keeps_words = False

    def __init__(
        self,
        python: Sequence[str],
        module: str,
        arguments: Sequence[str],
        situation: Situation,
        clock: Clock | None = None,
    ) -> None:
        self.situation = situation
        self._vigil = Vigil(clock or RealClock())
        self._frames = Frames()
        self._words = tempfile.TemporaryFile() if self.keeps_words else None  # noqa: SIM115  # as long as the process
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                folder = str(Path(__file__).resolve().parents[1])
                self._process = subprocess.Popen(
                    [*python, "-B", "-c", _BOOT, folder, module, str(theirs.fileno()), *arguments],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL if self._words is None else self._words,
                )
        except BaseException:
            ours.close()
            self._forget_words()
            raise
        self._link = ours

    # -- what a kind of process says for itself ------------------------------------------------------

    @abstractmethod
    def failure(self, message: Message) -> DeviceError:
        """Make the error that its word `failed` stands for."""

    @abstractmethod
    def ended(self, status: int | None, how: str, words: str) -> BiocoreError:
        """Make the error of a process that has ended.

        Parameters
        ----------
        status : int or None
            Exit status, the negative number of a signal; None = it lives, and listens no longer.
        how : str
            "crashed (SIGSEGV)", for a message.
        words : str
            The last line it wrote to standard error.
        """

    # -- talking -------------------------------------------------------------------------------------

    @property
    def process_id(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """It has not ended."""
        return self._process.poll() is None

    def order(self, do: str, **more: Any) -> None:
        """Tell it to do something.

        Raises
        ------
        BiocoreError
            See the module's text.
        """
        self._check_awake()
        self._send(do, **more)

    def ask(self, do: str, timeout: float = PATIENCE, **more: Any) -> Message:
        """Tell it to do something, and return its `done`.

        Raises
        ------
        BiocoreError
            It failed, or see the module's text.
        """
        self.order(do, **more)
        until = time.monotonic() + timeout
        while (left := until - time.monotonic()) > 0.0:
            message = self.hear(left)
            if message is not None and message.said == "failed":
                raise self.failure(message)
            if message is not None and message.said == "done":
                return message
        raise self.situation.error(
            DeviceTimeoutError, f"its process does not return from {do} within {timeout:g} s", "Unplug it, plug it in"
        )

    def hear(self, timeout: float) -> Message | None:
        """Return what it said next; None where it has said nothing whole in time.

        Raises
        ------
        BiocoreError
            See the module's text.
        """
        until = time.monotonic() + timeout
        while True:
            self._check_awake()
            try:
                frame = self._frames.next()
            except FrameError as error:
                raise self.situation.error(DeviceProtocolError, f"its process talks nonsense: {error}") from error
            if frame is not None:
                return Message(*frame, self.situation)
            self._link.settimeout(max(_SHORTEST, until - time.monotonic()))
            try:
                came = self._link.recv(_CHUNK)
            except TimeoutError:
                return None
            except OSError:
                came = b""
            if not came:
                raise self._gone()
            self._frames.add(came)

    def end(self, *, gently: bool, patience: float = CLOSING) -> None:
        """End the process; `gently` lets it give the device back first. Raises nothing, and is legal twice."""
        if gently and self.running:
            with contextlib.suppress(BiocoreError, OSError):
                self._send("cancel")  # for a capture that was interrupted; else nothing happens
                self._send("close")
                self._until_done(patience)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(LEAVING)
        self._process.kill()
        self._process.wait()
        self._link.close()
        self._forget_words()

    # -- helpers -------------------------------------------------------------------------------------

    def _send(self, do: str, **more: Any) -> None:
        self._link.settimeout(SENDING)
        try:
            self._link.sendall(pack({"do": do, **more}))
        except TimeoutError:
            raise self.situation.error(
                DeviceTimeoutError, f"its process does not take the order {do}", "Unplug it, plug it in"
            ) from None
        except OSError:
            raise self._gone() from None

    def _until_done(self, patience: float) -> None:
        """Read and throw away what it still says; a machine that slept is no reason to leave the lamp on."""
        until = time.monotonic() + patience
        while (left := until - time.monotonic()) > 0.0:
            frame = self._frames_next_quietly()
            if frame is not None:
                if frame[0].get("said") == "done":
                    return
                continue
            self._link.settimeout(max(_SHORTEST, left))
            came = self._link.recv(_CHUNK)
            if not came:
                return
            self._frames.add(came)

    def _frames_next_quietly(self) -> tuple[dict[str, Any], bytes] | None:
        try:
            return self._frames.next()
        except FrameError:
            self._frames = Frames()
            return None

    def _check_awake(self) -> None:
        asleep = self._vigil.error(self.situation)
        if asleep is not None:
            raise asleep

    def _gone(self) -> BiocoreError:
        """Say how it ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(LEAVING)
        status = self._process.returncode
        if status is None:
            how = "closed its end of the channel"
        elif status < 0:
            how = f"crashed ({_signal_name(-status)})"
        else:
            how = f"ended the process it runs in (exit code {status})"
        return self.ended(status, how, self._last_words())

    def _last_words(self) -> str:
        if self._words is None:
            return ""
        self._words.seek(max(0, self._words.seek(0, os.SEEK_END) - _LAST_WORDS))
        return self._words.read().decode("utf-8", "replace").strip().rpartition("\n")[2]

    def _forget_words(self) -> None:
        if self._words is not None:
            self._words.close()
            self._words = None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
