"""A BioSDK as a whole: what it was told, its calls and the server, opened and closed together.

>>> with BioSdkService() as service:
...     print(service.url)
"""

from __future__ import annotations

import threading
from types import TracebackType

from biocore.sbi import HOST
from biocore_bindings.biosdk_calls import Calls, Setting
from biocore_bindings.biosdk_http import BASE, BioSdkServer
from biocore_bindings.http_server import Doors
from biocore_bindings.http_sockets import listening

PORT = 9099  # of MOSIP's own service
EVERYWHERE = "0.0.0.0"


class BioSdkService:
    """Serves the engine as MOSIP's BioSDK; use it as a context manager.

    Parameters
    ----------
    setting : Setting
    host : str
    port : int
        0 takes any that is free; `port` then says which.
    doors : Doors

    Raises
    ------
    BiocoreError
        The port is not free.
    """

    def __init__(
        self, setting: Setting | None = None, *, host: str = HOST, port: int = 0, doors: Doors | None = None
    ) -> None:
        self.server = BioSdkServer(listening(host, (port,)), doors or Doors(), Calls(setting or Setting()))
        self.port = self.server.server_port
        self.url = f"http://{HOST if host == EVERYWHERE else host}:{self.port}{BASE}"
        self._thread = threading.Thread(
            target=self.server.serve_forever, args=(0.05,), name="biocore biosdk", daemon=True
        )

    def __enter__(self) -> BioSdkService:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.server.close()
        self._thread.join()

    def wait(self) -> None:
        """Serve until the process is told to stop."""
        while self._thread.is_alive():
            self._thread.join(1.0)
