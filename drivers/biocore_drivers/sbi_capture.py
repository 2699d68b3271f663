"""What a biometric service captured: signatures, chain of hashes and ISO records checked, and taken to pixels.

Each finger or eye comes as one signed object. It is believed where its signature and that of the device's identity
lead to a trusted certificate, the identity is the opened device's, the transaction is ours (so it is fresh), the
finger was asked for, the hash continues the chain, and the record inside says the same as the signed text around it.
"""

from __future__ import annotations

from dataclasses import dataclass

from biocore.errors import (
    DeviceError,
    DeviceProtocolError,
    DeviceUntrustedError,
    FormatError,
    IncompleteCaptureError,
    InvalidSampleError,
)
from biocore.formats.face_image import read_fac
from biocore.formats.finger_image import read_fir
from biocore.formats.iris_image import read_iir
from biocore.sbi import link, subtype
from biocore.types import FacePosition, Frame, Modality, Part, Position
from biocore_drivers.sbi_messages import (
    Service,
    Wanted,
    check_error,
    entries,
    parse,
    read_identity,
    take,
    unsealed,
)
from biocore_drivers.sbi_trust import Trust
from biocore_drivers.transport import Situation


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the answers of one device to RCAPTURE.

    Attributes
    ----------
    service : Service
    trust : Trust
    credulous : bool
        The user said that its certificates need lead nowhere.
    situation : Situation
    """

    service: Service
    trust: Trust
    credulous: bool
    situation: Situation

    def read(self, data: bytes, wanted: Wanted) -> tuple[Part, ...]:
        """Return the parts of an answer, in the order asked for.

        Raises
        ------
        IncompleteCaptureError
            Fewer than asked for; it carries those that came.
        DeviceUntrustedError
            A signature or identity is wrong.
        DeviceProtocolError
            Something else is.
        DeviceError
            As the service says.
        """
        answer = parse(data, self.situation)
        biometrics = entries(take(answer, "biometrics", list, self.situation), self.situation)
        parts: dict[Position, Part] = {}
        refusals: list[DeviceError] = []
        before = [wanted.previous]  # what the next link may follow
        for entry in biometrics:
            try:
                check_error(entry, self.situation)
            except DeviceError as error:
                refusals.append(error)
                before.append("")  # MOSIP's own service begins a new chain behind a finger that failed
                continue
            part = self._part(entry, wanted, before)
            if part.position in parts:
                raise self._error(DeviceProtocolError, f"sent the {_name(part.position)} twice")
            parts[part.position] = part
            before = [part.digest]
        if refusals and not parts:
            raise refusals[0]
        came = tuple(parts[position] for position in wanted.positions if position in parts)
        if len(came) < len(wanted.positions):
            absent = ", ".join(_name(position) for position in wanted.positions if position not in parts)
            raise IncompleteCaptureError(
                f"{len(came)} of {len(wanted.positions)} came; not the {absent}"
                + "".join(f" ({refusal})" for refusal in refusals),
                uri=self.situation.uri,
                state=self.situation.doing,
                hint="Capture anew, or say what is missing",
                parts=came,
            )
        return came

    def _part(self, entry: dict[str, object], wanted: Wanted, before: list[str]) -> Part:
        token = take(entry, "data", str, self.situation)
        said = parse(self._signed(token), self.situation)
        self._check_identity(take(said, "digitalId", str, self.situation))
        for name, expected in (
            ("transactionId", wanted.transaction),
            ("purpose", "Registration"),
            ("bioType", self.service.identity.kind),
        ):
            found = take(said, name, str, self.situation)
            if found != expected:
                raise self._error(DeviceProtocolError, f"answered with {name} {found!r} instead of {expected!r}")
        position = self._position(self._subtype(said), wanted)
        record = unsealed(take(said, "bioValue", str, self.situation), self.situation)
        digest = take(entry, "hash", str, self.situation).upper()
        if digest not in [link(previous, record) for previous in before]:
            raise self._error(
                DeviceProtocolError, f"the hash of the {_name(position)} does not continue the chain", "Capture anew"
            )
        score = self._score(take(said, "qualityScore", str, self.situation))
        return Part(self._frame(record, position), position, score, record, token, digest)

    def _signed(self, token: str) -> bytes:
        signed = self.trust.check(token, self.situation)
        if signed.fault and not self.credulous:
            raise self._error(DeviceUntrustedError, signed.fault)
        return signed.payload

    def _check_identity(self, token: str) -> None:
        identity = read_identity(self._signed(token), self.situation)
        if identity != self.service.identity:
            raise self._error(
                DeviceUntrustedError, f"another device answered: {identity.make} {identity.model} {identity.serial}"
            )

    def _subtype(self, said: object) -> str:
        """Return which finger or eye it is said to be; of a face most services say nothing."""
        if self.service.modality is Modality.FACE and isinstance(said, dict) and said.get("bioSubType") is None:
            return ""
        return take(said, "bioSubType", str, self.situation)

    def _position(self, name: str, wanted: Wanted) -> Position:
        for position in wanted.positions:
            if subtype(position) == name:
                return position
        raise self._error(DeviceProtocolError, f"sent {name!r}, which was not asked for")

    def _score(self, text: str) -> float:
        try:
            score = float(text)
        except ValueError:
            score = -1.0
        if not 0.0 <= score <= 100.0:
            raise self._error(DeviceProtocolError, f"rates the picture with {text!r}")
        return score

    def _frame(self, record: bytes, position: Position) -> Frame:
        try:
            found, frame = self._picture(record)
        except (FormatError, InvalidSampleError) as error:
            raise self._error(
                DeviceProtocolError, f"the record of the {_name(position)} is damaged: {error}"
            ) from error
        if found != position:
            raise self._error(
                DeviceProtocolError, f"the record of the {_name(position)} says position {int(found or 0)}"
            )
        if frame.pixels.min() == frame.pixels.max():
            raise self._error(DeviceProtocolError, f"the picture of the {_name(position)} is empty", "Try again")
        return frame

    def _picture(self, record: bytes) -> tuple[Position | None, Frame]:
        if self.service.modality is Modality.FINGER:
            fingers = read_fir(record).images
            if len(fingers) != 1:
                raise FormatError(f"{len(fingers)} pictures instead of one")
            return fingers[0].finger, Frame(fingers[0].pixels, fingers[0].ppi, self.situation.uri)
        if self.service.modality is Modality.FACE:
            faces = read_fac(record).images
            if len(faces) != 1:
                raise FormatError(f"{len(faces)} pictures instead of one")
            picture, colour = faces[0].decode()
            return FacePosition.UNKNOWN, Frame(picture.pixels, None, self.situation.uri, colour=colour)
        eyes = read_iir(record).images
        if len(eyes) != 1:
            raise FormatError(f"{len(eyes)} pictures instead of one")
        return eyes[0].eye, Frame(eyes[0].pixels, None, self.situation.uri)

    def _error(self, kind: type[DeviceError], message: str, hint: str | None = None) -> DeviceError:
        return self.situation.error(kind, message, hint)


def _name(position: Position) -> str:
    return "face" if isinstance(position, FacePosition) else position.name.lower().replace("_", " ")
