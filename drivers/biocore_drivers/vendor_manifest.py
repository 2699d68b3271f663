"""What is known of a vendor's plug-in before it is loaded: a TOML file beside it.

    abi = 1
    library = "libexample_sdk.so"
    maker = "Example"
    model = "ramp"
    modality = "finger"
    ppi = 500
    window = [96, 128]
    usb = ["1209:0001"]
    options = ""

Only `library` and `model` are needed. Manifests in `/etc/biocore/vendors`, and in the folders that the environment
variable `BIOCORE_VENDORS` names, are listed where one of their USB devices is attached.
"""

from __future__ import annotations

import logging
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from biocore.errors import DriverError, InvalidSampleError
from biocore.types import MAX_SIDE, Modality, check_ppi
from biocore_drivers.vendor_host import ABI

FOLDER = Path("/etc/biocore/vendors")
VARIABLE = "BIOCORE_VENDORS"  # more folders, separated as in PATH
MAX_LENGTH = 1 << 16  # bytes
KEYS = frozenset({"abi", "library", "maker", "model", "modality", "ppi", "window", "usb", "options"})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One plug-in.

    Attributes
    ----------
    path : Path
        Of the manifest.
    library : Path
    maker, model : str
    modality : Modality
    ppi : float or None
    window : (int, int) or None
    usb : tuple of (int, int)
        VID and PID of the devices it serves.
    options : str
        What the library is opened with.
    """

    path: Path
    library: Path
    maker: str
    model: str
    modality: Modality
    ppi: float | None
    window: tuple[int, int] | None
    usb: tuple[tuple[int, int], ...]
    options: str


def load(path: Path) -> Manifest:
    """Read a manifest.

    Raises
    ------
    DriverError
        It cannot be read, or says what cannot be; names the file.
    """
    try:
        with path.open("rb") as stream:
            said = tomllib.loads(stream.read(MAX_LENGTH).decode())
        return _checked(path, said)
    except OSError as error:
        raise DriverError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, TypeError, InvalidSampleError) as error:
        raise DriverError(f"{path}: {error}") from error


def _checked(path: Path, said: dict[str, Any]) -> Manifest:
    if unknown := sorted(set(said) - KEYS):
        raise ValueError(f"unknown key {', '.join(unknown)}; there are {', '.join(sorted(KEYS))}")
    if said.get("abi", ABI) != ABI:
        raise ValueError(f"abi = {said['abi']}; this is version {ABI} of biocore_vendor.h")
    for key in ("library", "model", "maker", "options", "modality"):
        if not isinstance(said.get(key, ""), str) or (key in ("library", "model") and not said.get(key)):
            raise ValueError(f"{key} must be a text")
    if said.get("modality") == Modality.FACE:
        raise ValueError("modality is finger or iris: biocore_vendor.h hands over no colours, and a portrait has some")
    window = said.get("window")
    if window is not None and not (
        isinstance(window, list)
        and len(window) == 2
        and all(isinstance(side, int) and 0 < side <= MAX_SIDE for side in window)
    ):
        raise ValueError(f"window must be [width, height] in px, up to {MAX_SIDE}")
    return Manifest(
        path,
        path.parent / said["library"],
        said.get("maker", ""),
        said["model"],
        Modality(said.get("modality", "finger")),
        check_ppi(float(said["ppi"])) if "ppi" in said else None,
        None if window is None else (window[0], window[1]),
        tuple(_usb_id(text) for text in said.get("usb", ())),
        said.get("options", ""),
    )


def _usb_id(text: object) -> tuple[int, int]:
    vendor, colon, product = str(text).partition(":")
    if not (colon and len(vendor) == len(product) == 4):
        raise ValueError(f"usb must list VID:PID in hexadecimal digits, as in 05ba:000a, not {text!r}")
    return int(vendor, 16), int(product, 16)


def installed() -> Iterator[Manifest]:
    """Read the manifests of all folders; one that is broken is logged and passed over."""
    named = [Path(name) for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name]
    for folder in (FOLDER, *named):
        for path in sorted(folder.glob("*.toml")):
            try:
                yield load(path)
            except DriverError as error:
                _log.warning("%s", error)
