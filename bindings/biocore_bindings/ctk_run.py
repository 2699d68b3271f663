"""An SBI device put to the tests of MOSIP's compliance toolkit, one after the other, and what came of each.

One question is sent once: tests that ask the same share the answer, so that nobody lays a finger down ten times.
Tests of the chain of hashes ask anew, behind the last capture of their device.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from biocore.certify import Outcome
from biocore.signatures import Signatures
from biocore_bindings.ctk_cases import CASES, HASH, Case
from biocore_bindings.ctk_exchange import Exchange, ask, opened
from biocore_bindings.ctk_grading import Graded, Grading, graded
from biocore_bindings.ctk_opening import AuthKey
from biocore_bindings.ctk_stream import fault_of_stream
from biocore_bindings.ctk_validators import LATE, Knowledge, NotRunError, captured, certificate_of, is_hash, judge

PATIENCE = 5.0  # s; MOSIP's registration client waits as long for MOSIPDISC and MOSIPDINFO
CAPTURE_TIMEOUT = 10_000  # ms; its capture timeout
MARGIN = 30.0  # s beyond it before a connection is given up; it waits 40 s for RCAPTURE
TEN_PERSONS = "needs ten persons"  # of whom a test of quality by groups needs as many
_VERBS = {"rcapture": "RCAPTURE", "capture": "CAPTURE"}


@dataclass
class Examiner:
    """Asks one service.

    Attributes
    ----------
    url : str
    signatures : Signatures
    attended : bool
        Somebody is there to lay down what is asked for.
    before : mapping
        Devices of an earlier check, for the tests of key rotation.
    tell : callable
        Is told what is asked for next.
    transaction : callable
        Makes a transaction's name.
    late : float
        s after its timeout by which a device must have answered.
    auth_key : AuthKey or None
        Of the server that captures for authentication are encrypted for.
    """

    url: str
    signatures: Signatures
    attended: bool = False
    before: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    tell: Callable[[Case], None] = lambda case: None
    transaction: Callable[[], str] = lambda: f"biocore-{secrets.token_hex(8)}"
    late: float = LATE
    auth_key: AuthKey | None = None
    _answers: dict[str, Exchange] = field(default_factory=dict)
    _last_hash: dict[str, str] = field(default_factory=dict)

    def grade(self, names: Iterable[str] = CASES) -> Grading:
        """Run tests by name, in order."""
        grading = Grading(self.url)
        for device in self.devices():
            serial = str((device.get("digitalIdDecoded") or {}).get("serialNo"))
            grading.devices[serial] = certificate_of(device, self.signatures)
        for name in names:
            grading.results.append(self._result(CASES[name]))
        return grading

    def devices(self) -> list[dict[str, Any]]:
        """Return what each device of the service said of itself, opened, with its signed text as `token`."""
        answer = opened(self._ask("MOSIPDINFO", "/info", {}).answer)
        return [
            entry["deviceInfoDecoded"] | {"token": entry.get("deviceInfo")}
            for entry in (answer if isinstance(answer, list) else [])
            if isinstance(entry, dict) and isinstance(entry.get("deviceInfoDecoded"), dict)
        ]

    def _result(self, case: Case) -> Graded:
        knowledge = Knowledge(self.signatures, before=self.before, late=self.late, auth_key=self.auth_key)
        seconds = 0.0
        try:
            knowledge.device = self._device(case)
            faults = self._preview(case, knowledge.device)
            exchange = self._exchange(case, knowledge.device)
            seconds = exchange.seconds
            faults += judge(case, exchange, knowledge)
        except NotRunError as reason:
            return graded(case.name, case.title, Outcome.NOT_TRIED, seconds, [], [str(reason)])
        outcome = Outcome.FAILED if faults else Outcome.PASSED
        return graded(case.name, case.title, outcome, seconds, faults, knowledge.remarks)

    def _device(self, case: Case) -> Mapping[str, Any]:
        """Return the device that a test is about.

        Raises
        ------
        NotRunError
            The service has none, or somebody is needed who is not there.
        """
        if not case.kind:
            return self._status_device(case)
        wanted = (case.purpose, case.kind, case.subtype.lower())
        for device in self.devices():
            identity = device.get("digitalIdDecoded") or {}
            if wanted == (device.get("purpose"), identity.get("type"), str(identity.get("deviceSubType")).lower()):
                break
        else:
            raise NotRunError(f"the service has no device of {case.kind}, {case.subtype}, for {case.purpose}")
        if case.persons:
            raise NotRunError(f"{TEN_PERSONS}: {case.persons}")
        if case.captures and not self.attended:
            raise NotRunError("needs a person at the device: --attended")
        return device

    def _status_device(self, case: Case) -> Mapping[str, Any]:
        status = case.title.removeprefix("status ")
        if status == case.title:
            return {}
        now = sorted({str(device.get("deviceStatus")) for device in self.devices()})
        if now != [status]:
            raise NotRunError(
                f"the service's devices are {', '.join(now) or 'unknown'}: make them {status} and run it again"
            )
        return {}

    def _exchange(self, case: Case, device: Mapping[str, Any]) -> Exchange:
        if case.method == "device":
            return self._ask("MOSIPDISC", "/device", {"type": "Nose" if case.broken else "Biometric Device"})
        if case.method == "info":
            return self._ask("MOSIPDINFO", "/info", {})
        request = request_of(case, device, self._previous(case, device), self.transaction)
        shared = json.dumps(request | {"transactionId": case.transaction, "captureTime": ""})
        if shared in self._answers:
            return self._answers[shared]
        self.tell(case)
        patience = int(case.timeout or CAPTURE_TIMEOUT) / 1000 + MARGIN
        exchange = ask(self.url, _VERBS[case.method], "/capture", request, patience)
        for entry, _ in captured(exchange):
            if is_hash(entry.get("hash")):  # a refusal has none
                self._last_hash[str(device.get("deviceId"))] = str(entry["hash"])
        self._answers[shared] = exchange
        return exchange

    def _previous(self, case: Case, device: Mapping[str, Any]) -> str:
        """Return the hash a capture goes on from: of the device's last one, where the chain is what is tested."""
        return self._last_hash.get(str(device.get("deviceId")), "") if HASH in case.validators else ""

    def _preview(self, case: Case, device: Mapping[str, Any]) -> list[str]:
        """Look at the preview, where a test has one, and return what is wrong with it."""
        if not case.streams:
            return []
        wanted = {"deviceId": device.get("deviceId"), "deviceSubId": case.sub_id, "timeout": "3000"}
        fault = fault_of_stream(self.url, wanted)
        return [f"Stream: {fault}"] if fault else []

    def _ask(self, verb: str, path: str, request: Mapping[str, str]) -> Exchange:
        key = f"{verb} {json.dumps(request)}"
        if key not in self._answers:
            self._answers[key] = ask(self.url, verb, path, request, PATIENCE)
        return self._answers[key]


