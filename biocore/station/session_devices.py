"""The devices as one session meets them: ready or not, failing, taken over by another, and what is said of all that."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from biocore.errors import BiocoreError
from biocore.hal import Device
from biocore.station.devices import Devices, Shows, Taken
from biocore.station.entry import Item, position_name
from biocore.station.looks import Ended
from biocore.station.rungs import PlacementMode, Request
from biocore.station.session_core import Core, with_mode
from biocore.station.session_events import DeviceReady, DeviceTrouble, ModeSwitched
from biocore.station.session_heads import shown_code
from biocore.station.session_items import device_entry, event_item
from biocore.station.session_state import ENDED, State
from biocore.station.session_summary import Course
from biocore.types import Modality, Position

LOSSES = 1  # of a device in a row that are a look each; after that the session waits for one that works


@dataclass(slots=True)
class SessionDevices:
    """What a session knows of its devices.

    Attributes
    ----------
    core : Core
    devices : Devices
    course : Course
    """

    core: Core
    devices: Devices
    course: Course
    _trouble: dict[Modality, str] = field(default_factory=dict)
    _losses: dict[Modality, int] = field(default_factory=dict)
    _ready: dict[Modality, str] = field(default_factory=dict)

    def ready(self, modality: Modality) -> Device | None:
        """Return the open device; None where there is none, and then the session is `NO_DEVICE`. Needs no lock."""
        try:
            device = self.devices.ready(modality)
        except BiocoreError as error:
            with self.core.lock:
                if self.core.state not in ENDED:
                    self.core.enter(State.NO_DEVICE)
                self.failed(modality, self.devices.uris.get(modality, ""), error)
            return None
        with self.core.lock:
            if not self._losses.get(modality):
                self._trouble.pop(modality, None)
            if self._ready.get(modality) != device.info.uri:
                self._ready[modality] = device.info.uri
                self.core.tell(DeviceReady(modality, device.info.uri, device.info.model))
        return device

    def failed(self, modality: Modality, uri: str, error: BiocoreError) -> None:
        """Write down and tell of a fault once, not each time it is met again."""
        self._ready.pop(modality, None)
        if self._trouble.get(modality) == type(error).__name__:
            return
        self._trouble[modality] = type(error).__name__
        self.course.troubles.append((uri, type(error).__name__))
        item = event_item("device_failed", {"device": uri, "error": type(error).__name__, "message": str(error)})
        told = DeviceTrouble(modality, uri, type(error).__name__, str(error))
        self.core.commit(self.core.situation, [item], [told])

    def lost_again(self, modality: Modality, taken: Taken) -> bool:
        """Say whether a device fails at one capture after the other: no finger is to be used up by that."""
        lost = all(picture.ended is Ended.DEVICE_LOST for picture in taken.pictures)
        self._losses[modality] = self._losses.get(modality, 0) + 1 if lost else 0
        return self._losses[modality] > LOSSES

    def obey(self, modality: Modality) -> None:
        """Show fingers and eyes together only where the operator wants it and the device that is open now can."""
        core = self.core
        together = self.devices.shows(modality) is not Shows.SINGLE
        mode = PlacementMode.SLAP if together and core.wish is PlacementMode.SLAP else PlacementMode.SINGLE
        if modality is Modality.FINGER and core.situation.mode is not mode:
            core.commit(with_mode(core.situation, mode), [event_item(shown_code(mode), {})], [ModeSwitched(mode)])
        elif modality is Modality.IRIS:
            core.situation = replace(core.situation, eye_mode=mode)

    def absent_beside(self, request: Request) -> tuple[Position, ...]:
        """Return what is missing of the groups that are shown together."""
        shown = {position_name(position) for position in request.positions}
        groups = [g for g in self.core.situation.profile.sequence if shown & {position_name(p) for p in g}]
        missing = self.core.situation.missing
        return tuple(p for group in groups for p in group if position_name(p) in missing)

    def newly_used(self, taken: Taken) -> list[Item]:
        """Return what is written down of a device when it has given its first picture of this resident."""
        info = self.devices.used.get(taken.device)
        if info is None or taken.device in self.course.devices:
            return []
        self.course.devices[taken.device] = info
        return [event_item("device_used", device_entry(info))]
