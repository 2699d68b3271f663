"""Records sealed for an authentication server, as MOSIP's Secure Biometric Interface has it for CAPTURE.

Each record is encrypted with a key of its own (AES-256-GCM), and that key for the server's certificate (RSA-OAEP with
SHA-256 and MGF1). Neither nonce nor associated data are sent: both are the end of *timestamp XOR transactionId*, the
shorter of the two texts filled up with zero bytes from the left, so that whoever alters time or transaction cannot open
the record. Fingers of one capture share both, and so the nonce: that is why no two records may share a key.

Source: MOSIP SBI 0.9.5, "Device Service - Auth Capture"; the filling up as MOSIP's own mock device does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from biocore.errors import ServiceKeyError

KEY_BITS = 256  # of a session key
NONCE, ASSOCIATED = 12, 16  # bytes at the end of the mix
LEAST_BITS = 2048  # of the server's key; MOSIP SBI, "Cryptography"
MAX_BYTES = 1 << 16  # of a file with one certificate; they have 2 kB


@dataclass(frozen=True)
class Sealed:
    """A record that only the server can read.

    Attributes
    ----------
    value : bytes
        The record encrypted, its tag of 16 bytes behind it.
    session_key : bytes
        The key it was encrypted with, encrypted for the server.
    """

    value: bytes
    session_key: bytes


class AuthServer:
    """An authentication server, by its certificate.

    Parameters
    ----------
    certificate : Certificate
        With an RSA key.

    Raises
    ------
    ServiceKeyError
        Another key, or one that is too short.
    """

    def __init__(self, certificate: x509.Certificate) -> None:
        key = certificate.public_key()
        if not isinstance(key, rsa.RSAPublicKey) or key.key_size < LEAST_BITS:
            raise ServiceKeyError(f"the certificate needs an RSA key of {LEAST_BITS} bits or more")
        self.certificate = certificate
        self._key = key

    @property
    def thumbprint(self) -> str:
        """SHA-256 of the certificate, upper-case hex."""
        return self.certificate.fingerprint(SHA256()).hex().upper()

    @property
    def fault(self) -> str:
        """Say why nothing is to be encrypted for it now; empty where nothing speaks against it."""
        now = datetime.now(UTC)
        if now > self.certificate.not_valid_after_utc:
            return f"expired on {self.certificate.not_valid_after_utc:%Y-%m-%d}"
        if now < self.certificate.not_valid_before_utc:
            return f"is not valid before {self.certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        return ""

    def seal(self, record: bytes, timestamp: str, transaction: str) -> Sealed:
        """Encrypt a record under a new key; time and transaction are those of the answer it goes into."""
        mixed = mix(timestamp, transaction)
        key = AESGCM.generate_key(KEY_BITS)
        value = AESGCM(key).encrypt(mixed[-NONCE:], record, mixed[-ASSOCIATED:])
        around = padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)
        return Sealed(value, self._key.encrypt(key, around))


def read_server(path: Path) -> AuthServer:
    """Read an authentication server's certificate, PEM or DER.

    Raises
    ------
    ServiceKeyError
        The file is missing, is none, or its key is too short, or its time is over or has not come.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ServiceKeyError(f"{path}: the certificate cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise ServiceKeyError(f"{path}: no certificate has more than {MAX_BYTES >> 10} KiB")
    if b"PRIVATE KEY" in data:
        raise ServiceKeyError(f"{path}: this file holds a private key; a device gets the server's certificate alone")
    try:
        pem = b"-----BEGIN" in data
        certificate = x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
        server = AuthServer(certificate)
    except ServiceKeyError as error:
        raise ServiceKeyError(f"{path}: {error}") from None
    except ValueError:
        raise ServiceKeyError(f"{path}: this is no certificate (PEM or DER), or it is damaged") from None
    if server.fault:
        raise ServiceKeyError(f"{path}: the certificate {server.fault}; get the server's present one")
    return server


def mix(timestamp: str, transaction: str) -> bytes:
    """Return time XOR transaction, as long as the longer of the two."""
    first, second = timestamp.encode("ascii"), transaction.encode("ascii")
    length = max(len(first), len(second))
    return bytes(a ^ b for a, b in zip(first.rjust(length, b"\0"), second.rjust(length, b"\0"), strict=True))
