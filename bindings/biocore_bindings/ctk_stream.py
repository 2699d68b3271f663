"""The preview of an SBI device: do pictures come, and often enough."""

from __future__ import annotations

import http.client
import io
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

FRAMES = 4  # that are waited for
LEAST_RATE = 3.0  # frames a second; MOSIP SBI, "Device Stream"
PATIENCE = 5.0  # s
_BEGIN, _END = b"\xff\xd8\xff", b"\xff\xd9"  # JPEG: start and end of image
_LARGEST = 32 << 20  # bytes read for FRAMES


def fault_of_stream(url: str, request: Mapping[str, Any]) -> str:
    """Return what is wrong with a preview; empty where nothing is."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        connection.request("STREAM", parts.path.rstrip("/") + "/stream", json.dumps(request).encode())
        with connection.getresponse() as reply:
            if reply.status != http.client.OK:
                return f"STREAM is answered with HTTP {reply.status} {reply.reason}"
            return _fault_of_frames(reply)
    except TimeoutError:
        return f"no picture came within {PATIENCE:g} s"
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"the preview broke off ({type(error).__name__}: {error})"
    finally:
        connection.close()


def _fault_of_frames(reply: http.client.HTTPResponse) -> str:
    data = bytearray()
    came: list[float] = []
    begun = time.monotonic()
    while len(came) < FRAMES:
        chunk = reply.read1(1 << 16)
        if not chunk or len(data) > _LARGEST:
            return f"{len(came)} pictures came, then the preview ended"
        data += chunk
        while (start := data.find(_BEGIN)) >= 0 and (end := data.find(_END, start)) >= 0:
            Image.open(io.BytesIO(bytes(data[start : end + 2]))).verify()
            del data[: end + 2]
            came.append(time.monotonic())
        if time.monotonic() - begun > PATIENCE:
            return f"{len(came)} pictures came within {PATIENCE:g} s"
    rate = (len(came) - 1) / max(came[-1] - came[0], 1e-6)
    return "" if rate >= LEAST_RATE else f"{rate:.1f} pictures a second; {LEAST_RATE:g} are asked for"
