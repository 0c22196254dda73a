"""Risk from facts: importers, tests, history and table sizes are read, not asked for."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from examples.support.postgres import Postgres
from sqlalchemy.engine import make_url

from diagnostics.runtime.clock import SYSTEM_CLOCK
from diagnostics.safe_implementation import SafeImplementationManager
from diagnostics.safe_implementation.facts import gather
from diagnostics.safe_implementation.snapshotters.postgres_tools import connect, rows, server_of
from diagnostics.testing.clock import FakeClock


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    for name, text in {
        "src/app/__init__.py": "",
        "src/app/database.py": "def query(): ...\n",
        "src/app/api.py": "from app.database import query\n",
        "src/app/jobs.py": "import app.database\n",
        "src/app/other.py": "import json\n",
        "src/app/broken.py": "def (",
        "tests/test_database.py": "from app import database\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgSign=false"]
        subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "Begin")
    (root / "src/app/database.py").write_text("def query(): return 1\n")
    git("commit", "-qam", "Fix the query")
    return root


def test_importers_tests_and_history_are_read_from_the_repository(repository: Path) -> None:
    found = gather(
        ["src/app/database.py"], repository=repository, clock=FakeClock(SYSTEM_CLOCK.now() + timedelta(days=3))
    )

    assert (found["importing_modules"], found["tests"]) == (2, True)
    assert found["past_fix_share"] == 0.5
    assert 2.9 < found["days_since_last_change"] < 3.1
    assert not gather(["src/app/other.py"], repository=repository)["tests"]


def test_what_cannot_be_read_is_unknown_and_lowers_the_confidence(tmp_path: Path) -> None:
    known = gather(["nowhere.py"], repository=tmp_path, database="postgresql://u:p@127.0.0.1:1/none", sql=["SELECT 1"])
    assert known == {"importing_modules": 0, "tests": False, "lock_timeout": False}
    assess = SafeImplementationManager.assess_solution_impact
    sure = assess("x", ["a.py"], tests=True, importing_modules=0, lines_changed=1, past_fix_share=0.0,
                  verification_function_given=True)  # fmt: skip
    assert assess("x", ["a.py"]).assessment_confidence < sure.assessment_confidence


def test_sizes_and_lock_timeout_are_read_from_the_database(postgres: Postgres, fresh_database: str) -> None:
    url = postgres.url_of(str(make_url(fresh_database).database), superuser=True)
    with connect(server_of(url)) as connection:
        rows(connection, "CREATE TABLE big AS SELECT generate_series(1, 20000) AS x")
        rows(connection, "ANALYZE big")
    sql = "CREATE INDEX i ON big (x)"

    found = SafeImplementationManager.assess_solution_impact("index", database_changes=True, sql=sql, database=url)

    assert gather(sql=[sql], database=url)["largest_table_rows"] == 20000
    assert any("no lock timeout" in reason.input for reason in found.reasons)
    careful = SafeImplementationManager.assess_solution_impact(
        "index", database_changes=True, sql=f"SET lock_timeout = '5s'; {sql}", database=url
    )
    assert careful.complexity_score < found.complexity_score
