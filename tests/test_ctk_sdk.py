"""A right BioSDK service passes the toolkit's tests, and each planted fault fails the tests it must and no other."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest

from biocore.certify import Outcome
from biocore.formats.cbeff import Bir, write_cbeff
from biocore.formats.face_image import read_fac
from biocore.types import FingerPosition
from biocore_bindings.ctk_grading import Grading
from biocore_bindings.ctk_sdk_cases import SDK_CASES
from biocore_bindings.ctk_sdk_data import finger, samples_of
from biocore_bindings.ctk_sdk_run import SWITCHED_OFF, SdkExaminer
from biocore_bindings.ctk_sdk_wire import unsigned
from biosdk_stub import FAULTS, BioSdkStub, changed_record, parts_of, pictured, records
from ctk_device import portrait_record

PANELS = {
    "init": "SDK2000",
    "check-quality": "SDK2005 SDK2006 SDK2007 SDK2008 SDK2010",
    "match": "SDK2021 SDK2022 SDK2023 SDK2024 SDK2025 SDK2027 SDK2029",
    "extract-template": "SDK2038 SDK2040 SDK2041 SDK2044 SDK2047",
    "segment": "SDK2056 SDK2058 SDK2059",
    "convert-format": "SDK2069 SDK2070 SDK2071 SDK2073",
}
METHODS = ("QUALITY_CHECK", "EXTRACT", "MATCH", "CONVERT_FORMAT")
GOOD, EXTRACTED, SEGMENTED, AS_PNG = {"SDK2006"}, {"SDK2038"}, {"SDK2056"}, {"SDK2070"}
EXPECTED: dict[str, tuple[set[str], str]] = {
    "no quality score": ({"SDK2000"}, "supportedMethods has no QUALITY_CHECK"),
    "init says more": ({"SDK2000"}, "otherInfo has 'more'"),
    "wrong status": (GOOD, "QualityCheckValidator: statusCode is 500 (OK); 200 to 299"),
    "low score": (GOOD, "the good finger's score is 20 and must be 60 or more"),
    "score out of range": (GOOD, "the finger's score is 140.0; 0 to 100 exist"),
    "score as text": (GOOD, "scores.FINGER.score is '79' and must be number"),
    "no finger's score": (GOOD, "there is no score of the finger"),
    "missing field": (GOOD, "SchemaValidator: the answer.response.response has no analyticsInfo"),
    "analytics": (GOOD, "analyticsInfo has 'cause', which the rules do not know"),
    "errors null": (GOOD, "SchemaValidator: the answer.errors is null and must be list"),
    "poor taken for good": ({"SDK2005"}, "the poor finger's score is 80 and must be below 60"),
    "garbage assessed": ({"SDK2007"}, "statusCode is 200 (refused) and must be 401 or 403"),
    "nothing assessed": ({"SDK2008"}, "statusCode is 401 (refused) and must be 404"),
    "slow": (GOOD, "no answer within 1 s"),
    "html": (GOOD, "the answer is no JSON"),
    "truncated": (GOOD, "cut off after"),
    "http 500": (GOOD, "HTTP 500"),
    "false match": ({"SDK2021"}, "gallery 0, finger: 'MATCHED' and must be NOT_MATCHED"),
    "false non-match": ({"SDK2022"}, "gallery 0, finger: 'NOT_MATCHED' and must be MATCHED"),
    "another word": ({"SDK2022"}, "'YES' and must be MATCHED"),
    "another index": ({"SDK2022"}, "galleryIndex 1 is decided on; there are 0 to 0"),
    "decision forgotten": ({"SDK2025"}, "gallery 10, finger, is not decided on"),
    "decided twice": ({"SDK2025"}, "gallery 3, finger, is decided on twice"),
    "one more match": ({"SDK2025"}, "gallery 2, finger: 'MATCHED' and must be NOT_MATCHED"),
    "another modality compared": ({"SDK2027"}, "statusCode is 200 (refused) and must be 401 or 405"),
    "unsigned bytes": (EXTRACTED, "is 200; bytes are signed here, -128 to 127"),
    "damaged template": (EXTRACTED, "ExtractTemplateValidator: [0] its template cannot be read"),
    "no minutiae": (EXTRACTED, "its template has no minutiae"),
    "no template": (EXTRACTED, "[0] has no data: it is empty"),
    "no templates": (EXTRACTED, "the answer has no record; Left IndexFinger, Right Thumb was sent"),
    "template of another finger": (EXTRACTED, "[1] is FINGER of Right Thumb once more"),
    "date as text": (EXTRACTED, "bdbInfo.creationDate is '2026-01-31' and must be object"),
    "garbage extracted": ({"SDK2044"}, "statusCode is 200 (refused) and must be 401 or 403"),
    "poor not extracted": ({"SDK2041"}, "statusCode is 406 (OK); 200 to 299"),
    "empty segments": (SEGMENTED, "the answer has no record"),
    "wrong finger name": (SEGMENTED, "[0] is FINGER of Left Thumb; Left IndexFinger, Right Thumb was sent"),
    "names exchanged": (SEGMENTED, "[0] its record is of right thumb, and it says Left IndexFinger"),
    "segment that is no record": (SEGMENTED, "its data begin with b'noth'"),
    "another pixel": (AS_PNG, "1 of 120000 px differ from the record's, by up to 1 of 255"),
    "a row less": (AS_PNG, "its picture has 300x399 px; the record's has 300x400"),
    "jpeg for png": (AS_PNG, "it begins with ff d8 ff e0; IMAGE/PNG begins with 89 50 4e 47"),
    "png cut off": (AS_PNG, "its picture cannot be decoded"),
    "dark jpeg": ({"SDK2069"}, "grey levels off the record's on average"),
    "picture forgotten": (AS_PNG, "Right Thumb was sent and did not come back"),
}


@functools.cache
def right() -> Grading:
    """Return what comes of a right service, once."""
    with BioSdkStub() as stub:
        return SdkExaminer(stub.url).grade()


def failing(grading: Grading) -> set[str]:
    return {result.name for result in grading.results if result.outcome is Outcome.FAILED}


def test_a_right_service_passes_every_test_that_can_be_run() -> None:
    grading = right()
    assert failing(grading) == set(), [result for result in grading.results if result.outcome is Outcome.FAILED]
    assert [result.name for result in grading.results] == list(SDK_CASES)
    unrun = {result.name: result.remark for result in grading.results if result.outcome is Outcome.NOT_TRIED}
    assert set(unrun) == {name for name, case in SDK_CASES.items() if "face" in case.modalities} - {"SDK2000"}
    assert all("the service does not offer FACE for" in reason for reason in unrun.values())
    assert grading.count(Outcome.PASSED) == 48
    assert grading.facts["Owner"] == "biocore stub"


def test_what_the_toolkit_has_switched_off_is_run_and_said_to_be() -> None:
    said = {result.name for result in right().results if SWITCHED_OFF in result.remark}
    passed = {result.name for result in right().results if result.outcome is Outcome.PASSED}
    assert said == {name for name, case in SDK_CASES.items() if case.switched_off} & passed
    assert len(said) == 8


@pytest.mark.parametrize("fault", EXPECTED)
def test_each_fault_fails_the_tests_it_must_and_no_other(fault: str) -> None:
    expected, words = EXPECTED[fault]
    with BioSdkStub(fault) as stub:
        examiner = SdkExaminer(stub.url, patience=1.0 if fault == "slow" else 20.0)
        grading = examiner.grade(PANELS[FAULTS[fault][0]].split())
    assert failing(grading) == expected, [result.remark for result in grading.results if result.faults]
    assert all(words in result.remark for result in grading.results if result.name in expected), grading.results
    assert all(result.outcome is not Outcome.NOT_TRIED for result in grading.results)


def test_every_planted_fault_is_expected_to_fail_something() -> None:
    assert set(FAULTS) == set(EXPECTED)
    assert all(names for names, _ in EXPECTED.values())


def test_faults_come_with_what_was_expected_and_what_to_do() -> None:
    with BioSdkStub("wrong status") as stub:
        (result,) = SdkExaminer(stub.url).grade(["SDK2006"]).results
    (fault,) = result.faults
    assert fault.validator == "QualityCheckValidator"
    assert fault.came.startswith("statusCode is 500")
    assert "score 60 of 100" in fault.expected
    assert fault.do.startswith("Measure the picture")


def test_a_template_is_compared_as_it_came() -> None:
    with BioSdkStub() as stub:
        grading = SdkExaminer(stub.url).grade(["SDK2050", "SDK2053"])
        compared = [request for method, request in stub.requests if method == "match"]
    assert {result.outcome for result in grading.results} == {Outcome.PASSED}
    for request in compared:
        (reference,) = request["gallery"]
        assert bytes(number & 0xFF for number in reference["segments"][0]["bdb"])[:4] == b"FMR\0"
        assert bytes(number & 0xFF for number in request["sample"]["segments"][0]["bdb"])[:4] == b"FIR\0"


def test_data_of_a_folder_take_the_place_of_the_synthetic(tmp_path: Path) -> None:
    home = tmp_path / "MATCHER" / "SDK2022"
    home.mkdir(parents=True)
    thumb, stranger = finger(FingerPosition.LEFT_THUMB), finger(FingerPosition.LEFT_THUMB, 1, 12)
    (home / "probe.xml").write_bytes(write_cbeff([thumb]))
    (home / "gallery1.xml").write_bytes(write_cbeff([stranger]))
    with BioSdkStub() as stub:
        grading = SdkExaminer(stub.url, folder=tmp_path).grade(["SDK2021", "SDK2022"])
        sent = [request["sample"]["segments"][0]["bdbInfo"]["subtype"] for method, request in stub.requests[1:]]
    assert sent == [["Left", "IndexFinger"], ["Left", "Thumb"]]
    assert failing(grading) == {"SDK2022"}  # the folder says that these are one person
    assert samples_of(SDK_CASES["SDK2022"], tmp_path).probe[0].bdb == thumb.bdb


def test_a_service_that_is_not_there_fails_init_and_nothing_else_is_run() -> None:
    with BioSdkStub() as stub:
        pass
    grading = SdkExaminer(stub.url).grade(["SDK2000", "SDK2006"])
    assert [result.outcome for result in grading.results] == [Outcome.FAILED, Outcome.NOT_TRIED]
    assert "init was not answered" in grading.results[1].remark
    assert not grading.passed


def test_faces_are_not_run_without_pictures_of_them_where_they_are_offered() -> None:
    with FaceService() as stub:
        grading = SdkExaminer(stub.url).grade(["SDK2001", "SDK2004", "SDK2014"])
    reasons = {result.name: (result.outcome, result.remark) for result in grading.results}
    assert reasons["SDK2004"] == (Outcome.PASSED, "")  # a face without data needs no picture of one
    for name in ("SDK2001", "SDK2014"):
        assert reasons[name][0] is Outcome.NOT_TRIED
        assert "needs pictures of faces" in reasons[name][1]


class FaceService(BioSdkStub):
    """The service with faces: all of them score 50, and a record's picture is converted in its colours."""

    def told(self) -> dict[str, Any]:
        offered = ["FINGER", "IRIS", "FACE"]
        told = super().told()
        return told | {"supportedModalities": offered, "supportedMethods": dict.fromkeys(METHODS, offered)}

    def quality(self, request: dict[str, Any]) -> Any:
        scores: dict[str, Any] = {}
        if others := [one for one in request["modalitiesToCheck"] if one != "FACE"]:
            scores = super().quality(request | {"modalitiesToCheck": others})["scores"]
        if "FACE" in request["modalitiesToCheck"] and parts_of(request["sample"], ["FACE"]):
            scores["FACE"] = {"score": 50.0, "errors": [], "analyticsInfo": {}}
        return {"scores": scores, "analyticsInfo": {}}

    def convert(self, request: dict[str, Any]) -> Any:
        (segment,) = request["sample"]["segments"]
        colour = read_fac(unsigned(segment["bdb"])).images[0].decode()[1]
        picture = pictured(colour, request["targetFormat"].removeprefix("IMAGE/"))
        return records([changed_record(segment, picture, subtype=None) | {"others": {}}])


