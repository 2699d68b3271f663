"""Scanners and cameras behind a MOSIP Secure Biometric Interface (0.9.5, 1.0): `sbi:finger`, `sbi:iris`, `sbi:face`.

Slap scanners and iris cameras of enrolment stations come with a service of their maker's that listens on this machine,
ports 4501 to 4600. This driver finds the services, believes what they sign where the user trusts the signer
(`sbi_trust`), captures for registration (RCAPTURE, never the encrypted CAPTURE of authentication) and shows their live
view (STREAM).

    sbi:finger@1234567890?position=left_index

names a device by what it shows and its serial number, wherever its service listens today. Without a serial number it
is the first one that may be used.

| parameter  | default  | meaning |
|------------|----------|---------|
| `port`     | all      | ask the service on this port only, 1..65535 |
| `position` | see text | what `capture` shows; `capture_parts` names its own |
| `score`    | 40 finger, 60 iris, 90 face | quality at which the device captures by itself, 1..100; at the deadline it gives its best |
| `trust`    | anchors  | `any` = take a device whose certificate leads to nobody trusted; its signatures must fit all the same |

A device that shows one at a time is asked for whichever finger or eye comes (UNKNOWN), a slap scanner for the right
index finger, a binocular camera for the right eye. A portrait comes with its colours; its live frames are grey.
"""  # noqa: E501 - a table's row is one line

from __future__ import annotations

import contextlib
import logging
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

from biocore.errors import (
    DeviceBusyError,
    DeviceError,
    DeviceNotFoundError,
    DeviceUnsupportedError,
    DeviceUntrustedError,
)
from biocore.hal import CANCEL_LATENCY, Attempt, Device, DeviceInfo, EventKind, Route, split_uri
from biocore.sbi import ANY, PORTS
from biocore.types import EyePosition, FingerPosition, Frame, Modality, Part, Position
from biocore_drivers.parameters import check_known, one_of, whole
from biocore_drivers.sbi_capture import Reader
from biocore_drivers.sbi_client import Call, Line
from biocore_drivers.sbi_messages import Service, Wanted, check_status, stream_request
from biocore_drivers.sbi_ports import listeners
from biocore_drivers.sbi_services import find
from biocore_drivers.sbi_stream import Latest
from biocore_drivers.sbi_trust import Trust
from biocore_drivers.transport import Situation

NAME = "sbi"
KEYS = frozenset({"port", "position", "score", "trust"})
LIST_LIMIT = 1.5  # s to list what is attached; a service that is slower is found when it is opened
OPEN_LIMIT = 5.0  # s; MOSIP's registration client waits that long for MOSIPDISC and MOSIPDINFO
LONGEST = 60.0  # s a device is asked to wait for a person, whatever the caller's deadline
MARGIN = (1.0, 0.2)  # s, and share of the deadline, that are left for the answer to come; the less of both
STREAM_SILENCE = 3.0  # s after which a live view is given up; a device owes three pictures a second
SCORES = {Modality.FINGER: 40, Modality.IRIS: 60, Modality.FACE: 90}  # MOSIP's registration client, thresholds
DEFAULTS: dict[Modality, Position] = {
    Modality.FINGER: FingerPosition.RIGHT_INDEX,
    Modality.IRIS: EyePosition.RIGHT,
}
_LOOK = 0.05  # s between two looks for a cancel
_PAUSE = 0.25  # s before a device that is still busy with a cancelled capture is asked again

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a URI says; see the module's text."""

    modality: Modality
    serial: str | None
    port: int | None
    position: Position | None
    score: int
    credulous: bool


