"""Every error the library raises. This module imports nothing of biocore.

A bad picture is data (a report with causes and advice), never an exception; a broken device, a malformed
record or a wrong call is an exception, never data::

    BiocoreError
    ├── InvalidSampleError (ValueError)      pixels, resolution or position that no algorithm can take
    ├── NotAssessableError                   a reference algorithm refuses the picture (NFIQ 2: blank, too large)
    ├── ExtractionError                      no usable region: no template can be made
    ├── SlapError                            fewer or more fingers lie there than were asked for; carries both counts
    ├── InvalidTemplateError (ValueError)    templates that cannot be compared or fused with each other
    ├── FormatError (ValueError)             malformed file or record; carries the file and the byte offset
    │   └── UnsupportedFormatError           well formed, but nothing here reads or writes it
    ├── ModelError                           a model file that is missing, altered or not what it says
    ├── ProfileError (ValueError)            a station's profile that is wrong; carries file, key and line
    ├── MissingDependencyError (ImportError) an extra or a system package is not installed; says which
    ├── DriverError                          a plug-in that is broken, or two of one name
    │   └── DriverNotFoundError (LookupError)     nothing installed serves the URI
    ├── ServiceKeyError                      a biometric service's key is missing, damaged, expired or open to others
    ├── JournalError                         carries the path it concerns
    │   ├── JournalFullError                 the disk is full, the reserve too; nothing half is left
    │   ├── JournalReserveError              too little room to begin another resident
    │   ├── JournalReadOnlyError (PermissionError)    a read-only disk, or a folder without rights
    │   ├── JournalDeviceError               the disk failed (EIO): nothing since the last answer is certain
    │   ├── JournalBusyError (TimeoutError)  another process holds the journal
    │   ├── JournalCorruptError              an entry is missing or altered; names the entry
    │   │   └── JournalIndexError            the index is damaged; opening the journal makes it anew from the records
    │   ├── JournalVersionError              written by a newer biocore
    │   ├── JournalClosedError               closed, or stopped by an earlier fault: open it again
    │   └── JournalStateError (ValueError)   a resident that is unknown, finished or damaged; an item that is none
    ├── DayError                             the day's queue; carries the path, where there is one
    │   ├── DayFileError                     the day book cannot be read or written
    │   ├── DayStateError (ValueError)       a number that is unknown, or not where it must be for this
    │   ├── OfficeFileError (ValueError)     an office's file that is none
    │   └── QuotaError                       the day is full; carries the next one that is not
    ├── SealError                            what is sealed to the centre
    │   ├── CentreKeyError                   the centre's key is missing, wrong, altered or expired
    │   └── UnsealError                      a wrong private key, or an altered entry
    ├── OutboxError                          what waits could not be handed over; it stays. Carries a code and advice
    │   ├── CentreUnreachableError (ConnectionError)  no centre at the other end, or the line broke
    │   ├── CentreBusyError                  the centre asks to come back later; carries after how many seconds
    │   ├── CentreDeniedError (PermissionError)       the centre does not know this station's token
    │   ├── CentreFaultError                 something answered, and not as a centre answers
    │   ├── RecordRefusedError               one record that the centre does not take, or that is damaged here
    │   ├── ReceiptError                     forged, another centre's, or of another record
    │   └── StickError                       the stick is full, gone, torn or altered; names the file
    ├── SessionError (ValueError)            a resident's session does not allow that now; says what it waits for
    └── DeviceError                          carries the device's URI, its state, and what the operator can do
        ├── DeviceNotFoundError (LookupError)         the URI names nothing that is attached
        ├── DevicePermissionError (PermissionError)   carries the udev line to install
        ├── DeviceBusyError                  somebody else holds it
        ├── DeviceClosedError                used after close, or before open
        ├── DeviceDisconnectedError (ConnectionError) unplugged, or gone from the bus
        ├── DeviceTimeoutError (TimeoutError)         the device did not answer in time
        ├── SubjectTimeoutError (TimeoutError)        the person did not: no finger, no eye
        ├── DeviceStalledError               an endpoint stalled
        ├── DeviceProtocolError              the device said something its protocol does not know
        ├── DeviceUnsupportedError           recognised, and refused for a reason
        ├── DeviceUntrustedError             its signature is wrong, or leads to nobody who is trusted
        ├── DeviceSuspendedError             it was open while the machine slept
        ├── DeviceVendorError                a vendor's own code, passed on
        ├── IncompleteCaptureError           fewer fingers or eyes than were asked for; carries those that came
        └── CaptureCancelledError            somebody called cancel()
"""

