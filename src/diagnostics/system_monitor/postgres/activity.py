"""Sessions: how many, in which state, for how long (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from diagnostics.model.observation import Observation, Unit
from diagnostics.system_monitor.postgres.readings import reading
from diagnostics.system_monitor.postgres.text import redact_sql

Row = Mapping[str, Any]
Owner = Callable[[Row], int | None]

ACTIVE_SECONDS = 0.5
MOST_SESSIONS = 60
MOST_GROUPS = 40
_SOURCE = "pg_stat_activity"
_CLIENT = "client backend"


def is_client(row: Row) -> bool:
    """Return whether a row is a client's session; hidden rows have no backend type and count as such."""
    return row["backend_type"] in (None, _CLIENT)


def is_hidden(row: Row) -> bool:
    """Return whether we lack the right to see this session."""
    return row["backend_type"] is None


def kind_of(row: Row) -> str:
    """Return ``idle_in_transaction``, ``active`` or ``idle``."""
    state = row["state"] or ""
    if state.startswith("idle in transaction"):
        return "idle_in_transaction"
    return "active" if state in {"active", "fastpath function call"} else "idle"


def is_notable(row: Row) -> bool:
    """Return whether a session is in a transaction, or active for long."""
    if not row["here"] or not is_client(row) or is_hidden(row):
        return False
    return row["xact_age"] is not None or (kind_of(row) == "active" and (row["state_age"] or 0.0) > ACTIVE_SECONDS)


class SessionTally:
    """What several samples of pg_stat_activity showed; of each session the longest state that was seen."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._longest: dict[tuple[int, str], tuple[Row, int | None]] = {}
        self._last: Sequence[Row] = ()
        self._groups: list[Counter[tuple[str, str, str]]] = []
        self._ours: dict[int, int] = {}
        self.hidden = 0
        self.samples = 0

    def add(self, rows: Sequence[Row]) -> None:
        """Take in one sample."""
        self.samples += 1
        self._last = [row for row in rows if is_client(row)]
        self.hidden = max(self.hidden, sum(1 for row in self._last if is_hidden(row)))
        self._groups.append(Counter((_name(r), r["usename"] or "", r["state"] or "hidden") for r in self._last))
        for row in rows:
            if not is_notable(row):
                continue
            key = (row["pid"], kind_of(row))
            known = self._longest.get(key)
            if known is None or (row["state_age"] or 0.0) > (known[0]["state_age"] or 0.0):
                # The client's port may be gone when all is over: its owner is found at once.
                self._longest[key] = (row, known[1] if known else self._owner(row))

    def observations(self, at: datetime) -> Iterable[Observation]:
        """Yield counts of the last sample, and the sessions of all."""
        yield from reading("postgres.connections.used", len(self._last), Unit.COUNT, at, _SOURCE)
        counts = self._groups[-1] if self._groups else Counter[tuple[str, str, str]]()
        for (application, user, state), count in counts.most_common(MOST_GROUPS):
            yield from reading(
                "postgres.connections",
                count,
                Unit.COUNT,
                at,
                _SOURCE,
                application=application,
                user=user,
                state=state,
            )
        ranked = sorted(self._longest.values(), key=lambda item: -(item[0]["xact_age"] or item[0]["state_age"] or 0.0))
        for row, client in ranked[:MOST_SESSIONS]:
            yield from reading(
                "postgres.session",
                max(0.0, row["state_age"] or 0.0),
                Unit.SECONDS,
                at,
                _SOURCE,
                backend_pid=row["pid"],
                application=_name(row),
                user=row["usename"],
                state=row["state"],
                wait_event_type=row["wait_event_type"],
                wait_event=row["wait_event"],
                query=redact_sql(row["query"]),
                xact_age=row["xact_age"],
                kind=kind_of(row),
                client_pid=client,
            )

    def last(self) -> Sequence[Row]:
        """Return the client sessions of the last sample."""
        return self._last


def _name(row: Row) -> str:
    return row["application_name"] or ""
