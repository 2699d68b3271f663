"""Which drivers are installed and which devices are attached: entry points in a lazy registry.

Drivers arrive through entry points of the group `biocore.drivers`, ours by the same door as everybody's.
Nothing is imported until it is used; two of one name are refused; a plug-in that does not load is listed
with its fault and harms nobody else.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from biocore import udev
from biocore.errors import DriverError, DriverNotFoundError
from biocore.failover import SCHEME as ANY
from biocore.failover import AnyDevice
from biocore.hal import Device, DeviceInfo, Driver

GROUP = "biocore.drivers"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DriverInfo:
    """One installed plug-in.

    Attributes
    ----------
    name : str
        Entry point name, and scheme of its URIs.
    origin : str
        `module:object`, and the package it comes from.
    fault : str
        Why it cannot be used; empty where it can.
    version : str
        Of the package; empty where that is unknown.
    """

    name: str
    origin: str
    fault: str = ""
    version: str = ""


class Registry:
    """Drivers by name, loaded on first use.

    Parameters
    ----------
    points : iterable of EntryPoint or None
        For tests; None = what is installed.
    """

    def __init__(self, points: Iterable[EntryPoint] | None = None) -> None:
        found = entry_points(group=GROUP) if points is None else points
        self._points: dict[str, list[EntryPoint]] = {}
        for point in sorted(set(found), key=lambda p: (p.name, p.value)):
            self._points.setdefault(point.name, []).append(point)
        self._loaded: dict[str, Driver] = {}
        self._faults: dict[str, str] = {}  # what did not load stays so: Python would run its import again

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all plug-ins, broken ones too."""
        return tuple(self._points)

    def load(self, name: str) -> Driver:
        """Return one driver.

        Raises
        ------
        DriverNotFoundError
            No such name.
        DriverError
            Two plug-ins of that name, or one that does not load.
        """
        if name in self._loaded:
            return self._loaded[name]
        if name in self._faults:
            raise DriverError(self._faults[name])
        points = self._points.get(name)
        if not points:
            raise DriverNotFoundError(
                f"no driver named {name!r} is installed; there are: {', '.join(self.names) or 'none'}"
            )
        if len(points) > 1:
            raise DriverError(
                f"driver {name!r} is claimed by {' and by '.join(map(_origin, points))}; uninstall all but one"
            )
        try:
            driver: Driver = points[0].load()
        except (Exception, SystemExit) as error:  # a plug-in may fail in any way, and must harm nobody else
            self._faults[name] = f"driver {name!r} ({_origin(points[0])}) does not load: {error}"
            raise DriverError(self._faults[name]) from error
        missing = [hook for hook in ("devices", "claims", "open") if not callable(getattr(driver, hook, None))]
        if missing:
            raise DriverError(
                f"driver {name!r} ({_origin(points[0])}) lacks {', '.join(missing)}; see biocore.hal.Driver"
            )
        self._loaded[name] = driver
        return driver

    def drivers(self) -> list[DriverInfo]:
        """List all plug-ins; a broken one carries its fault."""
        return [
            DriverInfo(name, _origin(points[0]), self._fault(name), _version(points[0]))
            for name, points in self._points.items()
        ]

    def devices(self) -> list[DeviceInfo]:
        """List what is attached, as `any:` would take it; a driver that fails to list is logged and passed over."""
        found = [info for name in self._points for info in self.devices_of(name)]
        return sorted(found, key=lambda info: info.rank)

    def devices_of(self, name: str) -> list[DeviceInfo]:
        """List what is attached of one driver's; nothing where it fails to, which is logged."""
        try:
            return list(self.load(name).devices())
        except DriverError:
            return []  # drivers() names the fault
        except Exception:  # whatever a plug-in does, the others are still listed
            _log.exception("driver %r fails to list its devices", name)
            return []

    def device(self, uri: str) -> Device:
        """Make the device of a URI, not opened yet.

        Raises
        ------
        DriverNotFoundError, DriverError, DeviceError
        """
        scheme, colon, _ = uri.partition(":")
        if not colon:
            raise DriverNotFoundError(f"{uri!r} is no device URI; expected SCHEME:ADDRESS, as virtual:finger")
        if scheme == ANY:
            return AnyDevice(uri, self.devices, self.device)
        if scheme in self._points:
            return self.load(scheme).open(uri)
        for name in self._points:
            if not self._fault(name) and self._claims(name, uri):
                return self.load(name).open(uri)
        raise DriverNotFoundError(f"no driver serves {uri!r}; installed: {', '.join(self.names) or 'none'}")

    def open(self, uri: str) -> Device:
        """Open the device of a URI.

        Raises
        ------
        DriverNotFoundError, DriverError, DeviceError
        """
        return self.device(uri).open()

    def udev_rules(self) -> str:
        """Return the udev rules of every USB device that the installed drivers serve, as a file's text.

        A driver of USB devices names them: `usb_ids()` yields VID, PID and a name.
        """
        known: list[tuple[int, int, str]] = []
        for name in self._points:
            try:
                usb_ids = getattr(self.load(name), "usb_ids", None)
                known.extend(usb_ids() if usb_ids is not None else ())
            except DriverError:
                continue
            except Exception:
                _log.exception("driver %r fails to name its USB devices", name)
        return udev.file_text(known)

    def _claims(self, name: str, uri: str) -> bool:
        try:
            return bool(self.load(name).claims(uri))
        except Exception:
            _log.exception("driver %r fails to say whether it serves %s", name, uri)
            return False

    def _fault(self, name: str) -> str:
        try:
            self.load(name)
        except DriverError as error:
            return str(error)
        return ""


def _origin(point: EntryPoint) -> str:
    package = point.dist.name if point.dist is not None else "unknown package"
    return f"{point.value} of {package}"


def _version(point: EntryPoint) -> str:
    return point.dist.version if point.dist is not None else ""


_registry: Registry | None = None


def registry() -> Registry:
    """Return the process's registry, made on first use."""
    global _registry
    if _registry is None:
        _registry = Registry()
    return _registry


def list_drivers() -> list[DriverInfo]:
    """List the installed drivers, each with its fault where it has one."""
    return registry().drivers()


def list_devices() -> list[DeviceInfo]:
    """List the devices attached now, the one that `any:` takes before the others."""
    return registry().devices()


def udev_rules() -> str:
    """Return the udev rules of every USB device that the installed drivers serve, as a file's text."""
    return registry().udev_rules()


def open_device(uri: str) -> Device:
    """Open a device by its URI; use it as a context manager.

    Parameters
    ----------
    uri : str
        `any:finger` for the best scanner attached, `usb:05ba:000a` for a certain one, `virtual:finger`, `file:PATH`,
        `replay:DIR`.

    Raises
    ------
    DriverNotFoundError
        Nothing installed serves the URI.
    DeviceError
        The device is absent, forbidden, busy, or does not answer.
    """
    return registry().open(uri)
