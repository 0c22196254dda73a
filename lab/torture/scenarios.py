"""The ways to torture: each one yields what was found after the next start, point by point."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from diagnostics.model.change import ChangeState
from diagnostics.safe_implementation import (
    ImplementationStep,
    SafeImplementationManager,
    list_changes,
    recover,
    resolve,
)
from diagnostics.safe_implementation.snapshotters import files
from lab.torture.child import Ended, Fault, QuickClock, run
from lab.torture.scene import Scene, Tick

OLD, NEW, THIRD, SHOUTS = "old", "new", "THIRD", "SHOUTS"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one blow left: the old state, the new one, a third, or a state that asks for a person; and whether that is right."""

    scenario: str
    at: int
    label: str
    found: str
    right: bool
    note: str = ""
    asked: bool = False


def apply(scene: Scene, *, good: bool) -> Callable[[Tick], Any]:
    """Return the work of a child: one change, verified as good or bad."""

    def work(tick: Tick) -> str:
        manager = SafeImplementationManager(
            backup_dir=scene.store, db_engine=scene.engine, checkpoint=tick, clock=QuickClock()
        )
        step = ImplementationStep("s", "the change", lambda: scene.change(tick))
        result = manager.implement_solution_safely(
            "s", [step], None, lambda: good, files=[scene.root], database=scene.engine is not None
        )
        return str(result.result)

    return work


def undo_later(scene: Scene) -> Callable[[Tick], Any]:
    """Return the work of a child: the rollback of the committed change, long after it."""

    def work(tick: Tick) -> str:
        manager = SafeImplementationManager(
            backup_dir=scene.store, db_engine=scene.engine, checkpoint=tick, clock=QuickClock()
        )
        last = [record for record in list_changes(scene.store) if record.state is ChangeState.COMMITTED][-1]
        return str(manager.rollback_change(last.change_id).result)

    return work


def recovery(scene: Scene) -> Callable[[Tick], Any]:
    """Return the work of a child: the next start; it says what it did and whether its variables are untouched."""

    def work(tick: Tick) -> str:
        before = dict(os.environ)
        outcomes = recover(scene.store, checkpoint=tick)
        needs = [outcome.message for outcome in outcomes if outcome.needs_person]
        return json.dumps(
            {
                "did": sum(outcome.acted for outcome in outcomes),
                "needs": needs,
                "same variables": before == dict(os.environ),
            }
        )

    return work


class Judge:
    """Knows the old and the new state of a scene, and says which of them is there."""

    def __init__(self, scene: Scene, *, good: bool) -> None:
        self.scene = scene
        self.fresh()
        self.old = scene.look()
        ended = run(apply(scene, good=good))
        if ended.error or ended.said != ("SUCCESS" if good else "ROLLED_BACK"):
            raise RuntimeError(f"the change does not even work in peace: {ended}")
        self.writes = ended.writes
        self.new = scene.look()
        if good == (self.new == self.old):
            raise RuntimeError("the change in peace leaves what it must not leave")
        if good:
            self.fresh()

    def fresh(self) -> None:
        """Bring the old state back and forget the store."""
        self.scene.reset_files()
        self.scene.reset_database()

    def judge(
        self, scenario: str, at: int, struck: Ended, *, allowed: tuple[str, ...] | None = None, may_ask: bool = False
    ) -> Outcome:
        """Recover twice, look, and say what is there; then make the old state anew where it is not there.

        ``may_ask``: what is missing (space, the server) was missing on the way back too, so that the way back may wait
        for a person, who then says: restore.
        """
        scene, label = self.scene, struck.label or struck.error[:60] or struck.said
        first = json.loads(run(recovery(scene)).said or '{"needs": ["recovery said nothing"]}')
        asked = may_ask and bool(first["needs"])
        if asked:
            for record in list_changes(scene.store):
                if record.needs_person:
                    run(lambda tick, which=record.change_id: resolve(scene.store, which, "restore").state)
            first["needs"] = []
        again = json.loads(run(recovery(scene)).said or '{"needs": ["recovery said nothing"]}')
        notes = [*first["needs"], *again["needs"]]
        if again.get("did"):
            notes.append("a second recovery acted again")
        if not first.get("same variables", True):
            notes.append("recovery changed variables of its own process")
        seen = scene.look()
        found = OLD if seen == self.old else NEW if seen == self.new else THIRD
        committed = any(r.state is ChangeState.COMMITTED and not r.revert_of for r in list_changes(scene.store))
        if allowed is None:
            allowed = (NEW,) if committed else (OLD,)
        if found == THIRD:
            different = sorted(key for key in seen.keys() | self.old.keys() if seen.get(key) != self.old.get(key))
            notes.append(", ".join(different)[:300])
        note = "; ".join(text for text in notes if text)
        if found != OLD:
            scene.reset_database()
        scene.reset_files()
        right = found in allowed and not note
        return Outcome(scenario=scenario, at=at, label=label, found=found, right=right, note=note, asked=asked)


