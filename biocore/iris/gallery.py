"""Many irises to search in again and again, to find who of a register it is."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biocore.iris import calibration, compare
from biocore.types import Comparison, IrisTemplate

BLOCK = 4096  # references a call of the kernel: some milliseconds, between which other threads are heard


@dataclass(frozen=True, slots=True)
class Candidate:
    """One reference that is alike enough.

    Attributes
    ----------
    index : int
        Its place in the gallery.
    comparison : Comparison
    """

    index: int
    comparison: Comparison


class Gallery:
    """Codes of many irises, packed once and searched often.

    Parameters
    ----------
    templates : iterable of IrisTemplate
        They are found again by their place, from 0.

    Raises
    ------
    InvalidTemplateError
        Not iris templates, or of another code.
    """

    def __init__(self, templates: Iterable[IrisTemplate]) -> None:
        self._packed = compare.pack(templates)

    def __len__(self) -> int:
        return len(self._packed)

    def identify(self, probe: IrisTemplate, least: float = 60.0, threads: int = 1) -> list[Candidate]:
        """Find the references that a probe is alike.

        Parameters
        ----------
        probe : IrisTemplate
        least : float
            Score from which on a reference is a candidate, 30 or more. Among n references one is there by chance in
            n 10^(-least / 10) searches: 60 is one in a thousand searches of a thousand.
        threads : int
            How many to compare in; the result does not depend on it.

        Returns
        -------
        list of Candidate
            Best first, with the scores that `biocore.iris.compare.compare` gives.

        Raises
        ------
        InvalidTemplateError
            Not an iris template, or of another code.
        ValueError
            A threshold below 30, for which a coarse search is not meant, or fewer than one thread.
        """
        if not least >= compare.EXACT:
            raise ValueError(f"a search is exact from a score of {compare.EXACT:g} on, and {least} was asked for")
        if threads < 1:
            raise ValueError(f"threads must be at least 1, not {threads}")
        one, model = compare.prepared(probe), calibration.model()

        def block(first: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
            return compare.found(one, self._packed.part(slice(first, first + BLOCK)), model)

        starts = range(0, len(self), BLOCK)
        if threads == 1 or len(starts) < 2:
            blocks = [block(first) for first in starts]
        else:
            with ThreadPoolExecutor(min(threads, len(starts))) as pool:
                blocks = list(pool.map(block, starts))
        if not blocks:
            return []
        offsets, scores = (np.concatenate(column) for column in zip(*blocks, strict=True))
        chosen = np.flatnonzero(scores >= least)
        return [
            Candidate(int(k), compare.outcome(float(scores[k]), int(offsets[k])))
            for k in chosen[np.argsort(-scores[chosen], kind="stable")]
        ]
