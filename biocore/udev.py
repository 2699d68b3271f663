"""udev rules: who may open which device, and that it is kept awake."""

from __future__ import annotations

from collections.abc import Iterable

FILE = "/etc/udev/rules.d/60-biocore.rules"  # before 73-seat-late.rules, which acts on the tag
GROUP = "plugdev"  # for services and logins over the network, which have no seat


def rule(vendor: int, product: int, name: str = "") -> str:
    """Return the rule of one device.

    `uaccess` gives it to whoever sits at the machine, the group to everybody else who should have it; autosuspend is
    switched off because readers do not come back from it.
    """
    comment = f"# {name}\n" if name else ""
    match = f'SUBSYSTEM=="usb", ATTR{{idVendor}}=="{vendor:04x}", ATTR{{idProduct}}=="{product:04x}"'
    return f'{comment}{match}, TAG+="uaccess", MODE="0660", GROUP="{GROUP}", ATTR{{power/control}}="on"'


def file_text(devices: Iterable[tuple[int, int, str]]) -> str:
    """Return the rules of many devices, as a file.

    Parameters
    ----------
    devices : iterable of (vendor, product, name)
    """
    head = (
        f"# {FILE}: which users may open the scanners that biocore knows.\n"
        "# After a change: udevadm control --reload && udevadm trigger --subsystem-match=usb\n"
        'ACTION!="add|change", GOTO="biocore_end"\n'
    )
    rules = "\n".join(rule(*device) for device in sorted(set(devices)))
    return f'{head}{rules}\nLABEL="biocore_end"\n'


def hint(vendor: int, product: int) -> str:
    """Return what an operator does who may not open a device."""
    return f"As root, write this line into {FILE}, then plug the device in again: {rule(vendor, product)}"
