"""A BioSDK service that passes the tests of MOSIP's toolkit, and one planted fault at a time.

It is the smallest service that answers rightly: the engine behind http.server, with no faces. `plant` names what goes
wrong; a fault befalls one kind of request, so that a test can see that all else is judged right.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import io
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import numpy as np
from PIL import Image

import biocore
from biocore.errors import BiocoreError
from biocore.formats.cbeff import position_of
from biocore.formats.finger_image import read_fir
from biocore.formats.finger_templates import read_templates, write_templates
from biocore.formats.iris_image import read_iir
from biocore.types import FingerTemplate, Frame, Modality, Sample, Template
from biocore_bindings.ctk_sdk_wire import signed, unsigned

PATH = "/biosdk-service"
LEAST_MATCH = 40.0  # -10 log10(FMR)
VERSION = {"major": 1, "minor": 1}


class RefusedError(Exception):
    """With its status code."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


@functools.cache
def sample_of(kind: str, data: bytes, subtype: str) -> Sample:
    """Return the picture in a record."""
    position = position_of(kind, (subtype,))
    if position is None:
        raise RefusedError(402)
    try:
        if kind == "FINGER":
            image = read_fir(data).images[0]
            return Sample(Frame(image.pixels, image.ppi, "request"), Modality.FINGER, position)
        return Sample(Frame(read_iir(data).images[0].pixels, source="request"), Modality.IRIS, position)
    except BiocoreError:
        raise RefusedError(401) from None


@functools.cache
def template_of(kind: str, data: bytes, subtype: str) -> Template:
    if kind == "FINGER" and data.startswith(b"FMR"):
        return read_templates(data)[0]
    return biocore.extract(sample_of(kind, data, subtype))


@functools.cache
def score_of(kind: str, data: bytes, subtype: str) -> int:
    return biocore.assess(sample_of(kind, data, subtype)).score or 0


def parts_of(record: Any, wanted: list[str]) -> list[tuple[str, bytes, str, dict[str, Any]]]:
    """Return kind, data, subtype and document of what was sent."""
    found = []
    for segment in record["segments"]:
        about = segment["bdbInfo"]
        kind, data = about["type"][0], unsigned(segment["bdb"])
        if kind not in wanted:
            continue
        if not data:
            raise RefusedError(404)
        found.append((kind, data, "".join(about["subtype"]), segment))
    if not found:
        raise RefusedError(404)
    return found


