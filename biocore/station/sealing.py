"""Sealing to the centre: what the station writes, it cannot read.

For each resident, and again after each resumption, the station makes a key pair of its own, agrees on a secret
with the centre's public key (X25519, RFC 7748), derives a data key from it (HKDF-SHA256, RFC 5869) and forgets the
private half at once. Bodies are encrypted with AES-256-GCM (NIST SP 800-38D) under a random nonce each; the entry's
head is the associated data, and with it journal, resident, sequence number and the link of the entry before.

The data key lives in memory while the resident is there. After a power cut it is gone, which is why a resumed
resident gets another envelope in the same record.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from biocore.errors import CentreKeyError, UnsealError
from biocore.station.centre_key import CentreKey, key_id_of
from biocore.station.entry import Head

NONCE = 12  # bytes, SP 800-38D 8.2: 96 bits; random, at most some hundreds a key
TAG = 16  # bytes that sealing adds to a body
_SUITE = "X25519 HKDF-SHA256 AES-256-GCM"


class Sealer:
    """Seals the entries of one resident, from one envelope on.

    Attributes
    ----------
    envelope : bytes
        What the centre needs to open them; nothing in it is secret.
    """

    def __init__(self, key: CentreKey, journal: str, resident: str, ordinal: int) -> None:
        own = X25519PrivateKey.generate()
        ephemeral = own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        try:
            secret = own.exchange(X25519PublicKey.from_public_bytes(key.public))
        except ValueError:
            raise CentreKeyError(f"key {key.key_id} is no key: nothing can be sealed with it") from None
        self._cipher = AESGCM(_derive(secret, ephemeral, key.public, journal, resident, ordinal))
        self.envelope = json.dumps({"suite": _SUITE, "key_id": key.key_id, "ephemeral": ephemeral.hex()}).encode()

    def seal(self, nonce: bytes, payload: bytes, head: bytes) -> bytes:
        """Encrypt a payload, bound to its head."""
        return self._cipher.encrypt(nonce, payload, head)


class Opener:
    """The centre's side: opens with the private keys the centre has, by their names.

    Parameters
    ----------
    privates : iterable of X25519PrivateKey
        The present one and those before it, as long as records sealed to them may arrive.
    """

    def __init__(self, privates: Iterable[X25519PrivateKey]) -> None:
        self._privates: dict[str, tuple[X25519PrivateKey, bytes]] = {}
        for private in privates:
            public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            self._privates[key_id_of(public)] = private, public

    def cipher(self, envelope: bytes, head: Head) -> AESGCM:
        """Return the cipher that an envelope leads to.

        Raises
        ------
        UnsealError
            It is no envelope, or sealed to a key that is not here.
        """
        try:
            values = json.loads(envelope)
            suite, key_id, ephemeral = values["suite"], values["key_id"], bytes.fromhex(values["ephemeral"])
        except (ValueError, TypeError, KeyError):
            raise UnsealError(f"entry {head.sequence}: this is no envelope") from None
        if suite != _SUITE:
            raise UnsealError(f"entry {head.sequence}: sealed in a way that is unknown here: {suite!r}")
        if key_id not in self._privates:
            known = ", ".join(self._privates) or "none"
            raise UnsealError(f"entry {head.sequence}: sealed to the key {key_id}; here are {known}")
        private, public = self._privates[key_id]
        try:
            secret = private.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        except ValueError:
            raise UnsealError(f"entry {head.sequence}: the envelope's key is none") from None
        return AESGCM(_derive(secret, ephemeral, public, head.journal, head.resident, head.ordinal))


def new_nonce() -> bytes:
    """Return a nonce; it goes into the head before the head is sealed with the body."""
    return secrets.token_bytes(NONCE)


def unseal(cipher: AESGCM, head: Head, head_bytes: bytes, body: bytes) -> bytes:
    """Decrypt a body.

    Raises
    ------
    UnsealError
        Head or body are not what was sealed.
    """
    try:
        return cipher.decrypt(bytes.fromhex(head.nonce), body, head_bytes)
    except (InvalidTag, ValueError):
        raise UnsealError(
            f"entry {head.sequence} of record {head.resident} does not open: its head or body was altered, "
            "or it was sealed by somebody else"
        ) from None


def _derive(secret: bytes, ephemeral: bytes, public: bytes, journal: str, resident: str, ordinal: int) -> bytes:
    context = f"biocore.journal/1 data key\n{journal}\n{resident}\n{ordinal}\n{key_id_of(public)}"
    return HKDF(SHA256(), 32, salt=ephemeral + public, info=context.encode("ascii")).derive(secret)
