"""A biometric service without a scanner: MOSIP SBI on a loopback port, with its own keys, prints and faults.

One thread serves all connections, so that a test can count threads. What is asked is kept in `asked`; `fault` is what
goes wrong next, and stays until it is changed.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import hashlib
import io
import json
import threading
import warnings
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import jwt
import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from PIL import Image

from biocore import sbi
from biocore.fingerprint import synth
from biocore.formats.finger_image import FingerImage, FingerImageRecord, write_fir
from biocore.formats.finger_image_pixels import ImageFormat, encode
from biocore.formats.iris_image import ImageKind, IrisImage, IrisImageRecord, write_iir
from biocore.formats.iris_image_pixels import ImageFormat as IrisFormat
from biocore.sbi import sealed
from biocore.types import EyePosition, GreyImage
from painted_eyes import Eye, paint
from record_samples import face_record

FINGERS = {name: position for position, name in sbi.SUBTYPES.items()}
EYES = {name: position for position, name in sbi.EYE_SUBTYPES.items()}
SUB_IDS = {"Slap": ["1", "2", "3"], "Single": ["0"], "Double": ["1", "2", "3"], "Full face": ["0"]}


@dataclass(frozen=True)
class Key:
    """A private key and the certificate over it."""

    private: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def x5c(self) -> str:
        return base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()


@functools.cache
def make_key(name: str, issuer: str | Key = "", authority: bool | None = None, bits: int = 2048, days: int = 30) -> Key:
    """Return the key of a name, under that of another name, or its own authority."""
    private = rsa.generate_private_key(65537, bits)
    above = make_key(issuer, authority=True) if isinstance(issuer, str) and issuer else issuer or None
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above.certificate.subject if above else subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
    )
    if authority is not None:
        builder = builder.add_extension(x509.BasicConstraints(authority, None), critical=True)
    return Key(private, builder.sign(above.private if above else private, hashes.SHA256()))


def root() -> Key:
    """Return the authority that vouches for the simulated scanners."""
    return make_key("test root", authority=True)


def plain_print(position: int) -> GreyImage:
    """Return a small picture that differs from finger to finger."""
    y, x = np.mgrid[:48, :40]
    return np.asarray(128 + 100 * np.sin((x + y * (position + 1) / 6) / 1.5), np.uint8)


def sign(document: object, key: Key, chain: tuple[Key, ...] = ()) -> str:
    """Return a JSON web signature with its certificates."""
    payload = document if isinstance(document, bytes) else json.dumps(document).encode()
    head = {"typ": "JWT", "x5c": [key.x5c, *(each.x5c for each in chain)]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyJWT warns of weak keys, which a test wants
        return jwt.api_jws.encode(payload, key.private, algorithm="RS256", headers=head)


@dataclass
class Scanner:
    """One device of the service."""

    kind: str = "Finger"
    subtype: str = "Slap"
    serial: str = "S-1"
    device_id: str = "1"
    status: str = "Ready"
    purpose: str = "Registration"
    key: Key = field(default_factory=lambda: make_key("scanner", "test root"))
    chain: tuple[Key, ...] = ()

    @property
    def identity(self) -> dict[str, str]:
        return {
            "serialNo": self.serial,
            "make": "biocore",
            "model": "simulated",
            "type": self.kind,
            "deviceSubType": self.subtype,
            "deviceProvider": "biocore",
            "deviceProviderId": "BIOCORE",
            "dateTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def told(self, callback: str) -> dict[str, Any]:
        return {
            "specVersion": ["0.9.5"],
            "env": "Developer",
            "digitalId": sign(self.identity, self.key, self.chain),
            "deviceId": self.device_id,
            "deviceCode": self.serial,
            "purpose": self.purpose,
            "serviceVersion": "0.9.5",
            "deviceStatus": self.status,
            "firmware": "1",
            "certification": "L0",
            "deviceSubId": SUB_IDS[self.subtype],
            "callbackId": callback,
        }


@functools.cache
def shown(kind: str, subtype: str, real: bool = False) -> GreyImage:
    """Return what lies there: small and plain, or a synthetic print or eye."""
    number = int(FINGERS[subtype] if kind == "Finger" else EYES[subtype])
    if not real:
        return plain_print(number)
    return synth.impression(number + 1, 1, synth.Conditions()) if kind == "Finger" else paint(Eye(seed=number + 1))


@functools.cache
def record_of(kind: str, subtype: str, real: bool = False) -> bytes:
    """Return the ISO record of one finger, eye or face."""
    if kind == "Face":
        return face_record()
    pixels = shown(kind, subtype, real)
    height, width = pixels.shape
    if kind == "Finger":
        data = encode(pixels, ImageFormat.JPEG2000)
        return write_fir(FingerImageRecord((FingerImage(FINGERS[subtype], ImageFormat.JPEG2000, width, height, data),)))
    image = IrisImage(EyePosition(EYES[subtype]), ImageKind.VGA, IrisFormat.MONO_RAW, width, height, pixels.tobytes())
    return write_iir(IrisImageRecord((image,)))


class SbiService:
    """The service; use it as a context manager.

    Parameters
    ----------
    scanners : Scanner
    port : int
        0 = a free one.
    """

    def __init__(self, *scanners: Scanner, port: int = 0) -> None:
        self.scanners = list(scanners) or [Scanner()]
        self.port = port
        self.fault = ""
        self.real = False  # synthetic prints and eyes instead of small plain pictures
        self.delay = 0.0  # s until the finger comes
        self.lingers = False  # a capture that was cut goes on to its end
        self.callback: str | None = None
        self.recorded: Callable[[str, Any], bytes] | None = None  # whole answers, instead of own ones
        self.asked: deque[tuple[str, Any]] = deque(maxlen=8)
        self.streams = 0  # open now
        self._busy_until = 0.0
        self._loop: asyncio.AbstractEventLoop
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="simulated sbi", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10.0)
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10.0)

    def requests(self, verb: str) -> list[Any]:
        """Return what was asked with a verb, oldest first."""
        return [document for name, document in self.asked if name == verb]

    # -- HTTP --------------------------------------------------------------------------------------------

    def _run(self) -> None:
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        try:
            server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self.port))
            self.port = server.sockets[0].getsockname()[1]
        except OSError as error:
            self._failure = error
            self._loop.close()
            self._ready.set()
            return
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._shut(server))
        self._loop.close()

    async def _shut(self, server: asyncio.Server) -> None:
        """Serve who has connected already to the end, and cut who stays."""
        server.close()
        await asyncio.sleep(0.02)
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            verb = head.split(" ", 1)[0]
            fields = dict(line.lower().split(":", 1) for line in head.split("\r\n")[1:] if ":" in line)
            body = await reader.readexactly(int(fields.get("content-length", "0")))
            document = json.loads(body) if body else None
            self.asked.append((verb, document))
            if self.recorded is not None:
                writer.write(self.recorded(verb, document))
            elif verb == "STREAM":
                await self._stream(reader, writer)
            else:
                await self._answer(verb, document, reader, writer)
            await writer.drain()
        except (OSError, EOFError, asyncio.IncompleteReadError):
            pass  # the driver hung up
        finally:
            writer.close()

    async def _answer(
        self, verb: str, document: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self.fault == f"silent:{verb}":
            await reader.read()
            return
        if self.fault == f"http:{verb}":
            writer.write(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n")
            return
        if verb == "MOSIPDISC":
            answer: Any = [{"deviceId": scanner.device_id} for scanner in self.scanners]
        elif verb == "MOSIPDINFO":
            answer = self.info()
        else:
            answer = await self._capture(document, reader)
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        if self.fault == f"garbage:{verb}":
            data = b"<html>"
        writer.write(
            b"HTTP/1.1 200 OK\r\nCACHE-CONTROL:no-cache\r\nContent-Type: application/json\r\n"
            + f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode()
        )
        writer.write(data[: len(data) // 2] if self.fault == f"cut:{verb}" else data)

    def info(self) -> list[dict[str, Any]]:
        """Return the answer to MOSIPDINFO."""
        callback = self.callback if self.callback is not None else f"http://127.0.0.1:{self.port}/"
        return [
            {
                "deviceInfo": sign(scanner.told(callback), scanner.key, scanner.chain),
                "error": {"errorCode": "0", "errorInfo": "Success"},
            }
            for scanner in self.scanners
        ]

    # -- capture -----------------------------------------------------------------------------------------

    async def _capture(self, document: Any, reader: asyncio.StreamReader) -> Any:
        bio, fault, now = document["bio"][0], self.fault, self._loop.time
        if self._busy_until > now() or fault == "busy":
            return _error("111", "Device busy")
        if fault.startswith("error:"):
            return _error(fault[6:], "said the vendor")
        if fault == "nobody":
            await asyncio.sleep(int(document["timeout"]) / 1000)
            return _error("101", "No biometric object detected")
        if self.delay:
            self._busy_until = now() + self.delay
            cut = asyncio.ensure_future(reader.read())
            await asyncio.wait([cut], timeout=self.delay)
            if cut.done():
                self._busy_until = self._busy_until if self.lingers else 0.0
            cut.cancel()
        scanner = next(each for each in self.scanners if each.device_id == bio["deviceId"])
        return self.captured(scanner, document, bio)

    def captured(self, scanner: Scanner, document: Any, bio: Any) -> dict[str, Any]:
        """Return the answer to RCAPTURE."""
        fault = self.fault
        anew = not bio["previousHash"] or fault.endswith("begun anew")
        previous = hashlib.sha256().digest() if anew else bytes.fromhex(bio["previousHash"])
        biometrics: list[dict[str, Any]] = []
        failed = _error("102", "Extraction failed")["biometrics"][0]
        asked = [""] if scanner.kind == "Face" else bio["bioSubType"]
        subtypes = asked[: -1 if fault in ("fewer", "failed last") else None]
        for subtype in [*subtypes, *([subtypes[0]] if fault == "twice" else [])]:
            if fault.startswith("failed first") and not biometrics:
                biometrics.append(failed)
                continue
            record = record_of(scanner.kind, "Left Thumb" if fault == "other record" else subtype, self.real)
            if fault == "damaged record":
                record = record[:-9]
            previous = hashlib.sha256(previous + hashlib.sha256(record).digest()).digest()
            identity = scanner.identity | ({"serialNo": "another"} if fault == "other device" else {})
            said = {
                "digitalId": sign(identity, scanner.key, scanner.chain),
                "deviceCode": scanner.serial,
                "bioType": scanner.kind,
                "bioSubType": "Left RingFinger" if fault == "other finger" else subtype,
                "purpose": document["purpose"],
                "env": document["env"],
                "bioValue": sealed(record),
                "transactionId": "replayed" if fault == "replayed" else document["transactionId"],
                "requestedScore": bio["requestedScore"],
                "qualityScore": "high" if fault == "odd score" else "72.5",
            }
            if scanner.kind == "Face":
                del said["bioSubType"]  # as MOSIP's own service
            key = make_key("stranger") if fault == "stranger" else scanner.key
            token = sign(said, key, () if fault == "stranger" else scanner.chain)
            if fault == "signature":
                head, _, signature = token.split(".")
                token = f"{head}.{sealed(json.dumps(said | {'qualityScore': '99'}).encode())}.{signature}"
            digest = previous.hex().upper() if fault != "hash" else "00" * 32
            biometrics.append({"specVersion": "0.9.5", "data": token, "hash": digest, "error": _success()})
        if fault == "failed last":
            biometrics.append(failed)
        return {"biometrics": biometrics}

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.fault == "no stream":
            writer.write(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
            return
        self.streams += 1
        try:
            writer.write(
                b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=--BoundaryString\r\n\r\n"
            )
            if self.fault == "garbage stream":
                writer.write(b"\0" * 100_000)
                return
            gone = asyncio.ensure_future(reader.read())
            try:
                for shade in range(1000):
                    writer.write(_part(shade % 200))
                    await writer.drain()
                    if self.fault == "cut stream":
                        return
                    if self.fault == "stalled stream":
                        await gone
                    if (await asyncio.wait([gone], timeout=0.03))[0]:
                        return
            finally:
                gone.cancel()
        finally:
            self.streams -= 1


@functools.cache
def _part(shade: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((48, 64), shade, np.uint8)).save(stream, "JPEG")
    data = stream.getvalue()
    return (
        f"--BoundaryString\r\nContent-Type:image/jpeg\r\nContent-Length:{len(data)}\r\n\r\n".encode() + data + b"\r\n"
    )


def _success() -> dict[str, str]:
    return {"errorCode": "0", "errorInfo": "Success"}


def _error(code: str, words: str) -> dict[str, Any]:
    error = {"errorCode": code, "errorInfo": words}
    return {"biometrics": [{"specVersion": "", "data": "", "hash": "", "error": error}]}
