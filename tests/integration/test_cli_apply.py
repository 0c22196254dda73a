"""A sick service from outside, by the command line alone: diagnosed, cured, verified, rolled back; and killed in the middle."""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from examples.meeting_scheduler.load import Load
from examples.meeting_scheduler.stack import Stack, running_stack
from examples.support.postgres import Postgres

from diagnostics.diagnostic_orchestrator.store import SessionStore

pytestmark = pytest.mark.alone

INDEX = "ix_meetings_manager_id_starts_at"
MADE = "ix_meetings_manager_id_status_starts_at"


@dataclass
class Person:
    """Somebody at a terminal beside a running service; the target comes from variables, so that no line shows a password."""

    stack: Stack
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("DIAGNOSE_")}
        return {
            **clean,
            "PYTHONUNBUFFERED": "1",
            "DIAGNOSE_STORE": str(self.folder / "store"),
            "DIAGNOSE_DB": self.stack.database_url,
            "DIAGNOSE_URL": self.stack.base_url,
            "DIAGNOSE_LOG": str(self.stack.log_file),
            "DIAGNOSE_PID": str(self.stack.app_pid),
            "DIAGNOSE_REPO": str(self.stack.repository),
        }

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "diagnostics", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=self.environment,
        )

    def diagnose(self, *words: str, code: int | None = None) -> str:
        """Return what it printed; the exit code must be the expected one."""
        running = self.start(*words)
        out, err = running.communicate(timeout=90)
        assert "Traceback" not in out + err
        assert code is None or running.returncode == code, f"exit {running.returncode}\n{out}\n{err}"
        return out + err

    def run_until(self, mechanism: str, problem: str) -> dict[str, Any]:
        """Diagnose until that mechanism is named: what was done a moment ago may not be felt yet."""
        document: dict[str, Any] = {}
        until = time.monotonic() + 50
        while time.monotonic() < until:
            self.diagnose("run", problem, "--deadline", "15", "--format", "json", "-o", "out.json")
            document = json.loads((self.folder / "out.json").read_text(encoding="utf-8"))
            if document["status"] == "root_cause_identified" and document["root_causes"][0]["mechanism"] == mechanism:
                return document
        raise AssertionError(document)

    def indexes(self) -> dict[str, bool]:
        """Return the indexes of meetings, and whether each is valid."""
        found = self.stack.execute(
            "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "WHERE i.indrelid = 'meetings'::regclass"
        )
        return dict(found)


