"""The way back, the same for a failed change, for recovery after a crash and for a person's decision."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from diagnostics.errors import JournalError
from diagnostics.model.change import ChangeState
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.runtime.files import boot_id, process_start
from diagnostics.safe_implementation import snapshot
from diagnostics.safe_implementation.journal import Journal
from diagnostics.safe_implementation.machine import Life, pending_undos
from diagnostics.safe_implementation.snapshot import Manifest, in_words
from diagnostics.safe_implementation.store import Store

_log = logging.getLogger(__name__)

BLOCK, RESTORE = "block", "restore"

#: Undo of a step of this process: its id and what to call; None where nothing was given.
InProcessUndo = tuple[str, Callable[[], object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """How a rollback ended."""

    state: ChangeState
    conflicts: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def process_identity() -> dict[str, Any]:
    """Return what tells this process from every other one, also after a reboot."""
    return {"pid": os.getpid(), "start": process_start(os.getpid()), "boot": boot_id()}


def roll_back(
    store: Store,
    journal: Journal,
    life: Life,
    *,
    token: str,
    reason: str,
    undos: Sequence[InProcessUndo] = (),
    on_foreign_writes: str = BLOCK,
    clock: Clock = SYSTEM_CLOCK,
    report: Callable[[str], None] = lambda text: None,
) -> WayBack:
    """Bring everything declared back to what the manifest says; idempotent, may be killed anywhere.

    ``life`` is what the journal says so far; ``undos`` are callables of this process for the steps that were begun,
    first step first. With ``on_foreign_writes`` ``block``, everything is left as it is when somebody else wrote since
    the change; ``restore`` overwrites it, after a copy was kept.

    Raises:
        JournalError: The journal takes no records.
    """
    store.release()
    journal.append(ChangeState.ROLLING_BACK, reason=reason)
    same_process = life.facts.get("process") == process_identity()
    kept: dict[str, str] = {}
    try:
        before = Manifest.load(life.manifest, store)
        after = Manifest.load(life.post, store) if life.post else None
        # Once the way back has begun, what is found is our own half-done work.
        if after is not None and on_foreign_writes == BLOCK and not life.conflicts_cleared:
            found, kept = snapshot.conflicts(before, after, store)
            if found:
                return _blocked(journal, found, kept, hands_of(store, life))
        journal.append(ChangeState.ROLLING_BACK, cleared=True)
        failed = _undo_steps(store, journal, life, undos, report)
        kept |= snapshot.restore(
            before, store, token, after=after, same_process=same_process, clock=clock, report=report
        )
        failed += [
            f"{name} is not as it was"
            for name in snapshot.differences(before, store, after=after, same_process=same_process)
        ]
    except JournalError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever breaks the way back, a person has to hear of it
        return _blocked(journal, [in_words(error)], kept, hands_of(store, life))
    if failed:
        return _blocked(journal, failed, kept, hands_of(store, life))
    journal.append(ChangeState.ROLLED_BACK, **({"kept": kept} if kept else {}))
    return WayBack(state=ChangeState.ROLLED_BACK, kept=kept)


def _undo_steps(
    store: Store,
    journal: Journal,
    life: Life,
    undos: Sequence[InProcessUndo],
    report: Callable[[str], None],
) -> list[str]:
    """Undo steps, last first; return what failed."""
    failed: list[str] = []
    for step_id, undo in reversed(undos):
        store.checkpoint("undo of a step: before")
        try:
            undo()
        except Exception as error:  # noqa: BLE001 - a caller's function; the others still have to run
            failed.append(f"the rollback of step {step_id} failed: {in_words(error)}")
        store.checkpoint("undo of a step: done")
    for undo_record in pending_undos(life):
        store.checkpoint("undo of an action: before")
        name = str(undo_record["action"])
        try:
            report(undo_action(name, store.get_json(undo_record["data"])))
        except Exception as error:  # noqa: BLE001 - the others still have to run; the state says that a person is needed
            failed.append(f"the undo of {name} failed: {in_words(error)}")
            continue
        journal.append(ChangeState.ROLLING_BACK, undone=undo_record["step"])
    return failed


def undo_action(name: str, data: Mapping[str, str]) -> str:
    """Undo an action of the registry, in this process or in a later one; return what was done, in words."""
    from diagnostics.safe_implementation.actions import get_action

    return get_action(name).undo(data)


def _blocked(journal: Journal, conflicts: list[str], kept: Mapping[str, str], hands: tuple[str, ...]) -> WayBack:
    journal.append(ChangeState.ROLLBACK_BLOCKED, conflicts=conflicts, kept=dict(kept))
    _log.critical("rollback.blocked journal=%s conflicts=%s", journal.path, "; ".join(conflicts))
    return WayBack(state=ChangeState.ROLLBACK_BLOCKED, conflicts=tuple(conflicts), kept=kept, by_hand=hands)


def hands_of(store: Store, life: Life) -> tuple[str, ...]:
    """Return the commands for a person; none where not even they can be told."""
    try:
        return snapshot.by_hand(Manifest.load(life.manifest, store), store)
    except Exception as error:  # noqa: BLE001 - the state must be recorded whatever is broken here
        return (f"the manifest of this change cannot be read ({in_words(error)}); restore from your own backup",)


def what_to_do(change_id: str, way: WayBack) -> str:
    """Return, for a blocked rollback, what a person can do."""
    copies = "; ".join(f"{name}: object {digest[:12]}…" for name, digest in way.kept.items())
    kept = f" Copies of what is there now lie in the store ({copies})." if copies else ""
    hands = f" By hand: {'; '.join(way.by_hand)}." if way.by_hand else ""
    return (
        f"THE WAY BACK IS BLOCKED, the state is neither old nor verified: {'; '.join(way.conflicts)}.{kept} Decide: "
        f"diagnose recover --change {change_id} --restore (the state before the change) or --keep (what is "
        f"there now).{hands}"
    )
