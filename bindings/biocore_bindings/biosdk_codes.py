"""How a BioSDK says what came of a call: the status codes of MOSIP's interface, and the errors that carry them."""

from __future__ import annotations

from enum import IntEnum
from typing import NoReturn

from biocore.errors import (
    BiocoreError,
    ExtractionError,
    FormatError,
    InvalidSampleError,
    InvalidTemplateError,
    NotAssessableError,
    SlapError,
)

_SHOWN = 300  # characters of an explanation that an answer repeats


class Status(IntEnum):
    """Status codes of `IBioApi`, as MOSIP's own SDKs and compliance toolkit use them."""

    OK = 200
    INVALID_INPUT = 401
    MISSING_INPUT = 402
    QUALITY_CHECK_FAILED = 403
    BIOMETRIC_NOT_FOUND = 404
    MATCHING_FAILED = 405
    POOR_DATA = 406
    UNKNOWN_ERROR = 500

    @property
    def words(self) -> str:
        """What it is called in the interface."""
        return _WORDS[self]


_WORDS = {
    Status.OK: "OK",
    Status.INVALID_INPUT: "Invalid Input Parameter",
    Status.MISSING_INPUT: "Missing Input Parameter",
    Status.QUALITY_CHECK_FAILED: "Quality check of Biometric data failed",
    Status.BIOMETRIC_NOT_FOUND: "Biometrics not found in CBEFF",
    Status.MATCHING_FAILED: "Matching of Biometric data failed",
    Status.POOR_DATA: "Data provided is of poor quality",
    Status.UNKNOWN_ERROR: "UNKNOWN_ERROR",
}


class RefusedError(Exception):
    """A call that is answered with a status code.

    Parameters
    ----------
    status : Status
    about : str
        Which parameter, and what is wrong with it.
    """

    def __init__(self, status: Status, about: str) -> None:
        super().__init__(f"{status.words} - {about[:_SHOWN]}")
        self.status = status


class UnreadableError(Exception):
    """A request that is none: it is answered in `errors`, with a code of MOSIP's service.

    Parameters
    ----------
    message : str
    code : str
    """

    def __init__(self, message: str, code: str = "INVALID_REQUEST_BODY") -> None:
        super().__init__(message[:_SHOWN])
        self.code = code


class GoneError(Exception):
    """Nobody waits for the answer any more."""


_POOR = (ExtractionError, NotAssessableError, SlapError)
_INVALID = (FormatError, InvalidSampleError, InvalidTemplateError)


def refuse(error: BiocoreError, what: str) -> NoReturn:
    """Raise what the interface has for an error of the engine.

    Parameters
    ----------
    error : BiocoreError
    what : str
        Which segment it is about.

    Raises
    ------
    RefusedError
    """
    about = str(error) if str(error).startswith(what) else f"{what}: {error}"
    if isinstance(error, _POOR):
        raise RefusedError(Status.POOR_DATA, about) from error
    if isinstance(error, _INVALID):
        raise RefusedError(Status.INVALID_INPUT, about) from error
    raise RefusedError(Status.UNKNOWN_ERROR, about) from error
