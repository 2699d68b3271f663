"""Several fingers or eyes on a scanner that shows one at a time: each must be another one than those before.

The interface says nothing to the person between two of them, and the finger just captured still lies there. So each
new picture is compared with those that were taken: the same finger once more is waited out, and never handed out as
another.
"""

from __future__ import annotations

import biocore
from biocore.errors import BiocoreError
from biocore.types import Template
from biocore_bindings.sbi_records import Scored

SAME = 40.0  # score from which two pictures are of one finger or eye: one false match in 10,000


class Taken:
    """The fingers or eyes that were captured so far."""

    def __init__(self) -> None:
        self._templates: list[Template] = []

    def add(self, part: Scored) -> None:
        """Note one that was told from those before."""
        self._templates.append(biocore.extract(part.sample))

    def may_be_among(self, part: Scored) -> bool:
        """Say whether one is among them; what nothing can be told of may be any."""
        try:
            template = biocore.extract(part.sample)
        except BiocoreError:
            return True
        return any(biocore.compare(template, one).score >= SAME for one in self._templates)
