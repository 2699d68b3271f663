"""A driver of USB devices, made of a table of models and a conversation: what most entry points are.

    driver = UsbFamily("uru4000", MODELS, Uru4000)

serves `usb:VID:PID` for every model of the table, lists those that are attached, and can be put over a recording
instead of a cable (`over`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from biocore.errors import DeviceNotFoundError, DeviceUnsupportedError
from biocore.hal import Device, DeviceInfo
from biocore.types import Modality
from biocore_drivers import usb_bus
from biocore_drivers.transport import Clock, Situation, Transport
from biocore_drivers.usb_bus import Identity, Selector
from biocore_drivers.worker import Conversation, WorkerDevice


@dataclass(frozen=True, slots=True)
class UsbModel:
    """One row of a driver's table.

    Attributes
    ----------
    vendor, product : int
    maker, model : str
    ppi : float or None
        Native resolution in px/inch of the pictures as delivered.
    window : (int, int) or None
        Width and height of a picture in px.
    traits : frozenset of str
        What the driver must know of this model.
    refusal : str
        Why it is recognised and refused; empty where it is served.
    experimental : str
        Why nobody should rely on it yet; empty where it is proved.
    """

    vendor: int
    product: int
    maker: str
    model: str
    ppi: float | None = None
    window: tuple[int, int] | None = None
    traits: frozenset[str] = frozenset()
    refusal: str = ""
    experimental: str = ""

    @property
    def ids(self) -> tuple[int, int]:
        """VID and PID."""
        return self.vendor, self.product


class UsbFamily:
    """Serves the models of a table; see the module's text and `biocore.hal.Driver`.

    Parameters
    ----------
    name : str
        Of the entry point.
    models : iterable of UsbModel
    converse : callable or None
        Makes the conversation over a transport; None where every model is refused.
    modality : Modality
    """

    def __init__(
        self,
        name: str,
        models: Iterable[UsbModel],
        converse: Callable[[Transport, UsbModel], Conversation] | None,
        modality: Modality = Modality.FINGER,
    ) -> None:
        self.name = name
        self.models = {model.ids: model for model in models}
        self._converse = converse
        self._modality = modality

    # -- biocore.hal.Driver ------------------------------------------------------------------------

    def devices(self) -> Iterator[DeviceInfo]:
        """List what is attached now."""
        for device in usb_bus.attached():
            model = self.model(device)
            if model is not None:
                info = self._info(device.uri, model, device)
                yield info if info.refusal else replace(info, forbidden=device.forbidden)

    def claims(self, uri: str) -> bool:
        """Say whether the URI is `usb:` with a VID and PID of the table."""
        try:
            selector = usb_bus.parse(uri)
        except DeviceNotFoundError:
            return False
        return (selector.vendor, selector.product) in self.models

    def open(self, uri: str) -> Device:
        """Make the device of the URI, not opened yet.

        Raises
        ------
        DeviceNotFoundError
            The URI is not one of this driver's.
        DeviceUnsupportedError
            The model is recognised and refused.
        """
        selector = usb_bus.parse(uri)
        found = next((device for device in usb_bus.attached() if selector.matches(device)), None)
        identity = found or Identity(selector.vendor, selector.product)
        return self.over(uri, identity, Cable(selector))

    # -- besides -----------------------------------------------------------------------------------

    def model(self, device: Identity) -> UsbModel | None:
        """Return the model a device is; None where it is somebody else's."""
        return self.models.get((device.vendor, device.product))

    def usb_ids(self) -> Iterator[tuple[int, int, str]]:
        """Name what is served: VID, PID and a name."""
        for model in self.models.values():
            if not model.refusal:
                yield model.vendor, model.product, f"{model.maker} {model.model}"

    def over(
        self, uri: str, identity: Identity, connect: Callable[[Situation], Transport], clock: Clock | None = None
    ) -> Device:
        """Make a device over transports of any kind: the cable, or a recording.

        Raises
        ------
        DeviceNotFoundError, DeviceUnsupportedError
        """
        model = self.model(identity)
        if model is None:
            raise DeviceNotFoundError(f"driver {self.name} has no such model", uri=uri)
        converse = self._converse
        if model.refusal or converse is None:
            raise DeviceUnsupportedError(
                f"{model.maker} {model.model}: {model.refusal}", uri=uri, hint="Use a scanner that gives a picture"
            )
        return WorkerDevice(
            self._info(uri, model, identity), connect, lambda transport: converse(transport, model), clock
        )

    def _info(self, uri: str, model: UsbModel, device: Identity) -> DeviceInfo:
        return DeviceInfo(
            uri,
            self.name,
            model.maker,
            model.model,
            self._modality,
            model.ppi,
            model.window,
            device.serial or None,
            refusal=model.refusal,
            experimental=model.experimental,
        )


class Cable:
    """Connects to the device a URI names, and after the first time to that very one where it is there.

    Attributes
    ----------
    last : Identity or None
        The one it connected to.
    """

    def __init__(self, selector: Selector) -> None:
        self._selector = selector
        self.last: Identity | None = None

    def __call__(self, situation: Situation) -> Transport:
        """Open a transport."""
        from biocore_drivers import usb  # pyusb looks for libusb: not before a device is opened

        transport = usb.connect(self._selector, situation, self.last)
        self.last = transport.identity
        return transport
