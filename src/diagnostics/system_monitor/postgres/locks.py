"""Who waits for whom, down to the root of each chain (pure)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from diagnostics.model.observation import Observation, Unit
from diagnostics.system_monitor.postgres.readings import reading
from diagnostics.system_monitor.postgres.text import is_ddl, redact_sql, relation_of

Row = Mapping[str, Any]
Owner = Callable[[Row], int | None]

MOST_WAITERS = 40
MOST_READINGS = 60
PREPARED = 0
_SOURCE = "pg_locks, pg_blocking_pids"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One waiter and one who keeps it waiting; ``is_root`` when that one waits for nobody."""

    waiter: int
    blocker: int
    is_root: bool


def chains(edges: Mapping[int, Sequence[int]], ddl: frozenset[int] = frozenset()) -> list[Wait]:
    """Return each waiter with the roots of its chain, and with the waiting DDL right before it.

    ``edges`` maps a waiter to those that ``pg_blocking_pids`` names. In a cycle (a deadlock that is not
    broken yet) the direct blockers stand for the root.
    """
    found: dict[tuple[int, int], Wait] = {}
    for waiter, direct in edges.items():
        roots = _roots(waiter, edges)
        for blocker in dict.fromkeys((*direct, *roots)):
            if blocker in roots or blocker in ddl or not roots:
                found[waiter, blocker] = Wait(waiter=waiter, blocker=blocker, is_root=blocker in roots)
    return list(found.values())


def _roots(waiter: int, edges: Mapping[int, Sequence[int]]) -> tuple[int, ...]:
    roots: dict[int, None] = {}
    seen = {waiter}
    front = list(edges.get(waiter, ()))
    while front:
        pid = front.pop(0)
        if pid in seen:
            continue
        seen.add(pid)
        further = edges.get(pid)
        if further:
            front.extend(further)
        else:
            roots[pid] = None
    return tuple(roots)


def blocker_kind(pid: int, row: Row | None, mode: str | None) -> str:
    """Return what kind of session blocks; ``mode`` is the lock that it waits for itself."""
    if pid == PREPARED:
        return "prepared"
    if mode == "AccessExclusiveLock":
        return "ddl"
    if row is None or row["backend_type"] is None:
        return "hidden"
    if row["backend_type"].startswith("autovacuum"):
        return "autovacuum"
    state = row["state"] or ""
    if state.startswith("idle in transaction"):
        return "idle_in_transaction"
    if is_ddl(row["query"]) and state == "active":
        return "ddl"
    return "idle" if state == "idle" else "active"


class LockTally:
    """What several samples of the lock table showed; of each pair the longest wait."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._longest: dict[tuple[int, int], tuple[float, dict[str, object]]] = {}
        self._samples: list[tuple[int, float]] = []

    def add(self, waiting: int, locks: Sequence[Row], activity: Mapping[int, Row], prepared: Sequence[Row]) -> None:
        """Take in one sample: how many wait, their lock rows, all sessions by pid, prepared transactions."""
        by_pid = {row["pid"]: row for row in locks}
        # A queue for one row waits for a tuple lock of the same mode; only on a relation does it mean DDL.
        modes = {pid: row["mode"] for pid, row in by_pid.items() if row["locktype"] == "relation"}
        kinds = {
            pid: blocker_kind(pid, activity.get(pid), modes.get(pid))
            for pid in {blocker for row in locks for blocker in row["blockers"]}
        }
        edges = {pid: tuple(dict.fromkeys(row["blockers"])) for pid, row in by_pid.items()}
        longest = 0.0
        for wait in chains(edges, frozenset(pid for pid, kind in kinds.items() if kind == "ddl")):
            row, session = by_pid[wait.waiter], activity.get(wait.waiter)
            seconds = _waited(row, session)
            longest = max(longest, seconds)
            known = self._longest.get((wait.waiter, wait.blocker))
            if known is None or seconds >= known[0]:
                kind = kinds.get(wait.blocker, "active")
                self._longest[wait.waiter, wait.blocker] = (
                    seconds,
                    self._labels(row, session, wait.blocker, activity.get(wait.blocker), kind, prepared),
                )
        self._samples.append((waiting, longest))

    def _labels(
        self, row: Row, session: Row | None, pid: int, blocker: Row | None, kind: str, prepared: Sequence[Row]
    ) -> dict[str, object]:
        relation = row["relation"] or row["tuple_relation"] or relation_of(session["query"] if session else "")
        gid = prepared[0] if prepared and pid == PREPARED else None
        return {
            "waiter_pid": row["pid"],
            "waiter_query": redact_sql(session["query"]) if session else "",
            "waiter_application": session["application_name"] if session else "",
            "wait_event": (session["wait_event"] if session else None) or row["locktype"],
            "mode": row["mode"],
            "relation": str(relation).removeprefix("public."),
            "blocker_pid": pid,
            "blocker_state": "prepared" if pid == PREPARED else blocker["state"] if blocker else "",
            "blocker_query": f"PREPARE TRANSACTION {gid['gid']}"
            if gid
            else redact_sql(blocker["query"])
            if blocker
            else "",
            "blocker_application": blocker["application_name"] if blocker else "",
            "blocker_client_pid": self._owner(blocker) if blocker else None,
            "blocker_xact_age": gid["age"] if gid else blocker["xact_age"] if blocker else None,
            "blocker_kind": kind,
        }

    def observations(self, at: datetime) -> Iterable[Observation]:
        """Yield the waits, how many waited at most, and the longest wait of each sample."""
        most = max((count for count, _ in self._samples), default=0)
        yield from reading("postgres.lock.waiting", most, Unit.COUNT, at, _SOURCE)
        for index, (_, longest) in enumerate(self._samples):
            yield from reading("postgres.lock.longest", longest, Unit.SECONDS, at, _SOURCE, sample=index)
        ranked = sorted(self._longest.values(), key=lambda item: -item[0])
        for seconds, texts in ranked[:MOST_READINGS]:
            yield from reading("postgres.lock.wait", seconds, Unit.SECONDS, at, _SOURCE, **texts)


def _waited(row: Row, session: Row | None) -> float:
    waited = row["waited"]
    if waited is None and session is not None:
        # Before 14 the lock table does not know since when: the statement's age is the upper bound.
        waited = session["query_age"]
    return max(0.0, float(waited or 0.0))
