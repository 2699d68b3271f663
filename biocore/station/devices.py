"""The scanner and the camera of a desk: opened when they are needed, opened anew when they failed, and asked.

One device a modality; `any:finger` stands for several, and goes on with another by itself. Whatever a device does ends
as data: pictures, nobody there, cancelled, or lost.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from biocore.device_info import DeviceInfo
from biocore.errors import (
    BiocoreError,
    CaptureCancelledError,
    DeviceError,
    DeviceVendorError,
    IncompleteCaptureError,
    SlapError,
    SubjectTimeoutError,
)
from biocore.fingerprint.slap import segment_slap
from biocore.hal import Device, State
from biocore.station.checks import hand_doubt
from biocore.station.live import How, Live
from biocore.station.looks import Doubt, Ended
from biocore.station.rungs import Request
from biocore.types import FingerPosition, Frame, Modality, Part, Position, Sample

SLAP_WIDTH_IN = 1.5  # inches; a window for two thumbs is 1.6 wide (FBI, EBTS appendix F), for one finger up to 1.0

_log = logging.getLogger(__name__)


class Shows(StrEnum):
    """How a device shows several fingers or eyes together."""

    PARTS = "parts"  # it takes them apart itself
    PICTURE = "picture"  # one picture of all, which is taken apart here
    SINGLE = "single"  # one at a time


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What a capture gave of one finger or eye.

    Attributes
    ----------
    position : FingerPosition or EyePosition
    samples : tuple of Sample
        The picture; several of a burst; none where nothing was to be seen.
    ended : Ended
    reason : str
        Why there is none.
    how : How or None
    doubts : tuple of Doubt
        Of the slap's geometry.
    part : Part or None
        As the device delivered it, with its signature.
    """

    position: Position
    samples: tuple[Sample, ...] = ()
    ended: Ended = Ended.CAPTURED
    reason: str = ""
    how: How | None = None
    doubts: tuple[Doubt, ...] = ()
    part: Part | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """What a capture gave.

    Attributes
    ----------
    pictures : tuple of Picture
        One a position asked for; none where it was cancelled.
    device : str
        URI of the device that was used.
    slap : Frame or None
        The picture of all fingers together.
    warnings : tuple of str
        Of the slap.
    trouble : DeviceError or None
        What the device did; it must be opened anew.
    """

    pictures: tuple[Picture, ...]
    device: str
    slap: Frame | None = None
    warnings: tuple[str, ...] = ()
    trouble: DeviceError | None = None


