"""The centre's receipt: its signature under the hash of a record. Only this lets a station remove one.

A receipt names journal, resident (random names), SHA-256 and size of the record, the centre's time and the centre,
and is signed by the Ed25519 key that the journal pinned when it was set up. It is the same whether it came by line
or by stick.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from biocore.errors import ReceiptError

KIND = "biocore receipt 1"
MAX_RECEIPT = 4096  # bytes; a receipt is about 500
_NAME = re.compile(r"[0-9a-f]{32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FIELDS = {"kind", "journal", "resident", "sha256", "size", "time", "centre", "signature"}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the centre has signed.

    Attributes
    ----------
    journal, resident : str
        Random names.
    sha256 : str
        Of the whole record, 64 hexadecimal digits.
    size : int
        Bytes of the record.
    time : datetime
        When the record was safe at the centre, by the centre's clock, in UTC. A station compares it with nothing.
    centre : bytes
        The centre's Ed25519 public key.
    signature : bytes
        64 bytes.
    """

    journal: str
    resident: str
    sha256: str
    size: int
    time: datetime
    centre: bytes
    signature: bytes

    def to_values(self) -> dict[str, Any]:
        """Return the receipt as values of JSON."""
        return {
            "kind": KIND,
            "journal": self.journal,
            "resident": self.resident,
            "sha256": self.sha256,
            "size": self.size,
            "time": self.time.isoformat(),
            "centre": self.centre.hex(),
            "signature": self.signature.hex(),
        }

    def to_bytes(self) -> bytes:
        """Return the receipt as a file: JSON of one spelling."""
        return json.dumps(self.to_values(), sort_keys=True, separators=(",", ":")).encode("ascii")

    def check(self, centre: bytes, journal: str, resident: str, sha256: str | None, size: int) -> None:
        """Check that this is the pinned centre's word for exactly this record.

        Parameters
        ----------
        centre : bytes
            The Ed25519 public key that the journal pins.
        journal, resident, sha256, size
            What the station has. `sha256` is None only where the record was removed and the index lost.

        Raises
        ------
        ReceiptError
            Says what is wrong with it.
        """
        if self.centre != centre:
            raise ReceiptError(
                f"the receipt for {self.resident} is another centre's ({self.centre.hex()[:16]}); this station was set "
                f"up for {centre.hex()[:16]}",
                code="receipt_of_another_centre",
                advice="look at the address of the centre, or bring the stick to the right one",
            )
        try:
            Ed25519PublicKey.from_public_bytes(self.centre).verify(self.signature, _signed(self))
        except (InvalidSignature, ValueError):
            raise ReceiptError(
                f"the receipt for {self.resident} is forged or damaged: the centre's signature does not fit",
                code="receipt_forged",
                advice="the record stays here; tell the centre",
            ) from None
        names = ("journal", "resident", "sha256", "size")
        for name, ours in zip(names, (journal, resident, sha256, size), strict=True):
            if ours is not None and (theirs := getattr(self, name)) != ours:
                raise ReceiptError(
                    f"the receipt is for another record: its {name} is {theirs}, and that of {resident} is {ours}",
                    code="receipt_of_another_record",
                    advice="the record stays here; tell the centre",
                )


def issue_receipt(
    signer: Ed25519PrivateKey, journal: str, resident: str, sha256: str, size: int, time: datetime
) -> Receipt:
    """Sign for a record; what a centre does once the record is safe, and tests."""
    centre = signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    unsigned = Receipt(journal, resident, sha256, size, time.astimezone(UTC), centre, b"")
    return Receipt(journal, resident, sha256, size, unsigned.time, centre, signer.sign(_signed(unsigned)))


def read_receipt(source: bytes | dict[str, Any]) -> Receipt:
    """Read a receipt; it is not checked against a centre or a record yet (`Receipt.check`).

    Raises
    ------
    ReceiptError
        It is none.
    """
    try:
        if isinstance(source, bytes) and len(source) > MAX_RECEIPT:
            raise ValueError
        values = json.loads(source) if isinstance(source, bytes) else source
        if set(values) != _FIELDS or values["kind"] != KIND or type(values["size"]) is not int:
            raise ValueError
        time = datetime.fromisoformat(values["time"])
        receipt = Receipt(
            values["journal"],
            values["resident"],
            values["sha256"],
            values["size"],
            time.astimezone(UTC),
            bytes.fromhex(values["centre"]),
            bytes.fromhex(values["signature"]),
        )
        names = _NAME.fullmatch(receipt.journal) and _NAME.fullmatch(receipt.resident)
        if not names or not _DIGEST.fullmatch(receipt.sha256) or receipt.size < 1 or time.tzinfo is None:
            raise ValueError
        if len(receipt.centre) != 32 or len(receipt.signature) != 64:
            raise ValueError
        if receipt.to_values() != values:  # what is signed has one spelling
            raise ValueError
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise ReceiptError(
            "this is no receipt of a centre", code="receipt_malformed", advice="the record stays here; tell the centre"
        ) from None
    return receipt


def _signed(receipt: Receipt) -> bytes:
    lines = (
        KIND,
        receipt.journal,
        receipt.resident,
        receipt.sha256,
        str(receipt.size),
        receipt.time.isoformat(),
        receipt.centre.hex(),
    )
    return "\n".join(lines).encode("ascii")
