"""The changes probe on real working copies, processes and environments."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnostics.model.finding import Baseline
from diagnostics.model.observation import FailureKind, Observations
from diagnostics.runtime.clock import SYSTEM_CLOCK
from diagnostics.system_monitor.probes.changes import ChangesProbe
from diagnostics.system_monitor.runner import look


def git(folder: Path, *arguments: str) -> None:
    names = {
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.org",
    }
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env={**os.environ, **names})


@pytest.fixture
def working_copy(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "api.py").write_text("x = 1\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "First release")
    (folder / "api.py").write_text("x = 2\n")
    git(folder, "commit", "-qam", "Faster booking")
    return folder


@pytest.fixture
def service() -> Iterator[subprocess.Popen[bytes]]:
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": "postgresql://u:hunter2@h/d", "SMTP_HOST": ""}
    program = "import time; print('ready', flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()  # right after exec the kernel has no arguments to show yet
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def see(**more: object) -> Observations:
    return look([ChangesProbe(**more)])


def test_the_last_commits_are_seen_with_their_files(working_copy: Path) -> None:
    seen = see(repository=str(working_copy))

    newest, oldest = seen.readings("change.commit")
    assert (newest.labels["subject"], newest.labels["files"]) == ("Faster booking", "api.py")
    assert oldest.labels["subject"] == "First release"
    assert 0 <= newest.value < 60


def test_a_file_that_was_changed_by_hand_is_seen(working_copy: Path) -> None:
    (working_copy / "api.py").write_text("x = 3\n")
    (working_copy / ".env").write_text("TOKEN=1\n")
    (working_copy / "photo.png").write_bytes(b"png")

    seen = see(repository=str(working_copy))

    assert {r.labels["path"] for r in seen.readings("change.file")} == {"api.py", ".env"}


def test_a_moved_head_is_seen(working_copy: Path) -> None:
    git(working_copy, "reset", "-q", "--hard", "HEAD~1")

    moved = see(repository=str(working_copy)).readings("change.head_moved")[0]

    assert moved.labels["from"] != moved.labels["to"]
    assert moved.labels["action"].startswith("reset")
    assert 0 <= moved.value < 60


def test_looking_changes_nothing(working_copy: Path) -> None:
    def state() -> list[tuple[str, int, int]]:
        return sorted((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in working_copy.rglob("*") if p.is_file())

    os.utime(working_copy / "api.py")  # an index that git would like to refresh
    before = state()
    see(repository=str(working_copy))

    assert state() == before


def test_a_folder_that_is_no_working_copy_still_shows_new_files(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("x = 1\n")

    seen = see(repository=str(tmp_path))

    ((_, failure),) = seen.failures("change.commit")
    assert failure.kind is FailureKind.UNSUPPORTED
    assert failure.hint
    assert [r.labels["path"] for r in seen.readings("change.file")] == ["settings.toml"]


def test_a_folder_that_is_missing_is_a_failure_with_a_hint(tmp_path: Path) -> None:
    ((_, failure),) = see(repository=str(tmp_path / "gone")).failures("change.commit")

    assert failure.kind is FailureKind.NOT_FOUND
    assert failure.hint


def test_a_filter_of_somebody_elses_working_copy_is_not_run(working_copy: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to give files away")
    trace = tmp_path / "was-run"
    git(working_copy, "config", "filter.evil.clean", f"touch {trace}; cat")
    (working_copy / ".gitattributes").write_text("*.py filter=evil\n")
    (working_copy / "api.py").write_text("x = 9\n")
    for path in [working_copy, *working_copy.rglob("*")]:
        os.chown(path, 65534, 65534)

    seen = see(repository=str(working_copy))

    assert not trace.exists()
    assert seen.readings("change.commit")
    assert "api.py" in {r.labels["path"] for r in seen.readings("change.file")}


def test_the_newest_migrations_are_found_in_the_repository(tmp_path: Path) -> None:
    versions = tmp_path / "src" / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions.parent / "env.py").write_text("")
    (versions / "0001_first.py").write_text('"""Managers.\n\nRevision ID: 0001\n"""\nrevision: str = "0001"\n')
    (versions / "0002_next.py").write_text('"""Meetings."""\nrevision = \'0002\'\n')
    os.utime(versions / "0001_first.py", (1_700_000_000, 1_700_000_000))

    newest, first = see(repository=str(tmp_path)).readings("change.migration")

    assert (newest.labels["revision"], newest.labels["message"]) == ("0002", "Meetings.")
    assert (first.labels["revision"], first.labels["message"]) == ("0001", "Managers.")
    assert newest.value < 60 < first.value


def test_an_environment_is_compared_without_being_shown(service: subprocess.Popen[bytes]) -> None:
    facts = ChangesProbe(pids=(service.pid,)).facts(SYSTEM_CLOCK)
    altered = {**facts, "environment:DATABASE_URL": "00000000", "environment:GONE": "11111111"}
    del altered["environment:SMTP_HOST"]

    same = see(pids=(service.pid,), baseline=Baseline(facts=facts))
    other = see(pids=(service.pid,), baseline=Baseline(facts=altered))

    assert "hunter2" not in str(facts)
    assert {(r.labels["kind"], r.labels["name"]) for r in same.readings("change.environment")} == {
        ("empty", "SMTP_HOST")
    }
    assert {(r.labels["kind"], r.labels["name"]) for r in other.readings("change.environment")} == {
        ("changed", "DATABASE_URL"),
        ("added", "SMTP_HOST"),
        ("empty", "SMTP_HOST"),
        ("removed", "GONE"),
    }


def test_digests_of_another_machine_are_not_compared(service: subprocess.Popen[bytes]) -> None:
    facts = ChangesProbe(pids=(service.pid,)).facts(SYSTEM_CLOCK)
    foreign = dict.fromkeys(facts, "ffffffff")

    seen = see(pids=(service.pid,), baseline=Baseline(facts=foreign))

    assert not seen.readings("change.environment", kind="changed")


def test_packages_are_compared_with_the_baseline_and_with_the_lock_file(
    service: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    facts = ChangesProbe(pids=(service.pid,)).facts(SYSTEM_CLOCK)
    assert facts["package:pytest"] == pytest.__version__
    (tmp_path / "requirements.txt").write_text("pytest==0.0.1\n")

    changed = see(pids=(service.pid,), baseline=Baseline(facts={**facts, "package:psutil": "0.1"}))
    locked = see(pids=(service.pid,), repository=str(tmp_path))

    (psutil,) = changed.readings("change.package")
    assert (psutil.labels["package"], psutil.labels["from"]) == ("psutil", "0.1")
    (found,) = locked.readings("change.package")
    assert (found.labels["from"], found.labels["to"]) == ("0.0.1", pytest.__version__)


def test_a_process_that_is_gone_has_no_environment_and_no_failure_here() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()

    assert len(see(pids=(process.pid,))) == 0
