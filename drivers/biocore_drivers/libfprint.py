"""The sensors of libfprint that give pictures: `libfprint:DRIVER`, or `libfprint:DRIVER@ID` where there are several.

Optional: it needs Debian's `gir1.2-fprint-2.0` and `python3-gi`. libfprint runs in a process of the system's Python
(`libfprint_child`), so that a crash of it is an error like any other; the next capture starts it anew.

libfprint takes 500 ppi for granted where it knows nothing. Here a resolution is what is known of the sensor, or None:
then a picture carries none, and who enrols must say it. Swipe and match-on-chip sensors are recognised and refused.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from biocore.errors import (
    BiocoreError,
    CaptureCancelledError,
    DeviceNotFoundError,
    DeviceProtocolError,
    DeviceTimeoutError,
    DeviceUnsupportedError,
    DeviceVendorError,
    MissingDependencyError,
    SubjectTimeoutError,
)
from biocore.hal import CANCEL_LATENCY, Attempt, Device, DeviceInfo, EventKind, Route, split_uri
from biocore.types import MAX_SIDE, Frame, Modality
from biocore_drivers import usb_bus
from biocore_drivers.child import Message
from biocore_drivers.job import PHASE_LIMIT, Phase
from biocore_drivers.libfprint_process import LibfprintProcess
from biocore_drivers.parameters import check_known
from biocore_drivers.transport import Clock, Situation
from biocore_drivers.usb_lock import DeviceLock

NAME = "libfprint"
OWN = frozenset({"uru4000", "upektc_img", "nb1010"})  # libfprint's names of sensors that drivers of this library serve
MADE_UP = frozenset({"virtual_image"})  # its test device; it says of itself that it is swiped
PPI = {"uru4000": 512.0, "upektc_img": 381.0, "nb1010": 385.0, "aes3500": 250.0}  # px/inch, as delivered
LISTING = 5.0  # s
NO_PICTURE = "compares on its own chip and gives no picture"
SWIPED = "a finger is swiped over it: its pictures are put together from strips"
_SLICE = 0.1  # s between two looks for a cancel
_DEAF = (DeviceTimeoutError, DeviceVendorError)  # after these there is nobody left to be asked kindly
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Sensor:
    """A device as libfprint lists it."""

    driver: str
    id: str
    name: str
    captures: bool
    swipe: bool

    @property
    def uri(self) -> str:
        return f"{NAME}:{self.driver}" + (f"@{self.id}" if self.id not in ("", "0") else "")

    def info(self, uri: str) -> DeviceInfo:
        refusal = NO_PICTURE if not self.captures else SWIPED if self.swipe and self.driver not in MADE_UP else ""
        return DeviceInfo(
            uri,
            NAME,
            "libfprint",
            self.name,
            Modality.FINGER,
            PPI.get(self.driver),
            refusal=refusal,
            synthetic=self.driver in MADE_UP,
            route=Route.LIBRARY,
        )


class LibfprintDriver:
    """Serves `libfprint:`."""

    def devices(self) -> Iterable[DeviceInfo]:
        """List what libfprint finds that no other driver of this library serves."""
        for sensor in _listed():
            if sensor.driver not in OWN:
                yield sensor.info(sensor.uri)

    def claims(self, uri: str) -> bool:
        """Say whether the URI's scheme is `libfprint`."""
        return uri.startswith(f"{NAME}:")

    def open(self, uri: str) -> Device:
        """Make the device of the URI, not opened yet.

        Raises
        ------
        DeviceNotFoundError
            The URI is malformed.
        DeviceUnsupportedError
            The sensor gives no picture to enrol.
        """
        _, address, params = split_uri(uri)
        check_known(uri, params, ())
        driver, _, number = address.partition("@")
        if not re.fullmatch(r"[a-z0-9_]{1,40}", driver) or not re.fullmatch(r"[\x21-\x7e]{0,80}", number):
            raise DeviceNotFoundError(
                "is no sensor of libfprint's; expected libfprint:DRIVER, or @ID after it", uri=uri
            )
        found = [each for each in _listed() if each.driver == driver and number in ("", each.id)]
        sensor = found[0] if found else _Sensor(driver, number, driver, captures=True, swipe=False)
        info = sensor.info(uri)
        if info.refusal:
            raise DeviceUnsupportedError(
                f"{sensor.name}: {info.refusal}", uri=uri, hint="Use a scanner that gives a picture"
            )
        return LibfprintDevice(info, driver, number)


