"""A target for coverage-guided fuzzing of every record reader with atheris.

    pip install atheris && PYTHONPATH=tests python tests/fuzz/records_atheris.py corpus/ -max_len=65536

Begin with a corpus: the same with `--corpus corpus/` writes one record of each family. The project does not depend on
atheris.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from fuzz.mutations import outcome


def write_corpus(folder: Path) -> None:
    """Write one record of each family."""
    from record_samples import SAMPLES

    folder.mkdir(parents=True, exist_ok=True)
    for name, (_, data) in SAMPLES.items():
        (folder / name).write_bytes(data)


def one_input(data: bytes) -> None:
    """Read one input; anything but a record or a named refusal is a crash."""
    outcome(data, decode=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--corpus"]:
        write_corpus(Path(sys.argv[2]))
        raise SystemExit
    atheris = importlib.import_module("atheris")
    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
