"""More executable remedies: the fault is there, it is applied and heals, it is undone and all is as before."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from examples.support.postgres import ROLE, Postgres
from sqlalchemy.engine import make_url

from diagnostics.errors import ApplyError, ConfigurationError
from diagnostics.model.change import ImplementationStatus
from diagnostics.safe_implementation import SafeImplementationManager
from diagnostics.safe_implementation.actions.configuration import changed
from diagnostics.safe_implementation.snapshotters.postgres_tools import connect, rows, server_of, value


@pytest.fixture
def database(postgres: Postgres, fresh_database: str) -> str:
    return postgres.url_of(str(make_url(fresh_database).database), superuser=True)


@pytest.fixture
def manager(tmp_path: Path, database: str) -> SafeImplementationManager:
    return SafeImplementationManager(backup_dir=tmp_path / "store", db_engine=database)


@pytest.fixture
def plain(tmp_path: Path) -> SafeImplementationManager:
    return SafeImplementationManager(backup_dir=tmp_path / "store")


def run(url: str, sql: str) -> None:
    with connect(server_of(url)) as connection:
        rows(connection, sql)


def ask(url: str, sql: str) -> Any:
    with connect(server_of(url)) as connection:
        return value(connection, sql)


def until(holds: Callable[[], Any], seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
    return True


# ------------------------------------------------------------ configuration

READER = """
import signal, sys
from pathlib import Path
path, seen = Path(sys.argv[1]), Path(sys.argv[2])
def read(*_):
    values = dict(line.strip().split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    seen.with_suffix(".tmp").write_text(values["POOL_SIZE"].partition("#")[0].strip())
    seen.with_suffix(".tmp").rename(seen)
signal.signal(signal.SIGHUP, read)
read()
while True:
    signal.pause()
"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[tuple[Path, Path, subprocess.Popen[bytes]]]:
    """A process that reads its pool size from a file, and again on SIGHUP; what it works with lies in another file."""
    path, seen = tmp_path / "app.env", tmp_path / "seen"
    path.write_text("# pools\nPOOL_SIZE=2  # too small\nSECRET_TOKEN=tr0ub4dor\n")
    path.chmod(0o640)
    process = subprocess.Popen([sys.executable, "-c", READER, str(path), str(seen)])
    until(seen.exists)
    yield path, seen, process
    process.kill()
    process.wait()


def test_a_pool_size_is_changed_and_reloaded_and_set_back_and_reloaded(
    plain: SafeImplementationManager, service: tuple[Path, Path, subprocess.Popen[bytes]]
) -> None:
    path, seen, process = service
    before, stat = path.read_bytes(), path.stat()
    plan = plain.plan_action(
        "set-config-value", {"path": str(path), "key": "POOL_SIZE", "value": "20", "pid": str(process.pid)}
    )
    assert plan.dry_run.splitlines()[-2:] == ["-POOL_SIZE=2  # too small", "+POOL_SIZE=20  # too small"]

    result = plain.run_action(plan, verification_function=lambda: until(lambda: seen.read_text() == "20"))
    assert result.succeeded, result.error_message
    assert b"POOL_SIZE=20  # too small\n" in path.read_bytes()

    assert plain.rollback_change(str(result.backup_id)).succeeded
    assert path.read_bytes() == before
    assert (path.stat().st_mode, path.stat().st_mtime_ns) == (stat.st_mode, stat.st_mtime_ns)
    until(lambda: seen.read_text() == "2")


def test_a_value_that_does_not_help_is_set_back_and_its_reader_told(
    plain: SafeImplementationManager, service: tuple[Path, Path, subprocess.Popen[bytes]]
) -> None:
    path, seen, process = service
    plan = plain.plan_action(
        "set-config-value", {"path": str(path), "key": "POOL_SIZE", "value": "9", "pid": str(process.pid)}
    )

    result = plain.run_action(plan, verification_function=lambda: until(lambda: seen.read_text() == "9") and False)

    assert result.result is ImplementationStatus.ROLLED_BACK
    assert b"POOL_SIZE=2  # too small" in path.read_bytes()
    until(lambda: seen.read_text() == "2")


def test_a_secret_value_is_written_and_never_shown(
    plain: SafeImplementationManager, service: tuple[Path, Path, subprocess.Popen[bytes]]
) -> None:
    path, _, _ = service
    plan = plain.plan_action("set-config-value", {"path": str(path), "key": "SECRET_TOKEN", "value": "n3w-v4lue"})
    result = plain.run_action(plan, verification_function=lambda: True)

    assert result.succeeded
    assert b"SECRET_TOKEN=n3w-v4lue\n" in path.read_bytes()
    told = plan.to_json() + result.to_json() + "".join(p.read_text() for p in (plain.backup_dir / "impl").iterdir())
    assert "n3w-v4lue" not in told
    assert "tr0ub4dor" not in told


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("A=1\nB=2\n", "A", "A=9\nB=2\n"),
        ("export A='1'\r\nB=2", "A", "export A='9'\r\nB=2"),
        ("a: 1  # one\nb: 2\n", "a", "a: 9  # one\nb: 2\n"),
        ("[x]\nsize = 1\n[pool]\nsize = 2\n", "pool.size", "[x]\nsize = 1\n[pool]\nsize = 9\n"),
        ('A="x # y"\n', "A", 'A="9"\n'),
        ("A=1\nA=2\n", "A", "A=1\nA=9\n"),
        ("#A=1\nAA=2\n", "A", None),
        ("A=\n", "A", "A=9\n"),
        ("URL=http://h/#frag\n", "URL", "URL=9\n"),
    ],
)
def test_one_value_changes_and_nothing_else(text: str, key: str, expected: str | None) -> None:
    assert changed(text, key, "9") == expected


