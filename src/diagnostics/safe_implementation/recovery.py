"""After a crash: read the journals, finish or undo; and what a person asks of them later."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from diagnostics.errors import ChangeLockedError, JournalError, RollbackError
from diagnostics.model.change import ChangeRecord, ChangeState, RecoveryOutcome
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.safe_implementation import journal as journals
from diagnostics.safe_implementation import snapshot
from diagnostics.safe_implementation.claims import claim
from diagnostics.safe_implementation.journal import SUFFIX, Journal, Parsed
from diagnostics.safe_implementation.machine import Duty, Life, duty, replay
from diagnostics.safe_implementation.rollback import RESTORE, InProcessUndo, hands_of, roll_back, what_to_do
from diagnostics.safe_implementation.store import Store, no_checkpoint

_DEFAULT = Path(".diagnostics") / "changes"


def default_store() -> Path:
    """Return where changes are kept when nobody says otherwise: ``DIAGNOSE_STORE``, or a folder of the project.

    The variable may name the file of the sessions; changes are then kept in ``changes`` beside it.
    """
    named = os.environ.get("DIAGNOSE_STORE")
    if not named:
        return Path.cwd() / _DEFAULT
    path = Path(named).expanduser()
    return path.parent / "changes" if path.suffix and not path.is_dir() else path


def recover(
    store_dir: Path | str | None = None,
    *,
    clock: Clock = SYSTEM_CLOCK,
    checkpoint: Callable[[str], None] = no_checkpoint,
    report: Callable[[str], None] = lambda text: None,
) -> list[RecoveryOutcome]:
    """Finish or undo whatever a crash left open; one outcome for each journal that was open or is corrupt.

    Idempotent: a second call changes nothing. It may itself be killed at any point.

    Raises:
        ChangeLockedError: A living process works on the store.
    """
    directory = Path(store_dir) if store_dir is not None else default_store()
    if not (directory / "impl").is_dir():
        return []
    store = Store(directory, checkpoint=checkpoint)
    with store.lock():
        return recover_locked(store, clock=clock, report=report)


def recover_locked(
    store: Store, *, clock: Clock = SYSTEM_CLOCK, report: Callable[[str], None] = lambda text: None
) -> list[RecoveryOutcome]:
    """Do the work of ``recover`` for a caller that holds the lock."""
    store.clean_scratch()
    outcomes = []
    # The latest change first, as undoing goes; there is more than one only after a crash within recovery.
    for path in reversed(store.journal_paths()):
        outcome = _recover_one(store, path, clock, report)
        if outcome is not None:
            outcomes.append(outcome)
    return outcomes


def _change_id(path: Path) -> str:
    return path.name.removesuffix(SUFFIX)


def _load(path: Path) -> tuple[Parsed, Life, str]:
    """Return what a journal holds, and why it is corrupt, if it is."""
    parsed = journals.read(path)
    if parsed.damage:
        return parsed, Life(), parsed.damage
    try:
        return parsed, replay(parsed.records), ""
    except JournalError as error:
        return parsed, Life(), str(error)


def _recover_one(store: Store, path: Path, clock: Clock, report: Callable[[str], None]) -> RecoveryOutcome | None:
    change_id = _change_id(path)
    parsed, life, damage = _load(path)
    if damage:
        return RecoveryOutcome(
            change_id=change_id,
            found=None,
            state=None,
            acted=False,
            message=f"The journal {path} is corrupt ({damage}). Nothing was touched. Compare the declared "
            f"files with the "
            "objects of the store by hand, then move the journal away.",
        )
    owed = duty(life.state, overdue=_is_overdue(life, clock))
    if owed is Duty.WAIT:
        return RecoveryOutcome(
            change_id=change_id,
            found=life.state,
            state=life.state,
            acted=False,
            message=f"It waits until {life.facts.get('confirm_by')} for: diagnose confirm {change_id}",
        )
    if owed is Duty.NOTHING:
        if life.state is ChangeState.ROLLBACK_BLOCKED:
            return RecoveryOutcome(
                change_id=change_id,
                found=life.state,
                state=life.state,
                acted=False,
                message=f"A person has to decide about {change_id}: {'; '.join(life.conflicts)}. "
                f"diagnose recover --change {change_id} --restore or --keep",
                conflicts=life.conflicts,
                by_hand=hands_of(store, life),
                kept_copies=life.kept,
            )
        return None
    report(f"recovering {change_id}, left in {life.state}")
    connections = [(str(digest), str(name)) for digest, name in life.facts.get("connections", ())]
    try:
        with claim(life.facts.get("scope", ()), change_id), Journal.reopen(path, parsed, store.checkpoint) as journal:
            if owed is Duty.ABORT:
                return _abort(store, journal, change_id, life, connections, len(parsed.records))
            return _go_back(store, journal, change_id, life, connections, clock, report)
    except (JournalError, ChangeLockedError) as error:
        return RecoveryOutcome(
            change_id=change_id,
            found=life.state,
            state=life.state,
            acted=False,
            message=f"It could not be recovered now: {error} Then run: diagnose recover",
        )


def _abort(
    store: Store,
    journal: Journal,
    change_id: str,
    life: Life,
    connections: list[tuple[str, str]],
    records: int,
) -> RecoveryOutcome:
    if not records:
        # Not even the intent is whole: nothing was kept and nothing changed, and no record can follow
        # nothing.
        journal.path.unlink()
        return RecoveryOutcome(change_id=change_id, found=None, state=ChangeState.ABORTED, acted=True,
                               message="The journal had not begun; nothing was changed.")  # fmt: skip
    snapshot.drop_scratch_databases(connections, store)
    journal.append(ChangeState.ABORTED, reason="found by recovery before anything was changed")
    return RecoveryOutcome(
        change_id=change_id,
        found=life.state,
        state=ChangeState.ABORTED,
        acted=True,
        message="It had not begun to change anything.",
    )


def _go_back(
    store: Store,
    journal: Journal,
    change_id: str,
    life: Life,
    connections: list[tuple[str, str]],
    clock: Clock,
    report: Callable[[str], None],
) -> RecoveryOutcome:
    snapshot.drop_scratch_databases(connections, store)
    reason = f"the process died in {life.state}"
    if life.state is ChangeState.ROLLING_BACK:
        reason = life.reason
    elif life.state is ChangeState.UNCONFIRMED:
        reason = "nobody confirmed it in time"
    way = roll_back(store, journal, life, token=change_id, reason=reason, clock=clock, report=report)
    if way.state is ChangeState.ROLLED_BACK:
        copies = "".join(f"; a copy of {name} lies in the store as {digest[:12]}…" for name, digest in way.kept.items())
        message = f"Everything declared is as before the change ({reason}){copies}."
    else:
        message = what_to_do(change_id, way)
    return RecoveryOutcome(
        change_id=change_id,
        found=life.state,
        state=way.state,
        acted=True,
        message=message,
        conflicts=way.conflicts,
        by_hand=way.by_hand,
        kept_copies=way.kept,
    )


def resolve(
    store_dir: Path | str | None,
    change_id: str,
    decision: str,
    *,
    clock: Clock = SYSTEM_CLOCK,
    checkpoint: Callable[[str], None] = no_checkpoint,
    report: Callable[[str], None] = lambda text: None,
) -> RecoveryOutcome:
    """Carry out a person's decision about a blocked rollback.

    ``restore`` brings back the state before the change, after copies were kept; ``keep`` keeps what is there now.

    Raises:
        RollbackError: The change is not blocked, or the decision is neither.
    """
    if decision not in ("restore", "keep"):
        raise RollbackError(f"{decision!r} is no decision.", hint="Valid: restore, keep.")
    store = Store(Path(store_dir) if store_dir is not None else default_store(), checkpoint=checkpoint)
    with store.lock():
        path = store.journal_path(change_id)
        parsed, life, damage = _load(path)
        if damage or life.state is not ChangeState.ROLLBACK_BLOCKED:
            raise RollbackError(f"{change_id} is not blocked ({damage or life.state}); there is nothing to decide.")
        with Journal.reopen(path, parsed, store.checkpoint) as journal:
            if decision == "keep":
                journal.append(ChangeState.COMMITTED, reason="kept by a person's decision", at=clock.now().isoformat())
                return RecoveryOutcome(change_id=change_id, found=life.state, state=ChangeState.COMMITTED, acted=True,
                                       message="What is there now stays.", kept_copies=life.kept)  # fmt: skip
            way = roll_back(
                store, journal, life, token=change_id, reason="a person decided to restore",
                on_foreign_writes=RESTORE, clock=clock, report=report,
            )  # fmt: skip
    return RecoveryOutcome(
        change_id=change_id,
        found=ChangeState.ROLLBACK_BLOCKED,
        state=way.state,
        acted=True,
        message="Everything declared is as before the change."
        if way.state is ChangeState.ROLLED_BACK
        else what_to_do(change_id, way),
        conflicts=way.conflicts,
        kept_copies=way.kept,
    )


def confirm(
    store_dir: Path | str | None,
    change_id: str,
    *,
    clock: Clock = SYSTEM_CLOCK,
    checkpoint: Callable[[str], None] = no_checkpoint,
) -> RecoveryOutcome:
    """Say that a change stays which would otherwise undo itself.

    Raises:
        RollbackError: It does not wait for this: it was confirmed before, or is undone already.
    """
    return _settle(store_dir, change_id, clock, checkpoint, lambda text: None, keep=True)


def give_up(
    store_dir: Path | str | None,
    change_id: str,
    *,
    undos: Sequence[InProcessUndo] = (),
    reason: str = "nobody confirmed it in time",
    clock: Clock = SYSTEM_CLOCK,
    checkpoint: Callable[[str], None] = no_checkpoint,
    report: Callable[[str], None] = lambda text: None,
) -> RecoveryOutcome:
    """Undo a change that waits for somebody to confirm it.

    Raises:
        RollbackError: It does not wait for this: it was confirmed, or is undone already.
        ChangeLockedError: Another change works on the store.
    """
    return _settle(store_dir, change_id, clock, checkpoint, report, keep=False, undos=undos, reason=reason)


def _settle(
    store_dir: Path | str | None,
    change_id: str,
    clock: Clock,
    checkpoint: Callable[[str], None],
    report: Callable[[str], None],
    *,
    keep: bool,
    undos: Sequence[InProcessUndo] = (),
    reason: str = "",
) -> RecoveryOutcome:
    store = Store(Path(store_dir) if store_dir is not None else default_store(), checkpoint=checkpoint)
    with store.lock():
        life_of(store, change_id)
        path = store.journal_path(change_id)
        parsed, life, _ = _load(path)
        if life.state is not ChangeState.UNCONFIRMED:
            raise RollbackError(f"{change_id} is {life.state}; it does not wait for anybody to confirm it.")
        with Journal.reopen(path, parsed, store.checkpoint) as journal:
            if keep:
                journal.append(ChangeState.COMMITTED, reason="confirmed", at=clock.now().isoformat())
                return RecoveryOutcome(change_id=change_id, found=life.state, state=ChangeState.COMMITTED, acted=True,
                                       message="It stays.")  # fmt: skip
            way = roll_back(
                store, journal, life, token=change_id, reason=reason, undos=undos, clock=clock, report=report
            )
    done = way.state is ChangeState.ROLLED_BACK
    return RecoveryOutcome(
        change_id=change_id,
        found=life.state,
        state=way.state,
        acted=True,
        message=f"Everything declared is as before the change ({reason})." if done else what_to_do(change_id, way),
        conflicts=way.conflicts,
        by_hand=way.by_hand,
        kept_copies=way.kept,
    )


def _is_overdue(life: Life, clock: Clock) -> bool:
    until = _moment(life.facts.get("confirm_by"))
    return until is not None and clock.now() >= until


def list_changes(store_dir: Path | str | None = None) -> list[ChangeRecord]:
    """Return every change of a store, oldest first; reads only.

    Raises:
        JournalError: A journal cannot be read.
    """
    folder = (Path(store_dir) if store_dir is not None else default_store()) / "impl"
    return [change_record(path) for path in sorted(folder.glob(f"*{SUFFIX}"))]


def change_record(path: Path) -> ChangeRecord:
    """Return what one journal says; reads only."""
    parsed, life, damage = _load(path)
    first: dict[str, Any] = dict(parsed.records[0]) if parsed.records else {}
    last: dict[str, Any] = dict(parsed.records[-1]) if parsed.records else {}
    over = duty(life.state) is Duty.NOTHING and not damage
    return ChangeRecord(
        change_id=_change_id(path),
        description=str(first.get("description", "")),
        state=None if damage else (life.state or ChangeState.INTENT),
        started_at=_moment(first.get("at")),
        finished_at=_moment(last.get("at")) if over else None,
        reason=damage or life.reason,
        scope=tuple(first.get("scope", ())),
        conflicts=life.conflicts if life.state is ChangeState.ROLLBACK_BLOCKED else (),
        kept_copies=life.kept,
        revert_of=first.get("revert_of"),
        action=str(first.get("action", "")),
        journal=str(path),
        confirm_by=_moment(life.facts.get("confirm_by")) if life.state is ChangeState.UNCONFIRMED else None,
    )


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def life_of(store: Store, change_id: str) -> Life:
    """Return what the journal of a change says.

    Raises:
        RollbackError: There is no such change, or its journal is corrupt.
    """
    path = store.journal_path(change_id)
    if not path.is_file():
        raise RollbackError(
            f"There is no change {change_id} in {store.directory}.", hint="diagnose rollback lists them."
        )
    _, life, damage = _load(path)
    if damage:
        raise RollbackError(f"The journal of {change_id} is corrupt: {damage}. Nothing was touched.")
    return life
