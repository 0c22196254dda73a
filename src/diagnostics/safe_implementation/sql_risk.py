"""What a SQL statement does to a table that others use: its lock, and whether it scans, rewrites or destroys.

Pure. Sources: PostgreSQL documentation, ALTER TABLE (notes) and Explicit Locking.
"""

# ruff: noqa: E501 - one rule a line reads better than two

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from diagnostics.model.record import Record


class SqlEffect(IntEnum):
    """Points of the risk model, least first."""

    NONE = 0
    CATALOGUE = 2
    SCAN = 3
    REWRITE = 4
    DESTROY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlRisk(Record):
    """What one statement does.

    Attributes:
        lock: Strongest table lock that it takes, or an empty text.
        known: False when no rule fits and the effect is assumed.
        has_inverse: An inverse statement would undo it without loss.
    """

    statement: str
    effect: SqlEffect
    lock: str
    known: bool = True
    has_inverse: bool = False


_TOKEN = re.compile(
    r"--[^\n]*|/\*.*?\*/|(?P<dollar>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)|(?P<string>'(?:[^']|'')*')"
    r"|(?P<name>\"(?:[^\"]|\"\")*\")|(?P<end>;)|(?P<word>\w+)|(?P<space>\s+)|(?P<other>.)",
    re.DOTALL,
)
_EXCLUSIVE = "ACCESS EXCLUSIVE"

#: First rule that matches decides; upper-case words, one space between them, literals as ''.
_RULES: tuple[tuple[str, SqlEffect, str, bool], ...] = (
    (r"(WITH .*)?DELETE FROM|.*\bDELETE FROM", SqlEffect.DESTROY, "ROW EXCLUSIVE", False),
    (r"TRUNCATE", SqlEffect.DESTROY, _EXCLUSIVE, False),
    (r"DROP INDEX CONCURRENTLY", SqlEffect.CATALOGUE, "SHARE UPDATE EXCLUSIVE", True),
    (r"DROP (INDEX|VIEW|TRIGGER|POLICY|RULE|STATISTICS)", SqlEffect.SCAN, _EXCLUSIVE, True),
    (r"DROP (TABLE|SCHEMA|DATABASE|MATERIALIZED VIEW|SEQUENCE|TYPE|EXTENSION|OWNED|ROLE|USER|FUNCTION|DOMAIN)",
     SqlEffect.DESTROY, _EXCLUSIVE, False),
    (r"ALTER TABLE .*\bDROP (COLUMN\b|(?!CONSTRAINT|DEFAULT|NOT NULL|EXPRESSION|IDENTITY)\w)", SqlEffect.DESTROY, _EXCLUSIVE, False),
    (r"ALTER TABLE .*\b(ALTER|SET DATA)\b.* TYPE ", SqlEffect.REWRITE, _EXCLUSIVE, False),
    (r"ALTER TABLE .*\bADD (COLUMN )?.*\bDEFAULT\b.*(RANDOM|GEN_RANDOM_UUID|CLOCK_TIMESTAMP|UUID_GENERATE_V\d|NEXTVAL) ?\(",
     SqlEffect.REWRITE, _EXCLUSIVE, True),
    (r"ALTER TABLE .*\b(GENERATED ALWAYS AS \(|(BIG|SMALL)?SERIAL\b)", SqlEffect.REWRITE, _EXCLUSIVE, True),
    (r"ALTER TABLE .*\bADD (CONSTRAINT \S+ )?(UNIQUE|PRIMARY KEY) USING INDEX", SqlEffect.SCAN, _EXCLUSIVE, True),
    (r"ALTER TABLE .*\bADD (CONSTRAINT \S+ )?(UNIQUE|PRIMARY KEY|EXCLUDE)", SqlEffect.REWRITE, _EXCLUSIVE, True),
    (r"ALTER TABLE .*\bADD (CONSTRAINT|CHECK|FOREIGN KEY).* NOT VALID", SqlEffect.CATALOGUE, "SHARE ROW EXCLUSIVE", True),
    (r"ALTER TABLE .*\bADD (CONSTRAINT|CHECK|FOREIGN KEY)", SqlEffect.SCAN, "SHARE ROW EXCLUSIVE", True),
    (r"ALTER TABLE .*\b(SET NOT NULL|ATTACH PARTITION|VALIDATE CONSTRAINT)", SqlEffect.SCAN, _EXCLUSIVE, True),
    (r"ALTER TABLE .*\bSET (TABLESPACE|LOGGED|UNLOGGED|ACCESS METHOD)", SqlEffect.REWRITE, _EXCLUSIVE, True),
    (r"ALTER TABLE .*\bADD ", SqlEffect.CATALOGUE, _EXCLUSIVE, True),
    (r"ALTER (TABLE|INDEX|SEQUENCE|VIEW|TYPE|SCHEMA|FUNCTION|ROLE|USER|DATABASE|SYSTEM|DEFAULT|DOMAIN|POLICY|TRIGGER|EXTENSION)",
     SqlEffect.CATALOGUE, _EXCLUSIVE, True),
    (r"CREATE (UNIQUE )?INDEX CONCURRENTLY", SqlEffect.CATALOGUE, "SHARE UPDATE EXCLUSIVE", True),
    (r"CREATE (UNIQUE )?INDEX", SqlEffect.REWRITE, "SHARE", True),
    (r"REINDEX .*CONCURRENTLY", SqlEffect.CATALOGUE, "SHARE UPDATE EXCLUSIVE", True),
    (r"REINDEX|VACUUM .*FULL|CLUSTER|REFRESH MATERIALIZED VIEW(?! CONCURRENTLY)", SqlEffect.REWRITE, _EXCLUSIVE, True),
    (r"CREATE TABLE .* AS ", SqlEffect.SCAN, "", True),
    (r"CREATE |COMMENT |GRANT |REVOKE |SECURITY LABEL", SqlEffect.CATALOGUE, "", True),
    (r"(WITH .*)?UPDATE |.*\bMERGE INTO", SqlEffect.REWRITE, "ROW EXCLUSIVE", False),
    (r"(WITH .*)?INSERT INTO .*\bSELECT\b|COPY .* FROM ", SqlEffect.REWRITE, "ROW EXCLUSIVE", False),
    (r"(WITH .*)?INSERT INTO", SqlEffect.CATALOGUE, "ROW EXCLUSIVE", False),
    (r"REFRESH MATERIALIZED VIEW CONCURRENTLY", SqlEffect.SCAN, "EXCLUSIVE", True),
    (r"VACUUM|ANALYZE|CHECKPOINT", SqlEffect.CATALOGUE, "SHARE UPDATE EXCLUSIVE", True),
    (r"(BEGIN|START TRANSACTION|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE|SET|RESET|SHOW|EXPLAIN(?! ANALYZE)|DISCARD|LISTEN|NOTIFY|DEALLOCATE)\b",
     SqlEffect.NONE, "", True),
    (r"(SELECT|VALUES|TABLE) .*\b(PG_TERMINATE_BACKEND|PG_CANCEL_BACKEND|LO_UNLINK)\b", SqlEffect.DESTROY, "", False),
    (r"(SELECT|WITH|VALUES|TABLE)\b.*\b(SETVAL|PG_RELOAD_CONF)\b", SqlEffect.CATALOGUE, "", True),
    (r"(SELECT|VALUES|TABLE|WITH)\b", SqlEffect.NONE, "ACCESS SHARE", True),
    (r"LOCK ", SqlEffect.SCAN, _EXCLUSIVE, True),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern, re.DOTALL), effect, lock, inverse) for pattern, effect, lock, inverse in _RULES)


