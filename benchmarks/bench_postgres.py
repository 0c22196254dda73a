"""What watching a PostgreSQL costs the server and us: 1,000 tables, 200 sessions, locks and schema changes under way.

``python -m benchmarks postgres [--sweeps 12] [--interval 10] [--tables 1000] [--sessions 200]``

*server ms*: CPU of the backend that serves us, by the scheduler's own nanosecond count (``/proc/<pid>/schedstat``), and, as a
second view, ``total_exec_time`` of our statements in pg_stat_statements. *client ms*: CPU of this process's sweeping thread.
A watcher asks 50 times a second whether anybody waits for a lock of ours or we for anybody's, while one session alters
tables all the time, one holds a table exclusively and ten wait in line. The peer reads the same views whole (``SELECT *``),
as exporters do. POSTGRES_BIN names the programs of another version. Exit code 1 when a bar is missed.
"""

import argparse
import statistics
import sys
import threading
import time
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples.support.postgres import running_postgres

from diagnostics.system_monitor.postgres.monitor import PostgresMonitor

BAR_SERVER_MS, BAR_SHARE = 150.0, 1.0
WATCH_SECONDS = 10.0
PEER = [
    "SELECT * FROM pg_stat_activity",
    "SELECT * FROM pg_locks",
    "SELECT * FROM pg_stat_database",
    "SELECT * FROM pg_stat_user_tables",
    "SELECT * FROM pg_statio_user_tables",
    "SELECT * FROM pg_stat_user_indexes",
    "SELECT * FROM pg_stat_statements",
    "SELECT * FROM pg_settings",
]


