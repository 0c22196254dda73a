"""PostgreSQL databases as they were: a dump under one snapshot, proven by a restore into a scratch database."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from diagnostics.errors import RollbackError, SnapshotError
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.runtime.redaction import redact, shorten
from diagnostics.safe_implementation.snapshotters.postgres_tools import (
    Server,
    Tools,
    connect,
    find_tools,
    rows,
    run_tool,
    value,
)
from diagnostics.safe_implementation.store import Store

#: Above this size a dump of the whole database takes longer than an operator waits; source: 200 MB/s dump, 80
#: MB/s
#: restore, so four minutes and more for the proof.
LIMIT_BYTES = 20 * 1024**3
LOCK_TIMEOUT_SECONDS = 5
RESTORE_ATTEMPTS = 4
_FORMATS = (
    "SET datestyle = 'ISO, YMD'; SET timezone = 'UTC'; SET extra_float_digits = 3; SET bytea_output = 'hex'; "
    "SET intervalstyle = 'postgres'; SET row_security = off; SET search_path = pg_catalog; SET "
    "statement_timeout = 0"
)
_TOC = re.compile(rb"^\d+; \d+ \d+ (SCHEMA|EXTENSION) - (.+?) ?\S*$")
_COMMENT = re.compile(rb"^\d+; \d+ \d+ COMMENT - EXTENSION (.+?) ?\S*$")

Prints = dict[str, dict[str, str]]


@cache
def _sql(name: str) -> str:
    return (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def quoted(*names: str) -> str:
    """Return a quoted, dotted SQL name."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def server_major(connection: Any) -> int:
    """Return the major version of the server."""
    return int(value(connection, "SHOW server_version_num")) // 10000


