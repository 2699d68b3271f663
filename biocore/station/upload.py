"""The line to the centre: one request at a time, each with an end, each fault with a name.

The protocol is docs/outbox.md, "On the wire": a record goes in chunks (`PUT` with `Content-Range`), is known by its
SHA-256, and is answered by the centre's receipt. Whatever was sent may be sent again. This module sends and reads;
when to try again is the outbox's affair.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from biocore.errors import (
    CentreBusyError,
    CentreDeniedError,
    CentreFaultError,
    CentreUnreachableError,
    MissingDependencyError,
    OutboxError,
    RecordRefusedError,
)
from biocore.station.clock import Clock, SystemClock
from biocore.station.receipt import Receipt, read_receipt

if TYPE_CHECKING:
    import httpx

CHUNK = 256 * 1024  # bytes; at 256 kbit/s, a slow mobile line, eight seconds: what a cut can cost
MAX_ANSWER = 64 * 1024  # bytes of an answer that are read; a receipt is about 500
CONNECT_S = 15.0  # TLS over a satellite line needs three round trips of 0.6 s
SILENCE_S = 60.0  # without a byte, in either direction
REQUEST_S = 300.0  # a whole request, however the bytes drip: 256 kB at 7 kbit/s
KIND = "biocore centre 1"
_EXPIRED, _NOT_YET = 10, 9  # X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID, openssl x509_vfy.h


@dataclass(frozen=True, slots=True)
class Hello:
    """How a centre introduces itself.

    Attributes
    ----------
    centre : bytes
        The Ed25519 public key that it signs with.
    time : datetime
        By its clock, UTC.
    chunk : int
        The largest chunk it takes, in bytes.
    """

    centre: bytes
    time: datetime
    chunk: int


class CentreLink:
    """The line to one centre.

    Parameters
    ----------
    url : str
        `https://...`; plain `http` is for this machine only, because the token would be readable.
    token : str
        This station's, from the centre.
    clock : Clock
    trust : ssl.SSLContext or None
        Whose certificates are believed; by default those that the system trusts.
    proxy : str or None
        Address of the proxy, where there is one; the environment is not asked.
    chunk : int
        Bytes sent at a time, at most.
    connect_s, silence_s, request_s : float
        Seconds: to connect, without a byte, and for a whole request.

    Raises
    ------
    OutboxError
        The address is none, or would give the token away.
    MissingDependencyError
        httpx is not installed: the extra `station` brings it.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        clock: Clock | None = None,
        trust: ssl.SSLContext | None = None,
        proxy: str | None = None,
        chunk: int = CHUNK,
        connect_s: float = CONNECT_S,
        silence_s: float = SILENCE_S,
        request_s: float = REQUEST_S,
    ) -> None:
        self.url = _checked(url)
        self.chunk = chunk
        self._clock = clock or SystemClock()
        self._request_s = request_s
        self._token = {"Authorization": f"Bearer {token}"}  # for records only: who it is, the greeting shows first
        library = _httpx()
        self._library = library
        self._client = library.Client(
            base_url=self.url,
            headers={
                "User-Agent": "biocore-station",
                "Accept-Encoding": "identity",
            },
            timeout=library.Timeout(silence_s, connect=connect_s),
            verify=trust or (ssl.create_default_context() if self.url.startswith("https") else False),
            proxy=proxy,
            trust_env=False,  # a .netrc or a variable must not put itself between
            follow_redirects=False,  # a token is for one address
            limits=library.Limits(max_connections=1, keepalive_expiry=30.0),
        )

    def close(self) -> None:
        """Close the line."""
        self._client.close()

    def hello(self) -> Hello:
        """Ask who is there.

        Raises
        ------
        OutboxError
            One of its kinds: nobody is, or it is no centre.
        """
        status, values = self._ask("GET", "v1/centre")
        try:
            if status != 200 or values["kind"] != KIND or type(values["chunk"]) is not int or values["chunk"] < 1:
                raise ValueError
            time = datetime.fromisoformat(values["time"])
            if time.tzinfo is None or len(centre := bytes.fromhex(values["centre"])) != 32:
                raise ValueError
            return Hello(centre, time.astimezone(UTC), min(values["chunk"], 1 << 30))
        except (ValueError, TypeError, KeyError):
            raise _no_centre(status) from None

    def ask(self, digest: str) -> int | Receipt:
        """Ask what the centre has of a record: so many bytes, or the receipt for all of it."""
        status, values = self._ask("GET", f"v1/records/{digest}", headers=self._token)
        if status == 404 and values.get("error") == "unknown":
            return 0
        return _offset_or_receipt(status, values)

    def put(self, journal: str, resident: str, digest: str, data: bytes, offset: int, size: int) -> int | Receipt:
        """Send a chunk of a record; return how much of it the centre has now, or the receipt.

        Raises
        ------
        OutboxError
            One of its kinds.
        """
        piece = base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")
        headers = self._token | {
            "Content-Type": "application/octet-stream",
            "Content-Range": f"bytes {offset}-{offset + len(data) - 1}/{size}",  # RFC 9110, 14.5
            "Content-Digest": f"sha-256=:{piece}:",  # RFC 9530
            "Biocore-Journal": journal,
            "Biocore-Resident": resident,
        }
        status, values = self._ask("PUT", f"v1/records/{digest}", data, headers)
        return _offset_or_receipt(status, values)

    def _ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        end = self._clock.read().monotonic_ns + round(self._request_s * 1e9)
        data = bytearray()
        try:
            with self._client.stream(method, path, content=body, headers=headers) as response:
                for piece in response.iter_raw():
                    data += piece
                    if len(data) > MAX_ANSWER or self._clock.read().monotonic_ns > end:
                        raise CentreFaultError(
                            "the answer does not end: too long, or too slow",
                            code="centre_answer_endless",
                            advice="it is tried again; if it stays, tell the centre",
                        )
        except self._library.HTTPError as error:
            raise _unreachable(error, self._clock.read().utc) from error
        return response.status_code, _values(response, bytes(data))


