"""Backup, proof and restore beside the peers, in the same run: ``cp -a`` for files, ``pg_dump`` and ``pg_restore`` for a database.

``python -m benchmarks backup [--gigabytes G] [--files N] [--rounds R]``. CPU seconds of this process, its children and, for the
database, the server's processes; wall seconds beside them. Rounds are interleaved; the median is shown.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from diagnostics.safe_implementation import snapshot
from diagnostics.safe_implementation.snapshot import DatabaseScope, Scope
from diagnostics.safe_implementation.store import Store

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


@dataclass(frozen=True)
class Cost:
    cpu: float
    wall: float


class Server:
    """CPU seconds of the server's processes, those that have ended included."""

    def __init__(self, pid: int | None) -> None:
        self.process = psutil.Process(pid) if pid is not None else None

    def seconds(self) -> float:
        if self.process is None:
            return 0.0
        total = 0.0
        for process in [self.process, *self.process.children()]:
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
            if process.pid == self.process.pid:
                total += times.children_user + times.children_system
        return total


def cost(work: Callable[[], object], server: Server) -> Cost:
    def used() -> float:
        own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime + server.seconds()

    before, began = used(), time.perf_counter()
    work()
    return Cost(used() - before, time.perf_counter() - began)


def show(title: str, costs: dict[str, list[Cost]], peer: str) -> None:
    print(f"\n### {title}\n\n| what | CPU s | ratio to {peer} | wall s | ratio |\n|---|---|---|---|---|")
    cpu = {name: statistics.median(c.cpu for c in seen) for name, seen in costs.items()}
    wall = {name: statistics.median(c.wall for c in seen) for name, seen in costs.items()}
    for name in costs:
        print(
            f"| {name} | {cpu[name]:.2f} | {cpu[name] / cpu[peer]:.2f} | {wall[name]:.2f} | {wall[name] / wall[peer]:.2f} |",
            flush=True,
        )


def files(folder: Path, count: int, rounds: int) -> None:
    source = folder / "source"
    rng = random.Random(1)
    for number in range(count):
        place = source / f"{number % 100:02}" / f"{number}.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(rng.randbytes(int(rng.lognormvariate(8.5, 1.0))))
    total = sum(path.stat().st_size for path in source.rglob("*") if path.is_file())
    costs: dict[str, list[Cost]] = {}
    idle = Server(None)
    for number in range(rounds):
        copy, store = folder / "copy", Store(folder / f"store-{number}")
        costs.setdefault("cp -a", []).append(
            cost(lambda copy=copy: subprocess.run(["cp", "-a", source, copy], check=True), idle)
        )
        costs.setdefault("cp -a, then sync", []).append(
            cost(
                lambda copy=copy: (
                    shutil.rmtree(copy),
                    subprocess.run(["cp", "-a", source, copy], check=True),
                    os.sync(),
                ),
                idle,
            )
        )
        shutil.rmtree(copy)
        scope = Scope(files=(str(source),))
        kept = []
        costs.setdefault("backup with proof", []).append(
            cost(lambda store=store, kept=kept, scope=scope: kept.append(snapshot.capture(scope, store, "bench")), idle)
        )
        costs.setdefault("second backup (nothing new)", []).append(
            cost(lambda store=store, scope=scope: snapshot.capture(scope, store, "again"), idle)
        )
        for path in source.rglob("*.txt"):
            path.write_bytes(b"spoiled")
        costs.setdefault("restore", []).append(
            cost(lambda store=store, kept=kept: snapshot.restore(kept[0], store, "bench"), idle)
        )
        assert snapshot.differences(kept[0], store) == []
        shutil.rmtree(store.directory)
    show(f"{count} files, {total / 1e6:.0f} MB", costs, "cp -a")


def database(folder: Path, gigabytes: float, rounds: int) -> None:
    from examples.support.postgres import running_postgres

    from diagnostics.safe_implementation.snapshotters import postgres as snapshotter
    from diagnostics.safe_implementation.snapshotters.postgres_tools import server_of

    with running_postgres({"shared_buffers": "512MB", "max_wal_size": "4GB", "fsync": "on"}) as postgres:
        server = Server(postgres.postmaster_pid)
        postgres.create_database("bench")
        rows = int(gigabytes * 1e9 / 200)  # about 200 bytes a row on disk, with its index
        with postgres.connect("bench") as connection:
            connection.execute(
                "CREATE TABLE events (id bigint PRIMARY KEY, owner int, at timestamptz, price numeric(10,2), note text);"
                f"INSERT INTO events SELECT i, i % 1000, '2026-01-01'::timestamptz + i * interval '1 second', i / 7.0, "
                f"repeat(md5(i::text), 3) FROM generate_series(1, {rows}) i; CREATE INDEX ON events (owner); VACUUM ANALYZE;".replace(
                    "VACUUM ANALYZE;", ""
                ).encode()
            )
            connection.execute(b"VACUUM ANALYZE")
            size = connection.execute(b"SELECT pg_database_size('bench')").fetchone()[0]
        url = postgres.url_of("bench", superuser=True)
        plain = url.replace("+psycopg", "")
        programs = postgres._binaries
        dump = folder / "peer.dump"
        costs: dict[str, list[Cost]] = {}

        def peer_dump() -> None:
            subprocess.run([programs / "pg_dump", "-Fc", "-Z1", "-f", dump, plain], check=True)

        def peer_restore() -> None:
            postgres.drop_database("peer")
            postgres.create_database("peer")
            with postgres.connect("peer") as connection:
                connection.execute(b"DROP EXTENSION IF EXISTS pg_stat_statements")
            target = postgres.url_of("peer", superuser=True).replace("+psycopg", "")
            subprocess.run([programs / "pg_restore", "--single-transaction", "-d", target, dump], check=True)

        for number in range(rounds):
            store = Store(folder / f"db-{number}")
            kept: list[snapshot.Manifest] = []

            def backup(store: Store = store, kept: list[snapshot.Manifest] = kept) -> None:
                kept.append(snapshot.capture(Scope(databases=(DatabaseScope(url=url),)), store, f"bench-{len(kept)}"))

            both = [cost(peer_dump, server), cost(peer_restore, server)]
            costs.setdefault("pg_dump", []).append(both[0])
            costs.setdefault("pg_restore", []).append(both[1])
            costs.setdefault("pg_dump + pg_restore", []).append(
                Cost(sum(c.cpu for c in both), sum(c.wall for c in both))
            )
            postgres.drop_database("peer")
            costs.setdefault("backup with proof (dump, restore, compare)", []).append(cost(backup, server))
            postgres.execute("DELETE FROM events WHERE id % 1000 = 0", "bench")
            item = kept[0].databases[0]
            with store.scratch("bench") as scratch:
                costs.setdefault("way back (look, restore, compare)", []).append(
                    cost(
                        lambda store=store, item=item, scratch=scratch: snapshotter.restore(
                            server_of(url), item, store, scratch
                        ),
                        server,
                    )
                )
            shutil.rmtree(store.directory)
    show(f"PostgreSQL database of {size / 1e9:.2f} GB, {rows} rows", costs, "pg_dump + pg_restore")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-backup-") as name:
        if options.files:
            files(Path(name), options.files, options.rounds)
        if options.gigabytes:
            database(Path(name), options.gigabytes, max(1, options.rounds - 1))


if __name__ == "__main__":
    main()
