"""A device that passes the tests of MOSIP's toolkit, and one planted fault at a time.

It builds on the simulated service of the driver's tests. `plant` names what goes wrong; where a fault is one of
captures, it befalls the left slap alone, so that a test can see that all else is judged right.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import Image

from biocore.formats.face_image import FaceFormat
from biocore.formats.finger_image import FingerImage, FingerImageRecord, ScaleUnit, write_fir
from biocore.formats.finger_image_pixels import ImageFormat, encode
from biocore.formats.iris_image import Compression, ImageKind, IrisImage, IrisImageRecord, write_iir
from biocore.formats.iris_image_pixels import ImageFormat as IrisFormat
from biocore.formats.iris_image_pixels import encode as encode_eye
from biocore.formats.representation import QualityBlock
from biocore.sbi import EYE_SUBTYPES, EYES, SLAPS, SUBTYPES, link, sealed
from biocore.types import EyePosition, FingerPosition
from portrait import portrait
from record_samples import face_record
from sbi_device import EYES as EYE_POSITIONS
from sbi_device import FINGERS, SbiService, Scanner, make_key, shown, sign

NEEDED = ("env", "purpose", "specVersion", "timeout", "captureTime", "transactionId", "bio")
NEEDED_OF_BIO = ("type", "count", "bioSubType", "requestedScore", "deviceId", "deviceSubId", "previousHash")
SHOWN = {("Finger", key): [SUBTYPES[one] for one in views] for key, views in SLAPS.items()} | {
    ("Iris", key): [EYE_SUBTYPES[one] for one in views] for key, views in EYES.items()
}
SHOWN["Face", "0"] = [""]  # which has no subtype


def refusal(code: str) -> dict[str, Any]:
    error = {"errorCode": code, "errorInfo": "refused"}
    return {"biometrics": [{"specVersion": "", "data": "", "hash": "", "error": error}]}


def instant(off: timedelta = timedelta()) -> str:
    return (datetime.now(UTC) + off).strftime("%Y-%m-%dT%H:%M:%SZ")


def _lossy(pixels: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG2000", irreversible=True, quality_layers=[4])
    return stream.getvalue()


@functools.cache
def finger_record(subtype: str, plant: str = "", real: bool = False) -> bytes:
    """Return the record of one finger, right or with one fault."""
    pixels = shown("Finger", subtype, real)
    height, width = pixels.shape
    data = encode(pixels, ImageFormat.JPEG2000)
    image = FingerImage(
        FINGERS[subtype],
        ImageFormat.JPEG2000,
        width,
        height,
        data,
        captured_at=datetime.now(UTC),
        qualities=(QualityBlock(72),),
    )
    faults: dict[str, dict[str, Any]] = {
        "compression code": {"format": ImageFormat.JPEG2000_LOSSY},
        "png inside": {"data": encode(pixels, ImageFormat.PNG)},
        "lossy": {"data": _lossy(pixels)},
        "raw": {"format": ImageFormat.RAW, "data": pixels.tobytes()},
        "size": {"width": width + 1},
        "300 ppi": {"sampling": (300, 300)},
        "finer than its scan": {"scan_sampling": (500, 500), "sampling": (600, 600)},
        "per centimetre": {"sampling": (197, 197), "unit": ScaleUnit.PER_CM},
        "vendor without device": {"vendor": 7},
        "no date": {"captured_at": None},
        "future": {"captured_at": datetime.now(UTC) + timedelta(days=1)},
        "technology": {"technology": 99},
        "impression": {"impression": 18},
        "bit depth": {"bit_depth": 16},
        "other position": {"position": FingerPosition.RIGHT_THUMB},
    }
    record = write_fir(FingerImageRecord((dataclasses.replace(image, **faults.get(plant, {})),)))
    if plant == "truncated":
        return record[:-7]
    return record[:4] + b"030\0" + record[8:] if plant == "version" else record


@functools.cache
def eye_record(subtype: str, plant: str = "") -> bytes:
    """Return the record of one eye, right or with one fault."""
    pixels = shown("Iris", subtype)
    height, width = pixels.shape
    image = IrisImage(
        EyePosition(EYE_POSITIONS[subtype]),
        ImageKind.CROPPED,
        IrisFormat.MONO_JPEG2000,
        width,
        height,
        encode_eye(pixels, IrisFormat.MONO_JPEG2000),
        captured_at=datetime.now(UTC),
        qualities=(QualityBlock(72),),
        compression=Compression.LOSSLESS_OR_NONE,
    )
    faults: dict[str, dict[str, Any]] = {
        "eye history": {"compression": Compression.UNDEFINED},
        "eye uncropped": {"kind": ImageKind.VGA},
        "eye kind": {"kind": ImageKind.CROPPED_AND_MASKED},
        "eye format": {"format": IrisFormat.MONO_RAW, "data": pixels.tobytes()},
        "small iris": {"diameter": (90, 120)},
    }
    return write_iir(IrisImageRecord((dataclasses.replace(image, **faults.get(plant, {})),)))


@functools.cache
def portrait_record(plant: str = "") -> bytes:
    """Return the record of a face, right or with one fault."""
    colours = portrait(1)
    stream = io.BytesIO()
    Image.fromarray(colours if plant != "grey face" else colours[..., 0]).save(stream, "JPEG2000")
    record = face_record(stream.getvalue(), FaceFormat.JPEG2000_LOSSLESS, (160, 120))
    return face_record() if plant == "face in jpeg" else record


class CompliantDevice(SbiService):
    """The service; parameters as of `SbiService`."""

    plant = ""

    async def _answer(
        self, verb: str, document: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if verb == "MOSIPDISC":
            answer: Any = self.discovery(document["type"])
        elif verb == "MOSIPDINFO":
            answer = self.info()
        else:
            answer = await self.capture(document)
        data = b"<html>" if self.plant == "no json" and verb == "MOSIPDISC" else json.dumps(answer).encode()
        status = "500 Oops" if self.plant == "http 500" and verb == "MOSIPDISC" else "200 OK"
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        writer.write(head.encode() + data)

    def discovery(self, wanted: str) -> list[dict[str, Any]]:
        """Return the answer to MOSIPDISC."""
        if wanted == "Nose" and self.plant != "any type":
            return [{"deviceId": None, "error": {"errorCode": "502", "errorInfo": "no such type"}}]
        success = {"errorCode": "0", "errorInfo": "Success"}
        found = []
        for scanner in self.scanners:
            told = scanner.told(f"http://127.0.0.1:{self.port}/")
            told = {name: value for name, value in told.items() if name not in ("env", "firmware")}
            found.append(told | {"digitalId": sealed(json.dumps(scanner.identity).encode()), "error": success})
        if self.plant == "discovery without status":
            del found[0]["deviceStatus"]
        if self.plant == "discovery with more":
            found[0]["another"] = "x"
        if self.plant == "discovery of garbage":
            found[0]["digitalId"] = "???"
        return found

    def info(self) -> list[dict[str, Any]]:
        """Return the answer to MOSIPDINFO."""
        answer = super().info()
        if self.plant == "info altered":
            head, _, signature = answer[0]["deviceInfo"].split(".")
            told = self.scanners[0].told("http://127.0.0.1:1/") | {"firmware": "2"}
            answer[0]["deviceInfo"] = f"{head}.{sealed(json.dumps(told).encode())}.{signature}"
        if self.plant == "info L1":
            told = self.scanners[0].told(f"http://127.0.0.1:{self.port}/") | {"certification": "L1"}
            answer[0]["deviceInfo"] = sign(told, self.scanners[0].key)
        return answer

    async def capture(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to RCAPTURE."""
        if any(name not in document for name in NEEDED) and self.plant != "broken request":
            return refusal("500")
        bio = document["bio"][0]
        if any(name not in bio for name in NEEDED_OF_BIO):
            return refusal("500")
        if len(document["transactionId"]) > 50 and self.plant != "long transaction":
            return refusal("112")
        shown_there = SHOWN[bio["type"], bio["deviceSubId"]]
        wanted = [one for one in shown_there if one not in bio["exception"]]
        if int(bio["count"]) != len(wanted) and self.plant != "any count":
            return refusal("109")
        if not wanted:
            return {"biometrics": []} if self.plant == "nothing captured" else refusal("109")
        if document["timeout"] == "500":
            await asyncio.sleep({"early": 0.0, "late": 1.2}.get(self.plant, 0.5))
            return refusal("101")
        scanner = next(each for each in self.scanners if each.device_id == bio["deviceId"])
        return {"biometrics": self.captures(scanner, document, bio, bio["bioSubType"] or wanted)}

    def captures(
        self, scanner: Scanner, document: dict[str, Any], bio: dict[str, Any], subtypes: list[str]
    ) -> list[dict[str, Any]]:
        """Return the captures of an answer."""
        eye, face = bio["type"] == "Iris", bio["type"] == "Face"
        plant = self.plant if eye or face or bio["deviceSubId"] == "1" else ""
        if plant == "excepted":
            subtypes = SHOWN[bio["type"], bio["deviceSubId"]][: len(subtypes)] if bio["exception"] else subtypes
        if plant == "fewer" and not (eye or face):
            subtypes = subtypes[1:]
        if plant == "other hand" and not (eye or face):
            subtypes = ["Right Thumb", *subtypes[1:]]
        if plant == "twice" and not (eye or face):
            subtypes = [subtypes[1], *subtypes[1:]]
        previous, found = "" if plant == "chain begun anew" and not (eye or face) else bio["previousHash"], []
        for subtype in subtypes:
            if face:
                record = portrait_record(plant)
            else:
                record = eye_record(subtype, plant) if eye else finger_record(subtype, plant, self.real)
            previous = link(previous, record)
            said = self.said(scanner, document, bio, subtype, "" if eye or face else plant)
            token = self.token(said | {"bioValue": sealed(record)}, scanner, "" if eye or face else plant)
            found.append(
                {
                    "specVersion": "0.9.5",
                    "data": token,
                    "hash": previous if plant != "hash" or eye or face else "A" * 64,
                    "error": {"errorCode": "0", "errorInfo": "Success"},
                }
            )
        return found

    def said(
        self, scanner: Scanner, document: dict[str, Any], bio: dict[str, Any], subtype: str, plant: str
    ) -> dict[str, Any]:
        """Return what is signed of one capture, but for the record."""
        identity = scanner.identity | ({"serialNo": "another"} if plant == "other device" else {})
        said = {
            "digitalId": sign(identity, scanner.key, scanner.chain),
            "deviceCode": scanner.serial,
            "deviceServiceVersion": "1",
            "bioType": bio["type"],
            **({"bioSubType": subtype} if subtype else {}),
            "purpose": document["purpose"],
            "env": "Test" if plant == "enum" else document.get("env", "Developer"),
            "transactionId": "another-one" if plant == "other transaction" else document["transactionId"],
            "timestamp": instant(timedelta(minutes=-10) if plant == "clock" else timedelta()),
            "requestedScore": bio["requestedScore"],
            "qualityScore": "101" if plant == "score" else "72.5",
        }
        if plant == "missing member":
            del said["deviceServiceVersion"]
        return said | ({"another": "x"} if plant == "member too many" else {})

    def token(self, said: dict[str, Any], scanner: Scanner, plant: str) -> str:
        """Return one capture, signed."""
        key = make_key("stranger") if plant == "stranger" else scanner.key
        token = sign(said, key, () if plant == "stranger" else scanner.chain)
        if plant == "altered":
            head, _, signature = token.split(".")
            return f"{head}.{sealed(json.dumps(said | {'qualityScore': '99'}).encode())}.{signature}"
        return sealed(json.dumps(said).encode()) if plant == "unsigned" else token
