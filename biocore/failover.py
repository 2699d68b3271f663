"""Any scanner that works: `any:finger` takes the best one attached, and goes on with another when it fails.

`any:finger?among=URI,URI` takes the named ones in that order; a comma or a percent sign within a URI is
percent-encoded once more (`any_uri` writes it). Without `among` the attached ones are taken that show the modality,
in the order of `DeviceInfo.rank`: proved before experimental, fit to enrol before unfit; among equals one on a cable,
then one behind somebody's library, then one behind a service; at last by name. Never one that is synthetic or refused;
pictures on disk and recordings are not attached, and taken only where `among` names them.

A capture whose scanner is unplugged, falls silent or talks nonsense goes on with the next scanner before the same
deadline, and says so: `EventKind.SWITCHED`. A person's delay is no reason to change the scanner, nor is a cancel. One
that was open while the machine slept is opened anew, once, and goes on itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar
from urllib.parse import quote, unquote

from biocore.errors import (
    BiocoreError,
    CaptureCancelledError,
    DeviceClosedError,
    DeviceError,
    DeviceNotFoundError,
    DeviceSuspendedError,
    DriverError,
    IncompleteCaptureError,
    InvalidSampleError,
    SubjectTimeoutError,
)
from biocore.hal import Attempt, Device, DeviceInfo, Event, EventKind, split_uri
from biocore.types import Frame, Modality, Part, Position

SCHEME = "any"
_FORWARDED = frozenset({EventKind.WAITING, EventKind.PREVIEW, EventKind.PRESENT, EventKind.REMOVED})
_PERSONAL = (SubjectTimeoutError, IncompleteCaptureError, CaptureCancelledError, DeviceClosedError)

_T = TypeVar("_T")

_log = logging.getLogger(__name__)


def any_uri(modality: Modality, uris: Iterable[str]) -> str:
    """Name a device that is any of several, the first that works.

    >>> any_uri(Modality.FINGER, ["usb:05ba:000a", "usb:147e:2016"])
    'any:finger?among=usb%3A05ba%3A000a%2Cusb%3A147e%3A2016'
    """
    # The commas between are no data: only what stands in a URI is encoded twice.
    inner = ",".join(uri.replace("%", "%25").replace(",", "%2C") for uri in uris)
    return f"{SCHEME}:{Modality(modality).value}?among={quote(inner, safe='')}"


def best(attached: Iterable[DeviceInfo], modality: Modality) -> list[str]:
    """Return the URIs of the devices that may serve, the best first."""
    usable = [info for info in attached if info.modality is modality and not (info.synthetic or info.refusal)]
    return [info.uri for info in sorted(usable, key=lambda info: info.rank)]


class AnyDevice(Device):
    """One device in front of several; see the module's text.

    Its `info` is that of the device in use, under its own name; a frame's `source` names the device it came from.

    Parameters
    ----------
    uri : str
    attached : callable
        Lists what is attached now.
    make : callable
        Makes the device of a URI, not opened yet.

    Raises
    ------
    DeviceNotFoundError
        An impossible URI.
    """

    def __init__(self, uri: str, attached: Callable[[], Iterable[DeviceInfo]], make: Callable[[str], Device]) -> None:
        _, address, params = split_uri(uri)
        try:
            modality = Modality(address)
        except ValueError:
            raise DeviceNotFoundError(
                f"expected {' or '.join(f'{SCHEME}:{each}' for each in Modality)}", uri=uri
            ) from None
        if set(params) - {"among"}:
            raise DeviceNotFoundError("has an unknown parameter", uri=uri, hint="There is among=URI,URI")
        super().__init__(DeviceInfo(uri, SCHEME, "", f"any {modality.value} device", modality))
        self._named = [unquote(one) for one in params["among"].split(",")] if "among" in params else None
        self._attached = attached
        self._make = make
        self._inner: Device | None = None
        self._known: dict[str, Device] = {}  # made once: a device that comes back is the same one
        self._failed: set[str] = set()  # since it was opened: tried last

    @property
    def current(self) -> DeviceInfo | None:
        """The device in use, under its own name; None while none is."""
        return self._inner.info if self._inner is not None else None

    def cancel(self) -> None:
        """End a running capture; no-op where none runs."""
        super().cancel()
        inner = self._inner
        if inner is not None:
            inner.cancel()

    def _open(self) -> None:
        self._failed.clear()
        self._inner = self._first_that_opens(set())

    def _close(self) -> None:
        inner, self._inner = self._inner, None
        if inner is not None:
            inner.close()

    def _capture(self, attempt: Attempt) -> Frame:
        return self._served(attempt, lambda inner: inner.capture(attempt.remaining))

    def _capture_parts(
        self, attempt: Attempt, positions: tuple[Position, ...], missing: tuple[Position, ...]
    ) -> tuple[Part, ...]:
        return self._served(attempt, lambda inner: inner.capture_parts(positions, missing, attempt.remaining))

    def _served(self, attempt: Attempt, take: Callable[[Device], _T]) -> _T:
        failed: set[str] = set()
        woken: set[str] = set()
        while True:
            inner = self._inner or self._first_that_opens(failed)
            self._inner = inner
            try:
                return self._capture_with(inner, attempt, take)
            except _PERSONAL:
                raise
            except DeviceError as error:
                uri = inner.info.uri
                if isinstance(error, DeviceSuspendedError) and uri not in woken:
                    woken.add(uri)
                else:
                    failed.add(uri)
                    self._failed.add(uri)
                self._put_away(inner)
                if attempt.remaining <= 0.0 or attempt.cancelled:
                    raise
                self._switch(inner, error, failed, attempt)

    def _capture_with(self, inner: Device, attempt: Attempt, take: Callable[[Device], _T]) -> _T:
        def forward(event: Event) -> None:
            if attempt.cancelled:  # it came before the inner capture had begun
                inner.cancel()
            if event.kind in _FORWARDED:
                attempt.emit(event.kind, event.detail, event.frame)

        stop = inner.listen(forward)
        inner.judge = self.judge
        try:
            attempt.check()
            return take(inner)
        except InvalidSampleError:
            attempt.check()  # no time was left: says whose fault it is
            raise
        finally:
            stop()

    def _switch(self, old: Device, error: DeviceError, failed: set[str], attempt: Attempt) -> None:
        try:
            new = self._inner = self._first_that_opens(failed)
        except DeviceError:
            raise error from None
        _log.warning("%s: goes on with %s: %s", self.info.uri, new.info.uri, error)
        if new is not old:
            attempt.emit(EventKind.SWITCHED, f"{old.info.uri} -> {new.info.uri}: {error}")

    def _put_away(self, inner: Device) -> None:
        self._inner = None
        try:
            inner.close()
        except DeviceError as error:
            _log.info("%s: %s", self.info.uri, error)

    def _first_that_opens(self, but: set[str]) -> Device:
        attached = list(self._attached()) if self._named is None else []
        uris = best(attached, self.info.modality) if self._named is None else self._named
        refused: list[BiocoreError] = []
        for uri in sorted((uri for uri in uris if uri not in but), key=lambda uri: uri in self._failed):
            try:
                found = self._known[uri] = self._known.get(uri) or self._make(uri)
                if found.info.modality is not self.info.modality:
                    raise DeviceNotFoundError(f"shows no {self.info.modality}", uri=uri)
                found.open()
            except (DeviceError, DriverError) as error:
                refused.append(error)
                continue
            self.info = replace(found.info, uri=self.info.uri)
            return found
        raise _none_left(self.info.uri, self.info.modality, attached, refused)


def _none_left(
    uri: str, modality: Modality, attached: Sequence[DeviceInfo], refused: Sequence[BiocoreError]
) -> DeviceError:
    """Say why nothing serves: nothing is there, what is there is of no use, or it does not open."""
    if len(refused) == 1 and isinstance(refused[0], DeviceError):
        return refused[0]
    name = "scanner" if modality is Modality.FINGER else "camera"
    if refused:
        kinds = {type(error) for error in refused}
        kind = kinds.pop() if len(kinds) == 1 else DeviceNotFoundError
        same = kind if issubclass(kind, DeviceError) else DeviceNotFoundError
        every = "; ".join(str(error) for error in refused)
        return same(f"no {name} can be opened: {every}", uri=uri, hint="Mend one of them, then try again")
    useless = [f"{info.uri} {info.refusal}" for info in attached if info.modality is modality and info.refusal]
    if useless:
        return DeviceNotFoundError(
            f"no {name} is attached that may be used: {'; '.join(useless)}", uri=uri, hint="Plug another one in"
        )
    made_up = f", and virtual:{modality.value} shows made-up pictures" if modality is not Modality.FACE else ""
    return DeviceNotFoundError(
        f"no {name} is attached", uri=uri, hint=f"Plug one in; `biocore devices` lists what is there{made_up}"
    )
