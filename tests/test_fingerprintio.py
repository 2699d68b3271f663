"""Published minutiae records say to us, key for key, what they say to their publisher's library (fingerprintio)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from biocore.formats.finger_minutiae import FingerMinutiaeRecord, FingerView, read_fmr
from biocore.formats.finger_minutiae_2011 import EndingType, FingerMinutiaeRecord2011, read_fmr_2011
from biocore.formats.finger_minutiae_ansi import AnsiEdition, AnsiMinutiaeRecord, read_ansi
from biocore.formats.finger_minutiae_extended import RIDGE_COUNTS, cores_and_deltas, ridge_counts
from biocore.types import MinutiaKind

Told = dict[str, Any]
METHODS = {0: "CUSTOM", 1: "QUADRANTS", 2: "OCTANTS"}  # of ridge counts, as fingerprintio names them
SCANS = {0: "LIVE_PLAIN", 1: "LIVE_ROLLED"}
ENDINGS = {EndingType.VALLEY_BIFURCATION: "VALLEY_SKELETON_BIFURCATION"}


def view_told(view: FingerView, other: str = "OTHER") -> Told:
    """Return what all editions tell of a view; `other` is the name of a minutia of neither kind."""
    rows = zip(view.kinds, view.x, view.y, view.angles, view.qualities, strict=True)
    counted = [found for block in view.blocks if (found := ridge_counts(block)) is not None]
    assert not any(cores_and_deltas(block) for block in view.blocks)  # none in these records
    counts = None
    if counted:
        ((method, edges),) = counted
        told = [{"from": edge.first, "to": edge.second, "count": edge.ridges} for edge in edges]
        counts = {"type": METHODS[method], "edges": told}
    return {
        "position": view.position.name,
        "view": view.number,
        "scanType": SCANS[view.impression],
        "quality": view.quality,
        "minutiae": [
            {
                "type": MinutiaKind(int(kind)).name.replace("OTHER", other),
                "positionX": int(x),
                "positionY": int(y),
                "angle": int(angle),
                "quality": int(quality),
            }
            for kind, x, y, angle, quality in rows
        ],
        "counts": counts,
        "coredelta": None,
        "extensions": [
            {"type": block.kind, "data": base64.b64encode(block.data).decode()}
            for block in view.blocks
            if block.kind != RIDGE_COUNTS
        ],
    }


def picture_told(record: Any) -> Told:
    return {
        "width": record.width,
        "height": record.height,
        "resolutionX": record.x_resolution,
        "resolutionY": record.y_resolution,
    }


def told_2005(record: FingerMinutiaeRecord) -> Told:
    return {
        "sensorCertified": bool(record.certification),
        "sensorId": record.device,
        **picture_told(record),
        "fingerprints": [view_told(view) | {"zones": None} for view in record.views],
    }


def told_2011(record: FingerMinutiaeRecord2011) -> Told:
    found = []
    for item in record.representations:
        at = item.captured_at
        assert at is not None
        told = view_told(item.view) | picture_told(item)
        del told["quality"]  # it stands in blocks of its own
        told |= {
            "datetime": {name: getattr(at, name) for name in ("year", "month", "day", "hour", "minute", "second")}
            | {"millisecond": at.microsecond // 1000},
            "sensorType": {0: "UNKNOWN"}[item.technology],
            "sensorVendor": item.vendor,
            "sensorId": item.device,
            "qrecords": [
                {"quality": block.score, "vendor": block.vendor, "algorithm": block.algorithm}
                for block in item.qualities
            ],
            "certificates": [list(pair) for pair in item.certifications],
            "endingType": ENDINGS[item.ending_type],
            "zones": None,
        }
        found.append(told)
    return {"fingerprints": found}


def told_ansi(record: AnsiMinutiaeRecord) -> Told:
    head = {
        "vendorId": record.owner,
        "subformat": record.subformat,
        "sensorCertified": record.certified,
        "sensorId": record.device,
    }
    if record.edition is AnsiEdition.OF_2004:
        views = [view_told(finger.view) for finger in record.fingers]
        return head | picture_told(record.fingers[0]) | {"fingerprints": views}
    views = [
        view_told(finger.view, "EITHER")
        | picture_told(finger)
        | {"qualityVendorId": finger.quality_vendor, "qualityAlgorithmId": finger.quality_algorithm}
        for finger in record.fingers
    ]
    return head | {"fingerprints": views}


@pytest.mark.parametrize(
    ("name", "tell"),
    [
        ("iso19794p2v2005-sample", lambda data: told_2005(read_fmr(data))),
        ("iso19794p2v2011-sample", lambda data: told_2011(read_fmr_2011(data))),
        ("ansi378v2004-sample", lambda data: told_ansi(read_ansi(data))),
        ("ansi378v2009-sample", lambda data: told_ansi(read_ansi(data))),
        ("ansi378v2009am1-sample", lambda data: told_ansi(read_ansi(data))),
    ],
)
def test_every_key_of_the_description_is_what_we_read(shared: Path, name: str, tell: Callable[[bytes], Told]) -> None:
    path = shared / "data/formats/fmr" / f"{name}.dat"
    expected = json.loads(path.with_suffix(".json").read_text())
    ours = tell(path.read_bytes())
    if name == "ansi378v2004-sample":  # its ridge counts are torn: fingerprintio takes the one whole triple, we none
        torn = expected["fingerprints"][1]
        assert torn["counts"] == {"type": "QUADRANTS", "edges": [{"from": 68, "to": 188, "count": 54}]}
        assert ours["fingerprints"][1]["counts"] is None
        torn["counts"] = None
        torn["extensions"] = ours["fingerprints"][1]["extensions"]
    assert ours == expected


def test_a_description_that_differs_in_one_place_is_not_equal(shared: Path) -> None:
    path = shared / "data/formats/fmr/iso19794p2v2005-sample.dat"
    expected = json.loads(path.with_suffix(".json").read_text())
    expected["fingerprints"][1]["minutiae"][-1]["angle"] += 1
    assert told_2005(read_fmr(path.read_bytes())) != expected
