"""What a burst is worth: each picture against its own eye, one by one, and fused of the best of the others.

    python benchmarks/iris_burst.py --data DIR [--keep 3]      file names PERSON_EYE_IMPRESSION.png

For each picture the other pictures of its eye are the burst. Prints FNMR at scores of 30 and 40 and at a false match
rate of 0.1 % counted on the same set (each picture against every other eye's first burst, or every other picture), what
share of comparisons with other eyes reach 40, and the time a burst takes.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

import biocore
from biocore.errors import BiocoreError
from biocore.iris import compare as comparison
from biocore.iris import from_burst
from biocore.types import IrisTemplate, Sample

RATE = 1e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--keep", type=int, default=3)
    chosen = parser.parse_args()
    samples = {path.stem: biocore.load(path, "iris") for path in sorted(chosen.data.glob("*.png"))}
    eyes: dict[str, list[str]] = {}
    for name in samples:
        eyes.setdefault(name.rpartition("_")[0], []).append(name)
    single = {name: found for name, sample in samples.items() if (found := template(sample)) is not None}
    fused: dict[str, IrisTemplate] = {}
    spent = time.process_time()
    for names in eyes.values():
        for probe in names:
            try:
                fused[probe] = from_burst([samples[name] for name in names if name != probe], chosen.keep)
            except BiocoreError as error:
                print(f"{probe}: {error}")
    spent = time.process_time() - spent
    print(f"{len(samples)} pictures, {len(samples) - len(single)} refused; {1e3 * spent / len(samples):.0f} ms a burst")
    eye_of = {name: eye for eye, names in eyes.items() for name in names}
    alone = {name: [other for other in single if eye_of[other] == eye_of[name] and other != name] for name in single}
    mated = {
        "single": [comparison.compare(single[n], single[o]).score for n in single for o in alone[n]],
        "fused": [comparison.compare(single[n], fused[n]).score for n in single if n in fused],
    }
    first = {eye: fused[names[0]] for eye, names in eyes.items() if names[0] in fused}
    others = {
        "single": strangers(single, eye_of, single, eye_of),
        "fused": strangers(single, eye_of, first, {eye: eye for eye in first}),
    }
    for name, scores in mated.items():
        tell(name, np.array(scores), np.sort(others[name]))


def template(sample: Sample) -> IrisTemplate | None:
    """Extract a template; None where that is refused."""
    try:
        found = biocore.extract(sample)
    except BiocoreError:
        return None
    return found if isinstance(found, IrisTemplate) else None


def strangers(
    probes: dict[str, IrisTemplate], eye_of: dict[str, str], references: dict[str, IrisTemplate], whose: dict[str, str]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the scores of all probes with the references of other eyes."""
    scores = []
    for name, probe in probes.items():
        other = [reference for key, reference in references.items() if whose[key] != eye_of[name]]
        scores.extend(found.score for found in comparison.search(probe, other))
    return np.array(scores)


def tell(
    name: str, mated: np.ndarray[tuple[int], np.dtype[np.float64]], others: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> None:
    """Print the rates of one way."""
    threshold = others[min(len(others) - 1, int(np.ceil(len(others) * (1.0 - RATE))))]
    missed = "  ".join(f"FNMR at {score:g}: {(mated < score).mean():.2%}" for score in (30.0, 40.0))
    print(
        f"{name:7s} {len(mated)} mated, {len(others)} others  {missed}  "
        f"at FMR 0.1 % (score {threshold:.1f}): {(mated < threshold).mean():.2%}  "
        f"others from 40 on: {(others >= 40.0).mean():.4%}"
    )


if __name__ == "__main__":
    main()
