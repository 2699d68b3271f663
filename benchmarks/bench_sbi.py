"""How long the machine has to do with what a biometric service captured: signatures, hashes, records, pixels."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from biocore.sbi import PORTS, SLAPS
from biocore_drivers.sbi_capture import Reader
from biocore_drivers.sbi_messages import Wanted, read_service
from biocore_drivers.sbi_ports import listening
from biocore_drivers.sbi_trust import Trust
from biocore_drivers.transport import Situation
from sbi_device import SbiService, Scanner, root

SITUATION = Situation("sbi:finger@benchmark")


@pytest.mark.benchmark(group="sbi", timer=time.process_time)
def test_time_of_reading_a_slap(benchmark: BenchmarkFixture) -> None:
    service = SbiService(Scanner())
    service.real = True
    trust = Trust([root().certificate], now=datetime.now(UTC))
    reader = Reader(read_service(service.info()[0], 4501, trust, SITUATION), trust, False, SITUATION)
    wanted = Wanted("benchmark", "1", SLAPS["1"], (), 40, "")
    document = wanted.request(reader.service, 5.0)
    answer = json.dumps(service.captured(service.scanners[0], document, document["bio"][0])).encode()  # type: ignore[index]
    parts = benchmark(reader.read, answer, wanted)
    assert tuple(part.position for part in parts) == SLAPS["1"]


@pytest.mark.benchmark(group="sbi", timer=time.process_time)
def test_time_of_looking_for_services(benchmark: BenchmarkFixture) -> None:
    with SbiService() as service:
        found = benchmark(listening, [*PORTS, service.port])
    assert service.port in found
