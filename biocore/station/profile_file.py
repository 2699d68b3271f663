"""Reads profiles: those that are shipped, by name, and a programme's own, by path.

>>> load_profile("bsi-enrolment").finger.thresholds[FingerKind.THUMB]
30
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from biocore.errors import ProfileError
from biocore.station.disk import read_plain
from biocore.station.exceptions import ExceptionKind
from biocore.station.profile import (
    ChipRules,
    ExceptionRules,
    FingerKind,
    FingerRules,
    IrisRules,
    Limits,
    LowerRules,
    Profile,
    Selection,
    SlapChoice,
    Stage,
    VetoRights,
)
from biocore.station.settings import line_of
from biocore.types import EyePosition, FingerPosition, Position

_E = TypeVar("_E", bound=StrEnum)

DEFAULT = "ektp"
SHIPPED = ("bsi-enrolment", "ektp", "elderly", "mosip-registration")
LAYOUT = 1  # of profile files
MAX_FILE = 16 * 1024  # bytes; those that are shipped have 3,500; dots without end take seconds to read beyond it
MAX_SELECTIONS = 32  # each is a file that is read
MAX_SHOWN = 400  # characters of what a file holds, in an error

# Whole numbers, and what they may be. 999 attempts are what the journal counts to; nobody sits through ten.
WHOLE: dict[str, tuple[int, int]] = {
    **{f"finger.thresholds.{kind}": (0, 100) for kind in FingerKind},
    "finger.attempts": (1, 10),
    "finger.slap_attempts": (0, 10),
    "finger.slap_again_from": (1, 4),
    "finger.single_attempts": (0, 10),
    "iris.threshold": (0, 100),
    "iris.attempts": (1, 10),
    "iris.burst": (1, 20),
    "iris.burst_attempts": (0, 10),
    "lower.attempts": (0, 10),
    "lower.iris_attempts": (0, 10),
    "limits.extra_captures": (0, 100),
    "limits.device_losses": (0, 20),
    "limits.restarts": (0, 5),
    "exceptions.review_days": (1, 3650),
    "exceptions.review_days_unreadable": (1, 3650),
}
# -10 log10(FMR) of a proof: below 20, one pair of strangers in a hundred, it proves nothing.
REAL: dict[str, tuple[float, float]] = {
    "finger.fuse_match": (20.0, 100.0),
    "iris.fuse_match": (20.0, 100.0),
    "limits.timeout_s": (1.0, 120.0),
    "limits.handling_s": (0.0, 120.0),
}
RIGHTS = ("veto.accept_insufficient", "veto.reject_sufficient", "veto.restart", "exceptions.iris_stands_in")
TEXTS = ("title", "finger.choice")
LISTS = ("finger.ladder", "sequence.groups", "chip.fingers", "chip.alternatives", "exceptions.supervisor_for")
OTHERS = ("layout", "based_on", "lower.profile", "select", "sources")
AGES = (0, 130)  # years


def load_profile(source: str | PathLike[str] = DEFAULT) -> Profile:
    """Read a profile.

    Parameters
    ----------
    source : str or path
        The name of a profile that is shipped, or the path of a TOML file: anything that ends in `.toml` is one.

    Raises
    ------
    ProfileError
        There is no such profile, it cannot be read (also: is a link, a pipe, or larger than 16 KB), or something in it
        is missing, unknown, out of its range or without a source; the message names file, line and key, and says what
        is allowed.
    """
    try:
        return _profile(_read(source), select=True, lower=True)
    except ProfileError:
        raise
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets within brackets
        raise ProfileError("holds what no profile needs: correct it in the file", path=_shown(str(source))) from None


@dataclass(frozen=True, slots=True)
class _File:
    """A profile's values by dotted key, and where they stand."""

    name: str
    path: str
    folder: Path | None
    text: str
    values: Mapping[str, Any]
    sources: Mapping[str, str]

    def wrong(self, key: str, message: str) -> ProfileError:
        return ProfileError(_shown(message), path=self.path, key=_shown(key), line=line_of(self.text, key))

    def get(self, key: str) -> Any:
        if key not in self.values:
            raise self.wrong(key, "is missing; docs/policy.md lists what a profile has")
        return self.values[key]

    def whole(self, key: str) -> int:
        low, high = WHOLE[key]
        value = self.get(key)
        if type(value) is not int or not low <= value <= high:
            raise self.wrong(key, f"must be a whole number from {low} to {high}, not {value!r}")
        return value

    def real(self, key: str) -> float:
        low, high = REAL[key]
        value = self.get(key)
        if type(value) not in (int, float) or not low <= value <= high:  # NaN is in no range
            raise self.wrong(key, f"must be a number from {low:g} to {high:g}, not {value!r}")
        return float(value)

    def right(self, key: str) -> bool:
        value = self.get(key)
        if type(value) is not bool:
            raise self.wrong(key, f"must be true or false, not {value!r}")
        return value

    def text_of(self, key: str) -> str:
        value = self.get(key)
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise self.wrong(key, f"must be a text of one line, not {value!r}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.get(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(key, f"must be a list of texts, not {value!r}")
        if len(set(value)) < len(value):
            raise self.wrong(key, "names something twice")
        return tuple(value)

    def words(self, key: str, kind: type[_E]) -> tuple[_E, ...]:
        return tuple(self._word(key, text, kind) for text in self.texts(key))

    def word(self, key: str, kind: type[_E]) -> _E:
        return self._word(key, self.text_of(key), kind)

    def _word(self, key: str, text: str, kind: type[_E]) -> _E:
        try:
            return kind(text)
        except ValueError:
            raise self.wrong(key, f"{text!r} is none of {', '.join(kind)}") from None

    def positions(self, key: str, texts: Sequence[str]) -> tuple[Position, ...]:
        known = _positions()
        for text in texts:
            if text not in known:
                raise self.wrong(key, f"{text!r} is none of {', '.join(known)}")
        return tuple(known[text] for text in texts)


def _positions() -> dict[str, Position]:
    fingers: dict[str, Position] = {p.name.lower(): p for p in FingerPosition if p.value}
    return fingers | {f"{p.name.lower()}_eye": p for p in EyePosition if p.value}


def _read(source: str | PathLike[str], near: Path | None = None) -> _File:
    """Read a file into dotted keys, laid over the profile it is based on."""
    text, path, folder, name = _text(source, near)
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(_shown(f"is no TOML: {error}"), path=path) from None
    sources = {str(key): value for key, value in _flat(tables.pop("sources", {})).items()}
    own = _File(name, path, folder, text, _flat(tables), sources)
    if own.values.get("layout") != LAYOUT:
        raise own.wrong("layout", f"must be {LAYOUT}, not {own.values.get('layout')!r}")
    for key, value in sources.items():
        if not isinstance(value, str) or not value.strip():
            raise own.wrong(f"sources.{key}", "must say in words where the number is from")
    _check_keys(own)
    if "based_on" in own.values:
        base = own.text_of("based_on")
        if base not in SHIPPED:
            raise own.wrong("based_on", f"must be one of {', '.join(SHIPPED)}, not {base!r}")
        under = _read(base)
        own = _File(name, path, folder, text, {**under.values, **own.values}, {**under.sources, **sources})
    return own


def _text(source: str | PathLike[str], near: Path | None) -> tuple[str, str, Path | None, str]:
    name = str(source)
    if name in SHIPPED:
        file = resources.files("biocore.station") / "profiles" / f"{name}.toml"
        return file.read_text("utf-8"), name, None, name
    path = Path(source)
    if path.suffix != ".toml":
        raise ProfileError(f"there is no such profile: {', '.join(SHIPPED)}, or the path of a .toml file", path=name)
    if near is not None and not path.is_absolute():
        path = near / path
    shown = _shown(str(path))
    try:
        data = read_plain(path, MAX_FILE + 1)
        text = data.decode("utf-8")
    except OSError as error:
        raise ProfileError(f"cannot be read: {error.strerror or error}", path=shown) from None
    except ValueError as error:  # no UTF-8; a NUL in its name
        raise ProfileError(f"cannot be read: {error}", path=shown) from None
    if len(data) > MAX_FILE:
        raise ProfileError(f"is larger than {MAX_FILE} bytes: this is no profile", path=shown)
    return text, shown, path.parent, path.stem


def _shown(text: str) -> str:
    """Return a text as one line for a screen, whatever a file put into it."""
    line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: MAX_SHOWN + 1])
    return line if len(text) <= MAX_SHOWN else f"{line[:MAX_SHOWN]}..."


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in table.items():
        dotted = f"{prefix}{key}"
        found |= _flat(value, f"{dotted}.") if isinstance(value, dict) else {dotted: value}
    return found


