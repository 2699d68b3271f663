"""A fingerprint scanner without hardware: `virtual:finger` gives synthetic prints, and faults on demand.

    virtual:finger?finger=7&sequence=DRY:0.8,GOOD&fail=disconnect:3

| parameter    | default  | meaning |
|--------------|----------|---------|
| `finger`     | 1        | which finger: a seed, 0..2**63-1 |
| `impression` | 1        | seed of the first impression; each capture takes the next |
| `sequence`   | ORDINARY | what successive captures meet, comma between them; the last one stays: a defect of `synth.Defect` with its severity (`DRY:0.8`), `GOOD` (nothing wrong), `ORDINARY` (drawn from the seeds) |
| `defect`, `severity` | none, 0.7 | short for `sequence=DEFECT:SEVERITY` |
| `fail`       | none     | faults, comma between them, each `KIND:N`; see below |
| `previews`   | 3        | live frames before the final one, 0..50: the finger arrives, its contact grows |
| `arrival`    | 0.1      | s until the finger comes, 0..3600 |
| `interval`   | 0.03     | s between live frames, 0..10 |
| `width`, `height` | 400, 500 | window in px |
| `ppi`        | 500      | resolution |

Faults: `busy:N` refuses the first N openings. At the N-th capture, counted from 1 over the device's whole life,
`no_finger:N` waits in vain (SubjectTimeoutError), `timeout:N` falls silent (DeviceTimeoutError), `protocol:N` and
`stall:N` answer garbage and nothing (DeviceProtocolError, DeviceStalledError), `disconnect:N` vanishes while the
finger lies on it (DeviceDisconnectedError) and is back once closed and opened anew.
"""  # noqa: E501 - a table's row is one line

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from biocore.errors import (
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceNotFoundError,
    DeviceProtocolError,
    DeviceStalledError,
    InvalidSampleError,
)
from biocore.fingerprint import synth
from biocore.hal import Attempt, Device, DeviceInfo, EventKind, split_uri
from biocore.types import Frame, Modality
from biocore_drivers.parameters import check_known, number, whole

NAME = "virtual"
FINGER = "virtual:finger"
KEYS = frozenset(
    {"finger", "impression", "sequence", "defect", "severity", "fail", "previews", "arrival", "interval"}
    | {"width", "height", "ppi"}
)
FAULTS = ("busy", "no_finger", "timeout", "protocol", "stall", "disconnect")
_STEP = 0.05  # s between two looks at the clock while nothing happens


@dataclass(frozen=True, slots=True)
class Settings:
    """What the URI's parameters say; see the module's text.

    Attributes
    ----------
    steps : tuple of (str, float)
        Name and severity of what each capture meets.
    faults : dict
        Number of each fault by its kind.
    """

    finger: int
    impression: int
    steps: tuple[tuple[str, float], ...]
    faults: dict[str, int]
    previews: int
    arrival: float
    interval: float
    size: tuple[int, int]
    ppi: float

    def conditions(self, capture: int) -> synth.Conditions | None:
        """Return what the capture (counted from 1) meets; None = drawn from the seeds."""
        name, severity = self.steps[min(capture, len(self.steps)) - 1]
        if name == "ORDINARY":
            return None
        return synth.Conditions() if name == "GOOD" else synth.defect(name, severity)


class VirtualFinger(Device):
    """The synthetic scanner.

    Parameters
    ----------
    info : DeviceInfo
    settings : Settings
    """

    def __init__(self, info: DeviceInfo, settings: Settings) -> None:
        super().__init__(info)
        self._settings = settings
        self._openings = 0
        self._captures = 0

    def _open(self) -> None:
        self._openings += 1
        if self._openings <= self._settings.faults.get("busy", 0):
            raise DeviceBusyError("another program holds it", uri=self.info.uri, hint="Close that program")

    def _close(self) -> None:
        pass  # there is nothing to release

    def _capture(self, attempt: Attempt) -> Frame:
        settings, self._captures = self._settings, self._captures + 1
        fault = next((kind for kind, at in settings.faults.items() if kind != "busy" and at == self._captures), "")
        attempt.emit(EventKind.WAITING)
        self._await_finger(attempt, fault)
        attempt.emit(EventKind.PRESENT)
        seed = settings.impression + self._captures - 1
        whole = synth.render(settings.finger, seed, settings.conditions(self._captures), settings.size, settings.ppi)
        self._preview(attempt, seed, whole.conditions)
        if fault == "disconnect":
            raise DeviceDisconnectedError("was unplugged", uri=self.info.uri, state=self.state)
        attempt.check()
        return self._frame(whole)

    def _await_finger(self, attempt: Attempt, fault: str) -> None:
        if fault == "protocol":
            raise DeviceProtocolError("answered 0xFF where 0x01 or 0x02 is known", uri=self.info.uri, state=self.state)
        if fault == "stall":
            raise DeviceStalledError("endpoint 0x81 stalled", uri=self.info.uri, state=self.state)
        while fault == "no_finger":
            attempt.sleep(_STEP, subject=True)
        while fault == "timeout":
            attempt.sleep(_STEP)
        if self._settings.arrival > 0.0:
            attempt.sleep(self._settings.arrival, subject=True)

    def _preview(self, attempt: Attempt, seed: int, final: synth.Conditions) -> None:
        """Show the contact grow: a finger touches with its middle first, lightly."""
        for place in range(1, self._settings.previews + 1):
            share = place / (self._settings.previews + 1)
            growing = replace(
                final,
                area=final.area * (0.25 + 0.75 * share),
                pressure=final.pressure * (0.3 + 0.7 * share),
            )
            picture = synth.render(self._settings.finger, seed, growing, self._settings.size, self._settings.ppi)
            attempt.emit(EventKind.PREVIEW, frame=self._frame(picture))
            attempt.sleep(self._settings.interval)

    def _frame(self, picture: synth.SyntheticPrint) -> Frame:
        return Frame(picture.pixels, picture.ppi, self.info.uri)


