"""Wait until statements of a process that died have ended: the server notices a dead client late."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from diagnostics.errors import RollbackError
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.safe_implementation.snapshotters.postgres_tools import Server, connect, rows

SETTLE_SECONDS = 20.0
_POLL_SECONDS = 0.1
_ESTABLISHED = "01"
_LOOPBACK = ("127.0.0.1", "::1")
_ACTIVE = (
    "SELECT pid, backend_start::text || coalesce(query_start::text, ''), host(client_addr), client_port, "
    "coalesce(application_name, '') FROM pg_catalog.pg_stat_activity WHERE datname = current_database() "
    "AND backend_type = 'client backend' AND state = 'active' AND pid <> pg_catalog.pg_backend_pid()"
)


def connected_ports() -> set[int] | None:
    """Return the local ports of all established TCP connections of this host, or None where that cannot be read."""
    ports: set[int] = set()
    try:
        for name in ("tcp", "tcp6"):
            path = Path("/proc/net") / name
            if path.exists():
                for line in path.read_text(encoding="ascii").splitlines()[1:]:
                    fields = line.split()
                    if fields[3] == _ESTABLISHED:
                        ports.add(int(fields[1].rpartition(":")[2], 16))
    except (OSError, ValueError, IndexError):
        return None
    return ports


def _is_orphan(address: str | None, port: int | None, ports: set[int] | None) -> bool:
    return ports is not None and address in _LOOPBACK and bool(port) and port not in ports


def settle(server: Server, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Return when no statement that ran at the call runs any more; those whose client is surely gone are ended.

    Without this, a statement that commits by itself could commit after recovery has looked.

    Raises:
        RollbackError: Some still run after a while.
    """
    deadline = clock.monotonic() + SETTLE_SECONDS
    with connect(server, application="diagnostics recovery") as connection:
        waited_for = {(pid, began) for pid, began, *_ in rows(connection, _ACTIVE)}
        while waited_for:
            ports = connected_ports()
            still = [row for row in rows(connection, _ACTIVE) if (row[0], row[1]) in waited_for]
            waited_for = {(row[0], row[1]) for row in still}
            for pid, _, address, port, _ in still:
                if _is_orphan(address, port, ports):
                    _end(connection, pid)
            if waited_for and clock.monotonic() > deadline:
                names = ", ".join(f"{row[0]} ({row[4] or 'unnamed'})" for row in still)
                raise RollbackError(
                    f"Statements that ran before still run on {server.label}, and may be the dead process's: {names}.",
                    hint="Wait for them or end them (pg_terminate_backend), then decide again.",
                )
            if waited_for:
                clock.sleep(_POLL_SECONDS)


def _end(connection: Any, pid: int) -> None:
    rows(connection, "SELECT pg_catalog.pg_terminate_backend(%s)", (pid,))
