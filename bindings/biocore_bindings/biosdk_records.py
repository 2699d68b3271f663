"""What a BioSDK is asked: records of segments, each of one finger, eye or face, as MOSIP's `BiometricRecord` has them.

A segment is a BIR of CBEFF: what it holds, of which finger, how it was taken, and the data block (BDB). Everything that
a segment says of itself is kept, so that an answer can say it again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from biocore.fingerprint.slap_types import LEFT_TO_RIGHT, SlapKind
from biocore.formats.cbeff import EXCEPTION, ORGANIZATION, QUALITY_ALGORITHM, position_of
from biocore.types import FingerPosition, Modality, Position
from biocore_bindings.biosdk_codes import RefusedError, Status, UnreadableError
from biocore_bindings.biosdk_fields import Fields, Moment

MAX_SEGMENTS = 3000  # of all records of a request
# Names of MOSIP's `BiometricType`; two of them are ours to work on, and one to convert.
TYPES = (
    *("SCENT", "DNA", "EAR", "FACE", "FINGER", "FOOT", "VEIN", "HAND_GEOMETRY", "IRIS", "RETINA", "VOICE", "GAIT"),
    *("KEYSTROKE", "LIP_MOVEMENT", "SIGNATURE_SIGN", "EXCEPTION_PHOTO"),
)
MODALITIES = {"FINGER": Modality.FINGER, "IRIS": Modality.IRIS, "FACE": Modality.FACE}
SUPPORTED = ("FINGER", "IRIS")
PURPOSES = ("ENROLL", "IDENTIFY", "VERIFY", "ENROLLVERIFY", "ENROLLIDENTIFY", "AUDIT")
LEVELS = ("RAW", "INTERMEDIATE", "PROCESSED")
UNKNOWN = "UNKNOWN"
_ALGORITHMS = ("product", "captureDevice", "featureExtractionAlgorithm", "comparisonAlgorithm", "compressionAlgorithm")
_WORDS = re.compile(r"Left|Right|Thumb|(?:Index|Middle|Ring|Little)Finger")

Pair = tuple[str, str]  # a registered organization and what it calls the thing
Version = tuple[int, int]


@dataclass(frozen=True, slots=True)
class BirInfo:
    """Who made a record, and for how long it holds."""

    creator: str | None = None
    index: str | None = None
    payload: bytes | None = field(default=None, repr=False)
    integrity: bool = False
    created: Moment | None = None
    not_before: Moment | None = None
    not_after: Moment | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """One finger, eye or face of a record.

    Attributes
    ----------
    type : str
        A name of `TYPES`.
    subtype : tuple of str
        As it came: `("Left", "IndexFinger")`, `("Left IndexFinger",)`, `("UNKNOWN",)`, or none.
    bdb : bytes
    exception : bool
        It stands for what could not be captured.
    format : Pair
    created, not_before, not_after : Moment or None
    level, purpose : str
    score : int
    algorithm : Pair
        Of the score.
    failed : str or None
        Why there is no score.
    index : str or None
    encryption : bool or None
    challenge : bytes or None
    algorithms : Mapping of str to Pair
        Of capture, extraction, comparison and compression, where they are said.
    info : BirInfo
    version, cbeff_version : Version
    sb : bytes
        Signature.
    sb_format : Pair or None
    others : Mapping of str to str
    """

    type: str
    subtype: tuple[str, ...] = ()
    bdb: bytes = field(default=b"", repr=False)
    exception: bool = False
    format: Pair = (ORGANIZATION, "")
    created: Moment | None = None
    not_before: Moment | None = None
    not_after: Moment | None = None
    level: str = "RAW"
    purpose: str = "ENROLL"
    score: int = 0
    algorithm: Pair = QUALITY_ALGORITHM
    failed: str | None = None
    index: str | None = None
    encryption: bool | None = None
    challenge: bytes | None = field(default=None, repr=False)
    algorithms: Mapping[str, Pair] = field(default_factory=dict)
    info: BirInfo = BirInfo()
    version: Version = (1, 1)
    cbeff_version: Version = (1, 1)
    sb: bytes = field(default=b"", repr=False)
    sb_format: Pair | None = None
    others: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """What it is called: `Left IndexFinger`, or its type where nobody said which."""
        return " ".join(self.subtype) or self.type

    @property
    def position(self) -> Position:
        """Which finger or eye it is; UNKNOWN where nobody said, and of a slap.

        Raises
        ------
        RefusedError
            No finger or eye has this subtype.
        """
        modality = MODALITIES[self.type]
        if modality is Modality.FACE or self.is_unknown or self.slap is not None:
            return modality.unknown
        found = position_of(modality.value, self.subtype)
        if found is None:
            raise RefusedError(Status.INVALID_INPUT, f"no {modality} has the subtype {self.name!r}")
        return found

    @property
    def is_unknown(self) -> bool:
        """Nobody said which finger or eye it is."""
        return not self.subtype or self.subtype == (UNKNOWN,)

    @property
    def slap(self) -> tuple[FingerPosition, ...] | None:
        """Fingers of a slap, left to right, where the subtype names one: a hand alone, several fingers, or thumbs."""
        said = " ".join(self.subtype)
        words = set(_WORDS.findall(said))
        digits = words - {"Left", "Right"}
        hands = words & {"Left", "Right"}
        if self.type != "FINGER" or not words or _WORDS.sub("", said).strip() or (len(digits) == 1 and len(hands) == 1):
            return None
        if digits <= {"Thumb"} and (digits or len(hands) == 2):
            return LEFT_TO_RIGHT[SlapKind.TWO_THUMBS]
        if len(hands) != 1 or "Thumb" in digits:
            return None
        whole = LEFT_TO_RIGHT[SlapKind.LEFT_FOUR if "Left" in hands else SlapKind.RIGHT_FOUR]
        named = {f"{word.removesuffix('Finger').upper()}" for word in digits}
        return tuple(finger for finger in whole if not named or finger.name.split("_")[1] in named)


@dataclass(frozen=True, slots=True)
class Record:
    """A record: its segments, and what it says of itself."""

    segments: tuple[Segment, ...]
    version: Version = (1, 1)
    cbeff_version: Version = (1, 1)
    info: BirInfo = BirInfo()
    others: Mapping[str, str] = field(default_factory=dict, repr=False)


def read_record(fields: Fields) -> Record:
    """Read a record.

    Raises
    ------
    UnreadableError
        A field is not of the type it must be.
    RefusedError
        A segment does not say what it is of.
    """
    segments = fields.children("segments") or ()
    if len(segments) > MAX_SEGMENTS:
        raise RefusedError(Status.INVALID_INPUT, f"{fields.where}: more than {MAX_SEGMENTS} segments")
    return Record(
        tuple(read_segment(segment) for segment in segments),
        _version(fields, "version"),
        _version(fields, "cbeffversion"),
        _info(fields),
        fields.words("others"),
    )


def read_segment(fields: Fields) -> Segment:
    """Read a segment; errors as those of `read_record`."""
    about = fields.child("bdbInfo")
    types = () if about is None else about.texts("type") or ()
    if about is None or not types:
        raise RefusedError(Status.MISSING_INPUT, f"{fields.where}.bdbInfo.type")
    others = fields.words("others")
    quality = about.child("quality") or Fields({})
    seal = fields.child("sbInfo")
    bdb = fields.data("bdb") or b""
    return Segment(
        type=type_of(types[0], about.where),
        subtype=tuple(word.strip() for word in about.texts("subtype") or () if word.strip()),
        bdb=bdb,
        exception=others.get(EXCEPTION, "").lower() == "true",
        format=_pair(about, "format") or (ORGANIZATION, ""),
        created=about.moment("creationDate"),
        not_before=about.moment("notValidBefore"),
        not_after=about.moment("notValidAfter"),
        level=_one_of(about, "level", LEVELS),
        purpose=_one_of(about, "purpose", PURPOSES),
        score=quality.number("score") or 0,
        algorithm=_pair(quality, "algorithm") or QUALITY_ALGORITHM,
        failed=quality.text("qualityCalculationFailed"),
        index=about.text("index"),
        encryption=about.flag("encryption"),
        challenge=about.data("challengeResponse"),
        algorithms={name: pair for name in _ALGORITHMS if (pair := _pair(about, name)) is not None},
        info=_info(fields),
        version=_version(fields, "version"),
        cbeff_version=_version(fields, "cbeffversion"),
        sb=fields.data("sb") or b"",
        sb_format=None if seal is None else _pair(seal, "format"),
        others=others,
    )


def type_of(word: str, where: str) -> str:
    """Return a modality's name as `TYPES` has it: `Finger` and `FINGER` are one.

    Raises
    ------
    UnreadableError
    """
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word.strip()).upper()
    if name not in TYPES:
        raise UnreadableError(f"{where}: {word[:40]!r} is no type of biometrics")
    return name


def _info(fields: Fields) -> BirInfo:
    found = fields.child("birInfo")
    if found is None:
        return BirInfo()
    return BirInfo(
        found.text("creator"),
        found.text("index"),
        found.data("payload"),
        found.flag("integrity") or False,
        found.moment("creationDate"),
        found.moment("notValidBefore"),
        found.moment("notValidAfter"),
    )


def _version(fields: Fields, name: str) -> Version:
    found = fields.child(name)
    return (1, 1) if found is None else (found.number("major") or 0, found.number("minor") or 0)


def _pair(fields: Fields, name: str) -> Pair | None:
    found = fields.child(name)
    return None if found is None else (found.text("organization") or "", found.text("type") or "")


def _one_of(fields: Fields, name: str, words: tuple[str, ...]) -> str:
    word = (fields.text(name) or words[0]).upper()
    if word not in words:
        raise UnreadableError(f"{fields.where}.{name} must be one of {', '.join(words)}")
    return word
