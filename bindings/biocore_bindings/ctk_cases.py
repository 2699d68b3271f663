"""The 200 tests of MOSIP's compliance toolkit for SBI devices, as a table.

Source: mosip/compliance-toolkit-testcases, compliance_test_definitions_sbi.json (specification 0.9.5): numbers, what is
asked for and which validators judge it. The words are the project's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType

SCHEMA, SIGNATURE, MISMATCH = "SchemaValidator", "SignatureValidator", "ResponseMismatchValidator"
HASH, ISO, TIMEOUT, TIME = "HashValidator", "ISOStandardsValidator", "TimeoutValidator", "TimeCheckValidator"
QUALITY, ROTATION = "BiometricsQualityCheckValidator", "KeyRotationValidator"
_CAPTURED = (SCHEMA, MISMATCH, SIGNATURE)
LONG_TRANSACTION = "biocore-" + 52 * "7"  # 60 characters; MDS 0.9.5 allows 4 to 50


@dataclass(frozen=True, slots=True)
class Case:
    """One test.

    Attributes
    ----------
    number : int
        1000 of SBI1000.
    title : str
    method : str
        device, info, rcapture, capture.
    schema : str
        What the answer must look like: a key of `ctk_schemas.SCHEMAS`.
    validators : tuple of str
    purpose, kind, subtype : str
        Of the device; empty = any.
    segments, exceptions : tuple of str
        Fingers or eyes, as the toolkit writes them (LeftIndex).
    score, count, sub_id, timeout : str
        As in the request; timeout in ms.
    broken : str
        Member of the request whose name is wrong.
    transaction : str
        Instead of one of our own.
    streams : bool
        A preview comes before.
    persons : str
        Which ten persons are needed; empty = one at most.
    """

    number: int
    title: str
    method: str
    schema: str
    validators: tuple[str, ...]
    purpose: str = ""
    kind: str = ""
    subtype: str = ""
    segments: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    score: str = ""
    count: str = ""
    sub_id: str = ""
    timeout: str = ""
    broken: str = ""
    transaction: str = ""
    streams: bool = False
    persons: str = ""

    @property
    def name(self) -> str:
        """Its id in the toolkit."""
        return f"SBI{self.number}"

    @property
    def captures(self) -> bool:
        """A finger, eye or face is to be captured, so that somebody must be there."""
        return self.schema.startswith(("RegistrationCapture", "AuthCapture"))


def _registration(title: str, kind: str, subtype: str, sub_id: str, *segments: str) -> Case:
    """Return the capture of one view for registration."""
    count = str(max(1, len(segments)))
    return Case(
        0,
        title,
        "rcapture",
        "RegistrationCaptureResponseSchema",
        _CAPTURED,
        "Registration",
        kind,
        subtype,
        segments,
        score="40",
        count=count,
        sub_id=sub_id,
    )


def _auth(title: str, kind: str, *segments: str) -> Case:
    """Return the capture of single fingers or eyes, or a face, for authentication."""
    case = _registration(title, kind, "Full face" if kind == "Face" else "Single", "0", *segments)
    return replace(case, method="capture", schema="AuthCaptureResponseSchema", purpose="Auth")


def _hand(side: str) -> tuple[str, ...]:
    return tuple(f"{side}{finger}" for finger in ("Index", "Middle", "Ring", "Little"))


LEFT = _registration("left slap", "Finger", "Slap", "1", *_hand("Left"))
RIGHT = _registration("right slap", "Finger", "Slap", "2", *_hand("Right"))
THUMBS = _registration("two thumbs", "Finger", "Slap", "3", "RightThumb", "LeftThumb")
IRISES = _registration("both irises", "Iris", "Double", "3", "Left", "Right")
FACE = _registration("face", "Face", "Full face", "0")
PHOTO = replace(FACE, title="exception photo", exceptions=("LeftLittle",), score="10", validators=(SCHEMA, SIGNATURE))
A_FACE = _auth("authentication, face", "Face")
A_IRIS, A_LEFT, A_RIGHT = (
    _auth(f"authentication, {title} iris", "Iris", segment)
    for title, segment in (("any", "UNKNOWN"), ("left", "Left"), ("right", "Right"))
)
A_FINGER = _auth("authentication, any finger", "Finger", "UNKNOWN")
A_INDEX = _auth("authentication, left index", "Finger", "LeftIndex")
A_TEN = (*_hand("Left"), "LeftThumb", *_hand("Right"), "RightThumb")
_STATUS = Case(0, "", "info", "", (SCHEMA,))


def _except(case: Case, *exceptions: str) -> Case:
    """Return a capture with fingers or eyes excepted; without any left it must be refused."""
    left = tuple(segment for segment in case.segments if segment not in exceptions)
    changed = replace(case, segments=left, exceptions=exceptions, count=str(len(left)))
    changed = replace(changed, title=f"{case.title} without {' and '.join(exceptions)}")
    return changed if left else _refused(changed)


def _refused(case: Case, *validators: str) -> Case:
    return replace(case, schema="ErrorCaptureResponseSchema", validators=(SCHEMA, *validators))


def _too_many(case: Case, count: int, **changes: str) -> Case:
    """Return a capture of more than the device can show."""
    changed = replace(case, count=str(count), segments=(), **changes)  # type: ignore[arg-type]
    return replace(_refused(changed), title=f"{case.title}, {count} asked for")


def _numbered(first: int, cases: Iterable[Case], suffix: str = "", **changes: object) -> Iterator[Case]:
    for number, case in enumerate(cases, first):
        title = f"{case.title}, {suffix}" if suffix else case.title
        yield replace(case, number=number, title=title, **changes)  # type: ignore[arg-type]


def _judged(cases: Iterable[Case], validator: str) -> list[Case]:
    return [replace(case, validators=(*_CAPTURED, validator)) for case in cases]


def _rotations(first: int, cases: Iterable[Case]) -> Iterator[Case]:
    yield from _numbered(
        first, cases, "key rotated", method="info", schema="DeviceInfoReadyResponseSchema", validators=(ROTATION,)
    )


def _invalid_transactions(first: int, cases: Iterable[Case]) -> Iterator[Case]:
    for case in _numbered(first, cases, "transaction id of 60 characters", transaction=LONG_TRANSACTION):
        form = "RCapture" if case.method == "rcapture" else "Capture"
        yield replace(case, schema=f"TransactionIdError{form}ResponseSchema", validators=(SCHEMA,))


def _broken(first: int, members: Iterable[tuple[str, Case]]) -> Iterator[Case]:
    for number, (member, case) in enumerate(members, first):
        yield replace(_refused(case), number=number, title=f"{case.title}, no {member} in the request", broken=member)


_AGES = ("child(5-12)", "adult(12-40)", "mature(40-59)", "senior(60+)")


def _groups() -> Iterator[Case]:
    """Yield the captures of ten persons of each group."""
    slaps = [(LEFT, "Males"), (RIGHT, "Females")]
    workers = ("labourer", "non-labourer")
    hands = [(case, f"{sex} - {_AGES[0]}") for case, sex in slaps]
    # Which hand each group shows, in the toolkit's order: adults, mature, senior.
    shown = iter((LEFT, LEFT, RIGHT, LEFT, RIGHT, LEFT, RIGHT, LEFT, RIGHT, LEFT, RIGHT, RIGHT))
    hands += [
        (next(shown), f"{sex} - {age} - {work}")
        for age in _AGES[1:]
        for sex in ("Males", "Females")
        for work in workers
    ]
    faces = [
        f"{sex} - {age} - {origin}"
        for age in _AGES
        for origin in ("african", "european", "asian")
        for sex in ("Males", "Females")
    ]
    yield from (replace(case, persons=group) for case, group in hands)
    yield from (replace(FACE, persons=group) for group in faces)
    yield from (replace(IRISES, persons=group) for group in _AGES)
    yield from (replace(A_FINGER, persons=group) for _, group in hands)
    yield from (replace(A_FACE, persons=group) for group in faces)
    yield from (replace(case, persons=age) for case, age in zip((A_LEFT, A_RIGHT) * 2, _AGES, strict=True))


def _all() -> Iterator[Case]:
    anything = (SCHEMA, SIGNATURE)
    yield Case(1000, "discovery", "device", "DiscoverResponseSchema", anything)
    yield Case(1001, "device info", "info", "DeviceInfoResponseSchema", anything)
    yield from _numbered(
        1002,
        (
            LEFT,
            _except(LEFT, "LeftRing"),
            RIGHT,
            _except(RIGHT, "RightIndex", "RightMiddle"),
            THUMBS,
            _except(THUMBS, "LeftThumb"),
            _except(THUMBS, "RightThumb", "LeftThumb"),
            IRISES,
            _except(IRISES, "Left"),
            _except(IRISES, "Left", "Right"),
            FACE,
            PHOTO,
            A_FACE,
            A_IRIS,
            A_LEFT,
            A_RIGHT,
            A_FINGER,
            _auth("authentication, any two fingers", "Finger", "UNKNOWN", "UNKNOWN"),
            A_INDEX,
            _auth("authentication, two fingers", "Finger", "LeftIndex", "LeftMiddle"),
        ),
    )
    yield from _rotations(1022, (LEFT, A_LEFT, A_INDEX, A_FACE))
    for number, status in enumerate(("Ready", "Busy", "Not Ready", "Not Registered"), 1026):
        schema = f"DeviceInfo{status.replace(' ', '')}ResponseSchema"
        validators = anything if status == "Ready" else (SCHEMA,)
        yield replace(_STATUS, number=number, title=f"status {status}", schema=schema, validators=validators)
    yield from _numbered(
        1030,
        (
            _too_many(A_FINGER, 11),
            _too_many(A_IRIS, 3),
            _too_many(A_FACE, 2),
            _too_many(LEFT, 5),
            _too_many(RIGHT, 5),
            _too_many(THUMBS, 3),
            _too_many(IRISES, 2, sub_id="1"),
            _too_many(IRISES, 2, sub_id="2"),
            _too_many(IRISES, 3),
            _too_many(FACE, 2),
        ),
    )
    each = (FACE, IRISES, LEFT, RIGHT, THUMBS, PHOTO, A_FACE, A_IRIS, A_FINGER)
    yield from _numbered(1040, (_refused(case, TIMEOUT) for case in each), "nobody comes", timeout="500")
    yield from _numbered(
        1049, each, "until the time is over", score="100", timeout="10000", validators=(SCHEMA, TIMEOUT, SIGNATURE)
    )
    ten = _auth("authentication, ten fingers", "Finger", *A_TEN)
    yield from _numbered(
        1058, (ten, _auth("authentication, two irises", "Iris", "Left", "Right")), score="100", timeout="10000"
    )
    yield from _rotations(1060, (FACE, IRISES))
    views = (LEFT, RIGHT, IRISES, FACE, A_FACE, A_LEFT, A_RIGHT, A_FINGER)
    yield from _numbered(1062, _judged(views, ISO), "record of ISO/IEC 19794")
    yield from _numbered(1070, (LEFT, RIGHT, THUMBS, IRISES, FACE), "after a preview", streams=True)
    yield from _numbered(1075, _judged(views, QUALITY), "quality measured anew")
    yield from _numbered(1083, _judged(views, TIME), "clock")
    yield from _invalid_transactions(1091, (A_FACE, A_LEFT, A_FINGER))
    yield from _broken(
        1094,
        (
            ("env", LEFT),
            ("timeout", RIGHT),
            ("specVersion", THUMBS),
            ("purpose", IRISES),
            ("bio", FACE),
            ("count", _except(IRISES, "Left")),
            ("deviceSubId", PHOTO),
        ),
    )
    yield from _numbered(1101, _judged((LEFT, FACE, RIGHT, IRISES, A_FACE, A_IRIS, A_FINGER), HASH), "chain of hashes")
    yield from _invalid_transactions(1108, (LEFT, RIGHT, IRISES, FACE))
    for number, case in enumerate(_judged(_groups(), QUALITY), 1112):
        yield replace(case, number=number, title=f"{case.title}, ten persons: {case.persons}")
    yield Case(
        1196,
        "discovery of a type that does not exist",
        "device",
        "DiscoverResponseErrorSchema",
        (SCHEMA,),
        broken="biometricTypes",
    )
    bare = (replace(case, segments=()) for case in (LEFT, IRISES, FACE))
    yield from _numbered(1197, bare, "no bioSubType in the request")


CASES = MappingProxyType({case.name: case for case in _all()})