def spread(total: int, points: int | None) -> list[int]:
    """Return evenly spaced numbers from 1 to total; all of them when there is no limit."""
    if points is None or points >= total:
        return list(range(1, total + 1))
    return sorted({1 + round(i * (total - 1) / max(1, points - 1)) for i in range(points)})


def killed(scene: Scene, points: int | None, *, name: str) -> Iterator[Outcome]:
    """SIGKILL before every write of a change that is good, and of one that is rolled back."""
    for good in (True, False):
        judge = Judge(scene, good=good)
        for at in spread(judge.writes, points):
            struck = run(apply(scene, good=good), Fault(kind="kill", at=at))
            yield judge.judge(f"{name}: killed, {'good' if good else 'bad'} change", at, struck)


def killed_many(scene: Scene, points: int | None, *, name: str) -> Iterator[Outcome]:
    """The same, as if there were so many files that they are synced in groups."""
    many, files.MANY = files.MANY, 3
    try:
        yield from killed(scene, points, name=name)
    finally:
        files.MANY = many


def killed_later(scene: Scene, points: int | None, *, name: str) -> Iterator[Outcome]:
    """SIGKILL before every write of a rollback that a person asked for, long after the change."""
    judge = Judge(scene, good=True)

    def prepare() -> None:
        judge.fresh()
        run(apply(scene, good=True))

    prepare()
    writes = run(undo_later(scene)).writes
    for at in spread(writes, points):
        prepare()
        struck = run(undo_later(scene), Fault(kind="kill", at=at))
        reverted = any(r.state is ChangeState.COMMITTED and r.revert_of for r in list_changes(scene.store))
        outcome = judge.judge(f"{name}: killed while rolled back later", at, struck, allowed=(OLD, NEW))
        yield replace(outcome, right=outcome.right and (not reverted or outcome.found == OLD))
    judge.fresh()


def killed_in_recovery(scene: Scene, points: int | None, *, name: str) -> Iterator[Outcome]:
    """SIGKILL before every write of a recovery, from a crash near the end of the change."""
    judge = Judge(scene, good=True)
    crash = _last_write_of_the_change(scene, judge)
    run(apply(scene, good=True), Fault(kind="kill", at=crash))
    total = run(recovery(scene)).writes
    judge.fresh()
    for at in spread(total, points):
        run(apply(scene, good=True), Fault(kind="kill", at=crash))
        struck = run(recovery(scene), Fault(kind="kill", at=at))
        yield judge.judge(f"{name}: recovery killed", at, struck, allowed=(OLD,))


def _last_write_of_the_change(scene: Scene, judge: Judge) -> int:
    """Return the number of the first write after the change's own work."""
    low, high = 1, judge.writes
    while low < high:
        middle = (low + high) // 2
        run(apply(scene, good=True), Fault(kind="kill", at=middle))
        late = any(
            r.state in (ChangeState.APPLIED, ChangeState.VALIDATING, ChangeState.COMMITTED)
            for r in list_changes(scene.store)
        )
        run(recovery(scene))
        judge.fresh()
        low, high = (low, middle) if late else (middle + 1, high)
    return low - 1


def torn(scene: Scene, points: int | None, *, name: str) -> Iterator[Outcome]:
    """The last record of the journal is written by half, then the process dies."""
    for good in (True, False):
        judge = Judge(scene, good=good)
        total = run(apply(scene, good=good), Fault(kind="torn", at=-1)).writes
        judge.fresh()
        for at in spread(total, points):
            struck = run(apply(scene, good=good), Fault(kind="torn", at=at))
            yield judge.judge(f"{name}: torn last record", at, struck)


def refused(scene: Scene, points: int | None, *, name: str) -> Iterator[Outcome]:
    """Each write is refused in turn: fsync errors (once), a full disk and a read-only file system (from then on)."""
    for kind, lasting in (("fsync error", False), ("fsync error", True), ("full disk", True), ("read-only", True)):
        for good in (True, False):
            judge = Judge(scene, good=good)
            total = run(apply(scene, good=good), Fault(kind=kind, at=-1)).writes
            judge.fresh()
            for at in spread(total, points):
                struck = run(apply(scene, good=good), Fault(kind=kind, at=at, lasting=lasting))
                yield judge.judge(f"{name}: {kind}{', lasting' if lasting else ''}", at, struck)


