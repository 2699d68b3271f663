"""What a burst is worth: each picture against its own eye, one by one, and fused of the best of the others.

    python benchmarks/iris_burst.py --data DIR [--keep 3]      file names PERSON_EYE_IMPRESSION.png

For each picture the other pictures of its eye are the burst. Prints the time a burst takes; FNMR at scores of 30 and 40
and at a false match rate of 0.1 % counted on the same set; and what a score claims against what is seen: at a predicted
score, -10 log10 of the observed false match rate, and how many pairs that is. All pictures and bursts are compared with
those of all other eyes, at every offset: pictures with pictures, pictures with fused ones, fused ones with each other.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from iris_calibration import SCORES, row
from iris_conditions import Floats, non_mated

import biocore
from biocore.errors import BiocoreError
from biocore.iris import calibration, from_burst
from biocore.iris import compare as comparison
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
    others = {
        "single": strangers(single, single),
        "fused": strangers(single, fused),
        "fused with fused": strangers(fused, fused),
    }
    for name, scores in mated.items():
        tell(name, np.array(scores), others[name])
    print(f"{'observed at a predicted score of':42s} {'pairs':>8s} " + " ".join(f"{score:13d}" for score in SCORES))
    for name, found in others.items():
        row(name, found)


def template(sample: Sample) -> IrisTemplate | None:
    """Extract a template; None where that is refused."""
    try:
        found = biocore.extract(sample)
    except BiocoreError:
        return None
    return found if isinstance(found, IrisTemplate) else None


def strangers(probes: dict[str, IrisTemplate], references: dict[str, IrisTemplate]) -> Floats:
    """Return the scores of all probes with the references of other eyes, each pair of names once."""
    model = calibration.model()
    pairs = non_mated(probes, references)
    return np.asarray(model.scores(pairs.different, pairs.common, pairs.spread))


def tell(name: str, mated: Floats, others: Floats) -> None:
    """Print the rates of one way."""
    others = np.sort(others)
    threshold = others[min(len(others) - 1, int(np.ceil(len(others) * (1.0 - RATE))))]
    missed = "  ".join(f"FNMR at {score:g}: {(mated < score).mean():.2%}" for score in (30.0, 40.0))
    print(
        f"{name:7s} {len(mated)} mated, {len(others)} others  {missed}  "
        f"at FMR 0.1 % (score {threshold:.1f}): {(mated < threshold).mean():.2%}  "
        f"others from 40 on: {(others >= 40.0).mean():.4%}"
    )


if __name__ == "__main__":
    main()
