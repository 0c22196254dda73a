"""SQLite files that are healthy, locked, broken, or not there."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from diagnostics.errors import ConfigurationError
from diagnostics.model.observation import FailureKind, Observations, ProbeFailure
from diagnostics.runtime.clock import SYSTEM_CLOCK
from diagnostics.system_monitor.database import DatabaseMonitor
from diagnostics.system_monitor.sqlite import SqliteProbe, explain_sqlite


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers(id), note TEXT)"
        )
        connection.executemany("INSERT INTO orders (note) VALUES (?)", [("x" * 500,)] * 400)
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('abc123')")
    connection.close()
    return str(path)


def look(path: str) -> Observations:
    return Observations(SqliteProbe(path).observe(SYSTEM_CLOCK))


def failures(seen: Observations) -> list[ProbeFailure]:
    return [item for item in seen if isinstance(item, ProbeFailure)]


def test_a_healthy_file_is_described(file: str) -> None:
    seen = look(file)

    assert not failures(seen)
    assert seen.value("sqlite.intact") == 1
    assert seen.value("sqlite.size") == Path(file).stat().st_size
    assert seen.readings("sqlite.revision")[0].labels["revision"] == "abc123"
    assert seen.readings("sqlite.setting", setting="journal_mode")[0].labels["value"] == "delete"


def test_deleted_rows_leave_free_pages(file: str) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM orders")
    connection.close()

    assert (look(file).value("sqlite.free_ratio") or 0) > 0.8


def test_a_writer_with_an_exclusive_lock_is_a_timeout_within_a_moment(file: str) -> None:
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")

    (failure,) = failures(look(file))
    writer.rollback()
    writer.close()

    assert (failure.name, failure.kind) == ("sqlite.connect", FailureKind.TIMEOUT)


def test_a_damaged_file_is_seen(file: str) -> None:
    content = bytearray(Path(file).read_bytes())
    page = 4096 * 3
    content[page : page + 3000] = b"\xff" * 3000
    Path(file).write_bytes(content)

    seen = look(file)

    assert failures(seen) or seen.value("sqlite.intact") == 0


@pytest.mark.parametrize(
    ("path", "kind"), [("/nowhere/x.db", FailureKind.NOT_FOUND), (":memory:", FailureKind.UNSUPPORTED)]
)
def test_what_cannot_be_opened_says_why(path: str, kind: FailureKind) -> None:
    assert [item.kind for item in failures(look(path))] == [kind]


def test_something_else_than_a_database_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("no database at all, only a long text " * 100)

    assert [item.kind for item in failures(look(str(path)))] == [FailureKind.PROTOCOL]


def test_looking_creates_no_file_and_changes_none(file: str, tmp_path: Path) -> None:
    before = Path(file).read_bytes()
    look(file)
    look(str(tmp_path / "other.db"))

    assert Path(file).read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop.db"]


def test_a_foreign_key_without_an_index_is_named_until_it_has_one(file: str) -> None:
    found = [(r.labels["table"], r.labels["column"]) for r in look(file).readings("sqlite.foreign_key_without_index")]
    assert found == [("orders", "customer")]
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE INDEX by_customer ON orders (customer)")
    connection.close()

    assert not list(look(file).readings("sqlite.foreign_key_without_index"))


def test_a_scan_is_told_from_a_search(file: str) -> None:
    scan = explain_sqlite(file, "SELECT id FROM orders WHERE note = ?", SYSTEM_CLOCK)
    search = explain_sqlite(file, "SELECT note FROM orders WHERE id = ?", SYSTEM_CLOCK)

    assert [r.labels["table"] for r in scan.readings("sqlite.explain.scan")] == ["orders"]
    assert not list(search.readings("sqlite.explain.scan"))
    assert failures(explain_sqlite(file, "SELEKT", SYSTEM_CLOCK))


def test_the_database_monitor_sweeps_and_explains_sqlite_too(file: str) -> None:
    engine = sa.create_engine(f"sqlite:///{file}")
    with DatabaseMonitor(engine=engine) as monitor:
        seen = monitor.sweep()
        plan = monitor.explain("SELECT id FROM orders WHERE note = ?")
    engine.dispose()

    assert seen.value("sqlite.intact") == 1
    assert len(list(plan.readings("sqlite.explain.scan"))) == 1


def test_statements_of_others_cannot_be_explained() -> None:
    class Url:
        database = "x"

        def render_as_string(self, *, hide_password: bool) -> str:
            return "mysql://x/y"

    class Engine:
        url = Url()

    with pytest.raises(ConfigurationError):
        DatabaseMonitor(engine=Engine()).explain("SELECT 1")  # type: ignore[arg-type]
