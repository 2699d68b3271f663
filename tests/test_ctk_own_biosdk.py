"""The project's own BioSDK service, graded whole: it passes every test of MOSIP's toolkit that can be run."""

from __future__ import annotations

import pytest

from biocore.certify import Outcome
from biocore_bindings.ctk_sdk_cases import SDK_CASES
from biocore_bindings.ctk_sdk_run import SdkExaminer

biosdk_calls = pytest.importorskip("biocore_bindings.biosdk_calls", reason="this build has no BioSDK service")
biosdk_service = pytest.importorskip("biocore_bindings.biosdk_service", reason="this build has no BioSDK service")
FACES = {name for name, case in SDK_CASES.items() if "face" in case.modalities} - {"SDK2000"}


def test_our_own_service_passes_every_test_that_can_be_run() -> None:
    with biosdk_service.BioSdkService(biosdk_calls.Setting(strict=True)) as service:
        grading = SdkExaminer(service.url).grade()
    remarks = {result.name: result.remark for result in grading.results if result.outcome is Outcome.FAILED}
    assert remarks == {}
    unrun = {result.name: result.remark for result in grading.results if result.outcome is Outcome.NOT_TRIED}
    assert set(unrun) <= FACES, unrun
    assert all("FACE" in reason or "pictures of faces" in reason for reason in unrun.values())
    assert grading.count(Outcome.PASSED) >= len(SDK_CASES) - len(FACES)


def test_what_it_says_beyond_the_toolkits_schemas_is_found_unless_it_is_strict() -> None:
    with biosdk_service.BioSdkService(biosdk_calls.Setting(strict=False)) as service:
        grading = SdkExaminer(service.url).grade(["SDK2005", "SDK2007"])
    outcomes = {result.name: result.outcome for result in grading.results}
    assert outcomes == {"SDK2005": Outcome.FAILED, "SDK2007": Outcome.PASSED}
    assert "analyticsInfo has" in grading.results[0].remark
