"""What a client asks of a biometric service, read into dataclasses or refused with a code of MOSIP's interface.

Everything that comes is somebody else's. What is wrong with it is said with the code that the interface has for it, or
`INVALID` (a code of the vendor's range) where it has none.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from biocore.sbi import ANY, EYE_SUBTYPES, MODALITIES, SUBTYPES
from biocore.types import FingerPosition, Modality, Position

# Error codes of MOSIP SBI, "Error Codes".
NOT_REGISTERED, NOBODY, EXTRACTION, NO_DEVICE, KEY_EXPIRED, NO_DOMAIN_KEY = 100, 101, 102, 106, 107, 108
BAD_COUNT, NOT_READY, BUSY, BAD_TRANSACTION, NO_STREAM = 109, 110, 111, 112, 202
INVALID, FAILED, REGISTRATION_ONLY = 500, 501, 502  # of the vendor's range, 5xx

REGISTRATION, AUTHENTICATION = "Registration", "Auth"  # purposes
VERBS = {REGISTRATION: "RCAPTURE", AUTHENTICATION: "CAPTURE"}

ENVIRONMENTS = ("Staging", "Developer", "Pre-Production", "Production")
SPOKEN = ("0.9.5", "1.0.0")  # what MOSIP's schemas let a `specVersion` be
TYPES = ("Biometric Device", "Finger", "Iris", "Face")
MAX_TIMEOUT = 120.0  # s; longer waits are cut to it
MAX_OPTIONS = 50  # pairs of customOpts
MAX_URI = 2000  # characters
TRANSACTION = re.compile(r"[A-Za-z0-9-]{4,50}")
DIGEST = re.compile(r"(?:[0-9A-Fa-f]{64})?")
_SHOWN = 40  # characters of a wrong value that an answer repeats


class RefusedError(Exception):
    """A request that is answered with an error.

    Parameters
    ----------
    code : int
    message : str
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Wish:
    """What one RCAPTURE or CAPTURE asks for.

    Attributes
    ----------
    env, version, transaction : str
    timeout : float
        s.
    device_id, sub_id, kind : str
    positions : tuple of Position
        Asked for by name, those excepted left out; empty = all that the deviceSubId shows.
    excepted : tuple of Position
    count : int
    score : float
        Quality at which the capture ends by itself.
    previous : str
        Hash of the capture before; empty for the first.
    domain : str
        URI of the authentication server; empty where none is named, and for registration.
    """

    env: str
    version: str
    transaction: str
    timeout: float
    device_id: str
    sub_id: str
    kind: str
    positions: tuple[Position, ...]
    excepted: tuple[Position, ...]
    count: int
    score: float
    previous: str
    domain: str = ""

    def chosen(self, shows: Mapping[str, tuple[Position, ...]], modality: Modality) -> tuple[Position, ...]:
        """Return what is to be captured of a device that shows these groups; it shows one at a time where none.

        Raises
        ------
        RefusedError
            The deviceSubId is none of the device's, a finger or eye does not belong to it, nothing is left, or the
            count is another.
        """
        if shows and self.sub_id not in shows:
            raise RefusedError(BAD_COUNT, f"deviceSubId {self.sub_id!r} is not served; there are {', '.join(shows)}")
        if not shows and self.sub_id != ANY:
            raise RefusedError(BAD_COUNT, "this device shows one at a time: its deviceSubId is 0")
        group = shows[self.sub_id] if shows else ()
        asked = self.positions or tuple(one for one in group or (modality.unknown,) if one not in self.excepted)
        if group and not set(asked) <= set(group):
            raise RefusedError(BAD_COUNT, f"deviceSubId {self.sub_id} shows other fingers or eyes than asked for")
        if not asked:
            raise RefusedError(BAD_COUNT, "all of them are excepted: there is nothing to capture")
        most = len(group) or 1
        if self.count != len(asked) or len(asked) > most:
            raise RefusedError(BAD_COUNT, f"count is {self.count}, and {len(asked)} of at most {most} are asked for")
        return asked

    def chosen_to_authenticate(
        self, shows: Mapping[str, tuple[Position, ...]], modality: Modality
    ) -> tuple[tuple[Position, Position], ...]:
        """Return what is to be captured, each as what it is handed out.

        The two differ where UNKNOWN is asked of a device that shows several: it must be told which finger to wait for,
        and the answer names it no more than the request. deviceSubId 0 is any group that shows what is asked for; of
        several, the one that shows nothing else.

        Raises
        ------
        RefusedError
            As `chosen`.
        """
        unknown = modality.unknown
        if not shows:
            return self._one_after_another(unknown)
        if self.sub_id != ANY and self.sub_id not in shows:
            raise RefusedError(BAD_COUNT, f"deviceSubId {self.sub_id!r} is not served; there are 0, {', '.join(shows)}")
        if not self.positions and self.sub_id != ANY:
            return tuple((position, position) for position in self.chosen(shows, modality))
        asked = self.positions or (unknown,) * self.count
        if not 0 < self.count == len(asked):
            raise RefusedError(BAD_COUNT, f"count is {self.count}, and {len(asked)} are asked for")
        named = {one for one in asked if one is not unknown}
        groups = shows.values() if self.sub_id == ANY else (shows[self.sub_id],)
        fitting = [group for group in groups if named <= set(group) and len(asked) <= len(group)]
        if not fitting:
            raise RefusedError(BAD_COUNT, "the device does not show these fingers or eyes together")
        group = min(fitting, key=len)
        others = (one for one in group if one not in named)
        return tuple((next(others) if one is unknown else one, one) for one in asked)

    def _one_after_another(self, unknown: Position) -> tuple[tuple[Position, Position], ...]:
        """Return the same of a device that shows one at a time: as many as a person has."""
        most = len(type(unknown)) - 1
        asked = self.positions or (unknown,) * min(self.count, most)
        if self.sub_id != ANY:
            raise RefusedError(BAD_COUNT, "this device shows one at a time: its deviceSubId is 0")
        if not 0 < self.count == len(asked) <= most:
            raise RefusedError(BAD_COUNT, f"count is {self.count}, and {len(asked)} of at most {most} are asked for")
        return tuple((position, position) for position in asked)


