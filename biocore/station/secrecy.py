"""What a process that has residents in its memory owes them: its memory reaches no file.

A core file would hold whoever is at the desk: the picture, the name, the data key of the record. Encryption on the
disk does not help against a copy that the system makes by itself.
"""

from __future__ import annotations

import ctypes
import resource
import sys

_SET_DUMPABLE, _GET_DUMPABLE = 4, 3  # prctl(2), linux/prctl.h


def keep_memory_private() -> bool:
    """Make no core files, and let no other process of the same user look in; say whether both is so.

    A limit of 0 suffices where cores are files; where they are piped to a program (systemd-coredump) the limit does not
    count, and only a process that is not dumpable leaves none (core(5)).
    """
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None)
    libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0)
    return bool(libc.prctl(_GET_DUMPABLE, 0, 0, 0, 0) == 0)
