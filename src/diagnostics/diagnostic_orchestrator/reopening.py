"""The same cause again after a fix that held: the old session is reopened and linked, so that nobody starts from nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from diagnostics.errors import DiagnosticsError

if TYPE_CHECKING:
    from diagnostics.diagnostic_orchestrator.store import SessionStore

REOPENED = "reopened"
MOST_READ = 200
"""How many of the newest sessions are looked through."""


def signature(document: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return mechanism and subject of a session's root cause; None when it named none.

    Numbers that name one process or connection change from time to time and do not belong to the signature.

    Example:
        >>> signature({"root_cause": {"mechanism": "lock", "subject": {"table": "orders", "pid": 7}}})
        ('lock', 'table=orders')
    """
    cause = document.get("root_cause") or {}
    if not cause.get("mechanism"):
        return None
    subject = cause.get("subject") or {}
    lasting = sorted((str(key), str(value)) for key, value in subject.items() if isinstance(value, str))
    return str(cause["mechanism"]), ", ".join(f"{key}={value}" for key, value in lasting)


def had_held(document: Mapping[str, Any]) -> bool:
    """Return whether the session's fix was watched and judged to hold."""
    return (document.get("monitoring") or {}).get("verdict") == "holds"


def reopen(store: SessionStore, session_id: str, document: Mapping[str, Any], at: datetime) -> str | None:
    """Reopen the newest earlier session of the same signature whose fix had held; return its id.

    It gets the status ``reopened`` and a line in its timeline that names the new session. None when there is no such
    session, or the store cannot be read: a diagnosis never fails by it.
    """
    wanted = signature(document)
    if wanted is None:
        return None
    try:
        for stored in store.list(limit=MOST_READ):
            if stored.session_id == session_id:
                continue
            earlier = store.load(stored.session_id)
            if signature(earlier) != wanted or not had_held(earlier):
                continue
            links = [*earlier.get("reopened_by", [])]
            if session_id in links:
                return stored.session_id
            earlier["reopened_by"] = [*links, session_id]
            what = f"reopened: the same cause was found again by session {session_id}"
            earlier["timeline"] = [
                *(earlier.get("timeline") or []), {"at": at.isoformat(timespec="milliseconds"), "what": what, "kind": REOPENED}
            ]  # fmt: skip
            store.save(stored.session_id, earlier, status=REOPENED, at=at)
            return stored.session_id
    except DiagnosticsError:
        return None
    return None
