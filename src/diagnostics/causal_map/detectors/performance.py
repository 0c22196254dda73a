"""Detectors of slow plans, bloat, storage and schema in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from diagnostics.causal_map.detect import (
    CERTAIN,
    HINT,
    RULED_OUT,
    STRONG,
    TYPICAL,
    UNLIKELY,
    absent,
    cite,
    database_was_read,
    excess,
    percent,
    present,
    seconds,
    size,
    text_strength,
    unknown,
)
from diagnostics.model.finding import Evidence, Finding
from diagnostics.model.observation import Reading

Detector = Callable[[Evidence], Finding]

#: Below this a sequential scan is what a good planner would do anyway.
BIG_TABLE_ROWS = 20_000


def missing_index(evidence: Evidence) -> Finding:
    """A big table is read from end to end, again and again, for few rows."""
    observations = evidence.observations
    best: tuple[float, Finding] | None = None
    looked = bool(observations.readings("postgres.table.live_rows"))
    for evidence_id, scans in observations.indexed("postgres.table.seq_scan_rate"):
        table = scans.labels.get("table", "")
        rows = observations.value("postgres.table.seq_row_rate", 0.0, table=table) or 0.0
        live = observations.value("postgres.table.live_rows", 0.0, table=table) or 0.0
        per_scan = rows / scans.value if scans.value > 0 else 0.0
        if scans.value <= 0.2 or max(live, per_scan) < BIG_TABLE_ROWS or per_scan < 0.05 * live:
            continue
        statement = _statement_on(evidence, table)
        mean = (
            observations.value("postgres.statement.mean", None, queryid=statement.labels.get("queryid", ""))
            if statement
            else None
        )
        returned = (
            observations.value("postgres.statement.rows_per_call", None, queryid=statement.labels.get("queryid", ""))
            if statement
            else None
        )
        ids = [evidence_id, *[i for i, _ in observations.indexed("postgres.table.seq_row_rate", table=table)]]
        said = f"{table} ({live:.0f} rows) is scanned from end to end {scans.value:.1f} times a second"
        if statement and mean is not None:
            said += (
                f"; {seconds(mean)} a call"
                + (f" for {returned:.0f} row(s)" if returned is not None else "")
                + f": {statement.labels.get('query', '')[:110]}"
            )
        normal = evidence.baseline.of(scans)
        new = normal is None or scans.value > 4 * normal.p95 + 0.2
        few = returned is None or returned < 0.01 * max(live, 1)
        strength = CERTAIN if new and few and (mean is None or mean > 0.005) else TYPICAL if few and new else HINT
        candidate = next(iter(observations.indexed("postgres.explain.index_candidate", table=table)), None)
        if candidate is None and _generic_plans_forced(evidence):
            strength = HINT  # an index may well be there, and the planner does not see that it is worth it
        subject = {
            "table": table,
            "query": statement.labels.get("query", "") if statement else "",
            "queryid": statement.labels.get("queryid", "") if statement else "",
        }
        if candidate is not None:
            subject["columns"] = candidate[1].labels.get("columns", "")
            said += f"; the planner scans it for want of an index on ({subject['columns']})"
            ids.append(candidate[0])
        finding = present(strength, said, ids, subject)
        if best is None or rows > best[0]:
            best = (rows, finding)
    if best:
        return best[1]
    if looked:
        return absent(RULED_OUT, "no big table is scanned from end to end again and again")
    return unknown("table statistics were not read")


def _statement_on(evidence: Evidence, table: str) -> Reading | None:
    bare = table.rsplit(".", 1)[-1]
    candidates = [
        r
        for r in evidence.observations.readings("postgres.statement.time")
        if bare in r.labels.get("query", "")
        and r.labels.get("query", "").lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH"))
    ]
    return max(candidates, key=lambda r: r.value, default=None)


def n_plus_one(evidence: Evidence) -> Finding:
    """Very many calls of one small statement for each request."""
    served = sum(r.value for r in evidence.observations.readings("log.access.requests", window="recent"))
    requests = served / max(1.0, evidence.observations.value("log.window", 60.0, window="recent") or 60.0)
    calls = evidence.observations.indexed("postgres.statement.calls")
    if not calls:
        return unknown("statements were not read")
    if requests < 0.5:
        return unknown("the rate of requests is not known")
    # PostgreSQL asks itself whether a foreign key's parent is there: once for each row that is written, by nobody's loop.
    small = [
        (i, r) for i, r in calls if _is_lookup(evidence, r) and "FOR KEY SHARE OF x" not in r.labels.get("query", "")
    ]
    if not small:
        return absent(-4.0, "no small statement is called often")
    evidence_id, most = max(small, key=lambda pair: pair[1].value)
    often = most.value / requests
    # A row-by-row loop asks about as often as a list has rows: calls of the lookup = calls of the list x its rows.
    follows = [(i, r) for i, r in small if r.value / requests > 2 and _follows_a_list(evidence, r)]
    # One request may well ask four times for small things (session, user, rights); a row-by-row loop asks far more often.
    if often > 4 or follows:
        sigma = excess(evidence, most, floor=max(20.0, most.value * 0.05))
        sure = often > 20 or len(follows) >= 2
        strength = CERTAIN if sure else STRONG if often > 8 or follows else TYPICAL
        if sigma is not None and sigma < 3:
            strength = HINT
        said = f"{often:.0f} calls of one small statement for each request: {most.labels.get('query', '')[:110]}"
        if follows:
            said += f"; {len(follows)} statement(s) run once for each row of a list"
        ids = dict.fromkeys([evidence_id, *[i for i, _ in follows]])
        return present(strength, said, ids, {"query": most.labels.get("query", "")})
    return absent(
        -4.0 if often < 2 else -1.0, f"no small statement is called more than {often:.1f} times for each request"
    )


def _is_lookup(evidence: Evidence, calls: Reading) -> bool:
    queryid = calls.labels.get("queryid", "")
    query = " ".join(calls.labels.get("query", "").upper().split())
    mean = evidence.observations.value("postgres.statement.mean", 1.0, queryid=queryid) or 0.0
    rows = evidence.observations.value("postgres.statement.rows_per_call", 1.0, queryid=queryid) or 0.0
    return mean < 0.005 and rows <= 3 and query.startswith("SELECT") and " WHERE " in query


def _follows_a_list(evidence: Evidence, lookup: Reading) -> bool:
    for parent in evidence.observations.readings("postgres.statement.calls"):
        rows = evidence.observations.value(
            "postgres.statement.rows_per_call", 0.0, queryid=parent.labels.get("queryid", "")
        )
        if rows is None or rows < 5 or parent.value < 0.2:
            continue
        if 0.5 <= lookup.value / (parent.value * rows) <= 1.6:
            return True
    return False


def spills(evidence: Evidence) -> Finding:
    """Sorts and hashes go to temporary files."""
    rate = evidence.observations.last("postgres.database.temp_bytes_rate")
    heavy = [
        (i, r) for i, r in evidence.observations.indexed("postgres.statement.temp_blocks_per_call") if r.value > 100
    ]
    if heavy:
        evidence_id, worst = max(heavy, key=lambda pair: pair[1].value)
        sigma = excess(evidence, worst, floor=50.0)
        if sigma is None or sigma > 3:
            return present(
                STRONG,
                f"a statement writes {size(worst.value * 8192)} of temporary files a call: {worst.labels.get('query', '')[:100]}",
                [evidence_id],
                {"query": worst.labels.get("query", "")},
            )
    if rate is None:
        return unknown("temporary files were not read")
    if rate.value > 5 * 1024**2:
        said = f"{size(rate.value)} of temporary files a second"
        return present(TYPICAL, said, cite(evidence, "postgres.database.temp_bytes_rate"))
    return absent(-4.0, f"{size(rate.value)} of temporary files a second")


def bloat(evidence: Evidence) -> Finding:
    """Dead rows outnumber live ones, and nobody vacuums."""
    rows = evidence.observations.indexed("postgres.table.dead_rows")
    worst: tuple[float, str, Reading, float] | None = None
    for evidence_id, dead in rows:
        table = dead.labels.get("table", "")
        live = evidence.observations.value("postgres.table.live_rows", 0.0, table=table) or 0.0
        ratio = dead.value / max(live, 1.0)
        if dead.value > 50_000 and ratio > 1.0 and (worst is None or ratio > worst[0]):
            worst = (ratio, evidence_id, dead, live)
    if worst:
        table = worst[2].labels.get("table", "")
        off = (
            evidence.observations.value("postgres.table.autovacuum_enabled", 1.0, table=table) == 0
            or _setting(evidence, "autovacuum") == "off"
        )
        said = f"{table} has {worst[2].value:.0f} dead rows beside {worst[3]:.0f} live ones" + (
            ", autovacuum is off" if off else ""
        )
        return present(CERTAIN if off else STRONG if worst[0] > 3 else TYPICAL, said, [worst[1]], {"table": table})
    if rows:
        return absent(-4.0, "no table is full of dead rows")
    return unknown("table statistics were not read")


def checkpoint_storm(evidence: Evidence) -> Finding:
    """Checkpoints are forced by the size of the WAL."""
    rates = evidence.observations.indexed("postgres.checkpoints.requested_rate")
    if not rates:
        return unknown("checkpoints were not read")
    evidence_id, rate = rates[-1]
    if rate.value > 0.1:
        return present(
            CERTAIN if rate.value > 0.5 else STRONG,
            f"{rate.value * 60:.0f} checkpoints a minute are forced by the size of the WAL (max_wal_size {_setting(evidence, 'max_wal_size') or '?'})",
            [evidence_id],
        )
    return absent(-4.0, "checkpoints are not forced")


def deep_offset(evidence: Evidence) -> Finding:
    """OFFSET makes the server read and discard."""
    looked = False
    for evidence_id, reading in evidence.observations.indexed("postgres.statement.time"):
        looked = True
        query = reading.labels.get("query", "")
        mean = (
            evidence.observations.value("postgres.statement.mean", 0.0, queryid=reading.labels.get("queryid", ""))
            or 0.0
        )
        if " OFFSET " in query.upper().replace("\n", " ") and mean > 0.03 and reading.value > 0.1:
            return present(
                STRONG,
                f"a statement with OFFSET takes {seconds(mean)}: {query[:110]}",
                [evidence_id],
                {"query": query},
            )
    return absent(-4.0, "no slow statement uses OFFSET") if looked else unknown("statements were not read")


def cache_too_small(evidence: Evidence) -> Finding:
    """The same blocks are read from outside the buffer cache again and again."""
    ratio = evidence.observations.last("postgres.database.cache_hit_ratio")
    if ratio is None:
        return unknown("the cache was not read")
    blocks = [
        (i, r) for i, r in evidence.observations.indexed("postgres.statement.blocks_read_per_call") if r.value > 200
    ]
    if ratio.value < 0.8 and blocks:
        return present(TYPICAL, f"only {percent(ratio.value)} of the blocks come from the buffer cache", [blocks[0][0]])
    return absent(
        -3.0 if ratio.value > 0.95 else -1.0,
        f"{percent(ratio.value)} of the blocks come from the buffer cache",
    )


def jit_overhead(evidence: Evidence) -> Finding:
    """JIT compiles short statements: its thresholds were lowered."""
    found = evidence.observations.indexed("postgres.setting", setting="jit_above_cost")
    evidence_id, above = found[0] if found else ("", None)
    if (
        above is not None
        and above.labels.get("source") != "default"
        and above.value < 10_000
        and _setting(evidence, "jit") == "on"
    ):
        said = f"jit_above_cost is {above.value:.0f}: short statements are compiled each time"
        return present(TYPICAL, said, [evidence_id])
    if database_was_read(evidence):
        return absent(-3.0, "JIT has its usual thresholds, or is off")
    return unknown("settings were not read")


def _generic_plans_forced(evidence: Evidence) -> list[str]:
    return [
        i
        for i, r in evidence.observations.indexed("postgres.setting", setting="plan_cache_mode")
        if r.labels.get("value") == "force_generic_plan" and r.labels.get("source") != "default"
    ]


def _has_parameters(statement: Reading) -> bool:
    query = statement.labels.get("query", "")
    return "$1" in query or "?" in query


def generic_plan(evidence: Evidence) -> Finding:
    """Statements are planned without their values, and one with parameters is slow."""
    forced = _generic_plans_forced(evidence)
    if forced:
        said = "plan_cache_mode is force_generic_plan: statements are planned without looking at their values"
        means = evidence.observations.indexed("postgres.statement.mean")
        slow = [(i, r) for i, r in means if r.value > 0.015 and _has_parameters(r)]
        candidates = {
            r.labels.get("table", "") for r in evidence.observations.readings("postgres.explain.index_candidate")
        }
        slow = [
            pair
            for pair in slow
            if not any(t.rsplit(".", 1)[-1] in pair[1].labels.get("query", "") for t in candidates)
        ]
        if not slow:
            return present(HINT, said, forced)
        evidence_id, worst = max(slow, key=lambda pair: pair[1].value)
        query = worst.labels.get("query", "")
        said += f"; {seconds(worst.value)} a call: {query[:100]}"
        return present(
            STRONG, said, [*forced, evidence_id], {"query": query, "queryid": worst.labels.get("queryid", "")}
        )
    if database_was_read(evidence):
        return absent(UNLIKELY, "the planner may look at values (plan_cache_mode)")
    return unknown("settings were not read")


#: Entries a second in indexes that nobody needs.
NEEDLESS_ENTRIES = 5_000.0


def redundant_indexes(evidence: Evidence) -> Finding:
    """Many indexes that another index covers, on a table that is written to."""
    by_table: dict[str, list[str]] = {}
    for evidence_id, reading in evidence.observations.indexed("postgres.index.redundant"):
        by_table.setdefault(reading.labels.get("table", ""), []).append(evidence_id)
    for table, ids in by_table.items():
        writes = evidence.observations.value("postgres.table.write_rate", 0.0, table=table) or 0.0
        if len(ids) >= 4 and writes > 5:
            # Each of them is written for each row: thousands of needless index entries a second are work that is felt.
            return present(
                STRONG if len(ids) * writes > NEEDLESS_ENTRIES else TYPICAL,
                f"{len(ids)} indexes of {table} are covered by others, at {writes:.0f} writes a second",
                ids,
                {"table": table},
            )
    if database_was_read(evidence):
        return absent(-3.0, "no written table carries many redundant indexes")
    return unknown("indexes were not read")


def stale_statistics(evidence: Evidence) -> Finding:
    """A big table was never analysed."""
    for evidence_id, reading in evidence.observations.indexed("postgres.table.since_analyze"):
        live = (
            evidence.observations.value("postgres.table.live_rows", 0.0, table=reading.labels.get("table", "")) or 0.0
        )
        if live > 100_000 and reading.value > 30 * 86400:
            return present(
                HINT,
                f"{reading.labels.get('table')} was not analysed for {seconds(reading.value)}",
                [evidence_id],
                {"table": reading.labels.get("table", "")},
            )
    if evidence.observations.readings("postgres.table.live_rows"):
        return absent(-1.0, "statistics of big tables are fresh")
    return unknown("table statistics were not read")


def sequence_exhausted(evidence: Evidence) -> Finding:
    """A key sequence is at its end."""
    readings = evidence.observations.indexed("postgres.sequence.used_ratio")
    for evidence_id, reading in readings:
        if reading.value > 0.999:
            return present(
                CERTAIN,
                f"sequence {reading.labels.get('sequence')} has used {percent(reading.value)} of its values",
                [evidence_id],
                {"sequence": reading.labels.get("sequence", "")},
            )
    return absent(RULED_OUT, "sequences have room") if readings else unknown("sequences were not read")


def sequence_behind(evidence: Evidence) -> Finding:
    """Rows were imported with ids that the sequence has not reached."""
    readings = evidence.observations.indexed("postgres.sequence.behind")
    if readings:
        evidence_id, reading = readings[0]
        strength = (
            CERTAIN
            if text_strength(evidence, "sequence-desync-after-import")
            or text_strength(evidence, "duplicate-client-submission")
            else TYPICAL
        )
        return present(
            strength,
            f"sequence {reading.labels.get('sequence')} is {reading.value:.0f} behind max(id) of {reading.labels.get('table')}",
            [evidence_id],
            dict(reading.labels),
        )
    if evidence.observations.readings("postgres.sequence.used_ratio"):
        return absent(-4.0, "no sequence is behind its table")
    return unknown("sequences were not read")


def wraparound(evidence: Evidence) -> Finding:
    """The oldest transaction id is near the limit."""
    reading = evidence.observations.last("postgres.wraparound.used_ratio")
    if reading is None:
        return unknown("transaction ids were not read")
    if reading.value > 0.95:
        said = f"{percent(reading.value)} of the transaction ids are used up"
        return present(CERTAIN, said, cite(evidence, "postgres.wraparound.used_ratio"))
    return absent(RULED_OUT, f"{percent(reading.value)} of the transaction ids are used up")


#: A column that was added this long ago is known to all code that runs.
FRESH_SECONDS = 6 * 3600.0


def new_mandatory_column(evidence: Evidence) -> Finding:
    """Inserts leave a column empty that a migration of today may have made mandatory."""
    if text_strength(evidence, "new-not-null-column-old-code") <= 0:
        return unknown("no statement leaves a mandatory column empty")
    fresh = [(i, r) for i, r in evidence.observations.indexed("change.migration") if r.value < FRESH_SECONDS]
    if not fresh:
        return unknown("no migration of the last hours is known")
    evidence_id, newest = min(fresh, key=lambda pair: pair[1].value)
    what = newest.labels.get("message") or newest.labels.get("revision", "")
    said = f"a mandatory column is left empty, and the migration “{what[:80]}” came {seconds(newest.value)} ago"
    return present(TYPICAL, said, [evidence_id], {"revision": newest.labels.get("revision", "")})


def _migration(mechanism: str, states: tuple[str, ...], words: str) -> Detector:
    def detect(evidence: Evidence) -> Finding:
        readings = evidence.observations.indexed("postgres.migration")
        for evidence_id, reading in readings:
            if reading.labels.get("state") in states:
                said = f"{words}: the database is at {reading.labels.get('database_revision') or 'no revision'}, the code's head is {reading.labels.get('code_heads')}"
                return present(TYPICAL, said, [evidence_id], dict(reading.labels))
        if readings:
            return absent(-3.0, f"migrations are {readings[0][1].labels.get('state')}")
        return unknown("no migrations folder, or no version table")

    detect.__name__ = mechanism.replace("-", "_")
    detect.__doc__ = f"Migrations: {words}."
    return detect


def _pending(mechanism: str, *, table: bool) -> Detector:
    def detect(evidence: Evidence) -> Finding:
        lacking = evidence.observations.indexed("postgres.model.missing")
        missing = [(i, r) for i, r in lacking if bool(r.labels.get("column")) is not table]
        text = text_strength(evidence, mechanism)
        behind = [
            (i, r)
            for i, r in evidence.observations.indexed("postgres.migration")
            if r.labels.get("state") in ("behind", "no_table")
        ]
        if missing:
            what = missing[0][1].labels
            name = what.get("table", "") + (f".{what['column']}" if what.get("column") else "")
            said = f"{name} would exist at the code's head revision and does not exist in the database"
            if behind:
                said += f" (database at {behind[0][1].labels.get('database_revision') or 'none'}, code at {behind[0][1].labels.get('code_heads')})"
            return present(
                CERTAIN if text > 0 else STRONG,
                said,
                [*[i for i, _ in missing[:3]], *[i for i, _ in behind]],
                dict(what),
            )
        if behind and text > 0 and not lacking:
            return present(
                STRONG,
                "statements fail for something that a pending migration would create",
                [i for i, _ in behind],
            )
        if evidence.observations.readings("postgres.migration"):
            return absent(-4.0, "every migration of the code was run")
        return unknown("migrations were not compared")

    detect.__name__ = mechanism.replace("-", "_")
    detect.__doc__ = "What the code's migrations would create and the database lacks."
    return detect


def invalid_index(evidence: Evidence) -> Finding:
    """A concurrent index build failed half way."""
    readings = evidence.observations.indexed("postgres.index.invalid")
    if readings:
        return present(
            HINT,
            f"index {readings[0][1].labels.get('index')} is invalid",
            [readings[0][0]],
            dict(readings[0][1].labels),
        )
    if database_was_read(evidence):
        return absent(-4.0, "all indexes are valid")
    return unknown("indexes were not read")


def database_volume_full(evidence: Evidence) -> Finding:
    """No space where the database writes; SQLSTATE 53100 is the sign from outside."""
    for evidence_id, reading in evidence.observations.indexed("host.disk.free_ratio"):
        if "database" in reading.labels.get("used_by", "") and reading.value < 0.01:
            return present(
                CERTAIN,
                f"{reading.labels.get('mount')} (database) has {percent(reading.value)} of its space left",
                [evidence_id],
            )
    if text_strength(evidence, "pg-data-volume-full") > 2:
        return present(STRONG, "the server reports that its volume is full")
    return unknown("the database's volume is not visible from here")


def slot_retains(evidence: Evidence) -> Finding:
    """A replication slot keeps WAL for a consumer that is gone."""
    readings = evidence.observations.indexed("postgres.replication.slot_retained_bytes")
    for evidence_id, reading in readings:
        if reading.value > 10 * 1024**3:
            return present(
                TYPICAL,
                f"slot {reading.labels.get('slot')} retains {size(reading.value)} of WAL",
                [evidence_id],
                dict(reading.labels),
            )
    if database_was_read(evidence):
        return absent(-3.0, "no replication slot retains much WAL")
    return unknown("replication slots were not read")


def data_growth(evidence: Evidence) -> Finding:
    """A table has several times the rows that it had when all was well, and its statements are slow."""
    rows = evidence.observations.indexed("postgres.table.live_rows")
    for evidence_id, reading in rows:
        normal = evidence.baseline.of(reading)
        if normal is not None and reading.value > 3 * normal.maximum + 10_000:
            table = reading.labels.get("table", "")
            said = f"{table} has {reading.value:.0f} rows, normal was {normal.median:.0f}"
            return present(TYPICAL, said, [evidence_id], {"table": table})
    if rows and evidence.baseline.recorded_at is not None:
        return absent(-3.0, "no table has outgrown what was normal")
    return unknown("no baseline of the sizes of tables")


def jobs_overlap(evidence: Evidence) -> Finding:
    """Several sessions run the same long statement at once."""
    same: dict[tuple[str, str], list[tuple[str, Reading]]] = {}
    for pair in evidence.observations.indexed("postgres.session", kind="active"):
        labels = pair[1].labels
        if pair[1].value > 5 and labels.get("wait_event_type") != "Lock":
            same.setdefault((labels.get("application", ""), labels.get("query", "")), []).append(pair)
    crowds = [(key, pairs) for key, pairs in same.items() if len({r.labels.get("backend_pid") for _, r in pairs}) >= 3]
    if crowds:
        (application, query), pairs = max(crowds, key=lambda item: len(item[1]))
        said = f"{len(pairs)} sessions of {application or 'one application'} run the same statement for over 5 s: {query[:90]}"
        # Started one after the other, not by one burst of requests.
        ages = sorted({r.labels.get("backend_pid", ""): r.value for _, r in pairs}.values())
        apart = sum(later - earlier > 1.0 for earlier, later in pairwise(ages))
        strength = CERTAIN if apart >= 4 else STRONG if apart >= 2 else TYPICAL
        return present(strength, said, [i for i, _ in pairs[:5]], {"query": query})
    if database_was_read(evidence):
        return absent(UNLIKELY, "no long statement runs several times at once")
    return unknown("sessions were not read")


def _setting(evidence: Evidence, name: str) -> str:
    found = evidence.observations.readings("postgres.setting", setting=name)
    return found[-1].labels.get("value", "") if found else ""


DETECTORS: dict[str, Detector] = {
    "missing-index-seq-scan": missing_index,
    "n-plus-one-queries": n_plus_one,
    "work-mem-spill-to-disk": spills,
    "table-bloat-autovacuum-off": bloat,
    "checkpoint-storm-small-max-wal": checkpoint_storm,
    "deep-offset-pagination": deep_offset,
    "working-set-exceeds-buffer-cache": cache_too_small,
    "jit-compilation-overhead": jit_overhead,
    "generic-plan-regression": generic_plan,
    "redundant-indexes-slow-writes": redundant_indexes,
    "stale-statistics-bad-plan": stale_statistics,
    "sequence-exhausted-int4": sequence_exhausted,
    "sequence-desync-after-import": sequence_behind,
    "txid-wraparound-protection": wraparound,
    "alembic-multiple-heads": _migration("alembic-multiple-heads", ("multiple_heads",), "two heads"),
    "alembic-revision-missing": _migration(
        "alembic-revision-missing",
        ("unknown_revision", "ahead"),
        "the code does not know the database's revision",
    ),
    "migration-not-applied-missing-column": _pending("migration-not-applied-missing-column", table=False),
    "migration-missing-table": _pending("migration-missing-table", table=True),
    "index-build-failed-invalid": invalid_index,
    "new-not-null-column-old-code": new_mandatory_column,
    "pg-data-volume-full": database_volume_full,
    "replication-slot-retains-wal": slot_retains,
    "data-growth-crossed-threshold": data_growth,
    "scheduled-jobs-overlap": jobs_overlap,
}
