"""Pictures on disk as a device: `file:PATH?ppi=500` gives a picture, or a folder's pictures one after another.

| parameter  | default | meaning |
|------------|---------|---------|
| `ppi`      | none    | resolution in px/inch of all the pictures; without it each picture's own tag is believed where it is a scanner's (250..4000), and else the frame has none |
| `modality` | finger  | `finger`, `iris` or `face`; of a face the frame keeps its colours, and it stands upright as the file says |

A folder is read in order of name when the device is opened; other files in it are passed over. Each capture gives the
next picture; after the last one nobody comes any more (SubjectTimeoutError) until the device is opened anew. A picture
that cannot be read raises FormatError naming it, and the next capture goes on after it. In PATH, `?` is written `%3F`
and `%` is written `%25`.
"""  # noqa: E501 - a table's row is one line

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from biocore.errors import (
    DeviceNotFoundError,
    DevicePermissionError,
    InvalidSampleError,
    SubjectTimeoutError,
)
from biocore.formats.images import read_colour, read_image
from biocore.hal import Attempt, Device, DeviceInfo, EventKind, split_uri
from biocore.types import ColourImage, Frame, GreyImage, Modality, check_ppi
from biocore_drivers.parameters import check_known

NAME = "file"
SUFFIXES = frozenset({".bmp", ".jp2", ".jpeg", ".jpg", ".pgm", ".png", ".tif", ".tiff"})
KEYS = frozenset({"ppi", "modality"})
TAG_PPI = (250.0, 4000.0)  # px/inch; 72 and 96 are what programs write that do not know


class FileDevice(Device):
    """A picture, or a folder of them.

    Parameters
    ----------
    info : DeviceInfo
    path : Path
    ppi : float or None
        Resolution of all the pictures; None = as each one says.
    """

    def __init__(self, info: DeviceInfo, path: Path, ppi: float | None) -> None:
        super().__init__(info)
        self._path = path
        self._ppi = ppi
        self._waiting: list[Path] = []

    def _open(self) -> None:
        self._waiting = _pictures(self._path, self.info.uri)[::-1]

    def _close(self) -> None:
        self._waiting = []

    def _capture(self, attempt: Attempt) -> Frame:
        attempt.emit(EventKind.WAITING)
        attempt.check()
        if not self._waiting:
            raise SubjectTimeoutError(
                "there are no more pictures", uri=self.info.uri, hint="Open it anew to start over"
            )
        picture = self._waiting.pop()
        colours = self.info.modality is Modality.FACE
        pixels, tagged, colour = read_portrait(picture) if colours else (*read(picture), None)
        attempt.emit(EventKind.PRESENT, str(picture))
        return Frame(pixels, tagged if self._ppi is None else self._ppi, str(picture), colour=colour)


class FileDriver:
    """Serves `file:PATH`."""

    def devices(self) -> Iterable[DeviceInfo]:
        """List nothing: a disk is not searched for pictures."""
        return ()

    def claims(self, uri: str) -> bool:
        """Say whether the URI's scheme is `file`."""
        return uri.startswith(f"{NAME}:")

    def open(self, uri: str) -> Device:
        """Make the device of the URI, not opened yet.

        Raises
        ------
        DeviceNotFoundError
            There is no such path, or a parameter is unknown or impossible.
        DevicePermissionError
            This user may not look into its folder.
        """
        _, address, params = split_uri(uri)
        check_known(uri, params, KEYS)
        try:
            modality = Modality(params.get("modality", "finger"))
            ppi = check_ppi(float(params["ppi"])) if "ppi" in params else None
        except (ValueError, InvalidSampleError) as error:
            raise DeviceNotFoundError(str(error), uri=uri) from None
        path = Path(address)
        try:
            there = path.exists()
        except PermissionError as error:
            raise DevicePermissionError(str(error), uri=uri, hint="Allow this user to read the folder") from error
        except (OSError, ValueError):  # a name too long, or with a NUL in it
            there = False
        if not there:
            raise DeviceNotFoundError(f"there is no file or folder {address!r}", uri=uri)
        return FileDevice(DeviceInfo(uri, NAME, "biocore", "pictures on disk", modality, ppi), path, ppi)


def _pictures(path: Path, uri: str) -> list[Path]:
    try:
        if not path.is_dir():
            if not path.is_file():
                raise DeviceNotFoundError(f"there is no file or folder {str(path)!r} any more", uri=uri)
            return [path]
        found = sorted(item for item in path.iterdir() if item.suffix.lower() in SUFFIXES and item.is_file())
    except PermissionError as error:
        raise DevicePermissionError(str(error), uri=uri, hint="Allow this user to read the folder") from error
    if not found:
        raise DeviceNotFoundError(f"there is no picture in {str(path)!r} ({', '.join(sorted(SUFFIXES))})", uri=uri)
    return found


def read(path: Path) -> tuple[GreyImage, float | None]:
    """Read a picture as 8-bit grey, as `biocore.load` does, with the resolution its tag tells.

    Returns
    -------
    pixels : uint8 array (h, w)
    ppi : float or None

    Raises
    ------
    UnsupportedFormatError
        No picture, or one whose pixels have no black and white that is known.
    FormatError
        Broken, empty, several in one file, longer than `MAX_SIDE` on a side, or not readable for this user.
    """
    picture = read_image(path)
    return picture.pixels, _tagged(picture.ppi_tag)


def read_portrait(path: Path) -> tuple[GreyImage, float | None, ColourImage | None]:
    """Read a picture as 8-bit grey and, where it has colours, as red, green and blue.

    Errors as those of `read`.
    """
    picture, colour = read_colour(path)
    return picture.pixels, _tagged(picture.ppi_tag), colour


def _tagged(tag: float | None) -> float | None:
    low, high = TAG_PPI
    return tag if tag is not None and low <= tag <= high else None


driver = FileDriver()
