"""Which USB devices are attached, who they are, and who holds them: read from sysfs and /proc, fresh every time.

libusb's own list is as old as its context where no udevd runs; sysfs is the kernel's, and needs no rights.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from biocore import udev
from biocore.errors import DeviceNotFoundError
from biocore.hal import split_uri

SCHEME = "usb"
SYSFS = Path("/sys/bus/usb/devices")
PROC = Path("/proc")
NODES = Path("/dev/bus/usb")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a USB device says of itself, and where it is.

    Attributes
    ----------
    vendor, product : int
    maker, model, serial : str
        Empty where it does not say.
    port : str
        Path of ports from the root hub, as `1-2.4`: the same socket keeps it.
    bus, number : int
        Its address now; another after every plugging. 0 where unknown.
    """

    vendor: int
    product: int
    maker: str = ""
    model: str = ""
    serial: str = ""
    port: str = ""
    bus: int = 0
    number: int = 0

    @property
    def uri(self) -> str:
        """The name it keeps: by its serial number where it has one, by its socket else."""
        mark = self.serial or self.port
        return f"{SCHEME}:{self.vendor:04x}:{self.product:04x}" + (f"@{quote(mark, safe='{}:')}" if mark else "")

    @property
    def node(self) -> Path:
        """Its device node."""
        return NODES / f"{self.bus:03d}" / f"{self.number:03d}"

    @property
    def forbidden(self) -> str:
        """What to do so that this user may open it: the udev line; empty where nothing is in the way."""
        return udev.hint(self.vendor, self.product) if locked(self.node) else ""


@dataclass(frozen=True, slots=True)
class Selector:
    """What a URI asks for: `usb:VID:PID`, `usb:VID:PID@SERIAL` or `usb:VID:PID@PORT`.

    Attributes
    ----------
    vendor, product : int
    mark : str
        Serial number or port path; empty = any.
    """

    vendor: int
    product: int
    mark: str = ""

    def matches(self, device: Identity) -> bool:
        """Say whether it is the device, or one of the devices, asked for."""
        same_kind = (device.vendor, device.product) == (self.vendor, self.product)
        return same_kind and self.mark in ("", device.serial, device.port)


def parse(uri: str) -> Selector:
    """Read a `usb:` URI.

    Raises
    ------
    DeviceNotFoundError
        Not of that form.
    """
    scheme, address, params = split_uri(uri)
    ids, at, mark = address.partition("@")
    words = ids.split(":")
    if scheme != SCHEME or len(words) != 2 or params or bool(at) != bool(mark):
        raise DeviceNotFoundError("is no USB device; expected usb:VID:PID, @SERIAL or @PORT after it", uri=uri)
    if not all(len(word) == 4 and set(word) <= set("0123456789abcdefABCDEF") for word in words):
        raise DeviceNotFoundError("VID and PID are four hexadecimal digits each, as in 05ba:000a", uri=uri)
    return Selector(int(words[0], 16), int(words[1], 16), mark)


def locked(node: Path) -> bool:
    """Say whether a device node is there that this user may not open; nothing is opened for it."""
    return node.exists() and not os.access(node, os.R_OK | os.W_OK)


def attached(sysfs: Path | None = None) -> list[Identity]:
    """List what is attached now, in order of ports; empty where there is no USB."""
    return sorted(_read_all(SYSFS if sysfs is None else sysfs), key=lambda device: device.port)


def _read_all(sysfs: Path) -> Iterator[Identity]:
    try:
        names = [entry.name for entry in sysfs.iterdir()]
    except OSError:
        return
    for name in names:
        if ":" in name:  # an interface
            continue
        device = f"{sysfs}/{name}"  # a text: each driver reads all of it each second, and a Path costs more than a read
        try:
            vendor, product = (int(_text(f"{device}/{key}"), 16) for key in ("idVendor", "idProduct"))
            bus, number = (int(_text(f"{device}/{key}")) for key in ("busnum", "devnum"))
        except (OSError, ValueError):  # unplugged between two reads
            continue
        maker, model, serial = (_said(f"{device}/{key}") for key in ("manufacturer", "product", "serial"))
        yield Identity(vendor, product, maker, model, serial, name, bus, number)


def _said(path: str) -> str:
    try:
        return _text(path)
    except OSError:
        return ""


def _text(path: Path | str) -> str:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        return file.read().decode("utf-8", "replace").strip()


def suspended(device: Identity, sysfs: Path | None = None) -> bool:
    """Say whether the kernel has put the device to sleep."""
    try:
        return _text((sysfs or SYSFS) / device.port / "power" / "runtime_status") == "suspended"
    except OSError:
        return False


def holders(device: Identity, sysfs: Path | None = None, proc: Path | None = None) -> list[str]:
    """Name who holds a device: kernel drivers bound to its interfaces, and programs with its node open.

    Programs of other users are seen only by root.
    """
    sysfs, proc = sysfs or SYSFS, proc or PROC
    found = []
    for interface in sorted(sysfs.glob(f"{device.port}:*")):
        bound = interface / "driver"
        if bound.is_symlink() and bound.resolve().name != "usbfs":
            found.append(f"kernel driver {bound.resolve().name}")
    return found + programs(device.node, proc)


def programs(node: Path, proc: Path | None = None) -> list[str]:
    """Name the programs that have a device node open; those of other users are seen only by root."""
    found = []
    for process in (proc or PROC).glob("[0-9]*"):
        try:
            if any(entry.readlink() == node for entry in (process / "fd").iterdir()):
                found.append(f"{_text(process / 'comm')} (process {process.name})")
        except OSError:  # ended, or somebody else's
            continue
    return found