def _offset_or_receipt(status: int, values: dict[str, Any]) -> int | Receipt:
    if status in (200, 201) and isinstance(values.get("receipt"), dict):
        return read_receipt(values["receipt"])
    offset = values.get("offset")
    wanted = status in (200, 202) or (status == 409 and values.get("error") == "offset")
    if wanted and type(offset) is int and offset >= 0:
        return offset
    raise _no_centre(status)


def _values(response: httpx.Response, data: bytes) -> dict[str, Any]:
    """Return the values of an answer that goes on, and raise for one that does not."""
    try:
        values = json.loads(data)
    except (ValueError, RecursionError):
        values = None
    status = response.status_code
    if not isinstance(values, dict):
        if status in (429, 503):  # a gateway in front of the centre may say so as well
            raise _busy(status, "", response)
        raise _no_centre(status)
    error, detail = str(values.get("error", "")), _printable(values.get("detail", ""))
    if status in (401, 403):
        raise CentreDeniedError(
            f"the centre refuses this station ({status}{detail})",
            code="centre_denies",
            advice="ask the centre for a token for this station",
        )
    if status in (429, 503, 507):
        raise _busy(status, error, response)
    if error in _REFUSED and status in (409, 413, 422):
        what, advice = _REFUSED[error]
        raise RecordRefusedError(f"the centre {what}{detail}", code=f"record_{error}", advice=advice)
    return values


_REFUSED = {
    "conflict": (
        "has another record of this resident",
        "the record stays here; ask the centre which of the two is right",
    ),
    "record": (
        "finds the record damaged or altered",
        "the record stays here; run `biocore station verify`, and tell the centre",
    ),
    "size": ("does not take records of this size", "the record stays here; carry it on a stick, or ask the centre"),
}


