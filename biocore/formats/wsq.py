"""WSQ, the FBI's compression of fingerprints at 500 ppi, by the library of the extra `wsq` (NBIS, of NIST).

Reading. That library reads and writes beyond its memory where the data are damaged: of 3,000 damaged pictures nine
ended the process. It is therefore called in a process of its own, whose end is an error like any other, and whose time
and memory are bounded. Against data made to take that process over this is no sandbox.

Writing. The library writes 0.75 bits a pixel, which is the FBI's rate and about 15:1, and says so in the file, whatever
rate it is asked for; there is no other.

References: IAFIS-IC-0110 (WSQ Gray-Scale Fingerprint Image Compression Specification), annex on the markers.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np

from biocore.errors import InvalidSampleError, MissingDependencyError
from biocore.types import MAX_SIDE, GreyImage

BITS_A_PIXEL = 0.75
PPI = 500.0  # px/inch; the library writes this one into every file
SECONDS = 30.0  # for one picture; the largest there can be takes five
MEMORY = 2 << 30  # bytes of the process; the largest picture takes one
_BEGINS = b"\xff\xa0"
_FRAME, _BLOCK = 0xA2, 0xA3  # markers: size and scaling of the picture; compressed data
_SEGMENTS = range(0xA2, 0xA9)
_SIZE = struct.Struct(">HH")  # height and width, behind marker, length, black and white
_HEAD = struct.Struct(">II")  # width and height, before the pixels that the process hands back
_CHILD = """
import resource, struct, sys
sys.path.append(sys.argv[1])
for what, most in (("AS", int(sys.argv[2])), ("CPU", int(sys.argv[3])), ("CORE", 0)):
    resource.setrlimit(getattr(resource, "RLIMIT_" + what), (most, most))
import _wsq
try:
    pixels, width, height, _ = _wsq.decompress(sys.stdin.buffer.read())
except Exception as error:
    sys.exit(str(error))
sys.stdout.buffer.write(struct.pack(">II", width, height) + bytes(pixels))
"""


def decode_wsq(data: bytes) -> GreyImage:
    """Decode a picture.

    Raises
    ------
    ValueError
        Damaged, cut off, or larger than `MAX_SIDE` a side.
    MissingDependencyError
        Without the extra `wsq`, or without an interpreter to run it in.
    """
    folder = _library().parent
    width, height = _size(data)
    if max(width, height) > MAX_SIDE:
        raise ValueError(f"{width}x{height} px; the limit is {MAX_SIDE} a side")
    command = [_python(), "-I", "-S", "-c", _CHILD, str(folder), str(MEMORY), str(round(SECONDS))]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise ValueError(f"decoding it takes more than {SECONDS:.0f} s") from None
    except OSError as error:
        raise ValueError(f"no process can be started to decode it: {error.strerror}") from None
    if done.returncode or len(done.stdout) != _HEAD.size + width * height:
        raise ValueError(_why(done))
    if _HEAD.unpack_from(done.stdout) != (width, height):
        raise ValueError("its decoder finds another size than its head says")
    return np.frombuffer(done.stdout, np.uint8, offset=_HEAD.size).reshape(height, width)


def encode_wsq(pixels: GreyImage) -> bytes:
    """Encode a grey raster at `BITS_A_PIXEL`.

    Parameters
    ----------
    pixels : uint8 array (height, width)
        At 500 ppi.

    Raises
    ------
    InvalidSampleError
        Too small: some 20 px a side are the least.
    MissingDependencyError
        Without the extra `wsq`.
    """
    _library()
    library = importlib.import_module("_wsq")
    height, width = pixels.shape
    try:
        return bytes(library.compress(np.ascontiguousarray(pixels).tobytes(), height, width, BITS_A_PIXEL))
    except Exception as error:  # it has no kind of its own
        raise InvalidSampleError(f"{width}x{height} px cannot be written as WSQ ({error})") from None


def _library() -> Path:
    """Return where the library lies."""
    found = importlib.util.find_spec("_wsq") if importlib.util.find_spec("wsq") is not None else None
    if found is None or found.origin is None:
        raise MissingDependencyError("WSQ pictures need the extra `wsq`: pip install 'biocore[wsq]'")
    return Path(found.origin)


def _python() -> str:
    """Return an interpreter of this version; inside another program, `sys.executable` may be that one."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    beside = Path(sys.base_exec_prefix) / "bin" / version
    for path in (sys.executable, str(beside), shutil.which(version)):
        if path and Path(path).name.startswith("python") and os.access(path, os.X_OK):
            return path
    raise MissingDependencyError(f"WSQ pictures are decoded in a process of {version}, and there is none")


def _size(data: bytes) -> tuple[int, int]:
    """Return width and height as the head says them.

    Raises
    ------
    ValueError
    """
    at = len(_BEGINS)
    while data[:at] and at + 4 <= len(data):
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at] != 0xFF or marker not in _SEGMENTS or length < 2 or marker == _BLOCK:
            raise ValueError(f"no segment of a head begins at byte {at}")
        if marker == _FRAME:
            if at + 6 + _SIZE.size > len(data):
                break
            height, width = _SIZE.unpack_from(data, at + 6)
            if min(width, height) < 1:
                raise ValueError(f"{width}x{height} px")
            return width, height
        at += 2 + length
    raise ValueError("it ends before the size of the picture")


def _why(done: subprocess.CompletedProcess[bytes]) -> str:
    if done.returncode < 0:
        return f"its decoder broke down over it, signal {-done.returncode}"
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else "its decoder gives less than the picture"
