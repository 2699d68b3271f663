"""JSON web signatures checked against certificates that somebody trusts.

A signer sends his certificate, and those above it, along (`x5c`, RFC 7515, 4.1.6). That a signature fits the
certificate beside it proves nothing yet: anybody can make such a pair. So the certificate must lead to one that is
trusted, or be one. The signature is PyJWT's affair, the path that of `cryptography.x509.verification`; of MOSIP's
rules there is only this here: RSA of 2048 bits or more, or Ed25519.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import jwt
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.x509 import verification

LEAST_RSA_BITS = 2048  # MOSIP SBI, "Cryptography"
SUFFIXES = frozenset({".pem", ".crt", ".cer", ".der"})
MAX_CHAIN = 8  # certificates with a signature
MAX_KNOWN = 16  # chains that are remembered; a device signs with one key or two


class NotSignedError(ValueError):
    """A text that is no signature, or names no certificate."""


class WrongSignatureError(ValueError):
    """A signature that does not fit, or of a kind that is too weak."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What was signed, with a signature that is right.

    Attributes
    ----------
    payload : bytes
    fault : str
        Why the signer is not to be trusted; empty where he is.
    certificate : Certificate
        The signer's.
    """

    payload: bytes
    fault: str
    certificate: x509.Certificate


def read_anchors(folder: Path) -> tuple[list[x509.Certificate], list[str]]:
    """Return the certificates of a folder, PEM or DER, and what is wrong with files that hold none."""
    found: list[x509.Certificate] = []
    faults: list[str] = []
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    except OSError:
        return [], [f"there is no folder {folder}"]
    for path in paths:
        try:
            data = path.read_bytes()
            pem = b"-----BEGIN" in data
            found.extend(x509.load_pem_x509_certificates(data) if pem else [x509.load_der_x509_certificate(data)])
        except (OSError, ValueError) as error:
            faults.append(f"{path}: {error}")
    return found, faults


class Signatures:
    """Checks signatures.

    Parameters
    ----------
    anchors : iterable of Certificate
        Those that are trusted.
    faults : iterable of str
        What went wrong when they were read.
    now : datetime or None
        For tests; None = the clock.
    """

    def __init__(
        self, anchors: Iterable[x509.Certificate], faults: Iterable[str] = (), now: datetime | None = None
    ) -> None:
        self._anchors = list(anchors)
        self._faults = tuple(faults)
        self._now = now
        self._known: dict[tuple[bytes, ...], tuple[x509.Certificate, str]] = {}

    @property
    def trusting(self) -> bool:
        """Somebody is trusted at all."""
        return bool(self._anchors)

    def read(self, token: str) -> Signed:
        """Check a signature and say who made it.

        Raises
        ------
        NotSignedError
        WrongSignatureError
        """
        try:
            chain = tuple(_certificates(jwt.get_unverified_header(token)))
        except (jwt.PyJWTError, ValueError, TypeError, binascii.Error, RecursionError) as error:
            raise NotSignedError(str(error)) from error
        try:
            certificate, fault = self._known.get(chain) or self._path(chain)
            if self._now is None and not fault and not _in_time(certificate, datetime.now(UTC)):
                certificate, fault = self._path(chain)  # it expired since
            payload = _verified(token, certificate)
        except (jwt.PyJWTError, ValueError, UnsupportedAlgorithm) as error:
            raise WrongSignatureError(str(error)) from error
        if len(self._known) > MAX_KNOWN:
            self._known.clear()
        self._known[chain] = certificate, fault
        return Signed(payload, fault, certificate)

    def _path(self, chain: tuple[bytes, ...]) -> tuple[x509.Certificate, str]:
        leaf, *above = (x509.load_der_x509_certificate(each) for each in chain)
        return leaf, self._fault(leaf, above)

    def _fault(self, leaf: x509.Certificate, above: list[x509.Certificate]) -> str:
        """Say why a certificate leads to no trusted one; empty where it does."""
        if not self._anchors:
            why = "; ".join(self._faults) or "the folder of trusted certificates is empty"
            return f"nobody is trusted to vouch for it: {why}"
        try:
            self._verifier().verify(leaf, above)
        except verification.VerificationError as error:
            signer, issuer = leaf.subject.rfc4514_string(), leaf.issuer.rfc4514_string()
            more = f"; {'; '.join(self._faults)}" if self._faults else ""
            return f"its certificate ({signer}, by {issuer}) leads to no trusted one: {error}{more}"
        return ""

    def _verifier(self) -> verification.ClientVerifier:
        above = verification.ExtensionPolicy.permit_all().require_present(
            x509.BasicConstraints, verification.Criticality.AGNOSTIC, _must_be_an_authority
        )
        return (
            verification.PolicyBuilder()
            .store(verification.Store(self._anchors))
            .time(self._now or datetime.now(UTC))
            .extension_policies(ca_policy=above, ee_policy=verification.ExtensionPolicy.permit_all())
            .build_client_verifier()
        )


def _must_be_an_authority(
    policy: verification.Policy, certificate: x509.Certificate, constraints: x509.BasicConstraints
) -> None:
    if not constraints.ca:
        raise ValueError(f"{certificate.subject.rfc4514_string()} may not vouch for others")


def _in_time(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _certificates(header: dict[str, object]) -> list[bytes]:
    chain = header.get("x5c")
    if not (isinstance(chain, list) and 0 < len(chain) <= MAX_CHAIN and all(isinstance(one, str) for one in chain)):
        raise ValueError("its head names no certificate")
    return [base64.b64decode(one, validate=True) for one in chain]


def _verified(token: str, certificate: x509.Certificate) -> bytes:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= LEAST_RSA_BITS:
        algorithms = ["RS256"]
    elif isinstance(key, ed25519.Ed25519PublicKey):
        algorithms = ["EdDSA"]
    else:
        raise ValueError(f"keys are RSA of {LEAST_RSA_BITS} bits or more, or Ed25519")
    return bytes(jwt.api_jws.decode(token, key, algorithms=algorithms))
