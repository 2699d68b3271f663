"""Residents for tests of the policy: they answer each request with looks, as a session would."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from functools import cache

from biocore.report import Cause, CauseName
from biocore.station.entry import position_name
from biocore.station.looks import FULL_PLAN, Ended, Look, Situation
from biocore.station.policy import next_capture
from biocore.station.profile import Profile
from biocore.station.profile_file import load_profile
from biocore.station.rungs import Request
from biocore.types import FingerPosition, Position

TODAY = date(2026, 11, 22)
INDEX = FingerPosition.RIGHT_INDEX
Answer = Callable[[Situation, Request, Look], Look]


@cache
def profile(name: str) -> Profile:
    return load_profile(name)


def resident(name: str = "ektp", plan: tuple[Position, ...] = FULL_PLAN, **more: object) -> Situation:
    return replace(Situation(profile(name), plan, TODAY), **more)  # type: ignore[arg-type]


def blank(request: Request, position: Position) -> Look:
    """Return the look a session begins with: where, which attempt, on which rung."""
    name = position_name(position)
    return Look(
        position,
        request.attempts[name],
        score=0,
        mode=request.mode,
        profile=request.profiles[name],
        rung=request.rungs[name],
        capture=request.capture,
        device="virtual:finger",
    )


def answered(situation: Situation, request: Request, answer: Answer) -> Situation:
    looks = tuple(answer(situation, request, blank(request, position)) for position in request.positions)
    return replace(situation, looks=situation.looks + looks)


def walk(situation: Situation, answer: Answer, limit: int = 500) -> tuple[Situation, list[Request]]:
    """Record the whole resident; return what was seen, and what was asked."""
    asked: list[Request] = []
    while (request := next_capture(situation)) is not None:
        asked.append(request)
        situation = answered(situation, request, answer)
        assert len(asked) <= limit, "it does not end"
    return situation, asked


def scored(score: int, *causes: CauseName) -> Answer:
    """Return an answer that gives every picture one score."""
    named = tuple(Cause(name, 0.9) for name in causes)
    return lambda _, __, look: replace(look, score=score, has_template=True, causes=named)


def script(looks: Iterable[dict[str, object]], otherwise: int = 90) -> Answer:
    """Return an answer that plays looks at the right index finger, one an attempt; everything else is good."""
    played = list(looks)

    def answer(_: Situation, __: Request, look: Look) -> Look:
        if look.position is not INDEX:
            return replace(look, score=otherwise, has_template=True)
        values = {"score": 0, "has_template": True, **played[min(look.attempt, len(played)) - 1]}
        if values.get("ended", Ended.CAPTURED) is not Ended.CAPTURED:
            values |= {"score": None, "has_template": False}
        return replace(look, **values)  # type: ignore[arg-type]

    return answer
