"""The record in a capture: plain for registration, for authentication encrypted for a server whose key one must have.

Source: MOSIP SBI, "Authentication capture": an AES-256-GCM key a record, itself encrypted with RSA-OAEP (SHA-256)
for the server's certificate; nonce and associated data are the last 12 and 16 bytes of timestamp XOR transactionId.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from biocore.errors import ServiceKeyError
from biocore_bindings.ctk_exchange import unsealed
from biocore_bindings.sbi_sealing import ASSOCIATED, NONCE, mix

TAG = 16  # bytes behind what AES-GCM encrypted


class AuthKey:
    """The private key of an authentication server.

    Parameters
    ----------
    key : RSAPrivateKey
    """

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._key = key

    def opened(self, entry: Mapping[str, Any], document: Mapping[str, Any]) -> bytes:
        """Return the record of a capture.

        Parameters
        ----------
        entry : mapping
            An entry of the answer to CAPTURE.
        document : mapping
            What is signed in it.

        Raises
        ------
        ValueError
            It is not sealed as MOSIP asks, or not for this server.
        """
        sealed = unsealed(str(document.get("bioValue")))
        if len(sealed) <= TAG:
            raise ValueError("bioValue is too short for what is encrypted")
        around = padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)
        try:
            session = self._key.decrypt(unsealed(str(entry.get("sessionKey"))), around)
            mixed = mix(str(document.get("timestamp")), str(document.get("transactionId")))
        except ValueError as error:
            raise ValueError(f"its sessionKey does not open with this server's key: {error}") from error
        try:
            return AESGCM(session).decrypt(mixed[-NONCE:], sealed, mixed[-ASSOCIATED:])
        except (InvalidTag, ValueError):
            raise ValueError("its bioValue does not open with its sessionKey, timestamp and transactionId") from None


def read_auth_key(path: Path) -> AuthKey:
    """Read the private key of an authentication server: PEM, RSA, without a password.

    Raises
    ------
    ServiceKeyError
    """
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise ServiceKeyError(f"{path}: the key cannot be read: {error.strerror}") from None
    except (ValueError, TypeError):
        raise ServiceKeyError(f"{path}: this is no private key in PEM without a password") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ServiceKeyError(f"{path}: an authentication server's key is of RSA; this is another")
    return AuthKey(key)
