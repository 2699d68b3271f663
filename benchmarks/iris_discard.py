"""Error versus discard of the iris quality score, beside each component of ISO/IEC 29794-6 on its own.

    python benchmarks/iris_discard.py IMAGES

IMAGES holds pictures named PERSON_EYE_IMPRESSION.png. Each one, as it is and worsened at random, is compared with the
other pictures of its eye as they are (`train_iris_score.py`). The table says what share of the pictures compares below
40, one false match in 10,000, once those of the lowest quality are left out: first by the score, trained on other
people than those it judges, then by each component alone. `area` is the mean over 0 to 50 % discarded, as a share of
what a blind choice leaves: 1 orders no better than chance, 0 finds every failure at once. Ties are broken blindly.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr
from train_iris_score import CACHE, Row, held_out, rows_of, synthetic_rows

from biocore.iris.components import COMPONENTS

Floats = NDArray[np.float64]
THRESHOLD = 40.0  # comparison score below which a picture has failed
DISCARDED = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)
AREA = np.linspace(0.0, 0.5, 51)  # shares discarded that the area is the mean over
BOOTSTRAP = 400  # samples of people, for the interval of a difference of areas


def left(quality: Floats, failed: NDArray[np.bool_], shares: Sequence[float] | Floats) -> Floats:
    """Return the share of failures among what is kept; of pictures of one quality, each is as likely to be kept."""
    order = np.argsort(quality, kind="stable")
    _, group = np.unique(quality[order], return_inverse=True)
    expected = (np.bincount(group, failed[order]) / np.bincount(group))[group]
    rest = np.append(np.cumsum(expected[::-1])[::-1], 0.0)
    kept = len(order) - np.round(np.asarray(shares) * len(order)).astype(int)
    return np.asarray(rest[len(order) - kept] / np.maximum(kept, 1))


def area(quality: Floats, failed: NDArray[np.bool_]) -> float:
    return float(left(quality, failed, AREA).mean() / failed.mean())


def report(rows: Sequence[Row], kind: str) -> None:
    """Print the table of all pictures, or of those of one kind."""
    chosen = np.array([kind in ("all", row.kind) and not row.synthetic for row in rows])
    failed = np.array([row.score < THRESHOLD for row in rows])[chosen]
    points, people = (np.array([getattr(row, name) for row in rows])[chosen] for name in ("points", "person"))
    judged = {"biocore.iris/1, people held out": held_out(rows)[chosen]}
    for name, component in COMPONENTS.items():
        native = [component.score(component.native(row.physics)) for row in rows]
        judged[name] = np.nan_to_num(np.array(native), nan=-1.0)[chosen]
    print(f"\n{kind}: {chosen.sum()} pictures, {failed.sum()} compare below {THRESHOLD:g}; % of those kept")
    print(f"{'':34s}" + " ".join(f"{100 * share:5.0f} %" for share in DISCARDED) + "    area  rank correlation")
    areas = {name: area(quality, failed) for name, quality in judged.items()}
    for name in sorted(judged, key=lambda name: areas[name]):
        cells = " ".join(f"{100 * rate:7.1f}" for rate in left(judged[name], failed, DISCARDED))
        rank = f"{spearmanr(judged[name], points)[0]:8.2f}" if np.ptp(judged[name]) > 0 else "       -"
        print(f"{name:34s}{cells} {areas[name]:7.3f} {rank}")
    unified, *_ = judged
    single = min((name for name in judged if name != unified), key=lambda name: areas[name])
    names, rng = np.unique(people), np.random.default_rng(1)
    where = [np.flatnonzero(people == name) for name in names]
    gained = []
    for _ in range(BOOTSTRAP):
        some = np.concatenate([where[k] for k in rng.integers(0, len(names), len(names))])
        if failed[some].any():
            gained.append(area(judged[single][some], failed[some]) - area(judged[unified][some], failed[some]))
    low, high = np.quantile(gained, [0.05, 0.95])
    gain = areas[single] - areas[unified]
    print(f"area gained over {single}, the best single one: {gain:.3f} ({low:.3f} to {high:.3f} in 90 % of samples)")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument(
        "--cache", type=Path, default=CACHE, help="folder for synthetic pictures, which the score learns from too"
    )
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    rows = [*rows_of(options.images), *synthetic_rows(options.cache)]
    for kind in ("all", "clean"):
        report(rows, kind)


if __name__ == "__main__":
    main()
