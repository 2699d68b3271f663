"""A BioSDK service put to the tests of MOSIP's compliance toolkit, one after the other, and what came of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from biocore.certify import Outcome
from biocore_bindings.ctk_exchange import Exchange, ask
from biocore_bindings.ctk_grading import Grading, graded
from biocore_bindings.ctk_sdk_cases import SDK_CASES, SOURCES, SdkCase, Step
from biocore_bindings.ctk_sdk_data import NoSamplesError, Sent, samples_of
from biocore_bindings.ctk_sdk_validators import Asked, judge_step, response_of
from biocore_bindings.ctk_sdk_wire import envelope, record_document, segments_of

PATIENCE = 30.0  # s for one answer; MOSIP's client sets no limit, a clerk at a desk does
PROBED = 5.0  # s to find out whether a service is a BioSDK
BASE = "/biosdk-service"  # the path of MOSIP's own service
FACULTIES = {
    "check-quality": "QUALITY_CHECK",
    "match": "MATCH",
    "extract-template": "EXTRACT",
    "convert-format": "CONVERT_FORMAT",
}
_WANTED = {"check-quality": "Check", "match": "Match", "extract-template": "Extract", "segment": "Segment"}
SWITCHED_OFF = "the toolkit's own definitions have this test switched off"


@dataclass
class SdkExaminer:
    """Asks one service.

    Attributes
    ----------
    url : str
        Of the service, with its path: http://127.0.0.1:9099/biosdk-service.
    folder : Path or None
        Test data in the place of the synthetic; see `ctk_sdk_data`.
    patience : float
        s for one answer.
    tell : callable
        Is told which test comes next.
    """

    url: str
    folder: Path | None = None
    patience: float = PATIENCE
    tell: Callable[[SdkCase], None] = lambda case: None
    _begun: Exchange | None = None

    def grade(self, names: Iterable[str] = SDK_CASES) -> Grading:
        """Run tests by name, in order."""
        grading = Grading(self.url, "BioSDK service")
        grading.facts.update(self._told())
        for name in names:
            case = SDK_CASES[name]
            self.tell(case)
            seconds, remarks = [0.0], [SWITCHED_OFF] if case.switched_off else []
            try:
                faults = self._faults(case, seconds, remarks)
            except NoSamplesError as reason:
                grading.results.append(graded(case.name, case.title, Outcome.NOT_TRIED, 0.0, [], [str(reason)]))
                continue
            outcome = Outcome.FAILED if faults else Outcome.PASSED
            grading.results.append(graded(case.name, case.title, outcome, sum(seconds), faults, remarks))
        return grading

    def init(self) -> Exchange:
        """Return what the service said of itself; it is asked once."""
        if self._begun is None:
            self._begun = self._ask("init", {"initParams": {}})
        return self._begun

    def _faults(self, case: SdkCase, seconds: list[float], remarks: list[str]) -> list[str]:
        """Run one test and return what is wrong.

        Raises
        ------
        NoSamplesError
            It cannot be run; says why.
        """
        if case.steps[0].method == "init":
            exchange = self.init()
            seconds.append(exchange.seconds)
            return judge_step(exchange, Asked(case, case.steps[0], Sent(()), remarks))
        self._must_be_offered(case)
        sent = samples_of(case, self.folder)
        faults: list[str] = []
        answer: Any = None
        for number, step in enumerate(case.steps):
            if number:
                sent = Sent(sent.second, (tuple(sent.probe),), sent.mated)
            exchange = self._ask(step.method, request_of(case, step, sent, answer))
            seconds.append(exchange.seconds)
            asked = Asked(case, step, sent, remarks)
            faults += judge_step(exchange, asked)
            if faults:
                break  # the next step would be about what this one did not give
            answer = exchange.answer
        return faults

    def _must_be_offered(self, case: SdkCase) -> None:
        """Refuse what the service says that it does not do.

        Raises
        ------
        NoSamplesError
        """
        exchange = self.init()
        if exchange.answer is None:
            raise NoSamplesError(f"init was not answered: {exchange.fault}")
        told = response_of(exchange.answer)
        methods = told.get("supportedMethods")
        for step in case.steps:
            offered: Any = told.get("supportedModalities")
            if step.method in FACULTIES and isinstance(methods, dict):
                offered = methods.get(FACULTIES[step.method])
            if not isinstance(offered, list):
                continue  # init's own test has said so
            for modality in case.modalities:
                if modality.upper() not in offered:
                    raise NoSamplesError(f"the service does not offer {modality.upper()} for {step.method}")

    def _told(self) -> dict[str, str]:
        """Say what the service is, in its own words."""
        told = response_of(self.init().answer)
        owner = told.get("productOwner")
        facts = {
            "Version": f"{told.get('sdkVersion')}, interface {told.get('apiVersion')}",
            "Owner": " ".join(str(value) for value in owner.values()) if isinstance(owner, dict) else "",
            "Offers": ", ".join(str(one) for one in offered)
            if isinstance(offered := told.get("supportedModalities"), list)
            else "",
            "Samples": str(self.folder) if self.folder else "synthetic prints and eyes",
        }
        return {name: value for name, value in facts.items() if told and value}

    def _ask(self, method: str, request: dict[str, Any]) -> Exchange:
        return ask(self.url, "POST", f"/{method}", envelope(request), self.patience)


def request_of(case: SdkCase, step: Step, sent: Sent, before: Any) -> dict[str, Any]:
    """Return what is inside of a request's envelope.

    Parameters
    ----------
    case : SdkCase
    step : Step
    sent : Sent
    before : object
        The answer to the step before: its records are the gallery, word for word as they came. None in a first step.
    """
    wanted = [modality.upper() for modality in case.modalities]
    request: dict[str, Any] = {"sample": record_document(sent.probe)}
    if step.method == "convert-format":
        about = {"sourceFormat": SOURCES[case.modalities[0]], "targetFormat": case.target}
        return request | about | {"sourceParams": None, "targetParams": None, "modalitiesToConvert": wanted}
    if step.method == "match":
        gallery = [record_document(birs) for birs in sent.galleries]
        if before is not None:
            came = segments_of(response_of(before).get("response"))
            gallery = [record_document(()) | {"segments": [dict(segment.document) for segment in came]}]
        request["gallery"] = gallery
    return request | {f"modalitiesTo{_WANTED[step.method]}": wanted, "flags": None}


def biosdk_at(url: str) -> str | None:
    """Return the address of the BioSDK service at a URL; None where what is there is none.

    A URL with a path is that of a BioSDK: an SBI device has none. Without one, `init` is asked for where MOSIP's own
    service has it.
    """
    if urlsplit(url).path.strip("/"):
        return url
    there = url.rstrip("/") + BASE
    exchange = ask(there, "POST", "/init", envelope({"initParams": {}}), PROBED)
    return there if isinstance(response_of(exchange.answer).get("apiVersion"), str) else None