@pytest.fixture(scope="module")
def person(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    with running_stack(postgres=postgres) as stack, Load(stack.base_url, rate=20.0, seed=1):
        yield Person(stack, tmp_path_factory.mktemp("person"))


TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial" / "first-incident.md"


def commands_of(page: Path) -> list[tuple[list[str], int]]:
    """Return what the page's console blocks say: the words after the prompt, and the promised exit code."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line[2:].partition("  # exit ") for block in blocks for line in block.splitlines() if line[:2] == "$ "]
    return [(shlex.split(command), int(code or 0)) for command, _, code in lines]


@pytest.mark.slow
def test_the_tutorial_leads_from_a_dropped_index_to_calm_and_back(person: Person) -> None:
    said: dict[str, str] = {}
    for (program, *words), code in commands_of(TUTORIAL):
        if program == "psql":
            person.stack.execute(words[-1])
            time.sleep(6.0)
        elif words[0] == "run":
            said["run"] = _insist(person, words, code)
            assert MADE not in person.indexes()
        elif words[0] == "watch":
            said["watch"] = person.diagnose(*words)  # its verdict is of few looks
        else:
            said[" ".join(words)] = person.diagnose(*words, code=code)
            if words == ["apply", "--yes"]:
                assert person.indexes()[MADE]
                assert person.diagnose("check", "missing-index-seq-scan", code=0).startswith("OK")
                assert "Not applicable" in person.diagnose("apply", "--plan", code=0)

    assert "Missing: " in said["apply"]
    assert "missing-index-seq-scan" in said["run"]
    assert f'CREATE INDEX CONCURRENTLY IF NOT EXISTS "{MADE}"' in said["apply --plan"]
    assert "SUCCESS" in said["apply --yes"]
    assert said["recover"] == "Nothing was left open.\n"
    assert "verdict: " in said["watch"]
    assert "missing-index-seq-scan" in (person.folder / "report.html").read_text(encoding="utf-8")
    assert "rolled back" in said["rollback"]
    assert MADE not in person.indexes()
    report = json.loads(person.diagnose("report", "--format", "json", code=0))
    assert report["success_metrics"]["solution_implemented"] is True
    assert report["phases_completed"] == [f"phase_{n}" for n in range(1, 7)]
    change = said["apply --yes"].split("diagnose rollback ")[1].split()[0]
    assert f"{change}: rolled back" in said["rollback"]
    assert change not in person.diagnose("rollback")  # it takes what is not undone yet


def _insist(person: Person, words: list[str], code: int) -> str:
    """Run again while the fault is too young to be sure."""
    until = time.monotonic() + 50
    while time.monotonic() < until:
        running = person.start(*words)
        out, _ = running.communicate(timeout=60)
        if running.returncode == code and "missing-index-seq-scan" in out.splitlines()[0]:
            break
    return out


@pytest.mark.slow
def test_an_idle_transaction_that_blocks_everybody_is_found_and_ended(person: Person) -> None:
    url = person.stack.database_url.replace("+psycopg", "")
    with psycopg.connect(url, application_name="monthly-import") as importer:
        importer.execute("UPDATE meetings SET title = title WHERE starts_at > now()")
        time.sleep(6.0)
        document = person.run_until("idle-in-transaction-blocks-writers", "Rescheduling meetings hangs")

        plan = person.diagnose("apply", "--plan", code=0)
        asked = person.diagnose("apply", code=2)
        importer.execute("SELECT 1")  # neither of them did anything
        applied = person.diagnose("apply", "--yes", code=0)

        with pytest.raises(psycopg.OperationalError):
            importer.execute("SELECT 1")
    assert document["root_causes"][0]["whys"]
    assert "Cannot be undone" in plan
    assert "Look with --plan, then apply with --yes" in asked
    assert "SUCCESS" in applied
    assert "This cannot be undone" in applied
    assert "what was ended stays ended" in person.diagnose("rollback")


def begun(person: Person, session: str, step: str) -> subprocess.Popen[str]:
    """Start to apply, and return when the step has begun."""
    running = person.start("apply", "--yes", "--session", session)
    assert running.stderr is not None
    lines = []
    for line in running.stderr:
        lines.append(line)
        if step in line:
            return running
    raise AssertionError("".join(lines))


@pytest.fixture(scope="module")
def session(person: Person) -> str:
    """A completed diagnosis, kept as `diagnose run` keeps it: the index is missing, and a person may cure that."""
    person.stack.execute(f"DROP INDEX IF EXISTS {INDEX}")
    person.stack.execute(f"DROP INDEX IF EXISTS {MADE}")
    name = "diag_of_the_missing_index"
    cause = {
        "mechanism": "missing-index-seq-scan",
        "title": "A frequent query has no index",
        "posterior": 0.97,
        "summary": "meetings is scanned",
        "whys": [],
        "subject": {"table": "meetings", "columns": "manager_id, status, starts_at"},
    }
    document = {
        "session_info": {"session_id": name, "problem_description": "slow"},
        "phases_completed": ["phase_1", "phase_2", "phase_3", "phase_4"],
        "verdict": {"status": "root_cause_identified", "headline": cause["title"], "posterior": 0.97},
        "root_cause": cause,
        "root_causes": [cause],
    }
    (person.folder / "store").mkdir(exist_ok=True)
    SessionStore(person.folder / "store").save(name, document, status="root_cause_identified", at=datetime.now(UTC))
    return name


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_after_a_kill_in_the_middle_recover_leaves_the_old_state_or_the_new_one(
    seed: int, person: Person, session: str
) -> None:
    before = person.indexes()
    running = begun(person, session, "step 1 of 1" if seed else "snapshot")
    time.sleep(random.Random(seed).uniform(0.0, 0.8))
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=30)

    person.diagnose("recover", code=0)

    after = person.indexes()
    assert after in (before, {**before, MADE: True})
    assert person.diagnose("recover", code=0) == "Nothing was left open.\n"
    assert person.indexes() == after
    person.stack.execute(f"DROP INDEX IF EXISTS {MADE}")


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_in_the_middle_goes_the_way_back_by_itself(
    sign: signal.Signals, person: Person, session: str
) -> None:
    before = person.indexes()
    running = begun(person, session, "step 1 of 1")
    running.send_signal(sign)
    _, said = running.communicate(timeout=30)

    assert running.returncode == 130
    assert "Traceback" not in said
    assert person.indexes() == before
    assert person.diagnose("recover", code=0) == "Nothing was left open.\n"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_killed_revert_leaves_the_working_copy_as_it_was_or_reverted(seed: int, person: Person) -> None:
    repository, folder = person.stack.repository, person.folder
    git = _git(repository)
    source = repository / "meeting_scheduler" / "errors.py"
    source.write_text(source.read_text() + f"\n# release {seed}\n")
    git("commit", "--all", "--quiet", "--message", f"Release {seed}")
    old, new = _state(git, source), None
    cause = {
        "mechanism": "bad-deploy-code-regression",
        "title": "A deploy brought a defect",
        "posterior": 0.9,
        "summary": "since the last commit",
        "whys": [],
        "subject": {"repository": str(repository), "sha": git("rev-parse", "HEAD")},
    }
    document = {
        "session_info": {"session_id": f"diag_revert_{seed}", "problem_description": "errors"},
        "phases_completed": ["phase_1", "phase_2", "phase_3", "phase_4"],
        "verdict": {"status": "root_cause_identified", "headline": cause["title"], "posterior": 0.9},
        "root_cause": cause,
        "root_causes": [cause],
    }
    store = SessionStore(folder / "store")
    store.save(f"diag_revert_{seed}", document, status="root_cause_identified", at=datetime.now(UTC))

    running = begun(person, f"diag_revert_{seed}", "step 1 of 1" if seed else "snapshot")
    time.sleep(random.Random(seed).uniform(0.0, 0.1))
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=30)
    person.diagnose("recover", code=0)

    new = _state(git, source)
    assert new == old or f"release {seed}" not in new[0]
    assert new[1] == ""  # nothing is half done
    assert person.diagnose("recover", code=0) == "Nothing was left open.\n"
    assert _state(git, source) == new


def _git(repository: Path) -> Callable[..., str]:
    who = ["-c", "user.name=Sam Carter", "-c", "user.email=sam@example.com"]

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *who, *words], cwd=repository, capture_output=True, text=True, check=True
        ).stdout.strip()

    return git


def _state(git: Callable[..., str], source: Path) -> tuple[str, str]:
    """Return the file's content, and what git says is not committed."""
    return source.read_text(), git("status", "--porcelain", "--untracked-files=no")