def fingerprint(connection: Any, only: Sequence[Sequence[str]] | None = None) -> Prints:
    """Return the catalogue, the rows and the sequences of a database; equal when the content is equal.

    Args:
        connection: Within a transaction when all of it has to be of one moment.
        only: Relations (schema, name, kind) to look at; all of them when None.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FORMATS)
    relations = rows(
        connection,
        "SELECT n.nspname, c.relname, c.relkind::text FROM pg_catalog.pg_class c "
        "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'S') "
        "AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e' "
        "AND d.classid = 'pg_catalog.pg_class'::regclass)",
    )
    wanted = None if only is None else {(schema, name) for schema, name, _ in only}
    prints: Prints = {"catalogue": {}, "rows": {}, "sequences": {}}
    for schema, name, kind in relations:
        if wanted is not None and (schema, name) not in wanted:
            continue
        relation = quoted(schema, name)
        if kind == "S":
            last, called = rows(connection, f"SELECT last_value, is_called FROM {relation}")[0]  # noqa: S608 - quoted
            prints["sequences"][relation] = f"{last}:{called}"
        else:
            prints["rows"][relation] = value(connection, _sql("row_hash").replace("{relation}", relation))
    for kind, name, detail in rows(connection, _sql("catalogue")):
        if wanted is None or _concerns(kind, name, wanted):
            prints["catalogue"][f"{kind} {name}"] = str(detail)
    if wanted is None:
        count = value(connection, "SELECT count(*) FROM pg_catalog.pg_largeobject_metadata")
        if count:
            prints["rows"]["large objects"] = value(
                connection,
                "SELECT count(*)::text || ':' || sum(hashtextextended(oid::text || encode(lo_get(oid), "
                "'hex'), 0)"
                "::numeric)::text FROM pg_catalog.pg_largeobject_metadata",
            )
    return prints


def _concerns(kind: str, name: str, wanted: set[tuple[str, str]]) -> bool:
    if kind not in ("relation", "column", "constraint", "trigger", "policy"):
        return False
    return any(
        name == plain or name.startswith(plain + ".")
        for schema, relation in wanted
        for plain in (f"{_ident(schema)}.{_ident(relation)}",)
    )


def _ident(name: str) -> str:
    """Return a name as ``quote_ident`` writes it, reserved words aside."""
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else quoted(name)


def differences(before: Prints, now: Prints, *, sequences: bool = True) -> list[str]:
    """Return what is not as it was, by name."""
    parts = ("catalogue", "rows", "sequences") if sequences else ("catalogue", "rows")
    return [
        f"{part}: {name}"
        for part in parts
        for name in sorted(before[part].keys() | now[part].keys())
        if before[part].get(name) != now[part].get(name)
    ]


def current(server: Server, snapshot: Mapping[str, Any]) -> Prints:
    """Return the fingerprint of now, of what the snapshot covers.

    Raises:
        RollbackError: The database cannot be read.
    """
    try:
        with connect(server, autocommit=False) as connection:
            rows(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            return fingerprint(connection, snapshot.get("only"))
    except Exception as error:
        raise RollbackError(
            f"{server.label} cannot be read: {shorten(redact(str(error).strip()))}.",
            hint="Make it reachable, then run: diagnose recover",
        ) from error


def capture(
    server: Server,
    store: Store,
    scratch: Path,
    *,
    proof_database: str,
    tables: Sequence[str] | None = None,
    timeout: float = 1800.0,
) -> dict[str, Any]:
    """Dump a database, or tables with all that hangs on them, and prove that the dump restores.

    Raises:
        SnapshotError: It could not be kept, or not be proven; nothing was changed.
    """
    try:
        with connect(server, autocommit=False) as connection:
            rows(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return _capture(connection, server, store, scratch, proof_database, tables, timeout)
    except SnapshotError:
        raise
    except Exception as error:
        if _is_database_error(error):
            raise SnapshotError(
                f"{server.label} could not be kept: {shorten(redact(str(error).strip()))}",
                hint="Check that it is reachable and that the role may read every table.",
            ) from error
        raise


def _is_database_error(error: Exception) -> bool:
    return any(base.__name__ in ("OperationalError", "DatabaseError", "Error") for base in type(error).__mro__)


def _capture(
    connection: Any,
    server: Server,
    store: Store,
    scratch: Path,
    proof_database: str,
    tables: Sequence[str] | None,
    timeout: float,
) -> dict[str, Any]:
    snapshot_id = value(connection, "SELECT pg_catalog.pg_export_snapshot()")
    major = server_major(connection)
    tools = find_tools(major)
    if value(connection, "SELECT count(*) FROM pg_catalog.pg_subscription WHERE subdbid = "
             "(SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())"):  # fmt: skip
        raise SnapshotError(f"{server.label} has subscriptions, which a restore would break.")
    only = _closure(connection, tables) if tables is not None else None
    _check_owners(connection, server, only)
    _check_size(connection, server, store, only)
    before = fingerprint(connection, only)
    dump = scratch / "dump"
    command = [
        tools.program("pg_dump"), "--format=custom", "--compress=1", "--no-password",
        f"--snapshot={snapshot_id}", f"--file={dump}", f"--dbname={server.conninfo()}",
    ]  # fmt: skip
    command += [f"--table={quoted(schema, name)}" for schema, name, _ in only or ()]
    dump.touch(mode=0o600)
    run_tool(command, server, timeout=timeout)
    store.checkpoint("postgres: dumped")
    # Sequences know no snapshot: what was dumped lies between what was before and what is after.
    after = {
        name: f"{last}:{called}"
        for name in before["sequences"]
        for last, called in rows(connection, f"SELECT last_value, is_called FROM {name}")  # noqa: S608 - quoted
    }
    snapshot: dict[str, Any] = {
        "kind": "postgresql",
        "label": server.label,
        "only": only,
        "fingerprint": before,
        "proof_database": proof_database,
        "extensions": [name for (name,) in rows(connection, "SELECT extname FROM pg_catalog.pg_extension")],
        "settings": [[str(role), list(setting)] for role, setting in rows(
            connection, "SELECT setrole::text, setconfig FROM pg_catalog.pg_db_role_setting WHERE setdatabase = "
            "(SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())")],
    }  # fmt: skip
    snapshot["proof"] = _prove(connection, server, tools, major, dump, snapshot, after, scratch, timeout, store)
    snapshot["object"] = store.adopt(dump)
    return snapshot


def _closure(connection: Any, tables: Sequence[str]) -> list[list[str]]:
    oids = []
    for table in tables:
        oid = value(connection, "SELECT to_regclass(%s)::oid::bigint", (table,))
        if oid is None:
            raise SnapshotError(f"There is no table {table}.", hint="Name it as schema.table, as psql's \\dt shows it.")
        oids.append(oid)
    return [[str(part) for part in row] for row in rows(connection, _sql("closure"), (oids,))]


def _check_owners(connection: Any, server: Server, only: Sequence[Sequence[str]] | None) -> None:
    """Refuse now what could not be restored later."""
    wanted = None if only is None else {f"{_ident(schema)}.{_ident(name)}" for schema, name, _ in only}
    foreign = [
        f"{name} (owner {owner})"
        for name, owner in rows(connection, _sql("not_ours"))
        if wanted is None or name in wanted
    ]
    if foreign:
        raise SnapshotError(
            f"{server.label} holds objects that this role could not restore: {', '.join(foreign[:5])}.",
            hint="Connect as their owner or a member of it, or name only tables of your own (tables=[...]).",
        )


def _check_size(connection: Any, server: Server, store: Store, only: Sequence[Sequence[str]] | None) -> None:
    if only is None:
        size = int(value(connection, "SELECT pg_catalog.pg_database_size(current_database())"))
    else:
        size = sum(
            int(value(connection, "SELECT pg_catalog.pg_total_relation_size(to_regclass(%s))", (quoted(s, n),)) or 0)
            for s, n, _ in only
        )
    if size > LIMIT_BYTES:
        raise SnapshotError(
            f"{server.label} holds {size / 1e9:.1f} GB; at most {LIMIT_BYTES / 1e9:.0f} GB are dumped.",
            hint="Name the tables that the change concerns (tables=[...]), or use the database's own backup.",
        )
    free = store.free_bytes()
    if size > free:
        raise SnapshotError(
            f"The dump may take {size / 1e9:.2f} GB, and the store {store.directory} has {free / 1e9:.2f} GB left.",
            hint="Free space, or choose another place with DIAGNOSE_STORE or backup_dir.",
        )


def _prove(
    connection: Any,
    server: Server,
    tools: Tools,
    major: int,
    dump: Path,
    snapshot: Mapping[str, Any],
    sequences_after: Mapping[str, str],
    scratch: Path,
    timeout: float,
    store: Store,
) -> str:
    may_create, is_template = rows(
        connection,
        "SELECT rolcreatedb OR rolsuper, false FROM pg_catalog.pg_roles WHERE rolname = current_user",
    )[0]
    del is_template
    if not may_create:
        return _prove_archive(server, tools, dump, snapshot, scratch, timeout)
    before: Prints = snapshot["fingerprint"]
    name = snapshot["proof_database"]
    with connect(server) as outside:
        outside_options = _same_locale(outside, major)
        drop_scratch(server, name)
        try:
            rows(outside, f"CREATE DATABASE {quoted(name)} TEMPLATE template0 {outside_options}")
            store.checkpoint("postgres: scratch database made")
            place = server.on(name)
            if snapshot["only"] is not None:
                shell = scratch / "shell"
                run_tool(
                    [tools.program("pg_dump"), "--format=custom", "--schema-only", "--no-password",
                     f"--file={shell}", f"--dbname={server.conninfo()}"],
                    server, timeout=timeout,
                )  # fmt: skip
                _run_script(place, tools, major, shell, {**snapshot, "only": None}, scratch, timeout, clear=False)
            _run_script(place, tools, major, dump, snapshot, scratch, timeout, clear=snapshot["only"] is not None)
            with connect(place, autocommit=False) as there:
                restored = fingerprint(there, snapshot["only"])
        finally:
            drop_scratch(server, name)
    wrong = differences(before, restored, sequences=False)
    wrong += [
        f"sequences: {name}"
        for name, was in before["sequences"].items()
        if not _position(was)
        <= _position(restored["sequences"].get(name, "0:False"))
        <= _position(sequences_after[name])
        and was != restored["sequences"].get(name)
        and sequences_after[name] != restored["sequences"].get(name)
    ]
    if wrong:
        raise SnapshotError(
            f"The dump of {server.label} did not prove good; nothing was changed. Different after a restore: "
            f"{', '.join(wrong[:5])}."
        )
    count = len(before["rows"])
    return f"{server.label}: restored into a scratch database and compared, {count} tables equal row by row"


def _position(text: str) -> tuple[int, bool]:
    last, _, called = text.partition(":")
    return int(last), called == "True"


def _same_locale(connection: Any, major: int) -> str:
    locale_column = "datlocale" if major >= 17 else ("daticulocale" if major >= 15 else "NULL")
    provider = "datlocprovider::text" if major >= 15 else "'c'"
    encoding, collate, ctype, kind, locale = rows(
        connection,
        f"SELECT pg_encoding_to_char(encoding), datcollate, datctype, {provider}, {locale_column} "  # noqa: S608 - ours
        "FROM pg_catalog.pg_database WHERE datname = current_database()",
    )[0]

    def text(item: str) -> str:
        return "'" + item.replace("'", "''") + "'"

    options = f"ENCODING {text(encoding)} LC_COLLATE {text(collate)} LC_CTYPE {text(ctype)}"
    if kind == "i":
        options += f" LOCALE_PROVIDER icu ICU_LOCALE {text(locale)}"
    elif kind == "b":
        options += f" LOCALE_PROVIDER builtin BUILTIN_LOCALE {text(locale)}"
    return options


def drop_scratch(server: Server, name: str) -> None:
    """Remove a scratch database, if it is there, with whoever is in it."""
    with connect(server) as connection:
        if value(connection, "SELECT 1 FROM pg_catalog.pg_database WHERE datname = %s", (name,)):
            rows(connection, f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")


def _prove_archive(
    server: Server, tools: Tools, dump: Path, snapshot: Mapping[str, Any], scratch: Path, timeout: float
) -> str:
    """Read the whole archive back and count its rows: what a role without CREATEDB can prove."""
    script = scratch / "archive.sql"
    with script.open("wb") as file:
        script.chmod(0o600)
        run_tool([tools.program("pg_restore"), "--file=-", str(dump)], server, timeout=timeout, stdout=file)
    counts: dict[str, int] = {}
    inside = ""
    with script.open("rb") as lines:
        for line in lines:
            if inside:
                if line == b"\\.\n":
                    inside = ""
                else:
                    counts[inside] += 1
            elif line.startswith(b"COPY ") and line.rstrip().endswith(b"FROM stdin;"):
                inside = line.decode().split(" (", 1)[0].removeprefix("COPY ").split(" FROM stdin", 1)[0]
                counts[inside] = 0
    script.unlink()
    plain = {name.replace('"', ""): count for name, count in counts.items()}
    for name, seen in snapshot["fingerprint"]["rows"].items():
        expected = int(seen.partition(":")[0])
        if name != "large objects" and plain.get(name.replace('"', ""), 0) != expected:
            raise SnapshotError(
                f"The dump of {server.label} is incomplete: {name} has {expected} rows; nothing was changed."
            )
    return (
        f"{server.label}: the role may not create databases, so the dump was read back whole and its rows "
        f"counted, "
        "but not restored on trial (GRANT: ALTER ROLE … CREATEDB)"
    )


def _run_script(
    server: Server,
    tools: Tools,
    major: int,
    dump: Path,
    snapshot: Mapping[str, Any],
    scratch: Path,
    timeout: float,
    *,
    clear: bool,
) -> None:
    """Restore a dump in one transaction, after everything that is in its way was dropped in the same transaction."""
    script = scratch / "restore.sql"
    known = set(snapshot["extensions"])
    with connect(server) as connection:
        present = {name for (name,) in rows(connection, "SELECT extname FROM pg_catalog.pg_extension")}
        # What clear.sql leaves: public, and schemas that hold an extension that stays.
        kept = {
            name
            for (name,) in rows(
                connection,
                "SELECT nspname FROM pg_catalog.pg_namespace n WHERE nspname = 'public' OR EXISTS "
                "(SELECT 1 FROM pg_catalog.pg_extension e WHERE e.extnamespace = n.oid AND e.extname = "
                "ANY(%s))",
                (sorted(known & present),),
            )
        }
    listing = scratch / "listing"
    with listing.open("wb") as file:
        run_tool([tools.program("pg_restore"), "--list", str(dump)], server, timeout=timeout, stdout=file)
    lines = [line for line in listing.read_bytes().splitlines() if not _exists(line, present & known, kept)]
    listing.write_bytes(b"\n".join(lines) + b"\n")
    with script.open("wb") as file:
        script.chmod(0o600)
        file.write(f"SET client_min_messages = warning; SET lock_timeout = '{LOCK_TIMEOUT_SECONDS}s';\n".encode())
        if clear:
            file.write(_clearing(snapshot, sorted(present - known), needs_public="public" not in kept).encode())
        file.flush()
        run_tool(
            [tools.program("pg_restore"), "--file=-", f"--use-list={listing}", str(dump)],
            server, timeout=timeout, stdout=file,
        )  # fmt: skip
    if major < tools.major:
        _leave_out_new_settings(script)
    run_tool(
        [tools.program("psql"), "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1",
         "--single-transaction", f"--file={script}", f"--dbname={server.conninfo()}"],
        server, timeout=timeout,
    )  # fmt: skip
    script.unlink()


def _clearing(snapshot: Mapping[str, Any], new_extensions: Sequence[str], *, needs_public: bool) -> str:
    if snapshot["only"] is not None:
        kinds = {"v": "VIEW", "m": "MATERIALIZED VIEW", "S": "SEQUENCE", "f": "FOREIGN TABLE"}
        # Views first and sequences last; what hangs on them and is not in the snapshot is new, and goes with
        # them.
        order = sorted(snapshot["only"], key=lambda row: "vmfrpS".index(row[2]))
        return "".join(
            f"DROP {kinds.get(kind, 'TABLE')} IF EXISTS {quoted(schema, name)} CASCADE;\n"
            for schema, name, kind in order
        )
    parts = [f"DROP EXTENSION IF EXISTS {quoted(name)} CASCADE;\n" for name in new_extensions]
    parts.append(_sql("clear"))
    if needs_public:
        parts.append("CREATE SCHEMA public;\n")
    return "".join(parts)


def _exists(line: bytes, extensions: set[str], schemas: set[str]) -> bool:
    entry = _TOC.match(line)
    if entry is not None:
        return entry[2].decode().strip() in (schemas if entry[1] == b"SCHEMA" else extensions)
    comment = _COMMENT.match(line)
    return comment is not None and comment[1].decode().strip() in extensions


def _leave_out_new_settings(script: Path) -> None:
    """Drop settings that an older server does not know from the head of a script that a newer client wrote."""
    plain = script.with_suffix(".plain")
    with script.open("rb") as source, plain.open("wb") as target:
        plain.chmod(0o600)
        for line in source:
            if line.startswith(b"COPY "):
                target.write(line)
                break
            if not line.startswith(b"SET transaction_timeout"):
                target.write(line)
        while piece := source.read(1 << 20):
            target.write(piece)
    plain.rename(script)


def restore(
    server: Server,
    snapshot: Mapping[str, Any],
    store: Store,
    scratch: Path,
    *,
    clock: Clock = SYSTEM_CLOCK,
    timeout: float = 1800.0,
    report: Callable[[str], None] = lambda text: None,
) -> None:
    """Make the database, or the tables, as they were: one transaction, then compare.

    Raises:
        RollbackError: It could not be restored, or is not as it was.
    """
    now = current(server, snapshot)
    before: Prints = snapshot["fingerprint"]
    wrong = differences(before, now)
    if not wrong:
        return
    try:
        if not differences(before, now, sequences=False):
            _set_sequences(server, before)
        else:
            _restore_all(server, snapshot, store, scratch, clock, timeout, report)
            # Sequences were dumped a moment after the fingerprint was taken.
            _set_sequences(server, before)
    except SnapshotError as error:
        raise RollbackError(
            f"{server.label} could not be restored: {error}",
            hint="Close the sessions that hold locks (or stop the application), then run: diagnose recover",
        ) from error
    wrong = differences(before, current(server, snapshot))
    if wrong:
        raise RollbackError(f"{server.label} is not as it was after its restore: {', '.join(wrong[:5])}.")


def _restore_all(
    server: Server,
    snapshot: Mapping[str, Any],
    store: Store,
    scratch: Path,
    clock: Clock,
    timeout: float,
    report: Callable[[str], None],
) -> None:
    dump = scratch / "dump"
    with dump.open("wb") as file, store.open_object(snapshot["object"]) as source:
        dump.chmod(0o600)
        while piece := source.read(1 << 20):
            file.write(piece)
    with connect(server) as connection:
        major = server_major(connection)
    tools = find_tools(major)
    for attempt in range(1, RESTORE_ATTEMPTS + 1):
        try:
            store.checkpoint("postgres: before restore")
            _run_script(server, tools, major, dump, snapshot, scratch, timeout, clear=True)
            store.checkpoint("postgres: restored")
            return
        except SnapshotError as error:
            text = str(error)
            if attempt == RESTORE_ATTEMPTS or not ("lock timeout" in text or "deadlock detected" in text):
                raise
            report(f"{server.label}: others hold locks, attempt {attempt} of {RESTORE_ATTEMPTS}")
            clock.sleep(attempt)


def _set_sequences(server: Server, before: Prints) -> None:
    with connect(server, autocommit=False) as connection:
        for name, seen in before["sequences"].items():
            last, called = _position(seen)
            rows(connection, "SELECT setval(%s::regclass, %s, %s)", (name, last, called))
        connection.commit()


def dump_present(server: Server, store: Store, scratch: Path, *, timeout: float = 1800.0) -> str:
    """Keep the present state of the whole database before it is overwritten; return the digest of the dump.

    Raises:
        SnapshotError: It could not be kept.
    """
    with connect(server) as connection:
        tools = find_tools(server_major(connection))
    dump = scratch / "present"
    dump.touch(mode=0o600)
    run_tool(
        [tools.program("pg_dump"), "--format=custom", "--compress=1", "--no-password", f"--file={dump}",
         f"--dbname={server.conninfo()}"],
        server, timeout=timeout,
    )  # fmt: skip
    return store.adopt(dump)
