"""Files and variables survive a kill at every write, and everything else that can go wrong."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from diagnostics.errors import ChangeLockedError, SnapshotError
from diagnostics.model.change import ChangeState, ImplementationStatus, RiskLevel
from diagnostics.safe_implementation import (
    ImplementationStep,
    SafeImplementationManager,
    implement_solution_with_backup,
    list_changes,
    recover,
    resolve,
    rollback_change,
)

ROOT = os.geteuid() == 0


def tree(root: Path) -> dict[str, Any]:
    """Everything about a tree that a restore has to bring back."""
    found: dict[str, Any] = {}
    for path in [root, *sorted(root.rglob("*"))]:
        seen = path.lstat()
        kind = stat.S_IFMT(seen.st_mode)
        content = path.read_bytes() if stat.S_ISREG(seen.st_mode) else os.readlink(path) if path.is_symlink() else b""
        attributes = {
            name: os.getxattr(path, name, follow_symlinks=False) for name in os.listxattr(path, follow_symlinks=False)
        }
        found[str(path)] = (
            kind,
            stat.S_IMODE(seen.st_mode),
            seen.st_uid,
            seen.st_gid,
            seen.st_mtime_ns,
            content,
            attributes,
        )
    return found


def plant(root: Path) -> Path:
    root.mkdir()
    (root / "settings.ini").write_text("[pool]\nsize = 5\n")
    (root / "settings.ini").chmod(0o640)
    (root / ".env").write_text("DB_PASSWORD=tr0ub4dor&3\n")
    (root / ".env").chmod(0o600)
    (root / "tool").write_bytes(b"#!/bin/sh\n")
    (root / "tool").chmod(0o4755)
    (root / "empty").mkdir(mode=0o750)
    (root / "nested").mkdir()
    (root / "nested" / "data.bin").write_bytes(os.urandom(3000))
    (root / "link").symlink_to("settings.ini")
    (root / "dangling").symlink_to("nowhere")
    os.setxattr(root / "nested" / "data.bin", "user.origin", b"lab")
    if ROOT:
        os.chown(root / "settings.ini", 1234, 4321)
    for number, path in enumerate(sorted(root.rglob("*"), reverse=True)):
        os.utime(path, ns=(10**18, 10**18 + number * 1_000_000_007), follow_symlinks=False)
    os.utime(root, ns=(10**18, 10**18 + 77))
    return root


def spoil(root: Path) -> None:
    """Change everything in a tree that can be changed."""
    (root / "settings.ini").write_text("[pool]\nsize = 50\n")
    (root / ".env").unlink()
    (root / "tool").chmod(0o600)
    (root / "empty").rmdir()
    (root / "empty").write_text("now a file")
    (root / "nested" / "data.bin").unlink()
    (root / "nested").rmdir()
    (root / "nested").symlink_to("/nowhere")
    (root / "link").unlink()
    (root / "link").mkdir()
    (root / "link" / "inside").write_text("deep")
    (root / "new").mkdir()
    (root / "new" / "file").write_text("fresh")
    os.setxattr(root / "tool", "user.added", b"x")


def manager_of(tmp_path: Path, **options: Any) -> SafeImplementationManager:
    return SafeImplementationManager(backup_dir=tmp_path / "store", **options)


def step(action: Any, **options: Any) -> ImplementationStep:
    return ImplementationStep("main", "the change", action, **options)


def test_a_failing_verification_brings_every_kind_of_entry_back_exactly(tmp_path: Path) -> None:
    root = plant(tmp_path / "app")
    before = tree(root)

    result = manager_of(tmp_path).implement_solution_safely(
        "spoil", [step(lambda: spoil(root))], None, lambda: False, files=[root]
    )

    assert result.result is ImplementationStatus.ROLLED_BACK, result.error_message
    assert tree(root) == before


def test_variables_set_changed_and_removed_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_CHANGED", "before")
    monkeypatch.setenv("LAB_REMOVED", "before")
    before = dict(os.environ)

    def change() -> None:
        os.environ["LAB_CHANGED"] = "after"
        os.environ["LAB_ADDED"] = "after"
        del os.environ["LAB_REMOVED"]

    result = manager_of(tmp_path).implement_solution_safely("e", [step(change)], None, lambda: False)

    assert result.rollback_performed
    assert dict(os.environ) == before


def test_a_good_change_stays_and_a_later_rollback_undoes_it(tmp_path: Path) -> None:
    root = plant(tmp_path / "app")
    before = tree(root)
    result = manager_of(tmp_path).implement_solution_safely(
        "g", [step(lambda: spoil(root))], None, lambda: True, files=[root]
    )
    assert result.succeeded
    assert result.validation_passed
    assert (root / "new" / "file").read_text() == "fresh"

    undone = rollback_change(tmp_path / "store", str(result.backup_id))

    assert undone.succeeded, undone.error_message
    assert tree(root) == before


def test_a_file_that_somebody_else_changed_since_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.ini"
    path.write_text("old")
    result = manager_of(tmp_path).implement_solution_safely(
        "g", [step(lambda: path.write_text("new"))], None, lambda: True, files=[path]
    )
    path.write_text("edited by hand")

    undone = rollback_change(tmp_path / "store", str(result.backup_id))

    assert undone.result is ImplementationStatus.ROLLBACK_BLOCKED
    assert path.read_text() == "edited by hand"
    forced = rollback_change(tmp_path / "store", str(result.backup_id), on_foreign_writes="restore")
    assert forced.succeeded
    assert path.read_text() == "old"


def test_a_foreign_write_before_an_automatic_rollback_blocks_it_and_a_person_resolves_it(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("old")
    two.write_text("old")

    def change() -> None:
        one.write_text("new")
        two.write_text("new")

    def foreign_write_then_fail() -> bool:
        one.write_text("precious")
        return False

    result = manager_of(tmp_path).implement_solution_safely(
        "g", [step(change)], None, foreign_write_then_fail, files=[one, two]
    )

    assert result.result is ImplementationStatus.ROLLBACK_BLOCKED
    assert (one.read_text(), two.read_text()) == ("precious", "new")
    kept = result.kept_copies[str(one)]
    assert (tmp_path / "store" / "objects" / kept[:2] / kept).read_text() == "precious"
    outcome = resolve(tmp_path / "store", str(result.backup_id), "restore")
    assert outcome.state is ChangeState.ROLLED_BACK
    assert (one.read_text(), two.read_text()) == ("old", "old")


def test_a_hanging_function_is_left_behind_and_everything_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    release = threading.Event()

    def hang() -> None:
        path.write_text("half")
        release.wait(30)

    began = time.monotonic()
    result = manager_of(tmp_path).implement_solution_safely("h", [step(hang, timeout_seconds=0.3)], None, files=[path])
    release.set()

    assert time.monotonic() - began < 5
    assert result.result is ImplementationStatus.ROLLED_BACK
    assert "did not end within" in str(result.error_message)
    assert path.read_text() == "old"
    assert any("left behind" in note for note in result.notes)


def test_async_functions_run_in_a_loop_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")

    async def change() -> None:
        await asyncio.sleep(0)
        path.write_text("new")

    async def verification() -> bool:
        await asyncio.sleep(0)
        return path.read_text() == "new"

    async def main() -> Any:
        manager = manager_of(tmp_path)
        return await asyncio.to_thread(
            manager.implement_solution_safely, "a", [step(change)], None, verification, files=[path]
        )

    assert asyncio.run(main()).succeeded


def test_steps_are_undone_last_first_with_their_own_rollback(tmp_path: Path) -> None:
    log: list[str] = []

    def fail() -> None:
        raise OSError("no space")

    steps = [
        ImplementationStep("one", "1", lambda: log.append("do 1"), lambda: log.append("undo 1")),
        ImplementationStep("two", "2", lambda: log.append("do 2"), lambda: log.append("undo 2")),
        ImplementationStep("three", "3", fail, lambda: log.append("undo 3")),
    ]
    result = manager_of(tmp_path).implement_solution_safely("s", steps, None)

    assert log == ["do 1", "do 2", "undo 3", "undo 2", "undo 1"]
    assert (result.steps_completed, result.steps_total) == (2, 3)
    assert "OSError: no space" in str(result.error_message)


def test_a_rollback_function_that_fails_leaves_a_state_that_shouts(tmp_path: Path) -> None:
    def cannot() -> None:
        raise RuntimeError("the way is gone")

    result = manager_of(tmp_path).implement_solution_safely(
        "s", [ImplementationStep("one", "1", lambda: None, cannot)], None, lambda: False
    )

    assert result.result is ImplementationStatus.ROLLBACK_BLOCKED
    assert "the way is gone" in str(result.error_message)
    assert "diagnose recover" in str(result.error_message)


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, GeneratorExit])
def test_an_interrupt_in_the_middle_goes_on_only_after_the_way_back(
    tmp_path: Path, interrupt: type[BaseException]
) -> None:
    path = tmp_path / "a"
    path.write_text("old")

    def change() -> None:
        path.write_text("half")
        raise interrupt

    with pytest.raises(interrupt):
        manager_of(tmp_path).implement_solution_safely("s", [step(change)], None, files=[path])
    assert path.read_text() == "old"
    assert list_changes(tmp_path / "store")[0].state is ChangeState.ROLLED_BACK


def test_a_precondition_that_no_longer_holds_means_no_change(tmp_path: Path) -> None:
    ran: list[int] = []
    result = manager_of(tmp_path).implement_solution_safely(
        "s", [step(lambda: ran.append(1))], None, precondition=lambda: "the blocker is gone by itself"
    )
    assert result.result is ImplementationStatus.ABORTED
    assert result.error_message == "the blocker is gone by itself"
    assert not ran


def test_a_step_that_is_not_critical_may_fail(tmp_path: Path) -> None:
    steps = [ImplementationStep("one", "1", lambda: 1 / 0, critical=False), step(lambda: None)]
    result = manager_of(tmp_path).implement_solution_safely("s", steps, None, lambda: True)
    assert result.succeeded
    assert "ZeroDivisionError" in result.notes[0]


def test_a_finding_that_does_not_flip_rolls_back_although_the_function_is_content(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    result = manager_of(tmp_path).implement_solution_safely(
        "s", [step(lambda: path.write_text("new"))], None, lambda: True, files=[path], still_present=lambda: True
    )
    assert result.result is ImplementationStatus.ROLLED_BACK
    assert path.read_text() == "old"


@pytest.mark.parametrize(
    ("risk", "expected"), [("LOW", ImplementationStatus.SUCCESS), ("HIGH", ImplementationStatus.ROLLED_BACK)]
)
def test_an_inconclusive_verification_keeps_only_what_is_not_risky(
    tmp_path: Path, risk: str, expected: ImplementationStatus
) -> None:
    manager = manager_of(tmp_path)
    assessment = manager.assess_solution_impact("x", database_changes=risk == "HIGH", verification_function_given=False)
    assert assessment.risk_level is RiskLevel(risk)
    result = manager.implement_solution_safely("s", [step(lambda: None)], assessment, still_present=lambda: None)
    assert result.result is expected
    assert not result.validation_passed


def test_without_automatic_rollback_a_failed_change_stays_and_can_be_undone(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    result = manager_of(tmp_path).implement_solution_safely(
        "s", [step(lambda: path.write_text("new"))], None, lambda: False, False, files=[path]
    )
    assert result.result is ImplementationStatus.FAILED
    assert path.read_text() == "new"
    assert rollback_change(tmp_path / "store", str(result.backup_id)).succeeded
    assert path.read_text() == "old"


def test_the_convenience_function_keeps_its_old_shape(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    assert implement_solution_with_backup(
        None, "write", lambda: path.write_text("new"), None, lambda: True, [str(path)], backup_dir=tmp_path / "store"
    )
    assert not implement_solution_with_backup(
        None, "write", lambda: path.write_text("newer"), None, lambda: False, [str(path)], backup_dir=tmp_path / "store"
    )
    assert path.read_text() == "new"


def test_a_backup_is_made_verified_and_restored(tmp_path: Path) -> None:
    root = plant(tmp_path / "app")
    before = tree(root)
    manager = manager_of(tmp_path)
    backup = manager.create_backup("before lunch", [root])
    assert manager.verify_backup(backup)
    assert [item.backup_id for item in manager.list_backups()] == [backup.backup_id]
    spoil(root)
    assert manager.rollback_from_backup(backup)
    assert tree(root) == before

    digest = next(iter(backup.file_backups.values()))
    (tmp_path / "store" / "objects" / digest[:2] / digest).write_bytes(b"rot")
    assert not manager.verify_backup(backup.backup_id)


def test_hard_linked_files_stay_linked(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("old")
    os.link(one, two)
    result = manager_of(tmp_path).implement_solution_safely(
        "s", [step(lambda: one.write_text("new!"))], None, lambda: False, files=[one]
    )
    assert result.rollback_performed
    assert two.read_text() == "old"
    assert one.stat().st_ino == two.stat().st_ino


def test_a_pattern_covers_files_that_did_not_exist_yet(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("a")

    def change() -> None:
        (tmp_path / "b.conf").write_text("b")

    result = manager_of(tmp_path).implement_solution_safely(
        "s", [step(change)], None, lambda: False, files=[tmp_path / "*.conf"]
    )
    assert result.rollback_performed, result.error_message
    assert sorted(path.name for path in tmp_path.glob("*.conf")) == ["a.conf"]


def test_special_files_and_a_store_inside_the_declared_folder_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SnapshotError, match="socket, pipe or device"):
        manager_of(tmp_path).create_backup("x", [tmp_path / "pipe"])
    with pytest.raises(SnapshotError, match="inside the declared path"):
        manager_of(tmp_path).create_backup("x", [tmp_path])


def test_two_managers_never_work_on_one_store_at_once(tmp_path: Path) -> None:
    inside, go_on = threading.Event(), threading.Event()
    path = tmp_path / "a"
    path.write_text("old")

    def slow() -> None:
        path.write_text("new")
        inside.set()
        go_on.wait(10)

    first = manager_of(tmp_path)
    results: list[Any] = []
    thread = threading.Thread(
        target=lambda: results.append(
            first.implement_solution_safely("1", [step(slow)], None, lambda: True, files=[path])
        )
    )
    thread.start()
    assert inside.wait(10)
    second = manager_of(tmp_path)  # its start must not "recover" the change that is alive
    with pytest.raises(ChangeLockedError, match=str(os.getpid())):
        second.implement_solution_safely("2", [step(lambda: None)], None)
    with pytest.raises(ChangeLockedError):
        recover(tmp_path / "store")
    go_on.set()
    thread.join(10)
    assert results[0].succeeded
    assert path.read_text() == "new"


def test_nothing_secret_is_in_journals_or_results_and_nobody_else_can_read_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_mask = os.umask(0)
    try:
        monkeypatch.setenv("LAB_API_KEY", "sk-very-secret-value-42")
        root = plant(tmp_path / "app")
        lines: list[str] = []
        manager = SafeImplementationManager(backup_dir=tmp_path / "store", progress=lines.append)

        def leak() -> None:
            raise RuntimeError("cannot log in with password=tr0ub4dor&3 at postgresql://u:tr0ub4dor&3@h/d")

        result = manager.implement_solution_safely("s", [step(leak)], None, files=[root])
    finally:
        os.umask(old_mask)
    told = "".join(lines) + result.to_json() + "".join(p.read_text() for p in (tmp_path / "store" / "impl").iterdir())
    assert "sk-very-secret-value-42" not in told
    assert "tr0ub4dor&3" not in told
    for path in [tmp_path / "store", *(tmp_path / "store").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


# ------------------------------------------------------------ crashes

CHILD = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests_crash_scene import spoil
from diagnostics.safe_implementation import ImplementationStep, SafeImplementationManager
store, root, at, good = sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), sys.argv[5] == "good"
seen = 0
def checkpoint(label):
    global seen
    seen += 1
    if seen == at:
        sys.stdout.write(label); sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)
def change():
    os.environ["LAB_CRASH"] = "after"
    spoil(root)
manager = SafeImplementationManager(backup_dir=store, checkpoint=checkpoint)
manager.implement_solution_safely("s", [ImplementationStep("s", "s", change)], None, lambda: good, files=[root])
sys.stdout.write(f"total {seen}")
"""
RECOVER = """
import json, os, signal, sys
from diagnostics.safe_implementation import recover
store, at = sys.argv[1], int(sys.argv[2])
seen = 0
def checkpoint(label):
    global seen
    seen += 1
    if seen == at:
        os.kill(os.getpid(), signal.SIGKILL)
before = dict(os.environ)
outcomes = recover(store, checkpoint=checkpoint)
print(json.dumps({"states": [o.state for o in outcomes], "needs": [o.message for o in outcomes if o.needs_person],
                  "environment": before == dict(os.environ), "seen": seen}))
"""