def read_json(body: bytes) -> dict[str, object]:
    """Read a request's body; empty is an empty object.

    Raises
    ------
    RefusedError
    """
    if not body.strip():
        return {}
    try:
        found = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise RefusedError(INVALID, "the request is no JSON") from None
    if not isinstance(found, dict):
        raise RefusedError(INVALID, "the request is no JSON object")
    return found


def read_type(document: Mapping[str, object]) -> str:
    """Return which devices a MOSIPDISC asks for.

    Raises
    ------
    RefusedError
    """
    return _one_of(document, "type", TYPES)


def read_wish(document: Mapping[str, object], env: str, purpose: str = REGISTRATION) -> Wish:
    """Read the body of RCAPTURE, or of CAPTURE where the purpose is authentication.

    Parameters
    ----------
    document : mapping
    env : str
        Which environment the device is registered in; it signs for no other.
    purpose : str
        What the verb is for.

    Raises
    ------
    RefusedError
    """
    asked = _one_of(document, "env", ENVIRONMENTS)
    if asked != env:
        raise RefusedError(NOT_REGISTERED, f"this device is set up for env {env}, not {asked}")
    if _text(document, "purpose") != purpose:
        raise RefusedError(INVALID, f"purpose of {VERBS[purpose]} is {purpose}")
    version = _one_of(document, "specVersion", SPOKEN)
    timeout = min(_number(document, "timeout", 1.0, math.inf) / 1000.0, MAX_TIMEOUT)
    _check_time(_text(document, "captureTime"))
    transaction = _text(document, "transactionId")
    if not TRANSACTION.fullmatch(transaction):
        raise RefusedError(BAD_TRANSACTION, "transactionId must be 4 to 50 letters, digits and hyphens")
    options = document.get("customOpts")
    if options is not None and not (isinstance(options, dict) and len(options) <= MAX_OPTIONS):
        raise RefusedError(INVALID, f"customOpts must be null or an object of at most {MAX_OPTIONS} pairs")
    bios = document.get("bio")
    if not (isinstance(bios, list) and len(bios) == 1 and isinstance(bios[0], dict)):
        raise RefusedError(INVALID, "bio must be a list of one object: one device captures at a time")
    bio: dict[str, object] = bios[0]
    kind = _one_of(bio, "type", TYPES[1:])
    modality = MODALITIES.get(kind)
    asked_for = _positions(bio, "bioSubType", modality, often=purpose == AUTHENTICATION)
    named = _positions(bio, "exception", None)  # a photograph of missing fingers names them too
    if named and purpose == AUTHENTICATION:
        raise RefusedError(INVALID, "exception is for registration; ask for those that are to be captured")
    excepted = tuple(one for one in named if modality is not None and type(one) is type(modality.unknown))
    previous = bio.get("previousHash")
    if not isinstance(previous, str) or not DIGEST.fullmatch(previous):
        raise RefusedError(INVALID, "previousHash must be empty, or 64 hexadecimal digits")
    return Wish(
        env=asked,
        version=version,
        transaction=transaction,
        timeout=timeout,
        device_id=_text(bio, "deviceId"),
        sub_id=_one_of(bio, "deviceSubId", ("0", "1", "2", "3")),
        kind=kind,
        positions=_left(asked_for, excepted),
        excepted=excepted,
        count=_whole(bio, "count"),
        score=_number(bio, "requestedScore", 0.0, 100.0),
        previous=previous,
        domain=_domain(document) if purpose == AUTHENTICATION else "",
    )


