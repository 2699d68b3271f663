"""Start the virtual machine, run the checks in it, and end as they do: `python -m vm [PYTEST ARGUMENTS]`."""

from __future__ import annotations

import os
import queue
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from vm import initrd
from vm.kernel import Kernel, MissingError

CHECKOUT = Path(__file__).resolve().parents[2]
CHECKS = Path(__file__).resolve().parent
CACHE = CHECKOUT / "build" / "vm"
MEMORY = 1536  # MB; the checks take 400
LIMIT = 420.0  # s for everything; a busy machine of two cores takes 100
SILENCE = 120.0  # s without a word, after which it hangs
PACKAGES = {
    "qemu-system-x86_64": "qemu-system-x86",
    "busybox": "busybox-static",
    "dpkg-deb": "dpkg",
}
# One emulated processor: with two, QEMU 7.2 sometimes hangs. `max`: NumPy needs x86-64-v2. No KVM: where its device
# can be opened it need not work, and a minute is no reason to find out.
QEMU = ["-accel", "tcg", "-machine", "pc", "-cpu", "max", "-smp", "1", "-nic", "none", "-no-reboot"]
CONSOLE = ["-display", "none", "-monitor", "none", "-serial", "stdio"]


def main(arguments: list[str]) -> int:
    """Run it; returns pytest's status, or 2 where something is missing or the machine hangs."""
    began = time.monotonic()
    try:
        programs = {name: _program(name) for name in PACKAGES}
        named = os.environ.get("BIOCORE_VM_KERNEL")
        kernel = Kernel(CACHE, Path(named) if named else None)
        archive = initrd.build(Path(programs["busybox"]), kernel.load_order(), _command(arguments))
    except MissingError as error:
        _say(f"make test-vm: {error}")
        return 2
    _say(f"{kernel.name}; ready to start after {time.monotonic() - began:.1f} s")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "initrd"
        file.write_bytes(archive)
        status = _run([programs["qemu-system-x86_64"], *QEMU, *CONSOLE, *_machine(kernel.image, file)])
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    _say(f"{time.monotonic() - began:.0f} s, of the processor {used.ru_utime + used.ru_stime:.0f} s")
    return status


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        needed = " ".join(PACKAGES.values())
        raise MissingError(
            f"there is no {name}: it is in Debian's package {PACKAGES[name]}. All that is needed: "
            f"apt-get install {needed}"
        )
    return found


def _machine(kernel: Path, archive: Path) -> list[str]:
    share = f"local,path=/,mount_tag={initrd.TAG},security_model=none,readonly=on,multidevs=remap"
    words = "console=ttyS0 loglevel=1 panic=-1 random.trust_cpu=1 mitigations=off"
    return ["-m", str(MEMORY), "-virtfs", share, "-kernel", str(kernel), "-initrd", str(archive), "-append", words]


def _command(arguments: list[str]) -> str:
    """Write what the guest runs: pytest, with nothing of the suite outside but its configuration."""
    checks = sorted(str(path) for path in CHECKS.glob("check_*.py"))
    pytest = [sys.executable, "-m", "pytest", "-o", "addopts=", "--noconftest", "-p", "no:cacheprovider", "-v", "-ra"]
    words = shlex.join([*pytest, "--durations=5", "--color=no", *arguments, *checks])
    paths = os.pathsep.join([str(CHECKOUT / "tests"), *filter(None, [os.environ.get("PYTHONPATH")])])
    settings = {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": paths,
        "OMP_NUM_THREADS": "1",
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/tmp",
    }
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in settings.items())
    return f"{exports}cd {shlex.quote(str(CHECKOUT))}\n{words} </dev/null 2>&1\n"


def _run(command: list[str]) -> int:
    """Show what the guest says, until it says that it is done."""
    began = said = time.monotonic()
    status: int | None = None
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as qemu:
        threading.Thread(target=_read, args=(qemu, lines), daemon=True).start()
        while True:
            try:
                line = lines.get(timeout=1.0)
            except queue.Empty:
                now = time.monotonic()
                if now - said < SILENCE and now - began < LIMIT:
                    continue
                _say(f"make test-vm: the machine hangs: nothing for {now - said:.0f} s, {now - began:.0f} s in all")
                qemu.kill()
                return 2
            if line is None:
                break
            said = time.monotonic()
            if line.startswith(initrd.DONE):
                status = int(line.removeprefix(initrd.DONE))
            elif line == initrd.LIVES:
                _say(f"the guest is up after {said - began:.1f} s")
            elif status is None:
                _say(line)
    if status is None:
        _say(f"make test-vm: the machine ended before its checks did (QEMU: {qemu.returncode})")
        return 2
    return status


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _read(qemu: subprocess.Popen[bytes], lines: queue.SimpleQueue[str | None]) -> None:
    assert qemu.stdout is not None
    for line in qemu.stdout:
        lines.put(line.decode("utf-8", "replace").rstrip("\r\n"))
    lines.put(None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
