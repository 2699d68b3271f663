"""Which biometric services run on this machine, and which devices they have: MOSIPDISC and MOSIPDINFO, all at once."""

from __future__ import annotations

import time
from collections.abc import Iterable

from biocore.errors import DeviceError, DeviceTimeoutError
from biocore.sbi import PORTS
from biocore_drivers.sbi_client import Call, Line
from biocore_drivers.sbi_messages import Service, entries, parse, read_service
from biocore_drivers.sbi_ports import listening
from biocore_drivers.sbi_trust import Trust
from biocore_drivers.transport import Situation


def find(
    trust: Trust, limit: float, ports: Iterable[int] | None, situation: Situation
) -> tuple[list[Service], list[DeviceError]]:
    """Ask all services at once.

    Parameters
    ----------
    trust : Trust
    limit : float
        s until all have answered; who has not then is passed over.
    ports : iterable of int or None
        None = all that the interface knows.
    situation : Situation

    Returns
    -------
    services : list of Service
        By port; one entry a device.
    faults : list of DeviceError
        What others listening there said instead.
    """
    deadline = time.monotonic() + limit
    calls = {port: Call(Line(port, situation, limit), _told) for port in listening(PORTS if ports is None else ports)}
    services: list[Service] = []
    faults: list[DeviceError] = []
    for port, call in calls.items():
        call.wait(max(0.0, deadline - time.monotonic()))
        ended = call.over
        call.cut()
        try:
            if not ended:
                raise situation.error(
                    DeviceTimeoutError, f"the service on port {port} does not answer within {limit} s"
                )
            told = entries(parse(call.result(), situation), situation)
        except DeviceError as error:
            faults.append(error)
            continue
        for entry in told:
            try:
                services.append(read_service(entry, port, trust, situation))
            except DeviceError as error:  # one device's affair: the service may have others
                faults.append(error)
    return services, faults


def _told(line: Line) -> bytes:
    """Return the answer to MOSIPDINFO of a service that answers MOSIPDISC."""
    line.ask("MOSIPDISC", "/device", {"type": "Biometric Device"})
    return line.ask("MOSIPDINFO", "/info", {})
