"""What is said to a biometric service and by it: MOSIP SBI 0.9.5 (1.0) in JSON, read into dataclasses or refused.

Everything that comes is somebody else's: a field that is missing, of another type, or names what does not exist is a
`DeviceProtocolError` that says which.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar, cast

from biocore.errors import (
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceError,
    DeviceProtocolError,
    DeviceUnsupportedError,
    DeviceUntrustedError,
    DeviceVendorError,
    SubjectTimeoutError,
)
from biocore.sbi import EYES, MODALITIES, SLAPS, SUCCESS, VERSIONS, subtype
from biocore.types import Modality, Position
from biocore_drivers.sbi_trust import Trust
from biocore_drivers.transport import Situation

# Error codes of MOSIP SBI, "Error Codes", and those that MOSIP's reference service adds: kind and what to do.
_REFUSALS: dict[str, tuple[type[DeviceError], str]] = {
    "100": (DeviceUnsupportedError, "Register it with its management server"),
    "101": (SubjectTimeoutError, "Try again"),
    "103": (DeviceUntrustedError, "Do not use it until its maker explains"),
    "105": (DeviceVendorError, "Lay the finger down straight"),
    "106": (DeviceDisconnectedError, "Plug the scanner in, then open it anew"),
    "107": (DeviceUntrustedError, "Let its maker's service renew its key"),
    "109": (DeviceUnsupportedError, "Ask for other fingers or eyes"),
    "110": (DeviceBusyError, "Wait a moment; then check its cable and restart its service"),
    "111": (DeviceBusyError, "Wait for the other program, or close it"),
    "112": (DeviceProtocolError, "Try again"),
    "202": (DeviceDisconnectedError, "Plug the scanner in, then open it anew"),
    "701": (SubjectTimeoutError, "Try again"),
}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a device is, as signed (`digitalId`)."""

    serial: str
    make: str
    model: str
    kind: str
    subtype: str


@dataclass(frozen=True, slots=True)
class Service:
    """One device of one service, as it told of itself.

    Attributes
    ----------
    port : int
    device_id : str
    status : str
        Ready, Busy, Not Ready, Not Registered.
    purpose, env, version : str
    sub_ids : tuple of str
    identity : Identity
    fault : str
        Why it is not trusted; empty where it is.
    """

    port: int
    device_id: str
    status: str
    purpose: str
    env: str
    version: str
    sub_ids: tuple[str, ...]
    identity: Identity
    fault: str

    @property
    def modality(self) -> Modality | None:
        """What it shows; None for what this library does not know."""
        return MODALITIES.get(self.identity.kind)

    @property
    def shows(self) -> dict[str, tuple[Position, ...]]:
        """What each of its deviceSubIds shows; empty where it shows one finger or eye at a time."""
        known = {("Finger", "slap"): SLAPS, ("Iris", "double"): EYES}.get(
            (self.identity.kind, self.identity.subtype.lower()), {}
        )
        named = {sub_id: positions for sub_id, positions in known.items() if sub_id in self.sub_ids}
        return named or known

    @property
    def refusal(self) -> str:
        """Why it is not to be used; empty where it may be."""
        if self.purpose not in ("", "Registration"):
            return f"is registered for {self.purpose}: its pictures are encrypted for a server"
        if self.status.lower() == "not registered":
            return "is not registered with its management server"
        return self.fault


# -- reading ---------------------------------------------------------------------------------------


def parse(data: bytes, situation: Situation) -> object:
    """Read JSON.

    Raises
    ------
    DeviceProtocolError
    """
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise situation.error(DeviceProtocolError, f"answered what is no JSON ({error}): {data[:40]!r}") from error


def take(document: object, name: str, kind: type[_T], situation: Situation) -> _T:
    """Return a member of an object.

    Raises
    ------
    DeviceProtocolError
        It is no object, has no such member, or one of another type.
    """
    value = document.get(name) if isinstance(document, dict) else None
    if not isinstance(value, kind):
        raise situation.error(DeviceProtocolError, f"its answer has no {name} of type {kind.__name__}")
    return value


def entries(document: object, situation: Situation) -> list[dict[str, object]]:
    """Return the objects of a list.

    Raises
    ------
    DeviceProtocolError
    """
    if not (isinstance(document, list) and all(isinstance(entry, dict) for entry in document)):
        raise situation.error(DeviceProtocolError, "its answer is no list of objects")
    return cast("list[dict[str, object]]", document)


def unsealed(text: str, situation: Situation) -> bytes:
    """Decode base64url with or without padding.

    Raises
    ------
    DeviceProtocolError
    """
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise situation.error(DeviceProtocolError, f"sent what is no base64url: {error}") from error


