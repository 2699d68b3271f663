"""The first file system of the virtual machine: a shell, modules, and a script that puts on the host's own files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

TAG = "host"  # of the 9p share
DONE = "biocore-vm: exit "  # the guest's last word, with a status
LIVES = "biocore-vm: the guest is up"

_INIT = f"""#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
while read -r module options; do
    insmod /modules/$module $options || echo "biocore-vm: $module does not load"
done < /modules/order
mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,msize=524288 {TAG} /host
mount -t tmpfs top /top
mkdir /top/upper /top/work
mount -t overlay -o lowerdir=/host,upperdir=/top/upper,workdir=/top/work overlay /all
mount -t devtmpfs dev /all/dev
mount -t proc proc /all/proc
mount -t sysfs sys /all/sys
mount -t tmpfs run /all/run
mkdir -m 1777 /all/run/lock
mkdir /all/dev/shm && mount -t tmpfs shm /all/dev/shm
ip link set lo up
echo "{LIVES}"
cp /command /all/run/command
chroot /all /bin/sh /run/command
status=$?
[ $status = 0 ] || dmesg | tail -n 30
echo "{DONE}$status"
reboot -f
"""


def build(busybox: Path, modules: Sequence[tuple[bytes, str]], command: str) -> bytes:
    """Make the archive.

    Parameters
    ----------
    busybox : Path
        A static one.
    modules : sequence of (bytes, str)
        Contents and options, in the order in which they are loaded.
    command : str
        A shell script, run on the host's files; what it writes is gone with the machine.
    """
    archive = _Archive()
    for name in ("bin", "dev", "proc", "sys", "host", "top", "all", "modules"):
        archive.folder(name)
    archive.file("bin/busybox", busybox.read_bytes(), 0o755)
    for name in ("sh", "mount", "insmod", "mkdir", "ip", "cp", "chroot", "dmesg", "tail", "reboot"):
        archive.file(f"bin/{name}", b"/bin/busybox", link=True)
    order = []
    for number, (content, options) in enumerate(modules):
        archive.file(f"modules/{number}.ko", content)
        order.append(f"{number}.ko {options}\n")
    archive.file("modules/order", "".join(order).encode())
    archive.file("command", command.encode())
    archive.file("init", _INIT.encode(), 0o755)
    return archive.end()


class _Archive:
    """A cpio archive in the form the kernel reads (Documentation/driver-api/early-userspace/buffer-format.rst)."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._count = 0

    def folder(self, name: str) -> None:
        self._entry(name, b"", 0o040755)

    def file(self, name: str, content: bytes, mode: int = 0o644, *, link: bool = False) -> None:
        self._entry(name, content, 0o120777 if link else 0o100000 | mode)

    def end(self) -> bytes:
        self._entry("TRAILER!!!", b"", 0)
        return b"".join(self._parts)

    def _entry(self, name: str, content: bytes, mode: int) -> None:
        self._count += 1
        fields = (self._count, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        self._parts += [head, bytes(-len(head) % 4), content, bytes(-len(content) % 4)]
