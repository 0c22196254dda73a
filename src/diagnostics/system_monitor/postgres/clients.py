"""Which local process holds the other end of a database session."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

Endpoint = tuple[str, int]
_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_UNIX_DIAG_PEER = 2
_DUMP = 0x301
_MOST_BYTES = 4_000_000
_MOST_PROCESSES = 5000


def decode_address(text: str) -> Endpoint:
    """Return address and port of ``0100007F:1538`` as the kernel writes them (pure)."""
    host, _, port = text.partition(":")
    raw = bytes.fromhex(host)
    if len(raw) == 4:
        address: IPv4Address | IPv6Address = IPv4Address(raw[::-1])
    else:
        words = b"".join(raw[i : i + 4][::-1] for i in range(0, 16, 4))
        six = IPv6Address(words)
        address = six.ipv4_mapped or six
    return str(address), int(port, 16)


def parse_tcp_table(text: str) -> dict[Endpoint, int]:
    """Return local endpoint -> inode of the sockets in ``/proc/net/tcp`` (pure)."""
    found: dict[Endpoint, int] = {}
    for line in text.splitlines()[1:]:
        parts = line.split()
        if len(parts) > 9 and parts[3] != "0A" and parts[9] != "0":
            found[decode_address(parts[1])] = int(parts[9])
    return found


class LocalClients:
    """Owners of client sockets on this machine; one reading of the tables, many questions."""

    def __init__(self, pids: Sequence[int] = ()) -> None:
        self.pids = tuple(pids)
        self._tcp = self._tcp_tables()
        self._owners: dict[int, int] | None = None
        self._peers: dict[int, int] | None = None

    def owner(self, client_address: str | None, client_port: int | None, backend_pid: int) -> int | None:
        """Return the client's process id, or None when it runs elsewhere or is hidden from us."""
        if client_port is None:
            return None
        if client_port == -1:
            return self._unix_owner(backend_pid)
        if client_address is None:
            return None
        try:
            plain = str(ip_address(client_address.partition("/")[0]))
        except ValueError:
            return None
        inode = self._tcp.get((plain, client_port))
        return None if inode is None else self._inode_owners().get(inode)

    def ours(self, pid: int) -> int | None:
        """Return which diagnosed process that one is or descends from."""
        for _ in range(16):
            if pid in self.pids:
                return pid
            parent = _parent(pid)
            if parent is None or parent <= 1:
                return None
            pid = parent
        return None

    def _tcp_tables(self) -> dict[Endpoint, int]:
        found: dict[Endpoint, int] = {}
        # A container's process sees its own network; what it sees counts for it.
        for folder in ("/proc/net", *(f"/proc/{pid}/net" for pid in self.pids)):
            for name in ("tcp", "tcp6"):
                with contextlib.suppress(OSError, ValueError):
                    for endpoint, inode in parse_tcp_table(Path(folder, name).read_text("ascii")).items():
                        found.setdefault(endpoint, inode)
        return found

    def _inode_owners(self) -> Mapping[int, int]:
        if self._owners is None:
            self._owners = {}
            for pid in _processes(self.pids):
                for inode in _socket_inodes(pid):
                    self._owners.setdefault(inode, pid)
        return self._owners

    def _unix_owner(self, backend_pid: int) -> int | None:
        if self._peers is None:
            self._peers = unix_peers()
        for inode in _socket_inodes(backend_pid):
            owner = self._inode_owners().get(self._peers.get(inode, 0))
            if owner is not None and owner != backend_pid:
                return owner
        return None


def _processes(first: Sequence[int]) -> Iterable[int]:
    yield from first
    with contextlib.suppress(OSError):
        names = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - a hot path
        yield from names[:_MOST_PROCESSES]


def _socket_inodes(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError), os.scandir(f"/proc/{pid}/fd") as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                target = os.readlink(entry.path)  # noqa: PTH115 - a hot path
                if target.startswith("socket:["):
                    found.append(int(target[8:-1]))
    return found


def _parent(pid: int) -> int | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    return int(text.rpartition(")")[2].split()[1])


def unix_peers() -> dict[int, int]:
    """Return inode -> inode of the other end for all Unix sockets.

    Asks the kernel's sock_diag; empty where that is missing.
    """
    peers: dict[int, int] = {}
    family = getattr(socket, "AF_NETLINK", None)
    if family is None:
        return peers
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as line:
        line.settimeout(1.0)
        body = struct.pack("=BBHIIIII", 1, 0, 0, 0xFFFFFFFF, 0, 0x4, 0xFFFFFFFF, 0xFFFFFFFF)
        line.send(struct.pack("=IHHII", 16 + len(body), _SOCK_DIAG_BY_FAMILY, _DUMP, 1, 0) + body)
        seen = 0
        while seen < _MOST_BYTES:
            data = line.recv(1 << 17)
            seen += len(data)
            if not data or not _read_peers(data, peers):
                break
    return peers


def _read_peers(data: bytes, peers: dict[int, int]) -> bool:
    """Add what one datagram says; return whether more will come."""
    offset = 0
    while offset + 16 <= len(data):
        length, kind = struct.unpack_from("=IH", data, offset)
        if kind != _SOCK_DIAG_BY_FAMILY or length < 32:
            return False
        (inode,) = struct.unpack_from("=I", data, offset + 20)
        at = offset + 32
        while at + 4 <= offset + length:
            size, attribute = struct.unpack_from("=HH", data, at)
            if size < 4:
                break
            if attribute == _UNIX_DIAG_PEER and size >= 8:
                (peers[inode],) = struct.unpack_from("=I", data, at + 4)
            at += (size + 3) & ~3
        offset += (length + 3) & ~3
    return True