def read_identity(payload: bytes, situation: Situation) -> Identity:
    """Read a digital id.

    Raises
    ------
    DeviceProtocolError
    """
    document = parse(payload, situation)
    names = ("serialNo", "make", "model", "type", "deviceSubType")
    return Identity(*(take(document, name, str, situation) for name in names))


def read_service(entry: dict[str, object], port: int, trust: Trust, situation: Situation) -> Service:
    """Read one entry of the answer to MOSIPDINFO, its signatures checked.

    Raises
    ------
    DeviceProtocolError, DeviceUntrustedError, DeviceError
    """
    try:
        info = trust.check(take(entry, "deviceInfo", str, situation), situation)
    except DeviceProtocolError:
        check_error(entry, situation)  # where it signs nothing it says better itself why
        raise
    document = parse(info.payload, situation)
    digital = trust.check(take(document, "digitalId", str, situation), situation)
    versions = take(document, "specVersion", list, situation)
    sub_ids = document.get("deviceSubId") if isinstance(document, dict) else None
    return Service(
        port=_port(document, port, situation),
        device_id=take(document, "deviceId", str, situation),
        status=take(document, "deviceStatus", str, situation),
        purpose=take(document, "purpose", str, situation),
        env=take(document, "env", str, situation),
        version=next((version for version in VERSIONS if version in versions), VERSIONS[0]),
        sub_ids=tuple(str(sub_id) for sub_id in sub_ids) if isinstance(sub_ids, list) else (),
        identity=read_identity(digital.payload, situation),
        fault=info.fault or digital.fault,
    )


def _port(document: object, asked: int, situation: Situation) -> int:
    """Return the port that the device wants to be called on; never that of another machine."""
    address = document.get("callbackId") if isinstance(document, dict) else None
    if not isinstance(address, str) or not address:
        return asked
    host, _, port = address.lower().removeprefix("http://").partition("/")[0].partition(":")
    if host not in ("127.0.0.1", "localhost") or not port.isascii() or not port.isdigit() or len(port) > 5:
        raise situation.error(DeviceProtocolError, f"wants to be called at {address}, which is not on this machine")
    return int(port)


def check_error(entry: dict[str, object], situation: Situation) -> None:
    """Raise what an `error` member says.

    Raises
    ------
    DeviceError
        Of the kind that fits the code, with the service's own words.
    """
    error = entry.get("error")
    if not isinstance(error, dict):
        return
    code, words = str(error.get("errorCode")), str(error.get("errorInfo"))
    if code != SUCCESS:
        kind, hint = _REFUSALS.get(code, (DeviceVendorError, None))
        raise situation.error(kind, f"error {code}: {words}", hint)


def check_status(service: Service, situation: Situation) -> None:
    """Raise where a device is not ready.

    Raises
    ------
    DeviceBusyError, DeviceUnsupportedError, DeviceProtocolError
    """
    codes = {"ready": SUCCESS, "busy": "111", "not ready": "110", "not registered": "100"}
    code = codes.get(service.status.lower())
    if code is None:
        raise situation.error(DeviceProtocolError, f"says its status is {service.status!r}")
    check_error({"error": {"errorCode": code, "errorInfo": f"its status is {service.status}"}}, situation)


# -- writing ---------------------------------------------------------------------------------------


def stream_request(service: Service, sub_id: str, seconds: float) -> dict[str, str]:
    """Return the body of STREAM."""
    return {"deviceId": service.device_id, "deviceSubId": sub_id, "timeout": str(round(1000 * seconds))}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one RCAPTURE asks for.

    Attributes
    ----------
    transaction : str
        A name nobody used before: that it comes back signed proves that the answer is fresh.
    sub_id : str
    positions, excepted : tuple of Position
        What is to come, and the rest of what the deviceSubId shows: services decide by the exceptions.
    score : int
        Auto-capture at this quality; what is best at the deadline comes in any case.
    previous : str
        Hash of the capture before; empty for the first.
    """

    transaction: str
    sub_id: str
    positions: tuple[Position, ...]
    excepted: tuple[Position, ...]
    score: int
    previous: str

    def request(self, service: Service, seconds: float) -> dict[str, object]:
        """Return the body of RCAPTURE; all of its values are text."""
        bio: dict[str, object] = {
            "type": service.identity.kind,
            "count": str(len(self.positions)),
            "bioSubType": _names(self.positions),
            "exception": _names(self.excepted),
            "requestedScore": str(self.score),
            "deviceId": service.device_id,
            "deviceSubId": self.sub_id,
            "previousHash": self.previous,
        }
        return {
            "env": service.env,
            "purpose": "Registration",
            "specVersion": service.version,
            "timeout": str(round(1000 * seconds)),
            "captureTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "transactionId": self.transaction,
            "bio": [bio],
            "customOpts": None,
        }


def _names(positions: Iterable[Position]) -> list[str]:
    return [name for position in positions if (name := subtype(position))]