def test_faces_of_a_folder_are_sent_judged_and_converted(tmp_path: Path) -> None:
    face = Bir("Face", (), portrait_record(), format=("Mosip", "8"))
    for name in ("SDK2001", "SDK2002", "SDK2013", "SDK2065", "SDK2066"):
        home = tmp_path / "any" / name
        home.mkdir(parents=True)
        sent = [face, finger(FingerPosition.LEFT_INDEX)] if name == "SDK2013" else [face]
        (home / "probe.xml").write_bytes(write_cbeff(sent))
    with FaceService() as stub:
        names = ["SDK2001", "SDK2002", "SDK2013", "SDK2014", "SDK2065", "SDK2066"]
        grading = SdkExaminer(stub.url, folder=tmp_path).grade(names)
    found = {result.name: (result.outcome.value, result.remark) for result in grading.results}
    assert found["SDK2001"] == ("passed", "face 50")
    assert found["SDK2002"][0] == "failed"
    assert "the poor face's score is 50 and must be below 30" in found["SDK2002"][1]
    assert found["SDK2013"] == ("passed", "face 50; finger 76")
    assert found["SDK2014"][0] == "not tried"
    assert "has no SDK2014/probe.xml" in found["SDK2014"][1]
    assert found["SDK2065"] == found["SDK2066"] == ("passed", "")