def really_full(scene: Scene, points: int | None, *, name: str) -> Iterator[Outcome]:
    """A real small file system under the store is filled to the last byte at some write of a change."""
    scene.store.mkdir(exist_ok=True)
    with _small_file_system(scene.folder / "small") as place:
        if place is None:
            return
        small = replace(scene, folder=scene.folder / "small")
        for good in (True, False):
            judge = Judge(small, good=good)
            for at in spread(judge.writes, points):
                struck = run(apply(small, good=good), Fault(kind="call", at=at, do=lambda label: _fill(place)))
                (place / "ballast").unlink(missing_ok=True)
                yield judge.judge(f"{name}: disk really full", at, struck, may_ask=True)


@contextmanager
def _small_file_system(folder: Path) -> Iterator[Path | None]:
    folder.mkdir(exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    try:
        yield folder if made.returncode == 0 else None
    finally:
        if made.returncode == 0:
            subprocess.run(["umount", str(folder)], check=True)


def _fill(place: Path) -> None:
    with (place / "ballast").open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            with suppress(OSError):
                while True:
                    file.write(b"x" * size)


def cut_off(scene: Scene, points: int | None, *, name: str) -> Iterator[Outcome]:
    """The server ends all sessions of the database, and once it dies altogether, at some write of a change."""
    assert scene.postgres is not None
    postgres = scene.postgres

    def end_sessions(label: str) -> None:
        postgres.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'torture' OR datname LIKE 'diag%'",
            "postgres",
        )

    for good in (True, False):
        judge = Judge(scene, good=good)
        for at in spread(judge.writes, points):
            struck = run(apply(scene, good=good), Fault(kind="call", at=at, do=end_sessions))
            yield judge.judge(f"{name}: sessions cut off", at, struck, may_ask=True)
        for at in spread(judge.writes, None if points is None else max(2, points // 4)):
            pid = postgres.postmaster_pid

            def die(label: str, pid: int = pid) -> None:
                os.kill(pid, 3)  # SIGQUIT: at once, as in a crash
                with suppress(ProcessLookupError):
                    while True:
                        os.kill(pid, 0)
                        if _is_zombie(pid):
                            break

            struck = run(apply(scene, good=good), Fault(kind="call", at=at, do=die))
            postgres.start()
            yield judge.judge(f"{name}: server dies", at, struck, may_ask=True)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError as error:
        return error.errno == errno.ENOENT


def at_once(scene: Scene, points: int | None, *, name: str) -> Iterator[Outcome]:
    """Several processes want to change the same thing at once: one may, the others are told so; nothing is mixed."""
    judge = Judge(scene, good=True)
    for at in range(1, (points or 20) + 1):
        pids = []
        for number in range(4):
            pid = os.fork()
            if pid == 0:
                store = scene.store if number % 2 == 0 else scene.folder / "another-store"
                code = 1
                try:
                    code = 0 if _try_alone(replace_store(scene, store), number) else 3
                finally:
                    os._exit(code)
            pids.append(pid)
        codes = Counter(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids)
        struck = Ended(
            killed=False, writes=at, label=f"won {codes[0]}, refused {codes[3]}, failed {codes[1]}", said="", error=""
        )
        outcome = judge.judge(f"{name}: four at once", at, struck, allowed=(OLD, NEW))
        subprocess.run(["rm", "-rf", str(scene.folder / "another-store")], check=True)
        yield replace(
            outcome, right=outcome.right and codes[0] + codes[3] == 4 and (outcome.found == NEW) == (codes[0] > 0)
        )


def replace_store(scene: Scene, store: Path) -> Scene:
    """Return the scene with another store: two people who do not know of each other."""

    class Elsewhere(Scene):
        @property
        def store(self) -> Path:
            return store

    return Elsewhere(folder=scene.folder, postgres=scene.postgres, sqlite=scene.sqlite)


def _try_alone(scene: Scene, number: int) -> bool:
    """Make the change if it is our turn; whoever comes second finds it made and does nothing."""
    from diagnostics.errors import ChangeLockedError

    done = scene.root / "new" / "file"
    manager = SafeImplementationManager(backup_dir=scene.store, db_engine=scene.engine, clock=QuickClock())
    step = ImplementationStep("s", "the change", lambda: scene.change(lambda label: None))
    try:
        result = manager.implement_solution_safely(
            "s", [step], None, lambda: True, files=[scene.root], database=scene.engine is not None,
            precondition=lambda: "it is made" if done.exists() else "",
        )  # fmt: skip
    except ChangeLockedError:
        return False
    return str(result.result) == "SUCCESS"
