"""The key files of a centre: made once, readable by their owner only.

::

    signer.pem             Ed25519, private: signs sealing keys and receipts, for years
    sealing-KEYID.pem      X25519, private: opens records; several, since records may be sealed to an older one
    centre.key             public: what each station is given
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from biocore.errors import CentreKeyError
from biocore.station import CentreKey, Opener, issue_centre_key
from biocore.station.disk import Disk

SIGNER = "signer.pem"
SEALING = "sealing-"
PUBLIC = "centre.key"


def create_centre_keys(folder: Path, expires: datetime) -> CentreKey:
    """Make a centre's keys in a folder that has none, and return the public one.

    Raises
    ------
    CentreKeyError
        There are keys already: a new signer would make all stations strangers.
    """
    if (folder / SIGNER).exists():
        raise CentreKeyError(f"{folder} has a centre's keys already; for a new sealing key use `renew_sealing_key`")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    signer = Ed25519PrivateKey.generate()
    _write_private(folder / SIGNER, signer)
    return renew_sealing_key(folder, expires)


def renew_sealing_key(folder: Path, expires: datetime) -> CentreKey:
    """Make a further sealing key; those before it stay, for the records that are sealed to them."""
    signer, private = read_signer(folder), X25519PrivateKey.generate()
    key = issue_centre_key(private, signer, expires)
    _write_private(folder / f"{SEALING}{key.key_id}.pem", private)
    fresh = folder / f"{PUBLIC}.new"
    fresh.unlink(missing_ok=True)
    disk = Disk()
    disk.append(fresh, 0, key.to_bytes())
    fresh.replace(folder / PUBLIC)
    disk.sync_folder(folder)
    return key


def read_signer(folder: Path) -> Ed25519PrivateKey:
    """Read the key that signs.

    Raises
    ------
    CentreKeyError
        It is missing, damaged, or others may read it.
    """
    key = _read_private(folder / SIGNER)
    if not isinstance(key, Ed25519PrivateKey):
        raise CentreKeyError(f"{folder / SIGNER}: this is no Ed25519 key")
    return key


def read_opener(folder: Path) -> Opener:
    """Read all sealing keys, for a centre that opens what it receives.

    Raises
    ------
    CentreKeyError
        There is none, or one is damaged, or others may read it.
    """
    keys = [_read_private(path) for path in sorted(folder.glob(f"{SEALING}*.pem"))]
    privates = [key for key in keys if isinstance(key, X25519PrivateKey)]
    if not privates or len(privates) != len(keys):
        raise CentreKeyError(f"{folder} has no sealing keys, or one of them is none")
    return Opener(privates)


def _write_private(path: Path, key: Ed25519PrivateKey | X25519PrivateKey) -> None:
    data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)
    Disk().sync_folder(path.parent)


def _read_private(path: Path) -> object:
    try:
        if path.stat().st_mode & 0o077:
            raise CentreKeyError(f"{path}: others may read this private key; chmod 600, and think of renewing it")
        return load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise CentreKeyError(f"{path}: the key cannot be read: {error.strerror}") from None
    except (ValueError, TypeError):
        raise CentreKeyError(f"{path}: this is no private key, or it is damaged") from None
