"""Which pair of circles is the eye: each candidate is traced roughly, and judged by what edges carry it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from biocore.iris import circles, contours, outline
from biocore.iris.circles import OFFSET, RATIO, Circle, Way
from biocore.iris.contours import Band
from biocore.iris.outline import APART_ODDS, SUPPORT_ODDS, Limbus
from biocore.iris.pyramid import Pyramid, full_step
from biocore.iris.segmentation import Ellipse
from biocore.kernels import irissearch as kernel
from biocore.types import GreyImage

PUPIL_BAND = Band(near=0.45, far=1.7, samples=48, widths=(0.10, 0.20), bend=(0.0, 0.04, 0.16))
PUPIL_RATIO = (0.42, 0.18)  # mean and deviation of pupil by limbus radius (ISO/IEC 29794-6 expects 0.2..0.7)
PUPIL_OFFSET = 0.10  # of the limbus radius, deviation of the pupil's centre
# Log odds that a pair is right: conditional logit on the candidates of 919 pictures, real ones as they are, painted and
# pasted into larger ones, and synthetic ones with every defect; benchmarks/iris_ranking.py fits them anew.
PUPIL_ODDS, RATIO_ODDS, OFFSET_ODDS = 3.0, 1.3, 1.4  # for full support; for a deviation of ratio, of offset, squared
UNUSUAL, ASIDE = 2.0, 6.0  # deviations, squared, from which on ratio and offset say no more
FAINT, FAINT_ODDS = 0.6, 1.1  # support below which a pupil is doubted, and by how much a support
BRIGHT_ODDS = 0.6  # against a pupil that is brighter than its iris
BEST_SCORE = SUPPORT_ODDS + APART_ODDS + PUPIL_ODDS  # of a pair of the usual ratio without offset
BEYOND_DOUBT = 9.0  # of it
FLAT = 0.05  # flatness of a clear pupil from which its limbus is looked for along an ellipse (gaze of 25 degrees)
OVAL = 0.025  # radii; deviation of the edge from an ellipse: 0.01 to 0.02 of pupils, 0.03 to 0.1 where lashes join them
CLEAR = 0.7  # support of a pupil that need not be searched for further
PUPILS_FIRST = 10  # dark discs that limbi are looked for around
LIMBI = 8  # limbi that are traced
SHORTLIST = 5  # limbi that are searched for a pupil
HINT = 1.5  # what a disc inside adds to a limbus' support when the short list is made
PUPILS = 6  # pupils that are traced in each limbus
TIGHT = np.array([1.0 / 0.3**2, 1.0 / 0.3**2, 1.0 / 0.3**2]) * 0.05**2  # of a pupil's radius and centre
TIGHT.flags.writeable = False
EVERYWHERE = np.ones(outline.ANGLES)
EVERYWHERE.flags.writeable = False
WITHIN_SUPPORT, WITHIN_ODDS = 0.15, 1.5  # by which a limbus within another is carried better; may be less likely
WITHIN = 0.9  # of the limbus' radius; beyond, an edge is not the pupil's
CLEAR_OF = 0.82  # of the limbus' radius; beyond, edges may be those of the limbus itself
PATCH = 28.0  # px; radius a limbus is brought to before its pupil is searched


@dataclass(frozen=True, slots=True)
class Eye:
    """A pupil and a limbus traced roughly; `dark` where the pupil is darker than the iris, supports 0 to 1."""

    pupil: Circle
    limbus: Circle
    dark: bool
    pupil_support: float
    outline: Limbus

    @property
    def score(self) -> float:
        """Log odds that both circles are right."""
        ratio = (self.pupil.r / self.limbus.r - PUPIL_RATIO[0]) / PUPIL_RATIO[1]
        offset = math.hypot(self.pupil.x - self.limbus.x, self.pupil.y - self.limbus.y) / self.limbus.r / PUPIL_OFFSET
        edges = self.outline.score + PUPIL_ODDS * self.pupil_support - FAINT_ODDS * max(0.0, FAINT - self.pupil_support)
        unusual = RATIO_ODDS * min(ratio * ratio, UNUSUAL) + OFFSET_ODDS * min(offset * offset, ASIDE)
        return edges - unusual - BRIGHT_ODDS * (not self.dark)


def trace_pupil(
    pyramid: Pyramid, circle: Circle, limbus: Circle, full: float, *, dark: bool
) -> tuple[Circle, float, Ellipse]:
    """Trace a pupil roughly; return the circle through it, its support, and the ellipse it is where it is clear."""
    image, factor = pyramid.level(circle.r, 14.0)
    c = circle.scaled(1.0 / factor)
    view = contours.unroll(image, (c.x, c.y), c.r, PUPIL_BAND, outline.ANGLES)
    x, y, r = ((b - a) / factor for a, b in ((circle.x, limbus.x), (circle.y, limbus.y), (0.0, limbus.r)))
    until = contours.distance(x, y, WITHIN * r, outline.ANGLES)
    prior, sign = np.array([c.r, 0.0, 0.0]), full if dark else -full
    _, strength, found = contours.trace(
        view, PUPIL_BAND, EVERYWHERE, sign, prior, TIGHT, least_spread=0.03 * c.r, until=until
    )
    r, dx, dy = (float(k) for k in found.coefficients)
    support = float((strength * found.keeps).mean())
    traced = Circle(c.x + dx, c.y - dy, r, circle.score, circle.way).scaled(factor)
    stretch = turn = 0.0
    if support > CLEAR:  # steps beyond a full one were worth the same, so that the path was as round as it could be
        edge, _, _ = contours.trace(
            view, PUPIL_BAND, EVERYWHERE, sign, prior, TIGHT, least_spread=0.03 * c.r, relative=True, until=until
        )
        waves = contours.harmonics(outline.ANGLES, 2)
        parts = (edge - found.curve) @ waves * (2.0 / outline.ANGLES)
        parts[0] *= 0.5
        if float(np.std(edge - found.curve - waves @ parts)) < OVAL * r:
            stretch, turn = factor * min(math.hypot(*parts[3:]), 0.5 * r), 0.5 * math.atan2(parts[4], parts[3])
    return traced, support, Ellipse(traced.x, traced.y, traced.r + stretch, traced.r - stretch, turn)


def pupil_candidates(pyramid: Pyramid, limbus: Circle, count: int = 3) -> list[Circle]:
    """Return discs inside a limbus that edges vote for, dark and bright, however faint."""
    image, factor = pyramid.level(limbus.r, PATCH)
    c = limbus.scaled(1.0 / factor)
    reach = 0.9 * c.r
    x0, y0 = max(0, math.floor(c.x - reach)), max(0, math.floor(c.y - reach))
    patch = image[y0 : math.ceil(c.y + reach) + 1, x0 : math.ceil(c.x + reach) + 1]
    if min(patch.shape) < 8:
        return []
    gx, gy = circles.gradients(np.ascontiguousarray(patch))
    y, x = np.ogrid[: patch.shape[0], : patch.shape[1]]
    beyond = (x - (c.x - x0)) ** 2 + (y - (c.y - y0)) ** 2 > (CLEAR_OF * c.r) ** 2
    gx[beyond] = gy[beyond] = 0  # the limbus would vote, too
    span = (max(2.0, RATIO[0] * c.r), RATIO[1] * c.r)
    edges = kernel.ridges(gx, gy, circles.FAINT_STEEPNESS[0])
    found = circles.discs(edges, span, (c.x - x0, c.y - y0), OFFSET * c.r, count)
    return [replace(d, x=d.x + x0, y=d.y + y0).scaled(factor) for d in found]


def possible(pupil: Circle, limbus: Circle) -> bool:
    """Whether one eye could have this pair."""
    offset = math.hypot(pupil.x - limbus.x, pupil.y - limbus.y)
    return RATIO[0] <= pupil.r / limbus.r <= RATIO[1] and offset <= OFFSET * limbus.r and offset + pupil.r < limbus.r


@dataclass(frozen=True, slots=True)
class Search:
    """What a search found: eyes, the best first, and the circles that each way led to before any was traced."""

    eyes: list[Eye]
    pupils: list[Circle]
    limbi: list[Circle]


def search(pixels: GreyImage) -> Search:
    """Find what may be the eye; no eyes where there is nothing round with a disc inside it."""
    pyramid = Pyramid(pixels)
    coarse, factor = circles.reduce(pixels)
    full = full_step(coarse)
    edges = circles.edges(coarse, circles.STEEPNESS[0])
    dark, round_ = circles.blobs(coarse), circles.pupils(edges).peaks(6)
    every = dark + round_
    inner = circles.distinct(dark[:4] + round_[:4] + dark[4:], PUPILS_FIRST)
    votes = circles.limbi(edges, inner, wide=(False, True))
    peaks = votes.peaks(4)
    around = [c for c in votes.answers() if c is not None]
    outer = circles.distinct(sorted(peaks + around, key=lambda c: -c.score), LIMBI)
    traced = [outline.trace(pyramid, c.scaled(factor), full) for c in outer]
    inner = [c.scaled(factor) for c in inner]
    eyes = sorted(_pairs(pyramid, inner, _shortlist(traced, inner), full), key=lambda e: -e.score)
    nearer = [eye for eye in eyes if _within(eye, eyes[0])]
    if nearer:
        eyes.remove(nearer[0])
        eyes.insert(0, nearer[0])
    return Search(eyes, [c.scaled(factor) for c in every], [c.scaled(factor) for c in peaks])


def _within(eye: Eye, best: Eye) -> bool:
    """Whether an eye's limbus lies far within the best one's and is carried much better: lids and skin lie outside."""
    better = eye.outline.support > best.outline.support + WITHIN_SUPPORT and eye.score > best.score - WITHIN_ODDS
    return better and outline.RING_RATIO[1] * eye.limbus.r < best.limbus.r


def _shortlist(traced: list[Limbus], inner: list[Circle]) -> list[Limbus]:
    """Return the most promising limbi: well supported, round something that may be a pupil."""
    hint = [max((min(c.score, 1.0) for c in inner if possible(c, t.circle)), default=0.0) for t in traced]
    order = sorted(range(len(traced)), key=lambda i: -traced[i].score - HINT * hint[i])
    kept = circles.distinct([traced[i].circle for i in order], SHORTLIST)
    return [traced[i] for i in order if traced[i].circle in kept]


def _pairs(pyramid: Pyramid, inner: list[Circle], outer: list[Limbus], full: float) -> list[Eye]:
    """Trace the pupils that each limbus may have, until an eye is beyond doubt.

    A limbus is searched for faint pupils where none that was found before is clear.
    """
    eyes: list[Eye] = []
    for first in outer:
        limbus = outline.past_ring(pyramid, first, full)
        near = [c for c in inner if possible(c, limbus.circle)]
        found = [eye for c in near[:3] for eye in _pair(pyramid, c, limbus, full)]
        if max((e.pupil_support for e in found), default=0.0) < CLEAR:
            faint = circles.distinct(pupil_candidates(pyramid, limbus.circle, 2), PUPILS)
            found += [eye for c in faint for eye in _pair(pyramid, c, limbus, full)]
        eyes += found
        if max((e.score for e in found), default=0.0) > BEYOND_DOUBT:
            break
    return eyes


def _pair(pyramid: Pyramid, circle: Circle, limbus: Limbus, full: float) -> list[Eye]:
    """Trace one pupil: none where it leaves the limbus; where it is flat, also the limbus of a gaze aside."""
    dark = circle.way is not Way.BRIGHT_VOTES
    pupil, support, shape = trace_pupil(pyramid, circle, limbus.circle, full, dark=dark)
    found = [Eye(pupil, limbus.circle, dark, support, limbus)]
    if support > CLEAR and shape.flatness > FLAT:
        around = replace(limbus.circle, x=pupil.x, y=pupil.y)
        oval = outline.trace(pyramid, around, full, shape.profile(outline.ANGLES))
        found.append(Eye(pupil, oval.circle, dark, support, oval))
    return [eye for eye in found if possible(eye.pupil, eye.limbus)]
