"""The real transport: pyusb over libusb.

Everything that fails is one of the named errors (`usb_errors`). Opening takes the advisory lock, looks for the device
anew, detaches kernel drivers from all its interfaces, and claims the first; closing gives all of it back, in order:
readers end, interfaces are released, drivers return, the lock goes last.

libusb is the system's; where there is none, the one in the package `libusb-package` is taken. Each transport has a
libusb context of its own, because a context's list of devices can be as old as itself.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import usb.backend.libusb1
import usb.core
import usb.util

from biocore import udev
from biocore.errors import (
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceError,
    DeviceNotFoundError,
    DevicePermissionError,
    DeviceProtocolError,
    DeviceSuspendedError,
    DeviceVendorError,
    MissingDependencyError,
)
from biocore_drivers import usb_bus
from biocore_drivers.transport import (
    CONTROL_TIMEOUT,
    REOPEN,
    VENDOR_IN,
    VENDOR_OUT,
    Clock,
    RealClock,
    Situation,
    random_32,
)
from biocore_drivers.usb_bus import Identity, Selector
from biocore_drivers.usb_errors import MEANT, transfer_error
from biocore_drivers.usb_lock import DeviceLock

SETTLING = 2.0  # s after plugging, in which a device node may be there before its rights are
SLICE = 0.5  # s; a reader thread looks this often whether it should end
JOIN = 2.5  # s to wait for a reader thread: longer than any posted read lasts

_log = logging.getLogger(__name__)


def connect(selector: Selector, situation: Situation, last: Identity | None = None) -> UsbTransport:
    """Open the device that is asked for.

    Parameters
    ----------
    selector : Selector
    situation : Situation
    last : Identity or None
        The one opened before under this name: it is preferred among several.

    Raises
    ------
    DeviceNotFoundError, DevicePermissionError, DeviceBusyError, DeviceError
    MissingDependencyError
        There is no libusb.
    """
    until = time.monotonic() + SETTLING
    while True:
        identity = _find(selector, situation, last)
        try:
            return UsbTransport(identity, situation)
        except DevicePermissionError:
            if not _fresh(identity) or time.monotonic() > until:
                raise
            time.sleep(0.1)


def _find(selector: Selector, situation: Situation, last: Identity | None) -> Identity:
    present = usb_bus.attached()
    found = [device for device in present if selector.matches(device)]
    if not found:
        kinds = sorted({f"{device.vendor:04x}:{device.product:04x}" for device in present})
        there = f", or name one that is there: {', '.join(kinds)}" if kinds else "; no USB device is attached at all"
        raise situation.error(DeviceNotFoundError, "is not attached", f"Plug it in{there}")
    if last is not None:  # the same reader, in another socket perhaps; else the same socket
        found.sort(key=lambda device: (not (last.serial and device.serial == last.serial), device.port != last.port))
    return found[0]


def _fresh(identity: Identity) -> bool:
    try:
        return time.time() - identity.node.stat().st_ctime < SETTLING
    except OSError:
        return False


def backend() -> Any:
    """Return a libusb context of one's own.

    Raises
    ------
    MissingDependencyError
    """
    library = usb.backend.libusb1.get_backend()
    if library is None:
        with contextlib.suppress(ImportError):
            package = importlib.import_module("libusb_package")  # optional: it brings a libusb of its own
            library = usb.backend.libusb1.get_backend(find_library=package.find_library)
    if library is None:
        raise MissingDependencyError(
            "there is no libusb-1.0: install the system package libusb-1.0-0, or `pip install libusb-package`"
        )
    return type(library)(library.lib)


class UsbTransport:
    """Transfers over a cable; see `transport.Transport`.

    Parameters
    ----------
    identity : Identity
        As `usb_bus.attached` lists it.
    situation : Situation
    library : object or None
        A pyusb backend; None = libusb.
    """

    once = False

    def __init__(self, identity: Identity, situation: Situation, library: Any = None) -> None:
        self.identity = identity
        self.situation = situation
        self.clock: Clock = RealClock()
        self._readers: list[_Reader] = []
        self._watches: dict[int, _Reader] = {}
        self._detached: list[int] = []
        self._lock = DeviceLock(identity.uri, situation)
        self._device: Any = None
        try:
            own = backend() if library is None else library
            with self._named("the bus"):
                self._device = usb.core.find(
                    backend=own, custom_match=lambda d: (d.bus, d.address) == (identity.bus, identity.number)
                )
                if self._device is None:
                    raise situation.error(DeviceDisconnectedError, "is gone again", "Plug it in and open it anew")
                self._claim()
        except BaseException:
            self.close()
            raise

    def _claim(self) -> None:
        configuration = self._device.get_active_configuration()
        for interface in {item.bInterfaceNumber for item in configuration}:
            with contextlib.suppress(NotImplementedError, usb.core.USBError):  # the claim tells if it mattered
                if self._device.is_kernel_driver_active(interface):
                    self._device.detach_kernel_driver(interface)
                    self._detached.append(interface)
        usb.util.claim_interface(self._device, next(iter(configuration)).bInterfaceNumber)

    # -- transfers ---------------------------------------------------------------------------------

    def random(self) -> int:
        """Return 32 random bits."""
        return random_32()

    def control_in(self, request: int, value: int, index: int, length: int, kind: int = VENDOR_IN) -> bytes:
        """Read by a control transfer."""
        with self._named("the default pipe"):
            return bytes(self._device.ctrl_transfer(kind, request, value, index, length, _ms(CONTROL_TIMEOUT)))

    def control_out(self, request: int, value: int, index: int, data: bytes, kind: int = VENDOR_OUT) -> None:
        """Write by a control transfer."""
        with self._named("the default pipe"):
            took = self._device.ctrl_transfer(kind, request, value, index, data, _ms(CONTROL_TIMEOUT))
        self._all(took, data, "the default pipe")

    def read(self, endpoint: int, length: int, timeout: float) -> bytes:
        """Read one transfer."""
        with self._at(endpoint):
            return bytes(self._device.read(endpoint, length, _ms(timeout)))

    def write(self, endpoint: int, data: bytes, timeout: float) -> None:
        """Write one transfer."""
        with self._at(endpoint):
            took = self._device.write(endpoint, data, _ms(timeout))
        self._all(took, data, f"endpoint 0x{endpoint:02x}")

    def post(self, endpoint: int, length: int, timeout: float) -> _Reader:
        """Begin to read a transfer."""
        return self._begin(lambda: self.read(endpoint, length, timeout), endless=False)

    def watch(self, endpoint: int, length: int) -> None:
        """Keep a read pending on an interrupt endpoint, in slices of `SLICE` s."""
        if endpoint not in self._watches:
            self._watches[endpoint] = self._begin(lambda: self.read(endpoint, length, SLICE), endless=True)

    def event(self, endpoint: int, timeout: float) -> bytes | None:
        """Return the oldest unheard event."""
        return self._watches[endpoint].result(timeout)

    def reset(self) -> None:
        """Reset the device on its bus."""
        with self._named("the bus"):
            self._device.reset()

    def close(self) -> None:
        """Give everything back, in order."""
        for reader in self._readers:
            reader.stop()
        ended = [reader.join() for reader in self._readers]
        self._readers, self._watches = [], {}
        device, self._device = self._device, None
        if device is not None and all(ended):  # else libusb would crash under the one that still reads
            for interface in self._detached:
                with contextlib.suppress(usb.core.USBError, NotImplementedError):
                    usb.util.release_interface(device, interface)
                    device.attach_kernel_driver(interface)
            with contextlib.suppress(usb.core.USBError):
                usb.util.dispose_resources(device)
        self._lock.release()

    # -- helpers -----------------------------------------------------------------------------------

    def _begin(self, read: Callable[[], bytes], *, endless: bool) -> _Reader:
        self._readers = [reader for reader in self._readers if reader.running]
        reader = _Reader(read, endless=endless, name=f"biocore reader {self.situation.uri}")
        self._readers.append(reader)
        return reader

    def _all(self, took: int, data: bytes, place: str) -> None:
        if took != len(data):
            raise self.situation.error(DeviceProtocolError, f"{place} took {took} of {len(data)} bytes")

    @contextlib.contextmanager
    def _at(self, endpoint: int) -> Iterator[None]:
        """Turn what goes wrong at an endpoint into the named errors, and let one that stalled go on.

        An endpoint stays halted until the host clears it, across claims too (USB 2.0, 9.4.5): the next session would
        stall as well.
        """
        with self._named(f"endpoint 0x{endpoint:02x}"):
            try:
                yield
            except usb.core.USBError as error:
                if error.errno == errno.EPIPE:
                    with contextlib.suppress(usb.core.USBError, NotImplementedError):
                        self._device.clear_halt(endpoint)
                raise

    @contextlib.contextmanager
    def _named(self, place: str) -> Iterator[None]:
        """Turn what pyusb raises into the named errors."""
        try:
            yield
        except usb.core.USBError as error:
            raise self._error(error, place) from error
        except (NotImplementedError, ValueError) as error:  # pyusb's words for a system and a descriptor
            raise self.situation.error(DeviceProtocolError, f"{place}: {error}") from error

    def _error(self, error: usb.core.USBError, place: str) -> DeviceError:
        code = error.errno if error.errno is not None else 0
        if code in (errno.EACCES, errno.EPERM):
            hint = udev.hint(self.identity.vendor, self.identity.product)
            return self.situation.error(DevicePermissionError, "this user may not open it", hint)
        if code == errno.EBUSY:
            held = usb_bus.holders(self.identity)
            return self.situation.error(
                DeviceBusyError, f"is held by {' and '.join(held) or 'another program'}", "Close that program"
            )
        if code == errno.EIO and not any(device == self.identity for device in usb_bus.attached()):
            code = errno.ENODEV
        if code == errno.EIO and usb_bus.suspended(self.identity):
            return self.situation.error(DeviceSuspendedError, "sleeps", REOPEN)
        if code in MEANT:
            return transfer_error(self.situation, code, place)
        if code:
            return transfer_error(self.situation, code, place)
        return self.situation.error(
            DeviceVendorError, f"{place}: libusb says {error.backend_error_code} ({error.strerror})", "Plug it in again"
        )


class _Reader:
    """A thread that reads: once, or again and again."""

    def __init__(self, read: Callable[[], bytes], *, endless: bool, name: str) -> None:
        self._read = read
        self._endless = endless
        self._came: deque[bytes] = deque()
        self._failure: DeviceError | None = None
        self._stopped = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """It has not ended."""
        return self._thread.is_alive()

    def result(self, timeout: float) -> bytes | None:
        """Return what came first; raise what went wrong; None where neither happens in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._came or self._failure, timeout)
            if self._came:
                return self._came.popleft()
            if self._failure is not None:
                raise self._failure
            return None

    def stop(self) -> None:
        """End after the slice that runs."""
        self._stopped = True

    def join(self) -> bool:
        """Wait for the end; say whether it came."""
        self._thread.join(JOIN)
        if self._thread.is_alive():
            _log.warning("%s does not end", self._thread.name)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while not self._stopped:
            try:
                data = self._read()
            except DeviceError as error:
                if self._endless and isinstance(error, TimeoutError):
                    continue
                with self._changed:
                    self._failure = error
                    self._changed.notify_all()
                return
            with self._changed:
                self._came.append(data)
                self._changed.notify_all()
            if not self._endless:
                return


def _ms(seconds: float) -> int:
    return max(1, math.ceil(min(seconds, 3600.0) * 1000))  # 0 means for ever to libusb
