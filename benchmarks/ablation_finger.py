"""What each stage of the extractor buys, on every visible set, and what it costs.

    python benchmarks/ablation_finger.py [--only TEXT]

Each line leaves out or changes one thing. All impressions of a set are compared with all others (280 mated and 2,880
non-mated pairs a set); pooled, one threshold serves all sets. Milliseconds are CPU time of `extract`, the mean over
all images. Ten fingers a set: differences below a point are noise unless most sets agree.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np

from biocore.errors import ExtractionError
from biocore.fingerprint import enhance, extract, minutiae
from biocore.fingerprint.compare import search
from biocore.fingerprint.extract import RECIPES, Recipe, Smoothing
from biocore.types import FingerTemplate
from finger_sets import SETS, images, rates

FAST, ROBUST = RECIPES["fast"], RECIPES["robust"]


def _unfiltered(picture: Any, field: Any, mask: Any, filters: Any) -> Any:
    _, strength = enhance.enhance(picture, field, mask, filters)
    return picture, strength


def _line_directions(found: minutiae.Ends, field: Any) -> Any:
    return found.inward * np.array([1, -1], np.float32)


CHANGES: dict[str, tuple[Recipe, list[tuple[Any, str, Any]]]] = {
    "fast": (FAST, []),
    "fast, no filters at all": (FAST, [(extract, "enhance", _unfiltered)]),
    "fast, one pass": (replace(FAST, passes=FAST.passes[:1]), []),
    "fast, three passes": (replace(FAST, passes=FAST.passes + FAST.passes[:1]), []),
    "fast, orientation over 1 cell": (replace(FAST, passes=(Smoothing(1.0),) * 2), []),
    "fast, orientation over 2 cells": (replace(FAST, passes=(Smoothing(2.0),) * 2), []),
    "fast, one ridge period for all": (FAST, [(enhance, "PERIODS", (9.0,) * 8)]),
    "fast, longer filters": (FAST, [(extract, "PLAIN", extract.LONG)]),
    "fast, contrast of the picture as it is": (
        FAST,
        [(enhance, "WINDOW_RADIUS", 64), (enhance, "DEVIATION_FLOOR", 60.0)],
    ),
    "fast, mask by contrast only": (FAST, [(extract, "reliable", lambda strength, mask: mask)]),
    "fast, facing ends kept": (FAST, [(minutiae, "NEAR", 0.0), (minutiae, "FAR", 0.0)]),
    "fast, spurs kept": (FAST, [(minutiae, "SPUR", 1)]),
    "fast, islands and lakes kept": (FAST, [(minutiae, "FRAGMENT", 1)]),
    "fast, ends at the edge kept": (FAST, [(minutiae, "SIDE", 1.0), (minutiae, "AHEAD", 0.0)]),
    "fast, directions from the line": (FAST, [(extract, "directions", _line_directions)]),
    "fast, every minutia equally trusted": (
        FAST,
        [(extract, "confidence", lambda columns, weights: np.full(len(columns), 80, np.uint8))],
    ),
    "robust": (ROBUST, []),
    "robust, last pass only": (replace(ROBUST, opinions=(), least=1), []),
    "robust, one opinion is enough": (replace(ROBUST, least=1), []),
    "robust, three must agree": (replace(ROBUST, least=3), []),
}


@contextmanager
def changed(recipe: Recipe, patches: list[tuple[Any, str, Any]]) -> Iterator[None]:
    """Let `extract(..., "fast")` follow this recipe with these names replaced."""
    with ExitStack() as stack:
        stack.enter_context(patch.dict(RECIPES, {"fast": recipe}))
        for target, name, value in patches:
            stack.enter_context(patch.object(target, name, value))
        enhance._borders.cache_clear()
        enhance._bank.cache_clear()
        yield
    enhance._borders.cache_clear()
    enhance._bank.cache_clear()


def templates(name: str) -> tuple[dict[str, FingerTemplate | None], list[float]]:
    """Extract a whole set; None where there is no usable region."""
    found: dict[str, FingerTemplate | None] = {}
    spent = []
    for stem, pixels in images(name).items():
        start = time.process_time()
        try:
            found[stem] = extract.extract(pixels, "fast")
        except ExtractionError:
            found[stem] = None
        spent.append(1e3 * (time.process_time() - start))
    return found, spent


def scores(found: dict[str, FingerTemplate | None]) -> tuple[list[float], list[float]]:
    """Compare all with all; a picture without a template matches nothing."""
    mated: list[float] = []
    nonmated: list[float] = []
    stems = sorted(found)
    for i, stem in enumerate(stems):
        probe, rest = found[stem], stems[i + 1 :]
        live = [(other, t) for other in rest if (t := found[other]) is not None] if probe is not None else []
        got = {}
        if probe is not None and live:
            results = search(probe, [t for _, t in live])
            got = {other: result.score for (other, _), result in zip(live, results, strict=True)}
        for other in rest:
            same = stem.split("_")[0] == other.split("_")[0]
            (mated if same else nonmated).append(got.get(other, -1e9))
    return mated, nonmated


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="lines whose name holds this text")
    only = parser.parse_args().only
    print(
        f"{'EER % / FNMR % at FMR 0.1 %':40s} {'ms':>6s} {'n':>5s} " + " ".join(f"{s:>14s}" for s in (*SETS, "pooled"))
    )
    for label, (recipe, patches) in CHANGES.items():
        if only not in label:
            continue
        mated: list[float] = []
        nonmated: list[float] = []
        spent: list[float] = []
        counts: list[int] = []
        cells = []
        with changed(recipe, patches):
            for name in SETS:
                found, times = templates(name)
                m, n = scores(found)
                cells.append("{:6.2f} /{:6.2f}".format(*rates(np.array(m), np.array(n))))
                mated, nonmated, spent = mated + m, nonmated + n, spent + times
                counts += [len(t) for t in found.values() if t is not None]
        cells.append("{:6.2f} /{:6.2f}".format(*rates(np.array(mated), np.array(nonmated))))
        print(f"{label:40s} {np.mean(spent):6.1f} {np.mean(counts):5.1f} " + " ".join(cells), flush=True)


if __name__ == "__main__":
    main()
