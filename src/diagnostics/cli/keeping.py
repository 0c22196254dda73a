"""A session store that never costs a diagnosis: a full disk is exactly when one is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from diagnostics.diagnostic_orchestrator.store import SessionStore
from diagnostics.diagnostic_orchestrator.store_postgres import StoreError


class ForgivingStore(SessionStore):
    """Keeps sessions where it can; where it cannot, it says so once and the diagnosis goes on."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        super().__init__()
        self._warn = warn
        self.lost = ""

    def save(self, session_id: str, document: Mapping[str, Any], *, status: str, at: datetime) -> None:
        """Keep the session; remember why when it is impossible."""
        if self.lost:
            return
        try:
            super().save(session_id, document, status=status, at=at)
        except StoreError as error:
            self.lost = str(error)
            self._warn(f"The session is not kept, so `diagnose apply` and `diagnose report` will not know it: {error}")
