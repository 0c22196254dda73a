"""A folded traceback -> exception, message, SQLSTATE, innermost application frame (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FRAME = re.compile(r'^\s*File "([^"]+)", line (\d+), in (.+)$')
_EXCEPTION = re.compile(r"^([A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*)(?::\s?(.*))?$")
_GROUP_MARGIN = re.compile(r"^[ ]*(?:\+-+[ \d-]*\+?-*|[|+])[ ]?")
_START = "Traceback (most recent call last):"
_LIBRARY = ("/site-packages/", "/dist-packages/", "/lib/python3", "/lib64/python3")
_SQLSTATE = re.compile(r"(?:SQLSTATE[ :=\[(]*|sqlstate[\"' :=]*|\bpgcode[\"' :=]*)([0-9A-Z]{5})\b")
_PG_CLASS = re.compile(r"(?:psycopg2?\.errors|asyncpg(?:\.exceptions)?(?:\._base)?)\.(\w+)")

#: Classes of psycopg (asyncpg appends ``Error``) that stand for one SQLSTATE. Source: PostgreSQL, appendix A.
SQLSTATES = {
    "AdminShutdown": "57P01", "CrashShutdown": "57P02", "CannotConnectNow": "57P03",
    "QueryCanceled": "57014", "IdleInTransactionSessionTimeout": "25P03", "ReadOnlySqlTransaction": "25006",
    "InFailedSqlTransaction": "25P02", "DeadlockDetected": "40P01", "SerializationFailure": "40001",
    "LockNotAvailable": "55P03", "ObjectInUse": "55006", "UniqueViolation": "23505",
    "ForeignKeyViolation": "23503", "NotNullViolation": "23502", "CheckViolation": "23514",
    "ExclusionViolation": "23P01", "UndefinedColumn": "42703", "UndefinedTable": "42P01",
    "UndefinedFunction": "42883", "UndefinedObject": "42704", "DuplicateColumn": "42701",
    "DuplicateTable": "42P07", "DuplicateObject": "42710", "DuplicatePreparedStatement": "42P05",
    "SyntaxError": "42601", "InsufficientPrivilege": "42501", "DatatypeMismatch": "42804",
    "AmbiguousColumn": "42702", "TooManyConnections": "53300", "DiskFull": "53100", "OutOfMemory": "53200",
    "ConfigurationLimitExceeded": "53400", "InvalidPassword": "28P01",
    "InvalidAuthorizationSpecification": "28000", "InvalidCatalogName": "3D000",
    "ProgramLimitExceeded": "54000", "SequenceGeneratorLimitExceeded": "2200H",
    "StringDataRightTruncation": "22001", "NumericValueOutOfRange": "22003",
    "InvalidTextRepresentation": "22P02", "DataCorrupted": "XX001", "IndexCorrupted": "XX002",
    "InternalError_": "XX000", "ConnectionDoesNotExist": "08003", "ConnectionFailure": "08006",
    "InvalidSqlStatementName": "26000", "ObjectNotInPrerequisiteState": "55000",
    "FeatureNotSupported": "0A000", "IoError": "58030",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Traceback:
    """What a traceback says.

    Attributes:
        exception: Class of the last exception; the class inside when it is a group.
        message: Its message, first line.
        sqlstate: SQLSTATE, where the text or a class of the chain names it; else empty.
        frame: Innermost frame of application code, ``function (file:line)``; else empty.
        chain: Classes of all exceptions in the text, in order.
    """

    exception: str
    message: str
    sqlstate: str = ""
    frame: str = ""
    chain: tuple[str, ...] = ()


def is_start(line: str) -> bool:
    """Return whether a traceback begins here, also that of an exception group."""
    return "Traceback (most recent call last):" in line and line.lstrip(" +|").startswith(
        ("Traceback", "Exception Group")
    )


def parse(text: str) -> Traceback | None:
    """Return what the text of one or several chained tracebacks says; None when it holds no exception."""
    found: list[tuple[str, str, str]] = []
    frame, in_frames = "", False
    for raw in text.splitlines():
        line = _GROUP_MARGIN.sub("", raw) if raw.lstrip(" ")[:1] in ("|", "+") else raw
        if _START in line:
            in_frames, frame = True, ""
            continue
        at = _FRAME.match(line)
        if at is not None:
            if not at[1].startswith("<") and not any(part in at[1] for part in _LIBRARY):
                frame = f"{at[3]} ({'/'.join(at[1].split('/')[-2:])}:{at[2]})"
            continue
        if not in_frames or line[:1] in (" ", "\t", ""):
            continue
        named = _EXCEPTION.match(line)
        if named is not None:
            found.append((named[1], (named[2] or "").strip(), frame))
            in_frames = False
    if not found:
        return _single(text)
    inner = [entry for entry in found if not entry[0].endswith("ExceptionGroup")] or found
    exception, message, frame = inner[-1]
    frame = frame or next((entry[2] for entry in reversed(inner) if entry[2]), "")
    chain = tuple(entry[0] for entry in found)
    return Traceback(exception, message, sqlstate_in(text), frame, chain)


def _single(text: str) -> Traceback | None:
    """Return the exception of a text without frames, such as ``ValueError: bad``."""
    lines = text.strip().splitlines()
    named = _EXCEPTION.match(lines[0]) if lines else None
    if named is None or not _is_class(named[1]):
        return None
    return Traceback(named[1], (named[2] or "").strip(), sqlstate_in(text), "", (named[1],))


def _is_class(name: str) -> bool:
    last = name.rpartition(".")[2]
    return last[:1].isupper() and (
        last.endswith(("Error", "Exception", "Exit", "Interrupt", "Warning", "Timeout")) or "." in name
    )


_INLINE = re.compile(r"\b((?:[a-zA-Z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Timeout|Interrupt))\b(?=[:(\]]|$| )")


def exception_in(text: str) -> str:
    """Return the class of an exception that a one-line message names, or nothing."""
    found = _INLINE.search(text)
    return found[1] if found is not None else ""


def sqlstate_in(text: str) -> str:
    """Return the SQLSTATE that a text names outright or by the driver's class, or nothing."""
    said = _SQLSTATE.search(text)
    if said is not None:
        return said[1]
    for name in _PG_CLASS.findall(text):
        known = SQLSTATES.get(name) or SQLSTATES.get(name.removesuffix("Error"))
        if known:
            return known
    return ""
