"""The validators of MOSIP's compliance toolkit, each as a function that says what is wrong with an answer.

Each takes the test, what was asked and answered, and what the whole check knows; it returns the faults, none where
the answer is right. What cannot be judged here raises `NotRunError` with the reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from biocore.errors import BiocoreError
from biocore.sbi import EYE_SUBTYPES, EYES, SLAPS, SUBTYPES, link
from biocore.signatures import NotSignedError, Signatures, Signed, WrongSignatureError
from biocore_bindings import ctk_cases as cases
from biocore_bindings.ctk_cases import Case
from biocore_bindings.ctk_exchange import Exchange, opened, said, unsealed
from biocore_bindings.ctk_iso import RULES, faults_of_record, measured_quality
from biocore_bindings.ctk_opening import AuthKey
from biocore_bindings.ctk_schemas import SCHEMAS
from biocore_bindings.ctk_shapes import faults

CLOCK_SLACK = timedelta(minutes=3)  # the toolkit's limit of TimeCheckValidator
LATE = 5.0  # s after its timeout by which a device must have answered; the toolkit itself sets no limit
_IDENTITY = ("serialNo", "make", "model", "type", "deviceSubType", "deviceProvider", "deviceProviderId")
_SHOWN = {("Finger", sub_id): [SUBTYPES[one] for one in views] for sub_id, views in SLAPS.items()} | {
    ("Iris", sub_id): [EYE_SUBTYPES[one] for one in views] for sub_id, views in EYES.items()
}


class NotRunError(Exception):
    """A test that cannot be run here; the reason is its text."""


@dataclass
class Knowledge:
    """What a check knows besides one answer.

    Attributes
    ----------
    signatures : Signatures
    device : mapping
        What the device under test said of itself, opened; empty where no one is meant.
    before : mapping
        Devices of an earlier check, by serial number: their certificates.
    remarks : list of str
        What is worth saying and no fault.
    late : float
        s after its timeout by which a device must have answered.
    auth_key : AuthKey or None
        Of the server that captures for authentication are encrypted for.
    """

    signatures: Signatures
    device: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    late: float = LATE
    auth_key: AuthKey | None = None


Validator = Callable[[Case, Exchange, Knowledge], Iterator[str]]


def judge(case: Case, exchange: Exchange, knowledge: Knowledge) -> list[str]:
    """Return all that is wrong with an answer, each fault behind the name of its validator.

    Raises
    ------
    NotRunError
    """
    if exchange.answer is None:
        return [f"{case.validators[0]}: {exchange.fault}"]
    found = [f"{case.validators[0]}: {exchange.fault}"] if exchange.fault else []  # a status of HTTP
    unjudged: list[str] = []
    for name in case.validators:
        try:
            found += [f"{name}: {fault}" for fault in VALIDATORS[name](case, exchange, knowledge)]
        except NotRunError as reason:
            unjudged.append(f"{name}: {reason}")
    if unjudged and not found:
        raise NotRunError("; ".join(unjudged))
    return found


def _schema(case: Case, exchange: Exchange, knowledge: Knowledge) -> Iterator[str]:
    yield from faults(opened(exchange.answer), SCHEMAS[case.schema])
    if case.transaction and any(_code(entry) == "0" for entry in entries(exchange)):
        knowledge.remarks.append("the device took a transaction id of 60 characters; MDS 0.9.5 wants error 112")


def _signature(case: Case, exchange: Exchange, knowledge: Knowledge) -> Iterator[str]:
    for number, entry in enumerate(entries(exchange)):
        where = f"[{number}]"
        if case.method == "device":
            yield from _discovered(entry, where, knowledge)
            continue
        outer = _verified(entry.get("data" if "data" in entry else "deviceInfo"), where, knowledge)
        if isinstance(outer, str):
            yield outer
            continue
        document = said_object(outer.payload)
        inner = _verified(document.get("digitalId"), f"{where}.digitalId", knowledge)
        if isinstance(inner, str):
            yield inner
            continue
        yield from _levels(outer, inner, document, where, knowledge)
        yield from _identity(said_object(inner.payload), where, knowledge)


def _discovered(entry: Mapping[str, Any], where: str, knowledge: Knowledge) -> Iterator[str]:
    """Discovery's digital id needs no signature; where it has one it must be right."""
    token = entry.get("digitalId")
    if isinstance(token, str) and token.count(".") == 2:
        signed = _verified(token, f"{where}.digitalId", knowledge)
        if isinstance(signed, str):
            yield signed
    elif said(token) is None:
        yield f"{where}.digitalId is neither signed nor base64url of an object"


