"""What does a standard record cost a comparison? FNMR with native templates and with ones read back from records.

    python benchmarks/record_round_trip.py FOLDER... [--effort fast|robust]

Folders in FVC naming (FINGER_IMPRESSION.ext), 500 ppi, all impressions against all. A record keeps whole pixels and
256 directions.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np

import biocore
from biocore.formats.finger_templates import TemplateFormat, read_templates, write_templates

FMR = 1e-3


def fnmr(templates: dict[str, biocore.FingerTemplate]) -> float:
    """Share of the mated pairs below the lowest threshold at which one non-mated pair in 1,000 passes."""
    mated: list[float] = []
    nonmated: list[float] = []
    names = sorted(templates)
    for index, name in enumerate(names[:-1]):
        rest = names[index + 1 :]
        for other, result in zip(rest, biocore.search(templates[name], [templates[n] for n in rest]), strict=True):
            (mated if name.rsplit("_", 1)[0] == other.rsplit("_", 1)[0] else nonmated).append(result.score)
    order = np.sort(nonmated)[::-1]
    threshold = np.nextafter(order[int(FMR * len(order))], np.inf)
    return float(np.mean(np.array(mated) < threshold))


def through(layout: TemplateFormat) -> Callable[[biocore.FingerTemplate], biocore.FingerTemplate]:
    return lambda template: read_templates(write_templates([template], layout))[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--effort", choices=["fast", "robust"], default="fast")
    options = parser.parse_args()
    effort: Literal["fast", "robust"] = options.effort
    templates = {}
    for folder in options.folders:
        for path in sorted(folder.glob("*_*.*")):
            try:
                sample = biocore.load(path, "finger", ppi=500)
                templates[f"{folder.name}/{path.stem}"] = biocore.extract(sample, effort)
            except biocore.BiocoreError as error:
                print(f"left out: {error}")
    ways = {"native": lambda template: template, **{layout.value: through(layout) for layout in TemplateFormat}}
    for name, way in ways.items():
        print(f"{name:10s} FNMR at FMR 0.1 %: {100 * fnmr({k: way(t) for k, t in templates.items()}):.2f} %")


if __name__ == "__main__":
    main()
