"""Cases of the contract: opening, closing, cancelling, and what is left behind."""

from __future__ import annotations

import threading
import time

from biocore.certify.cases import (
    Bench,
    Cases,
    Heard,
    Running,
    belongings,
    expect,
    expect_nothing_left,
    expecting,
)
from biocore.errors import CaptureCancelledError, DeviceBusyError, DeviceClosedError
from biocore.hal import CANCEL_LATENCY, Event, EventKind, State
from biocore.types import Frame

OPENINGS = 50
PATIENT = 2.0  # s; closing takes no longer (`Device.close`)
LIFECYCLE = Cases()


@LIFECYCLE.add("fifty openings and closings leave no thread, open file or child process", limit=300.0)
def fifty_openings(bench: Bench) -> str:
    """Open and close again and again."""
    device = bench.make()
    with device:
        device.capture()  # what is loaded once stays
    before = belongings()
    for _ in range(OPENINGS):
        with device:
            expect(device.state is State.READY, f"is {device.state} after opening")
        expect(device.state is State.CLOSED, f"is {device.state} after closing")
    with device:
        device.capture()
    expect_nothing_left(before)
    return f"{OPENINGS} openings"


@LIFECYCLE.add("closing is legal before opening, and twice")
def closing_twice(bench: Bench) -> str:
    """Close what is closed."""
    device = bench.make()
    device.close()
    device.open()
    device.close()
    device.close()
    expect(device.state is State.CLOSED, f"is {device.state} after closing twice")
    return ""


@LIFECYCLE.add("a closed device does not capture")
def capture_after_close(bench: Bench) -> str:
    """Capture before opening and after closing."""
    device = bench.make()
    with expecting(DeviceClosedError):
        device.capture()
    with device:
        device.capture()
    with expecting(DeviceClosedError):
        device.capture()
    return ""


@LIFECYCLE.add("a second opening is refused, and harms nothing")
def opening_twice(bench: Bench) -> str:
    """Open what is open."""
    with bench.make() as device:
        with expecting(DeviceBusyError):
            device.open()
        device.capture()
    return ""


@LIFECYCLE.add("a cancel from another thread ends the capture within a second, and the next capture works")
def cancel_in_time(bench: Bench) -> str:
    """Cancel while it waits."""
    device = bench.make()
    heard = Heard(device, gate_open=False)
    with device:
        running = Running(device.capture)
        heard.await_waiting()
        start = time.monotonic()
        device.cancel()
        heard.gate.set()
        with expecting(CaptureCancelledError):
            running.result()
        took = time.monotonic() - start
        expect(took < CANCEL_LATENCY, f"took {took:.2f} s to obey")
        expect(device.state is State.READY, f"is {device.state} after a cancel")
        device.capture()
    return f"obeyed in {took * 1000:.0f} ms"


@LIFECYCLE.add("a cancel while nothing runs does nothing")
def cancel_while_idle(bench: Bench) -> str:
    """Cancel nothing."""
    device = bench.make()
    device.cancel()
    with device:
        device.cancel()
        device.capture()
    return ""


@LIFECYCLE.add("a second thread is refused while one captures")
def second_thread(bench: Bench) -> str:
    """Capture twice at a time."""
    device = bench.make()
    heard = Heard(device, gate_open=False)
    with device:
        running = Running(device.capture)
        heard.await_waiting()
        try:
            with expecting(DeviceBusyError):
                device.capture()
        finally:
            heard.gate.set()
        expect(isinstance(running.result(), Frame), "the first capture gave no frame")
    return ""


@LIFECYCLE.add("a close from another thread ends the capture within two seconds")
def close_by_another_thread(bench: Bench) -> str:
    """Close while it waits."""
    device = bench.make()
    heard = Heard(device, gate_open=False)
    device.open()
    running = Running(device.capture)
    heard.await_waiting()
    start = time.monotonic()
    closing = Running(device.close)
    time.sleep(0.05)
    heard.gate.set()
    with expecting(CaptureCancelledError):
        running.result()
    closing.result()
    took = time.monotonic() - start
    expect(took < 2 * CANCEL_LATENCY, f"took {took:.2f} s")
    expect(device.state is State.CLOSED, f"is {device.state} after closing")
    return f"closed in {took * 1000:.0f} ms"


@LIFECYCLE.add("a close by a listener takes effect when the capture ends, within a second")
def close_by_listener(bench: Bench) -> str:
    """Close from within an event."""
    device = bench.make()
    asked: list[float] = []

    def close(event: Event) -> None:
        if event.kind is EventKind.WAITING:
            asked.append(time.monotonic())
            device.close()

    device.listen(close)
    device.open()
    with expecting(CaptureCancelledError):
        device.capture()
    took = time.monotonic() - asked[0]
    expect(took < CANCEL_LATENCY, f"took {took:.2f} s")
    expect(device.state is State.CLOSED, f"is {device.state} after closing")
    return f"closed in {took * 1000:.0f} ms"


@LIFECYCLE.add("a listener may wait for a thread that closes the device: a window that hears of a new state does")
def listener_waits_for_closer(bench: Bench) -> str:
    """Wait, within an event, for another thread that closes."""
    device = bench.make()
    closed: list[bool] = []

    def wait(event: Event) -> None:
        if event.detail == "ready" and not closed:
            closed.append(False)
            closing = threading.Thread(target=device.close, daemon=True)
            closing.start()
            closing.join(PATIENT)
            closed.append(not closing.is_alive())

    device.listen(wait)
    device.open()
    expect(closed == [False, True], "closing waits for the listener, and the listener for the closing")
    expect(device.state is State.CLOSED, f"is {device.state} after closing")
    return ""
