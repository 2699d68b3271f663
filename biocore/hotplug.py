"""Devices that come and go: a list that is never stale, and who is told when it changes.

The list is read anew once a second, and at once when the kernel or udevd says that something was plugged or
unplugged (netlink, the socket that udev listens on; no rights needed, no library). After such a word the bus gets
0.3 s to come to rest: a device appears with its hub, its node and its rights one after another.

A driver whose list takes its time (`hal.DearDriver`: the biometric services) is asked when its mark changes (a service
began or ceased to listen), after a word of the kernel's, and every `interval` of its own besides.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from biocore.discovery import Registry, registry
from biocore.errors import DriverError
from biocore.hal import DearDriver, DeviceInfo

INTERVAL = 1.0  # s between two looks where nobody says that anything changed
REST = 0.3  # s of silence after a word of the kernel's
LONGEST_REST = 2.0  # s; a bus that never rests is looked at all the same
_NETLINK_KOBJECT_UEVENT = 15  # linux/netlink.h
_KERNEL, _UDEV = 1, 2  # multicast groups: as it happens, and after the rules have been applied
_SUBSYSTEMS = (b"SUBSYSTEM=usb\0", b"SUBSYSTEM=video4linux\0", b"SUBSYSTEM=tty\0", b"SUBSYSTEM=hidraw\0")
_ENDED = 5.0  # s to wait for the thread

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """A device came or went.

    Attributes
    ----------
    attached : bool
    info : DeviceInfo
    """

    attached: bool
    info: DeviceInfo


class Bell(Protocol):
    """Something that may say that the bus has changed."""

    def fileno(self) -> int:
        """Return the descriptor that becomes readable."""
        ...

    def rings(self) -> bool:
        """Read one word of it; True where it concerns devices of ours."""
        ...

    def close(self) -> None:
        """End."""
        ...


class Uevents:
    """The kernel's and udevd's words.

    Raises
    ------
    OSError
        Not Linux, or a sandbox that forbids the socket: then looking once a second is what there is.
    """

    def __init__(self) -> None:
        if not hasattr(socket, "AF_NETLINK"):
            raise OSError("no netlink here")
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, _NETLINK_KOBJECT_UEVENT
        )
        try:
            self._socket.bind((0, _KERNEL | _UDEV))
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._socket.fileno()

    def rings(self) -> bool:
        """Read one message."""
        try:
            message = self._socket.recv(16384)
        except BlockingIOError:
            return False
        except OSError:  # messages were lost: something has changed
            return True
        return any(subsystem in message for subsystem in _SUBSYSTEMS)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


@dataclass
class _Remembered:
    """The last list of a dear driver: when it was asked, and under which mark."""

    at: float
    mark: object
    devices: list[DeviceInfo]


class Lists:
    """What all drivers list, each asked as seldom as it allows.

    Parameters
    ----------
    known : Registry
    now : callable
        A clock, in s.
    """

    def __init__(self, known: Registry, now: Callable[[], float] = time.monotonic) -> None:
        self._registry = known
        self._now = now
        self._remembered: dict[str, _Remembered] = {}

    def __call__(self) -> list[DeviceInfo]:
        """List what is attached."""
        return [info for name in self._registry.names for info in self._devices_of(name)]

    def forget(self) -> None:
        """Ask everybody the next time."""
        self._remembered.clear()

    def _devices_of(self, name: str) -> list[DeviceInfo]:
        try:
            driver = self._registry.load(name)
        except DriverError:
            return []
        if not isinstance(driver, DearDriver):
            return self._registry.devices_of(name)
        mark, now = driver.mark(), self._now()
        last = self._remembered.get(name)
        if last is None or last.mark != mark or now - last.at >= driver.interval:
            last = self._remembered[name] = _Remembered(now, mark, self._registry.devices_of(name))
        return last.devices


class Watcher:
    """Watches what is attached, in a thread of its own, while its `with` block runs.

    Parameters
    ----------
    listener : callable
        Called with each `Change`, in the watcher's thread; one that fails is logged.
    devices : callable or None
        Lists what is attached; None = the installed drivers, each as often as it allows (`Lists`).
    bell : Bell or None
        None = the kernel's.
    interval : float
        s between two looks.
    """

    def __init__(
        self,
        listener: Callable[[Change], None],
        devices: Callable[[], Iterable[DeviceInfo]] | None = None,
        bell: Bell | None = None,
        interval: float = INTERVAL,
    ) -> None:
        self._listener = listener
        self._list = Lists(registry()) if devices is None else devices
        self._bell = bell
        self._interval = interval
        self._known: dict[str, DeviceInfo] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._end = (-1, -1)

    @property
    def devices(self) -> list[DeviceInfo]:
        """What was attached at the last look, as `any:` would take it."""
        with self._lock:
            return sorted(self._known.values(), key=lambda info: info.rank)

    def __enter__(self) -> Self:
        if self._bell is None:
            try:
                self._bell = Uevents()
            except OSError as error:
                _log.info("nobody says when devices change (%s): looking every %g s", error, self._interval)
        self._end = os.pipe()
        self._look(tell=False)
        self._thread = threading.Thread(target=self._work, name="biocore hotplug", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        os.write(self._end[1], b".")
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_ENDED)
        for descriptor in self._end:
            with contextlib.suppress(OSError):
                os.close(descriptor)
        if self._bell is not None:
            self._bell.close()
            self._bell = None

    def _work(self) -> None:
        while True:
            ends, heard = self._wait(self._interval)
            if heard and isinstance(self._list, Lists):
                self._list.forget()
            until = time.monotonic() + LONGEST_REST
            while heard and not ends and time.monotonic() < until:
                ends, heard = self._wait(REST)
            if ends:
                return
            self._look(tell=True)

    def _wait(self, seconds: float) -> tuple[bool, bool]:
        """Wait for the end or the bell; say which of them came."""
        until = time.monotonic() + seconds
        sources: list[int | Bell] = [self._end[0]] + ([self._bell] if self._bell is not None else [])
        while True:
            ready, _, _ = select.select(sources, [], [], max(0.0, until - time.monotonic()))
            if self._end[0] in ready:
                return True, False
            if not ready:
                return False, False
            if self._bell is not None and self._bell.rings():
                return False, True

    def _look(self, *, tell: bool) -> None:
        try:
            found = {info.uri: info for info in self._list()}
        except Exception:  # whatever a plug-in does, the watch goes on
            _log.exception("the devices cannot be listed")
            return
        with self._lock:
            before, self._known = self._known, found
        if not tell:
            return
        gone = [Change(False, info) for uri, info in before.items() if uri not in found]
        come = [Change(True, info) for uri, info in found.items() if uri not in before]
        for change in (*gone, *come):
            try:
                self._listener(change)
            except Exception:
                _log.exception("a listener failed on %s", change)