def read_stream(document: Mapping[str, object]) -> tuple[str, float]:
    """Return the device and the seconds that a STREAM asks for; without a time, as long as the client listens.

    Raises
    ------
    RefusedError
    """
    seconds = MAX_TIMEOUT
    if document.get("timeout") not in (None, ""):
        seconds = min(_number(document, "timeout", 1.0, math.inf) / 1000.0, MAX_TIMEOUT)
    return _text(document, "deviceId"), seconds


def _left(asked: tuple[Position, ...], excepted: tuple[Position, ...]) -> tuple[Position, ...]:
    """Return what is asked for without what is excepted.

    Raises
    ------
    RefusedError
        All of it is.
    """
    left = tuple(one for one in asked if one not in excepted)
    if asked and not left:
        raise RefusedError(BAD_COUNT, "all of them are excepted: there is nothing to capture")
    return left


def _domain(document: Mapping[str, object]) -> str:
    found = document.get("domainUri")
    if found is not None and not (isinstance(found, str) and len(found) <= MAX_URI and found.isprintable()):
        raise RefusedError(INVALID, f"domainUri must be null or at most {MAX_URI} characters")
    return found or ""


def _positions(
    bio: Mapping[str, object], name: str, modality: Modality | None, often: bool = False
) -> tuple[Position, ...]:
    """Return the fingers or eyes that a list names; those of any modality where it is None.

    With `often`, UNKNOWN stands for any finger or eye and may stand there once for each.
    """
    listed = bio.get(name)
    if listed is None:
        return ()
    if not (isinstance(listed, list) and all(isinstance(one, str | None) for one in listed)):
        raise RefusedError(INVALID, f"{name} must be a list of names")
    tables = {Modality.FINGER: SUBTYPES, Modality.IRIS: EYE_SUBTYPES}
    known: dict[str, Position] = {}
    for each, table in tables.items():
        if modality in (None, each):
            known |= {text: position for position, text in table.items()}
    if modality is None:
        known["UNKNOWN"] = FingerPosition.UNKNOWN
    names = [one for one in listed if one]
    for one in names:
        if one not in known:
            raise RefusedError(INVALID, f"{name} names what is no finger or eye of it: {_cut(one)}")
    once = [one for one in names if not (often and one == "UNKNOWN")]
    if len(set(once)) < len(once):
        raise RefusedError(INVALID, f"{name} names something twice")
    return tuple(known[one] for one in names)


def _text(document: Mapping[str, object], name: str) -> str:
    found = document.get(name)
    if not isinstance(found, str) or not found:
        raise RefusedError(INVALID, f"the request has no {name}")
    return found


def _one_of(document: Mapping[str, object], name: str, known: tuple[str, ...]) -> str:
    found = _text(document, name)
    if found not in known:
        raise RefusedError(INVALID, f"{name} is {_cut(found)}; it must be {', '.join(known)}")
    return found


def _number(document: Mapping[str, object], name: str, low: float, high: float) -> float:
    """Return a number, which the interface writes as text."""
    found = document.get(name)
    try:
        value = float(found) if isinstance(found, str | int | float) and not isinstance(found, bool) else math.nan
    except (ValueError, OverflowError):
        value = math.nan
    if not (low <= value <= high) or (math.isinf(value)):
        raise RefusedError(INVALID, f"{name} must be a number from {low:g}" + (f" to {high:g}" if high < 1e9 else ""))
    return value


def _whole(document: Mapping[str, object], name: str) -> int:
    value = _number(document, name, 0.0, 1e6)
    if value != int(value):
        raise RefusedError(INVALID, f"{name} must be a whole number")
    return int(value)


def _check_time(text: str) -> None:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise RefusedError(INVALID, "captureTime must be like 2026-11-22T02:40:00Z") from None


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


def _cut(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