def test_what_is_not_there_or_not_understood_is_an_answer(plain: SafeImplementationManager, tmp_path: Path) -> None:
    path = tmp_path / "app.env"
    path.write_text("A=1\n")
    (tmp_path / "app.json").write_text('{"A": 1}')

    def reason(**subject: str) -> str:
        return plain.plan_action("set-config-value", subject).reason

    assert "no line that sets B" in reason(path=str(path), key="B", value="2")
    assert "already" in reason(path=str(path), key="A", value="1")
    assert "restore-file" in reason(path=str(tmp_path / "app.json"), key="A", value="2")
    assert "several lines" in reason(path=str(path), key="A", value="2\nC=3")
    assert "no process" in reason(path=str(path), key="A", value="2", pid="4194000")
    with pytest.raises(ConfigurationError, match="key"):
        plain.plan_action("set-config-value", {"path": str(path)})


def test_calls_are_led_to_a_fallback_only_when_it_answers(plain: SafeImplementationManager, tmp_path: Path) -> None:
    path = tmp_path / "app.env"
    path.write_text("CALENDAR_URL=http://127.0.0.1:9\n")
    with socket.create_server(("127.0.0.1", 0)) as fallback:
        address = f"http://127.0.0.1:{fallback.getsockname()[1]}"
        subject = {"path": str(path), "key": "CALENDAR_URL", "value": address}
        plan = plain.plan_action("switch-endpoint", subject)
        assert plan.applicable, plan.reason

        def answers() -> bool:
            port = int(path.read_text().strip().rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                return True

        result = plain.run_action(plan, verification_function=answers)
        assert result.succeeded, result.error_message
        assert plain.rollback_change(str(result.backup_id)).succeeded
        assert path.read_text() == "CALENDAR_URL=http://127.0.0.1:9\n"
    assert "does not answer" in plain.plan_action("switch-endpoint", subject).reason
    gone = plain.run_action(plan, verification_function=answers)
    assert gone.result is ImplementationStatus.ROLLED_BACK
    assert path.read_text() == "CALENDAR_URL=http://127.0.0.1:9\n"


# ------------------------------------------------------------ deploys


def test_a_bad_release_is_left_for_the_one_before_and_the_way_back_leads_to_it_again(
    plain: SafeImplementationManager, tmp_path: Path
) -> None:
    for name, code in (("2026-01-01", "good"), ("2026-01-02", "good"), ("2026-01-03", "bad")):
        (tmp_path / "releases" / name).mkdir(parents=True)
        (tmp_path / "releases" / name / "app.txt").write_text(code)
    current = tmp_path / "current"
    current.symlink_to("releases/2026-01-03")
    plan = plain.plan_action("switch-release", {"link": str(current)})
    assert plan.dry_run.endswith("-> releases/2026-01-02")

    result = plain.run_action(plan, verification_function=lambda: (current / "app.txt").read_text() == "good")
    assert result.succeeded, result.error_message
    assert os.readlink(current) == "releases/2026-01-02"

    assert plain.rollback_change(str(result.backup_id)).succeeded
    assert os.readlink(current) == "releases/2026-01-03"
    assert "no symbolic link" in plain.plan_action("switch-release", {"link": str(tmp_path)}).reason


def test_a_deploy_in_between_is_not_overwritten(plain: SafeImplementationManager, tmp_path: Path) -> None:
    for name in ("1", "2", "3"):
        (tmp_path / "releases" / name).mkdir(parents=True)
    current = tmp_path / "current"
    current.symlink_to("releases/2")
    plan = plain.plan_action("switch-release", {"link": str(current)})
    current.unlink()
    current.symlink_to("releases/3")

    result = plain.run_action(plan, verification_function=lambda: True)

    assert result.result is ImplementationStatus.ROLLED_BACK
    assert "deployed meanwhile" in (result.error_message or "")
    assert os.readlink(current) == "releases/3"


# ------------------------------------------------------------ the database


def test_a_sequence_behind_its_table_is_advanced_and_set_back(
    manager: SafeImplementationManager, database: str
) -> None:
    run(
        database,
        "CREATE TABLE items (id serial PRIMARY KEY, name text); INSERT INTO items SELECT i, 'x' FROM generate_series(1, 50) i",
    )
    plan = manager.plan_action("advance-sequence", {"table": "items"})
    assert "is at 1, the largest value" in plan.dry_run

    def heals() -> bool:
        with connect(server_of(database), autocommit=False) as connection:
            return int(value(connection, "SELECT last_value FROM items_id_seq")) == 50

    result = manager.run_action(plan, verification_function=heals)
    assert result.succeeded, result.error_message
    assert manager.rollback_change(str(result.backup_id)).succeeded
    assert ask(database, "SELECT last_value || ':' || is_called FROM items_id_seq") == "1:false"

    again = manager.run_action(manager.plan_action("advance-sequence", {"table": "items"}), verification_function=heals)
    run(database, "INSERT INTO items (name) VALUES ('new')")
    assert ask(database, "SELECT max(id) FROM items") == 51
    assert manager.rollback_change(str(again.backup_id)).succeeded
    run(database, "INSERT INTO items (name) VALUES ('newer')")  # numbers that were drawn are not drawn again
    assert "not behind" in manager.plan_action("advance-sequence", {"table": "items"}).reason


def test_a_missing_right_is_granted_with_consent_and_taken_back(
    manager: SafeImplementationManager, postgres: Postgres, database: str
) -> None:
    run(database, "CREATE TABLE reports (x int); INSERT INTO reports VALUES (7)")
    name = str(make_url(database).database)
    as_role = postgres.url_of(name)

    def may_read() -> bool:
        try:
            return bool(ask(as_role, "SELECT x FROM reports") == 7)
        except Exception:
            return False

    assert not may_read()
    subject = {"role": ROLE, "table": "reports", "privilege": "select"}
    plan = manager.plan_action("grant-privilege", subject)
    with pytest.raises(ApplyError, match="widens"):
        manager.run_action(plan)

    result = manager.run_action(plan, consent=True, verification_function=may_read)
    assert result.succeeded, result.error_message
    assert "already" in manager.plan_action("grant-privilege", subject).reason
    assert manager.rollback_change(str(result.backup_id)).succeeded
    assert not may_read()
    assert "There is no role" in manager.plan_action("grant-privilege", {**subject, "role": "nobody-here"}).reason


def test_old_statistics_are_renewed(manager: SafeImplementationManager, database: str) -> None:
    run(
        database,
        "CREATE TABLE grown (x int) WITH (autovacuum_enabled = off); ANALYZE grown; INSERT INTO grown SELECT generate_series(1, 5000)",
    )

    def estimate() -> float:
        return float(ask(database, "SELECT reltuples FROM pg_class WHERE oid = 'grown'::regclass"))

    assert estimate() <= 0
    plan = manager.plan_action("analyze-table", {"table": "grown"})
    assert plan.needs_consent
    result = manager.run_action(plan, consent=True, verification_function=lambda: estimate() == 5000)
    assert result.succeeded, result.error_message


# ------------------------------------------------------------ a full volume


def test_a_log_that_has_filled_its_volume_is_rotated_to_another_one_and_put_back(
    plain: SafeImplementationManager, tmp_path: Path
) -> None:
    small, archive = tmp_path / "small", tmp_path / "archive"
    small.mkdir()
    archive.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(small)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root, and a container that may mount")
    try:
        log = small / "app.log"
        with log.open("ab", buffering=0) as writer:
            try:
                while True:
                    writer.write(b"the same line again and again\n" * 100)
            except OSError:
                pass
        content = log.read_bytes()

        def has_room() -> bool:
            (small / "probe").write_bytes(b"x" * 100_000)
            (small / "probe").unlink()
            return True

        with pytest.raises(OSError, match="No space"):
            has_room()
        (small / "probe").unlink(missing_ok=True)
        assert "left" in plain.plan_action("rotate-log", {"path": str(log)}).reason
        plan = plain.plan_action("rotate-log", {"path": str(log), "archive": str(archive)})

        result = plain.run_action(plan, verification_function=has_room)
        assert result.succeeded, result.error_message
        assert log.stat().st_size == 0

        # The way back fills it again; it needs room for both copies on the volume, so the volume grows first.
        subprocess.run(["mount", "-o", "remount,size=16m", str(small)], check=True)
        assert plain.rollback_change(str(result.backup_id)).succeeded
        assert log.read_bytes() == content
        assert not list(archive.iterdir())
    finally:
        subprocess.run(["umount", str(small)], check=True)
