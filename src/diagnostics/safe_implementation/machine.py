"""The life of a change, as functions: which state may follow which, and what recovery owes each of them.

Pure: the only place that decides the order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from diagnostics.errors import JournalError
from diagnostics.model.change import ChangeState, RiskLevel

_NEXT: Mapping[ChangeState, frozenset[ChangeState]] = {
    ChangeState.INTENT: frozenset({ChangeState.SNAPSHOTTED, ChangeState.ABORTED}),
    ChangeState.SNAPSHOTTED: frozenset({ChangeState.APPLYING, ChangeState.ABORTED, ChangeState.ROLLING_BACK}),
    ChangeState.APPLYING: frozenset({ChangeState.APPLYING, ChangeState.APPLIED, ChangeState.ROLLING_BACK}),
    ChangeState.APPLIED: frozenset(
        {ChangeState.VALIDATING, ChangeState.UNCONFIRMED, ChangeState.COMMITTED, ChangeState.ROLLING_BACK}
    ),
    ChangeState.VALIDATING: frozenset(
        {ChangeState.VALIDATING, ChangeState.UNCONFIRMED, ChangeState.COMMITTED, ChangeState.ROLLING_BACK}
    ),
    # Somebody confirms in time, or it is undone.
    ChangeState.UNCONFIRMED: frozenset({ChangeState.COMMITTED, ChangeState.ROLLING_BACK}),
    ChangeState.ROLLING_BACK: frozenset(
        {ChangeState.ROLLING_BACK, ChangeState.ROLLED_BACK, ChangeState.ROLLBACK_BLOCKED}
    ),
    # A person decides: restore (goes on rolling back) or keep.
    ChangeState.ROLLBACK_BLOCKED: frozenset({ChangeState.ROLLING_BACK, ChangeState.COMMITTED}),
    ChangeState.COMMITTED: frozenset(),
    ChangeState.ROLLED_BACK: frozenset(),
    ChangeState.ABORTED: frozenset(),
}

TERMINAL = frozenset(state for state, following in _NEXT.items() if not following)
#: Recovery does nothing about these: they are over, or a person has to decide.
SETTLED = TERMINAL | {ChangeState.ROLLBACK_BLOCKED}


class Duty(StrEnum):
    """What recovery owes a change that was left in some state."""

    NOTHING = "nothing"
    ABORT = "abort"
    ROLL_BACK = "roll back"
    WAIT = "wait for somebody to confirm"


def duty(state: ChangeState | None, *, overdue: bool = False) -> Duty:
    """Return what recovery has to do; None is a journal without a single whole record.

    ``overdue``: the time in which somebody should have confirmed has passed.
    """
    if state is None or state is ChangeState.INTENT:
        return Duty.ABORT
    if state is ChangeState.UNCONFIRMED and not overdue:
        return Duty.WAIT
    return Duty.NOTHING if state in SETTLED else Duty.ROLL_BACK


def follows(state: ChangeState | None, following: ChangeState) -> bool:
    """Return whether a record of state ``following`` may come after one of ``state``."""
    if state is None:
        return following is ChangeState.INTENT
    return following in _NEXT[state]


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What the records of one journal say, folded into one value.

    Attributes:
        undos: Undo of each step that was begun, in the order of the steps: what to call and with what.
        facts: All other fields of the records, the latest value of each.
        conflicts_cleared: Foreign writes were looked for, none was found, and the way back has begun.
    """

    state: ChangeState | None = None
    manifest: str = ""
    post: str = ""
    reason: str = ""
    undos: tuple[Mapping[str, Any], ...] = ()
    undone: frozenset[int] = frozenset()
    conflicts: tuple[str, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)
    conflicts_cleared: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)


def step(life: Life, record: Mapping[str, Any]) -> Life:
    """Return the life after one more record.

    Raises:
        JournalError: The record may not follow.
    """
    try:
        state = ChangeState(record["state"])
    except (KeyError, ValueError) as error:
        raise JournalError(f"a record names no known state: {record.get('state')!r}") from error
    if not follows(life.state, state):
        raise JournalError(f"{state} cannot follow {life.state or 'the beginning'}")
    undos = life.undos
    if state is ChangeState.APPLYING and "undo" in record:
        undos = (*undos, {"step": record.get("step", len(undos)), **record["undo"]})
    return replace(
        life,
        state=state,
        manifest=record.get("manifest", life.manifest),
        post=record.get("post", life.post),
        reason=record.get("reason", life.reason),
        undos=undos,
        undone=life.undone | {record["undone"]} if "undone" in record else life.undone,
        conflicts=tuple(record.get("conflicts", life.conflicts)),
        kept={**life.kept, **record.get("kept", {})},
        conflicts_cleared=record.get("cleared", life.conflicts_cleared),
        facts={**life.facts, **record},
    )


def replay(records: Iterable[Mapping[str, Any]]) -> Life:
    """Return what a whole journal says.

    Raises:
        JournalError: The records are in an order that no change can have.
    """
    life = Life()
    for record in records:
        life = step(life, record)
    return life


def pending_undos(life: Life) -> Sequence[Mapping[str, Any]]:
    """Return the undos that are still owed, last step first."""
    return [undo for undo in reversed(life.undos) if undo["step"] not in life.undone]


def after_validation(
    passed: bool | None, *, risk: RiskLevel, auto_rollback: bool, watched: bool = False, confirmed: bool = True
) -> ChangeState:
    """Return where a change goes when its checks are done.

    None is inconclusive: kept only where the risk is small and nobody asked for a watch of the traffic, which has
    been held until the end of its window by then. Without ``confirmed`` a person has to say that it stays.
    """
    kept = passed or (passed is None and risk < RiskLevel.HIGH and not watched)
    if not auto_rollback:
        return ChangeState.COMMITTED
    if not kept:
        return ChangeState.ROLLING_BACK
    return ChangeState.COMMITTED if confirmed else ChangeState.UNCONFIRMED
