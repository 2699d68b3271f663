"""Debian's kernel, unpacked without being installed: an image that starts fast, and the modules that are wanted."""

from __future__ import annotations

import lzma
import shutil
import struct
import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath

META = "linux-image-amd64"  # depends on the current kernel
MODULES = ("virtio_pci", "9p", "9pnet_virtio", "overlay", "vhci-hcd", "uvcvideo", "vivid")
OPTIONS = {"vivid": "n_devs=1 node_types=0x1"}  # one camera, no tuners nor radios

_SETUP_SECTORS, _PAYLOAD = 0x1F1, 0x248  # Documentation/x86/boot.rst: bytes of the header of a bzImage
_SECTOR = 512
_XZ, _ELF = b"\xfd7zXZ\0", b"\x7fELF"


class MissingError(Exception):
    """Something that the virtual machine needs is not here; the message says what and how to get it."""


class Kernel:
    """A kernel package.

    Parameters
    ----------
    folder : Path
        Where the package and what is taken out of it are kept from run to run.
    package : Path or None
        A .deb; None = the current one of Debian's archive.

    Raises
    ------
    MissingError
    """

    def __init__(self, folder: Path, package: Path | None = None) -> None:
        package = package or _download(folder)
        self.name = package.name.removesuffix(".deb")
        self._root = folder / self.name
        if not self._root.exists():
            unpacked = folder / "unpacking"
            shutil.rmtree(unpacked, ignore_errors=True)
            _unpack(package, unpacked)
            unpacked.rename(self._root)  # last, so that an interrupted run begins anew
        self._modules = {_plain(path.name.partition(".")[0]): path for path in self._root.rglob("*.ko*")}
        self._built_in = {_plain(PurePosixPath(line).stem) for line in _lines(self._root, "modules.builtin")}

    @property
    def image(self) -> Path:
        """What QEMU starts."""
        return self._root / "image"

    def load_order(self) -> list[tuple[bytes, str]]:
        """Return the modules that are wanted and those they need, each after those: contents and options."""
        order: dict[str, bytes] = {}
        for name in MODULES:
            self._add(_plain(name), order)
        return [(content, OPTIONS.get(name, "")) for name, content in order.items()]

    def _add(self, name: str, order: dict[str, bytes]) -> None:
        if name in order or name in self._built_in:
            return
        if name not in self._modules:
            raise MissingError(f"{self.name} has no module {name}")
        content = self._modules[name].read_bytes()
        if content.startswith(_XZ):
            content = lzma.decompress(content)
        if not content.startswith(_ELF):
            raise MissingError(f"{self._modules[name].name} is packed in a way that is not known here")
        for needed in _depends(content):
            self._add(needed, order)
        order[name] = content


def _download(folder: Path) -> Path:
    """Fetch the package once; a newer one is fetched after the folder was removed."""
    folder.mkdir(parents=True, exist_ok=True)
    here = sorted(folder.glob("linux-image-*.deb"))
    if here:
        return here[-1]
    if shutil.which("apt-get") is None:
        raise MissingError("no apt-get to download Debian's kernel with; name a package: BIOCORE_VM_KERNEL=FILE.deb")
    said = subprocess.run(["apt-cache", "depends", META], capture_output=True, text=True, check=False)
    names = [line.split()[-1] for line in said.stdout.splitlines() if "Depends: linux-image-" in line]
    if not names:
        raise MissingError(f"apt knows no package {META}: run `apt-get update`, on Debian; elsewhere BIOCORE_VM_KERNEL")
    sys.stdout.write(f"downloading {names[0]} (70 MB, once)\n")
    fetched = subprocess.run(
        ["apt-get", "download", "-q", names[0]], cwd=folder, capture_output=True, text=True, check=False
    )
    here = sorted(folder.glob("linux-image-*.deb"))
    if fetched.returncode or not here:
        raise MissingError(f"{names[0]} cannot be downloaded: {fetched.stderr.strip()}")
    return here[-1]


def _unpack(package: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    unpacker = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE)
    with unpacker, tarfile.open(fileobj=unpacker.stdout, mode="r|") as archive:
        for member in archive:
            path = PurePosixPath(member.name)
            if not member.isfile() or not (".ko" in path.name or path.name.startswith(("vmlinuz", "modules.b"))):
                continue
            source = archive.extractfile(member)
            assert source is not None
            (folder / path.name).write_bytes(source.read())
    images = list(folder.glob("vmlinuz*"))
    if unpacker.returncode or len(images) != 1:
        raise MissingError(f"{package} holds no kernel")
    (folder / "image").write_bytes(_fast(images[0].read_bytes()))


def _fast(image: bytes) -> bytes:
    """Take the kernel proper out of its self-extracting image: QEMU starts it at once, by its PVH entry.

    Unpacking on an emulated processor takes longer than all the rest of the start.
    """
    offset, length = struct.unpack_from("<II", image, _PAYLOAD)
    start = (image[_SETUP_SECTORS] + 1) * _SECTOR + offset
    payload = image[start : start + length]
    if not payload.startswith(_XZ):
        return image
    return lzma.LZMADecompressor().decompress(payload)  # its length follows it, which is not xz


def _depends(content: bytes) -> list[str]:
    """Read which modules a module needs: an entry `depends=a,b` of its section .modinfo."""
    _, found, rest = content.partition(b"\0depends=")
    names = rest[: rest.find(b"\0")].decode("ascii") if found else ""
    return [_plain(name) for name in names.split(",") if name]


def _plain(name: str) -> str:
    return name.replace("-", "_")


def _lines(root: Path, name: str) -> list[str]:
    return (root / name).read_text().splitlines()
