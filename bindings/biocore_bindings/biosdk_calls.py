"""The six calls of a BioSDK: what each is asked with, and who answers it."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import PurePath

from biocore.engine import Effort
from biocore.formats.finger_templates import TemplateFormat
from biocore_bindings import biosdk_answers as answers
from biocore_bindings.biosdk_answers import Json
from biocore_bindings.biosdk_codes import GoneError, RefusedError, Status, UnreadableError
from biocore_bindings.biosdk_convert import converted
from biocore_bindings.biosdk_extract import edition, extract
from biocore_bindings.biosdk_fields import Fields
from biocore_bindings.biosdk_json import envelope
from biocore_bindings.biosdk_match import match
from biocore_bindings.biosdk_pictures import select
from biocore_bindings.biosdk_quality import check_quality
from biocore_bindings.biosdk_records import MAX_SEGMENTS, SUPPORTED, Record, read_record, type_of
from biocore_bindings.biosdk_split import split
from biocore_bindings.biosdk_work import Pace

SPOKEN = "1.0"  # version of the envelope that MOSIP's client writes
API = "0.9"  # version of `IBioApi`
CONVERTIBLE = (*SUPPORTED, "FACE")
_FRAMES = 5  # of a fault's traceback that the log names

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a service was told.

    Attributes
    ----------
    threshold : float
        -10 log10 of a false match rate, from which on two match.
    layout : TemplateFormat
        Of fingers' templates, where no flag says otherwise.
    effort : "fast" or "robust"
        Of templates that are extracted.
    strict : bool
        Answer nothing that the schemas of MOSIP's compliance toolkit do not know.
    """

    threshold: float = 40.0
    layout: TemplateFormat = TemplateFormat.FMR_2011
    effort: Effort = "fast"
    strict: bool = False


class Calls:
    """Answers calls.

    Parameters
    ----------
    setting : Setting
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._methods: dict[str, Callable[[Fields, Pace], Json]] = {
            "check-quality": self._quality,
            "match": self._match,
            "extract-template": self._extract,
            "segment": self._segment,
            "convert-format": self._convert,
        }

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the calls."""
        return ("init", *self._methods)

    def answer(self, method: str, body: bytes, pace: Pace) -> Json:
        """Answer a call; whatever is wrong with it is said in the answer.

        Parameters
        ----------
        method : str
        body : bytes
            The envelope.
        pace : Pace

        Raises
        ------
        GoneError
        """
        spoken = SPOKEN
        try:
            spoken, asked = envelope(body)
            del body
            if spoken != SPOKEN:
                raise UnreadableError(f"version {spoken[:20]!r}; {SPOKEN} is spoken", "NO_BIOSDK_PROVIDER_FOUND")
            fields = Fields(asked)
            response = self._init(fields) if method == "init" else self._methods[method](fields, pace)
        except RefusedError as refused:
            response = answers.refused(refused)
        except UnreadableError as error:
            return answers.envelope(SPOKEN, None, [(error.code, str(error))])
        except GoneError:
            raise
        except Exception as error:  # the last door: a fault of ours is an answer too, and its place is in the log
            _log.error("%s failed: %s at %s", method, type(error).__name__, _place(error))
            response = answers.refused(RefusedError(Status.UNKNOWN_ERROR, "the service failed; its log says where"))
        return answers.envelope(spoken, response)

    # -- the calls ---------------------------------------------------------------------------------------

    def _init(self, asked: Fields) -> Json:
        asked.words("initParams")
        methods = {name: list(SUPPORTED) for name in ("QUALITY_CHECK", "EXTRACT", "MATCH")}
        methods["CONVERT_FORMAT"] = list(CONVERTIBLE)
        if not self._setting.strict:
            methods["SEGMENT"] = list(SUPPORTED)
        return {
            "apiVersion": API,
            "sdkVersion": version("biocore"),
            "supportedModalities": list(SUPPORTED),
            "supportedMethods": methods,
            "otherInfo": {} if self._setting.strict else self._other_info(),
            "productOwner": {"organization": "biocore", "type": "open engine"},
        }

    def _other_info(self) -> dict[str, str]:
        return {
            "threshold": f"{self._setting.threshold:g}",
            "FINGER.format": str(self._setting.layout),
            "IRIS.format": "iir-k3",
        }

    def _quality(self, asked: Fields, pace: Pace) -> Json:
        chosen = select(_record(asked), _types(asked, "modalitiesToCheck"))
        asked.words("flags")
        return answers.done(check_quality(chosen, pace, strict=self._setting.strict))

    def _match(self, asked: Fields, pace: Pace) -> Json:
        chosen = select(_record(asked), _types(asked, "modalitiesToMatch"))
        asked.words("flags")
        gallery = [read_record(each) for each in asked.children("gallery") or ()]
        if not gallery:
            raise RefusedError(Status.MISSING_INPUT, "gallery")
        if sum(len(record.segments) for record in gallery) > MAX_SEGMENTS:
            raise RefusedError(Status.INVALID_INPUT, f"gallery: more than {MAX_SEGMENTS} segments")
        return answers.done(match(chosen, gallery, self._setting.threshold, pace, strict=self._setting.strict))

    def _extract(self, asked: Fields, pace: Pace) -> Json:
        record, wanted = _record(asked), _types(asked, "modalitiesToExtract")
        chosen = select(record, wanted)
        layout = edition(asked.words("flags"), self._setting.layout)
        made, left = extract(record, chosen, layout, pace, self._setting.effort, named=bool(wanted))
        remarks = [f"the sample holds no {name}" for name, segments in chosen.items() if not segments]
        remarks += [f"without {left} segments of modalities that are not supported"] if left else []
        message = " - ".join([Status.OK.words, *remarks])
        return answers.done(answers.record(record, made, strict=self._setting.strict), message)

    def _segment(self, asked: Fields, pace: Pace) -> Json:
        record = _record(asked)
        chosen = select(record, _types(asked, "modalitiesToSegment"))
        asked.words("flags")
        made = split(record, chosen, pace)
        return answers.done(answers.record(record, made, strict=self._setting.strict, split=True))

    def _convert(self, asked: Fields, pace: Pace) -> Json:
        record = _record(asked)
        chosen = select(record, _types(asked, "modalitiesToConvert"))
        asked.words("sourceParams")
        asked.words("targetParams")
        made = converted(record, chosen, asked.text("sourceFormat"), asked.text("targetFormat"), pace)
        return answers.done(answers.record(record, made, strict=self._setting.strict))


def _place(error: Exception) -> str:
    """Say where an error comes from; what it says may be somebody's name."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return ", ".join(f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in frames)


def _record(asked: Fields) -> Record:
    """Read the sample.

    Raises
    ------
    RefusedError
        There is none.
    """
    fields = asked.child("sample")
    if fields is None:
        raise RefusedError(Status.MISSING_INPUT, "sample")
    return read_record(fields)


def _types(asked: Fields, name: str) -> tuple[str, ...]:
    return tuple(type_of(word, name) for word in asked.texts(name) or ())
