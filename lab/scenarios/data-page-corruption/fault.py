"""Some pages of a table are damaged on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    ((name,),) = lab.stack.execute(f"SELECT pg_relation_filepath('{lab.stack.roles.hot_table}')")
    path = lab.stack.postgres.data_directory / str(name)
    lab.stack.postgres.stop("fast")
    with path.open("r+b") as file:
        for page in range(0, path.stat().st_size // 8192, 12):
            file.seek(page * 8192 + 4000)
            file.write(lab.random.randbytes(300))
    lab.stack.postgres.start()
    yield
