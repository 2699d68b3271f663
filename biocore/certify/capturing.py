"""Cases of the contract: pictures, deadlines, events, and a thousand captures."""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc

import numpy as np

from biocore.certify.cases import (
    Bench,
    Cases,
    Heard,
    NotTriedError,
    belongings,
    expect,
    expect_nothing_left,
    expecting,
    silent,
)
from biocore.errors import DeviceTimeoutError, InvalidSampleError, SubjectTimeoutError
from biocore.formats.images import read_image
from biocore.hal import CANCEL_LATENCY, Device, Event, EventKind, State
from biocore.types import Modality

A_SESSION = 5  # captures between two openings: what a folder of pictures gives at least
WARM = 50  # captures before memory is traced: what is loaded once, and what is made once
LETTING_GO = 0.5  # s; for a thread that was told to end, with the frames in its hands
SETTLED = 0.25  # share of the captures, traced, before memory is measured: the interpreter's caches fill
GROWTH = 64 * 1024  # bytes; two hundred leaked frames of 32 x 32 px would be three times as many
CAPTURING = Cases()


@CAPTURING.add("a device says who it is, before it is opened: driver, maker, model, resolution, window")
def identity(bench: Bench) -> str:
    """Read what it says of itself."""
    info = bench.make().info
    expect(bool(info.uri and info.driver and info.model), f"URI, driver and model are not all named: {info}")
    if bench.driver:
        expect(info.driver == bench.driver, f"is served by driver {info.driver!r} instead of {bench.driver!r}")
    expect(info.ppi is None or 50.0 <= info.ppi <= 4000.0, f"{info.ppi} ppi are no resolution")
    expect(info.window is None or min(info.window) > 0, f"{info.window} is no window")
    return info.unfit and f"must not enrol: {info.unfit}"


@CAPTURING.add("a capture gives a read-only picture of the declared size and resolution, which names its source")
def frame_as_declared(bench: Bench) -> str:
    """Look at one frame."""
    with bench.make() as device:
        frame = device.capture()
        info = device.info
    expect(frame.pixels.dtype == np.uint8 and frame.pixels.ndim == 2, "is no picture of 8-bit grey")
    expect(not frame.pixels.flags.writeable, "its pixels can be overwritten")
    if frame.colour is not None:
        expect(info.modality is Modality.FACE, f"gives colours of a {info.modality}")
        expect(not frame.colour.flags.writeable, "its colours can be overwritten")
    expect(bool(frame.source), "does not name its source")
    expect(frame.captured_at.tzinfo is not None, "its time of capture has no time zone")
    height, width = frame.pixels.shape
    if info.ppi is not None:
        expect(frame.ppi == info.ppi, f"has {frame.ppi} ppi; {info.ppi:g} are declared")
    if info.window is not None:
        expect((width, height) == info.window, f"is {width} x {height} px; {info.window} are declared")
    colour = "" if frame.colour is None else ", in colour"
    return f"{width} x {height} px, {'no fixed' if frame.ppi is None else f'{frame.ppi:g}'} ppi{colour}"


@CAPTURING.add("a recording gives the very picture that came with it")
def recorded_picture(bench: Bench) -> str:
    """Compare with the picture of the recording, pixel by pixel."""
    if not bench.picture:
        raise NotTriedError("no picture came with it (capture.png)")
    expected = read_image(bench.picture).pixels
    with bench.make() as device:
        pixels = device.capture().pixels
    expect(pixels.shape == expected.shape, f"is {pixels.shape[::-1]} px; the picture is {expected.shape[::-1]}")
    differing = int((pixels != expected).sum())
    expect(differing == 0, f"{differing} of {expected.size} pixels differ")
    return f"0 of {expected.size} pixels differ"


@CAPTURING.add("an impossible timeout is refused, and harms nothing")
def impossible_timeouts(bench: Bench) -> str:
    """Ask for no time, less, and none that is a number."""
    with bench.make() as device:
        for timeout in (0.0, -1.0, float("nan")):
            with expecting(InvalidSampleError):
                device.capture(timeout)
            expect(device.state is State.READY, f"is {device.state} after a refused timeout")
        device.capture(float("inf"))
    return ""


@CAPTURING.add("the deadline holds, and the next capture works")
def deadline(bench: Bench) -> str:
    """Let the deadline pass while it waits."""
    device = bench.make()

    def dawdle(event: Event) -> None:
        if event.kind is EventKind.WAITING:
            time.sleep(0.2)

    stop = device.listen(dawdle)
    with device:
        start = time.monotonic()
        with expecting(SubjectTimeoutError, DeviceTimeoutError) as caught:
            device.capture(timeout=0.1)
        took = time.monotonic() - start
        expect(took < 0.1 + CANCEL_LATENCY, f"took {took:.2f} s instead of 0.1")
        expect(device.state is State.READY, f"is {device.state} after a deadline")
        stop()
        device.capture()
    return f"{type(caught[0]).__name__} after {took * 1000:.0f} ms of 100"


