"""Take values out of SQL text before anybody sees it (pure)."""

from __future__ import annotations

import re

from diagnostics.system_monitor.postgres.readings import label

HIDDEN = "<insufficient privilege>"
_LITERAL = re.compile(
    r"\$(?P<tag>\w*)\$.*?\$(?P=tag)\$"  # dollar quotes
    r"|'(?:''|\\.|[^'\\])*(?:'|$)"  # strings, also those that were cut off
    r"|(?<![\w$.])\d{6,}(?:\.\d+)?",  # long numbers: cards, telephones, identifiers
    re.DOTALL,
)
_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_DDL = re.compile(
    r"^\s*(alter|create\s+(unique\s+)?index|drop|truncate|vacuum\s*(\([^)]*full[^)]*\)|full)|lock(\s+table)?\b|cluster|reindex"
    r"|create\s+trigger|refresh\s+materialized)",
    re.IGNORECASE,
)
_RELATION = re.compile(
    r"^\s*(?:with\b.*?\)\s*)?(?:update|delete\s+from|insert\s+into|lock(?:\s+table)?|select\b.*?\bfrom)\s+(?:only\s+)?"
    r"(?P<name>(?:\"[^\"]+\"|\w+)(?:\.(?:\"[^\"]+\"|\w+))?)",
    re.IGNORECASE | re.DOTALL,
)


def redact_sql(query: str | None) -> str:
    """Return the query in one line without string values and long numbers, at most 300 characters."""
    if not query or query == HIDDEN:
        return ""
    return label(_LITERAL.sub("?", query))


def is_ddl(query: str | None) -> bool:
    """Return whether the statement takes a lock that stops readers or writers."""
    return bool(query and _DDL.match(_COMMENT.sub(" ", query)))


def relation_of(query: str | None) -> str:
    """Return the table that a simple statement is about, or an empty text."""
    match = _RELATION.match(_COMMENT.sub(" ", query)) if query else None
    return match["name"].replace('"', "").removeprefix("public.") if match else ""
