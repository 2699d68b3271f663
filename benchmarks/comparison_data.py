"""Templates of the visible sets and of synthetic fingers, and the evidence of all their comparisons."""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from synthetic_fingers import pictures

from biocore.errors import BiocoreError
from biocore.fingerprint.compare import RULES
from biocore.fingerprint.fuse import fuse
from biocore.fingerprint.packing import views
from biocore.kernels import match
from biocore.types import FingerPosition, FingerTemplate, GreyImage

SETS = ("fvc2000_db4b", "fvc2002_db1b", "fvc2002_db3b", "fvc2002_db4b")
SYNTHETIC = "synthetic"  # the set of fingers made by `synthetic_fingers`
SOURCES = ("fingerjet", "fast", "robust", "learned", "spoilt", "fused")  # of minutiae
Key = tuple[str, str, str]  # set, finger, impression
Pictures = Callable[[], Iterator[tuple[Key, GreyImage]]]

REFUSED = -1e9  # score of a comparison with an image no template could be made of


@dataclass(frozen=True, slots=True)
class Pairs:
    """All comparisons of one source of minutiae.

    Attributes
    ----------
    evidence : float64 array (n, len(match.Evidence))
    mated, refused : bool array (n,)
    sets : int64 array (n,)
        Index of the set, the synthetic one last; -1 where the two are of different sets (always non-mated).
    fingers : int64 array (n, 2)
        Number of the finger each is of, over all sets.
    """

    evidence: NDArray[np.float64]
    mated: NDArray[np.bool_]
    refused: NDArray[np.bool_]
    sets: NDArray[np.int64]
    fingers: NDArray[np.int64]

    def thinned(self, step: int) -> Pairs:
        """Return all mated pairs, and of the others one in `step`."""
        rows = np.flatnonzero(self.mated | (np.arange(len(self.mated)) % step == 0))
        return Pairs(*(getattr(self, name)[rows] for name in self.__slots__))


def fingerjet(shared: Path) -> dict[Key, FingerTemplate | None]:
    """Templates of the minutiae FingerJetFX found (`reference/nfiq2_minutiae.csv`)."""
    rows = defaultdict(list)
    with (shared / "reference/nfiq2_minutiae.csv").open() as file:
        for row in csv.DictReader(file):
            rows[row["Filename"]].append([int(row[name]) for name in ("x", "y", "a", "t", "q")])
    found: dict[Key, FingerTemplate | None] = {}
    for key, path in images(shared).items():
        values = np.array(rows.get(f"fp/{key[0]}/{path.name}", []))
        found[key] = None if len(values) == 0 else template(values)
    return found


def template(values: NDArray[np.int64]) -> FingerTemplate:
    """Make a template of rows x, y, angle (1/256 turns), kind (2 = bifurcation), quality."""
    order = np.argsort(-values[:, 4], kind="stable")
    values = values[order]
    return FingerTemplate(
        algorithm="FingerJetFX",
        width=int(values[:, 0].max()) + 1,
        height=int(values[:, 1].max()) + 1,
        position=FingerPosition.UNKNOWN,
        ppi=500.0,
        points=values[:, :2].astype(np.float32),
        directions=(values[:, 2] * (2 * np.pi / 256)).astype(np.float32),
        kinds=values[:, 3].astype(np.uint8),
        qualities=np.clip(values[:, 4], 0, 100).astype(np.uint8),
    )


def load(source: str, shared: Path) -> dict[Key, FingerTemplate | None]:
    """Load templates of one source on the visible sets.

    `fingerjet`, `fast`, `robust`: by that extractor; `learned`: by the learned detector (the extra `robust` must be
    installed); `spoilt`: robust, of spoilt pictures; `fused`: twice three of those fused, and two clean ones.
    """
    return fingerjet(shared) if source == "fingerjet" else made_of(source, lambda: photographs(shared))


def load_synthetic(source: str, fingers: int, cache: Path) -> dict[Key, FingerTemplate | None]:
    """Make templates of synthetic fingers, or find them in `cache`; empty it when the extractor has changed."""
    import joblib

    made = joblib.Memory(cache, verbose=0).cache(_synthetic)(source, fingers)
    return dict(made)


def _synthetic(source: str, fingers: int) -> dict[Key, FingerTemplate | None]:
    return made_of(source, lambda: (((SYNTHETIC, f, n), pixels) for f, n, pixels in pictures(fingers)))


def made_of(source: str, from_: Pictures) -> dict[Key, FingerTemplate | None]:
    """Make the templates of one source."""
    if source == "spoilt":
        return extracted(from_, "robust", spoil=True)
    if source == "fused":
        return fused(extracted(from_, "robust", spoil=True), extracted(from_, "robust"))
    return extracted(from_, source)