from __future__ import annotations


class BiocoreError(Exception):
    """Base of every error of the library; catching it catches all of them."""


class InvalidSampleError(BiocoreError, ValueError):
    """Pixels, resolution or position that no algorithm here can take (an empty array, 72 ppi, a NaN)."""


class NotAssessableError(BiocoreError):
    """A quality algorithm refuses the picture: blank after cropping, too large, too few blocks.

    `biocore.assess` turns this into a report whose score is None; only the direct call of one algorithm
    (`biocore.fingerprint.nfiq2_measures`) raises it.
    """


class ExtractionError(BiocoreError):
    """No template can be made of the sample: there is no usable region in it."""


class SlapError(BiocoreError):
    """Fewer or more fingers lie on the platen than were asked for.

    Parameters
    ----------
    message : str
        What is wrong, and what to do.
    found, expected : int
        Numbers of fingers.
    """

    def __init__(self, message: str, *, found: int = 0, expected: int = 0) -> None:
        super().__init__(message)
        self.found = found
        self.expected = expected


class InvalidTemplateError(BiocoreError, ValueError):
    """Templates that cannot be compared or fused: another modality, another algorithm's code, no resolution."""


class FormatError(BiocoreError, ValueError):
    """A malformed file or record.

    Parameters
    ----------
    message : str
        What is wrong.
    file : str or None
        The file it was read from, where there is one.
    offset : int or None
        Byte offset of the field that is wrong, counted from the start of the file.

    Attributes
    ----------
    reason : str
        The message without file and offset.
    """

    def __init__(self, message: str, *, file: str | None = None, offset: int | None = None) -> None:
        where = (f"{file}: " if file else "") + (f"at byte {offset}: " if offset is not None else "")
        super().__init__(where + message)
        self.reason = message
        self.file = file
        self.offset = offset

    def within(self, file: str | None, offset: int | None) -> FormatError:
        """Return the same error of a part that begins at a byte of a file: a picture in a record."""
        at = self.offset if offset is None else offset + (self.offset or 0)
        return type(self)(self.reason, file=file, offset=at)


class UnsupportedFormatError(FormatError):
    """A file or record that nothing here reads or writes."""


class ModelError(BiocoreError):
    """A model file that is missing, altered, or not what its name says."""


class ProfileError(BiocoreError, ValueError):
    """A station's profile is not what a profile must be.

    Parameters
    ----------
    message : str
        What is wrong, and what is allowed.
    path : str
        The file, or the name of a profile that is shipped.
    key : str
        The key it concerns (`finger.thresholds.thumb`); empty where there is none.
    line : int or None
        Where the key stands in the file.
    """

    def __init__(self, message: str, *, path: str = "", key: str = "", line: int | None = None) -> None:
        where = ", ".join(part for part in (path, f"line {line}" if line else "", key) if part)
        super().__init__((f"{where}: " if where else "") + message)
        self.path = path
        self.key = key
        self.line = line


class MissingDependencyError(BiocoreError, ImportError):
    """Something outside is not installed; the message names the extra or the system package that brings it."""


class DriverError(BiocoreError):
    """A driver plug-in that is broken, or two plug-ins that claim one name."""


class DriverNotFoundError(DriverError, LookupError):
    """No installed driver serves this URI."""


class SessionError(BiocoreError, ValueError):
    """An action that a resident's session does not allow in its present state, or never; nothing was changed."""


