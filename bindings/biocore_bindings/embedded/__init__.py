"""The engine behind the C library: what `bindings/c/biocore.h` promises, done here.

The library starts an interpreter and calls `start` with cffi's two objects; that binds each function of the tables in
`samples`, `templates`, `devices` and `records` to the one of its name in C. They take what C passes, check it, write
what they return through C's pointers, and raise; `door` turns errors into codes. Nothing here imports cffi.
"""

from biocore_bindings.embedded.start import start

__all__ = ["start"]