class SbiDevice(Device):
    """A device of a biometric service.

    Parameters
    ----------
    info : DeviceInfo
        Completed when it is opened.
    settings : Settings
    trust : Trust or None
        For tests; None = what the user configured, read anew at each opening.
    """

    def __init__(self, info: DeviceInfo, settings: Settings, trust: Trust | None = None) -> None:
        super().__init__(info)
        self._settings = settings
        self._given_trust = trust
        self._trust = trust or Trust(())
        self._service: Service | None = None
        self._previous = ""  # hash of the last capture since it was opened
        self._busy_until = 0.0  # s on the monotonic clock; what was cancelled goes on in the device until then

    def _open(self) -> None:
        situation = Situation(self.info.uri)
        self._trust = self._given_trust or Trust.configured()
        service = self._chosen(situation)
        check_status(service, situation)
        self._service = service
        self._previous = ""
        self.info = describe(service, self.info.uri, self._settings.credulous)

    def _close(self) -> None:
        self._service = None  # a capture's connections end with the capture

    def _capture(self, attempt: Attempt) -> Frame:
        return self._capture_parts(attempt, (), ())[0].frame

    def _capture_parts(
        self, attempt: Attempt, positions: tuple[Position, ...], missing: tuple[Position, ...]
    ) -> tuple[Part, ...]:
        service = self._service
        assert service is not None, "the base class captures between open and close only"
        wanted = self._wanted(service, positions)
        while True:
            try:
                parts = self._taken(service, wanted, attempt)
            except DeviceBusyError:
                if time.monotonic() >= self._busy_until:
                    raise
                attempt.sleep(_PAUSE)  # what was cancelled here is still going on there
            else:
                self._previous = parts[-1].digest
                return parts

    def _chosen(self, situation: Situation) -> Service:
        """Find the device that the URI names."""
        settings = self._settings
        ports = None if settings.port is None else (settings.port,)
        services, faults = find(self._trust, OPEN_LIMIT, ports, situation)
        found = [
            service
            for service in services
            if service.modality is settings.modality and settings.serial in (None, service.identity.serial)
        ]
        if not found:
            telling = (DeviceBusyError, DeviceUnsupportedError, DeviceUntrustedError)
            fault = next((each for each in faults if settings.port is not None or isinstance(each, telling)), None)
            if fault is not None:
                raise fault
            there = ", ".join(sorted(f"{s.identity.kind} {s.identity.serial}" for s in services)) or "nothing"
            more = "".join(f"; {fault}" for fault in faults)
            raise situation.error(
                DeviceNotFoundError, f"no service shows it; there is {there}{more}", "Start the scanner's service"
            )
        usable = [service for service in found if not refusal(service, settings.credulous)]
        if not usable:
            kind = DeviceUntrustedError if found[0].refusal == found[0].fault else DeviceUnsupportedError
            hint = "Put the certificate of who vouches for it into the folder of trusted ones (docs/devices.md)"
            raise situation.error(kind, found[0].refusal, hint if kind is DeviceUntrustedError else None)
        if settings.serial is not None and len(usable) > 1:
            at = ", ".join(str(service.port) for service in usable)
            raise situation.error(DeviceNotFoundError, f"names {len(usable)} devices, on ports {at}", "Add ?port=")
        return min(usable, key=lambda service: service.status.lower() != "ready")

    def _wanted(self, service: Service, positions: tuple[Position, ...]) -> Wanted:
        modality, shows = self._settings.modality, service.shows
        if not positions:
            usual = DEFAULTS[modality] if shows else modality.unknown
            positions = (self._settings.position or usual,)
        fitting = [sub_id for sub_id, group in shows.items() if set(positions) <= set(group)]
        if (shows and not fitting) or (not shows and len(positions) > 1):
            groups = "; ".join(", ".join(one.name.lower() for one in group) for group in shows.values())
            raise DeviceUnsupportedError(
                f"does not show {', '.join(one.name.lower() for one in positions)} together",
                uri=self.info.uri,
                hint=f"It shows {groups}" if groups else "It shows one at a time",
            )
        sub_id = min(fitting, key=lambda each: len(shows[each])) if fitting else ANY
        excepted = tuple(one for one in shows.get(sub_id, ()) if one not in positions)
        return Wanted(new_transaction(), sub_id, positions, excepted, self._settings.score, self._previous)

    def _taken(self, service: Service, wanted: Wanted, attempt: Attempt) -> tuple[Part, ...]:
        """Capture once: two connections, one for the answer and one for the live view."""
        situation = Situation(self.info.uri, "capturing")
        attempt.check()
        seconds = min(attempt.remaining, LONGEST)
        seconds -= min(MARGIN[0], MARGIN[1] * seconds)
        request = wanted.request(service, seconds)
        with self._live(service, wanted.sub_id, seconds, situation) as latest:
            line = Line(service.port, situation, LONGEST + MARGIN[0])
            call = Call(line, lambda to: to.ask("RCAPTURE", "/capture", request))
            try:
                attempt.emit(EventKind.WAITING)
                over = False
                while not over:
                    over = call.wait(_LOOK)
                    if latest is not None and not over:
                        self._show(latest, attempt)
                    attempt.check()
            finally:
                if not call.over:
                    self._busy_until = time.monotonic() + seconds + CANCEL_LATENCY
                call.cut()
        parts = Reader(service, self._trust, self._settings.credulous, situation).read(call.result(), wanted)
        attempt.check()
        return parts

    @contextlib.contextmanager
    def _live(self, service: Service, sub_id: str, seconds: float, situation: Situation) -> Iterator[Latest | None]:
        """Follow the live view where somebody looks; whatever goes wrong with it does not harm the capture."""
        if not self._listeners:
            yield None
            return
        latest = Latest()
        request = stream_request(service, sub_id, seconds)
        line = Line(service.port, situation, STREAM_SILENCE)
        call = Call(line, lambda to: to.stream("STREAM", "/stream", request, latest.follow))
        try:
            yield latest
        finally:
            ended = call.over
            call.cut()
            if ended:
                with contextlib.suppress(DeviceError):
                    call.result()
                _log.debug("%s: the live view ended before the capture", self.info.uri)

    def _show(self, latest: Latest, attempt: Attempt) -> None:
        pixels = latest.take()
        if pixels is not None:
            attempt.emit(EventKind.PREVIEW, frame=Frame(pixels, None, self.info.uri))