class DeviceError(BiocoreError):
    """Something went wrong with a device.

    Parameters
    ----------
    message : str
        What happened.
    uri : str or None
        The device it concerns (`virtual:finger`, `usb:05ba:000a`).
    state : str or None
        What the device was doing.
    hint : str or None
        What the operator can do now; None = what usually helps.
    """

    usual_hint: str | None = None

    def __init__(
        self, message: str, *, uri: str | None = None, state: str | None = None, hint: str | None = None
    ) -> None:
        hint = hint or self.usual_hint
        text = (f"{uri}: " if uri else "") + message
        text += f" (while {state})" if state else ""
        text += f". {hint}" if hint else ""
        super().__init__(text)
        self.uri = uri
        self.state = state
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        """Go to another process as it is: its text is made once."""
        return _as_it_was, (type(self), self.args, self.__dict__)


def _as_it_was(kind: type[DeviceError], arguments: tuple[object, ...], held: dict[str, object]) -> DeviceError:
    error = kind.__new__(kind, *arguments)
    error.args = arguments
    error.__dict__.update(held)
    return error


class DeviceNotFoundError(DeviceError, LookupError):
    """The URI names no device that is attached now: a wrong path, nothing plugged in."""

    usual_hint = "`biocore devices` lists what is attached"


class DevicePermissionError(DeviceError, PermissionError):
    """The system does not let this user open the device; the hint carries the udev rule to install."""

    usual_hint = "Install the udev rules: `biocore devices --udev-rules` prints them"


class DeviceBusyError(DeviceError):
    """Another program, driver or thread holds the device."""

    usual_hint = "Close the program that holds it"


class DeviceClosedError(DeviceError):
    """The device was used after close() or outside its `with` block."""

    usual_hint = "Open it first"


class DeviceDisconnectedError(DeviceError, ConnectionError):
    """The device was unplugged, lost power, or vanished from the bus."""

    usual_hint = "Plug it in and open it anew"


class DeviceTimeoutError(DeviceError, TimeoutError):
    """The device did not answer before the deadline: a frozen scanner, a dead cable."""

    usual_hint = "Unplug it, wait two seconds, and plug it in again"


class SubjectTimeoutError(DeviceError, TimeoutError):
    """The device works and waited, but no finger or eye came before the deadline."""

    usual_hint = "Try again"


class DeviceStalledError(DeviceError):
    """An endpoint stalled and did not recover."""

    usual_hint = "Try again; if it stays so, unplug it, wait two seconds, and plug it in again"


class DeviceProtocolError(DeviceError):
    """The device sent what its protocol does not know: garbage, a wrong length, a wrong checksum."""

    usual_hint = "Try again; if it stays so, try another cable"


class DeviceUnsupportedError(DeviceError):
    """A device that is recognised and refused: no image (match-on-chip), a swipe sensor, too low a resolution."""

    usual_hint = "Use another device"


class DeviceUntrustedError(DeviceError):
    """What a device signed does not verify, or its certificate leads to no trusted one."""

    usual_hint = "Trust who vouches for it (docs/devices.md, Whom to trust), or use another device"


class DeviceSuspendedError(DeviceError):
    """The device sleeps, or was open while the machine slept; it must be opened again."""

    usual_hint = "Close it and open it anew"


class DeviceVendorError(DeviceError):
    """A vendor library failed with a code of its own, which the message carries."""

    usual_hint = "Try again; if it stays so, ask its vendor"


class IncompleteCaptureError(DeviceError):
    """Fewer fingers or eyes came than were asked for.

    Parameters
    ----------
    parts : tuple
        The `biocore.hal.Part`s that came, so that nothing good is lost.
    """

    usual_hint = "Capture anew, or say which are missing"

    def __init__(
        self,
        message: str,
        *,
        uri: str | None = None,
        state: str | None = None,
        hint: str | None = None,
        parts: tuple[object, ...] = (),
    ) -> None:
        super().__init__(message, uri=uri, state=state, hint=hint)
        self.parts = parts


class CaptureCancelledError(DeviceError):
    """cancel() was called during a capture."""


class ServiceKeyError(BiocoreError):
    """A biometric service's key that is missing, damaged, expired, or readable by others."""


