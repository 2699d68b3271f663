"""Whose signature it is: what a biometric service signs, checked against certificates the user trusts.

How a signature is checked is the affair of `biocore.signatures`; here it is said in the words of a device.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from biocore.errors import DeviceProtocolError, DeviceUntrustedError
from biocore.signatures import NotSignedError, Signatures, Signed, WrongSignatureError, read_anchors
from biocore_drivers.transport import Situation

FOLDER_VARIABLE = "BIOCORE_SBI_TRUST"  # environment variable that names another folder


def anchors_folder() -> Path:
    """Return where the certificates lie that the user trusts."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    return Path(chosen) if chosen else Path(platformdirs.user_config_dir("biocore")) / "sbi-trust"


class Trust(Signatures):
    """Checks signatures of devices; parameters as of `Signatures`."""

    @classmethod
    def configured(cls) -> Trust:
        """Trust what lies in `anchors_folder()` now."""
        return cls(*read_anchors(anchors_folder()))

    def check(self, token: str, situation: Situation) -> Signed:
        """Check a signature and say who made it.

        Raises
        ------
        DeviceProtocolError
            No signature at all.
        DeviceUntrustedError
            It does not fit, or is of a kind that is too weak.
        """
        try:
            return self.read(token)
        except NotSignedError as error:
            raise situation.error(DeviceProtocolError, f"sent something unsigned: {error}") from error
        except WrongSignatureError as error:
            raise situation.error(
                DeviceUntrustedError, f"its signature is wrong: {error}", "Do not use it until its maker explains"
            ) from error
