"""How long a biometric service needs for a slap of four once it is captured: scores, records, signatures."""

from __future__ import annotations

import time

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from biocore.fingerprint import synth
from biocore.formats.finger_image import read_fir
from biocore.sbi import SLAPS, sealed
from biocore.types import Frame, Modality, Part
from biocore_bindings.sbi_keys import Signer
from biocore_bindings.sbi_records import record_of, scored
from biocore_bindings.sbi_view import drawn
from sbi_serving import keys


@pytest.mark.benchmark(group="sbi-serve", timer=time.process_time)
def test_time_of_handing_out_a_slap(benchmark: BenchmarkFixture) -> None:
    pictures = [synth.render(int(position), 1, synth.Conditions()).pixels for position in SLAPS["1"]]
    parts = [Part(Frame(pixels, 500.0), position) for pixels, position in zip(pictures, SLAPS["1"], strict=True)]
    signer = Signer(keys())

    def hand_out() -> list[bytes]:
        found = scored(parts, Modality.FINGER)
        records = [record_of(part) for part in found.parts]
        for record in records:
            signer.sign(sealed(record).encode())
        return records

    records = benchmark(hand_out)
    assert [read_fir(record).images[0].finger for record in records] == list(SLAPS["1"])


@pytest.mark.benchmark(group="sbi-serve", timer=time.process_time)
def test_time_of_a_live_picture(benchmark: BenchmarkFixture) -> None:
    pixels = synth.render(7, 1, synth.Conditions()).pixels
    assert benchmark(drawn, pixels, "quality", 70.0).startswith(b"\xff\xd8")
