"""Faults on command: what lines and centres do to stations, so that tests and pilots can see a station bear it."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, replace
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from biocore.station import Receipt, issue_receipt


class FaultKind(StrEnum):
    """What goes wrong."""

    UNAVAILABLE = "unavailable"  # 503, with Retry-After if seconds are given
    BROKEN = "broken"  # 500
    SLOW = "slow"  # answers after so many seconds
    CUT = "cut"  # the connection ends after so many more bytes of requests
    DENIED = "denied"  # 401
    TOO_LARGE = "too_large"  # 413
    QUOTA = "quota"  # 429, with Retry-After if seconds are given
    NO_ROOM = "no_room"  # 507
    PORTAL = "portal"  # 200 and a page, as a hotel's network answers
    REDIRECT = "redirect"  # 302, to a login page
    NONSENSE = "nonsense"  # a chunk is taken, and the answer says something impossible
    ENDLESS = "endless"  # an answer that drips and does not end
    LOST_RECEIPT = "lost_receipt"  # stored and signed; the connection ends inside the answer
    TWICE = "twice"  # the chunk arrives a second time, as from a proxy; the second answer is given
    FORGED_RECEIPT = "forged_receipt"  # one bit of the signature is another
    WRONG_RECEIPT = "wrong_receipt"  # rightly signed, for another record
    FOREIGN_RECEIPT = "foreign_receipt"  # rightly signed, by another centre


# These wait for an answer that is a receipt.
RECEIPTS = (FaultKind.FORGED_RECEIPT, FaultKind.WRONG_RECEIPT, FaultKind.FOREIGN_RECEIPT, FaultKind.LOST_RECEIPT)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that was asked for.

    Attributes
    ----------
    kind : FaultKind
    times : int
        For how many requests.
    amount : float
        Seconds, or bytes for `CUT`.
    greets : bool
        Whether the centre's greeting (`GET /v1/centre`) is hit as well, or only records.
    resident : str
        Hit this record only; empty for any.
    """

    kind: FaultKind
    times: int = 1
    amount: float = 0.0
    greets: bool = False
    resident: str = ""


class Faults:
    """The faults that are waiting to happen, in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Fault] = deque()
        self.happened: list[FaultKind] = []

    def ask(self, *faults: Fault) -> None:
        """Let faults happen to the next requests."""
        with self._lock:
            self._waiting.extend(faults)

    def clear(self) -> None:
        """Let nothing more happen."""
        with self._lock:
            self._waiting.clear()

    def take(self, resident: str = "", *, greeting: bool = False, receipt: bool = False) -> Fault | None:
        """Return the fault that happens to a request, or to an answer that is a receipt; None if none does.

        Cuts happen to bytes, not to requests.
        """
        with self._lock:
            for number, fault in enumerate(self._waiting):
                fits = fault.kind is not FaultKind.CUT and (fault.greets or not greeting)
                fits = fits and (fault.kind in RECEIPTS) is receipt
                if fits and fault.resident in ("", resident):
                    self._spend(number, fault)
                    return fault
        return None

    def cut(self, received: int) -> bool:
        """Say whether the connection ends now, after so many more bytes."""
        with self._lock:
            for number, fault in enumerate(self._waiting):
                if fault.kind is FaultKind.CUT:
                    if fault.amount < received:
                        self._spend(number, replace(fault, amount=0))
                        return True
                    self._waiting[number] = replace(fault, amount=fault.amount - received)
                    return False
        return False

    def _spend(self, number: int, fault: Fault) -> None:
        self.happened.append(fault.kind)
        if fault.times > 1:
            self._waiting[number] = replace(fault, times=fault.times - 1)
        else:
            del self._waiting[number]


def spoil(receipt: Receipt, kind: FaultKind, signer: Ed25519PrivateKey) -> Receipt:
    """Return a receipt that a station must refuse."""
    if kind is FaultKind.FORGED_RECEIPT:
        return replace(receipt, signature=bytes([receipt.signature[0] ^ 1]) + receipt.signature[1:])
    if kind is FaultKind.FOREIGN_RECEIPT:
        signer = Ed25519PrivateKey.generate()
    wrong = kind is FaultKind.WRONG_RECEIPT
    digest = "0" * 64 if wrong else receipt.sha256
    return issue_receipt(signer, receipt.journal, receipt.resident, digest, receipt.size, receipt.time)
