"""Thirty planted secrets: none is found in journals, descriptions of backups, results, logs or plans; all files are private."""

from __future__ import annotations

import json
import logging
import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner
from examples.support.postgres import Postgres
from sqlalchemy.engine import make_url

from diagnostics.cli.main import cli
from diagnostics.model.record import plain
from diagnostics.safe_implementation import ImplementationStep, SafeImplementationManager, list_changes
from diagnostics.safe_implementation.snapshotters.postgres_tools import connect, rows, server_of

SECRETS = [f"pl4nted-s3cret-{number:02}-zq" for number in range(30)]


def test_planted_secrets_are_only_in_private_objects(
    tmp_path: Path,
    postgres: Postgres,
    fresh_database: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    url = postgres.url_of(str(make_url(fresh_database).database), superuser=True)
    password = str(make_url(url).password)
    for number in range(8):
        monkeypatch.setenv(f"LAB_API_KEY_{number}", SECRETS[number])
    env = tmp_path / "app.env"
    env.write_text("".join(f"TOKEN_{n}={SECRETS[n]}\n" for n in range(8, 16)))
    with connect(server_of(url)) as connection:
        rows(connection, "CREATE TABLE accounts (name text, secret text)")
        for number in range(16, 24):
            rows(connection, "INSERT INTO accounts VALUES (%s, %s)", (f"n{number}", SECRETS[number]))
    lines: list[str] = []
    old_mask = os.umask(0)
    try:
        manager = SafeImplementationManager(backup_dir=tmp_path / "store", db_engine=url, progress=lines.append)
        backup = manager.create_backup(f"before password={SECRETS[24]}", [env], include_database=True)

        def leak() -> None:
            with connect(server_of(url)) as connection:
                rows(connection, "UPDATE accounts SET secret = 'x'")
            env.write_text("")
            raise RuntimeError(f"login failed for postgresql://app:{SECRETS[25]}@db/app with api_key={SECRETS[26]}")

        steps = [ImplementationStep("s", f"set token={SECRETS[27]}", leak)]
        result = manager.implement_solution_safely(
            f"rotate secret={SECRETS[28]}", steps, None, lambda: True, files=[env], database=True
        )
        plan = manager.plan_action("set-config-value", {"path": str(env), "key": "TOKEN_9", "value": SECRETS[29]})
        changed = manager.run_action(plan, verification_function=lambda: True)
    finally:
        os.umask(old_mask)
    assert result.rollback_performed, result.error_message
    assert changed.succeeded, changed.error_message
    store = str(tmp_path / "store")
    said = [CliRunner().invoke(cli, words).output for words in (
        ["backups", "list", "--store", store], ["backups", "list", "--store", store, "--format", "json"],
        ["backups", "verify", backup.backup_id, "--store", store], ["rollback", "--list", "--store", store])]  # fmt: skip
    metadata = [p.read_text() for folder in ("impl", "backups") for p in (tmp_path / "store" / folder).iterdir()]
    told = "\n".join([
        *lines, *said, *metadata, caplog.text, result.to_json(), changed.to_json(), backup.to_json(), plan.to_json(), repr(plan),
        json.dumps([plain(record) for record in list_changes(store)], default=str),
    ])  # fmt: skip

    assert [secret for secret in (*SECRETS, password) if secret in told] == []
    for path in [tmp_path / "store", *(tmp_path / "store").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    kept = b"".join(path.read_bytes() for path in (tmp_path / "store" / "objects").rglob("*") if path.is_file())
    assert all(secret.encode() in kept for secret in SECRETS[:16])  # they are kept where they have to be
