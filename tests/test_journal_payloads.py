"""Pictures, reports, templates and decisions come back from the journal as they went in."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import biocore
from biocore import Decision, FingerTemplate, IrisTemplate, Outcome, Sample
from biocore.errors import FormatError
from biocore.fingerprint import synth
from biocore.station import Journal, read_record
from biocore.station.payloads import decision_item, frame_item, read_template, report_item, template_item
from biocore.station.record_file import record_path
from biocore.types import EyePosition, FingerPosition, Frame, Modality, Template
from journal_support import SMALL_RESERVE, Centre, FakeClock


@pytest.fixture(scope="module")
def sample() -> Sample:
    return Sample(Frame(synth.impression(3, 1), 500.0), Modality.FINGER, FingerPosition.LEFT_RING)


def iris_template() -> IrisTemplate:
    rng = np.random.default_rng(1)
    mask = rng.integers(0, 1 << 63, 256, dtype=np.uint64)
    code = mask & rng.integers(0, 1 << 63, 256, dtype=np.uint64)
    return IrisTemplate("biocore.iris/1", 640, 480, EyePosition.LEFT, code, mask, 41.25, 110.5)


def same(one: Template, other: Template) -> bool:
    names = [*Template.__slots__[:4], *type(one).__slots__]
    pairs = [(getattr(one, name), getattr(other, name)) for name in names if not name.startswith("__")]
    return all(np.array_equal(a, b) and getattr(a, "dtype", 0) == getattr(b, "dtype", 0) for a, b in pairs)


def test_an_accepted_finger_comes_back_from_the_centre_bit_for_bit(tmp_path: Path, sample: Sample) -> None:
    centre = Centre()
    report, template = biocore.assess(sample), biocore.extract(sample)
    decision = Decision(Outcome.ACCEPT, "61 >= 30")
    with Journal(tmp_path, centre.key(), clock=FakeClock(), reserve=SMALL_RESERVE) as journal:
        recording = journal.begin()
        recording.record(
            frame_item(sample, 1),
            report_item(report, 1),
            template_item(template, 1),
            decision_item(decision, sample, 1),
        )
        assert recording.progress.of(FingerPosition.LEFT_RING).best_score == report.score
        recording.close()
        _, _, frame, told, stored, decided, _ = read_record(
            record_path(journal.records, recording.resident), centre.opener
        )
    picture = Image.open(io.BytesIO(frame.payload))
    assert np.array_equal(np.asarray(picture), sample.pixels)
    assert picture.info["dpi"] == pytest.approx((500, 500), abs=0.02)
    values = json.loads(told.payload)
    assert (values["score"], values["algorithm"]) == (report.score, report.algorithm)
    assert list(values["measures"]) == sorted(report.measures)
    again = read_template(stored.payload)
    assert isinstance(again, FingerTemplate)
    assert same(again, template)
    assert biocore.compare(again, template).score == biocore.compare(template, template).score
    assert json.loads(decided.payload)["reason"] == "61 >= 30"
    assert decided.head.outcome is Outcome.ACCEPT


def test_an_iris_template_comes_back_and_stays_of_an_eye() -> None:
    again = read_template(template_item(iris_template(), 2).payload)
    assert isinstance(again, IrisTemplate)
    assert again.position is EyePosition.LEFT
    assert same(again, iris_template())


def test_the_same_template_gives_the_same_bytes(sample: Sample) -> None:
    assert template_item(biocore.extract(sample), 1).payload == template_item(biocore.extract(sample), 1).payload


def test_a_template_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(FormatError, match="cannot be stored"):
        template_item(Template("x/1", 10, 10, FingerPosition.UNKNOWN), 1)


@given(at=st.integers(0, 10**6), junk=st.binary(min_size=1, max_size=4))
def test_no_bytes_crash_the_reading_of_a_template(at: int, junk: bytes) -> None:
    payload = template_item(iris_template(), 1).payload
    at %= len(payload)
    try:
        template = read_template(payload[:at] + junk + payload[at + len(junk) :])
    except FormatError:
        return
    assert isinstance(template, IrisTemplate)
