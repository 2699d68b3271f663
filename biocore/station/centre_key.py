"""The centre's public key, and how a station knows that it is the centre's.

A centre has two pairs. One signs, for years, and its public half is pinned by the journal when the station is set
up. The other seals, and is changed when the centre likes: it arrives as a small file that the first has signed. A
file that is missing, torn, altered, another centre's or past its date is refused when the journal is opened.

Only the end of a key's time is checked. A key that is not valid yet is the ordinary sight of a station whose clock
was set back, and is no reason to stop recording.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from biocore.errors import CentreKeyError

_KIND = "biocore centre key 1"
_MAX_FILE = 4096  # bytes; a key file is about 400


@dataclass(frozen=True, slots=True)
class CentreKey:
    """What a station seals with.

    Attributes
    ----------
    public : bytes
        X25519 public key, 32 bytes.
    signer : bytes
        Ed25519 public key of the centre that vouches for it, 32 bytes.
    expires : datetime
        UTC; from then on it is refused.
    signature : bytes
        Ed25519, 64 bytes.
    """

    public: bytes
    signer: bytes
    expires: datetime
    signature: bytes

    @property
    def key_id(self) -> str:
        """Name of the key (`key_id_of`)."""
        return key_id_of(self.public)

    def to_bytes(self) -> bytes:
        """Return the key as a file."""
        return json.dumps(
            {
                "kind": _KIND,
                "key_id": self.key_id,
                "public": self.public.hex(),
                "signer": self.signer.hex(),
                "expires": self.expires.isoformat(),
                "signature": self.signature.hex(),
            },
            indent=1,
        ).encode("ascii")

    def check(self, now: datetime, pinned: bytes | None = None) -> None:
        """Check signature, date and, where the station has pinned one, the centre.

        Raises
        ------
        CentreKeyError
            Says which of them is wrong, and what to do.
        """
        if pinned is not None and pinned != self.signer:
            raise CentreKeyError(
                f"key {self.key_id} is another centre's: this station was set up for the centre "
                f"{pinned.hex()[:16]}, and the key comes from {self.signer.hex()[:16]}"
            )
        try:
            Ed25519PublicKey.from_public_bytes(self.signer).verify(self.signature, _signed(self.public, self.expires))
        except (InvalidSignature, ValueError):
            raise CentreKeyError(f"key {self.key_id} was altered: the centre's signature does not fit") from None
        if now >= self.expires:
            raise CentreKeyError(
                f"key {self.key_id} expired on {self.expires:%Y-%m-%d}, and it is {now:%Y-%m-%d} here; "
                "ask the centre for its new key, or set the clock"
            )


def key_id_of(public: bytes) -> str:
    """Return the name of a sealing key: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


def read_centre_key(source: Path | bytes) -> CentreKey:
    """Read a key file; it is not checked against a date or a centre yet (`CentreKey.check`).

    Raises
    ------
    CentreKeyError
        There is no file, or it is no key.
    """
    if isinstance(source, bytes):
        data, name = source, "centre key"
    else:
        name = str(source)
        try:
            with source.open("rb") as file:
                data = file.read(_MAX_FILE + 1)
        except OSError as error:
            raise CentreKeyError(f"{name}: the centre's key cannot be read: {error.strerror}") from None
    try:
        values = json.loads(data)
        if values["kind"] != _KIND or len(data) > _MAX_FILE:
            raise ValueError
        expires = datetime.fromisoformat(values["expires"])
        key = CentreKey(
            bytes.fromhex(values["public"]),
            bytes.fromhex(values["signer"]),
            expires.astimezone(UTC),
            bytes.fromhex(values["signature"]),
        )
        if expires.tzinfo is None or (len(key.public), len(key.signer), len(key.signature)) != (32, 32, 64):
            raise ValueError
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise CentreKeyError(f"{name}: this is no key of a centre; copy it again from where it came") from None
    if values.get("key_id") != key.key_id:
        raise CentreKeyError(f"{name}: the key was altered: it is called {values.get('key_id')}, and is {key.key_id}")
    return key


def issue_centre_key(private: X25519PrivateKey, signer: Ed25519PrivateKey, expires: datetime) -> CentreKey:
    """Sign a sealing key; what a centre does once a year, and tests."""
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    expires = expires.astimezone(UTC)
    signer_public = signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return CentreKey(public, signer_public, expires, signer.sign(_signed(public, expires)))


def check_usable(key: CentreKey) -> None:
    """Check that a secret can be agreed with the key at all; the points that give nothing are refused here.

    Raises
    ------
    CentreKeyError
        The key is one of X25519's points of small order (RFC 7748, 6.1).
    """
    try:
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(key.public))
    except ValueError:
        raise CentreKeyError(f"key {key.key_id} is no key: nothing can be sealed with it") from None


def _signed(public: bytes, expires: datetime) -> bytes:
    return f"{_KIND}\n{public.hex()}\n{expires.isoformat()}".encode("ascii")
