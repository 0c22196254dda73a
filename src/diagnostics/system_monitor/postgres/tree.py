"""The blocking tree: who keeps whom waiting, from the root down (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from diagnostics.model.record import Record
from diagnostics.system_monitor.postgres.locks import PREPARED, blocker_kind
from diagnostics.system_monitor.postgres.text import redact_sql, relation_of

Row = Mapping[str, Any]
DEEPEST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker(Record):
    """A session, and those that wait for it.

    Attributes:
        pid: Its server process; 0 for a prepared transaction.
        kind: ``idle_in_transaction``, ``active``, ``ddl``, ``autovacuum``, ``prepared``, ``idle`` or ``hidden``.
        xact_seconds: Age of its transaction.
        waits_for: Lock mode and relation that it waits for itself; empty for a root.
        waited_seconds: How long already.
        waiting: Sessions that it keeps waiting directly.
        in_cycle: It is part of a deadlock that the server has not broken yet.
    """

    pid: int
    application: str
    user: str
    kind: str
    query: str
    xact_seconds: float | None
    waits_for: str
    waited_seconds: float
    waiting: tuple[Blocker, ...] = ()
    in_cycle: bool = False

    @property
    def victims(self) -> int:
        """Return how many sessions would go on without it."""
        return len(_below(self))

    def lines(self, depth: int = 0) -> list[str]:
        """Return the tree as text, one line a session."""
        what = f"waits {self.waited_seconds:.1f} s for {self.waits_for}" if self.waits_for else self.kind
        name = f" {self.application}" if self.application else ""
        age = f", transaction {self.xact_seconds:.1f} s" if self.xact_seconds is not None else ""
        head = "  " * depth + ("└ " if depth else "")
        found = [f"{head}{self.pid}{name} ({what}{age}): {self.query}".rstrip(": ")]
        for child in self.waiting:
            found += child.lines(depth + 1)
        return found


def _below(blocker: Blocker) -> set[int]:
    found: set[int] = set()
    for child in blocker.waiting:
        found.add(child.pid)
        found |= _below(child)
    return found


def blocking_tree(locks: Sequence[Row], activity: Mapping[int, Row]) -> tuple[Blocker, ...]:
    """Return the roots, the one with most victims first.

    A session that waits for several stands below each of them. In a cycle (a deadlock that the server has not broken
    yet) the member with the lowest pid stands for the root.

    Args:
        locks: Waiters as the query ``locks`` returns them, with their ``blockers``.
        activity: Sessions by pid.
    """
    by_pid = {row["pid"]: row for row in locks if row["blockers"]}
    below: dict[int, list[int]] = {}
    for pid, row in by_pid.items():
        for blocker in dict.fromkeys(row["blockers"]):
            below.setdefault(blocker, []).append(pid)
    modes = {pid: row["mode"] for pid, row in by_pid.items() if row["locktype"] == "relation"}

    def node(pid: int, above: tuple[int, ...], *, cycle: bool) -> Blocker:
        session, lock = activity.get(pid), by_pid.get(pid)
        children = sorted(child for child in below.get(pid, ()) if child not in above and child != pid)
        waits = ""
        waited = 0.0
        if lock is not None:
            relation = lock["relation"] or lock["tuple_relation"] or relation_of(session["query"] if session else "")
            waits = f"{lock['mode']} on {str(relation).removeprefix('public.')}" if relation else str(lock["mode"])
            waited = float(lock["waited"] or (session["query_age"] if session else 0.0) or 0.0)
        return Blocker(
            pid=pid,
            application=str(session["application_name"] or "") if session else "",
            user=str(session["usename"] or "") if session else "",
            kind=blocker_kind(pid, session, modes.get(pid)),
            query="a prepared transaction" if pid == PREPARED else redact_sql(session["query"]) if session else "",
            xact_seconds=session["xact_age"] if session else None,
            waits_for=waits,
            waited_seconds=max(0.0, waited),
            waiting=tuple(node(child, (*above, pid), cycle=False) for child in children if len(above) < DEEPEST),
            in_cycle=cycle,
        )

    roots = sorted(set(below) - set(by_pid))
    found = [node(pid, (), cycle=False) for pid in roots]
    reached = {pid for root in found for pid in _below(root)} | set(roots)
    for pid in sorted(set(by_pid) - reached):
        if pid not in reached:
            root = node(pid, (), cycle=True)
            found.append(root)
            reached |= _below(root) | {pid}
    return tuple(sorted(found, key=lambda root: (-root.victims, root.pid)))
