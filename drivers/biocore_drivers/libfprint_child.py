"""What talks to libfprint: a program for the system's own Python, which alone has its bindings.

It takes orders over a socket and answers over it (`child_frames`); of the library it imports nothing else. libfprint
needs its main loop running while it captures, so the socket is served from there. `child` starts it, with the
socket's descriptor, for `libfprint_process`.

| order | answers |
|---|---|
| `list` | `done` with devices |
| `open` with driver, id | `done`, or `failed` |
| `capture` | `finger` as it is needed and comes, `retry`; at last `image`, or `failed` |
| `cancel` | the running capture's `failed`, cancelled |
| `close`, or the end of the socket | `done`; the program ends |
"""

import os
import resource
import signal
import socket
import sys

from biocore_drivers.child_frames import MISSING, FrameError, Frames, pack

try:
    import gi

    gi.require_version("FPrint", "2.0")
    from gi.repository import FPrint, Gio, GLib, GUsb
except (ImportError, ValueError) as reason:
    sys.stderr.write(f"{reason}\n")
    sys.exit(MISSING)


def kind(error):
    """Name an error of GLib by its family and its word."""
    families = (
        ("device", FPrint.DeviceError, FPrint.device_error_quark),
        ("retry", FPrint.DeviceRetry, FPrint.device_retry_quark),
        ("usb", GUsb.DeviceError, GUsb.Device.error_quark),
        ("io", Gio.IOErrorEnum, Gio.io_error_quark),
    )
    for family, words, quark in families:
        if error.domain == GLib.quark_to_string(quark()):
            return family + "-" + words(error.code).value_nick
    return f"{error.domain} {error.code}"


class Host:
    """One device of libfprint's, and the loop it lives in."""

    def __init__(self, link):
        self.link = link
        self.frames = Frames()
        self.loop = GLib.MainLoop()
        self.context = FPrint.Context()
        self.device = None
        self.stop = None  # of the running capture
        self.ends = False
        GLib.io_add_watch(link.fileno(), GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN | GLib.IOCondition.HUP, self.hear)

    def say(self, what, raw=b"", **more):
        """Answer."""
        try:
            self.link.sendall(pack({"said": what, **more}, raw))
        except OSError:  # nobody is left to hear it
            os._exit(0)

    def hear(self, *_):
        """Read orders."""
        try:
            came = self.link.recv(65536)
        except OSError:
            came = b""
        self.frames.add(came)
        try:
            while (frame := self.frames.next()) is not None:
                order = frame[0]
                getattr(self, "do_" + order.pop("do"))(**order)
        except FrameError:  # not the one who started us
            os._exit(1)
        if not came:
            self.do_close()
        return bool(came)

    def do_list(self):
        """Name what is attached."""
        self.context.enumerate()
        found = [
            {
                "driver": device.get_driver(),
                "id": device.get_device_id(),
                "name": device.get_name(),
                "captures": device.has_feature(FPrint.DeviceFeature.CAPTURE),
                "swipe": device.get_scan_type() == FPrint.ScanType.SWIPE,
            }
            for device in self.context.get_devices()
        ]
        self.say("done", devices=found)

    def do_open(self, driver, id):
        """Open the device of that driver."""
        self.context.enumerate()
        found = [each for each in self.context.get_devices() if each.get_driver() == driver]
        self.device = next((each for each in found if id in ("", each.get_device_id())), None)
        if self.device is None:
            self.say("failed", kind="absent", text="is not attached")
            return
        try:
            self.device.open_sync(None)
        except GLib.Error as error:
            self.device = None
            self.say("failed", kind=kind(error), text=error.message)
            return
        self.device.connect("notify::finger-status", self.finger)
        self.device.connect("removed", lambda *_: self.say("failed", kind="device-removed", text="was unplugged"))
        self.say("done")

    def finger(self, *_):
        """Tell that a finger is needed, or there."""
        status = self.device.get_finger_status()
        self.say(
            "finger",
            needed=bool(status & FPrint.FingerStatusFlags.NEEDED),
            present=bool(status & FPrint.FingerStatusFlags.PRESENT),
        )

    def do_capture(self):
        """Begin to capture."""
        self.stop = Gio.Cancellable()
        self.device.capture(True, self.stop, self.captured)

    def captured(self, device, result):
        """Hand over what came, or why nothing did."""
        cancelled = self.stop.is_cancelled()
        self.stop = None
        if self.ends:
            self.end()
            return
        try:
            image = device.capture_finish(result)
        except GLib.Error as error:
            if cancelled:
                self.say("failed", kind="io-cancelled", text=error.message)
            elif kind(error).startswith("retry-"):
                self.say("retry", text=error.message)
                self.do_capture()
            else:
                self.say("failed", kind=kind(error), text=error.message)
            return
        raw = bytes(image.get_data())
        self.say("image", raw, width=image.get_width(), height=image.get_height())

    def do_cancel(self):
        """End a running capture."""
        if self.stop is not None:
            self.stop.cancel()

    def do_close(self):
        """Give the device back, and end; a capture that runs ends first."""
        self.ends = True
        if self.stop is not None:
            self.stop.cancel()
        else:
            self.end()

    def end(self):
        """Leave."""
        if self.device is not None:
            try:
                self.device.close_sync(None)
            except GLib.Error as error:
                sys.stderr.write(f"closing: {error.message}\n")
            self.device = None
        self.say("done")
        self.loop.quit()


def main():
    """Serve until the parent is done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; it closes us
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold a finger
    with socket.socket(fileno=int(sys.argv[1])) as link:
        Host(link).loop.run()
    os._exit(0)  # all is given back; taking Python and GLib down takes longer than all the rest
