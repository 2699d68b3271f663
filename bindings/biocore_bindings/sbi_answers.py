"""What a biometric service answers: MOSIPDISC, MOSIPDINFO, RCAPTURE and CAPTURE, signed at trust level L0.

The device key signs three things: who the device is (`digitalId`), what it tells of itself (`deviceInfo`), and each
finger or eye that it captured (`data`). CAPTURE encrypts its record for an authentication server, and is refused where
none is set. MOSIP's own server takes it from devices of level L1 only, whose key lies in a chip.

In the interface a device has one purpose. One that serves both is announced twice, under two ids.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, TypeVar

from biocore.errors import BiocoreError, ServiceKeyError
from biocore.sbi import MODALITIES, SUCCESS, link, sealed, subtype
from biocore.types import Position
from biocore_bindings.sbi_keys import Signer
from biocore_bindings.sbi_records import Scored, record_of, record_to_authenticate
from biocore_bindings.sbi_request import (
    AUTHENTICATION,
    BUSY,
    EXTRACTION,
    INVALID,
    KEY_EXPIRED,
    NO_DEVICE,
    NO_DOMAIN_KEY,
    NO_STREAM,
    NOT_READY,
    REGISTRATION,
    REGISTRATION_ONLY,
    SPOKEN,
    RefusedError,
    Wish,
    read_stream,
    read_type,
    read_wish,
)
from biocore_bindings.sbi_sealing import AuthServer
from biocore_bindings.sbi_served import Served
from biocore_bindings.sbi_view import View

LEVEL = "L0"  # the key lies on a disk; L1 would be a key in the scanner's own chip
SERVICE_VERSION = "0.9.5"  # of the interface that is spoken
_STATUS_CODES = {"Busy": BUSY, "Not Ready": NOT_READY}

_T = TypeVar("_T")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Setting:
    """How the devices are registered.

    Attributes
    ----------
    env : str
        Of `sbi_request.ENVIRONMENTS`.
    provider, provider_id : str
        Whose devices they are.
    server : AuthServer or None
        Whom captures for authentication are encrypted for; None = there are none.
    """

    env: str
    provider: str
    provider_id: str
    server: AuthServer | None = None

    @property
    def purposes(self) -> tuple[str, ...]:
        """What the devices are for."""
        return (REGISTRATION,) if self.server is None else (REGISTRATION, AUTHENTICATION)


class Answers:
    """Answers requests with documents; knows nothing of sockets.

    Parameters
    ----------
    devices : sequence of Served
    signer : Signer
    setting : Setting
    callback : str
        The URL that clients call.
    """

    def __init__(self, devices: Sequence[Served], signer: Signer, setting: Setting, callback: str) -> None:
        self._devices = tuple(devices)
        self._signer = signer
        self._setting = setting
        self._callback = callback

    def discovered(self, document: dict[str, object]) -> object:
        """Answer MOSIPDISC: what is there, unsigned."""
        try:
            kind = read_type(document)
            found = [one for one in self._devices if kind in ("Biometric Device", one.kind)]
            if not found:
                raise RefusedError(NO_DEVICE, f"no device of type {kind} is attached")
        except RefusedError as refused:
            return [{"error": _error(refused)}]
        return [
            self._told(one, one.status, purpose)
            | {"digitalId": sealed(_json(self._identity(one))), "error": _success()}
            for one in found
            for purpose in self._setting.purposes
        ]

    def info(self) -> object:
        """Answer MOSIPDINFO: what is there, signed; a device that is busy or away says so in its error too."""
        told: list[dict[str, Any]] = []
        for one in self._devices:
            status = one.status
            code = _STATUS_CODES.get(status)
            error = _success() if code is None else _error(RefusedError(code, f"the device's status is {status}"))
            for purpose in self._setting.purposes:
                try:
                    self._check_key()
                    said = self._told(one, status, purpose) | {
                        "env": self._setting.env,
                        "firmware": f"biocore {version('biocore')}",
                        "digitalId": self._signed_identity(one),
                    }
                    told.append({"deviceInfo": self._signed(said), "error": error})
                except RefusedError as refused:
                    told.append({"error": _error(refused)})
        return told

    def registered(self, document: dict[str, object], gone: threading.Event) -> object:
        """Answer RCAPTURE.

        Raises
        ------
        CaptureCancelledError
            Nobody waits for the answer any more.
        """
        try:
            wish = read_wish(document, self._setting.env)
            device = self._named(wish, REGISTRATION)
            positions = wish.chosen(device.shows, device.info.modality)
            self._check_key()
            found = device.capture(positions, wish.excepted, wish.score, wish.timeout, gone)
            called = [part.sample.position for part in found.parts]
            return {"biometrics": self._biometrics(device, wish, found.parts, called)}
        except RefusedError as refused:
            return refusal(refused)

    def authenticated(self, document: dict[str, object], gone: threading.Event) -> object:
        """Answer CAPTURE; errors as those of `registered`."""
        try:
            server = self._server()
            wish = read_wish(document, self._setting.env, AUTHENTICATION)
            device = self._named(wish, AUTHENTICATION)
            chosen = wish.chosen_to_authenticate(device.shows, device.info.modality)
            self._check_key()
            positions = tuple(shown for shown, _ in chosen)
            if device.shows:
                found = device.capture(positions, (), wish.score, wish.timeout, gone)
            else:
                found = device.capture_each(positions, wish.score, wish.timeout, gone)
            called = [position for _, position in chosen]
            return {"biometrics": self._biometrics(device, wish, found.parts, called, server)}
        except RefusedError as refused:
            return refusal(refused)

    def streamed(self, document: dict[str, object]) -> tuple[View, float]:
        """Return the live view that a STREAM asks for, and for how many seconds.

        Raises
        ------
        RefusedError
        """
        device_id, seconds = read_stream(document)
        for one in self._devices:
            if one.device_id == device_id:
                return one.view, seconds
        raise RefusedError(NO_STREAM, "no device of this deviceId is connected")

    # -- parts of answers --------------------------------------------------------------------------------

    def _named(self, wish: Wish, purpose: str) -> Served:
        for one in self._devices:
            if (one.device_id if purpose == REGISTRATION else one.auth_id) == wish.device_id:
                if wish.kind != one.kind:
                    raise RefusedError(INVALID, f"type is {wish.kind}, and this device is for {one.kind}")
                return one
        if wish.device_id in {each for one in self._devices for each in (one.device_id, one.auth_id)}:
            raise RefusedError(NO_DEVICE, f"this deviceId is not for {purpose}; MOSIPDISC names the one that is")
        kinds = "" if wish.kind in MODALITIES else "; faces are not served"
        raise RefusedError(NO_DEVICE, f"there is no device of this deviceId{kinds}")

    def _server(self) -> AuthServer:
        """Return whom captures are encrypted for.

        Raises
        ------
        RefusedError
        """
        server = self._setting.server
        if server is None:
            raise RefusedError(
                REGISTRATION_ONLY,
                "this service registers (RCAPTURE); to authenticate it is started with --auth-certificate FILE",
            )
        if server.fault:
            raise RefusedError(NO_DOMAIN_KEY, f"the authentication server's certificate {server.fault}")
        return server

    def _biometrics(
        self,
        device: Served,
        wish: Wish,
        parts: Sequence[Scored],
        called: Sequence[Position],
        server: AuthServer | None = None,
    ) -> list[dict[str, Any]]:
        """Return an entry for each finger or eye; for a server each record is encrypted, and hashed before that."""
        purpose = REGISTRATION if server is None else AUTHENTICATION
        previous = wish.previous
        answer: list[dict[str, Any]] = []
        identity = self._signed_identity(device)
        for part, position in zip(parts, called, strict=True):
            record = _record(device, part, position, purpose)
            previous = link(previous, record)
            said = {
                "digitalId": identity,
                "deviceCode": device.serial,
                "deviceServiceVersion": SERVICE_VERSION,
                "bioType": device.kind,
                "bioSubType": subtype(position),
                "purpose": purpose,
                "env": wish.env,
                "bioValue": sealed(record),
                "transactionId": wish.transaction,
                "timestamp": _now(),
                "requestedScore": f"{wish.score:g}",
                "qualityScore": str(part.score),
            }
            beside = {"hash": previous}
            if server is not None:
                hidden = server.seal(record, said["timestamp"], wish.transaction)
                said |= {"domainUri": wish.domain, "bioValue": sealed(hidden.value)}
                beside |= {"sessionKey": sealed(hidden.session_key), "thumbprint": server.thumbprint}
            signed = self._signed(said)
            answer.append({"specVersion": wish.version, "data": signed, **beside, "error": _success()})
        return answer

    def _identity(self, device: Served) -> dict[str, str]:
        info = device.info
        return {
            "serialNo": device.serial,
            "make": info.maker or "unknown",
            "model": info.model or "unknown",
            "type": device.kind,
            "deviceSubType": device.subtype,
            "deviceProvider": self._setting.provider,
            "deviceProviderId": self._setting.provider_id,
            "dateTime": _now(),
        }

    def _told(self, device: Served, status: str, purpose: str) -> dict[str, Any]:
        return {
            "deviceId": device.device_id if purpose == REGISTRATION else device.auth_id,
            "deviceStatus": status,
            "certification": LEVEL,
            "serviceVersion": SERVICE_VERSION,
            "deviceSubId": device.sub_ids,
            "callbackId": self._callback,
            "deviceCode": device.serial,
            "specVersion": list(SPOKEN),
            "purpose": purpose,
        }

    def _signed_identity(self, device: Served) -> str:
        return self._signed(self._identity(device))

    def _signed(self, document: object) -> str:
        return self._with_key(lambda: self._signer.sign(_json(document)))

    def _check_key(self) -> None:
        """Refuse to capture what nobody would believe."""
        if self._with_key(self._signer.keys).expired:
            raise RefusedError(KEY_EXPIRED, "the device key has expired; rotate it with `biocore sbi-keys rotate`")

    def _with_key(self, use: Callable[[], _T]) -> _T:
        try:
            return use()
        except ServiceKeyError as error:
            _log.error("%s", error)  # the path stays here
            raise RefusedError(NOT_READY, "the service cannot read its device key") from error


def refusal(refused: RefusedError) -> dict[str, Any]:
    """Return the answer to a capture that was refused."""
    return {"biometrics": [{"specVersion": "", "data": "", "hash": "", "error": _error(refused)}]}


def _record(device: Served, part: Scored, position: Position, purpose: str) -> bytes:
    try:
        return record_of(part) if purpose == REGISTRATION else record_to_authenticate(part, position)
    except BiocoreError as error:
        _log.info("%s: %s", device.info.uri, error)
        raise RefusedError(EXTRACTION, "no record can be made of what was captured; capture anew") from error


def _error(refused: RefusedError) -> dict[str, str]:
    return {"errorCode": str(refused.code), "errorInfo": str(refused)}


def _success() -> dict[str, str]:
    return {"errorCode": SUCCESS, "errorInfo": "Success"}


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
