"""One record of every family, made by the project's own writers: what tests damage, convert and show."""

from __future__ import annotations

import io
import struct
from datetime import UTC, datetime

import numpy as np
from PIL import Image

from biocore.formats.any_record import RecordKind
from biocore.formats.cbeff import Bir, exception_of, write_cbeff
from biocore.formats.finger_image import AMPUTATED, FingerImage, FingerImageRecord, annotation, write_fir
from biocore.formats.finger_image_2005 import write_2005 as write_fir_2005
from biocore.formats.finger_image_pixels import ImageFormat, encode
from biocore.formats.finger_templates import TemplateFormat, write_templates
from biocore.formats.iris_image import ImageKind, IrisImage, IrisImageRecord, write_iir
from biocore.formats.iris_image_2005 import write_2005 as write_iir_2005
from biocore.formats.iris_image_pixels import ImageFormat as IrisFormat
from biocore.formats.itl import BinaryRecord, Record, TextRecord, field_of, transaction_of, write_itl
from biocore.formats.itl_images import Compression, Missing, finger_record, iris_record, picture_of
from biocore.formats.itl_minutiae import minutiae_records
from biocore.formats.representation import QualityBlock
from biocore.types import EyePosition, FingerPosition, FingerTemplate
from portrait import portrait

WHEN = datetime(2026, 11, 22, 7, 30, 59, 120_000, UTC)


def grey(height: int = 12, width: int = 16) -> np.ndarray:
    """Return a small picture of noise."""
    return np.random.default_rng(height).integers(0, 256, (height, width), np.uint8)


def template(n: int = 12, seed: int = 3) -> FingerTemplate:
    """Return a template of `n` minutiae."""
    rng = np.random.default_rng(seed)
    return FingerTemplate(
        algorithm="test/1",
        width=400,
        height=500,
        position=FingerPosition.LEFT_RING,
        ppi=500.0,
        points=rng.integers(0, 400, (n, 2)).astype(np.float32),
        directions=(rng.integers(0, 90, n) * (2 * np.pi / 90)).astype(np.float32),
        kinds=rng.integers(0, 3, n).astype(np.uint8),
        qualities=np.sort(rng.integers(1, 101, n).astype(np.uint8))[::-1],
        image_quality=70,
    )


def fingers() -> FingerImageRecord:
    """Return pictures of two fingers, and the word that a third is missing."""
    missing = annotation([(FingerPosition.RIGHT_THUMB, AMPUTATED)])
    return FingerImageRecord(
        tuple(
            FingerImage(
                position=position,
                format=ImageFormat.PNG,
                width=16,
                height=12,
                data=encode(grey(), ImageFormat.PNG),
                captured_at=WHEN,
                qualities=(QualityBlock(61, 257, 3),),
                extensions=(missing,),
            )
            for position in (FingerPosition.LEFT_INDEX, FingerPosition.LEFT_MIDDLE)
        )
    )


def eyes() -> IrisImageRecord:
    """Return pictures of both eyes."""
    return IrisImageRecord(
        tuple(
            IrisImage(
                eye=eye,
                kind=ImageKind.UNCROPPED,
                format=IrisFormat.MONO_RAW,
                width=16,
                height=12,
                data=grey().tobytes(),
                number=number,
                captured_at=WHEN,
                qualities=(QualityBlock(44),),
            )
            for number, eye in enumerate((EyePosition.RIGHT, EyePosition.LEFT), 1)
        )
    )


def transaction() -> bytes:
    """Return a transaction of a finger, one that is missing, an eye and minutiae."""
    picture = picture_of(grey(), Compression.NONE)
    records = (
        finger_record(0, FingerPosition.LEFT_INDEX, picture, "20261122", "X"),
        finger_record(1, FingerPosition.RIGHT_THUMB, None, "20261122", "X", missing=Missing.AMPUTATED),
        iris_record(2, EyePosition.LEFT, picture, "20261122", "X"),
        *minutiae_records([template()], 3),
    )
    return write_itl(transaction_of(records, "REC", "20261122", ("A", "B"), "1"))


def face_record(
    data: bytes = b"", form: int = 0, size: tuple[int, int] = (160, 120), count: int = 1, landmarks: int = 0
) -> bytes:
    """Return a face image record of ISO/IEC 19794-5:2011, field by field."""
    if not data:
        stream = io.BytesIO()
        Image.fromarray(portrait(1)).save(stream, "JPEG", quality=95)
        data = stream.getvalue()
    date = struct.pack(">HBBBBBH", 2026, 11, 22, 9, 30, 15, 250)
    device = struct.pack(">BHH", 1, 0, 0) + struct.pack(">B", 1) + struct.pack(">BHH", 80, 1, 1)
    face = struct.pack(">H", landmarks) + bytes(15) + bytes(8 * landmarks)
    picture = struct.pack(">BBHHBHBBI", 1, form, *size, 0, 0, 0, 1, len(data)) + data
    rest = date + device + face + picture
    one = struct.pack(">I", 4 + len(rest)) + rest
    return b"FAC\x00030\x00" + struct.pack(">IHBH", 17 + count * len(one), count, 0, 0) + count * one