@dataclass(slots=True)
class Devices:
    """A desk's devices; they stay open from resident to resident.

    Attributes
    ----------
    uris : Mapping of Modality to str
        `any:finger` and `any:iris`, or one each (`failover.any_uri` names several in order).
    make : callable (uri) -> Device
        Makes a device, not opened (`biocore.discovery.registry().device`).
    slap_pictures : bool or None
        The scanner shows several fingers on one picture; None = if its window is wide enough.
    used : dict of str to DeviceInfo
        What was captured with, by URI.
    """

    uris: Mapping[Modality, str]
    make: Callable[[str], Device]
    slap_pictures: bool | None = None
    used: dict[str, DeviceInfo] = field(default_factory=dict)
    _made: dict[Modality, Device] = field(default_factory=dict)

    def ready(self, modality: Modality) -> Device:
        """Return the device of a modality, open and fit to enrol.

        Raises
        ------
        BiocoreError
            There is none, or it cannot be opened; a DeviceError or DriverError.
        """
        device = self._made.get(modality)
        if device is not None and device.state is State.READY:
            return device
        try:
            if device is None:
                device = self._made[modality] = self.make(self.uris[modality])
            if device.state is not State.CLOSED:
                device.close()
            device.open()
            device.info.require_fit()
        except BiocoreError:
            self.put_away(modality)
            raise
        except Exception as error:  # a plug-in may fail in any way
            self.put_away(modality)
            raise _named(error, self.uris[modality]) from error
        return device

    def put_away(self, modality: Modality) -> None:
        """Close a device that failed; the next one who needs it opens it anew."""
        device = self._made.get(modality)
        if device is not None:
            with suppress(Exception):  # it has failed already
                device.close()

    def shows(self, modality: Modality) -> Shows:
        """Say how the open device shows several; `SINGLE` where none is open."""
        device = self._made.get(modality)
        if device is None or device.state is State.CLOSED:
            return Shows.SINGLE
        if device.info.groups:
            return Shows.PARTS
        several = _shows_several(device.info) if self.slap_pictures is None else self.slap_pictures
        return Shows.PICTURE if several and modality is Modality.FINGER else Shows.SINGLE

    def take(self, modality: Modality, live: Live, request: Request, missing: Sequence[Position]) -> Taken:
        """Make the capture that is asked for.

        Parameters
        ----------
        modality : Modality
            Its device is `ready`.
        live : Live
            Over that device.
        request : Request
        missing : sequence of Position
            What the person cannot show of those that lie beside the positions asked for.
        """
        device = self._made[modality]
        shown = self.shows(modality)
        try:
            if shown is Shows.PARTS:
                return self._of_parts(device, live, request, missing)
            if shown is Shows.PICTURE:
                return self._of_picture(device, live, request)
            return self._of_one(device, live, request)
        except CaptureCancelledError:
            return Taken((), device.info.uri)
        except SubjectTimeoutError as error:
            return Taken(_all(request, Ended.TIMEOUT, str(error)), device.info.uri)
        except DeviceError as error:
            return self._lost(modality, request, error)
        except Exception as error:  # whatever a plug-in does, the resident goes on
            return self._lost(modality, request, _named(error, device.info.uri))

    def close(self) -> None:
        """Close all."""
        for modality in self._made:
            self.put_away(modality)

    def _of_parts(self, device: Device, live: Live, request: Request, missing: Sequence[Position]) -> Taken:
        absent = tuple(position for position in missing if any(position in group for group in device.info.groups))
        try:
            parts: Sequence[Part] = live.take_parts(request.positions, absent, request.timeout_s)
            reason = ""
        except IncompleteCaptureError as error:
            parts, reason = tuple(part for part in error.parts if isinstance(part, Part)), str(error)
        came = {part.position: part for part in parts}
        pictures = []
        for position in request.positions:
            part = came.get(position)
            if part is None:
                pictures.append(Picture(position, ended=Ended.TIMEOUT, reason=reason))
            else:
                pictures.append(Picture(position, (_sample(part.frame, device, position),), how=How.DEVICE, part=part))
        return Taken(tuple(pictures), self._note(device))

    def _of_picture(self, device: Device, live: Live, request: Request) -> Taken:
        captured = live.take(request.timeout_s)
        whole = Sample(captured.frame, Modality.FINGER)
        fingers = [position for position in request.positions if isinstance(position, FingerPosition)]
        try:
            slap = segment_slap(whole, fingers)
        except SlapError as error:
            return Taken(_all(request, Ended.CAPTURED, str(error)), self._note(device), captured.frame)
        doubts = hand_doubt(slap)
        pictures = tuple(
            Picture(finger.position, (finger.sample,), how=captured.how, doubts=doubts) for finger in slap.fingers
        )
        return Taken(pictures, self._note(device), captured.frame, slap.warnings)

    def _of_one(self, device: Device, live: Live, request: Request) -> Taken:
        position = request.positions[0]
        captured = live.take(request.timeout_s)
        samples = [_sample(captured.frame, device, position)]
        trouble: DeviceError | None = None
        while len(samples) < request.burst and trouble is None:
            try:
                samples.append(_sample(live.take(request.timeout_s).frame, device, position))
            except SubjectTimeoutError:
                break  # as many as the person could bear
            except CaptureCancelledError:
                raise
            except DeviceError as error:
                trouble = error
        return Taken((Picture(position, tuple(samples), how=captured.how),), self._note(device), trouble=trouble)

    def _note(self, device: Device) -> str:
        """Take down which device was really used, and refuse one that took over and must not enrol."""
        current = getattr(device, "current", None)
        info = current if isinstance(current, DeviceInfo) else device.info
        info.require_fit()
        self.used[info.uri] = info
        return info.uri

    def _lost(self, modality: Modality, request: Request, error: DeviceError) -> Taken:
        uri = self._made[modality].info.uri
        _log.warning("%s: %s", uri, type(error).__name__)
        self.put_away(modality)
        return Taken(_all(request, Ended.DEVICE_LOST, str(error)), uri, trouble=error)


def modality_of(position: Position) -> Modality:
    """Return what shows a position."""
    return Modality.FINGER if isinstance(position, FingerPosition) else Modality.IRIS


def _shows_several(info: DeviceInfo) -> bool:
    """Say whether a scanner's window is wide enough for several fingers."""
    if info.window is None or info.ppi is None:
        return False
    return info.window[0] / info.ppi >= SLAP_WIDTH_IN


def _sample(frame: Frame, device: Device, position: Position) -> Sample:
    return Sample(frame, device.info.modality, position)


def _all(request: Request, ended: Ended, reason: str) -> tuple[Picture, ...]:
    return tuple(Picture(position, ended=ended, reason=reason) for position in request.positions)


def _named(error: Exception, uri: str) -> DeviceError:
    """Return a fault that no driver should raise as one that is known here."""
    return DeviceVendorError(f"failed with {type(error).__name__}", uri=uri, hint="Unplug it and plug it in again")