class SbiDriver:
    """Serves `sbi:finger` and `sbi:iris`.

    Attributes
    ----------
    interval : float
        s a watcher's list may be old while the same services listen (`biocore.hal.DearDriver`): each one signs its
        answer, and each signature is verified.
    """

    interval = 5.0

    def mark(self) -> object:
        """Say which services listen."""
        return listeners(PORTS)

    def devices(self) -> Iterator[DeviceInfo]:
        """List the devices of all services that answer at once."""
        services, faults = find(Trust.configured(), LIST_LIMIT, None, Situation(NAME, "listing"))
        for fault in faults:
            _log.info("%s", fault)
        shown = [service for service in services if service.modality is not None]
        names = [(service.modality, service.identity.serial) for service in shown]
        for service, name in zip(shown, names, strict=True):
            address = f"{NAME}:{service.modality}@{quote(service.identity.serial, safe='')}"
            yield describe(service, address + (f"?port={service.port}" if names.count(name) > 1 else ""))

    def claims(self, uri: str) -> bool:
        """Say whether the URI's scheme is `sbi`."""
        return uri.startswith(f"{NAME}:")

    def open(self, uri: str) -> Device:
        """Make the device of the URI, not opened yet.

        Raises
        ------
        DeviceNotFoundError
            No modality, or a parameter that is unknown or impossible.
        """
        settings = parse_uri(uri)
        return SbiDevice(DeviceInfo(uri, NAME, "", f"SBI {settings.modality}", settings.modality), settings)


def new_transaction() -> str:
    """Return a transaction id that nobody used before."""
    return uuid.uuid4().hex


def describe(service: Service, uri: str, credulous: bool = False) -> DeviceInfo:
    """Say what is known of a device of a service; its resolution comes with each picture."""
    identity, modality = service.identity, service.modality
    assert modality is not None, "what shows nothing known is no device here"
    model = f"{identity.model} ({identity.subtype})"
    return DeviceInfo(
        uri,
        NAME,
        identity.make,
        model,
        modality,
        serial=identity.serial,
        refusal=refusal(service, credulous),
        groups=tuple(service.shows.values()),
        route=Route.SERVICE,
    )


def refusal(service: Service, credulous: bool) -> str:
    """Say why a device is not to be used; empty where it may be."""
    return replace(service, fault="").refusal if credulous else service.refusal


def parse_uri(uri: str) -> Settings:
    """Read a URI.

    Raises
    ------
    DeviceNotFoundError
    """
    _, address, params = split_uri(uri)
    check_known(uri, params, KEYS)
    name, _, serial = address.partition("@")
    modality = Modality(one_of(uri, "what stands behind the colon", name, [each.value for each in Modality]))
    known: dict[str, Position] = {each.name.lower(): each for each in modality.positions}
    return Settings(
        modality,
        serial or None,
        whole(uri, "port", params["port"], 1, 65535) if "port" in params else None,
        known[one_of(uri, "position", params["position"].lower(), known)] if "position" in params else None,
        whole(uri, "score", params.get("score", str(SCORES[modality])), 1, 100),
        one_of(uri, "trust", params.get("trust", "anchors"), ("anchors", "any")) == "any",
    )


driver = SbiDriver()