def _verified(token: object, where: str, knowledge: Knowledge) -> Signed | str:
    """Return what is signed, or what is wrong with the signature."""
    if not isinstance(token, str):
        return f"{where} is not signed"
    try:
        signed = knowledge.signatures.read(token)
    except NotSignedError as error:
        return f"{where} is not signed: {error}"
    except WrongSignatureError as error:
        return f"{where}: the signature is wrong: {error}"
    if signed.fault and knowledge.signatures.trusting:
        return f"{where}: {signed.fault}"
    if signed.fault and "chain" not in " ".join(knowledge.remarks):
        knowledge.remarks.append("the certificates' chain was not checked: nobody is trusted (--trust)")
    return signed


def _levels(
    outer: Signed, inner: Signed, document: Mapping[str, Any], where: str, knowledge: Knowledge
) -> Iterator[str]:
    """L0: one key signs both; L1: the digital id is signed by the chip of a trusted module (MDS 0.9.5, "Keys")."""
    level = document.get("certification", knowledge.device.get("certification"))
    same = outer.certificate == inner.certificate
    if level == "L1" and same:
        yield f"{where} is of certification L1, and its digitalId is signed with the same key as the rest"
    if outer.certificate.not_valid_before_utc > datetime.now(UTC) and not knowledge.signatures.trusting:
        yield f"{where} is signed with a certificate that is not valid yet"


def _identity(identity: Mapping[str, Any], where: str, knowledge: Knowledge) -> Iterator[str]:
    expected = knowledge.device.get("digitalIdDecoded")
    if not isinstance(expected, Mapping):
        return
    for name in _IDENTITY:
        if identity.get(name) != expected.get(name):
            yield f"{where}.digitalId says {name} {identity.get(name)!r}, device info said {expected.get(name)!r}"


def _mismatch(case: Case, exchange: Exchange, _: Knowledge) -> Iterator[str]:
    asked = exchange.request["bio"][0]
    found = [document for _, document in captured(exchange)]
    if len(found) != int(asked["count"]):
        yield f"{len(found)} captures came, {asked['count']} were asked for"
    excepted = asked.get("exception", [])
    allowed = asked["bioSubType"] or [one for one in _SHOWN.get((case.kind, case.sub_id), []) if one not in excepted]
    came: list[str] = []
    for number, document in enumerate(found):
        for name, expected in (
            ("purpose", exchange.request["purpose"]),
            ("bioType", asked["type"]),
            ("transactionId", exchange.request["transactionId"]),
        ):
            if document.get(name) != expected:
                yield f"[{number}] has {name} {document.get(name)!r}, {expected!r} was asked for"
        subtype = document.get("bioSubType")
        if case.kind == "Face":
            continue
        if subtype in excepted:
            yield f"[{number}] is the {subtype}, which was excepted"
        elif allowed and "UNKNOWN" not in allowed and subtype not in allowed:
            yield f"[{number}] is the {subtype}, which deviceSubId {case.sub_id} was not asked for"
        elif subtype in came and subtype != "UNKNOWN":
            yield f"[{number}] is the {subtype} once more"
        came.append(str(subtype))


def _hash(case: Case, exchange: Exchange, knowledge: Knowledge) -> Iterator[str]:
    previous = exchange.request["bio"][0]["previousHash"]
    for number, (entry, document) in enumerate(captured(exchange)):
        digest = str(entry.get("hash"))
        try:
            expected = link(previous, _record(case, entry, document, knowledge))
        except ValueError as error:
            yield f"[{number}] has no record: {error}"
            return
        if digest != expected:
            yield f"[{number}] has hash {digest[:16]}..., {expected[:16]}... continues the chain"
        previous = digest if is_hash(digest) else expected


def _iso(case: Case, exchange: Exchange, knowledge: Knowledge) -> Iterator[str]:
    for number, (entry, document) in enumerate(captured(exchange)):
        try:
            data = _record(case, entry, document, knowledge)
        except ValueError as error:
            yield f"[{number}] has no record: {error}"
            continue
        for fault in faults_of_record(data, case.kind, str(document.get("bioSubType")), RULES[case.purpose]):
            yield f"[{number}] {fault}"


def _quality(case: Case, exchange: Exchange, knowledge: Knowledge) -> Iterator[str]:
    if case.kind == "Face":
        raise NotRunError("the quality of faces is not measured here")
    scores = []
    for number, (entry, document) in enumerate(captured(exchange)):
        try:
            scores.append(measured_quality(_record(case, entry, document, knowledge), case.kind))
        except (BiocoreError, ValueError) as error:
            yield f"[{number}] cannot be measured: {error}"
    if scores:
        mean = sum(scores) / len(scores)
        knowledge.remarks.append(f"measured here: {', '.join(f'{score:.0f}' for score in scores)}")
        if mean < float(case.score):
            yield f"the quality measured here is {mean:.0f} on average, {case.score} was asked for"


