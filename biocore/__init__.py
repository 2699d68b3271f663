"""biocore: capture fingerprints and irises, check their quality, extract and compare templates.

>>> import biocore
>>> with biocore.open_device("virtual:finger") as scanner:
...     frame = scanner.capture(timeout=10)
>>> sample = biocore.Sample(frame, "finger", biocore.FingerPosition.RIGHT_INDEX)
>>> report = biocore.assess(sample)
>>> template = biocore.extract(sample)
"""

from biocore import _opencv

_opencv.require()  # before anything imports cv2: names the missing system package instead of a traceback

from biocore.discovery import list_devices, list_drivers, open_device
from biocore.engine import assess, compare, extract, fuse, load, search
from biocore.errors import BiocoreError, DeviceError
from biocore.fingerprint.slap import Slap, SlapKind, segment_slap
from biocore.report import Advice, Cause, CauseName, Decision, Measure, Outcome, QualityReport, Status
from biocore.types import (
    Comparison,
    EyePosition,
    FacePosition,
    FingerPosition,
    FingerTemplate,
    Frame,
    IrisTemplate,
    Minutia,
    MinutiaKind,
    Modality,
    Sample,
    Template,
)

__all__ = [
    "Advice",
    "BiocoreError",
    "Cause",
    "CauseName",
    "Comparison",
    "Decision",
    "DeviceError",
    "EyePosition",
    "FacePosition",
    "FingerPosition",
    "FingerTemplate",
    "Frame",
    "IrisTemplate",
    "Measure",
    "Minutia",
    "MinutiaKind",
    "Modality",
    "Outcome",
    "QualityReport",
    "Sample",
    "Slap",
    "SlapKind",
    "Status",
    "Template",
    "assess",
    "compare",
    "extract",
    "fuse",
    "list_devices",
    "list_drivers",
    "load",
    "open_device",
    "search",
    "segment_slap",
]