class VirtualDriver:
    """Serves `virtual:finger`."""

    def devices(self) -> Iterator[DeviceInfo]:
        """List the one scanner that is always there."""
        yield _info(FINGER, synth.WINDOW, 500.0)

    def claims(self, uri: str) -> bool:
        """Say whether the URI's scheme is `virtual`."""
        return uri.startswith(f"{NAME}:")

    def open(self, uri: str) -> Device:
        """Make the scanner of the URI, not opened yet.

        Raises
        ------
        DeviceNotFoundError
            Another address than `finger`, or a parameter that is unknown or out of range.
        """
        _, address, params = split_uri(uri)
        if address != "finger":
            raise DeviceNotFoundError("no such virtual device", uri=uri, hint=f"There is {FINGER}")
        check_known(uri, params, KEYS)
        settings = _settings(uri, params)
        return VirtualFinger(_info(uri, settings.size, settings.ppi), settings)


def _info(uri: str, size: tuple[int, int], ppi: float) -> DeviceInfo:
    return DeviceInfo(uri, NAME, "biocore", "virtual finger scanner", Modality.FINGER, ppi, size, synthetic=True)


def _settings(uri: str, params: dict[str, str]) -> Settings:
    def real(key: str, default: float, low: float, high: float) -> float:
        return number(uri, key, params.get(key, str(default)), low, high)

    def count(key: str, default: int, low: int, high: int) -> int:
        return whole(uri, key, params.get(key, str(default)), low, high)

    if "defect" in params and "sequence" in params:
        raise DeviceNotFoundError("defect and sequence exclude each other", uri=uri)
    steps = params.get("sequence", "ORDINARY")
    if "defect" in params:
        steps = f"{params['defect']}:{params.get('severity', '0.7')}"
    return Settings(
        finger=count("finger", 1, 0, 2**63 - 1),
        impression=count("impression", 1, 0, 2**62),
        steps=tuple(_step(uri, step) for step in steps.split(",")),
        faults=dict(_fault(uri, fault) for fault in params["fail"].split(",")) if "fail" in params else {},
        previews=count("previews", 3, 0, 50),
        arrival=real("arrival", 0.1, 0.0, 3600.0),
        interval=real("interval", 0.03, 0.0, 10.0),
        size=(count("width", synth.WINDOW[0], 16, 2048), count("height", synth.WINDOW[1], 16, 2048)),
        ppi=real("ppi", 500.0, 250.0, 1100.0),
    )


def _step(uri: str, text: str) -> tuple[str, float]:
    name, colon, severity = text.partition(":")
    name = name.upper()
    degree = number(uri, f"severity of {name}", severity, 0.0, 1.0) if colon else 0.7
    if name not in ("GOOD", "ORDINARY"):
        try:
            synth.defect(name, degree)
        except InvalidSampleError as error:
            raise DeviceNotFoundError(f"{error}; besides these GOOD and ORDINARY", uri=uri) from None
    return name, degree


def _fault(uri: str, text: str) -> tuple[str, int]:
    kind, _, count = text.partition(":")
    if kind not in FAULTS:
        raise DeviceNotFoundError(f"no fault named {kind!r}", uri=uri, hint=f"There are {', '.join(FAULTS)}")
    return kind, whole(uri, f"number of {kind}", count, 1, 1_000_000)


driver = VirtualDriver()
