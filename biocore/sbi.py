"""The words of MOSIP's Secure Biometric Interface (0.9.5, 1.0) that both sides speak: who captures and who serves.

Which finger or eye has which name, what a `deviceSubId` shows, which ports are used, and how the hash of a capture
follows that of the one before. Nothing here opens a socket or knows a key.
"""

from __future__ import annotations

import base64
import hashlib

from biocore.types import EyePosition, FacePosition, FingerPosition, Modality, Position

HOST = "127.0.0.1"  # the services bind this address and not the name
PORTS = range(4501, 4601)  # MOSIP SBI, "Device Discovery"
VERSIONS = ("0.9.5", "1.0", "1.0.0")  # one protocol under three names; the first is sent where nothing is said
MODALITIES = {"Finger": Modality.FINGER, "Iris": Modality.IRIS, "Face": Modality.FACE}
SUBTYPES: dict[Position, str] = {
    FingerPosition.UNKNOWN: "UNKNOWN",
    FingerPosition.RIGHT_THUMB: "Right Thumb",
    FingerPosition.RIGHT_INDEX: "Right IndexFinger",
    FingerPosition.RIGHT_MIDDLE: "Right MiddleFinger",
    FingerPosition.RIGHT_RING: "Right RingFinger",
    FingerPosition.RIGHT_LITTLE: "Right LittleFinger",
    FingerPosition.LEFT_THUMB: "Left Thumb",
    FingerPosition.LEFT_INDEX: "Left IndexFinger",
    FingerPosition.LEFT_MIDDLE: "Left MiddleFinger",
    FingerPosition.LEFT_RING: "Left RingFinger",
    FingerPosition.LEFT_LITTLE: "Left LittleFinger",
}
EYE_SUBTYPES: dict[Position, str] = {
    EyePosition.UNKNOWN: "UNKNOWN",
    EyePosition.RIGHT: "Right",
    EyePosition.LEFT: "Left",
}
_F, _E = FingerPosition, EyePosition
# What a `deviceSubId` shows: MOSIP SBI, "Device Sub Id".
SLAPS: dict[str, tuple[Position, ...]] = {
    "1": (_F.LEFT_INDEX, _F.LEFT_MIDDLE, _F.LEFT_RING, _F.LEFT_LITTLE),
    "2": (_F.RIGHT_INDEX, _F.RIGHT_MIDDLE, _F.RIGHT_RING, _F.RIGHT_LITTLE),
    "3": (_F.LEFT_THUMB, _F.RIGHT_THUMB),
}
EYES: dict[str, tuple[Position, ...]] = {"1": (_E.LEFT,), "2": (_E.RIGHT,), "3": (_E.LEFT, _E.RIGHT)}
ANY = "0"  # the deviceSubId of a device that shows one at a time
SUCCESS = "0"
NOTHING = hashlib.sha256(b"").digest()  # what the first link of a chain follows


def link(previous: str, record: bytes) -> str:
    """Return the hash of a record behind that of the one before it; the digests are joined, not their text."""
    before = bytes.fromhex(previous) if previous else NOTHING
    return hashlib.sha256(before + hashlib.sha256(record).digest()).hexdigest().upper()


def subtype(position: Position) -> str:
    """Return a position's `bioSubType`; empty for a face, which has none."""
    if isinstance(position, FacePosition):
        return ""
    return (SUBTYPES if isinstance(position, FingerPosition) else EYE_SUBTYPES)[position]


def sealed(data: bytes) -> str:
    """Encode as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
