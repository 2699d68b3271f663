"""The keys of a biometric service: who vouches for the device, and what the device signs with; made and rotated here.

::

    provider.pem               RSA 3072, private, with its certificate: vouches for device keys, for years
    provider-certificate.pem   public: what those who capture from the device trust
    device.pem                 RSA 2048, private, with its certificate: signs what is captured, for weeks

MOSIP's interface wants RS256. At trust level L0 the device key lies on this machine's disk: whoever reads it can sign
what no scanner captured. That is why it is rotated, and why nothing here claims more than L0.
"""

from __future__ import annotations

import base64
import os
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import platformdirs
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from biocore.errors import ServiceKeyError
from biocore.station.disk import Disk

FOLDER_VARIABLE = "BIOCORE_SBI_KEYS"
PROVIDER, CERTIFICATE, DEVICE = "provider.pem", "provider-certificate.pem", "device.pem"
PROVIDER_BITS, DEVICE_BITS = 3072, 2048  # MOSIP SBI, "Cryptography": RSA of 2048 bits or more
PROVIDER_DAYS = 3650
DEVICE_DAYS = 90  # MOSIP recommends a new key every 30 days; the rest is for offices that forget it
SLACK = timedelta(hours=1)  # a reader's clock may be behind ours by
_SECOND = timedelta(seconds=1)  # what a certificate counts time in


@dataclass(frozen=True)
class Keys:
    """A private key and the certificate over it.

    Attributes
    ----------
    private : RSAPrivateKey
    certificate : Certificate
    """

    private: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, upper-case hex."""
        return self.certificate.fingerprint(SHA256()).hex().upper()

    @property
    def expired(self) -> bool:
        """Nobody believes its signatures any more."""
        return datetime.now(UTC) > self.certificate.not_valid_after_utc


def usual_folder() -> Path:
    """Return where the keys lie unless somebody says otherwise."""
    return Path(platformdirs.user_data_dir("biocore")) / "sbi-keys"


def create_keys(folder: Path, name: str, days: int = DEVICE_DAYS) -> Keys:
    """Make an authority and a first device key in a folder that has none; return the device's.

    Parameters
    ----------
    folder : Path
    name : str
        Whose devices they are; the certificates name it.
    days : int
        For how long the device key is believed.

    Raises
    ------
    ServiceKeyError
        There are keys already, or the folder cannot be written.
    """
    if (folder / PROVIDER).exists():
        raise ServiceKeyError(f"{folder} has keys already; a new device key is made with `biocore sbi-keys rotate`")
    private = rsa.generate_private_key(65537, PROVIDER_BITS)
    subject = _named(name, "device provider")
    now = datetime.now(UTC)
    builder = (
        _certificate(private, subject, subject, now - SLACK, timedelta(days=PROVIDER_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )
    provider = Keys(private, builder.sign(private, SHA256()))
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(folder / PROVIDER, _pem(provider), 0o600)
        _write(folder / CERTIFICATE, provider.certificate.public_bytes(Encoding.PEM), 0o644)
    except OSError as error:
        raise ServiceKeyError(f"{folder}: keys cannot be written: {error.strerror}") from None
    return rotate_key(folder, days)


def rotate_key(folder: Path, days: int = DEVICE_DAYS) -> Keys:
    """Make a new device key in place of the one there is; a service that runs signs with it from its next answer on.

    Raises
    ------
    ServiceKeyError
        There is no authority, or it is damaged, readable by others, or has expired.
    """
    provider = read_keys(folder / PROVIDER)
    if provider.expired:
        raise ServiceKeyError(f"{folder / PROVIDER} has expired; make new keys in another folder")
    begins = datetime.now(UTC) - SLACK
    if (folder / DEVICE).exists():  # MOSIP's toolkit asks that each certificate begin after the one before it
        begins = max(begins, read_keys(folder / DEVICE).certificate.not_valid_before_utc + _SECOND)
    private = rsa.generate_private_key(65537, DEVICE_BITS)
    issuer = provider.certificate.subject
    (organisation,) = issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    subject = _named(str(organisation.value), "device")
    ends = min(datetime.now(UTC) + timedelta(days=days), provider.certificate.not_valid_after_utc)
    builder = (
        _certificate(private, subject, issuer, begins, ends - begins)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
    )
    made = Keys(private, builder.sign(provider.private, SHA256()))
    try:
        _write(folder / DEVICE, _pem(made), 0o600)
    except OSError as error:
        raise ServiceKeyError(f"{folder}: the key cannot be written: {error.strerror}") from None
    return made


def read_keys(path: Path) -> Keys:
    """Read a private key with its certificate.

    Raises
    ------
    ServiceKeyError
        The file is missing, damaged, readable by others, or the two do not fit each other.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise ServiceKeyError(f"{path}: others may read this private key; chmod 600, and rotate it")
        data = path.read_bytes()
        private, certificate = load_pem_private_key(data, None), x509.load_pem_x509_certificate(data)
    except FileNotFoundError:
        raise ServiceKeyError(f"{path}: there is no key; make one with `biocore sbi-keys create`") from None
    except OSError as error:
        raise ServiceKeyError(f"{path}: the key cannot be read: {error.strerror}") from None
    except (ValueError, TypeError):
        raise ServiceKeyError(f"{path}: this is no private key with its certificate, or it is damaged") from None
    if not isinstance(private, rsa.RSAPrivateKey) or private.public_key() != certificate.public_key():
        raise ServiceKeyError(f"{path}: the certificate is not that of the RSA key beside it")
    return Keys(private, certificate)


class Signer:
    """Signs with the device key that lies in a folder now.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    ServiceKeyError
        As `read_keys`.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / DEVICE
        self._lock = threading.Lock()
        self._mark: tuple[int, int] | None = None
        self._keys: Keys | None = None
        self.keys()

    def keys(self) -> Keys:
        """Return the key, read anew where it was rotated.

        Raises
        ------
        ServiceKeyError
        """
        with self._lock:
            try:
                state = self._path.stat()
                mark = (state.st_mtime_ns, state.st_ino)
            except OSError:
                mark = None
            if self._keys is None or mark is None or mark != self._mark:
                self._keys = read_keys(self._path)
                self._mark = mark
            return self._keys

    def sign(self, payload: bytes) -> str:
        """Return a JSON web signature (RS256) that carries its certificate.

        Raises
        ------
        ServiceKeyError
        """
        keys = self.keys()
        der = keys.certificate.public_bytes(Encoding.DER)
        head = {"typ": "JWT", "x5c": [base64.b64encode(der).decode()]}
        return jwt.api_jws.encode(payload, keys.private, algorithm="RS256", headers=head)


def _named(organisation: str, what: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{organisation} {what}"[:64]),  # X.520: at most 64 characters
        ]
    )


def _certificate(
    private: rsa.RSAPrivateKey, subject: x509.Name, issuer: x509.Name, begins: datetime, lasts: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + lasts)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(keys: Keys) -> bytes:
    private = keys.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + keys.certificate.public_bytes(Encoding.PEM)


def _write(path: Path, data: bytes, mode: int) -> None:
    """Put a file in its place whole: whoever reads meanwhile finds the one before it."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        os.write(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)
    fresh.replace(path)
    Disk().sync_folder(path.parent)
