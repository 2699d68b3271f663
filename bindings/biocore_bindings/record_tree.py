"""A record of any family as a tree of names and values: for people's eyes, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import numpy as np
from rich.tree import Tree

from biocore.formats.cbeff_tlv import BIOMETRIC_TYPES, NAMES, TlvObject
from biocore.formats.finger_image import AMPUTATED, UNABLE_TO_PRINT, FingerImage
from biocore.formats.finger_minutiae import ANGLES, FingerView
from biocore.formats.finger_minutiae_ansi import STEPS, AnsiMinutiaeRecord
from biocore.formats.finger_minutiae_extended import Block, cores_and_deltas, ridge_counts
from biocore.formats.itl import BinaryRecord, Field, TextRecord
from biocore.formats.itl_images import FINGER_BINARY, binary_image
from biocore.types import FingerPosition, MinutiaKind
from biocore_bindings.terminal import shown

MAX_TEXT = 60  # characters of a value that are shown; all of them are in the JSON
LISTED = 5  # minutiae that are shown; all of them are in the JSON
NOT_SHOWN = frozenset({"remarks", "offset"})  # the first by themselves, the second for errors
_BIOMETRIC_TYPE, _CARD_PARAMETERS = 0x81, 0xB1  # tags; within the second, numbers mean something else
EXTENSIONS = {1: "segmentation", 2: "annotation", 3: "comment"}  # of a finger image record

# Mnemonics of SP 500-290; those under 0 stand in all records of pictures.
ITL_NAMES = {
    0: {2: "IDC", 4: "SRC", 6: "HLL", 7: "VLL", 8: "SLC", 9: "THPS", 10: "TVPS", 11: "CGA", 12: "BPX", 999: "DATA"},
    1: {
        2: "VER",
        3: "CNT",
        4: "TOT",
        5: "DAT",
        6: "PRY",
        7: "DAI",
        8: "ORI",
        9: "TCN",
        11: "NSR",
        12: "NTR",
        13: "DOM",
        14: "GMT",
    },
    9: {
        3: "IMP",
        4: "FMT",
        5: "OFR",
        6: "FGP",
        7: "FPC",
        8: "CRP",
        9: "DLT",
        10: "MIN",
        11: "RDG",
        12: "MRC",
        126: "CBI",
        127: "CEI",
        128: "HLL",
        129: "VLL",
        130: "SLC",
        131: "THPS",
        132: "TVPS",
        133: "FVW",
        134: "FGP",
        135: "FQD",
        136: "NOM",
        137: "FMD",
        138: "RCI",
        139: "CIN",
        140: "DIN",
    },
    13: {3: "IMP", 5: "LCD", 13: "FGP", 14: "SPD", 15: "PPC", 20: "COM", 24: "LQM"},
    14: {3: "IMP", 5: "FCD", 13: "FGP", 18: "AMP", 20: "COM", 21: "SEG", 22: "NQM", 23: "SQM", 24: "FQM", 31: "FAP"},
    15: {3: "IMP", 5: "PCD", 13: "FGP", 18: "AMP", 20: "COM", 24: "PQM"},
    17: {3: "ELR", 5: "ICD", 13: "CSP", 24: "IQS", 28: "DME", 31: "IAP", 32: "ISF"},
}

Value = Any  # what JSON knows


def as_values(record: Any, angles: int = ANGLES) -> Value:
    """Return a record as dictionaries, lists, texts and numbers.

    Parameters
    ----------
    record : object
        What a reader of `biocore.formats` returned.
    angles : int
        Steps of a turn in its minutiae.
    """
    if isinstance(record, AnsiMinutiaeRecord):
        angles = STEPS
    if isinstance(record, FingerView):
        return _view(record, angles)
    if isinstance(record, TextRecord):
        return {"type": record.type} | {_tag(record, found): _field(found) for found in record.fields}
    if isinstance(record, BinaryRecord):
        return {"type": record.type, "idc": record.idc} | _binary(record)
    if isinstance(record, TlvObject):
        return _tlv(record)
    if isinstance(record, FingerImage):
        return _finger_image(record, angles)
    if is_dataclass(record):
        return {
            field.name: as_values(getattr(record, field.name), angles)
            for field in fields(record)
            if field.name not in NOT_SHOWN
        }
    return _plain(record, angles)


def tree_of(name: str, values: Value) -> Tree:
    """Return values as a tree for the terminal; long lists of minutiae and texts are cut."""
    tree = Tree(f"[bold]{_safe(name)}[/]", guide_style="dim")
    _grow(tree, values)
    return tree


def _plain(value: Any, angles: int) -> Value:
    if isinstance(value, Enum):
        return value.name.lower().replace("_", " ")
    if isinstance(value, bytes):
        return _size(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): as_values(item, angles) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [as_values(item, angles) for item in value]
    return value


def _size(data: bytes) -> str:
    return f"{len(data)} bytes"


def _view(view: FingerView, angles: int) -> Value:
    rows = zip(view.x.tolist(), view.y.tolist(), view.angles.tolist(), view.kinds, view.qualities.tolist(), strict=True)
    return {
        "position": view.position.name.lower().replace("_", " "),
        "number": view.number,
        "impression": view.impression,
        "quality": view.quality,
        "minutiae": [
            {
                "x": x,
                "y": y,
                "degrees": round(angle * 360.0 / angles, 2),
                "kind": MinutiaKind(int(kind)).name.lower(),
                "quality": quality,
            }
            for x, y, angle, kind, quality in rows
        ],
        "extended": [_block(block, angles) for block in view.blocks],
    }


def _block(block: Block, angles: int) -> Value:
    counted = ridge_counts(block)
    if counted is not None:
        return {"ridge counts": len(counted[1]), "method": counted[0]}
    singular = cores_and_deltas(block)
    if singular is not None:
        cores, deltas = singular
        return {"cores": [as_values(core, angles) for core in cores], "deltas": [as_values(d, angles) for d in deltas]}
    return {"block": block.kind, "data": _size(block.data)}


def _finger_image(image: FingerImage, angles: int) -> Value:
    values = {
        field.name: as_values(getattr(image, field.name), angles)
        for field in fields(image)
        if field.name not in NOT_SHOWN
    }
    values["position"] = (
        f"{image.position} {image.finger.name.lower().replace('_', ' ')}" if image.finger else image.position
    )
    values["extensions"] = [
        {EXTENSIONS.get(extension.code, f"code {extension.code}"): _size(extension.data)}
        for extension in image.extensions
    ]
    reasons = {AMPUTATED: "amputated", UNABLE_TO_PRINT: "unable to print"}
    values["missing"] = [
        f"{FingerPosition(place).name.lower().replace('_', ' ')}: {reasons.get(why, why)}"
        for place, why in image.annotations.items()
        if place <= FingerPosition.LEFT_LITTLE
    ]
    return values


def _tag(record: TextRecord, found: Field) -> str:
    kind = found.type or record.type
    name = ITL_NAMES.get(kind, {}).get(found.number) or ITL_NAMES[0].get(found.number, "")
    return f"{kind}.{found.number:03} {name}".strip()


def _field(found: Field) -> Value:
    if found.number == 999:
        return _size(found.raw)
    subfields = found.subfields
    if len(subfields) == 1:
        return subfields[0][0] if len(subfields[0]) == 1 else list(subfields[0])
    return [list(subfield) for subfield in subfields]


def _binary(record: BinaryRecord) -> dict[str, Value]:
    """Return what is known of a binary record: of a Type-4 all of its fields."""
    if record.type != FINGER_BINARY:
        return {"body": _size(record.body)}
    image = binary_image(record)
    return {
        "IMP": image.impression,
        "FGP": list(image.positions),
        "HLL": image.width,
        "VLL": image.height,
        "CGA": str(image.compression),
        "DATA": _size(image.data),
    }


def _tlv(found: TlvObject, named: bool = True) -> Value:
    name = NAMES.get(found.tag, "object") if named else "object"
    key = f"{found.tag:X} {name}"
    if found.children:
        return {key: [_tlv(child, found.tag != _CARD_PARAMETERS) for child in found.children]}
    known = BIOMETRIC_TYPES.get(found.value[0]) if found.tag == _BIOMETRIC_TYPE and len(found.value) == 1 else None
    return {key: known or found.value.hex(" ")}


def _grow(tree: Tree, values: Value) -> None:
    for name, value in _pairs(values):
        if isinstance(value, dict | list) and not _is_short(value):
            _grow(tree.add(_safe(name)), value)
        else:
            tree.add(f"{_safe(name)} [cyan]{_safe(_cut(value))}[/]" if name else f"[cyan]{_safe(_cut(value))}[/]")


def _pairs(values: Value) -> Iterator[tuple[str, Value]]:
    if isinstance(values, dict):
        yield from values.items()
        return
    minutiae = bool(values) and isinstance(values[0], dict) and "degrees" in values[0]
    for number, value in enumerate(values[:LISTED] if minutiae else values, 1):
        yield (f"{number}", value)
    if minutiae and len(values) > LISTED:
        yield ("", f"and {len(values) - LISTED} more")


def _is_short(value: Value) -> bool:
    if isinstance(value, dict):
        return "degrees" in value
    return not any(isinstance(item, dict | list) for item in value)


def _cut(value: Value) -> str:
    if isinstance(value, dict):
        return "  ".join(f"{name} {item}" for name, item in value.items())
    if isinstance(value, list):
        value = ", ".join("-" if item is None or item == "" else str(item) for item in value) or "none"
    text = "-" if value is None or value == "" else str(value)
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"


def _safe(text: str) -> str:
    """Return a text whose brackets and control characters the terminal does not act on."""
    return shown(text).replace("[", r"\[")
