"""Fingerprint sensors that are recognised and refused: they give no picture of a finger, or not one of a whole.

Whoever plugs one in is told why, instead of "not found".
"""

from __future__ import annotations

from biocore_drivers.family import UsbFamily, UsbModel

NO_PICTURE = "compares on its own chip and gives no picture (match-on-chip)"
SWIPE = "is a swipe sensor: strips of a finger are no picture to enrol"
TOO_SMALL = "is too small to enrol a finger"

MODELS = (
    UsbModel(0x06CB, 0x00BD, "Synaptics", "Prometheus", refusal=NO_PICTURE),
    UsbModel(0x04F3, 0x0C88, "ELAN", "match-on-chip sensor", refusal=NO_PICTURE),
    UsbModel(0x04F3, 0x0C4C, "ELAN", "match-on-chip sensor 2", refusal=NO_PICTURE),
    UsbModel(0x10A5, 0xFFE0, "FPC", "match-on-chip sensor", refusal=NO_PICTURE),
    UsbModel(0x27C6, 0x63AC, "Goodix", "match-on-chip sensor", refusal=NO_PICTURE),
    UsbModel(0x1C7A, 0x0582, "Egis", "match-on-chip sensor 0582", refusal=NO_PICTURE),
    UsbModel(0x1C7A, 0x0586, "Egis", "match-on-chip sensor 0586", refusal=NO_PICTURE),
    UsbModel(0x1C7A, 0x0587, "Egis", "match-on-chip sensor 0587", refusal=NO_PICTURE),
    UsbModel(0x1C7A, 0x05A1, "Egis", "match-on-chip sensor 05a1", refusal=NO_PICTURE),
    UsbModel(0x0BDA, 0x5813, "Realtek", "match-on-chip sensor 5813", refusal=NO_PICTURE),
    UsbModel(0x0BDA, 0x5816, "Realtek", "match-on-chip sensor 5816", refusal=NO_PICTURE),
    UsbModel(0x2808, 0xD979, "FocalTech", "match-on-chip sensor", refusal=NO_PICTURE),
    UsbModel(0x08FF, 0x2580, "AuthenTec", "AES2501", refusal=SWIPE),
    UsbModel(0x1C7A, 0x0570, "Egis", "EgisTec 0570", refusal=SWIPE),
    UsbModel(0x04F3, 0x0C26, "ELAN", "0C26", refusal=SWIPE),
    UsbModel(0x138A, 0x0050, "Validity", "VFS0050", refusal=SWIPE),
    UsbModel(0x138A, 0x0005, "Validity", "VFS301", refusal=SWIPE),
    UsbModel(0x138A, 0x0017, "Validity", "VFS5011", refusal=SWIPE),
    UsbModel(0x08FF, 0x5731, "AuthenTec", "AES3500", refusal=TOO_SMALL),
    UsbModel(0x138A, 0x0091, "Validity", "VFS7552", refusal=TOO_SMALL),
)

driver = UsbFamily("refused", MODELS, None)
