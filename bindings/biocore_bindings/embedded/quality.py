"""Reports, as one block of structures."""

from __future__ import annotations

from collections.abc import Callable

import biocore
from biocore.advice import advice_text, cause_text
from biocore.report import Cause, QualityReport, Status
from biocore.types import Sample, Template
from biocore_bindings.embedded.door import C, Door, number_or_nan, put, score_or_none
from biocore_bindings.embedded.samples import MODALITIES

STATUSES = (Status.OK, Status.NOT_ASSESSED, Status.FAILED)  # in the order of biocore_status


def assess(door: Door, sample: C, own: C, report: C) -> None:
    """Assess a sample."""
    template = None if own == door.ffi.NULL else door.held(own, Template)
    door.place(report, "report")
    report[0] = report_block(door, biocore.assess(door.held(sample, Sample), template))


def report_block(door: Door, report: QualityReport) -> C:
    """Return a report as C has it: a new block."""
    evidence = [sorted(cause.evidence.items()) for cause in report.causes]
    pieces = sum(map(len, evidence))
    made, reason, source, *arrays = door.block(
        ("biocore_report", 1),
        report.reason,
        report.source,
        *door.rows("biocore_cause", len(report.causes)),
        *door.rows("biocore_advice", len(report.advice)),
        *door.rows("biocore_measure", len(report.measures)),
        *door.rows("biocore_quantity", pieces),
    )
    causes, cause_items, advice, advice_items, measures, measure_items, quantities, quantity_items = arrays
    put(
        made,
        {
            "modality": MODALITIES.index(report.modality),
            "position": int(report.position),
            "score": score_or_none(report.score),
            "status": STATUSES.index(report.status),
            "algorithm": door.constant(report.algorithm),
            "reason": reason,
            "source": source,
            "cause_count": len(report.causes),
            "causes": causes,
            "advice_count": len(report.advice),
            "advice": advice,
            "measure_count": len(report.measures),
            "measures": measures,
        },
    )
    begun = 0
    for k, (cause, values) in enumerate(zip(report.causes, evidence, strict=True)):
        for j, (name, value) in enumerate(values, begun):
            put(quantity_items[j], {"name": door.constant(name), "value": float(value)})
            quantities[j] = quantity_items + j
        _put_cause(door, cause_items[k], cause, quantities + begun)
        causes[k] = cause_items + k
        begun += len(values)
    for k, step in enumerate(report.advice):
        texts = {f"text_{language}": door.constant(advice_text(step, language)) for language in ("en", "id")}
        put(advice_items[k], {"code": door.constant(step.value), **texts})
        advice[k] = advice_items + k
    for k, (name, measure) in enumerate(report.measures.items()):
        values_of = {"native": number_or_nan(measure.native), "score": score_or_none(measure.score)}
        put(measure_items[k], {"name": door.constant(name), "status": STATUSES.index(measure.status), **values_of})
        measures[k] = measure_items + k
    return made


def _put_cause(door: Door, item: C, cause: Cause, evidence: C) -> None:
    put(
        item,
        {
            "name": door.constant(cause.name.value),
            "text_en": door.constant(cause_text(cause.name, "en")),
            "text_id": door.constant(cause_text(cause.name, "id")),
            "confidence": cause.confidence,
            "evidence_count": len(cause.evidence),
            "evidence": evidence,
        },
    )


FUNCTIONS: dict[str, Callable[..., None]] = {"engine_assess": assess}