def older_transaction() -> bytes:
    """Return a transaction of what is read and not written: a binary finger, a latent, a palm, legacy minutiae."""
    raw = grey()
    height, width = raw.shape
    binary = struct.pack(">B6sBHHB", 1, bytes([2, *[255] * 5]), 1, width, height, 0) + raw.tobytes()
    picture = finger_record(1, FingerPosition.UNKNOWN, picture_of(raw, Compression.PNG), "20261122", "X").fields
    minutiae = [[f"{number:03}", f"{10 * number:04}{7 * number:04}{30 * number:03}", "2", "A"] for number in (1, 2, 3)]
    legacy = {3: "1", 4: "S", 5: [["BIOCORE", "A"]], 6: "2", 7: [["P", "L"]], 10: "3", 11: "0", 12: minutiae}
    extended = {3: "1", 4: "U", 300: "16", 301: "12", 331: [["1", "2", "3"]]}
    records: tuple[Record, ...] = (
        BinaryRecord(4, 0, binary),
        TextRecord(13, picture),
        TextRecord(15, picture),
        *(
            TextRecord(9, (field_of(2, str(idc)), *(field_of(number, value) for number, value in fields.items())))
            for idc, fields in ((0, legacy), (4, extended))
        ),
    )
    return write_itl(transaction_of(records, "REC", "20261122", ("A", "B"), "1", 500.0))


def faces() -> bytes:
    """Return a record of a face in JPEG, with landmarks, and once more without loss."""
    stream = io.BytesIO()
    Image.fromarray(portrait(2)[:40, :48]).save(stream, "JPEG2000", num_resolutions=3)
    first, second = face_record(landmarks=3), face_record(stream.getvalue(), 2, (48, 40))
    body = first[17:] + second[17:]
    return b"FAC\x00030\x00" + struct.pack(">IHBH", 17 + len(body), 2, 0, 0) + body


def irex() -> bytes:
    """Return a record of IREX, as its only published example is laid out."""
    image = struct.pack(">IHBHHHH", 192, 1, 60, 0, 0, 0xFFFF, 0xFFFF) + bytes(3 + 12 + 24) + bytes(4)
    size = 46 + 3 + len(image) + 192
    head = b"IIR\x00015\x00\x01" + struct.pack(">IHBHHHHHHBB", size, 0, 1, 46, 5, 64, 2, 16, 12, 8, 0) + b"0" * 16
    return head + b"\x02\0\1" + image + grey().tobytes()


def cbeff() -> bytes:
    """Return a CBEFF file of fingers, an eye, a template and an exception."""
    return write_cbeff(
        [
            Bir("Finger", ("Left", "IndexFinger"), write_fir(fingers()), 61, created=WHEN),
            Bir("Iris", ("Right",), write_iir(eyes()), 44),
            Bir("Finger", ("Left", "RingFinger"), write_templates([template()], TemplateFormat.FMR_2011), 70),
            exception_of(FingerPosition.RIGHT_LITTLE, WHEN),
        ]
    )


SAMPLES: dict[str, tuple[RecordKind, bytes]] = {
    "fmr-2005": (RecordKind.FMR_2005, write_templates([template()], TemplateFormat.FMR_2005)),
    "fmr-2011": (RecordKind.FMR_2011, write_templates([template()], TemplateFormat.FMR_2011)),
    "ansi-2004": (RecordKind.ANSI_378, write_templates([template()], TemplateFormat.ANSI_2004)),
    "ansi-2009": (RecordKind.ANSI_378, write_templates([template()], TemplateFormat.ANSI_2009)),
    "ansi-2009am1": (RecordKind.ANSI_378, write_templates([template()], TemplateFormat.ANSI_2009_AM1)),
    "fir-2005": (RecordKind.FIR_2005, write_fir_2005(fingers())),
    "fir-2011": (RecordKind.FIR_2011, write_fir(fingers())),
    "iir-2005": (RecordKind.IIR_2005, write_iir_2005(eyes())),
    "iir-2011": (RecordKind.IIR_2011, write_iir(eyes())),
    "irex": (RecordKind.IREX, irex()),
    "fac-2011": (RecordKind.FAC_2011, faces()),
    "itl": (RecordKind.ITL, transaction()),
    "itl-older": (RecordKind.ITL, older_transaction()),
    "cbeff": (RecordKind.CBEFF, cbeff()),
    "cbeff-tlv": (
        RecordKind.CBEFF_TLV,
        bytes.fromhex("7f61 21 020102 7f60 0c a10a 810108 820102 870201b7 7f60 0c a10a 810108 820101 870201b7"),
    ),
}
