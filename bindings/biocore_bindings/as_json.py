"""The JSON forms of the library's results. Their keys are stable: other programs read them; docs/cli.md lists them."""

from __future__ import annotations

from typing import Any

import biocore
from biocore.advice import Language, advice_text, cause_text
from biocore.certify import Certificate, Result
from biocore.discovery import DriverInfo
from biocore.fingerprint.slap import Slap
from biocore.hal import DeviceInfo
from biocore.report import QualityReport
from biocore.types import Comparison, FingerTemplate, IrisTemplate, MinutiaKind, Sample, Template
from biocore_bindings.ctk_grading import Graded
from biocore_bindings.inputs import kind_name, position_name


def sample_entry(sample: Sample) -> dict[str, Any]:
    """Say what was looked at."""
    height, width = sample.pixels.shape
    return {
        "modality": sample.modality.value,
        "position": position_name(sample.position or biocore.FingerPosition.UNKNOWN),
        "width": width,
        "height": height,
        "ppi": sample.ppi,
        **({"colour": sample.frame.colour is not None} if sample.modality is biocore.Modality.FACE else {}),
    }


def report_entry(report: QualityReport, language: Language) -> dict[str, Any]:
    """Say everything an assessment found."""
    return {
        "score": report.score,
        "algorithm": report.algorithm,
        "status": report.status.value,
        "reason": report.reason,
        "causes": [
            {
                "name": cause.name.value,
                "confidence": cause.confidence,
                "text": cause_text(cause.name, language),
                "evidence": dict(cause.evidence),
            }
            for cause in report.causes
        ],
        "advice": [{"name": advice.value, "text": advice_text(advice, language)} for advice in report.advice],
        "measures": {
            name: {"native": measure.native, "score": measure.score, "status": measure.status.value}
            for name, measure in report.measures.items()
        },
    }


def template_entry(template: Template) -> dict[str, Any]:
    """Say what a template holds, in numbers."""
    if isinstance(template, IrisTemplate):
        return _iris_entry(template)
    if not isinstance(template, FingerTemplate):
        raise TypeError(f"no JSON form of a {type(template).__name__}")
    kinds = template.kinds
    return {
        "algorithm": template.algorithm,
        "position": position_name(template.position),
        "width": template.width,
        "height": template.height,
        "ppi": template.ppi,
        "minutiae": len(template),
        "endings": int((kinds == MinutiaKind.ENDING).sum()),
        "bifurcations": int((kinds == MinutiaKind.BIFURCATION).sum()),
        "mean_minutia_quality": float(template.qualities.mean()) if len(template) else None,
        "image_quality": template.image_quality,
    }


def _iris_entry(template: IrisTemplate) -> dict[str, Any]:
    return {
        "algorithm": template.algorithm,
        "position": position_name(template.position),
        "width": template.width,
        "height": template.height,
        "usable": template.usable,
        "pupil_radius": template.pupil_radius,
        "iris_radius": template.iris_radius,
        "image_quality": template.image_quality,
    }


def slap_entry(slap: Slap) -> dict[str, Any]:
    """Say which fingers a slap holds, and where they lie."""
    return {
        "kind": kind_name(slap.kind),
        "hand": slap.hand.value,
        "hand_confidence": slap.hand_confidence,
        "rotation": slap.rotation_deg,
        "warnings": list(slap.warnings),
        "fingers": [
            {
                "position": position_name(finger.position),
                "confidence": finger.confidence,
                "width": finger.sample.pixels.shape[1],
                "height": finger.sample.pixels.shape[0],
                "corners": [list(corner) for corner in finger.corners],
            }
            for finger in slap.fingers
        ],
    }


def comparison_entry(comparison: Comparison, threshold: float) -> dict[str, Any]:
    """Say how two prints or eyes compare, and what that means at a threshold."""
    return {
        "score": comparison.score,
        "fmr": comparison.fmr,
        "algorithm": comparison.algorithm,
        "match": bool(comparison.score >= threshold),
    }


def device_entry(info: DeviceInfo) -> dict[str, Any]:
    """Say what is known of a device."""
    return {
        "uri": info.uri,
        "driver": info.driver,
        "maker": info.maker,
        "model": info.model,
        "modality": info.modality.value,
        "ppi": info.ppi,
        "window": list(info.window) if info.window else None,
        "serial": info.serial,
        "unfit": info.unfit,
        "forbidden": info.forbidden,
        "experimental": info.experimental,
        "route": info.route.value,
        "groups": [[position.name.lower() for position in group] for group in info.groups],
    }


def driver_entry(driver: DriverInfo) -> dict[str, Any]:
    """Say what is known of an installed driver."""
    return {"name": driver.name, "origin": driver.origin, "version": driver.version, "fault": driver.fault}


def certificate_entry(certificate: Certificate) -> dict[str, Any]:
    """Say what the trial of a driver found."""
    return {
        "driver": driver_entry(certificate.driver),
        "uri": certificate.uri,
        "device": None if certificate.info is None else device_entry(certificate.info),
        "begun": certificate.begun.isoformat(timespec="seconds"),
        "seconds": round(certificate.seconds, 3),
        "passed": certificate.passed,
        "results": [result_entry(result) for result in certificate.results],
    }


def result_entry(result: Result) -> dict[str, Any]:
    """Say what came of one case."""
    return {
        "name": result.name,
        "proves": result.proves,
        "outcome": result.outcome.value.replace(" ", "_"),
        "seconds": round(result.seconds, 3),
        "remark": result.remark,
    }


def graded_entry(result: Graded) -> dict[str, Any]:
    """Say what came of one test of the compliance toolkit."""
    faults = [
        {"validator": fault.validator, "came": fault.came, "expected": fault.expected, "do": fault.do}
        for fault in result.faults
    ]
    return result_entry(result) | {"faults": faults}
