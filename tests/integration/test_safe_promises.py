"""Changes that must be confirmed, targets that are claimed, hanging steps that are ended, backups that are kept and pruned."""

from __future__ import annotations

import asyncio
import http.server
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from diagnostics.cli.main import cli
from diagnostics.errors import ChangeLockedError, RollbackError
from diagnostics.model.change import ChangeState, ImplementationStatus
from diagnostics.model.verification import Effect
from diagnostics.runtime.clock import SYSTEM_CLOCK
from diagnostics.safe_implementation import (
    Bucket,
    ImplementationStep,
    SafeImplementationManager,
    Watch,
    confirm,
    implement_solution_with_backup,
    list_changes,
    recover,
)
from diagnostics.safe_implementation import sentinel as sentinels
from diagnostics.safe_implementation.traffic import EndpointTraffic
from diagnostics.testing.clock import FakeClock


def until(holds: Callable[[], Any], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def change(store: Path, path: Path, text: str = "new", **options: Any) -> Any:
    step = ImplementationStep("s", "the change", lambda: path.write_text(text))
    clock = options.pop("clock", SYSTEM_CLOCK)
    return SafeImplementationManager(backup_dir=store, clock=clock).implement_solution_safely(
        "s", [step], None, lambda: True, files=[path], **options
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "settings.ini"
    place.write_text("old")
    return place


# ------------------------------------------------------------ confirmation


def test_a_change_that_nobody_confirms_undoes_itself_with_its_variables(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_TIMER", "old")
    undone: list[str] = []

    def act() -> None:
        path.write_text("new")
        os.environ["LAB_TIMER"] = "new"

    step = ImplementationStep("s", "s", act, rollback_action=lambda: undone.append("s"))
    result = SafeImplementationManager(backup_dir=tmp_path / "store").implement_solution_safely(
        "s", [step], None, lambda: True, files=[path], confirm_within_seconds=1.0
    )
    assert result.result is ImplementationStatus.UNCONFIRMED
    assert (path.read_text(), os.environ["LAB_TIMER"]) == ("new", "new")
    assert f"diagnose confirm {result.backup_id}" in (result.error_message or "")

    until(lambda: list_changes(tmp_path / "store")[-1].state is ChangeState.ROLLED_BACK)

    assert path.read_text() == "old"
    assert os.environ["LAB_TIMER"] == "old"
    assert undone == ["s"]


def test_a_confirmed_change_stays_when_its_time_is_over(tmp_path: Path, path: Path) -> None:
    result = change(tmp_path / "store", path, confirm_within_seconds=3600.0)

    outcome = confirm(tmp_path / "store", result.backup_id)

    assert outcome.state is ChangeState.COMMITTED
    assert recover(tmp_path / "store", clock=FakeClock(SYSTEM_CLOCK.now() + timedelta(days=1))) == []
    assert path.read_text() == "new"
    with pytest.raises(RollbackError, match="does not wait"):
        confirm(tmp_path / "store", result.backup_id)


def test_recovery_waits_until_the_time_is_over_and_then_brings_back(tmp_path: Path, path: Path) -> None:
    change(tmp_path / "store", path, confirm_within_seconds=3600.0)

    waiting = recover(tmp_path / "store")
    assert [(outcome.state, outcome.acted) for outcome in waiting] == [(ChangeState.UNCONFIRMED, False)]
    assert path.read_text() == "new"

    late = FakeClock(SYSTEM_CLOCK.now() + timedelta(hours=2))
    assert [outcome.state for outcome in recover(tmp_path / "store", clock=late)] == [ChangeState.ROLLED_BACK]
    assert path.read_text() == "old"


def test_an_unconfirmed_change_can_be_rolled_back_at_once(tmp_path: Path, path: Path) -> None:
    result = change(tmp_path / "store", path, confirm_within_seconds=3600.0)
    manager = SafeImplementationManager(backup_dir=tmp_path / "store")

    with pytest.raises(ChangeLockedError, match="not confirmed"):
        change(tmp_path / "store", path, "another")
    assert manager.rollback_change(result.backup_id).succeeded

    assert path.read_text() == "old"
    assert change(tmp_path / "store", path, "another").succeeded


UNCONFIRMED = """
import sys
from pathlib import Path
from diagnostics.safe_implementation import ImplementationStep, SafeImplementationManager
path = Path(sys.argv[2])
SafeImplementationManager(backup_dir=sys.argv[1]).implement_solution_safely(
    "s", [ImplementationStep("s", "s", lambda: path.write_text("new"))], None, lambda: True, files=[path], confirm_within_seconds=1.0)
"""


def test_the_process_that_made_the_change_may_be_gone_when_its_time_is_over(tmp_path: Path, path: Path) -> None:
    subprocess.run([sys.executable, "-c", UNCONFIRMED, tmp_path / "store", path], check=True, timeout=60)

    until(lambda: list_changes(tmp_path / "store")[-1].state is ChangeState.ROLLED_BACK)

    assert path.read_text() == "old"


DYING = UNCONFIRMED.replace(
    'path.write_text("new")', '(path.write_text("new"), __import__("os").kill(__import__("os").getpid(), 9))'
)


def test_the_sentinel_brings_back_at_once_what_a_killed_process_left(tmp_path: Path, path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", DYING, tmp_path / "store", path], check=False, timeout=60)
    assert done.returncode == -9

    until(lambda: list_changes(tmp_path / "store")[-1].state is ChangeState.ROLLED_BACK)

    assert path.read_text() == "old"


def test_the_sentinel_ends_when_there_is_nothing_left_to_watch(tmp_path: Path, path: Path) -> None:
    result = change(tmp_path / "store", path)

    assert sentinels.watch(tmp_path / "store", result.backup_id) is ChangeState.COMMITTED
    assert sentinels.watch(tmp_path / "store", "no-such-change") is None


def test_the_command_confirms_the_one_change_that_waits(tmp_path: Path, path: Path) -> None:
    store = str(tmp_path / "store")
    nothing = CliRunner().invoke(cli, ["confirm", "--store", store])
    assert "waiting for confirmation: none" in nothing.output
    change(tmp_path / "store", path, confirm_within_seconds=3600.0)

    said = CliRunner().invoke(cli, ["confirm", "--store", store])

    assert "It stays." in said.output
    assert list_changes(tmp_path / "store")[-1].state is ChangeState.COMMITTED


# ------------------------------------------------------------ one change at a time for each target


@pytest.mark.parametrize("other", ["the file", "the folder above", "a pattern"])
def test_two_stores_cannot_change_one_target_at_once(tmp_path: Path, path: Path, other: str) -> None:
    inside, go = threading.Event(), threading.Event()

    def slow() -> None:
        inside.set()
        assert go.wait(30)
        path.write_text("first")

    def first() -> None:
        SafeImplementationManager(backup_dir=tmp_path.parent / f"{tmp_path.name}-a").implement_solution_safely(
            "a", [ImplementationStep("s", "s", slow)], None, lambda: True, files=[path]
        )

    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(30)
    declared = {"the file": path, "the folder above": tmp_path, "a pattern": tmp_path / "*.ini"}[other]
    manager = SafeImplementationManager(backup_dir=tmp_path.parent / f"{tmp_path.name}-b")
    try:
        with pytest.raises(ChangeLockedError, match="is at work on"):
            manager.implement_solution_safely("b", [ImplementationStep("s", "s", lambda: None)], None, files=[declared])
    finally:
        go.set()
        thread.join()

    assert path.read_text() == "first"
    assert manager.implement_solution_safely(
        "b", [ImplementationStep("s", "s", lambda: None)], None, files=[declared]
    ).succeeded


# ------------------------------------------------------------ children


def test_a_hanging_step_in_a_child_is_ended_with_all_that_it_started(tmp_path: Path, path: Path) -> None:
    noted = tmp_path.parent / f"{tmp_path.name}-pid"

    def hang() -> None:
        path.write_text("half")
        started = subprocess.Popen(["sleep", "600"])
        noted.write_text(str(started.pid))
        time.sleep(600)

    step = ImplementationStep("s", "s", hang, timeout_seconds=1.5, in_child=True)
    result = SafeImplementationManager(backup_dir=tmp_path.parent / f"{tmp_path.name}-store").implement_solution_safely(
        "s", [step], None, lambda: True, files=[path]
    )

    assert result.result is ImplementationStatus.ROLLED_BACK
    assert "did not end within 1.5 s" in (result.error_message or "")
    assert path.read_text() == "old"
    pid = int(noted.read_text())
    until(lambda: not Path(f"/proc/{pid}").exists() or " Z " in Path(f"/proc/{pid}/stat").read_text())


def test_an_async_step_in_a_child_works_and_a_failing_one_says_why(tmp_path: Path, path: Path) -> None:
    async def good() -> str:
        await asyncio.sleep(0)
        path.write_text("new")
        return "written"

    async def bad() -> None:
        raise LookupError("no such thing")

    manager = SafeImplementationManager(backup_dir=tmp_path.parent / f"{tmp_path.name}-store")
    done = manager.implement_solution_safely(
        "s", [ImplementationStep("s", "s", good, in_child=True)], None, lambda: path.read_text() == "new", files=[path]
    )
    assert done.succeeded
    assert done.steps[0].detail == "written"

    failed = manager.implement_solution_safely(
        "s", [ImplementationStep("s", "s", bad, in_child=True)], None, files=[path]
    )
    assert "LookupError: no such thing" in (failed.error_message or "")
    assert path.read_text() == "new"


def test_a_child_that_dies_is_a_failed_step(tmp_path: Path, path: Path) -> None:
    def die() -> None:
        path.write_text("half")
        os.kill(os.getpid(), 9)

    result = implement_solution_with_backup(
        None, "die", die, files_to_backup=[path], backup_dir=tmp_path.parent / f"{tmp_path.name}-store", in_child=True
    )

    assert not result
    assert "died without an answer" in (result.error_message or "")
    assert path.read_text() == "old"


# ------------------------------------------------------------ guardrails


def buckets(latency: float, errors: int, count: int = 40) -> list[Bucket]:
    wobble = [1.0, 1.05, 0.97, 1.02, 0.95, 1.01]
    return [
        Bucket.of([latency * wobble[i % 6] * (1 + j / 100) for j in range(50)], errors + i % 2) for i in range(count)
    ]


@pytest.mark.parametrize(
    ("latency", "errors", "stays"),
    [(0.1, 0, True), (0.13, 0, False), (0.1, 3, False)],
    ids=["same", "slower", "more errors"],
)
def test_a_change_whose_guardrails_get_worse_is_rolled_back(
    tmp_path: Path, path: Path, latency: float, errors: int, stays: bool
) -> None:
    after = iter(buckets(latency, errors, 200))
    clock = FakeClock(SYSTEM_CLOCK.now())
    watch = Watch(sample=lambda: next(after), baseline=buckets(0.1, 0), window_seconds=600, interval_seconds=5)

    result = change(tmp_path / "store", path, watch=watch, clock=clock)

    assert result.succeeded is stays, result.error_message
    assert path.read_text() == ("new" if stays else "old")
    assert {item.metric for item in result.verification.comparisons} == {"latency", "error rate"}


def test_guardrails_that_see_no_traffic_hold_until_the_window_is_over_and_then_roll_back(
    tmp_path: Path, path: Path
) -> None:
    clock = FakeClock(SYSTEM_CLOCK.now())
    watch = Watch(sample=lambda: Bucket(requests=0), baseline=buckets(0.1, 0), window_seconds=60, interval_seconds=5)
    began = clock.monotonic()

    result = change(tmp_path / "store", path, watch=watch, clock=clock)

    assert result.result is ImplementationStatus.ROLLED_BACK
    assert clock.monotonic() - began >= 55
    assert path.read_text() == "old"


class _Service(http.server.BaseHTTPRequestHandler):
    """Answers 500 while a file says ``bad``: a real endpoint that a change may break."""

    path_of_mode: Path

    def do_GET(self) -> None:
        self.send_response(500 if self.path_of_mode.read_text() == "bad" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.mark.parametrize("text", ["fine", "bad"])
def test_an_endpoint_that_a_change_breaks_brings_the_change_back(tmp_path: Path, path: Path, text: str) -> None:
    _Service.path_of_mode = path
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        traffic = EndpointTraffic(url=f"http://127.0.0.1:{server.server_port}/")
        watch = traffic.watch(6.0, interval_seconds=0.02)
        # What is judged here is errors: how long a busy machine takes to answer is no matter of this test.
        result = change(tmp_path / "store", path, text, watch=replace(watch, latency_margin=1e6))
    finally:
        server.shutdown()
        server.server_close()

    errors = next(item for item in result.verification.comparisons if item.metric == "error rate")
    assert errors.verdict is (Effect.WORSE if text == "bad" else Effect.SAME), errors.reason
    if text == "bad":
        assert result.result is ImplementationStatus.ROLLED_BACK
        assert path.read_text() == "old"


# ------------------------------------------------------------ backups


def test_backups_are_listed_verified_restored_and_pruned_by_command(tmp_path: Path, path: Path) -> None:
    store = str(tmp_path / "store")
    manager = SafeImplementationManager(backup_dir=store)
    alone = manager.create_backup("by hand", [path])
    made = change(Path(store), path)

    listed = json.loads(CliRunner().invoke(cli, ["backups", "list", "--store", store, "--format", "json"]).output)
    assert [item["backup_id"] for item in listed] == [alone.backup_id, made.backup_id]
    assert all(item["size"] > 0 for item in listed)
    for name in (alone.backup_id, made.backup_id):
        assert "whole" in CliRunner().invoke(cli, ["backups", "verify", name, "--store", store]).output

    declined = CliRunner().invoke(cli, ["backups", "restore", made.backup_id, "--store", store], input="n\n")
    assert path.read_text() == "new"
    assert "settings.ini" in declined.output
    said = CliRunner().invoke(cli, ["backups", "restore", made.backup_id, "--store", store, "--yes"])
    assert "restored" in said.output
    assert path.read_text() == "old"

    kept = CliRunner().invoke(cli, ["backups", "prune", "--store", store])
    assert "0 changes, 0 backups" in kept.output
    gone = CliRunner().invoke(cli, ["backups", "prune", "--store", store, "--keep", "0", "--days", "0"])
    assert "2 changes, 1 backups" in gone.output
    assert not [item for item in (tmp_path / "store" / "objects").rglob("*") if item.is_file()]
    assert "No backups yet." in CliRunner().invoke(cli, ["backups", "list", "--store", store]).output


def test_a_damaged_backup_is_named_and_not_restored(tmp_path: Path, path: Path) -> None:
    store = str(tmp_path / "store")
    backup = SafeImplementationManager(backup_dir=store).create_backup("b", [path])
    (tmp_path / "store" / "objects" / backup.file_backups[str(path)][:2] / backup.file_backups[str(path)]).write_bytes(
        b"rot"
    )
    path.write_text("new")

    said = CliRunner().invoke(cli, ["backups", "verify", backup.backup_id, "--store", store], standalone_mode=False)

    assert said.return_value == 6
    assert "missing or damaged" in said.output
    with pytest.raises(RollbackError, match="cannot be restored"):
        SafeImplementationManager(backup_dir=store).restore_backup(backup)
    assert path.read_text() == "new"


def test_the_same_content_is_kept_once(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(b"x" * 100_000)
    manager = SafeImplementationManager(backup_dir=tmp_path / "store")
    manager.create_backup("one", [tmp_path / name for name in ("a", "b", "c")])
    before = sum(item.stat().st_size for item in (tmp_path / "store" / "objects").rglob("*") if item.is_file())
    manager.create_backup("two", [tmp_path / name for name in ("a", "b", "c")])
    after = sum(item.stat().st_size for item in (tmp_path / "store" / "objects").rglob("*") if item.is_file())

    assert before < 150_000
    assert after - before < 20_000


def test_what_a_younger_or_an_open_change_needs_is_never_pruned(tmp_path: Path, path: Path) -> None:
    store = tmp_path / "store"
    first = change(store, path, "first")
    waiting = change(store, tmp_path / "other", "w", confirm_within_seconds=3600.0)
    last = change(store, path, "last")
    manager = SafeImplementationManager(backup_dir=store, clock=FakeClock(SYSTEM_CLOCK.now() + timedelta(minutes=30)))

    done = manager.prune_backups(keep=1, days=0)

    assert done.changes == (first.backup_id,)
    assert {record.change_id for record in list_changes(store)} == {waiting.backup_id, last.backup_id}
    assert manager.rollback_change(last.backup_id).succeeded
    assert path.read_text() == "first"
    assert manager.rollback_change(waiting.backup_id).succeeded


def test_a_corrupt_journal_forbids_pruning(tmp_path: Path, path: Path) -> None:
    store = tmp_path / "store"
    change(store, path, "first")
    journal = next((store / "impl").iterdir())
    data = bytearray(journal.read_bytes())
    data[60] ^= 1
    journal.write_bytes(data)
    objects = sorted(item.name for item in (store / "objects").rglob("*"))

    done = SafeImplementationManager(backup_dir=store).prune_backups(keep=0, days=0)

    assert "corrupt" in done.reason
    assert sorted(item.name for item in (store / "objects").rglob("*")) == objects


# ------------------------------------------------------------ a way back that fails


def test_a_way_back_that_fails_shouts_and_says_what_to_do_by_hand(
    tmp_path: Path, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = tmp_path / "store"

    def harm() -> None:
        path.write_text("new")
        for item in (store / "objects").rglob("*"):
            if item.is_file() and item.read_bytes() == b"old":
                item.write_bytes(b"rot")

    result = SafeImplementationManager(backup_dir=store).implement_solution_safely(
        "s", [ImplementationStep("s", "s", harm)], None, lambda: False, files=[path]
    )

    assert result.result is ImplementationStatus.ROLLBACK_BLOCKED
    assert "THE WAY BACK IS BLOCKED" in (result.error_message or "")
    assert any(command.startswith("cp ") and str(path) in command for command in result.by_hand)
    assert any(record.levelname == "CRITICAL" for record in caplog.records)
    said = CliRunner().invoke(cli, ["recover", "--store", str(store)], standalone_mode=False)
    assert said.return_value == 6
    assert "By hand:" in said.output


def test_the_commands_by_hand_do_bring_everything_back(tmp_path: Path) -> None:
    root = tmp_path / "app"
    (root / "sub").mkdir(parents=True)
    (root / "a file").write_text("old")
    (root / "a file").chmod(0o640)
    (root / "link").symlink_to("a file")
    store = tmp_path / "store"

    def harm() -> None:
        (root / "a file").write_text("new")
        (root / "link").unlink()
        (root / "sub").rmdir()
        (root / "added").write_text("x")

    def fail() -> None:
        raise RuntimeError("cannot")

    result = SafeImplementationManager(backup_dir=store).implement_solution_safely(
        "s", [ImplementationStep("s", "s", harm, rollback_action=fail)], None, lambda: False, files=[root]
    )
    # The files came back although the step's own rollback failed; spoil them again to follow the instructions.
    assert result.result is ImplementationStatus.ROLLBACK_BLOCKED
    harm()
    outcome = recover(store)[0]
    for command in outcome.by_hand:
        subprocess.run(["sh", "-c", command], check=True)

    assert (root / "a file").read_text() == "old"
    assert (root / "a file").stat().st_mode & 0o777 == 0o640
    assert (root / "link").is_symlink()
    assert (root / "sub").is_dir()
    assert not (root / "added").exists()
