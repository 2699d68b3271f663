"""Fingers and eyes that are missing: records say so, and why, where their standard keeps it, and are read so again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from biocore.formats.any_record import AbsenceReason, RecordContents, read_record
from biocore.formats.conversion import Target, convert
from biocore.formats.finger_image import AMPUTATED, UNABLE_TO_PRINT, annotation, read_fir
from biocore.types import EyePosition, FingerPosition, Position
from record_samples import SAMPLES

GONE, UNABLE, UNSAID = AbsenceReason.AMPUTATED, AbsenceReason.UNABLE, AbsenceReason.UNSAID
FINGERS = (
    (FingerPosition.RIGHT_THUMB, GONE),
    (FingerPosition.RIGHT_LITTLE, UNABLE),  # bandaged, for instance
    (FingerPosition.LEFT_LITTLE, GONE),
)
EYES = ((EyePosition.LEFT, GONE),)
BLIND = ((EyePosition.RIGHT, UNABLE),)


def holding(name: str, missing: tuple[tuple[Position, AbsenceReason], ...], keep: int = 1) -> RecordContents:
    """Return what a sample holds, with other fingers and eyes missing."""
    found = read_record(SAMPLES[name][1])
    record = found.record
    if name == "fir-2011":
        images = tuple(
            replace(image, source=replace(image.source, extensions=())) for image in found.images[:keep]
        )  # the block that says it is made anew
        return replace(found, images=images, missing=missing)
    return replace(found, record=record, images=found.images[:keep], missing=missing)


def test_finger_images_of_2011_keep_fingers_in_the_annotation_block() -> None:
    found = convert(holding("fir-2011", FINGERS), Target.FIR_2011)
    assert found.lost == ()
    assert read_record(found.data).missing == FINGERS
    (image,) = read_fir(found.data).images
    (block,) = image.extensions
    assert block == annotation([(where, AMPUTATED if why is GONE else UNABLE_TO_PRINT) for where, why in FINGERS])
    assert block.data == bytes([3, 1, 1, 5, 2, 10, 1])  # number of pairs; finger, code
    assert b"\x00\x02\x00\x0b" + block.data in found.data  # code of the block, its length with this head


@pytest.mark.parametrize(("missing", "codes"), [(FINGERS, (b"01\x1fXX", b"05\x1fUP", b"10\x1fXX"))])
def test_transactions_keep_fingers_in_amp_of_records_without_a_picture(
    missing: tuple[tuple[Position, AbsenceReason], ...], codes: tuple[bytes, ...]
) -> None:
    found = convert(holding("fir-2011", missing), Target.ITL)
    assert found.lost == ()
    assert read_record(found.data).missing == missing
    for code in codes:
        assert b"14.018:" + code in found.data
    assert found.data.count(b"14.999:") == 1


@pytest.mark.parametrize(("missing", "code"), [(EYES, b"17.028:MA"), (BLIND, b"17.028:UC")])
def test_transactions_keep_eyes_in_dme_of_records_without_a_picture(
    missing: tuple[tuple[Position, AbsenceReason], ...], code: bytes
) -> None:
    found = convert(holding("iir-2011", missing), Target.ITL)
    assert found.lost == ()
    assert read_record(found.data).missing == missing
    assert found.data.count(code) == 1
    assert found.data.count(b"17.999:") == 1


@pytest.mark.parametrize(("name", "missing"), [("fir-2011", FINGERS), ("iir-2011", EYES), ("iir-2011", BLIND)])
def test_cbeff_keeps_them_as_empty_records_and_not_why(
    name: str, missing: tuple[tuple[Position, AbsenceReason], ...]
) -> None:
    source = holding(name, missing)
    found = convert(source, Target.CBEFF)
    said = dict(read_record(found.data).missing)
    assert set(said) == {position for position, _ in missing}
    assert set(said.values()) == {UNSAID}
    assert found.data.count(b'<entry key="EXCEPTION">true</entry>') == len(missing)
    assert len(found.lost) == len(missing)
    assert all(words.startswith("why the ") for words in found.lost)
    if name == "fir-2011":  # where each picture says it itself, it is kept
        whole = convert(read_record(SAMPLES[name][1]), Target.CBEFF)
        assert whole.lost == ()
        assert read_record(whole.data).missing == ((FingerPosition.RIGHT_THUMB, GONE),)


@pytest.mark.parametrize(
    ("name", "missing", "target"),
    [
        ("fir-2005", FINGERS, Target.FIR_2005),
        ("fir-2011", EYES, Target.FIR_2011),
        ("iir-2011", EYES, Target.IIR_2011),
        ("iir-2005", EYES, Target.IIR_2005),
        ("fmr-2011", FINGERS, Target.FMR_2011),
        ("ansi-2009", FINGERS, Target.ANSI_2009),
    ],
)
def test_records_that_have_no_place_for_them_name_each_that_is_lost(
    name: str, missing: tuple[tuple[Position, AbsenceReason], ...], target: Target
) -> None:
    found = convert(holding(name, missing), target)
    assert len(found.lost) == len(missing)
    for said, (position, reason) in zip(found.lost, missing, strict=True):
        assert position.name.lower().replace("_", " ") in said
        assert f"({reason})" in said
    assert read_record(found.data).missing == ()


def test_every_finger_and_reason_survives_a_way_through_all_records_that_keep_it() -> None:
    for position in FingerPosition:
        if position in (FingerPosition.UNKNOWN, FingerPosition.LEFT_INDEX):  # the second is shown
            continue
        for reason in (GONE, UNABLE):
            contents = holding("fir-2011", ((position, reason),))
            for target in (Target.ITL, Target.FIR_2011, Target.ITL):
                contents = read_record(convert(contents, target).data)
                assert contents.missing == ((position, reason),)
                assert contents.remarks == ()