def run_child(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip


@pytest.mark.timeout(300)
@pytest.mark.parametrize("good", ["good", "bad"])
def test_killed_at_any_write_the_next_start_finds_exactly_the_old_state_or_the_new_one(
    tmp_path: Path, good: str
) -> None:
    import inspect

    helper = tmp_path / "helper"
    helper.mkdir()
    (helper / "tests_crash_scene.py").write_text("import os\nfrom pathlib import Path\n" + inspect.getsource(spoil))
    root = tmp_path / "app"

    def fresh(number: int) -> Path:
        if root.exists():
            subprocess.run(["rm", "-rf", str(root)], check=True)
        plant(root)
        return tmp_path / f"store-{number}"

    store = fresh(-1)
    before = tree(root)
    done = run_child(CHILD, helper, store, root, -1, good)
    assert done.returncode == 0, done.stderr
    total = int(done.stdout.split()[-1])
    new = tree(root) if good == "good" else None
    # Every third point also kills the recovery once.
    points = sorted({1 + round(i * (total - 1) / 29) for i in range(30)})
    assert len(points) >= 25
    for number, at in enumerate(points):
        store = fresh(number)
        before = tree(root)
        done = run_child(CHILD, helper, store, root, at, good)
        assert done.returncode == -9, done.stderr
        label = f"kill {at} of {total}, at {done.stdout}"
        if number % 3 == 0:
            assert run_child(RECOVER, store, 3 + number).returncode in (0, -9)
        told = json.loads(run_child(RECOVER, store, -1).stdout)
        assert told["needs"] == [], label
        assert told["environment"], label
        state = list_changes(store)[-1].state if list_changes(store) else None
        now = tree(root)
        if state is ChangeState.COMMITTED:
            assert new is not None, label
            assert {p: (v[0], v[5]) for p, v in now.items()} == {p: (v[0], v[5]) for p, v in new.items() if p in now}, (
                label
            )
            assert now.keys() == new.keys(), label
        else:
            assert now == before, label
            assert state in (None, ChangeState.ROLLED_BACK, ChangeState.ABORTED), label
        again = json.loads(run_child(RECOVER, store, -1).stdout)
        assert again["states"] == [], label
        assert again["seen"] == 0, label  # a second recovery writes nothing


def crashed_store(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A change that was killed while it was applied."""
    path, store = tmp_path / "a", tmp_path / "store"
    path.write_text("old")
    code = (
        "import os, sys\nfrom pathlib import Path\n"
        "from diagnostics.safe_implementation import ImplementationStep, SafeImplementationManager\n"
        "def change():\n    Path(sys.argv[2]).write_text('half'); os.kill(os.getpid(), 9)\n"
        "SafeImplementationManager(backup_dir=sys.argv[1]).implement_solution_safely('s', "
        "[ImplementationStep('s', 's', change)], None, files=[sys.argv[2]])\n"
    )
    assert run_child(code, store, path).returncode == -9
    assert path.read_text() == "half"
    return path, store, next((store / "impl").iterdir())


def test_a_new_manager_recovers_before_anything_else(tmp_path: Path) -> None:
    path, store, _ = crashed_store(tmp_path)
    manager = SafeImplementationManager(backup_dir=store)
    assert [outcome.state for outcome in manager.recovered] == [ChangeState.ROLLED_BACK]
    assert path.read_text() == "old"


def test_a_torn_last_record_is_dropped(tmp_path: Path) -> None:
    path, store, journal = crashed_store(tmp_path)
    with journal.open("ab") as file:
        file.write(b'0000012f deadbeef {"seq":99,"state":"COMM')
    assert recover(store)[0].state is ChangeState.ROLLED_BACK
    assert path.read_text() == "old"
    assert recover(store) == []


def test_a_corrupt_record_in_the_middle_is_reported_and_nothing_is_touched(tmp_path: Path) -> None:
    path, store, journal = crashed_store(tmp_path)
    data = bytearray(journal.read_bytes())
    data[60] ^= 1
    journal.write_bytes(data)

    outcome = recover(store)[0]

    assert outcome.state is None
    assert outcome.needs_person
    assert "corrupt" in outcome.message
    assert path.read_text() == "half"
    assert journal.read_bytes() == bytes(data)
    assert list_changes(store)[0].needs_person


def test_a_damaged_object_blocks_the_rollback_instead_of_restoring_rubbish(tmp_path: Path) -> None:
    path, store, _ = crashed_store(tmp_path)
    for item in (store / "objects").rglob("*"):
        if item.is_file() and item.read_bytes() == b"old":
            item.write_bytes(b"rot")
    outcome = recover(store)[0]
    assert outcome.state is ChangeState.ROLLBACK_BLOCKED
    assert path.read_text() == "half"


@pytest.mark.skipif(not ROOT, reason="mounting a small file system needs root")
def test_a_full_disk_under_the_store_means_no_change_and_under_a_running_change_a_rollback(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(small)], check=False, capture_output=True
    ).returncode:
        pytest.skip("this container may not mount")
    try:
        path = tmp_path / "a"
        path.write_bytes(os.urandom(6 << 20))
        manager = SafeImplementationManager(backup_dir=small / "store")
        with pytest.raises(SnapshotError, match="left"):
            manager.implement_solution_safely("s", [step(lambda: None)], None, files=[path])

        path.write_text("old")

        def fill_the_disk() -> None:
            path.write_text("new")
            try:
                with (small / "ballast").open("wb") as file:
                    while True:
                        file.write(b"x" * 4096)
                        file.flush()
            except OSError:
                pass

        result = manager.implement_solution_safely("s", [step(fill_the_disk)], None, lambda: True, files=[path])
        assert path.read_text() == "old"
        assert result.result is ImplementationStatus.ROLLED_BACK, result.error_message
        (small / "ballast").unlink()
        recover(small / "store")
        assert path.read_text() == "old"
        assert list_changes(small / "store")[-1].state is ChangeState.ROLLED_BACK
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.skipif(not ROOT, reason="mounting a small file system needs root")
def test_a_read_only_store_means_no_change(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", str(small)], check=False, capture_output=True
    ).returncode:
        pytest.skip("this container may not mount")
    try:
        ran: list[int] = []
        with pytest.raises(SnapshotError, match=r"Read-only|DIAGNOSE_STORE"):
            SafeImplementationManager(backup_dir=small / "store").implement_solution_safely(
                "s", [step(lambda: ran.append(1))], None
            )
        assert not ran
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_sqlite_is_kept_and_restored_into_the_live_file(tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "PRAGMA user_version = 7; CREATE TABLE t (x); INSERT INTO t VALUES (1), ('two'), (NULL);"
        )

    def harm() -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript("DELETE FROM t WHERE x = 1; CREATE TABLE u (y); PRAGMA user_version = 8;")

    with closing(sqlite3.connect(path)) as reader:  # stays open: the file must not be replaced
        result = manager_of(tmp_path, db_engine=f"sqlite:///{path}").implement_solution_safely(
            "s", [step(harm)], None, lambda: False, database=True
        )
        assert result.result is ImplementationStatus.ROLLED_BACK, result.error_message
        assert reader.execute("SELECT count(*) FROM t").fetchone() == (3,)
        assert reader.execute("PRAGMA user_version").fetchone() == (7,)
        assert reader.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)
