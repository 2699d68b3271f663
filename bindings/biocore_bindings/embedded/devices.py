"""Devices: listed, opened, captured with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import biocore
from biocore.hal import Device, DeviceInfo
from biocore.hal import Event as HeardEvent
from biocore.types import Sample
from biocore_bindings.embedded.door import C, Door, number_or_nan, put, wrong
from biocore_bindings.embedded.samples import MODALITIES, picture_values, position_of

_DEVICE: type[Any] = Device  # abstract, and yet what handles stand for
TEXTS = ("uri", "driver", "maker", "model", "serial", "unfit")


def devices(door: Door, out: C) -> None:
    """List what is attached."""
    door.place(out, "list")
    out[0] = device_list(door, biocore.list_devices())


def device_list(door: Door, infos: list[DeviceInfo]) -> C:
    """Return descriptions as C has them: a new block."""
    texts = [_text(info, name) for info in infos for name in TEXTS]
    made, pointers, items, *copies = door.block(
        ("biocore_device_list", 1), *door.rows("biocore_device_info", len(infos)), *texts
    )
    made.count, made.devices = len(infos), pointers
    for k, info in enumerate(infos):
        _put(items[k], info, copies[k * len(TEXTS) :])
        pointers[k] = items + k
    return made


def open_device(door: Door, uri: C, out: C) -> None:
    """Open a device."""
    door.place(out, "device")
    door.hand(out, biocore.open_device(door.text(uri, "uri")), "biocore_device")


def describe(door: Door, device: C, out: C) -> None:
    """Say what a device is."""
    door.place(out, "info")
    info = _held(door, device).info
    made, *copies = door.block(("biocore_device_info", 1), *(_text(info, name) for name in TEXTS))
    _put(made, info, copies)
    out[0] = made


def _held(door: Door, device: C) -> Device:
    found: Device = door.held(device, _DEVICE)
    return found


def open_devices(door: Door) -> list[Device]:
    """Return every device that a handle stands for."""
    return list(door.handles.all_of(_DEVICE))


def _text(info: DeviceInfo, name: str) -> str:
    return str(getattr(info, name) or "")


def _put(item: C, info: DeviceInfo, texts: list[C]) -> None:
    width, height = info.window or (0, 0)
    put(item, dict(zip(TEXTS, texts, strict=False)))
    put(item, {"modality": MODALITIES.index(info.modality), "ppi": number_or_nan(info.ppi)})
    put(item, {"width": width, "height": height, "synthetic": int(info.synthetic)})


def capture(door: Door, device: C, seconds: float, position: int, listener: C, context: C, sample: C) -> None:
    """Capture one picture; the listener hears what happens meanwhile."""
    door.place(sample, "sample")
    found = _held(door, device)
    if not 0.0 < seconds < float("inf"):
        raise wrong(f"a deadline of {seconds} s: above 0, and finite")
    asked = position_of(position, found.info.modality)
    if listener == door.ffi.NULL:
        frame = found.capture(seconds)
    else:
        hear_no_more = found.listen(lambda event: _tell(door, found, event, listener, context))
        try:
            frame = found.capture(seconds)
        finally:
            hear_no_more()
    door.hand(sample, Sample(frame, found.info.modality, asked), "biocore_sample")


def _tell(door: Door, device: Device, event: HeardEvent, listener: C, context: C) -> None:
    ffi = door.ffi
    told, detail, uri = ffi.new("biocore_event *"), _chars(ffi, event.detail), _chars(ffi, event.uri)
    kind = getattr(door.lib, f"BIOCORE_EVENT_{event.kind.name}", door.lib.BIOCORE_EVENT_OTHER)
    put(told, {"struct_size": ffi.sizeof("biocore_event"), "kind": kind, "device": uri, "detail": detail})
    if event.frame is not None:
        modality = device.info.modality
        values = picture_values(door, event.frame, modality, modality.unknown)
        picture = ffi.new("biocore_picture *", door.known("biocore_picture", values))
        picture.struct_size = ffi.sizeof("biocore_picture")
        told.picture = picture
    listener(told, context)


def _chars(ffi: C, text: str) -> C:
    return ffi.new("char[]", text.encode(errors="replace"))


def cancel(door: Door, device: C) -> None:
    """End a running capture."""
    _held(door, device).cancel()


def release(door: Door, device: C) -> None:
    """Close a device."""
    door.handles.release(door.number(device), _DEVICE).close()


FUNCTIONS: dict[str, Callable[..., None]] = {
    "engine_devices": devices,
    "engine_device_open": open_device,
    "engine_device_describe": describe,
    "engine_device_capture": capture,
    "engine_device_cancel": cancel,
    "engine_device_release": release,
}