class _PathError(Exception):
    """What concerns a file or folder.

    Parameters
    ----------
    message : str
        What happened, and what to do.
    path : str or None
        The file or folder it concerns.
    """

    def __init__(self, message: str, *, path: str | None = None) -> None:
        super().__init__((f"{path}: " if path else "") + message)
        self.path = path


class JournalError(BiocoreError, _PathError):
    """The station's journal could not do what was asked; what it had acknowledged before is not touched."""


class JournalFullError(JournalError):
    """The disk is full and the reserve is used up (ENOSPC, EDQUOT); what was being written is not there at all."""


class JournalReserveError(JournalError):
    """Too little room is left to begin another resident; whoever has begun can be finished."""


class JournalReadOnlyError(JournalError, PermissionError):
    """The disk is mounted read-only, or the folder belongs to somebody else."""


class JournalDeviceError(JournalError):
    """The disk reported a fault (EIO); the journal stops and must be opened again."""


class JournalBusyError(JournalError, TimeoutError):
    """Another process holds the journal, or its index stayed locked."""


class JournalCorruptError(JournalError):
    """An entry, a record file or the index is missing, altered or unreadable; the message names it."""


class JournalIndexError(JournalCorruptError):
    """The index is damaged (`why`); nothing is lost: the next opening makes it anew from the records."""

    why = ""


class JournalVersionError(JournalError):
    """The journal was written by a newer version, which this one must not touch."""


class JournalClosedError(JournalError):
    """Used after close(), or after a fault that only opening again can clear up."""


class JournalStateError(JournalError, ValueError):
    """A resident that is unknown, finished or damaged, or an item that the journal does not take."""


class DayError(BiocoreError, _PathError):
    """The day's queue could not do what was asked."""


class DayFileError(DayError):
    """The day book's file cannot be made, read or written; nothing of the change is there."""


class DayStateError(DayError, ValueError):
    """A number that is unknown, or not where it must be for this: called twice, done already, not at the desk."""


class OfficeFileError(DayError, ValueError):
    """An office's file that cannot be read, or says what cannot be."""


class QuotaError(DayError):
    """No more tickets for this day.

    Parameters
    ----------
    message : str
        What is full, and when to come.
    next_free : str or None
        The next day with room, like 2026-11-21.
    """

    def __init__(self, message: str, *, next_free: str | None = None) -> None:
        super().__init__(message)
        self.next_free = next_free


class SealError(BiocoreError):
    """Something is wrong with what is sealed to the centre."""


class CentreKeyError(SealError):
    """The centre's public key is missing, altered, expired, or not the centre's; refused before any capture."""


class UnsealError(SealError):
    """An entry does not open: another private key, or head or body were altered."""


class OutboxError(BiocoreError):
    """What waits for the centre could not be handed over. Nothing was removed.

    Parameters
    ----------
    message : str
        What happened; nothing personal.
    code : str
        The same in one word, for programs.
    advice : str
        What the operator can do.
    """

    def __init__(self, message: str, *, code: str = "", advice: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.advice = advice


class CentreUnreachableError(OutboxError, ConnectionError):
    """Nobody answered, TLS did not come about, or the line broke in the middle."""


class CentreBusyError(OutboxError):
    """The centre answered, and asks to come back later (429, 503, 507).

    Parameters
    ----------
    after_s : float or None
        Seconds that it asks for.
    """

    def __init__(self, message: str, *, code: str = "", advice: str = "", after_s: float | None = None) -> None:
        super().__init__(message, code=code, advice=advice)
        self.after_s = after_s


class CentreDeniedError(OutboxError, PermissionError):
    """The centre does not know this station's token, or the token is another station's (401, 403)."""


class CentreFaultError(OutboxError):
    """Something answered, and not as a centre does: an internal fault, a portal's page, another centre."""


class RecordRefusedError(OutboxError):
    """One record is not taken: damaged here, malformed, too large, or another one of the same resident is there."""


class ReceiptError(OutboxError):
    """A receipt that is forged, another centre's, or of another record; the record stays."""


class StickError(OutboxError):
    """A stick that is full, gone, torn or altered, or a file of it; the message names it."""
