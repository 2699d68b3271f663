"""A recorded conversation as a device: `replay:DIR?seed=0x51ea2124&fault=stall:31`.

| parameter | default | meaning |
|-----------|---------|---------|
| `seed`  | 0x51ea2124 | the host's random value while it was recorded (libfprint's, when its tests are recorded) |
| `fault` | none    | `KIND:INDEX`: at the packet of that index, once in the device's life; see below |
| `order` | strict  | `strict`: the driver makes each recorded read; `relaxed`: reads may come at other moments |

DIR holds `device` and `capture.pcapng` or `capture.ioctl` (`recording`). The driver is the one that serves the
recorded VID:PID through a cable, unchanged. Each capture plays the recording from its beginning. Time is virtual: a
capture that waits in vain ends at once. In DIR, `?` is written `%3F` and `%` is written `%25`.

Faults: `stall`, `short` (half the bytes), `hang` (never completes), `disconnect`, `garbage` (other bytes).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, runtime_checkable

from biocore.discovery import registry
from biocore.errors import DeviceError, DeviceNotFoundError, DeviceUnsupportedError, DriverError, FormatError
from biocore.hal import Device, DeviceInfo, split_uri
from biocore_drivers.parameters import check_known, one_of, whole
from biocore_drivers.recording import Recording, load
from biocore_drivers.replay_transport import LIBFPRINT_SEED, Fault, FaultKind, ReplayTransport
from biocore_drivers.transport import Clock, Situation, Transport, VirtualClock
from biocore_drivers.usb_bus import Identity

NAME = "replay"
KEYS = frozenset({"seed", "fault", "order"})


@runtime_checkable
class OverTransport(Protocol):
    """A driver that can be put over another transport; `family.UsbFamily` is one."""

    def model(self, device: Identity) -> object | None:
        """Return the model a device is; None where it is somebody else's."""
        ...

    def over(self, uri: str, identity: Identity, connect: _Connect, clock: Clock | None = None) -> Device:
        """Make the device over transports that `connect` opens."""
        ...


class _Connect(Protocol):
    def __call__(self, situation: Situation) -> Transport: ...


class ReplayDriver:
    """Serves `replay:DIR`."""

    def devices(self) -> Iterable[DeviceInfo]:
        """List nothing: a disk is not searched for recordings."""
        return ()

    def claims(self, uri: str) -> bool:
        """Say whether the URI's scheme is `replay`."""
        return uri.startswith(f"{NAME}:")

    def open(self, uri: str) -> Device:
        """Make the device of the URI, not opened yet.

        Raises
        ------
        DeviceNotFoundError
            There is no recording, a parameter is unknown or impossible, or no driver serves what was recorded.
        DeviceUnsupportedError
            The recorded device is recognised and refused.
        DeviceError
            `fault` names no packet of the recording.
        """
        _, address, params = split_uri(uri)
        check_known(uri, params, KEYS)
        seed = whole(uri, "seed", params.get("seed", hex(LIBFPRINT_SEED)), 0, 2**32 - 1)
        strict = one_of(uri, "order", params.get("order", "strict"), ("strict", "relaxed")) == "strict"
        try:
            if "\0" in address:
                raise FormatError("is no path")
            recording = load(Path(address))
        except FormatError as error:
            raise DeviceNotFoundError(f"no recording: {error}", uri=uri) from error
        fault = _fault(uri, params["fault"], recording) if "fault" in params else None
        clock = VirtualClock()

        def connect(situation: Situation) -> Transport:
            return ReplayTransport(recording, situation, clock, seed=seed, strict=strict, fault=fault)

        return driver_of(recording.identity, uri).over(uri, recording.identity, connect, clock)


def driver_of(identity: Identity, uri: str) -> OverTransport:
    """Return the driver that serves a device, and can be put over another transport.

    Raises
    ------
    DeviceUnsupportedError
        None is installed.
    """
    known = registry()
    for name in known.names:
        try:
            candidate = known.load(name)
        except DriverError:
            continue
        if isinstance(candidate, OverTransport) and candidate.model(identity) is not None:
            return candidate
    raise DeviceUnsupportedError(
        f"no driver serves what was recorded, {identity.vendor:04x}:{identity.product:04x}",
        uri=uri,
        hint="Install the driver of that device",
    )


def _fault(uri: str, text: str, recording: Recording) -> Fault:
    kind, _, index = text.partition(":")
    known = FaultKind(one_of(uri, "kind of fault", kind, [each.value for each in FaultKind]))
    number = whole(uri, "index of a fault", index, 0, 2**31)
    if number >= recording.count:
        raise DeviceError(
            f"no such packet: the recording has {recording.count}, counted from 0",
            uri=uri,
            hint=f"Name one up to {recording.count - 1}",
        )
    return Fault(known, number)


driver = ReplayDriver()