def _busy(status: int, error: str, response: httpx.Response) -> CentreBusyError:
    texts = {
        429: ("the centre takes no more for now", "centre_quota"),
        503: ("the centre is not ready", "centre_not_ready"),
        507: ("the centre has no room", "centre_full"),
    }
    text, code = texts[status]
    return CentreBusyError(
        f"{text} ({status})",
        code=code,
        advice="nothing is to be done here: it is tried again, and recording goes on",
        after_s=_retry_after(response.headers.get("Retry-After"), response.headers.get("Date")),
    )


def _retry_after(value: str | None, date: str | None) -> float | None:
    """Return the seconds that `Retry-After` asks for; a date in it is compared with the centre's own, not with ours."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value[:12])
    try:
        then = parsedate_to_datetime(value)
        return max(0.0, (then - parsedate_to_datetime(date or "")).total_seconds())
    except (ValueError, TypeError):
        return None


def _no_centre(status: int) -> CentreFaultError:
    if 300 <= status < 400:
        what = f"the answer leads elsewhere ({status}): a portal that wants a login, or another address"
        return CentreFaultError(what, code="not_the_centre", advice="open the network's login page, or ask for help")
    if status >= 500:
        what = f"the centre has a fault of its own ({status})"
        return CentreFaultError(what, code="centre_fault", advice="it is tried again; if it stays, tell the centre")
    what = f"something answered that is no centre ({status}): a portal or proxy, or another address"
    return CentreFaultError(what, code="not_the_centre", advice="look at the network, and at the centre's address")


def _unreachable(error: Exception, now: datetime) -> CentreUnreachableError:
    """Name what lies under a fault of the line; a certificate's date is told against this station's clock."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _untrusted(cause, now)
        cause = cause.__cause__ or cause.__context__
    kind = type(error).__name__
    known = {
        "ConnectError": ("no connection to the centre", "no_connection"),
        "ConnectTimeout": ("no connection to the centre", "no_connection"),
        "ReadTimeout": ("the centre was silent for too long", "centre_silent"),
        "WriteTimeout": ("the line takes no more", "centre_silent"),
    }
    text, code = known.get(kind, ("the line broke in the middle", "line_broke"))
    return CentreUnreachableError(
        text, code=code, advice="look at the network; it is tried again by itself, and recording goes on"
    )


def _untrusted(error: ssl.SSLCertVerificationError, now: datetime) -> CentreUnreachableError:
    if error.verify_code in (_EXPIRED, _NOT_YET):
        word = "has expired" if error.verify_code == _EXPIRED else "is not valid yet"
        return CentreUnreachableError(
            f"the centre's certificate {word}, by this station's clock, which says {now:%Y-%m-%d %H:%M} UTC",
            code="certificate_date",
            advice="look at this station's clock first; if it is right, tell the centre",
        )
    return CentreUnreachableError(
        f"the centre's certificate is not trusted: {_printable(error.verify_message)[2:] or 'unknown'}",
        code="certificate",
        advice="nothing was sent. Somebody may be between: look at the network and the address, and tell the centre",
    )


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise OutboxError("this is no address of a centre", code="address", advice="it looks like https://name/")
    if parts.scheme == "http" and not _is_here(parts.hostname):
        raise OutboxError(
            "the centre's address begins with http: everybody on the line could read this station's token",
            code="address",
            advice="use the address that begins with https",
        )
    return url.rstrip("/") + "/"


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _printable(text: object) -> str:
    """Return what another machine said, short and harmless, to be put behind a sentence."""
    kept = "".join(character for character in str(text)[:200] if character.isascii() and character.isprintable())
    return f": {kept}" if kept else ""


def _httpx() -> Any:
    try:
        import httpx
    except ImportError:
        raise MissingDependencyError("sending needs the extra `station`: pip install 'biocore[station]'") from None
    return httpx
