"""The calls of our BioSDK with real (synthetic) fingers and eyes: what is found, kept, named, and refused."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

import biocore
from biocore.engine import Effort
from biocore.fingerprint.slap_types import SlapKind
from biocore.formats.cbeff import read_cbeff
from biocore.formats.finger_image import read_fir
from biocore.formats.finger_minutiae import read_fmr
from biocore.formats.finger_minutiae_2011 import read_fmr_2011
from biocore.formats.finger_templates import TemplateFormat, read_templates
from biocore.formats.iris_image import ImageKind, read_iir
from biocore.types import Sample, Template
from biocore_bindings.biosdk_answers import Json
from biocore_bindings.biosdk_calls import Setting
from biosdk_asking import (
    INDEX,
    THUMB,
    Direct,
    eye,
    finger,
    fir,
    left_eye,
    left_index,
    missing,
    record,
    segment,
    slap,
)
from record_samples import face_record

ask = Direct()
strict = Direct(Setting(strict=True))


def data(found: Json) -> bytes:
    """Return the data block of a segment of an answer."""
    return np.array(found["bdb"], np.int8).tobytes()


# -- init -----------------------------------------------------------------------------------------------------


def test_init_says_what_is_supported_and_where_the_threshold_lies() -> None:
    told = ask("init", initParams={"format.url.default": "http://127.0.0.1:9099/biosdk-service"})["response"]
    assert told["supportedModalities"] == ["FINGER", "IRIS"]
    assert told["supportedMethods"]["CONVERT_FORMAT"] == ["FINGER", "IRIS", "FACE"]
    assert set(told["supportedMethods"]) == {"QUALITY_CHECK", "EXTRACT", "MATCH", "CONVERT_FORMAT", "SEGMENT"}
    assert told["otherInfo"] == {"threshold": "40", "FINGER.format": "fmr-2011", "IRIS.format": "iir-k3"}
    assert strict("init")["response"]["otherInfo"] == {}


# -- check-quality --------------------------------------------------------------------------------------------


def test_each_finger_s_score_causes_and_advice_are_told_beside_the_mean() -> None:
    sample = record(left_index(), segment("FINGER", THUMB, finger(6, 1, 1, "DRY")), left_eye())
    scores = ask.done("check-quality", sample=sample, modalitiesToCheck=["FINGER", "IRIS"], flags={})["scores"]
    assert list(scores) == ["FINGER", "IRIS"]
    said = scores["FINGER"]["analyticsInfo"]
    good, dry = int(said["Left IndexFinger.score"]), int(said["Right Thumb.score"])
    assert good > dry + 10
    assert scores["FINGER"]["score"] == pytest.approx((good + dry) / 2)
    assert said["Right Thumb.causes"].startswith("DRY ")
    assert "Moisten" in said["Right Thumb.advice"]
    assert said["Left IndexFinger.algorithm"] == "biocore.finger/1"
    assert scores["IRIS"]["score"] > 80
    assert not scores["FINGER"]["errors"]


def test_strict_answers_have_the_same_scores_and_say_no_more() -> None:
    asked = {"sample": record(left_index()), "modalitiesToCheck": ["FINGER"]}
    loose, tight = (each.done("check-quality", **asked)["scores"]["FINGER"] for each in (ask, strict))
    assert tight == {"score": loose["score"], "errors": [], "analyticsInfo": {}}


def test_a_finger_that_is_not_there_counts_as_nothing_and_is_named() -> None:
    blank = segment("FINGER", THUMB, fir(np.full((400, 300), 255, np.uint8), 1))
    found = ask.done("check-quality", sample=record(left_index(), blank), modalitiesToCheck=[])["scores"]["FINGER"]
    alone = ask.done("check-quality", sample=record(left_index()), modalitiesToCheck=[])["scores"]["FINGER"]
    assert found["score"] == alone["score"] / 2
    (error,) = found["errors"]
    assert error.startswith("Right Thumb: ")
    assert found["analyticsInfo"]["Right Thumb.score"] == "not assessed"


def test_of_a_slap_each_finger_is_assessed() -> None:
    sample = record(segment("FINGER", ["Left"], slap()))
    said = ask.done("check-quality", sample=sample, modalitiesToCheck=["FINGER"])["scores"]["FINGER"]["analyticsInfo"]
    names = {key.removesuffix(".score") for key in said if key.endswith(".score")}
    assert names == {f"Left {name}Finger" for name in ("Index", "Middle", "Ring", "Little")}


def test_what_is_no_modality_of_ours_has_no_score_and_says_so() -> None:
    voice = segment("VOICE", None, b"\1\2\3")
    scores = ask.done("check-quality", sample=record(left_index(), voice), modalitiesToCheck=["VOICE", "FINGER"])
    assert scores["scores"]["VOICE"] == {
        "score": 0.0,
        "errors": ["Modality VOICE is not supported"],
        "analyticsInfo": {},
    }
    assert scores["scores"]["FINGER"]["score"] > 50


# -- match ----------------------------------------------------------------------------------------------------


def decisions(sample: Json, *gallery: Json, kinds: tuple[str, ...] = ("FINGER",), **setting: Any) -> list[Any]:
    """Return the decisions on each of a gallery."""
    called = Direct(Setting(**setting))
    found = called.done("match", sample=sample, gallery=list(gallery), modalitiesToMatch=list(kinds), flags={})
    assert [one["galleryIndex"] for one in found] == list(range(len(gallery)))
    return [one["decisions"] for one in found]


def test_one_person_among_others_is_found_by_finger_and_eye() -> None:
    sample = record(left_index(), left_eye())
    other = record(left_index(8), left_eye(9))
    same, different = decisions(sample, record(left_index(5, 2), left_eye(7, 2)), other, kinds=("FINGER", "IRIS"))
    for kind in ("FINGER", "IRIS"):
        assert same[kind]["match"] == "MATCHED"
        assert float(same[kind]["analyticsInfo"]["score"]) > 60
        assert different[kind]["match"] == "NOT_MATCHED"
        assert float(different[kind]["analyticsInfo"]["score"]) < 40
    assert float(same["FINGER"]["analyticsInfo"]["fmr"]) < 1e-6


def test_the_threshold_decides() -> None:
    score = float(decisions(record(left_index()), record(left_index(5, 2)))[0]["FINGER"]["analyticsInfo"]["score"])
    for threshold, word in ((score - 0.1, "MATCHED"), (score + 0.1, "NOT_MATCHED")):
        (found,) = decisions(record(left_index()), record(left_index(5, 2)), threshold=threshold)
        assert found["FINGER"]["match"] == word


def test_a_finger_is_compared_with_the_same_finger_only_and_one_that_is_unknown_with_all() -> None:
    again = finger(5, 2, 0)
    wrong = segment("FINGER", ["Right", "MiddleFinger"], again)
    unknown = segment("FINGER", ["UNKNOWN"], again)
    both = record(segment("FINGER", THUMB, finger(6, 1, 1)), segment("FINGER", INDEX, again))
    relabelled, unsaid, several = decisions(record(left_index()), record(wrong), record(unknown), both)
    assert relabelled["FINGER"]["match"] == "NOT_MATCHED"
    assert "nothing of what" in relabelled["FINGER"]["analyticsInfo"]["remark"]
    assert (unsaid["FINGER"]["match"], several["FINGER"]["match"]) == ("MATCHED", "MATCHED")
    (asked,) = decisions(record(segment("FINGER", ["UNKNOWN"], finger(5, 1, 0))), both)
    assert asked["FINGER"]["match"] == "MATCHED"
    named = float(several["FINGER"]["analyticsInfo"]["score"])
    assert float(asked["FINGER"]["analyticsInfo"]["score"]) == pytest.approx(named - 3.01, abs=0.01)  # one of two


def test_two_fingers_say_more_than_one_and_a_stranger_s_takes_from_it() -> None:
    thumb, stranger = (segment("FINGER", THUMB, finger(seed, 1, 1)) for seed in (6, 12))
    sample = record(left_index(), segment("FINGER", THUMB, finger(6, 2, 1)))
    one, two, mixed = decisions(
        sample, record(left_index(5, 2)), record(left_index(5, 2), thumb), record(left_index(5, 2), stranger)
    )
    scores = [float(each["FINGER"]["analyticsInfo"]["score"]) for each in (one, two, mixed)]
    assert scores[1] > scores[0] > scores[2]
    assert set(two["FINGER"]["analyticsInfo"]) == {"score", "threshold", "fmr", "Left IndexFinger", "Right Thumb"}


def test_templates_match_as_pictures_do_in_both_editions() -> None:
    for layout in ("fmr-2005", "fmr-2011"):
        made = ask.done("extract-template", sample=record(left_index()), flags={"FINGER.format": layout})
        (found,) = decisions(made, record(left_index(5, 2)))
        (backwards,) = decisions(record(left_index(5, 2)), made)
        assert found["FINGER"]["match"] == backwards["FINGER"]["match"] == "MATCHED"


def test_what_is_wrong_in_a_gallery_is_an_error_of_that_one_alone() -> None:
    broken = left_index(bdb=[1, 2, 3])
    blank = segment("FINGER", INDEX, fir(np.full((400, 300), 255, np.uint8), 7))
    empty = record()
    found = decisions(record(left_index()), record(broken), record(blank), empty, record(left_index(5, 2)))
    assert [each["FINGER"]["match"] for each in found] == ["ERROR", "ERROR", "NOT_MATCHED", "MATCHED"]
    assert "no record of ISO/IEC 19794" in found[0]["FINGER"]["errors"][0]
    assert "poor quality" in found[1]["FINGER"]["errors"][0]


def test_of_a_gallery_only_what_may_match_is_made_a_template_of(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counted(sample: Sample, effort: Effort) -> Template:
        made.append(int(sample.position))
        return biocore.engine.extract(sample, effort)

    monkeypatch.setattr(biocore, "extract", counted)
    whole = record(
        left_index(5, 2), segment("FINGER", THUMB, finger(6, 1, 1)), segment("FINGER", None, finger(8, 1, 0))
    )
    decisions(record(left_index()), whole, whole)
    assert sorted(made) == [0, 7, 7]  # not the thumb, and nothing twice


def test_a_damaged_finger_of_the_sample_is_refused_and_a_poor_one_beside_a_good_one_is_named() -> None:
    torn = segment("FINGER", THUMB, finger(6, 1, 1)[:-500])
    blank = segment("FINGER", THUMB, fir(np.full((400, 300), 255, np.uint8), 1))
    asked = {"gallery": [record(left_index(5, 2))], "modalitiesToMatch": ["FINGER"]}
    assert ask.response("match", sample=record(left_index(), torn), **asked)["statusCode"] == 401
    (found,) = decisions(record(left_index(), blank), record(left_index(5, 2)))
    assert found["FINGER"]["match"] == "MATCHED"
    assert "poor quality - Right Thumb" in found["FINGER"]["errors"][0]


def test_a_modality_that_nothing_here_compares_is_an_error_and_the_others_are_decided() -> None:
    voice = segment("VOICE", None, b"\1\2\3")
    (found,) = decisions(record(left_index(), voice), record(left_index(5, 2), voice), kinds=("VOICE", "FINGER"))
    assert found["VOICE"] == {"match": "ERROR", "errors": ["Modality VOICE is not supported"], "analyticsInfo": {}}
    assert found["FINGER"]["match"] == "MATCHED"


def test_strict_decisions_say_no_more() -> None:
    (found,) = decisions(record(left_index()), record(left_index(5, 2)), strict=True)
    assert found == {"FINGER": {"match": "MATCHED", "errors": [], "analyticsInfo": {}}}


# -- extract-template -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", [TemplateFormat.FMR_2005, TemplateFormat.FMR_2011])
def test_a_template_keeps_what_its_segment_said_of_itself(layout: TemplateFormat) -> None:
    others = {"RETRIES": "2", "SDK_SCORE": "71.0"}
    came = left_index(others=others, sb=[1, 2, 3], purpose="VERIFY")
    made = Direct(Setting(layout=layout)).done("extract-template", sample=record(came), flags=None)
    (found,) = made["segments"]
    about, before = found["bdbInfo"], came["bdbInfo"]
    for name in ("index", "type", "subtype", "creationDate", "purpose", "encryption"):
        assert about[name] == before[name], name
    assert (about["level"], about["format"]) == ("PROCESSED", {"organization": "Mosip", "type": "2"})
    assert about["quality"]["algorithm"] == {"organization": "biocore", "type": "biocore.finger/1"}
    assert 50 < about["quality"]["score"] < 100
    assert about["featureExtractionAlgorithm"] == {"organization": "biocore", "type": "biocore.finger.fast/1"}
    assert found["others"] == others
    assert found["sb"] is None  # it was the picture's
    if layout is TemplateFormat.FMR_2005:
        (view,) = read_fmr(data(found)).views
        assert view.position == 7
    else:
        (item,) = read_fmr_2011(data(found)).representations
        assert item.qualities[0].score == about["quality"]["score"]
    (template,) = read_templates(data(found))
    assert len(template) > 25


def test_an_eye_becomes_a_cropped_picture_that_matches_the_whole_one() -> None:
    made = ask.done("extract-template", sample=record(left_eye()), modalitiesToExtract=["IRIS"], flags={})
    (found,) = made["segments"]
    (image,) = read_iir(data(found)).images
    assert image.kind is ImageKind.CROPPED
    assert found["bdbInfo"]["level"] == "INTERMEDIATE"
    assert found["bdbInfo"]["quality"]["algorithm"]["type"] == "biocore.iris/1"
    (same,) = decisions(made, record(left_eye(7, 2)), kinds=("IRIS",))
    assert same["IRIS"]["match"] == "MATCHED"
    again = ask.done("extract-template", sample=made, modalitiesToExtract=["IRIS"])
    assert data(again["segments"][0]) == data(found)  # cut already


def test_exceptions_are_handed_on_and_a_template_stays_what_it_is() -> None:
    gone = missing(["Left", "RingFinger"])
    made = ask.done("extract-template", sample=record(gone, left_index()), modalitiesToExtract=["FINGER"])
    first, second = made["segments"]
    assert (first["bdb"], first["others"]) == ([], {"EXCEPTION": "true"})
    again = ask.done("extract-template", sample=record(second), modalitiesToExtract=["FINGER"])
    assert len(read_templates(data(again["segments"][0]))[0]) == len(read_templates(data(second))[0])


def test_without_a_list_of_modalities_what_is_not_ours_is_left_out_and_that_is_said() -> None:
    sample = record(segment("VOICE", None, b"\1\2\3"), left_index())
    response = ask.response("extract-template", sample=sample, modalitiesToExtract=None)
    assert response["statusMessage"] == "OK - without 1 segments of modalities that are not supported"
    assert [one["bdbInfo"]["type"] for one in response["response"]["segments"]] == [["FINGER"]]


def test_a_modality_that_was_asked_for_and_is_not_there_is_named_and_the_others_are_worked_on() -> None:
    gone = segment("IRIS", ["Left"], b"", others={"EXCEPTION": "true"})
    for sample in (record(left_index()), record(left_index(), gone)):
        both = ["FINGER", "IRIS"]
        scores = ask.done("check-quality", sample=sample, modalitiesToCheck=both)["scores"]
        assert scores["IRIS"] == {"score": 0.0, "errors": ["The sample holds no IRIS"], "analyticsInfo": {}}
        assert scores["FINGER"]["score"] > 50
        (found,) = decisions(sample, record(left_index(5, 2), left_eye()), kinds=("FINGER", "IRIS"))
        assert found["FINGER"]["match"] == "MATCHED"
        assert found["IRIS"] == {"match": "ERROR", "errors": ["The sample holds no IRIS"], "analyticsInfo": {}}
        made = ask.response("extract-template", sample=sample, modalitiesToExtract=both)
        assert made["statusMessage"] == "OK - the sample holds no IRIS"
        assert made["response"]["segments"][0]["bdbInfo"]["level"] == "PROCESSED"


# -- segment --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "subtype", "place"),
    [
        (SlapKind.LEFT_FOUR, ["Left"], 0),
        (SlapKind.RIGHT_FOUR, None, None),
        (SlapKind.TWO_THUMBS, ["UNKNOWN"], None),
        (SlapKind.TWO_THUMBS, ["Thumb"], 0),
    ],
)
def test_a_slap_is_taken_apart_whether_the_subtype_or_the_record_names_it(
    kind: SlapKind, subtype: list[str] | None, place: int | None
) -> None:
    made = ask.done("segment", sample=record(segment("FINGER", subtype, slap(kind, place))), flags={})
    names = [tuple(one["bdbInfo"]["subtype"]) for one in made["segments"]]
    fingers = ("IndexFinger", "MiddleFinger", "RingFinger", "LittleFinger")
    expected = {
        SlapKind.RIGHT_FOUR: [("Right", each) for each in fingers],
        SlapKind.LEFT_FOUR: [("Left", each) for each in reversed(fingers)],
        SlapKind.TWO_THUMBS: [("Left", "Thumb"), ("Right", "Thumb")],
    }
    assert names == expected[kind]
    for one in made["segments"]:
        (image,) = read_fir(data(one)).images
        assert image.finger is not None
        assert image.finger.name.split("_")[0].capitalize() == one["bdbInfo"]["subtype"][0]
        assert image.qualities[0].score == one["bdbInfo"]["quality"]["score"]
    assert len({one["bdbInfo"]["index"] for one in made["segments"]}) == len(names)


def test_an_exception_says_which_finger_is_not_there_and_too_few_are_named() -> None:
    whole = segment("FINGER", ["Left"], slap())
    refused = ask.response("segment", sample=record(whole, missing(["Left", "RingFinger"])))
    assert refused["statusCode"] == 406
    assert "4 fingers found where 3 were expected" in refused["statusMessage"]
    every = [missing(["Left", f"{name}Finger"]) for name in ("Index", "Middle", "Ring", "Little")]
    assert ask.response("segment", sample=record(whole, *every))["statusCode"] == 401


def test_a_single_finger_and_an_eye_stay_what_they_are() -> None:
    made = ask.done("segment", sample=record(left_index(), left_eye()), modalitiesToSegment=["FINGER", "IRIS"])
    assert [data(one) for one in made["segments"]] == [finger(5), eye(7)]


# -- convert-format -------------------------------------------------------------------------------------------


def converted(source: str, target: str, came: Json) -> bytes:
    made = ask.done("convert-format", sample=record(came), sourceFormat=source, targetFormat=target, sourceParams=None)
    (found,) = made["segments"]
    assert found["bdbInfo"]["subtype"] == came["bdbInfo"]["subtype"]
    return data(found)


def test_pictures_come_out_of_records_unchanged_and_with_their_resolution() -> None:
    pixels = read_fir(finger(5)).images[0].pixels
    png = Image.open(io.BytesIO(converted("ISO19794_4_2011", "IMAGE/PNG", left_index())))
    assert np.array_equal(np.asarray(png), pixels)
    assert png.info["dpi"][0] == pytest.approx(500, abs=0.1)
    jpeg = Image.open(io.BytesIO(converted("ISO19794_4_2011", "IMAGE/JPEG", left_index())))
    assert (jpeg.format, jpeg.info["dpi"]) == ("JPEG", (500, 500))
    assert np.abs(np.asarray(jpeg).astype(int) - pixels).mean() < 3
    iris = Image.open(io.BytesIO(converted("iso19794_6_2011", "image/png", left_eye())))
    assert np.array_equal(np.asarray(iris), read_iir(eye(7)).images[0].pixels)


def test_records_become_records_of_other_editions_and_of_cbeff() -> None:
    older = converted("ISO19794_4_2011", "ISO19794_4_2005", left_index())
    back = converted("ISO19794_4_2005", "ISO19794_4_2011/PNG", left_index(bdb=list(older)))
    assert np.array_equal(read_fir(back).images[0].pixels, read_fir(finger(5)).images[0].pixels)
    assert read_fir(back).images[0].format.name == "PNG"
    (bir,) = read_cbeff(converted("ISO19794_4_2011", "CBEFF", left_index())).birs
    assert bir.subtype == ("Left", "IndexFinger")
    assert read_iir(converted("ISO19794_6_2011", "ISO19794_6_2011/PNG", left_eye())).images[0].format.name == "MONO_PNG"


def test_a_face_is_converted_and_nothing_else() -> None:
    face = segment("FACE", None, face_record())
    picture = Image.open(io.BytesIO(converted("ISO19794_5_2011", "IMAGE/PNG", face)))
    assert (picture.mode, picture.size) == ("RGB", (160, 120))
    assert converted("ISO19794_5_2011", "IMAGE/JPEG", face).startswith(b"\xff\xd8\xff")
    scores = ask.done("check-quality", sample=record(face), modalitiesToCheck=["FACE"])["scores"]
    assert scores["FACE"]["errors"] == ["Modality FACE is not supported"]
    (found,) = decisions(record(face), record(face), kinds=("FACE",))
    assert found["FACE"]["match"] == "ERROR"
    for method in ("extract-template", "segment"):
        refused = ask.response(method, sample=record(face))
        assert (refused["statusCode"], "FACE is not supported" in refused["statusMessage"]) == (401, True)


@pytest.mark.parametrize(
    ("source", "target", "status", "named"),
    [
        (None, "IMAGE/PNG", 402, "sourceFormat"),
        ("ISO19794_4_2011", None, 402, "targetFormat"),
        ("ISO19794_9_2011", "IMAGE/PNG", 401, "sourceFormat"),
        ("ISO19794_4_2011", "IMAGE/GIF", 401, "targetFormat"),
        ("ISO19794_4_2011", "ISO19794_6_2011", 401, "targetFormat"),
        ("ISO19794_6_2011", "IMAGE/PNG", 401, "is of IRIS"),
        ("ISO19794_4_2005", "IMAGE/PNG", 401, "not ISO19794_4_2005 but fir-2011"),
        ("ISO19794_4_2011", "ISO19794_2_2005", 401, "holds no minutiae"),
    ],
)
def test_what_cannot_be_converted_is_named(source: str | None, target: str | None, status: int, named: str) -> None:
    asked = {"sample": record(left_index()), "modalitiesToConvert": ["FINGER"]}
    response = ask.response("convert-format", **asked, sourceFormat=source, targetFormat=target)
    assert (response["statusCode"], response["response"]) == (status, None)
    assert named in response["statusMessage"]
