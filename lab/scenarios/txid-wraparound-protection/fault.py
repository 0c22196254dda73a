"""The server has used up its transaction ids, because one table could not be vacuumed for two thousand million of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab

_STOP_BEFORE = 3_000_000  # the server refuses new ids so many before the end
_IDS_PER_FILE = 8192 * 4 * 32
_FILE_BYTES = 32 * 8192


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    postgres, table = lab.stack.postgres, lab.stack.roles.hot_table
    ((oldest,),) = lab.stack.execute("SELECT min(datfrozenxid::text::bigint) FROM pg_database", superuser=True)
    lab.stack.stop_app()
    postgres.stop("fast")
    _forward(lab, oldest + 2**31 - _STOP_BEFORE + lab.random.randrange(1000, 2000))
    # The vacuum that would help begins at once, and cannot pass whoever holds the table.
    postgres.start({"autovacuum": "off"})
    with postgres.connect(lab.stack.database) as session, session.transaction():
        session.execute(f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE")
        ((age,),) = session.execute(
            f"SELECT age(relfrozenxid) FROM pg_class WHERE oid = '{table}'::regclass"
        ).fetchall()
        if age < 2**31 - 2 * _STOP_BEFORE:
            raise RuntimeError("the table was vacuumed before it was locked")
        lab.stack.start_app(wait=False)
        yield
    postgres.stop("immediate")  # the cluster is this scenario's own


def _forward(lab: Lab, next_id: int) -> None:
    """Let the stopped server go on from that transaction id, with the file that its state is kept in."""
    postgres = lab.stack.postgres
    file = postgres.data_directory / "pg_xact" / f"{next_id // _IDS_PER_FILE:04X}"
    file.write_bytes(bytes(_FILE_BYTES))
    owner = postgres.data_directory.stat()
    os.chown(file, owner.st_uid, owner.st_gid)
    postgres.run_program("pg_resetwal", "-x", str(next_id), "-D", str(postgres.data_directory))
