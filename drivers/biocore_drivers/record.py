"""A USB device that is recorded while it is used: `record:DIR?of=usb%3A05ba%3A000a`.

It is the device that `of` names, driven by its own driver; when it is closed, DIR holds the conversation of its last
session, and `replay:DIR` plays it. The host's random value is the one that a recording is played with by default. In
DIR, `?` is written `%3F` and `%` is written `%25`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from biocore.errors import DeviceNotFoundError
from biocore.hal import Device, DeviceInfo, split_uri
from biocore_drivers import usb_bus
from biocore_drivers.family import Cable
from biocore_drivers.parameters import check_known
from biocore_drivers.recorder import RecordingTransport
from biocore_drivers.replay import driver_of
from biocore_drivers.transport import Situation, Transport

NAME = "record"
KEYS = frozenset({"of"})


class RecordDriver:
    """Serves `record:DIR`."""

    def devices(self) -> Iterable[DeviceInfo]:
        """List nothing: a device is listed by its own driver."""
        return ()

    def claims(self, uri: str) -> bool:
        """Say whether the URI's scheme is `record`."""
        return uri.startswith(f"{NAME}:")

    def open(self, uri: str) -> Device:
        """Make the device of the URI, not opened yet.

        Raises
        ------
        DeviceNotFoundError
            The device is not attached, or no USB device.
        DeviceUnsupportedError
            No driver serves it by a transport of ours, or it is recognised and refused.
        """
        scheme, address, params = split_uri(uri)
        if scheme != NAME:
            raise DeviceNotFoundError(f"expected {NAME}:DIR?of=usb:VID:PID", uri=uri)
        check_known(uri, params, KEYS)
        if "of" not in params or "\0" in address:
            raise DeviceNotFoundError("does not say of which device", uri=uri, hint="Add ?of=usb:VID:PID")
        selector = usb_bus.parse(params["of"])
        identity = next((device for device in usb_bus.attached() if selector.matches(device)), None)
        if identity is None:
            raise DeviceNotFoundError("is not attached", uri=params["of"], hint="Plug it in")
        cable, folder = Cable(selector), Path(address)

        def connect(situation: Situation) -> Transport:
            return RecordingTransport(cable(situation), cable.last or identity, folder)

        return driver_of(identity, uri).over(uri, identity, connect)


driver = RecordDriver()