def request_of(case: Case, device: Mapping[str, Any], previous: str, transaction: Callable[[], str]) -> dict[str, Any]:
    """Return the body of RCAPTURE or CAPTURE; all of its values are text."""
    versions = device.get("specVersion")
    bio: dict[str, Any] = {
        "type": case.kind,
        "count": case.count,
        "bioSubType": [spelt(segment) for segment in case.segments],
        "exception": [spelt(segment) for segment in case.exceptions],
        "requestedScore": case.score,
        "deviceId": device.get("deviceId"),
        "deviceSubId": case.sub_id,
        "previousHash": previous,
    }
    request: dict[str, Any] = {
        "env": device.get("env"),
        "purpose": case.purpose,
        "specVersion": versions[0] if isinstance(versions, list) and versions else "0.9.5",
        "timeout": case.timeout or str(CAPTURE_TIMEOUT),
        "captureTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "transactionId": case.transaction or transaction(),
        "bio": [bio],
        "customOpts": None,
    }
    if case.method == "capture":
        request["domainUri"] = "https://example.invalid"
        del bio["exception"]
    for holder in (request, bio):
        if case.broken in holder:
            holder[f"{case.broken}XXX"] = holder.pop(case.broken)
    return request


def spelt(segment: str) -> str:
    """Return a finger or eye as it stands in `bioSubType`: the toolkit's LeftIndex is "Left IndexFinger"."""
    for side in ("Left", "Right"):
        finger = segment.removeprefix(side)
        if finger and finger != segment:
            return f"{side} {finger}" if finger == "Thumb" else f"{side} {finger}Finger"
    return segment
