"""Templates: made, described, written, read, compared."""

from __future__ import annotations

from collections.abc import Callable

import biocore
from biocore.engine import EFFORTS
from biocore.errors import InvalidTemplateError
from biocore.formats.any_record import read_record
from biocore.formats.finger_templates import TemplateFormat, write_templates
from biocore.station.payloads import read_template, template_item
from biocore.types import FingerTemplate, IrisTemplate, Modality, Sample, Template
from biocore_bindings.embedded.door import C, Door, number_or_nan, score_or_none, wrong
from biocore_bindings.embedded.samples import MODALITIES

OWN = 0  # BIOCORE_OWN; after it the formats in the order of biocore_template_format
FORMATS = tuple(TemplateFormat)
MAX_THREADS = 256


def extract(door: Door, sample: C, effort: int, result: C) -> None:
    """Make a template."""
    if not 0 <= effort < len(EFFORTS):
        raise wrong(f"{effort} is no effort: BIOCORE_FAST or BIOCORE_ROBUST")
    door.place(result, "result")
    door.hand(result, biocore.extract(door.held(sample, Sample), effort=EFFORTS[effort]), "biocore_template")


def fuse(door: Door, templates: C, count: int, result: C) -> None:
    """Unite templates."""
    door.place(result, "result")
    door.hand(result, biocore.fuse(door.all_held(templates, count, Template)), "biocore_template")


def describe(door: Door, of: C, info: C) -> None:
    """Say what a template is."""
    template, held = door.handles.find(door.number(of), Template)
    finger = template if isinstance(template, FingerTemplate) else None
    eye = template if isinstance(template, IrisTemplate) else None
    if "algorithm" not in held.texts:
        held.texts["algorithm"] = door.ffi.new("char[]", template.algorithm.encode(errors="replace"))
    door.fill(
        info,
        "biocore_template_info",
        modality=MODALITIES.index(Modality.FINGER if eye is None else Modality.IRIS),
        position=int(template.position),
        width=template.width,
        height=template.height,
        ppi=number_or_nan(finger.ppi if finger else None),
        minutiae=score_or_none(len(finger) if finger is not None else None),
        usable=number_or_nan(eye.usable if eye else None),
        image_quality=score_or_none(getattr(template, "image_quality", None)),
        algorithm=held.texts["algorithm"],
    )


def write(door: Door, templates: C, count: int, form: int, out: C) -> None:
    """Write templates."""
    door.place(out, "bytes")
    data = _written(door.all_held(templates, count, Template), form)
    made, copy = door.block(("biocore_bytes", 1), data)
    made.size, made.data = len(data), door.ffi.cast("uint8_t *", copy)
    out[0] = made


def _written(templates: list[Template], form: int) -> bytes:
    if form == OWN:
        if len(templates) != 1:
            raise wrong(f"BIOCORE_OWN takes one template at a time, not {len(templates)}")
        return template_item(templates[0], 1).payload
    if not OWN < form <= len(FORMATS):
        raise wrong(f"{form} is no format of templates: 0 to {len(FORMATS)}")
    fingers = [template for template in templates if isinstance(template, FingerTemplate)]
    if len(fingers) < len(templates):
        raise InvalidTemplateError("standard records hold minutiae of fingers; write irises as BIOCORE_OWN")
    return write_templates(fingers, FORMATS[form - 1])


def read(door: Door, data: C, size: int, templates: C, capacity: int, count: C) -> None:
    """Read templates."""
    door.place(count, "count")
    held = door.data(data, size)
    found = (read_template(held),) if held.lstrip()[:1] == b"{" else read_record(held).templates
    if capacity:
        door.place(templates, "templates")
    for k, template in enumerate(found[:capacity]):
        door.hand(templates + k, template, "biocore_template")
    count[0] = len(found)


def release(door: Door, of: C) -> None:
    """Forget a template."""
    door.handles.release(door.number(of), Template)


def compare(door: Door, probe: C, reference: C, out: C) -> None:
    """Compare two."""
    found = biocore.compare(door.held(probe, Template), door.held(reference, Template))
    door.fill(
        out,
        "biocore_comparison",
        score=found.score,
        fmr=found.fmr,
        rotation=number_or_nan(found.rotation),
        pairs=len(found.pairs),
        algorithm=door.constant(found.algorithm),
    )


def search(door: Door, probe: C, references: C, count: int, threads: int, scores: C) -> None:
    """Compare one with many."""
    if not 1 <= threads <= MAX_THREADS:
        raise wrong(f"{threads} threads: 1 to {MAX_THREADS}")
    sought, held = door.held(probe, Template), door.all_held(references, count, Template)
    if count:
        door.place(scores, "scores")
    for k, found in enumerate(biocore.search(sought, held, threads)):
        scores[k] = found.score


FUNCTIONS: dict[str, Callable[..., None]] = {
    "engine_extract": extract,
    "engine_fuse": fuse,
    "engine_template_describe": describe,
    "engine_templates_write": write,
    "engine_templates_read": read,
    "engine_template_release": release,
    "engine_compare": compare,
    "engine_search": search,
}
