"""Compiled loops over plain arrays of numbers, each behind a typed gate.

The rule. Bounds checks are off in the compiled modules (`_*.pyx`), so the gates are the library's
memory-safety border: a gate module (`nfiq2.py`, `ridge.py`, ...) checks shape, dtype and size with
`biocore.kernels.checks`, allocates the outputs, calls its kernel and returns. Nobody but a family's gate
imports its `_*.pyx`. A kernel takes typed memoryviews and numbers, allocates nothing, knows no NumPy and
releases the GIL; constants arrive as arguments, from where they have a name, a unit and a source. For each
kernel a plain NumPy twin in `tests/` gives the same answer.
"""
