"""Where the tests find real pictures: never in the repository, and not needed by most tests.

`BIOCORE_DATA` names a folder with `data/` and `reference/` in it; by default it is looked for beside the
checkout. A test that asks for it is left out where it is absent; what it proves is proved on the project's own
synthetic prints as well.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real pictures and reference results."""
    folder = Path(os.environ.get("BIOCORE_DATA", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no real data in {folder}; set BIOCORE_DATA")
    return folder