class LibfprintDevice(Device):
    """A sensor behind libfprint's process.

    Parameters
    ----------
    info : DeviceInfo
    driver, number : str
        libfprint's names of it; an empty number = the first.
    clock : Clock or None
        Tells of the machine's sleep; None = the real one.
    """

    def __init__(self, info: DeviceInfo, driver: str, number: str, clock: Clock | None = None) -> None:
        super().__init__(info)
        self._clock = clock
        self._driver, self._number = driver, number
        self._situation = Situation(info.uri)
        self._process: LibfprintProcess | None = None
        self._lock_file: DeviceLock | None = None

    def _open(self) -> None:
        self._situation.doing = Phase.OPENING.value
        self._lock_file = DeviceLock(self.info.uri, self._situation)
        try:
            self._host()
        except BaseException:
            self._close()
            raise

    def _close(self) -> None:
        self._hang_up(gently=True)
        lock, self._lock_file = self._lock_file, None
        if lock is not None:
            lock.release()

    def _host(self) -> LibfprintProcess:
        """Return the process with the device open in it; a new one where the last one failed."""
        if self._process is not None:
            return self._process
        self._situation.doing = Phase.OPENING.value
        process = self._process = LibfprintProcess(self._situation, self._clock)
        try:
            process.ask("open", PHASE_LIMIT[Phase.OPENING], driver=self._driver, id=self._number)
        except BaseException as error:
            self._hang_up(gently=not isinstance(error, _DEAF))
            raise
        return process

    def _hang_up(self, *, gently: bool) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.end(gently=gently)

    def _capture(self, attempt: Attempt) -> Frame:
        process = self._host()
        self._situation.doing = Phase.ARMING.value
        try:
            process.order("capture")
            return self._frame(process, attempt)
        except (CaptureCancelledError, SubjectTimeoutError):
            self._calm(process)
            raise
        except BaseException as error:
            self._hang_up(gently=not isinstance(error, _DEAF))
            raise

    def _frame(self, process: LibfprintProcess, attempt: Attempt) -> Frame:
        waiting, said, present = False, False, False
        while True:
            answer = process.hear(min(_SLICE, max(0.001, attempt.remaining)))
            attempt.check(subject=waiting)
            if answer is None:
                continue
            if answer.said == "finger":
                needed, there = bool(answer.content.get("needed")), bool(answer.content.get("present"))
                waiting = needed and not there
                if needed and not said:
                    said = True
                    self._situation.doing = Phase.AWAIT_PLACE.value
                    attempt.emit(EventKind.WAITING)
                if there and said and not present:
                    present = True
                    self._situation.doing = Phase.ACQUIRING.value
                    attempt.emit(EventKind.PRESENT)
            elif answer.said == "retry":
                said = present = False  # it says so anew when it waits anew
                _log.info("%s: %s", self.info.uri, answer.text("text"))
            elif answer.said == "image":
                return self._picture(answer)
            elif answer.said == "failed":
                raise process.failure(answer)
            else:
                raise self._situation.error(DeviceProtocolError, f"its process says {answer.said!r}")

    def _picture(self, answer: Message) -> Frame:
        width, height, raw = answer.number("width"), answer.number("height"), answer.raw
        if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE) or width * height != len(raw):
            raise self._situation.error(
                DeviceProtocolError, f"libfprint gives {len(raw)} bytes for {width} x {height} px"
            )
        pixels = np.frombuffer(raw, np.uint8).reshape(height, width)
        self._situation.doing = Phase.IDLE.value
        return Frame(pixels, self.info.ppi, self.info.uri)

    def _calm(self, process: LibfprintProcess) -> None:
        """End the capture that runs in the process; where that takes too long, end the process."""
        until = time.monotonic() + CANCEL_LATENCY / 2
        try:
            process.order("cancel")
            while (left := until - time.monotonic()) > 0.0:
                answer = process.hear(left)
                if answer is not None and answer.said in ("failed", "image"):
                    return
        except BiocoreError as error:
            _log.info("%s: while it was told to stop: %s", self.info.uri, error)
        self._hang_up(gently=False)


def _attached() -> tuple[object, ...]:
    """Tell what libfprint could find, without asking it: empty where that is nothing."""
    devices = [device for device in usb_bus.attached() if not device.port.startswith("usb")]
    others = [path.name for path in sorted(Path("/dev").glob("spidev*"))]
    settings = sorted(item for item in os.environ.items() if item[0].startswith("FP_"))
    return (*devices, *others, *settings)


def _listed() -> tuple[_Sensor, ...]:
    try:
        return _sensors(_attached())
    except BiocoreError as error:
        _log.info("libfprint lists nothing: %s", error)
        return ()


@lru_cache(maxsize=4)
def _sensors(attached: tuple[object, ...]) -> tuple[_Sensor, ...]:
    """Ask libfprint, once for all that is attached: it must be started for that."""
    if not attached:
        return ()
    situation = Situation(NAME, "listing")
    process: LibfprintProcess | None = None
    try:
        process = LibfprintProcess(situation)
        listed = process.ask("list", LISTING).content["devices"]
        return tuple(_Sensor(**each) for each in listed)
    except MissingDependencyError as error:
        _log.info("%s", error)
        return ()
    except (KeyError, TypeError) as error:
        raise situation.error(DeviceProtocolError, f"libfprint's list cannot be read ({error!r})") from error
    finally:
        if process is not None:
            process.end(gently=True)


driver = LibfprintDriver()