def statements(sql: str) -> list[str]:
    """Return the statements of a script without comments, literals as ``''``, names and words in upper case."""
    found: list[str] = []
    parts: list[str] = []
    for token in _TOKEN.finditer(sql):
        if token["end"]:
            found.append("".join(parts))
            parts = []
        elif token["string"] or token["dollar"]:
            parts.append("''")
        elif token["space"] or token.lastgroup is None:
            parts.append(" ")
        elif token["name"]:
            parts.append(token["name"].replace(" ", "_"))
        else:
            parts.append(token[0].upper())
    found.append("".join(parts))
    return [text for text in (" ".join(item.split()) for item in found) if text]


def classify(sql: str) -> list[SqlRisk]:
    """Return what each statement of a script does; an unknown statement counts as a rewrite."""
    return [_one(statement) for statement in statements(sql)]


def _one(statement: str) -> SqlRisk:
    for pattern, effect, lock, inverse in _COMPILED:
        if pattern.match(statement):
            return SqlRisk(statement=statement[:200], effect=effect, lock=lock, has_inverse=inverse)
    return SqlRisk(statement=statement[:200], effect=SqlEffect.REWRITE, lock=_EXCLUSIVE, known=False)


_NAME = r"(?:\"(?:[^\"]|\"\")+\"|\w+)(?:\.(?:\"(?:[^\"]|\"\")+\"|\w+))?"
_TABLE = re.compile(
    r"(?:\b(?:ALTER|LOCK|DROP|TRUNCATE|CREATE) TABLE (?:IF (?:NOT )?EXISTS )?(?:ONLY )?"
    r"|\bUPDATE (?:ONLY )?|\b(?:DELETE FROM|INSERT INTO|MERGE INTO|COPY|REFERENCES|VACUUM(?: FULL)?|ANALYZE|CLUSTER) (?:ONLY )?"
    r"|\bTRUNCATE (?!TABLE\b)(?:ONLY )?|\bINDEX\b[^(]*? ON (?:ONLY )?|\bREFRESH MATERIALIZED VIEW (?:CONCURRENTLY )?)"
    rf"(?P<name>{_NAME}(?: ?, ?{_NAME})*)"
)


def tables_of(statement: str) -> list[str]:
    """Return the tables that a statement of ``statements`` changes or locks, as they would be written in SQL."""
    found: dict[str, None] = {}
    for match in _TABLE.finditer(statement):
        for name in match["name"].split(","):
            plain = name.strip()
            found[plain if '"' in plain else plain.lower()] = None
    return list(found)
