"""The shape of a JSON document, said in tables: which members it must have, of which kind, and with which values.

It is the part of JSON Schema that the rules of MOSIP's interfaces need, and no more: an object has the members of its
table and no others, and may have more rules where one of them has a certain value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

OPTIONAL = "?"  # at the end of a member's name in a table: it may be absent

_KINDS: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "whole number": (int,),
    "number": (int, float),
    "truth value": (bool,),
    "list": (list,),
    "object": (dict,),
    "null": (type(None),),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What one value must be.

    Attributes
    ----------
    kind : str
        A key of `_KINDS`; empty = anything.
    nullable : bool
        It may be null too.
    choices, forbidden : tuple of str
        The only values; values it must not have.
    pattern : str
        Found in the text (`re.search`).
    least, most : int
        Characters or entries; most 0 = any number.
    instant : bool
        A text that is a date and time of RFC 3339.
    entries : Shape or None
        Of each entry of a list.
    members : mapping of str to Shape
        Of an object; a name that ends in `?` may be absent.
    unless : tuple of Rule
        What holds besides, where a member has a certain value.
    """

    kind: str = ""
    nullable: bool = False
    choices: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    pattern: str = ""
    least: int = 0
    most: int = 0
    instant: bool = False
    entries: Shape | None = None
    members: Mapping[str, Shape] | None = None
    rules: tuple[Rule, ...] = ()

    def or_null(self) -> Shape:
        """Return the shape that may be null too."""
        return replace(self, nullable=True)


Members: TypeAlias = Mapping[str, Shape]


@dataclass(frozen=True, slots=True)
class Rule:
    """Where `member` is `value`, the members named here have these shapes instead."""

    member: str
    value: str
    members: Members


TEXT, FILLED = Shape("text"), Shape("text", least=1)
WHOLE, NUMBER, TRUTH, ANYTHING = Shape("whole number"), Shape("number"), Shape("truth value"), Shape()
INSTANT = Shape("text", instant=True)
EMPTY = Shape("object", members={})


def one_of(*choices: str) -> Shape:
    """Return the shape of a text with these values only."""
    return Shape("text", choices=choices)


def text_like(pattern: str, least: int = 0, most: int = 0) -> Shape:
    """Return the shape of a text in which a regular expression is found."""
    return Shape("text", pattern=pattern, least=least, most=most)


def list_of(entry: Shape, least: int = 0) -> Shape:
    """Return the shape of a list of equal entries."""
    return Shape("list", entries=entry, least=least)


def record(members: Members, *rules: Rule) -> Shape:
    """Return the shape of an object."""
    return Shape("object", members=members, rules=rules)


def faults(value: object, shape: Shape, where: str = "the answer") -> Iterator[str]:
    """Yield what is wrong with a value, each with its place.

    Parameters
    ----------
    value : object
        As `json.loads` returned it.
    shape : Shape
    where : str
        What to call the value.
    """
    if value is None and shape.nullable:
        return
    if shape.kind and not _is(value, shape.kind):
        yield f"{where} is {_said(value)} and must be {'null or ' if shape.nullable else ''}{shape.kind}"
        return
    if isinstance(value, str):
        yield from _faults_of_text(value, shape, where)
    elif isinstance(value, list):
        yield from _faults_of_length(len(value), shape, where, "entries")
        if shape.entries is not None:
            for number, entry in enumerate(value):
                yield from faults(entry, shape.entries, f"{where}[{number}]")
    elif isinstance(value, dict) and shape.members is not None:
        yield from _faults_of_object(value, shape, where)


def _is(value: object, kind: str) -> bool:
    return isinstance(value, _KINDS[kind]) and (kind == "truth value" or not isinstance(value, bool))


def _faults_of_text(value: str, shape: Shape, where: str) -> Iterator[str]:
    yield from _faults_of_length(len(value), shape, where, "characters")
    if shape.choices and value not in shape.choices:
        yield f"{where} is {_said(value)} and must be {' or '.join(shape.choices)}"
    if value in shape.forbidden:
        yield f"{where} must not be {_said(value)}"
    if shape.pattern and not re.search(shape.pattern, value, re.ASCII):
        yield f"{where} is {_said(value)}, which is not of the form {shape.pattern}"
    if shape.instant and not _is_instant(value):
        yield f"{where} is {_said(value)} and must be a date and time as 2026-01-31T23:59:59Z"


def _faults_of_length(length: int, shape: Shape, where: str, what: str) -> Iterator[str]:
    if length < shape.least:
        yield f"{where} has {length or 'no'} {what}; {shape.least} at least"
    if shape.most and length > shape.most:
        yield f"{where} has {length} {what}; {shape.most} at most"


def _faults_of_object(value: dict[str, object], shape: Shape, where: str) -> Iterator[str]:
    members = dict(shape.members or {})
    for rule in shape.rules:
        if value.get(rule.member, rule.value) == rule.value:  # as in JSON Schema, an absent member fulfils a condition
            members = _joined(members, rule.members)
    names = {name.removesuffix(OPTIONAL): name for name in members}
    for name, written in names.items():
        if name in value:
            yield from faults(value[name], members[written], f"{where}.{name}")
        elif not written.endswith(OPTIONAL):
            yield f"{where} has no {name}"
    for name in value:
        if name not in names:
            yield f"{where} has {_said(name)}, which the rules do not know"


def _joined(members: Members, others: Members) -> dict[str, Shape]:
    """Return members with those of a rule in the place of their namesakes."""
    bare = {name.removesuffix(OPTIONAL) for name in others}
    return {name: shape for name, shape in members.items() if name.removesuffix(OPTIONAL) not in bare} | dict(others)


def _is_instant(text: str) -> bool:
    try:
        return "T" in text.upper() and datetime.fromisoformat(text.upper()).tzinfo is not None
    except ValueError:
        return False


def _said(value: object) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else f"{value[:37]}...")
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else json.dumps(value)
