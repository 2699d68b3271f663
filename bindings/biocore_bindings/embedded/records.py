"""Standard records: read, described, taken apart, written as others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from biocore.formats.any_record import RecordContents, read_record
from biocore.formats.conversion import How, Pixels, Target, convert
from biocore.types import EyePosition, Frame, Modality, Sample
from biocore_bindings.embedded.door import C, Door, wrong
from biocore_bindings.embedded.samples import MODALITIES

_T = TypeVar("_T")
_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True)
class Record:
    """What a record holds, and the name it goes by."""

    contents: RecordContents
    name: str


def read(door: Door, data: C, size: int, name: C, out: C) -> None:
    """Read a record."""
    door.place(out, "record")
    called = door.text(name, "name", "")
    contents = read_record(door.data(data, size), called or None)
    door.hand(out, Record(contents, called or "memory"), "biocore_record")


def describe(door: Door, record: C, out: C) -> None:
    """Say what a record holds."""
    door.place(out, "info")
    contents = door.held(record, Record).contents
    made, remarks, absences, items, *copies = door.block(
        ("biocore_record_info", 1),
        ("char *", len(contents.remarks)),
        *door.rows("biocore_absence", len(contents.missing)),
        *contents.remarks,
    )
    made.kind = door.constant(contents.kind.value)
    made.image_count, made.template_count = len(contents.images), len(contents.templates)
    made.absence_count, made.absences = len(contents.missing), absences
    for k, (position, reason) in enumerate(contents.missing):
        modality = Modality.IRIS if isinstance(position, EyePosition) else Modality.FINGER
        items[k].modality, items[k].position = MODALITIES.index(modality), int(position)
        items[k].reason = door.constant(reason.value)
        absences[k] = items + k
    made.remark_count, made.remarks = len(copies), _pointers(remarks, copies)
    out[0] = made


def _pointers(array: C, texts: Sequence[C]) -> C:
    for k, text in enumerate(texts):
        array[k] = text
    return array


def sample(door: Door, record: C, index: int, out: C) -> None:
    """Decode a picture."""
    door.place(out, "sample")
    held = door.held(record, Record)
    image = _one_of(held.contents.images, index, "pictures")
    when = {} if image.captured_at is None else {"captured_at": image.captured_at}
    frame = Frame(image.pixels, image.ppi, f"{held.name}#{index}", colour=image.colour, **when)
    door.hand(out, Sample(frame, image.modality, image.position), "biocore_sample")


def template(door: Door, record: C, index: int, out: C) -> None:
    """Return a template."""
    door.place(out, "result")
    door.hand(out, _one_of(door.held(record, Record).contents.templates, index, "templates"), "biocore_template")


def _one_of(items: Sequence[_T], index: int, what: str) -> _T:
    if index >= len(items):
        raise wrong(f"number {index} of {len(items)} {what}, counted from 0")
    return items[index]


def _word(kind: type[_Word], text: str) -> _Word:
    try:
        return kind(text)
    except ValueError:
        raise wrong(f"{text!r} is none of {', '.join(kind)}") from None


def converted(door: Door, record: C, target: C, pixels: C, ratio: float, out: C) -> None:
    """Write a record as another."""
    door.place(out, "result")
    contents = door.held(record, Record).contents
    form = _word(Target, door.text(target, "target"))
    layout = _word(Pixels, door.text(pixels, "pixels", Pixels.KEEP.value))
    made = convert(contents, form, How(layout, ratio if ratio > 0.0 else None))
    block, lost, data, *copies = door.block(
        ("biocore_conversion", 1), ("char *", len(made.lost)), made.data, *made.lost
    )
    block.size, block.data = len(made.data), door.ffi.cast("uint8_t *", data)
    block.lost_count, block.lost = len(copies), _pointers(lost, copies)
    out[0] = block


def release(door: Door, record: C) -> None:
    """Forget a record."""
    door.handles.release(door.number(record), Record)


FUNCTIONS: dict[str, Callable[..., None]] = {
    "engine_record_read": read,
    "engine_record_describe": describe,
    "engine_record_sample": sample,
    "engine_record_template": template,
    "engine_record_convert": converted,
    "engine_record_release": release,
}