class BioSdkStub:
    """The service; use it as a context manager.

    Attributes
    ----------
    plant : str
        What goes wrong.
    requests : list of (str, dict)
        Method and inner document of each request.
    """

    def __init__(self, plant: str = "") -> None:
        self.plant = plant
        self.requests: list[tuple[str, dict[str, Any]]] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                stub.answer(self, self.path.removeprefix(f"{PATH}/"), outer)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}{PATH}"

    def __enter__(self) -> BioSdkStub:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, handler: BaseHTTPRequestHandler, method: str, outer: dict[str, str]) -> None:
        """Answer one request, rightly or with the planted fault."""
        request = json.loads(base64.b64decode(outer["request"], validate=True))
        assert outer["version"] == "1.0"
        self.requests.append((method, request))
        document = self.document(method, request)
        change = FAULTS.get(self.plant)
        body, code = json.dumps(document).encode(), 200
        if change is not None and change[0] == method and change[1](request):
            changed = change[2](document)
            document = document if changed is None else changed
            body = json.dumps(document).encode()
            if self.plant == "slow":
                time.sleep(1.5)
            if self.plant == "html":
                body = b"<html><body>Whitelabel Error Page</body></html>"
            code = 500 if self.plant == "http 500" else 200
            if self.plant == "truncated":
                handler.send_response(200)
                handler.send_header("Content-Length", str(len(body)))
                handler.end_headers()
                handler.wfile.write(body[: len(body) // 2])
                return
        handler.send_response(code)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def document(self, method: str, request: dict[str, Any]) -> dict[str, Any]:
        """Return the right answer."""
        work: dict[str, Callable[[dict[str, Any]], Any]] = {
            "check-quality": self.quality,
            "match": self.match,
            "extract-template": self.extract,
            "segment": self.segment,
            "convert-format": self.convert,
        }
        if method == "init":
            response: Any = self.told()
        else:
            try:
                response = {"statusCode": 200, "statusMessage": "OK", "response": work[method](request)}
            except RefusedError as refused:
                code = 405 if refused.code == 401 and method == "match" else refused.code
                response = {"statusCode": code, "statusMessage": "refused", "response": None}
        return {"version": "1.0", "responsetime": "2026-01-31T12:00:00.000Z", "response": response, "errors": []}

    def told(self) -> dict[str, Any]:
        """Return the answer to init."""
        offered = ["FINGER", "IRIS"]
        return {
            "apiVersion": "0.9",
            "sdkVersion": "1",
            "supportedModalities": offered,
            "supportedMethods": dict.fromkeys(("QUALITY_CHECK", "EXTRACT", "MATCH", "CONVERT_FORMAT"), offered),
            "otherInfo": {},
            "productOwner": {"organization": "biocore", "type": "stub"},
        }

    def quality(self, request: dict[str, Any]) -> Any:
        """Answer check-quality."""
        scores = {
            kind: {"score": float(score_of(kind, data, subtype)), "errors": [], "analyticsInfo": {}}
            for kind, data, subtype, _ in parts_of(request["sample"], request["modalitiesToCheck"])
        }
        return {"scores": scores, "analyticsInfo": {}}

    def match(self, request: dict[str, Any]) -> Any:
        """Answer match."""
        wanted = request["modalitiesToMatch"]
        probe = parts_of(request["sample"], wanted)
        found = []
        for index, reference in enumerate(request["gallery"]):
            decisions = {}
            for kind, data, subtype, _ in parts_of(reference, wanted):
                score = max(
                    biocore.compare(template_of(kind, mine, name), template_of(kind, data, subtype)).score
                    for other, mine, name, _ in probe
                    if other == kind
                )
                same = subtype in {name for other, _, name, _ in probe if other == kind}
                word = "MATCHED" if score >= LEAST_MATCH and same else "NOT_MATCHED"
                decisions[kind] = {"match": word, "errors": [], "analyticsInfo": {}}
            found.append({"galleryIndex": index, "decisions": decisions, "analyticsInfo": {}})
        return found

    def extract(self, request: dict[str, Any]) -> Any:
        """Answer extract-template: minutiae of a finger, the picture of an eye."""
        found = []
        for kind, data, subtype, segment in parts_of(request["sample"], request["modalitiesToExtract"]):
            made = template_of(kind, data, subtype)
            template = write_templates([made]) if isinstance(made, FingerTemplate) else data
            found.append(changed_record(segment, template, level="PROCESSED") | {"others": {}, "birs": None})
        return records(found)

    def segment(self, request: dict[str, Any]) -> Any:
        """Answer segment: the picture again, as each holds one finger or eye."""
        found = []
        for kind, data, subtype, segment in parts_of(request["sample"], request["modalitiesToSegment"]):
            sample_of(kind, data, subtype)
            about = segment["bdbInfo"]
            quality = {name: about["quality"][name] for name in ("algorithm", "score")}
            kept = {name: about[name] for name in ("format", "creationDate", "type", "level", "purpose")}
            entry = changed_record(segment, data)
            found.append(entry | {"bdbInfo": kept | {"subtype": [" ".join(about["subtype"])], "quality": quality}})
        return records(found)

    def convert(self, request: dict[str, Any]) -> Any:
        """Answer convert-format."""
        form = request["targetFormat"].removeprefix("IMAGE/")
        found = []
        for kind, data, subtype, segment in parts_of(request["sample"], request["modalitiesToConvert"]):
            picture = pictured(np.asarray(sample_of(kind, data, subtype).pixels), form)
            found.append(changed_record(segment, picture) | {"others": {}})
        return records(found)


def pictured(pixels: Any, form: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, form)
    return stream.getvalue()


def changed_record(segment: dict[str, Any], data: bytes, **about: Any) -> dict[str, Any]:
    """Return a record as it was sent, with other data."""
    info = {name: value for name, value in segment["birInfo"].items() if name != "payload"}
    info["payload"] = []
    kept = {name: segment[name] for name in ("version", "cbeffversion", "sbInfo")}
    return kept | {"birInfo": info, "bdbInfo": segment["bdbInfo"] | about, "bdb": signed(data), "sb": None}


def records(segments: list[dict[str, Any]]) -> dict[str, Any]:
    head = {"version": VERSION, "cbeffversion": VERSION, "birInfo": {"integrity": False}}
    return head | {"segments": segments, "others": {}}


# -- faults ---------------------------------------------------------------------------------------------------


def _good_finger(request: dict[str, Any]) -> bool:
    """Say whether a request is about a good picture of a finger."""
    (first, *_) = request["sample"]["segments"]
    kind, data = first["bdbInfo"]["type"][0], unsigned(first["bdb"])
    if kind != "FINGER" or not data.startswith(b"FIR"):
        return False
    return score_of(kind, data, "".join(first["bdbInfo"]["subtype"])) >= 60


def _poor_finger(request: dict[str, Any]) -> bool:
    (first, *_) = request["sample"]["segments"]
    data = unsigned(first["bdb"])
    return first["bdbInfo"]["type"] == ["FINGER"] and data.startswith(b"FIR") and not _good_finger(request)


def _beginning(kind: str, data: bytes) -> Callable[[dict[str, Any]], bool]:
    def check(request: dict[str, Any]) -> bool:
        first = request["sample"]["segments"][0]
        found = unsigned(first["bdb"])
        return first["bdbInfo"]["type"] == [kind] and (found.startswith(data) if data else not found)

    return check


def _galleries(count: int, mated: bool | None = None) -> Callable[[dict[str, Any]], bool]:
    """Return what finds comparisons of a finger with so many references of its subtype, mated or not."""

    def check(request: dict[str, Any]) -> bool:
        if not _good_finger(request) or len(request["gallery"]) != count or mated is None:
            return _good_finger(request) and len(request["gallery"]) == count
        reference = request["gallery"][0]["segments"][0]
        sample = request["sample"]["segments"][0]
        if reference["bdbInfo"]["subtype"] != sample["bdbInfo"]["subtype"] or "PROCESSED" in str(reference["bdbInfo"]):
            return False
        one, other = (template_of("FINGER", unsigned(part["bdb"]), "LeftIndexFinger") for part in (sample, reference))
        return (biocore.compare(one, other).score >= LEAST_MATCH) is mated

    return check


def _target(form: str) -> Callable[[dict[str, Any]], bool]:
    return lambda request: request["targetFormat"] == f"IMAGE/{form}" and _good_finger(request)


def _any(_: dict[str, Any]) -> bool:
    return True


def _set(*path: Any, to: Any = None) -> Callable[[dict[str, Any]], None]:
    """Return what sets a member of the inner response, found by its names; callables are given what was there."""

    def change(document: dict[str, Any]) -> None:
        at: Any = document["response"]
        for name in path[:-1]:
            at = at[name]
        if to is _GONE:
            del at[path[-1]]
        else:
            at[path[-1]] = to(at[path[-1]]) if callable(to) else to

    return change


_GONE = object()
_FIRST = ("response", "segments", 0)


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[list[int]], list[int]]:
    return lambda numbers: signed(change(unsigned(numbers)))


def _no_minutiae(data: bytes) -> bytes:
    (template,) = read_templates(data)
    names = ("points", "directions", "kinds", "qualities")
    return write_templates([dataclasses.replace(template, **{name: getattr(template, name)[:0] for name in names})])


def _brighter(data: bytes) -> bytes:
    pixels = np.asarray(Image.open(io.BytesIO(data))).copy()
    pixels[5, 7] ^= 1
    return pictured(pixels, "PNG")


def _smaller(data: bytes) -> bytes:
    return pictured(np.asarray(Image.open(io.BytesIO(data)))[:-1], "PNG")


def _darker(data: bytes) -> bytes:
    pixels = np.asarray(Image.open(io.BytesIO(data)))
    return pictured((pixels // 2).astype(np.uint8), "JPEG")


def _as_jpeg(data: bytes) -> bytes:
    return pictured(np.asarray(Image.open(io.BytesIO(data))), "JPEG")


_EXTRACTING = _good_finger
_STATUS, _SCORE = "statusCode", ("response", "scores", "FINGER", "score")
# Fault: the method it befalls, which of its requests, and what it does to the answer.
FAULTS: dict[str, tuple[str, Callable[[dict[str, Any]], bool], Callable[[dict[str, Any]], Any]]] = {
    "no quality score": ("init", _any, _set("supportedMethods", "QUALITY_CHECK", to=_GONE)),
    "init says more": ("init", _any, _set("otherInfo", to={"more": "x"})),
    "wrong status": ("check-quality", _good_finger, _set(_STATUS, to=500)),
    "low score": ("check-quality", _good_finger, _set(*_SCORE, to=20.0)),
    "score out of range": ("check-quality", _good_finger, _set(*_SCORE, to=140.0)),
    "score as text": ("check-quality", _good_finger, _set(*_SCORE, to="79")),
    "no finger's score": ("check-quality", _good_finger, _set(*_SCORE[:-1], to=_GONE)),
    "missing field": ("check-quality", _good_finger, _set("response", "analyticsInfo", to=_GONE)),
    "analytics": ("check-quality", _good_finger, _set("response", "analyticsInfo", to={"cause": "dry"})),
    "errors null": ("check-quality", _good_finger, lambda document: document | {"errors": None}),
    "poor taken for good": ("check-quality", _poor_finger, _set(*_SCORE, to=80.0)),
    "garbage assessed": ("check-quality", _beginning("FINGER", b"This"), _set(_STATUS, to=200)),
    "nothing assessed": ("check-quality", _beginning("FINGER", b""), _set(_STATUS, to=401)),
    "slow": ("check-quality", _good_finger, lambda document: document),
    "html": ("check-quality", _good_finger, lambda document: document),
    "truncated": ("check-quality", _good_finger, lambda document: document),
    "http 500": ("check-quality", _good_finger, lambda document: document),
    "false match": (
        "match",
        _galleries(1, mated=False),
        _set("response", 0, "decisions", "FINGER", "match", to="MATCHED"),
    ),
    "false non-match": (
        "match",
        _galleries(1, mated=True),
        _set("response", 0, "decisions", "FINGER", "match", to="NOT_MATCHED"),
    ),
    "another word": (
        "match",
        _galleries(1, mated=True),
        _set("response", 0, "decisions", "FINGER", "match", to="YES"),
    ),
    "another index": ("match", _galleries(1, mated=True), _set("response", 0, "galleryIndex", to=1)),
    "decision forgotten": ("match", _galleries(11), _set("response", to=lambda found: found[:10])),
    "decided twice": ("match", _galleries(11), _set("response", to=lambda found: [*found, found[3]])),
    "one more match": ("match", _galleries(11), _set("response", 2, "decisions", "FINGER", "match", to="MATCHED")),
    "another modality compared": ("match", _beginning("FINGER", b"FAC"), _set(_STATUS, to=200)),
    "unsigned bytes": ("extract-template", _EXTRACTING, _set(*_FIRST, "bdb", to=lambda data: [*data[:-1], 200])),
    "damaged template": ("extract-template", _EXTRACTING, _set(*_FIRST, "bdb", to=_bytes(lambda data: data[:-9]))),
    "no minutiae": ("extract-template", _EXTRACTING, _set(*_FIRST, "bdb", to=_bytes(_no_minutiae))),
    "no template": ("extract-template", _EXTRACTING, _set(*_FIRST, "bdb", to=[])),
    "no templates": ("extract-template", _EXTRACTING, _set("response", "segments", to=[])),
    "template of another finger": (
        "extract-template",
        _EXTRACTING,
        _set(*_FIRST, "bdbInfo", "subtype", to=["Right", "Thumb"]),
    ),
    "date as text": ("extract-template", _EXTRACTING, _set(*_FIRST, "bdbInfo", "creationDate", to="2026-01-31")),
    "garbage extracted": ("extract-template", _beginning("FINGER", b"This"), _set(_STATUS, to=200)),
    "poor not extracted": ("extract-template", _poor_finger, _set(_STATUS, to=406)),
    "empty segments": ("segment", _good_finger, _set("response", "segments", to=[])),
    "wrong finger name": ("segment", _good_finger, _set(*_FIRST, "bdbInfo", "subtype", to=["Left Thumb"])),
    "names exchanged": (
        "segment",
        _good_finger,
        _set(
            "response",
            "segments",
            to=lambda found: [one | {"bdb": other["bdb"]} for one, other in zip(found, reversed(found), strict=True)],
        ),
    ),
    "segment that is no record": ("segment", _good_finger, _set(*_FIRST, "bdb", to=signed(b"nothing of ISO"))),
    "another pixel": ("convert-format", _target("PNG"), _set(*_FIRST, "bdb", to=_bytes(_brighter))),
    "a row less": ("convert-format", _target("PNG"), _set(*_FIRST, "bdb", to=_bytes(_smaller))),
    "jpeg for png": ("convert-format", _target("PNG"), _set(*_FIRST, "bdb", to=_bytes(_as_jpeg))),
    "png cut off": ("convert-format", _target("PNG"), _set(*_FIRST, "bdb", to=_bytes(lambda data: data[:-3000]))),
    "dark jpeg": ("convert-format", _target("JPEG"), _set(*_FIRST, "bdb", to=_bytes(_darker))),
    "picture forgotten": ("convert-format", _target("PNG"), _set("response", "segments", to=lambda found: found[:1])),
}