def served(pid: int) -> float:
    """Return the CPU milliseconds of one backend."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def fill(server, tables: int) -> None:
    server.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    with server.connect() as connection:
        for number in range(tables):
            connection.execute(f"CREATE TABLE t{number} (id serial PRIMARY KEY, a int, b text, c timestamptz)")
            connection.execute(f"CREATE INDEX ON t{number} (a)")
            connection.execute(f"CREATE INDEX ON t{number} (b)")
            if number % 20 == 0:
                connection.execute(f"INSERT INTO t{number} (a, b) SELECT g, 'x' FROM generate_series(1, 2000) AS g")
        connection.execute("ANALYZE")


class Life:
    """Sessions that do something while we look."""

    def __init__(self, server, sessions: int, tables: int) -> None:
        self.over = threading.Event()
        self.altered: list[float] = []
        self.waits: list[str] = []
        self.ours = 0
        self._server = server
        self._tables = tables
        self._connections = [server.connect() for _ in range(sessions)]
        self._threads = [threading.Thread(target=self._query, args=(n,), daemon=True) for n in range(20)]
        self._threads += [threading.Thread(target=one, daemon=True) for one in (self._alter, self._watch)]
        holder = self._connections[30]
        holder.execute("BEGIN")
        holder.execute("LOCK TABLE t7 IN ACCESS EXCLUSIVE MODE")
        self._threads += [threading.Thread(target=self._wait, args=(40 + n,), daemon=True) for n in range(10)]
        for thread in self._threads:
            thread.start()

    def _query(self, number: int) -> None:
        step = 0
        while not self.over.wait(0.05):
            step += 1
            self._connections[number].execute(f"SELECT count(*) FROM t{(number * 50 + step) % 6 + 10}")

    def _alter(self) -> None:
        connection = self._connections[25]
        step = 0
        while not self.over.wait(0.02):
            step += 1
            began = time.monotonic()
            connection.execute(
                f"ALTER TABLE t{step % self._tables if step % self._tables != 7 else 8} ALTER a SET STATISTICS 100"
            )
            self.altered.append(time.monotonic() - began)

    def _wait(self, number: int) -> None:
        try:
            self._connections[number].execute("SELECT count(*) FROM t7")
        except psycopg.Error:
            pass  # the end

    def _watch(self) -> None:
        sql = "SELECT l.pid, pg_blocking_pids(l.pid) FROM pg_locks AS l WHERE NOT l.granted"
        with self._server.connect() as connection:
            while not self.over.wait(0.02):
                for waiter, blockers in connection.execute(sql).fetchall():
                    if waiter == self.ours or self.ours in blockers:
                        self.waits.append(f"{waiter} waits for {blockers}, we are {self.ours}")

    def end(self) -> None:
        self.over.set()
        self._connections[30].close()
        for thread in self._threads:
            thread.join(5)
        for connection in self._connections:
            connection.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sweeps", type=int, default=12)
    parser.add_argument("--interval", type=float, default=10.0)
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--sessions", type=int, default=200)
    given = parser.parse_args()
    with running_postgres({"max_connections": given.sessions + 20, "max_locks_per_transaction": 256}) as server:
        fill(server, given.tables)
        life = Life(server, given.sessions, given.tables)
        monitor = PostgresMonitor(server.superuser_url)
        peer = server.connect()
        ours: list[tuple[float, float]] = []
        theirs: list[tuple[float, float]] = []
        readings = 0
        try:
            server.execute("SELECT pg_stat_statements_reset()")
            for _ in range(given.sweeps):
                began = time.monotonic()
                pid, before = (monitor._session.backend_pid, 0.0) if monitor._session else (0, 0.0)
                before = served(pid) if pid else 0.0
                cpu = time.thread_time()
                readings = len(monitor.sweep())
                cpu = time.thread_time() - cpu
                life.ours = pid = monitor._session.backend_pid
                ours.append((served(pid) - before, cpu * 1e3))
                before, cpu = served(peer.info.backend_pid), time.thread_time()
                for sql in PEER:
                    peer.execute(sql).fetchall()
                theirs.append((served(peer.info.backend_pid) - before, (time.thread_time() - cpu) * 1e3))
                time.sleep(max(0.0, began + given.interval - time.monotonic()))
            marked = server.execute(
                "SELECT sum(total_exec_time), sum(calls) FROM pg_stat_statements WHERE query LIKE '%/*diagnostics*/%'"
            )[0]
            version = server.execute("SHOW server_version")[0][0]
        finally:
            life.end()
            monitor.close()
            peer.close()
    print(
        f"PostgreSQL {version}, {given.tables} tables, {given.sessions} sessions, {given.sweeps} sweeps, {readings} readings each.\n"
    )
    print("| who | server ms first | server ms median (most) | client ms first | client ms median (most) |")
    print("|---|--:|--:|--:|--:|")
    for name, found in (("ours", ours), ("the same views, read whole", theirs)):
        server_ms, client_ms = [one[0] for one in found[1:]], [one[1] for one in found[1:]]
        print(
            f"| {name} | {found[0][0]:.0f} | {statistics.median(server_ms):.1f} ({max(server_ms):.0f}) | {found[0][1]:.0f} "
            f"| {statistics.median(client_ms):.1f} ({max(client_ms):.0f}) |"
        )
    each = [a + b for a, b in ours[1:]]
    share = statistics.mean(each) / (WATCH_SECONDS * 10)  # per cent, were there a sweep each ten seconds
    worst = max(one[0] for one in ours)
    print(
        f"\npg_stat_statements: {marked[0] / len(ours):.1f} ms a sweep, {marked[1] / len(ours):.0f} statements a sweep."
    )
    print(f"Server and client together: {share:.2f} % of a core at {WATCH_SECONDS:g} s (bar {BAR_SHARE}); ", end="")
    print(f"dearest sweep {worst:.0f} ms of server CPU (bar {BAR_SERVER_MS:.0f}); ", end="")
    ratio = statistics.mean(each) / statistics.mean([a + b for a, b in theirs[1:]])
    print(f"{ratio:.2f} of the peer.")
    slowest = sorted(life.altered)
    print(
        f"Lock waits with our session: {len(life.waits)} (bar 0); {len(slowest)} ALTER TABLE meanwhile, "
        f"median {1e3 * slowest[len(slowest) // 2]:.1f} ms, slowest {1e3 * slowest[-1]:.0f} ms."
    )
    for wait in life.waits[:5]:
        print(wait)
    kept = worst <= BAR_SERVER_MS and share <= BAR_SHARE and not life.waits
    print(f"Bars: {'kept' if kept else 'MISSED'}.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
