"""What an executable remedy is: plan without changing anything, apply, undo."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from diagnostics.errors import ApplyError, ConfigurationError
from diagnostics.model.change import Plan
from diagnostics.runtime.redaction import redact, shorten

_LITERAL = re.compile(r"'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$|\b\d+(?:\.\d+)?\b", re.DOTALL)


class Action(Protocol):
    """One executable remedy.

    ``plan`` reads only. ``apply`` and ``undo`` are run by the executor: what ``undo`` needs lies in a private
    object of the
    store before ``apply`` begins, so that a later process can undo. ``undo`` is idempotent: it may be called
    when ``apply``
    had not begun, had done half of its work, or was undone already.
    """

    @property
    def name(self) -> str: ...

    def plan(self, subject: Mapping[str, str], engine_url: str | None) -> Plan:
        """Return what would be done; not applicable, with the reason, when there is nothing to do or no way."""
        ...

    def prepare(self, plan: Plan) -> Mapping[str, str]:
        """Return what ``undo`` needs, read just before acting."""
        ...

    def apply(self, plan: Plan) -> str:
        """Act, and return what was done in words.

        Raises:
            ApplyError: It could not be done, or what was planned for is no longer there.
        """
        ...

    def undo(self, data: Mapping[str, str]) -> str:
        """Undo, and return what was done in words.

        Raises:
            RollbackError: It could not be undone.
        """
        ...


def wanted(subject: Mapping[str, str], *names: str, action: str) -> str:
    """Return the first parameter of these names that is given.

    Raises:
        ConfigurationError: None of them is.
    """
    for name in names:
        if subject.get(name):
            return subject[name]
    raise ConfigurationError(
        f"The action {action} needs {' or '.join(names)}.", hint=f"Given: {', '.join(subject) or 'nothing'}."
    )


def database_of(engine_url: str | None, *, action: str) -> str:
    """Return the database's URL.

    Raises:
        ConfigurationError: There is none.
    """
    if not engine_url:
        raise ConfigurationError(f"The action {action} needs the database.", hint="Give it with --db or db_engine.")
    return engine_url


def shown_sql(sql: str, limit: int = 160) -> str:
    """Return a query without its literals, short enough for a line."""
    return shorten(redact(_LITERAL.sub("?", " ".join(sql.split()))), limit)


def refuse(condition: bool, message: str, *, hint: str = "") -> None:
    """Refuse to act.

    Raises:
        ApplyError: The condition holds.
    """
    if condition:
        raise ApplyError(message, hint=hint)


def not_applicable(action: str, title: str, reason: str) -> Plan:
    """Return a plan that says why nothing would be done."""
    return Plan(action=action, title=title, applicable=False, reason=reason)
