"""What an errno of the USB stack means: the named error, and what the operator can do.

| errno | seen when | error |
|---|---|---|
| EACCES, EPERM | no udev rule | DevicePermissionError |
| EBUSY | another program or a kernel driver holds it | DeviceBusyError |
| ENODEV, ENXIO, ESHUTDOWN, ENOENT | unplugged; host controller gone | DeviceDisconnectedError |
| ETIMEDOUT, ETIME | silent device | DeviceTimeoutError |
| EPIPE | endpoint stalled | DeviceStalledError |
| EOVERFLOW | more data than asked for | DeviceProtocolError |
| EPROTO, EILSEQ, ECOMM, EIO | bit errors on the cable, a device that answers no longer | DeviceProtocolError |
| EHOSTUNREACH | asleep since the machine slept | DeviceSuspendedError |
| others | | DeviceVendorError with the code |

The kernel's meanings: Documentation/driver-api/usb/error-codes.rst.
"""

from __future__ import annotations

import errno
import os

from biocore.errors import (
    DeviceBusyError,
    DeviceDisconnectedError,
    DeviceError,
    DevicePermissionError,
    DeviceProtocolError,
    DeviceStalledError,
    DeviceSuspendedError,
    DeviceTimeoutError,
    DeviceVendorError,
)
from biocore_drivers.transport import REOPEN, Situation

_REPLUG = "Unplug the device, wait two seconds, and plug it in again"
_CABLE = "Try another cable, and a port of the machine itself instead of a hub"

_MEANINGS: dict[int, tuple[type[DeviceError], str, str | None]] = {
    errno.EACCES: (DevicePermissionError, "this user may not open it", "Install the udev rules of docs/devices.md"),
    errno.EPERM: (DevicePermissionError, "this user may not open it", "Install the udev rules of docs/devices.md"),
    errno.EBUSY: (DeviceBusyError, "another program or driver holds it", "Close that program"),
    errno.ENODEV: (DeviceDisconnectedError, "was unplugged", "Plug it in and open it anew"),
    errno.ENXIO: (DeviceDisconnectedError, "is gone from the bus", "Plug it in and open it anew"),
    errno.ENOENT: (DeviceDisconnectedError, "is gone from the bus", "Plug it in and open it anew"),
    errno.ESHUTDOWN: (DeviceDisconnectedError, "its port was switched off", "Plug it in and open it anew"),
    errno.ETIMEDOUT: (DeviceTimeoutError, "{place} does not answer", _REPLUG),
    errno.ETIME: (DeviceTimeoutError, "{place} does not answer", _REPLUG),
    errno.EPIPE: (DeviceStalledError, "{place} stalled", _REPLUG),
    errno.EOVERFLOW: (DeviceProtocolError, "{place} sent more than was asked for", _REPLUG),
    errno.EPROTO: (DeviceProtocolError, "bit errors at {place}", _CABLE),
    errno.EILSEQ: (DeviceProtocolError, "bit errors at {place}", _CABLE),
    errno.ECOMM: (DeviceProtocolError, "{place} sent faster than the machine took it", _CABLE),
    errno.EIO: (DeviceProtocolError, "the transfer at {place} failed on the bus", _CABLE),
    errno.EHOSTUNREACH: (DeviceSuspendedError, "sleeps", REOPEN),
}
MEANT = frozenset(_MEANINGS)


def transfer_error(situation: Situation, code: int, place: str) -> DeviceError:
    """Make the named error of a transfer that failed.

    Parameters
    ----------
    situation : Situation
    code : int
        A positive errno.
    place : str
        Where, as "endpoint 0x81".
    """
    if code in _MEANINGS:
        kind, message, hint = _MEANINGS[code]
        return situation.error(kind, message.format(place=place), hint)
    name = errno.errorcode.get(code, "no errno")
    return situation.error(DeviceVendorError, f"{place}: the system says {code} ({name}, {os.strerror(code)})", _REPLUG)