def fused(
    attempts: dict[Key, FingerTemplate | None], clean: dict[Key, FingerTemplate | None]
) -> dict[Key, FingerTemplate | None]:
    """Fuse impressions 1 to 3 and 4 to 6 of each finger; 7 and 8 stay clean."""
    found: dict[Key, FingerTemplate | None] = {}
    for set_, finger in sorted({key[:2] for key in attempts}):
        for name in ("123", "456"):
            live = [t for impression in name if (t := attempts[set_, finger, impression]) is not None]
            found[set_, finger, name] = fuse(live) if live else None
        for impression in "78":
            found[set_, finger, impression] = clean[set_, finger, impression]
    return found


def extracted(from_: Pictures, effort: str, spoil: bool = False) -> dict[Key, FingerTemplate | None]:
    """Templates by the library's own extractor; None for images it refuses."""
    import cv2

    from biocore.fingerprint import learned
    from biocore.fingerprint.extract import extract
    from biocore.fingerprint.robust import extract_robust

    if effort == "learned" and not learned.available():
        sys.exit("the source `learned` needs the extra `robust`: pip install biocore[robust]")
    cv2.setNumThreads(1)
    rng = np.random.default_rng(8)
    found: dict[Key, FingerTemplate | None] = {}
    for key, clean in from_():
        pixels = spoilt(clean, rng) if spoil else clean
        try:
            found[key] = extract_robust(pixels) if effort == "learned" else extract(pixels, effort)
        except BiocoreError:
            found[key] = None
    return found


def spoilt(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Make a print worse as skin and pressure do, by a random amount: faint, broken by dryness, worn, or flooded."""
    import cv2

    def noise(scale: float) -> NDArray[np.float32]:
        blurred = cv2.GaussianBlur(rng.normal(size=pixels.shape).astype(np.float32), (0, 0), scale)
        return np.asarray(blurred / blurred.std(), np.float32)

    ground = np.float32(np.percentile(pixels, 90))
    ink = ground - pixels.astype(np.float32)
    amount = np.float32(rng.uniform(0.3, 1.0))
    kind = rng.integers(5)
    if kind == 0:
        ink = ink * (1 - 0.8 * amount)
    elif kind == 1:
        ink = np.where(noise(1.5) > 2.0 - 1.6 * amount, 0.15 * ink, ink)
    elif kind == 2:
        patch = np.clip((noise(15.0) - 1.2 + amount) * 2.5, 0, 1)
        ink = ink * (1 - patch) + cv2.GaussianBlur(ink, (0, 0), 6.0) * patch
    elif kind == 3:
        flood = np.clip((noise(10.0) - 0.8 + amount) * 1.5, 0, 1)
        wide = cv2.dilate(ink, np.ones((4, 4), np.uint8))
        ink = cv2.GaussianBlur(ink * (1 - flood) + wide * flood, (0, 0), 0.8)
    return np.clip(ground - ink + 5 * amount * noise(0.8), 0, 255).astype(np.uint8)


def images(shared: Path) -> dict[Key, Path]:
    """All images of the visible sets, in order."""
    found = {}
    for name in SETS:
        for path in sorted((shared / "data/fp" / name).glob("*.tif")):
            finger, impression = path.stem.split("_")
            found[name, finger, impression] = path
    if not found:
        sys.exit(f"no images below {shared}; pass --shared")
    return found


def photographs(shared: Path) -> Iterator[tuple[Key, GreyImage]]:
    """Yield the pictures of the visible sets."""
    import cv2

    for key, path in images(shared).items():
        yield key, np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)


def compare_all(templates: dict[Key, FingerTemplate | None], across: bool = True) -> Pairs:
    """Compare every impression with every other; `across` with those of other sets too."""
    keys = list(templates)
    numbers = {finger: n for n, finger in enumerate(sorted({key[:2] for key in keys}))}
    live = {key: views(t) for key, t in templates.items() if t is not None}
    evidence, rows = [], []
    for k, key in enumerate(keys):
        rest = [other for other in keys[k + 1 :] if across or other[0] == key[0]]
        there = [other for other in rest if key in live and other in live]
        found: dict[Key, NDArray[np.float64]] = {}
        if there:
            found = {other: best_evidence(live[key], live[other]) for other in there}
        nothing = np.zeros(len(match.Evidence))
        for other in rest:
            evidence.append(found.get(other, nothing))
            of = (*SETS, SYNTHETIC).index(key[0]) if key[0] == other[0] else -1
            rows.append((key[:2] == other[:2], other not in found, of, numbers[key[:2]], numbers[other[:2]]))
    table = np.array(rows)
    return Pairs(np.array(evidence), table[:, 0] > 0, table[:, 1] > 0, table[:, 2], table[:, 3:])


def best_evidence(ours: tuple[match.Packed, ...], theirs: tuple[match.Packed, ...]) -> NDArray[np.float64]:
    """Return the evidence of those two views that agree best."""
    rows = np.concatenate([match.match(match.index(one), list(theirs), RULES)[0] for one in ours])
    return np.asarray(rows[rows[:, match.Evidence.CLOSENESS].argmax()])
