"""A pyusb backend without a bus: it plays a recording below pyusb, and fails as libusb would."""

from __future__ import annotations

import array
import errno
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import usb.backend
import usb.core

from biocore.errors import DeviceError
from biocore_drivers.recording import load
from biocore_drivers.replay_transport import ReplayTransport
from biocore_drivers.transport import Situation, VirtualClock
from biocore_drivers.usb_bus import Identity

_T = TypeVar("_T")
LIBUSB = {errno.EIO: -1, errno.EACCES: -3, errno.ENODEV: -4, errno.EBUSY: -6, errno.ETIMEDOUT: -7, errno.EPIPE: -9}


def failure(code: int) -> usb.core.USBError:
    """Make the error pyusb would raise."""
    kind = usb.core.USBTimeoutError if code == errno.ETIMEDOUT else usb.core.USBError
    return kind("as the test says", LIBUSB.get(code, -99), code)


class FakeBackend(usb.backend.IBackend):  # type: ignore[misc]
    """One reader on the bus, and a note of everything that is done to it.

    Parameters
    ----------
    identity : Identity
    folder : Path or None
        The recording that answers; None = nothing does.
    seed : int
    """

    lib = None

    def __init__(self, identity: Identity, folder: Path | None = None, seed: int = 0) -> None:
        self.identity = identity
        self.done: list[str] = []
        self.fails: dict[str, int] = {}  # what is called -> errno
        self.kernel_drivers: set[int] = set()
        self.takes: int | None = None  # bytes of a write that are taken; None = all
        self._lock = threading.Lock()
        self._tape: ReplayTransport | None = None
        if folder is not None:
            self._tape = ReplayTransport(load(folder), Situation("fake"), VirtualClock(), seed=seed, strict=False)

    def _do(self, what: str) -> None:
        with self._lock:
            self.done.append(what)
        code = self.fails.get(what.split()[0])
        if code is not None:
            raise failure(code)

    # -- descriptors -------------------------------------------------------------------------------

    def enumerate_devices(self) -> Any:
        yield self

    def get_device_descriptor(self, dev: Any) -> Any:
        return SimpleNamespace(
            bLength=18, bDescriptorType=1, bcdUSB=0x200, bDeviceClass=0, bDeviceSubClass=0, bDeviceProtocol=0,
            bMaxPacketSize0=64, idVendor=self.identity.vendor, idProduct=self.identity.product, bcdDevice=0x100,
            iManufacturer=0, iProduct=0, iSerialNumber=0, bNumConfigurations=1, bus=self.identity.bus,
            address=self.identity.number, port_number=2, port_numbers=(2,), speed=2,
        )  # fmt: skip

    def get_configuration_descriptor(self, dev: Any, config: int) -> Any:
        if config:
            raise IndexError
        return SimpleNamespace(
            bLength=9, bDescriptorType=2, wTotalLength=32, bNumInterfaces=1, bConfigurationValue=1, iConfiguration=0,
            bmAttributes=0x80, bMaxPower=50, extra_descriptors=(),
        )  # fmt: skip

    def get_interface_descriptor(self, dev: Any, intf: int, alt: int, config: int) -> Any:
        if intf or alt:
            raise IndexError
        return SimpleNamespace(
            bLength=9, bDescriptorType=4, bInterfaceNumber=0, bAlternateSetting=0, bNumEndpoints=3,
            bInterfaceClass=255, bInterfaceSubClass=255, bInterfaceProtocol=255, iInterface=0, extra_descriptors=(),
        )  # fmt: skip

    def get_endpoint_descriptor(self, dev: Any, ep: int, intf: int, alt: int, config: int) -> Any:
        address, kind = ((0x81, 3), (0x82, 2), (0x02, 2))[ep]
        return SimpleNamespace(
            bLength=7, bDescriptorType=5, bEndpointAddress=address, bmAttributes=kind, wMaxPacketSize=64, bInterval=4,
            bRefresh=0, bSynchAddress=0, extra_descriptors=(),
        )  # fmt: skip

    # -- the handle --------------------------------------------------------------------------------

    def open_device(self, dev: Any) -> Any:
        self._do("open")
        return self

    def close_device(self, dev_handle: Any) -> None:
        self._do("close")

    def get_configuration(self, dev_handle: Any) -> int:
        return 1

    def set_configuration(self, dev_handle: Any, config_value: int) -> None:
        self._do("configure")

    def claim_interface(self, dev_handle: Any, intf: int) -> None:
        self._do(f"claim {intf}")

    def release_interface(self, dev_handle: Any, intf: int) -> None:
        self._do(f"release {intf}")

    def is_kernel_driver_active(self, dev_handle: Any, intf: int) -> bool:
        return intf in self.kernel_drivers

    def detach_kernel_driver(self, dev_handle: Any, intf: int) -> None:
        self._do(f"detach {intf}")
        self.kernel_drivers.discard(intf)

    def attach_kernel_driver(self, dev_handle: Any, intf: int) -> None:
        self._do(f"attach {intf}")
        self.kernel_drivers.add(intf)

    def reset_device(self, dev_handle: Any) -> None:
        self._do("reset")

    def clear_halt(self, dev_handle: Any, ep: int) -> None:
        self._do(f"unhalt 0x{ep:02x}")

    # -- transfers ---------------------------------------------------------------------------------

    def ctrl_transfer(
        self, dev_handle: Any, kind: int, request: int, value: int, index: int, data: Any, timeout: int
    ) -> int:
        self._do(f"control 0x{value:x}")
        tape = self._tape
        if kind & 0x80:
            if tape is None:
                return 0
            came = self._as_libusb(lambda: tape.control_in(request, value, index, len(data), kind))
            return _fill(data, came)
        sent = bytes(data)
        if tape is not None:
            self._as_libusb(lambda: tape.control_out(request, value, index, sent, kind))
        return len(sent) if self.takes is None else self.takes

    def bulk_write(self, dev_handle: Any, ep: int, intf: int, data: Any, timeout: int) -> int:
        self._do(f"write 0x{ep:02x}")
        return len(data) if self.takes is None else self.takes

    def bulk_read(self, dev_handle: Any, ep: int, intf: int, buff: Any, timeout: int) -> int:
        self._do(f"read 0x{ep:02x}")
        until = time.monotonic() + timeout / 1000
        while True:
            came = None if self._tape is None else self._tape.arrive(ep, 0.0)
            if came is not None:
                return _fill(buff, came)
            if time.monotonic() > until:
                raise failure(errno.ETIMEDOUT)
            time.sleep(0.002)

    intr_read = bulk_read

    @staticmethod
    def _as_libusb(transfer: Callable[[], _T]) -> _T:
        try:
            return transfer()
        except DeviceError as error:
            raise failure(errno.EPIPE) from error


def _fill(buffer: array.array[int], data: bytes) -> int:
    buffer[: len(data)] = array.array("B", data)
    return len(data)


def sysfs(root: Path, *devices: Identity) -> Path:
    """Write what the kernel would show of devices."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "usb1").mkdir(exist_ok=True)  # a root hub that is being removed
    for device in devices:
        folder = root / device.port
        folder.mkdir(exist_ok=True)
        texts = {
            "idVendor": f"{device.vendor:04x}",
            "idProduct": f"{device.product:04x}",
            "busnum": str(device.bus),
            "devnum": str(device.number),
            "manufacturer": device.maker,
            "product": device.model,
            "serial": device.serial,
        }
        for name, text in texts.items():
            if text:
                (folder / name).write_text(text + "\n")
        (root / f"{device.port}:1.0").mkdir(exist_ok=True)
    return root
