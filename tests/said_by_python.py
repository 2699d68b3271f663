"""What Python says of pictures and records, in the lines that programs of other languages print of the same ones."""

from __future__ import annotations

from pathlib import Path

import biocore
from biocore.advice import advice_text, cause_text
from biocore.formats.any_record import read_record
from biocore.formats.conversion import Target, convert
from biocore.formats.finger_templates import TemplateFormat, write_templates
from biocore.report import Status
from biocore.station.payloads import template_item
from biocore.types import FingerPosition, FingerTemplate


def print_of(path: Path) -> biocore.Sample:
    return biocore.load(path, "finger", 500.0, FingerPosition.RIGHT_INDEX)


def of_report(path: Path) -> list[str]:
    """Return the lines of a report, which must have causes: there would be nothing to compare."""
    report = biocore.assess(print_of(path))
    assert report.causes
    lines = [f"score {report.score}", f"algorithm {report.algorithm}", f"source {report.source}", "position 2"]
    for cause in report.causes:
        texts = f"{cause_text(cause.name)} / {cause_text(cause.name, 'id')}"
        lines.append(f"cause {cause.name} {cause.confidence:.17g} {texts}")
        lines += [f"evidence {cause.name} {name} {value:.17g}" for name, value in sorted(cause.evidence.items())]
    lines += [f"advice {step} {advice_text(step)} / {advice_text(step, 'id')}" for step in report.advice]
    for name, measure in report.measures.items():
        native = "nan" if measure.native is None else f"{measure.native:.17g}"
        score = -1 if measure.score is None else measure.score
        lines.append(f"measure {name} {native} {score} {list(Status).index(measure.status)}")
    return lines


def of_templates(first: Path, second: Path) -> list[str]:
    finger, other = (biocore.extract(print_of(path)) for path in (first, second))
    assert isinstance(finger, FingerTemplate)
    found = biocore.compare(finger, other)
    fused = biocore.fuse([finger, other])
    assert isinstance(fused, FingerTemplate)
    return [
        f"template {finger.algorithm} 2 {finger.width} {finger.height} 500 {len(finger)}",
        f"compare {found.score:.17g} {found.fmr:.17g} {len(found.pairs)}",
        f"search {biocore.compare(finger, finger).score:.17g} {found.score:.17g}",
        f"fused {len(fused)}",
        f"written-0 {template_item(finger, 1).payload.hex()}",
        *(f"written-{k} {write_templates([finger], form).hex()}" for k, form in enumerate(TemplateFormat, 1)),
    ]


def of_record(path: Path) -> list[str]:
    """Return the lines of a record of fingers' pictures, one of which is missing."""
    contents = read_record(path.read_bytes())
    made = convert(contents, Target.FIR_2005)
    assert made.lost
    image = contents.images[0]
    return [
        f"record {contents.kind} {len(contents.images)} 0",
        *(f"absence 0 {int(position)} {reason}" for position, reason in contents.missing),
        f"picture 0 {int(image.position)} {image.width} {image.height} {image.ppi:g}",
        f"row {image.pixels[0].tobytes().hex()}",
        f"converted {made.data.hex()}",
        *(f"lost {text}" for text in made.lost),
    ]
