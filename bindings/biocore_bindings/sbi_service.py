"""A biometric service as a whole: devices, keys, answers and the server, opened and closed together.

>>> with SbiService(["virtual:finger?slap=yes"], folder_of_keys) as service:
...     print(service.url)
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from pathlib import Path
from types import TracebackType

from cryptography.x509.oid import NameOID

from biocore.sbi import HOST, PORTS
from biocore_bindings.http_server import Doors
from biocore_bindings.http_sockets import listening
from biocore_bindings.sbi_answers import Answers, Setting
from biocore_bindings.sbi_http import SbiServer
from biocore_bindings.sbi_keys import Signer
from biocore_bindings.sbi_sealing import read_server
from biocore_bindings.sbi_served import Served

EVERYWHERE = "0.0.0.0"
IN_EARNEST = frozenset({"Pre-Production", "Production"})


class SbiService:
    """Serves devices of this machine as MOSIP's Secure Biometric Interface; use it as a context manager.

    Parameters
    ----------
    uris : sequence of str
    keys : Path
        Folder of the keys.
    env : str
        What the devices are registered in: Staging, Developer, Pre-Production, Production.
    host : str
    ports : collection of int
        The lowest free one is taken.
    doors : Doors
    auth_certificate : Path or None
        Certificate of the authentication server that CAPTURE encrypts for; None = CAPTURE is refused.

    Raises
    ------
    ServiceKeyError
        A key or certificate is missing, damaged or out of date, or a key readable by others.
    DeviceError
        A device cannot be opened, or must not enrol anybody.
    BiocoreError
        No port is free.
    """

    def __init__(
        self,
        uris: Sequence[str],
        keys: Path,
        *,
        env: str = "Developer",
        host: str = HOST,
        ports: Collection[int] = PORTS,
        doors: Doors | None = None,
        auth_certificate: Path | None = None,
    ) -> None:
        self.auth_server = None if auth_certificate is None else read_server(auth_certificate)
        signer = Signer(keys)
        (owner,) = signer.keys().certificate.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        provider = str(owner.value)
        self.devices: list[Served] = []
        try:
            self.devices.extend(Served(uri, real=env in IN_EARNEST) for uri in dict.fromkeys(uris))
            bound = listening(host, ports)
        except BaseException:
            self._release()
            raise
        self._server = SbiServer(bound, doors or Doors())
        self.port = self._server.server_port
        self.url = f"http://{HOST if host == EVERYWHERE else host}:{self.port}/"
        setting = Setting(env, provider, provider.upper(), self.auth_server)
        self._server.answers = Answers(self.devices, signer, setting, self.url)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="biocore sbi service", daemon=True
        )

    def __enter__(self) -> SbiService:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.close()
        self._thread.join()
        self._release()

    def wait(self) -> None:
        """Serve until the process is told to stop."""
        while self._thread.is_alive():
            self._thread.join(1.0)

    def _release(self) -> None:
        for device in self.devices:
            device.close()
