"""The `biocore` command: the door.

The commands themselves are in `commands` and are loaded inside it, so that a missing part of the system is one line
too, not a traceback.
"""

from __future__ import annotations

import sys
import warnings


def main() -> None:
    """Run the command line and exit with its code."""
    warnings.filterwarnings("ignore", module=r"PIL\.")  # what a damaged file makes Pillow say is said by us, once
    try:
        from biocore.station.secrecy import keep_memory_private
        from biocore_bindings.commands import app

        keep_memory_private()
        app(prog_name="biocore")
    except ImportError as error:  # a system library that OpenCV wants, an unfinished installation
        sys.stderr.write(f"biocore: {' '.join(str(error).split())}\n")
        raise SystemExit(5) from None
    except KeyboardInterrupt:  # before or after a command; within one, `terminal.answering` says so
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