@CAPTURING.add("events come in order: waiting, present, one final frame, previews between, and the states around them")
def events_in_order(bench: Bench) -> str:
    """Listen to one capture."""
    device = bench.make()
    heard = Heard(device)
    with device:
        frame = device.capture()
    kinds = heard.kinds
    expect(heard.states == ["ready", "capturing", "ready", "closed"], f"its states were {', '.join(heard.states)}")
    expect(EventKind.WAITING in kinds, "never says that it waits")
    order = [EventKind.WAITING, EventKind.PRESENT, EventKind.CAPTURED]
    places = [kinds.index(kind) for kind in order if kind in kinds]
    expect(places == sorted(places), f"said {', '.join(kinds)}")
    live = [place for place, kind in enumerate(kinds) if kind is EventKind.PREVIEW]  # before anybody is there, too
    between = all(kinds.index(EventKind.WAITING) < place < kinds.index(EventKind.CAPTURED) for place in live)
    expect(between, "showed a live frame before it waited or after the final one")
    expect(kinds.count(EventKind.CAPTURED) == 1, f"gave {kinds.count(EventKind.CAPTURED)} final frames")
    expect(heard.events[kinds.index(EventKind.CAPTURED)].frame is frame, "told of another frame than it returned")
    expect({event.uri for event in heard.events} == {device.info.uri}, "told of events under another name")
    for event in heard.events:
        due = event.kind in (EventKind.PREVIEW, EventKind.CAPTURED)
        expect((event.frame is not None) == due, f"{event.kind} {'lacks its' if due else 'carries a'} frame")
    return f"{kinds.count(EventKind.PREVIEW)} previews"


@CAPTURING.add("a listener that fails harms nobody else")
def failing_listener(bench: Bench) -> str:
    """Listen, and stumble."""

    def broken(event: Event) -> None:
        raise RuntimeError("the window is gone")

    device = bench.make()
    stop = device.listen(broken)
    heard = Heard(device)
    with silent("biocore.hal") as logged, device:
        device.capture()
    expect(EventKind.CAPTURED in heard.kinds, "the other listeners did not hear of the frame")
    expect(len(logged) >= len(heard.kinds), "the listener's failure is not in the log")
    stop()
    stop()
    with silent("biocore.hal") as logged, device:
        device.capture()
    expect(not logged, "a listener that was taken off is still called")
    return ""


@CAPTURING.add("many captures do not make the program grow, and leave nothing open", limit=3600.0)
def captures_without_growth(bench: Bench) -> str:
    """Capture and capture, five to an opening."""
    device = bench.make()
    warm = min(WARM, bench.captures // 2)
    _captures(device, warm)
    before = belongings()
    where = ""
    gc.collect()
    tracemalloc.start()
    try:
        _captures(device, max(warm, int(SETTLED * bench.captures)))
        grown, took = _growth(device, bench.captures)
        if grown >= GROWTH:  # once may be the table of interned strings, doubling (3.8 MB seen); a leak comes again
            earlier = tracemalloc.take_snapshot()
            grown, took = _growth(device, bench.captures)
            if grown >= GROWTH:
                where = _most_grown(earlier)
    finally:
        tracemalloc.stop()
    expect(grown < GROWTH, f"{bench.captures} captures left {grown} bytes behind, twice; the most was made at {where}")
    expect_nothing_left(before)
    each = took / bench.captures * 1000
    return f"{bench.captures} captures, {each:.0f} ms each while memory is traced, {grown / 1024:.1f} KB more"


def _growth(device: Device, captures: int) -> tuple[int, float]:
    """Return by how many bytes captures made the program grow, and how many seconds they took."""
    start = _held(0)
    begun = time.monotonic()
    _captures(device, captures)
    took = time.monotonic() - begun
    return _held(start + GROWTH) - start, took


def _most_grown(earlier: tracemalloc.Snapshot) -> str:
    """Return the file, line and bytes of what grew most since."""
    (most, *_) = tracemalloc.take_snapshot().compare_to(earlier, "lineno")
    place = most.traceback[0]
    return f"{place.filename}:{place.lineno} ({most.size_diff} bytes)"


def _held(most: int) -> int:
    """Return how much memory is held, in bytes, once threads that were told to end have let go of theirs.

    As soon as it is below `most`, else the least of `LETTING_GO` s.
    """
    until, least = time.monotonic() + LETTING_GO, sys.maxsize
    while True:
        gc.collect()
        least = min(least, tracemalloc.get_traced_memory()[0])
        if least < most or time.monotonic() > until:
            return least
        time.sleep(0.02)


def _captures(device: Device, count: int) -> None:
    done = 0
    while done < count:
        with device:
            for _ in range(A_SESSION):
                device.capture()
                done += 1
