"""What talks to libfprint: a program for the system's own Python, which alone has its bindings.

It imports nothing of the library. Commands come on standard input, a JSON object a line; answers go to standard output
in the same way, a picture as bytes after its line. libfprint needs its main loop running while it captures, so both
are served from there. Started and read by `libfprint_process`.

| command | answers |
|---|---|
| `list` | `devices` |
| `open` with driver, id | `opened`, or `error` |
| `capture` | `finger` as it is needed and comes, `retry`; at last `image`, or `error` |
| `cancel` | the running capture's `error` cancelled |
| `close`, or the end of input | the program ends |
"""

import json
import os
import sys

MISSING = 3  # exit status: no bindings, no libfprint

if __name__ == "__main__":
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libfprint logs where answers go
    try:
        import gi

        gi.require_version("FPrint", "2.0")
        from gi.repository import FPrint, Gio, GLib, GUsb
    except (ImportError, ValueError) as reason:
        sys.stderr.write(f"{reason}\n")
        sys.exit(MISSING)


def say(what, raw=b"", **more):
    """Answer."""
    out.write(json.dumps({"say": what, **more}).encode() + b"\n" + raw)
    out.flush()


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

    def __init__(self):
        self.loop = GLib.MainLoop()
        self.context = FPrint.Context()
        self.device = None
        self.stop = None  # of the running capture
        self.ends = False
        self.rest = b""
        GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN | GLib.IOCondition.HUP, self.hear)

    def hear(self, *_):
        """Read commands."""
        came = os.read(0, 65536)
        *lines, self.rest = (self.rest + came).split(b"\n")
        for line in lines:
            command = json.loads(line)
            getattr(self, "do_" + command.pop("do"))(**command)
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
        say("devices", devices=found)

    def do_open(self, driver, id):
        """Open the device of that driver."""
        self.context.enumerate()
        found = [each for each in self.context.get_devices() if each.get_driver() == driver]
        self.device = next((each for each in found if id in ("", each.get_device_id())), None)
        if self.device is None:
            say("error", kind="absent", text="is not attached")
            return
        try:
            self.device.open_sync(None)
        except GLib.Error as error:
            self.device = None
            say("error", kind=kind(error), text=error.message)
            return
        self.device.connect("notify::finger-status", self.finger)
        self.device.connect("removed", lambda *_: say("error", kind="device-removed", text="was unplugged"))
        say("opened")

    def finger(self, *_):
        """Tell that a finger is needed, or there."""
        status = self.device.get_finger_status()
        say(
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
                say("error", kind="io-cancelled", text=error.message)
            elif kind(error).startswith("retry-"):
                say("retry", text=error.message)
                self.do_capture()
            else:
                say("error", kind=kind(error), text=error.message)
            return
        raw = bytes(image.get_data())
        say("image", raw, width=image.get_width(), height=image.get_height(), bytes=len(raw))

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
        self.loop.quit()


if __name__ == "__main__":
    host = Host()
    host.loop.run()
    os._exit(0)  # all is given back; taking Python and GLib down takes longer than all the rest