def _timeout(case: Case, exchange: Exchange, knowledge: Knowledge) -> Iterator[str]:
    limit = int(case.timeout) / 1000
    if exchange.seconds < limit:
        yield f"the answer came after {exchange.seconds:.2f} s, before its timeout of {limit:g} s was over"
    if exchange.seconds > limit + knowledge.late:
        yield f"the answer came after {exchange.seconds:.2f} s; its timeout was {limit:g} s"


def _time(case: Case, exchange: Exchange, _: Knowledge) -> Iterator[str]:
    for number, (_entry, document) in enumerate(captured(exchange)):
        try:
            when = datetime.fromisoformat(str(document.get("timestamp")))
            off = abs(exchange.ended_at - when)
        except (ValueError, TypeError):
            yield f"[{number}] has timestamp {document.get('timestamp')!r}, which is no date and time"
            continue
        if off > CLOCK_SLACK:
            yield f"[{number}] was captured at {when.isoformat()}, {off} off the clock here; 3 minutes are allowed"


def _rotation(_: Case, __: Exchange, knowledge: Knowledge) -> Iterator[str]:
    """Compare with an earlier check: another certificate, valid from later on, and the same device."""
    serial = str((knowledge.device.get("digitalIdDecoded") or {}).get("serialNo"))
    before = knowledge.before.get(serial)
    if before is None:
        raise NotRunError("needs a second key: rotate the device's, and give the report of before with --before")
    now = certificate_of(knowledge.device, knowledge.signatures)
    for name in ("make", "model"):
        if before.get(name) != now[name]:
            yield f"{name} was {before.get(name)!r} and is {now[name]!r} now"
    if before.get("certificate") == now["certificate"]:
        yield "the certificate is the same as before"
    elif before.get("valid_from", "") >= now["valid_from"]:
        yield f"the new certificate is valid from {now['valid_from']}, not later than the one before"


def certificate_of(device: Mapping[str, Any], signatures: Signatures) -> dict[str, str]:
    """Return what tells a device's key from another: for the report, and to compare with a later one."""
    identity = device.get("digitalIdDecoded") or {}
    found = {name: str(identity.get(name)) for name in ("make", "model")} | {"certificate": "", "valid_from": ""}
    try:
        certificate = signatures.read(str(device.get("token"))).certificate
    except ValueError:
        return found
    return found | {
        "certificate": f"{certificate.serial_number:X}, {certificate.subject.rfc4514_string()}",
        "valid_from": certificate.not_valid_before_utc.isoformat(),
    }


def _record(case: Case, entry: Mapping[str, Any], document: Mapping[str, Any], knowledge: Knowledge) -> bytes:
    """Return the record in a capture.

    Raises
    ------
    NotRunError
        It is encrypted for somebody else.
    ValueError
        There is none.
    """
    if case.purpose != "Auth":
        return unsealed(str(document.get("bioValue")))
    if knowledge.auth_key is None:
        raise NotRunError("needs the private key of the server that the record is encrypted for: --auth-key")
    return knowledge.auth_key.opened(entry, document)


def entries(exchange: Exchange) -> list[dict[str, Any]]:
    """Return the entries of an answer: one a device or capture."""
    answer = exchange.answer.get("biometrics") if isinstance(exchange.answer, dict) else exchange.answer
    return [entry for entry in answer if isinstance(entry, dict)] if isinstance(answer, list) else []


def captured(exchange: Exchange) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return each capture with what it says."""
    return [(entry, said(entry.get("data")) or {}) for entry in entries(exchange)]


def said_object(payload: bytes) -> dict[str, Any]:
    """Return the object in a payload; an empty one where there is none."""
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def is_hash(text: object) -> bool:
    """Say whether a text is a SHA-256 in hexadecimal."""
    return isinstance(text, str) and re.fullmatch("[0-9A-Fa-f]{64}", text) is not None


def _code(entry: Mapping[str, Any]) -> str:
    error = entry.get("error")
    return str(error.get("errorCode")) if isinstance(error, Mapping) else ""


VALIDATORS: Mapping[str, Validator] = MappingProxyType(
    {
        cases.SCHEMA: _schema,
        cases.SIGNATURE: _signature,
        cases.MISMATCH: _mismatch,
        cases.HASH: _hash,
        cases.ISO: _iso,
        cases.QUALITY: _quality,
        cases.TIMEOUT: _timeout,
        cases.TIME: _time,
        cases.ROTATION: _rotation,
    }
)
