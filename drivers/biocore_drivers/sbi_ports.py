"""On which ports of this machine somebody listens: asked of the kernel, or tried where it does not say.

Linux lists the listening sockets over netlink (sock_diag(7)): no rights, no packet, nobody who listens hears of it, and
ten times cheaper than /proc/net/tcp, which walks the table of all connections. Elsewhere each port is connected to.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
from collections.abc import Iterable

from biocore.sbi import HOST

CONNECT_TIMEOUT = 0.3  # s; a connection on one machine takes microseconds
PATIENCE = 0.5  # s for the kernel's answer

# linux/netlink.h, linux/sock_diag.h, linux/inet_diag.h, include/net/tcp_states.h
_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST_DUMP = 0x301
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_TCP_LISTEN = 10
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, sender
_REQUEST = struct.Struct("=BBBxI48x")  # family, protocol, extensions, states; any address
_ENTRY = struct.Struct("=4xH46x16xI")  # of inet_diag_msg: the port (big-endian), the socket's inode
_LARGEST = 1 << 16  # bytes of one datagram


def listening(ports: Iterable[int]) -> list[int]:
    """Return the ports of this machine where somebody listens, in order."""
    wanted = list(ports)
    known = listeners(wanted)
    return sorted(tried(wanted) if known is None else known)


def listeners(ports: Iterable[int]) -> dict[int, frozenset[int]] | None:
    """Return the ports where somebody listens, each with its sockets' inodes: another program's are others.

    None where the kernel does not say.
    """
    wanted = frozenset(ports)
    found: dict[int, frozenset[int]] = {}
    try:
        for family in (socket.AF_INET, socket.AF_INET6):
            for port, inode in _sockets(family):
                if port in wanted:
                    found[port] = found.get(port, frozenset()) | {inode}
    except (OSError, AttributeError, struct.error):  # a sandbox, another system, an answer of another shape
        return None
    return found


def _sockets(family: int) -> Iterable[tuple[int, int]]:
    """Yield port and inode of each listening TCP socket."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_SOCK_DIAG) as kernel:
        kernel.settimeout(PATIENCE)
        request = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 1 << _TCP_LISTEN)
        header = _HEADER.pack(_HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST_DUMP, 1, 0)
        kernel.sendall(header + request)
        while True:
            answer = kernel.recv(_LARGEST)
            at = 0
            while at < len(answer):
                length, kind, _, _, _ = _HEADER.unpack_from(answer, at)
                if kind == _NLMSG_DONE:
                    return
                if kind == _NLMSG_ERROR or length < _HEADER.size + _ENTRY.size:
                    raise OSError("the kernel does not list its sockets")
                port, inode = _ENTRY.unpack_from(answer, at + _HEADER.size)
                yield socket.ntohs(port), inode
                at += (length + 3) & ~3


def tried(ports: Iterable[int]) -> list[int]:
    """Return the ports of this machine where a connection succeeds."""
    found = []
    with selectors.DefaultSelector() as selector, contextlib.ExitStack() as opened:
        for port in ports:
            probe = opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            probe.setblocking(False)
            probe.connect_ex((HOST, port))
            selector.register(probe, selectors.EVENT_WRITE, (port, probe))
        while selector.get_map() and (ready := selector.select(CONNECT_TIMEOUT)):
            for key, _ in ready:
                selector.unregister(key.fileobj)
                port, probe = key.data
                if probe.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                    found.append(port)
    return found
