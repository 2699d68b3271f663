"""OpenCV's wheel leaves a few libraries to the system; where they are missing, say what to install.

`biocore/__init__.py` asks once, before anything imports cv2, so that every other module simply does.
"""

from __future__ import annotations

from biocore.errors import MissingDependencyError

SYSTEM_PACKAGES = "libgl1 libglib2.0-0"  # libGL, libxcb and GLib, of Debian 12; found on a minimal system


def require() -> None:
    """Make sure that `import cv2` works.

    Raises
    ------
    MissingDependencyError
        It does not; the message carries the line that cures it.
    """
    try:
        import cv2
    except ImportError as error:
        absent = isinstance(error, ModuleNotFoundError)  # the package itself, not what it links to
        cure = "pip install opencv-python" if absent else f"apt-get install {SYSTEM_PACKAGES}"
        # the cause is told in one line; OpenCV's own traceback leads through its start-up code
        raise MissingDependencyError(f"OpenCV does not load: {error}. To cure it: {cure}") from None
    del cv2
