"""The `biocore` command: the door.

The commands themselves are in `commands` and are loaded inside it, so that a missing part of the system is one line
too, not a traceback.
"""

from __future__ import annotations

import sys
import warnings

from biocore_bindings.streams import make_usable, say_wrong, silence


def main() -> None:
    """Run the command line and exit with its code."""
    make_usable()
    warnings.filterwarnings("ignore", module=r"PIL\.")  # what a damaged file makes Pillow say is said by us, once
    try:
        from biocore.station.secrecy import keep_memory_private
        from biocore_bindings.commands import app

        keep_memory_private()
        app(prog_name="biocore")
    except ImportError as error:  # a system library that OpenCV wants, an unfinished installation
        say_wrong(f"biocore: {' '.join(str(error).split())}")
        raise SystemExit(5) from None
    except SystemExit as left:  # of --help, whose reader left: Click and Rich call that 1
        raise SystemExit(141 if isinstance(left.__context__, BrokenPipeError) else left.code) from None
    except OSError as error:  # of --help and --version; of a command, `terminal.answering` says so
        silence(sys.stdout)
        say_wrong(f"biocore: standard output cannot be written: {error.strerror or error}")
        raise SystemExit(5) from None
    except KeyboardInterrupt:  # before or after a command; within one, `terminal.answering` says so
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