def _check_keys(file: _File) -> None:
    known = {*WHOLE, *REAL, *RIGHTS, *TEXTS, *LISTS, *OTHERS}
    for key in file.values:
        if key not in known:
            raise file.wrong(key, "is no key of a profile; docs/policy.md lists them")
    for key in (*WHOLE, *REAL):
        parts = key.split(".")
        above = {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
        if key in file.values and not above & set(file.sources):
            raise file.wrong(key, f'has no source; say under [sources] where it is from: "{key}" = "..."')


def _profile(file: _File, *, select: bool, lower: bool) -> Profile:
    finger = FingerRules(
        thresholds={kind: file.whole(f"finger.thresholds.{kind}") for kind in FingerKind},
        attempts=file.whole("finger.attempts"),
        slap_attempts=file.whole("finger.slap_attempts"),
        slap_again_from=file.whole("finger.slap_again_from"),
        single_attempts=file.whole("finger.single_attempts"),
        ladder=file.words("finger.ladder", Stage),
        choice=file.word("finger.choice", SlapChoice),
        fuse_match=file.real("finger.fuse_match"),
    )
    iris = IrisRules(
        threshold=file.whole("iris.threshold"),
        attempts=file.whole("iris.attempts"),
        burst=file.whole("iris.burst"),
        burst_attempts=file.whole("iris.burst_attempts"),
        fuse_match=file.real("iris.fuse_match"),
    )
    lowered = _lower(file, finger, iris) if lower and file.values.get("lower.profile", "") != "" else None
    if lower and (Stage.LOWER in finger.ladder) is not (lowered is not None):
        raise file.wrong("finger.ladder", "has the stage lower exactly where there is a section [lower] with a profile")
    chosen = _selections(file) if select else ()
    values = json.dumps([file.values, file.sources], sort_keys=True)
    below = [lowered.digest if lowered else "", *(each.profile.digest for each in chosen)]
    return Profile(
        name=file.name,
        title=file.text_of("title"),
        digest=hashlib.sha256("\0".join([values, *below]).encode()).hexdigest(),
        finger=finger,
        iris=iris,
        limits=Limits(
            extra_captures=file.whole("limits.extra_captures"),
            device_losses=file.whole("limits.device_losses"),
            restarts=file.whole("limits.restarts"),
            timeout_s=file.real("limits.timeout_s"),
            handling_s=file.real("limits.handling_s"),
        ),
        veto=VetoRights(
            file.right("veto.accept_insufficient"), file.right("veto.reject_sufficient"), file.right("veto.restart")
        ),
        chip=_chip(file),
        exceptions=ExceptionRules(
            supervisor_for=frozenset(file.words("exceptions.supervisor_for", ExceptionKind)),
            review_days=file.whole("exceptions.review_days"),
            review_days_unreadable=file.whole("exceptions.review_days_unreadable"),
            iris_stands_in=file.right("exceptions.iris_stands_in"),
        ),
        sequence=_sequence(file),
        lower=lowered,
        select=chosen,
        sources=file.sources,
    )


def _lower(file: _File, finger: FingerRules, iris: IrisRules) -> LowerRules:
    below = _profile(_read(file.text_of("lower.profile"), file.folder), select=False, lower=False)
    for kind in FingerKind:
        if below.finger.thresholds[kind] > finger.thresholds[kind]:
            asked = f"{below.finger.thresholds[kind]} of a {kind}, this one {finger.thresholds[kind]}"
            raise file.wrong("lower.profile", f"{below.name} asks more, not less: {asked}")
    for what, there, here in (
        ("finger proof", below.finger.fuse_match, finger.fuse_match),
        ("iris quality", below.iris.threshold, iris.threshold),
        ("iris proof", below.iris.fuse_match, iris.fuse_match),
    ):
        if there > here:
            raise file.wrong("lower.profile", f"{below.name} asks more, not less: {what} {there:g}, this one {here:g}")
    return LowerRules(
        profile=below.name,
        digest=below.digest,
        thresholds=below.finger.thresholds,
        iris_threshold=below.iris.threshold,
        fuse_match=below.finger.fuse_match,
        iris_fuse_match=below.iris.fuse_match,
        attempts=file.whole("lower.attempts"),
        iris_attempts=file.whole("lower.iris_attempts"),
    )


def _selections(file: _File) -> tuple[Selection, ...]:
    tables = file.values.get("select", [])
    if not isinstance(tables, list) or len(tables) > MAX_SELECTIONS:
        raise file.wrong("select", f"must be up to {MAX_SELECTIONS} tables")
    return tuple(_selection(file, each) for each in tables)


def _selection(file: _File, table: object) -> Selection:
    known = {"profile", "age_from", "occupations", "source"}
    if not isinstance(table, dict) or not set(table) <= known or not isinstance(table.get("profile"), str):
        raise file.wrong("select", f"must be tables of {', '.join(sorted(known))}, each with a profile")
    if not isinstance(table.get("source"), str) or not table["source"].strip():
        raise file.wrong("select", "has no source; say where the age or the list of occupations is from")
    age, occupations = table.get("age_from"), table.get("occupations", [])
    if age is not None and (type(age) is not int or not AGES[0] <= age <= AGES[1]):
        raise file.wrong("select", f"age_from must be a whole number from {AGES[0]} to {AGES[1]}, not {age!r}")
    if not isinstance(occupations, list) or not all(isinstance(word, str) and word for word in occupations):
        raise file.wrong("select", f"occupations must be a list of texts, not {occupations!r}")
    if age is None and not occupations:
        raise file.wrong("select", f"{table['profile']} is selected for nobody: give age_from or occupations")
    profile = _profile(_read(table["profile"], file.folder), select=False, lower=True)
    return Selection(profile, age, frozenset(occupations))


def _chip(file: _File) -> ChipRules:
    fingers = file.positions("chip.fingers", file.texts("chip.fingers"))
    if not all(isinstance(position, FingerPosition) for position in fingers):
        raise file.wrong("chip.fingers", "holds fingers, not eyes")
    only = tuple(position for position in fingers if isinstance(position, FingerPosition))
    return ChipRules(only, file.words("chip.alternatives", FingerKind))


def _sequence(file: _File) -> tuple[tuple[Position, ...], ...]:
    groups = file.get("sequence.groups")
    if not isinstance(groups, list) or not all(isinstance(group, list) and group for group in groups):
        raise file.wrong("sequence.groups", "must be a list of lists of fingers and eyes")
    texts = [text for group in groups for text in group]
    if not all(isinstance(text, str) for text in texts) or len(set(texts)) < len(texts):
        raise file.wrong("sequence.groups", "must name each finger and eye once at most")
    found = tuple(file.positions("sequence.groups", group) for group in groups)
    for group in found:
        if len({type(position) for position in group}) > 1:
            raise file.wrong("sequence.groups", "fingers and eyes are not shown together")
    return found
