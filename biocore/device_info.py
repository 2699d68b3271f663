"""What a device is and says, as data: its description, its states, the events a listener hears, its URI."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, unquote

from biocore.errors import DeviceNotFoundError, DeviceUnsupportedError
from biocore.types import Frame, GreyImage, Modality, Position

ENROLMENT_PPI = 490.0  # px/inch; 500 less the tolerance of 2 % that FBI's PIV-071006 gives single-finger scanners


class State(StrEnum):
    """Where a device stands."""

    CLOSED = "closed"
    READY = "ready"
    CAPTURING = "capturing"
    LOST = "lost"


class Route(StrEnum):
    """What lies between this library and a device; whoever asks for any device gets the shortest way first."""

    CABLE = "cable"  # nothing: a driver talks to it over USB, a serial line, the system's cameras
    LIBRARY = "library"  # somebody else's library, in a process of its own
    SERVICE = "service"  # a service on this machine, which may serve others too


_SHORTEST = tuple(Route)


class EventKind(StrEnum):
    """What a listener may hear while a device is open."""

    STATE = "state"  # the state changed; detail is the new one
    WAITING = "waiting"  # ready for the finger or eye
    PREVIEW = "preview"  # a live frame; may be dropped, the final one never is
    PRESENT = "present"  # finger or eye detected
    REMOVED = "removed"  # and gone again
    CAPTURED = "captured"  # the final frame
    SWITCHED = "switched"  # the device failed, and another goes on; detail says which, and why


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened on a device.

    Attributes
    ----------
    kind : EventKind
    uri : str
        The device.
    detail : str
    frame : Frame or None
        With PREVIEW and CAPTURED.
    """

    kind: EventKind
    uri: str
    detail: str = ""
    frame: Frame | None = None


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """What is known of a device before and after it is opened.

    Attributes
    ----------
    uri : str
        Name to open it by; the same device keeps it across re-plugging.
    driver : str
        Entry point that serves it.
    maker, model : str
    modality : Modality
    ppi : float or None
        Native resolution in pixels per inch; None where it is not fixed (cameras, files).
    window : (int, int) or None
        Width and height of a frame in px; None where frames vary.
    serial : str or None
    refusal : str
        Why the device is recognised but not served (match-on-chip, swipe); empty where it is.
    synthetic : bool
        What it shows was never a finger or an eye: only who names it gets it.
    groups : tuple of tuple of Position
        What one `capture_parts` can show together, group by group; empty for a device that shows one at a time.
    experimental : str
        Why nobody should rely on its driver yet; empty where it is proved. Who asks for any device gets it last.
    route : Route
        What lies between this library and the device.
    stills : bool
        Its live frames are pictures as good as the final one, so that whoever watches them may take one of them, and
        cancel the capture. False where they are reduced, unsigned, or nothing is known of them.
    forbidden : str
        What to do so that this user may open it; empty where the user may, and where only an opening would tell.
    """

    uri: str
    driver: str
    maker: str
    model: str
    modality: Modality
    ppi: float | None = None
    window: tuple[int, int] | None = None
    serial: str | None = None
    refusal: str = ""
    synthetic: bool = False
    groups: tuple[tuple[Position, ...], ...] = ()
    experimental: str = ""
    route: Route = Route.CABLE
    stills: bool = False
    forbidden: str = ""

    @property
    def rank(self) -> tuple[bool, bool, bool, int, str]:
        """How soon it is taken by whoever asks for any device, the least first: what may serve before what may not.

        Proved before experimental, fit to enrol before unfit, the shorter route before the longer, then by name.
        """
        usable = not (self.refusal or self.synthetic)
        return not usable, bool(self.experimental), bool(self.unfit), _SHORTEST.index(self.route), self.uri

    @property
    def unfit(self) -> str:
        """Why its pictures must not enrol anybody; empty where they may."""
        if self.refusal:
            return self.refusal
        if self.modality is Modality.FINGER and self.ppi is not None and self.ppi < ENROLMENT_PPI:
            return f"its {self.ppi:g} ppi are below the {ENROLMENT_PPI:g} that enrolment needs"
        return ""

    def require_fit(self) -> None:
        """Refuse to enrol anybody with a device that is not fit for it.

        Raises
        ------
        DeviceUnsupportedError
            Names the reason.
        """
        if self.unfit:
            name = " ".join(f"{self.maker} {self.model}".split())
            raise DeviceUnsupportedError(
                f"{name} must not enrol anybody: {self.unfit}", uri=self.uri, hint="Use another scanner"
            )


Listener = Callable[[Event], None]
Judge = Callable[[GreyImage], float | None]  # how good a picture is, the higher the better; None = it will not do


def split_uri(uri: str) -> tuple[str, str, dict[str, str]]:
    """Split a device URI `scheme:address?key=value&...` into its parts; %xx is decoded in address and values.

    Raises
    ------
    DeviceNotFoundError
        Not of that form, or a key given twice.
    """
    scheme, colon, rest = uri.partition(":")
    address, _, query = rest.partition("?")
    if not (scheme and colon and address):
        raise DeviceNotFoundError("is no device URI; expected SCHEME:ADDRESS?KEY=VALUE", uri=uri)
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError:
        raise DeviceNotFoundError("has a malformed query; expected KEY=VALUE&KEY=VALUE", uri=uri) from None
    if len(dict(pairs)) != len(pairs):
        raise DeviceNotFoundError("gives a parameter twice", uri=uri)
    return scheme, unquote(address), dict(pairs)
